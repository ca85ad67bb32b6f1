"""Waiting: which snapshots are to be read, in what order, and what an extractor needs of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache

from archive.captures import Captures
from archive.errors import PayloadDamaged, UnknownPage
from archive.records import QUARANTINE, WORKER_PROBLEMS, Capture, Selection, beginning_of, end_of, moment, timestamp

_FAILED = ", ".join(f"'{word}'" for word in sorted(WORKER_PROBLEMS))
#: A snapshot that a page showed several times is read once, as of the first time. `w` is what the extractor that would
#: read it now has read in it already, `e` what the views show.
_UNREAD = (
    "SELECT c.url, c.digest, min(c.captured_at) AS at FROM capture_rows c "
    "JOIN pages p ON p.url = c.url JOIN snapshots s ON s.digest = c.digest "
    "LEFT JOIN extraction_rows e ON e.url = c.url AND e.digest = c.digest AND e.current = 1 "
    "LEFT JOIN extraction_rows w ON w.url = c.url AND w.digest = c.digest AND w.extractor = wanted(c.site) "
    "LEFT JOIN strikes k ON k.url = c.url AND k.digest = c.digest AND k.extractor = wanted(c.site) "
    "WHERE s.body IS NOT NULL AND c.status IN (200, 203) AND c.error IS NULL AND p.kind <> 'robots' "
    "AND c.site = :site AND (:quarantined OR k.times IS NULL OR k.times < :most) "
    f"AND CASE :scope WHEN 'pending' THEN e.extractor IS NULL OR e.problem IN ({_FAILED}) "
    f"WHEN 'stale' THEN w.extractor IS NULL OR w.problem IN ({_FAILED}) "
    "ELSE :begun IS NULL OR (coalesce(w.extracted_at, '') < :begun AND coalesce(k.failed_at, '') < :begun) END "
    "GROUP BY c.url, c.digest "
    "HAVING (:since IS NULL OR min(c.captured_at) >= :since) AND (:until IS NULL OR min(c.captured_at) <= :until) "
    "ORDER BY 3, 1"
)


class Waiting(Captures):
    """Names the snapshots that are to be read."""

    def pending(
        self, extractor: Callable[[str], str], which: Selection | None = None, begun: str | None = None
    ) -> Iterator[tuple[str, Capture]]:
        """(digest, capture) of the snapshots that are to be read, with their payload, site by site in order of time.

        extractor: gives the extractor identity for a site's key. begun: leave out of `all` what was read since then.
        With a page that was never read, its state before comes too where another extractor read it: only texts by
        one extractor can be compared. Where a payload is damaged, the capture comes without it.
        """
        which = which or Selection()
        for url, digest, at in self.chosen(extractor, which, begun):
            yield digest, self._capture(url, digest, at)

    def waiting(self, extractor: Callable[[str], str], which: Selection | None = None, begun: str | None = None) -> int:
        """How many snapshots `pending` would bring."""
        return sum(1 for _ in self.chosen(extractor, which or Selection(), begun))

    def chosen(
        self, extractor: Callable[[str], str], which: Selection, begun: str | None
    ) -> Iterator[tuple[str, str, str]]:
        """(URL, digest, time of the first capture) of what a selection means."""
        wanted = cache(extractor)
        self.db.conn.create_function("wanted", 1, wanted, deterministic=True)
        values = {
            "scope": which.scope,
            "since": which.since and beginning_of(which.since),
            "until": which.until and end_of(which.until),
            "quarantined": int(which.quarantined),
            "most": QUARANTINE,
            "begun": begun,
        }
        sites = [which.site] if which.site else self._sites()
        left = which.limit if which.limit is not None else -1
        for site in sites:
            if left == 0:
                return
            seen: set[tuple[str, str]] = set()
            for url, digest, at in self.db.conn.execute(_UNREAD, {**values, "site": site}).fetchall():
                if which.only is not None and (url, digest) not in which.only:
                    continue
                near = self._before(url, digest, at, wanted(site)) if which.scope == "pending" else None
                for one in ((url, *near), (url, digest, at)) if near else ((url, digest, at),):
                    if one[:2] in seen or left == 0:
                        continue
                    seen.add(one[:2])
                    left -= 1
                    yield one

    def _sites(self) -> list[str]:
        return [site for (site,) in self.db.conn.execute("SELECT DISTINCT site FROM capture_rows ORDER BY site")]

    def _before(self, url: str, digest: str, at: str, wanted: str) -> tuple[str, str] | None:
        """(digest, time) of the state of a page before another, if it cannot be compared with it yet."""
        row = self.db.conn.execute(
            "SELECT c.digest, (SELECT min(f.captured_at) FROM capture_rows f "
            "WHERE f.url = c.url AND f.digest = c.digest) FROM capture_rows c "
            "WHERE c.url = ? AND c.captured_at < ? AND c.digest <> ? "
            "AND c.status IN (200, 203) AND c.error IS NULL ORDER BY c.captured_at DESC LIMIT 1",
            (url, at, digest),
        ).fetchone()
        if row is None:
            return None
        known = self.db.conn.execute(
            "SELECT 1 FROM snapshots s WHERE s.digest = ?2 AND (s.body IS NULL OR NOT EXISTS "
            "(SELECT 1 FROM extraction_rows WHERE url = ?1 AND digest = ?2) OR EXISTS "
            "(SELECT 1 FROM extraction_rows WHERE url = ?1 AND digest = ?2 AND extractor = ?3) OR EXISTS "
            "(SELECT 1 FROM strikes WHERE url = ?1 AND digest = ?2 AND extractor = ?3))",
            (url, row[0], wanted),
        ).fetchone()
        return None if known else (row[0], row[1])

    def shown(self, url: str, digest: str) -> Capture:
        """The first capture of a page that showed a snapshot, with its payload, to be read again.

        Raises UnknownPage or PayloadDamaged.
        """
        row = self.db.conn.execute(
            "SELECT min(captured_at) FROM capture_rows WHERE url = ? AND digest = ?", (url, digest)
        ).fetchone()
        if row[0] is None:
            raise UnknownPage(f"No capture of {url} shows {digest}.")
        capture = self._capture(url, digest, row[0])
        if capture.payload is None:
            raise PayloadDamaged(f"The payload {digest} of {url} cannot be read: `foreigndesk verify` tells more.")
        return capture

    def _capture(self, url: str, digest: str, at: str) -> Capture:
        """What an extractor needs of a capture."""
        kind, site, content_type, headers = self.db.conn.execute(
            "SELECT p.kind, c.site, c.content_type, c.response_headers FROM captures c JOIN pages p ON p.url = c.url "
            "WHERE c.url = ? AND c.captured_at = ?",
            (url, at),
        ).fetchone()
        try:
            payload = self.payload(digest)
        except (PayloadDamaged, UnknownPage):
            payload = None
        return Capture(
            url=url,
            captured_at=moment(at),
            site=site,
            kind=kind,
            status=200,
            payload=payload,
            content_type=content_type,
            response_headers=tuple((name, value) for name, value in json.loads(headers or "[]")),
        )

    # ---- readings of everything

    def begin_reading(self, selection: str, at: datetime) -> str:
        """When the reading of everything that a selection names was begun, and not ended: that one goes on.

        selection: its digest. Begins one, at this time, where there is none.
        """
        with self.writing() as connection:
            row = connection.execute(
                "SELECT max(started_at) FROM rereadings WHERE selection = ? AND finished_at IS NULL", (selection,)
            ).fetchone()
            if row[0]:
                return str(row[0])
            # A clock that was set back must not make readings of before look like readings of now.
            newest = connection.execute(
                "SELECT max(at) FROM (SELECT max(extracted_at) AS at FROM extraction_rows "
                "UNION ALL SELECT max(failed_at) FROM strikes)"
            ).fetchone()[0]
            begun = max(at, moment(newest) + timedelta(microseconds=1)) if newest else at
            connection.execute(
                "INSERT OR IGNORE INTO rereadings (selection, started_at) VALUES (?, ?)", (selection, timestamp(begun))
            )
            return timestamp(begun)

    def end_reading(self, selection: str, at: datetime) -> None:
        """Note that everything which a selection names was read."""
        with self.writing() as connection:
            connection.execute(
                "UPDATE rereadings SET finished_at = ? WHERE selection = ? AND finished_at IS NULL",
                (timestamp(at), selection),
            )
