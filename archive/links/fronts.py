"""read_listing: what a section page, a feed or a news sitemap lists, as `front` links with rank and headline as shown.

The content decides what it is, whatever type the server declared: HTML, RSS 0.9x/1.0/2.0, Atom, JSON Feed, a sitemap
(sitemaps.org protocol, with Google's `news:` tags) or an index of sitemaps; each may be gzipped. Nothing is fetched, no
entity is expanded, and no content makes it raise: what cannot be read is a `problem`, one word.

On an HTML page an *article link* is judged by three things that hold in any language: the shape of the URL (date,
number, long slug), the shown text (does it read like a headline or like a label), and where it stands (heading, card,
menu). Links of one URL shape are judged together, since an outlet writes its articles' addresses in one manner.
`Site.articles` overrides the judgement.
"""

from __future__ import annotations

import io
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from html import unescape
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import feedparser
from lxml import etree

from archive.records import Capture, Link
from archive.sites import Site
from archive.urls import clean_url

MAX_LINKS = 5_000  # article links kept of one page or feed
MAX_SITEMAP_URLS = 50_000  # sitemaps.org: "no more than 50,000 URLs and no larger than 50 MB", uncompressed
MAX_LISTING_BYTES = 50 * 2**20
MAX_NEXT_PAGES = 10
MAX_TEXT = 300  # characters of a shown headline; longer ones are whole paragraphs

#: Words for why a listing could not be read, or not wholly; all that may stand in `Listing.problem`.
PROBLEMS = {
    "empty": "it lists nothing",
    "not_a_listing": "it is neither HTML, feed nor sitemap",
    "xml_entities": "it declares a document type or entities, which may hide a bomb or read files",
    "truncated": "it breaks off; its whole entries were used",
    "too_many": "it lists more than we take",
    "too_large": "it is larger than we read; the part that was read was used",
    "html": "a feed or sitemap was asked for and a web page came",
}


class ListingError(ValueError):
    """Content that is refused. `word` is the key in PROBLEMS; `read_listing` turns it into `Listing.problem`."""

    def __init__(self, word: str) -> None:
        super().__init__(f"This listing is refused: {PROBLEMS[word]}.")
        self.word = word


@dataclass(frozen=True, slots=True)
class Listing:
    """What one page lists: article links in page order, and where there is more.

    next_pages: further pages of the same list. children: sitemaps named by an index. feeds: feeds that the page
    declares. problem: a key of PROBLEMS, or None. What could be read is there also when there is a problem.
    """

    links: tuple[Link, ...] = ()
    next_pages: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    problem: str | None = None


def front_links(capture: Capture, site: Site | None = None) -> tuple[Link, ...]:
    """The article links that a captured section page, feed or sitemap lists, in its order. Never raises on content."""
    return read_listing(capture, site).links


def read_listing(capture: Capture, site: Site | None = None) -> Listing:
    """What a captured section page, feed or sitemap lists.

    capture: with the payload; one without a payload lists nothing. site: its `articles` pattern decides where it is
    set, and its home page belongs to the outlet. Never raises on content; every target is http or https.
    """
    try:
        payload, whole = _unpacked(capture.payload or b"")
        text = _decoded(payload, capture.content_type)
        outlet = _Outlet.of(capture.url, site)
        listing = _read(text, capture, outlet)
    except ListingError as error:
        return Listing(problem=error.word)
    if not whole and listing.problem in (None, "truncated"):
        listing = replace(listing, problem="too_large")
    return listing


def _read(text: str, capture: Capture, outlet: _Outlet) -> Listing:
    """The listing in a text of whatever kind; ListingError where it is of none."""
    text = text.lstrip("\ufeff \t\r\n\x00")
    if not text:
        raise ListingError("empty")
    if text[0] in "{[":
        return _json_feed(text, outlet)
    kind, text = _kind(text)
    if kind in ("urlset", "sitemapindex"):
        listing = _sitemap(text, outlet)
    elif kind in _FEED_ROOTS:
        listing = _feed(text, outlet)
    else:
        listing = _page(text, capture, outlet)
        if capture.kind in ("feed", "sitemap") and not listing.problem:
            listing = replace(listing, problem="html")
    if not (listing.links or listing.children or listing.problem):
        listing = replace(listing, problem="empty")
    return listing


# ---------------------------------------------------------------------------------------------- bytes to text


def _unpacked(payload: bytes) -> tuple[bytes, bool]:
    """The payload without gzip (RFC 1952), at most MAX_LISTING_BYTES of it; False where there was more."""
    whole = True
    for _ in range(2):  # a .gz file that a server compressed once more
        if payload[:2] != b"\x1f\x8b":
            break
        stream = zlib.decompressobj(wbits=31)
        try:
            payload = stream.decompress(payload, MAX_LISTING_BYTES + 1)
        except zlib.error:
            raise ListingError("not_a_listing") from None
        whole = stream.eof
    return payload[:MAX_LISTING_BYTES], whole and len(payload) <= MAX_LISTING_BYTES


