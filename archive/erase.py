"""erase: take a page, a domain or a payload out of the file, bytes and all. hide: take a page out of the views.

Erasing is the one act that changes facts. Every revision, text, link and index term goes; what other pages are coded
against is coded anew first; bytes are overwritten (secure_delete), the index is made again, the WAL is cut and the
file rewritten (VACUUM). What stays is a tombstone, so that the page is not fetched again, and the digests of the
erased captures, so that the chain can still be walked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from archive import index, lists
from archive.errors import ArchiveUnreadable, BadQuery, UnknownPage
from archive.headers import SWEEP
from archive.proof import records
from archive.records import Link, as_json, list_digest, timestamp
from archive.rows import reading_seal
from archive.store import Archive
from archive.tombstones import domains, tombstone
from archive.urls import clean_url, host_of

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was erased: pages, captures, snapshots (payloads), texts, links (targets of lists)."""

    pages: int
    captures: int
    snapshots: int
    texts: int
    links: int


def erase(
    archive: Archive, at: datetime, reason: str, *, url: str = "", domain: str = "", digest: str = ""
) -> tuple[Erased, tuple[str, ...]]:
    """Erase a page (with what moved to it for good), a domain with all below it, or a payload with its captures.

    Returns how much was erased, and strings that stood in it, for `traces`. Nobody may crawl meanwhile. Raises
    BadQuery for an unclear order, UnknownPage where the archive holds and names nothing of the kind.
    """
    kind, name = _order(url, domain, digest)
    if not reason.strip():
        raise BadQuery("An erasure needs its reason: it is what the tombstone says to those who ask later.")
    connection = archive.db.conn
    with archive.alone(), _scrubbing(connection):
        with archive.writing():
            _doom(connection, kind, name)
            before = connection.execute("SELECT 1 FROM tombstones WHERE kind = ? AND name = ?", (kind, tombstone(name)))
            counted = [connection.execute(f"SELECT count(*) FROM doomed_{one}").fetchone()[0] for one in _DOOMED]
            if not any(counted) and not before.fetchone():
                raise UnknownPage(f"The archive holds nothing of {name}, and no page of it links there.")
            needles = _needles(connection)
            _redact(archive)
            bodies = _snapshots(archive)
            texts = _opinions(connection)
            links = _links(archive)
            _pages(connection)
            erased = Erased(counted[0], counted[1], bodies, texts, links)
            connection.execute(
                "INSERT INTO tombstones (kind, name, erased_at, reason, erased) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (kind, tombstone(name), timestamp(at), reason.strip(), as_json(asdict(erased))),
            )
            lists.recount(connection)
            index.rebuild(connection)
            broken = connection.execute("PRAGMA foreign_key_check").fetchone()
            if broken:
                raise ArchiveUnreadable(f"Erasing would leave {broken[0]} without {broken[2]}: nothing was erased.")
        archive.forget()
    return erased, needles


def hide(archive: Archive, url: str, reason: str, at: datetime | None) -> None:
    """Take a page out of the views and searches, with the links to it; at=None: show it again. Nothing is deleted.

    Raises UnknownPage where the archive holds no such page.
    """
    with archive.writing() as connection:
        cursor = connection.execute(
            "UPDATE pages SET hidden_at = ?, hidden_why = ? WHERE url = ?",
            (at and timestamp(at), reason.strip() or None if at else None, clean_url(url) or url),
        )
        if not cursor.rowcount:
            raise UnknownPage(f"The archive holds no page {url}.")


def traces(path: str | Path, needles: Iterable[str]) -> dict[str, int]:
    """How often each string stands in the bytes of the archive's files (the file itself, WAL and journal)."""
    wanted = {needle: needle.encode("utf-8", "surrogatepass") for needle in needles if needle}
    found = dict.fromkeys(wanted, 0)
    longest = max(map(len, wanted.values()), default=1)
    for file in (Path(path), Path(f"{path}-wal"), Path(f"{path}-journal")):
        if not file.exists():
            continue
        with file.open("rb") as opened:
            before = b""
            while chunk := opened.read(_CHUNK):
                window = before + chunk
                for needle, raw in wanted.items():
                    # What lies wholly in the part that is read twice was counted the first time.
                    found[needle] += window.count(raw) - before.count(raw)
                before = window[-(longest - 1) :] if longest > 1 else b""
    return found


