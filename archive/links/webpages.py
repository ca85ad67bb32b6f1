"""A web page's links: what each shows, where it stands, and which of them lead to articles.

An *article link* is judged by three things that hold in any language: the shape of the URL (date, number, long slug),
the shown text (does it read like a headline or like a label), and where it stands (heading, card, menu). Links of one
URL shape are judged together, since an outlet writes its articles' addresses in one manner. `Site.articles` overrides
the judgement.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import islice

from lxml import etree

from archive.links.addresses import Outlet, address_points, bare_host, shape_of, words_of
from archive.links.embedded import embedded_entries
from archive.links.entries import Entry, entries
from archive.links.listing import MAX_LINKS, MAX_TEXT, Listing, ListingError
from archive.links.paging import next_pages
from archive.records import Capture, Link
from archive.urls import clean_url

_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_INLINE = words_of("a abbr b bdi bdo cite code em i mark q s small strong sub sup u wbr font")
_MENU = re.compile(
    r"(?i)(?:^|[\s_-])(nav|navi|navigation|navbar|menu|submenu|breadcrumbs?|footer|topbar|offcanvas|hamburger|toolbar|"
    r"pagination|pager|paging|social|share|sharing|tags?|taglist|keywords|login|cookie|consent)(?=$|[\s_-])"
)
_MENU_ROLES = frozenset(("navigation", "menu", "menubar", "contentinfo", "banner", "search"))
_CARD = re.compile(r"(?i)(?:^|[\s_-])(card|teaser|story|article|item|post|entry|headline|promo)(?=$|[\s_-])")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(slots=True)
class Anchor:
    """One `a` of a page whose address is of this outlet."""

    node: etree._Element
    href: str
    url: str
    text: str
    titled: bool  # in or around a heading
    menu: bool
    card: bool


@dataclass(slots=True)
class _Target:
    """All anchors of a page that lead to one address, and what speaks for its being an article."""

    url: str
    anchors: list[Anchor] = field(default_factory=list)
    points: float = 0.0

    def text(self) -> str:
        """The headline as shown: from a heading, else the longest text of a headline's length, else the first."""
        pool = [a.text for a in self.anchors if a.titled and a.text] or [a.text for a in self.anchors if a.text]
        likely = [t for t in pool if 3 <= word_count(t) <= 30]
        return max(likely, key=len) if likely else max(pool, key=len, default="")


def word_count(text: str) -> float:
    """The length of a shown text in words; letters of scripts without spaces count for half a word."""
    unspaced = sum(1 for c in text if ord(c) > 0xE00 and _UNSPACED.match(c))
    return len(text.split()) - (unspaced > 0) + unspaced / 2 if unspaced else len(text.split())


_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)


def read_page(text: str, capture: Capture, outlet: Outlet) -> Listing:
    """The listing in a web page."""
    tree = parsed(text)
    base = tree.find(".//base[@href]")
    if base is not None and (url := clean_url(base.get("href", ""), outlet.page)):
        outlet = replace(outlet, page=url)
    anchors = anchors_of(tree, outlet)
    targets = _targets(anchors)
    found = _articles(targets, outlet)
    if len(found) < FEW and len(anchors) < SHELL_LINKS and "<script" in text:
        inside = _embedded(text, outlet, {target.url for target in found})
        if inside:
            return Listing(inside, feeds=declared_feeds(tree, outlet), scripted=True)
    texts = [t.text() for t in found[:MAX_LINKS]]
    heading = _block_headings(tree, {a.node for t in found for a in t.anchors}, set(texts))
    links = [
        Link("front", rank, t.url, text or None, heading(t.anchors[0].node), t.anchors[0].href)
        for rank, (t, text) in enumerate(zip(found, texts, strict=False), 1)
    ]
    following = [(a.url, "next" in (a.node.get("rel") or "").lower().split(), a.text) for a in anchors]
    return Listing(
        links=tuple(links),
        next_pages=next_pages(tree, following, outlet, {t.url for t in found}),
        feeds=declared_feeds(tree, outlet),
        problem="too_many" if len(found) > MAX_LINKS else None,
        scripted=not found and len(anchors) < SHELL_LINKS and "<script" in text,
    )


def _embedded(text: str, outlet: Outlet, shown: set[str]) -> tuple[Link, ...]:
    """The articles in the JSON that a page embeds, where they are more than the page itself shows."""
    rows = (
        Entry(href, title, published, modified, False) for href, title, published, modified in embedded_entries(text)
    )
    links = entries(rows, outlet)
    return links if len(links) >= max(FEW, len(shown) + 1) else ()


