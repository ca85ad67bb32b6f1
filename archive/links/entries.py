"""Entries of feeds and sitemaps: which are articles of the outlet, with headline and dates as given there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from html import unescape

import feedparser

from archive.links.addresses import Outlet
from archive.links.listing import MAX_LINKS, MAX_TEXT
from archive.records import Link
from archive.urls import clean_url

ROOT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)")  # of an XML text


def whole_entries(text: str, entry: str, root: str, limit: int) -> tuple[str, str | None]:
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


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed or sitemap, as given."""

    href: str
    title: str
    published: str
    modified: str = ""
    news: bool = True  # the format itself says that this is an article


def entries(rows: Iterable[Entry], outlet: Outlet, limit: int = MAX_LINKS) -> tuple[Link, ...]:
    """The entries that are articles of the outlet, each target once, in order. A repeated one may add its title."""
    found: dict[str, Link] = {}
    for row in rows:
        href = row.href.strip()
        target = clean_url(href, outlet.page) if href else None
        if target is None or not outlet.takes(target, listed=row.news):
            continue
        text, published, modified = plain(row.title), iso_date(row.published), iso_date(row.modified)
        known = found.get(target)
        if known is None:
            if len(found) >= limit:
                break
            found[target] = Link("front", len(found) + 1, target, text, None, href, published, modified)
        else:
            found[target] = replace(
                known,
                text=known.text or text,
                published=known.published or published,
                modified=known.modified or modified,
            )
    return tuple(found.values())


def plain(markup: str) -> str | None:
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
