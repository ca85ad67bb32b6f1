"""Asking: how one run asks for URLs, and how each of them ends: as one capture, or as one row that says why not.

What may pass is asked again: after a back-off where the URL failed, when its host opens again where that asked to be
left alone. Nothing sleeps meanwhile: such a request is out of the queue, and a timer puts it back.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

import scrapy
from scrapy import signals
from scrapy.exceptions import DontCloseSpider
from scrapy.http import Request, Response

from archive import (
    Archive,
    Capture,
    Executor,
    Site,
    Visit,
    clean_url,
    header_reservations,
    host_of,
    may_reserve,
    page_reservations,
    withheld,
)
from crawler.captures import capture_of, failed_capture, location_of
from crawler.failures import CLOSING, PASSING, TRANSIENT
from crawler.hosts import Closed, Hosts, back_off

LISTS = ("section", "feed", "sitemap")
REDIRECTS = (301, 302, 303, 307, 308)
GONE = (404, 410, 451)
#: Printable ASCII, as long as a validator is: one that a header can carry back as it came.
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,500}"|[\x21-\x7e]{1,500}')


class Asking(scrapy.Spider):
    """The half of a spider that asks. What an answer leads to is `followed`'s, which a subclass gives.

    funnel: counts of this visit, from links found to pages stored; reasons: of each loss.
    """

    site: ClassVar[Site]
    archive: Archive
    executor: Executor
    hosts: Hosts
    clock: Callable[[], datetime]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.funnel: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self._asked: set[str] = set()
        self._budget = self.site.max_articles
        self._queued: Counter[str] = Counter()
        #: What befell the last try of each URL that is to be tried again: its row, should the run end first.
        self._tried: dict[str, Capture] = {}
        self._timers: set[asyncio.TimerHandle] = set()
        self._told: set[tuple[str, str]] = set()
        self._moved: dict[str, str] = {}
        self._seeds = {url for _, url in self.site.seeds()} | {self.site.home}

    def prepare(self) -> None:
        """Read the settings, and what hosts asked for in earlier runs; called once, with archive and hosts there."""
        settings = self.crawler.settings
        self.max_hops = settings.getint("REDIRECT_MAX_TIMES")
        self.max_attempts = 1 + settings.getint("RETRY_TIMES")
        self.retry_base = settings.getfloat("RETRY_SECONDS")
        self.failed_base = settings.getfloat("FAILED_SECONDS")
        self.longest_wait = settings.getfloat("CRAWL_DELAY_MAX")
        self.url_seconds = settings.getfloat("URL_SECONDS")
        self.queue_per_host = settings.getint("QUEUE_PER_HOST")
        self.agent: str = settings["ROBOTSTXT_USER_AGENT"]
        for url, until in self.archive.postponed(self.clock()):
            self.hosts.close(
                url, until, "postponed", f"The host asked to be left alone until {until:%Y-%m-%d %H:%M:%S}Z."
            )
        self.crawler.signals.connect(self._idle, signals.spider_idle)

    def failures(self, url: str) -> int:
        """How often in a row a URL failed in earlier runs, in a way that may pass."""
        return self.archive.failures(url)

    # ---- asking

    def ask(
        self,
        kind: str,
        url: str,
        *,
        on: str | None = None,
        priority: int = 0,
        hops: tuple[str, ...] = (),
        seconds: float | None = None,
    ) -> Request | None:
        """A request for a page, conditional on what the archive holds; None where it was asked or is over a limit.

        seconds: what is left of the URL's time, over all tries and the redirects that lead to it.
        """
        if url in self._asked:
            return None
        if self.archive.erased(url):
            self._asked.add(url)
            self.reasons["erased"] += 1
            return None
        if kind == "article" and not hops:
            if self._budget <= 0:
                self.funnel["left"] += 1
                return None
            self._budget -= 1
        if self._queued[host_of(url)] >= self.queue_per_host:
            self.reasons["queue_full"] += 1
            return None
        self._asked.add(url)
        self._queued[host_of(url)] += 1
        self.funnel["asked"] += 1
        meta = {"kind": kind, "on": on, "hops": hops, "attempts": 1, "left": seconds or self.url_seconds}
        return self._request(url, self._validators(url), priority, meta)

    def _request(self, url: str, headers: dict[str, str], priority: int, meta: dict[str, Any]) -> Request:
        return Request(
            url,
            callback=self.answered,
            errback=self.failed,
            headers=headers,
            priority=priority,
            dont_filter=True,
            # As it is kept, so it is asked for: nobody spells it anew on the way.
            meta={**meta, "verbatim_url": True, "download_timeout": meta["left"]},
        )

    def _validators(self, url: str) -> dict[str, str]:
        """The validators of this very URL's last full answer, where they can be sent back as they came.

        RFC 9110 §13.1.3: a recipient ignores If-Modified-Since where If-None-Match is given; both serve old servers.
        """
        etag, modified = self.archive.validators(url)
        headers = {}
        if etag and _ETAG.fullmatch(etag):
            headers["If-None-Match"] = etag
        if modified and _is_date(modified):
            headers["If-Modified-Since"] = modified
        return headers

    # ---- what comes of it

    async def answered(self, response: Response) -> AsyncIterator[Any]:
        """Any response, whatever its status: keep it, then follow it or read its list."""
        request: Any = response.request
        meta = request.meta
        capture = capture_of(
            response,
            site=self.site.key,
            kind=meta["kind"],
            attempts=meta["attempts"],
            discovered_on=meta["on"],
            wire=self.site.wire == "bytes",
        )
        if (capture.status or 0) < 400 and not capture.error:
            self.hosts.answered(capture.url)
        capture = self._timed(capture, meta.get("until"))
        if self._again(request, capture):
            return
        try:
            visit, following = await self._outcome(capture, request)
        except Exception as error:  # noqa: BLE001 - whatever a page leads to, its answer is kept
            self.logger.warning("What %s leads to could not be followed: %s", capture.url, error)
            self.reasons["list_failed"] += 1
            visit, following = Visit(capture), []
        self._count(visit.capture)
        yield visit
        for one in following:
            yield one

    async def _outcome(self, capture: Capture, request: Request) -> tuple[Visit, list[Request]]:
        """What is kept of a final answer, and the requests that follow from it."""
        if capture.status in REDIRECTS and not capture.error:
            capture, following = self._redirected(capture, request)
            return Visit(capture), following
        capture = await self._reserved(capture)
        visit, following = await self.followed(capture)
        if capture.error == "reserved":
            visit = replace(visit, capture=replace(visit.capture, payload=None, wire=None))
        return visit, following

    async def followed(self, capture: Capture) -> tuple[Visit, list[Request]]:
        """The visit that a capture makes, and the requests that follow from it."""
        return Visit(capture), []

    async def failed(self, failure: Any) -> AsyncIterator[Any]:
        """No response: keep why, or try again where that may help."""
        request: Request = failure.request
        closed = failure.value if isinstance(failure.value, Closed) else None
        if closed and self._held(request, closed):
            return
        meta = request.meta
        capture = failed_capture(
            failure,
            request,
            site=self.site.key,
            kind=meta["kind"],
            at=self.clock(),
            attempts=meta["attempts"],
            discovered_on=meta["on"],
        )
        if closed:
            # What its last try met says more than that there is to be no other one.
            capture = self._tried.pop(request.url, replace(capture, next_try=closed.until))
        else:
            capture = self._timed(capture, meta.get("until"))
            if self._again(request, capture):
                return
        self._count(capture)
        yield Visit(capture)

    def _held(self, request: Request, closed: Closed) -> bool:
        """Whether a request to a closed host needs no row now: it waits for the host, or for a later run.

        A host is told of once a run, by its first refused article. Seeds and redirect targets always get their row:
        no list would bring them back.
        """
        wait = (closed.until - self.clock()).total_seconds()
        if closed.worth and wait <= self.longest_wait:
            self._later(request, wait)
            return True
        if closed.word == "stopped":
            self.funnel["left"] += 1
            return True
        kind, host = request.meta["kind"], host_of(request.url)
        known = kind == "article" and not request.meta["hops"] and request.url not in self._tried
        if known and ((host, closed.word) in self._told or closed.word == "postponed"):
            self.funnel["postponed"] += 1
            return True
        self._told.add((host, closed.word))
        return False

    def _timed(self, capture: Capture, until: datetime | None) -> Capture:
        """The capture with the time of the next try, where one may help. until: when its host, if closed, opens."""
        status = capture.status or 0
        if until is None and (
            capture.error in TRANSIENT or (status >= 400 and status not in GONE and not capture.error)
        ):
            failures = 1 + self.failures(capture.url)
            until = capture.captured_at + timedelta(seconds=back_off(failures, self.failed_base, 86400.0))
        return replace(capture, next_try=until) if until else capture

    def _again(self, request: Request, capture: Capture) -> bool:
        """Whether the same request goes out once more, behind all others; what it met is its row until then."""
        meta = request.meta
        left = meta["left"] - meta.get("seconds", 0.0)
        passing = capture.error in TRANSIENT or capture.status in PASSING or capture.status in CLOSING
        if not passing or meta["attempts"] >= self.max_attempts or left < 1.0:
            self._tried.pop(request.url, None)
            return False
        self._tried[request.url] = capture
        more = {key: meta[key] for key in ("kind", "on", "hops")}
        more |= {"attempts": meta["attempts"] + 1, "left": left}
        # Where its host has closed, it is that which the request will wait for.
        wait = back_off(meta["attempts"], self.retry_base, self.longest_wait)
        self._later(self._request(request.url, self._validators(request.url), -10, more), wait)
        return True

    def _later(self, request: Request, seconds: float) -> None:
        """Put a request into the queue after some seconds."""
        engine: Any = self.crawler.engine

        def now() -> None:
            self._timers.discard(handle)
            # A new request: Scrapy's own notes in the old one (its slot, say) are of a try that is over.
            engine.crawl(request.replace())

        handle = asyncio.get_running_loop().call_later(max(0.0, seconds), now)
        self._timers.add(handle)

    def revisits(self) -> list[Request]:
        """What is asked for when nothing else is left to ask."""
        return []

    def _idle(self) -> None:
        if self._timers:
            raise DontCloseSpider
        requests = [] if self.hosts.stopping else self.revisits()
        engine: Any = self.crawler.engine
        for request in requests:
            engine.crawl(request)
        if requests:
            raise DontCloseSpider

    def leftovers(self) -> list[Visit]:
        """What the run leaves undone as it ends: the rows of URLs that were to be tried once more."""
        for handle in self._timers:
            handle.cancel()
        self._timers.clear()
        left = [Visit(capture) for capture in self._tried.values()]
        for visit in left:
            self._count(visit.capture)
        self._tried.clear()
        return left

    # ---- redirects and reservations

    def _redirected(self, capture: Capture, request: Request) -> tuple[Capture, list[Request]]:
        """The hop as it is kept, and the request for where it leads, if that is allowed."""
        hops = (*request.meta["hops"], capture.url)
        target = clean_url(location_of(capture) or "", capture.url)
        way = " → ".join(hops[-3:])
        if target is None or not capture.location:
            return replace(capture, error="bad_redirect", detail="It redirects to what is no http or https URL."), []
        capture = replace(capture, location=target)
        self._moved[capture.url] = target
        if target in hops or self._leads_back(capture.url):
            return replace(capture, error="redirect_loop", detail=f"It redirects back to {target}, by {way}."), []
        if len(hops) > self.max_hops:
            sentence = f"More than {self.max_hops} redirects in a row, the last ones {way}."
            return replace(capture, error="redirect_loop", detail=sentence), []
        if capture.kind == "article" and self._is_home(target, capture.url):
            # As good as a 404: the article is not there, and the home page is not the article.
            return replace(capture, error="redirect_home", detail=f"It redirects to {target}, which is no article."), []
        left = request.meta["left"] - request.meta.get("seconds", 0.0)
        if left < 1.0:
            return replace(capture, error="timeout", detail="Its redirects took all the time that a URL is given."), []
        following = self.ask(capture.kind, target, on=capture.url, priority=request.priority, hops=hops, seconds=left)
        return capture, [following] if following else []

    def _leads_back(self, url: str) -> bool:
        """Whether this run's redirects lead from a URL back to it, also where each of them was asked for itself."""
        at: str | None = url
        for _ in range(self.max_hops + 1):
            at = self._moved.get(at or "")
            if at is None or at == url:
                break
        return at == url

    def _is_home(self, url: str, source: str) -> bool:
        """Whether a URL is one of the site's own lists, or the home page of the site or of the source's host."""
        bare = urlsplit(url).path in ("", "/") and not urlsplit(url).query
        return url in self._seeds or (bare and host_of(url) in {host_of(source), *map(host_of, self._seeds)})

    async def _reserved(self, capture: Capture) -> Capture:
        """The capture with what the page asks not to be done with it; `reserved` where no body is to be kept."""
        if not capture.payload:
            return capture
        found = set(header_reservations(capture, self.agent))
        if capture.kind in ("article", "section") and may_reserve(capture.payload):
            work = self.executor.submit(page_reservations, replace(capture, wire=None), self.agent)
            try:
                said: tuple[str, ...] = await asyncio.wrap_future(work)
                found.update(said)
            except Exception:  # noqa: BLE001 - a page that stops its reader may still ask not to be kept
                found.add("noarchive")
        capture = replace(capture, reserved=tuple(sorted(found)))
        asked = withheld(capture.reserved)
        if not asked or self.site.reservations == "ignore":
            return capture
        return replace(capture, error="reserved", detail=f"The page asks not to be archived ({', '.join(asked)}).")

    # ---- counting

    def _count(self, capture: Capture) -> None:
        """Count how a request ended: exactly one of fetched, unchanged, moved, gone, refused, failed."""
        if capture.error:
            self.funnel["refused" if capture.refused else "failed"] += 1
            self.reasons[capture.error] += 1
        elif capture.status == 304:
            self.funnel["unchanged"] += 1
        elif capture.status in REDIRECTS:
            self.funnel["moved"] += 1
        elif capture.status in (200, 203):
            self.funnel["fetched"] += 1
        else:
            self.funnel["gone" if capture.status in GONE else "failed"] += 1
            self.reasons[f"http_{capture.status}"] += 1


def _is_date(value: str) -> bool:
    """Whether a Last-Modified field is a date that a server can have meant."""
    try:
        return len(value) < 60 and value.isascii() and parsedate_to_datetime(value) is not None
    except (ValueError, TypeError, IndexError, OverflowError):
        return False
