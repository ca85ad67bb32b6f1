"""hosts: our manners towards hosts, one book a process, whichever site's run it is that asks.

One request at a time goes to a host. The next one waits until the host's delay has passed since the last one *ended*,
so that no gap that the server measures is ever shorter than promised. A host that asks to be left alone (Retry-After,
429, 503) is closed until then: nobody sleeps over it, its requests are handed back with the time.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from crawler.failures import Refused

#: The longest time that a host's wish to be left alone, or a back-off of ours, lasts.
LONGEST_CLOSED = timedelta(days=1)


#: Seconds that a request waits for its turn in hand; for a longer wait it is handed back, and others go meanwhile.
PATIENCE = 10.0
#: A host that closes so often in a row, without one good answer between, is left to a later run.
ROUNDS = 3


class Closed(Refused):
    """The host is to be left alone until a time: nothing was asked of it. worth: whether a run may wait for that."""

    def __init__(self, until: datetime, word: str, sentence: str, worth: bool = True) -> None:
        super().__init__(word, sentence)
        self.until, self.worth = until, worth


@dataclass(slots=True)
class Host:
    """What is known of one host. Delays in seconds; ended: by `Hosts.timer`; rounds: closures in a row."""

    floor: float = 0.0
    crawl_delay: float = 0.0
    ended: float = float("-inf")
    closed: Closed | None = None
    rounds: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def delay(self) -> float:
        """Seconds between the end of one request and the start of the next: the larger of our floor and theirs."""
        return max(self.floor, self.crawl_delay)


class Hosts:
    """Whose turn it is at each host.

    clock: the time in UTC, for what hosts ask for; timer: seconds, for the delays; rest: the book before this one was
    closed a moment ago, perhaps by a kill, so that each host is treated as if it had just been asked.
    """

    def __init__(
        self, clock: Callable[[], datetime], timer: Callable[[], float] = time.monotonic, *, rest: bool = False
    ) -> None:
        self.clock, self.timer = clock, timer
        self._opened = timer() if rest else float("-inf")
        self.stopping = False
        self._hosts: dict[str, Host] = {}
        self._stop = asyncio.Event()

    def __getitem__(self, name: str) -> Host:
        """A host by its name, as in `host_of(url)`: two ports are two hosts, http and https are one."""
        return self._hosts.setdefault(name, Host(ended=self._opened))

    @asynccontextmanager
    async def turn(self, url: str, floor: float) -> AsyncIterator[None]:
        """Hold the turn at a URL's host for one request; waits for it in the order of asking.

        floor: our own least delay, in seconds. Raises Closed where the host is closed, or closes while we wait, and
        where the wait would be longer than PATIENCE.
        """
        host = self[urlsplit(url).netloc]
        host.floor = max(host.floor, floor)
        self.check(url)
        async with host.lock:
            while not self.stopping and (wait := host.ended + host.delay - self.timer()) > 0:
                if wait > PATIENCE:
                    until = self.clock() + timedelta(seconds=wait)
                    raise Closed(until, "postponed", f"The host's turn comes in {wait:.0f} seconds.")
                await self._nap(wait)
            self.check(url)
            try:
                yield
            finally:
                host.ended = self.timer()

    async def rest(self, url: str) -> None:
        """Let the delay of a URL's host pass, for who has its turn and wants to ask twice."""
        await self._nap(self[urlsplit(url).netloc].delay)

    async def _nap(self, seconds: float) -> None:
        """Wait, but not beyond a stop."""
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return

    def check(self, url: str) -> None:
        """Raises Closed where the URL's host is closed now, or where all is to stop."""
        if self.stopping:
            raise Closed(self.clock(), "stopped", "The run was stopped before this was asked for.", worth=False)
        if closed := self.closed(url):
            raise closed.with_traceback(None)

    def closed(self, url: str) -> Closed | None:
        """The closure that the URL's host is under now, or None."""
        host = self[urlsplit(url).netloc]
        if host.closed and host.closed.until <= self.clock():
            host.closed = None
        return host.closed

    def close(self, url: str, until: datetime, word: str, sentence: str, worth: bool = True) -> None:
        """Ask nothing of a URL's host before `until` (at most a day from now); a longer closure stays."""
        host = self[urlsplit(url).netloc]
        host.rounds += 1
        until = min(until, self.clock() + LONGEST_CLOSED)
        if host.closed is None or until > host.closed.until:
            host.closed = Closed(until, word, sentence, worth and host.rounds <= ROUNDS)

    def answered(self, url: str) -> None:
        """The URL's host gave a good answer: what it closed for is over."""
        self[urlsplit(url).netloc].rounds = 0

    def stop(self) -> None:
        """Hand back every request that waits for its turn."""
        self.stopping = True
        self._stop.set()


def retry_after(value: str | None, now: datetime, date: str | None = None) -> datetime | None:
    """The moment that a Retry-After field names (RFC 9110 §10.2.3), at most a day away; None where it names none.

    value: seconds or an HTTP date; now: when the answer came, UTC; date: the answer's Date field, against which a
    date is read, so that a server whose clock is wrong is still understood.
    """
    value = (value or "").strip()
    if value.isascii() and value.isdigit():
        # A number of a thousand digits is hostile, and int() would refuse it.
        wait = timedelta(seconds=int(value)) if len(value) < 8 else LONGEST_CLOSED
    else:
        wanted, sent = _date(value), _date(date or "")
        if wanted is None:
            return None
        wait = wanted - (sent or now)
    return now + max(timedelta(0), min(wait, LONGEST_CLOSED))


def _date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
        # A date without a zone cannot be compared with ours.
        return moment if moment.tzinfo else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def back_off(failures: int, base: float, longest: float, draw: Callable[[], float] = random.random) -> float:
    """Seconds to wait after so many failures in a row: exponential, with full jitter.

    Uniform between 0 and `base` doubled with every failure after the first, at most `longest` ("full jitter" of
    Brooker, Exponential Backoff and Jitter, AWS 2015: the fewest calls in all of those compared there).
    """
    return draw() * min(longest, base * 2.0 ** min(max(failures, 1) - 1, 40))
