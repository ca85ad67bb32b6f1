"""related_boxes(tree, url): the boxes in which a page tells its readers what else to read, as data.

A box is a group of links (one is enough) to other articles of the same outlet, set off from the running text. Kinds:
`readers` (chosen by what readers do), `related` (chosen for this article), `recommended` (whatever else is put
forward). Navigation, topics, authors, sharing, advertising, services and links inside sentences are none.

How: anchors that could lead to articles of the outlet are found; anchors to one URL that stand together are one
*card*; cards that follow each other with nothing but their own text between them are a *run*; the short text before
a run is its heading. Structure makes the runs; a small linear score over what can be seen of a run, its heading
among others, says whether it is a box.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin

from lxml import etree
from lxml.html import HtmlElement

from archive.headings import kind_of
from archive.records import Link
from archive.sites import Site
from archive.urls import TRACKERS, clean_url

MAX_ANCHORS = 5_000  # anchors looked at in one page; the richest news page we know has about 1,500
MAX_DEPTH = 200  # anchors nested deeper are left alone
MAX_CHILDREN = 2_000  # children of one element looked at
MAX_CARD = 700  # characters of one card: headline, teaser, byline
MAX_HEADLINE = 300  # characters of a headline that are kept
MAX_LINKS = 60  # links of one box; longer lists are archives, not boxes

_SKIP = frozenset(("script", "style", "template", "noscript", "svg", "iframe", "head", "textarea", "select", "option"))
_INLINE = frozenset(("a", "abbr", "b", "bdi", "big", "cite", "em", "font", "i", "mark", "small", "span", "strong", "u"))
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_ABSOLUTE = re.compile(r"(?:https?:)?//([^/?#\\]+)([^#]*)", re.I)
_OTHER_SCHEME = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*:", re.I)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SPACE = re.compile(r"\s+")
_WIDE = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

_BANNED = re.compile(
    r"(?:^|[^a-z])(nav|navbar|navi|navigation|mainnav|subnav|menu|submenu|megamenu|breadcrumbs?|footer|siteheader|"
    r"share|sharing|socials?|tags|taglist|tagcloud|comments?|sponsored|sponsor|advert|advertisement|advertorial|ads?|"
    r"adv|newsletters?|cookies?|consent|paywall|login|toolbar|skiplinks?|pagination|pager|ticker|author|byline|"
    r"authors|outbrain|taboola|partners?)(?:$|[^a-z])"
)
_BOXY = re.compile(
    r"(?:^|[^a-z])(related|read-?more|read-?also|more-?on|see-?also|most-?read|most-?viewed|popular|trending|ranking|recommend(?:ed|ations?)?|"
    r"reco|teasers?|teaserlist|latest|cards?|widget|sidebar|further|mostread|mostviewed|topstories|stories|related-?articles)(?:$|[^a-z])"
)
_NOT_ARTICLE = re.compile(
    r"(?i)/(tags?|topics?|themen?|authors?|autore?n?|autores|auteurs?|categor(?:y|ies|ia|ie)|rubri[ck]s?|rubrique|sections?|search|suche|"
    r"login|signin|register|subscribe|subscriptions?|abo|newsletters?|shop|jobs|karriere|careers?|privacy|datenschutz|"
    r"impressum|imprint|terms|about|about-us|contact|kontakt|profiles?|users?|rss|feeds?|keywords?|hashtag|labels?|"
    r"staff|by|writers?|contributors?|reporters?|journalists?|help|faq|gutscheine?|coupons?|companynews|companies)(?:/|$|\?)"
)
_DATED = re.compile(r"/(?:19|20)\d\d[/-]?(?:0?[1-9]|1[0-2])(?:[/-]|\d)|/(?:19|20)\d\d/\w{3}/")
_ID_QUERY = re.compile(r"(?i)[?&](?:id|idx|article\w*|news\w*|story\w*|aid|artid|no|p|nid|post)=[\w-]{3,}")
_REFERRER = re.compile(r"(?i)^(?:ref|from|source|src|itm_\w+|int_\w+|intcid|icid|link_source|position|traffic_source)$")
_SECOND_LEVEL = frozenset(("co", "com", "org", "net", "gov", "gob", "ac", "edu", "or", "ne", "go", "info", "web", "press"))


@dataclass(frozen=True, slots=True)
class Box:
    """A box of links on a page.

    `element` is the smallest element that holds the box and its heading (for an inline teaser: its paragraph), so
    that the body can be read without it. `links` is empty for a labelled box whose list a script would have filled.
    """

    kind: str
    heading: str | None
    links: tuple[Link, ...]
    element: HtmlElement


@dataclass(slots=True, eq=False)
class _Anchor:
    element: HtmlElement
    href: str
    key: str
    text: str
    order: int


@dataclass(slots=True, eq=False)
class _Card:
    root: HtmlElement
    anchors: list[_Anchor]
    headline: str = ""


@dataclass(slots=True, eq=False)
class _Run:
    """Cards that follow each other, and what stands before them."""

    node: HtmlElement
    cards: list[_Card] = field(default_factory=list)
    parts: list[HtmlElement] = field(default_factory=list)  # children of node that hold them
    heading: str | None = None
    heading_element: HtmlElement | None = None
    in_text: bool = False  # among the paragraphs of a text


def related_boxes(
    tree: HtmlElement, url: str, site: Site | None = None, *, base: str | None = None
) -> list[Box]:
    """The boxes of a parsed page in page order; `tree` is not changed and nothing is raised.

    url: the page's own; base: what relative links resolve against (the page's `<base href>` if None).
    site: its `boxes` XPaths name boxes that the general rules miss.
    """
    page = _Page(tree, url, base)
    found = [(run, kind) for run in page.runs() if (kind := page.judge(run)) is not None]
    return _ranked(page, found)


def related_links(boxes: Iterable[Box]) -> tuple[Link, ...]:
    """The links of the boxes, flat, copies of a box merged, ranked from 1 within each kind."""
    seen: set[tuple[str, str]] = set()
    ranks: dict[str, int] = {}
    links = []
    for box in boxes:
        for link in box.links:
            if (link.kind, link.target) in seen:
                continue
            seen.add((link.kind, link.target))
            ranks[link.kind] = ranks.get(link.kind, 0) + 1
            links.append(replace(link, rank=ranks[link.kind]))
    return tuple(links)


def _ranked(page: _Page, found: list[tuple[_Run, str]]) -> list[Box]:
    ranks: dict[str, int] = {}
    boxes = []
    for run, kind in found:
        links = []
        seen = set()
        for card in run.cards:
            target = clean_url(card.anchors[0].href, page.base)
            if target is None or target in seen:
                continue
            seen.add(target)
            ranks[kind] = ranks.get(kind, 0) + 1
            links.append(Link(kind, ranks[kind], target, card.headline or None, run.heading, card.anchors[0].href))
        if links:
            boxes.append(Box(kind, run.heading, tuple(links), _holder(run)))
    return boxes


def _holder(run: _Run) -> HtmlElement:
    """The smallest element that holds the run and its heading."""
    held = list(run.parts) + ([run.heading_element] if run.heading_element is not None else [])
    if len(held) == 1:
        return held[0]
    chains = [[*reversed(list(one.iterancestors())), one] for one in held[:1] + held[-2:]]
    shared = run.node
    for steps in zip(*chains):
        if any(step is not steps[0] for step in steps):
            break
        shared = steps[0]
    return shared


def _pieces(element: HtmlElement) -> Iterator[str]:
    """The element's visible texts in order, without its tail."""
    skipped: HtmlElement | None = None
    for one in element.iter():
        if skipped is not None:
            if skipped in one.iterancestors():
                continue
            skipped = None
        tag = one.tag
        if isinstance(tag, str) and tag in _SKIP and one is not element:
            skipped = one
        elif isinstance(tag, str) and one.text:
            yield one.text
        if one is not element and one.tail and skipped is None:
            yield one.tail


