"""page_runs: the groups of teasers on a page, found by how the page is built, before anybody judges what they are.

Anchors to one URL that stand together (picture, headline, "comments") are one *card*; cards that follow each other
with nothing but their own text between them are one *run*; the short text before a run is its heading.
`archive.links.related` says which runs are boxes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice

from lxml.html import HtmlElement

from archive.lines import line
from archive.links.anchors import MAX_DEPTH, MAX_HEADLINE, Anchor, PageView
from archive.links.headings import KINDS, MAX_HEADING, kind_of
from archive.links.shapes import (
    HEADINGS,
    article_shape,
    attribute_words,
    class_words,
    first_piece,
    long_enough,
    own_text,
    text_of,
    width,
)

MAX_CHILDREN = 2_000  # children of one element looked at
MAX_LABEL = 40  # characters of the words before an inline teaser
MAX_CARD = 700  # letters of one card: headline, teaser, byline
MAX_CLIMB = 12  # levels from an anchor to the root of its card

_SKIP = frozenset(("script", "style", "template", "noscript", "svg", "iframe", "head", "textarea", "select", "option"))
_PARTS = ("div", "p", "span", "em", "i", "b", "strong", "time", "small")
_SILENT = frozenset(("button", "input", "img", "figure", "picture", "video", "time", "br", "hr"))
# Words of class and id attributes that many sites share.
COMMERCIAL = class_words(
    r"sponsor|sponsored|advert|advertisement|advertorial|ads?|adv|promos?|promotions?|partners?|newsletters?|shop|abo",
    r"shopping|jobs?|deals?|coupons?|outbrain|taboola|paywall|subscribe|subscription|apps?|banner|authors?|byline|events?",
    r"courses?",
)
_TITLED = class_words(r"title|heading|headline|header|head|label|titel|caption|kicker")
_HEADLINED = class_words(r"headline|title|titel|titre|titulo|titolo|rubrik|heading")


@dataclass(slots=True, eq=False)
class Card:
    """Anchors to one URL that stand together, and the smallest element round them that shows nothing else."""

    root: HtmlElement
    anchors: list[Anchor]
    headline: str = ""
    own: bool = False  # leads to the page itself, as rankings do
    odd: bool = False  # unlike the other cards of its run: "see all", a service

    @property
    def key(self) -> str:
        return self.anchors[0].key


@dataclass(slots=True, eq=False)
class Run:
    """Cards that follow each other, and what stands before them."""

    node: HtmlElement  # the parent of `parts`
    cards: list[Card] = field(default_factory=list)
    parts: list[HtmlElement] = field(default_factory=list)  # children of node that hold the cards
    heading: str | None = None
    heading_element: HtmlElement | None = None  # None where the label stands inside the card
    tabs: list[str] = field(default_factory=list)  # the headings of a tabbed box, in order
    place: str = "outside"  # before | inside | after the text, or outside of it

    def shown(self) -> list[Card]:
        """The cards that count: not the page itself, not "see all"."""
        return [card for card in self.cards if not card.own and not card.odd]


def _cards(view: PageView, anchors: list[Anchor]) -> list[Card]:
    """Anchors to one URL that stand together, as cards, in page order."""
    holds: dict[HtmlElement, str | None] = {}  # the only key below an element; None: several
    for anchor in anchors:
        step: HtmlElement | None = anchor.element
        while step is not None:
            if step not in holds:
                holds[step] = anchor.key
            elif holds[step] is None or holds[step] == anchor.key:
                break  # so it is for all that is above
            else:
                holds[step] = None
            step = step.getparent()
    roots: dict[HtmlElement, Card] = {}
    fits: dict[HtmlElement, bool] = {}
    for anchor in anchors:
        root = anchor.element
        for _ in range(MAX_CLIMB):
            parent = root.getparent()
            if parent is None or holds.get(parent) != anchor.key or parent in view.spine or parent.tag == "body":
                break
            if parent not in fits:
                fits[parent] = width(text_of(parent, MAX_CARD + 1)) <= MAX_CARD
            if not fits[parent] or _is_label(root.getprevious()):
                break
            root = parent
        if root in roots:
            roots[root].anchors.append(anchor)
        else:
            roots[root] = Card(root, [anchor], own=anchor.key in view.own)
    for card in roots.values():
        card.headline = _headline(card)
    return list(roots.values())


def page_runs(view: PageView) -> list[Run]:
    """The runs of the page in page order, labelled and placed."""
    found = runs_of(view, view.candidates(), view.tree)
    for run in found:
        if run.place == "inside" and run.heading and not kind_of(run.heading) and run.heading != _lead(run.cards[0]):
            run.heading = run.heading_element = None  # a subheading of the text
    return found


def runs_of(view: PageView, anchors: list[Anchor], top: HtmlElement) -> list[Run]:
    """The runs that these anchors make below `top`."""
    inside: dict[HtmlElement, Card | None] = {top: None}
    cards = _cards(view, anchors)
    for card in cards:
        inside[card.root] = card
        step = card.root.getparent()
        while step is not None and step not in inside:
            inside[step] = None
            step = step.getparent()
    if not cards:
        return []
    found = [part for run in _segment(view, top, inside, 0) for part in _untab(run, inside)]
    for run in found:
        run.place = _place(view, run)
        _mark_odd(run.cards)
        if (run.heading is None or kind_of(run.heading) is None) and (len(run.cards) == 1 or run.place == "inside"):
            run.heading = _lead(run.cards[0]) or run.heading
    return [run for run in found if run.shown()]


def _segment(view: PageView, node: HtmlElement, inside: dict[HtmlElement, Card | None], depth: int) -> list[Run]:
    """The runs below a node: its children in order, cards joined, short texts between them taken as headings."""
    if (only := inside.get(node)) is not None:
        return [Run(node, [only], [node])]
    scan = _Scan(node, among=view.paragraphs.get(node, 0) >= 2 or node is view.text)
    for child in islice(node, MAX_CHILDREN if depth < MAX_DEPTH else 0):
        if not isinstance(child.tag, str) or child.tag in _SKIP:
            continue
        if child not in inside:
            _pass(view, scan, child)
        else:
            inner = _segment(view, child, inside, depth + 1)
            first = inner[0] if inner else None
            if child in view.spine or first is None or len(inner) > 1 or first.heading is not None:
                scan.take_whole(inner, through=child in view.spine)
            elif len(first.cards) == 1 and _heads(first.cards[0], child):
                scan.announce(first.cards[0].headline, child)
            else:
                scan.take(child, first.cards, prose=inside[child] is None and child in view.paragraphs)
        if child.tail and len(child.tail.strip()) > 40:
            scan.stop()
    return scan.runs


def _heads(card: Card, child: HtmlElement) -> bool:
    """Whether a card is the heading of those that follow, with a link of its own."""
    if kind_of(card.headline) in KINDS:
        return True
    return child.tag in HEADINGS and not long_enough(card.headline) and child.getnext() is not None


def _pass(view: PageView, scan: _Scan, child: HtmlElement) -> None:
    """What a child without cards means for the run that is open and the one to come."""
    if COMMERCIAL.search(attribute_words(child)) or view.state(child)[1]:
        return
    said = _heading_in(view, child)
    if said and kind_of(said) == "slot":
        return
    alike = scan.open is not None and _alike(scan.open.parts[-1], child)
    if said is None or (said == "" and scan.open is not None and (alike or child.tag == "li")):
        return
    if said == "":
        scan.stop()
    elif not alike or kind_of(said):
        scan.announce(said, child)


def _heading_in(view: PageView, element: HtmlElement) -> str | None:
    """What an element without cards says: None nothing of weight, "" running text, else a possible heading."""
    if element.tag in _SILENT:
        return None
    if element is view.h1 or element in view.spine:
        return ""
    headings = list(islice(element.iter(*HEADINGS), 3))
    if len(headings) > 2:
        return ""
    for one in headings:
        if text := own_text(one):
            linked = any(step.tag == "a" for step in islice(one.iterancestors(), 4)) or one.find(".//a") is not None
            if kind_of(text) or (len(text) <= 80 and not (linked and len(text) > 40)):
                return text
            return None if linked else ""
    text = text_of(element, 400)
    if not text:
        return None
    first = first_piece(element)
    if len(text) > MAX_HEADING:
        return first if kind_of(first) else ""
    for one_text in (own_text(element), text, first):
        if kind_of(one_text):
            return one_text
    if len(text) <= 50 and not re.search(r"\d", text) and (_TITLED.search(attribute_words(element)) or _opens(element)):
        return first
    return None


def marked_heading(element: HtmlElement | None) -> bool:
    """Whether the markup says that an element is a heading: by its tag or its class words."""
    if element is None:
        return True  # the label stands inside the card
    return next(element.iter(*HEADINGS), None) is not None or _TITLED.search(attribute_words(element)) is not None


def _opens(element: HtmlElement) -> bool:
    """Whether a short text is the first thing its parent says: the heading of a box, marked up as none."""
    if element.tag not in ("div", "p", "span", "strong", "header", "b") or len(list(islice(element.iter("a"), 2))) > 1:
        return False
    parent = element.getparent()
    if parent is None or parent.tag not in ("section", "aside", "div", "article"):
        return False
    if parent.text and parent.text.strip():
        return False
    return not any(text_of(one, 20) for one in islice(element.itersiblings(preceding=True), 6) if one.tag not in _SKIP)


def _place(view: PageView, run: Run) -> str:
    """Where a run stands: before, inside (between paragraphs) or after the text, or outside of it."""
    if view.text is None:
        return "outside"
    order = run.cards[0].anchors[0].order
    if order < view.text_order[0]:
        return "before"
    if order > view.text_order[1]:
        return "after"
    return "inside" if run.node is view.text or view.text in run.node.iterancestors() else "outside"


@dataclass(slots=True, eq=False)
class _Scan:
    """The children of one node while they are read in order."""

    node: HtmlElement
    among: bool  # among paragraphs cards are joined only where they are much alike
    runs: list[Run] = field(default_factory=list)
    open: Run | None = None
    pending: list[tuple[str, HtmlElement]] = field(default_factory=list)

    def announce(self, heading: str, element: HtmlElement) -> None:
        self.open = None
        self.pending.append((heading, element))

    def stop(self) -> None:
        self.open, self.pending = None, []

    def take(self, child: HtmlElement, cards: list[Card], *, prose: bool = False) -> None:
        """Cards without a heading of their own: they go on with the open run, or open one."""
        if (
            self.open is not None
            and self.among
            and (prose or child.tag == "p" or not _alike(self.open.parts[-1], child))
        ):
            self.open = None
        if self.open is None:
            self.open = Run(self.node)
            self._label(self.open)
            self.runs.append(self.open)
        self.open.cards.extend(cards)
        self.open.parts.append(child)

    def take_whole(self, inner: list[Run], *, through: bool) -> None:
        """Runs that stand for themselves. A heading does not reach through the headline or the text to them."""
        if inner and not through and (inner[0].heading is None or self._knows_better(inner[0])):
            self._label(inner[0])
        if inner or through:
            self.stop()
        self.runs.extend(inner)

    def _knows_better(self, run: Run) -> bool:
        """Whether a heading in the lexicon stands above a run whose own is not in it; a label of tags is none."""
        return not kind_of(run.heading or "") and any(
            kind in KINDS or (kind and marked_heading(one)) for text, one in self.pending for kind in [kind_of(text)]
        )

    def _label(self, run: Run) -> None:
        """Give the run its heading: the last one known to the lexicon, else the last of those before it."""
        known = [one for one in self.pending if kind_of(one[0])]
        if self.pending:
            run.heading, run.heading_element = (known or self.pending)[-1]
            run.tabs = _tabs(run.heading_element)
        self.pending = []


def _is_label(element: HtmlElement | None) -> bool:
    """Whether the element says no more than the heading of a box."""
    if element is None or not isinstance(element.tag, str) or element.tag in _SKIP or element.tag == "a":
        return False
    text = text_of(element, MAX_HEADING)
    return len(text) < MAX_HEADING and kind_of(text) in KINDS


def _headline(card: Card) -> str:
    """The card's headline: its heading element, else what is classed as one, else its longest anchor text."""
    for one in card.root.iter(*HEADINGS):
        if long_enough(text := text_of(one, MAX_HEADLINE)):
            return text
    longest = max(card.anchors, key=lambda anchor: len(anchor.text))
    best = longest.text
    pieces = [text for piece in islice(longest.element.itertext(), 12) if (text := line(piece))]
    if len(pieces) > 1 and kind_of(pieces[0]) in KINDS and long_enough(best.removeprefix(pieces[0]).strip(" :–—|»›")):
        best = best.removeprefix(pieces[0]).strip(" :–—|»›")  # the label in an element of its own
    best = best.removeprefix(_told(best)).lstrip(" :：")
    if len(best) > 40 and (inner := _longest_line(longest.element)):
        return inner
    if len(best) > 40:  # may run kicker, headline and teaser together
        for one in islice(card.root.iter("span", "div", "p", "strong"), 12):
            if _HEADLINED.search(attribute_words(one)) and long_enough(text := text_of(one, MAX_HEADLINE)):
                return text
    return best or text_of(card.root, MAX_HEADLINE)


