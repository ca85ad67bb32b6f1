"""verify: whether an archive still holds what was put into it; what is an opinion is made again, a fact is reported."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from archive import chain, index, lists, schema, tokens
from archive.errors import ArchiveError, PayloadDamaged, UnknownPage
from archive.executors import Executor, run_bounded
from archive.extraction import extract
from archive.opening import DAMAGE, fault
from archive.passes import outcome
from archive.proof import records
from archive.records import Capture, Extraction, list_digest, payload_digest, short_digest, text_digest
from archive.rows import reading_seal, text_row
from archive.sites import Site
from archive.store import Archive


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was kept.

    `what` is one word: file, schema, shared, body, payload, capture, chain (facts); reading, text, list, index,
    counters (opinions).
    `name` says which one, `sentence` what is wrong and what to do; `repaired` whether it was made again.
    """

    what: str
    name: str
    sentence: str
    repaired: bool = False

    @property
    def opinion(self) -> bool:
        """Whether it can be made again from the facts."""
        return self.what in ("reading", "text", "list", "index", "counters")


def verify(
    archive: Archive,
    *,
    quick: bool = False,
    site: str | None = None,
    progress: Callable[[str, int], None] = lambda what, count: None,
) -> Iterator[Finding]:
    """Whatever in an archive is not as it was kept; nothing where all is well. Changes nothing.

    quick: leave out what takes reading every payload and text. site: only the payloads, captures and texts of one
    site, with the whole file's structure. progress: called with what is being looked at, and how many were. Raises
    UnknownSite where nothing of the site was captured.
    """
    connection = archive.db.conn
    if site:
        archive.expect_site(site)
    parts = [("file", _file(connection, quick)), ("captures", _captures(archive, site, progress))]
    if not quick:
        parts += [("payloads", _bodies(archive, site, progress)), ("shared", _shared(connection))]
        parts += [("readings", _readings(connection, site, progress)), ("texts", _texts(connection, site, progress))]
        parts += [("lists", _lists(connection, progress)), ("counters", _counters(connection))]
    parts.append(("index", _index(connection, quick or site is not None)))
    # One read transaction: what others write meanwhile is not half seen.
    connection.execute("BEGIN")
    try:
        for what, part in parts:
            try:
                with _lenient(connection):
                    yield from part
            except DAMAGE as error:
                yield Finding("file", what, f"They cannot all be read: {fault(error)}")
    finally:
        connection.execute("ROLLBACK")


