"""Captures: facts in. What was fetched, when, what the server said; the payload once; the link that seals it all."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any

from archive import chain
from archive.headers import HeaderSets
from archive.records import Capture, Visit, batched, timestamp
from archive.rows import capture_row, page_row, site_row
from archive.sites import Site
from archive.snapshots import Snapshots
from archive.tombstones import Tombstones
from archive.watching import Watching

_ERASED = "Its payload was erased from this archive, and is not kept again."


class Captures(Snapshots):
    """Keeps captures with their pages, payloads and seals."""

    @cached_property
    def _headers(self) -> HeaderSets:
        return HeaderSets(self.db.conn)

    def know(self, sites: Iterable[Site], at: datetime) -> None:
        """Keep the entries of the sites that are about to be visited, so that a capture's rules can be told later."""
        with self.writing():
            self.db.table("sites").insert_all([site_row(site, timestamp(at)) for site in sites], replace=True)

    def store(self, visits: Sequence[Visit], due: str | None = None) -> None:
        """Keep captures and the pages seen on them, in one transaction. What is kept already is left as it is.

        due: the run that fetched them, as in `runs.due`. Raises ArchiveUnreadable where nothing could be kept.
        """
        try:
            with self.writing() as connection:
                self._store(connection, visits, due)
        except BaseException:
            # What was undone in the file must not be remembered here.
            self.forget()
            raise

    def _store(self, connection: sqlite3.Connection, visits: Sequence[Visit], due: str | None) -> None:
        pages: dict[str, dict[str, Any]] = {}
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        stones = Tombstones(connection)
        for visit in visits:
            capture, at = visit.capture, timestamp(visit.capture.captured_at)
            if stones.url(capture.url) or (capture.location and stones.url(capture.location)):
                continue
            pages.setdefault(capture.url, page_row(capture.url, capture.site, capture.kind, at, capture.discovered_on))
            for kind, url in visit.found:
                if stones.url(url):
                    continue
                pages.setdefault(url, page_row(url, capture.site, kind, at, capture.url))
            if (capture.url, at) in rows or self._captured(connection, capture.url, at):
                continue
            digest = capture.digest
            if digest and stones.digest(digest):
                capture, digest = replace(capture, payload=None, wire=None, error="erased", detail=_ERASED), None
            # A body as it came, where it is kept too, is a snapshot under the digest that it has anyway.
            for name, body in ((digest, capture.payload), (capture.wire_digest, capture.wire)):
                if name and body is not None and not self._holds(connection, name, capture.url):
                    self._keep(connection, name, body, capture.url, capture.site, capture.status, at)
            rows[capture.url, at] = self._row(connection, capture, digest, at, due, rows)
        fresh = self._fresh(connection, pages)
        self._add("pages", list(pages.values()))
        self._seal(connection, list(rows.values()))
        self._add("capture_rows", list(rows.values()))
        moved = [
            (r["location"], r["url"])
            for r in rows.values()
            if r["status"] in (301, 308) and r["location"] and not r["error"]
        ]
        connection.executemany("UPDATE pages SET alias_of = ? WHERE url = ?", moved)
        self._moved_back(connection, rows.values())
        kept = {(url, at) for url, at in rows}
        Watching(connection).visited(
            [v for v in visits if (v.capture.url, timestamp(v.capture.captured_at)) in kept], fresh
        )

    def _fresh(self, connection: sqlite3.Connection, urls: Iterable[str]) -> set[str]:
        """Those of the URLs that are no page of the archive yet."""
        fresh = set(urls)
        for some in batched(sorted(fresh), 500):
            marks = ",".join("?" * len(some))
            fresh -= {row[0] for row in connection.execute(f"SELECT url FROM pages WHERE url IN ({marks})", some)}
        return fresh

    def _moved_back(self, connection: sqlite3.Connection, rows: Iterable[dict[str, Any]]) -> None:
        """A page that had moved for good and shows itself again is no alias any more; a form of another stays one."""
        for row in rows:
            if row["status"] in (200, 203) and not row["error"]:
                connection.execute(
                    "UPDATE pages SET alias_of = NULL WHERE url = ?1 AND alias_of = (SELECT location FROM capture_rows "
                    "WHERE url = ?1 AND captured_at < ?2 AND status IS NOT NULL ORDER BY captured_at DESC LIMIT 1)",
                    (row["url"], row["captured_at"]),
                )

    def _captured(self, connection: sqlite3.Connection, url: str, at: str) -> bool:
        row = connection.execute("SELECT 1 FROM capture_rows WHERE url = ? AND captured_at = ?", (url, at)).fetchone()
        return row is not None

    def _holds(self, connection: sqlite3.Connection, digest: str, url: str) -> bool:
        """Whether a payload need not be kept again: its body is here, or was let go for this very page."""
        row = connection.execute("SELECT body, shared FROM snapshots WHERE digest = ?", (digest,)).fetchone()
        if row is None:
            return False
        shown = "SELECT 1 FROM capture_rows WHERE url = ? AND digest = ? LIMIT 1"
        if connection.execute(shown, (url, digest)).fetchone():
            return True
        if not row[1]:
            connection.execute("UPDATE snapshots SET shared = 1 WHERE digest = ?", (digest,))
        return row[0] is not None

    def _row(
        self, connection: sqlite3.Connection, capture: Capture, digest: str | None, at: str, due: str | None,
        batch: dict[tuple[str, str], dict[str, Any]],
    ) -> dict[str, Any]:  # fmt: skip
        """The capture's row. A 304 shows the state that was kept before it (WARC 1.1 revisit, server-not-modified)."""
        row = capture_row(capture, digest, at, due)
        if capture.status == 304 and not capture.error:
            before = (r["digest"] for r in reversed(batch.values()) if r["url"] == capture.url and r["digest"])
            row["digest"] = next(before, None) or self._shown(connection, capture.url)
            if row["digest"] is None:
                row["error"] = "unasked_304"
                row["detail"] = "The server answered 304, but the archive holds nothing that it could mean."
        return row

    def _shown(self, connection: sqlite3.Connection, url: str) -> str | None:
        """The digest of the state that a page showed last."""
        row = connection.execute(
            "SELECT digest FROM capture_rows WHERE url = ? AND digest IS NOT NULL AND status IN (200, 203, 304) "
            "AND error IS NULL ORDER BY captured_at DESC LIMIT 1",
            (url,),
        ).fetchone()
        return row[0] if row else None

    def _seal(self, connection: sqlite3.Connection, rows: list[dict[str, Any]]) -> None:
        """Add a link to the chain of each run that the rows belong to, and fold their headers into shared sets."""
        runs: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            runs[row["site"], row["due"] or ""].append(row)
        for (site, due), brought in runs.items():
            last = connection.execute(
                "SELECT link, head FROM chain WHERE site = ? AND due = ? ORDER BY link DESC, head DESC LIMIT 1",
                (site, due),
            ).fetchone() or (0, "")
            records = []
            for row in brought:
                records.append(chain.record(row))
                row["link"], row["seal"] = last[0] + 1, records[-1][: chain.SEAL]
                self._fold(row)
            connection.execute(
                "INSERT INTO chain (site, due, link, records, sealed_at, before, head) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    site,
                    due,
                    last[0] + 1,
                    len(records),
                    max(row["captured_at"] for row in brought),
                    last[1],
                    chain.head(site, due, last[0] + 1, last[1], records),
                ),
            )

    def _fold(self, row: dict[str, Any]) -> None:
        """Put a row's headers into sets that it shares with others."""
        for side, own in (("request", None), ("response", row)):
            pairs = row.pop(f"{side}_headers") or []
            name, changes = self._headers.fold(row["site"], side, tuple((n, v) for n, v in pairs), own)
            row[f"{side}_set"], row[f"{side}_changes"] = name, changes
        row["tls"] = row["tls"] and self._headers.keep(row["tls"])
