"""How many cores, disks and machines a crawl of so many sites takes: a cost model, and a simulation that backs it.

    .venv/bin/python benchmarks/scale.py [--measure] [--events 150000] [--seed 1]

The model multiplies; the simulation queues. In it every site is one host that answers one request at a time, `delay`
seconds after the last; section pages and feeds are polled, articles appear as a Poisson process whose rate differs
from site to site (log-normal), and each is fetched, then looked at again. Each answer costs the crawler's core, a
reading core and the one writer their times, first come, first served. The hours simulated are those of the peak, when
`peak` times the day's average happens; all sites are simulated, for as long as `--events` requests take. Printed for
each size: what the model says, how busy each part was, and how late pages were (from due to written, median and 95th
percentile).

`--measure` measures the constants on this machine first (CPU times of reading, writing and merging one page, and its
bytes), on the newsroom's pages with 100 kB of what pages carry beside the news; without it those of docs/scale.md are
used, which were measured on real pages.
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

SIZES = (10, 100, 1_000, 10_000, 50_000)


@dataclass(frozen=True, slots=True)
class Costs:
    """CPU milliseconds of one core for one answer, and bytes. Sources: docs/scale.md."""

    fetch: float = 2.8  # request, answer, robots, hashing, batching
    read: float = 30.0  # one page in a worker, metadata, boxes and text
    write: float = 1.9  # the one writer: capture and reading of a new page, index included
    unchanged: float = 0.4  # the one writer: a 304, or a page that reads the same
    merge: float = 0.5  # the one writer: a row of a shard that is merged, instead of `write`
    bytes_new: int = 21_000  # of the file, for a page that was not there: payload, facts, reading, text, index
    bytes_again: int = 2_400  # for a page that was, edited
    bytes_same: int = 300  # for a 304
    bytes_wire: int = 36_000  # of the network, for a full answer


@dataclass(frozen=True, slots=True)
class Policy:
    """What is asked of a site in a day."""

    articles: float = 20.0  # new ones; 50,000 sites bring a million
    looks: int = 6  # later looks at each, over weeks
    changed: float = 0.25  # of those that find another page; the rest are 304
    lists: int = 3  # section pages and feeds
    polls: float = 24.0  # a day, each
    delay: float = 5.0  # seconds between requests to one host
    latency: float = 0.4  # seconds of an answer
    peak: float = 3.0  # the busiest hours, in the day's average


@dataclass(frozen=True, slots=True)
class Need:
    """What the model says of a crawl of so many sites."""

    requests: float  # a day
    pages: float  # read a day
    host: float  # share of the day that one site's host is asked
    fetching: float  # cores
    reading: float
    writer: float  # share of one core; above about 0.6 it is time for shards
    at_once: float  # sites that are being visited at one time
    disk: float  # GB a day
    network: float  # Mbit/s


def need(sites: int, costs: Costs, policy: Policy, *, shards: bool = False) -> Need:
    new = sites * policy.articles
    looks = new * policy.looks
    lists = sites * policy.lists * policy.polls
    again = looks * policy.changed + lists
    same = looks * (1 - policy.changed)
    requests, day = new + looks + lists, 86_400_000.0
    pages = new + again
    write = costs.merge if shards else costs.write
    writer = (pages * write + same * (costs.merge if shards else costs.unchanged)) / day
    return Need(
        requests,
        pages,
        requests / sites * (policy.delay + policy.latency) / 86_400,
        requests * costs.fetch / day,
        pages * costs.read / day,
        writer,
        requests * (policy.delay + policy.latency) / 86_400,
        (new * costs.bytes_new + again * costs.bytes_again + same * costs.bytes_same) / 1e9,
        (pages * costs.bytes_wire + same * 600) * 8 / 86_400 / 1e6,
    )


def arrivals(sites: int, seconds: float, policy: Policy, chance: random.Random) -> Iterator[tuple[float, int, bool]]:
    """(seconds, site, whether the answer is a page to be read) of everything that falls due at the peak, unordered."""
    rates = [math.exp(chance.gauss(0, 1.0)) for _ in range(sites)]
    scale = policy.peak * policy.articles * sites / sum(rates) / 86_400
    every = 86_400 / policy.polls / policy.peak
    for site, rate in enumerate(rates):
        begin = chance.uniform(0, every)
        for part in range(policy.lists):
            at = begin + part
            while at < seconds:
                yield at, site, True
                at += every
        # Looks at older articles come as often as new ones bring them on.
        for kind, often in (("new", 1.0), ("again", policy.looks * policy.changed),
                            ("same", policy.looks * (1 - policy.changed))):  # fmt: skip
            at = chance.expovariate(rate * scale * often)
            while at < seconds:
                yield at, site, kind != "same"
                at += chance.expovariate(rate * scale * often)


class Station:
    """So many servers, first come, first served."""

    def __init__(self, servers: int) -> None:
        self.free = [0.0] * max(1, servers)
        self.busy = 0.0

    def serve(self, at: float, seconds: float) -> float:
        begin = max(at, heapq.heappop(self.free))
        heapq.heappush(self.free, begin + seconds)
        self.busy += seconds
        return begin + seconds


def simulate(
    sites: int, cores: tuple[int, int], costs: Costs, policy: Policy, seconds: float, seed: int
) -> tuple[float, float, float, float, float]:
    """(busy fetching, reading, writing; lateness in seconds, median and 95th percentile).

    cores: fetching and reading; there is one writer.
    """
    chance = random.Random(seed)
    due = sorted(arrivals(sites, seconds, policy, chance))
    hosts = [0.0] * sites
    fetched: list[tuple[float, float, bool]] = []
    fetching, reading, writing = Station(cores[0]), Station(cores[1]), Station(1)
    for at, site, page in due:
        begin = max(at, hosts[site])
        hosts[site] = begin + policy.latency + policy.delay
        fetched.append((begin + policy.latency, at, page))
    read: list[tuple[float, float, bool]] = []
    for answered, at, page in sorted(fetched):
        done = fetching.serve(answered, costs.fetch / 1e3)
        read.append((done, at, page))
    written: list[tuple[float, float, bool]] = []
    for done, at, page in sorted(read):
        written.append((reading.serve(done, costs.read / 1e3) if page else done, at, page))
    late = []
    for done, at, page in sorted(written):
        cost = (costs.write if page else costs.unchanged) / 1e3
        late.append(writing.serve(done, cost) - at)
    late.sort()
    span = max(seconds, *reading.free, *writing.free)
    return (
        fetching.busy / len(fetching.free) / span,
        reading.busy / len(reading.free) / span,
        writing.busy / span,
        late[len(late) // 2],
        late[int(0.95 * len(late))],
    )


def measured() -> Costs:
    """The constants on this machine and the newsroom's pages."""
    from archive import Archive, Visit, extract, merge
    from tests.press import SITE, captures

    held = list(captures(300, padding=100_000))

    def per_page(began: float) -> float:
        return (time.process_time() - began) * 1e3 / len(held)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        with Archive.open(path) as archive:
            began = time.process_time()
            for start in range(0, len(held), 100):
                archive.store([Visit(one) for one in held[start : start + 100]])
            stored = per_page(began)
            began = time.process_time()
            found = [extract(one, SITE) for one in held]
            reading = per_page(began)
            began = time.process_time()
            for start in range(0, len(found), 100):
                archive.record(found[start : start + 100], held[start].captured_at)
            recorded = per_page(began)
            archive.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = path.stat().st_size / len(held)
        with Archive.open(Path(folder) / "b.db") as archive:
            began = time.process_time()
            merge(archive, path)
            merged = per_page(began)
    return replace(Costs(), read=reading, write=stored + recorded, merge=merged, bytes_new=int(size))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--events", type=int, default=150_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    costs, policy = measured() if chosen.measure else Costs(), Policy()
    print(costs)
    head = "sites,requests a day,pages a day,a host is busy,sites at once,fetching cores,reading cores,"
    head += "the writer,with shards,GB a day,Mbit/s"
    print(head.replace(",", " | "))
    for sites in SIZES:
        one, sharded = need(sites, costs, policy), need(sites, costs, policy, shards=True)
        print(
            f"{sites:,} | {one.requests:,.0f} | {one.pages:,.0f} | {one.host:.1%} | {one.at_once:.0f} | "
            f"{one.fetching:.2f} | {one.reading:.2f} | {one.writer:.1%} | {sharded.writer:.1%} | {one.disk:.2f} | "
            f"{one.network:.1f}"
        )
    print(f"\nat {policy.peak:.0f} times the average, with cores for so much of it:")
    print(
        "sites | of the model | fetching, reading cores | busy: fetching, reading, writer | seconds late: median, 95 %"
    )
    for sites in SIZES:
        one = need(sites, costs, policy)
        seconds = min(86_400.0, chosen.events / (one.requests * policy.peak / 86_400))
        for spare in (0.9, 1.2, 1.6):
            cores = tuple(math.ceil(part * policy.peak * spare) for part in (one.fetching, one.reading))
            busy = simulate(sites, (cores[0], cores[1]), costs, policy, seconds, chosen.seed)
            print(
                f"{sites:,} | {spare} | {cores[0]}, {cores[1]} | {busy[0]:.0%}, {busy[1]:.0%}, {busy[2]:.0%} | "
                f"{busy[3]:.1f}, {busy[4]:.1f}"
            )


if __name__ == "__main__":
    main()
