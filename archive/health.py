"""health: whether sites still yield what they used to, told from the archive alone, each finding with its figures.

A site is measured against its own past, never against others: nobody knows better how often it publishes, or what share
of its articles names an author. What the archive cannot tell is said as that: a list that nobody asked is not silent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from archive.cadence import Cadence
from archive.records import REFUSALS, moment, timestamp
from archive.sites import Site
from archive.store import Archive
from archive.urls import host_of

PAST = timedelta(days=28)  # what is usual for a site is what these days showed
LATELY = timedelta(days=1)  # of requests, errors and growth
DRIFT = timedelta(days=3)  # of what is read in articles
#: Findings before there is a usual interval; articles on either side before a share can drift.
FEWEST, FEWEST_ARTICLES = 6, 20
SILENCE = 2.0  # expected intervals without anything new
#: A drift is a fall of a share by at least so much, and by so many standard errors.
FALL, ERRORS = 0.2, 3.0
FAILING, FEWEST_REQUESTS = 0.5, 10  # share of requests of a day that failed, and how many there must be
PARTS = ("body", "date", "author", "boxes")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a person should look at: one word for a machine, one sentence with its figures, and its seed."""

    word: str
    sentence: str
    seed: str | None = None


@dataclass(slots=True)
class Yield:
    """What a seed, or a site (url ""), brings. Times UTC; interval: seconds within which it usually brings more."""

    url: str
    found_lately: int
    expected: float | None
    interval: float | None
    last_found: datetime | None
    last_asked: datetime | None


@dataclass(slots=True)
class Health:
    """One site's state: yields by seed, shares (lately, before) of the articles read by part, outcomes, growth."""

    site: str
    whole: Yield
    seeds: list[Yield]
    shares: dict[str, tuple[float | None, float | None]]
    read: tuple[int, int]
    requests: dict[str, int]
    shortest_gap: float | None
    delay: float
    stored_bytes: int
    missed: int
    last_run: dict[str, Any] | None
    problems: list[Problem] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """As `foreigndesk health --json` prints it."""
        return {
            "site": self.site,
            "yield": _yield(self.whole),
            "seeds": [_yield(one) for one in self.seeds],
            "shares": {part: {"lately": now, "before": before} for part, (now, before) in self.shares.items()},
            "read": {"lately": self.read[0], "before": self.read[1]},
            "requests": self.requests,
            "shortest_gap": self.shortest_gap,
            "delay": self.delay,
            "stored_bytes": self.stored_bytes,
            "missed": self.missed,
            "last_run": self.last_run,
            "problems": [{"word": p.word, "seed": p.seed, "sentence": p.sentence} for p in self.problems],
        }


def health(archive: Archive, now: datetime, site: str | None = None) -> Iterator[Health]:
    """The health of one site, or of all that were ever visited, in order of their names. now: UTC."""
    for key, entry in sorted(archive.sites().items()):
        if site in (None, key):
            yield _health(archive, entry, now)


def _health(archive: Archive, site: Site, now: datetime) -> Health:
    found = archive.rows(
        "SELECT discovered_at AS at, discovered_on AS seed FROM pages WHERE site = ? AND kind = 'article' "
        "AND discovered_at >= ?",
        (site.key, timestamp(now - PAST)),
    )[1]
    seeds = [url for _, url in site.seeds()]
    asked = {url: _last_asked(archive, url) for url in seeds}
    whole = _yielded("", [row["at"] for row in found], max((a for a in asked.values() if a), default=None), now)
    runs = archive.runs(site.key, limit=3)
    told = Health(
        site.key,
        whole,
        [_yielded(url, [row["at"] for row in found if row["seed"] == url], asked[url], now) for url in seeds],
        *_shares(archive, site.key, now),
        _requests(archive, site.key, now),
        _shortest_gap(archive, site.key, now),
        site.delay,
        _stored(archive, site.key, now),
        _missed(archive, site.key, now),
        runs[0] if runs else None,
    )
    told.problems.extend(_problems(told, site, runs, now))
    return told


# ---- figures


