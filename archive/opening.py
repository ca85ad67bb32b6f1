"""File: an archive file that is open, for writing or only for reading; its transactions; faults as sentences.

Every write is one `BEGIN IMMEDIATE` transaction under WAL with `synchronous=FULL`: a deferred BEGIN fails at once
when another process writes, and NORMAL loses committed rows in a power cut. What is interrupted leaves rows pending;
running again is the repair.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from sqlite_utils import Database

from archive import schema
from archive.errors import ArchiveError, ArchiveTooNew, ArchiveUnreadable

BUSY_SECONDS = 30.0
#: How a damaged file shows. Python cannot make an exception of SQLite's words where they quote bytes that are no UTF-8.
DAMAGE = (sqlite3.Error, UnicodeDecodeError)


class File:
    """One archive file. Use as a context manager: `open` to write, `read` only to look."""

    def __init__(self, path: Path, db: Database) -> None:
        self.path, self.db = path, db
        self.looks_only = False
        self._lock: int | None = None

    @classmethod
    def open(cls, path: str | Path, *, create: bool = True) -> Self:
        """Open an archive for reading and writing, bring its schema up to date, make it where there is none.

        Raises ArchiveUnreadable where the file is no archive or cannot be written, ArchiveTooNew where a newer
        version wrote it.
        """
        path = Path(path)
        if not create or path.exists():
            _expect(path)
        if not path.parent.is_dir():
            raise ArchiveUnreadable(
                f"{path.parent} is no folder: make it first, or choose another place for the archive."
            )
        try:
            # No transactions but our own: Python would begin one, deferred, at any INSERT outside of them.
            connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            db = _checked(path, connection)
            connection.execute("PRAGMA foreign_keys = ON")
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                db.enable_wal()
            connection.execute("PRAGMA synchronous = FULL")
            if schema.pending(db):
                _migrate(db)
        except DAMAGE as error:
            raise ArchiveUnreadable(f"{path} cannot be opened as an archive: {fault(error)}") from None
        return cls(path, db)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Open an archive only to look. One of an older schema is brought up to date first, if it may be written.

        Raises as `open` does.
        """
        path = Path(path)
        connection = reader(path)
        try:
            db = Database(connection, execute_plugins=False)
            if schema.pending(db):
                connection.close()
                cls.open(path, create=False).close()
                db = Database(reader(path), execute_plugins=False)
        except DAMAGE as error:
            raise ArchiveUnreadable(f"{path} cannot be opened as an archive: {fault(error)}") from None
        archive = cls(path, db)
        archive.looks_only = True
        return archive

    def close(self) -> None:
        """Close the file; SQLite folds its WAL into it."""
        self.db.close()
        self._unlock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def lock(self) -> None:
        """Hold the archive as its one crawling process, until close() or death. Raises ArchiveError naming the holder.

        An flock dies with its process, so a crash leaves no stale lock; the file beside the archive only says who.
        """
        if self._lock is not None:
            return
        file = os.open(f"{self.path}-lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(file, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(file)
            raise ArchiveError(
                f"Process {holder} is crawling into {self.path} already: wait until it ends, or stop it."
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._lock = file

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def held_by(self) -> int | None:
        """The process that holds the archive as its crawling process, or None."""
        try:
            file = os.open(f"{self.path}-lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(file, 32).decode("ascii", "replace").strip()
            return int(holder) if holder.isdigit() else None
        finally:
            os.close(file)
        return None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the archive for one act during which nobody may crawl. Raises as `lock` does."""
        held = self._lock is not None
        self.lock()
        try:
            yield
        finally:
            if not held:
                self._unlock()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, begun IMMEDIATE: all of it is kept or nothing. Raises ArchiveUnreadable on I/O faults."""
        try:
            with _immediate(self.db.conn):
                yield self.db.conn
        except DAMAGE as error:
            if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                raise
            raise ArchiveUnreadable(f"{self.path} could not be written: {fault(error)}") from None

    def rows(
        self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> tuple[list[str], list[dict[str, Any]]]:
        """Columns and rows of our own SELECT."""
        cursor = self.db.conn.execute(sql, parameters)
        columns = [d[0] for d in cursor.description]
        return columns, [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

    def shortage(self, reserve: int = 1 << 30, share: float = 0.05) -> str | None:
        """A sentence where fewer than `reserve` bytes of the disk are free, or than its `share`, whichever is less."""
        disk = shutil.disk_usage(self.path.resolve().parent)
        reserve = min(reserve, int(share * disk.total))
        if disk.free >= reserve:
            return None
        return (
            f"The disk of {self.path} has {disk.free >> 20} MiB left, less than the reserve of {reserve >> 20} MiB: "
            "make room and run again; everything captured is kept."
        )

    def _add(self, table: str, records: Sequence[Mapping[str, Any]], *, replace: bool = False) -> None:
        """Insert rows; one whose key is there already is left as it stands, or replaced."""
        if records:
            columns = list(records[0])
            self.db.conn.executemany(
                f"INSERT OR {'REPLACE' if replace else 'IGNORE'} INTO {table} ({', '.join(columns)}) "
                f"VALUES ({', '.join('?' * len(columns))})",
                [tuple(record[column] for column in columns) for record in records],
            )


def pending_sql(path: str | Path) -> str:
    """The SQL that would bring an archive to today's schema; empty where it is up to date. Changes nothing.

    Raises ArchiveUnreadable and ArchiveTooNew as `File.open` does.
    """
    db = Database(reader(path), execute_plugins=False)
    try:
        return schema.pending_sql(db)
    finally:
        db.close()


def reader(path: str | Path) -> sqlite3.Connection:
    """A read-only connection. Raises ArchiveUnreadable where there is no archive, ArchiveTooNew as `File.open` does."""
    path = Path(path)
    _expect(path)
    try:
        connection = looking(path)
        _checked(path, connection)
    except DAMAGE as error:
        raise ArchiveUnreadable(f"{path} cannot be opened as an archive: {fault(error)}") from None
    return connection


def looking(path: Path) -> sqlite3.Connection:
    """A read-only connection to any SQLite file, also in a folder that takes no files. Raises sqlite3.Error."""
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS, isolation_level=None
    )
    try:
        connection.execute("SELECT 1 FROM sqlite_master")
    except sqlite3.OperationalError:
        # WAL needs a file beside the archive, which a read-only folder does not take. Without one nobody writes,
        # so the file can be read as it stands.
        if os.access(path.resolve().parent, os.W_OK) or Path(f"{path}-wal").exists():
            raise
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True, isolation_level=None)
    return connection


def _expect(path: Path) -> None:
    if not path.exists():
        raise ArchiveUnreadable(
            f"There is no archive at {path}. `foreigndesk crawl SITE` makes one; "
            "--archive or FOREIGNDESK_ARCHIVE says where it is."
        )
    if path.is_dir():
        raise ArchiveUnreadable(f"{path} is a folder: name the archive's file in it.")
    if path.stat().st_size == 0 and not Path(f"{path}-wal").exists():
        raise ArchiveUnreadable(
            f"{path} is empty: it never was an archive, or all of it is lost. Restore a backup, or take the file away "
            "to begin a new archive."
        )


def _checked(path: Path, connection: sqlite3.Connection) -> Database:
    """The database of a connection, if it is an archive of ours that this version understands."""
    db = Database(connection, execute_plugins=False)
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and connection.execute("PRAGMA application_id").fetchone()[0] != schema.APPLICATION_ID:
        connection.close()
        raise ArchiveUnreadable(f"{path} is a SQLite file, but not an archive of Foreign Desk: choose another name.")
    # The file may come from anybody. Its cells are checked before they are used, and it may have no triggers: they
    # would run with our writes. (PRAGMA trusted_schema = OFF would forbid our own views JSON before SQLite 3.41.)
    connection.execute("PRAGMA cell_size_check = ON")
    trigger = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchone()
    if trigger:
        connection.close()
        raise ArchiveUnreadable(
            f"{path} has a trigger ({trigger[0]}), which an archive of Foreign Desk never has: look at where the file "
            "comes from; DROP TRIGGER takes it away."
        )
    newer = schema.unknown_migrations(db)
    if newer:
        connection.close()
        raise ArchiveTooNew(
            f"{path} was written by a newer version of Foreign Desk ({newer[0]}): "
            "install that version; nothing was changed."
        )
    return db


def _migrate(db: Database) -> None:
    """Bring a file to the newest schema, all steps in one transaction."""
    fresh = not db.conn.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    with _immediate(db.conn):
        schema.migrations.apply(db)
    if fresh:
        # The steps of older schemas left empty pages behind.
        db.conn.execute("VACUUM")


@contextmanager
def _immediate(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


#: What SQLite's result codes mean to a person (https://sqlite.org/rescode.html), by their beginnings.
_SENTENCES = {
    "SQLITE_NOTADB": "it is not a SQLite file.",
    "SQLITE_BUSY": f"another program has held it for {BUSY_SECONDS:.0f} seconds; try again when it is done.",
    "SQLITE_LOCKED": "another part of this program holds it; try again when it is done.",
    "SQLITE_READONLY": "it is read-only; check its permissions and those of its folder.",
    "SQLITE_FULL": "the disk is full; make room and run again, what is committed is safe.",
    "SQLITE_CANTOPEN": "check that the folder exists and may be written.",
    "SQLITE_CORRUPT": "it is damaged; restore a backup, or try `sqlite3 FILE .recover`.",
    "SQLITE_IOERR": "the disk reports a fault, or a quota or a limit on file sizes is reached; "
    "what is committed is safe.",
    "SQLITE_PERM": "this user may not; check its permissions and those of its folder.",
    "SQLITE_NOMEM": "there is not enough memory.",
}


def fault(error: Exception) -> str:
    """What a fault of SQLite means, and what to do next."""
    code = getattr(error, "sqlite_errorname", None) or ""
    if isinstance(error, UnicodeDecodeError) or "Could not decode" in str(error):
        code = "SQLITE_CORRUPT"
    return next((said for start, said in _SENTENCES.items() if code.startswith(start)), f"{error}.")
