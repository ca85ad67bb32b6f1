"""Manners towards hosts: turns, delays, closures, and the times that servers name."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime, timedelta

import pytest

from crawler.hosts import LONGEST_CLOSED, ROUNDS, Closed, Hosts, back_off, retry_after
from tests.conftest import Clock

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Sun, 01 Nov 2026 12:10:00 GMT", 600),
        ("Sunday, 01-Nov-26 12:10:00 GMT", 600),
        ("Sun, 01 Nov 2026 11:00:00 GMT", 0),  # past: at once
        ("999999999999999999999999", 86400),
        ("9" * 5000, 86400),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86400),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(value: str | None, seconds: int | None) -> None:
    assert retry_after(value, NOW) == (None if seconds is None else NOW + timedelta(seconds=seconds))


def test_a_server_with_a_wrong_clock_is_understood() -> None:
    """Its date is read against its own Date field."""
    until = retry_after("Sun, 01 Nov 2015 12:05:00 GMT", NOW, "Sun, 01 Nov 2015 12:00:00 GMT")
    assert until == NOW + timedelta(minutes=5)


def test_back_off_is_full_jitter() -> None:
    """Between nothing and a bound that doubles, and ends at the longest."""
    assert [back_off(n, 10, 1000, draw=lambda: 1.0) for n in (0, 1, 2, 3, 8, 500)] == [10, 10, 20, 40, 1000, 1000]
    assert back_off(5, 10, 1000, draw=lambda: 0.0) == 0
    drawn = [back_off(3, 10, 1000) for _ in range(2000)]
    assert min(drawn) < 2
    assert max(drawn) > 38
    assert 18 < sum(drawn) / len(drawn) < 22


async def test_turns_never_overlap_and_never_hurry(clock: Clock) -> None:
    """Fifty askers of two sites: one at a time, each the larger delay after the end of the one before, in order."""
    hosts = Hosts(clock)
    spans: list[tuple[float, float, int]] = []

    async def ask(number: int, floor: float) -> None:
        async with hosts.turn(f"http://one.test/{number}", floor):
            began = hosts.timer()
            await asyncio.sleep(0.002)
            spans.append((began, hosts.timer(), number))

    hosts["one.test"].crawl_delay = 0.01
    await asyncio.gather(*(ask(number, (0.0, 0.005)[number % 2]) for number in range(20)))
    gaps = [after[0] - before[1] for before, after in itertools.pairwise(spans)]
    assert min(gaps) >= 0.01
    assert [number for *_, number in spans] == list(range(20))


async def test_the_larger_of_two_sites_delays_counts(clock: Clock) -> None:
    hosts = Hosts(clock)
    async with hosts.turn("http://one.test/1", 0.05):
        pass
    ended = hosts.timer()
    async with hosts.turn("http://one.test/2", 0.0):
        assert hosts.timer() - ended >= 0.049


async def test_a_closed_host_hands_requests_back(clock: Clock) -> None:
    hosts = Hosts(clock)
    until = clock() + timedelta(minutes=5)
    hosts.close("http://one.test/a", until, "postponed", "It said 503.")
    with pytest.raises(Closed) as closed:
        async with hosts.turn("https://one.test/b", 0):
            pytest.fail("asked of a closed host")
    assert (closed.value.until, closed.value.word, closed.value.worth) == (until, "postponed", True)
    async with hosts.turn("http://one.test:8080/", 0):
        pass  # another port is another host
    clock.wait(minutes=6)
    async with hosts.turn("http://one.test/b", 0):
        pass


async def test_who_waits_is_told_when_the_host_closes(clock: Clock) -> None:
    hosts = Hosts(clock)
    hosts["one.test"].crawl_delay = 0.05
    first = asyncio.Event()

    async def close() -> None:
        async with hosts.turn("http://one.test/1", 0):
            first.set()
            hosts.close("http://one.test/1", clock() + timedelta(hours=1), "postponed", "503")

    async def wait() -> None:
        await first.wait()
        async with hosts.turn("http://one.test/2", 0):
            pytest.fail("asked of a closed host")

    with pytest.raises(Closed):
        await asyncio.gather(close(), wait())


def test_a_host_that_closes_again_and_again_is_left(clock: Clock) -> None:
    hosts = Hosts(clock)
    worth = []
    for _ in range(ROUNDS + 1):
        hosts.close("http://one.test/", clock() + timedelta(minutes=1), "postponed", "503")
        closed = hosts.closed("http://one.test/")
        assert closed
        worth.append(closed.worth)
        clock.wait(minutes=2)
    assert worth == [True] * ROUNDS + [False]
    hosts.answered("http://one.test/")
    hosts.close("http://one.test/", clock() + timedelta(days=400), "postponed", "503")
    closed = hosts.closed("http://one.test/")
    assert closed
    assert closed.worth
    assert closed.until - clock() <= LONGEST_CLOSED


async def test_a_long_wait_is_handed_back(clock: Clock) -> None:
    """A request does not sit in hand for a minute: it comes back with the time of its turn, and is then served."""
    timer = [100.0]
    hosts = Hosts(clock, timer=lambda: timer[0])
    hosts["one.test"].crawl_delay = 60
    async with hosts.turn("http://one.test/1", 0):
        pass
    with pytest.raises(Closed) as closed:
        async with hosts.turn("http://one.test/2", 0):
            pytest.fail("served too early")
    assert closed.value.worth
    assert 59 < (closed.value.until - clock.now).total_seconds() <= 60
    timer[0] += 60
    async with hosts.turn("http://one.test/2", 0):
        pass


async def test_a_stop_wakes_all_who_wait(clock: Clock) -> None:
    hosts = Hosts(clock)
    hosts["one.test"].crawl_delay = 9

    async def ask() -> None:
        async with hosts.turn("http://one.test/", 0):
            pass

    await ask()
    waiting = [asyncio.create_task(ask()) for _ in range(3)]
    await asyncio.sleep(0)
    hosts.stop()
    done = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 5)
    assert all(isinstance(one, Closed) and one.word == "stopped" for one in done)
