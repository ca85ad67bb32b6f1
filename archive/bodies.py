"""Bodies: how payloads lie in the file. Stored bytes under numbers of the file's own, some coded against others.

Whatever is coded against another body is at most two frames from one that stands alone (`codecs.MOST_FRAMES`). A body
that others rest on is never deleted before they are coded anew.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections import OrderedDict
from collections.abc import Set
from dataclasses import dataclass
from functools import cached_property

from archive import codecs, filling
from archive.codecs import ALONE, PATCH, Reference
from archive.errors import PayloadDamaged
from archive.opening import File

#: A body against a reference that is larger than this share of the body alone: the page has another template.
POOR = 0.6
_CACHED = 24 << 20  # bytes of references held in memory
_SAMPLE = 1 << 15  # bytes of a page's beginning, and of its middle, by which references are told apart
_FIRST, _MORE = 25, 13  # bytes of a row without the blob: of a body's first row, of one that goes on


@dataclass(frozen=True, slots=True)
class Coded:
    """A body as it is to be stored: its codec, the body that it is coded against, its bytes."""

    codec: str
    reference: int | None
    body: bytes


def alone(payload: bytes, level: int = 3) -> Coded:
    """A payload coded by itself."""
    return Coded(ALONE, None, codecs.encode(payload, level))


def sketch(payload: bytes) -> frozenset[bytes]:
    """Pieces of a page's beginning and middle: pages of one template share most of them."""
    middle = max(len(payload) // 2, _SAMPLE)
    sample = payload[:_SAMPLE] + payload[middle : middle + _SAMPLE]
    pieces = sample.split(b">")
    return frozenset(pieces if len(pieces) > 16 else sample.replace(b'"', b" ").replace(b",", b" ").split())


class Cached(Reference):
    """A reference in memory, with what tells its template from others', and what share of its length it takes alone."""

    @cached_property
    def sketch(self) -> frozenset[bytes]:
        return sketch(self.payload)

    @cached_property
    def alone(self) -> float:
        return len(codecs.encode(self.payload)) / max(1, len(self.payload))


class Bodies(File):
    """Stores bodies and gives their payloads back; does not know what they are called or whose they are."""

    _room = (-1, 0)

    @cached_property
    def _cache(self) -> OrderedDict[int, Cached]:
        return OrderedDict()

    def intact(self, body: int) -> bool:
        """Whether a body's stored bytes are those that were written. Raises PayloadDamaged where it is missing."""
        _, stored = self._stored(body)
        row = self.db.conn.execute("SELECT crc32 FROM bodies WHERE id = ?", (body,)).fetchone()
        return bool(row[0] == zlib.crc32(stored))

    def rests_on(self, body: int) -> int | None:
        """The body that a body is coded against, or None where it stands alone. Raises PayloadDamaged as above."""
        return self._stored(body)[0]

    def may_rest(self, body: int, reference: int | None) -> bool:
        """Whether a body may be coded against another without anything getting too deep, or resting on itself."""
        if reference is None:
            return True
        depths = self.db.conn.execute(
            "WITH RECURSIVE t (id, depth) AS (SELECT ?, 1 UNION SELECT b.reference, t.depth + 1 FROM bodies b "
            "JOIN t ON b.id = t.id WHERE b.reference IS NOT NULL AND t.depth < 9) SELECT id, depth FROM t",
            (reference,),
        ).fetchall()
        height = self.db.conn.execute(
            "WITH RECURSIVE t (id, height) AS (SELECT ?, 0 UNION SELECT b.id, t.height + 1 FROM bodies b "
            "JOIN t ON b.reference = t.id WHERE t.height < 9) SELECT max(height) FROM t",
            (body,),
        ).fetchone()[0]
        deepest = max(depth for _, depth in depths)
        return body not in {number for number, _ in depths} and deepest + 1 + height <= codecs.MOST_FRAMES

    def decoded(self, body: int, length: int | None = None, frames: int = 1) -> bytes:
        """The payload of a stored body, its references decoded first; they stay in memory, the payload does not."""
        if body in self._cache:
            return self._cache[body].payload
        if frames > codecs.MOST_FRAMES:
            raise PayloadDamaged(f"Body {body} is more than {codecs.MOST_FRAMES} frames deep: the file is damaged.")
        number, stored = self._stored(body)
        reference = None if number is None else self.reference(number, frames + 1).payload
        return codecs.decode(stored, reference, length)

    def _stored(self, body: int) -> tuple[int | None, bytes]:
        """(the body that a body is coded against, its stored bytes)."""
        find = self.db.conn.execute
        row = find("SELECT parts, reference, body FROM bodies WHERE id = ?", (body,)).fetchone()
        if row is None:
            raise PayloadDamaged(f"Body {body} is missing: the file is damaged; use a backup.")
        parts, reference, stored = row
        if parts > 1:
            more = find("SELECT body FROM bodies WHERE id = ?", (body + 1,)).fetchone()
            stored += more[0] if more else b""
        return reference, stored

    def reference(self, body: int, frames: int = 1) -> Cached:
        """A body's payload to code or decode against; the ones used last stay in memory."""
        if body not in self._cache:
            self._cache[body] = Cached(self.decoded(body, frames=frames))
            # Looked at only when one comes in: asking each what it costs takes longer than decoding a small page.
            while len(self._cache) > 1 and sum(one.cost for one in self._cache.values()) > _CACHED:
                self._cache.popitem(last=False)
        self._cache.move_to_end(body)
        return self._cache[body]

    def insert(self, connection: sqlite3.Connection, coded: Coded) -> int:
        """Insert a body; returns its number, which is even: the next one is for a second row, if there is one.

        No number is ever given twice (AUTOINCREMENT): another process may hold the payload of a deleted body in memory
        under its number, and would code against it what can never be decoded.
        """
        room = self._leaf(connection)
        given = connection.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = 'bodies'").fetchone()[0] or 0
        number = given // 2 * 2 + 2
        cut = filling.first_part(room, _FIRST, len(coded.body), number)
        first = coded.body[:cut] if cut else coded.body
        connection.execute(
            "INSERT INTO bodies (id, codec, reference, crc32, parts, body) VALUES (?, ?, ?, ?, ?, ?)",
            (number, coded.codec, coded.reference, zlib.crc32(coded.body), 2 if cut else 1, first),
        )
        self._go_on(connection, number, coded.body, cut)
        self._room = number + bool(cut), _after(room, number, cut, len(coded.body))
        return number

    def _go_on(self, connection: sqlite3.Connection, number: int, body: bytes, cut: int) -> None:
        """Write the second row of a body that is cut."""
        if cut:
            connection.execute(
                "INSERT INTO bodies (id, codec, parts, body) VALUES (?, 'more', 0, ?)", (number + 1, body[cut:])
            )

    def lay(self, connection: sqlite3.Connection, after: int, most: int) -> int | None:
        """Cut `most` bodies after a number so that they fill pages once the file is rewritten; in a transaction.

        Returns the number of the last of them, None where there is none left.
        """
        room = 0 if after < 0 else self._judged(connection, after)
        bodies = connection.execute(
            "SELECT id FROM bodies WHERE id > ? AND codec <> 'more' ORDER BY id LIMIT ?", (after, most)
        ).fetchall()
        for (number,) in bodies:
            _, body = self._stored(number)
            cut = filling.first_part(room, _FIRST, len(body), number)
            room = _after(room, number, cut, len(body))
            connection.execute("DELETE FROM bodies WHERE id = ? AND codec = 'more'", (number + 1,))
            # UPDATE, not REPLACE: others may rest on it.
            connection.execute(
                "UPDATE bodies SET parts = ?, body = ? WHERE id = ?",
                (2 if cut else 1, body[:cut] if cut else body, number),
            )
            self._go_on(connection, number, body, cut)
        return bodies[-1][0] if bodies else None

    def recode(self, connection: sqlite3.Connection, body: int, coded: Coded, packed: int = 0) -> None:
        """Store a body otherwise under its own number; its payload stays the same."""
        connection.execute("DELETE FROM bodies WHERE id = ? AND codec = 'more'", (body + 1,))
        connection.execute(
            "UPDATE bodies SET codec = ?, reference = ?, crc32 = ?, parts = 1, packed = ?, body = ? WHERE id = ?",
            (coded.codec, coded.reference, zlib.crc32(coded.body), packed, coded.body, body),
        )

    def release(self, connection: sqlite3.Connection, body: int, doomed: Set[int]) -> None:
        """Code what rests on a body anew, so that it can go: the first of them becomes what the others rest on."""
        resting = [
            number
            for (number,) in connection.execute("SELECT id FROM bodies WHERE reference = ? ORDER BY id", (body,))
            if number not in doomed
        ]
        base: Reference | None = None
        for number in resting:
            payload = self.decoded(number)
            coded = alone(payload)
            if base is None:
                base = Reference(payload)
            else:
                patch = base.encode(payload)
                if patch is not None and len(patch) < POOR * len(coded.body):
                    coded = Coded(PATCH, resting[0], patch)
            self.recode(connection, number, coded)
        if resting:
            connection.execute("UPDATE OR IGNORE site_references SET body = ? WHERE body = ?", (resting[0], body))

    def discard(self, connection: sqlite3.Connection, body: int) -> None:
        """Delete a body on which nothing rests any more."""
        connection.execute("DELETE FROM site_references WHERE body = ?", (body,))
        self._delete(connection, body)
        self._cache.pop(body, None)

    def forget(self) -> None:
        """Hold nothing of the file in memory: it was changed beside the usual way, or a change of it was undone."""
        for remembered in ("_headers", "_cache", "_room"):
            self.__dict__.pop(remembered, None)

    def _delete(self, connection: sqlite3.Connection, body: int) -> None:
        """Delete a body with all its rows."""
        connection.execute("DELETE FROM bodies WHERE id = ? OR (id = ? AND codec = 'more')", (body, body + 1))

    def _leaf(self, connection: sqlite3.Connection) -> int:
        """The room on the last row's leaf: as left by ourselves, else judged from the rows before it."""
        last = int(connection.execute("SELECT coalesce(max(id), 0) FROM bodies").fetchone()[0])
        if self._room[0] != last:
            self._room = last, self._judged(connection, last)
        return self._room[1]

    def _judged(self, connection: sqlite3.Connection, last: int) -> int:
        """The room after a row, judged from those before it: wherever they began, they soon fall into step."""
        room = 0
        for number, codec, length in connection.execute(
            "SELECT id, codec, length(body) FROM bodies WHERE id > ? AND id <= ? ORDER BY id", (last - 80, last + 1)
        ):
            room = filling.after(room, filling.row(_MORE if codec == "more" else _FIRST, length), number)
        return room


def _after(room: int, number: int, cut: int, length: int) -> int:
    """The room on the last leaf once a body is appended, cut or whole."""
    room = filling.after(room, filling.row(_FIRST, cut or length), number)
    return filling.after(room, filling.row(_MORE, length - cut), number + 1) if cut else room
