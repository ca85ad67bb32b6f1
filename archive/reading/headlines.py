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
    weights: dict[str, float] = {}
    for _, text, weight in votes:
        weights[key_of(text)] = weights.get(key_of(text), 0) + weight
    best = max(weights, key=lambda key: weights[key])
    spelled = [(source, text) for source, text, _ in votes if key_of(text) == best]
    # Of several spellings the one that most sources have; then the page's own, unless it only lacks the mark behind a
    # kicker ("Inquiry Two resign" for "Inquiry: Two resign").
    counts = Counter(text for _, text in spelled)
    source, text = max(spelled, key=lambda pair: counts[pair[1]])
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
    """A headline without the site's name or section behind (or before) it."""
    text = line(text)
    folded = key_of(text)
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
    if outlet := _outlet_tail().search(text):
        return text[: outlet.start()].rstrip()
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
            not _SEPARATOR.search(text[: mark.start()])
            and _is_name(text[: mark.start()], names)
            and len(text) - mark.end() > 10
        ):
            return text[mark.end() :].lstrip()
    return text


@cache
def _outlet_tail() -> re.Pattern[str]:
    """A hyphen and what is called a newspaper or a station, at the end of a headline in a script without spaces."""
    words = "|".join(sorted({re.escape(word) for _, word in table("outlet_words")}))
    wide = "\u3000-\u9fff\uac00-\ud7a3\uff00-\uffef"
    return re.compile(rf"(?<=[{wide}])\s?[-_－—]{{1,2}}\s?[\w·]{{0,6}}(?:{words})$")


def _after(text: str, folded: str) -> str | None:
    """What follows the characters of `text` that fold to `folded`."""
    size = 0
    for at, char in enumerate(text):
        if size >= len(folded):
            return text[at:]
        size += len(key_of(char))
    return None


def _is_name(text: str, names: Set[str]) -> bool:
    """Whether the text is the site's name, perhaps with a country or "online" beside it."""
    one = key_of(text)
    if one in names:
        return True
    return len(one) >= 3 and any(
        len(name) >= 4
        and len(one) <= len(name) + 20
        and (one.startswith(name) or name.startswith(one) or one.endswith(name))
        for name in names
    )
