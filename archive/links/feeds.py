"""Feeds: RSS of any version, Atom (RFC 4287) and JSON Feed, as they are really written."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import feedparser

from archive.links.addresses import Outlet
from archive.links.embedded import entries_in
from archive.links.entries import ROOT, Entry, entries, whole_entries
from archive.links.listing import MAX_LINKS, MAX_NEXT_PAGES, Listing, ListingError
from archive.urls import clean_url


def read_feed(text: str, outlet: Outlet) -> Listing:
    """RSS of any version or Atom (RFC 4287), read by feedparser, which also reads broken ones."""
    root = ROOT.match(text)
    entry = "entry" if root and root[1].lower() == "feed" else "item"
    text, problem = whole_entries(text, entry, root[1] if root else "rss", MAX_LINKS)
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
    # RSS 1.0 has one date, Dublin Core's: that of the item. Only Atom tells publishing from updating.
    dated = ("published",) if entry == "entry" else ("published", "updated")
    rows = (
        Entry(
            _address(e),
            str(e.get("title") or ""),
            next((str(e[key]) for key in dated if dict.__contains__(e, key)), ""),
            str(e["updated"]) if dict.__contains__(e, "updated") and entry == "entry" else "",
        )
        for e in parsed.entries
    )
    links = entries(rows, outlet)
    more = tuple(
        url
        for link in parsed.feed.get("links", [])
        if link.get("rel") == "next" and (url := clean_url(str(link.get("href") or ""), outlet.page))
    )  # RFC 5005 §3, paged feeds
    return Listing(links=links, next_pages=more[:MAX_NEXT_PAGES], problem=problem)


def _address(entry: Any) -> str:
    """Where an entry leads: its link, else its guid where that is an address, as RSS 2.0 has it by default."""
    link = str(entry.get("feedburner_origlink") or entry.get("link") or "")
    return link if entry.get("links") or re.match(r"(?i)https?://", link) else ""


def read_json_feed(text: str, outlet: Outlet) -> Listing:
    """JSON Feed 1.0 and 1.1 (jsonfeed.org), or the articles in any other JSON; ListingError where it names none."""
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError):
        raise ListingError("not_a_listing") from None
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list) or "jsonfeed.org" not in str(feed.get("version")):
        links = entries((Entry(*one, news=False) for one in entries_in(feed)), outlet)
        if not links:
            raise ListingError("not_a_listing")
        return Listing(links=links)
    outlet = outlet.joined(string(feed.get("home_page_url")))
    rows = (
        Entry(
            string(item.get("url") or item.get("id")),
            string(item.get("title")),
            string(item.get("date_published")),
            string(item.get("date_modified")),
        )
        for item in items
        if isinstance(item, dict)
    )
    links = entries(rows, outlet)
    following = clean_url(string(feed.get("next_url")), outlet.page) if feed.get("next_url") else None
    problem = "too_many" if len(items) > MAX_LINKS else None if links else "empty"
    return Listing(links=links, next_pages=(following,) if following else (), problem=problem)


def string(value: Any) -> str:
    return value if isinstance(value, str) else ""
