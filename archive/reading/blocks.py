"""blocks(tree): a page cut into its paragraphs, headings, list items and other lines, each with where it stands.

One pass over the tree, which is not changed. Texts are as a reader sees them: inline markup joined without a gap,
single spaces, no ruby readings, no scripts; two `<br>` in a row part paragraphs as two elements do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import etree
from lxml.html import HtmlElement

from archive.lines import key_of, line

MAX_BLOCKS = 20_000
MAX_NAMES = 1_000  # characters of a class attribute that are kept
MIN_ITEM = 16  # letters of a link that is an item of a list of headlines
MAX_HEADING = 500  # letters that a heading of several blocks may hold and still be one

INLINE_TAGS = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "img",
        "ins",
        "kbd",
        "label",
        "mark",
        "nobr",
        "picture",
        "q",
        "rb",
        "ruby",
        "s",
        "samp",
        "small",
        "source",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
    ]
)
_SKIPPED_TAGS = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "math",
        "iframe",
        "object",
        "embed",
        "canvas",
        "video",
        "audio",
        "select",
        "option",
        "textarea",
        "input",
        "button",
        "head",
        "title",
        "meta",
        "link",
        "rt",
        "rp",
        "dialog",
        "map",
        "area",
        "progress",
        "meter",
        "datalist",
    ]
)
_CONTROLS = frozenset(("input", "button", "textarea", "select"))
#: The end of a sentence, in any script, with what may close behind it.
#: Thai and Lao have no full stop: there a text of some length ends one.
FULL_END = re.compile(r"(?:[.!?…。！？।॥؟۔։።។။]|[\u0e00-\u0eff].{60,2000}[\u0e00-\u0eff])[\"'”’»«›)\]』」）*]*$")
#: How an element is taken: as a block of its own, as a part of a line, not at all, or as the end of a line.
_BLOCK, _INLINE, _SKIP, _BREAK = range(4)
_HOW = {
    **dict.fromkeys(INLINE_TAGS, _INLINE),
    **dict.fromkeys(_SKIPPED_TAGS, _SKIP),
    **dict.fromkeys(("br", "hr"), _BREAK),
}
_STRONG = frozenset(("b", "strong", "i", "em"))
_WIDE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")

#: What an element round a block says of it; a block has the marks of all that hold it.
NAV, ASIDE, FOOTER, HEADER, FIGURE, CAPTION, LIST, TABLE, QUOTE, FORM, HIDDEN, ARTICLE, HEADING, LINK = (
    1 << number for number in range(14)
)
_TAG_MARKS = {
    "nav": NAV,
    "aside": ASIDE,
    "footer": FOOTER,
    "header": HEADER,
    "figure": FIGURE,
    "figcaption": CAPTION | FIGURE,
    "li": LIST,
    "dd": LIST,
    "dt": LIST,
    "td": TABLE,
    "th": TABLE,
    "blockquote": QUOTE,
    "form": FORM,
    "article": ARTICLE,
    "h1": HEADING,
    "h2": HEADING,
    "h3": HEADING,
    "h4": HEADING,
    "h5": HEADING,
    "h6": HEADING,
    "legend": HEADING,
    "caption": CAPTION,
}

#: Groups of words that class and id attributes share over sites, and what they say: generic words of the trade only.
_WORDS = re.compile(
    r"(?P<caption>captions?|credits?|copyright|bildunterschrift|legend[ae]?)"
    r"|(?P<promo>newsletters?|subscri\w*|abo|promo\w*|teasers?|advert\w*|ads?|sponsor\w*|banner|signup|cta|donat\w*|apps?)"
    r"|(?P<more>related\w*|recommend\w*|more|also|popular|trending|most|similar|mehr|weitere\w*|outbrain|taboola|"
    r"onward|inline|readmore|readalso|relacionad\w*|next|latest)"
    r"|(?P<embed>embed\w*|twitter|tweet\w*|instagram|facebook|tiktok|youtube|telegram|bluesky|iframe|consent|external\w*)"
    r"|(?P<author>authors?|bylines?|bio|biography|autor\w*|writer|contributors?|profile|journalist|auteurs?|verfasser\w*)"
    r"|(?P<meta>meta|metadata|date\w*|time\w*|publish\w*|info|infos|tags?|keywords?|topics?|labels?|breadcrumbs?|kicker|"
    r"category|categories|rubri\w*|eyebrow|overline|topline|toolbar|share\w*|social\w*|sharing|tools?|icons?|buttons?|btn|"
    r"counter|source|print)"
    r"|(?P<frame>footer|header|nav\w*|menu\w*|sidebar|popup|modal|overlay|cookie\w*|consent\w*|gdpr|privacy|login|"
    r"register|paywall|piano|regwall|barrier|notice|disclaimer|imprint|comments?|disqus|discussion|kommentare?)"
    r"|(?P<lead>standfirst|lead|lede|leadtext|intro\w*|summary|sub(?:title|head\w*|line)|dec?k|excerpt|vorspann|chapo|abstract|"
    r"description|epigraph|perex|ingress|sumario|entradilla|bajada|spot|strapline)"
    r"|(?P<box>box|infobox|facts?|factbox|aside|widgets?|module|kasten|timeline|keypoints?|highlights?|quiz|poll)"
    r"|(?P<body>body|content|text|richtext|paragraphs?|story|entry|post|articlebody|copy|main|prose|texto|cuerpo|corpo|"
    r"artikel\w*|article)"
)


@lru_cache(maxsize=16384)
def _group(word: str) -> str | None:
    match = _WORDS.fullmatch(word)
    return match.lastgroup if match else None


@lru_cache(maxsize=4096)
def _groups(names: str) -> frozenset[str]:
    """The groups of the words in class and id attributes."""
    if "[" in names:  # measures and colours that utility classes carry
        names = " ".join(name for name in names.split() if "[" not in name)
    words = re.findall("[a-z]+", _CAMEL.sub("-", names).lower())
    return frozenset(group for word in words if (group := _group(word)))


@dataclass(slots=True, eq=False)
class Place:
    """A block-level element. `marks` are its own and those of all that hold it, `words` the groups of class words."""

    element: HtmlElement
    parent: Place | None
    tag: str
    marks: int
    words: frozenset[str]
    depth: int
    sort: tuple[str, str]
    spaced: bool = False  # whether its line ends are shown as they stand, so that empty lines part paragraphs
    pictures: int = 0  # in it and all that it holds, as are
    letters: int = 0
    controls: int = 0  # fields and buttons that a reader fills in or presses


@dataclass(slots=True, eq=False)
class Block:
    """A line or paragraph of the page. `key` holds its letters and digits alone, for comparing."""

    text: str
    key: str
    place: Place
    order: int
    linked: int = 0  # characters in links
    links: int = 0
    strong: int = 0  # characters in bold or italics
    marks: int = 0
    times: int = 0
    part: int = 0  # of a paragraph parted by line breaks
    shown: bool = False  # whether a picture stands between the block before and this one
    image: HtmlElement | None = None  # the picture with which the line begins
    traits: dict[str, float] = field(default_factory=dict)

    @property
    def heading(self) -> bool:
        return bool(self.marks & HEADING)


def width(text: str) -> float:
    """The text's length in letters of an alphabet: an ideograph or syllable says as much as two or three."""
    return len(text) + 1.2 * len(_WIDE.findall(text)) if not text.isascii() else len(text)


