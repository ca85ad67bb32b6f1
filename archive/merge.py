"""merge: bring archives into one, in any order and as often as you like. split: the other way.

Before anything is written, every part of what is to be brought is checked: captures and chains against their seals,
payloads against their digests, readings and texts against theirs. What is foreign or damaged is refused as a whole.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from archive import shards, unions
from archive.errors import ArchiveError, ArchiveUnreadable, BadQuery
from archive.opening import DAMAGE, fault
from archive.records import text_digest
from archive.rows import reading_seal
from archive.shards import Bringing, Merged, Part
from archive.store import Archive
from archive.tombstones import Tombstones, domains, tombstone
from archive.urls import host_of
from archive.verify import verify

Told = Callable[[Merged], None]


def merge(archive: Archive, file: str | Path, *, progress: Told = lambda _: None, checked: bool = False) -> Merged:
    """Bring everything of another archive into this one. Idempotent; cut off, it is gone on with by asking again.

    progress: called with what was brought so far. checked: leave out the check, for a file of one's own making.
    Raises ArchiveUnreadable or ArchiveTooNew where the file is foreign, damaged or written by a newer version, and
    where it has erased what this one still holds; then nothing was written.
    """
    file = Path(file)
    if file.exists() and archive.path.exists() and file.samefile(archive.path):
        raise BadQuery(f"{file} is the archive itself: name another one to bring into it.")
    with Archive.read(file) as source, _attached(archive, file):
        one = Bringing(archive, source, Part(), Merged(), progress)
        _bar(one)
        shards.choose_captures(one)
        if not checked:
            _check(one)
        _bring(one)
        return one.merged


def split(
    archive: Archive, folder: str | Path, by: str, *, progress: Callable[[Path, Merged], None] = lambda _, __: None
) -> list[Path]:
    """Write the archive as several, one a site or a month of capture, into a folder; returns their files.

    by: `site` or `month`. Merged again, in any order, they are the archive. Each keeps the chains of its runs; captures
    that went to another file leave their digest. A file that is there already is gone on with. Raises BadQuery.
    """
    folder = Path(folder)
    parts = {
        "site": "SELECT DISTINCT site FROM pages ORDER BY 1",
        "month": "SELECT substr(captured_at, 1, 7) FROM capture_rows UNION "
        "SELECT substr(discovered_at, 1, 7) FROM pages",
    }
    if by not in parts:
        raise BadQuery(f"{by!r} is nothing to split by: use site or month.")
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for (name,) in archive.db.conn.execute(parts[by]).fetchall():
        file = folder / f"{archive.path.stem}-{name}.db"
        if file.exists() and file.samefile(archive.path):
            raise BadQuery(f"{file} is the archive itself: split it into another folder.")
        with Archive.open(file) as into, _attached(into, archive.path):
            part = Part(site=name) if by == "site" else Part(month=name)
            one = Bringing(into, archive, part, Merged(), partial(progress, file))
            _bar(one)
            shards.choose_captures(one)
            _bring(one)
        files.append(file)
    return files


def _bring(one: Bringing) -> None:
    """Every table in its turn: what others rest on first."""
    shards.pages(one)
    shards.plain(one)
    shards.payloads(one)
    shards.captures(one)
    shards.shared_flags(one)
    unions.choose_readings(one)
    unions.texts(one)
    unions.links(one)
    unions.readings(one)
    shards.frontier(one)
    one.into.forget()
    one.tell("done", 1, 1)


@contextmanager
def _attached(archive: Archive, file: Path) -> Iterator[None]:
    """The other file beside the archive's own, as `s`."""
    connection = archive.db.conn
    try:
        connection.execute("ATTACH ? AS s", (str(file),))
    except sqlite3.Error as error:
        raise ArchiveUnreadable(f"{file} cannot be read beside {archive.path}: {fault(error)}") from None
    try:
        yield
    except DAMAGE as error:
        if isinstance(error, sqlite3.ProgrammingError | sqlite3.IntegrityError):
            raise
        raise ArchiveUnreadable(f"{file} cannot be brought into {archive.path}: {fault(error)}") from None
    finally:
        with suppress(sqlite3.Error):
            connection.execute("DETACH s")


