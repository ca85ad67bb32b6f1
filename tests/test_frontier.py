"""What is due: new pages first; known ones where a look may find something; hints; budgets; nothing left for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import Archive, Capture, Extraction, Site, Visit, timestamp
from archive.frontier import ALPHA, BETA, LONGEST_WAIT, Known, growth, paced, rate, reach, worth
from archive.frontier import due as policy
from crawler import frontier
from tests.conftest import Clock

SITE = Site("paper", home="http://paper.test/", sections=("http://paper.test/world",), revisit=900.0, quiet=21_600.0)
T0 = datetime(2026, 11, 1, tzinfo=UTC)
YEAR = 31_536_000.0


def url(number: int) -> str:
    return f"http://paper.test/{number}"


def after(known: Known, revisit: float = 900.0) -> timedelta:
    """How long after its last look a page is due."""
    when, _ = policy(known, revisit, YEAR)
    assert when is not None
    assert known.looked_at is not None
    return when - known.looked_at


# ---- the policy, pure


def test_the_first_second_look_comes_at_revisit() -> None:
    assert after(Known(T0, T0)).total_seconds() == pytest.approx(900.0, abs=0.01)


def test_looks_grow_rarer_with_age_and_never_wrap() -> None:
    ages = [timedelta(hours=n) for n in (0, 1, 3, 12, 23, 25, 48, 24 * 7, 24 * 30)]
    waits = [after(Known(T0, T0 + age, exposure=growth(0, age.total_seconds() / 3600))) for age in ages]
    assert waits == sorted(waits)
    assert waits[0] < timedelta(minutes=16)
    assert waits[-1] <= LONGEST_WAIT


def test_what_changes_often_is_looked_at_more_often() -> None:
    age, exposure = T0 + timedelta(hours=10), growth(0, 10)
    still, usual, busy = (after(Known(T0, age, changes=n, exposure=exposure)) for n in (0, 1, 6))
    assert busy < usual < still


@given(begin=st.floats(0, 1e4), length=st.floats(0.001, 1e4))
def test_reach_undoes_growth(begin: float, length: float) -> None:
    assert reach(begin, growth(begin, begin + length)) == pytest.approx(begin + length, rel=1e-5)


@given(
    age=st.floats(0, 1e4), changes=st.integers(0, 50), revisit=st.floats(1, 86_400), share=st.floats(0, 1),
)  # fmt: skip
def test_a_look_is_never_too_soon_and_never_for_ever(age: float, changes: int, revisit: float, share: float) -> None:
    """And when it is due, it is worth at least what a new article's first second look is worth, if it ever can be."""
    known = Known(T0, T0 + timedelta(hours=age), changes=changes, exposure=share * growth(0, age))
    when, why = policy(known, revisit, 1e9)
    assert when is not None
    assert why == "look"
    wait = when - (known.looked_at or T0)
    assert (
        timedelta(seconds=revisit) - timedelta(milliseconds=1) <= wait <= max(LONGEST_WAIT, timedelta(seconds=revisit))
    )
    if timedelta(seconds=revisit + 1) < wait < LONGEST_WAIT - timedelta(seconds=1):
        assert worth(known, when) == pytest.approx(ALPHA / BETA * growth(0, revisit / 3600), rel=1e-3)


def test_an_old_article_rests_but_a_hint_wakes_it() -> None:
    old = Known(T0, T0 + timedelta(days=400))
    assert policy(old, 900.0, YEAR) == (None, "old")
    woken = replace(old, hinted_at=T0 + timedelta(days=401))
    assert policy(woken, 900.0, YEAR) == (T0 + timedelta(days=401), "hint")


def test_a_hint_brings_a_look_at_once_unless_it_fooled_us() -> None:
    last = T0 + timedelta(days=3)
    known = Known(T0, last, exposure=growth(0, 72), hinted_at=last + timedelta(minutes=20))
    assert policy(known, 900.0, YEAR) == (last + timedelta(minutes=20), "hint")
    fooled = [after(replace(known, fooled=n)) for n in (1, 2, 3)]
    assert fooled == [timedelta(minutes=30), timedelta(hours=1), timedelta(hours=2)]
    assert after(replace(known, fooled=30)) == after(replace(known, hinted_at=None))
    assert worth(known, last + timedelta(hours=1)) > 1.0


