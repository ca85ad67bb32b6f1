"""How many revisions a revisit policy catches for its requests, beside the rules of others, on a simulated press.

    python -m benchmarks.revisits [--articles 400] [--quick]

The process. An article changes at the rate r / (age + tau)^k per hour, r drawn from a gamma distribution, for a share
of articles 0; each change brings another one soon after with some probability (live stories). That is the shape which
published archives of edits show: first versions dominate early, the rate decays with age, most articles are never
touched. `train` is the set of parameters at which the policy's four constants (archive/frontier.py) were chosen; all
other sets are held out. No real outlet is in it: the figures compare rules, and promise nothing of a given site.

The budget. NewsDiffs' tiers (15 min, 1 h, 3 h, 3 days, 30 days by age) give the number of requests; the tiers stretched
by a factor give smaller budgets. Every other rule's one knob is turned until it spends the same (within 1 %): the
interval of the fixed rule, diffengine's ratio of time since the last look to age (as it is meant, without its bug), and
our `revisit`.

Hints. A news sitemap or feed, asked every hour for new articles anyway, names an article for 48 hours; the outlet moves
its lastmod for `told` of the changes, and half as often again for none. NewsDiffs, diffengine and the fixed rule do not
listen. The last column also charges us the lists: a request an hour, shared by the articles that an outlet publishes.

A revision is caught when a look finds it as the newest; one that was overwritten before anybody looked is lost. Delay
is from a caught revision to the look that caught it, in hours: mean and median.
"""

from __future__ import annotations

import argparse
import bisect
import math
import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from archive.frontier import Known, due, growth

DAY = 24.0
HORIZON = 21 * DAY
T0 = datetime(2026, 11, 1, tzinfo=UTC)
LISTED = 48.0  # hours for which lists name an article
PER_DAY = 60  # articles that an outlet publishes a day, among which a list's requests are shared
TRAIN = {"still": 0.35, "shape": 0.6, "mean": 1.6, "tau": 0.7, "k": 1.15, "excite": 0.25, "lag": 1.5}
HELD_OUT = {
    "few changes": {"mean": 0.55},
    "fast decay": {"k": 1.4, "tau": 1.5, "mean": 1.5},
    "slow decay": {"k": 0.9, "tau": 0.5, "mean": 0.3},
    "live stories": {"excite": 0.45, "lag": 4.0, "mean": 0.4},
    "many still": {"still": 0.6, "mean": 1.2},
    "all alike": {"shape": 3.0, "still": 0.1, "mean": 0.4},
}


@dataclass(frozen=True)
class Article:
    """Ages in hours: how long it is watched, its changes, and when a list says that it changed (perhaps untruly)."""

    end: float
    changes: list[float]
    hints: list[float]


@dataclass(frozen=True)
class Score:
    looks: float
    caught: float
    mean_delay: float
    median_delay: float


Walk = Callable[[Article, Callable[[float], bool]], None]


def article(draw: random.Random, p: dict[str, float], told: float) -> Article:
    end = HORIZON - draw.random() * 14 * DAY
    changes: list[float] = []
    if draw.random() >= p["still"]:
        r, age = draw.gammavariate(p["shape"], p["mean"] / p["shape"]), 0.0
        while True:
            most = r / (age + p["tau"]) ** p["k"]
            age += draw.expovariate(max(most, 1e-12))
            if age >= end:
                break
            if draw.random() < r / (age + p["tau"]) ** p["k"] / most:
                changes.append(age)
    waiting = list(changes)
    while waiting:
        age = waiting.pop()
        if draw.random() < p["excite"]:
            later = age + draw.expovariate(1 / p["lag"])
            changes.append(later)
            waiting.append(later)
    changes = sorted(age for age in changes if age < end)
    bumps = [age for age in changes if draw.random() < told]
    bumps += [age + draw.expovariate(1 / 3.0) for age in changes if draw.random() < told / 2]
    phase = draw.random()
    # A list is asked once an hour: it is heard at the next asking, and only while it names the article.
    hints = sorted({math.ceil(age - phase) + phase for age in bumps if age < LISTED})
    return Article(end, changes, [age for age in hints if age < end])


def fixed(step: float) -> Walk:
    def walk(_: Article, look: Callable[[float], bool]) -> None:
        age = step
        while look(age) is not None:
            age += step

    return walk


def newsdiffs(stretch: float) -> Walk:
    tiers = ((3.0, 0.25), (DAY, 1.0), (7 * DAY, 3.0), (30 * DAY, 3 * DAY), (365 * DAY, 30 * DAY))

    def walk(_: Article, look: Callable[[float], bool]) -> None:
        age = 0.0
        while True:
            age += stretch * next(step for older, step in tiers if age < older)
            if look(age) is None:
                return

    return walk


def diffengine(ratio: float) -> Walk:
    def walk(_: Article, look: Callable[[float], bool]) -> None:
        age = 0.05
        while look(age) is not None:
            age = max(age + 0.05, age * (1 + ratio))

    return walk


