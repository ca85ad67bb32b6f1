"""Opinions: what was read in the snapshots. All of it can be thrown away and made again from the facts."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from archive import aliases, index
from archive.lists import Lists
from archive.records import WORKER_PROBLEMS, Extraction, timestamp
from archive.rows import extraction_row, reading_seal, text_row
from archive.tombstones import Tombstones
from archive.waiting import Waiting
from archive.watching import Watching

#: What of a reading is not what a reader sees: whose it is, and when it was made.
_NOT_SEEN = ("digest", "extractor", "extracted_at", "current", "seal")


class Opinions(Waiting):
    """Keeps readings."""

    def record(
        self, extractions: Sequence[Extraction], at: datetime, strikes: Mapping[tuple[str, str], int] | None = None
    ) -> None:
        """Keep extractions with their texts, lists of links and index rows, in one transaction, index rows last.

        strikes: how many workers each (URL, digest) has ended just now; 1 where it is not said. Where a site's policy
        is keep = "revisions", the body of a snapshot that reads like the one before is let go.
        """
        with self.writing() as connection:
            self._count_strikes(connection, extractions, at, strikes or {})
            lists = Lists(connection)
            texts: dict[str, dict[str, Any]] = {}
            rows: dict[tuple[str, str, str], dict[str, Any]] = {}
            for extraction in self._without_erased(connection, extractions):
                if extraction.problem in WORKER_PROBLEMS and self._worked(connection, extraction):
                    continue
                row = extraction_row(extraction, at)
                row["fields_set"] = self._headers.keep(row["fields_set"])
                if row["text_digest"] and self._text_id(row["text_digest"]) is None:
                    texts[row["text_digest"]] = text_row(row["text_digest"], extraction)
                if row["links_digest"]:
                    lists.keep(row["links_digest"], extraction.links)
                for one in (row, *self._alike(connection, row)):
                    rows[one["url"], one["digest"], one["extractor"]] = one
            for row in rows.values():
                self._supersede(connection, lists, row)
                row["seal"] = reading_seal(row)
            self._add("texts", list(texts.values()))
            self._add("extraction_rows", list(rows.values()), replace=True)
            aliases.agree(connection, extractions)
            Watching(connection).refresh(dict.fromkeys(row["url"] for row in rows.values()))
            self._let_go(connection, list(rows.values()))
            lists.count()
            index.add(connection, texts)

    def _count_strikes(
        self,
        connection: sqlite3.Connection,
        extractions: Sequence[Extraction],
        at: datetime,
        strikes: Mapping[tuple[str, str], int],
    ) -> None:
        """Note which snapshots ended their worker, and forget it of those that were read."""
        any_before = connection.execute("SELECT 1 FROM strikes LIMIT 1").fetchone()
        for one in extractions:
            key = (one.url, one.digest, one.extractor)
            if one.problem in WORKER_PROBLEMS:
                connection.execute(
                    "INSERT INTO strikes (url, digest, extractor, problem, times, failed_at) VALUES (?, ?, ?, ?, ?, ?) "
                    "ON CONFLICT DO UPDATE SET problem = excluded.problem, times = times + excluded.times, "
                    "failed_at = excluded.failed_at",
                    (*key, one.problem, strikes.get(key[:2], 1), timestamp(at)),
                )
            elif any_before:
                connection.execute("DELETE FROM strikes WHERE url = ? AND digest = ? AND extractor = ?", key)

    def _worked(self, connection: sqlite3.Connection, one: Extraction) -> bool:
        """Whether the same extractor has read a snapshot before: what it read then is kept, not that it failed now."""
        row = connection.execute(
            "SELECT problem FROM extraction_rows WHERE url = ? AND digest = ? AND extractor = ?",
            (one.url, one.digest, one.extractor),
        ).fetchone()
        return row is not None and row[0] not in WORKER_PROBLEMS

    def _supersede(self, connection: sqlite3.Connection, lists: Lists, row: dict[str, Any]) -> None:
        """Make a reading the current one of its snapshot; never one whose worker failed in place of one that worked."""
        older = connection.execute(
            "SELECT extractor, links_digest FROM extraction_rows WHERE url = ? AND digest = ? AND current = 1",
            (row["url"], row["digest"]),
        ).fetchone()
        row["current"] = int(row["problem"] not in WORKER_PROBLEMS or older is None or older[0] == row["extractor"])
        if row["current"] and older:
            connection.execute(
                "UPDATE extraction_rows SET current = 0 WHERE url = ? AND digest = ?", (row["url"], row["digest"])
            )
        if row["current"] and (older is None or older[1] != row["links_digest"]):
            lists.show(older and older[1], row["url"], row["digest"], -1)
            lists.show(row["links_digest"], row["url"], row["digest"])

    def _text_id(self, digest: str) -> int | None:
        row = self.db.conn.execute("SELECT id FROM texts WHERE digest = ?", (digest,)).fetchone()
        return int(row[0]) if row else None

    def _without_erased(self, connection: sqlite3.Connection, extractions: Sequence[Extraction]) -> list[Extraction]:
        """The readings without those of erased pages, and without links to them."""
        stones = Tombstones(connection)
        if not stones:
            return list(extractions)
        return [
            replace(one, links=tuple(link for link in one.links if not stones.url(link.target)))
            for one in extractions
            if not stones.url(one.url)
        ]

    # ---- what is kept

    def _alike(self, connection: sqlite3.Connection, row: dict[str, Any]) -> list[dict[str, Any]]:
        """The same reading for the page's snapshots that were let go because they read like this one."""
        gone = connection.execute("SELECT digest FROM snapshots WHERE kept_as = ?", (row["digest"],)).fetchall()
        shown = "SELECT 1 FROM capture_rows WHERE url = ? AND digest = ? LIMIT 1"
        return [
            {**row, "digest": digest}
            for (digest,) in gone
            if connection.execute(shown, (row["url"], digest)).fetchone()
        ]

    def _let_go(self, connection: sqlite3.Connection, rows: list[dict[str, Any]]) -> None:
        """Let go of the bodies that the policies of their sites do not keep."""
        policy = "SELECT site FROM sites WHERE entry ->> '$.keep' = 'revisions'"
        if connection.execute(policy).fetchone() is None:
            return
        for row in rows:
            bound = connection.execute(
                f"SELECT 1 FROM pages WHERE url = ? AND site IN ({policy})", (row["url"],)
            ).fetchone()
            if bound and not row["problem"] and (row["text_digest"] or row["links_digest"]):
                self._let_go_of(connection, row)

    def _let_go_of(self, connection: sqlite3.Connection, row: dict[str, Any]) -> None:
        """Let go of a snapshot's body where the page's snapshot before it reads the same and nothing rests on it."""
        body = connection.execute(
            "SELECT body FROM snapshots s WHERE digest = ? AND body IS NOT NULL AND shared = 0 "
            "AND NOT EXISTS (SELECT 1 FROM snapshots o WHERE o.kept_as = s.digest) "
            "AND NOT EXISTS (SELECT 1 FROM bodies b WHERE b.reference = s.body) "
            "AND NOT EXISTS (SELECT 1 FROM site_references r WHERE r.body = s.body)",
            (row["digest"],),
        ).fetchone()
        before = connection.execute(
            "SELECT coalesce(s.kept_as, s.digest) FROM capture_rows c JOIN snapshots s ON s.digest = c.digest "
            "WHERE c.url = ?1 AND c.digest <> ?2 AND c.status IN (200, 203) AND c.error IS NULL "
            "AND c.captured_at < (SELECT min(captured_at) FROM capture_rows WHERE url = ?1 AND digest = ?2) "
            "ORDER BY c.captured_at DESC LIMIT 1",
            (row["url"], row["digest"]),
        ).fetchone()
        if body is None or before is None or before[0] == row["digest"]:
            return
        seen = ", ".join(name for name in row if name not in _NOT_SEEN)
        readings = connection.execute(
            f"SELECT DISTINCT {seen} FROM extraction_rows WHERE url = ? AND digest IN (?, ?) AND current = 1",
            (row["url"], before[0], row["digest"]),
        ).fetchall()
        read = connection.execute(
            "SELECT 1 FROM extraction_rows WHERE url = ? AND digest = ? AND current = 1", (row["url"], before[0])
        ).fetchone()
        if read and len(readings) == 1:
            connection.execute(
                "UPDATE snapshots SET body = NULL, kept_as = ? WHERE digest = ?", (before[0], row["digest"])
            )
            self._delete(connection, body[0])
