"""Archive: the one SQLite file. Opens it, keeps captures, records extractions, gives back mementos, answers SQL.

Every write is one `BEGIN IMMEDIATE` transaction under WAL with `synchronous=FULL`: a deferred BEGIN fails at once
when another process writes, and NORMAL loses committed rows in a power cut. What is interrupted leaves rows
pending; running again is the repair.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from sqlite_utils import Database

from archive import aliases, codecs, schema, tokens
from archive.errors import ArchiveError, ArchiveTooNew, ArchiveUnreadable, PayloadDamaged, UnknownPage
from archive.records import Capture, Extraction, Link, Visit, moment, payload_digest, timestamp
from archive.rows import extraction_row, link_row, page_row, pairs_json, text_row
from archive.sites import Site

BUSY_SECONDS = 30.0
#: Statuses whose payload is the page's own state; everything else is kept, but never read as the page.
SHOWS_STATE = (200, 203, 304)
#: Problems of a worker, not of a page: the reading is tried again, and never replaces one that worked.
WORKER_PROBLEMS = frozenset({"extract_timeout", "extract_killed", "extract_failed"})


@dataclass(frozen=True, slots=True)
class Seen:
    """What the archive knows of a page that may be due: all times UTC, None where it never happened."""

    url: str
    kind: str
    discovered_at: datetime
    captures: int
    first_at: datetime | None
    last_at: datetime | None
    last_status: int | None
    last_error: str | None
    failures: int
    next_try: datetime | None = None


class Archive:
    """One archive file. Use as a context manager; `Archive.open` makes the file where there is none."""

    def __init__(self, path: Path, db: Database) -> None:
        self.path, self.db = path, db
        self._lock: int | None = None

    @classmethod
    def open(cls, path: str | Path, *, create: bool = True) -> Self:
        """Open an archive for reading and writing, bring its schema up to date, make it where there is none.

        Raises ArchiveUnreadable where the file is no archive or cannot be written, ArchiveTooNew where a newer
        version wrote it.
        """
        path = Path(path)
        if not create and not path.exists():
            raise ArchiveUnreadable(
                f"There is no archive at {path}. `foreigndesk crawl SITE` makes one; "
                "--archive or FOREIGNDESK_ARCHIVE says where it is."
            )
        if not path.parent.is_dir():
            raise ArchiveUnreadable(
                f"{path.parent} is no folder: make it first, or choose another place for the archive."
            )
        try:
            connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
            db = Database(connection, execute_plugins=False)
            check(path, connection)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA foreign_keys = ON")
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                db.enable_wal()
            connection.execute("PRAGMA synchronous = FULL")
            newer = schema.unknown_migrations(db)
            if newer:
                raise ArchiveTooNew(
                    f"{path} was written by a newer version of Foreign Desk ({newer[0]}): "
                    "install that version; nothing was changed."
                )
            if schema.migrations.pending(db):
                with _immediate(connection):
                    schema.migrations.apply(db)
        except sqlite3.Error as error:
            raise ArchiveUnreadable(f"{path} cannot be opened as an archive: {sentence(error)}") from None
        return cls(path, db)

    def close(self) -> None:
        """Close the file; SQLite folds its WAL into it."""
        self.db.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def lock(self) -> None:
        """Hold the archive as its one crawling process, until close() or death. Raises ArchiveError naming the holder.

        An flock dies with its process, so a crash leaves no stale lock; the file beside the archive only says who.
        """
        file = os.open(f"{self.path}-lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(file, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(file)
            raise ArchiveError(
                f"Process {holder} is crawling into {self.path} already: wait until it ends, or stop it."
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._lock = file

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, begun IMMEDIATE: all of it is kept or nothing. Raises ArchiveUnreadable on I/O faults."""
        try:
            with _immediate(self.db.conn):
                yield self.db.conn
        except sqlite3.OperationalError as error:
            raise ArchiveUnreadable(f"{self.path} could not be written: {sentence(error)}") from None

    # ---- facts in

    def know(self, sites: Iterable[Site], at: datetime) -> None:
        """Keep the entries of the sites that are about to be visited, so that a capture's rules can be told later."""
        rows = [
            {
                "site": s.key,
                "name": s.name,
                "home": s.home,
                "language": s.language,
                "country": s.country,
                "entry": s.entry(),
                "loaded_at": timestamp(at),
            }
            for s in sites
        ]
        with self.writing():
            self.db.table("sites").insert_all(rows, replace=True)

    def store(self, visits: Sequence[Visit], due: str | None = None) -> None:
        """Keep captures and the pages seen on them, in one transaction. What is kept already is left as it is.

        due: the run that fetched them, as in `runs.due`.
        """
        pages: dict[str, dict[str, Any]] = {}
        snapshots: list[dict[str, Any]] = []
        bodies: list[dict[str, Any]] = []
        rows: list[dict[str, Any]] = []
        fresh: set[str] = set()
        with self.writing() as connection:
            for visit in visits:
                capture, at = visit.capture, timestamp(visit.capture.captured_at)
                pages.setdefault(
                    capture.url, page_row(capture.url, capture.site, capture.kind, at, capture.discovered_on)
                )
                for kind, url in visit.found:
                    pages.setdefault(url, page_row(url, capture.site, kind, at, capture.url))
                digest = capture.digest
                # A body as it came, where it is kept too, is a snapshot under the digest that it has anyway.
                for name, body in ((digest, capture.payload), (capture.wire_digest, capture.wire)):
                    if name and body is not None and name not in fresh and not self._holds(name):
                        fresh.add(name)
                        snapshots.append(
                            {"digest": name, "length": len(body), "codec": codecs.CODEC, "reference": None}
                        )
                        bodies.append({"digest": name, "body": codecs.encode(body)})
                rows.append(self._row(capture, digest, at, due, rows))
            for table, records in (
                ("pages", list(pages.values())),
                ("snapshots", snapshots),
                ("bodies", bodies),
                ("captures", rows),
            ):
                self._add(table, records)
            moved = [
                (r["location"], r["url"])
                for r in rows
                if r["status"] in (301, 308) and r["location"] and not r["error"]
            ]
            connection.executemany("UPDATE pages SET alias_of = ? WHERE url = ?", moved)

    def _add(self, table: str, records: list[dict[str, Any]]) -> None:
        """Insert rows; one whose key is there already is left as it stands."""
        if len(records) == 1:
            # sqlite-utils 4.2.1 asks for the rowid of a single ignored row, which a WITHOUT ROWID table does not have.
            # Of two rows it does not ask, and the key lets the second, equal one fall away.
            records = records * 2
        if records:
            self.db.table(table).insert_all(records, ignore=True)

    def _holds(self, digest: str) -> bool:
        return self.db.conn.execute("SELECT 1 FROM snapshots WHERE digest = ?", (digest,)).fetchone() is not None

    def _row(
        self, capture: Capture, digest: str | None, at: str, due: str | None, batch: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """The capture's row. A 304 shows the state that was kept before it (WARC 1.1 revisit, server-not-modified)."""
        error, detail = capture.error, capture.detail
        if capture.status == 304 and not error:
            digest = next((r["digest"] for r in reversed(batch) if r["url"] == capture.url and r["digest"]), None)
            digest = digest or self._last(capture.url, "digest")
            if digest is None:
                error, detail = (
                    "unasked_304",
                    "The server answered 304, but the archive holds nothing that it could mean.",
                )
        return {
            "url": capture.url,
            "captured_at": at,
            "site": capture.site,
            "due": due,
            "status": capture.status,
            "reason": capture.reason,
            "digest": digest,
            "wire_digest": capture.wire_digest,
            "location": capture.location,
            "etag": capture.etag,
            "last_modified": capture.last_modified,
            "content_type": capture.content_type,
            "http_version": capture.http_version,
            "ip": capture.ip,
            "request_headers": pairs_json(capture.request_headers),
            "response_headers": pairs_json(capture.response_headers),
            "error": error,
            "detail": detail,
            "attempts": capture.attempts,
            "tls": capture.tls,
            "next_try": capture.next_try and timestamp(capture.next_try),
            "reserved": " ".join(capture.reserved) or None,
            "wire_length": capture.wire_length,
        }

    def _last(self, url: str, column: str) -> Any:
        row = self.db.conn.execute(
            f"SELECT {column} FROM captures WHERE url = ? AND digest IS NOT NULL AND status IN (200, 203, 304) "
            "AND error IS NULL ORDER BY captured_at DESC LIMIT 1",
            (url,),
        ).fetchone()
        return row[0] if row else None

    def validators(self, url: str) -> tuple[str | None, str | None]:
        """(ETag, Last-Modified) to ask with, from the newest full answer of this very URL; (None, None) without one."""
        row = self.db.conn.execute(
            "SELECT etag, last_modified FROM captures WHERE url = ? AND digest IS NOT NULL AND status IN (200, 203) "
            "AND error IS NULL ORDER BY captured_at DESC LIMIT 1",
            (url,),
        ).fetchone()
        return (row[0], row[1]) if row else (None, None)

    def failures(self, url: str) -> int:
        """How often in a row a page's newest captures failed in a way that may pass (they name a next try)."""
        rows = self.db.conn.execute(
            "SELECT next_try IS NOT NULL FROM captures WHERE url = ? ORDER BY captured_at DESC LIMIT 40", (url,)
        ).fetchall()
        return next((count for count, (failed,) in enumerate(rows) if not failed), len(rows))

    def postponed(self, at: datetime) -> list[tuple[str, datetime]]:
        """(URL, until) of answers 429 and 503 with which a host asked to be left alone beyond `at` (UTC)."""
        rows = self.db.conn.execute(
            "SELECT url, max(next_try) FROM captures WHERE next_try > ? AND status IN (429, 503) GROUP BY url",
            (timestamp(at),),
        ).fetchall()
        return [(url, moment(until)) for url, until in rows]

    def unfetched(self, urls: Sequence[str]) -> set[str]:
        """Those of the URLs that have never been captured."""
        held: set[str] = set()
        for start in range(0, len(urls), 500):
            some = urls[start : start + 500]
            marks = ",".join("?" * len(some))
            held.update(
                row[0]
                for row in self.db.conn.execute(f"SELECT DISTINCT url FROM captures WHERE url IN ({marks})", some)
            )
        return set(urls) - held

    def listed_before(self, url: str) -> int:
        """How many links the newest reading of a list that had any showed: 0 where it never listed one."""
        row = self.db.conn.execute(
            "SELECT count(*) FROM links l WHERE l.list = (SELECT e.links_digest FROM extractions e JOIN captures c "
            "ON c.url = e.url AND c.digest = e.digest WHERE e.url = ? AND e.current = 1 AND e.links_digest IS NOT NULL "
            "ORDER BY c.captured_at DESC LIMIT 1)",
            (url,),
        ).fetchone()
        return int(row[0])

    def gained(self, site: str, since: datetime) -> tuple[int, int]:
        """(new articles, revised articles) that a site's captures since a moment brought, as they are read now."""
        row = self.db.conn.execute(
            "SELECT coalesce(sum(before IS NULL), 0), coalesce(sum(before <> text), 0) FROM ("
            "  SELECT e.text_digest AS text, (SELECT x.text_digest FROM captures o JOIN extractions x ON x.url = o.url "
            "    AND x.digest = o.digest AND x.current = 1 AND x.text_digest IS NOT NULL "
            "    WHERE o.url = c.url AND o.captured_at < c.captured_at AND o.error IS NULL "
            "    AND o.status IN (200, 203, 304) ORDER BY o.captured_at DESC LIMIT 1) AS before "
            "  FROM captures c JOIN pages p ON p.url = c.url AND p.kind = 'article' "
            "  JOIN extractions e ON e.url = c.url AND e.digest = c.digest AND e.current = 1 AND e.text_digest IS "
            "NOT NULL "
            "  WHERE c.site = ? AND c.captured_at >= ? AND c.error IS NULL AND c.status IN (200, 203))",
            (site, timestamp(since)),
        ).fetchone()
        return int(row[0]), int(row[1])

    def flagged(self, site: str, since: datetime) -> int:
        """How many articles a site's captures since a moment brought that were read as something else than that."""
        row = self.db.conn.execute(
            "SELECT count(*) FROM captures c JOIN pages p ON p.url = c.url AND p.kind = 'article' "
            "JOIN extractions e ON e.url = c.url AND e.digest = c.digest AND e.current = 1 "
            "WHERE c.site = ? AND c.captured_at >= ? AND c.error IS NULL AND c.status IN (200, 203) "
            "AND e.problem IS NOT NULL",
            (site, timestamp(since)),
        ).fetchone()
        return int(row[0])

    # ---- the ledger

    def claim(self, site: str, due: str, at: datetime, software: str) -> int | None:
        """Claim one run in one statement: its attempt number, or None where it is done or somebody runs it."""
        with self.writing() as connection:
            row = connection.execute(
                "INSERT INTO runs (site, due, attempt, state, started_at, software) "
                "SELECT :site, :due, 1 + (SELECT count(*) FROM runs WHERE site = :site AND due = :due), 'running', "
                ":at, :by "
                "WHERE NOT EXISTS (SELECT 1 FROM runs WHERE site = :site AND due = :due AND state IN ('running', "
                "'done')) "
                "RETURNING attempt",
                {"site": site, "due": due, "at": timestamp(at), "by": software},
            ).fetchone()
        return int(row[0]) if row else None

    def finish(
        self, site: str, due: str, attempt: int, state: str, at: datetime, outcome: str, funnel: Mapping[str, Any]
    ) -> None:
        """Close a run's row with its outcome (one sentence) and its funnel."""
        with self.writing() as connection:
            connection.execute(
                "UPDATE runs SET state = ?, finished_at = ?, outcome = ?, funnel = ? WHERE site = ? AND due = ? AND "
                "attempt = ?",
                (state, timestamp(at), outcome, json.dumps(funnel), site, due, attempt),
            )

    def lose(self, at: datetime) -> list[tuple[str, str]]:
        """Mark runs that a dead process left open as lost; returns their (site, due). For the lock's holder only."""
        with self.writing() as connection:
            return connection.execute(
                "UPDATE runs SET state = 'lost', finished_at = ?, outcome = 'its process ended in mid-run' "
                "WHERE state = 'running' RETURNING site, due",
                (timestamp(at),),
            ).fetchall()

    def runs(self, site: str | None = None, limit: int = 20) -> list[dict[str, Any]]:
        """The newest rows of the ledger, newest first, with the funnel as a dictionary."""
        _, rows = self.rows(
            "SELECT site, due, attempt, state, started_at, finished_at, outcome, funnel FROM runs "
            "WHERE ?1 IS NULL OR site = ?1 ORDER BY started_at DESC LIMIT ?2",
            (site, limit),
        )
        return [{**row, "funnel": json.loads(row["funnel"] or "{}")} for row in rows]

    # ---- opinions in

    def record(self, extractions: Sequence[Extraction], at: datetime) -> None:
        """Keep extractions with their texts, lists of links and index rows, in one transaction, index rows last."""
        texts: dict[str, dict[str, Any]] = {}
        lists: dict[str, tuple[Link, ...]] = {}
        with self.writing() as connection:
            rows = []
            for extraction in extractions:
                row = extraction_row(extraction, at)
                if row["text_digest"]:
                    texts[row["text_digest"]] = text_row(row["text_digest"], extraction)
                if row["links_digest"]:
                    lists[row["links_digest"]] = extraction.links
                row["current"] = int(self._supersedes(extraction))
                if row["current"]:
                    connection.execute(
                        "UPDATE extractions SET current = 0 WHERE url = ? AND digest = ?", (row["url"], row["digest"])
                    )
                rows.append(row)
            fresh = [text for digest, text in texts.items() if self._text_id(digest) is None]
            self._add("texts", fresh)
            self._add("links", [link_row(digest, link) for digest, items in lists.items() for link in items])
            self.db.table("extractions").insert_all(rows, replace=True)
            aliases.agree(connection, extractions)
            for text in fresh:
                connection.execute(
                    "INSERT INTO texts_fts (rowid, title, standfirst, text) VALUES (?, ?, ?, ?)",
                    (
                        self._text_id(text["digest"]),
                        *(tokens.segment(text[part] or "") for part in ("title", "standfirst", "text")),
                    ),
                )

    def _supersedes(self, extraction: Extraction) -> bool:
        """Whether it becomes the current reading: always, unless its worker failed where an older reading stands."""
        if extraction.problem not in WORKER_PROBLEMS:
            return True
        older = self.db.conn.execute(
            "SELECT 1 FROM extractions WHERE url = ? AND digest = ? AND current = 1 AND extractor <> ?",
            (extraction.url, extraction.digest, extraction.extractor),
        ).fetchone()
        return older is None

    def _text_id(self, digest: str) -> int | None:
        row = self.db.conn.execute("SELECT id FROM texts WHERE digest = ?", (digest,)).fetchone()
        return int(row[0]) if row else None

    # ---- facts out

    def payload(self, digest: str) -> bytes:
        """The payload kept under a digest, checked against it. Raises UnknownPage or PayloadDamaged."""
        row = self.db.conn.execute(
            "SELECT s.codec, s.length, b.body FROM snapshots s JOIN bodies b USING (digest) WHERE s.digest = ?",
            (digest,),
        ).fetchone()
        if row is None:
            raise UnknownPage(f"The archive holds no payload {digest}.")
        payload = codecs.decode(row[0], row[2], row[1])
        if payload_digest(payload) != digest:
            raise PayloadDamaged(
                f"The bytes kept as {digest} have another digest now: the file is damaged; use a backup."
            )
        return payload

    def pending(
        self, extractor: Callable[[str], str], scope: str = "pending", site: str | None = None
    ) -> Iterator[Capture]:
        """Captures whose snapshot is to be read, with their payload, site by site in order of time.

        extractor: gives the extractor identity for a site's key. scope: `pending` = never read (or its worker
        failed), `stale` = read by another extractor, `all` = everything. A snapshot that a page showed several
        times is read once, as of the first time.
        """
        unread = self.db.conn.execute(
            "SELECT c.url, c.digest, min(c.captured_at), c.content_type, c.response_headers, p.kind, c.site, "
            "e.extractor, e.problem "
            "FROM captures c JOIN pages p ON p.url = c.url "
            "LEFT JOIN extractions e ON e.url = c.url AND e.digest = c.digest AND e.current = 1 "
            "WHERE c.digest IS NOT NULL AND c.status IN (200, 203) AND c.error IS NULL AND p.kind <> 'robots' "
            "AND (?1 IS NULL OR c.site = ?1) AND (?2 <> 'pending' OR e.extractor IS NULL OR e.problem GLOB "
            "'extract_*') "
            "GROUP BY c.url, c.digest ORDER BY c.site, 3",
            (site, scope),
        ).fetchall()
        for url, digest, at, content_type, headers, kind, key, read_by, problem in unread:
            if scope == "stale" and read_by == extractor(key) and problem not in WORKER_PROBLEMS:
                continue
            yield Capture(
                url=url,
                captured_at=moment(at),
                site=key,
                kind=kind,
                status=200,
                payload=self.payload(digest),
                content_type=content_type,
                response_headers=tuple((n, v) for n, v in json.loads(headers or "[]")),
            )

    def seen(self, site: str) -> Iterator[Seen]:
        """What is known of each article page of a site, for the frontier; pages that moved for good are left out."""
        rows = self.db.conn.execute(
            "SELECT p.url, p.kind, p.discovered_at, coalesce(s.n, 0), s.first, s.last, c.status, c.error, "
            "coalesce(s.failed, 0), c.next_try "
            "FROM pages p "
            "LEFT JOIN (SELECT url, count(*) AS n, min(captured_at) AS first, max(captured_at) AS last, "
            "           sum(next_try IS NOT NULL) AS failed "
            "           FROM captures WHERE site = ?1 GROUP BY url) s ON s.url = p.url "
            "LEFT JOIN captures c ON c.url = p.url AND c.captured_at = s.last "
            "WHERE p.site = ?1 AND p.kind = 'article' AND p.alias_of IS NULL",
            (site,),
        )
        for url, kind, discovered, count, first, last, status, error, failed, next_try in rows:
            yield Seen(
                url,
                kind,
                moment(discovered),
                count,
                first and moment(first),
                last and moment(last),
                status,
                error,
                failed,
                next_try and moment(next_try),
            )

    def timemap(self, url: str) -> list[dict[str, Any]]:
        """Every capture of a page in order of time, with what was read in it. Raises UnknownPage."""
        _, rows = self.rows(
            "SELECT c.captured_at, c.status, c.reason, c.error, c.detail, c.location, c.digest, e.text_digest, "
            "e.kind, e.problem, t.title, t.words "
            "FROM captures c LEFT JOIN extractions e ON e.url = c.url AND e.digest = c.digest AND e.current = 1 "
            "LEFT JOIN texts t ON t.digest = e.text_digest WHERE c.url = ? ORDER BY c.captured_at",
            (url,),
        )
        if not rows:
            near = self.db.conn.execute(
                "SELECT url FROM pages WHERE url LIKE ? LIMIT 1", (f"%{url.split('//')[-1]}%",)
            ).fetchone()
            hint = f"Did you mean {near[0]}?" if near else "`foreigndesk search WORDS` finds pages by their words."
            raise UnknownPage(f"The archive holds no capture of {url}. {hint}")
        return rows

    def reading(self, url: str, digest: str) -> dict[str, Any] | None:
        """The current reading of one snapshot of a page (columns of extractions and texts), or None."""
        _, rows = self.rows(
            "SELECT e.*, t.title, t.standfirst, t.text, t.words FROM extractions e LEFT JOIN texts t ON t.digest = "
            "e.text_digest "
            "WHERE e.url = ? AND e.digest = ? AND e.current = 1",
            (url, digest),
        )
        return rows[0] if rows else None

    def sites(self) -> dict[str, Site]:
        """The entries under which sites were last visited, by their key: the rules that `reextract` falls back on."""
        _, rows = self.rows("SELECT site, entry FROM sites")
        return {row["site"]: Site.from_entry(row["entry"]) for row in rows}

    def counts(self) -> dict[str, int]:
        """How much the archive holds, by what it is."""
        asked = {
            "sites": "SELECT count(DISTINCT site) FROM pages",
            "articles known": "SELECT count(*) FROM pages WHERE kind = 'article'",
            "captures": "SELECT count(*) FROM captures",
            "failed captures": "SELECT count(*) FROM captures WHERE error IS NOT NULL",
            "snapshots": "SELECT count(*) FROM snapshots",
            "payload bytes": "SELECT coalesce(sum(length), 0) FROM snapshots",
            "texts": "SELECT count(*) FROM texts",
            "links": "SELECT count(*) FROM links",
            "snapshots not read yet": "SELECT count(DISTINCT c.url || c.digest) FROM captures c JOIN pages p ON "
            "p.url = c.url "
            "LEFT JOIN extractions e ON e.url = c.url AND e.digest = c.digest AND e.current = 1 WHERE c.digest IS "
            "NOT NULL "
            "AND c.status IN (200, 203) AND c.error IS NULL AND p.kind <> 'robots' AND e.url IS NULL",
        }
        return {name.replace(" ", "_"): int(self.db.conn.execute(sql).fetchone()[0]) for name, sql in asked.items()}

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> tuple[list[str], list[dict[str, Any]]]:
        """Columns and rows of our own SELECT."""
        cursor = self.db.conn.execute(sql, parameters)
        columns = [d[0] for d in cursor.description]
        return columns, [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def check(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse a file that is another program's database before anything is written into it."""
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and connection.execute("PRAGMA application_id").fetchone()[0] != schema.APPLICATION_ID:
        connection.close()
        raise ArchiveUnreadable(f"{path} is a SQLite file, but not an archive of Foreign Desk: choose another name.")


@contextmanager
def _immediate(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def sentence(error: sqlite3.Error) -> str:
    text = str(error)
    known = {
        "file is not a database": "it is not a SQLite file.",
        "database is locked": f"another program has held it for {BUSY_SECONDS:.0f} seconds; try again when it is done.",
        "attempt to write a readonly database": "it is read-only; check its permissions and those of its folder.",
        "database or disk is full": "the disk is full; make room and run again, what is committed is safe.",
        "unable to open database file": "check that the folder exists and may be written.",
        "database disk image is malformed": "it is damaged; restore a backup, or try `sqlite3 FILE .recover`.",
    }
    return known.get(text, f"{text}.")