def repair(
    archive: Archive,
    findings: list[Finding],
    sites: Mapping[str, Site],
    executor: Executor,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[Finding]:
    """Make again what of the findings is an opinion; returns the findings, those that were repaired marked so.

    sites: rules by site key; executor: where pages are read. Texts and lists are read again from their payloads, the
    index and the counters made from what is there.
    """
    connection = archive.db.conn
    done = set()
    broken = [one for one in findings if one.what in ("reading", "text", "list")]
    for one in broken:
        which = {"text": "e.text_digest = ?", "list": "e.links_digest = ?", "reading": "e.url || ' ' || e.digest = ?"}
        pages = connection.execute(
            "SELECT DISTINCT e.url, coalesce(s.kept_as, s.digest) FROM extraction_rows e "
            f"JOIN snapshots s ON s.digest = e.digest WHERE {which[one.what]}",
            (one.name,),
        ).fetchall()
        if _read_again(archive, one, pages, sites, executor, clock()):
            done.add(one)
    if broken or any(one.what == "index" for one in findings):
        with archive.writing():
            index.rebuild(connection)
        done.update(one for one in findings if one.what == "index")
    if broken or any(one.what == "counters" for one in findings):
        with archive.writing():
            lists.recount(connection)
        done.update(one for one in findings if one.what == "counters")
    return [Finding(one.what, one.name, one.sentence, one in done) for one in findings]


# ---- facts


def _file(connection: sqlite3.Connection, quick: bool) -> Iterator[Finding]:
    check = "quick_check" if quick else "integrity_check"
    for (said,) in connection.execute(f"PRAGMA {check}(20)").fetchall():
        if said != "ok":
            yield Finding("file", "", f"SQLite finds damage ({said}): restore a backup.")
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check").fetchmany(20):
        yield Finding("file", f"{table} {row or ''}".strip(), f"It names something that {parent} does not hold.")
    for name in sorted({name for name, _ in schema.meant().items() ^ schema.shape(connection).items()}):
        yield Finding("schema", name, "It is not as this version makes it: the file was changed by other hands.")


def _bodies(archive: Archive, site: str | None, progress: Callable[[str, int], None]) -> Iterator[Finding]:
    """Every body's checksum, and every payload's digest; a payload's references are read on the way."""
    connection = archive.db.conn
    only = "AND s.digest IN (SELECT digest FROM capture_rows WHERE site = ?1)" if site else "AND ?1 IS NULL"
    held = connection.execute(
        "SELECT s.digest, s.body FROM snapshots s LEFT JOIN bodies b ON b.id = s.body "
        f"WHERE s.body IS NOT NULL {only} ORDER BY coalesce(b.reference, b.id), b.id",
        (site,),
    )
    for count, (digest, body) in enumerate(held, 1):
        try:
            if not archive.intact(body):
                raise PayloadDamaged(f"The stored bytes of {digest} are not those that were written: use a backup.")
            if payload_digest(archive.payload(digest)) != digest:
                raise PayloadDamaged(f"{digest} is not there.")
        except (ArchiveError, *DAMAGE) as error:
            yield Finding("payload", str(digest), str(error))
        progress("payloads", count)
    if site is None:
        for (body,) in connection.execute(
            "SELECT id FROM bodies WHERE codec <> 'more' AND id NOT IN "
            "(SELECT body FROM snapshots WHERE body IS NOT NULL)",
        ):
            yield Finding("body", str(body), "It belongs to no snapshot: what it was can be told by decoding it.")
        for (body,) in connection.execute(
            "SELECT id FROM bodies m WHERE codec = 'more' AND NOT EXISTS "
            "(SELECT 1 FROM bodies b WHERE b.id = m.id - 1 AND b.parts = 2)"
        ):
            yield Finding("body", str(body), "It is the rest of a body that is not there.")


def _captures(archive: Archive, site: str | None, progress: Callable[[str, int], None]) -> Iterator[Finding]:
    """Every capture's seal, and every link of the chains, site by site."""
    connection, count = archive.db.conn, 0
    sites = connection.execute("SELECT site FROM capture_rows UNION SELECT site FROM chain").fetchall()
    for one in [site] if site else [one for (one,) in sites]:
        brought: dict[tuple[str, int], list[str]] = defaultdict(list)
        forks: dict[tuple[str, int, str], list[str]] = defaultdict(list)
        for due, link, record, head in connection.execute(
            "SELECT due, link, record, head FROM forks WHERE site = ?", (one,)
        ):
            forks[due, link, head].append(record)
        for row, record in records(archive, one):
            if row["seal"] is not None and row["seal"] != record[: chain.SEAL]:
                name = f"{row['url']} {row['captured_at']}"
                yield Finding("capture", name, "It is not as it was kept: use a backup.")
            if row["link"] is not None:
                brought[row["due"] or "", row["link"]].append(record)
            count += 1
            progress("captures", count)
        for due, link, record in connection.execute("SELECT due, link, record FROM redactions WHERE site = ?", (one,)):
            brought[due, link].append(record)
        yield from _links(connection, one, brought, forks)


def _links(
    connection: sqlite3.Connection,
    site: str,
    brought: dict[tuple[str, int], list[str]],
    forks: Mapping[tuple[str, int, str], list[str]],
) -> Iterator[Finding]:
    """What is wrong with the links of a site's chains, given the records that name each, and those of a fork's head."""
    heads: dict[tuple[str, int], set[str]] = defaultdict(set)
    links = connection.execute(
        "SELECT due, link, records, before, head FROM chain WHERE site = ? ORDER BY due, link", (site,)
    ).fetchall()
    for due, link, _, _, kept in links:
        heads[due, link].add(kept)
    for due, link, count, before, kept in links:
        name = f"{site} {due or '(no run)'} link {link}"
        if before not in (heads.get((due, link - 1), set()) if link > 1 else {""}):
            yield Finding("chain", name, f"Link {link - 1} is missing before it: captures were taken away.")
        forked = len(heads[due, link]) > 1
        found = brought.get((due, link), [])
        mine = [record for record in found if record in set(forks[due, link, kept])] if forked else found
        if len(mine) != count:
            yield Finding("chain", name, f"It sealed {count} captures and {len(mine)} are there.")
        elif chain.head(site, due, link, before, mine) != kept:
            yield Finding("chain", name, "Its head does not follow from its captures and the head before it.")
    for (due, link), found in brought.items():
        if (due, link) not in heads:
            name = f"{site} {due or '(no run)'} link {link}"
            yield Finding("chain", name, f"It is missing; {len(found)} captures name it.")
        elif len(heads[due, link]) > 1:
            known = {record for head in heads[due, link] for record in forks[due, link, head]}
            for record in set(found) - known:
                yield Finding("chain", f"{site} {due} link {link}", f"No head of it seals the record {record}.")


def _shared(connection: sqlite3.Connection) -> Iterator[Finding]:
    for name, value in connection.execute("SELECT name, value FROM shared_values"):
        if short_digest(value) != name:
            yield Finding("shared", str(name), "It no longer has its name's digest: use a backup.")


# ---- opinions


def _readings(
    connection: sqlite3.Connection, site: str | None, progress: Callable[[str, int], None]
) -> Iterator[Finding]:
    only = "WHERE url IN (SELECT url FROM pages WHERE site = ?1)" if site else "WHERE ?1 IS NULL"
    cursor = connection.execute(f"SELECT * FROM extraction_rows {only}", (site,))
    columns = [column[0] for column in cursor.description]
    for count, values in enumerate(cursor, 1):
        row = dict(zip(columns, values, strict=True))
        if row["seal"] is not None and reading_seal(row) != row["seal"]:
            yield Finding(
                "reading", f"{row['url']} {row['digest']}", "It is not as it was kept: its page is read again."
            )
        progress("readings", count)


def _texts(connection: sqlite3.Connection, site: str | None, progress: Callable[[str, int], None]) -> Iterator[Finding]:
    only = (
        "WHERE digest IN (SELECT e.text_digest FROM extraction_rows e JOIN pages p ON p.url = e.url WHERE p.site = ?1)"
        if site
        else "WHERE ?1 IS NULL"
    )
    sql = f"SELECT digest, title, standfirst, text, words FROM texts {only}"
    for count, (digest, title, standfirst, text, words) in enumerate(connection.execute(sql, (site,)), 1):
        if text_digest(title, standfirst, text) != digest or tokens.count_words(text) != words:
            yield Finding("text", str(digest), "It no longer has its digest: it is read again from its page.")
        progress("texts", count)


def _lists(connection: sqlite3.Connection, progress: Callable[[str, int], None]) -> Iterator[Finding]:
    for count, (digest,) in enumerate(connection.execute("SELECT digest FROM lists"), 1):
        if list_digest(lists.links_of(connection, digest)) != digest:
            yield Finding("list", str(digest), "It no longer has its digest: it is read again from its page.")
        progress("lists", count)
    for (digest,) in connection.execute(
        "SELECT DISTINCT links_digest FROM extraction_rows WHERE links_digest NOT IN (SELECT digest FROM lists)",
    ):
        yield Finding("list", str(digest), "It is missing: it is read again from its page.")


def _counters(connection: sqlite3.Connection) -> Iterator[Finding]:
    if connection.execute(lists.MISCOUNTED).fetchone()[0]:
        yield Finding("counters", "recommendations", "They do not add up to what is read in the snapshots.")


def _index(connection: sqlite3.Connection, quick: bool) -> Iterator[Finding]:
    said = index.fault(connection, quick=quick)
    if said:
        yield Finding("index", "texts_fts", f"{said} Searches may miss texts.")


def _read_again(
    archive: Archive,
    one: Finding,
    pages: list[tuple[str, str]],
    sites: Mapping[str, Site],
    executor: Executor,
    at: datetime,
) -> bool:
    """Read the pages of a damaged text or list again; whether that could be done."""
    captures: list[Capture] = []
    for url, digest in pages:
        try:
            captures.append(archive.shown(url, digest))
        except (UnknownPage, PayloadDamaged):
            return False
    readings = []
    for (capture, rules), future in run_bounded(executor, extract, ((c, sites.get(c.site)) for c in captures)):
        readings.append(outcome(capture, rules, future))
    if one.what == "reading":
        # Also those of other extractors: what is damaged cannot be told from what is not.
        with archive.writing() as connection:
            connection.executemany(
                "DELETE FROM extraction_rows WHERE url = ? AND digest = ? AND seal IS NOT NULL", pages
            )
    else:
        (_text_again if one.what == "text" else _list_again)(archive, one.name, readings)
    archive.record(readings, at)
    return bool(readings)


def _text_again(archive: Archive, digest: str, readings: list[Extraction]) -> None:
    """Put a text right under its digest; where no reading gives it any more, what named it is to be read anew."""
    with archive.writing() as connection:
        for one in readings:
            if text_digest(one.title, one.standfirst, one.text) == digest:
                row = text_row(digest, one)
                connection.execute(
                    "UPDATE texts SET title = :title, standfirst = :standfirst, text = :text, words = :words "
                    "WHERE digest = :digest",
                    row,
                )
                return
        connection.execute("DELETE FROM extraction_rows WHERE text_digest = ?", (digest,))
        connection.execute("DELETE FROM texts WHERE digest = ?", (digest,))


def _list_again(archive: Archive, digest: str, readings: list[Extraction]) -> None:
    """Put a list right under its digest; where no reading gives it any more, what named it is to be read anew."""
    with archive.writing() as connection:
        connection.execute("DELETE FROM listed WHERE list = (SELECT id FROM lists WHERE digest = ?)", (digest,))
        connection.execute("DELETE FROM lists WHERE digest = ?", (digest,))
        for one in readings:
            if list_digest(one.links) == digest:
                lists.Lists(connection).keep(digest, one.links)
                return
        connection.execute("DELETE FROM extraction_rows WHERE links_digest = ?", (digest,))


# ---- reading what may be damaged


@contextmanager
def _lenient(connection: sqlite3.Connection) -> Iterator[None]:
    """Text that is no UTF-8 any more is read all the same: it has another digest, which is how it is found."""
    before = connection.text_factory
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        connection.text_factory = before
