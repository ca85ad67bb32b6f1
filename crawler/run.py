"""One run of one site, and several at once: claim the ledger's row, crawl, read what is pending, close the row.

`Ledger` is a Scrapy extension, so `scrapy crawl SITE` keeps the same ledger as `foreigndesk crawl SITE`.
"""

from __future__ import annotations

import asyncio
import logging
import platform
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.settings import Settings

from archive import Archive, ArchiveError, Executor, Reading, Selection, Site, reextract, timestamp
from crawler.addresses import require_contact
from crawler.catalogue import spider_for
from crawler.hosts import Hosts
from crawler.settings import user_agent
from crawler.spiders import SiteSpider

logger = logging.getLogger(__name__)

#: How a run ended: `done`, `failed` (nothing at all could be fetched) or `lost` (stopped before its end).
STATES = ("done", "failed", "lost")


@dataclass(slots=True)
class Run:
    """One visit to one site as it goes, and in the end its summary. Times are UTC."""

    site: str
    due: str = ""
    attempt: int | None = None
    planned: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    state: str = "running"
    stage: str = "waiting"
    outcome: str = ""
    funnel: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def idle(self) -> bool:
        """Whether it asked for nothing, though something was due: the day's budget is spent."""
        return self.state == "done" and not self.funnel.get("asked") and bool(self.funnel.get("left"))

    def as_dict(self) -> dict[str, Any]:
        """The summary as `--json` prints it and the ledger keeps it."""
        return {
            "site": self.site,
            "due": self.due,
            "attempt": self.attempt,
            "planned": self.planned,
            "state": self.state,
            "outcome": self.outcome,
            "started_at": self.started_at and timestamp(self.started_at),
            "finished_at": self.finished_at and timestamp(self.finished_at),
            "funnel": dict(self.funnel),
            "reasons": dict(self.reasons),
        }


class Stopped(Exception):
    """The run was asked to stop while its pages were read."""


class Ledger:
    """Keeps the run's row: claimed when its spider opens, closed when it has closed and its pages are read."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.run = Run("")
        crawler.signals.connect(self.opened, signals.spider_opened)
        crawler.signals.connect(self.closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def opened(self, spider: SiteSpider) -> None:
        """Claim the row and show the run's counters to whoever watches."""
        self.run = getattr(spider, "report", self.run)
        run, now = self.run, spider.clock()
        run.site, run.due, run.started_at, run.stage = spider.site.key, spider.due, now, "crawling"
        run.funnel, run.reasons = spider.funnel, spider.reasons
        if run is not getattr(spider, "report", None):
            spider.archive.lock()  # `scrapy crawl`: nobody above holds it
            spider.archive.lose(now)
        if run.attempt:
            spider.archive.begin(run.site, run.due, run.attempt, now)
        else:
            run.attempt = spider.archive.claim(run.site, run.due, now, software())

    async def closed(self, spider: SiteSpider, reason: str) -> None:
        """Read what the run brought, unless it was stopped, and close the row. It is the last act: it never raises."""
        run = self.run
        try:
            if reason == "finished":
                run.stage = "reading"
                try:
                    reading = await asyncio.to_thread(self._read, spider)
                    spider.reasons.update(reading.problems)
                    spider.funnel["read"] = reading.pages
                except Stopped:
                    reason = "shutdown"
                except RuntimeError as error:
                    # The pool of workers is broken. What was fetched is kept, and read by the next run that has one.
                    logger.error("The pages of %s were not read: %s.", run.site, error)
                    spider.reasons["unread"] += 1
            began = run.started_at or spider.clock()
            # A wall, a stub or an error page is kept, and is no success.
            spider.funnel["flagged"] = spider.archive.flagged(spider.site.key, began)
            spider.funnel["fetched"] -= spider.funnel["flagged"]
            new, revised = spider.archive.gained(spider.site.key, began)
            spider.funnel["texts"], spider.funnel["revised"] = new, revised
            run.state, run.outcome = judge(reason, spider.funnel, spider.reasons)
            run.finished_at, run.stage = spider.clock(), "over"
            if run.attempt:
                spider.archive.finish(
                    run.site,
                    run.due,
                    run.attempt,
                    run.state,
                    run.finished_at,
                    run.outcome,
                    {**spider.funnel, "reasons": dict(spider.reasons)},
                )
        except (ArchiveError, sqlite3.Error) as error:
            run.state, run.outcome, run.stage = "failed", str(error), "over"
        finally:
            spider.archive.close()
            if spider.own_executor:
                spider.own_executor.close()

    def _read(self, spider: SiteSpider) -> Reading:
        """Extraction of what is pending, in a thread with a connection of its own, so that other sites go on."""

        def progress(done: Reading) -> None:
            spider.funnel["read"] = done.pages
            if spider.hosts.stopping:
                # What is read is kept at each batch; the rest is pending, and read by the next run.
                raise Stopped

        with Archive.open(spider.archive.path) as archive:
            site = spider.site
            which = Selection(site=site.key)
            return reextract(
                archive, {site.key: site}, spider.executor, which=which, progress=progress, clock=spider.clock
            )


