"""What a page says of its article: headline, authors, picture, agency and the like; each with where it stood.

Every function takes a Page and gives (value, note). The note goes into the extraction's fields: `from` is `jsonld`,
`meta`, `visible`, `url` or `script`. Nothing is invented: where the page says nothing, there is no value.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any

from lxml.html import HtmlElement

from archive.data import table
from archive.lines import line
from archive.reading.pages import Page, kinds, strings, text_of, texts
from archive.urls import clean_url, host_of

MAX_TITLE = 1000  # characters of a headline that are kept
Note = dict[str, Any]

_SEPARATOR = re.compile(r"\s*(?:[|｜¦‖·•»«›‹:：∣]|::|--|―)+\s*|\s+[-–—‐‑−~/]+\s+|[—_]{1,2}")
#: What parts names: marks, and "and" where it stands between words in small letters ("A. García y B. Ruiz").
_NAME_LINK = re.compile(
    r"\s*(?:[,;/|·•،、，；／＝&+]|\s(?:and|AND|And|und|et|y|og|och|ja|ve|dan|na|és|и|і|та|και|with|mit|avec|con|for)\s|\sو(?=\w))\s*"
)
_BY = re.compile(
    r"^(?:(?:by|von|par|por|di|da|door|av|af|door|od|przez|autor(?:e|a|en|in)?|auteur|author|writer|text|texte?|от|автор|"
    r"από|του|oleh|yazan|haber|penulis|reporter|written by|story by|बाय|द्वारा|लेखक|文|記者|记者|作者|글|بقلم|"
    r"كتب|מאת|โดย)"
    r"(?:\s*[:：]\s*|\s+))+",
    re.IGNORECASE,
)


def fold(text: str | None) -> str:
    """Letters and digits alone, in one case: what two spellings of a headline have in common."""
    text = unicodedata.normalize("NFKC", text or "").casefold()
    return "".join(char for char in text if char.isalnum() or unicodedata.category(char) in ("Mn", "Mc"))


# -- headline ------------------------------------------------------------------------------------------------------


def title(page: Page) -> tuple[str | None, Note]:
    """The headline: the one that most of h1, og:title, JSON-LD and `<title>` agree on, the site's name cut off."""
    shown_elements = [(one, text) for one in _h1(page) if 2 < len(text := text_of(one)) <= MAX_TITLE]
    shown = [text for _, text in shown_elements]
    said = [html.unescape(text) for text in strings(page.thing.get("headline")) or strings(page.thing.get("name"))]
    shared = page.meta("og:title") or page.meta("twitter:title")
    named = next(iter(texts(page.tree.iter("title"))), None)
    names = site_names(page)
    # Without an h1 the headline may be an h2, or a title in bold; it confirms what is left without the site's name.
    lower = [] if shown else [text for text in texts(islice(page.tree.iter("h2", "h3"), 8)) if len(text) > 15]
    known = [*shown[:3], *said[:1], *lower]
    shared = _cut(html.unescape(shared), known, names) if shared else None
    named = _cut(html.unescape(named), known, names) if named else None
    said = [_cut(line(one), shown[:3], names) for one in said[:1]]
    others = {fold(one) for one in (shared, named, *said) if one}
    shown = [_without_kicker(one, text, others) for one, text in shown_elements]
    # Of several h1 the one that something else confirms; a lone h1 may be the site's name or a label.
    heading = next((one for one in shown if fold(one) in others), None)
    if heading is None:
        heading = next((one for one in shown if any(_holds(one, other) for other in others)), None)
    if heading is None and shown and fold(shown[0]) not in names and (not others or len(shown) == 1):
        heading = shown[0]
    votes = [
        ("visible", heading, 1.2),
        ("jsonld", next(iter(said), None), 1.1),
        ("meta", shared, 1.0),
        ("title", named, 0.5),
    ]
    return _elected([(source, one, weight) for source, one, weight in votes if one and fold(one) not in names])