# Labels as the WHATWG Encoding Standard §4.2 reads them: pages that say Latin-1 mean windows-1252, and so on.
_CHARSETS = {
    "ascii": "cp1252", "us-ascii": "cp1252", "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "latin1": "cp1252",
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "big5": "big5hkscs", "x-sjis": "cp932",
    "shift_jis": "cp932", "shift-jis": "cp932", "windows-31j": "cp932", "euc-kr": "cp949", "ks_c_5601-1987": "cp949",
    "iso-8859-9": "cp1254", "iso-8859-11": "cp874", "tis-620": "cp874", "windows-874": "cp874", "utf8": "utf-8",
    "utf-16": "utf-16-le",
}  # fmt: skip
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w:.-]+)|^\s*<\?xml[^>]{0,200}encoding\s*=\s*[\"']([\w:.-]+)", re.I)
#: Families of encodings for text; Python's list also holds such as utf-7 and unicode_escape, which hide things.
_TEXTUAL = re.compile(r"(utf-?(8|16|32)|iso-?8859|windows-?\d|cp\d|koi8|gb|big5|euc|iso-2022|mac)", re.I)


def _decoded(payload: bytes, content_type: str | None) -> str:
    """The text: byte order mark, then UTF-8 if it is that, then what server or page declare, then windows-1252.

    Bytes that are sound UTF-8 with anything beyond ASCII are never anything else in practice, so a wrong label
    does no harm. ListingError for bytes that are no text.
    """
    for mark, name in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if payload.startswith(mark):
            return payload[len(mark) :].decode(name, "replace")
    head = payload[:2048].decode("latin-1")
    found = [a or b for a, b in _CHARSET.findall(content_type or "") + _CHARSET.findall(head)]
    names = [_CHARSETS.get(n.lower(), n.lower()) for n in found if _TEXTUAL.match(_CHARSETS.get(n.lower(), n))]
    # ISO-2022 is ASCII bytes with escapes, and UTF-16 of ASCII is ASCII with NULs: both are sound UTF-8, so ask first.
    if names and names[0].startswith(("iso-2022", "utf-16", "utf-32")) and ("\x1b" in head or "\x00" in head):
        return payload.decode(names[0], "replace")
    if head.count("\x00") > 8 or head.startswith(("%PDF", "\x89PNG", "\xff\xd8\xff", "GIF8", "PK\x03\x04")):
        raise ListingError("not_a_listing")
    for name in ["utf-8", *names]:
        try:
            return payload.decode(name)
        except UnicodeDecodeError as error:
            if name == "utf-8" and error.start > len(payload) - 4:  # cut in the middle of a character
                return payload[: error.start].decode(name)
        except LookupError:
            continue
    try:
        return payload.decode(names[0] if names else "cp1252", "replace")
    except LookupError:
        return payload.decode("cp1252", "replace")


# -------------------------------------------------------------------------------------------------- what it is

_FEED_ROOTS = ("rss", "rdf", "feed", "channel")
_PROLOG = re.compile(r"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)")
_NETSCAPE = re.compile(r"<!DOCTYPE\s+rss\s+PUBLIC\s+\"-//Netscape[^\"<>\[\]]*\"\s*\"[^\"<>\[\]]*\"\s*>", re.I)
_LATE_ROOT = re.compile(r"<(?:rss|feed|rdf:RDF|urlset|sitemapindex)[\s>]")


def _kind(text: str) -> tuple[str, str]:
    """(name of the root element in lower case, the text from there on); ListingError for what must not be parsed."""
    at = _PROLOG.match(text).end()  # type: ignore[union-attr]  # it matches the empty string too
    if text[at : at + 9].lower() == "<!doctype":
        # RSS 0.91 asks for Netscape's own DOCTYPE: without an internal subset it declares nothing, so it is cut out.
        if netscape := _NETSCAPE.match(text, at):
            return _kind(text[netscape.end() :])
        if not re.match(r"<!doctype\s+\"?html", text[at : at + 40], re.I):
            raise ListingError("xml_entities")
        return "html", text
    root = _ROOT.match(text, at)
    if root:
        name = root[1].lower()
        if name in ("urlset", "sitemapindex", *_FEED_ROOTS):
            return name, text[at:]
        if text.startswith("<?xml") and name != "html":
            raise ListingError("not_a_listing")
        return "html", text
    # Some servers print warnings or empty lines before the feed.
    late = _LATE_ROOT.search(text, 0, 2_000)
    if late and not re.search(r"<(html|body|!doctype)", text[: late.start()], re.I):
        return _kind(text[late.start() :])
    if "<" not in text[:2_000]:
        raise ListingError("not_a_listing")
    return "html", text


