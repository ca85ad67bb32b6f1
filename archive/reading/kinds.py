"""kind(page, ...): what a page is, and why: article, section, live, gallery, video, consent, paywall, error, shell.

Judged by what the page says of itself (JSON-LD, Open Graph), by how much running text it has, by how that stands
beside links, and by whether it is an article's own text or that of teasers. What stands instead of one: `walls.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from archive.lines import key_of
from archive.links.shapes import article_shape, long_enough, same_outlet
from archive.reading.blocks import FIGURE, FOOTER, NAV, TABLE, Block, Place, like, width
from archive.reading.bodies import Body
from archive.reading.metadata import canonical
from archive.reading.pages import Page, kinds
from archive.reading.traits import CAPTION
from archive.reading.walls import SHORT, denied, share, steps, stub, wall
from archive.urls import clean_url, host_of

#: Kinds whose body is no article and becomes no text.
TEXTLESS = frozenset(("section", "consent", "paywall", "error", "shell"))

SHELL = 200  # letters on the whole page, below which scripts were to build it
ITEM = 120  # letters of two paragraphs on such a page that may still be a short item
OWN = 150  # letters of running text beside teasers that may be a short item's
FRAME = 60  # letters beside links, menus and footers, below which it is an empty frame
HEADLINES = 12  # linked headings that make a page of little text a section
TEASERS = 5  # teasers of other pages that make what they hold a list
TEASED = 0.6  # share of the text that they must hold
PICTURES = 6  # pictures with a few words each that make a gallery
ENTRIES = 5  # entries with times that make a live page

_FEEDS = frozenset(("rss", "feed", "urlset", "sitemapindex", "rdf"))
_JSON = re.compile(r"\s*(?:\{\s*\"[^\"]{1,80}\"\s*:|\[\s*\{\s*\")")
_GALLERIES = frozenset(("ImageGallery", "MediaGallery"))
_LISTING = frozenset(("CollectionPage", "ItemList", "SearchResultsPage", "ProfilePage"))
_TALKING = frozenset(
    (
        "NewsArticle",
        "Article",
        "ReportageNewsArticle",
        "BlogPosting",
        "AnalysisNewsArticle",
        "OpinionNewsArticle",
        "ReviewNewsArticle",
        "BackgroundNewsArticle",
        "AdvertiserContentArticle",
        "LiveBlogPosting",
        "Report",
    )
)
#: Words of addresses under which lists stand: generic ones of the trade.
_LISTED = re.compile(
    r"/(?:authors?|autor(?:e[sn])?|auteurs?|autori|profiles?|tags?|topics?|themen?|temas?|category|categor\w+|rubri\w+|"
    r"search|suche|buscar|recherche|ricerca|archives?|archiv[eo]?|sections?|ressort|page/\d+)(?:/|$)"
)
_PICTURED = re.compile(
    r"galer\w*|galler\w*|slide-?shows?|diaporama|bilderstrecke|fotostrecke|in-pictures|photo-essay|slides?"
)


def kind(
    page: Page, found: Sequence[Block], body: Body, title: str | None, published: str | None, status: int | None = None
) -> tuple[str, str]:
    """(kind, reason). status: what the server said, 200 if None."""
    if status is not None and status >= 400:
        return "error", f"status {status}"
    if said := _no_page(page):
        return said
    size = sum(width(one) for one in body.paragraphs)
    own = _own(page, found, title)
    claimed = {name for one in (page.thing, *page.things[:30]) for name in kinds(one)}
    if "LiveBlogPosting" in kinds(own):
        return "live", "JSON-LD says LiveBlogPosting"
    if shown := wall(page, found, body, title, own, published):
        return shown
    if reason := stub(page, found, body):
        return "paywall", reason
    everything = sum(width(one.text) for one in found)
    listed = _List(page, found, body) if not own.get("datePublished") else None
    if listed is not None and size >= SHORT and (phrase := denied(page, found, title)) and _offers(listed, body):
        return "error", f"the headline says {phrase!r}, and the text below it is of other pages"
    talking = bool(_TALKING & set(kinds(own)))
    if size < SHORT and not talking:
        shared = (page.meta("og:type") or "").lower()
        if "VideoObject" in claimed or shared.startswith("video"):
            return "video", "JSON-LD or og:type say video, and there is little text"
    item = FRAME if own.get("datePublished") else ITEM if len(body.paragraphs) > 1 else SHELL
    if everything < SHELL and size < item:
        return "shell", f"{round(everything)} letters on the whole page"
    if listed is not None and (
        reason := listed.reason() or _section(page, found, claimed, size, listed.share, published)
    ):
        return "section", reason
    if size < SHORT and _empty(found, body, size):
        return "shell", "nothing but menus and a footer"
    if reason := _gallery(page, found, body, claimed, size, talking=talking):
        return "gallery", reason
    if reason := _entries(page, found, body):
        return "live", reason
    return "article", "running text" if size >= SHORT else "short text"


def _no_page(page: Page) -> tuple[str, str] | None:
    """(kind, reason) where the payload is data for programs and no page; None where it is one."""
    root = page.tree.find("body")
    first = next(iter(root if root is not None else page.tree), None)
    if first is not None and isinstance(first.tag, str) and first.tag.rpartition(":")[2] in _FEEDS:
        return "section", f"a feed or sitemap ({first.tag}), and no page"
    texts = [one.text or "" for one in (root, first) if one is not None and one.tag in ("body", "p")]
    return ("error", "JSON, and no page") if any(_JSON.match(text) for text in texts) else None


def _own(page: Page, found: Sequence[Block], title: str | None) -> dict[str, Any]:
    """The JSON-LD object of this page's own article, or {}: lists of teasers are articles in JSON-LD, too.

    Its own is the one that names the page's address or headline; or the only one, where it names no other address.
    """
    articles = [one for one in page.things[:50] if _TALKING & set(kinds(one))]
    places = {_place(url) for url in (page.url, canonical(page)[0] or "", page.meta("og:url") or "")}
    heads = {key_of(one.text) for one in found if one.heading and one.place.tag == "h1"} | {key_of(title or "")}
    for one in articles:
        addresses = {_place(clean_url(url, page.base) or "") for url in _addresses(one)} - {""}
        named = key_of(str(one.get("headline") or one.get("name") or ""))
        if addresses & places or any(like(named, head) for head in heads if named and head):
            return one
    return articles[0] if len(articles) == 1 and not any(map(_is_path, _addresses(articles[0]))) else {}


def _addresses(thing: dict[str, Any]) -> list[str]:
    values = [thing.get(name) for name in ("url", "@id", "mainEntityOfPage")]
    values = [one.get("@id") or one.get("url") if isinstance(one, dict) else one for one in values]
    return [one for one in values if isinstance(one, str) and one]


def _is_path(address: str) -> bool:
    return urlsplit(address).path.strip("/") != ""


def _place(url: str) -> str:
    """Host and path of a URL, so far as they tell pages apart."""
    parts = urlsplit(url)
    return (parts.netloc.removeprefix("www.") + parts.path.rstrip("/")).lower()


def _empty(found: Sequence[Block], body: Body, size: float) -> bool:
    """Whether the page is a frame that scripts were to fill: a menu, a footer, and hardly a word beside."""
    texts = set(body.paragraphs)
    framed = sum(width(one.text) for one in found if one.text in texts and one.marks & FOOTER)
    plain = sum(
        len(one.text) - one.linked
        for one in found
        if not one.marks & (NAV | FOOTER) or (not one.marks & FOOTER and len(one.text) > 80)  # a menu never closed
    )
    return plain < FRAME and size - framed < FRAME


# -- lists -------------------------------------------------------------------------------------------------------------


class _List:
    """The teasers of other pages among a page's blocks, and what of its text stands in them.

    A teaser is what holds one linked headline of another page of the outlet, and text beside it; or the lines right
    below a heading that is such a link.
    """

    def __init__(self, page: Page, found: Sequence[Block], body: Body) -> None:
        self.targets: dict[Place, set[str]] = {}
        heads: dict[Block, str] = {}
        for one in found:
            if not one.marks & (NAV | FOOTER) and (target := _elsewhere(page, one)):
                heads[one] = target
                for step in steps(one.place):
                    self.targets.setdefault(step, set()).add(target)
        texts = set(body.paragraphs)
        self.held: set[str] = set()
        teased = total = 0.0
        above: Block | None = None
        for one in found:
            if one in heads and one.heading:
                above = one
            if one.text not in texts:
                continue
            total += width(one.text)
            if (target := self._unit(one) or heads.get(one) or _heads_it(above, one, heads)) is not None:
                teased += width(one.text)
                self.held.add(target)
        self.share = teased / total if total else 0.0

    def _unit(self, one: Block) -> str | None:
        """What the teaser that holds the block links to; None where the block stands in none."""
        target = None
        for step in steps(one.place):
            held = self.targets.get(step, set())
            if len(held) > 1:
                break
            target = next(iter(held), target)
        else:
            return None  # the only such link of the whole page
        return target

    def reason(self) -> str | None:
        if len(self.held) < TEASERS or self.share < TEASED:
            return None
        return f"{len(self.held)} teasers of other pages hold {round(100 * self.share)} % of the text"


def _heads_it(above: Block | None, one: Block, heads: dict[Block, str]) -> str | None:
    beside = above is not None and above.place.parent is one.place.parent and one.order - above.order <= 2
    return heads[above] if above is not None and beside else None


def _elsewhere(page: Page, one: Block) -> str | None:
    """The other page of the outlet that a headline links to; None for any other line.

    What stands below the page's own address is a part of it: the entries of live pages have such addresses.
    """
    if one.linked <= 0.8 * len(one.text) or not long_enough(one.text):
        return None
    element = one.place.element
    link = next(element.iter("a"), None) if element.tag != "a" else element
    link = link if link is not None else next(element.iterancestors("a"), None)
    url = clean_url(link.get("href") or "", page.base) if link is not None else None
    if url is None or not same_outlet(host_of(page.url), host_of(url)):
        return None
    own, parts = urlsplit(page.url), urlsplit(url)
    part = parts.path.startswith(own.path.rstrip("/") + "/") and article_shape(own.netloc + own.path) == 2
    if parts.path.rstrip("/") == own.path.rstrip("/") or part:
        return None
    return url if article_shape(parts.netloc + parts.path) else None


def _offers(listed: _List, body: Body) -> bool:
    """Whether the text of a page with an error in its headline is none of its own."""
    return listed.reason() is not None or share("error", body.paragraphs[:2])[0] >= 0.2


def _section(
    page: Page, found: Sequence[Block], said: set[str], size: float, teased: float, published: str | None
) -> str | None:
    """Why the page is a list of articles; None where it is not. teased: share of its text that stands in teasers."""
    address = urlsplit(page.url)
    listed = _LISTED.search(address.path) is not None
    shape = 0 if listed else article_shape(address.netloc + address.path)
    points, reasons = 0.0, []
    teasers = sum(one.heading and one.linked > 0.8 * len(one.text) and len(one.text) > 15 for one in found)
    linked = sum(one.linked for one in found) / max(sum(len(one.text) for one in found), 1)
    shared = (page.meta("og:type") or "").lower()
    size = min(size, sum(len(one.text) - one.linked for one in found if not one.marks & (NAV | FOOTER)))
    for worth, true, reason in (
        (1.5, address.path in ("", "/"), "home page"),
        (1.0, shape == 0, "the URL is no article's"),
        (-1.0, shape == 2, ""),
        (-1.0, shape > 0 and size >= OWN and teased < 0.2, ""),
        (-0.5, shape > 0 and any(map(str.isdigit, address.path.rpartition("/")[2])), ""),
        (1.0, shared in ("website", "webpage"), "og:type"),
        (1.5, shared == "profile", "og:type"),
        (1.5, bool(said & _LISTING), "JSON-LD lists"),
        (1.5, teasers >= HEADLINES, f"{teasers} teasers"),
        (1.0, size < SHORT, "little running text"),
        (1.0, size < FRAME, "hardly any"),
        (1.0, linked > 0.6, f"{round(100 * linked)} % of the text is linked"),
        (0.5, published is None, "no date"),
        (-1.5, size > 3 * SHORT and linked < 0.4, ""),
    ):
        if true:
            points += worth
            reasons.append(reason)
    return ", ".join(filter(None, reasons)) if points >= 4 else None


# -- pictures and entries ----------------------------------------------------------------------------------------------


def _gallery(
    page: Page, found: Sequence[Block], body: Body, said: set[str], size: float, *, talking: bool
) -> str | None:
    """Why the page is a row of pictures with words beside each; None where it is an article."""
    if talking and not said & _GALLERIES:
        return None
    texts = set(body.paragraphs)
    pictured = [one for one in found if one.text in texts and _beside_a_picture(one)]
    beside = sum(width(one.text) for one in pictured)
    if said & _GALLERIES:
        captions = sum(bool(one.marks & FIGURE) for one in found)
        plain = sum(width(one.text) for one in found if not one.linked and not one.marks & (FIGURE | NAV | FOOTER))
        if not talking and (size < SHORT or (captions >= PICTURES and plain < SHORT)):
            return "JSON-LD says gallery, and there is little text beside the pictures"
        if size < 2 * SHORT and captions >= 8:
            return "pictures with captions, and little text beside"
    if talking or len(pictured) < PICTURES or beside < 0.7 * size:
        return None
    named = _PICTURED.search(urlsplit(page.url).path.lower()) is not None
    return f"{len(pictured)} pictures hold the text, and the URL says so" if named else None


def _beside_a_picture(one: Block) -> bool:
    """Whether the block stands in an element with a picture and little else."""
    if one.marks & FIGURE:
        return True
    return any(step.pictures and step.letters < CAPTION for step in steps(one.place)[:3])


def _entries(page: Page, found: Sequence[Block], body: Body) -> str | None:
    """Why the text is a sequence of dated entries; None where it is one article. What links elsewhere is a teaser."""
    texts = set(body.paragraphs)
    entries: dict[Place, bool] = {}
    for one in found:
        for step in steps(one.place):
            if step.tag == "article" or (step.tag == "li" and not one.marks & TABLE):
                entries[step] = entries.get(step, False)
                break
    for one in found:
        if one.times:
            for step in steps(one.place):
                if step in entries:
                    entries[step] = True
                    break
    held = {
        step
        for one in found
        if one.text in texts and width(one.text) > 80
        for step in steps(one.place)
        if entries.get(step)
    }
    if len(held) >= ENTRIES:
        held -= {step for one in found if _elsewhere(page, one) for step in steps(one.place)[:4]}
    return f"{len(held)} entries with times" if len(held) >= ENTRIES else None
