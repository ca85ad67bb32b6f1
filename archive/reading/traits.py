"""describe(scene): each block's traits as numbers: how it is written, where it stands, what others say of it.

Structure first: class words are generic ones of the trade, phrases are data with their languages. No outlet's own
words are here.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import islice, pairwise
from typing import Any

from archive.data import table
from archive.lines import key_of
from archive.links.headings import KINDS, kind_of
from archive.reading import blocks as cut
from archive.reading.blocks import FULL_END, INLINE_TAGS, Block, Place, around, holder, like_any, width
from archive.reading.notices import notice
from archive.reading.scenes import Scene, under

#: A day or a time of the day in figures, as date lines and bylines have them.
DATE = re.compile(
    r"(?<!\d)(?:1[34]|19|2[05])\d\d(?!\d)|\d{1,2}[./-]\s?\d{1,2}[./-]\s?\d{2}|\b\d{1,2}[:.h時]\d\d\b|\d{1,2}月\d{1,2}日"
)
_WRAPS = ("span", "em", "i", "small", "font")
MAX_SAID = 250  # letters of a line that says what a picture shows
MAX_FORM = 600  # letters of an element with fields and buttons that are all about these
MAX_CREDIT = 300  # characters of a line that may be a caption with its credit
CAPTION = 400  # letters that an element with a picture may hold and still be picture and caption
_INNER = re.compile(r"[.!?…][\"'”’»)]*\s+\S|[。！？।؟۔]\S|[.!?…] ")
_OPENING = frozenset("\"'“„«»‘‚‹›「『（([¿¡—–-•*#@…$€£₹¥")
_AROUND = (cut.NAV, cut.ASIDE, cut.FOOTER, cut.FORM, cut.HIDDEN, cut.LIST, cut.TABLE, cut.QUOTE)
_MARKS = (
    ("aside", cut.ASIDE),
    ("footer", cut.FOOTER),
    ("header", cut.HEADER),
    ("nav", cut.NAV),
    ("figure", cut.FIGURE),
    ("figcaption", cut.CAPTION),
    ("list", cut.LIST),
    ("table", cut.TABLE),
    ("quote", cut.QUOTE),
    ("form", cut.FORM),
    ("hidden", cut.HIDDEN),
)


@cache
def weights(judgement: str) -> dict[str, float]:
    """The weights of a judgement's traits: logistic regression over the blocks of annotated pages."""
    return {trait: float(weight) for name, trait, weight in table("body_weights") if name == judgement}


def weigh(traits: dict[str, float], judgement: str) -> float:
    """The weighted sum of a block's traits; not below 0 means yes."""
    known = weights(judgement)
    return sum(known.get(name, 0.0) * value for name, value in traits.items() if value)


