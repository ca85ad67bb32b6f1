"""What is in the way of writing is one clear line; what was committed stays; the next run goes on.

kill -9, power cuts, full disks and random damage by the hundred: benchmarks/archive_faults.py.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from archive import Archive, ArchiveUnreadable, Capture, Visit, load_sites, opening, query, verify
from crawler.newsroom import Newsroom
from tests.conftest import crawl
from tests.press import AT, captures, fill


def test_a_busy_archive_is_said_to_be(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.05)
    holder = sqlite3.connect(archive.path, isolation_level=None)
    with Archive.open(archive.path) as second:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(ArchiveUnreadable, match="another program has held it"):
            fill(second, list(captures(2)), read=False)
        holder.execute("ROLLBACK")
        fill(second, list(captures(2)), read=False)
        assert list(verify(second)) == []


def test_readers_never_wait_for_a_writer(archive: Archive) -> None:
    fill(archive, list(captures(2)), read=False)
    archive.db.conn.execute("BEGIN IMMEDIATE")
    archive.db.conn.execute("UPDATE capture_rows SET reason = 'not committed'")
    _, rows = query(archive.path, "SELECT DISTINCT reason FROM captures")
    assert list(rows) == [("OK",)]
    with Archive.read(archive.path) as reading:
        assert reading.counts()["captures"] == 2
    archive.db.conn.execute("ROLLBACK")


def test_a_reader_cannot_write(archive: Archive) -> None:
    fill(archive, list(captures(1)), read=False)
    with Archive.read(archive.path) as reading, pytest.raises(ArchiveUnreadable, match="read-only"):
        fill(reading, list(captures(2))[1:], read=False)


def test_a_quota_is_one_clear_line(tmp_path: Path) -> None:
    """A limit on the size of files, as a quota or a full disk would show: nothing half-written, then it goes on."""
    script = textwrap.dedent("""
        import resource, sys
        from archive import Archive, ArchiveError, Capture, Visit
        from tests.press import AT
        with Archive.open(sys.argv[1]) as archive:
            resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
            for n in range(200):
                payload = bytes((n * k * 7919) % 251 for k in range(20_000))
                try:
                    archive.store([Visit(Capture(f"http://paper.test/{n}", AT, site="p", status=200, payload=payload))])
                except ArchiveError as error:
                    print(n, error, sep="|")
                    break
    """)
    path = tmp_path / "limited.db"
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, cwd=Path(__file__).parent.parent
    )
    count, _, said = done.stdout.strip().partition("|")
    assert "quota" in said, done.stderr
    assert "Traceback" not in done.stderr
    with Archive.open(path) as archive:
        assert archive.counts()["captures"] == int(count)
        assert list(verify(archive)) == []
        archive.store([Visit(Capture("http://paper.test/more", AT, site="p", status=200, payload=b"more"))])


@pytest.mark.parametrize("content", [b"", b"\0" * 4096, b"SQLite format 3\0" + b"\xff" * 5000, None])
def test_what_is_no_archive_is_said_to_be(tmp_path: Path, content: bytes | None) -> None:
    """Empty, zeroes, a broken header, a folder: a sentence each from every way of opening, and nothing is changed."""
    path = tmp_path / "none.db"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    for open_ in (
        lambda: Archive.open(path, create=False),
        lambda: Archive.read(path),
        lambda: query(path, "SELECT 1"),
    ):
        with pytest.raises(ArchiveUnreadable) as said:
            open_()
        assert str(said.value).endswith(".")
    assert content is None or path.read_bytes() == content


def test_a_read_only_folder_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a medium where SQLite cannot put a WAL beside the file (here: it says so), the file is read as it stands."""
    path = tmp_path / "a.db"
    with Archive.open(path) as archive:
        fill(archive, list(captures(2)), read=False)
    real = sqlite3.connect

    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(
        sqlite3, "connect", lambda name, **how: _Closed() if "mode=ro" in str(name) else real(name, **how)
    )
    with Archive.read(path) as archive:
        assert archive.counts()["captures"] == 2


class _Closed:
    """A connection to a file for which SQLite cannot open what it needs."""

    def execute(self, *_: object) -> object:
        raise sqlite3.OperationalError("unable to open database file")


# ---- the disk


def test_a_low_disk_is_said_to_be(archive: Archive) -> None:
    assert archive.shortage(0) is None
    assert archive.shortage(1 << 62, 0.0) is None
    assert "make room" in (archive.shortage(1 << 62, 2.0) or "")


def test_a_run_does_not_begin_on_a_low_disk(tmp_path: Path) -> None:
    with Newsroom() as room:
        sites = [site for site in load_sites(room.sites_file).values() if site.key == "minato"]
        run = crawl(tmp_path / "a.db", sites, room, DISK_RESERVE=1 << 60, DISK_RESERVE_SHARE=2.0)["minato"]
        assert not room.log
    assert run.state == "failed"
    assert "make room" in run.outcome


def test_a_run_ends_before_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was fetched is kept, the rest is due again; SQLite never gets to see a full disk."""
    path = tmp_path / "a.db"
    with Newsroom() as room:
        sites = [site for site in load_sites(room.sites_file).values() if site.key == "minato"]
        asked = iter([None, None, "The disk is nearly full."])
        monkeypatch.setattr(Archive, "shortage", lambda *_: next(asked, "The disk is nearly full."))
        run = crawl(path, sites, room, BATCH_CAPTURES=2)["minato"]
        seen = len(room.log)
        assert (run.state, "disk_low" in run.outcome) == ("lost", True)
        with Archive.read(path) as archive:
            assert archive.counts()["captures"] == seen
            assert list(verify(archive)) == []
        monkeypatch.undo()
        assert crawl(path, sites, room)["minato"].state == "done"
        with Archive.read(path) as archive:
            kept = {row["url"] for row in archive.rows("SELECT url FROM articles")[1]}
    assert kept >= set(room.urls("minato"))