def spellings(page: Page) -> list[str]:
    """Every headline that the page gives for its article, whatever the source."""
    said = [html.unescape(text) for text in strings(page.thing.get("headline"))]
    shared = [text for name in ("og:title", "twitter:title") for text in page.metas.get(name, [])[:1]]
    shown = [text for text in texts(_h1(page)) if len(text) <= MAX_TITLE]
    return list(dict.fromkeys([*shown[:1], *said, *map(html.unescape, shared), *texts(page.tree.iter("title"))[:1]]))


def _elected(votes: list[tuple[str, str, float]]) -> tuple[str | None, Note]:
    """The headline with most weight behind it, spelled as its best source spells it."""
    if not votes:
        return None, {}
    weights: dict[str, float] = {}
    for _, text, weight in votes:
        weights[fold(text)] = weights.get(fold(text), 0) + weight
    best = max(weights, key=lambda key: weights[key])
    spelled = [(source, text) for source, text, _ in votes if fold(text) == best]
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
            and _ends(others, fold(inner))
        ):
            return inner
    # The headline may follow the kicker's element as plain text.
    for one in islice(heading.iter(), 12):
        tail = line(one.tail) if one is not heading else ""
        if len(tail) >= 10 and text.endswith(tail) and _ends(others, fold(tail)):
            return tail
    return text


def _ends(others: set[str], inner: str) -> bool:
    """Whether another source has the inner text as its headline, alone or behind a kicker of its own."""
    return inner in others or any(one.endswith(inner) and 2 * len(inner) > len(one) for one in others)


def _h1(page: Page) -> Iterator[HtmlElement]:
    return islice(page.tree.iter("h1"), 20)


def _holds(one: str, folded: str) -> bool:
    mine = fold(one)
    return bool(folded) and len(mine) >= 8 and (mine in folded or folded in mine) and 2 * len(folded) > len(mine)


def site_names(page: Page) -> set[str]:
    """The outlet's names, folded: as it signs itself, and its host's."""
    publisher = page.resolved(page.thing.get("publisher"))
    said = strings(publisher.get("name")) if isinstance(publisher, dict) else strings(publisher)
    for one in page.things[:20]:
        if {"WebSite", "Organization", "NewsMediaOrganization"} & set(kinds(one)):
            said += strings(one.get("name"))
    said += page.metas.get("og:site_name", []) + page.metas.get("application-name", [])
    host = host_of(page.url).partition(":")[0].removeprefix("www.")
    labels = host.split(".")
    names = {fold(one) for one in said} | {fold(host)}
    names |= {fold(label) for label in labels[:-1] if len(label) > 3}
    return {name for name in names if len(name) > 1}


def _cut(text: str, known: Iterable[str], names: set[str]) -> str:
    """A headline without the site's name or section behind (or before) it."""
    text = line(text)
    folded = fold(text)
    for one in known:
        mine = fold(one)
        if len(mine) >= 8 and folded != mine and folded.startswith(mine) and (rest := _after(text, mine)) is not None:
            match = _SEPARATOR.match(rest)
            if match and match.end() < len(rest):
                return text[: len(text) - len(rest)].rstrip()
    for one in known:
        mine = fold(one)
        if len(mine) >= 12 and folded != mine and folded.endswith(mine) and len(mine) > 0.4 * len(folded):
            starts = [match.end() for match in _SEPARATOR.finditer(text) if fold(text[match.end() :]) == mine]
            if starts:
                return text[starts[0] :].strip()
    marks = list(_SEPARATOR.finditer(text))
    for number, mark in enumerate(marks):
        tail = text[mark.end() :]
        if mark.start() > 5 and (fold(tail) in names or (not _SEPARATOR.search(tail) and _is_name(tail, names))):
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


def _after(text: str, folded: str) -> str | None:
    """What follows the characters of `text` that fold to `folded`."""
    size = 0
    for at, char in enumerate(text):
        if size >= len(folded):
            return text[at:]
        size += len(fold(char))
    return None


def _is_name(text: str, names: set[str]) -> bool:
    """Whether the text is the site's name, perhaps with a country or "online" beside it."""
    one = fold(text)
    if one in names:
        return True
    return len(one) >= 3 and any(
        len(name) >= 4
        and len(one) <= len(name) + 20
        and (one.startswith(name) or name.startswith(one) or one.endswith(name))
        for name in names
    )


# -- authors -------------------------------------------------------------------------------------------------------


