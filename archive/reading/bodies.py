"""read_body(page, blocks): which of a page's blocks are the article's body, in order.

trafilatura, which only this room knows, marks what it takes for the text. That mark is one of the traits by which each
block is judged; the others say where the block stands, how it is written and linked, and what JSON-LD says of it.
Their weighted sum decides. Every judgement has an undo: where too little is left, trafilatura's own text is taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from lxml.etree import XPathError, strip_elements
from lxml.html import HtmlElement

from archive.lines import key_of
from archive.links.related import Box
from archive.reading import blocks as cut
from archive.reading.blocks import Block, Place, like, like_any, width
from archive.reading.pages import Page
from archive.reading.payloads import LEAST, said_paragraphs, scripted_paragraphs
from archive.reading.scenes import Scene, scene
from archive.reading.standfirsts import standfirst
from archive.reading.traits import describe, weigh

MAX_CELLS = 20_000  # cells of a table once spans are written out; trafilatura's time grows with their square
MAX_ELEMENTS = 30_000  # elements of a page that trafilatura is given
MAX_LINKS_ROUND = 500_000  # links times the elements round each, which trafilatura reads again for all of them
ENOUGH = 600  # letters that trafilatura's fast way must find to be believed
FAST_SHARE = 0.5  # share of the page's long paragraphs that it must hold
MAX_LINE = 160  # characters of a line that may be a byline or a date line
ENOUGH_LEFT = 0.6  # share of what is beyond doubt that the chosen blocks must hold to be taken unasked
#: The traits of what is never of the body, whatever its others are.
NEVER = ("title", "boxed", "second", "pictured", "bio", "byline", "slot", "figcaption", "above")
MARGIN_CUT = 0.2  # … where the page's text breaks off
MARGIN = 0.55  # by how much another text must be worth more than the chosen blocks to be taken instead


_TEXTLESS = (
    "script",
    "style",
    "svg",
    "noscript",
    "iframe",
    "template",
    "link",
    "meta",
    "nav",
    "select",
    "canvas",
    "video",
    "audio",
)


@dataclass(slots=True)
class Body:
    """What was read: paragraphs in order, the standfirst, and how it came about."""

    paragraphs: list[str] = field(default_factory=list)
    standfirst: str | None = None
    note: dict[str, Any] = field(default_factory=dict)
    standfirst_note: dict[str, Any] = field(default_factory=dict)
    around: list[Block] = field(default_factory=list)  # lines beside headline and body that are no part of it
    chosen: list[Block] = field(default_factory=list)  # the body's blocks
    lead: list[Block] = field(default_factory=list)  # the standfirst's
    points: dict[Block, float] = field(default_factory=dict)

    @property
    def text(self) -> str | None:
        return "\n\n".join(self.paragraphs) or None


def read_body(
    page: Page,
    found: list[Block],
    titles: Sequence[str],
    authors: Sequence[str],
    boxes: Sequence[Box],
    keep: Sequence[str] = (),
) -> Body:
    """The body among the page's blocks.

    titles: the headline as the page's sources spell it. boxes: its lists of other articles. keep: a site's
    XPaths of the body's element; where one matches, all in it is the body but what is plainly none.
    """
    lines, reader = read_lines(page.tree, found)
    view = scene(page, found, lines, titles, authors, boxes)
    describe(view)
    lead = standfirst(view)
    points = points_of(found)
    held = _within(found, _elements(page, keep))
    chosen = [
        one
        for one in found
        if one not in lead and (one in held and _stays(one, view) if held else belongs(one, points.get(one, -1)))
    ]
    chosen = _headed(found, _once(chosen))
    body = Body([one.text for one in chosen], " ".join(one.text for one in lead) or None, {"from": reader})
    if lead:
        body.standfirst_note = {"from": "visible"}
    body.around = _around(view, chosen)
    body.chosen, body.lead, body.points = chosen, lead, points
    _choose(page, view, body, lines)
    return body


def _choose(page: Page, view: Scene, body: Body, lines: Sequence[str]) -> None:
    """The best of the texts that the page offers: the blocks that were chosen, trafilatura's lines, and its data's.

    The blocks are the text unless another is worth plainly more. What was compared is recorded with the choice.
    """
    doubtless = _doubtless(view)
    breaks_off = bool(body.paragraphs) and body.paragraphs[-1].rstrip().endswith(("…", "..."))
    chosen = sum(len(one.key) for one in body.chosen)
    enough = bool(chosen) and chosen >= ENOUGH_LEFT * sum(doubtless.values())
    if enough and not breaks_off and chosen >= LEAST:
        return
    texts = {"blocks": body.paragraphs, "jsonld": said_paragraphs(page)}
    if not enough:
        texts[str(body.note["from"])] = _lines(view, body, lines)
    if max(sum(map(width, one)) for one in texts.values()) < LEAST:
        texts["script"] = scripted_paragraphs(page)
    longest = max((sum(map(width, one)) for one in texts.values()), default=0.0)
    worths = {name: worth(one, doubtless, view.titles, longest) for name, one in texts.items() if one}
    best = max(worths, key=lambda name: worths[name], default="blocks")
    margin = MARGIN_CUT if breaks_off else MARGIN
    if best != "blocks" and (not body.paragraphs or worths[best] > worths["blocks"] + margin):
        body.paragraphs = texts[best]
        body.note = {"from": best, "worth": {name: round(value, 2) for name, value in worths.items()}}


def _lines(view: Scene, body: Body, lines: Sequence[str]) -> list[str]:
    """trafilatura's text without what is certainly none of the body; as the page parts it, not as trafilatura does."""
    dropped = {one.key for one in (*view.boxed, *view.second, *body.lead)}
    dropped |= {one.key for one in view.blocks if one.marks & cut.CAPTION}
    kept = [one for one in view.blocks if one in view.kept]
    if 10 * sum(len(one.key) for one in kept) >= 9 * sum(len(key_of(one)) for one in lines):
        lines = [one.text for one in kept]
    return [one for one in lines if (key := key_of(one)) not in dropped and not _titled(key, view)]


