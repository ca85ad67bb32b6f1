"""Cadence: when something is due, as slots that any process works out alike; night hours; jitter. All of it pure.

A slot is a moment in UTC. "15m" means the multiples of 15 minutes since 1970, "30 6-22/2 * * 1-5" is cron's five
fields, read in the site's own time zone as Debian's cron reads them: on the night when clocks go back a fixed hour
comes once, and what would fall into the hour that clocks skip comes right after it. Leap seconds are not in it: POSIX
time has none, and 23:59:60 is read as the second after it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

#: Slots counted one by one, where that is needed, end here: a schedule that stood still for years.
MOST = 100_000


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def seconds(text: str | int | float) -> float:
    """A length of time in seconds, from `"90s"`, `"15m"`, `"6h"`, `"1d"`, `"2w"` or a number of seconds.

    Raises ValueError where the text is none of these.
    """
    if isinstance(text, int | float) and not isinstance(text, bool):
        return float(text)
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*", text) if isinstance(text, str) else None
    if not match:
        raise ValueError(f'{text!r} is no length of time: write it as "90s", "15m", "6h", "1d" or "2w".')
    return float(match[1]) * _UNITS[match[2]]


def check_zone(name: str) -> str:
    """The name, if it is a time zone of the IANA database. Raises ValueError."""
    if name not in available_timezones():
        raise ValueError(f"{name!r} is no time zone")
    return name


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often: `every` so many seconds, or by a `cron` expression in `zone`."""

    every: float = 0.0
    cron: str = ""
    zone: str = "UTC"

    @classmethod
    def of(cls, given: str | float, zone: str = "UTC") -> Cadence:
        """The cadence that an entry gives: a length of time, or cron's five fields. Raises ValueError."""
        if isinstance(given, str) and len(given.split()) == 5:
            try:
                next(CronSim(given, datetime(2026, 1, 1, tzinfo=UTC)))
            except (CronSimError, StopIteration) as error:
                why = str(error).lower() or "it never comes"
                raise ValueError(f"{given!r} is no cron expression ({why})") from None
            return cls(cron=" ".join(given.split()), zone=check_zone(zone))
        every = seconds(given)
        if every <= 0:
            raise ValueError(f"{given!r} is no time at all")
        return cls(every=every)

    def latest(self, now: datetime) -> datetime:
        """The newest slot at or before `now`."""
        if self.every:
            return datetime.fromtimestamp(now.timestamp() // self.every * self.every, UTC)
        # Its search begins before the moment that it is given, and leaves out fractions of a minute.
        return next(self._cron(now + timedelta(minutes=1), reverse=True, until=now))

    def next(self, now: datetime) -> datetime:
        """The first slot after `now`."""
        if self.every:
            return datetime.fromtimestamp((now.timestamp() // self.every + 1) * self.every, UTC)
        return next(self._cron(now))

    def between(self, after: datetime, before: datetime) -> Iterator[datetime]:
        """The slots after one moment and before another, in order; at most MOST of them."""
        slot = self.next(after)
        for _ in range(MOST):
            if slot >= before:
                return
            yield slot
            slot = self.next(slot)

    def _cron(self, now: datetime, reverse: bool = False, until: datetime | None = None) -> Iterator[datetime]:
        for found in CronSim(self.cron, now.astimezone(ZoneInfo(self.zone)), reverse=reverse):
            slot = found.astimezone(UTC)
            if until is None or slot <= until:
                yield slot

    def __str__(self) -> str:
        return f"{self.cron} {self.zone}" if self.cron else f"every {self.every:g} s"


@dataclass(frozen=True, slots=True)
class Night:
    """Hours of the day in which a site is left alone, by the clock of its time zone; over midnight as well."""

    begins: time
    ends: time
    zone: str = "UTC"

    @classmethod
    def of(cls, given: str, zone: str = "UTC") -> Night | None:
        """The hours that an entry gives as "23:00-06:00"; None for "". Raises ValueError."""
        if not given:
            return None
        match = re.fullmatch(r"(\d\d?:\d\d)\s*-\s*(\d\d?:\d\d)", given.strip())
        if not match:
            raise ValueError(f"{given!r} is no part of a day")
        begins, ends = (time.fromisoformat(one.zfill(5)) for one in match.groups())
        if begins == ends:
            raise ValueError(f"{given!r} begins when it ends")
        return cls(begins, ends, check_zone(zone))

    def holds(self, now: datetime) -> bool:
        """Whether a moment lies in these hours."""
        here = now.astimezone(ZoneInfo(self.zone)).time()
        if self.begins < self.ends:
            return self.begins <= here < self.ends
        return here >= self.begins or here < self.ends

    def over(self, now: datetime) -> datetime:
        """When these hours end next, after `now`."""
        local = now.astimezone(ZoneInfo(self.zone))
        for days in range(3):
            end = datetime.combine(local.date() + timedelta(days=days), self.ends, ZoneInfo(self.zone)).astimezone(UTC)
            if end > now:
                return end
        return now


def lateness(site: str, due: datetime, jitter: float) -> timedelta:
    """How long after its slot a site's run begins: evenly spread over `jitter` seconds, the same for every asker."""
    drawn = hashlib.sha256(f"{site} {due.timestamp():.0f}".encode()).digest()
    return timedelta(seconds=int.from_bytes(drawn[:4]) / 2**32 * jitter)
