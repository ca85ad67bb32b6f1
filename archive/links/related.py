"""related_boxes(tree, url): the boxes in which a page tells its readers what else to read, as data.

A box is a group of links (one is enough) to other articles of the same outlet, set off from the running text. Kinds:
`readers` (chosen by what readers do), `related` (chosen for this article), `recommended` (whatever else is put
forward). Navigation, topics, authors, sharing, advertising, services and links inside sentences are none.

`archive.links.boxes` finds the runs of teasers by structure. Here each run is described by a few numbers, and their
weighted sum says whether it is a box: a known heading helps, but neither makes a box nor is needed for one.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import islice
from typing import Any

from lxml import etree
from lxml.html import HtmlElement

from archive.data import table
from archive.links.anchors import MAX_DEPTH, Anchor, PageView
from archive.links.boxes import COMMERCIAL, Run, marked_heading, page_runs, runs_of
from archive.links.headings import KINDS, MAX_HEADING, fold, kind_of
from archive.links.shapes import (
    HEADINGS,
    article_shape,
    attribute_words,
    class_words,
    long_enough,
    own_text,
    text_of,
    url_form,
    width,
)
from archive.records import Link
from archive.sites import Site
from archive.urls import clean_url

MAX_LINKS = 300  # links of one box; longer lists are archives
MAX_UNNAMED = 40  # cards of a run without a known heading that may be a box
MAX_SCRIPT = 3_000_000  # characters of one script that are read as JSON
MAX_VALUES = 50_000  # values looked at in one script's JSON
MAX_EMPTY = 400  # short texts looked at as headings over nothing

_UNSEEN = frozenset(("script", "style", "noscript", "template"))


# Words of class and id attributes that many sites share.
_FRAME = re.compile(
    r"(?<!article-)(?<!entry-)(?<!post-)(?<!content-)(?<!story-)footer|header|menu|seo|sitemap|topbar|"
    r"top-bar|popup|modal|overlay"
)
#: The same of boxes, by kind, in the languages in which templates name them.
_READERS = class_words(
    r"(?:most|top|best|mas|mais|plus|mest|meist|piu|cok|najcz|nej|cele-?mai)-?"
    r"(?:read|viewed?|popular|shared|seen|commented|clicked|visited|listened|watched|leid[oa]s?|lid[ao]s?|vist[oa]s?|lue?s?|"
    r"lest|last|sett|gelesen|geklickt|kommentiert|lett[aie]|okunan(?:lar)?|ytan\w*|esciej|ctenejsi|citite)",
    r"popular(?:es|ity|ne|no[ye]|posts?|news)?|populaires?|populyarn\w*|trending|rank(?:ings?|s|ed)?|terpopuler|xem-?nhieu",
    r"doc-?nhieu|legolvasottabb|top-?(?:5|10|ten|five)",
)
_RELATED = class_words(
    r"related|rel|related-?\w+|relacionad[oa]s?|see-?also|read-?also|also-?read|correlat[aie]|verwandt\w*|zum-?thema",
    r"lire-?aussi|leggi-?anche|lee-?tambien|leia-?tambem|baca-?juga|terkait|berita-?terkait|lien-?quan|ilgili(?:-?haber\w*)?",
    r"powiazane|souvisejici|kapcsolodo|po-?teme|same-?(?:topic|theme|subject)|more-?on(?:-?this)?|yarpp",
)
_RANK = re.compile(r"\D{0,3}(\d{1,2})(?!\d|[:.]\d|[^\W\d_])")
_TIMED = re.compile(r"\d{1,2}[:.]\d\d\b|\d{1,3}\s?(?:min|h\b|hrs?\b)")
_IDEOGRAPHS = re.compile("[\u30a0-\u30ff\u3400-\u9fff]{2,}")
_QUOTES = "\"'“”„«»‚‘’:;,.!?()"
MAX_LINE = 400  # characters of a card in which a time is looked for
MAX_ABOVE = 6  # elements round a box's first card whose class words may tell its kind
MIN_RANKED = 3  # numbers in a row that make a ranking
MIN_SHARED = 0.5  # share of a box's headlines that speak of the page's own subject where it is chosen for it


@dataclass(frozen=True, slots=True)
class Box:
    """A box of links on a page.

    `element` is the smallest element that holds the box and its heading (for an inline teaser: its paragraph), so
    that the body can be read without it. `links` is empty for a labelled box whose list a script would have filled.
    `source` is `page` where the links are anchors, `script` where they stand in a script's JSON.
    """

    kind: str
    heading: str | None
    links: tuple[Link, ...]
    element: HtmlElement
    source: str = "page"


def related_boxes(tree: HtmlElement, url: str, site: Site | None = None, *, base: str | None = None) -> list[Box]:
    """The boxes of a parsed page in page order, then those of its scripts; `tree` is not changed, nothing is raised.

    url: the page's own; base: what relative links resolve against (the page's `<base href>` if None).
    site: its `boxes` XPaths name boxes that the general rules miss; they win over what these find in the same place.
    """
    view = PageView(tree, url, base)
    named = _named_runs(view, site.boxes if site else ())
    places = {run.node for run, _ in named}
    found = [
        (run, kind)
        for run in page_runs(view)
        if not (places and any(one in places for part in run.parts for one in (part, *part.iterancestors())))
        and (kind := judge(view, run)) is not None
    ]
    boxes = [box for run, kind in (*named, *found) if (box := _box(view, run, kind)) is not None]
    empty = list(_empty_boxes(view, boxes))
    shown = _ranked(_in_page_order(tree, boxes + empty) if named or empty else boxes)
    return shown + _scripted_boxes(view, shown)


def related_links(boxes: Iterable[Box]) -> tuple[Link, ...]:
    """The links of the boxes, flat and in order; copies of a box (desktop and mobile) merged; ranks from 1 a kind.

    A link may stand in two boxes of different kind or heading. A box is a copy where all its links stand in an
    earlier one of its kind, and the headings are the same or one of them is missing.
    """
    kept: list[tuple[str, str, set[str]]] = []
    ranks: dict[str, int] = {}
    links: list[Link] = []
    for box in boxes:
        heading, targets = fold(box.heading or ""), {link.target for link in box.links}
        seen = {
            target
            for kind, other, theirs in kept
            if kind == box.kind and (other == heading or not (other and heading))
            for target in theirs
        }
        if box.source == "script" and any(theirs & targets for _, _, theirs in kept):
            continue  # it was rendered
        for link in box.links:
            if link.target not in seen:
                ranks[box.kind] = ranks.get(box.kind, 0) + 1
                links.append(replace(link, rank=ranks[box.kind]))
        kept.append((box.kind, heading, targets))
    return tuple(links)


# -- judgement -----------------------------------------------------------------------------------------------------


def features(view: PageView, run: Run) -> dict[str, float]:
    """What can be seen of a run, as numbers from 0 to about 2: the names in `weights`."""
    cards = run.shown()
    count = len(cards)
    kind = kind_of(run.heading) if run.heading else None
    above = [one for one in islice((run.node, *run.node.iterancestors()), 6) if one not in view.spine]
    words = " ".join(attribute_words(one) for one in (*above, *run.parts[:1]))
    lengths = [width(card.headline) for card in cards]
    form = url_form(view.own_key)
    sample = cards[:6]
    return {
        "bias": 1.0,
        "known heading": float(kind in KINDS),
        "other heading": float(run.heading is not None and kind is None and marked_heading(run.heading_element)),
        "weak heading": float(run.heading is not None and kind is None and not marked_heading(run.heading_element)),
        "many": math.log2(min(count, 16)) / 2,
        "single": float(count == 1),
        "long headlines": sum(length >= 28 for length in lengths) / count,
        "short headlines": sum(length < 18 for length in lengths) / count,
        "article URLs": sum(article_shape(card.key) == 2 for card in cards) / count,
        "own form": sum(_likeness(form, url_form(card.key)) for card in cards) / count,
        "other host": sum(card.key.partition("/")[0] != view.own_key.partition("/")[0] for card in cards) / count,
        "pictures": sum(card.root.find(".//img") is not None for card in sample) / len(sample),
        "titled": sum(next(card.root.iter(*HEADINGS), None) is not None for card in sample) / len(sample),
        "commercial words": float(COMMERCIAL.search(words) is not None),
        "frame words": float(_FRAME.search(words) is not None),
        "loose": float(run.node in view.spine and len(run.parts) > 1),
        "before": float(run.place == "before"),
        "inside": float(run.place == "inside"),
    }


@cache
def weights() -> dict[str, float]:
    """What each of `features` is worth: logistic regression on runs judged by hand (`benchmarks/fit_related.py`)."""
    return {trait: float(weight) for trait, weight in table("box_weights")}


def judge(view: PageView, run: Run) -> str | None:
    """The kind of box that a run is, or None where it is none."""
    kind = kind_of(run.heading) if run.heading else None
    if kind == "none" or (kind is None and run.place == "before"):
        return None  # strips of headlines in the page's head are neither in the article, below nor beside it
    if kind is None and len(run.cards) > MAX_UNNAMED:
        return None  # a directory of the outlet
    known = weights()
    if sum(known.get(name, 0.0) * value for name, value in features(view, run).items() if value) < 0:
        return None
    if kind is None:
        kind = _kind_by_build(view, run)
    if run.place == "inside" and kind != "readers" and (kind is None or len(run.cards) <= 2):
        return "related"  # one teaser between paragraphs belongs to what is told there, whatever its label
    return kind or "recommended"


def _kind_by_build(view: PageView, run: Run) -> str | None:
    """The kind of a run without a heading that we know: class names tell it, numbers in a row, or its subject."""
    cards = run.shown()
    above = [one for one in islice(cards[0].root.iterancestors(), MAX_ABOVE) if one not in view.spine]
    words = " ".join(attribute_words(one) for one in (*above, *run.parts[:1]))
    if _READERS.search(words) or _numbered(run):
        return "readers"
    if _RELATED.search(words) or (len(run.cards) == 1 and run.heading and run.heading_element is None):
        return "related"  # … or a single teaser that bears its label
    own = _subjects(text_of(view.h1, 300)) if view.h1 is not None else frozenset[str]()
    shared = sum(_share(own, _subjects(card.headline)) for card in cards) if own else 0
    if len(cards) > 1 and shared >= MIN_SHARED * len(cards):
        return "related"
    listed = next((one.tag for one in islice(run.cards[0].root.iterancestors(), 2) if one.tag in ("ol", "ul")), None)
    return "readers" if listed == "ol" and len(run.cards) >= MIN_RANKED and not _timed(run) else None


def _share(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two headlines share a subject: one long word, or three short ones beyond ASCII."""
    both = one & other
    return any(len(word) > 4 or _IDEOGRAPHS.fullmatch(word) for word in both) or len(both) > 2