def worth(paragraphs: Sequence[str], doubtless: Mapping[str, int], titles: Sequence[str], longest: float) -> float:
    """How good a text is, from 0 to 1: it has what is beyond doubt on the page, is whole, and is prose in paragraphs.

    doubtless: the keys of paragraphs beyond doubt with their lengths; longest: letters of the longest text offered.
    """
    keys = [key_of(one) for one in paragraphs]
    whole, size = " ".join(keys), sum(map(width, paragraphs))
    if not size or not longest:
        return 0.0
    total = sum(doubtless.values())
    covered = sum(length for key, length in doubtless.items() if key in whole) / total if total else 1.0
    prose = sum(width(one) for one in paragraphs if width(one) >= 40 and cut.FULL_END.search(one)) / size
    parted = min(1.0, 600 * len(paragraphs) / size)
    repeated = any(like(key, title) for key in keys[:3] for title in titles)
    whole_size = min(1.0, size / LEAST)  # what is shorter than any article covers little, whatever it covers
    return 0.35 * covered * whole_size + 0.4 * size / longest + 0.15 * prose + 0.1 * parted - 0.1 * repeated


def pruned(page: Page, found: list[Block], paths: Sequence[str]) -> list[Block]:
    """The blocks without those in elements that a site's rules prune, numbered anew."""
    if not paths:
        return found
    dropped = _within(found, _elements(page, paths))
    left = [one for one in found if one not in dropped]
    for number, one in enumerate(left):
        one.order = number
    return left


def _within(found: Sequence[Block], elements: set[HtmlElement]) -> set[Block]:
    """The blocks that stand in one of the elements."""
    known: dict[Place, bool] = {}

    def inside(place: Place | None) -> bool:
        if place is None:
            return False
        if place not in known:
            known[place] = place.element in elements or inside(place.parent)
        return known[place]

    return {one for one in found if inside(one.place)} if elements else set()


def _elements(page: Page, paths: Iterable[str]) -> set[HtmlElement]:
    found: set[HtmlElement] = set()
    for path in paths:
        try:
            matched = page.tree.xpath(path)
        except XPathError:  # load_sites has checked it; a function of the caller's may be missing here
            continue
        found.update(one for one in (matched if isinstance(matched, list) else []) if isinstance(one, HtmlElement))
    return found


def _stays(one: Block, view: Scene) -> bool:
    return not (one in view.boxed or one.marks & (cut.CAPTION | cut.HIDDEN) or _titled(one.key, view))


def _titled(key: str, view: Scene) -> bool:
    return like_any(key, view.titles)


def _once(chosen: Sequence[Block]) -> list[Block]:
    """The blocks without copies: a body that stands twice (for wide and narrow screens) counts once."""
    seen: set[str] = set()
    kept = []
    for one in chosen:
        if len(one.key) < 30 or one.key not in seen:
            kept.append(one)
        seen.add(one.key)
    return kept


def _headed(found: Sequence[Block], chosen: list[Block]) -> list[Block]:
    """The chosen blocks without headings over nothing: at the end, or with all that stood below them dropped."""
    kept: list[Block] = []
    own = set(chosen)
    following: Block | None = None
    for one in reversed(chosen):
        if one.heading:
            between = found[one.order + 1 : following.order] if following is not None else []
            emptied = any(other not in own and not other.heading for other in between)
            if following is None or (following.heading and following.place.tag == one.place.tag and emptied):
                continue
            if _emptied(one, between, own) and following.place.parent is not one.place.parent:
                continue
        kept.append(one)
        following = one
    return kept[::-1]


def _emptied(heading: Block, between: Sequence[Block], own: set[Block]) -> bool:
    """Whether all that stood with a heading in an element of their own was dropped."""
    with_it = [one for one in between if one.place.parent is heading.place.parent]
    return bool(with_it) and not own.intersection(with_it)


