"""Snapshots: payloads in and out. Each distinct payload is kept once, coded against what it resembles.

A page that was fetched before is coded against its own earlier snapshot; any other against a *reference*, a page of
the same site that stands alone. So no body is further than two frames from one that stands alone
(`codecs.MOST_FRAMES`), and reading it never costs more than three. A site has several references, since its pages have
several templates; when none fits any longer, the next page becomes one.
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
from archive.errors import ArchiveUnreadable, PayloadDamaged, UnknownPage
from archive.opening import File
from archive.records import payload_digest

#: Payloads shorter than this are coded alone, or against their own earlier snapshot: they gain nothing as a reference.
SMALLEST_REFERENCE = 2048
MOST_REFERENCES = 6  # of one site at a time; the one that was of no use for longest makes room
#: A body against the best reference that is larger than this share of the body alone: the page has another template.
POOR = 0.6
#: A reference is renewed when pages lately take this much more than they usually did, and at least this share of alone.
WORN, WORN_LEAST = 1.4, 0.3
#: Once so many pages rest on a reference, it is stored again so that reading it takes half the time.
BUSY = 200
_QUICK, _AGAIN = -20, 2  # levels: of a reference that is read all the time; of a page against its own earlier snapshot
_USUAL, _LATELY = 10, 0.1  # pages that make a usual share; weight of the newest in the share lately
_CACHED = 24 << 20  # bytes of references held in memory
_VALUES, _MORE = 25, 13  # bytes of a row of bodies without the blob: of a first one, of one that goes on
_SAMPLE = 1 << 15  # bytes of a page's beginning, and of its middle, by which references are told apart


@dataclass(slots=True)
class Coded:
    """A body as it is to be stored: its codec, the body that it is coded against, its bytes."""

    codec: str
    reference: int | None
    body: bytes


@dataclass(slots=True)
class _InUse:
    """A site's reference, with the share of a body alone that pages usually take against it, and lately."""

    body: int
    pages: int
    usual: float
    lately: float
    used_at: str

    def add(self, share: float, at: str) -> None:
        if self.pages < _USUAL:
            self.usual += (share - self.usual) / (self.pages + 1)
            self.lately = self.usual
        self.lately += _LATELY * (share - self.lately)
        self.pages, self.used_at = self.pages + 1, at

    @property
    def worn(self) -> bool:
        return self.pages > 2 * _USUAL and self.lately > max(WORN * self.usual, WORN_LEAST)


class _Cached(Reference):
    """A reference in memory, with what tells its template from others', and what share of its length it takes alone."""

    alone = 0.0

    @cached_property
    def sketch(self) -> frozenset[bytes]:
        return sketch(self.payload)


