"""The schedule over months, with an injected clock: every slot once, whatever dies, sleeps or is set back meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archive import Archive, ArchiveError, Capture, Extraction, Site, Visit, moment, timestamp
from crawler.run import Desk, Run, crawl_settings
from crawler.schedule import Schedule
from crawler.spiders import workers

START = datetime(2026, 11, 24, 12, 0, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Times:
    """A clock and a timer that are told; `sleep` moves the clock alone, as a suspended machine does."""

    def __init__(self, now: datetime = START) -> None:
        self.now, self.gone = now, 0.0

    def __call__(self) -> datetime:
        return self.now

    def timer(self) -> float:
        return self.gone

    def wait(self, length: timedelta) -> None:
        self.now, self.gone = self.now + length, self.gone + length.total_seconds()

    def sleep(self, length: timedelta) -> None:
        self.now += length


class Pretence:
    """Stands in for the crawl alone: begins the run's row and closes it, as `crawler.run.Ledger` does."""

    stopping = False

    def __init__(self, archive: Archive, times: Times) -> None:
        self.archive, self.times = archive, times
        self.visited: list[tuple[str, str]] = []
        self.takes: Callable[[Run], timedelta] = lambda run: timedelta(0)
        self.ends = "done"
        self.hold: asyncio.Event | None = None

    async def visit(self, site: Site, run: Run, due: str, begun: Callable[[Run], None]) -> Run:
        begun(run)
        run.started_at = self.times()
        assert run.attempt
        self.archive.begin(site.key, due, run.attempt, self.times())
        self.visited.append((site.key, due))
        if self.hold:
            await self.hold.wait()
        self.times.wait(self.takes(run))
        run.state, run.outcome, run.finished_at = self.ends, "told", self.times()
        self.archive.finish(site.key, due, run.attempt, run.state, self.times(), run.outcome, {})
        return run

    async def stop(self) -> None:
        self.stopping = True
        if self.hold:
            self.hold.set()


def site(key: str = "paper", **more: Any) -> Site:
    given = {"sections": (f"http://{key}.test/world",), "cadence": 3600.0, "jitter": 0.0, **more}
    return Site(key, home=f"http://{key}.test/", **given)


class Life:
    """One life of a schedule, from its start to its death."""

    def __init__(self, archive: Archive, times: Times, *sites: Site) -> None:
        self.archive, self.times, self.events = archive, times, list[dict[str, Any]]()
        self.desk = Pretence(archive, times)
        archive.lose(times())
        self.schedule = Schedule(
            archive, self.desk, sites, clock=times, timer=times.timer,  # type: ignore[arg-type]
            note=lambda event, **facts: self.events.append({"event": event, **facts}),
        )  # fmt: skip
        archive.plan({one.key: one.entry() for one in sites}, 1, times())

    async def tick(self) -> None:
        await self.schedule.tick()
        for _ in range(5):
            await asyncio.sleep(0)

    async def go(self, length: timedelta, step: timedelta = timedelta(seconds=20)) -> None:
        end = self.times.now + length
        while self.times.now < end:
            await self.tick()
            self.times.wait(step)

    def heard(self, event: str) -> list[dict[str, Any]]:
        return [one for one in self.events if one["event"] == event]


def lists(archive: Archive, key: str = "paper") -> list[tuple[str, str, int, int]]:
    """(due, state, attempt, missed) of a site's slots, in order."""
    _, rows = archive.rows(
        "SELECT due, state, attempt, missed FROM runs WHERE site = ? AND planned = 'lists' ORDER BY due, attempt",
        (key,),
    )
    return [(row["due"][5:16], row["state"], row["attempt"], row["missed"]) for row in rows]


def accounted(archive: Archive, key: str, cadence: float) -> None:
    """Every slot since the first is done once, or counted in the row of the run that came after it."""
    _, rows = archive.rows(
        "SELECT due, missed FROM runs WHERE site = ? AND planned = 'lists' AND state = 'done' ORDER BY due", (key,)
    )
    dues = [moment(row["due"]).timestamp() for row in rows]
    assert len(set(dues)) == len(dues)
    assert sum(1 + row["missed"] for row in rows[1:]) == round((dues[-1] - dues[0]) / cadence)