def _text(element: HtmlElement, limit: int = 2000) -> str:
    """The element's visible text with single spaces, cut soon after `limit` characters."""
    out: list[str] = []
    size = 0
    for piece in element.itertext():
        out.append(piece)
        size += len(piece)
        if size > 4 * limit:
            break
    text = _SPACE.sub(" ", " ".join(out)).strip()
    return text[:limit]


def _attributes(element: HtmlElement) -> str:
    """Class and id as lower-case words with hyphens: `MainNavigation` becomes `main-navigation`."""
    text = f"{element.get('class') or ''} {element.get('id') or ''}"
    return _CAMEL.sub("-", text).lower()


def _long_enough(text: str) -> bool:
    """Whether the text could be a headline: four words, or as much in a script without spaces."""
    if len(text) >= 24:
        return True
    return len(text) >= 8 and (text.count(" ") >= 3 or len(_WIDE.findall(text)) >= 8)


class _Page:
    """One page while its boxes are found: what is known of its elements, each looked at once."""

    def __init__(self, tree: HtmlElement, url: str, base: str | None) -> None:
        self.tree = tree
        self.url = url
        self.base = base or self._base(tree, url)
        match = _ABSOLUTE.match(self.base)
        self.host = match[1].lower() if match else ""
        self.hosts: dict[str, bool] = {}
        self.own = self.key(url) or ""
        self.depth_state: dict[HtmlElement, tuple[int, bool]] = {}
        self.spine: set[HtmlElement] = set()
        self.body: HtmlElement | None = None
        self.paragraphs: dict[HtmlElement, int] = {}
        self.anchors: list[_Anchor] = []
        self.order: dict[HtmlElement, int] = {}
        self._look()

    @staticmethod
    def _base(tree: HtmlElement, url: str) -> str:
        for one in tree.iter("base"):
            if href := one.get("href"):
                try:
                    return urljoin(url, href.strip())
                except ValueError:
                    return url
        return url

    # -- links ---------------------------------------------------------------------------------------------------

    def key(self, href: str) -> str | None:
        """What makes two hrefs of a page one link; None for a link that leaves the outlet. Cheaper than clean_url."""
        href = href.strip()
        if not href or href[0] == "#" or _OTHER_SCHEME.match(href):
            return None
        match = _ABSOLUTE.match(href)
        if match:
            host, rest = match[1].lower(), match[2]
        elif href[0] == "/":
            host, rest = self.host, href.partition("#")[0]
        else:
            try:
                match = _ABSOLUTE.match(urljoin(self.base, href))
            except ValueError:
                return None
            if not match:
                return None
            host, rest = match[1].lower(), match[2]
        same = self.hosts.get(host)
        if same is None:
            same = self.hosts[host] = _same_outlet(self.host, host)
        if not same:
            return None
        path, _, query = rest.partition("?")
        if query:
            kept = [p for p in query.split("&") if p and not (TRACKERS.match(n := p.split("=", 1)[0]) or _REFERRER.match(n))]
            query = "?" + "&".join(kept) if kept else ""
        return host.removeprefix("www.") + path.strip().rstrip("/") + query

    def state(self, element: HtmlElement) -> tuple[int, bool]:
        """(depth, banned) of an element: banned where it or something around it is no place for boxes."""
        known = self.depth_state
        chain = []
        step: HtmlElement | None = element
        while step is not None and step not in known:
            chain.append(step)
            step = step.getparent()
        depth, banned = known[step] if step is not None else (0, False)
        for one in reversed(chain):
            depth += 1
            banned = banned or self.bans(one)
            known[one] = (depth, banned)
        return depth, banned

    def bans(self, element: HtmlElement) -> bool:
        tag = element.tag
        if tag in ("nav", "footer", "select", "form", "dialog"):
            return element not in self.spine and not (tag == "footer" and self._within_article(element))
        if tag == "header":
            parent = element.getparent()
            return parent is not None and parent.tag in ("body", "html") or any(True for _ in element.iter("nav"))
        if element in self.spine or tag in ("a", "body", "html"):
            return False
        if element.get("role") in ("navigation", "contentinfo", "banner", "menu", "dialog"):
            return True
        attributes = _attributes(element)
        return len(attributes) > 1 and _BANNED.search(attributes) is not None

    @staticmethod
    def _within_article(element: HtmlElement) -> bool:
        return any(one.tag in ("article", "li", "section", "aside") for one in element.iterancestors())

    def _look(self) -> None:
        """One pass over anchors, paragraphs and headings: fills spine, body and anchors."""
        raw: list[HtmlElement] = []
        weights: dict[HtmlElement, int] = {}
        for number, one in enumerate(self.tree.iter("a", "p", "h1", "article", "li")):
            self.order[one] = number
            tag = one.tag
            if tag == "a":
                if len(raw) < MAX_ANCHORS:
                    raw.append(one)
            elif tag == "h1" and not self.spine:
                self.spine.update(one.iterancestors())
            elif tag == "p":
                text = _text(one, 400)
                parent = one.getparent()
                if len(text) >= 80 and parent is not None:
                    weights[parent] = weights.get(parent, 0) + len(text)
                    self.paragraphs[parent] = self.paragraphs.get(parent, 0) + 1
        if weights:
            self.body = max(weights, key=lambda one: weights[one])
            if weights[self.body] >= 300:
                self.spine.add(self.body)
                self.spine.update(self.body.iterancestors())
        for one in raw:
            href = one.get("href")
            key = self.key(href) if href else None
            if href is None or key is None or key == self.own or "sponsored" in (one.get("rel") or ""):
                continue
            depth, banned = self.state(one)
            if banned or depth > MAX_DEPTH:
                continue
            self.anchors.append(_Anchor(one, href, key, _text(one, MAX_HEADLINE), self.order[one]))

    def candidates(self) -> list[_Anchor]:
        """The anchors that may lead to an article: by headline or by the shape of the URL, and not in a sentence."""
        good: dict[str, bool] = {}
        kept = []
        for anchor in self.anchors:
            if _NOT_ARTICLE.search(anchor.key):
                continue
            shape = article_shape(anchor.key)
            enough = _long_enough(anchor.text)
            if (enough and shape >= 1) or (shape >= 2 and (not anchor.text or len(anchor.text) >= 6)) or (enough and len(anchor.text) >= 35):
                good[anchor.key] = good.get(anchor.key, False) or enough or shape >= 2
                if not self.in_sentence(anchor):
                    kept.append(anchor)
        return [one for one in kept if good[one.key]]

    @staticmethod
    def in_sentence(anchor: _Anchor) -> bool:
        """Whether running text goes on before or after the anchor on its line."""
        before, after = "", ""
        one = anchor.element
        for _ in range(6):
            after += one.tail or ""
            previous = one.getprevious()
            while previous is not None and (not isinstance(previous.tag, str) or previous.tag in _INLINE) and len(before) < 200:
                before = " ".join(previous.itertext() if isinstance(previous.tag, str) else ()) + (previous.tail or "") + before
                previous = previous.getprevious()
            parent = one.getparent()
            if previous is None and parent is not None:
                before = (parent.text or "") + before
            following = one.getnext()
            while following is not None and (not isinstance(following.tag, str) or following.tag in _INLINE) and len(after) < 200:
                after += " ".join(following.itertext() if isinstance(following.tag, str) else ()) + (following.tail or "")
                following = following.getnext()
            if parent is None or parent.tag not in _INLINE:
                break
            one = parent
        before, after = _SPACE.sub(" ", before).strip(), _SPACE.sub(" ", after).strip()
        line = one.getparent()
        prose = line is not None and line.tag in ("p", "li", "td", "dd", "blockquote", "figcaption", "h2", "h3")
        if not prose:
            return len(before) > 120 or len(after) > 120
        if kind_of(before) in ("readers", "related", "recommended"):
            before = ""
        return len(before) > 30 or len(after) > 30

    # -- cards and runs ------------------------------------------------------------------------------------------

    def cards(self) -> list[_Card]:
        """Anchors to one URL that stand together, as cards, in page order."""
        holds: dict[HtmlElement, str | None] = {}  # the only key below an element; None: several
        anchors = self.candidates()
        for anchor in anchors:
            step: HtmlElement | None = anchor.element
            while step is not None:
                if step not in holds:
                    holds[step] = anchor.key
                elif holds[step] is None or holds[step] == anchor.key:
                    break
                else:
                    holds[step] = None
                step = step.getparent()
        roots: dict[HtmlElement, _Card] = {}
        sizes: dict[HtmlElement, bool] = {}
        for anchor in anchors:
            root = anchor.element
            for _ in range(12):
                parent = root.getparent()
                if parent is None or holds.get(parent) != anchor.key or parent in self.spine or parent.tag == "body":
                    break
                if parent not in sizes:
                    sizes[parent] = len(_text(parent, MAX_CARD + 1)) <= MAX_CARD
                if not sizes[parent]:
                    break
                root = parent
            if root in roots:
                roots[root].anchors.append(anchor)
            else:
                roots[root] = _Card(root, [anchor])
        return list(roots.values())

    def runs(self) -> list[_Run]:
        cards = self.cards()
        for card in cards:
            card.headline = _headline(card)
        inside: dict[HtmlElement, _Card | None] = {}
        for card in cards:
            inside[card.root] = card
            step = card.root.getparent()
            while step is not None and step not in inside:
                inside[step] = None
                step = step.getparent()
        return self.segment(self.tree, inside) if cards else []

    def segment(self, node: HtmlElement, inside: dict[HtmlElement, _Card | None]) -> list[_Run]:
        """The runs below a node: its children in order, cards joined, short texts taken as headings."""
        runs: list[_Run] = []
        open_run: _Run | None = None
        pending: list[tuple[str, HtmlElement]] = []
        in_text = self.paragraphs.get(node, 0) >= 2
        for number, child in enumerate(node):
            if number >= MAX_CHILDREN:
                break
            if not isinstance(child.tag, str) or child.tag in _SKIP:
                continue
            if child in inside:
                card = inside[child]
                if card is not None:
                    if open_run is None:
                        open_run = self.start(node, pending, in_text)
                        runs.append(open_run)
                        pending = []
                    open_run.cards.append(card)
                    open_run.parts.append(child)
                    if in_text:
                        open_run = None if child.getnext() is None or child.getnext().tag != child.tag or child.tag == "p" else open_run
                else:
                    inner = self.segment(child, inside)
                    if len(inner) == 1 and inner[0].heading is None:
                        if open_run is None:
                            open_run = self.start(node, pending, in_text)
                            runs.append(open_run)
                            pending = []
                        open_run.cards.extend(inner[0].cards)
                        open_run.parts.append(child)
                    elif inner:
                        if inner[0].heading is None and pending:
                            self.label(inner[0], pending)
                        pending = []
                        runs.extend(inner)
                        open_run = None
            else:
                label = self.heading_in(child)
                if label is None:
                    continue
                open_run = None
                if label:
                    pending.append((label, child))
                else:
                    pending = []
            if child.tail and len(child.tail.strip()) > 40:
                open_run = None
        return runs

    def start(self, node: HtmlElement, pending: list[tuple[str, HtmlElement]], in_text: bool) -> _Run:
        run = _Run(node, in_text=in_text)
        self.label(run, pending)
        return run

    @staticmethod
    def label(run: _Run, pending: list[tuple[str, HtmlElement]]) -> None:
        known = [one for one in pending if kind_of(one[0])]
        chosen = known or [one for one in pending if one[1].tag in _HEADINGS] or pending
        if run.in_text:
            chosen = known
        if chosen:
            run.heading, run.heading_element = chosen[-1]

    def heading_in(self, element: HtmlElement) -> str | None:
        """What a child without cards says: None nothing, "" running text, else a possible heading."""
        if element.tag in ("button", "input", "img", "figure", "picture", "video", "time"):
            return None
        for one in element.iter(*_HEADINGS):
            text = _text(one, 200)
            if text:
                return text if len(text) <= 90 else ""
        text = _text(element, 400)
        if not text:
            return None
        if len(text) <= 60:
            return text
        return ""

    # -- judgement -----------------------------------------------------------------------------------------------

    def judge(self, run: _Run) -> str | None:
        kind = kind_of(run.heading) if run.heading else None
        if kind == "none" or not any(card.headline for card in run.cards):
            return None
        return kind or ("related" if run.in_text else "recommended")


