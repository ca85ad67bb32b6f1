"""doctor: what is to be mended is told in a sentence, with an exit code; the rest is told too."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import namedtuple
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from archive import Archive, Capture, Visit, checkup, libraries
from crawler import doctor, settings
from crawler.cli import main

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def levels(archive: Path, now: datetime = NOW, sites: str | None = None) -> dict[str, str]:
    """The level of each subject; a fault hides what else is said of it."""
    found = doctor.examine(archive, sites, "me@example.org", now, workers=False)
    order = {"ok": 0, "note": 1, "fault": 2}
    return {one.subject: one.level for one in sorted(found, key=lambda one: order[one.level])}


def test_a_sound_machine(tmp_path: Path) -> None:
    """The real command, with a worker and all: exit code 0, every subject, every limit in force."""
    path = tmp_path / "a.db"
    with Archive.open(path) as archive:
        archive.store([Visit(Capture("http://a.test/", NOW, status=200, payload=b"x"))])
    done = CliRunner().invoke(main, ["doctor", "--archive", str(path), "--contact", "me@example.org", "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.output)
    assert said["well"] is True
    subjects = {one["subject"] for one in said["findings"]}
    assert subjects >= {"python", "libraries", "sqlite", "libxml2", "br", "zstd", "tls", "contact", "disk", "clock"}
    assert subjects >= {"catalogue", "archive", "workers", "full text"}
    assert said["limits"]["DOWNLOAD_MAXSIZE"] == settings.DOWNLOAD_MAXSIZE
    assert any("1 captures" in one["sentence"] for one in said["findings"])


def damaged(path: Path) -> None:
    with Archive.open(path) as archive:
        archive.store([Visit(Capture(f"http://a.test/{n}", NOW, status=200, payload=b"x" * n)) for n in range(400)])
    data = bytearray(path.read_bytes())
    data[8192:16384] = bytes(8192)
    path.write_bytes(data)


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (a)")


@pytest.mark.parametrize("make", [damaged, foreign, lambda path: path.write_bytes(b"no database at all" * 999)])
def test_an_archive_that_is_none(tmp_path: Path, make: Callable[[Path], Any]) -> None:
    make(tmp_path / "a.db")
    before = (tmp_path / "a.db").read_bytes()
    assert levels(tmp_path / "a.db")["archive"] == "fault"
    assert (tmp_path / "a.db").read_bytes() == before
    done = CliRunner().invoke(main, ["doctor", "--archive", str(tmp_path / "a.db")])
    assert done.exit_code == 1
    assert "1 to be mended: archive." in done.output


def test_clocks(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with Archive.open(path) as archive:
        archive.store([Visit(Capture("http://a.test/", NOW, status=200, payload=b"x"))])
    assert levels(path, NOW + timedelta(days=900))["clock"] == "ok"
    assert levels(path, NOW - timedelta(hours=2))["clock"] == "fault"
    assert levels(tmp_path / "none.db", datetime(1970, 1, 1, tzinfo=UTC))["clock"] == "fault"


def test_a_hidden_brotli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """brotlipy installs a module of the same name without what is needed."""
    monkeypatch.delattr("crawler.wire.brotli.Decompressor")
    assert levels(tmp_path / "a.db")["br"] == "fault"


def test_disk_and_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert levels(tmp_path / "no" / "a.db")["disk"] == "fault"
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, 10**6))
    assert levels(tmp_path / "a.db")["disk"] == "fault"


def test_a_broken_catalogue(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[mine]\nhome = 5\n")
    assert levels(tmp_path / "a.db", sites=str(tmp_path / "mine.toml"))["catalogue"] == "fault"


def test_proxies_are_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "proxy" not in levels(tmp_path / "a.db")
    monkeypatch.setenv("HTTPS_PROXY", "http://10.0.0.1:3128")
    assert levels(tmp_path / "a.db")["proxy"] == "note"


def test_an_old_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    def level(version: tuple[int, int, int]) -> str:
        monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
        return next(one.level for one in libraries() if one.subject == "sqlite")

    assert [level(version) for version in ((3, 31, 0), (3, 40, 1), (3, 51, 3), (4, 0, 0))] == [
        "fault",
        "note",
        "ok",
        "ok",
    ]


def test_a_library_that_does_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.metadata, "requires", lambda _: ["scrapy>=99", "no-such-library", "click; extra == 'x'"])
    found = [one.sentence for one in doctor.versions() if one.level == "fault"]
    assert len(found) == 2
    assert "scrapy>=99 is needed" in found[0]
    assert levels(tmp_path / "a.db")["libraries"] == "fault"


def test_an_archive_whose_letters_are_damaged_is_a_fault(tmp_path: Path) -> None:
    """What is no UTF-8 any more is found as damage, not told as an end of the examination."""
    path = tmp_path / "a.db"
    with Archive.open(path) as archive:
        archive.store([Visit(Capture("http://a.test/", NOW, site="a", status=200, payload=b"x"))])
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("UPDATE capture_rows SET captured_at = CAST(x'ff32' AS TEXT)")
        plain.commit()
    found = [one for one in checkup(path, NOW) if one.level == "fault"]
    assert [one.subject for one in found] == ["archive"]
    assert "damaged" in found[0].sentence
