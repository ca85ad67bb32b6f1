"""Opinions: what was read in the snapshots. All of it can be thrown away and made again from the facts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from archive import aliases, index
from archive.captures import Captures
from archive.errors import UnknownPage
from archive.lists import Lists
from archive.records import WORKER_PROBLEMS, Capture, Extraction, moment
from archive.rows import extraction_row, reading_seal, text_row
from archive.tombstones import Tombstones
from archive.watching import Watching

#: What of a reading is not what a reader sees: whose it is, and when it was made.
_NOT_SEEN = ("digest", "extractor", "extracted_at", "current", "seal")


class Opinions(Captures):
    """Keeps readings, and names the snapshots that have none."""

    def record(self, extractions: Sequence[Extraction], at: datetime) -> None:
        """Keep extractions with their texts, lists of links and index rows, in one transaction, index rows last.

        Where a site's policy is keep = "revisions", the body of a snapshot that reads like the one before is let go.
        """
        with self.writing() as connection:
            lists = Lists(connection)
            texts: dict[str, dict[str, Any]] = {}
            rows: dict[tuple[str, str, str], dict[str, Any]] = {}
            for extraction in self._without_erased(connection, extractions):
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

    # ---- what is to be read

    def pending(
        self, extractor: Callable[[str], str], scope: str = "pending", site: str | None = None
    ) -> Iterator[Capture]:
        """Captures whose snapshot is to be read, with their payload, site by site in order of time.

        extractor: gives the extractor identity for a site's key. scope: `pending` = never read (or its worker
        failed), `stale` = read by another extractor, `all` = everything whose body is kept. A snapshot that a page
        showed several times is read once, as of the first time.
        """
        unread = self.db.conn.execute(
            "SELECT c.url, c.digest, min(c.captured_at), c.site, e.extractor, e.problem "
            "FROM capture_rows c JOIN pages p ON p.url = c.url "
            "JOIN snapshots s ON s.digest = c.digest "
            "LEFT JOIN extraction_rows e ON e.url = c.url AND e.digest = c.digest AND e.current = 1 "
            "WHERE s.body IS NOT NULL AND c.status IN (200, 203) AND c.error IS NULL AND p.kind <> 'robots' "
            "AND (?1 IS NULL OR c.site = ?1) AND (?2 <> 'pending' OR e.extractor IS NULL OR e.problem GLOB "
            "'extract_*') "
            "GROUP BY c.url, c.digest ORDER BY c.site, 3",
            (site, scope),
        ).fetchall()
        for url, digest, at, key, read_by, problem in unread:
            if scope == "stale" and read_by == extractor(key) and problem not in WORKER_PROBLEMS:
                continue
            yield self._capture(url, digest, at)

    def shown(self, url: str, digest: str) -> Capture:
        """The first capture of a page that showed a snapshot, with its payload, to be read again.

        Raises UnknownPage or PayloadDamaged.
        """
        row = self.db.conn.execute(
            "SELECT min(captured_at) FROM capture_rows WHERE url = ? AND digest = ?", (url, digest)
        ).fetchone()
        if row[0] is None:
            raise UnknownPage(f"No capture of {url} shows {digest}.")
        return self._capture(url, digest, row[0])

    def _capture(self, url: str, digest: str, at: str) -> Capture:
        """What an extractor needs of a capture."""
        kind, site, content_type, headers = self.db.conn.execute(
            "SELECT p.kind, c.site, c.content_type, c.response_headers FROM captures c JOIN pages p ON p.url = c.url "
            "WHERE c.url = ? AND c.captured_at = ?",
            (url, at),
        ).fetchone()
        return Capture(
            url=url,
            captured_at=moment(at),
            site=site,
            kind=kind,
            status=200,
            payload=self.payload(digest),
            content_type=content_type,
            response_headers=tuple((name, value) for name, value in json.loads(headers or "[]")),
        )