def _whole_entries(text: str, entry: str, root: str, limit: int) -> tuple[str, str | None]:
    """The XML text with whole entries only, at most `limit`, closed again; and the problem, if it was cut."""
    ends = [m.end() for m in re.finditer(rf"</(?:[\w.-]+:)?{entry}\s*>", text)]
    closed = re.search(rf"</(?:[\w.-]+:)?{root}\s*>\s*(?:<!--.*?-->\s*)*$", text[-2_000:], re.DOTALL | re.I)
    if closed and len(ends) <= limit:
        return text, None
    if not ends:
        return text, "truncated"
    problem = "too_many" if len(ends) > limit else "truncated"
    tags = re.match(r"<([\w.:-]+)", text)
    inner = "</channel>" if root == "rss" else ""
    return text[: ends[min(limit, len(ends)) - 1]] + f"{inner}</{tags[1] if tags else root}>", problem


# ------------------------------------------------------------------------------------------------------ feeds


def _feed(text: str, outlet: _Outlet) -> Listing:
    """RSS of any version or Atom (RFC 4287), read by feedparser, which also reads broken ones."""
    root = _ROOT.match(text)
    entry = "entry" if root and root[1].lower() == "feed" else "item"
    text, problem = _whole_entries(text, entry, root[1] if root else "rss", MAX_LINKS)
    try:
        # Bytes in a file object: given a bare string, feedparser would try it as an address and as a file name.
        parsed = feedparser.parse(
            io.BytesIO(text.encode("utf-8", "replace")),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception:  # noqa: BLE001  # three parsers of other hands; whatever they trip over, the page is a row
        raise ListingError("not_a_listing") from None
    outlet = outlet.joined(str(parsed.feed.get("link") or ""))
    rows = (
        _Entry(
            str(e.get("feedburner_origlink") or e.get("link") or ""),
            str(e.get("title") or ""),
            str(e.get("published") or e.get("updated") or ""),
        )
        for e in parsed.entries
    )
    links = _entries(rows, outlet)
    more = tuple(
        url
        for link in parsed.feed.get("links", [])
        if link.get("rel") == "next" and (url := clean_url(str(link.get("href") or ""), outlet.page))
    )  # RFC 5005 §3, paged feeds
    return Listing(links=links, next_pages=more[:MAX_NEXT_PAGES], problem=problem)


def _json_feed(text: str, outlet: _Outlet) -> Listing:
    """JSON Feed 1.0 and 1.1 (jsonfeed.org); ListingError for any other JSON."""
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError):
        raise ListingError("not_a_listing") from None
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list) or "jsonfeed.org" not in str(feed.get("version")):
        raise ListingError("not_a_listing")
    outlet = outlet.joined(_string(feed.get("home_page_url")))
    rows = (
        _Entry(
            _string(item.get("url") or item.get("id")),
            _string(item.get("title")),
            _string(item.get("date_published") or item.get("date_modified")),
        )
        for item in items
        if isinstance(item, dict)
    )
    links = _entries(rows, outlet)
    following = clean_url(_string(feed.get("next_url")), outlet.page) if feed.get("next_url") else None
    problem = "too_many" if len(items) > MAX_LINKS else None if links else "empty"
    return Listing(links=links, next_pages=(following,) if following else (), problem=problem)


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of a feed or sitemap, as given."""

    href: str
    title: str
    date: str
    news: bool = True  # the format itself says that this is an article


def _entries(rows: Iterable[_Entry], outlet: _Outlet, limit: int = MAX_LINKS) -> tuple[Link, ...]:
    """The entries that are articles of the outlet, each target once, in order. A repeated one may add its title."""
    found: dict[str, Link] = {}
    for row in rows:
        href = row.href.strip()
        target = clean_url(href, outlet.page) if href else None
        if target is None or not outlet.takes(target, listed=row.news):
            continue
        text, published = _plain(row.title), iso_date(row.date)
        known = found.get(target)
        if known is None:
            if len(found) >= limit:
                break
            found[target] = Link("front", len(found) + 1, target, text, None, href, published)
        else:
            found[target] = replace(known, text=known.text or text, published=known.published or published)
    return tuple(found.values())


def _plain(markup: str) -> str | None:
    """A title without tags and character references, on one line; None where nothing is left."""
    text = unescape(re.sub(r"<[^<>]{0,1000}>", " ", markup)) if "<" in markup or "&" in markup else markup
    return " ".join(text.replace("\u00ad", "").split())[:MAX_TEXT] or None


def iso_date(text: str) -> str | None:
    """A feed's or sitemap's date as ISO 8601, with the zone that it gives and none where it gives none.

    text: ISO 8601 / RFC 3339 / W3C-DTF, RFC 822 / 2822, or one of the local forms that feedparser knows (Korean,
    Greek, Hungarian, asctime). Returns None for anything else, and for dates that do not exist.
    """
    text = " ".join(text.split())[:100]
    if re.match(r"\d{4}-\d\d-\d\d", text):
        text = re.sub(r" (?=[+-]\d\d:?\d\d$)", "", text)
        try:
            value = datetime.fromisoformat(text)
        except ValueError:
            return None
        return text if len(text) == 10 or text[10] == "T" else value.isoformat()
    try:
        return parsedate_to_datetime(text).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        pass
    if re.fullmatch(r"\d{4}(-\d\d)?", text):  # W3C-DTF: a year, or a month, is a whole date
        return text if 1 <= int(text[5:] or 1) <= 12 else None
    try:
        parsed = feedparser.datetimes._parse_date(text)
        return datetime(*parsed[:6]).isoformat() + "Z" if parsed else None
    except Exception:  # noqa: BLE001  # date formats of other hands
        return None


# --------------------------------------------------------------------------------------------------- sitemaps


def _sitemap(text: str, outlet: _Outlet) -> Listing:
    """A urlset or sitemapindex (sitemaps.org/protocol.html), with `news:` tags where they are."""
    index = "sitemapindex" in text[:200].split(">")[0].lower()
    text, problem = _whole_entries(
        text, "sitemap" if index else "url", "sitemapindex" if index else "urlset", MAX_SITEMAP_URLS
    )
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, recover=True, remove_comments=True
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        raise ListingError("not_a_listing")
    rows = [_url_entry(node) for node in root.iter("{*}sitemap" if index else "{*}url")]
    if index:
        urls = (clean_url(row.href, outlet.page) for row in rows if row.href)
        own = dict.fromkeys(u for u in urls if u and u != outlet.own and outlet.owns(u))
        return Listing(children=tuple(own), problem=problem)
    return Listing(links=_entries(rows, outlet, MAX_SITEMAP_URLS), problem=problem)


def _url_entry(node: etree._Element) -> _Entry:
    """A `url` element: its `loc`, `news:title`, and `news:publication_date` or else `lastmod`."""
    values: dict[str, str] = {}
    for child in node.iter(etree.Element):
        # Prefixes that were never declared stay in the tag: `news:title` beside `{http://…/sitemap-news/0.9}title`.
        space, name = re.fullmatch(r"(?s)(?:\{(.*)\}|([^:]*):)?(.*)", str(child.tag)).group(1, 3)  # type: ignore[union-attr]
        prefix = (space or str(child.tag)).lower()
        if "image" in prefix or "video" in prefix or (name == "title" and "news" not in prefix):
            continue
        values.setdefault(name, (child.text or "").strip())
    news = "publication_date" in values or "title" in values
    date = values.get("publication_date") or values.get("lastmod", "")
    return _Entry(values.get("loc", ""), values.get("title", ""), date, news)


# ------------------------------------------------------------------------------------- whose page, which address


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: Labels that stand below a country's domain and belong to everybody (the common ones of the Public Suffix List).
_SHARED_LABELS = _set("ac asn co com edu ed gen go gob gouv gov id info ltd mil ne net nom or org press web")


@lru_cache(1_000)
def _domain(host: str) -> str:
    """The registrable domain, near enough without the Public Suffix List; addresses and bare names keep their port."""
    name, _, _ = host.partition(":")
    labels = name.split(".")
    if len(labels) < 2 or labels[-1].isdigit() or host.startswith("["):
        return host
    size = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SHARED_LABELS else 2
    return ".".join(labels[-size:])


@dataclass(frozen=True, slots=True)
class _Outlet:
    """Whose listing it is: the base of relative links, the page itself, the domains, and the site's own pattern."""

    page: str
    own: str
    domains: frozenset[str]
    pattern: re.Pattern[str] | None = None

    @classmethod
    def of(cls, url: str, site: Site | None) -> _Outlet:
        own = clean_url(url) or url
        urls = [own, *([site.home, *site.sections] if site else [])]
        domains = frozenset(_domain(urlsplit(u).netloc) for u in urls if clean_url(u))
        return cls(url, own, domains, re.compile(site.articles) if site and site.articles else None)

    def joined(self, url: str) -> _Outlet:
        """The same, when the content names the outlet's page (a feed may be served from another house)."""
        cleaned = clean_url(url, self.page) if url else None
        return replace(self, domains=self.domains | {_domain(urlsplit(cleaned).netloc)}) if cleaned else self

    def owns(self, url: str) -> bool:
        return _domain(urlsplit(url).netloc) in self.domains

    def takes(self, url: str, listed: bool) -> bool:
        """Whether an address of a feed or sitemap is an article's; listed: the format says that it is one."""
        if not self.owns(url) or url == self.own:
            return False
        if self.pattern:
            return bool(self.pattern.search(url))
        if listed:
            return not _other_kind(url)
        points = _address_points(url)
        return points is not None and points >= 1.5


