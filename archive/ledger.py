"""Ledger: one row a run, claimed in one statement, closed with its outcome; the truth about what was visited when."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from archive.opening import File
from archive.records import timestamp
from archive.sites import Site


class Ledger(File):
    """Keeps the rows of `runs`."""

    def claim(
        self,
        site: str,
        due: str,
        at: datetime,
        software: str,
        *,
        planned: str | None = None,
        missed: int = 0,
        why: str | None = None,
    ) -> int | None:
        """Claim one run in one statement: its attempt number, or None where it is done or somebody runs the site.

        planned: `lists` (a slot of the schedule) or `looks` (articles that are due between two slots): then the row is
        queued, and `begin` starts it. missed: slots before this one that no run was begun for, and why.
        """
        with self.writing() as connection:
            row = connection.execute(
                "INSERT INTO runs (site, due, attempt, state, started_at, software, planned, missed, missed_why) "
                "SELECT :site, :due, 1 + (SELECT count(*) FROM runs WHERE site = :site AND due = :due), :state, "
                ":at, :by, :planned, :missed, :why "
                "WHERE NOT EXISTS (SELECT 1 FROM runs WHERE site = :site AND due = :due AND state = 'done') "
                "AND NOT EXISTS (SELECT 1 FROM runs WHERE site = :site AND state IN ('queued', 'running')) "
                "RETURNING attempt",
                {"site": site, "due": due, "at": timestamp(at), "by": software, "planned": planned, "missed": missed,
                 "why": why, "state": "queued" if planned else "running"},
            ).fetchone()  # fmt: skip
        return int(row[0]) if row else None

    def begin(self, site: str, due: str, attempt: int, at: datetime) -> None:
        """A queued run has got its place and starts."""
        with self.writing() as connection:
            connection.execute(
                "UPDATE runs SET state = 'running', started_at = ? WHERE site = ? AND due = ? AND attempt = ?",
                (timestamp(at), site, due, attempt),
            )

    def finish(
        self, site: str, due: str, attempt: int, state: str, at: datetime, outcome: str, funnel: Mapping[str, Any]
    ) -> None:
        """Close a run's row with its outcome (one sentence) and its funnel."""
        with self.writing() as connection:
            connection.execute(
                "UPDATE runs SET state = ?, finished_at = ?, outcome = ?, funnel = ? WHERE site = ? AND due = ? AND "
                "attempt = ?",
                (state, timestamp(at), outcome, json.dumps(funnel), site, due, attempt),
            )

    def lose(self, at: datetime) -> list[tuple[str, str]]:
        """Mark runs that a dead process left open as lost; returns their (site, due). For the lock's holder only."""
        with self.writing() as connection:
            return connection.execute(
                "UPDATE runs SET finished_at = ?, outcome = CASE state WHEN 'queued' THEN 'its process ended before "
                "it began' ELSE 'its process ended in mid-run' END, state = 'lost' "
                "WHERE state IN ('queued', 'running') RETURNING site, due",
                (timestamp(at),),
            ).fetchall()

    def planned(self, site: str, until: str) -> list[dict[str, Any]]:
        """The attempts of a site's newest planned slot that is due at or before `until`, first attempt first."""
        _, rows = self.rows(
            "SELECT due, attempt, state, planned, finished_at, missed, missed_why FROM runs WHERE site = ?1 AND due = "
            "(SELECT due FROM runs WHERE site = ?1 AND due <= ?2 AND planned IS NOT NULL ORDER BY due DESC LIMIT 1) "
            "ORDER BY attempt",
            (site, until),
        )
        return rows

    def settled(self, site: str, before: str) -> str | None:
        """The newest slot of a site's lists before a moment that a run was begun for, or None."""
        row = self.db.conn.execute(
            "SELECT due FROM runs WHERE site = ? AND due < ? AND planned = 'lists' ORDER BY due DESC LIMIT 1",
            (site, before),
        ).fetchone()
        return row[0] if row else None

    def lately(self, since: datetime) -> bool:
        """Whether anything was asked of anybody since a moment, or a run was cut off: hosts may still want a rest."""
        row = self.db.conn.execute(
            "SELECT EXISTS (SELECT 1 FROM sites s JOIN capture_rows c ON c.site = s.site AND c.captured_at >= ?1) "
            "OR EXISTS (SELECT 1 FROM runs WHERE started_at >= ?1 AND state IN ('running', 'lost')) "
            "OR EXISTS (SELECT 1 FROM runs WHERE state = 'running')",
            (timestamp(since),),
        ).fetchone()
        return bool(row[0])

    def runs(
        self, site: str | None = None, limit: int = 20, *, due: str | None = None, attempt: int | None = None
    ) -> list[dict[str, Any]]:
        """The newest rows of the ledger, newest first, with the funnel as a dictionary.

        due: only those whose due time begins so; attempt: only this one.
        """
        _, rows = self.rows(
            "SELECT site, due, attempt, state, started_at, finished_at, outcome, funnel, software, planned, missed, "
            "missed_why FROM runs WHERE (?1 IS NULL OR site = ?1) AND (?2 IS NULL OR substr(due, 1, length(?2)) = ?2) "
            "AND (?3 IS NULL OR attempt = ?3) ORDER BY started_at DESC LIMIT ?4",
            (site, due, attempt, limit),
        )
        return [{**row, "funnel": json.loads(row["funnel"] or "{}")} for row in rows]

    # ---- the schedule's own notes

    def plan(self, entries: Mapping[str, str], pid: int, at: datetime) -> None:
        """Note that a schedule begins, and what it visits: entries by site."""
        with self.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO schedules (started_at, pid, beat_at) VALUES (?1, ?2, ?1)", (timestamp(at), pid)
            )
            connection.execute("DELETE FROM planned_sites")
            connection.executemany("INSERT INTO planned_sites (site, entry) VALUES (?, ?)", list(entries.items()))

    def beat(self, started: datetime, at: datetime, *, ended: bool = False) -> None:
        """Note that the schedule that began at `started` is alive, or ends."""
        with self.writing() as connection:
            connection.execute(
                "UPDATE schedules SET beat_at = ?, ended_at = ? WHERE started_at = ?",
                (timestamp(at), timestamp(at) if ended else None, timestamp(started)),
            )

    def schedules(self, limit: int = 2) -> list[dict[str, Any]]:
        """The newest schedules' started_at, pid, beat_at, ended_at, newest first."""
        return self.rows("SELECT * FROM schedules ORDER BY started_at DESC LIMIT ?", (limit,))[1]

    def plans(self) -> list[Site]:
        """The sites that the schedule which ran last visits."""
        _, rows = self.rows("SELECT entry FROM planned_sites ORDER BY site")
        return [Site.from_entry(row["entry"]) for row in rows]

    def pause(self, site: str, since: datetime, until: datetime | None = None, reason: str | None = None) -> None:
        """Tell the schedule to begin no run of a site, until a moment or further notice."""
        with self.writing() as connection:
            self._resume(connection, site, since)
            connection.execute(
                "INSERT OR REPLACE INTO pauses (site, since, until, reason) VALUES (?, ?, ?, ?)",
                (site, timestamp(since), until and timestamp(until), reason),
            )

    def resume(self, site: str, at: datetime) -> bool:
        """End a site's pause; returns whether it had one."""
        with self.writing() as connection:
            return self._resume(connection, site, at)

    def _resume(self, connection: sqlite3.Connection, site: str, at: datetime) -> bool:
        cursor = connection.execute(
            "UPDATE pauses SET until = ?1 WHERE site = ?2 AND (until IS NULL OR until > ?1)", (timestamp(at), site)
        )
        return cursor.rowcount > 0

    def pauses(self, at: datetime) -> dict[str, dict[str, Any]]:
        """The pauses in force at a moment, by site: since, until, reason."""
        _, rows = self.rows(
            "SELECT * FROM pauses WHERE since <= ?1 AND (until IS NULL OR until > ?1)", (timestamp(at),)
        )
        return {row["site"]: row for row in rows}

    def paused_since(self, site: str, since: str) -> str | None:
        """The reason of a pause that ended after `since`, "" where it had none; None without a pause."""
        row = self.db.conn.execute(
            "SELECT coalesce(reason, '') FROM pauses WHERE site = ? AND (until IS NULL OR until > ?) "
            "ORDER BY since DESC LIMIT 1",
            (site, since),
        ).fetchone()
        return row[0] if row else None

    # ---- backups

    def note_copy(self, place: str, at: datetime) -> None:
        """Remember that a backup was made, and where."""
        with self.writing() as connection:
            connection.execute("INSERT OR IGNORE INTO copies (made_at, place) VALUES (?, ?)", (timestamp(at), place))

    def copies(self) -> list[tuple[str, str]]:
        """(when, where) of the backups that were made and may still be there, oldest first."""
        return self.db.conn.execute("SELECT made_at, place FROM copies ORDER BY made_at").fetchall()
