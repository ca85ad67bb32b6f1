"""authors(page, blocks): who wrote the article, and agencies(...): which news agencies are credited.

Each gives (value, note); the note says where the names stood: `jsonld`, `meta` or `visible`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import islice

from archive.data import table
from archive.lines import key_of, line
from archive.reading.blocks import FOOTER, FORM, NAV, Block, Place, like
from archive.reading.headlines import Note
from archive.reading.pages import Page, kinds, strings, texts

MAX_NAMES = 500  # characters of what names the authors
MAX_BYLINE = 160  # characters of a line that may name the authors
ABOVE, BELOW = 6, 20  # blocks above and below the headline among which the byline is looked for
FAR_BELOW = 45  # … where class words call it the byline

#: Marks that part two names.
_MARKS = r"[,;/|·•،、，；／＝&+]"
_PARTS = re.compile(r"\s*[|·•–—]\s*")
#: How a name and a date share a line: "Ana Ruiz | 3.4.2026", "3 April 2026, Ana Ruiz".
_DATED = re.compile(r"\d{1,4}[./\-年: ].*$")


def authors(page: Page, found: Sequence[Block] = (), titles: Sequence[str] = ()) -> tuple[tuple[str, ...], Note]:
    """The names of who wrote it: JSON-LD, meta tags, then the byline on the page.

    found: the page's blocks; titles: the headline's spellings as keys, near which a byline is looked for. The outlet's
    own name counts only where no person is named anywhere.
    """
    own = page.outlet
    said, persons = _said_authors(page)
    names = _names(said)
    if persons and any(key_of(name) not in own for name in names):
        return names, {"from": "jsonld"}
    house = names
    for source, names in (
        ("meta", _names(_meta_authors(page))),
        ("visible", tuple(filter(_plausible, _names(_marked_authors(page))))),
        ("visible", tuple(_line_authors(found, titles))),
    ):
        people = tuple(name for name in names if key_of(name) not in own)
        if house:  # only a person's name says more than the house's
            people = tuple(name for name in people if len(name.split()) > 1 and name not in house)
        if people:
            return people, {"from": source}
    return (house, {"from": "jsonld"}) if house else ((), {})


def _names(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for text in texts for name in split_names(text)))


def _said_authors(page: Page) -> tuple[list[str], bool]:
    """(JSON-LD's authors, whether any of them is not called an organization)."""
    value = page.thing.get("author") or page.thing.get("creator")
    found: list[str] = []
    persons = False
    for one in value if isinstance(value, list) else [value]:
        one = page.resolved(one)
        if isinstance(one, dict):
            # An object may hold several names as one string or as a list.
            parts = [*strings(one.get("givenName")), *strings(one.get("familyName"))]
            names = strings(one.get("name")) or strings(one.get("alternateName")) or [" ".join(parts)] * bool(parts)
            persons = persons or (bool(names) and not any("Organization" in kind for kind in kinds(one)))
        else:
            names = strings(one)
            persons = persons or bool(names)
        found += names
    return [html.unescape(one) for one in found], persons


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
    publisher = page.outlet
    for name in names:
        found = [html.unescape(one) for one in page.metas.get(name, []) if key_of(one) not in publisher]
        if found := [one for one in found if not re.search(r"https?:|@|\bGmbH\b|\bInc\b|\bLtd\b", one)]:
            return found
    return []


def _marked_authors(page: Page) -> list[str]:
    """Names in links and elements that the markup calls the author, but for those of readers' comments."""
    found = []
    for one in islice(page.tree.xpath("//*[@rel='author' or @itemprop='author']"), 8):
        if any("comment" in f"{step.get('class')} {step.get('id')}".lower() for step in islice(one.iterancestors(), 8)):
            continue
        named = texts(one.xpath(".//*[@itemprop='name']")) or texts([one])
        found += [text for text in named[:3] if 3 < len(text) < 80]
    return found


def _line_authors(found: Sequence[Block], titles: Sequence[str]) -> list[str]:
    """Names in the lines round the headline: called the author by class words, begun with "by", or beside a date."""
    headlines = [one.order for one in found if any(like(one.key, title) for title in titles)]
    headlines = [order for order in headlines if found[order].heading][:3] or headlines[:1]
    for shown, below in ((_called, FAR_BELOW), (_begun, BELOW), (_beside_date, BELOW)):
        for order in headlines:
            for one in found[max(0, order - ABOVE) : order + below]:
                if one.order == order or len(one.text) > MAX_BYLINE or one.marks & (NAV | FOOTER | FORM):
                    continue
                names = [name for name in split_names(shown(one)) if _plausible(name)]
                if names:
                    return names
    return []


def _called(one: Block) -> str:
    """A line in an element that class words call the author's, "" for any other."""
    place: Place | None = one.place
    for _ in range(3):
        if place is not None and "author" in place.words:
            return _DATED.sub("", one.text)
        place = place.parent if place is not None else None
    return ""


def _begun(one: Block) -> str:
    """What follows a word such as "by" at the beginning of a short line, or of a part of it; "" where nothing does."""
    if len(one.text) > 100 or one.text.endswith((".", "!", "?")):
        return ""
    parts = [part.strip() for part in _PARTS.split(one.text)]
    return next((_DATED.sub("", part) for part in parts if _by().match(part)), "")


def _beside_date(one: Block) -> str:
    """The names in a line that has a date as well, parted by a mark; "" where there are none."""
    parts = [part.strip() for part in _PARTS.split(one.text)]
    if len(parts) < 2 or not any(re.search(r"\d{4}|\d{1,2}:\d\d", part) for part in parts):
        return ""
    return next((part for part in parts if not re.search(r"\d", part) and 2 <= len(part.split()) <= 6), "")


def _plausible(name: str) -> bool:
    """Whether a shown name can be a person's or a house's: capital or caseless first letter, no figures, few words."""
    words = name.split()
    return (
        len(words) <= 5
        and not re.search(r"\d", name)
        and not name[0].islower()
        and (len(words) > 1 or len(name) <= 20)
        and not any(len(word) > 25 for word in words)
    )


@cache
def _by() -> re.Pattern[str]:
    """What stands before names: "by", "text:" and the like, in every language of the list."""
    words = sorted({re.escape(word) for _, word, kind in table("byline_words") if kind == "by"}, key=len, reverse=True)
    return re.compile(rf"^(?:(?:{'|'.join(words)})(?:\s*[:：]\s*|\s+))+", re.IGNORECASE)


@cache
def _between() -> re.Pattern[str]:
    """What parts names: marks, and "and" where it stands between words in small letters ("A. García y B. Ruiz")."""
    words = "|".join(sorted({re.escape(word) for _, word, kind in table("byline_words") if kind == "and"}))
    return re.compile(rf"\s*(?:{_MARKS}|\s(?:{words}|AND|And)\s|\sو(?=\w))\s*")


def split_names(text: str) -> list[str]:
    """The names in a byline. A place, an address or a whole sentence is no name."""
    text = re.sub(r"\([^()]{0,100}\)|\S{1,80}@\S{1,80}|https?://\S{1,200}|^@", " ", line(text)[:MAX_NAMES])
    text = _by().sub("", text.strip(" -–—|:·•,"))
    found = []
    for part in _between().split(text):
        name = _by().sub("", part.strip(" -–—|:·•,\"'“”„*")).strip()
        name = name if re.search(r"(?:^|\s)\w\.$", name) else name.rstrip(".")  # an initial keeps its point
        if (
            1 < len(name) <= 60
            and len(name.split()) <= 6
            and any(char.isalpha() for char in name)
            and not re.search(r"\d{3}|[<>{}=]", name)
        ):
            found.append(name)
    return found


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
    page: Page, authors: Iterable[str], paragraphs: Sequence[str], near: Sequence[Block]
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
        ("visible", [*opening, *closing, *(one.text for one in near if len(one.text) < 120)]),
    ):
        found = list(dict.fromkeys(name for text in lines for name in _credited(text)))
        if found:
            return found[:6], {"from": source}
    return [], {}


#: How a report opens: "BERLIN (dpa) –", "(Reuters) -", "【ソウル共同】", "新华社北京4月24日电", "ROMA, 3 FEB -".
_DATELINE = re.compile(
    r"^(?:[【［\[(（][^】］\])）]{1,30}[】］\])）]|[^.。!?]{0,50}?[(（\[][^)）\]]{2,30}[)）\]]\s*[-–—:.]?|[^.。\s]{0,14}[电電]|[^.。!?]{0,40}\s[-–—]\s)"
)