def _numbered(run: Run) -> bool:
    """Whether the cards are numbered from 1 on, in any script's digits."""
    numbers = []
    for card in run.cards[:12]:
        match = _RANK.match(text_of(card.root, 20))
        numbers.append(int(match[1]) if match else 0)
    return len(numbers) >= MIN_RANKED and numbers == list(range(1, len(numbers) + 1))


def _timed(run: Run) -> bool:
    """Whether most of the cards show a time: what is newest stands in order, too."""
    timed = sum(_TIMED.search(text_of(card.root, MAX_LINE)) is not None for card in run.cards[:6])
    return 2 * timed >= len(run.cards[:6])


def _subjects(headline: str) -> frozenset[str]:
    """What a headline is about, for comparing: the beginnings of its long words, or pairs of ideographs."""
    words = {word[:6] for one in fold(headline).split() if len(word := one.strip(_QUOTES)) >= 3 + 2 * one.isascii()}
    for piece in _IDEOGRAPHS.findall(headline):
        words.discard(piece[:6])
        words |= {piece[at : at + 2] for at in range(len(piece) - 1)}
    return frozenset(words)


def _likeness(one: tuple[object, ...], other: tuple[object, ...]) -> float:
    return sum(a == b for a, b in zip(one, other, strict=True)) / len(one)


