"""The tables and views of an archive, as SQL, and the steps that bring an older file to them.

Each file here is one step, in the order of its number, and frozen once it has been released: a newer schema is a new
file. Keys are what things are (URL, digest, time), never a number that one file made up, so that two archives agree
without talking; numbers stand only inside a file's own storage (bodies, lists of links, the index). Tables of facts
(pages, snapshots, captures, runs, chain) are only ever added to, but by `erase`; tables of opinions (extractions,
texts, links, counters, index) can be thrown away and made again from them. Every view runs in a bare `sqlite3` shell.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database, Migrations

from archive.records import Link, list_digest, short_digest

#: "FDSK": says in the file's header that it is an archive of ours (`PRAGMA application_id`).
APPLICATION_ID = 0x4644534B
STEPS = sorted(Path(__file__).parent.glob("[0-9]*.sql"))

migrations = Migrations("archive")


def name(file: Path) -> str:
    """What a step is called in the file's own record of them: the name without its number."""
    return file.stem.partition("_")[2]


def _step(file: Path) -> Callable[[Database], None]:
    def step(db: Database) -> None:
        functions(db.conn)
        # Not executescript(): it would commit the migration's transaction half-way.
        for statement in statements(file.read_text(encoding="utf-8")):
            db.conn.execute(statement)
        db.conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")

    return step


for _file in STEPS:
    migrations(name=name(_file))(_step(_file))


def functions(connection: sqlite3.Connection) -> None:
    """Lend a connection the functions that the steps call and SQLite does not have."""
    connection.create_function("short_digest", 1, lambda text: text and short_digest(text), deterministic=True)
    connection.create_function("crc32", 1, zlib.crc32, deterministic=True)
    connection.create_function("list_digest", 1, lambda rows: list_digest(Link(*row) for row in json.loads(rows)))


def statements(sql: str) -> list[str]:
    """The single statements of our own SQL text, which has no semicolon inside a statement."""
    return [one.strip() for one in sql.split(";\n") if one.strip()]


def pending(db: Database) -> list[str]:
    """The names of the steps that the file has not had yet, in order."""
    return [step.name for step in migrations.pending(db)]


def pending_sql(db: Database) -> str:
    """The SQL of the steps that the file has not had yet, as `foreigndesk migrate --dry-run` shows it."""
    waiting = set(pending(db))
    return "\n".join(file.read_text(encoding="utf-8") for file in STEPS if name(file) in waiting)


def unknown_migrations(db: Database) -> list[str]:
    """Steps that the file has had and this version does not know: it was written by a newer one."""
    known = {name(file) for file in STEPS}
    return [step.name for step in migrations.applied(db) if step.name not in known]


def shape(connection: sqlite3.Connection) -> dict[str, str]:
    """Every table, index and view of a file with its SQL, spelled alike whichever way it came to be."""
    found = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {name: sql.replace('"', "") for name, sql in found}


def meant() -> dict[str, str]:
    """The shape that a file of this version has."""
    with closing(sqlite3.connect(":memory:")) as connection:
        migrations.apply(Database(connection, execute_plugins=False))
        return shape(connection)
