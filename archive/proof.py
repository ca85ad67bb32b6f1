"""Proof: the heads of the chains, one value to publish, and the records that a chain is made of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from archive import chain
from archive.records import end_of
from archive.store import Archive


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an archive: a value that vouches for every capture sealed up to a time.

    `value` is `sha256:` and 64 hex digits; `at` the time of the newest capture behind it (None where there is none);
    `lines` what the value is the SHA-256 of: site, due time, links and head of each run, sorted.
    """

    value: str
    at: str | None
    runs: int
    captures: int
    lines: tuple[str, ...]


def head(archive: Archive, at: str | None = None) -> Head:
    """The head of an archive, or as it was at a time (ISO 8601, UTC; a prefix such as a day means all of it)."""
    then, then_next = (f"(?1 IS NULL OR {table}.sealed_at <= ?1)" for table in ("c", "n"))
    end = at and end_of(at)
    _, rows = archive.rows(
        # A run that went on in two files, which were merged, has more than one last link.
        f"SELECT site, due, link, head FROM chain c WHERE {then} AND NOT EXISTS (SELECT 1 FROM chain n "
        f"WHERE n.site = c.site AND n.due = c.due AND n.link = c.link + 1 AND n.before = c.head AND {then_next})",
        (end,),
    )
    _, sums = archive.rows(
        f"SELECT coalesce(sum(records), 0) AS n, max(sealed_at) AS at FROM chain c WHERE {then}", (end,)
    )
    heads = [(row["site"], row["due"], row["link"], row["head"]) for row in rows]
    return Head(chain.whole(heads), sums[0]["at"], len(rows), sums[0]["n"], chain.lines(heads))


def records(archive: Archive, site: str) -> Iterator[tuple[dict[str, Any], str]]:
    """(columns of `captures`, digest of the record) of a site's captures in order of time."""
    cursor = archive.db.conn.execute("SELECT * FROM captures WHERE site = ? ORDER BY captured_at", (site,))
    columns = [column[0] for column in cursor.description]
    for values in cursor:
        row = dict(zip(columns, values, strict=True))
        yield row, record(row)


def record(row: Mapping[str, Any]) -> str:
    """The digest of a capture's record, from its columns in the view `captures`."""
    headers = {f"{side}_headers": json.loads(row[f"{side}_headers"] or "null") for side in ("request", "response")}
    return chain.record({**row, **headers})
