"""title(page): the headline, chosen among the spellings that a page gives, the site's name cut off."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from functools import cache
from itertools import islice
from typing import Any

from lxml.html import HtmlElement

from archive.data import table
from archive.lines import key_of, line
from archive.reading.blocks import width
from archive.reading.pages import Page, strings, text_of, texts

MAX_TITLE = 1000  # characters of a headline that are kept
Note = dict[str, Any]

_SEPARATOR = re.compile(r"\s*(?:[|｜¦‖·•»«›‹:：∣]|::|--|―)+\s*|\s+[-–—‐‑−~/]+\s+|[—_]{1,2}")


def title(page: Page) -> tuple[str | None, Note]:
    """The headline: the one that most of h1, og:title, JSON-LD and `<title>` agree on, the site's name cut off."""
    shown_elements = [(one, text) for one in _h1(page) if 2 < len(text := text_of(one)) <= MAX_TITLE]
    shown = [text for _, text in shown_elements]
    said = [html.unescape(text) for text in strings(page.thing.get("headline")) or strings(page.thing.get("name"))]
    shared: str | None = (page.meta("og:title") or page.meta("twitter:title") or "")[:MAX_TITLE]
    named: str | None = next(iter(texts(page.tree.iter("title"))), "")[:MAX_TITLE]
    names = page.outlet
    # Without an h1 the headline may be an h2, or a title in bold; it confirms what is left without the site's name.
    lower = [] if shown else [text for text in texts(islice(page.tree.iter("h2", "h3"), 8)) if len(text) > 15]
    known = [*shown[:3], *said[:1], *lower]
    shared = _cut(html.unescape(shared), known, names) if shared else None
    named = _cut(html.unescape(named), known, names) if named else None
    said = [_cut(line(one[:MAX_TITLE]), shown[:3], names) for one in said[:1]]
    others = {key_of(one) for one in (shared, named, *said) if one}
    shown = [_without_kicker(one, text, others) for one, text in shown_elements]
    # Of several h1 the one that something else confirms; a lone h1 may be the site's name or a label.
    heading = next((one for one in shown if key_of(one) in others), None)
    if heading is None:
        heading = next((one for one in shown if any(_holds(one, other) for other in others)), None)
    if heading is None and shown and key_of(shown[0]) not in names and (not others or len(shown) == 1):
        heading = shown[0]
    votes = [
        ("visible", heading, 1.2),
        # A page that tells its headline from an alternative one has made the choice itself (schema.org/headline).
        ("jsonld", next(iter(said), None), 3.0 if strings(page.thing.get("alternativeHeadline")) else 1.1),
        ("meta", shared, 1.0),
        ("title", named, 0.5),
    ]
    return _elected([(source, one, weight) for source, one, weight in votes if one and key_of(one) not in names])


def spellings(page: Page) -> list[str]:
    """Every headline that the page gives for its article, whatever the source."""
    said = [html.unescape(text) for text in strings(page.thing.get("headline"))]
    shared = [text for name in ("og:title", "twitter:title") for text in page.metas.get(name, [])[:1]]
    shown = [text for text in texts(_h1(page)) if len(text) <= MAX_TITLE]
    said, shared = [one[:MAX_TITLE] for one in said], [one[:MAX_TITLE] for one in shared]
    return list(dict.fromkeys([*shown[:1], *said, *map(html.unescape, shared), *texts(page.tree.iter("title"))[:1]]))


def _elected(votes: list[tuple[str, str, float]]) -> tuple[str | None, Note]:
    """The headline with most weight behind it, spelled as its best source spells it."""
    if not votes:
        return None, {}
    votes = [(source, _whole(text, votes), weight) for source, text, weight in votes]
    weights: dict[str, float] = {}
    for _, text, weight in votes:
        weights[key_of(text)] = weights.get(key_of(text), 0) + weight
    best = max(weights, key=lambda key: weights[key])
    spelled = [(source, text) for source, text, _ in votes if key_of(text) == best]
    # Of several spellings the shown one, with the quotation marks that readers see; unless it only lacks the mark
    # behind a kicker ("Inquiry Two resign" for "Inquiry: Two resign").
    counts = Counter(text for _, text in spelled)
    source, text = spelled[0]
    for other, spelling in spelled:
        if (
            other != "title"
            and counts[text] == 1
            and spelling.count(":") > text.count(":")
            and len(spelling) <= len(text) + 2
        ):
            source, text = other, spelling
    if source == "title":
        source = "meta"
    return text[:MAX_TITLE], {"from": source}


def _whole(text: str, votes: list[tuple[str, str, float]]) -> str:
    """The headline; where it is cut short ("Ships wait outside the…") as another source has it whole."""
    short = re.sub(r"\s*(?:\.{3}|…)$", "", text)
    if short == text or len(key := key_of(short)) < 12:
        return text
    return next((one for _, one, _ in votes if key_of(one).startswith(key) and len(key_of(one)) > len(key)), text)