def judge(reason: str, funnel: Mapping[str, int], reasons: Mapping[str, int]) -> tuple[str, str]:
    """(state, outcome sentence) of a run from how its spider ended and what it counted."""
    if reason != "finished":
        return "lost", f"stopped before its end ({reason}); what was captured is kept, the rest is due at the next run"
    # Any answer of the site itself, a 404 as well, shows that the visit reached it.
    reached = sum(funnel.get(name, 0) for name in ("fetched", "unchanged", "moved", "gone"))
    why = ", ".join(f"{word} {count}" for word, count in sorted(reasons.items(), key=lambda item: -item[1])[:3])
    if not reached:
        return "failed", f"nothing could be fetched ({why or 'the site names no section, feed or sitemap'})"
    return "done", f"complete ({why})" if why else "complete"


@cache
def software() -> str:
    """What made a capture: our version and those of what it rests on.

    Asked for once a process: importlib.metadata keeps another list of a folder whenever that folder has changed.
    """
    names = ("foreign-desk", "scrapy", "trafilatura")
    return ", ".join(f"{name} {version(name)}" for name in names) + f", Python {platform.python_version()}"


def crawl_settings(
    archive: Path,
    sites: Iterable[Site],
    *,
    contact: str | None,
    resolve: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Scrapy's settings for runs into an archive. Raises ArchiveError where a contact is needed and there is none."""
    resolve = dict(resolve or {})
    for site in sites:
        require_contact(site, contact, resolve)
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.setdict(
        {
            "ARCHIVE": str(archive),
            "CONTACT": contact,
            "USER_AGENT": user_agent(contact),
            "RESOLVE": resolve,
            "SITES": {},  # spiders are given to the runner: it need not load the catalogue for each visit
            **(overrides or {}),
        },
        priority="cmdline",
    )
    return settings


class Desk:
    """Runs sites in this process, several at once, each at its own pace; `stop` ends them, and keeps what came."""

    def __init__(self, settings: Settings, executor: Executor, width: int = 64, *, rest: bool = False) -> None:
        """rest: an earlier process asked hosts for something a moment ago, so that each is given its delay first."""
        self.settings, self.executor = settings, executor
        self.stopping = False
        self.hosts = Hosts(settings["CLOCK"], rest=rest)  # one book of manners, whichever site asks
        self._places = asyncio.Semaphore(width)
        self._runners: set[AsyncCrawlerRunner] = set()

    async def visit(
        self, site: Site, run: Run, due: str | None = None, begun: Callable[[Run], None] = lambda run: None
    ) -> Run:
        """One run of one site, told in `run`, which a watcher may read meanwhile. Never raises for a site's faults.

        begun: called when the run has got one of the `width` places.
        """
        run.site = site.key
        async with self._places:
            if self.stopping:
                run.state, run.outcome, run.stage = "lost", "stopped before it began", "over"
                return run
            settings = self.settings.copy()
            settings.set("DUE", due, priority="cmdline")
            settings.set("PLANNED", run.planned, priority="cmdline")
            begun(run)
            runner = AsyncCrawlerRunner(settings)
            self._runners.add(runner)
            try:
                await runner.crawl(spider_for(site), executor=self.executor, hosts=self.hosts, report=run)
            except ArchiveError as error:
                run.state, run.outcome = "failed", str(error)
            finally:
                self._runners.discard(runner)
                run.stage = "over"
        return run

    async def stop(self) -> None:
        """End every run after the pages in hand."""
        self.stopping = True
        self.hosts.stop()
        await asyncio.gather(*(runner.stop() for runner in list(self._runners)))
