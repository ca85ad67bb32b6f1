"""Mementos and timemaps: the state at a time, in the words of RFC 7089; the real commands print them."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive import Archive, Capture, PayloadDamaged, UnknownPage, Visit, link_format, memento, timemap, timemap_json
from crawler.cli import main
from tests.press import AT, captures, fill

PAGE = next(captures(1))


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A page over a week: first text, unchanged (304), changed, gone, back; a timeout in between."""
    with Archive.open(tmp_path / "a.db") as opened:
        day = {n: AT.replace(day=n) for n in range(1, 8)}
        second = next(captures(1, edition=2))
        fill(opened, [PAGE])
        opened.store(
            [
                Visit(Capture(PAGE.url, day[2], site="meridian", status=304, response_headers=(("Date", "x"),))),
                Visit(Capture(PAGE.url, day[3], site="meridian", error="timeout", detail="No answer.")),
                Visit(replace(second, captured_at=day[4])),
                Visit(Capture(PAGE.url, day[5], site="meridian", status=404, payload=b"gone")),
                Visit(replace(second, captured_at=day[6])),
            ],
            "run 2",
        )
        yield opened


def test_the_state_at_a_time(archive: Archive) -> None:
    assert memento(archive, PAGE.url).captured_at.startswith("2026-11-06")
    assert memento(archive, PAGE.url, "2026-11-01").payload == PAGE.payload
    unchanged = memento(archive, PAGE.url, "2026-11-03T12:30")
    assert (unchanged.status, unchanged.captured_at[:10], unchanged.payload) == (304, "2026-11-02", PAGE.payload)
    assert memento(archive, PAGE.url, "2026-11-05T23:00:00Z").captured_at.startswith("2026-11-04")
    assert memento(archive, PAGE.url, "2026-11-02T13:00:00+01:00").captured_at.startswith("2026-11-02")
    assert memento(archive, PAGE.url, "2026-11-02T12:59:59+01:00").captured_at.startswith("2026-11-01")
    with pytest.raises(UnknownPage, match="the first is of 2026-11-01"):
        memento(archive, PAGE.url, "2026-10-31")
    with pytest.raises(UnknownPage, match="no capture"):
        memento(archive, "http://nowhere.test/")


def test_headers_come_back_as_they_came(archive: Archive) -> None:
    assert memento(archive, PAGE.url, "2026-11-01").headers == PAGE.response_headers


def test_timemap_in_link_format(archive: Archive) -> None:
    rows = timemap(archive, PAGE.url)
    assert [row["captured_at"][8:10] for row in rows] == ["01", "02", "04", "06"]
    text = link_format(PAGE.url, rows, "https://archive.example.org/")
    links = re.findall(r'<([^>]*)>((?:; ?\w+="[^"]*")+)', text)
    rels = [re.search(r'rel="([^"]*)"', attributes)[1] for _, attributes in links]  # type: ignore[index]
    assert rels == ["original", "self", "timegate", "first memento", "memento", "memento", "last memento"]
    assert links[0][0] == PAGE.url
    dates = [parsedate_to_datetime(found) for found in re.findall(r'datetime="([^"]*)"', text)]
    assert [date.day for date in dates] == [1, 2, 4, 6]
    assert all(url.startswith("https://archive.example.org/memento/20261") for url, _ in links[3:])


def test_timemap_of_one(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "one.db") as archive:
        archive.store([Visit(PAGE)])
        assert 'rel="first last memento"' in link_format(PAGE.url, timemap(archive, PAGE.url))


def test_timemap_as_json(archive: Archive) -> None:
    found = timemap_json(PAGE.url, timemap(archive, PAGE.url))
    assert found["original_uri"] == PAGE.url
    assert [one["status"] for one in found["mementos"]["list"]] == [200, 304, 200, 200]
    assert found["mementos"]["last"] == found["mementos"]["list"][-1]
    assert json.loads(json.dumps(found)) == found


def test_a_changed_capture_is_never_shown(archive: Archive) -> None:
    """A wrong date is worse than no answer."""
    archive.db.conn.execute("UPDATE capture_rows SET captured_at = '2026-11-07T12:00:00.000000Z' WHERE status = 304")
    with pytest.raises(PayloadDamaged, match="not as it was kept"):
        memento(archive, PAGE.url)


def test_the_commands(archive: Archive) -> None:
    runner, path = CliRunner(), ["--archive", str(archive.path)]
    raw = runner.invoke(main, ["memento", PAGE.url, "--at", "2026-11-01", "--raw", *path])
    assert raw.stdout_bytes == PAGE.payload
    shown = runner.invoke(main, ["memento", PAGE.url, "--at", "2026-11-01", *path])
    assert hashlib.sha256(PAGE.payload or b"").hexdigest() in shown.output
    text = runner.invoke(main, ["memento", PAGE.url, "--at", "2026-11-01", "--text", *path])
    plain = sqlite3.connect(archive.path)
    assert plain.execute("SELECT text FROM texts").fetchone()[0] in text.output
    unread = runner.invoke(main, ["memento", PAGE.url, "--text", *path])
    assert unread.exit_code == 1
    both = runner.invoke(main, ["memento", PAGE.url, "--text", "--raw", *path])
    assert both.exit_code == 2
    assert 'rel="original"' in runner.invoke(main, ["timemap", PAGE.url, *path]).output
    assert json.loads(runner.invoke(main, ["timemap", PAGE.url, "--json", *path]).output)["original_uri"] == PAGE.url
    nowhere = runner.invoke(main, ["timemap", "http://nowhere.test/", *path])
    assert nowhere.exit_code == 2
    assert "Traceback" not in nowhere.output