#: Path segments, as whole segments, in the languages that name them so. Below these there is never an article:
_OTHER_KINDS = _set(
    """
    login log-in signin sign-in signup sign-up register registration account my-account myaccount konto logout auth
    sso oauth subscribe subscription subscriptions abo abos abonnement abonnements suscripcion suscripciones
    assinatura membership newsletter newsletters nieuwsbrief boletin boletines newsletter-anmeldung donate spenden
    video videos videoteca mediathek livestream live-tv podcast podcasts tv-shows gallery galleries galerie galerien
    galeria galerias fotogalerie fotogalerien fotostrecke fotostrecken bildergalerie photos photo photo-gallery
    photogallery picture-gallery pictures slideshow diaporama portfolio fotos fotogaleria photostory search suche
    recherche buscar buscador busca ricerca zoeken sok arama rss feed feeds sitemap sitemaps sponsored advertorial
    advertorials branded-content brandcontent partner-content paid-content paidcontent anzeige anzeigen advertise
    advertising publicidad werbung mediadaten sponsor coupons gutscheine vouchers native promotion annonse annonce
    annons reklame reklama multimedia image images attachment attachments article_photo epaper e-paper wp-login.php
    wp-admin cdn-cgi wp-content api users datenschutz impressum imprint forum forums foren threads
    """
)
#: Labels put on articles, and people: below these there is an article only where the address holds a whole date.
_LABELS = _set(
    """
    tag tags tagged etiqueta etiquetas etikett mot-cle schlagwort stichwort topic topics tema temas theme themes thema
    themen dossier dossiers keyword keywords category categories kategorie categoria subject subjects label labels
    sekce sektion author authors autor autores autoren autori auteur auteurs autore autorzy writer writers profile
    profiles journalist journalists columnist columnists reporter staff byline bylines contributor contributors team
    redaktion redaccion korrespondenten series region regions location
    """
)
#: Sections and services that may hold articles; they are none themselves, so they never stand last.
_SECTIONS = _set(
    """
    archive archives archiv archivo about about-us contact contact-us contacts privacy privacy-policy terms agb legal
    faq terms-of-service terms-of-use terms-and-conditions cookies cookie-policy disclaimer help hilfe kontakt
    nutzungsbedingungen jobs careers karriere shop store games spiele puzzles crossword sudoku quiz horoscope horoskop
    wetter weather comments kommentare share print feedback settings tv radio audio play player live partners latest
    trending
    """
)
#: What an outlet sells, lists or says of itself; an address that names it needs more than that to be an article's.
_SERVICES = _set(
    """
    service services corporate company unternehmen intern about-us ueber-uns uber-uns om-oss om-os quienes-somos
    chi-siamo microsite event events veranstaltungen evento eventos job jobs career careers stellenmarkt classifieds
    marktplatz specials coupon coupons shop shopping-deals aktie aktien kurse quote quotes stocks annonces tickets
    ticket results resultats resultados risultati ergebnisse tabelle tabellen fixtures scores live-ticker liveticker
    sonderveroeffentlichung sonderveroeffentlichungen advertorials present campaign promo estaticos pages static
    spiele games onlinespiele
    """
)
_SERVICE_SLUG = re.compile(
    r"(?i)impressum|datenschutz|nutzungsbeding|jugendschutz|newsletter|abonnement|(^|-)(rss|agb|faq|whatsapp)(-|$)|privacy|"
    r"cookie|terms-(of|and)|code-of-conduct|code-of-ethics|about-(us|the|our)|contact-us|mentions-legales|aviso-legal|"
    r"politica-de|politique-de-conf|kodex|gizlilik|kvkk|whistleblow|advertis|(^|-)donat"
)
_ASSET = re.compile(
    r"(?i)\.(jpe?g|png|gif|webp|avif|svg|ico|css|js|mjs|json|xml|rss|atom|pdf|epub|zip|gz|mp[34]|m4[av]|webm|ogg|wav|m3u8|"
    r"docx?|xlsx?|pptx?|woff2?|ttf|exe|apk|ics|txt)$"
)
_DATE = re.compile(
    r"(?<!\d)((19|20)\d\d[/_.-]?(0[1-9]|1[0-2])[/_.-]?(0[1-9]|[12]\d|3[01])(?!\d)"  # 2026/02/03, 2026-02-03, 20260203
    r"|(19|20)\d\d/(0?[1-9]|1[0-2])(?=/)|(19|20)\d\d/(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*/\d)"
)
_HEX = re.compile(
    r"(?i)(?<![a-z0-9])(?=[a-z]*\d)(?=\d*[a-z])[0-9a-f]{8,}(?![a-z0-9])|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-"
)
_MIXED = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{7,}$")
_PERSON = re.compile(r"(author|autor|auteur|autore|profile|tag)[-_]")
_ID_KEY = re.compile(r"(?i)(id|no|num|artikel|article|story|news|idx|key|^p|^a)$")
_RETURN_KEY = re.compile(
    r"(?i)^(redirect|return|next|referr?er|url|u|back|continue|dest|amp|print|view|output|format|replytocom|share)"
)
_PAGE_FILE = re.compile(r"(?i)\.(s?html?|php\d?|aspx?|jsp|do|cms|ece|amp|story|stm)$")
_WORD_BREAK = re.compile(r"[-_+\s.,·]+")


