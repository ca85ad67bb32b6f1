"""The search index: words of the texts, folded and segmented. It holds no text, so it is made anew, never mended."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from archive import tokens

_INSERT = "INSERT INTO {} (rowid, title, standfirst, text) VALUES (?, ?, ?, ?)"
_CHUNK = 500  # texts in memory at a time


def add(connection: sqlite3.Connection, digests: Iterable[str]) -> None:
    """Index texts that were just kept. Last in a transaction: FTS5 writes what it holds at each other statement."""
    rows = [
        row
        for digest in digests
        for row in connection.execute("SELECT id, title, standfirst, text FROM texts WHERE digest = ?", (digest,))
    ]
    _fill(connection, "texts_fts", sorted(rows))


def remove(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Take texts out of the index that are about to be deleted; in a transaction, while they are still there."""
    rows = [
        row
        for number in numbers
        for row in connection.execute("SELECT id, title, standfirst, text FROM texts WHERE id = ?", (number,))
    ]
    connection.executemany(
        "INSERT INTO texts_fts (texts_fts, rowid, title, standfirst, text) VALUES ('delete', ?, ?, ?, ?)",
        [(number, *(tokens.segment(part or "") for part in parts)) for number, *parts in rows],
    )


def rebuild(connection: sqlite3.Connection) -> None:
    """Make the index anew from the texts; in a transaction. Nothing of a text that is gone stays in it."""
    connection.execute("INSERT INTO texts_fts (texts_fts) VALUES ('delete-all')")
    for rows in _texts(connection):
        _fill(connection, "texts_fts", rows)
    connection.execute("INSERT INTO texts_fts (texts_fts) VALUES ('optimize')")


def fault(connection: sqlite3.Connection, *, quick: bool) -> str | None:
    """What is wrong with the index, as a sentence, or None.

    quick: look only whether each text is in it; else index all texts again beside it, and compare every word.
    """
    apart = connection.execute(
        "SELECT (SELECT count(*) FROM texts WHERE id NOT IN (SELECT id FROM texts_fts_docsize)), "
        "(SELECT count(*) FROM texts_fts_docsize WHERE id NOT IN (SELECT id FROM texts))"
    ).fetchone()
    if apart != (0, 0):
        return f"{apart[0]} texts are missing from the index, and {apart[1]} of it are not there any more."
    if quick:
        return None
    made = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'texts_fts'").fetchone()[0]
    connection.execute("SAVEPOINT again")
    try:
        connection.execute(made.replace("texts_fts", "temp.again", 1))
        for rows in _texts(connection):
            _fill(connection, "temp.again", rows)
        connection.execute("CREATE VIRTUAL TABLE temp.held USING fts5vocab('main', 'texts_fts', 'row')")
        connection.execute("CREATE VIRTUAL TABLE temp.meant USING fts5vocab('temp', 'again', 'row')")
        words = connection.execute(
            "SELECT count(*) FROM (SELECT * FROM (SELECT * FROM temp.held EXCEPT SELECT * FROM temp.meant) UNION "
            "SELECT * FROM (SELECT * FROM temp.meant EXCEPT SELECT * FROM temp.held))"
        ).fetchone()[0]
        texts = connection.execute(
            "SELECT count(*) FROM texts_fts_docsize h JOIN temp.again_docsize m USING (id) WHERE h.sz <> m.sz"
        ).fetchone()[0]
        return (
            f"{words} words of the index and {texts} of its texts are not as the texts are." if words or texts else None
        )
    finally:
        connection.execute("ROLLBACK TO again")
        connection.execute("RELEASE again")


def _texts(connection: sqlite3.Connection) -> Iterator[list[tuple[int, str | None, str | None, str]]]:
    """The texts in order of their number, some at a time."""
    last = -1
    while rows := connection.execute(
        "SELECT id, title, standfirst, text FROM texts WHERE id > ? ORDER BY id LIMIT ?", (last, _CHUNK)
    ).fetchall():
        yield rows
        last = rows[-1][0]


def _fill(connection: sqlite3.Connection, table: str, rows: Iterable[tuple[int, str | None, str | None, str]]) -> None:
    connection.executemany(
        _INSERT.format(table), ((number, *(tokens.segment(part or "") for part in parts)) for number, *parts in rows)
    )