def _longest_line(anchor: HtmlElement) -> str:
    """The longest line of an anchor laid round several short ones, as a section, a headline and a time; else ""."""
    lines = [text for one in islice(anchor, 8) if one.tag in ("div", "p") and (text := text_of(one, MAX_HEADLINE))]
    if len(lines) < 2:  # a rank before it, a date or a number of views behind
        said = [text for one in islice(anchor, 8) if one.tag in _PARTS and (text := text_of(one, MAX_HEADLINE))]
        if sum(any(map(str.isdigit, text)) for text in said if len(text) <= 20) == len(said) - 1:
            lines = said
    longest = max(lines, key=len, default="")
    others = [one for one in lines if one is not longest]
    return longest if others and long_enough(longest) and all(len(one) <= 20 for one in others) else ""


def _lead(card: Card) -> str:
    """The words of a card before its headline, where they are a label such as "Read also:"; else "".

    In a language that the lexicon lacks, a colon between a few words and the headline says the same.
    """
    out = _leading(card)
    known = next((one for one in (*out, " ".join(out)) if kind_of(one) in KINDS), "")
    if known or len(out) != 1 or len(out[0]) > MAX_LABEL or kind_of(out[0]):
        return known
    return out[0] if out[0].endswith((":", "：", "៖")) else ""