def _other_kind(url: str) -> bool:
    """Whether an address is certainly no article's, whoever lists it: a file, a service, a video, a gallery."""
    path = unquote(urlsplit(url).path)
    segments = [s.lower() for s in path.split("/") if s]
    if _ASSET.search(path) or not _OTHER_KINDS.isdisjoint(segments) or segments[:1] == ["tv"]:
        return True
    return bool(segments) and segments[-1].partition(".")[0] in _OTHER_KINDS


def _address_points(url: str) -> float | None:
    """How far an address looks like an article's by its shape alone; None where it is certainly none."""
    if _other_kind(url):
        return None
    parts = urlsplit(url)
    path = unquote(parts.path)
    segments = [s.lower() for s in path.split("/") if s]
    query = parse_qsl(parts.query)
    ids = [v for k, v in query if _ID_KEY.search(k) and re.search(r"\d", v)]
    points = 2.0 if any(re.search(r"\d{3}", v) for v in ids) else 1.0 if ids else 0.0
    points -= 3.0 if any(_RETURN_KEY.search(k) or v.startswith("http") for k, v in query) else 0.0
    if not segments:
        return points or None
    if segments[-1] in _SECTIONS:
        return None
    last = _PAGE_FILE.sub("", segments[-1])
    dated = _DATE.search(path)
    if dated and path[dated.start() - 1] == "/" and not path[dated.end() :].strip("/"):
        return None  # a day's or a month's archive
    if not dated and any(s in _LABELS or _PERSON.match(s) for s in segments):
        if not re.search(r"\d{6}", segments[-1]):
            return None
        points -= 4.0
    points -= 2.5 if not _SERVICES.isdisjoint(segments) or _SERVICE_SLUG.search(last) else 0.0
    points += 3.0 if dated else 0.0
    points += 1.0 if last != segments[-1] and last not in ("index", "default", "home") else 0.0
    points += max(_slug_points(s) for s in (last, *segments[-2:-1]))
    points += _id_points(last, segments)
    return points - 1.0 if len(segments) == 1 and points < 2 else points


