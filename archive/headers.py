"""HeaderSets: the headers of a capture as a set that many captures share, and what differs from it.

A site's answers carry the same dozen headers again and again; a date and a validator differ. So the pairs are kept
once, as a JSON list under their short digest (`shared_values`), and the capture holds that name and the values that
differ, as a JSON object by position. In a set of an answer, null stands for a column of the capture's own: what a
header repeats of it is not kept twice. The view `captures` puts all three together again, in order and case.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from archive.records import Headers, as_json, short_digest

#: Headers of an answer that have a column of their own.
OWN_COLUMNS = {"etag": "etag", "last-modified": "last_modified", "content-type": "content_type"}
#: Deletes the shared values that no row names any more.
SWEEP = (
    "DELETE FROM shared_values WHERE name NOT IN "
    "(SELECT request_set FROM capture_rows WHERE request_set IS NOT NULL "
    "UNION SELECT tls FROM capture_rows WHERE tls IS NOT NULL "
    "UNION SELECT response_set FROM capture_rows WHERE response_set IS NOT NULL "
    "UNION SELECT fields_set FROM extraction_rows WHERE fields_set IS NOT NULL)"
)
_TRIED = 8  # sets that a capture is compared with, the last used first
_RECENT = 40  # captures of a site that are looked at for its sets


@dataclass(frozen=True, slots=True)
class _Set:
    name: str
    headers: tuple[str, ...]
    values: tuple[str | None, ...]


class HeaderSets:
    """The sets that an archive's captures share, as far as they were met."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._texts: dict[str, list[tuple[str, str | None]]] = {}
        self._recent: dict[tuple[str, str], list[_Set]] = {}

    def fold(
        self, site: str, side: str, pairs: Headers, own: Mapping[str, str | None] | None = None
    ) -> tuple[str | None, str | None]:
        """(name of the set, changes as JSON) for the headers of a capture; makes a set where none is near.

        side: "request" or "response"; own: the capture's columns by name, for what headers repeat of them.
        """
        if not pairs:
            return None, None
        own = own or {}
        headers = tuple(name for name, _ in pairs)
        values = [value for _, value in pairs]
        spare = [None if own.get(OWN_COLUMNS.get(n.lower(), "")) == v else v for n, v in pairs]
        recent = self._known(site, side)
        best: tuple[_Set, str | None] | None = None
        for known in recent:
            if known.headers != headers:
                continue
            changes = {
                str(place): value
                for place, (kept, short, value) in enumerate(zip(known.values, spare, values, strict=True))
                if kept != short
            }
            folded = as_json(changes) if changes else None
            if best is None or len(folded or "") < len(best[1] or ""):
                best = known, folded
        whole = as_json([list(pair) for pair in zip(headers, spare, strict=True)])
        if best is None or len(best[1] or "") > len(whole) // 2:
            best = _Set(short_digest(whole), headers, tuple(spare)), None
            self.keep(whole)
        if best[0] in recent:
            recent.remove(best[0])
        recent.insert(0, best[0])
        del recent[_TRIED:]
        return best[0].name, best[1]

    def keep(self, value: str) -> str:
        """Keep a text once, for many rows to name; returns its name."""
        name = short_digest(value)
        self._connection.execute("INSERT OR IGNORE INTO shared_values (name, value) VALUES (?, ?)", (name, value))
        return name

    def _pairs(self, name: str) -> list[tuple[str, str | None]]:
        if name not in self._texts:
            row = self._connection.execute("SELECT value FROM shared_values WHERE name = ?", (name,)).fetchone()
            self._texts[name] = [(header, value) for header, value in json.loads(row[0])] if row else []
        return self._texts[name]

    def _known(self, site: str, side: str) -> list[_Set]:
        """The sets that a site's captures used last, newest first."""
        if (site, side) not in self._recent:
            rows = self._connection.execute(
                f"SELECT {side}_set FROM capture_rows WHERE site = ? AND {side}_set IS NOT NULL "
                "ORDER BY captured_at DESC LIMIT ?",
                (site, _RECENT),
            ).fetchall()
            names = list(dict.fromkeys(name for (name,) in rows))[:_TRIED]
            self._recent[site, side] = [
                _Set(name, tuple(h for h, _ in self._pairs(name)), tuple(v for _, v in self._pairs(name)))
                for name in names
            ]
        return self._recent[site, side]
