"""SiteSpider: one visit to one site, driven by its entry in the catalogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import urljoin

import scrapy
from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from archive import Archive, Capture, Executor, Site, Visit, clean_url, open_executor
from crawler import frontier
from crawler.addresses import require_contact
from crawler.download import TRANSIENT, capture_of, failed_capture
from crawler.spiders.lists import Lists

LISTS = ("section", "feed", "sitemap")
REDIRECTS = (301, 302, 303, 307, 308)


class SiteSpider(Lists, scrapy.Spider):
    """Visits a site's seeds, follows their lists, fetches new articles and known ones that are due.

    Every response and every failure becomes one Visit for the pipeline: redirects are hops of their own, failures
    rows with a reason. No HTML is parsed in this process: lists are read by a killable worker.

    funnel: counts of this visit, from links found to pages stored, with the reason of each loss.
    """

    name = "site"
    site: ClassVar[Site]
    archive: Archive
    due: str
    executor: Executor

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, executor: Executor | None = None, **kwargs: Any) -> Self:
        """Open the archive of the settings; without an `executor` to share, open one of its own."""
        require_contact(cls.site, crawler.settings.get("CONTACT"), crawler.settings.getdict("RESOLVE"))
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.clock = crawler.settings["CLOCK"]
        spider.due = crawler.settings.get("DUE") or spider.clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spider.archive = Archive.open(Path(crawler.settings["ARCHIVE"]))
        spider.own_executor = None if executor else open_executor("processes:1")
        spider.executor = executor or spider.own_executor  # type: ignore[assignment]
        spider.max_hops = crawler.settings.getint("REDIRECT_MAX_TIMES")
        spider.max_attempts = 1 + crawler.settings.getint("RETRY_TIMES")
        return spider

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.funnel: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.clock: Callable[[], datetime]
        self.own_executor: Executor | None = None
        self.max_hops = 10
        self.max_attempts = 3
        self._asked: set[str] = set()
        self._budget = self.site.max_articles

    async def start(self) -> AsyncIterator[Any]:
        """The seeds first, then what the frontier holds; what the seeds list is asked for as it is found."""
        self.archive.know([self.site], self.clock())
        for kind, url in self.site.seeds():
            request = self.ask(kind, url, priority=100)
            if request:
                yield request
        new, known = frontier.due(self.archive, self.site, self.clock())
        self.funnel["due"] = len(new) + len(known)
        for url, priority in [(url, 10) for url in new] + [(url, 0) for url in known]:
            request = self.ask("article", url, priority=priority)
            if request:
                yield request

    def ask(
        self, kind: str, url: str, *, on: str | None = None, priority: int = 0, hops: tuple[str, ...] = ()
    ) -> Request | None:
        """A request for a page, conditional on what the archive holds; None where it was asked or is over budget."""
        if url in self._asked:
            return None
        if kind == "article" and not hops:
            if self._budget <= 0:
                self.funnel["left"] += 1
                return None
            self._budget -= 1
        self._asked.add(url)
        self.funnel["asked"] += 1
        etag, modified = self.archive.validators(url)
        # RFC 9110 §13.1.3: a recipient ignores If-Modified-Since where If-None-Match is given; both serve old servers.
        headers = {k: v for k, v in (("If-None-Match", etag), ("If-Modified-Since", modified)) if v}
        return Request(
            url,
            callback=self.answered,
            errback=self.failed,
            headers=headers,
            priority=priority,
            dont_filter=True,
            meta={"kind": kind, "on": on, "hops": hops, "attempts": 1},
        )

    async def answered(self, response: Response) -> AsyncIterator[Any]:
        """Any response, whatever its status: keep it, then follow it or read its list."""
        request: Any = response.request
        capture = capture_of(
            response,
            site=self.site.key,
            kind=request.meta["kind"],
            attempts=request.meta["attempts"],
            discovered_on=request.meta["on"],
        )
        again = self._again(request, capture)
        if again:
            yield again
            return
        following: list[Request] = []
        if capture.status in REDIRECTS and not capture.error:
            capture, following = self._redirected(capture, request)
        visit = Visit(capture)
        if capture.kind in LISTS and capture.payload and capture.status == 200 and not capture.error:
            visit, following = self.listed(capture, await self.read_list(capture))
        self._count(capture)
        yield visit
        for one in following:
            yield one

    async def failed(self, failure: Any) -> AsyncIterator[Any]:
        """No response: keep why, or try again where that may help."""
        request: Request = failure.request
        capture = failed_capture(
            failure,
            request,
            site=self.site.key,
            kind=request.meta["kind"],
            at=self.clock(),
            attempts=request.meta["attempts"],
            discovered_on=request.meta["on"],
        )
        again = self._again(request, capture)
        if again:
            yield again
            return
        self._count(capture)
        yield Visit(capture)

    def _again(self, request: Request, capture: Capture) -> Request | None:
        """The same request once more, behind all others, where the failure may pass and tries are left."""
        # 429 and 503 ask us to stay away: they are left to a later run, never asked again at once.
        passing = capture.error in TRANSIENT or (capture.status or 0) in (500, 502, 504)
        if not passing or request.meta["attempts"] >= self.max_attempts:
            return None
        meta = {**{k: request.meta[k] for k in ("kind", "on", "hops")}, "attempts": request.meta["attempts"] + 1}
        headers = {k: request.headers[k] for k in (b"If-None-Match", b"If-Modified-Since") if k in request.headers}
        return Request(
            request.url,
            callback=self.answered,
            errback=self.failed,
            headers=headers,
            priority=-10,
            dont_filter=True,
            meta=meta,
        )

    def _redirected(self, capture: Capture, request: Request) -> tuple[Capture, list[Request]]:
        """The hop as it is kept, and the request for where it leads, if that is allowed."""
        hops = (*request.meta["hops"], capture.url)
        target = clean_url(urljoin(capture.url, capture.location or ""))
        if target is None or not capture.location:
            return replace(capture, error="bad_redirect", detail="It redirects to what is no http or https URL."), []
        capture = replace(capture, location=target)
        if target in hops:
            return replace(capture, error="redirect_loop", detail=f"It redirects back to {target}."), []
        if len(hops) > self.max_hops:
            return replace(capture, error="redirect_loop", detail=f"More than {self.max_hops} redirects in a row."), []
        request_ = self.ask(capture.kind, target, on=capture.url, priority=request.priority, hops=hops)
        return capture, [request_] if request_ else []

    def _count(self, capture: Capture) -> None:
        """Count how a request ended: exactly one of fetched, unchanged, moved, gone, refused, failed."""
        if capture.error:
            refused = capture.error.startswith("robots") or capture.error in ("crawl_delay", "address_refused")
            self.funnel["refused" if refused else "failed"] += 1
            self.reasons[capture.error] += 1
        elif capture.status == 304:
            self.funnel["unchanged"] += 1
        elif capture.status in REDIRECTS:
            self.funnel["moved"] += 1
        elif capture.status in (200, 203):
            self.funnel["fetched"] += 1
        else:
            gone = capture.status in (404, 410, 451)
            self.funnel["gone" if gone else "failed"] += 1
            self.reasons[f"http_{capture.status}"] += 1
