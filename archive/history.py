"""history: what happened to one page, capture by capture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from archive.records import REFUSALS, SHOWS_STATE
from archive.store import Archive


@dataclass(frozen=True, slots=True)
class Event:
    """One capture of a page and what it shows.

    `what` is one of: first (first text), changed (a new revision), unchanged, unsure (another extractor read it, so the
    texts cannot be compared yet), back again (the same text after it was removed or had moved), not article (kept, read
    as something else), unread (not extracted yet), removed, moved, refused, failed. `revision` is the number of the
    text that stands after it. `looked_before` is the capture before it: what happened in between nobody saw.
    """

    captured_at: str
    what: str
    status: int | None
    revision: int | None
    title: str | None
    detail: str
    digest: str | None
    looked_before: str | None = None


def history(archive: Archive, url: str) -> list[Event]:
    """Every capture of a page in order of time. Raises UnknownPage where there is none."""
    events: list[Event] = []
    _, found = archive.rows("SELECT captured_at FROM revisions WHERE url = ?", (url,))
    revisions = {row["captured_at"] for row in found}
    revision, before, away, looked = 0, None, None, None
    for row in archive.timemap(url):
        row["compared"] = before is not None and _comparable(archive, url, before, row)
        what, detail = _judge(row, before, row["captured_at"] in revisions)
        if what in ("removed", "moved"):
            away = away or f"{what} {row['captured_at'][:19]}Z"
        elif away and what in ("changed", "unchanged", "unsure"):
            what, detail = "back again" if what == "unchanged" else what, f"{detail}, back again after it was {away}"
            away = None
        if what in ("first", "changed"):
            revision += 1
        if what in ("first", "changed", "unchanged", "unsure", "back again"):
            before = row
        events.append(
            Event(
                row["captured_at"], what, row["status"], revision or None, row["title"], detail, row["digest"], looked
            )
        )
        looked = row["captured_at"]
    return events


def _comparable(archive: Archive, url: str, one: dict[str, Any], two: dict[str, Any]) -> bool:
    """Whether some extractor has read both captures."""
    if one["digest"] == two["digest"] or two["digest"] is None:
        return True
    return bool(
        archive.db.conn.execute(
            "SELECT 1 FROM extraction_rows x JOIN extraction_rows y ON y.url = x.url AND y.extractor = x.extractor "
            "WHERE x.url = ? AND x.digest = ? AND y.digest = ? AND (x.current OR y.current)",
            (url, one["digest"], two["digest"]),
        ).fetchone()
    )


def _judge(row: dict[str, Any], before: dict[str, Any] | None, revision: bool) -> tuple[str, str]:
    """(what, detail) of one capture, given the one that showed a text before it, and whether it is a revision."""
    status, error = row["status"], row["error"]
    if error:
        return ("refused" if error in REFUSALS else "failed"), f"{error}: {row['detail'] or 'no answer'}"
    if status in (404, 410, 451):
        return "removed", f"{status} {row['reason'] or ''}".strip()
    if 300 <= status < 400 and status != 304:
        return "moved", f"{status} to {row['location']}"
    if status not in SHOWS_STATE:
        return "failed", f"{status} {row['reason'] or ''}".strip()
    if row["kind"] is None:
        return "unread", "not extracted yet: `foreigndesk reextract` reads it"
    if row["text_digest"] is None:
        return "not article", f"read as {row['kind']}" + (f" ({row['problem']})" if row["problem"] else "")
    if before is None:
        return "first", f"{row['words']} words"
    if revision:
        return "changed", f"{row['words']} words"
    if row["digest"] == before["digest"]:
        return "unchanged", "the server says so (304)" if status == 304 else "same bytes"
    if row["text_digest"] == before["text_digest"]:
        return "unchanged", "same text, other markup"
    if row["compared"]:
        return "unchanged", "same text; another extractor reads it otherwise"
    return "unsure", "read by another extractor than before: `foreigndesk reextract --stale` tells whether it changed"