def _bar(one: Bringing) -> None:
    """Write down the pages that were erased here and must not come back; refuse what erased pages that are here."""
    connection = one.connection
    connection.execute("DROP TABLE IF EXISTS temp.barred")
    connection.execute("CREATE TEMP TABLE barred (url TEXT PRIMARY KEY) WITHOUT ROWID")
    stones = Tombstones(connection)
    if stones:
        urls = [str(url) for (url,) in one.select("SELECT url FROM s.pages")]
        one.barred.update(url for url in urls if stones.url(url))
        shown = one.select("SELECT DISTINCT url, digest FROM s.capture_rows WHERE digest IS NOT NULL")
        one.barred.update(str(url) for url, digest in shown if stones.digest(str(digest)))
        connection.executemany("INSERT INTO barred VALUES (?)", [(url,) for url in one.barred])
    new = set(one.select("SELECT kind, name FROM s.tombstones EXCEPT SELECT kind, name FROM main.tombstones"))
    if not new:
        return
    for (url,) in connection.execute("SELECT url FROM main.pages"):
        hosts = domains(host_of(url).partition(":")[0])
        if ("url", tombstone(url)) in new or any(("domain", tombstone(host)) in new for host in hosts):
            raise ArchiveUnreadable(
                f"{one.source.path} has erased {url}, which {one.into.path} still holds: `foreigndesk erase` it there "
                "first, for the reason that the other's table `tombstones` gives. Nothing was merged."
            )
    for (digest,) in connection.execute("SELECT digest FROM main.snapshots"):
        if ("digest", tombstone(digest)) in new:
            raise ArchiveUnreadable(
                f"{one.source.path} has erased the payload {digest}, which {one.into.path} still holds: "
                f"`foreigndesk erase --digest {digest}` there first. Nothing was merged."
            )


def _check(one: Bringing) -> None:
    """Refuse a file in which anything that would be brought is not as it was kept."""
    wanted = shards.wanted_payloads(one)
    one.tell("checking", 0, len(wanted))
    with ThreadPoolExecutor(1) as beside:
        # Digests and decoding leave Python's lock to others: payloads are checked beside the rest.
        payloads = beside.submit(_damaged_payload, one.source.path, wanted)
        why = _damaged_rows(one.source) or payloads.result()
    if why:
        raise _refusal(one, why)


def _damaged_payload(path: Path, digests: list[str]) -> str | None:
    """What is wrong with one of the payloads, in a thread of its own."""
    with Archive.read(path) as source:
        for digest in digests:
            try:
                source.payload(digest)
            except ArchiveError as error:
                return str(error)
    return None


def _damaged_rows(source: Archive) -> str | None:
    """What is wrong with a capture, a chain, a text or a reading."""
    said = next((f for f in verify(source, quick=True) if not f.opinion), None)
    if said is not None:
        return f"{said.what} {said.name}: {said.sentence}"
    for digest, title, standfirst, text in source.db.conn.execute("SELECT digest, title, standfirst, text FROM texts"):
        if text_digest(title, standfirst, text) != digest:
            return f"The text {digest} is not as it was kept."
    cursor = source.db.conn.execute("SELECT * FROM extraction_rows")
    names = [column[0] for column in cursor.description]
    for values in cursor:
        row = dict(zip(names, values, strict=True))
        if row["seal"] is not None and reading_seal(row) != row["seal"]:
            return f"What was read in {row['url']} is not as it was kept."
    return None


def _refusal(one: Bringing, why: str) -> ArchiveUnreadable:
    return ArchiveUnreadable(
        f"{one.source.path} is damaged, so nothing of it was merged ({why}) `foreigndesk verify` makes what was read "
        "in pages anew; for the rest use a backup."
    )