def parsed(text: str) -> etree._Element:
    """The page as a tree without scripts and comments; ListingError where nothing is left of it."""
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        tree = etree.fromstring(text.replace("\x00", "").encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        tree = None
    if tree is None:
        raise ListingError("empty")
    etree.strip_elements(tree, "script", "style", "template", "svg", with_tail=False)
    return tree


def anchors_of(tree: etree._Element, outlet: Outlet, own: bool = False) -> list[Anchor]:
    """The page's links within the outlet, in page order, without its fragments; own: with those to the page itself."""
    menu, card, titled = _memo(_is_menu), _memo(_is_card), _memo(lambda node: node.tag in _HEADINGS)
    urls: dict[str, str | None] = {"": None}  # image and headline of a card lead to the same place
    out = []
    for node in tree.iter("a", "area"):
        href = (node.get("href") or "").strip()
        if href not in urls:
            url = None if href[0] == "#" else clean_url(href, outlet.page)
            urls[href] = url if url and (own or url != outlet.own) and outlet.owns(url) else None
        url = urls[href]
        if url is None:
            continue
        inner = next(node.iter(*_HEADINGS), None)
        text = shown(inner) if inner is not None else ""
        text = text or shown(node) or _label(node)
        out.append(Anchor(node, href, url, text[:MAX_TEXT], inner is not None or titled(node), menu(node), card(node)))
    return out


def _memo(test: Callable[[etree._Element], bool]) -> Callable[[etree._Element], bool]:
    """Whether a node or an ancestor below `body` passes the test, each node asked once."""
    known: dict[etree._Element, bool] = {}

    def asked(node: etree._Element) -> bool:
        path = []
        at: etree._Element | None = node
        while at is not None and at not in known and at.tag not in ("body", "html"):
            path.append(at)
            at = at.getparent()
        value = known.get(at, False) if at is not None else False
        for one in reversed(path):
            value = value or test(one)
            known[one] = value
        return value

    return asked


def _names(node: etree._Element) -> str:
    return _CAMEL.sub("-", f"{node.get('class', '')} {node.get('id', '')}")


def _is_menu(node: etree._Element) -> bool:
    """A menu, header, footer or bar of labels, by element, role or name; never what holds the page's main part."""
    if node.tag in ("a", "li"):
        return False
    found = (
        node.tag in ("nav", "footer", "header")
        or (node.get("role") or "").lower() in _MENU_ROLES
        or _MENU.search(_names(node)) is not None
    )
    if not found:
        return False
    if node.tag in ("header", "footer") and any(
        a.tag in ("article", "section", "main", "li") for a in node.iterancestors()
    ):
        return False
    return next(node.iter("main", "h1", "article"), None) is None


def _is_card(node: etree._Element) -> bool:
    return node.tag == "article" or _CARD.search(_names(node)) is not None


def shown(node: etree._Element) -> str:
    """The text of an element on one line; a block inside it begins a new word, inline markup does not."""
    parts: list[str] = []
    for event, one in etree.iterwalk(node, events=("start", "end")):
        if event == "start":
            parts.append(("" if one.tag in _INLINE else " ") + (one.text or ""))
        elif one is not node:
            parts.append(("" if one.tag in _INLINE else " ") + (one.tail or ""))
    return " ".join("".join(parts).replace("\u00ad", "").split())


def _label(node: etree._Element) -> str:
    """What stands for the text of a link that shows none: its label, its title, its image's description."""
    images = (i.get("alt") for i in node.iter("img"))
    return next(
        (" ".join(v.split()) for v in (node.get("aria-label"), node.get("title"), *images) if v and v.strip()), ""
    )


def _targets(anchors: list[Anchor]) -> list[_Target]:
    found: dict[str, _Target] = {}
    for anchor in anchors:
        found.setdefault(anchor.url, _Target(anchor.url)).anchors.append(anchor)
    for target in found.values():
        # A card whose link is laid over it, or says "read on": the headline stands beside it.
        if all(word_count(a.text) < 3 for a in target.anchors):
            first = target.anchors[0]
            if headline := _headline_beside(first.node, first.href):
                target.anchors[0] = replace(first, text=headline[:MAX_TEXT], titled=True)
    return list(found.values())


def _headline_beside(link: etree._Element, href: str) -> str | None:
    """The heading in the smallest box round a link, if the box has no other link than to this place."""
    for box in islice(link.iterancestors(), 4):
        if any((a.get("href") or "").strip() not in ("", href) for a in box.iter("a")):
            return None
        for node in box.iter(*_HEADINGS):
            text = shown(node)
            return text if word_count(text) >= 3 else None
    return None


def _articles(targets: list[_Target], outlet: Outlet) -> list[_Target]:
    """Those that are articles, in page order: by the site's pattern, or by points and the company they keep."""
    if outlet.pattern:
        return [t for t in targets if outlet.pattern.search(t.url)]
    shapes: dict[tuple[str, bool], list[_Target]] = {}
    own_host = bare_host(outlet.own)
    for target in targets:
        address = address_points(target.url)
        if address is None:
            target.points = -9.0
            continue
        target.points = address + _showing_points(target)
        shapes.setdefault((shape_of(target.url), bare_host(target.url) == own_host), []).append(target)
    for (shape, at_home), group in shapes.items():
        company = _company_points(group)
        # Shops, jobs and games live on hosts of their own; a sister edition writes its addresses as this one does.
        if not at_home and len(shapes.get((shape, True), ())) < 3:
            company -= 2.5
        for target in group:
            target.points += company
    return [t for t in targets if t.points >= THRESHOLD]


THRESHOLD = 3.0
FEW = 3  # articles; a page that shows fewer may be a shell whose list is in its scripts
SHELL_LINKS = 15  # links of any kind; a page with more of them is no empty shell


def _showing_points(target: _Target) -> float:
    """What a page's way of showing a link says for its being an article."""
    words = max((word_count(a.text) for a in target.anchors), default=0)
    points = 2.0 if words >= 6 else 1.5 if words >= 4 else 0.5 if words >= 3 else -1.0 if words else 0.0
    points += 1.5 if any(a.titled and word_count(a.text) >= 2 for a in target.anchors) else 0.0
    points += 0.5 if any(a.card for a in target.anchors) else 0.0
    return points - (2.0 if all(a.menu for a in target.anchors) else 0.0)


def _company_points(group: list[_Target]) -> float:
    """What the other links of the same shape say: headlines speak for all of them, labels against."""
    if len(group) < 3:
        return 0.0
    headlines = sum(1 for t in group if any(word_count(a.text) >= 5 for a in t.anchors))
    share = headlines / len(group)
    if headlines >= 4 and share >= 0.35:
        return 1.5
    return 4 * share - 1.5 if share < 0.75 else 1.5


def _block_headings(
    tree: etree._Element, taken: set[etree._Element], headlines: set[str]
) -> Callable[[etree._Element], str | None]:
    """A function from a link to the heading of its block: the nearest one before it whose block holds the link too.

    taken, headlines: the article links and their texts; a heading that holds or is one of them heads no block.
    """
    headings = []
    for node in tree.iter(*_HEADINGS):
        text = shown(node)
        inside = any(a in taken for a in node.iter("a")) or any(a in taken for a in node.iterancestors("a"))
        if text and not inside and len(text) <= 120 and text not in headlines:
            headings.append((node, text))
    order = {node: n for n, node in enumerate(tree.iter("a", "area", *_HEADINGS))} if headings else {}
    blocks: dict[etree._Element, list[tuple[int, str]]] = {}
    for node, text in headings:
        block = node.getparent()
        while block is not None and block.getparent() is not None and len(shown(block)) <= len(text) + 20:
            block = block.getparent()  # a wrapper with nothing but the heading, or a "see all" beside it
        if block is not None:
            blocks.setdefault(block, []).append((order[node], text))

    def heading(link: etree._Element) -> str | None:
        at = order.get(link, 0)
        for block in link.iterancestors():
            before = [text for place, text in blocks.get(block, ()) if place < at]
            if before:
                return before[-1]
        return None

    return heading


def declared_feeds(tree: etree._Element, outlet: Outlet) -> tuple[str, ...]:
    """Feeds that the page declares (`link rel=alternate`, RSS autodiscovery), in page order."""
    urls = (
        clean_url(node.get("href") or "", outlet.page)
        for node in tree.iter("link")
        if re.search(r"(?i)\b(alternate|feed)\b", node.get("rel") or "")
        and re.search(r"(?i)application/(rss|atom|rdf|feed)\+(xml|json)", node.get("type") or "")
        and node.get("href")
    )
    return tuple(dict.fromkeys(u for u in urls if u))
