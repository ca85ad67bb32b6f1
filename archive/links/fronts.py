"""read_listing: what a section page, a feed or a news sitemap lists, as `front` links with rank and headline as shown.

The content decides what it is, whatever type the server declared: HTML, RSS 0.9x/1.0/2.0, Atom, JSON Feed, a sitemap
(sitemaps.org protocol, with Google's `news:` tags) or an index of sitemaps; each may be gzipped. Nothing is fetched, no
entity is expanded, and no content makes it raise: what cannot be read is a `problem`, one word.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import replace

from archive import charset
from archive.links.addresses import Outlet
from archive.links.entries import ROOT
from archive.links.feeds import read_feed, read_json_feed
from archive.links.listing import MAX_LISTING_BYTES, Listing, ListingError
from archive.links.sitemaps import read_sitemap
from archive.links.webpages import read_page
from archive.records import Capture, Link
from archive.sites import Site


def front_links(capture: Capture, site: Site | None = None) -> tuple[Link, ...]:
    """The article links that a captured section page, feed or sitemap lists, in its order. Never raises on content."""
    return read_listing(capture, site).links


def read_listing(capture: Capture, site: Site | None = None) -> Listing:
    """What a captured section page, feed or sitemap lists.

    capture: with the payload; one without a payload lists nothing. site: its `articles` pattern decides where it is
    set, and its home page belongs to the outlet. Never raises on content; every target is http or https.
    """
    try:
        text, whole = characters(capture.payload or b"", capture.content_type)
        outlet = Outlet.of(capture.url, site)
        listing = _read(text, capture, outlet)
    except ListingError as error:
        return Listing(problem=error.word)
    if not whole and listing.problem in (None, "truncated"):
        listing = replace(listing, problem="too_large")
    return listing


def _read(text: str, capture: Capture, outlet: Outlet) -> Listing:
    """The listing in a text of whatever kind; ListingError where it is of none."""
    text = text.lstrip("\ufeff \t\r\n\x00")
    if not text:
        raise ListingError("empty")
    if text[0] in "{[":
        return read_json_feed(text, outlet)
    kind, text = root_kind(text)
    if kind in ("urlset", "sitemapindex"):
        listing = read_sitemap(text, outlet)
    elif kind in FEED_ROOTS:
        listing = read_feed(text, outlet)
    else:
        listing = read_page(text, capture, outlet)
        if capture.kind in ("feed", "sitemap") and not listing.problem:
            listing = replace(listing, problem="html")
    if not (listing.links or listing.children or listing.problem):
        listing = replace(listing, problem="empty")
    return listing


_BINARY = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04")


def characters(payload: bytes, content_type: str | None = None) -> tuple[str, bool]:
    """(the text of a listing, whether all of it was read); ListingError for bytes that are no text."""
    payload, whole = _unpacked(payload)
    if payload.startswith(_BINARY):
        raise ListingError("not_a_listing")
    text = charset.decode(payload, content_type).text
    if text.count("\x00", 0, 2_000) > 8:
        raise ListingError("not_a_listing")
    return text, whole


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


FEED_ROOTS = ("rss", "rdf", "feed", "channel")
_PROLOG = re.compile(r"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_NETSCAPE = re.compile(r"<!DOCTYPE\s+rss\s+PUBLIC\s+\"-//Netscape[^\"<>\[\]]*\"\s*\"[^\"<>\[\]]*\"\s*>", re.I)
_LATE_ROOT = re.compile(r"<(?:rss|feed|rdf:RDF|urlset|sitemapindex)[\s>]")


def root_kind(text: str) -> tuple[str, str]:
    """(name of the root element in lower case, the text from there on); ListingError for what must not be parsed."""
    at = _PROLOG.match(text).end()  # type: ignore[union-attr]  # it matches the empty string too
    if text[at : at + 9].lower() == "<!doctype":
        # RSS 0.91 asks for Netscape's own DOCTYPE: without an internal subset it declares nothing, so it is cut out.
        if netscape := _NETSCAPE.match(text, at):
            return root_kind(text[netscape.end() :])
        if not re.match(r"<!doctype\s+\"?html", text[at : at + 40], re.I):
            raise ListingError("xml_entities")
        return "html", text
    root = ROOT.match(text, at)
    if root:
        name = root[1].lower()
        if name in ("urlset", "sitemapindex", *FEED_ROOTS):
            return name, text[at:]
        if text.startswith("<?xml") and name != "html":
            raise ListingError("not_a_listing")
        return "html", text
    # Some servers print warnings or empty lines before the feed.
    late = _LATE_ROOT.search(text, 0, 2_000)
    if late and not re.search(r"<(html|body|!doctype)", text[: late.start()], re.I):
        return root_kind(text[late.start() :])
    if "<" not in text[:2_000]:
        raise ListingError("not_a_listing")
    return "html", text
