"""compact: code stored bodies anew, smaller, in the background.

A page is coded in haste, against what its site had by then. Here there is time: the hardest level, and every reference
that the site has had since. Only the way of keeping changes, never a payload: each is read back before it is written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from archive import codecs
from archive.bodies import Coded, alone, sketch
from archive.codecs import PATCH
from archive.errors import ArchiveUnreadable, PayloadDamaged
from archive.opening import DAMAGE, fault
from archive.store import Archive

LEVEL = 19  # of zstd: forty times slower than what a crawl uses, for a tenth less
BATCH = 50  # bodies in one transaction: a writer waits no longer than that
_LAID = 2000  # bodies laid anew in one transaction
LEAST = 0.02  # share that a body has to lose, or it stays as it is


@dataclass(slots=True)
class Saved:
    """What a run of compact did: bodies looked at, coded anew, their bytes before and after; bodies left to look at."""

    bodies: int = 0
    recoded: int = 0
    before: int = 0
    after: int = 0
    left: int = 0


def compact(
    archive: Archive,
    *,
    site: str | None = None,
    level: int = LEVEL,
    progress: Callable[[Saved], None] = lambda saved: None,
    stop: Callable[[], bool] = lambda: False,
) -> Saved:
    """Code anew what no earlier run has looked at, oldest first. Interrupted at any moment, it goes on next time.

    site: only this site's. level: zstd's, 1 to 22. progress: called first and after each batch; stop: asked before
    each. Others may crawl meanwhile. Freed room is used again by the file itself; `shrink` gives it back to the disk.
    Damaged payloads are left as they are: `verify` names them. Raises UnknownSite where it has no captures.
    """
    if site:
        archive.expect_site(site)
    saved = Saved()
    waiting = _waiting(archive, site)
    saved.left = len(waiting)
    progress(saved)
    for start in range(0, len(waiting), BATCH):
        if stop():
            break
        some = waiting[start : start + BATCH]
        coded = dict(_coded(archive, some, level))
        with archive.writing() as connection:
            for body, _, _ in some:
                was = _length(connection, body)
                if was is None:
                    continue
                better = coded.get(body)
                if (
                    better is not None
                    and len(better.body) < was * (1 - LEAST)
                    and not archive.busy(body)
                    and archive.may_rest(body, better.reference)
                ):
                    archive.recode(connection, body, better, packed=1)
                    saved.recoded += 1
                    saved.after += len(better.body)
                else:
                    connection.execute("UPDATE bodies SET packed = 1 WHERE id = ?", (body,))
                    saved.after += was
                saved.before += was
                saved.bodies += 1
        saved.left -= len(some)
        progress(saved)
    return saved


def shrink(archive: Archive) -> None:
    """Rewrite the file without the room that was freed in it. Takes as much disk again meanwhile; nobody may crawl.

    Raises ArchiveUnreadable where there is not enough room, or another program holds the file.
    """
    with archive.alone():
        last: int | None = -1
        while last is not None:
            with archive.writing() as connection:
                last = archive.lay(connection, last, _LAID)
        try:
            archive.db.conn.execute("VACUUM")
            archive.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except DAMAGE as error:
            raise ArchiveUnreadable(f"{archive.path} could not be rewritten: {fault(error)}") from None
        archive.forget()


def _waiting(archive: Archive, site: str | None) -> list[tuple[int, str, str]]:
    """(body, digest, site) of what no run has looked at, site by site in order of age."""
    return archive.db.conn.execute(
        "SELECT b.id, s.digest, c.site FROM bodies b JOIN snapshots s ON s.body = b.id "
        "JOIN (SELECT digest, min(site) AS site FROM capture_rows WHERE ?1 IS NULL OR site = ?1 GROUP BY digest) c "
        "ON c.digest = s.digest WHERE b.packed = 0 ORDER BY c.site, b.id",
        (site,),
    ).fetchall()


def _coded(archive: Archive, some: list[tuple[int, str, str]], level: int) -> Iterator[tuple[int, Coded]]:
    """The smallest way to keep each body: against what it rests on, against the site's references, or alone."""
    for body, digest, site in some:
        try:
            payload, rests_on, references = archive.payload(digest), archive.rests_on(body), archive.references(site)
            best = alone(payload, level)
            # What the next pages will be coded against stands alone, and goes on doing so.
            likely = [] if body in references else _likely(archive, payload, references)
            for reference in {*likely, *([rests_on] if rests_on is not None else [])}:
                patch = archive.reference(reference).encode(payload, level=level)
                if patch is not None and len(patch) < len(best.body) and archive.may_rest(body, reference):
                    best = Coded(PATCH, reference, patch)
            base = None if best.reference is None else archive.decoded(best.reference)
            if codecs.decode(best.body, base, len(payload)) == payload:
                yield body, best
        except PayloadDamaged:
            continue


def _likely(archive: Archive, payload: bytes, references: list[int]) -> list[int]:
    """Of a site's references, the two that share most of their template with a payload."""
    pieces = sketch(payload)
    return sorted(references, key=lambda number: -len(pieces & archive.reference(number).sketch))[:2]


def _length(connection: sqlite3.Connection, body: int) -> int | None:
    row = connection.execute(
        "SELECT sum(length(body)) FROM bodies WHERE id >= ?1 AND id < ?1 + (SELECT parts FROM bodies WHERE id = ?1)",
        (body,),
    ).fetchone()
    return None if row[0] is None else int(row[0])
