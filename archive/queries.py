"""query: one SELECT of a user's on a read-only connection, bounded in time and memory."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from archive.errors import BadQuery
from archive.opening import reader
from archive.search import match

QUERY_SECONDS = 30.0
_VIEWS = "articles, revisions, readings, related_links, recommended, fronts, mementos, latest, headers"
MAX_VALUE = 64 << 20  # bytes of one value: bounds what `zeroblob` and the like can take


def query(
    path: str | Path, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = (), seconds: float = QUERY_SECONDS
) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    """Run one SELECT of a user's on a read-only connection: (columns, rows as they come).

    Bounded in time and in the size of one value; nothing can be written, attached or loaded. Raises BadQuery with
    what SQLite says, ArchiveUnreadable where there is no archive.
    """
    connection = reader(path)
    deadline = time.monotonic() + seconds
    connection.set_progress_handler(lambda: int(time.monotonic() > deadline), 10_000)
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
        raise BadQuery(_query_sentence(error, seconds)) from None
    return columns, _fetch(cursor, seconds)


def functions(connection: sqlite3.Connection) -> None:
    """Lend a connection `fts_query(words)`: a searcher's words as what `texts_fts MATCH` takes."""
    connection.create_function("fts_query", 1, match, deterministic=True)


def _fetch(cursor: sqlite3.Cursor, seconds: float) -> Iterator[tuple[Any, ...]]:
    try:
        yield from cursor
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise BadQuery(_query_sentence(error, seconds)) from None
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
        return f"The query took longer than {seconds:.0f} seconds and was stopped: narrow it, or raise --seconds."
    if "not authorized" in text or "prohibited" in text or "readonly" in text:
        return f"Only reading is allowed here ({text})."
    if "no such table" in text or "no such column" in text:
        return f"{text[0].upper()}{text[1:]}. Views: {_VIEWS}."
    return f"SQLite says: {text}."
