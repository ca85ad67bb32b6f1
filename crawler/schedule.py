"""schedule: every site at its cadence, until stopped. APScheduler is only the ticker; the ledger is the truth.

APScheduler's own stores lose runs (a job kept under replace_existing may never run, a kill loses the run in hand,
the grace for late jobs is one second), so it gets a memory store and one job: ask what is due. A slot is a moment that
any process works out alike (`crawler.slots`); `Archive.claim` gives it to one run, and to a further attempt only when
the one before was lost or failed. What a death cut off is done first, under its own slot; the slots that passed
meanwhile are one run, whose row says how many they were and why.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from archive import Archive, ArchiveError, Site, moment, timestamp
from crawler.problems import Problems
from crawler.run import Desk, Run, software
from crawler.slots import Slots

logger = logging.getLogger(__name__)

#: A slot whose attempts all failed is tried this often, then left; the next slot is a new chance.
ATTEMPTS = 2
#: After a stop is asked, runs in hand get this long before they are left as lost (everything captured is kept).
GRACE = 8.0
TICK = 1.0  # seconds between two looks at what is due
BEAT = 60.0  # seconds between two notes that the schedule is alive
#: A difference between the clock and the time that went by, in seconds, that is told and remembered.
JUMP = 30.0
#: Articles that are due between two slots are not looked for more often than this, in seconds.
LEAST_BETWEEN = 60.0

Note = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Want:
    """A run that is due: its slot, what for (`lists`, `looks`), and the slots before it that nobody ran, and why."""

    due: str
    planned: str
    missed: int = 0
    why: str | None = None
    tries: int = 0


class Schedule:
    """Visits sites at their cadence. One at a time for one archive: the caller holds `Archive.lock`.

    note: told of every event as note(word, **facts). clock: UTC; timer: seconds that go by, whatever the clock does.
    """

    def __init__(
        self,
        archive: Archive,
        desk: Desk,
        sites: Sequence[Site],
        *,
        clock: Callable[[], datetime],
        note: Note,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.archive, self.desk, self.clock, self.timer = archive, desk, clock, timer
        self.note = note
        self.problems = Problems(archive.path)
        self.sites = {site.key: site for site in sites}
        self.slots = {site.key: Slots(site) for site in sites}
        self.runs: dict[str, Run] = {}
        #: The runs that ended last, and whether any of them all was not done.
        self.outcomes: deque[Run] = deque(maxlen=20)
        self.failed = False
        self._running: dict[str, asyncio.Task[None]] = {}
        #: Before this moment there is nothing to ask the ledger about a site.
        self._not_before: dict[str, datetime] = {}
        self._began = self._beat = self._wall = clock()
        self._clock_at = timer()
        self._gap: tuple[datetime, datetime] | None = None

    async def run(self, stop: asyncio.Event, *, once: bool = False) -> None:
        """Tick until `stop` is set, then end what runs within GRACE seconds. A dead process's runs are done first.

        once: begin what is due now, whatever its jitter, and return when it is done.
        """
        for key, due in self.archive.lose(self.clock()):
            self.note("cut_off", site=key, due=due)
        self._began = self._beat = self.clock()
        self.archive.plan({key: site.entry() for key, site in self.sites.items()}, os.getpid(), self._began)
        self.note("schedule_began", sites=len(self.sites), pid=os.getpid())
        try:
            if once:
                for _ in range(2):  # what was cut off, then what is due now
                    await self.tick(once=True)
                    await self._finished(stop)
            else:
                await self._ticking(stop)
        finally:
            await self.end()
            self.archive.beat(self._began, self.clock(), ended=True)
            self.note("schedule_ended")

    async def _ticking(self, stop: asyncio.Event) -> None:
        ticker = AsyncIOScheduler(timezone=UTC)
        ticker.add_job(
            self.tick, "interval", seconds=TICK, id="tick", coalesce=True, max_instances=1, misfire_grace_time=None,
            next_run_time=datetime.now(UTC),
        )  # fmt: skip
        ticker.start()
        try:
            while not stop.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), 10 * TICK)
                job = ticker.get_job("tick")
                if job and job.next_run_time > datetime.now(UTC) + timedelta(seconds=2 * TICK):
                    # APScheduler waits for the clock, and the clock was set back: an hour without a tick.
                    job.modify(next_run_time=datetime.now(UTC))
        finally:
            ticker.shutdown(wait=False)

    async def _finished(self, stop: asyncio.Event) -> None:
        """Wait for the runs in hand, or for a stop."""
        stopped = asyncio.create_task(stop.wait())
        while self._running and not stop.is_set():
            await asyncio.wait([stopped, *self._running.values()], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()

    async def tick(self, *, once: bool = False) -> None:
        """Begin what is due: what was cut off first, then the oldest slot first."""
        now = self.clock()
        self._watch_clock(now)
        if self.desk.stopping:
            return
        try:
            wanted = self.wanted(now, once=once)
            for _, _, key, want in sorted((one.tries, one.due, key, one) for key, one in wanted.items()):
                attempt = self.archive.claim(
                    key, want.due, now, software(), planned=want.planned, missed=want.missed, why=want.why
                )
                if attempt:
                    self._begin(key, want, attempt)
            if abs((now - self._beat).total_seconds()) >= BEAT:
                self._beat = now
                self.archive.beat(self._began, now)
        except (ArchiveError, sqlite3.Error) as error:
            # A full disk, say: the next tick asks again.
            self.note("archive_fault", detail=str(error))

    def wanted(self, now: datetime, *, once: bool = False) -> dict[str, Want]:
        """What is due at a moment, by site: at most one run each, none of a site that runs or is paused."""
        paused = self.archive.pauses(now)
        found = {}
        for key in self.sites:
            if key in self._running or key in paused or now < self._not_before.get(key, now):
                continue
            want = self._wanted(key, now, once)
            if want:
                found[key] = want
            else:
                self._not_before[key] = self._next(key, now)
        return found

    def _wanted(self, key: str, now: datetime, once: bool) -> Want | None:
        slots = self.slots[key]
        newest = slots.newest(now, jitter=not once)
        if newest is None:
            return None
        tried = self.archive.planned(key, timestamp(now))
        states = [row["state"] for row in tried]
        if states and "done" not in states:
            again = Want(tried[0]["due"], tried[0]["planned"], tried[0]["missed"], tried[0]["missed_why"], len(states))
            if states[-1] == "lost":
                return again
            if states[-1] == "failed" and states.count("failed") < ATTEMPTS and self._may_retry(key, tried[-1], now):
                return again
        settled = self.archive.settled(key, timestamp(newest + timedelta(microseconds=1)))
        if settled is None or moment(settled) < newest:
            missed = slots.passed_over(moment(settled), newest) if settled else []
            return Want(timestamp(newest), "lists", len(missed), self._why(key, missed) if missed else None)
        return self._looks(key, now, tried)

    def _looks(self, key: str, now: datetime, tried: list[dict[str, Any]]) -> Want | None:
        """A run between two slots, where articles are due and the last run is long enough ago."""
        pause = timedelta(seconds=max(LEAST_BETWEEN, self.sites[key].revisit))
        last = self.runs.get(key)
        ended = (last and last.finished_at) or (tried and tried[-1]["finished_at"] and moment(tried[-1]["finished_at"]))
        if ended and now < ended + pause and ended <= now:
            return None
        if (
            last
            and last.idle
            and last.started_at
            and self.slots[key].newest(last.started_at) == self.slots[key].newest(now)
        ):
            return None  # its budget is spent: not before the next slot
        due = self.archive.next_due(key)
        return Want(timestamp(now), "looks") if due and due <= now else None

    def _next(self, key: str, now: datetime) -> datetime:
        """Before when nothing of a site can be due, as far as is known now; at most a minute ahead."""
        return min(self.slots[key].upcoming(now), now + timedelta(seconds=60))

    def _may_retry(self, key: str, failed: dict[str, Any], now: datetime) -> bool:
        """Whether a failed attempt is long enough ago: a quarter of the way to the next slot, at most ten minutes."""
        due = moment(failed["due"])
        room = (self.slots[key].upcoming(due) - due).total_seconds()
        return now >= moment(failed["finished_at"]) + timedelta(seconds=min(room / 4, 600.0))

    def _why(self, key: str, missed: list[datetime]) -> str:
        """Why no run was begun for slots that have passed, as far as anything tells."""
        first = missed[0]
        paused = self.archive.paused_since(key, timestamp(first))
        if paused is not None:
            return f"paused ({paused})" if paused else "paused"
        before = self.archive.planned(key, timestamp(first))
        if before and before[-1]["finished_at"] and moment(before[-1]["finished_at"]) > first:
            if before[-1]["state"] == "done" and len(before) == 1:
                return f"the run before took until {before[-1]['finished_at'][:19]}Z"
            return f"the run before was cut off or failed, and was done until {before[-1]['finished_at'][:19]}Z"
        if self._gap and self._gap[0] <= first <= self._gap[1]:
            return f"the machine slept, or its clock was set forward, from {self._gap[0]:%Y-%m-%d %H:%M:%S}Z"
        if first < self._began:
            earlier = [row for row in self.archive.schedules(2) if moment(row["started_at"]) < self._began]
            until = earlier and (earlier[0]["ended_at"] or earlier[0]["beat_at"])
            return "the schedule was not running" + (f" since {until[:19]}Z" if until else "")
        return "no place was free for it (--width)"

    def _watch_clock(self, now: datetime) -> None:
        """Notice where the clock went another way than time: set forward or back, or a machine that slept."""
        at = self.timer()
        jump = (now - self._wall).total_seconds() - (at - self._clock_at)
        if jump > JUMP:
            self._gap = (self._wall, now)
            self.note("clock_forward", seconds=round(jump), since=timestamp(self._wall))
        elif jump < -JUMP:
            self.note("clock_back", seconds=round(-jump), detail="Slots that are done already are not done again.")
        if abs(jump) > JUMP:
            self._not_before.clear()
        self._wall, self._clock_at = now, at

    # ---- runs

    def _begin(self, key: str, want: Want, attempt: int) -> None:
        run = Run(key, due=want.due, attempt=attempt, planned=want.planned)
        self.runs[key] = run
        if want.missed:
            self.note("missed", site=key, due=want.due, missed=want.missed, detail=want.why)
        self.note("run_queued", site=key, due=want.due, attempt=attempt, planned=want.planned)
        task = asyncio.create_task(self._visit(self.sites[key], run))
        self._running[key] = task
        task.add_done_callback(lambda _: self._over(key))

    def _over(self, key: str) -> None:
        self._running.pop(key, None)
        self._not_before.pop(key, None)

    async def _visit(self, site: Site, run: Run) -> None:
        """One run, whose row is closed whatever befalls it: an open one would keep the site from its next slot."""
        try:
            await self.desk.visit(site, run, run.due, begun=self._begun)
        except Exception as error:  # noqa: BLE001 - a row left open would keep the site from its next slot for ever
            logger.error("The run of %s ended by a fault of ours (%s: %s).", site.key, type(error).__name__, error)
            run.state, run.outcome = "failed", f"a fault of ours: {type(error).__name__}: {error}"
        if run.state not in ("done", "failed", "lost"):
            run.state, run.outcome = "lost", run.outcome or "stopped before its end"
        if run.finished_at is None:
            run.finished_at = self.clock()
            with suppress(ArchiveError):
                self.archive.finish(
                    site.key, run.due, run.attempt or 1, run.state, run.finished_at, run.outcome, dict(run.funnel)
                )
        self.outcomes.append(run)
        self.failed = self.failed or run.state != "done"
        self.note("run_ended", **run.as_dict())
        if site.on_problem and not self.desk.stopping:
            told, fault = await self.problems.after(site, run.as_dict(), self.clock())
            for one in told:
                self.note("problem", site=site.key, **one)
            if fault:
                self.note("problem_untold", site=site.key, detail=fault)

    def _begun(self, run: Run) -> None:
        self.note("run_began", site=run.site, due=run.due, attempt=run.attempt, planned=run.planned)

    async def end(self) -> None:
        """Stop the runs in hand; those that do not end in time are left, and their rows become `lost`."""
        running = list(self._running.values())
        stopping = asyncio.create_task(self.desk.stop())
        if running:
            await asyncio.wait(running, timeout=GRACE)
        stopping.cancel()

    def upcoming(self) -> list[tuple[str, datetime]]:
        """(site, when its next slot's run begins) of every site, soonest first."""
        now = self.clock()
        return sorted(((key, slots.upcoming(now)) for key, slots in self.slots.items()), key=lambda pair: pair[1])