def like(one: str, other: str) -> bool:
    """Whether two keys are one headline: equal, or the one nearly all of the other."""
    size, length = len(one), len(other)
    if size == length:
        return one == other and size > 0
    if size < length:
        return 4 * size >= 3 * length and one in other
    return 4 * length >= 3 * size and other in one


def like_any(key: str, titles: Sequence[str]) -> bool:
    """Whether the key is one of the headlines."""
    for title in titles:  # noqa: SIM110 - asked of every block several times, and far quicker so
        if like(key, title):
            return True
    return False


def around(place: Place | None) -> Iterator[Place]:
    """An element and all that hold it."""
    while place is not None:
        yield place
        place = place.parent


def holder(place: Place) -> Place | None:
    """What holds an element beside its like: the element round it, without those that only wrap it."""
    while place.parent is not None and place.parent.letters == place.letters:
        place = place.parent
    return place.parent


class _Cutter:
    """The pass over the tree: what has been read since the last block's end, and where."""

    def __init__(self, root: HtmlElement) -> None:
        self.blocks: list[Block] = []
        self.place = Place(root, None, "root", 0, frozenset(), 0, ("root", ""))
        self.inline: list[tuple[str, int]] = []
        self.link = self.strong = self.parts = 0
        self.shown = False
        self.image: HtmlElement | None = None
        self.spaced = 0  # elements round us whose line ends are shown
        self._clear()

    def _clear(self) -> None:
        self.pieces: list[str] = []
        self.said = False  # whether any piece is more than white space
        self.linked = self.links = self.bold = self.times = 0

    def text(self, text: str | None) -> None:
        if text and self.spaced and "\n" in text:
            *paragraphs, text = _EMPTY_LINE.split(text)
            for paragraph in paragraphs:
                self._say(paragraph)
                self.flush(part=True)
        self._say(text)

    def _say(self, text: str | None) -> None:
        if text:
            self.pieces.append(text)
            if not text.isspace():
                self.said = True
                if self.link:
                    self.linked += len(text.strip())
                if self.strong:
                    self.bold += len(text.strip())

    def flush(self, *, part: bool = False) -> None:
        """End of a block: keep what was read, if anything."""
        if self.said:
            text = line("".join(self.pieces))
            self.place.letters += len(text)
            if text and len(self.blocks) < MAX_BLOCKS and (key := key_of(text)):
                marks = self.place.marks | (LINK if self.linked * 10 >= 9 * len(text) else 0)
                self.blocks.append(
                    Block(
                        text,
                        key,
                        self.place,
                        len(self.blocks),
                        self.linked,
                        self.links,
                        self.bold,
                        marks,
                        self.times,
                        self.parts,
                        self.shown,
                        self.image,
                    )
                )
                self.shown = False
                self.image = None
                self.parts = self.parts + 1 if part else 0
        if self.pieces:
            self._clear()
            self.links = 1 if self.link else 0
        if not part:
            self.parts = 0
            self.image = None

    def enter(self, element: HtmlElement, tag: str) -> None:
        self.flush()
        names = element.get("class") or ""
        words = _groups(f"{names} {element.get('id') or ''}")
        marks = self.place.marks | _TAG_MARKS.get(tag, 0)
        style = element.get("style")
        if element.get("hidden") is not None or (style and "display:none" in style.replace(" ", "")):
            marks |= HIDDEN
        sort = (tag, names[:MAX_NAMES])
        spaced = tag == "pre" or (style is not None and _SPACED.search(style) is not None)
        self.spaced += spaced
        self.place = Place(element, self.place, tag, marks, words, self.place.depth + 1, sort, spaced)


