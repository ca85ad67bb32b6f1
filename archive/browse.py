"""browse: what Datasette is lent when it opens an archive: `fts_query(words)`, as in `foreigndesk query`.

An entry point of the group `datasette` names this room, so that `datasette press.db` finds it by itself. It needs the
extra `browse`.
"""

from __future__ import annotations

import sqlite3

from datasette import hookimpl

from archive.queries import functions


@hookimpl  # type: ignore[untyped-decorator]
def prepare_connection(conn: sqlite3.Connection) -> None:
    """Lend a connection the function that makes a MATCH expression of a searcher's words."""
    functions(conn)
