"""scene(page, blocks, lines): what is known of a page before its blocks are judged.

Which blocks trafilatura took for text, where most of these stand (the home of the text, and the spine of elements that
hold it), which stand in boxes of links, which belong to another article, and what JSON-LD says that the text is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from archive.lines import key_of
from archive.links.related import Box
from archive.reading import blocks as cut
from archive.reading.blocks import FULL_END, Block, Place, around, holder, like, like_any, width
from archive.reading.notices import notice
from archive.reading.pages import Page, strings
from archive.reading.payloads import said_body

MAX_ARTICLES = 3  # articles on a page, above which they are entries of a live page
MAX_WHOLE = 300_000  # letters of text in which blocks are looked up as parts; longer ones are compared line by line
MAX_SUMMARY = 5_000  # characters of a description or headline that are compared
MIN_LINES = 200  # letters below which a text is so short that its paragraphs may be, too
MIN_GROUP = 3  # paragraphs beside each other that are a text though trafilatura saw none of them
MAX_HEAD = 15  # blocks between the headline and these
MAX_BOXED = 0.25  # share of the running text that a box's element may hold and still be all box


_NO_TEXT = cut.NAV | cut.FOOTER | cut.ASIDE | cut.CAPTION | cut.FORM


@dataclass(slots=True)
class Scene:
    """What is known of the page before its blocks are judged."""

    blocks: list[Block]
    kept: set[Block]  # found by trafilatura
    core: list[Block]  # of these the paragraphs beyond doubt
    spine: set[Place]  # what holds most of the core
    home: Place | None  # the innermost of these
    said: str = ""  # JSON-LD's body as a key, where it is the core's
    titles: tuple[str, ...] = ()  # headline as chosen, and as other sources spell it
    names: tuple[str, ...] = ()  # authors, as keys
    summaries: tuple[str, ...] = ()  # what meta tags and JSON-LD say in short
    boxed: set[Block] = field(default_factory=set)
    beside_box: set[Block] = field(default_factory=set)
    second: set[Block] = field(default_factory=set)
    repeated: Counter[str] = field(default_factory=Counter)
    headline: int = 0  # order of the headline's first heading, where it stands above the core


def scene(
    page: Page,
    found: list[Block],
    lines: Sequence[str],
    titles: Sequence[str],
    authors: Sequence[str],
    boxes: Sequence[Box],
) -> Scene:
    """The page's blocks beside trafilatura's lines: which it kept, and where most of them stand."""
    whole = key_of(" ".join(lines))
    whole = whole if len(whole) <= MAX_WHOLE else ""
    single = {key_of(one) for one in lines}
    kept = {one for one in found if one.key in single or (len(one.key) >= 24 and one.key in whole)}
    if len(whole) < MIN_LINES:
        kept = _paragraphs(found, least=0 if not lines else 3) or kept
    boxed, soft = boxed_blocks(found, kept, boxes)
    keys = tuple(key for one in titles if (key := key_of(one[:MAX_SUMMARY])))
    kept |= _missed(found, kept - boxed, boxed, keys)
    core = _core(found, kept, boxed, keys)
    second = second_articles(page, found, core, keys)
    core = [one for one in core if one not in second]
    weights: Counter[Place] = Counter()
    for one in core:
        place: Place | None = one.place
        while place is not None:
            weights[place] += len(one.key)
            place = place.parent
    total = sum(len(one.key) for one in core)
    spine = {place for place, weight in weights.items() if weight >= 0.6 * total}
    home = max(spine, key=lambda place: place.depth, default=None)
    core = [one for one in core if under(one.place, home)]
    summaries = [
        *strings(page.thing.get("description")),
        page.meta("description") or "",
        page.meta("og:description") or "",
    ]
    return Scene(
        found,
        kept,
        core,
        spine,
        home,
        _said(page, core, total),
        keys,
        tuple(key_of(one) for one in authors),
        tuple(dict.fromkeys(key for one in summaries if width(key := key_of(one[:MAX_SUMMARY])) > 30)),
        boxed,
        soft,
        second,
        Counter(one.key for one in found),
        _headline(found, core, keys),
    )


def _missed(found: Sequence[Block], kept: set[Block], boxed: set[Block], titles: Sequence[str]) -> set[Block]:
    """The paragraphs right below the headline where trafilatura took none of them for text, as by a class word.

    Three of them at least, beside each other; above them at most one paragraph is kept (the standfirst), and all that
    is kept is far less than they are.
    """
    top = next((one.order for one in found if one.place.tag == "h1" and like_any(one.key, titles)), None)
    if top is None:
        return set()
    groups: dict[Place | None, list[Block]] = {}
    for one in found[top + 1 :]:
        if one not in boxed and width(one.text) >= 60 and one.linked * 3 < len(one.text) and not one.marks & _NO_TEXT:
            groups.setdefault(holder(one.place), []).append(one)
    place, group = max(groups.items(), key=lambda pair: sum(width(one.text) for one in pair[1]), default=(None, []))
    if place is None or len(group) < MIN_GROUP or "frame" in place.words or any(one in kept for one in group):
        return set()
    running = [one for one in kept if width(one.text) >= 60 and one.linked * 2 < len(one.text)]
    above = [one for one in running if one.order < group[0].order]
    near = group[0].order - top <= MAX_HEAD and len(above) <= 1
    ended = sum(FULL_END.search(one.text) is not None for one in group) >= 0.6 * len(group)
    if near and ended and 2 * sum(width(one.text) for one in running) < sum(width(one.text) for one in group):
        return set(group)
    return set()


def _paragraphs(found: Sequence[Block], least: int) -> set[Block]:
    """The page's long lines that are no links and stand in nothing that is no text, if there are enough of them."""
    long = {
        one for one in found if width(one.text) >= 80 and one.linked * 2 < len(one.text) and not one.marks & _NO_TEXT
    }
    sorts = Counter(one.place.sort for one in long)
    return long if max(sorts.values(), default=0) >= least else set()


