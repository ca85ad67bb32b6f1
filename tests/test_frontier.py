"""What is due: never-fetched pages first; known ones by their age; failures backed off; nothing left out for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from archive import Archive, Capture, Seen, Site, Visit
from crawler.frontier import GONE, due, overdue
from tests.conftest import Clock

SITE = Site("paper", home="http://paper.test/", revisit=900.0)
T0 = datetime(2026, 11, 1, tzinfo=UTC)


def page(
    age: timedelta, last: timedelta, status: int | None = 200, error: str | None = None, failures: int = 0
) -> Seen:
    """A page first captured at T0 and last looked at `last` after that; `age` is not used for failures."""
    return Seen("http://paper.test/1", "article", T0, 2, T0, T0 + last, status, error, failures)


@pytest.mark.parametrize(
    ("looked", "now", "is_due"),
    [
        (timedelta(0), timedelta(minutes=14), False),  # the floor: revisit = 15 min
        (timedelta(0), timedelta(minutes=15), True),
        (timedelta(hours=10), timedelta(hours=11, minutes=59), False),  # a fifth of the age
        (timedelta(hours=10), timedelta(hours=12), True),
        (timedelta(days=1), timedelta(days=1, hours=4), False),  # ages do not wrap at a day
        (timedelta(days=1), timedelta(days=1, hours=5), True),
        (timedelta(days=400), timedelta(days=429), False),  # the longest wait
        (timedelta(days=400), timedelta(days=430), True),
    ],
)
def test_looks_grow_rarer_with_age(looked: timedelta, now: timedelta, is_due: bool) -> None:
    assert (overdue(page(now, looked), SITE, T0 + now) is not None) is is_due


def test_failures_wait_for_their_next_try() -> None:
    seen = replace(page(timedelta(0), timedelta(0), None, "timeout", 1), next_try=T0 + timedelta(hours=3))
    assert overdue(seen, SITE, T0 + timedelta(hours=2, minutes=59)) is None
    assert overdue(seen, SITE, T0 + timedelta(hours=3)) is not None


def test_what_will_not_pass_waits_a_day() -> None:
    seen = page(timedelta(0), timedelta(0), 200, "too_large")
    assert overdue(seen, SITE, T0 + timedelta(hours=23)) is None
    assert overdue(seen, SITE, T0 + timedelta(hours=24)) is not None


@pytest.mark.parametrize("status", GONE)
def test_removed_pages_are_looked_at_again(status: int) -> None:
    seen = page(timedelta(0), timedelta(0), status)
    assert overdue(seen, SITE, T0 + timedelta(hours=5)) is None
    assert overdue(seen, SITE, T0 + timedelta(hours=6)) is not None


def test_due_is_read_from_captures(archive: Archive, clock: Clock) -> None:
    start = clock.now
    section = Capture("http://paper.test/world", clock(), site="paper", kind="section", status=200, payload=b"s")
    archive.store([Visit(section, found=tuple(("article", f"http://paper.test/{n}") for n in range(3)))])
    clock.wait(seconds=1)
    archive.store(
        [
            Visit(
                section_again := Capture(
                    "http://paper.test/world", clock(), site="paper", kind="section", status=200, payload=b"t"
                ),
                found=(("article", "http://paper.test/9"),),
            )
        ]
    )
    assert due(archive, SITE, clock())[0][0] == "http://paper.test/9"  # newest discovery first
    archive.store([Visit(Capture("http://paper.test/0", clock(), site="paper", status=200, payload=b"0"))])
    archive.store(
        [Visit(Capture("http://paper.test/1", clock(), site="paper", status=301, location="http://paper.test/9"))]
    )
    new, known = due(archive, SITE, clock())
    assert (sorted(new), known) == (["http://paper.test/2", "http://paper.test/9"], [])
    assert due(archive, SITE, start + timedelta(hours=1))[1] == ["http://paper.test/0"]  # what moved for good is left
    assert section_again.digest