def blocks(root: HtmlElement) -> list[Block]:
    """The blocks of the tree in page order."""
    cutter = _Cutter(root)
    walk = etree.iterwalk(root, events=("start", "end"))
    breaks = 0
    for event, element in walk:
        tag = element.tag
        if not isinstance(tag, str):
            if event == "end":
                cutter.text(element.tail)
            continue
        how = _HOW.get(tag, _BLOCK)
        if how == _INLINE and tag == "span" and _as_block(element):
            how = _BLOCK
        if event == "start":
            if how == _SKIP:
                if tag in _CONTROLS and element.get("type") != "hidden":
                    cutter.place.controls += 1
                walk.skip_subtree()
                continue
            text = element.text
            if how == _BLOCK:
                cutter.enter(element, tag)
            elif how == _BREAK:
                breaks += 1
                if breaks > 1 or tag == "hr" or _parts(cutter, element) or _listed(cutter, element):
                    cutter.flush(part=True)
                cutter.pieces.append(" ")
                continue
            else:
                _open(cutter, element, tag)
        else:
            if how == _INLINE:
                _close(cutter, tag)
            elif how == _BLOCK and cutter.place.parent is not None:
                cutter.flush()
                left, cutter.place = cutter.place, cutter.place.parent
                cutter.place.pictures += left.pictures
                cutter.place.letters += left.letters
                cutter.place.controls += left.controls
                cutter.shown |= left.pictures > 0 and not left.letters
                cutter.spaced -= left.spaced
                breaks = 0
            text = element.tail if element is not root else None
        if text:
            cutter.text(text)
            if breaks and not text.isspace():
                breaks = 0
    cutter.flush()
    held: dict[Place, list[Block]] = {}
    for one in cutter.blocks:
        if one.heading:
            held.setdefault(_heading_of(one.place), []).append(one)
    for place, inside in held.items():
        if len(inside) > 1 and place.letters > MAX_HEADING:
            for one in inside:
                one.marks &= ~HEADING  # a heading that was never closed holds the text
    return cutter.blocks