def _headline(card: _Card) -> str:
    """The card's headline: its heading element, else its longest anchor text, else its first text."""
    for one in card.root.iter(*_HEADINGS):
        text = _text(one, MAX_HEADLINE)
        if _long_enough(text):
            return text
    return max((anchor.text for anchor in card.anchors), key=len)


def article_shape(key: str) -> int:
    """How much a URL looks like an article's: 0 not, 1 somewhat, 2 much. key: host and path (and query)."""
    path = key[key.find("/") :] if "/" in key else ""
    if len(path) < 2:
        return 0
    last = path.partition("?")[0].rstrip("/").rpartition("/")[2]
    hyphens = last.count("-") + last.count("_")
    if _DATED.search(path) or _ID_QUERY.search(path) or re.search(r"\d{5,}", path):
        return 2
    if hyphens >= 3 or (hyphens >= 1 and len(last) >= 25) or "%" in last and len(last) > 40:
        return 2
    if re.search(r"\.(?:s?html?|php|cms|aspx?|ece|story|amp)$", last) and len(last) > 12:
        return 2
    return 1 if hyphens >= 1 or re.search(r"\d", last) or len(last) >= 14 else 0


def _same_outlet(page: str, other: str) -> bool:
    """Whether two hosts are one outlet: same registrable domain, or same brand (`bbc.com` and `bbc.co.uk`)."""
    if page == other:
        return True
    mine, other_name = _name(page), _name(other)
    if mine == other_name and len(mine) >= 2:
        return True
    return len(other_name) >= 5 and other_name in page.split(".")


def _name(host: str) -> str:
    """The label that an outlet registered: `bbc` of `www.bbc.co.uk`."""
    labels = host.rpartition("@")[2].partition(":")[0].strip(".").split(".")
    if len(labels) >= 3 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL:
        return labels[-3]
    return labels[-2] if len(labels) >= 2 else labels[0]
