"""history: what happened to one page, capture by capture; compare: what changed in its text between two of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from archive.diffs import Diff, Text, diff
from archive.errors import UnknownPage
from archive.records import REFUSALS, SHOWS_STATE, end_of
from archive.store import Archive


@dataclass(frozen=True, slots=True)
class Event:
    """One capture of a page and what it shows.

    `what` is one of: first (first text), changed (a new revision), unchanged, back again (the same text after it was
    removed or had moved), not article (kept, read as something else), unread (not extracted yet), removed, moved,
    refused, failed. `revision` is the number of the text that stands after it. `looked_before` is the capture before
    it: what happened in between nobody saw.
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
    revision, text, away, before = 0, None, None, None
    for row in archive.timemap(url):
        what, detail = _judge(row, text)
        if what in ("removed", "moved"):
            away = away or f"{what} {row['captured_at'][:19]}Z"
        elif away and what in ("changed", "unchanged"):
            what, detail = "back again" if what == "unchanged" else what, f"{detail}, back again after it was {away}"
            away = None
        if what in ("first", "changed"):
            revision, text = revision + 1, row["text_digest"]
        events.append(
            Event(
                row["captured_at"], what, row["status"], revision or None, row["title"], detail, row["digest"], before
            )
        )
        before = row["captured_at"]
    return events


def compare(archive: Archive, url: str, old: str | None = None, new: str | None = None) -> tuple[Event, Event, Diff]:
    """The change of a page's text between two times; by default between its last two revisions.

    old, new: times (ISO 8601, a prefix will do): the newest text at or before each. Returns both events and the
    typed diff. Raises UnknownPage where there are no two texts to compare.
    """
    texts = [e for e in history(archive, url) if e.what in ("first", "changed")]
    if len(texts) < 2:
        held = "one text" if texts else "no text"
        raise UnknownPage(
            f"The archive holds {held} of {url}: there is nothing to compare. `foreigndesk history` shows its captures."
        )
    after = _at(texts, new, url) if new else texts[-1]
    before = _at(texts, old, url) if old else texts[max(0, texts.index(after) - 1)]
    return before, after, diff(_text(archive, url, before), _text(archive, url, after))


def _at(texts: list[Event], time: str, url: str) -> Event:
    held = [e for e in texts if e.captured_at <= end_of(time)]
    if not held:
        raise UnknownPage(
            f"The archive holds no text of {url} at or before {time}; the first is of {texts[0].captured_at}."
        )
    return held[-1]


def _text(archive: Archive, url: str, event: Event) -> Text:
    reading = archive.reading(url, event.digest or "") or {}
    return Text(
        title=reading.get("title"),
        standfirst=reading.get("standfirst"),
        text=reading.get("text"),
        authors=tuple(json.loads(reading.get("authors") or "[]")),
        published=reading.get("published_at"),
        modified=reading.get("modified_at"),
    )


def _judge(row: dict[str, Any], text: str | None) -> tuple[str, str]:
    """(what, detail) of one capture, given the text that stood before it."""
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
    if text is None:
        return "first", f"{row['words']} words"
    if row["text_digest"] != text:
        return "changed", f"{row['words']} words"
    return "unchanged", "the server says so (304)" if status == 304 else "same text"