def _as_block(span: HtmlElement) -> bool:
    """Whether a span is styled as a paragraph."""
    style = span.get("style")
    return style is not None and "display:block" in style.replace(" ", "")


def _heading_of(place: Place) -> Place:
    """The element that makes a block a heading."""
    while place.parent is not None and _TAG_MARKS.get(place.tag, 0) != HEADING:
        place = place.parent
    return place


_SPACED = re.compile(r"(?i)white-space\s*:\s*pre")
_EMPTY_LINE = re.compile(r"\n[ \t\r]*\n")
#: A line that is a date or a time and nothing else.
_DATED = re.compile(r"[\d\s./:,|-]{8,40}")
#: How a paragraph begins where pages part them by single line breaks: ideographic or no-break spaces.
_INDENTED = re.compile("\\s*(?:\u3000|\xa0{2})")


def _parts(cutter: _Cutter, element: HtmlElement) -> bool:
    """Whether a single line break parts two paragraphs: a long sentence ends before it, and an indented line or a
    sentence follows; or all before it is a heading in bold. In verse and addresses it does not."""
    following = (element.tail or "").strip()
    if not following or not cutter.said:
        return False
    before = line("".join(cutter.pieces[-12:]))
    if cutter.bold * 10 >= 9 * len(before) and width(before) < 90:
        return len(cutter.pieces) <= 4 and width(following[:200]) >= 60
    if width(before) < 60 or not FULL_END.search(before):
        return False
    if _INDENTED.match(element.tail or "") or width(following[:200]) >= 60:
        return True
    return width(following) >= 20 and FULL_END.search(following) is not None


#: What stands before the links of a list that only line breaks part.
_MARKERS = " \t\r\n\xa0-–—•·»›►▶*>|"


def _listed(cutter: _Cutter, element: HtmlElement) -> bool:
    """Whether a line break stands before or behind a line that is a link and no more: an item of a list of links."""
    if cutter.link:
        return False
    before = line("".join(cutter.pieces)).strip(_MARKERS) if cutter.linked else ""
    if before and cutter.linked * 10 >= 9 * len(before):
        return width(before) >= MIN_ITEM
    link = element.getnext()
    if link is None or link.tag != "a" or (element.tail or "").strip(_MARKERS) or (link.tail or "").strip(_MARKERS):
        return False
    after = link.getnext()
    return (after is None or after.tag == "br") and width(line("".join(link.itertext()))) >= MIN_ITEM


def _open(cutter: _Cutter, element: HtmlElement, tag: str) -> None:
    if tag == "a":
        cutter.link += 1
        cutter.links += 1
    elif tag in _STRONG:
        cutter.strong += 1
    elif tag == "time":
        cutter.times += 1
    elif tag == "img" and not _is_sign(element):
        if _DATED.fullmatch(line("".join(cutter.pieces))):
            cutter.flush(part=True)  # a date line that only the picture parts from the text
        cutter.place.pictures += 1
        if not cutter.said:
            cutter.image = element


def _is_sign(image: HtmlElement) -> bool:
    """Whether an image is a counter's pixel, an emoji or an icon, and no picture."""
    sizes = [image.get("width") or "", image.get("height") or ""]
    if any(
        size.strip().removesuffix("px").isdecimal() and int(size.strip().removesuffix("px")) <= 48 for size in sizes
    ):
        return True
    return "emoji" in (image.get("class") or "")


def _close(cutter: _Cutter, tag: str) -> None:
    if tag == "a":
        cutter.link -= 1
    elif tag in _STRONG:
        cutter.strong -= 1
