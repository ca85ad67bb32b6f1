"""authors(page, blocks): who wrote the article, and agencies(...): which news agencies are credited.

Each gives (value, note); the note says where the names stood: `jsonld`, `meta` or `visible`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence, Set
from functools import cache
from itertools import islice

from lxml.html import HtmlElement

from archive.data import table
from archive.lines import key_of
from archive.reading.blocks import CAPTION, FIGURE, FOOTER, FORM, FULL_END, NAV, Block, Place, like
from archive.reading.headlines import Note
from archive.reading.names import (
    beside_date,
    is_house,
    is_person,
    is_photo_credit,
    named,
    plausible,
    split_names,
    undated,
)
from archive.reading.pages import Page, kinds, strings, text_of, texts

MAX_BYLINE = 160  # characters of a line that may name the authors
ABOVE, BELOW = 6, 20  # blocks above and below the headline among which the byline is looked for
FAR_BELOW = 45  # … where class words call it the byline

_AUTHOR_WORDS = re.compile(r"(?i)(?<![a-z])(?:authors?|bylines?|autor\w*|auteurs?|writers?|journalist)(?![a-z])")


def authors(page: Page, found: Sequence[Block] = (), titles: Sequence[str] = ()) -> tuple[tuple[str, ...], Note]:
    """The names of who wrote it: JSON-LD, meta tags, then the byline on the page.

    found: the page's blocks; titles: the headline's spellings as keys, near which a byline is looked for. The outlet's
    own name counts only where no person is named anywhere.
    """
    own = page.outlet
    said, persons = _said_authors(page)
    claimed = _names(said)
    if persons and any(key_of(name) not in own and not is_house(name) for name in claimed):
        return claimed, {"from": "jsonld"}
    house = [("jsonld", claimed)] if claimed else []
    for source, names in (
        ("meta", _names(_meta_authors(page))),
        ("visible", tuple(filter(plausible, _names(_marked_authors(page))))),
        ("visible", tuple(_line_authors(found, titles, {key_of(name) for name in claimed}))),
    ):
        people = tuple(name for name in names if key_of(name) not in own)
        if source == "visible":
            people = tuple(name for name in people if not is_house(name))
        if people and (house or any(is_house(name) for name in people)):  # only a person says more than the house
            persons_only = tuple(
                name for name in people if is_person(name) and not any(name in told for _, told in house)
            )
            if not persons_only or any(is_house(name) for name in people):
                house.append((source, people))
                continue
            people = persons_only
        if people:
            return people, {"from": source}
    return (house[0][1], {"from": house[0][0]}) if house else ((), {})


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
        if _of_comment(one):
            continue
        named = texts(one.xpath(".//*[@itemprop='name']")) or texts([one])
        found += [text for text in named[:3] if 3 < len(text) < 80]
    return found


def _of_comment(one: HtmlElement) -> bool:
    """Whether an element belongs to the readers' comments."""
    return any("comment" in f"{step.get('class')} {step.get('id')}".lower() for step in islice(one.iterancestors(), 8))


def _line_authors(found: Sequence[Block], titles: Sequence[str], known: Set[str]) -> list[str]:
    """Names in the lines round the headline: called the author by class words, begun with "by", or beside a date.

    known: what data calls the author, as keys: it may be spelled as no person's name is ("dpa").
    """
    headlines = [one.order for one in found if any(like(one.key, title) for title in titles)]
    headlines = [order for order in headlines if found[order].heading][:3] or headlines[:1]
    near = ((_called, BELOW), (_begun, BELOW), (_called_within, BELOW))
    for shown, below in (*near, (_called, FAR_BELOW), (_beside_date, BELOW)):
        for order in headlines:
            # A form or a menu that holds the headline as well holds the whole page.
            outside = (NAV | FOOTER | FORM | FIGURE | CAPTION) & ~found[order].marks
            for one in (*found[order + 1 : order + below], *found[max(0, order - ABOVE) : order]):
                if one.marks & outside or "caption" in one.place.words or _of_comment(one.place.element):
                    continue
                text = shown(one)
                names = split_names(text, shown=True) if text else []
                if names := [name for name in names if plausible(name) or key_of(name) in known]:
                    return names
    return []


def _called(one: Block) -> str:
    """A line in an element that class words call the author's, "" for any other."""
    place: Place | None = one.place
    for _ in range(3 if len(one.text) <= MAX_BYLINE else 0):
        if place is not None and "author" in place.words:
            return undated(one.text)
        place = place.parent if place is not None else None
    return ""


def _begun(one: Block) -> str:
    """What follows a word such as "by" in a short line; "" where nothing does."""
    return named(one.text)


def _called_within(one: Block) -> str:
    """A part of a line that class words call the author's."""
    for part in islice(one.place.element.iter("span", "a", "em", "strong", "b", "i", "small", "cite"), 40):
        if _AUTHOR_WORDS.search(part.get("class") or ""):
            text = text_of(part)
            if 3 < len(text) < 80 and text in one.text and not _of_comment(part):
                return text
    return ""


def _beside_date(one: Block) -> str:
    return beside_date(one.text) if len(one.text) <= MAX_BYLINE else ""


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
    page: Page, authors: Iterable[str], authors_note: Note, paragraphs: Sequence[str], near: Sequence[Block]
) -> tuple[list[str], Note]:
    """The news agencies credited: among the authors, in JSON-LD's source, in a dateline or byline, or in the last line.

    authors_note: where the authors' names stood; near: short lines round the body, such as bylines and notices. What
    a sentence only mentions, and whose the picture is, is no credit of the text.
    """
    said = [
        text
        for key in ("sourceOrganization", "provider", "creditText", "isBasedOn", "contributor")
        for value in [page.resolved(page.thing.get(key))]
        for text in strings(value.get("name") if isinstance(value, dict) else value)
    ]
    opening = [match[0] for text in paragraphs[:1] for match in [_DATELINE.match(text)] if match]
    closing = [text for text in paragraphs[-1:] if len(text) < 60 and not _tells(text)] + [
        text[-40:] for text in paragraphs[-1:] if re.search(r"[)）\]】]\s*$", text)
    ]
    for source, lines in (
        ("jsonld", said),
        (authors_note.get("from", "visible"), list(authors)),
        ("visible", [*opening, *closing, *(one.text for one in near if _may_credit(one))]),
    ):
        found = list(dict.fromkeys(name for text in lines for name in _credited(text)))
        if found:
            return found[:6], {"from": source}
    return [], {}


def _may_credit(one: Block) -> bool:
    """Whether a line round the body may say whose the text is: no heading, no sentence, nothing of a picture."""
    if len(one.text) >= 120 or one.marks & (FIGURE | CAPTION | NAV) or one.heading:
        return False
    if "caption" in one.place.words or one.traits.get("pictured") or is_photo_credit(one.text):
        return False
    return not _tells(one.text)


def _tells(text: str) -> bool:
    return len(text.split()) > 5 and FULL_END.search(text) is not None


#: How a report opens: "BERLIN (dpa) –", "(Reuters) -", "【ソウル共同】", "新华社北京4月24日电", "ROMA, 3 FEB -".
_DATELINE = re.compile(
    r"^(?:[【［\[(（][^】］\])）]{1,30}[】］\])）]|[^.。!?]{0,50}?[(（\[][^)）\]]{2,30}[)）\]]\s*[-–—:.]?|[^.。\s]{0,14}[电電]|[^.。!?]{0,40}\s[-–—]\s)"
)