def authors(page: Page) -> tuple[tuple[str, ...], Note]:
    """The names of who wrote it: JSON-LD, meta tags, then the byline on the page.

    The outlet's own name counts only where no person is named anywhere.
    """
    own = site_names(page)
    house: tuple[tuple[str, ...], Note] = (), {}
    for source, read in (("jsonld", _said_authors), ("meta", _meta_authors), ("visible", _shown_authors)):
        found = read(page)
        names = tuple(dict.fromkeys(name for text in found for name in split_names(text)))
        people = tuple(name for name in names if fold(name) not in own)
        if people:
            return (names if source == "jsonld" else people), {"from": source}
        if names and not house[0] and source == "jsonld":
            house = names, {"from": source}
    return house


def _said_authors(page: Page) -> list[str]:
    value = page.thing.get("author") or page.thing.get("creator")
    found: list[str] = []
    for one in value if isinstance(value, list) else [value]:
        one = page.resolved(one)
        if isinstance(one, dict):
            # An object may hold several names as one string or as a list.
            found += strings(one.get("name")) or strings(one.get("alternateName"))
        else:
            found += strings(one)
    return [html.unescape(one) for one in found]


def _meta_authors(page: Page) -> list[str]:
    names = (
        "author",
        "article:author",
        "article:author_name",
        "og:article:author",
        "parsely-author",
        "sailthru.author",
        "dc.creator",
        "dcterms.creator",
        "dc.contributor",
        "citation_author",
        "byl",
        "cxenseparse:author",
    )
    publisher = site_names(page)
    for name in names:
        found = [html.unescape(one) for one in page.metas.get(name, []) if fold(one) not in publisher]
        if found := [one for one in found if not re.search(r"https?:|@|\bGmbH\b|\bInc\b|\bLtd\b", one)]:
            return found
    return []


def _shown_authors(page: Page) -> list[str]:
    """Names in links and elements that the markup calls the author."""
    for path in (
        "//*[@rel='author' or @itemprop='author']",
        "//*[contains(@class, 'yline') or contains(@class, 'uthor')]",
    ):
        found = []
        for one in islice(page.tree.xpath(path), 8):
            named = texts(one.xpath(".//*[@itemprop='name']")) or texts([one])
            found += [text for text in named[:3] if 3 < len(text) < 80]
        if found:
            return found[:1] if path.startswith("//*[contains") else found
    return []


def split_names(text: str) -> list[str]:
    """The names in a byline. A place, an address or a whole sentence is no name."""
    text = re.sub(r"\([^)]*\)|\S+@\S+|https?://\S+|^@", " ", line(text))
    text = _BY.sub("", text.strip(" -–—|:·•,"))
    found = []
    for part in _NAME_LINK.split(text):
        name = _BY.sub("", part.strip(" -–—|:·•,.\"'“”„*")).strip()
        if (
            1 < len(name) <= 60
            and len(name.split()) <= 6
            and any(char.isalpha() for char in name)
            and not re.search(r"\d{3}|[<>{}=]", name)
        ):
            found.append(name)
    return found


# -- the rest ------------------------------------------------------------------------------------------------------


def canonical(page: Page) -> tuple[str | None, Note]:
    """The address that the page calls its own. Only a claim: it never makes two pages one."""
    for one in page.tree.iter("link"):
        if "canonical" in (one.get("rel") or "").lower().split() and (
            url := clean_url(one.get("href") or "", page.base)
        ):
            return url, {"from": "meta"} | ({"offsite": True} if host_of(url) != host_of(page.url) else {})
    url = clean_url(page.meta("og:url") or "", page.base) if page.meta("og:url") else None
    return url, {"from": "meta"} if url else {}


def image(page: Page) -> tuple[str | None, Note]:
    """The main picture's address, and its caption where JSON-LD has it."""
    value = page.thing.get("image")
    value = page.resolved(value[0] if isinstance(value, list) and value else value)
    said = value.get("url") or value.get("contentUrl") if isinstance(value, dict) else value
    for source, text in (("jsonld", next(iter(strings(said)), None)), ("meta", page.meta("og:image", "twitter:image"))):
        if text and (url := clean_url(text, page.base)):
            note: Note = {"from": source}
            if isinstance(value, dict) and (words := strings(value.get("caption"))):
                note["caption"] = html.unescape(words[0])
            return url, note
    return None, {}


