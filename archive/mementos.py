"""Mementos: the state of a page as it was captured, and the list of them all (RFC 7089), for people and programs.

A memento is named by its capture's time and the page's URL, with as many digits of the time as we have, since two
captures may lie within a second, which is all that RFC 7089's own dates can tell apart.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any

from archive import chain
from archive.errors import PayloadDamaged, UnknownPage
from archive.proof import record
from archive.records import SHOWS_STATE, Headers, end_of, moment
from archive.store import Archive
from archive.urls import clean_url


@dataclass(frozen=True, slots=True)
class Memento:
    """One state of a page: the capture that shows it, its payload, and what was read in it (None where nothing was).

    `captured_at` is UTC, ISO 8601; `digest` names the payload; `headers` are those of the answer; `sealed` tells
    whether the capture is in a chain. For a 304 the payload is that of the state before it.
    """

    url: str
    captured_at: str
    status: int
    digest: str
    content_type: str | None
    headers: Headers
    sealed: bool
    kind: str | None
    title: str | None
    text: str | None
    payload: bytes


def memento(archive: Archive, url: str, at: str | None = None) -> Memento:
    """The state of a page at a time: its newest memento at or before it, by default the newest of all.

    at: ISO 8601, UTC where it names no zone; a day or an hour means the end of it. Raises UnknownPage where the archive
    holds no memento of the page then, PayloadDamaged where what it holds is not as it was kept.
    """
    shown = [row for row in timemap(archive, url) if at is None or row["captured_at"] <= end_of(at)]
    if not shown:
        first = timemap(archive, url)[0]["captured_at"]
        raise UnknownPage(f"The archive holds no memento of {url} at or before {at}; the first is of {first}.")
    capture = _capture(archive, shown[-1]["url"], shown[-1]["captured_at"])
    digest = str(capture["digest"])
    row = archive.db.conn.execute("SELECT kept_as FROM snapshots WHERE digest = ?", (digest,)).fetchone()
    if row and row[0]:
        raise UnknownPage(
            f'The bytes of {url} at {capture["captured_at"]} were not kept (keep = "revisions"): its text and boxes '
            f"were those of the memento before; --at {_kept(archive, capture['url'], row[0])} shows it."
        )
    reading = archive.reading(capture["url"], digest) or {}
    return Memento(
        capture["url"],
        capture["captured_at"],
        capture["status"],
        digest,
        capture["content_type"],
        tuple((name, value) for name, value in json.loads(capture["response_headers"] or "[]")),
        capture["link"] is not None,
        reading.get("kind"),
        reading.get("title"),
        reading.get("text"),
        archive.payload(digest),
    )


def timemap(archive: Archive, url: str) -> list[dict[str, Any]]:
    """The mementos of a page in order of time: url, captured_at, status, digest, title. Raises UnknownPage."""
    name = clean_url(url) or url
    rows = [
        {"url": name, **{key: row[key] for key in ("captured_at", "status", "digest", "title", "words")}}
        for row in archive.timemap(name)
        if row["digest"] and row["status"] in SHOWS_STATE and not row["error"]
    ]
    if not rows:
        raise UnknownPage(
            f"The archive holds captures of {url}, but none shows its state; `foreigndesk history` tells."
        )
    return rows


def link_format(url: str, rows: Sequence[dict[str, Any]], base: str = "") -> str:
    """A timemap as application/link-format (RFC 7089 §5, RFC 6690). base: what the archive's addresses begin with."""
    first, last = rows[0], rows[-1]
    lines = [
        f'<{url}>; rel="original"',
        f'<{base}timemap/link/{url}>; rel="self"; type="application/link-format"; from="{_date(first)}"; '
        f'until="{_date(last)}"',
        f'<{base}memento/{url}>; rel="timegate"',
    ]
    for row in rows:
        ends = [name for name, end in (("first", first), ("last", last)) if row is end]
        lines.append(f'<{base}{_path(row)}>; rel="{" ".join([*ends, "memento"])}"; datetime="{_date(row)}"')
    return ",\n".join(lines) + "\n"


def timemap_json(url: str, rows: Sequence[dict[str, Any]], base: str = "") -> dict[str, Any]:
    """A timemap as the JSON that Memento aggregators write, with our times in full and the digests beside it."""
    listed = [
        {
            "datetime": row["captured_at"],
            "uri": f"{base}{_path(row)}",
            "status": row["status"],
            "digest": row["digest"],
            "title": row["title"],
        }
        for row in rows
    ]
    return {
        "original_uri": url,
        "self": f"{base}timemap/json/{url}",
        "timegate_uri": f"{base}memento/{url}",
        "timemap_uri": {"link_format": f"{base}timemap/link/{url}", "json_format": f"{base}timemap/json/{url}"},
        "mementos": {"first": listed[0], "last": listed[-1], "list": listed},
    }


def _capture(archive: Archive, url: str, at: str) -> dict[str, Any]:
    """A capture's columns, checked against its seal."""
    _, rows = archive.rows("SELECT * FROM captures WHERE url = ? AND captured_at = ?", (url, at))
    asked = (rows[0]["url"], rows[0]["captured_at"]) == (url, at)
    if not asked or (rows[0]["seal"] is not None and record(rows[0])[: chain.SEAL] != rows[0]["seal"]):
        raise PayloadDamaged(
            f"The capture of {url} at {at} is not as it was kept: use a backup; `foreigndesk verify` tells of others."
        )
    return rows[0]


def _kept(archive: Archive, url: str, digest: str) -> str:
    row = archive.db.conn.execute(
        "SELECT max(captured_at) FROM capture_rows WHERE url = ? AND digest = ?", (url, digest)
    ).fetchone()
    return str(row[0])


def _date(row: dict[str, Any]) -> str:
    return format_datetime(moment(row["captured_at"]), usegmt=True)


def _path(row: dict[str, Any]) -> str:
    """What a memento is called: its time in digits, then the page's URL."""
    return f"memento/{''.join(char for char in row['captured_at'] if char.isdigit())}/{row['url']}"