def mentions(archive: Archive, needles: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(URL, digest) of the snapshots of other pages whose payload still holds one of the strings."""
    wanted = [needle.encode("utf-8", "surrogatepass") for needle in needles if needle]
    held = archive.db.conn.execute(
        "SELECT s.digest FROM snapshots s JOIN bodies b ON b.id = s.body ORDER BY coalesce(b.reference, b.id), b.id"
    ).fetchall()
    for (digest,) in held:
        payload = archive.payload(digest)
        if any(needle in payload for needle in wanted):
            row = archive.db.conn.execute("SELECT url FROM capture_rows WHERE digest = ? LIMIT 1", (digest,)).fetchone()
            yield (row[0] if row else "", digest)


# ---- what is to go

_DOOMED = ("pages", "captures", "targets")


def _order(url: str, domain: str, digest: str) -> tuple[str, str]:
    given = [(kind, name.strip()) for kind, name in (("url", url), ("domain", domain), ("digest", digest)) if name]
    if len(given) != 1:
        raise BadQuery("Say what to erase: a URL, or --domain, or --digest; one of them.")
    kind, name = given[0]
    if kind == "url":
        return kind, clean_url(name) or name
    if kind == "digest":
        return kind, name if ":" in name else f"sha256:{name.lower()}"
    host = host_of(clean_url(f"http://{name.strip('.')}/") or "").partition(":")[0]
    if not host or "/" in name:
        raise BadQuery(f"{name!r} is no domain: write it as example.org.")
    return kind, host


def _doom(connection: sqlite3.Connection, kind: str, name: str) -> None:
    """Write down, in tables that last as long as the connection, which pages, captures and targets are to go."""
    connection.create_function(
        "doomed",
        1,
        lambda url: url == name if kind == "url" else name in domains(host_of(url).partition(":")[0]),
        deterministic=True,
    )
    for statement in (
        "CREATE TEMP TABLE doomed_pages (url TEXT PRIMARY KEY)",
        "CREATE TEMP TABLE doomed_captures (url TEXT, captured_at TEXT, PRIMARY KEY (url, captured_at))",
        "CREATE TEMP TABLE doomed_targets (id INTEGER PRIMARY KEY)",
    ):
        connection.execute(statement)
    if kind == "digest":
        connection.execute(
            "INSERT INTO doomed_captures SELECT url, captured_at FROM capture_rows WHERE ?1 IN (digest, wire_digest) "
            "OR digest IN (SELECT digest FROM snapshots WHERE kept_as = ?1)",
            (name,),
        )
        return
    connection.execute("INSERT INTO doomed_pages SELECT url FROM pages WHERE doomed(url)")
    # What moved there for good is the same page under another address; what only leads there goes with it.
    connection.execute(
        "INSERT OR IGNORE INTO doomed_pages SELECT url FROM pages WHERE alias_of IN (SELECT url FROM doomed_pages)"
    )
    connection.execute(
        "INSERT INTO doomed_captures SELECT url, captured_at FROM capture_rows "
        "WHERE url IN (SELECT url FROM doomed_pages) OR location IN (SELECT url FROM doomed_pages)"
    )
    connection.execute(
        "INSERT INTO doomed_targets SELECT id FROM targets WHERE doomed(url) OR url IN (SELECT url FROM doomed_pages)"
    )


def _needles(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Strings of what is to go that must not be found afterwards: addresses, digests, headlines, sentences, links."""
    shown = "capture_rows c JOIN doomed_captures USING (url, captured_at)"
    read = (
        f"{shown} JOIN extraction_rows e ON e.url = c.url AND e.digest = c.digest "
        "JOIN texts t ON t.digest = e.text_digest"
    )
    rows = connection.execute(
        f"SELECT url FROM doomed_pages UNION SELECT digest FROM {shown} UNION SELECT t.title FROM {read} "
        f"UNION SELECT substr(t.text, 1, 60) FROM {read} "
        "UNION SELECT n.text FROM entries n JOIN doomed_targets d ON d.id = n.target LIMIT 200"
    )
    return tuple(text for (text,) in rows if text and len(text) >= 12)


def elsewhere(archive: Archive, text: str) -> int:
    """How many rows of other pages still hold a string by right: the same text, link or address stands there too."""
    sums = " + ".join(
        f"(SELECT count(*) FROM {table} WHERE instr({column}, ?1))"
        for table, column in (("texts", "title"), ("texts", "text"), ("entries", "text"), ("targets", "url"),
                              ("pages", "url"), ("snapshots", "digest"))
    )  # fmt: skip
    return int(archive.db.conn.execute(f"SELECT {sums}", (text,)).fetchone()[0])


# ---- how it goes


def _redact(archive: Archive) -> None:
    """Keep the record digests of the captures that go, for the chain, and delete them."""
    connection = archive.db.conn
    doomed = set(connection.execute("SELECT url, captured_at FROM doomed_captures").fetchall())
    sites = connection.execute(
        "SELECT DISTINCT site FROM capture_rows JOIN doomed_captures USING (url, captured_at)"
    ).fetchall()
    for (site,) in sites:
        gone = [
            (row["site"], row["due"] or "", row["link"], record)
            for row, record in records(archive, site)
            if row["link"] is not None and (row["url"], row["captured_at"]) in doomed
        ]
        connection.executemany("INSERT OR IGNORE INTO redactions VALUES (?, ?, ?, ?)", gone)
    connection.execute(
        "CREATE TEMP TABLE doomed_digests AS SELECT digest FROM capture_rows "
        "JOIN doomed_captures USING (url, captured_at) WHERE digest IS NOT NULL UNION SELECT wire_digest "
        "FROM capture_rows JOIN doomed_captures USING (url, captured_at) WHERE wire_digest IS NOT NULL"
    )
    connection.execute(
        "DELETE FROM capture_rows WHERE (url, captured_at) IN (SELECT url, captured_at FROM doomed_captures)"
    )
    connection.execute(
        "DELETE FROM doomed_digests WHERE digest NOT IN (SELECT digest FROM snapshots) "
        "OR digest IN (SELECT digest FROM capture_rows UNION SELECT wire_digest FROM capture_rows)"
    )


def _snapshots(archive: Archive) -> int:
    """Delete the payloads that nothing else shows; what is coded against them is coded anew first."""
    connection = archive.db.conn
    doomed = connection.execute(
        "SELECT s.digest, s.body FROM snapshots s JOIN doomed_digests USING (digest)"
    ).fetchall()
    bodies = [body for _, body in doomed if body is not None]
    for body in bodies:
        archive.release(connection, body, set(bodies))
    connection.execute("DELETE FROM snapshots WHERE digest IN (SELECT digest FROM doomed_digests)")
    for body in bodies:
        archive.discard(connection, body)
    return len(doomed)


def _opinions(connection: sqlite3.Connection) -> int:
    """Delete what was read in what goes, and texts that nothing else says."""
    connection.execute(
        "DELETE FROM strikes WHERE url IN (SELECT url FROM doomed_pages) "
        "OR digest IN (SELECT digest FROM doomed_digests)"
    )
    connection.execute(
        "DELETE FROM extraction_rows WHERE url IN (SELECT url FROM doomed_pages) "
        "OR digest IN (SELECT digest FROM doomed_digests) "
        "OR NOT EXISTS (SELECT 1 FROM capture_rows c WHERE c.url = extraction_rows.url "
        "AND c.digest = extraction_rows.digest)"
    )
    return connection.execute(
        "DELETE FROM texts WHERE digest NOT IN (SELECT text_digest FROM extraction_rows WHERE text_digest IS NOT NULL)"
    ).rowcount


def _links(archive: Archive) -> int:
    """Take links to what goes out of the lists of other pages, then whatever no list holds any more."""
    connection = archive.db.conn
    cut = connection.execute(
        "SELECT DISTINCT l.id, l.digest FROM doomed_targets d JOIN entries n ON n.target = d.id "
        "JOIN listed g ON g.entry = n.id JOIN lists l ON l.id = g.list"
    ).fetchall()
    gone = {url for (url,) in connection.execute("SELECT url FROM targets JOIN doomed_targets USING (id)")}
    keeper = lists.Lists(connection)
    for _, digest in cut:
        left: tuple[Link, ...] = tuple(k for k in lists.links_of(connection, digest) if k.target not in gone)
        renamed = list_digest(left) if left else None
        if renamed:
            keeper.keep(renamed, left)
        _, readings = archive.rows("SELECT rowid AS number, * FROM extraction_rows WHERE links_digest = ?", (digest,))
        for row in readings:
            number = row.pop("number")
            row["links_digest"] = renamed
            seal = reading_seal(row) if row["seal"] is not None else None
            connection.execute(
                "UPDATE extraction_rows SET links_digest = ?, seal = ? WHERE rowid = ?", (renamed, seal, number)
            )
    for statement in (
        "DELETE FROM recommendations",
        "DELETE FROM listed WHERE list NOT IN "
        "(SELECT l.id FROM lists l JOIN extraction_rows e ON e.links_digest = l.digest)",
        "DELETE FROM lists WHERE id NOT IN (SELECT list FROM listed)",
        "DELETE FROM entries WHERE id NOT IN (SELECT entry FROM listed)",
    ):
        connection.execute(statement)
    return connection.execute("DELETE FROM targets WHERE id NOT IN (SELECT target FROM entries)").rowcount


def _pages(connection: sqlite3.Connection) -> None:
    """Delete the pages, what other pages say of them, and texts that only their captures named."""
    for statement in (
        "CREATE TEMP TABLE doomed_sites AS SELECT DISTINCT site FROM pages JOIN doomed_pages USING (url)",
        "UPDATE pages SET discovered_on = NULL WHERE discovered_on IN (SELECT url FROM doomed_pages)",
        "UPDATE pages SET alias_of = NULL WHERE alias_of IN (SELECT url FROM doomed_pages)",
        "DELETE FROM frontier WHERE url IN (SELECT url FROM doomed_pages)",
        "DELETE FROM pages WHERE url IN (SELECT url FROM doomed_pages)",
        "DELETE FROM sites WHERE site IN (SELECT site FROM doomed_sites) AND site NOT IN (SELECT site FROM pages)",
        SWEEP,
    ):
        connection.execute(statement)


@contextmanager
def _scrubbing(connection: sqlite3.Connection) -> Iterator[None]:
    """Delete so that nothing is left: bytes overwritten, then the WAL cut, the file rewritten, the WAL cut again."""
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    try:
        yield
        # VACUUM's own copy would be too large for memory; it holds nothing of what was erased.
        connection.execute("PRAGMA temp_store = DEFAULT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("VACUUM")
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise ArchiveUnreadable(
                "It was erased, but another program reads the file and keeps its old pages: end it and erase again."
            )
    finally:
        connection.execute("PRAGMA temp_store = DEFAULT")
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("PRAGMA foreign_keys = ON")
