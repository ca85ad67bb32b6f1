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
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from archive import codecs
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
_USUAL, _LATELY = 10, 0.1  # pages that make a usual share; weight of the newest in the share lately
_CACHED = 24 << 20  # bytes of references held in memory
_PAGE, _ROW = 4096, 26  # bytes of a page of the file; of a body's row without the body
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
    """A reference in memory, with what tells its template from others'."""

    @cached_property
    def sketch(self) -> frozenset[bytes]:
        return sketch(self.payload)


def sketch(payload: bytes) -> frozenset[bytes]:
    """The pieces between `>` of a page's beginning and middle: pages of one template share most of them."""
    middle = max(len(payload) // 2, _SAMPLE)
    return frozenset((payload[:_SAMPLE] + payload[middle : middle + _SAMPLE]).split(b">"))


def filling(lengths: Mapping[str, int]) -> list[str]:
    """Bodies, by digest with their length, in the order in which they fill the pages of the file best.

    What of a row does not fit on a leaf goes to pages of its own and leaves a rest (https://sqlite.org/fileformat.html
    §1.6). Rows are appended, so a leaf that has no room for the next rest stays as it is: a third of it, on average.
    First-fit, largest first, takes that to a few hundredths.
    """
    rests = sorted(((_rest(length + _ROW), digest) for digest, length in lengths.items()), reverse=True)
    leaves: list[tuple[int, list[str]]] = []
    for rest, digest in rests:
        for place, (room, digests) in enumerate(leaves):
            if rest <= room:
                leaves[place] = room - rest, [*digests, digest]
                break
        else:
            leaves.append((_PAGE - 8 - rest, [digest]))
    return [digest for _, digests in leaves for digest in digests]


def _rest(payload: int) -> int:
    """The bytes of a row that stay on its leaf, cell header and pointer counted."""
    most, least = _PAGE - 35, (_PAGE - 12) * 32 // 255 - 23
    if payload > most:
        rest = least + (payload - least) % (_PAGE - 4)
        payload = (rest if rest <= most else least) + 4
    return payload + 7


class Snapshots(File):
    """Keeps payloads and gives them back, checked against their digest."""

    @cached_property
    def _cache(self) -> OrderedDict[int, _Cached]:
        return OrderedDict()

    @cached_property
    def _waiting(self) -> dict[str, tuple[Coded, bytes]]:
        """Bodies of the transaction in hand that are coded and not written yet, with their payloads."""
        return {}

    # ---- out

    def payload(self, digest: str) -> bytes:
        """The payload kept under a digest, checked against it. Raises UnknownPage or PayloadDamaged."""
        row = self.db.conn.execute("SELECT length, body, kept_as FROM snapshots WHERE digest = ?", (digest,)).fetchone()
        if row is None:
            raise UnknownPage(f"The archive holds no payload {digest}.")
        length, body, kept_as = row
        if body is None:
            like = f" like {kept_as}, whose text, metadata and boxes were the same" if kept_as else ""
            raise UnknownPage(f'The payload {digest} was not kept{like} (the site\'s policy is keep = "revisions").')
        try:
            payload = self._decoded(body, length)
        except sqlite3.DatabaseError as error:
            raise PayloadDamaged(f"The bytes kept as {digest} cannot be read ({error}): use a backup.") from None
        if payload_digest(payload) != digest:
            raise PayloadDamaged(
                f"The bytes kept as {digest} have another digest now: the file is damaged; use a backup."
            )
        return payload

    def _decoded(self, body: int, length: int | None = None, frames: int = 1) -> bytes:
        """The payload of a stored body, its references decoded first; they stay in memory, the payload does not."""
        if body in self._cache:
            return self._cache[body].payload
        if frames > codecs.MOST_FRAMES:
            raise PayloadDamaged(f"Body {body} is more than {codecs.MOST_FRAMES} frames deep: the file is damaged.")
        row = self.db.conn.execute("SELECT reference, body FROM bodies WHERE id = ?", (body,)).fetchone()
        if row is None:
            raise PayloadDamaged(f"Body {body} is missing: the file is damaged; use a backup.")
        reference = None if row[0] is None else self._reference(row[0], frames + 1).payload
        return codecs.decode(row[1], reference, length)

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
        """Code a payload as small as its page and site allow. In a transaction, which `_write` has to end."""
        in_use = self._in_use(connection, site)
        coded, used = self._code(connection, payload, url, status, in_use, at)
        if coded.codec == PATCH:
            self._waiting[digest] = coded, payload
            if used is not None:
                self._note(connection, site, used)
            return
        number = self._insert(connection, digest, payload, coded)
        if len(payload) >= SMALLEST_REFERENCE and len(coded.body) < 0.7 * len(payload):
            useless = sorted(in_use, key=lambda one: (not one.worn, one.used_at))
            kept = [one for one in useless if not one.worn][-(MOST_REFERENCES - 1) :]
            for old in useless:
                if old not in kept:
                    connection.execute("DELETE FROM site_references WHERE site = ? AND body = ?", (site, old.body))
            self._note(connection, site, _InUse(number, 0, 0.0, 0.0, at))

    def _write(self, connection: sqlite3.Connection) -> None:
        """Write the bodies that wait, in the order that fills the file's pages best."""
        for digest in filling({digest: len(coded.body) for digest, (coded, _) in self._waiting.items()}):
            coded, payload = self._waiting.pop(digest)
            self._insert(connection, digest, payload, coded)

    def _insert(self, connection: sqlite3.Connection, digest: str, payload: bytes, coded: Coded) -> int:
        """Insert a snapshot with its body, and read it back."""
        cursor = connection.execute(
            "INSERT INTO bodies (codec, reference, crc32, body) VALUES (?, ?, ?, ?)",
            (coded.codec, coded.reference, zlib.crc32(coded.body), coded.body),
        )
        number = int(cursor.lastrowid or 0)
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
        return number

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
            alone = self._alone(connection, chosen.body) * len(payload)
            expected = alone * (chosen.usual or POOR)
        base = self._base(connection, url, status)
        if base is not None:
            body = self._reference(base).encode(payload)
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

    def _alone(self, connection: sqlite3.Connection, body: int) -> float:
        """The share of its payload's length that a reference takes, which stands alone."""
        row = connection.execute("SELECT length(body) FROM bodies WHERE id = ?", (body,)).fetchone()
        return int(row[0]) / max(1, len(self._reference(body).payload))

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