def _without_kicker(heading: HtmlElement, text: str, others: set[str]) -> str:
    """The headline in an h1 that begins with a kicker in an element of its own, if another source has it without."""
    for one in islice(heading.iter(), 12):
        inner = text_of(one)
        if (
            one is not heading
            and len(inner) >= 10
            and inner != text
            and text.endswith(inner)
            and _ends(others, key_of(inner))
        ):
            return inner
    # The headline may follow the kicker's element as plain text.
    for one in islice(heading.iter(), 12):
        tail = line(one.tail) if one is not heading else ""
        if len(tail) >= 10 and text.endswith(tail) and _ends(others, key_of(tail)):
            return tail
    return text


def _ends(others: set[str], inner: str) -> bool:
    """Whether another source has the inner text as its headline, alone or behind a kicker of its own."""
    return inner in others or any(one.endswith(inner) and 2 * len(inner) > len(one) for one in others)


def _h1(page: Page) -> Iterator[HtmlElement]:
    return islice(page.tree.iter("h1"), 20)


def _holds(one: str, folded: str) -> bool:
    mine = key_of(one)
    return bool(folded) and len(mine) >= 8 and (mine in folded or folded in mine) and 2 * len(folded) > len(mine)


def _cut(text: str, known: Iterable[str], names: Set[str]) -> str:
    """A headline without the site's name or section behind (or before) it; whole, where another source has it so."""
    text = line(text)
    known = list(known)
    folded = key_of(text)
    if any(folded == key_of(one) for one in known):
        return text
    for one in known:
        mine = key_of(one)
        if len(mine) >= 8 and folded != mine and folded.startswith(mine) and (rest := _after(text, mine)) is not None:
            match = _SEPARATOR.match(rest)
            if match and match.end() < len(rest):
                return text[: len(text) - len(rest)].rstrip()
    for one in known:
        mine = key_of(one)
        if len(mine) >= 12 and folded != mine and folded.endswith(mine) and len(mine) > 0.4 * len(folded):
            # Behind a colon or a dash it is the headline's own kicker that would be lost.
            marks = [match for match in _SEPARATOR.finditer(text) if match[0].strip() not in (":", "：", "-", "–", "—")]
            starts = [match.end() for match in marks if key_of(text[match.end() :]) == mine]
            if starts:
                return text[starts[0] :].strip()
    whole = text
    while (end := _outlet_tail().search(text)) and width(text[: end.start()]) >= 12:
        text = text[: end.start()].rstrip()
    if text != whole:
        return text
    marks = list(_SEPARATOR.finditer(text))
    for number, mark in enumerate(marks):
        tail = text[mark.end() :]
        if mark.start() > 5 and (key_of(tail) in names or (not _SEPARATOR.search(tail) and _is_name(tail, names))):
            # "Headline • World • Site": what stands between two such marks is a section.
            before = marks[number - 1] if number else None
            if (
                before
                and before[0].strip() == mark[0].strip()
                and mark.start() - before.end() <= 25
                and before.start() > 15
            ):
                mark = before
            return text[: mark.start()].rstrip()
    for mark in reversed(marks[:2]):
        if (
            mark[0].strip() not in (":", "：")  # "BBC: director general resigns"
            and not _SEPARATOR.search(text[: mark.start()])
            and _is_name(text[: mark.start()], names)
            and len(text) - mark.end() > 10
        ):
            return text[mark.end() :].lstrip()
    return text


@cache
def _outlet_tail() -> re.Pattern[str]:
    """What is called a newspaper or a station, behind a mark or in brackets at the end of a headline in a script
    without spaces; and the trail of sections that Korean pages put there ("제목 < 사회 < 기사본문")."""
    words = "|".join(sorted({re.escape(word) for _, word in table("outlet_words")}))
    japanese = "|".join(sorted({re.escape(word) for language, word in table("outlet_words") if language == "ja"}))
    wide = "\u3000-\u9fff\uac00-\ud7a3\uff00-\uffef"
    name = r"[\w·!！.]{0,8}"
    return re.compile(
        rf"(?<=[{wide}])(?:\s?[-_－—|｜]{{1,2}}\s?{name}(?:{words})|[:：]{name}(?:{japanese})|[（(]{name}(?:{words})[）)])$"
        r"|(?:\s<\s[^<>]{1,20}){1,4}$"
    )


def _after(text: str, folded: str) -> str | None:
    """What follows the characters of `text` that fold to `folded`."""
    size = 0
    for at, char in enumerate(text):
        if size >= len(folded):
            return text[at:]
        size += len(key_of(char))
    return None


def _is_name(text: str, names: Set[str]) -> bool:
    """Whether the text is the site's name, perhaps with a word such as a country or "online" beside it."""
    one = key_of(text)
    if one in names:
        return True
    words = [key for word in text.split() if (key := key_of(word))]
    solid = len(words) == 1  # or of a script without spaces
    for name in names:
        if len(name) < 4 or len(one) < 3:
            continue
        if name.startswith(one) and 2 * len(one) >= len(name):
            return True
        # One word more is all that a name takes on: "Time to rebuild" is no name of Time, nor are "the sands of time".
        before = len(one) <= len(name) + 6 if solid else len("".join(words[:-1])) <= len(name)
        names_on = 3 if len(name) > 5 and all(not word[0].islower() for word in text.split()) else 1
        behind = len(one) <= len(name) + 6 if solid else len("".join(words[names_on:])) <= len(name)
        if (before and one.startswith(name)) or (behind and one.endswith(name)):
            return True
    return False
