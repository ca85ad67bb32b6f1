"""Aliases: when two addresses are one page. Two claims that agree make them one; a single claim never does.

A page says which address is its own (`canonical`, RFC 6596) and where its other forms stand (`amphtml`, an `alternate`
for small screens, by Google's rules for AMP and for mobile addresses). Where the other form names the page as its
canonical *and* the page names the form, the form becomes an alias. A permanent redirect (RFC 9110 §15.4.2, §15.4.9)
makes one too, and is the store's. Everything else stays two pages.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from archive.records import Extraction


def agree(connection: sqlite3.Connection, extractions: Sequence[Extraction]) -> int:
    """Mark forms as aliases of their page where both say so, among these extractions and what was read before.

    Runs inside the caller's transaction. Returns how many pages became aliases.
    """
    found = 0
    for one in extractions:
        own = _value(one, "canonical")
        if isinstance(own, str) and own != one.url and one.url in _forms_of(connection, own):
            found += _mark(connection, one.url, own)
        forms = _value(one, "forms")
        for form in map(str, forms) if isinstance(forms, list) else ():
            if form != one.url and _canonical_of(connection, form) == one.url:
                found += _mark(connection, form, one.url)
    return found


def _value(one: Extraction, name: str) -> object:
    note = one.fields.get(name)
    return note.get("value") if isinstance(note, dict) else None


def _fields_of(connection: sqlite3.Connection, url: str) -> dict[str, dict[str, object]]:
    """The notes of the newest reading of a page, {} where it was never read."""
    row = connection.execute(
        "SELECT e.fields FROM readings e JOIN capture_rows c ON c.url = e.url AND c.digest = e.digest "
        "WHERE e.url = ? AND e.current = 1 ORDER BY c.captured_at DESC LIMIT 1",
        (url,),
    ).fetchone()
    return json.loads(row[0]) if row else {}


def _forms_of(connection: sqlite3.Connection, url: str) -> list[str]:
    forms = _fields_of(connection, url).get("forms", {}).get("value")
    return [str(one) for one in forms] if isinstance(forms, list) else []


def _canonical_of(connection: sqlite3.Connection, url: str) -> object:
    return _fields_of(connection, url).get("canonical", {}).get("value")


def _mark(connection: sqlite3.Connection, form: str, page: str) -> int:
    marked = connection.execute(
        "UPDATE pages SET alias_of = ? WHERE url = ? AND alias_of IS NOT ?", (page, form, page)
    ).rowcount
    connection.execute("UPDATE frontier SET due_at = NULL, why = 'alias' WHERE url = ?", (form,))
    return marked
