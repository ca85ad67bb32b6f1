"""standfirst(scene): the paragraph between headline and body that introduces the article, a field of its own."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Any

from archive.reading import blocks as cut
from archive.reading.blocks import FULL_END, Block, Place, like, like_any, width
from archive.reading.scenes import Scene
from archive.reading.traits import all_bold, cut_title, groups_of, sort_of, tells, weigh

#: A standfirst's points may be this far below 0: where a page has one, the likeliest block is nearly always it.
FLOOR = -1.0
_ASKED = ("?", "？", "؟", "՞", ";")


def standfirst(view: Scene) -> list[Block]:
    """The block or blocks between headline and body that introduce the article; [] where there are none."""
    scored = [(weigh(traits, "standfirst"), one) for one, traits in introductions(view)]
    if not scored:
        return []
    best, leader = max(scored, key=lambda pair: pair[0])
    if best < FLOOR:
        return []
    chosen = [one for points, one in scored if points >= max(FLOOR, best - 1) and abs(one.order - leader.order) <= 3]
    # What would leave no text is the text.
    return chosen if any(one not in chosen for one in view.core) else []


def _introduces(one: Block, view: Scene) -> bool:
    """Whether class words or meta tags say that the block is an introduction, wherever it stands."""
    return "lead" in one.place.words or any(tells(one.key, summary) for summary in view.summaries)


def _aside(one: Block) -> bool:
    """Whether a line between standfirst and body may stand there: a caption, a date, a byline, a share bar."""
    return width(one.text) < 100 or bool(one.traits.get("pictured"))


#: Class words by which a text's first paragraph differs from its others, and is one of them all the same.
_FIRST = re.compile(r"(?i)\b(?:has-?)?(?:drop-?caps?|first|initial)(?:-?(?:letter|para\w*|p))?\b")


def _way(one: Block, view: Scene, *, named: bool = True) -> tuple[tuple[str, str], ...]:
    """Tags and classes from the text's home down to the block: alike for the paragraphs of one text."""
    steps = []
    place: Place | None = one.place
    while place is not None and place is not view.home:
        steps.append((place.tag, _FIRST.sub("", place.sort[1]).strip() if named else ""))
        place = place.parent
    return tuple(steps)


def introductions(view: Scene) -> list[tuple[Block, dict[str, float]]]:
    """Each block that may be a standfirst, with its traits: what stands near the headline or opens the body."""
    if not view.core:
        return []
    first = view.core[0].order
    titled = [one.order for one in view.blocks if one.order <= first and like_any(one.key, view.titles)]
    start = max([order for order in titled if first - order < 40] or [first - 12])
    sorts: Counter[tuple[Any, ...]] = Counter()
    for one in view.core:
        sorts[sort_of(one)] += len(one.key)
    total = sum(sorts.values())
    opening = view.core[0]
    ways = Counter(_way(one, view) for one in view.core)
    named = len(view.core) < 3 or max(ways.values()) > 1  # classes of each paragraph's own say nothing
    if not named:
        ways = Counter(_way(one, view, named=False) for one in view.core)
    heads = Counter(one.place.sort for one in view.blocks if one.heading)
    set_off = Counter(one.place.sort for one in view.blocks if one.heading or one.strong > 0.9 * len(one.text))
    bold = all_bold(view)  # then bold sets nothing apart
    found = []
    for one in view.blocks[: first + 4]:
        strong = one.strong > 0.9 * len(one.text) and not bold
        size = width(one.text)
        if cut_title(one, view) or (one.traits.get("pictured") and not _introduces(one, view)):
            continue
        if one.order < start - 3 and not _introduces(one, view):
            continue
        if size < 25 or like_any(one.key, view.titles) or one in view.boxed or one.marks & cut.LINK:
            continue
        groups = groups_of(one, view) | one.place.words
        told = any(tells(one.key, summary) for summary in view.summaries)
        before = one.order < first
        marked = "lead" in groups or one.heading or strong
        if not marked and ways[_way(one, view, named=named)] > 1:
            continue  # what looks like the text's paragraphs is one of them, though meta tags may quote it
        if one.heading and one.order >= first and heads[one.place.sort] > 2:
            continue  # one of the text's own subheadings
        if one.text.endswith(_ASKED) and set_off[one.place.sort] > 2:
            continue  # one of an interview's questions
        apart = (
            start < one.order < first
            and not groups & {"author", "meta", "promo", "more", "embed", "caption"}
            and not one.marks & cut.FIGURE
            and one.linked == 0
            and sorts[sort_of(one)] < 0.1 * total
        )
        traits = {
            "bias": 1.0,
            "told": float(told),
            "told plain": float(told and one is opening and not strong and sorts[sort_of(one)] > 0.3 * total),
            "lead apart": float("lead" in groups and apart),
            "heading apart": float(one.heading and apart),
            "lead near": float("lead" in groups and before and one.order > start - 3),
            "lead heading": float("lead" in groups and one.heading),
            "told before": float(told and before),
            "whole": float(any(like(one.key, summary) for summary in view.summaries)),
            "lead": float("lead" in groups),
            "sort": sorts[sort_of(one)] / total,
            "sort rare": float(
                sum(sort_of(one) == sort_of(other) for other in view.blocks[max(0, one.order - 15) : one.order + 15])
                == 1
            ),
            "whole strong": float(strong and any(like(one.key, summary) for summary in view.summaries)),
            "opens": float(one is opening),
            "set apart": float(apart),
            "apart sentence": float(apart and FULL_END.search(one.text) is not None),
            "next to opening": float(apart and all(_aside(other) for other in view.blocks[one.order + 1 : first])),
            "before": float(before),
            "after opening": float(one.order > first),
            "above": float(one.order < start),
            "near title": float(0 < one.order - start <= 2),
            "strong": float(strong),
            "heading": float(one.heading),
            "sentence": float(FULL_END.search(one.text) is not None),
            "size": min(math.log2(1 + size) / 8, 1.25),
            "long": float(size > 400),
            "beside": float(one.place.parent is opening.place.parent),
            "header": float(bool(one.marks & cut.HEADER)),
            "list": float(bool(one.marks & cut.LIST)),
            "figure": float(bool(one.marks & (cut.FIGURE | cut.CAPTION)) or "caption" in groups),
            "noise": float(bool(groups & {"author", "meta", "promo", "more", "embed"})),
            "frame": float(bool(groups & {"frame", "box"}) or bool(one.marks & (cut.NAV | cut.FOOTER | cut.ASIDE))),
            "linked": min(one.linked / len(one.text), 1.0),
            "named": float(len(one.key) < 120 and any(name and name in one.key for name in view.names)),
            "said": float(bool(view.said) and one.key in view.said),
            "unsaid": float(bool(view.said) and one.key not in view.said),
            "kept": float(one in view.kept),
        }
        found.append((one, traits))
    return found
