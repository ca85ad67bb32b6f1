"""SiteSpider: one visit to one site, driven by its entry in the catalogue."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.http import Request
from scrapy.settings import BaseSettings

from archive import Archive, ArchiveUnreadable, Capture, Executor, Visit, open_executor
from crawler import frontier
from crawler.addresses import require_contact
from crawler.captures import settle
from crawler.hosts import Hosts
from crawler.spiders.asking import LISTS, Asking
from crawler.spiders.lists import Lists


def workers(settings: BaseSettings, spec: str) -> Executor:
    """The executor that `spec` names, with the limits of the settings. Raises BadQuery for a spec that names none."""
    return open_executor(spec, settings.getfloat("WORKER_SECONDS"), settings.getint("WORKER_MEMORY"))


class SiteSpider(Lists, Asking):
    """Visits a site's seeds, follows their lists, fetches new articles and known ones that are due.

    Every response and every failure becomes one Visit for the pipeline: redirects are hops of their own, failures
    rows with a reason. No HTML is parsed in this process: lists are read by a killable worker.
    """

    name = "site"
    due: str
    reserve: tuple[int, float]

    @classmethod
    def from_crawler(
        cls, crawler: Crawler, *args: Any, executor: Executor | None = None, hosts: Hosts | None = None, **kwargs: Any
    ) -> Self:
        """Open the archive of the settings; without an `executor` and `hosts` to share, make some of its own."""
        require_contact(cls.site, crawler.settings.get("CONTACT"), crawler.settings.getdict("RESOLVE"))
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.clock = crawler.settings["CLOCK"]
        spider.due = crawler.settings.get("DUE") or spider.clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spider.archive = Archive.open(Path(crawler.settings["ARCHIVE"]))
        settings = crawler.settings
        spider.reserve = settings.getint("DISK_RESERVE"), settings.getfloat("DISK_RESERVE_SHARE")
        short = spider.archive.shortage(*spider.reserve)
        if short:
            spider.archive.close()
            raise ArchiveUnreadable(short)
        spider.own_executor = None if executor else workers(crawler.settings, "processes:1")
        spider.executor = executor or spider.own_executor  # type: ignore[assignment]
        spider.hosts = hosts or Hosts(spider.clock)
        spider.prepare()
        return spider

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own_executor: Executor | None = None
        self._revisited = False
        self._looks_left = 0

    async def start(self) -> AsyncIterator[Any]:
        """The seeds first, and articles never fetched; what the seeds list is asked for as it is found.

        A run of the schedule asks the seeds whose time has come, any other run all of them.
        """
        now = self.clock()
        self.archive.know([self.site], now)
        left, self._looks_left = frontier.allowance(self.archive, self.site, now)
        self._budget = min(self._budget, left)
        planned = self.crawler.settings.get("PLANNED")
        for kind, url in frontier.lists(self.archive, self.site, now) if planned else self.site.seeds():
            request = self.ask(kind, url, priority=100)
            if request:
                yield request
        new, _ = frontier.due(self.archive, self.site, now)
        self.funnel["due"] = len(new)
        for url in new:
            request = self.ask("article", url, priority=10)
            if request:
                yield request

    def revisits(self) -> list[Request]:
        """Known articles that are due, now that the lists have been heard: at the end, so that new ones go first."""
        if self._revisited:
            return []
        self._revisited = True
        self.crawler.signals.send_catch_log(signal=settle)
        _, known = frontier.due(self.archive, self.site, self.clock())
        self.funnel["due"] += len(known)
        self.funnel["left"] += len(known[self._looks_left :])
        requests = [self.ask("article", url) for url in known[: self._looks_left]]
        return [request for request in requests if request]

    async def followed(self, capture: Capture) -> tuple[Visit, list[Request]]:
        """A list is read, by a worker, and what it names is asked for; any other page leads nowhere."""
        readable = capture.kind in LISTS and capture.status == 200 and capture.error in (None, "reserved")
        if not readable or not capture.payload:
            return Visit(capture), []
        # A body as it came is for the archive: the reader needs none.
        return self.listed(capture, await self.read_list(replace(capture, wire=None)))