async def test_every_slot_is_one_run(archive: Archive) -> None:
    life = Life(archive, Times(), site())
    await life.go(5 * HOUR)
    assert lists(archive) == [(f"11-24T{hour}:00", "done", 1, 0) for hour in (12, 13, 14, 15, 16)]


async def test_a_run_that_died_is_done_again_and_what_passed_is_one(archive: Archive) -> None:
    times = Times()
    first = Life(archive, times, site())
    first.desk.hold = asyncio.Event()
    await first.tick()
    assert lists(archive) == [("11-24T12:00", "running", 1, 0)]
    times.sleep(timedelta(hours=5))
    second = Life(archive, times, site())
    await second.go(timedelta(minutes=2))
    assert lists(archive) == [
        ("11-24T12:00", "lost", 1, 0),
        ("11-24T12:00", "done", 2, 0),
        ("11-24T17:00", "done", 1, 4),
    ]
    accounted(archive, "paper", 3600.0)
    assert second.heard("missed")[0]["missed"] == 4
    first.desk.hold.set()


async def test_a_run_that_was_queued_and_died_is_done(archive: Archive) -> None:
    """A slot claimed is a slot kept, though its run had not begun."""
    times = Times()
    archive.claim("paper", "2026-11-24T12:00:00.000000Z", times(), "us", planned="lists", missed=3, why="night")
    life = Life(archive, times, site())
    await life.go(timedelta(minutes=1))
    assert lists(archive) == [("11-24T12:00", "lost", 1, 3), ("11-24T12:00", "done", 2, 3)]


async def test_it_dies_again_and_again(archive: Archive) -> None:
    """Killed at any moment, forty times: no slot done twice, none unaccounted for."""
    times = Times()
    for life_number in range(40):
        life = Life(archive, times, site(cadence=60.0), site("post", cadence=90.0))
        life.desk.hold = asyncio.Event()
        for second in range(5 + 13 * life_number % 50):
            if second % 7 == 6:
                life.desk.hold.set()
            await life.tick()
            times.wait(timedelta(seconds=5))
    last = Life(archive, times, site(cadence=60.0), site("post", cadence=90.0))
    await last.go(timedelta(minutes=5))
    accounted(archive, "paper", 60.0)
    accounted(archive, "post", 90.0)


async def test_the_clock_is_set_back_an_hour(archive: Archive) -> None:
    """Slots that are done are not done again; the first that is not done is. It is said."""
    times = Times()
    life = Life(archive, times, site(cadence=900.0))
    await life.go(2 * HOUR)
    times.sleep(-HOUR)
    await life.go(2 * HOUR)
    done = [due for due, state, _, _ in lists(archive) if state == "done"]
    assert done == [f"11-24T{hour}:{minute}" for hour in (12, 13, 14) for minute in ("00", "15", "30", "45")]
    assert life.heard("clock_back")[0]["seconds"] == 3600


async def test_a_clock_that_was_years_ahead_is_set_right(archive: Archive) -> None:
    """What was done in a future that never came does not keep a site from its next slot."""
    times = Times(START + timedelta(days=3650))
    life = Life(archive, times, site())
    await life.go(timedelta(minutes=5))
    times.sleep(-timedelta(days=3650))
    await life.go(2 * HOUR)
    assert [due for due, *_ in lists(archive)][:2] == ["11-24T12:00", "11-24T13:00"]


async def test_the_machine_sleeps_nine_hours(archive: Archive) -> None:
    times = Times()
    life = Life(archive, times, site(cadence=900.0))
    await life.go(timedelta(minutes=20))
    times.sleep(9 * HOUR)
    await life.go(timedelta(minutes=20))
    _, rows = archive.rows("SELECT missed, missed_why FROM runs WHERE missed > 0")
    assert [row["missed"] for row in rows] == [35]
    assert "slept" in rows[0]["missed_why"]
    accounted(archive, "paper", 900.0)


