"""Ledger: one row a run, claimed in one statement, closed with its outcome; the truth about what was visited when."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from archive.opening import File
from archive.records import timestamp


class Ledger(File):
    """Keeps the rows of `runs`."""

    def claim(self, site: str, due: str, at: datetime, software: str) -> int | None:
        """Claim one run in one statement: its attempt number, or None where it is done or somebody runs it."""
        with self.writing() as connection:
            row = connection.execute(
                "INSERT INTO runs (site, due, attempt, state, started_at, software) "
                "SELECT :site, :due, 1 + (SELECT count(*) FROM runs WHERE site = :site AND due = :due), 'running', "
                ":at, :by "
                "WHERE NOT EXISTS (SELECT 1 FROM runs WHERE site = :site AND due = :due AND state IN ('running', "
                "'done')) "
                "RETURNING attempt",
                {"site": site, "due": due, "at": timestamp(at), "by": software},
            ).fetchone()
        return int(row[0]) if row else None

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
                "UPDATE runs SET state = 'lost', finished_at = ?, outcome = 'its process ended in mid-run' "
                "WHERE state = 'running' RETURNING site, due",
                (timestamp(at),),
            ).fetchall()

    def runs(self, site: str | None = None, limit: int = 20) -> list[dict[str, Any]]:
        """The newest rows of the ledger, newest first, with the funnel as a dictionary."""
        _, rows = self.rows(
            "SELECT site, due, attempt, state, started_at, finished_at, outcome, funnel FROM runs "
            "WHERE ?1 IS NULL OR site = ?1 ORDER BY started_at DESC LIMIT ?2",
            (site, limit),
        )
        return [{**row, "funnel": json.loads(row["funnel"] or "{}")} for row in rows]

    # ---- backups

    def note_copy(self, place: str, at: datetime) -> None:
        """Remember that a backup was made, and where."""
        with self.writing() as connection:
            connection.execute("INSERT OR IGNORE INTO copies (made_at, place) VALUES (?, ?)", (timestamp(at), place))

    def copies(self) -> list[tuple[str, str]]:
        """(when, where) of the backups that were made and may still be there, oldest first."""
        return self.db.conn.execute("SELECT made_at, place FROM copies ORDER BY made_at").fetchall()
