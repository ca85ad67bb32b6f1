"""seeds: what a run elsewhere has to know of a site, as a small archive; and what is left of it when the run is over.

A seed holds the site's pages, when each is due, when and how it was captured, and its validators, without payloads,
texts or headers: as much as a run asks for. What the run adds is a shard, to be merged.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from archive.shards import columns
from archive.store import Archive

#: Columns of a capture that are facts of its proof, and stay at home.
_AT_HOME = ("tls", "request_set", "request_changes", "response_set", "response_changes", "link", "seal")


def seed(archive: Archive, sites: Sequence[str], file: str | Path) -> None:
    """Write what is known of some sites into a new archive file."""
    with Archive.open(file) as young:
        connection = young.db.conn
        connection.execute("ATTACH ? AS s", (str(archive.path),))
        marks = ", ".join("?" * len(sites))
        names = [name for name in columns(connection, "capture_rows") if name not in _AT_HOME]
        listed = ", ".join(names)
        with young.writing():
            for sql in (
                f"INSERT INTO main.pages SELECT * FROM s.pages WHERE site IN ({marks}) OR url IN "
                f"(SELECT url FROM s.capture_rows WHERE site IN ({marks}))",
                # A payload that is elsewhere: its own digest stands for it.
                "INSERT INTO main.snapshots (digest, length, body, kept_as) SELECT digest, length, NULL, digest "
                f"FROM s.snapshots WHERE digest IN (SELECT digest FROM s.capture_rows WHERE site IN ({marks}) UNION "
                f"SELECT wire_digest FROM s.capture_rows WHERE site IN ({marks}))",
                f"INSERT INTO main.capture_rows ({listed}) SELECT {listed} FROM s.capture_rows WHERE site IN ({marks})",
                f"INSERT OR REPLACE INTO main.frontier SELECT * FROM s.frontier WHERE site IN ({marks})",
            ):
                connection.execute(sql, list(sites) * (sql.count(marks) if marks else 1))
            connection.execute("INSERT INTO main.tombstones SELECT * FROM s.tombstones")
        connection.execute("DETACH s")


def strip(file: str | Path) -> None:
    """Take the seed, and the run's own ledger, out of a shard: what is left is what the run brought."""
    with Archive.open(file) as shard:
        with shard.writing() as connection:
            connection.execute("DELETE FROM capture_rows WHERE link IS NULL")
            connection.execute("DELETE FROM runs")
            # What was neither looked at nor heard of in this run is due at home as it was.
            connection.execute(
                "DELETE FROM frontier WHERE url NOT IN (SELECT url FROM capture_rows) AND max(born_at, "
                "coalesce(hinted_at, '')) < (SELECT coalesce(min(captured_at), '~') FROM capture_rows)"
            )
            connection.execute(
                "DELETE FROM snapshots WHERE body IS NULL AND digest NOT IN (SELECT digest FROM capture_rows "
                "WHERE digest IS NOT NULL UNION SELECT wire_digest FROM capture_rows WHERE wire_digest IS NOT NULL)"
            )
        shard.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
