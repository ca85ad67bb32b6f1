"""changes: what changed in an article between two times, and who changed it: the newsroom, its template, or we.

Bytes that differ and read differently by one extractor were edited. Bytes that differ and read the same are another
template. The same bytes that read differently are another extractor of ours. Where no extractor has read both sides,
nobody can tell yet, and that is what is said.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from archive.diffs import Diff, Text, diff
from archive.errors import UnknownPage
from archive.records import end_of
from archive.store import Archive

KINDS = {
    "edited": "edited by the newsroom: one extractor reads both, and they differ",
    "template": "only the template changed: other bytes, the same text",
    "extractor": "only our extractor changed: what it reads differs, not what the newsroom wrote",
    "none": "nothing changed: the same bytes, read the same",
    "unsure": "read by two extractors, so nobody can tell yet whether the newsroom changed it: "
    "`foreigndesk reextract --stale` reads both with one",
}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: a capture of a page, and the extractor whose reading of it is compared."""

    captured_at: str
    digest: str
    extractor: str
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two captures of a page. kind: one of KINDS; diff: the typed changes of the text."""

    url: str
    before: Side
    after: Side
    kind: str
    diff: Diff

    @property
    def said(self) -> str:
        """The kind as a sentence."""
        return KINDS[self.kind]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: both sides, the kind, and the changes."""
        sides = {
            name: {"captured_at": s.captured_at, "digest": s.digest, "extractor": s.extractor, "revision": s.revision}
            for name, s in (("before", self.before), ("after", self.after))
        }
        return {
            "url": self.url,
            "from": self.before.captured_at,
            "to": self.after.captured_at,
            "kind": self.kind,
            **sides,
            **self.diff.as_dict(),
        }


def compare(archive: Archive, url: str, old: str | None = None, new: str | None = None) -> Comparison:
    """What changed in a page's text between two times; by default between its last two revisions.

    old, new: times (ISO 8601, a prefix will do): the newest capture with a text at or before each. Raises UnknownPage
    where there are no two to compare.
    """
    archive.timemap(url)  # says why a page is not there, if it is not
    revisions = _revisions(archive, url)
    if len(revisions) < 2 and not (old and new):
        raise UnknownPage(_nothing(archive, url, len(revisions)))
    after = _at(archive, url, new) if new else revisions[-1]
    before = _at(archive, url, old) if old else _revision_before(revisions, after)
    numbered = [_numbered(side, revisions) for side in (before, after)]
    return _compared(archive, url, *numbered)


def readings_compared(archive: Archive, url: str, at: str | None = None) -> Comparison:
    """What our extractors read differently in one capture of a page: the newest reading beside the one before it.

    at: the newest capture with a text at or before this time, by default the newest. Raises UnknownPage where only
    one extractor has read it.
    """
    archive.timemap(url)
    side = _at(archive, url, at or "9999")
    _, rows = archive.rows(
        "SELECT extractor FROM extraction_rows WHERE url = ? AND digest = ? ORDER BY extracted_at DESC, extractor DESC",
        (url, side.digest),
    )
    if len(rows) < 2:
        raise UnknownPage(f"Only {side.extractor} has read the capture of {url} at {side.captured_at}.")
    after, before = (Side(side.captured_at, side.digest, row["extractor"]) for row in rows[:2])
    change = diff(_text(archive, url, before), _text(archive, url, after))
    return Comparison(url, before, after, "extractor" if change else "none", change)


def _compared(archive: Archive, url: str, before: Side, after: Side) -> Comparison:
    """Both sides as one extractor read them, where there is one that did."""
    if before.digest == after.digest:
        return Comparison(url, before, after, "none", Diff())
    common = _common(archive, url, before, after)
    if common is None:
        change = diff(_text(archive, url, before), _text(archive, url, after))
        return Comparison(url, before, after, "unsure" if change else "template", change)
    shown = diff(_text(archive, url, before), _text(archive, url, after))
    before, after = (Side(side.captured_at, side.digest, common, side.revision) for side in (before, after))
    change = diff(_text(archive, url, before), _text(archive, url, after))
    if change:
        return Comparison(url, before, after, "edited", change)
    return Comparison(url, before, after, "extractor" if shown else "template", shown)


def _common(archive: Archive, url: str, before: Side, after: Side) -> str | None:
    """The extractor that has read both: the later side's own, else the earlier's, else None."""
    _, rows = archive.rows(
        "SELECT x.extractor FROM extraction_rows x JOIN extraction_rows y ON y.url = x.url "
        "AND y.extractor = x.extractor WHERE x.url = ? AND x.digest = ? AND y.digest = ?",
        (url, before.digest, after.digest),
    )
    held = {row["extractor"] for row in rows}
    return next((one for one in (after.extractor, before.extractor) if one in held), None)


def _revisions(archive: Archive, url: str) -> list[Side]:
    _, rows = archive.rows(
        "SELECT r.captured_at, c.digest, r.extractor, r.revision FROM revisions r JOIN capture_rows c "
        "ON c.url = r.url AND c.captured_at = r.captured_at WHERE r.url = ? ORDER BY r.captured_at",
        (url,),
    )
    return [Side(**row) for row in rows]


def _at(archive: Archive, url: str, time: str) -> Side:
    """The newest capture with a text at or before a time."""
    _, rows = archive.rows(
        "SELECT m.captured_at, m.digest, e.extractor FROM mementos m JOIN extraction_rows e ON e.url = m.url "
        "AND e.digest = m.digest AND e.current = 1 WHERE m.url = ? AND m.text_digest IS NOT NULL ORDER BY 1",
        (url,),
    )
    held = [row for row in rows if row["captured_at"] <= end_of(time)]
    if not held:
        first = f"; the first is of {rows[0]['captured_at']}" if rows else ""
        raise UnknownPage(f"The archive holds no text of {url} at or before {time}{first}.")
    return Side(**held[-1])


def _revision_before(revisions: list[Side], after: Side) -> Side:
    """The revision before the one that stood at a capture."""
    stood = [one for one in revisions if one.captured_at <= after.captured_at]
    return stood[-2] if len(stood) > 1 else stood[-1] if stood else revisions[0]


def _numbered(side: Side, revisions: list[Side]) -> Side:
    stood = [one for one in revisions if one.captured_at <= side.captured_at]
    return Side(side.captured_at, side.digest, side.extractor, stood[-1].revision if stood else None)


def _nothing(archive: Archive, url: str, revisions: int) -> str:
    """Why there is nothing to compare."""
    held = "one text" if revisions else "no text"
    _, rows = archive.rows(
        "SELECT count(DISTINCT digest) AS n FROM mementos WHERE url = ? AND text_digest IS NOT NULL", (url,)
    )
    other = rows[0]["n"] - 1
    markup = f", in {rows[0]['n']} templates or readings (--from and --to compare them)" if other > 0 else ""
    return (
        f"The archive holds {held} of {url}{markup}: there is nothing to compare. "
        "`foreigndesk history` shows its captures."
    )


def _text(archive: Archive, url: str, side: Side) -> Text:
    reading = archive.reading(url, side.digest, side.extractor) or {}
    return Text(
        title=reading.get("title"),
        standfirst=reading.get("standfirst"),
        text=reading.get("text"),
        authors=tuple(json.loads(reading.get("authors") or "[]")),
        published=reading.get("published_at"),
        modified=reading.get("modified_at"),
    )