def ours(revisit: float, listens: bool) -> Walk:
    """The policy itself, `archive.frontier.due`; revisit in seconds."""

    def walk(one: Article, look: Callable[[float], bool]) -> None:
        age = changes = exposure = 0.0
        fooled, heard, waiting = 0, 0, None
        hints = one.hints if listens else []
        while True:
            known = Known(
                T0, T0 + timedelta(hours=age), changes, exposure, fooled=fooled,
                hinted_at=None if waiting is None else T0 + timedelta(hours=waiting),
            )  # fmt: skip
            when, _ = due(known, revisit, 1e12)
            assert when
            following = max(age, (when - T0).total_seconds() / 3600)
            if heard < len(hints) and hints[heard] < following and waiting is None:
                waiting = max(age, hints[heard])
                heard += 1
                continue
            found = look(following)
            if found is None:
                return
            if waiting is not None and following >= waiting - 1e-6:
                fooled, waiting = 0 if found else fooled + 1, None
            while heard < len(hints) and hints[heard] <= following + 1e-6:
                heard += 1
            changes, exposure, age = changes + found, exposure + growth(age, following), following

    return walk


def score(press: list[Article], walk: Walk) -> Score:
    looks = caught = total = 0
    delays: list[float] = []
    for one in press:
        total += len(one.changes)
        seen = 0

        def look(age: float, one: Article = one) -> bool | None:
            nonlocal looks, caught, seen
            if age >= one.end:
                return None
            looks += 1
            now = bisect.bisect_right(one.changes, age)
            found = now > seen
            if found:
                caught += 1
                delays.append(age - one.changes[now - 1])
            seen = now
            return found

        walk(one, look)  # type: ignore[arg-type]
    return Score(looks / len(press), caught / total, statistics.fmean(delays), statistics.median(delays))


def at_budget(press: list[Article], rule: Callable[[float], Walk], looks: float, low: float, high: float) -> Score:
    """The score of a rule whose knob is turned until it spends so many looks an article (more knob, fewer looks)."""
    best = None
    for _ in range(18):
        middle = math.sqrt(low * high)
        best = score(press, rule(middle))
        if abs(best.looks / looks - 1) < 0.01:
            break
        low, high = (middle, high) if best.looks > looks else (low, middle)
    assert best is not None
    return best


def lists_cost() -> float:
    """Requests an article that an hourly list costs, while it names it."""
    return 24.0 / PER_DAY


def compare(name: str, p: dict[str, float], articles: int, stretch: float, told: float) -> dict[str, float]:
    draw = random.Random(f"{name} {told}")
    press = [article(draw, p, told) for _ in range(articles)]
    base = score(press, newsdiffs(stretch))
    looks = base.looks
    rules = {
        "newsdiffs": base,
        "fixed": at_budget(press, fixed, looks, 0.02, 500.0),
        "diffengine": at_budget(press, diffengine, looks, 0.001, 20.0),
        "ours": at_budget(press, lambda knob: ours(knob, False), looks, 2.0, 86_400.0),
        "with hints": at_budget(press, lambda knob: ours(knob, True), looks, 2.0, 86_400.0),
        "lists charged": at_budget(press, lambda knob: ours(knob, True), looks - lists_cost(), 2.0, 86_400.0),
    }
    changes = sum(len(one.changes) for one in press) / articles
    shown = "  ".join(f"{one.caught:.3f} ({one.mean_delay:.1f}/{one.median_delay:.1f})" for one in rules.values())
    print(f"{name:<13} {changes:5.2f} {looks:6.1f}  {shown}", flush=True)
    return {key: one.caught / base.caught for key, one in rules.items()} | {
        "over fixed": rules["with hints"].caught / rules["fixed"].caught,
        "over fixed, deaf": rules["ours"].caught / rules["fixed"].caught,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=400)
    parser.add_argument("--told", type=float, default=0.6, help="share of changes that lists tell of")
    parser.add_argument("--quick", action="store_true", help="one budget only")
    given = parser.parse_args()
    for stretch in (4.0,) if given.quick else (1.0, 4.0, 10.0):
        print(f"\nNewsDiffs' tiers stretched by {stretch:g}; lists tell of {given.told:.0%} of the changes.")
        print("process   changes  looks  share caught (mean/median delay in hours):")
        print("newsdiffs, fixed, diffengine, ours, ours with hints, the same with lists charged")
        gains: list[dict[str, float]] = []
        for name, over in {"train": {}, **HELD_OUT}.items():
            gain = compare(name, {**TRAIN, **over}, given.articles, stretch, given.told)
            if name != "train":
                gains.append(gain)
        for key in ("ours", "with hints", "lists charged", "over fixed, deaf", "over fixed"):
            ratios = [one[key] for one in gains]
            versus = "a fixed interval" if key.startswith("over") else "NewsDiffs"
            middle, ends = statistics.fmean(ratios), f"{min(ratios):.3f} to {max(ratios):.3f}"
            print(f"  {key:<17} held out, against {versus}: mean {middle:.3f}, {ends}")


if __name__ == "__main__":
    main()