# -- boxes ---------------------------------------------------------------------------------------------------------


def _box(view: PageView, run: Run, kind: str) -> Box | None:
    """The run as a box, its links not ranked yet; None where no link of it can be visited."""
    links: dict[str, Link] = {}
    for card in islice(run.shown(), MAX_LINKS):
        href = card.anchors[0].href
        if (target := clean_url(href, view.base)) is not None and target not in links:
            links[target] = Link(kind, 0, target, card.headline or None, run.heading, href)
    return Box(kind, run.heading, tuple(links.values()), _holder(run)) if links else None


def _ranked(boxes: list[Box]) -> list[Box]:
    ranks: dict[str, int] = {}
    out = []
    for box in boxes:
        start = ranks.get(box.kind, 0)
        ranks[box.kind] = start + len(box.links)
        links = tuple(replace(link, rank=rank) for rank, link in enumerate(box.links, start + 1))
        out.append(replace(box, links=links))
    return out


def _in_page_order(tree: HtmlElement, boxes: list[Box]) -> list[Box]:
    wanted = {box.element for box in boxes}
    order = {one: number for number, one in enumerate(tree.iter(*{str(one.tag) for one in wanted})) if one in wanted}
    return sorted(boxes, key=lambda box: order.get(box.element, 0))


def _holder(run: Run) -> HtmlElement:
    """The smallest element that holds the run and its heading."""
    held = [*run.parts[:1], *run.parts[-1:], *([run.heading_element] if run.heading_element is not None else [])]
    if all(one is held[0] for one in held):
        return held[0]
    chains = [[*reversed(list(islice(one.iterancestors(), 2 * MAX_DEPTH))), one] for one in held]
    shared = run.node
    for steps in zip(*chains, strict=False):
        if any(step is not steps[0] for step in steps):
            break
        shared = steps[0]
    return shared


