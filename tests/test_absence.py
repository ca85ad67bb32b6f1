"""Absence is evidence: removed, moved, back again; "unchanged between" and "nobody looked" are told apart."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from archive import Archive, Capture, Extraction, Visit, history, timestamp
from crawler.cli import main
from tests.conftest import Clock

URL = "http://paper.test/world/1"


def look(archive: Archive, clock: Clock, text: str | None = None, **more: Any) -> str:
    """One look at the page, an hour after the one before."""
    if text:
        more = {"status": 200, "payload": f"{text} {clock.now}".encode(), **more}
    capture = Capture(URL, clock.wait(hours=1), site="paper", **more)
    archive.store([Visit(capture)])
    if text:
        archive.record([Extraction(URL, capture.digest or "", "t", title="T", text=text)], clock())
    return timestamp(capture.captured_at)


def spans(archive: Archive) -> list[tuple[str, str, str, int, str | None]]:
    _, rows = archive.rows("SELECT * FROM spans ORDER BY first_seen")
    return [(r["shows"], r["first_seen"], r["last_seen"], r["looks"], r["next_seen"]) for r in rows]


@pytest.mark.parametrize("status", [404, 410, 451])
def test_removed_and_back_again(archive: Archive, clock: Clock, status: int) -> None:
    first = look(archive, clock, "a")
    gone = look(archive, clock, status=status, reason="Gone")
    look(archive, clock, status=status)
    look(archive, clock, "a")
    look(archive, clock, "a")
    assert [event.what for event in history(archive, URL)] == ["first", "removed", "removed", "back again", "unchanged"]
    back = history(archive, URL)[3]
    assert f"back again after it was removed {gone[:19]}Z" in back.detail
    assert history(archive, URL)[1].looked_before == first


def test_it_comes_back_changed(archive: Archive, clock: Clock) -> None:
    look(archive, clock, "a")
    look(archive, clock, status=301, location="http://paper.test/elsewhere")
    look(archive, clock, "b")
    told = history(archive, URL)
    assert [(event.what, event.revision) for event in told] == [("first", 1), ("moved", 1), ("changed", 2)]
    assert "back again after it was moved" in told[2].detail


def test_every_outcome_is_a_look(archive: Archive, clock: Clock) -> None:
    for given in ({"text": "a"}, {"status": 304}, {"error": "timeout"}, {"error": "robots"}, {"status": 451},
                  {"status": 302, "location": "http://paper.test/x"}, {"status": 503}):  # fmt: skip
        look(archive, clock, **given)  # type: ignore[arg-type]
    _, rows = archive.rows("SELECT shows FROM looks ORDER BY captured_at")
    assert [row["shows"] for row in rows] == ["text", "text", "failed", "refused", "removed", "moved", "failed"]


def test_unchanged_between_and_nobody_looked_are_told_apart(archive: Archive, clock: Clock) -> None:
    """A span is what looks agree on; between spans, inside them, and after the last one, the view says who looked."""
    one = look(archive, clock, "a")
    two = look(archive, clock, status=304)
    clock.wait(days=3)
    three = look(archive, clock, "a")
    four = look(archive, clock, "b")
    five = look(archive, clock, status=404)
    six = look(archive, clock, status=404)
    assert spans(archive) == [
        ("text", one, three, 3, four),
        ("text", four, four, 1, five),
        ("removed", five, six, 2, None),
    ]
    _, rows = archive.rows("SELECT longest_gap FROM spans ORDER BY first_seen")
    assert rows[0]["longest_gap"] == pytest.approx(timedelta(days=3, hours=1).total_seconds(), abs=1)
    assert rows[1]["longest_gap"] == 0.0
    assert two


def test_the_command_says_when_nobody_looked(archive: Archive, clock: Clock) -> None:
    look(archive, clock, "a")
    clock.wait(days=3, hours=3)
    look(archive, clock, "a")
    said = CliRunner().invoke(main, ["history", URL, "--archive", str(archive.path)]).output
    assert "+3d4h  unchanged" in said
    assert "Next look: " in said
    look(archive, clock, status=308, location="http://paper.test/2")
    new = Capture("http://paper.test/2", clock(), site="paper", status=200, payload=b"2")
    archive.store([Visit(new)])
    archive.record([Extraction(new.url, new.digest or "", "t", title="T", text="a")], clock())
    said = CliRunner().invoke(main, ["history", URL, "--archive", str(archive.path)]).output
    assert "It is kept as http://paper.test/2 now" in said