@pytest.mark.parametrize(("state", "first"), [("gone", timedelta(hours=6)), ("failed", timedelta(days=1))])
def test_what_is_gone_is_looked_at_ever_more_rarely(state: str, first: timedelta) -> None:
    waits = [after(Known(T0, T0, state=state, in_a_row=n)) for n in (1, 2, 3, 50)]
    assert waits == [first, 2 * first, 4 * first, LONGEST_WAIT]


def test_a_failure_waits_for_its_next_try() -> None:
    known = Known(T0, T0, state="failed", next_try=T0 + timedelta(hours=3))
    assert policy(known, 900.0, YEAR) == (T0 + timedelta(hours=3), "retry")


def test_a_list_adapts_between_floor_and_ceiling() -> None:
    every, seen = 3600.0, []
    for _ in range(8):
        every = paced(every, 0, 3600.0, 21_600.0)
        seen.append(every)
    assert seen[0] == 5400.0
    assert seen[-1] == 21_600.0
    assert paced(21_600.0, 1, 3600.0, 21_600.0) == 21_600.0
    assert paced(21_600.0, 9, 3600.0, 21_600.0) == 10_800.0
    assert paced(3600.0, 9, 3600.0, 21_600.0) == 3600.0


# ---- the table


def front(clock: Clock, *numbers: int, payload: bytes = b"s", hints: tuple[tuple[str, str], ...] = ()) -> Visit:
    capture = Capture(
        "http://paper.test/world", clock(), site="paper", kind="section", status=200, payload=payload
    )  # fmt: skip
    return Visit(capture, found=tuple(("article", url(n)) for n in numbers), hints=hints)


def look(archive: Archive, clock: Clock, number: int, text: str | None = "words", **more: object) -> Capture:
    """A capture of an article, read."""
    payload = f"{text} {clock.now}".encode()
    given = {"status": 200, "payload": payload, **more} if text else more
    capture = Capture(url(number), clock(), site="paper", **given)  # type: ignore[arg-type]
    archive.store([Visit(capture)])
    if text:
        archive.record([Extraction(capture.url, capture.digest or "", "t", title="T", text=text)], clock())
    return capture


def row(archive: Archive, number: int) -> dict[str, object]:
    return archive.rows("SELECT * FROM frontier WHERE url = ?", (url(number),))[1][0]


def test_new_ones_are_newest_first(archive: Archive, clock: Clock) -> None:
    archive.store([front(clock, 0, 1, 2)])
    clock.wait(seconds=1)
    archive.store([front(clock, 9, payload=b"t")])
    new, known = frontier.due(archive, SITE, clock())
    assert (new[0], sorted(new)[:3], known) == (url(9), [url(0), url(1), url(2)], [])


def test_it_is_kept_with_what_makes_it_so(archive: Archive, clock: Clock) -> None:
    """New links, a look, a failure with its time, a removal, a move: each capture leaves its page's next time."""
    archive.know([SITE], clock())
    archive.store([front(clock, 0, 1, 2, 3)])
    look(archive, clock, 0)
    later = clock.now + timedelta(hours=2)
    look(archive, clock, 1, None, error="timeout", next_try=later)
    look(archive, clock, 2, None, status=410)
    look(archive, clock, 3, None, status=301, location=url(7))
    said = {n: (row(archive, n)["why"], row(archive, n)["due_at"]) for n in range(4)}
    assert said[0][0] == "look"
    assert said[1] == ("retry", timestamp(later))
    assert (said[2][0], said[3][0]) == ("gone", "moved")
    assert frontier.due(archive, SITE, clock.now + timedelta(minutes=30)) == ([], [url(0)])
    assert frontier.due(archive, SITE, clock.now + timedelta(hours=7))[1] == [url(0), url(1), url(2)]


