"""The revisit policy: when a page is worth another look. Pure: no clock, no database; docs/schedule.md has it in words.

An article's text changes at the rate r / (age + TAU)^K, dense in its first hours and never quite still: the shape in
which edits of news decay (NewsDiffs, NewsEdits). r is the article's own: before anything is known it is ALPHA / BETA,
and each look makes it (ALPHA + changes seen) / (BETA + exposure): the mean of a gamma prior after Poisson counts.
The next look is due when the changes to be expected since the last one reach what a new article gathers by its first
second look, at `revisit`: so every article's looks stand where they are likely to find as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

#: The prior on an article's own rate, and the decay of its changes with age, in hours (benchmarks/revisits.py).
ALPHA, BETA = 0.5, 1.2
TAU, K = 0.7, 1.1
#: Looks at a page are never further apart than this while it is watched at all.
LONGEST_WAIT = timedelta(days=30)
GONE_WAIT = timedelta(hours=6)  # until a page that answered 404, 410 or 451 is looked at again, doubled each time
FAILED_WAIT = timedelta(days=1)  # likewise where it was refused, or no page, and no time for another try is known
#: A list's interval after a look that brought nothing new, something, or much.
SLOWER, FASTER, MUCH = 1.5, 0.5, 3


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an article. Times UTC; exposure: `growth` over the stretches that looks have covered.

    state: how the last look ended: `text`, `gone`, `moved` or `failed`, so many times (`in_a_row`). hinted_at: when a
    list said that it changed, and no look has answered that yet; fooled: such hints in a row that were not true.
    """

    born_at: datetime
    looked_at: datetime | None = None
    changes: float = 0.0
    exposure: float = 0.0
    state: str = "text"
    in_a_row: int = 1
    next_try: datetime | None = None
    hinted_at: datetime | None = None
    fooled: int = 0


def growth(begin: float, end: float) -> float:
    """The integral of 1 / (age + TAU)^K between two ages in hours: how much change that stretch of life holds."""
    return float(((begin + TAU) ** (1 - K) - (end + TAU) ** (1 - K)) / (K - 1))


def reach(begin: float, amount: float) -> float:
    """The age in hours at which `growth` since `begin` is `amount`; infinite where it never will be."""
    left = (begin + TAU) ** (1 - K) - amount * (K - 1)
    return float(left ** (1 / (1 - K)) - TAU) if left > 1e-9 else float("inf")


def rate(known: Known) -> float:
    """The article's own rate of change, as its history has it so far."""
    return (ALPHA + known.changes) / (BETA + known.exposure)


def worth(known: Known, now: datetime) -> float:
    """How many changes a look now is likely to find: what looks compete by for a site's budget. 1 for a fresh hint."""
    if known.looked_at is None:
        return float("inf")
    if known.state != "text":
        return 0.0
    hint = 0.5**known.fooled if known.hinted_at else 0.0
    begin = hours(known.looked_at - known.born_at)
    return hint + rate(known) * growth(begin, max(begin, hours(now - known.born_at)))


def due(known: Known, revisit: float, watch: float) -> tuple[datetime | None, str]:
    """(when a page is worth a look, why); (None, why) where it no longer is.

    revisit: seconds until a new article is looked at for the second time, and between looks at least; watch: the age in
    seconds after which nothing but a hint brings a look.
    """
    last = known.looked_at
    if last is None:
        return known.born_at, "new"
    if known.next_try is not None:
        return known.next_try, "retry"
    if known.state == "moved":
        return last + LONGEST_WAIT, "moved"
    if known.state != "text":
        first = GONE_WAIT if known.state == "gone" else FAILED_WAIT
        return last + min(first * 2.0 ** min(known.in_a_row - 1, 20), LONGEST_WAIT), known.state
    least = timedelta(seconds=revisit)
    age = hours(last - known.born_at)
    wanted = (ALPHA / BETA) * growth(0.0, revisit / 3600.0) / rate(known)
    wait = min(LONGEST_WAIT, max(least, timedelta(hours=min(reach(age, wanted) - age, 1e4))))
    if known.hinted_at is not None:
        trusted = last + least * 2.0 ** min(known.fooled, 20) if known.fooled else last
        return min(max(known.hinted_at, trusted), last + wait), "hint"
    return (None, "old") if age * 3600.0 > watch else (last + wait, "look")


def paced(every: float, new: int, floor: float, ceiling: float) -> float:
    """A list's interval in seconds after a look that brought so many new articles: between floor and ceiling."""
    every *= SLOWER if not new else FASTER if new >= MUCH else 1.0
    return min(max(every, floor), max(ceiling, floor))


def hours(length: timedelta) -> float:
    """A length of time in hours; none of a negative one (a clock that was set back, a date in the future)."""
    return max(0.0, length.total_seconds() / 3600.0)