def sketch(payload: bytes) -> frozenset[bytes]:
    """The pieces between `>` of a page's beginning and middle: pages of one template share most of them."""
    middle = max(len(payload) // 2, _SAMPLE)
    return frozenset((payload[:_SAMPLE] + payload[middle : middle + _SAMPLE]).split(b">"))


class Snapshots(File):
    """Keeps payloads and gives them back, checked against their digest."""

    @cached_property
    def _cache(self) -> OrderedDict[int, _Cached]:
        return OrderedDict()

    _room = (-1, 0)

    # ---- out

    def payload(self, digest: str) -> bytes:
        """The payload kept under a digest, checked against it. Raises UnknownPage or PayloadDamaged."""
        try:
            row = self.db.conn.execute(
                "SELECT length, body, kept_as FROM snapshots WHERE digest = ?", (digest,)
            ).fetchone()
            if row is None:
                raise UnknownPage(f"The archive holds no payload {digest}.")
            length, body, kept_as = row
            if body is None:
                raise UnknownPage(
                    f"The payload {digest} was not kept: {kept_as} was, whose text, metadata and boxes are the same "
                    '(the site\'s policy is keep = "revisions").'
                )
            payload = self._decoded(body, length)
        except sqlite3.DatabaseError as error:
            raise PayloadDamaged(f"The bytes kept as {digest} cannot be read ({error}): use a backup.") from None
        if payload_digest(payload) != digest:
            raise PayloadDamaged(
                f"The bytes kept as {digest} have another digest now: the file is damaged; use a backup."
            )
        return payload

    def stored(self, body: int) -> tuple[int | None, bytes]:
        """(CRC-32 as it was when written, stored bytes) of a body. Raises PayloadDamaged where it is missing."""
        row = self.db.conn.execute("SELECT crc32 FROM bodies WHERE id = ?", (body,)).fetchone()
        return row and row[0], self._stored(body)[1]

    def _decoded(self, body: int, length: int | None = None, frames: int = 1) -> bytes:
        """The payload of a stored body, its references decoded first; they stay in memory, the payload does not."""
        if body in self._cache:
            return self._cache[body].payload
        if frames > codecs.MOST_FRAMES:
            raise PayloadDamaged(f"Body {body} is more than {codecs.MOST_FRAMES} frames deep: the file is damaged.")
        number, stored = self._stored(body)
        reference = None if number is None else self._reference(number, frames + 1).payload
        return codecs.decode(stored, reference, length)

    def _stored(self, body: int) -> tuple[int | None, bytes]:
        """(the body that a body is coded against, its stored bytes)."""
        find = self.db.conn.execute
        row = find("SELECT parts, reference, body FROM bodies WHERE id = ?", (body,)).fetchone()
        if row is None:
            raise PayloadDamaged(f"Body {body} is missing: the file is damaged; use a backup.")
        parts, reference, stored = row
        if parts > 1:
            more = find("SELECT body FROM bodies WHERE id > ? AND id < ? ORDER BY id", (body, body + parts))
            stored += b"".join(part for (part,) in more)
        return reference, stored

    def _reference(self, body: int, frames: int = 1) -> _Cached:
        """A body's payload to code or decode against; the ones used last stay in memory."""
        if body not in self._cache:
            self._cache[body] = _Cached(self._decoded(body, frames=frames))
        self._cache.move_to_end(body)
        while len(self._cache) > 1 and sum(one.cost for one in self._cache.values()) > _CACHED:
            self._cache.popitem(last=False)
        return self._cache[body]

    # ---- in

    def _keep(
        self, connection: sqlite3.Connection, digest: str, payload: bytes, url: str, site: str, status: int | None,
        at: str,
    ) -> None:  # fmt: skip
        """Store a payload under its digest, as small as its page and site allow, and read it back. In a transaction."""
        in_use = self._in_use(connection, site)
        coded, used = self._code(connection, payload, url, status, in_use, at)
        number = self._insert(connection, coded)
        if self._decoded(number, len(payload)) != payload:
            raise ArchiveUnreadable(
                f"{self.path} gave back other bytes than were written: its disk or this machine's memory is at fault; "
                "nothing was kept."
            )
        connection.execute(
            "INSERT INTO snapshots (digest, length, body) VALUES (?, ?, ?) "
            "ON CONFLICT (digest) DO UPDATE SET body = excluded.body, kept_as = NULL",
            (digest, len(payload), number),
        )
        if used is not None:
            self._note(connection, site, used)
            if used.pages == BUSY:
                quick = codecs.encode(self._reference(used.body).payload, _QUICK)
                self._recode(connection, used.body, Coded(ALONE, None, quick))
        elif coded.codec == ALONE and len(payload) >= SMALLEST_REFERENCE and len(coded.body) < 0.7 * len(payload):
            useless = sorted(in_use, key=lambda one: (not one.worn, one.used_at))
            kept = [one for one in useless if not one.worn][-(MOST_REFERENCES - 1) :]
            for old in useless:
                if old not in kept:
                    connection.execute("DELETE FROM site_references WHERE site = ? AND body = ?", (site, old.body))
            self._note(connection, site, _InUse(number, 0, 0.0, 0.0, at))

    def _insert(self, connection: sqlite3.Connection, coded: Coded) -> int:
        """Insert a body, in two rows where that fills the file's pages; returns its number, the first row's."""
        last, room = self._leaf(connection)
        parts = [coded.body]
        cut = filling.first_part(room, _VALUES, len(coded.body), last + 1)
        if cut:
            parts = [coded.body[:cut], coded.body[cut:]]
        rows: list[tuple[str, int | None, int | None, int, bytes]] = [
            (coded.codec, coded.reference, zlib.crc32(coded.body), len(parts), parts[0])
        ]
        rows += [("more", None, None, 0, part) for part in parts[1:]]
        number = 0
        for values in rows:
            cursor = connection.execute(
                "INSERT INTO bodies (codec, reference, crc32, parts, body) VALUES (?, ?, ?, ?, ?)", values
            )
            last = int(cursor.lastrowid or 0)
            number = number or last
            room = filling.after(room, filling.row(_VALUES if last == number else _MORE, len(values[-1])), last)
        self._room = last, room
        return number

    def _recode(self, connection: sqlite3.Connection, body: int, coded: Coded, packed: int = 0) -> None:
        """Store a body otherwise under its own number; its payload stays the same."""
        connection.execute(
            "DELETE FROM bodies WHERE id > ?1 AND id < ?1 + (SELECT parts FROM bodies WHERE id = ?1)", (body,)
        )
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
            payload = self._decoded(number)
            coded = Coded(ALONE, None, codecs.encode(payload))
            if base is None:
                base = Reference(payload)
            else:
                patch = base.encode(payload)
                if patch is not None and len(patch) < POOR * len(coded.body):
                    coded = Coded(PATCH, resting[0], patch)
            self._recode(connection, number, coded)
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
        connection.execute(
            "DELETE FROM bodies WHERE id >= ?1 AND id < ?1 + (SELECT parts FROM bodies WHERE id = ?1)", (body,)
        )

    def _leaf(self, connection: sqlite3.Connection) -> tuple[int, int]:
        """(number of the last row, room on its leaf): as left by ourselves, else judged from the rows before it."""
        last = int(connection.execute("SELECT coalesce(max(id), 0) FROM bodies").fetchone()[0])
        if self._room[0] != last:
            room = 0
            for number, codec, length in connection.execute(
                "SELECT id, codec, length(body) FROM bodies WHERE id > ? ORDER BY id", (last - 40,)
            ):
                room = filling.after(room, filling.row(_MORE if codec == "more" else _VALUES, length), number)
            self._room = last, room
        return self._room

    def _code(
        self,
        connection: sqlite3.Connection,
        payload: bytes,
        url: str,
        status: int | None,
        in_use: list[_InUse],
        at: str,
    ) -> tuple[Coded, _InUse | None]:
        """(body, the site's reference where it uses one, with this page added to its record)."""
        chosen = self._nearest(payload, in_use) if len(payload) >= SMALLEST_REFERENCE else None
        expected = 0.2 * len(payload)
        if chosen is not None:
            alone = self._alone(chosen.body) * len(payload)
            expected = alone * (chosen.usual or POOR)
        base = self._base(connection, url, status)
        if base is not None:
            body = self._reference(base).encode(payload, _AGAIN)
            # Three frames instead of two are worth it where they save half.
            if body is not None and len(body) < 0.5 * expected:
                return Coded(PATCH, base, body), None
        if chosen is None or chosen.worn or (body := self._reference(chosen.body).encode(payload)) is None:
            return Coded(ALONE, None, codecs.encode(payload)), None
        if len(body) >= POOR * alone:
            bare = codecs.encode(payload)
            alone = len(bare)
            if len(body) >= POOR * alone:
                return Coded(ALONE, None, bare), None
        chosen.add(len(body) / alone, at)
        return Coded(PATCH, chosen.body, body), chosen

    def _nearest(self, payload: bytes, in_use: list[_InUse]) -> _InUse | None:
        """The site's reference that shares most of its template with a payload."""
        if len(in_use) < 2:
            return in_use[0] if in_use else None
        pieces = sketch(payload)
        return max(in_use, key=lambda one: len(pieces & self._reference(one.body).sketch))

    def _base(self, connection: sqlite3.Connection, url: str, status: int | None) -> int | None:
        """The body that a page's next snapshot is coded against: its last one, or what that one is coded against."""
        row = connection.execute(
            "SELECT s.body, b.reference, r.reference FROM captures c JOIN snapshots s ON s.digest = c.digest "
            "JOIN bodies b ON b.id = s.body LEFT JOIN bodies r ON r.id = b.reference "
            "WHERE c.url = ? AND c.status = ? ORDER BY c.captured_at DESC LIMIT 1",
            (url, status),
        ).fetchone()
        if row is None:
            return None
        # A body two frames deep is no base: what it was coded against is.
        return int(row[0] if row[2] is None else row[1])

    def _alone(self, body: int) -> float:
        """The share of its length that a reference takes where it stands alone, as pages like it would."""
        reference = self._reference(body)
        if not reference.alone:
            reference.alone = len(codecs.encode(reference.payload)) / max(1, len(reference.payload))
        return reference.alone

    def _in_use(self, connection: sqlite3.Connection, site: str) -> list[_InUse]:
        return [
            _InUse(*row)
            for row in connection.execute(
                "SELECT body, pages, usual, lately, used_at FROM site_references WHERE site = ?", (site,)
            )
        ]

    def _note(self, connection: sqlite3.Connection, site: str, used: _InUse) -> None:
        connection.execute(
            "INSERT OR REPLACE INTO site_references (site, body, pages, usual, lately, used_at) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (site, used.body, used.pages, used.usual, used.lately, used.used_at),
        )