def test_a_rolled_back_capture_leaves_no_trace_in_it(archive: Archive, clock: Clock) -> None:
    """Both or neither: what undoes the transaction undoes what was due because of it."""
    archive.db.conn.execute("CREATE TEMP TRIGGER full BEFORE INSERT ON chain BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(Exception, match="full"):
        archive.store([front(clock, 0)])
    assert archive.rows("SELECT * FROM frontier")[1] == []
    assert archive.rows("SELECT * FROM pages")[1] == []


def test_changes_make_looks_more_frequent(archive: Archive, clock: Clock) -> None:
    archive.know([SITE], clock())
    waits = {}
    for number, texts in ((0, ["a", "a", "a", "a"]), (1, ["a", "b", "c", "d"])):
        start = clock.now
        for text in texts:
            look(archive, clock, number, text)
            clock.wait(hours=1)
        held = row(archive, number)
        waits[number] = datetime.fromisoformat(str(held["due_at"])) - datetime.fromisoformat(str(held["looked_at"]))
        assert held["changes"] == len(set(texts)) - 1
        clock.now = start
    assert waits[1] < waits[0] / 2


def test_order_of_arrival_does_not_matter(archive: Archive, clock: Clock) -> None:
    """Readings may come long after captures; the row is the same."""
    archive.know([SITE], clock())
    taken = []
    for text in ("a", "b", "b"):
        capture = Capture(url(0), clock(), site="paper", status=200, payload=f"{text} {clock.now}".encode())
        taken.append((capture, Extraction(capture.url, capture.digest or "", "t", title="T", text=text)))
        clock.wait(hours=2)
    for capture, _ in reversed(taken):
        archive.store([Visit(capture)])
    archive.record([taken[1][1]], clock())
    archive.record([taken[0][1], taken[2][1]], clock())
    late = row(archive, 0)
    archive.db.conn.execute("DELETE FROM frontier")
    archive.record([reading for _, reading in taken], clock())
    assert row(archive, 0) == late
    assert late["changes"] == 1.0


def test_a_page_says_how_old_it_is_and_that_it_was_changed(archive: Archive, clock: Clock) -> None:
    """An article found three days late is no new one; dateModified after datePublished is a change we did not see."""
    archive.know([SITE], clock())
    for number, modified in ((0, "2026-10-29T12:00:00Z"), (1, "2026-11-01T11:00:00Z")):
        capture = Capture(url(number), clock(), site="paper", status=200, payload=b"%d" % number)
        archive.store([Visit(capture)])
        archive.record(
            [Extraction(url(number), capture.digest or "", "t", title="T", text="t", published="2026-10-29T12:00:00Z",
                        modified=modified)], clock(),
        )  # fmt: skip
    assert row(archive, 0)["born_at"] == "2026-10-29T12:00:00.000000Z"
    assert (row(archive, 0)["changes"], row(archive, 1)["changes"]) == (0.0, 1.0)
    assert str(row(archive, 0)["due_at"]) > str(row(archive, 1)["due_at"]) > timestamp(clock.now + timedelta(hours=1))


def test_a_hint_is_followed_and_judged(archive: Archive, clock: Clock) -> None:
    """The first lastmod is no news; another one is: due at once. What it led to decides how the next is trusted."""
    archive.know([SITE], clock())
    first, second, third = ((url(0), f"2026-11-01T1{n}:00:00Z") for n in (1, 4, 6))
    archive.store([front(clock, 0, hints=(first,))])
    look(archive, clock, 0, "a")
    clock.wait(hours=2)
    archive.store([front(clock, 0, payload=b"2", hints=(first,))])
    assert row(archive, 0)["why"] == "look"
    clock.wait(hours=1)
    archive.store([front(clock, 0, payload=b"3", hints=(second,))])
    assert row(archive, 0)["why"] == "hint"
    assert str(row(archive, 0)["due_at"]) <= timestamp(clock.now)
    look(archive, clock, 0, "a")
    assert (row(archive, 0)["why"], row(archive, 0)["fooled"]) == ("look", 1)
    clock.wait(hours=2)
    archive.store([front(clock, 0, payload=b"4", hints=(third,))])
    look(archive, clock, 0, "b")
    assert row(archive, 0)["fooled"] == 0


def test_hints_that_are_no_moments_are_ignored(archive: Archive, clock: Clock) -> None:
    archive.store(
        [front(clock, 0, hints=((url(0), "2026-11-01"), (url(0), "yesterday"), (url(5), "2026-11-01T00:00Z")))]
    )
    assert row(archive, 0)["hint"] is None


def test_the_budget_keeps_room_for_new_ones(archive: Archive, clock: Clock) -> None:
    small = replace(SITE, max_day=8)
    archive.store([front(clock, *range(4))])
    for number in range(4):
        look(archive, clock, number)
    assert frontier.allowance(archive, small, clock()) == (4, 4)
    for _ in range(3):
        clock.wait(minutes=20)
        look(archive, clock, 0)
    assert frontier.allowance(archive, small, clock()) == (1, 1)
    look(archive, clock, 1)
    clock.wait(hours=24)
    assert frontier.allowance(archive, small, clock()) == (8, 6)


def test_the_most_promising_looks_come_first(archive: Archive, clock: Clock) -> None:
    archive.know([SITE], clock())
    start = clock.now
    for number, texts in ((0, ["a", "a", "a"]), (1, ["a", "b", "c"]), (2, ["a", "a", "b"])):
        clock.now = start
        for text in texts:
            look(archive, clock, number, text)
            clock.wait(hours=3)
    assert frontier.due(archive, SITE, clock.wait(days=5))[1] == [url(1), url(2), url(0)]
    # What a list says has changed just now is worth more than one that has been due for days.
    archive.store([front(clock, hints=((url(0), "2026-11-01T00:00:00Z"),))])
    archive.store([front(clock, payload=b"2", hints=((url(0), timestamp(clock.now)),))])
    assert frontier.due(archive, SITE, clock())[1] == [url(1), url(0), url(2)]


def test_lists_are_due_by_what_they_yield(archive: Archive, clock: Clock) -> None:
    archive.know([SITE], clock())
    hourly = replace(SITE, feeds=("http://paper.test/rss",), cadences=(("http://paper.test/rss", 300.0),))
    assert len(frontier.lists(archive, hourly, clock())) == 2
    archive.store([front(clock, 1, 2, 3)])
    feed = Capture("http://paper.test/rss", clock(), site="paper", kind="feed", status=200, payload=b"f")
    archive.know([hourly], clock())
    archive.store([Visit(feed)])
    assert frontier.lists(archive, hourly, clock()) == []
    assert frontier.lists(archive, hourly, clock.wait(minutes=6)) == [("feed", "http://paper.test/rss")]
    assert len(frontier.lists(archive, hourly, clock.wait(minutes=54))) == 2
    for payload in (b"2", b"3"):
        archive.store([front(clock, 1, payload=payload)])  # nothing new: one slot is left out, then two
    assert frontier.lists(archive, SITE, clock.wait(minutes=65)) == []
    assert frontier.lists(archive, SITE, clock.wait(minutes=60)) != []


def test_an_older_file_is_weighed_at_the_first_asking(archive: Archive, clock: Clock) -> None:
    archive.know([SITE], clock())
    look(archive, clock, 0)
    archive.db.conn.execute("UPDATE frontier SET why = 'unweighed', due_at = born_at, looked_at = NULL")
    assert frontier.due(archive, SITE, clock()) == ([], [])
    assert row(archive, 0)["why"] == "look"


def test_one_that_moved_and_comes_back_is_no_alias(archive: Archive, clock: Clock) -> None:
    look(archive, clock, 0, "a")
    look(archive, clock, 0, None, status=301, location=url(1))
    look(archive, clock, 1, "a")
    assert archive.rows("SELECT url, target FROM aliases")[1] == [{"url": url(0), "target": url(1)}]
    look(archive, clock, 0, "a")
    assert archive.rows("SELECT url, target FROM aliases")[1] == []
    assert rate(Known(T0)) == ALPHA / BETA