def describe(view: Scene) -> None:
    """Put its traits to every block that may belong to the body; the others get none."""
    if not view.core:
        return
    first, last = view.core[0].order, view.core[-1].order
    core = set(view.core)
    sorts: Counter[tuple[Any, ...]] = Counter()
    counts: Counter[tuple[Any, ...]] = Counter(sort_of(one) for one in view.blocks)
    cores: Counter[tuple[Any, ...]] = Counter(sort_of(one) for one in view.core)
    round_about: dict[Any, list[int]] = {}
    for one in view.blocks:
        sums = round_about.setdefault(one.place.parent, [0, 0, 0])
        sums[0] += len(one.text)
        sums[1] += one.linked
        sums[2] += 1
    for one in view.core:
        sorts[sort_of(one)] += len(one.key)
    total = sum(sorts.values())
    labelled = {
        one.place.parent
        for one in view.blocks
        if len(one.text) <= 60
        and (one.heading or one.strong or one.place.tag == "p")
        and kind_of(one.text) in (*KINDS, "none")
    } - view.spine
    kin, listed, ended = _kin(view, sorts, total), _listed(view), _ended(view, total)
    text, said = core | kin, "\n".join(one.key for one in view.core)
    bold, common = all_bold(view), _common(view, total)
    heads, titled = _heads(view, text), set[Place]()
    for one in view.blocks:
        if like_any(one.key, view.titles):
            titled.update(around(one.place))
    for number, one in enumerate(view.blocks):
        inside = one.place in view.spine or under(one.place, view.home)
        near = first - 4 <= number <= last + 4 and width(one.text) >= 60 and FULL_END.search(one.text)
        if one not in view.kept and not near and not (inside and first - 12 <= number <= last + 12):
            continue
        before = view.blocks[number - 1] if number else None
        after = view.blocks[number + 1] if number + 1 < len(view.blocks) else None
        sort, sums = sort_of(one), round_about[one.place.parent]
        one.traits = _written(one)
        if bold:  # what all of the text is sets nothing apart
            one.traits["strong"] = one.traits["strong line"] = 0.0
        one.traits |= {
            **_standing(one, view, first, last, common),
            "kept": float(one in view.kept),
            "inside": float(inside),
            "sort": sorts[sort] / total,
            "sort core": cores[sort] / counts[sort],
            "sort rare": float(counts[sort] == 1),
            "after core": float(before in core),
            "before core": float(after in core),
            "beside": float(_beside(one, before, core) or _beside(one, after, core)),
            "round linked": sums[1] / max(sums[0], 1),
            "alone": float(sums[2] == 1),
            "subheading": float(
                _subheading(one, before, view.blocks[number + 1 : number + 4], text, first, counts[sort])
            ),
            "heading alike": float(one.heading and number >= first - 1 and heads[one.place.sort] >= 3),
            "quoted": float(one.place.tag == "blockquote" and before in core and after in core and one.key not in said),
            "echo": float(one not in core and len(one.key) >= 20 and one.key in said),
            "labelled": float(_labelled(one, labelled, view)),
            "kin": float(one in kin),
            "kin short": float(one in kin and one not in view.kept),
            "listed": float(one in listed),
            "under label": float(one in ended),
            "controls": (pressed := float(_controls(one, view, titled))),
            "controls apart": float(pressed and (counts[sort] == 1 or sorts[sort] < 0.1 * total)),
            "credit": float(_credit(one) or (not bold and _set_as_caption(one))),
            "tail": float(
                one.order >= last
                and not FULL_END.search(one.text)
                and not one.marks & cut.LIST
                and width(one.text) < 60
            ),
            "strong tail": float(one.order >= last and one.strong > 0.9 * len(one.text)),
            "behind outside": float(not inside and number > last),
            "before outside": float(not inside and number < first),
            "pictured": float(_with_picture(one) or _pictured(one, view, sorts[sort] / total)),
            "notice": _notice(one),
        }


def _written(one: Block) -> dict[str, float]:
    size = width(one.text)
    strong = min(one.strong / max(len(one.text), 1), 1.0)
    return {
        "bias": 1.0,
        "size": min(math.log2(1 + size) / 8, 1.25),
        "tiny": float(size < 25),
        "sentence": float(FULL_END.search(one.text) is not None),
        "colon": float(one.text.endswith((":", "："))),
        "inner": float(_INNER.search(one.text) is not None),
        "linked": min(one.linked / max(len(one.text), 1), 1.0),
        "only link": float(bool(one.marks & cut.LINK)),
        "strong": strong,
        "strong line": float(strong > 0.9 and size < 80),
        "timed": float(one.times > 0),
        "dated": float(size <= 110 and sum(map(str.isdigit, one.text)) >= 5 and DATE.search(one.text) is not None),
        "heading": float(one.heading),
        "mark first": float(not one.text[0].isalnum() and one.text[0] not in _OPENING),
        "part": float(one.part > 0),
    }


