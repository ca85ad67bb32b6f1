"""The nouns as rows: how a page, a text, a link and an extraction are spelled in the tables."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from archive import tokens
from archive.records import Capture, Extraction, as_json, iso_time, list_digest, short_digest, text_digest, timestamp
from archive.sites import Site


def site_row(site: Site, at: str) -> dict[str, Any]:
    return {
        "site": site.key,
        "name": site.name,
        "home": site.home,
        "language": site.language,
        "country": site.country,
        "entry": site.entry(),
        "loaded_at": at,
    }


def page_row(url: str, site: str, kind: str, at: str, on: str | None) -> dict[str, Any]:
    return {"url": url, "site": site, "kind": kind, "discovered_at": at, "discovered_on": on, "alias_of": None}


def capture_row(capture: Capture, digest: str | None, at: str, due: str | None) -> dict[str, Any]:
    """A capture's facts by their names; its headers as pairs, which are not yet as the table keeps them."""
    return {
        "url": capture.url,
        "captured_at": at,
        "site": capture.site,
        "due": due,
        "status": capture.status,
        "reason": capture.reason,
        "digest": digest,
        "wire_digest": capture.wire_digest,
        "location": capture.location,
        "etag": capture.etag,
        "last_modified": capture.last_modified,
        "content_type": capture.content_type,
        "http_version": capture.http_version,
        "ip": capture.ip,
        "request_headers": [list(pair) for pair in capture.request_headers] or None,
        "response_headers": [list(pair) for pair in capture.response_headers] or None,
        "error": capture.error,
        "detail": capture.detail,
        "attempts": capture.attempts,
        "tls": capture.tls,
        "next_try": capture.next_try and timestamp(capture.next_try),
        "reserved": " ".join(capture.reserved) or None,
        "wire_length": capture.wire_length,
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


#: A value of a note that many pages of a site share: a word or two, no address, no long number.
_COMMON = re.compile(r"[^/]{1,12}|[^\d/]{1,24}")


def split_fields(fields: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what many readings of a site share, what this one adds): laid over the first, the second makes the whole again.

    Laid over as JSON merge patches are (RFC 7396), which SQLite's `json_patch` knows; a null would delete, so notes
    that hold one stay whole in the first part.
    """
    frame: dict[str, Any] = {}
    filling: dict[str, Any] = {}
    for name, note in fields.items():
        if not isinstance(note, Mapping) or not note or "null" in as_json(note):
            frame[name] = note
            continue
        frame[name] = {key: v for key, v in note.items() if isinstance(v, str) and _COMMON.fullmatch(v)}
        rest = {key: value for key, value in note.items() if key not in frame[name]}
        if rest:
            filling[name] = rest
    return frame, filling


def extraction_row(extraction: Extraction, at: datetime) -> dict[str, Any]:
    """A reading's values by their names; what it shares with others (`fields_set`) is not yet kept under its name."""
    frame, filling = split_fields(extraction.fields)
    return {
        "url": extraction.url,
        "digest": extraction.digest,
        "extractor": extraction.extractor,
        "text_digest": text_digest(extraction.title, extraction.standfirst, extraction.text)
        if extraction.text
        else None,
        # A list of links is kept under its own digest, like a text: the same list is kept once, however often a page
        # shows it and whichever extractor read it.
        "links_digest": list_digest(extraction.links) if extraction.links else None,
        "byline": ", ".join(extraction.authors) or None,
        "authors": json.dumps(extraction.authors, ensure_ascii=False),
        "published_at": claimed_time(extraction.published),
        "modified_at": claimed_time(extraction.modified),
        "language": extraction.language,
        "section": extraction.section,
        "kind": extraction.kind,
        "problem": extraction.problem,
        "fields_set": as_json(frame),
        "fields_changes": as_json(filling) if filling else None,
        "extracted_at": timestamp(at),
    }


def claimed_time(text: str | None) -> str | None:
    """A page's own time as the archive writes it: UTC with `Z` where the page gave a zone, else as given, zoneless."""
    if not text:
        return None
    try:
        value = iso_time(text)
    except ValueError:
        return text
    if value.tzinfo is None:
        return text
    return timestamp(value.astimezone(UTC))


def reading_seal(row: Mapping[str, Any]) -> str:
    """What tells a reading from a damaged one: 16 hex digits of the SHA-256 of its columns, but for what may change."""
    kept = {name: value for name, value in row.items() if name not in ("current", "seal")}
    return short_digest(as_json(kept))