@pytest.mark.parametrize("day", [datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 3, 8, tzinfo=UTC)])
async def test_nights_when_clocks_change(archive: Archive, day: datetime) -> None:
    """A daily hour is one run on either night, an hourly cadence goes on through both."""
    life = Life(
        archive, Times(day), site(cadence="30 1 * * *", timezone="America/New_York"),
        site("post", cadence="30 2 * * *", timezone="America/New_York"), site("hourly", night="23:30-00:30"),
    )  # fmt: skip
    await life.go(24 * HOUR, step=timedelta(minutes=5))
    for key in ("paper", "post"):
        assert len([due for due, *_ in lists(archive, key) if due > f"{day:%m-%dT00:00}"]) == 1
    accounted(archive, "hourly", 3600.0)


async def test_a_slot_is_left_alone_in_the_night(archive: Archive) -> None:
    life = Life(archive, Times(), site(night="13:30-15:30"))
    await life.go(5 * HOUR)
    assert lists(archive) == [
        ("11-24T12:00", "done", 1, 0),
        ("11-24T13:00", "done", 1, 0),
        ("11-24T15:00", "done", 1, 0),
        ("11-24T16:00", "done", 1, 0),
    ]


async def test_a_failed_slot_is_tried_twice(archive: Archive) -> None:
    life = Life(archive, Times(), site())
    life.desk.ends = "failed"
    await life.go(timedelta(minutes=59))
    assert lists(archive) == [("11-24T12:00", "failed", 1, 0), ("11-24T12:00", "failed", 2, 0)]
    life.desk.ends = "done"
    await life.go(HOUR)
    assert lists(archive)[-1] == ("11-24T13:00", "done", 1, 0)


async def test_a_fault_of_ours_does_not_keep_the_site_from_its_next_slot(archive: Archive) -> None:
    life = Life(archive, Times(), site())

    def broken(run: Run) -> timedelta:
        raise RuntimeError("broken")

    life.desk.takes = broken
    await life.tick()
    assert lists(archive) == [("11-24T12:00", "failed", 1, 0)]
    life.desk.takes = lambda run: timedelta(0)
    await life.go(HOUR + timedelta(minutes=1))
    assert lists(archive)[-2:] == [("11-24T12:00", "done", 2, 0), ("11-24T13:00", "done", 1, 0)]


async def test_a_run_longer_than_its_cadence(archive: Archive) -> None:
    times = Times()
    life = Life(archive, times, site(cadence=60.0))
    life.desk.takes = lambda run: timedelta(seconds=150)
    await life.go(timedelta(minutes=10))
    assert max(row[3] for row in lists(archive)) == 2
    accounted(archive, "paper", 60.0)
    why = archive.rows("SELECT missed_why FROM runs WHERE missed > 0")[1][0]["missed_why"]
    assert "the run before took until" in why


async def test_pause_and_resume(archive: Archive, tmp_path: Path) -> None:
    """Told from another process, while it runs; what was missed says so."""
    times = Times()
    life = Life(archive, times, site(), site("post"))
    await life.go(timedelta(minutes=5))
    with Archive.open(archive.path) as other:
        other.pause("paper", times(), None, "they asked")
    await life.go(3 * HOUR)
    assert len(lists(archive)) == 1
    assert len(lists(archive, "post")) == 4
    with Archive.open(archive.path) as other:
        assert other.resume("paper", times())
        assert not other.resume("paper", times())
    await life.go(timedelta(minutes=5))
    assert lists(archive)[-1][3] == 2
    assert archive.rows("SELECT missed_why FROM runs WHERE missed > 0")[1] == [{"missed_why": "paused (they asked)"}]


async def test_a_pause_that_ends_by_itself(archive: Archive) -> None:
    times = Times()
    archive.pause("paper", times(), times() + HOUR)
    life = Life(archive, times, site())
    await life.go(2 * HOUR)
    assert lists(archive) == [("11-24T13:00", "done", 1, 0)]