def points_of(found: Sequence[Block]) -> dict[Block, float]:
    """The points of the described blocks; the items of one list have their mean, since a list stays or goes whole."""
    points = {one: weigh(one.traits, "body") for one in found if one.traits}
    lists: dict[Place, list[Block]] = {}
    for one in points:
        if one.place.tag == "li" and one.place.parent is not None:
            lists.setdefault(one.place.parent, []).append(one)
    for items in lists.values():
        mean = sum(points[one] for one in items) / len(items)
        points.update(dict.fromkeys(items, mean))
    return points


def belongs(one: Block, points: float) -> bool:
    """Whether a described block is of the body."""
    traits = one.traits
    if not traits or any(traits[name] for name in NEVER) or (traits["early date"] and not traits["sentence"]):
        return False
    return points >= 0


def _doubtless(view: Scene) -> dict[str, int]:
    """The keys of the paragraphs beyond doubt, with their lengths, without what is certainly no text."""
    return {
        one.key: len(one.key)
        for one in view.core or [one for one in view.blocks if one in view.kept]
        if not (one in view.boxed or one in view.second or view.repeated[one.key] > 2 or one.traits.get("notice"))
        and not like_any(one.key, view.titles)
        and not (view.said and one.key not in view.said)
    }


def _around(view: Scene, chosen: Sequence[Block]) -> list[Block]:
    """The short lines from a little above the headline to a little below the body, without the body."""
    if not chosen:
        return [one for one in view.blocks if len(one.text) <= MAX_LINE][:60]
    titled = [one.order for one in view.blocks if one.order <= chosen[0].order and like_any(one.key, view.titles)]
    start, end, own = max(titled or [chosen[0].order]) - 6, chosen[-1].order + 6, set(chosen)
    own -= {one for one in chosen[:3] if len(one.text) <= MAX_LINE and one.traits.get("dated")}
    head = [one for one in view.blocks[max(0, start) : chosen[0].order] if len(one.text) <= MAX_LINE]
    rest = [
        one
        for one in view.blocks[chosen[0].order : end]
        if one not in own and one not in view.boxed and len(one.text) <= MAX_LINE
    ]
    return head[-25:] + rest[:40]


# -- trafilatura ---------------------------------------------------------------------------------------------------


def read_lines(tree: HtmlElement, found: Sequence[Block]) -> tuple[list[str], str]:
    """(what trafilatura takes for the text, line by line; which of its settings read it).

    Its fast way first. Its other extractors are asked only where that looks wrong: little text, or not most of what
    stands in the page's long paragraphs. That halves the time on most pages.
    """
    if _too_much(tree, found):
        return [], "none"
    tree = _stripped(tree)
    lines = trafilatura_lines(tree, fast=True)
    whole = key_of(" ".join(lines))
    long = [
        one for one in found if width(one.text) >= 100 and one.linked * 3 < len(one.text) and not one.marks & cut.LINK
    ]
    held = sum(len(one.key) for one in long if one.key in whole)
    if len(whole) >= ENOUGH and held >= FAST_SHARE * sum(len(one.key) for one in long):
        return lines, "trafilatura fast"
    full = trafilatura_lines(tree)
    return (full, "trafilatura") if full else (lines, "trafilatura fast")


def trafilatura_lines(tree: HtmlElement, *, fast: bool = False) -> list[str]:
    """What trafilatura takes for the text, line by line; [] where it finds none."""
    from trafilatura import bare_extraction

    try:
        document = bare_extraction(
            tree, with_metadata=False, include_comments=False, include_tables=True, fast=fast, deduplicate=False
        )
    except Exception:  # noqa: BLE001 - whatever a page does to it, the blocks are still there
        return []
    body = getattr(document, "body", None)
    if body is None:
        return []
    return [text for one in body for text in _own_lines(one)]


def _stripped(tree: HtmlElement) -> HtmlElement:
    """A copy without what holds no text: trafilatura copies the tree several times, scripts and drawings with it."""
    tree = copy(tree)
    # A menu that was never closed holds the page.
    open_menu = next(tree.iterfind(".//nav//h1"), None) is not None
    strip_elements(tree, *(tag for tag in _TEXTLESS if tag != "nav" or not open_menu), with_tail=False)
    return tree


def _own_lines(element: HtmlElement) -> Iterable[str]:
    parts = element if element.tag in ("list", "table", "quote") and len(element) else [element]
    return [text for one in parts if (text := " ".join("".join(one.itertext()).split()))]


def _too_much(tree: HtmlElement, found: Sequence[Block]) -> bool:
    if sum(one.links * one.place.depth for one in found) > MAX_LINKS_ROUND:
        return True
    cells = 0
    for one in tree.iter("td", "th"):
        spans = [text for name in ("colspan", "rowspan") if (text := one.get(name))]
        cells += math.prod(min(int(text), MAX_CELLS) if text.strip().isdecimal() else 1 for text in spans)
        if cells > MAX_CELLS:
            return True
    return int(tree.xpath("count(//*)")) > MAX_ELEMENTS