def keywords(page: Page) -> tuple[list[str], Note]:
    """The page's own keywords."""
    found = [part for one in strings(page.thing.get("keywords")) for part in re.split(r"\s*[,;،、，]\s*", one)]
    source = "jsonld"
    if not found:
        metas = page.metas.get("news_keywords") or page.metas.get("article:tag") or page.metas.get("keywords") or []
        found, source = [part for one in metas for part in re.split(r"\s*[,;،、，]\s*", one)], "meta"
    found = list(dict.fromkeys(html.unescape(one) for one in found if 1 < len(one) <= 80))[:50]
    return found, {"from": source} if found else {}


def access(page: Page) -> tuple[str | None, Note]:
    """`free` or `paid`, where the page says so (schema.org isAccessibleForFree, content tier)."""
    for one in (page.thing, *page.things[:20]):
        free = one.get("isAccessibleForFree")
        if free is not None and (one is page.thing or {"WebPage", "NewsArticle", "Article"} & set(kinds(one))):
            return ("free" if str(free).strip().lower() in ("true", "1", "yes") else "paid"), {"from": "jsonld"}
    tier = (page.meta("article:content_tier") or "").lower()
    if tier:
        return ("free" if tier == "free" else "paid"), {"from": "meta"}
    return None, {}


# -- agencies ------------------------------------------------------------------------------------------------------


@cache
def _agencies() -> tuple[dict[str, str], dict[str, str]]:
    """(the agency by its name's words, by a part of a line in scripts without spaces)."""
    rows = table("agencies")
    solid = {spelling: name for name, spelling in rows if ord(spelling[0]) > 0x2E80}
    return {spelling: name for name, spelling in rows if spelling not in solid}, solid


def _credited(text: str) -> list[str]:
    """The agencies whose names stand in a line, as whole words; Chinese and Japanese run on."""
    spaced, solid = _agencies()
    words = re.findall(r"\w[\w-]*", text)
    runs = [" ".join(words[start : start + size]) for size in (1, 2, 3) for start in range(len(words) - size + 1)]
    pieces = [piece for word in words if "-" in word for piece in word.split("-")]
    found = [spaced[run] for run in (*runs, *pieces) if run in spaced]
    return found + ([] if text.isascii() else [name for spelling, name in solid.items() if spelling in text])


def agencies(
    page: Page, authors: Iterable[str], paragraphs: Sequence[str], near: Iterable[str]
) -> tuple[list[str], Note]:
    """The news agencies credited: among the authors, in JSON-LD's source, in a dateline or byline, or in the last line.

    near: short lines round the body, such as bylines and notices. A sentence that only mentions an agency is no credit.
    """
    said = [
        text
        for key in ("sourceOrganization", "provider", "creditText", "isBasedOn", "contributor")
        for value in [page.resolved(page.thing.get(key))]
        for text in strings(value.get("name") if isinstance(value, dict) else value)
    ]
    opening = [match[0] for text in paragraphs[:1] for match in [_DATELINE.match(text)] if match]
    closing = [text for text in paragraphs[-1:] if len(text) < 60] + [
        text[-40:] for text in paragraphs[-1:] if re.search(r"[)）\]】]\s*$", text)
    ]
    for source, lines in (
        ("jsonld", [*said, *authors]),
        ("visible", [*opening, *closing, *(one for one in near if len(one) < 120)]),
    ):
        found = list(dict.fromkeys(name for text in lines for name in _credited(text)))
        if found:
            return found[:6], {"from": source}
    return [], {}


#: How a report opens: "BERLIN (dpa) –", "(Reuters) -", "【ソウル共同】", "新华社北京4月24日电", "ROMA, 3 FEB -".
_DATELINE = re.compile(
    r"^(?:[【［\[(（][^】］\])）]{1,30}[】］\])）]|[^.。!?]{0,50}?[(（\[][^)）\]]{2,30}[)）\]]\s*[-–—:.]?|[^.。\s]{0,14}[电電]|[^.。!?]{0,40}\s[-–—]\s)"
)
