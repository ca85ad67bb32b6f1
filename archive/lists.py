"""Lists: the links of boxes and section pages, each list once, each link once; and how often a target is recommended.

Pages of one site show the same links again and again, under the same headings. So a list is a row of numbers; what a
link says, and where it leads, stands once (`entries`, `targets`). The view `links` puts them together again.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from archive.records import Link, kept_href


class Lists:
    """Keeps lists in one transaction, and adds up what they change in the counters until `count` writes it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._target = lru_cache(100_000)(self._find_target)
        self._entry = lru_cache(100_000)(self._find_entry)
        self._counts: Counter[tuple[str, str, str, int]] = Counter()

    def keep(self, digest: str, links: Sequence[Link]) -> None:
        """Keep a list under its digest, unless it is there."""
        cursor = self._connection.execute("INSERT OR IGNORE INTO lists (digest) VALUES (?)", (digest,))
        if not cursor.rowcount:
            return
        entries = (
            (
                k.rank,
                self._entry(self._target(k.target), k.kind, k.heading, k.text, kept_href(k), k.published, k.modified),
            )
            for k in links
        )
        rows = [(cursor.lastrowid, rank, entry) for rank, entry in entries]
        self._connection.executemany("INSERT OR IGNORE INTO listed (list, rank, entry) VALUES (?, ?, ?)", rows)

    def show(self, digest: str | None, url: str, payload: str, times: int = 1) -> None:
        """Count what a list recommends as shown by one more snapshot of a page (times=-1: one less)."""
        if digest is None:
            return
        found = self._connection.execute(
            "SELECT n.kind, n.target FROM lists l JOIN listed d ON d.list = l.id JOIN entries n ON n.id = d.entry "
            "WHERE l.digest = ? AND n.kind <> 'front'",
            (digest,),
        ).fetchall()
        if not found:
            return
        site, at = self._connection.execute(
            "SELECT site, min(captured_at) FROM capture_rows WHERE url = ? AND digest = ?", (url, payload)
        ).fetchone()
        if site is not None:
            for kind, target in found:
                self._counts[site, at[:10], kind, target] += times

    def count(self) -> None:
        """Write what was added up."""
        changes = [(*key, times) for key, times in sorted(self._counts.items()) if times]
        self._counts.clear()
        self._connection.executemany(
            "INSERT INTO recommendations (site, day, kind, target, times) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET times = times + excluded.times",
            changes,
        )
        totals: Counter[int] = Counter()
        for *_, target, times in changes:
            totals[target] += times
        self._connection.executemany(
            "UPDATE targets SET times = times + ? WHERE id = ?", [(times, target) for target, times in totals.items()]
        )
        fewer = [key[:4] for key in changes if key[4] < 0]
        self._connection.executemany(
            "DELETE FROM recommendations WHERE site = ? AND day = ? AND kind = ? AND target = ? AND times <= 0", fewer
        )

    def _find_target(self, url: str) -> int:
        row = self._connection.execute("SELECT id FROM targets WHERE url = ?", (url,)).fetchone()
        if row:
            return int(row[0])
        return int(self._connection.execute("INSERT INTO targets (url) VALUES (?)", (url,)).lastrowid or 0)

    def _find_entry(
        self, target: int, kind: str, heading: str | None, text: str | None, href: str | None, published: str | None,
        modified: str | None,
    ) -> int:  # fmt: skip
        values = (target, kind, heading, text, href, published, modified)
        row = self._connection.execute(
            "SELECT id FROM entries WHERE target = ? AND kind = ? AND heading IS ? AND text IS ? AND href IS ? "
            "AND published IS ? AND modified IS ?",
            values,
        ).fetchone()
        if row:
            return int(row[0])
        cursor = self._connection.execute(
            "INSERT INTO entries (target, kind, heading, text, href, published, modified) VALUES (?, ?, ?, ?, ?, ?, ?)",
            values,
        )
        return int(cursor.lastrowid or 0)


def recount(connection: sqlite3.Connection) -> None:
    """Make the counters anew from what is read now in the snapshots; in a transaction."""
    connection.execute("DELETE FROM recommendations")
    connection.execute(RECOUNT)
    connection.execute(
        "UPDATE targets SET times = "
        "coalesce((SELECT sum(r.times) FROM recommendations r WHERE r.target = targets.id), 0)"
    )


_SHOWN = (
    "SELECT r.site AS site, substr(r.first_at, 1, 10) AS day, n.kind AS kind, n.target AS target, count(*) AS times "
    "FROM (SELECT c.site, min(c.captured_at) AS first_at, e.links_digest FROM extraction_rows e "
    "      JOIN capture_rows c ON c.url = e.url AND c.digest = e.digest "
    "      WHERE e.current = 1 AND e.links_digest IS NOT NULL GROUP BY e.url, e.digest) r "
    "JOIN lists l ON l.digest = r.links_digest JOIN listed d ON d.list = l.id "
    "JOIN entries n ON n.id = d.entry AND n.kind <> 'front' GROUP BY 1, 2, 3, 4"
)
#: The same of the readings that a table `pairs` (url, digest) names.
_PAIRED = _SHOWN.replace("FROM extraction_rows e ", "FROM temp.pairs x JOIN extraction_rows e USING (url, digest) ")


def add_pairs(connection: sqlite3.Connection, sign: int) -> None:
    """Count what the snapshots in the table `temp.pairs` (url, digest) recommend, as they are read now; -1: no longer.

    In a transaction, round whatever changes their readings or the day on which they were first captured.
    """
    if sign < 0:
        connection.execute("CREATE TEMP TABLE IF NOT EXISTS counted (site, day, kind, target, times)")
        connection.execute("DELETE FROM temp.counted")
    connection.execute(f"INSERT INTO temp.counted SELECT site, day, kind, target, times * ? FROM ({_PAIRED})", (sign,))
    if sign < 0:
        return
    connection.execute(
        "INSERT INTO recommendations (site, day, kind, target, times) SELECT site, day, kind, target, sum(times) "
        "FROM temp.counted WHERE 1 GROUP BY 1, 2, 3, 4 HAVING sum(times) <> 0 "
        "ON CONFLICT DO UPDATE SET times = times + excluded.times"
    )
    connection.execute(
        "UPDATE targets SET times = times + (SELECT sum(c.times) FROM temp.counted c WHERE c.target = targets.id) "
        "WHERE id IN (SELECT target FROM temp.counted GROUP BY target HAVING sum(times) <> 0)"
    )
    connection.execute(
        "DELETE FROM recommendations WHERE times <= 0 AND (site, day, kind, target) IN "
        "(SELECT site, day, kind, target FROM temp.counted)"
    )


RECOUNT = f"INSERT INTO recommendations (site, day, kind, target, times) {_SHOWN}"
#: Counters that are not what the readings say, either way.
MISCOUNTED = (
    f"SELECT count(*) FROM (SELECT * FROM ({_SHOWN} EXCEPT SELECT site, day, kind, target, times FROM recommendations) "
    f"UNION ALL SELECT * FROM (SELECT site, day, kind, target, times FROM recommendations EXCEPT {_SHOWN}))"
)


def links_of(connection: sqlite3.Connection, digest: str) -> tuple[Link, ...]:
    """The links of a list, as they were kept, in order of kind and rank."""
    rows = connection.execute(
        "SELECT kind, rank, target, text, heading, href, published, modified FROM links WHERE list = ? "
        "ORDER BY kind, rank",
        (digest,),
    )
    return tuple(Link(*row) for row in rows)
