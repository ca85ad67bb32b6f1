"""Proof: the heads of the chains, one value to publish, and the records that a chain is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from archive import chain
from archive.headers import HeaderSets
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
    then = "(?1 IS NULL OR sealed_at <= ?1)"
    end = at and end_of(at)
    _, rows = archive.rows(
        "SELECT site, due, link, head FROM chain WHERE (site, due, link) IN "
        f"(SELECT site, due, max(link) FROM chain WHERE {then} GROUP BY site, due)",
        (end,),
    )
    _, sums = archive.rows(
        f"SELECT coalesce(sum(records), 0) AS n, max(sealed_at) AS at FROM chain WHERE {then}", (end,)
    )
    heads = [(row["site"], row["due"], row["link"], row["head"]) for row in rows]
    return Head(chain.whole(heads), sums[0]["at"], len(rows), sums[0]["n"], chain.lines(heads))


def records(archive: Archive, site: str) -> Iterator[tuple[dict[str, Any], str]]:
    """(row, digest of its record) of a site's captures in order of time. The row has its headers as pairs."""
    headers = HeaderSets(archive.db.conn)
    cursor = archive.db.conn.execute("SELECT * FROM captures WHERE site = ? ORDER BY captured_at", (site,))
    columns = [column[0] for column in cursor.description]
    for values in cursor:
        row = dict(zip(columns, values, strict=True))
        for side, own in (("request", None), ("response", row)):
            pairs = headers.unfold(row[f"{side}_set"], row[f"{side}_changes"], own)
            row[f"{side}_headers"] = [list(pair) for pair in pairs] or None
        yield row, chain.record(row)
