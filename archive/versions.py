"""versions: whose readings an archive holds, and whose it shows. Choosing deletes nothing; `prune` does."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from archive import index
from archive.errors import BadQuery
from archive.headers import SWEEP
from archive.lists import Lists
from archive.records import WORKER_PROBLEMS
from archive.store import Archive

BATCH = 500
_FAILED = ", ".join(f"'{word}'" for word in sorted(WORKER_PROBLEMS))


@dataclass(frozen=True, slots=True)
class Version:
    """One extractor of an archive: our version, trafilatura's, and the digest of a site's rules.

    readings: of snapshots; shown: those that the views show; problems: those without a text; failed: those whose
    worker ended; first, last: when it read (UTC).
    """

    extractor: str
    readings: int
    shown: int
    problems: int
    failed: int
    first: str
    last: str


def versions(archive: Archive, site: str | None = None) -> list[Version]:
    """Every extractor of which the archive holds readings, the newest last. site: only readings of its pages."""
    rows = archive.db.conn.execute(
        "SELECT extractor, count(*), sum(current), sum(problem IS NOT NULL), "
        f"sum(coalesce(problem, '') IN ({_FAILED})), min(extracted_at), max(extracted_at) FROM extraction_rows e "
        "WHERE ?1 IS NULL OR EXISTS (SELECT 1 FROM pages p WHERE p.url = e.url AND p.site = ?1) "
        "GROUP BY extractor ORDER BY max(extracted_at), extractor",
        (site,),
    )
    return [Version(*row) for row in rows]


def named(archive: Archive, name: str) -> list[str]:
    """The extractors that a name means: itself, or all that begin with it (`foreigndesk-1`, whatever the rules).

    Raises BadQuery for one of which the archive holds no reading.
    """
    known = [one.extractor for one in versions(archive)]
    found = [one for one in known if one == name or one.startswith(f"{name}+")]
    if not found:
        raise BadQuery(
            f"The archive holds no readings by {name!r}; `foreigndesk extractors list` names those that it holds."
        )
    return found


def promote(
    archive: Archive, name: str, site: str | None = None, progress: Callable[[int], None] = lambda _: None
) -> int:
    """Show the readings of an extractor wherever it has read. Returns how many snapshots show another reading now.

    Cut off, it is gone on with by asking again. Raises BadQuery as `named` does.
    """
    chosen = named(archive, name)
    marks = ",".join("?" * len(chosen))
    return _switch(
        archive,
        f"SELECT e.url, e.digest, max(e.extractor) FROM extraction_rows e WHERE e.extractor IN ({marks}) "
        f"AND e.current = 0 AND coalesce(e.problem, '') NOT IN ({_FAILED}) AND NOT EXISTS (SELECT 1 FROM "
        "extraction_rows n WHERE n.url = e.url AND n.digest = e.digest AND n.current = 1 "
        f"AND n.extractor IN ({marks})) "
        "AND {site} GROUP BY e.url, e.digest",
        [*chosen, *chosen],
        site,
        progress,
    )


def rollback(
    archive: Archive, name: str, site: str | None = None, progress: Callable[[int], None] = lambda _: None
) -> int:
    """Show the readings of an extractor no longer, wherever another one has read: then the newest of the others.

    Nothing is deleted, and `reextract --stale` leaves what was rolled back alone. Returns and raises as `promote`.
    """
    chosen = named(archive, name)
    marks = ",".join("?" * len(chosen))
    return _switch(
        archive,
        f"SELECT e.url, e.digest, (SELECT o.extractor FROM extraction_rows o WHERE o.url = e.url "
        f"AND o.digest = e.digest AND o.extractor NOT IN ({marks}) AND coalesce(o.problem, '') NOT IN ({_FAILED}) "
        "ORDER BY o.extracted_at DESC, o.extractor DESC LIMIT 1) AS other FROM extraction_rows e "
        f"WHERE e.extractor IN ({marks}) AND e.current = 1 AND {{site}} AND other IS NOT NULL",
        [*chosen, *chosen],
        site,
        progress,
    )


def _switch(archive: Archive, sql: str, values: list[str], site: str | None, progress: Callable[[int], None]) -> int:
    """Make other readings the current ones, as (url, digest, extractor) rows of a SELECT say, in batches."""
    of = "1" if site is None else "EXISTS (SELECT 1 FROM pages p WHERE p.url = e.url AND p.site = ?)"
    rows = archive.db.conn.execute(sql.format(site=of), [*values, *([site] if site else [])]).fetchall()
    for start in range(0, len(rows), BATCH):
        with archive.writing() as connection:
            lists = Lists(connection)
            for url, digest, extractor in rows[start : start + BATCH]:
                _show(connection, lists, url, digest, extractor)
            lists.count()
        progress(min(len(rows), start + BATCH))
    return len(rows)


def _show(connection: sqlite3.Connection, lists: Lists, url: str, digest: str, extractor: str) -> None:
    find = "SELECT links_digest FROM extraction_rows WHERE url = ? AND digest = ? AND "
    before = connection.execute(f"{find} current = 1", (url, digest)).fetchone()
    after = connection.execute(f"{find} extractor = ?", (url, digest, extractor)).fetchone()
    connection.execute(
        "UPDATE extraction_rows SET current = (extractor = ?) WHERE url = ? AND digest = ?", (extractor, url, digest)
    )
    if before != after:
        lists.show(before and before[0], url, digest, -1)
        lists.show(after[0], url, digest)


@dataclass(slots=True)
class Pruned:
    """What `prune` deleted: readings, texts, lists of links."""

    readings: int = 0
    texts: int = 0
    lists: int = 0


def prune(archive: Archive, name: str | None = None, progress: Callable[[Pruned], None] = lambda _: None) -> Pruned:
    """Delete readings that no view shows: of one extractor, or of all; with texts and lists that nothing names then.

    What is shown is never deleted. Cut off, it is gone on with by asking again. Raises BadQuery as `named` does.
    """
    chosen = named(archive, name) if name else [one.extractor for one in versions(archive)]
    gone = Pruned()
    for extractor in chosen:
        while True:
            with archive.writing() as connection:
                count = connection.execute(
                    "DELETE FROM extraction_rows WHERE rowid IN (SELECT rowid FROM extraction_rows "
                    "WHERE extractor = ? AND current = 0 LIMIT ?)",
                    (extractor, BATCH),
                ).rowcount
            gone.readings += count
            progress(gone)
            if not count:
                break
    for texts in _unnamed_texts(archive):
        with archive.writing() as connection:
            index.remove(connection, texts)
            connection.executemany("DELETE FROM texts WHERE id = ?", [(number,) for number in texts])
        gone.texts += len(texts)
        progress(gone)
    with archive.writing() as connection:
        gone.lists = _drop_lists(connection)
    archive.forget()
    return gone


def _unnamed_texts(archive: Archive) -> Iterator[list[int]]:
    while True:
        found = archive.db.conn.execute(
            "SELECT id FROM texts t WHERE NOT EXISTS (SELECT 1 FROM extraction_rows e WHERE e.text_digest = t.digest) "
            "ORDER BY id LIMIT ?",
            (BATCH,),
        ).fetchall()
        if not found:
            return
        yield [number for (number,) in found]


def _drop_lists(connection: sqlite3.Connection) -> int:
    """Delete lists that no reading names, and what only they held."""
    named_lists = "SELECT links_digest FROM extraction_rows WHERE links_digest IS NOT NULL"
    unnamed = f"SELECT id FROM lists WHERE digest NOT IN ({named_lists})"
    connection.execute(f"DELETE FROM listed WHERE list IN ({unnamed})")
    count = connection.execute(f"DELETE FROM lists WHERE id IN ({unnamed})").rowcount
    connection.execute("DELETE FROM entries WHERE NOT EXISTS (SELECT 1 FROM listed g WHERE g.entry = entries.id)")
    connection.execute(
        "DELETE FROM targets WHERE NOT EXISTS (SELECT 1 FROM entries n WHERE n.target = targets.id) "
        "AND NOT EXISTS (SELECT 1 FROM recommendations r WHERE r.target = targets.id)"
    )
    connection.execute(SWEEP)
    return count
