"""explain(capture, site): what was kept of a page, what was dropped, and why, block by block and box by box.

It is the reading itself that answers, not a second one: `extraction.see` hands over what it judged by.
"""

from __future__ import annotations

from dataclasses import dataclass

from archive.extraction import Trace, see
from archive.reading.blocks import Block
from archive.reading.traits import weights
from archive.records import Capture, Extraction
from archive.sites import Site

#: What decides alone, in the order in which it is asked, and how people call it.
_DECIDED = {
    "title": "it is the headline",
    "boxed": "it stands in a box of links",
    "second": "it belongs to another article on the page",
    "pictured": "it stands beside a picture: a caption",
    "bio": "it is about the author",
    "above": "it stands above the headline",
    "early date": "it is a date line",
}
#: What weighs for or against a block, as people call it; traits that are not here say little by themselves.
_WEIGHED = {
    "kept": ("trafilatura keeps it", "trafilatura drops it"),
    "sentence": ("it ends as a sentence does", "it does not end as a sentence does"),
    "linked": ("", "much of it is linked"),
    "only link": ("", "it is one link"),
    "notice": ("", "it is a notice of the house (rights, newsletter, subscription …)"),
    "unsaid": ("", "JSON-LD's text does not have it"),
    "said": ("JSON-LD's text has it", ""),
    "strong": ("", "it is in bold"),
    "subheading": ("it heads the paragraph below it", ""),
    "heading": ("it is a heading", ""),
    "sort": ("it is marked up as the paragraphs are", "it is not marked up as the paragraphs are"),
    "direct": ("it stands beside the paragraphs", "it does not stand beside the paragraphs"),
    "deep": ("", "it stands in an element of its own"),
    "behind": ("", "it stands behind the text"),
    "before": ("", "it stands before the text"),
    "often": ("", "the page says it more than twice"),
    "label": ("", "it is the label of a box"),
    "labelled": ("", "its element is labelled as a box"),
    "beside box": ("", "it shares an element with a box of links"),
    "other article": ("", "it stands in an <article> of its own"),
    "named": ("", "it names an author"),
    "dated": ("", "it has a date"),
    "timed": ("", "it has a time"),
    "mark first": ("", "it begins with a mark"),
    "size": ("it is long", "it is short"),
    ".box": ("", "class words of a box or widget"),
    ".promo": ("", "class words of promotion"),
    ".embed": ("", "class words of an embed"),
    ".caption": ("", "class words of a caption"),
    ".author": ("", "class words of an author"),
    ".meta": ("", "class words of metadata"),
    ".frame": ("", "class words of the page's frame"),
    ".more": ("", "class words of other articles"),
}
_ABSENT = ("kept", "sentence", "sort", "direct")  # their absence is what speaks against a block


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one block: `body`, `standfirst`, `dropped`, or `outside` (too far from the text to be asked)."""

    text: str
    verdict: str
    points: float | None
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A reading with its reasons. `boxes` are (kind, heading, headlines, source) of each box found, in page order."""

    extraction: Extraction
    verdicts: tuple[Verdict, ...]
    boxes: tuple[tuple[str, str | None, tuple[str, ...], str], ...]


def explain(capture: Capture, site: Site | None = None, *, charset: str | None = None) -> Explanation:
    """The extraction of a capture with the verdict on each block near the text. Never raises on content."""
    extraction, seen = see(capture, site, charset=charset)
    if seen is None:
        return Explanation(extraction, (), ())
    chosen, lead = set(seen.body.chosen), set(seen.body.lead)
    verdicts = tuple(_verdict(one, seen, chosen, lead) for one in seen.found)
    boxes = tuple(
        (box.kind, box.heading, tuple(link.text or link.href or "" for link in box.links), box.source)
        for box in seen.boxes
    )
    return Explanation(extraction, verdicts, boxes)


def _verdict(one: Block, seen: Trace, chosen: set[Block], lead: set[Block]) -> Verdict:
    points = seen.body.points.get(one)
    if one in lead:
        return Verdict(one.text, "standfirst", points, ("it introduces the text",))
    if one in chosen:
        return Verdict(one.text, "body", points, tuple(_weighed(one, up=True)))
    if points is None:
        return Verdict(one.text, "outside", None, ())
    decided = [words for trait, words in _DECIDED.items() if one.traits.get(trait)]
    if points >= 0 and not decided:
        return Verdict(one.text, "dropped", points, ("it stands twice, or heads nothing that was kept",))
    return Verdict(one.text, "dropped", points, tuple(decided[:1] or _weighed(one, up=False)))


def _weighed(one: Block, *, up: bool) -> list[str]:
    """The three things that weighed most for (or against) a block."""
    known = weights("body")
    found = [
        (known.get(trait, 0.0) * value, words[0] if known.get(trait, 0.0) * value > 0 else words[1])
        for trait, value in one.traits.items()
        if (words := _WEIGHED.get(trait)) and value
    ]
    found += [(-known.get(trait, 0.0), _WEIGHED[trait][1]) for trait in _ABSENT if one.traits.get(trait, 0) < 0.2]
    said = sorted((pair for pair in found if pair[1] and (pair[0] > 0) is up), reverse=up)
    return [words for _, words in said[:3]]