def _core(found: Sequence[Block], kept: set[Block], boxed: set[Block], titles: Sequence[str]) -> list[Block]:
    """The paragraphs beyond doubt; on a page of a few words the sentences below its headline, else all that is kept."""
    plain = [
        one
        for one in found
        if one in kept
        and one not in boxed
        and not one.heading
        and one.linked * 2 < len(one.text)
        and notice(one.text) is None
    ]
    headline = next((one.order for one in found if one.heading and any(like(one.key, key) for key in titles)), -1)
    core = [one for one in plain if width(one.text) >= 60]
    if core and core[-1].order > headline and sum(width(one.text) for one in core) >= MIN_LINES:
        return core
    below = [one for one in plain if one.order > headline and FULL_END.search(one.text)]
    below = [one for one in below if holder(one.place) is holder(below[0].place)]
    return below or core or plain or [one for one in found if one in kept and not one.heading]


def _headline(found: Sequence[Block], core: Sequence[Block], titles: Sequence[str]) -> int:
    """The order of the first heading that is the headline, 0 where none has nearly all of the text below it."""
    for one in found:
        if one.heading and like_any(one.key, titles):
            return one.order if sum(other.order > one.order for other in core) >= 0.8 * len(core) else 0
    return 0


def second_articles(page: Page, found: Sequence[Block], core: Sequence[Block], titles: Sequence[str]) -> set[Block]:
    """The blocks of articles that follow the page's own, as where the next one is loaded below it.

    Told by `<article>` elements that are not in one another, each with much text: the page's own is the one with its
    headline, or else the first. Many of them are the entries of a live page, and all belong to it.
    """
    if apart := _next_posts(found, core, titles):
        return apart
    outer = {one: _outermost(one.place) for one in found if one.marks & cut.ARTICLE}
    weights: Counter[Place] = Counter()
    for one in core:
        if (place := outer.get(one)) is not None:
            weights[place] += len(one.key)
    total = sum(len(one.key) for one in core)
    heavy = [place for place, weight in weights.items() if weight >= 0.08 * total]
    headed = {place for one, place in outer.items() if one.heading and one.place.tag == "h1"}
    entries = len(heavy) > MAX_ARTICLES and not headed.issuperset(heavy)  # of a live page
    if len(heavy) < 2 or entries or sum(weights.values()) < 0.6 * total:
        return set()
    titled = [
        place for one, place in outer.items() if place in heavy and any(like(one.key, title) for title in titles[:1])
    ]
    own = titled[0] if titled else heavy[0]
    return {one for one, place in outer.items() if place in heavy and place is not own}