def _slug_points(segment: str) -> float:
    """A headline written into an address: many words, or many letters of a script that needs no hyphens."""
    if not segment.isascii() and sum(c.isalpha() and ord(c) > 0x2E7F for c in segment) >= 6:
        return 2.0
    words = [w for w in _WORD_BREAK.split(segment) if len(w) > 1 and not w.isdigit()]
    return {0: 0.0, 1: -1.0, 2: -0.5, 3: 0.75, 4: 1.5}.get(len(words), 2.5)


def _id_points(last: str, segments: list[str]) -> float:
    """A number or code that names one article, in one of the last two segments."""
    tail = "/".join(segments[-2:])
    digits = max((len(d) for d in re.findall(r"\d+", tail)), default=0)
    if digits >= 6 or _HEX.search(tail) or _MIXED.search(last):
        return 2.5
    return {5: 2.0, 4: 1.0, 3: 1.0}.get(digits, 0.0)


def _shape(url: str) -> str:
    """The manner in which an address is written: its last two segments with letters and digits reduced to classes."""
    parts = urlsplit(url)
    segments = [s for s in unquote(parts.path).lower().split("/") if s]
    classes = [_segment_class(s) for s in segments[-2:]]
    if len(segments) > 1 and classes[-1] in ("w", "9") and classes[-2] == "w":
        classes[-2] = segments[-2]  # /article/123456: here the word tells more than that it is one
    return f"{'/'.join(classes)}|{'&'.join(sorted({k for k, _ in parse_qsl(parts.query)}))}"


def _segment_class(segment: str) -> str:
    stem = _PAGE_FILE.sub("", segment)
    longest = max(map(len, re.findall(r"\d+", stem)), default=0)
    words = sum(1 for w in _WORD_BREAK.split(stem) if w and not w.isdigit())
    letters = "s" if words >= 4 or len(stem) > 40 else "w" if words else ""
    return letters + ("9" if longest >= 5 else "4" if longest else "") + segment[len(stem) :]


# ------------------------------------------------------------------------------------------------- web pages

_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_INLINE = _set("a abbr b bdi bdo cite code em i mark q s small strong sub sup u wbr font")
_MENU = re.compile(
    r"(?i)(?:^|[\s_-])(nav|navi|navigation|navbar|menu|submenu|breadcrumbs?|footer|topbar|offcanvas|hamburger|toolbar|"
    r"pagination|pager|paging|social|share|sharing|tags?|taglist|keywords|login|cookie|consent)(?=$|[\s_-])"
)
_MENU_ROLES = frozenset(("navigation", "menu", "menubar", "contentinfo", "banner", "search"))
_CARD = re.compile(r"(?i)(?:^|[\s_-])(card|teaser|story|article|item|post|entry|headline|promo)(?=$|[\s_-])")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(slots=True)
class _Anchor:
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
    anchors: list[_Anchor] = field(default_factory=list)
    points: float = 0.0

    def text(self) -> str:
        """The headline as shown: from a heading, else the longest text of a headline's length, else the first."""
        pool = [a.text for a in self.anchors if a.titled and a.text] or [a.text for a in self.anchors if a.text]
        likely = [t for t in pool if 3 <= _words(t) <= 30]
        return max(likely, key=len) if likely else max(pool, key=len, default="")


