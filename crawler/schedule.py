"""schedule: every site at its cadence, until stopped. APScheduler is only the ticker; the ledger is the truth.

APScheduler's own stores lose runs (a job kept under replace_existing may never run, a kill loses the run in hand,
the grace for late jobs is one second), so it gets a memory store and one question a tick: which slot is due? A slot
is `now` rounded down to the cadence; `Archive.claim` gives it to one run, and to a second attempt only when the
first was lost or failed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from archive import Archive, Site, timestamp
from crawler.run import Desk, Run

logger = logging.getLogger(__name__)

#: A slot whose attempts all ended badly is tried this often, then left; the next slot is a new chance.
ATTEMPTS = 2
#: After a stop is asked, runs in hand get this long before they are left as lost (everything captured is kept).
GRACE = 8.0


def slot(now: datetime, cadence: float) -> datetime:
    """The newest due time at or before `now` (UTC): multiples of the cadence since 1970, so that any process agrees."""
    return datetime.fromtimestamp(now.timestamp() // cadence * cadence, UTC)


class Schedule:
    """Visits sites at their cadence. One at a time for one archive: the caller holds `Archive.lock`."""

    def __init__(
        self,
        archive: Archive,
        desk: Desk,
        sites: Sequence[Site],
        *,
        clock: Callable[[], datetime],
        started: Callable[[Run], None],
        ended: Callable[[Run], None],
    ) -> None:
        self.archive, self.desk, self.sites, self.clock = archive, desk, list(sites), clock
        self.started, self.ended = started, ended
        self._running: dict[str, asyncio.Task[None]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Tick until `stop` is set, then end what runs within GRACE seconds. A dead process's runs are done first."""
        lost = self.archive.lose(self.clock())
        for key, due in lost:
            logger.warning("The run of %s due %s was cut off; it is done again.", key, due)
        ticker = AsyncIOScheduler(timezone=UTC)
        for site in self.sites:
            # Ticks come more often than slots: a late or doubled tick costs one question to the ledger and no run.
            every = max(0.2, min(site.cadence / 4, 30.0))
            ticker.add_job(
                self.tick,
                "interval",
                args=[site],
                seconds=every,
                id=site.key,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
                next_run_time=datetime.now(UTC),
            )
        ticker.start()
        try:
            await stop.wait()
        finally:
            ticker.shutdown(wait=False)
            await self.end()

    async def tick(self, site: Site) -> None:
        """Start the site's due run, if it is due and not running."""
        if site.key in self._running or self.desk.stopping:
            return
        due = slot(self.clock(), site.cadence)
        if self.wanted(site, due):
            task = asyncio.create_task(self._visit(site, timestamp(due)))
            self._running[site.key] = task
            task.add_done_callback(lambda _: self._running.pop(site.key, None))

    def wanted(self, site: Site, due: datetime) -> bool:
        """Whether the ledger still lacks this slot: not done, not running, and tries are left."""
        _, rows = self.archive.rows("SELECT state FROM runs WHERE site = ? AND due = ?", (site.key, timestamp(due)))
        states = [row["state"] for row in rows]
        return not {"done", "running", "queued"} & set(states) and sum(s == "failed" for s in states) < ATTEMPTS

    async def _visit(self, site: Site, due: str) -> None:
        run = Run(site.key, due=due)
        self.started(run)
        await self.desk.visit(site, run, due)
        self.ended(run)

    async def end(self) -> None:
        """Stop the runs in hand; those that do not end in time are left, and their rows become `lost`."""
        running = list(self._running.values())
        stopping = asyncio.create_task(self.desk.stop())
        if running:
            await asyncio.wait(running, timeout=GRACE)
        stopping.cancel()

    def upcoming(self) -> list[tuple[str, datetime]]:
        """(site, next due time) of every site, soonest first."""
        now = self.clock()
        nexts = [(s.key, slot(now, s.cadence) + timedelta(seconds=s.cadence)) for s in self.sites]
        return sorted(nexts, key=lambda pair: pair[1])