def _standing(one: Block, view: Scene, first: int, last: int, common: int) -> dict[str, float]:
    marks, groups = one.marks & ~common, groups_of(one, view)
    kind = kind_of(one.text) if len(one.text) <= 90 else None
    traits = {
        "before": float(one.order < first),
        "above": float(one.order < view.headline),
        "bio": float(
            one.order >= last
            and len(one.text) <= 200
            and any(len(name) > 6 and one.key.startswith(name) for name in view.names)
        ),
        "early": float(one.order <= first + 1),
        "early date": float(one.order <= first and one.traits.get("dated", 0) > 0),
        "behind": float(one.order > last),
        "last": float(one.order == last),
        "direct": float(one.place is view.home or one.place.parent is view.home),
        "deep": min(max(one.place.depth - (view.home.depth if view.home else 0) - 1, 0), 4) / 4,
        "said": float(bool(view.said) and one.key in view.said),
        "unsaid": float(bool(view.said) and one.key not in view.said),
        "title": float(like_any(one.key, view.titles) or cut_title(one, view)),
        "title part": float(
            one.order <= first and len(one.key) >= 6 and any(one.key in title for title in view.titles)
        ),
        "summary": float(width(one.key) > 30 and any(tells(one.key, told) for told in view.summaries)),
        "byline": float(
            (one.order <= first + 1 or one.order >= last)
            and not FULL_END.search(one.text)
            and 2 * sum(len(name) for name in view.names if name and name in one.key) >= len(one.key)
        ),
        "slot": float((kind == "slot" and len(one.text) <= 40) or _advert(one.text)),
        "label line": float(kind == "none" and not one.heading and len(one.text) <= 40),
        "named": float(len(one.key) < 120 and any(name and name in one.key for name in view.names)),
        "repeated": float(view.repeated[one.key] > 1),
        "often": float(view.repeated[one.key] > 2),
        "boxed": float(one in view.boxed),
        "beside box": float(one in view.beside_box),
        "label": float(kind in KINDS or kind in ("none", "slot")),
        "second": float(one in view.second),
        "other article": float(bool(marks & cut.ARTICLE) and _below(one, view, "article")),
    }
    for name, mark in _MARKS:
        traits[name] = float(bool(marks & mark) and (mark not in (cut.HEADER, cut.FORM) or _below(one, view, name)))
    for group in ("caption", "promo", "more", "embed", "author", "meta", "frame", "lead", "box"):
        traits["." + group] = float(group in groups)
    traits[".body"] = float("body" in one.place.words)
    return traits


def _notice(one: Block) -> float:
    """1 where a short line is a notice of the house, less in a long one, which may only speak of such things."""
    return 0.0 if notice(one.text) is None else 1.0 if width(one.text) <= 220 else 0.5


def _subheading(
    one: Block, before: Block | None, following: Sequence[Block], core: set[Block], first: int, alike: int
) -> bool:
    """Whether a line heads the paragraph below it: marked up as a heading, or in bold between two paragraphs.

    An advert or a picture may stand between a heading and its paragraph.
    """
    below = next((other for other in following if other in core), None)
    if one.linked or width(one.text) >= 90 or not _beside(one, below, core):
        return False
    if one.order <= first:  # the first of several; a lone heading above the text is more likely its standfirst
        return one.heading and alike > 1 and width(one.text) < 70
    if one.heading:
        return True
    bold = one.strong > 0.9 * len(one.text) and not FULL_END.search(one.text.rstrip("?!？！"))
    return bold and below is following[0] and _beside(one, before, core)


def all_bold(view: Scene) -> bool:
    """Whether most of the text is in bold or italics."""
    return sum(one.strong for one in view.core) > 0.5 * sum(len(one.text) for one in view.core)


def _common(view: Scene, total: int) -> int:
    """The marks of most of the text, as where a menu was never closed or all is a list: they set nothing apart."""
    return sum(mark for mark in _AROUND if 2 * sum(len(one.key) for one in view.core if one.marks & mark) > total)


def _heads(view: Scene, text: set[Block]) -> Counter[tuple[str, str]]:
    """How many headings of each sort there are, where nearly all of them have a paragraph of the text below them."""
    every, over = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for one, after in pairwise(view.blocks[view.core[0].order - 1 : view.core[-1].order + 1]):
        if one.heading:
            every[one.place.sort] += 1
            over[one.place.sort] += after in text
    return Counter({sort: number for sort, number in over.items() if number >= 0.8 * every[sort]})


def _built(one: Block) -> tuple[str, str, Place | None]:
    """How a block is built, whatever its class words: its tag, the tag round it, and what holds it beside its like."""
    return one.place.tag, one.place.parent.tag if one.place.parent else "", holder(one.place)


