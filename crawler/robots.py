"""RobotsMiddleware: RFC 9309 whole. Scrapy's own lets requests through that arrive while the file is loading, and
treats an unreachable file as permission; here every waiter gets the same answer, and no answer means no.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

from protego import Protego
from scrapy.crawler import Crawler
from scrapy.http import Request
from scrapy.http.request import NO_CALLBACK

from archive import Capture, clean_url
from crawler.download import Refused, capture_of, captured, failed_capture

PARSED = 500 * 1024  # bytes of robots.txt that are read (RFC 9309 §2.5)
FETCHED = 512 * 1024  # bytes fetched at the most; a longer file is read as far as it came
REDIRECTS = 5  # RFC 9309 §2.3.1.2


@dataclass(frozen=True, slots=True)
class Rules:
    """What one origin's robots.txt says, or why it says nothing. `refusal` is (word, sentence) where all is refused."""

    parsed: Protego | None = None
    refusal: tuple[str, str] | None = None
    until: float = 0.0


class RobotsMiddleware:
    """Asks robots.txt before any other request to an origin, once in 24 hours, and keeps it as a capture."""

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self.token: str = settings["ROBOTSTXT_USER_AGENT"]
        self.keep = settings.getfloat("ROBOTS_SECONDS")
        self.longest = settings.getfloat("CRAWL_DELAY_MAX")
        self.clock: Callable[[], datetime] = settings["CLOCK"]
        self._rules: dict[str, asyncio.Task[Rules]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let a request pass, or raise Refused with the word for why not."""
        # One slot a host and port: delays and concurrency are a host's, and two ports are two servers.
        request.meta.setdefault("download_slot", urlsplit(request.url).netloc)
        if request.meta.get("robots"):
            return
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(request.url))
        task = self._rules.get(origin)
        if task is None or (
            task.done() and (task.cancelled() or task.exception() or task.result().until < time.monotonic())
        ):
            # One task an origin, whoever asks first: all who wait get its one answer.
            task = self._rules[origin] = asyncio.create_task(self._ask(origin))
        rules = await asyncio.shield(task)
        if rules.refusal:
            raise Refused(*rules.refusal)
        if rules.parsed is None:
            return
        if not rules.parsed.can_fetch(request.url, self.token):
            raise Refused("robots", "robots.txt does not allow it.")
        self._slow_down(request, rules.parsed)

    def _slow_down(self, request: Request, parsed: Protego) -> None:
        """Keep the host's Crawl-delay where it is longer than ours; refuse a host that asks for hours."""
        delay = parsed.crawl_delay(self.token)
        if not delay:
            return
        if delay > self.longest:
            raise Refused(
                "crawl_delay", f"robots.txt asks for {delay:g} seconds between requests, more than {self.longest:g}."
            )
        engine: Any = self.crawler.engine
        slot = engine.downloader._get_slot(request)[1]  # private: no public way to set one host's delay
        if slot.delay < delay:
            slot.delay, slot.jitter, slot.concurrency = float(delay), 0.0, 1

    async def _ask(self, origin: str) -> Rules:
        """Fetch and read an origin's robots.txt (RFC 9309 §2.3.1), following redirects."""
        until = time.monotonic() + self.keep
        url: str | None = f"{origin}/robots.txt"
        for _ in range(1 + REDIRECTS):
            capture = await self._fetch(str(url))
            status = capture.status or 0
            if 300 <= status < 400 and capture.location:
                url = clean_url(urljoin(capture.url, capture.location))
                if url is not None:
                    continue
            return self._judge(capture, until)
        # §2.3.1.2: after five redirects the file may be taken as unavailable, which is permission.
        return Rules(until=until)

    def _judge(self, capture: Capture, until: float) -> Rules:
        status = capture.status or 0
        if status in (200, 203) and capture.error in (None, "truncated", "too_large") and capture.payload is not None:
            text = capture.payload[:PARSED].decode("utf-8-sig", "replace").replace("\x00", "")
            return Rules(parsed=Protego.parse(text), until=until)
        if 400 <= status < 500 and status != 429:
            return Rules(until=until)  # §2.3.1.3: unavailable, access is allowed
        if 300 <= status < 400:
            return Rules(until=until)
        # §2.3.1.4: unreachable, nothing may be fetched. Asked again soon, not for 24 hours.
        why = f"answered {status}" if capture.status else (capture.detail or "did not answer").rstrip(".").lower()
        word = capture.error if capture.error in ("address_refused", "dns", "tls") else "robots_unreachable"
        sentence = f"robots.txt could not be read ({why}), so nothing was fetched."
        return Rules(refusal=(word, sentence), until=time.monotonic() + min(self.keep, 300.0))

    async def _fetch(self, url: str) -> Capture:
        """One hop; its capture is announced, as proof of what was allowed at that time."""
        engine: Any = self.crawler.engine
        spider: Any = self.crawler.spider
        request = Request(
            url,
            callback=NO_CALLBACK,
            dont_filter=True,
            priority=1000,
            meta={"robots": True, "download_maxsize": FETCHED, "download_slot": urlsplit(url).netloc},
        )
        key = getattr(getattr(spider, "site", None), "key", "")
        try:
            response = await engine.download_async(request)
            response.request = request
            capture = capture_of(response, site=key, kind="robots")
        except Exception as error:  # noqa: BLE001 - whatever befell robots.txt, it is a row, and means no
            capture = failed_capture(error, request, site=key, kind="robots", at=self.clock())
        self.crawler.signals.send_catch_log(captured, capture=capture)
        return capture