def _named_runs(view: PageView, paths: Iterable[str]) -> list[tuple[Run, str]]:
    """The boxes that a site's XPaths name, each one run whatever its parts; the kind is its heading's."""
    out = []
    for path in paths:
        try:
            places = view.tree.xpath(path)
        except etree.XPathError:  # load_sites has checked it; a function of the caller's may be missing here
            continue
        for place in places if isinstance(places, list) else []:
            if isinstance(place, HtmlElement) and (run := _named_run(view, place)) is not None:
                out.append((run, kind if (kind := kind_of(run.heading or "")) in KINDS else "recommended"))
    return out


def _named_run(view: PageView, place: HtmlElement) -> Run | None:
    anchors = [
        Anchor(one, href, key, text_of(one, 300), order)
        for order, one in enumerate(islice(place.iter("a"), 1000))
        if (href := one.get("href")) and (key := view.key(href)) is not None and key not in view.own
    ]
    runs = runs_of(view, [one for one in anchors if long_enough(one.text) or article_shape(one.key) == 2], place)
    if not runs:
        return None
    cards = [card for run in runs for card in run.cards]
    headings = [run.heading for run in runs if run.heading] or [own_text(one) for one in place.iter(*HEADINGS)][:1]
    headings = [one for one in headings if one and one not in {card.headline for card in cards}]
    known = [one for one in headings if kind_of(one) in KINDS]
    return Run(place, cards, [place], next(iter(known or headings), None))


# -- headings over nothing -----------------------------------------------------------------------------------------