def _yielded(url: str, times: list[str], asked: datetime | None, now: datetime) -> Yield:
    """The yield of a seed from the times at which articles were first found on it.

    Its usual interval is the gap that nineteen of twenty gaps stay below, so that nights and weekends are usual.
    """
    looks = [moment(text) for text in sorted(set(times))]
    gaps = sorted((after - before).total_seconds() for before, after in pairwise(looks))
    interval = gaps[math.ceil(0.95 * len(gaps)) - 1] if len(looks) >= FEWEST else None
    lately = sum(text >= timestamp(now - LATELY) for text in times)
    expected = None
    if interval is not None:
        days = max(1.0, (now - looks[0]) / LATELY - 1.0)
        expected = (len(times) - lately) / days
    return Yield(url, lately, expected, interval, looks[-1] if looks else None, asked)


def _last_asked(archive: Archive, url: str) -> datetime | None:
    row = archive.db.conn.execute("SELECT max(captured_at) FROM capture_rows WHERE url = ?", (url,)).fetchone()
    return moment(row[0]) if row[0] else None


def _shares(
    archive: Archive, site: str, now: datetime
) -> tuple[dict[str, tuple[float | None, float | None]], tuple[int, int]]:
    """(lately, before) of the shares of full answers for articles in which each part was read; how many there were."""
    sums = archive.db.conn.execute(
        "SELECT c.captured_at >= :since, count(*), sum(e.text_digest IS NOT NULL), sum(e.published_at IS NOT NULL), "
        "sum(e.byline IS NOT NULL), sum(e.links_digest IS NOT NULL) FROM capture_rows c "
        "JOIN pages p ON p.url = c.url AND p.kind = 'article' "
        "JOIN extraction_rows e ON e.url = c.url AND e.digest = c.digest AND e.current = 1 "
        "WHERE c.site = :site AND c.captured_at >= :past AND c.status IN (200, 203) AND c.error IS NULL GROUP BY 1",
        {"site": site, "since": timestamp(now - DRIFT), "past": timestamp(now - PAST)},
    ).fetchall()
    by: dict[bool, list[int]] = {bool(lately): numbers for lately, *numbers in sums}
    none = [0] * (1 + len(PARTS))
    lately, before = by.get(True, none), by.get(False, none)
    shares = {
        part: (lately[n] / lately[0] if lately[0] else None, before[n] / before[0] if before[0] else None)
        for n, part in enumerate(PARTS, 1)
    }
    return shares, (lately[0], before[0])


def _requests(archive: Archive, site: str, now: datetime) -> dict[str, int]:
    """How the requests of the last day ended, by word: `ok`, or the error, or the status."""
    rows = archive.db.conn.execute(
        "SELECT CASE WHEN error IS NOT NULL THEN error WHEN status < 400 THEN 'ok' ELSE 'http_' || status END, "
        "count(*) FROM capture_rows WHERE site = ? AND captured_at >= ? GROUP BY 1 ORDER BY 2 DESC",
        (site, timestamp(now - LATELY)),
    )
    return dict(rows.fetchall())


def _shortest_gap(archive: Archive, site: str, now: datetime) -> float | None:
    """Seconds between the two answers of one host that came closest within the last day; None with fewer than two.

    Answers are never closer together than the requests they answer began after the one before had ended.
    """
    rows = archive.db.conn.execute(
        "SELECT url, captured_at FROM capture_rows WHERE site = ? AND captured_at >= ? AND status IS NOT NULL "
        "ORDER BY captured_at",
        (site, timestamp(now - LATELY)),
    ).fetchall()
    last: dict[str, datetime] = {}
    shortest = math.inf
    for url, text in rows:
        host, at = host_of(url), moment(text)
        if host in last:
            shortest = min(shortest, (at - last[host]).total_seconds())
        last[host] = at
    return None if math.isinf(shortest) else shortest


def _stored(archive: Archive, site: str, now: datetime) -> int:
    """Bytes of stored bodies that the last day's full answers show: what the site adds to the file, at most."""
    row = archive.db.conn.execute(
        "SELECT coalesce(sum(length(b.body)), 0) FROM bodies b WHERE b.id IN (SELECT s.body FROM capture_rows c "
        "JOIN snapshots s ON s.digest = c.digest WHERE c.site = ? AND c.captured_at >= ? AND c.status IN (200, 203))",
        (site, timestamp(now - LATELY)),
    ).fetchone()
    return int(row[0])


