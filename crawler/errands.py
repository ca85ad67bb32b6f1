"""Errands: a few pages asked for as politely as a crawl asks, robots.txt and address guard included, nothing kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

import scrapy
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.http import Request
from scrapy.http.request import NO_CALLBACK
from scrapy.settings import Settings

from archive import Capture, Executor, Site, clean_url
from crawler.captures import capture_of, failed_capture, location_of
from crawler.catalogue import settings_of
from crawler.hosts import ROUNDS, Closed, Hosts

T = TypeVar("T")
REDIRECTS = (301, 302, 303, 307, 308)


class Errand:
    """What an errand may do: ask for pages, and have what came read by a killable worker.

    refused: the word of robots.txt or of the address guard by URL, as far as it was heard.
    """

    def __init__(self, spider: scrapy.Spider, site: Site, executor: Executor, max_hops: int) -> None:
        self.spider, self.site, self.executor, self.max_hops = spider, site, executor, max_hops
        self.asked: dict[str, Capture] = {}

    async def fetch(self, url: str, kind: str = "section") -> Capture:
        """The capture that a URL leads to after at most `max_hops` redirects; asked once. Never raises on answers."""
        if url not in self.asked:
            self.asked[url] = await self._follow(url, kind)
        return self.asked[url]

    async def read(self, function: Callable[..., T], *args: Any) -> T | None:
        """What a worker makes of it; None where the worker had to be stopped."""
        try:
            return await asyncio.wrap_future(self.executor.submit(function, *args))
        except Exception:  # noqa: BLE001 - whatever befell the worker: nothing was read
            return None

    async def _follow(self, url: str, kind: str) -> Capture:
        seen = {url}
        while True:
            capture = await self._hop(url, kind)
            if capture.error or capture.status not in REDIRECTS or not capture.location:
                return capture
            target = clean_url(location_of(capture) or "", capture.url)
            if target is None or target in seen or len(seen) > self.max_hops:
                return replace(
                    capture, error="redirect_loop", detail="It redirects in a circle, too often, or nowhere."
                )
            seen.add(target)
            url = target

    async def _hop(self, url: str, kind: str) -> Capture:
        settings = self.spider.crawler.settings
        engine: Any = self.spider.crawler.engine
        clock = settings["CLOCK"]
        for _ in range(1 + ROUNDS):
            meta = {"kind": kind, "robots": kind == "robots", "verbatim_url": True}
            request = Request(url, callback=NO_CALLBACK, dont_filter=True, meta=meta)
            try:
                response = await engine.download_async(request)
                response.request = request
                return capture_of(response, site=self.site.key, kind=kind)
            except Closed as closed:
                wait, fault = (closed.until - clock()).total_seconds(), closed
                if not closed.worth or wait > settings.getfloat("CRAWL_DELAY_MAX"):
                    break
                await asyncio.sleep(max(0.0, wait))  # the host's turn comes, and a person waits for it
            except Exception as error:  # noqa: BLE001 - refusals and faults alike are answers
                return failed_capture(error, request, site=self.site.key, kind=kind, at=clock())
        return failed_capture(fault, request, site=self.site.key, kind=kind, at=clock())


class ErrandSpider(scrapy.Spider):
    """Runs one errand in place of a crawl."""

    name = "errand"
    site: Site
    errand: Callable[[Errand], Awaitable[None]]
    executor: Executor
    hosts: Hosts

    def failures(self, url: str) -> int:
        """Nothing is kept, so nothing is known of earlier failures."""
        return 0

    async def start(self) -> AsyncIterator[Any]:
        """Do it; nothing is left to crawl."""
        hops = self.crawler.settings.getint("REDIRECT_MAX_TIMES")
        await self.errand(Errand(self, self.site, self.executor, hops))
        for request in list[Request]():
            yield request


async def run_errand(settings: Settings, site: Site, executor: Executor, errand: Callable[[Errand], Awaitable[T]]) -> T:
    """Run an errand to one site and return what it brings. settings: of a crawl; nothing is written anywhere.

    Raises what the errand raises, KeyboardInterrupt where it was stopped before its end.
    """
    own = settings.copy()
    for name in ("ITEM_PIPELINES", "EXTENSIONS"):
        own.set(name, {}, priority="cmdline")
    outcome: list[T] = []
    fault: list[BaseException] = []

    async def work(to: Errand) -> None:
        try:
            outcome.append(await errand(to))
        except Exception as error:  # noqa: BLE001 - handed to the caller below; Scrapy would only log it
            fault.append(error)

    spider = type("OneErrand", (ErrandSpider,), {"site": site, "custom_settings": settings_of(site)})
    await AsyncCrawlerRunner(own).crawl(spider, errand=work, executor=executor, hosts=Hosts(own["CLOCK"]))
    if fault:
        raise fault[0]
    if not outcome:
        raise KeyboardInterrupt  # a signal has ended the engine before its work was done
    return outcome[0]
