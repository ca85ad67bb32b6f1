"""RobotsMiddleware: RFC 9309 whole. Scrapy's own lets requests through that arrive while the file is loading, and
treats an unreachable file as permission; here every waiter gets the same answer, and no answer means no.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import urlsplit

from protego import Protego
from scrapy.crawler import Crawler
from scrapy.http import Request
from scrapy.http.request import NO_CALLBACK

from archive import Capture, clean_url
from crawler.captures import capture_of, captured, failed_capture, location_of
from crawler.failures import CLOSING, Refused
from crawler.hosts import Closed, Hosts, back_off, retry_after

ASKED_AGAIN = timedelta(minutes=5)  # for a file of a host that cannot be reached at all
PARSED = 500 * 1024  # bytes of robots.txt that are read (RFC 9309 §2.5)
FETCHED = 512 * 1024  # bytes fetched at the most; a longer file is read as far as it came
REDIRECTS = 5  # RFC 9309 §2.3.1.2

#: Faults after which a host is left alone as a whole; under the others, each URL has a fate of its own.
_OWN_WORD = frozenset({"address_refused", "bad_url", "dns", "tls"})
_AGENT_LINE = re.compile(r"(?im)^([^\S\r\n]*user[- ]?agent[^\S\r\n]*[:\s])([^\r\n#]*)")
_TOKEN = re.compile(r"[A-Za-z_-]+|\*")


@dataclass(frozen=True, slots=True)
class Rules:
    """What one origin's robots.txt says until a time, or why nothing may be fetched under it.

    parsed: None where everything is allowed. refusal: what to raise instead. delay: seconds that it asks for.
    """

    until: datetime
    parsed: Protego | None = None
    refusal: Refused | None = None
    delay: float = 0.0


def read_rules(text: str, agent: str) -> Protego:
    """The rules of a robots.txt, of which only the groups for `agent` (a product token) and for all matter.

    Protego takes a group's name for ours where ours begins with it (`foreign` for `foreigndesk`) and not where a
    version follows it; RFC 9309 §2.2.1 compares product tokens whole. So each name is first made the token that it
    is, ours, `*`, or one for all others; which also keeps a file of ten thousand names small.
    """

    def named(match: re.Match[str]) -> str:
        token = _TOKEN.match(match[2].strip())
        name = token[0].lower() if token else ""
        return match[1] + (name if name in ("*", agent.lower()) else "another-crawler" if match[2].strip() else "")

    return Protego.parse(_AGENT_LINE.sub(named, text))


class RobotsMiddleware:
    """Asks robots.txt before any other request to an origin, once in 24 hours, and keeps it as a capture."""

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self.token: str = settings["ROBOTSTXT_USER_AGENT"]
        self.keep = timedelta(seconds=settings.getfloat("ROBOTS_SECONDS"))
        self.longest = settings.getfloat("CRAWL_DELAY_MAX")
        self.base = settings.getfloat("BACKOFF_SECONDS")
        self.clock: Callable[[], datetime] = settings["CLOCK"]
        self._rules: dict[str, asyncio.Task[Rules]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @property
    def _hosts(self) -> Hosts:
        spider: Any = self.crawler.spider
        hosts: Hosts = spider.hosts
        return hosts

    async def process_request(self, request: Request) -> None:
        """Let a request pass, or raise Refused or Closed with the word for why not."""
        # One slot a host and port: delays and concurrency are a host's, and two ports are two servers.
        request.meta.setdefault("download_slot", urlsplit(request.url).netloc)
        if request.meta.get("robots"):
            return
        self._hosts.check(request.url)
        rules = await self._rules_for(request.url)
        if rules.refusal:
            raise rules.refusal.with_traceback(None)  # raised to many: it would grow with each
        self._hosts[urlsplit(request.url).netloc].crawl_delay = rules.delay
        if rules.parsed is not None and not rules.parsed.can_fetch(request.url, self.token):
            raise Refused("robots", "robots.txt does not allow it.")

    async def _rules_for(self, url: str) -> Rules:
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        task = self._rules.get(origin)
        if task is None or (
            task.done() and (task.cancelled() or task.exception() or task.result().until <= self.clock())
        ):
            # One task an origin, whoever asks first: all who wait get its one answer.
            task = self._rules[origin] = asyncio.create_task(self._ask(origin))
        return await asyncio.shield(task)

    async def _ask(self, origin: str) -> Rules:
        """Fetch and read an origin's robots.txt (RFC 9309 §2.3.1), following redirects."""
        until = self.clock() + self.keep
        url: str = f"{origin}/robots.txt"
        for _ in range(1 + REDIRECTS):
            try:
                capture = await self._fetch(url)
            except Closed as closed:
                return Rules(closed.until, refusal=closed)
            target = location_of(capture)
            if not 300 <= (capture.status or 0) < 400 or not target:
                return self._judge(origin, capture, until)
            target = clean_url(target, capture.url)
            if target is None:
                return self._judge(origin, capture, until)
            url = target
        # §2.3.1.2: after five redirects the file may be taken as unavailable, which is permission.
        return Rules(until)

    def _judge(self, origin: str, capture: Capture, until: datetime) -> Rules:
        status = capture.status or 0
        if 200 <= status < 300 and status != 206 and capture.error in (None, "too_large"):
            return self._read(capture, until)
        if 400 <= status < 500 and status not in CLOSING:
            return Rules(until)  # §2.3.1.3: unavailable, access is allowed
        # §2.3.1.4: unreachable, nothing may be fetched. Asked again soon, not after 24 hours.
        if capture.error in _OWN_WORD:
            sentence = f"robots.txt could not be read, so nothing was fetched: {capture.detail}"
            return Rules(self.clock() + ASKED_AGAIN, refusal=Refused(capture.error or "", sentence))
        why = f"it answered {status}" if capture.status else (capture.detail or "no answer").rstrip(".").lower()
        sentence = f"robots.txt could not be read ({why}), so nothing was fetched."
        again = capture.next_try or self.clock()
        named = status in CLOSING and any(name.lower() == "retry-after" for name, _ in capture.response_headers)
        self._hosts.close(origin, again, "robots_unreachable", sentence, worth=named)
        refusal = self._hosts.closed(origin) or Closed(again, "robots_unreachable", sentence, worth=False)
        return Rules(again, refusal=refusal)

    def _read(self, capture: Capture, until: datetime) -> Rules:
        payload = (capture.payload or b"")[:PARSED]
        if capture.error or len(payload) < len(capture.payload or b""):
            # A rule cut in its middle would be another rule.
            payload = payload[: max(payload.rfind(b"\n"), payload.rfind(b"\r")) + 1]
        charset = "utf-16" if payload[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        parsed = read_rules(payload.decode(charset, "replace").replace("\x00", ""), self.token)
        delay = parsed.crawl_delay(self.token) or 0.0
        rate = parsed.request_rate(self.token)
        if rate:
            delay = max(delay, rate.seconds / rate.requests)
        if delay > self.longest:
            sentence = f"robots.txt asks for {delay:g} seconds between requests, more than {self.longest:g}."
            return Rules(until, refusal=Closed(until, "crawl_delay", sentence, worth=False))
        return Rules(until, parsed=parsed, delay=delay)

    async def _fetch(self, url: str) -> Capture:
        """One hop; its capture is announced, as proof of what was allowed at that time. Raises Closed."""
        engine: Any = self.crawler.engine
        spider: Any = self.crawler.spider
        request = Request(
            url,
            callback=NO_CALLBACK,
            dont_filter=True,
            priority=1000,
            meta={
                "robots": True,
                "verbatim_url": True,
                "download_maxsize": FETCHED,
                "download_slot": urlsplit(url).netloc,
            },
        )
        try:
            response = await engine.download_async(request)
            response.request = request
            capture = capture_of(response, site=spider.site.key, kind="robots")
        except Closed:
            raise
        except Exception as error:  # noqa: BLE001 - whatever befell robots.txt, it is a row, and means no
            capture = failed_capture(error, request, site=spider.site.key, kind="robots", at=self.clock())
        capture = self._timed(capture, spider)
        self.crawler.signals.send_catch_log(captured, capture=capture)
        return capture

    def _timed(self, capture: Capture, spider: Any) -> Capture:
        """The capture with the time of the next try, where one is worth it."""
        status = capture.status or 0
        if status and status < 500 and status not in CLOSING and capture.error in (None, "too_large"):
            return capture
        fields = {name.lower(): value for name, value in capture.response_headers}
        named = retry_after(fields.get("retry-after"), capture.captured_at, fields.get("date"))
        wait = back_off(spider.failures(capture.url) + 1, self.base, 86400.0)
        return replace(capture, next_try=named or capture.captured_at + timedelta(seconds=wait))