def _kin(view: Scene, sorts: Counter[tuple[Any, ...]], total: int) -> set[Block]:
    """Sentences, however short, that are marked up as most of the text is and follow it or each other."""
    kin: set[Block] = set()
    core = set(view.core)
    # Where each paragraph has class words of its own, as scripts make them, their build is what they share.
    builds = Counter(_built(one) for one in view.core)
    built, most = builds.most_common(1)[0]
    motley = max(sorts.values()) < 0.4 * total and most >= 0.8 * len(view.core) and len(view.core) >= 4

    def joins(one: Block, other: Block) -> bool:
        return (
            one not in core
            and (other in core or other in kin)
            and not one.linked
            and not one.heading
            and FULL_END.search(one.text) is not None
            and (sorts[sort_of(one)] > 0.5 * total or (motley and _built(one) == built))
            and holder(one.place) is holder(other.place)
            and one not in view.boxed
            and one not in view.second
            and view.repeated[one.key] == 1
            and notice(one.text) is None
        )

    for before, one in pairwise(view.blocks):
        if joins(one, before):
            kin.add(one)
    for one, after in pairwise(reversed(view.blocks)):
        if joins(after, one):
            kin.add(after)
    return kin


def _listed(view: Scene) -> set[Block]:
    """The items of lists that stand between paragraphs, or that a paragraph with a colon announces."""
    core, lists = set(view.core), dict[Place, list[Block]]()
    for one in view.blocks:
        place: Place | None = one.place if one.marks & cut.LIST else None
        while place is not None and place.tag not in ("ul", "ol", "dl"):
            place = place.parent
        if place is not None:
            lists.setdefault(place, []).append(one)
    found: set[Block] = set()
    for place, items in lists.items():
        start, end = items[0].order, items[-1].order
        before = view.blocks[start - 1] if start else None
        after = view.blocks[end + 1] if end + 1 < len(view.blocks) else None
        if before is None or holder(before.place) is not place.parent or any(one in view.boxed for one in items):
            continue
        announced = before.text.endswith((":", "：")) and not before.linked
        if announced or (before in core and after in core and not any(one.linked for one in items)):
            found.update(items)
    return found


def _ended(view: Scene, total: int) -> set[Block]:
    """What stands under the heading of something else that ends the text's element: the author, comments."""
    found: set[Block] = set()
    label: Block | None = None
    heads = Counter(one.place.sort for one in view.blocks[view.core[0].order : view.core[-1].order] if one.heading)
    left = sum(len(one.key) for one in view.core)
    core = set(view.core)
    for one in view.blocks[view.core[0].order :]:
        if label is not None and one.heading and one.place.sort == label.place.sort:
            label = None
        elif label is not None and holder(label.place) is holder(one.place):
            found.add(one)
        if (one.heading or one.strong > 0.9 * len(one.text)) and left < 0.15 * total and heads[one.place.sort] < 3:
            label = one if len(one.text) <= 60 and kind_of(one.text) == "none" else label
        left -= len(one.key) if one in core else 0
    return found


def _controls(one: Block, view: Scene, titled: set[Place]) -> bool:
    """Whether the block stands with fields to fill in or buttons to press, and little else."""
    place: Place | None = one.place
    while place is not None and place not in view.spine and place not in titled and place.letters < MAX_FORM:
        if place.controls:
            return True
        place = place.parent
    return False


def _advert(text: str) -> bool:
    """Whether a line begins with the label of an advert and a colon."""
    label, colon, _ = text[:40].replace("：", ":").partition(":")
    return bool(colon) and len(text) <= MAX_CREDIT and kind_of(label) == "slot"


@cache
def _credits() -> re.Pattern[str]:
    """A line that begins with a credit, or ends with one."""
    words = "|".join(map(re.escape, sorted({word for _, word in table("credit_words")}, key=len, reverse=True)))
    credit = rf"(?:{words})\s?(?:[:：=＝/／©՝]|\bby\b)"
    return re.compile(rf"(?i)^[(（\[]?{credit}|[\s(（\[.。|/]{credit}[^.。!?！？]{{2,60}}[)）\]]?\.?$")


