"""backup: a copy of the archive as of one moment, made while others write, checked before it takes its name."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from archive.errors import ArchiveUnreadable, BadQuery
from archive.opening import fault
from archive.store import Archive


def backup(archive: Archive, path: str | Path) -> int:
    """Copy an archive to a new file; returns its size in bytes.

    SQLite's online backup: consistent whatever is written meanwhile. Raises BadQuery where the file is there already,
    ArchiveUnreadable where it cannot be written or the copy is not sound; then nothing is left behind.
    """
    path = Path(path)
    if path.exists():
        raise BadQuery(f"{path} is there already: choose another name, or take it away first.")
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        unfinished.unlink(missing_ok=True)
        with closing(sqlite3.connect(unfinished)) as copy:
            # In one step: one read transaction, which under WAL keeps no writer waiting. In several, each write of
            # another process would begin it anew, and beside a crawl it would never end.
            archive.db.conn.backup(copy)
            # One file, no WAL beside it: that is what a backup is moved about as.
            copy.execute("PRAGMA journal_mode = DELETE")
            said = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        if said != "ok":
            # SQLite says it in several lines.
            fault_said = " ".join(str(said).replace("*** in database main ***", "").split())
            raise ArchiveUnreadable(
                f"The copy is not sound ({fault_said}): `foreigndesk verify` tells what is damaged."
            )
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
        os.rename(unfinished, path)
    except (sqlite3.Error, OSError) as error:
        said = fault(error) if isinstance(error, sqlite3.Error) else f"{error.strerror}."
        raise ArchiveUnreadable(f"{path} could not be written: {said}") from None
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return path.stat().st_size