def _empty_boxes(view: PageView, boxes: list[Box]) -> Iterator[Box]:
    """Headings of boxes with nothing below: a script would have filled the list (the body must not keep them)."""
    taken = {box.element for box in boxes}
    found = 0
    for one in view.tree.iter(*HEADINGS[1:], "p", "strong", "div", "span", "header", "legend"):
        inner = len(one)
        if inner > 2 or (inner and one.tag in ("div", "span")):
            continue
        if not inner and (not one.text or len(one.text) > 4 * MAX_HEADING):
            continue
        text = text_of(one, MAX_HEADING)
        if len(text) < 3 or kind_of(text) not in KINDS:
            continue
        found += 1
        above = list(islice(one.iterancestors(), MAX_DEPTH))
        if found > MAX_EMPTY or view.state(one)[1] or any(step in taken or step.tag == "a" for step in above):
            continue
        if (element := _hollow(view, one)) is not None and element not in taken:
            taken.add(element)
            yield Box(kind_of(text) or "recommended", text, (), element)


def _hollow(view: PageView, heading: HtmlElement) -> HtmlElement | None:
    """What holds the heading and the place of its list, with nothing else to be read; None where text follows.

    A wrapper with more than the heading in it shows that a list was meant. Without one, an empty list must follow,
    or nothing at all, or the next heading.
    """
    element, said, meant = heading, text_of(heading, 200), False
    for _ in range(6):
        parent = element.getparent()
        if parent is None or parent in view.spine or parent.tag in ("body", "html") or text_of(parent, 200) != said:
            break
        meant = meant or any(one.tag not in _UNSEEN for one in element.itersiblings("*"))
        element = parent
    if meant:
        return element
    for number, step in enumerate(islice(element.itersiblings("*"), 20)):
        if step.tag in _UNSEEN:
            continue
        if text_of(step, 20):
            return element if step.tag in HEADINGS else None
        if number == 0 and step.tag in ("ul", "ol"):
            return element
    return None if element.tail and element.tail.strip() else element


# -- lists in scripts ----------------------------------------------------------------------------------------------

_LIST_KEYS = (
    ("readers", re.compile(r"(?:most|top)(?:read|viewed|popular|shared|commented|clicked)|popular|trending|ranking")),
    ("related", re.compile(r"related|readalso|alsoread|seealso|moreon(?:this)?")),
    ("recommended", re.compile(r"recommend|readnext|editors?(?:picks?|choice)|topstories|youmay(?:also)?like|latest")),
)
_LIST_TAIL = re.compile(r"(?:articles?|stories|story|posts?|news|content|contents|items?|links?|list|data|pages?)*")
_ASSIGNED = re.compile(r"(?:window\.|self\.|var |const |let )[\w.$\[\]\"']{1,80}\s*=\s*(?=[{\[])")
_URL_KEYS = ("url", "href", "link", "path", "canonicalUrl", "canonical_url")
_TEXT_KEYS = ("headline", "title", "name")
_TITLE_KEYS = ("heading", "title", "label", "headline")
_ANY_KEY = re.compile(
    r"(?i)\"[\w-]{0,30}(?:most_?-?(?:read|viewed|popular)|popular|trending|ranking|related|recommend|read_?-?(?:also|next)|"
    r"editors?_?-?(?:pick|choice)|top_?-?stories|latest)[\w-]{0,30}\"\s*:"
)


def _scripted_boxes(view: PageView, boxes: Iterable[Box]) -> list[Box]:
    """Boxes whose links stand in a script's JSON only (`__NEXT_DATA__` and the like), where that is beyond doubt.

    Evidence asked for: a key that names such a box (mostRead, relatedArticles, recommended …) over a list of two or
    more objects, nearly all with a URL of this outlet in the form of an article's and a headline; and no link of it
    among the page's anchors. boxes: what stands on the page; it has no box of that kind. The heading is the JSON's
    own, or None; `element` is the script, which holds more than the box and must not be cut out for it.
    """
    missing = {kind for kind, _ in _LIST_KEYS} - {box.kind for box in boxes if box.links}
    scripts = [one for one in islice(view.tree.iter("script"), 300) if missing and _may_hold_lists(one)]
    if not scripts:
        return []
    rendered = {view.key(href) for one in islice(view.tree.iter("a"), 20_000) if (href := one.get("href"))}
    out = []
    for script in scripts:
        for kind, heading, items in _lists(_json(script.text or "")):
            links = _script_links(view, kind, heading, items)
            if len(links) >= 2 and kind in missing and not any(view.key(link.target) in rendered for link in links):
                missing.discard(kind)
                out.append(Box(kind, heading, links, script, source="script"))
    return _ranked(out)