def _credit(one: Block) -> bool:
    """Whether a line credits a picture: it begins so, or it stands by a picture and ends so."""
    pictured = one.shown or one.place.pictures > 0
    if len(one.text) > MAX_CREDIT or not (pictured or width(one.text) < 90):
        return False
    found = _credits().search(one.text)
    return found is not None and (pictured or found.start() == 0)


def _set_as_caption(one: Block) -> bool:
    """Whether a line right below a picture is centred or all in italics: it says what the picture shows."""
    if not one.shown or width(one.text) > MAX_SAID:
        return False
    element = one.place.element
    if one.strong > 0.9 * len(one.text):
        return next(element.iter("em", "i"), None) is not None
    centred = element.get("align") == "center" or "text-align:center" in (element.get("style") or "").replace(" ", "")
    return centred and not FULL_END.search(one.text)


def _with_picture(one: Block) -> bool:
    """Whether a line of its own is a picture and what one inline element beside or round it says."""
    if one.image is None or width(one.text) > MAX_SAID:
        return False
    near = one.image.getnext()
    while near is not None and near.tag == "br":
        near = near.getnext()
    beside = [near] if near is not None else []
    beside += [step for step in islice(one.image.iterancestors(), 3) if step.tag in _WRAPS]
    return any(step.tag in INLINE_TAGS and key_of("".join(step.itertext())) == one.key for step in beside)


def _labelled(one: Block, labelled: set[Place | None], view: Scene) -> bool:
    """Whether the block stands in an element whose heading says that it is no part of the text."""
    place: Place | None = one.place
    while place is not None and place not in view.spine:
        if place in labelled:
            return True
        place = place.parent
    return False


def _pictured(one: Block, view: Scene, sort: float) -> bool:
    """Whether the text stands in an element with a picture and little else: a caption, whatever it is called.

    sort: share of the text that is marked up as the block is. A paragraph among its like may begin with a picture.
    """
    place: Place | None = one.place
    if place is not None and place.tag in ("p", "li") and sort > 0.2 and FULL_END.search(one.text):
        place = place.parent
    for _ in range(5):
        if place is None or place in view.spine or place.letters >= CAPTION:
            return False
        if place.pictures:
            return True
        place = place.parent
    return False


def cut_title(one: Block, view: Scene) -> bool:
    """Whether the line is the headline's beginning, cut: captions and menus repeat it so."""
    return (
        one.text.endswith(("…", "..."))
        and len(one.key) >= 8
        and any(title.startswith(one.key) for title in view.titles)
    )


def tells(key: str, told: str) -> bool:
    """Whether the block is what meta tags say in short; these are often cut after a while."""
    return key in told or told in key or (len(key) > 40 and key[:40] == told[:40])


def sort_of(one: Block) -> tuple[Any, ...]:
    """What blocks of one purpose share: tag and class of their element and the one round it; the latter itself where
    neither has a class, since a bare <p> in a bare <div> may be anything."""
    parent = one.place.parent
    if parent is not None and not one.place.sort[1] and not parent.sort[1]:
        while (
            parent.parent is not None
            and not parent.sort[1]
            and (parent.letters == one.place.letters or parent.tag == "li")
        ):
            parent = parent.parent
        return one.place.sort, parent
    return one.place.sort, parent.sort if parent else ()


def _beside(one: Block, other: Block | None, core: set[Block]) -> bool:
    return other in core and other is not None and other.place.parent is one.place.parent


def groups_of(one: Block, view: Scene) -> set[str]:
    """The groups of class words of the elements that hold the block but not the body."""
    found: set[str] = set()
    place: Place | None = one.place
    while place is not None and place not in view.spine:
        found |= place.words
        place = place.parent
    return found


def _below(one: Block, view: Scene, tag: str) -> bool:
    """Whether the element with this tag holds the block but not the body as well."""
    place: Place | None = one.place
    while place is not None and place not in view.spine:
        if place.tag == tag:
            return True
        place = place.parent
    return False