def _next_posts(found: Sequence[Block], core: Sequence[Block], titles: Sequence[str]) -> set[Block]:
    """The blocks of posts that follow the page's own in elements of its sort, each under a headline of its sort."""
    heads = [one for one in found if one.heading and one.place.tag == "h1"]
    own = next((one for one in heads if like_any(one.key, titles)), None)
    if own is None or len(heads) < 2:
        return set()
    steps = {place.element.getparent(): place for place in around(own.place)}
    after: set[Place] = set()
    for one in heads:
        if one.order <= own.order or one.place.sort != own.place.sort or any(like(one.key, key) for key in titles):
            continue
        for place in around(one.place):
            beside = steps.get(place.element.getparent())
            if beside is not None:
                if beside is not place and beside.sort == place.sort:
                    after.add(place)
                break
    return {one for one in found if after and any(place in after for place in around(one.place))}


def _outermost(place: Place | None) -> Place | None:
    outermost = None
    while place is not None:
        if place.tag == "article":
            outermost = place
        place = place.parent
    return outermost


def _said(page: Page, core: Sequence[Block], total: int) -> str:
    """JSON-LD's body as a key, if it holds at least 70 % of the core: then it is the same text, whole."""
    key = key_of(re.sub(r"<[^<>]{0,500}>|&\w{1,10};", " ", said_body(page)))
    if not key or not total or len(key) > MAX_WHOLE:
        return ""
    return key if sum(len(one.key) for one in core if one.key in key) >= 0.7 * total else ""


def boxed_blocks(found: Sequence[Block], kept: set[Block], boxes: Iterable[Box]) -> tuple[set[Block], set[Block]]:
    """(the blocks of the boxes, running text that stands in their elements and may be no part of them).

    Where a box's element also holds much of the page's text, only the box's own lines count.
    """
    holders: dict[Any, set[str]] = {}
    for box in boxes:
        if box.source == "page":
            lines = {key_of(text) for text in (box.heading, *(link.text for link in box.links)) if text}
            lines |= {key_of(f"{box.heading} {link.text}") for link in box.links if box.heading and link.text}
            holders.setdefault(box.element, set()).update(lines)
    if not holders:
        return set(), set()
    inside: dict[Any, list[Block]] = {}
    by_place: dict[Place, list[Block]] = {}
    known: dict[Any, Place] = {}
    for one in found:
        place: Place | None = one.place
        by_place.setdefault(one.place, []).append(one)
        known[one.place.element] = one.place
        while place is not None:
            if place.element in holders:
                inside.setdefault(place.element, []).append(one)
            place = place.parent
    text = sum(len(one.key) for one in kept if one.linked * 2 < len(one.text)) or 1
    boxed: set[Block] = set()
    soft: set[Block] = set()
    for element in [one for one in holders if one not in inside]:
        # An inline box is a part of its paragraph; the paragraph is the box if it says little else.
        place = next((known[step] for step in element.iterancestors() if step in known), None)
        for one in by_place.get(place, []) if place else []:
            if len(one.key) <= 1.2 * sum(map(len, holders[element])) + 20:
                boxed.add(one)
    for element, members in inside.items():
        running = sum(len(one.key) for one in members if one in kept and one.linked * 2 < len(one.text))
        for one in members:
            if one.key in holders[element] or one.linked > 0.8 * len(one.text):
                boxed.add(one)
            elif running < MAX_BOXED * text:
                (soft if one in kept and one.linked * 2 < len(one.text) and width(one.text) >= 100 else boxed).add(one)
    return boxed, soft - boxed


def under(place: Place | None, home: Place | None) -> bool:
    while place is not None:
        if place is home:
            return True
        place = place.parent
    return False
