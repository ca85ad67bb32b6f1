"""checkup: whether an archive's file, and what we read and write it with, are in order. Changes nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from lxml import etree

from archive import schema
from archive.opening import DAMAGE, fault, looking
from archive.records import moment

#: Older SQLite has no STRICT tables.
OLDEST_SQLITE = (3, 37, 0)
#: From here on, two connections that write and checkpoint at the same moment cannot damage a WAL (sqlite.org/wal.html).
SOUND_WAL = (3, 51, 3)
#: A clock may be this far behind the newest capture before we say so.
SLACK = timedelta(minutes=5)


class Finding(NamedTuple):
    """One thing looked at. level: `ok`, `note` (to be known) or `fault` (to be mended, and the sentence says how)."""

    level: str
    subject: str
    sentence: str


def libraries() -> list[Finding]:
    """SQLite and libxml2: their versions, what is known of these, what they can do."""
    found = sqlite3.sqlite_version_info
    version = sqlite3.sqlite_version
    if found < OLDEST_SQLITE:
        sqlite = Finding("fault", "sqlite", f"SQLite {version} is too old for archives: 3.37 or newer is needed.")
    elif found < SOUND_WAL:
        sqlite = Finding(
            "note",
            "sqlite",
            f"SQLite {version} may damage a WAL when two connections write and checkpoint at the same moment (mended "
            "in 3.51.3). One process writes an archive here, so let no other program write into it.",
        )
    else:
        sqlite = Finding("ok", "sqlite", f"SQLite {version}")
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("CREATE VIRTUAL TABLE t USING fts5(a)")
            search = Finding("ok", "full text", "FTS5 is there")
        except sqlite3.OperationalError:
            search = Finding("fault", "full text", "This SQLite lacks FTS5: use a Python whose sqlite3 module has it.")
    xml = ".".join(map(str, etree.LIBXML_VERSION))
    return [sqlite, search, Finding("ok", "libxml2", f"libxml2 {xml}, lxml {etree.__version__}")]


def checkup(path: str | Path, now: datetime) -> list[Finding]:
    """The state of an archive's file. now: UTC, to be held against its newest capture. Opened read-only."""
    path = Path(path)
    if not path.exists():
        return [Finding("note", "archive", f"There is no archive at {path} yet; a crawl makes it.")]
    try:
        with closing(looking(path)) as connection:
            return list(_looked_at(path, connection, now))
    except (*DAMAGE, ValueError) as error:  # a damaged time is no time any more
        said = fault(error) if isinstance(error, DAMAGE) else f"it is damaged ({error}); restore a backup."
        return [Finding("fault", "archive", f"{path} cannot be read: {said}")]


def _looked_at(path: Path, connection: sqlite3.Connection, now: datetime) -> list[Finding]:
    if connection.execute("PRAGMA application_id").fetchone()[0] != schema.APPLICATION_ID:
        return [Finding("fault", "archive", f"{path} is a SQLite file, but no archive of ours: name another file.")]
    said = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
    if said != ["ok"]:
        return [Finding("fault", "archive", f"{path} is damaged ({said[0]}): restore a backup.")]
    captures, newest = connection.execute("SELECT count(*), max(captured_at) FROM captures").fetchone()
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    size = path.stat().st_size / 1e6
    found = [Finding("ok", "archive", f"{path} is sound: {captures:,} captures, {size:,.1f} MB, journal {mode}")]
    if newest and moment(newest) > now + SLACK:
        sentence = (
            f"The newest capture is of {newest}, later than this machine's clock: set the clock before you crawl."
        )
        found.append(Finding("fault", "clock", sentence))
    return found