def _may_hold_lists(script: HtmlElement) -> bool:
    """Whether a script is JSON, or assigns some, that has a key naming a box; JSON-LD describes the page itself."""
    text, kind = script.text or "", (script.get("type") or "").lower()
    if not 40 <= len(text) <= MAX_SCRIPT or "ld+json" in kind:
        return False
    if "json" not in kind and not _ASSIGNED.match(text.lstrip()[:200]):
        return False
    return _ANY_KEY.search(text) is not None


def _json(text: str) -> Any:
    """The JSON that a script is, or that it assigns to one name; None where it is neither."""
    text = text.strip().removesuffix(";")
    if assigned := _ASSIGNED.match(text):
        text = text[assigned.end() :].replace(":undefined", ":null")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _lists(value: Any) -> Iterator[tuple[str, str | None, list[Any]]]:
    """(kind, heading, items) of each list in the JSON that stands under a key that names a box."""
    waiting: list[tuple[str, Any, str | None]] = [("", value, None)]
    for _ in range(MAX_VALUES):
        if not waiting:
            return
        key, value, heading = waiting.pop()
        kind = _key_kind(key)
        if isinstance(value, dict):
            title = _first(value, _TITLE_KEYS)
            for name, inner in reversed(value.items()):
                inherited = kind is not None and _LIST_TAIL.fullmatch(name.lower())
                waiting.append((key if inherited else str(name), inner, title if inherited else None))
        elif isinstance(value, list):
            if kind is not None:
                yield kind, heading, value
            else:
                waiting.extend(("", inner, None) for inner in reversed(value) if isinstance(inner, dict | list))


@lru_cache(maxsize=8192)
def _key_kind(key: str) -> str | None:
    name = re.sub(r"[^a-z]", "", key.lower())
    for kind, pattern in _LIST_KEYS:
        if (match := pattern.match(name)) and _LIST_TAIL.fullmatch(name.removeprefix(match[0]).removeprefix("ed")):
            return kind
    return None


def _first(value: dict[str, Any], keys: Iterable[str]) -> str | None:
    return next((found for key in keys if isinstance(found := value.get(key), str) and found.strip()), None)


def _entry(item: Any) -> tuple[str, str]:
    """(URL, headline) of a list's object, or of the one object in it ("node", "teaser"); "" for what is missing."""
    inner = [value for value in item.values() if isinstance(value, dict)] if isinstance(item, dict) else []
    for one in [item, *inner] if inner or isinstance(item, dict) else []:
        place = next((value for key in _URL_KEYS if isinstance(value := one.get(key), dict)), {})
        href, text = _first(one, _URL_KEYS) or _first(place, _URL_KEYS), _first(one, _TEXT_KEYS)
        if href and text and "/" in href:
            return href, " ".join(text.split())
    return "", ""


def _script_links(view: PageView, kind: str, heading: str | None, items: list[Any]) -> tuple[Link, ...]:
    """The links of the list's objects, or () where too few of them are articles of the outlet."""
    links: dict[str, Link] = {}
    for href, text in map(_entry, items[:MAX_LINKS]):
        key, target = view.key(href), clean_url(href, view.base)
        if key is not None and key not in view.own and target is not None and article_shape(key) and long_enough(text):
            links.setdefault(target, Link(kind, 0, target, text, heading, href))
    return tuple(links.values()) if len(links) >= 0.8 * len(items) else ()
