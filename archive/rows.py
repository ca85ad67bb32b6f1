"""The nouns as rows: how a page, a text, a link and an extraction are spelled in the tables."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from archive import tokens
from archive.records import Extraction, Link, payload_digest, text_digest, timestamp


def page_row(url: str, site: str, kind: str, at: str, on: str | None) -> dict[str, Any]:
    return {"url": url, "site": site, "kind": kind, "discovered_at": at, "discovered_on": on, "alias_of": None}


def pairs_json(pairs: Iterable[tuple[str, str]]) -> str | None:
    listed = [list(pair) for pair in pairs]
    return json.dumps(listed, ensure_ascii=False) if listed else None


def link_row(digest: str, link: Link) -> dict[str, Any]:
    return {
        "list": digest,
        "kind": link.kind,
        "rank": link.rank,
        "target": link.target,
        "text": link.text,
        "heading": link.heading,
        "href": link.href,
        "published": link.published,
        "modified": link.modified,
    }


def text_row(digest: str, extraction: Extraction) -> dict[str, Any]:
    text = extraction.text or ""
    return {
        "digest": digest,
        "title": extraction.title,
        "standfirst": extraction.standfirst,
        "text": text,
        "words": tokens.count_words(text),
    }


def extraction_row(extraction: Extraction, at: datetime) -> dict[str, Any]:
    links = [[k.kind, k.rank, k.target, k.text, k.heading, k.href, k.published, k.modified] for k in extraction.links]
    return {
        "url": extraction.url,
        "digest": extraction.digest,
        "extractor": extraction.extractor,
        "text_digest": text_digest(extraction.title, extraction.standfirst, extraction.text)
        if extraction.text
        else None,
        # A list of links is kept under its own digest, like a text: the same list is kept once, however often a page
        # shows it and whichever extractor read it.
        "links_digest": payload_digest(json.dumps(links, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        if links
        else None,
        "byline": ", ".join(extraction.authors) or None,
        "authors": json.dumps(extraction.authors, ensure_ascii=False),
        "published_at": claimed_time(extraction.published),
        "modified_at": claimed_time(extraction.modified),
        "language": extraction.language,
        "section": extraction.section,
        "kind": extraction.kind,
        "problem": extraction.problem,
        "fields": json.dumps(dict(extraction.fields), ensure_ascii=False, sort_keys=True),
        "extracted_at": timestamp(at),
    }


def claimed_time(text: str | None) -> str | None:
    """A page's own time as the archive writes it: UTC with `Z` where the page gave a zone, else as given, zoneless."""
    if not text:
        return None
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return text
    if value.tzinfo is None:
        return text
    return timestamp(value.astimezone(UTC))