async def test_articles_due_between_two_slots(archive: Archive) -> None:
    """A young article is looked at before its site's next slot; an empty frontier brings no run."""
    times = Times()
    paper = site(revisit=900.0, cadence=6 * 3600.0)
    archive.know([paper], times())
    life = Life(archive, times, paper)
    await life.go(HOUR)
    assert [run["planned"] for run in archive.runs()] == ["lists"]
    article = Capture("http://paper.test/1", times(), site="paper", status=200, payload=b"a")
    archive.store([Visit(article)])
    archive.record([Extraction(article.url, article.digest or "", "t", title="T", text="a")], times())
    await life.go(timedelta(minutes=14))
    assert len(archive.runs()) == 1
    await life.go(timedelta(minutes=4))
    assert [run["planned"] for run in archive.runs()] == ["looks", "lists"]


async def test_places_are_queued_for_and_the_longest_waiting_goes_first(archive: Archive) -> None:
    """Rows say `queued` until there is a place; a stop leaves them lost, and the next start does them."""
    times = Times()
    with workers(settings := crawl_settings(archive.path, [], contact=None), "serial") as executor:
        desk = Desk(settings, executor, width=0)
        schedule = Schedule(
            archive, desk, [site(), site("post")], clock=times, timer=times.timer, note=lambda *_, **__: None
        )
        await schedule.tick()
        assert {run["state"] for run in archive.runs()} == {"queued"}
        desk._places.release()
        await desk.stop()
        desk._places.release()
        await schedule.end()
    assert {run["state"] for run in archive.runs()} == {"lost"}
    life = Life(archive, times, site(), site("post"))
    await life.tick()
    assert sorted(life.desk.visited) == [
        ("paper", "2026-11-24T12:00:00.000000Z"),
        ("post", "2026-11-24T12:00:00.000000Z"),
    ]


async def test_once_does_what_is_due_and_ends(archive: Archive) -> None:
    times = Times()
    life = Life(archive, times, site(jitter=900.0), site("post"))
    await life.schedule.run(asyncio.Event(), once=True)
    assert [len(lists(archive, key)) for key in ("paper", "post")] == [1, 1]
    again = Life(archive, times, site(), site("post"))
    await again.schedule.run(asyncio.Event(), once=True)
    assert again.desk.visited == []


async def test_the_ticker_ticks_on_when_the_clock_is_set_back(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """APScheduler waits for the wall clock: after a step back of an hour it would not tick for an hour."""
    import apscheduler.schedulers.base as base
    import apscheduler.triggers.interval as interval

    import crawler.schedule as room

    shift = timedelta(0)

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + shift

    for module in (base, interval, room):
        monkeypatch.setattr(module, "datetime", Shifted)
    monkeypatch.setattr(room, "TICK", 0.05)
    ticks, ticked = [], asyncio.Event()
    life = Life(archive, Times(), site())

    async def tick(**_: Any) -> None:
        ticks.append(shift)
        if ticks.count(shift) == 3:
            ticked.set()

    life.schedule.tick = tick  # type: ignore[method-assign]
    stop = asyncio.Event()
    running = asyncio.create_task(life.schedule.run(stop))
    await ticked.wait()
    ticked.clear()
    shift = -HOUR
    async with asyncio.timeout(10):
        await ticked.wait()
    stop.set()
    await running


def test_a_second_one_is_told_who_holds_it(archive: Archive) -> None:
    archive.lock()
    with Archive.open(archive.path) as other:
        with pytest.raises(ArchiveError, match=r"Process \d+ is crawling"):
            other.lock()
        assert other.held_by() is not None
    archive._unlock()
    with Archive.open(archive.path) as other:
        assert other.held_by() is None


async def test_its_lives_are_kept(archive: Archive) -> None:
    """When it ran, and until when: what lies between was nobody's watch."""
    times = Times()
    life = Life(archive, times, site())
    await life.go(timedelta(minutes=30))
    times.sleep(3 * HOUR)
    again = Life(archive, times, replace(site(), night="03:00-04:00"))
    await again.schedule.run(asyncio.Event(), once=True)
    newest, before = archive.schedules()
    assert newest["ended_at"] == timestamp(times())
    assert before["ended_at"] is None
    why = archive.rows("SELECT missed_why FROM runs WHERE missed > 0")[1][0]["missed_why"]
    assert why.startswith("the schedule was not running since")
    assert archive.plans()[0].night == "03:00-04:00"