def _words(text: str) -> float:
    """The length of a shown text in words; letters of scripts without spaces count for half a word."""
    unspaced = sum(1 for c in text if ord(c) > 0xE00 and _UNSPACED.match(c))
    return len(text.split()) - (unspaced > 0) + unspaced / 2 if unspaced else len(text.split())


_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)


def _page(text: str, capture: Capture, outlet: _Outlet) -> Listing:
    """The listing in a web page."""
    tree = _tree(text)
    base = tree.find(".//base[@href]")
    if base is not None and (url := clean_url(base.get("href", ""), outlet.page)):
        outlet = replace(outlet, page=url)
    anchors = _anchors(tree, outlet)
    targets = _targets(anchors)
    found = _articles(targets, outlet)
    texts = [t.text() for t in found[:MAX_LINKS]]
    heading = _block_headings(tree, {a.node for t in found for a in t.anchors}, set(texts))
    links = [
        Link("front", rank, t.url, text or None, heading(t.anchors[0].node), t.anchors[0].href)
        for rank, (t, text) in enumerate(zip(found, texts, strict=False), 1)
    ]
    return Listing(
        links=tuple(links),
        next_pages=_next_pages(tree, anchors, outlet, {t.url for t in found}),
        feeds=_declared_feeds(tree, outlet),
        problem="too_many" if len(found) > MAX_LINKS else None,
    )


def _tree(text: str) -> etree._Element:
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


def _anchors(tree: etree._Element, outlet: _Outlet) -> list[_Anchor]:
    """The page's links within the outlet, in page order; the page itself and its fragments are not among them."""
    menu, card, titled = _memo(_is_menu), _memo(_is_card), _memo(lambda node: node.tag in _HEADINGS)
    urls: dict[str, str | None] = {"": None}  # image and headline of a card lead to the same place
    out = []
    for node in tree.iter("a", "area"):
        href = (node.get("href") or "").strip()
        if href not in urls:
            url = None if href[0] == "#" else clean_url(href, outlet.page)
            urls[href] = url if url and url != outlet.own and outlet.owns(url) else None
        url = urls[href]
        if url is None:
            continue
        inner = next(node.iter(*_HEADINGS), None)
        text = _shown(inner) if inner is not None else ""
        text = text or _shown(node) or _label(node)
        out.append(_Anchor(node, href, url, text[:MAX_TEXT], inner is not None or titled(node), menu(node), card(node)))
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


def _shown(node: etree._Element) -> str:
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


def _targets(anchors: list[_Anchor]) -> list[_Target]:
    found: dict[str, _Target] = {}
    for anchor in anchors:
        found.setdefault(anchor.url, _Target(anchor.url)).anchors.append(anchor)
    for target in found.values():
        # A card whose link is laid over it, or says "read on": the headline stands beside it.
        if all(_words(a.text) < 3 for a in target.anchors):
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
            text = _shown(node)
            return text if _words(text) >= 3 else None
    return None


def _articles(targets: list[_Target], outlet: _Outlet) -> list[_Target]:
    """Those that are articles, in page order: by the site's pattern, or by points and the company they keep."""
    if outlet.pattern:
        return [t for t in targets if outlet.pattern.search(t.url)]
    shapes: dict[tuple[str, bool], list[_Target]] = {}
    own_host = _bare_host(outlet.own)
    for target in targets:
        address = _address_points(target.url)
        if address is None:
            target.points = -9.0
            continue
        target.points = address + _showing_points(target)
        shapes.setdefault((_shape(target.url), _bare_host(target.url) == own_host), []).append(target)
    for (shape, at_home), group in shapes.items():
        company = _company_points(group)
        # Shops, jobs and games live on hosts of their own; a sister edition writes its addresses as this one does.
        if not at_home and len(shapes.get((shape, True), ())) < 3:
            company -= 2.5
        for target in group:
            target.points += company
    return [t for t in targets if t.points >= THRESHOLD]


THRESHOLD = 3.0


def _bare_host(url: str) -> str:
    return re.sub(r"^(www\d?|m|mobile|amp)\.", "", urlsplit(url).netloc)


def _showing_points(target: _Target) -> float:
    """What a page's way of showing a link says for its being an article."""
    words = max((_words(a.text) for a in target.anchors), default=0)
    points = 2.0 if words >= 6 else 1.5 if words >= 4 else 0.5 if words >= 3 else -1.0 if words else 0.0
    points += 1.5 if any(a.titled and _words(a.text) >= 2 for a in target.anchors) else 0.0
    points += 0.5 if any(a.card for a in target.anchors) else 0.0
    return points - (2.0 if all(a.menu for a in target.anchors) else 0.0)