def _told(text: str) -> str:
    """The known label, with its colon, that stands before a headline in one piece of text with it; else ""."""
    label, colon, rest = text[: 2 * MAX_LABEL].replace("：", ":").partition(":")
    if not colon or len(label) > MAX_LABEL or not long_enough(rest.strip()) or kind_of(label) not in KINDS:
        return ""
    return text[: len(label) + 1]


def _leading(card: Card) -> list[str]:
    """The first pieces of text of a card before its headline."""
    out: list[str] = []
    for piece in islice(card.root.itertext(), 12):
        text = line(piece)
        if text and not out and (label := _told(text)):
            return [label]
        if text and (text in card.headline or (card.headline and card.headline in text)):
            break
        if text:
            out.append(text)
    return out[:3]


def _tabs(element: HtmlElement) -> list[str]:
    """The headings that stand beside each other in a bar of tabs, where they are of different kinds; else []."""
    for tag in ("li", "button", "a", "span", "div"):
        said = [text_of(one, 60) for one in islice(element.iter(tag), 8)]
        kinds = {kind_of(one) for one in said if one}
        if len(said) >= 2 and len(kinds) >= 2 and None not in kinds:
            return said
    return []


def _untab(run: Run, inside: dict[HtmlElement, Card | None]) -> list[Run]:
    """A run below a bar of tabs as one run a tab, where it has as many panels as there are tabs."""
    if not run.tabs or len(run.parts) != 1:
        return [run]
    panels = run.parts
    while len(panels) == 1 and inside.get(panels[0], run) is None:
        panels = [one for one in islice(panels[0], MAX_CHILDREN) if one in inside]
    if len(panels) != len(run.tabs):
        return [run]
    out = []
    for heading, panel in zip(run.tabs, panels, strict=True):
        cards = [card for card in run.cards if panel is card.root or panel in card.root.iterancestors()]
        out.append(Run(panel.getparent() if panel.getparent() is not None else panel, cards, [panel], heading))
    out[0].heading_element = run.heading_element
    return [one for one in out if one.cards]


def _mark_odd(cards: list[Card]) -> None:
    """Mark the cards that are unlike the rest of their run: advertising, "see all", a newsletter among headlines."""
    for card in cards:
        card.odd = any(kind_of(one) in ("slot", "none") for one in _leading(card))  # "Advertisement", in the card
    shapes = [article_shape(card.key) for card in cards]
    plain = sum(shape == 2 and long_enough(card.headline) for shape, card in zip(shapes, cards, strict=True))
    if plain < 2 or plain < 0.6 * len(cards):
        return
    for shape, card in zip(shapes, cards, strict=True):
        card.odd |= shape == 0 or (shape == 1 and len(card.headline) < 24)


def _alike(one: HtmlElement, other: HtmlElement) -> bool:
    """Whether two siblings are items of one list: same tag, same first class."""
    first = (one.get("class") or "").split()[:1]
    return one.tag == other.tag and first == (other.get("class") or "").split()[:1]
