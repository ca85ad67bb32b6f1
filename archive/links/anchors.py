"""PageView: what a page shows before any box is judged: where its text stands, and its anchors into the outlet.

Each element is looked at a bounded number of times, nothing is changed, and everything is linear in the page.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from urllib.parse import urljoin

from lxml.html import HtmlElement

from archive.lines import line
from archive.links.addresses import leads_elsewhere
from archive.links.headings import KINDS, kind_of
from archive.links.shapes import (
    HEADINGS,
    article_shape,
    attribute_words,
    class_words,
    long_enough,
    same_outlet,
    text_of,
    wide,
    width,
)
from archive.urls import TRACKERS

MAX_ANCHORS = 5_000  # anchors looked at; the richest news page that we know has 1,700
MAX_PARAGRAPHS = 5_000  # paragraphs looked at when the text is searched
MAX_DEPTH = 200  # anchors nested deeper are left alone
MAX_HEADLINE = 300  # characters of an anchor's text that are kept
MAX_LINE = 12  # neighbours looked at when the line round an anchor is read

PARAGRAPH = 80  # letters that make a paragraph running text; an ideograph says as much as two or three
LEAST_WIDE = 36  # characters that may be as many letters
LEAST_TEXT = 300  # letters in paragraphs that a page must have for them to be its text
PROSE = 30  # characters beside an anchor on its line that make the line a sentence

_INLINE = frozenset(("a", "abbr", "b", "bdi", "big", "cite", "em", "font", "i", "mark", "small", "span", "strong", "u"))
_LINES = frozenset(("p", "li", "td", "dd", "blockquote", "figcaption", "h2", "h3", "h4"))
_ABSOLUTE = re.compile(r"(?:https?:)?//([^/?#\\]+)([^#]*)", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*:", re.IGNORECASE)
#: Words of class and id attributes that many sites share, of places that hold no boxes. No outlet's own word is here.
_BANNED = re.compile(
    class_words(
        r"nav|navbar|navi|navigation|(?:main|sub)-?nav|(?:mega|sub|main|nav|top|site|dropdown)-?menu|site-?map|social|tags",
        r"menu-?(?:item|drop|content|main|cat|link|list)s?|breadcrumbs?|(?:site|page|main|global)-?(?:header|footer)",
        r"tag-?(?:list|cloud|links?)|(?:recent-)?comments|comment-(?:list|form|footer)|cookies?|consent|login|skip-?links?",
        r"languages|lang-?switch\w*|language-?\w*",
    ).pattern
    + r"|(?:^|\s)(?:(?:\w{1,4}-)?footer-(?:wrapper|container|main|links?|nav|menus?)\b|(?:footer|header|menu)(?:$|\s))"
)
_REFERRER = re.compile(r"(?i)^(?:ref|from|source|src|itm_\w+|int_\w+|intcid|icid|link_source|position|traffic_source)$")


@dataclass(slots=True, eq=False)
class Anchor:
    """An anchor that leads somewhere in the outlet. `key` is what makes two hrefs one link; `order` its page order."""

    element: HtmlElement
    href: str
    key: str
    text: str
    order: int


class PageView:
    """One page while its runs are found: what is known of its elements, each looked at once."""

    def __init__(self, tree: HtmlElement, url: str, base: str | None = None) -> None:
        """url: the page's own; base: what relative links resolve against, by default the page's `<base href>`."""
        self.tree = tree
        in_page, canonical = _addresses(tree)
        self.base = base or (urljoined(url, in_page) if in_page else url)
        match = _ABSOLUTE.match(self.base)
        self.host = _host(match[1]) if match else ""
        self._hosts: dict[str, bool] = {}
        self._keys: dict[str, str | None] = {}
        self._states: dict[HtmlElement, tuple[int, bool]] = {}
        self.paragraphs: dict[HtmlElement, int] = {}
        self.own_key = self.key(url) or ""
        self.own = {self.own_key, self.key(canonical) or self.own_key}
        self.spine: set[HtmlElement] = set()  # what holds the headline or the text, up to the root
        self.h1: HtmlElement | None = None
        self.text: HtmlElement | None = None  # the element that holds most of the long paragraphs
        self.text_order = (0, 0)  # page order of its first and last paragraph
        self.anchors: list[Anchor] = []
        self._look()

    # -- links ---------------------------------------------------------------------------------------------------

    def key(self, href: str) -> str | None:
        """What makes two hrefs of a page one link; None for one that leaves the outlet. Far cheaper than clean_url."""
        try:
            return self._keys[href]
        except KeyError:
            found = self._keys[href] = self._find_key(href.strip())
            return found

    def _find_key(self, href: str) -> str | None:
        if not href or href[0] == "#" or _OTHER_SCHEME.match(href):
            return None
        if href[0] == "/" and href[1:2] not in ("/", "\\"):
            host, rest = self.host, href.partition("#")[0]
        else:
            match = _ABSOLUTE.match(href)
            if match is None:
                match = _ABSOLUTE.match(urljoined(self.base, href))
                if match is None:
                    return None
            host, rest = _host(match[1]), match[2]
        same = self._hosts.get(host)
        if same is None:
            same = self._hosts[host] = same_outlet(self.host, host)
        if not same:
            return None
        path, _, query = rest.partition("?")
        if query:
            kept = [one for one in query.split("&") if one and not _says_how(one.partition("=")[0])]
            query = "?" + "&".join(kept) if kept else ""
        return host.removeprefix("www.") + path.strip().rstrip("/") + query

    def of_own(self, key: str) -> bool:
        """Whether a link leads to a part of the page itself: its comments, its pictures, its printed form."""
        own = self.own_key
        if key in self.own or own.count("/") < 2:
            return False
        path = key.partition("?")[0]
        return path.startswith(own.partition("?")[0] + "/") or (path == own and "?" in key)

    # -- what is known before any link is judged -------------------------------------------------------------------

    def state(self, element: HtmlElement) -> tuple[int, bool]:
        """(depth, banned) of an element: banned where it, or something round it, is no place for boxes."""
        known = self._states
        chain = []
        step: HtmlElement | None = element
        while step is not None and step not in known:
            chain.append(step)
            step = step.getparent()
        depth, banned = known[step] if step is not None else (0, False)
        for one in reversed(chain):
            depth += 1
            banned = banned or self._bans(one)
            known[one] = (depth, banned)
        return depth, banned

    def _bans(self, element: HtmlElement) -> bool:
        tag = element.tag
        if element in self.spine or tag in ("a", "body", "html"):
            return False
        if tag in ("nav", "select", "dialog"):
            return True
        if tag == "form":  # a list of articles may have a button of its own
            return not _headed(element)
        if tag in ("header", "footer"):  # the page's; those of an article or a card may hold teasers
            above = islice(element.iterancestors(), MAX_DEPTH)
            return not any(one.tag in ("article", "li", "section", "aside", "main") for one in above)
        if element.get("role") in ("navigation", "contentinfo", "banner", "menu", "dialog"):
            return True
        words = attribute_words(element)
        return len(words) > 1 and _banned(words)

    def _look(self) -> None:
        """One pass over anchors, paragraphs and the headline."""
        raw, paragraphs = self._listed("a", "p", "h1")
        if sum(size for _, _, size in paragraphs) < LEAST_TEXT:
            raw, paragraphs = self._listed("a", "p", "h1", "div", "td")
        self._find_text(paragraphs)
        for order, one, href in raw:
            key = self.key(href)
            if key is None or self.of_own(key) or one.get("hreflang") or "sponsored" in (one.get("rel") or ""):
                continue
            depth, banned = self.state(one)
            if not banned and depth <= MAX_DEPTH:
                self.anchors.append(Anchor(one, href, key, text_of(one, MAX_HEADLINE), order))

    def _listed(self, *tags: str) -> tuple[list[tuple[int, HtmlElement, str]], list[tuple[int, HtmlElement, float]]]:
        """(anchors, paragraphs) of the page, each with its order; finds the headline, too.

        Where pages have no `<p>`, a paragraph is what a `<div>` or a cell says itself.
        """
        raw: list[tuple[int, HtmlElement, str]] = []
        paragraphs: list[tuple[int, HtmlElement, float]] = []
        for order, one in enumerate(self.tree.iter(*tags)):
            tag = one.tag
            if tag == "a":
                if len(raw) < MAX_ANCHORS and (href := one.get("href")):
                    raw.append((order, one, href))
            elif tag == "h1":
                if self.h1 is None:
                    self.h1 = one
                    self.spine.update(one.iterancestors())
            elif len(paragraphs) < MAX_PARAGRAPHS:
                said = text_of(one, 400) if tag == "p" else line(one.text)[:400]
                if (size := width(said) if len(said) >= LEAST_WIDE else 0) >= PARAGRAPH:
                    paragraphs.append((order, one, size))
        return raw, paragraphs

    def _find_text(self, paragraphs: list[tuple[int, HtmlElement, float]]) -> None:
        """The deepest element with most of the long paragraphs is the text; it and what holds it are the spine."""
        weights: dict[HtmlElement, float] = {}
        for _, one, size in paragraphs:
            for level, step in enumerate(islice(one.iterancestors(), 8)):
                if level == 0:
                    self.paragraphs[step] = self.paragraphs.get(step, 0) + 1
                weights[step] = weights.get(step, 0) + size
        total = sum(size for _, _, size in paragraphs)
        heavy = [one for one, weight in weights.items() if weight >= 0.6 * total]
        if total < LEAST_TEXT or not heavy:
            return
        self.text = min(heavy, key=lambda one: weights[one])
        self.spine.add(self.text)
        self.spine.update(self.text.iterancestors())
        within = [order for order, one, _ in paragraphs if self.text in islice(one.iterancestors(), 8)]
        self.text_order = (within[0], within[-1])

    def candidates(self) -> list[Anchor]:
        """The anchors that may lead to an article: by headline or by the shape of the URL, and not in a sentence."""
        shapes: dict[str, int] = {}
        good: set[str] = set()
        kept = []
        for anchor in self.anchors:
            key = anchor.key
            if key not in shapes:
                shapes[key] = -1 if leads_elsewhere(f"http://{key}") else article_shape(key)
            shape, enough = shapes[key], long_enough(anchor.text)
            if shape < 0 or not (shape == 2 or (enough and (shape == 1 or len(anchor.text) >= 35))):
                continue
            if enough or (shape == 2 and (not anchor.text or len(anchor.text) >= 6)):
                good.add(key)
            if not in_sentence(anchor.element):
                kept.append(anchor)
        return [one for one in kept if one.key in good]


@lru_cache(maxsize=8192)  # pages use the same names again and again
def _banned(words: str) -> bool:
    return _BANNED.search(words) is not None


def _headed(element: HtmlElement) -> bool:
    """Whether the first heading in an element is known as one of a box."""
    heading = next(element.iter(*HEADINGS), None)
    return heading is not None and kind_of(text_of(heading, 80)) in KINDS


def in_sentence(anchor: HtmlElement) -> bool:
    """Whether running text goes on before or after the anchor on its line; a label such as "Read also:" does not."""
    if _holds_block(anchor):
        return False
    before, after = "", ""
    one = anchor
    for _ in range(6):
        before = _beside(one, before, back=True)
        after = _beside(one, after, back=False)
        parent = one.getparent()
        if parent is None or parent.tag not in _INLINE:
            break
        one = parent
    before, after = " ".join(before.split()), " ".join(after.split())
    line = one.getparent()
    if line is None or line.tag not in _LINES:
        return len(before) > 4 * PROSE or len(after) > 4 * PROSE
    if kind_of(before) in KINDS:
        before = ""
    if len(before) > PROSE or len(after) > PROSE:
        return True
    return line.tag == "p" and (_goes_on(before[-1:], before) or _goes_on(after[:1], after))


def _holds_block(element: HtmlElement) -> bool:
    """Whether an anchor is laid round whole blocks, as teasers are; what stands in a sentence never is."""
    return element.tag == "a" and next(element.iter("div", "p", "ul", *HEADINGS), None) is not None


def _goes_on(touching: str, text: str) -> bool:
    """Whether a short text beside an anchor belongs to its sentence: words up to the anchor, no colon, bar or dash."""
    return touching.isalnum() and (" " in text or wide(text) >= 4)


def _beside(one: HtmlElement, text: str, *, back: bool) -> str:
    """The text on the line before (or after) an inline element, put to `text`, up to the next block."""
    if not back:
        text += one.tail or ""
    step = one.getprevious() if back else one.getnext()
    for _ in range(MAX_LINE):
        if step is None or len(text) > 4 * PROSE:
            break
        # A comment is no block; an anchor round a block is one.
        block = isinstance(step.tag, str) and (step.tag not in _INLINE or _holds_block(step))
        said = "" if block or not isinstance(step.tag, str) else "".join(step.itertext())
        if back:
            text = said + (step.tail or "") + text
        elif not block:
            text += said + (step.tail or "")
        if block:
            return text
        step = step.getprevious() if back else step.getnext()
    parent = one.getparent()
    return (parent.text or "") + text if back and step is None and parent is not None else text


def _host(written: str) -> str:
    """A host as it is looked up: in small letters, other scripts in their ASCII form (RFC 5891)."""
    if not written.isascii():
        with suppress(UnicodeError):
            written = written.encode("idna").decode("ascii")
    return written.lower()


def _says_how(name: str) -> bool:
    """Whether a query key says how a reader came, not which page it is."""
    return TRACKERS.match(name) is not None or _REFERRER.match(name) is not None


def _addresses(tree: HtmlElement) -> tuple[str, str]:
    """The hrefs of the first `<base>` (HTML §4.2.3) and of the canonical link (RFC 6596), "" where there is none."""
    base = canonical = ""
    for one in tree.iter("base", "link"):
        href = one.get("href") or ""
        if one.tag == "base":
            base = base or href.strip()
        elif not canonical and (one.get("rel") or "").strip().lower() == "canonical":
            canonical = href
    return base, canonical


def urljoined(base: str, href: str) -> str:
    """`href` resolved against `base`; `base` where that makes no sense."""
    try:
        return urljoin(base, href)
    except ValueError:
        return base