def _missed(archive: Archive, site: str, now: datetime) -> int:
    row = archive.db.conn.execute(
        "SELECT coalesce(sum(missed), 0) FROM runs WHERE site = ? AND due >= ? AND state = 'done'",
        (site, timestamp(now - LATELY)),
    ).fetchone()
    return int(row[0])


# ---- judgements


def _problems(told: Health, site: Site, runs: Sequence[dict[str, Any]], now: datetime) -> Iterator[Problem]:
    yield from _silences(told, site, now)
    for part, (lately, before) in told.shares.items():
        if lately is not None and before is not None and _fell(lately, before, told.read):
            yield Problem(
                f"drift_{part}",
                f"{lately:.0%} of the {told.read[0]} articles of the last {DRIFT.days} days have a {part}; before, "
                f"{before:.0%} of {told.read[1]} had one: its pages may be built anew (`extract --explain` shows it).",
            )
    total = sum(told.requests.values())
    failed = total - told.requests.get("ok", 0) - sum(told.requests.get(word, 0) for word in REFUSALS)
    if total >= FEWEST_REQUESTS and failed / total >= FAILING:
        words = ", ".join(f"{word} {n}" for word, n in list(told.requests.items())[:4])
        yield Problem("failing", f"{failed} of {total} requests of the last day failed ({words}).")
    if len(runs) >= 2 and all(run["state"] == "failed" for run in runs[:2]):
        yield Problem("runs_fail", f"The last runs failed: {runs[0]['outcome']}.")
    if told.shortest_gap is not None and told.shortest_gap < told.delay:
        yield Problem(
            "impolite",
            f"Two requests to a host came {told.shortest_gap:.2f} s after each other; the entry's delay is "
            f"{told.delay:g} s (--delay overrides it).",
        )
    if told.missed:
        yield Problem(
            "missed", f"{told.missed} slots of the last day were missed: `foreigndesk schedule status` has why."
        )


def _fell(lately: float, before: float, read: tuple[int, int]) -> bool:
    """Whether a share fell by enough, and by more than chance explains (two proportions, pooled)."""
    if min(read) < FEWEST_ARTICLES or before - lately < FALL:
        return False
    pooled = (lately * read[0] + before * read[1]) / sum(read)
    return before - lately >= ERRORS * math.sqrt(pooled * (1 - pooled) * (1 / read[0] + 1 / read[1]))


def _silences(told: Health, site: Site, now: datetime) -> Iterator[Problem]:
    own = dict(site.cadences)
    for one in (told.whole, *told.seeds):
        what, seed = (one.url or "The site", one.url or None)
        if one.last_asked is None:
            if one.url:
                yield Problem("never_asked", f"{what} has never been asked.", seed)
            continue
        cadence = Cadence.of(own.get(one.url, site.cadence), site.timezone)
        slot = cadence.next(one.last_asked)
        patience = timedelta(seconds=0 if one.url in own else max(0.0, 2 * site.quiet)) + 2 * (
            cadence.next(slot) - slot
        )
        unwatched = now - one.last_asked > patience
        if unwatched:
            yield Problem("unwatched", f"{what} was last asked {one.last_asked:%Y-%m-%d %H:%M}Z: nobody looks.", seed)
        if one.interval is None or one.last_found is None or unwatched:
            continue
        quiet = (one.last_asked - one.last_found).total_seconds()
        if quiet > SILENCE * one.interval:
            yield Problem(
                "silent",
                f"{what} brought nothing new since {one.last_found:%Y-%m-%d %H:%M}Z ({quiet / 3600:.1f} h); "
                f"it used to within {one.interval / 3600:.1f} h.",
                seed,
            )


def _yield(one: Yield) -> dict[str, Any]:
    return {
        "url": one.url or None,
        "found_lately": one.found_lately,
        "expected": one.expected and round(one.expected, 1),
        "interval": one.interval,
        "last_found": one.last_found and timestamp(one.last_found),
        "last_asked": one.last_asked and timestamp(one.last_asked),
    }