def _company_points(group: list[_Target]) -> float:
    """What the other links of the same shape say: headlines speak for all of them, labels against."""
    if len(group) < 3:
        return 0.0
    headlines = sum(1 for t in group if any(_words(a.text) >= 5 for a in t.anchors))
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
        text = _shown(node)
        inside = any(a in taken for a in node.iter("a")) or any(a in taken for a in node.iterancestors("a"))
        if text and not inside and len(text) <= 120 and text not in headlines:
            headings.append((node, text))
    order = {node: n for n, node in enumerate(tree.iter("a", "area", *_HEADINGS))} if headings else {}
    blocks: dict[etree._Element, list[tuple[int, str]]] = {}
    for node, text in headings:
        block = node.getparent()
        while block is not None and block.getparent() is not None and len(_shown(block)) <= len(text) + 20:
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


def _declared_feeds(tree: etree._Element, outlet: _Outlet) -> tuple[str, ...]:
    """Feeds that the page declares (`link rel=alternate`, RSS autodiscovery), in page order."""
    urls = (
        clean_url(node.get("href") or "", outlet.page)
        for node in tree.iter("link")
        if re.search(r"(?i)\b(alternate|feed)\b", node.get("rel") or "")
        and re.search(r"(?i)application/(rss|atom|rdf|feed)\+(xml|json)", node.get("type") or "")
        and node.get("href")
    )
    return tuple(dict.fromkeys(u for u in urls if u))


# ------------------------------------------------------------------------------------------------ further pages

_PAGE_KEY = re.compile(r"(?i)^(page|paged|p|pg|pagina|pagenum|page_?no|seite|strana|strona|sayfa|sivu|start|offset)$")
_PAGE_PATH = re.compile(
    r"(?i)[/_-](?:(?:page|pagina|seite|strana|strona|sayfa|sivu|pag|p)[/_-]?|(?:index|list)[_-]?)(\d{1,4})(?:/?|\.\w+)$"
)
_BARE_NUMBER = re.compile(r"/(\d{1,3})/?$")
_INDEX_FILE = re.compile(r"(?i)/(?:(?:index|default|list)\.\w+)?$")


def _page_number(url: str, bare: bool = False) -> tuple[str, int]:
    """(the address without its page number, the number): 1 where an address names none.

    bare: a last segment that is nothing but a small number is a page number too.
    """
    parts = urlsplit(url)
    path, number = parts.path, 1
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    keyed = [(k, v) for k, v in pairs if _PAGE_KEY.match(k) and re.fullmatch(r"\d{1,6}", v)]
    match = _PAGE_PATH.search(path) or (_BARE_NUMBER.search(path) if bare else None)
    if keyed:
        number = int(keyed[0][1])
    elif match:
        path, number = path[: match.start()], int(match[1])
    rest = sorted(pair for pair in pairs if pair not in keyed)
    return f"{parts.netloc}{_INDEX_FILE.sub('', path)}?{rest}", number


def _next_pages(tree: etree._Element, anchors: list[_Anchor], outlet: _Outlet, articles: set[str]) -> tuple[str, ...]:
    """Further pages of this list: `rel=next` first, then higher numbers of the same address, lowest first.

    articles: what is no page of the list; some sites say `rel=next` of the next article.
    """
    named: list[str] = []
    numbered: list[tuple[int, str]] = []
    for url, is_next, text in _candidates_for_next(tree, anchors, outlet):
        if url == outlet.own or url in articles or not outlet.owns(url):
            continue
        bare = text.strip(" ›»>→[]").isdigit()
        page, current = _page_number(url, bare), _page_number(outlet.own, bare)
        if is_next:
            named.append(url)
        elif page[0] == current[0] and page[1] > current[1]:
            numbered.append((page[1], url))
    found = dict.fromkeys([*named, *(url for _, url in sorted(numbered))])
    return tuple(found)[:MAX_NEXT_PAGES]


def _candidates_for_next(
    tree: etree._Element, anchors: list[_Anchor], outlet: _Outlet
) -> Iterator[tuple[str, bool, str]]:
    """(address, whether the page says that it is the next one, text) of links, and of buttons that load more."""
    for node in tree.iter("link"):
        rel = (node.get("rel") or "").lower().split()
        if "next" in rel and (url := clean_url(node.get("href") or "", outlet.page)):
            yield url, True, ""
    for anchor in anchors:
        yield anchor.url, "next" in (anchor.node.get("rel") or "").lower().split(), anchor.text
    for node in tree.iter("a", "button", "div"):
        for name in ("data-url", "data-href", "data-next", "data-next-url", "data-load-more", "data-more-url"):
            value = node.get(name)
            if value and (url := clean_url(value, outlet.page)):
                yield url, "next" in name or "more" in name, ""
