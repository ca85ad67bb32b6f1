"""Snapshots: payloads in and out. Each distinct payload is kept once, coded against what it resembles.

A page that was fetched before is coded against its own earlier snapshot; any other against a *reference*, a page of
the same site that stands alone. So no body is further than two frames from one that stands alone
(`codecs.MOST_FRAMES`), and reading it never costs more than three. A site has several references, since its pages have
several templates; when none fits any longer, the next page becomes one.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from archive.bodies import POOR, Bodies, Coded, alone, sketch
from archive.codecs import ALONE, PATCH
from archive.errors import ArchiveUnreadable, PayloadDamaged, UnknownPage
from archive.opening import DAMAGE
from archive.records import payload_digest

#: Payloads shorter than this are coded alone, or against their own earlier snapshot: they gain nothing as a reference.
SMALLEST_REFERENCE = 2048
MOST_REFERENCES = 6  # of one site at a time; the one that was of no use for longest makes room
#: A reference is renewed when pages lately take this much more than they usually did, and at least this share of alone.
WORN, WORN_LEAST = 1.4, 0.3
#: Once so many pages rest on a reference, it is stored again so that reading it takes half the time.
BUSY = 200
_QUICK = -20  # zstd's level of a reference that is read all the time
_USUAL, _LATELY = 10, 0.1  # pages that make a usual share; weight of the newest in the share lately


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


class Snapshots(Bodies):
    """Keeps payloads and gives them back, checked against their digest."""

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
            payload = self.decoded(body, length)
        except DAMAGE as error:
            raise PayloadDamaged(f"The bytes kept as {digest} cannot be read ({error}): use a backup.") from None
        if payload_digest(payload) != digest:
            raise PayloadDamaged(
                f"The bytes kept as {digest} have another digest now: the file is damaged; use a backup."
            )
        return payload

    # ---- in

    def _keep(
        self, connection: sqlite3.Connection, digest: str, payload: bytes, url: str, site: str, status: int | None,
        at: str,
    ) -> None:  # fmt: skip
        """Store a payload under its digest, as small as its page and site allow, and read it back. In a transaction."""
        in_use = self._in_use(connection, site)
        coded, used = self._code(connection, payload, url, status, in_use, at)
        number = self.insert(connection, coded)
        if self.decoded(number, len(payload)) != payload:
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
                self.recode(connection, used.body, alone(self.reference(used.body).payload, _QUICK))
        elif coded.codec == ALONE and len(payload) >= SMALLEST_REFERENCE and len(coded.body) < 0.7 * len(payload):
            useless = sorted(in_use, key=lambda one: (not one.worn, one.used_at))
            kept = [one for one in useless if not one.worn][-(MOST_REFERENCES - 1) :]
            for old in useless:
                if old not in kept:
                    connection.execute("DELETE FROM site_references WHERE site = ? AND body = ?", (site, old.body))
            self._note(connection, site, _InUse(number, 0, 0.0, 0.0, at))

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
        near = self._nearest(payload, in_use)
        expected = 0.2 * len(payload)
        if near:
            expected = self.reference(near[0].body).alone * len(payload) * (near[0].usual or POOR)
        base = self._base(connection, url, status)
        if base is not None:
            body = self.reference(base).encode(payload, again=True)
            # Three frames instead of two are worth it where they save half.
            if body is not None and len(body) < 0.5 * expected:
                return Coded(PATCH, base, body), None
        bare: Coded | None = None
        for one in near:
            body = None if one.worn else self.reference(one.body).encode(payload)
            if body is None:
                continue
            length = self.reference(one.body).alone * len(payload)
            if len(body) >= POOR * length:
                # What this page takes alone is guessed from the reference: where that decides, it is tried.
                bare = bare or alone(payload)
                length = len(bare.body)
            if len(body) < POOR * length:
                one.add(len(body) / length, at)
                return Coded(PATCH, one.body, body), one
        return bare or alone(payload), None

    def _nearest(self, payload: bytes, in_use: list[_InUse]) -> list[_InUse]:
        """The two of a site's references that share most of their template with a payload, the nearer first."""
        if len(in_use) < 2 or len(payload) < SMALLEST_REFERENCE:
            return in_use if len(payload) >= SMALLEST_REFERENCE else []
        pieces = sketch(payload)
        return sorted(in_use, key=lambda one: -len(pieces & self.reference(one.body).sketch))[:2]

    def _base(self, connection: sqlite3.Connection, url: str, status: int | None) -> int | None:
        """The body that a page's next snapshot is coded against: its last one, or what that one is coded against."""
        row = connection.execute(
            "SELECT s.body, b.reference, r.reference FROM capture_rows c JOIN snapshots s ON s.digest = c.digest "
            "JOIN bodies b ON b.id = s.body LEFT JOIN bodies r ON r.id = b.reference "
            "WHERE c.url = ? AND c.status = ? ORDER BY c.captured_at DESC LIMIT 1",
            (url, status),
        ).fetchone()
        if row is None:
            return None
        # A body two frames deep is no base: what it was coded against is.
        return int(row[0] if row[2] is None else row[1])

    def references(self, site: str) -> list[int]:
        """The bodies that a site's next pages are tried against."""
        return [one.body for one in self._in_use(self.db.conn, site)]

    def busy(self, body: int) -> bool:
        """Whether a reference is stored so that it is quick to read, since many pages rest on it."""
        row = self.db.conn.execute("SELECT max(pages) FROM site_references WHERE body = ?", (body,)).fetchone()
        return (row[0] or 0) >= BUSY

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
