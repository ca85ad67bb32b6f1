"""Facts go in once and come out as they went in; opinions can be replaced; interrupted work stays pending."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive import (
    Archive,
    ArchiveError,
    ArchiveUnreadable,
    BadQuery,
    Capture,
    Extraction,
    Link,
    PayloadDamaged,
    Selection,
    Visit,
    payload_digest,
    query,
)
from tests.conftest import Clock

URL = "http://paper.test/world/1"
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


def capture(url: str = URL, at: datetime = AT, payload: bytes | None = b"<p>one</p>", **more: object) -> Capture:
    values = {"site": "paper", "status": 200, "etag": '"1"', "last_modified": "Sun, 01 Nov 2026 11:00:00 GMT", **more}
    return Capture(url=url, captured_at=at, payload=payload, **values)  # type: ignore[arg-type]


def reading(of: Capture, text: str = "One.\n\nTwo.", **more: object) -> Extraction:
    values: dict[str, object] = {"title": "A title", "text": text, "extractor": "test-1", **more}
    return Extraction(url=of.url, digest=of.digest or "", **values)  # type: ignore[arg-type]


def count(archive: Archive, table: str) -> int:
    return int(archive.db.conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_payload_comes_back_byte_for_byte(archive: Archive) -> None:
    payload = bytes(range(256)) * 1000
    archive.store([Visit(capture(payload=payload))])
    assert archive.payload(payload_digest(payload)) == payload


def test_equal_bytes_are_kept_once(archive: Archive, clock: Clock) -> None:
    archive.store(
        [Visit(capture(at=clock())), Visit(capture(at=clock())), Visit(capture("http://other.test/x", clock()))]
    )
    archive.store([Visit(capture(at=clock()))])
    assert (count(archive, "captures"), count(archive, "snapshots"), count(archive, "bodies")) == (4, 1, 1)


def test_storing_twice_changes_nothing(archive: Archive) -> None:
    visit = Visit(capture(), found=(("article", "http://paper.test/2"),))
    archive.store([visit])
    archive.store([Visit(replace(visit.capture, status=500, payload=None, error=None, reason="later claim"))])
    assert archive.rows("SELECT status, reason FROM captures")[1] == [{"status": 200, "reason": None}]
    assert count(archive, "pages") == 2


def test_not_modified_shows_the_state_before(archive: Archive, clock: Clock) -> None:
    first = capture(at=clock())
    archive.store([Visit(first)])
    archive.store([Visit(capture(at=clock(), payload=None, status=304))])
    rows = archive.rows("SELECT status, digest, error FROM captures ORDER BY captured_at")[1]
    assert rows[1] == {"status": 304, "digest": first.digest, "error": None}


def test_not_modified_in_the_same_batch(archive: Archive, clock: Clock) -> None:
    first = capture(at=clock())
    archive.store([Visit(first), Visit(capture(at=clock(), payload=None, status=304))])
    assert archive.rows("SELECT digest FROM captures WHERE status = 304")[1][0]["digest"] == first.digest


def test_unasked_304_is_an_error(archive: Archive) -> None:
    archive.store([Visit(capture(payload=None, status=304))])
    assert archive.rows("SELECT digest, error FROM captures")[1] == [{"digest": None, "error": "unasked_304"}]


def test_validators_come_from_the_last_full_answer(archive: Archive, clock: Clock) -> None:
    assert archive.validators(URL) == (None, None)
    archive.store([Visit(capture(at=clock())), Visit(capture(at=clock(), payload=b"x", etag='"2"'))])
    archive.store([Visit(capture(at=clock(), payload=b"gone", status=404, etag='"404"'))])
    archive.store([Visit(capture(at=clock(), payload=b"cut", error="truncated", etag='"cut"'))])
    assert archive.validators(URL)[0] == '"2"'
    assert archive.validators("http://paper.test/other") == (None, None)


def test_damage_is_found(archive: Archive) -> None:
    one, two = capture(), capture("http://paper.test/2", payload=b"<p>two</p>")
    archive.store([Visit(one), Visit(two)])
    # The other page's intact frame in the wrong row: only the digest can tell.
    with archive.writing() as connection:
        other = connection.execute("SELECT body FROM snapshots WHERE digest = ?", (two.digest,)).fetchone()[0]
        connection.execute("UPDATE snapshots SET body = ? WHERE digest = ?", (other, one.digest))
    with pytest.raises(PayloadDamaged):
        archive.payload(one.digest or "")


def test_pending_is_what_was_never_read(archive: Archive, clock: Clock) -> None:
    one, two = capture(at=clock()), capture("http://paper.test/2", clock(), b"<p>two</p>")
    gone = capture("http://paper.test/3", clock(), b"not here", status=404)
    archive.store([Visit(one), Visit(two), Visit(gone)])
    assert [c.url for _, c in archive.pending(lambda _: "test-1")] == [one.url, two.url]
    archive.record([reading(one)], clock())
    assert [c.url for _, c in archive.pending(lambda _: "test-1")] == [two.url]
    archive.record([reading(two)], clock())
    assert [c.url for _, c in archive.pending(lambda _: "test-1", Selection("stale"))] == []
    assert [c.url for _, c in archive.pending(lambda _: "test-2", Selection("stale"))] == [one.url, two.url]
    assert len(list(archive.pending(lambda _: "test-1", Selection("all")))) == 2


def test_pending_gives_the_first_time_of_a_snapshot(archive: Archive, clock: Clock) -> None:
    first = capture(at=clock())
    archive.store([Visit(first), Visit(capture(at=clock()))])
    assert [c.captured_at for _, c in archive.pending(lambda _: "x")] == [first.captured_at]


def test_a_failed_worker_never_replaces_a_reading(archive: Archive, clock: Clock) -> None:
    one = capture()
    archive.store([Visit(one)])
    archive.record([reading(one)], clock())
    archive.record([reading(one, extractor="test-2", text="", title=None, problem="extract_timeout")], clock())
    assert (archive.reading(URL, one.digest or "") or {})["extractor"] == "test-1"
    archive.record([reading(one, extractor="test-2", text="New.")], clock())
    assert (archive.reading(URL, one.digest or "") or {})["text"] == "New."
    assert count(archive, "extractions") == 2


def test_lists_of_links_are_kept_once(archive: Archive, clock: Clock) -> None:
    one, two = capture(at=clock()), capture(at=clock(), payload=b"<p>other</p>")
    archive.store([Visit(one), Visit(two)])
    links = (Link("readers", 1, "http://paper.test/2", "Two", "Most read"),)
    archive.record([reading(one, links=links), reading(two, text="Changed.", links=links)], clock())
    assert count(archive, "links") == 1
    rows = archive.rows("SELECT captured_at, heading, target, archived FROM related_links ORDER BY captured_at")[1]
    assert [(r["heading"], r["target"], r["archived"]) for r in rows] == [("Most read", "http://paper.test/2", 0)] * 2


def test_revisions_are_computed(archive: Archive, clock: Clock) -> None:
    a, b = capture(at=clock(), payload=b"a"), capture(at=clock(), payload=b"b")
    advert = capture(at=clock(), payload=b"b with another advert")
    back = capture(at=clock(), payload=b"a")
    archive.store([Visit(c) for c in (a, b, advert, back)])
    archive.record([reading(a, "First."), reading(b, "Second."), reading(advert, "Second.")], clock())
    rows = archive.rows("SELECT revision, words, previous IS NULL AS first FROM revisions")[1]
    assert [(r["revision"], r["first"]) for r in rows] == [(1, 1), (2, 0), (3, 0)]


def test_articles_keep_the_full_text(archive: Archive, clock: Clock) -> None:
    """A stub, a wall or an error page captured later never stands in for the text."""
    full, wall = capture(at=clock(), payload=b"full"), capture(at=clock(), payload=b"please subscribe")
    archive.store([Visit(full), Visit(wall), Visit(capture(at=clock(), payload=b"gone", status=410))])
    archive.record([reading(full, "The whole text."), reading(wall, kind="paywall", text=None)], clock())  # type: ignore[arg-type]
    rows = archive.rows("SELECT text, last_status FROM articles")[1]
    assert rows == [{"text": "The whole text.", "last_status": 410}]


def test_times_of_pages_keep_what_was_claimed(archive: Archive, clock: Clock) -> None:
    one, two = capture(), capture("http://paper.test/2", payload=b"2")
    archive.store([Visit(one), Visit(two)])
    archive.record(
        [reading(one, published="2026-11-01T10:00:00+09:00"), reading(two, published="2026-11-01", text="Other.")],
        clock(),
    )
    rows = archive.rows("SELECT published_at FROM articles ORDER BY url")[1]
    assert [r["published_at"] for r in rows] == ["2026-11-01", "2026-11-01T01:00:00.000000Z"]


def test_a_slot_is_claimed_once(archive: Archive, clock: Clock) -> None:
    assert archive.claim("paper", "slot", clock(), "test") == 1
    assert archive.claim("paper", "slot", clock(), "test") is None
    assert archive.lose(clock()) == [("paper", "slot")]
    assert archive.claim("paper", "slot", clock(), "test") == 2
    archive.finish("paper", "slot", 2, "done", clock(), "complete", {"found": 3})
    assert archive.claim("paper", "slot", clock(), "test") is None
    newest = archive.runs()[0]
    assert (newest["state"], newest["funnel"]) == ("done", {"found": 3})


def test_one_crawling_process(archive: Archive) -> None:
    archive.lock()
    with Archive.open(archive.path) as second, pytest.raises(ArchiveError, match=str(os.getpid())):
        second.lock()


def test_an_interrupted_transaction_leaves_nothing(archive: Archive) -> None:
    def half_way() -> None:
        with archive.writing() as connection:
            connection.execute("INSERT INTO sites (site) VALUES ('half')")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half_way()
    assert count(archive, "sites") == 0


def test_killed_in_the_middle(tmp_path: Path) -> None:
    """kill -9 between two batches: what was committed is there, whole, and what was not is not."""
    script = textwrap.dedent("""
        import os, sys
        from datetime import UTC, datetime, timedelta
        from archive import Archive, Capture, Visit
        archive = Archive.open(sys.argv[1])
        for n in range(1000):
            at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=n)
            archive.store([Visit(Capture(f"http://paper.test/{n}/{k}", at, site="paper", status=200, payload=b"%d" % n))
                           for k in range(10)])
            print(n, flush=True)
    """)
    path = tmp_path / "killed.db"
    with subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        for line in child.stdout:
            if int(line) >= 20:
                child.kill()
                break
        committed = int(line)
    with Archive.open(path) as archive:
        assert archive.db.conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        captures = count(archive, "captures")
        assert captures % 10 == 0
        assert captures >= 10 * (committed + 1)
        assert len(list(archive.pending(lambda _: "x"))) == captures


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"this is no database at all, only text" * 50, "not a SQLite file"), (None, "not an archive of Foreign Desk")],
)
def test_foreign_files_are_refused_unchanged(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "other.db"
    if content is None:
        other = sqlite3.connect(path)
        other.execute("CREATE TABLE mine (x)")
        other.close()
    else:
        path.write_bytes(content)
    before = path.read_bytes()
    with pytest.raises(ArchiveUnreadable, match=said):
        Archive.open(path)
    assert path.read_bytes() == before


def test_a_missing_archive_is_not_made_by_asking(tmp_path: Path) -> None:
    with pytest.raises(ArchiveUnreadable, match="no archive"):
        Archive.open(tmp_path / "none.db", create=False)
    with pytest.raises(ArchiveUnreadable, match="no archive"):
        query(tmp_path / "none.db", "SELECT 1")
    assert not list(tmp_path.iterdir())


def test_query_reads_and_never_writes(archive: Archive) -> None:
    archive.store([Visit(capture())])
    columns, rows = query(archive.path, "SELECT url, status FROM captures")
    assert (columns, list(rows)) == (["url", "status"], [(URL, 200)])
    for sql in (
        "DELETE FROM captures",
        "ATTACH '/tmp/x.db' AS x",
        "PRAGMA journal_mode = DELETE",
        "VACUUM",
        "CREATE TABLE t (x)",
        "SELECT load_extension('x')",
        "SELECT 1; SELECT 2",
        "SELEC 1",
        "",
        "SELECT zeroblob(900000000)",
    ):
        with pytest.raises(BadQuery):
            list(query(archive.path, sql)[1])
    assert count(archive, "captures") == 1


def test_query_is_stopped(archive: Archive) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(BadQuery, match="longer than 0"):
        list(query(archive.path, endless, seconds=0.2)[1])


@pytest.mark.parametrize("view", ["articles", "revisions", "related_links", "latest", "mementos", "fronts"])
def test_views_run_in_a_bare_shell(archive: Archive, view: str) -> None:
    """No function or setting of ours is needed: a plain sqlite3 connection answers."""
    archive.store([Visit(capture())])
    plain = sqlite3.connect(archive.path)
    plain.execute(f"SELECT * FROM {view}").fetchall()


def test_tables_are_strict(archive: Archive) -> None:
    with pytest.raises(sqlite3.IntegrityError), archive.writing() as connection:
        connection.execute("INSERT INTO snapshots (digest, length, kept_as) VALUES ('x', 'not a number', 'x')")
