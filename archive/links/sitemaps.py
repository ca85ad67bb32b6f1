"""Sitemaps and indexes of them (sitemaps.org), with Google's `news:` tags where they are."""

from __future__ import annotations

import re

from lxml import etree

from archive.links.addresses import Outlet
from archive.links.entries import Entry, entries, whole_entries
from archive.links.listing import MAX_SITEMAP_URLS, Listing, ListingError
from archive.urls import clean_url


def read_sitemap(text: str, outlet: Outlet) -> Listing:
    """A urlset or sitemapindex (sitemaps.org/protocol.html), with `news:` tags where they are."""
    index = "sitemapindex" in text[:200].split(">")[0].lower()
    text, problem = whole_entries(
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
    return Listing(links=entries(rows, outlet, MAX_SITEMAP_URLS), problem=problem)


def _url_entry(node: etree._Element) -> Entry:
    """A `url` element: its `loc`, `news:title`, and `news:publication_date`, `lastmod`."""
    values: dict[str, str] = {}
    for child in node.iter(etree.Element):
        # Prefixes that were never declared stay in the tag: `news:title` beside `{http://…/sitemap-news/0.9}title`.
        space, name = re.fullmatch(r"(?s)(?:\{(.*)\}|([^:]*):)?(.*)", str(child.tag)).group(1, 3)  # type: ignore[union-attr]
        prefix = (space or str(child.tag)).lower()
        if "image" in prefix or "video" in prefix or (name == "title" and "news" not in prefix):
            continue
        values.setdefault(name, (child.text or "").strip())
    news = "publication_date" in values or "title" in values
    dates = values.get("publication_date", ""), values.get("lastmod", "")
    return Entry(values.get("loc", ""), values.get("title", ""), *dates, news)
