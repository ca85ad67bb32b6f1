"""query: one SELECT of a user's on a read-only connection, bounded in time and memory."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from archive.errors import ArchiveUnreadable, BadQuery
from archive.opening import fault, reader
from archive.search import match

QUERY_SECONDS = 30.0
_VIEWS = "articles, revisions, readings, related_links, recommended, fronts, mementos, latest, headers"
MAX_VALUE = 64 << 20  # bytes of one value: bounds what `zeroblob` and the like can take


def query(
    path: str | Path, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = (), seconds: float = QUERY_SECONDS
) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    """Run one SELECT of a user's on a read-only connection: (columns, rows as they come).

    Bounded in time and in the size of one value; nothing can be written, attached or loaded. Raises BadQuery with
    what SQLite says, ArchiveUnreadable where there is no archive or it is damaged, KeyboardInterrupt (or what a handler
    of signals raised instead) where the query was interrupted.
    """
    if not sql.strip():
        raise BadQuery("There is no SQL to run: write one SELECT.")
    if seconds <= 0:
        raise BadQuery(f"A query cannot be done in {seconds:g} seconds: give it more than none.")
    connection = reader(path)
    watch = _Watch(seconds)
    connection.set_progress_handler(watch, 10_000)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE)
    functions(connection)
    try:
        connection.set_authorizer(_authorize)
        cursor = connection.execute(sql, parameters)
        if cursor.description is None:
            raise BadQuery("Only a SELECT can be asked here: the archive is opened read-only.")
        columns = [d[0] for d in cursor.description]
    except (sqlite3.Error, sqlite3.Warning, UnicodeDecodeError) as error:
        connection.close()
        raise watch.verdict(error) from None
    return columns, _fetch(cursor, watch)


def functions(connection: sqlite3.Connection) -> None:
    """Lend a connection `fts_query(words)`: a searcher's words as what `texts_fts MATCH` takes."""
    connection.create_function("fts_query", 1, match, deterministic=True)


class _Watch:
    """Stops a query whose time is over; says afterwards why it ended. Called every 10,000 steps of SQLite."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.deadline = seconds, time.monotonic() + seconds
        self.interruption: BaseException | None = None

    def __call__(self) -> int:
        # Python runs the handlers of signals here, and SQLite drops what they raise.
        try:
            return int(time.monotonic() > self.deadline)
        except BaseException as interruption:  # noqa: BLE001 - raised again by `verdict`
            self.interruption = interruption
            return 1

    def verdict(self, error: Exception) -> BaseException:
        """The exception that an error of SQLite stands for."""
        if str(error) == "interrupted" and time.monotonic() <= self.deadline:
            return self.interruption or KeyboardInterrupt()
        if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR")):
            return ArchiveUnreadable(f"The archive cannot be read: {fault(error)}")
        return BadQuery(_query_sentence(error, self.seconds))


def _fetch(cursor: sqlite3.Cursor, watch: _Watch) -> Iterator[tuple[Any, ...]]:
    try:
        yield from cursor
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise watch.verdict(error) from None
    finally:
        cursor.connection.close()


def _authorize(action: int, first: str | None, second: str | None, *_: object) -> int:
    reading = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
    if action in reading and (second or "").lower() != "load_extension":
        return sqlite3.SQLITE_OK
    # Virtual tables (FTS5, json_each) declare themselves when they are first named, in memory only.
    if action == sqlite3.SQLITE_UPDATE and first == "sqlite_master":
        return sqlite3.SQLITE_OK
    # FTS5 asks for its data version; naming columns is what people explore with.
    if action == sqlite3.SQLITE_PRAGMA and first in ("data_version", "table_info", "table_xinfo", "table_list"):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _query_sentence(error: Exception, seconds: float) -> str:
    text = str(error)
    if text == "user-defined function raised exception":
        return "fts_query() found nothing to search for in its words: name at least one with a letter or digit."
    if text == "interrupted":
        return f"The query took longer than {seconds:g} seconds and was stopped: narrow it, or raise --seconds."
    if "not authorized" in text or "prohibited" in text or "readonly" in text:
        return f"Only reading is allowed here ({text})."
    if "no such table" in text or "no such column" in text:
        return f"{text[0].upper()}{text[1:]}. Views: {_VIEWS}."
    return f"SQLite says: {text.rstrip('.')}."
