"""What a schedule survives, and what it costs: kill -9, SIGTERM, the tick over a large archive, memory over many runs.

    python -m benchmarks.schedule kills [--kills 200]     # 3 sites every few seconds, killed at random moments
    python -m benchmarks.schedule terms [--terms 20]      # SIGTERM at random moments: exit code and seconds
    python -m benchmarks.schedule tick                    # 400 sites, 200,000 known articles: deciding what is due
    python -m benchmarks.schedule memory [--runs 2000]    # memory of one process over many runs, as a slope

Everything runs against the bundled newsroom on this machine. `kills` checks afterwards: every slot that was begun is
done exactly once, every other slot is counted in the row of the next run, the file is sound, every capture that was
ever committed is there still, and no host was asked twice within its delay.
"""

from __future__ import annotations

import argparse
import gc
import random
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crawler.newsroom import Newsroom

SITES = ("meridian", "minato", "ledger")
EVERY = 5
DELAY = 0.1


def command(room: Newsroom, path: Path, *more: str) -> list[str]:
    resolved = [word for pair in room.resolve.items() for word in ("--resolve", "=".join(pair))]
    return [
        sys.executable, "-m", "crawler.cli", "schedule", "run", *SITES, "--sites", str(room.sites_file), "--archive",
        str(path), "--every", f"{EVERY}s", "--delay", str(DELAY), "--executor", "serial", "--log", "text", *resolved,
        *more,
    ]  # fmt: skip


def committed(path: Path) -> set[tuple[str, str]]:
    """The captures that are in the file now."""
    if not path.exists():
        return set()
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as file:
            return set(file.execute("SELECT url, captured_at FROM capture_rows").fetchall())
    except sqlite3.Error:
        return set()


def kills(count: int, seed: int, calm: str = "45s") -> bool:
    """kill -9 at random moments, then one life of `calm` that ends by itself; returns whether all held."""
    draw = random.Random(seed)
    folder = Path(tempfile.mkdtemp())
    path = folder / "kills.db"
    known: set[tuple[str, str]] = set()
    lost = 0
    stages: Counter[str] = Counter()
    began = time.monotonic()
    try:
        with Newsroom() as room:
            for number in range(count):
                room.edition = 1 + number % 2
                child = subprocess.Popen(
                    command(room, path), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
                )
                if number % 5:
                    assert child.stderr
                    child.stderr.readline()  # it has begun: most kills are to meet it at work
                    time.sleep(draw.uniform(0.0, 4.0))
                else:
                    time.sleep(draw.uniform(0.1, 1.5))
                child.kill()
                child.communicate()
                now = committed(path)
                lost += len(known - now)
                known |= now
                stages["captures" if len(now) else "no capture yet"] += 1
                if number % 20 == 19:
                    print(f"  {number + 1} kills, {len(known)} captures, {time.monotonic() - began:.0f} s", flush=True)
            end = subprocess.Popen(command(room, path, "--until", calm), stderr=subprocess.DEVNULL)
            code = end.wait(120)
            # What that stop itself cut off.
            code += subprocess.run(command(room, path, "--once"), stderr=subprocess.DEVNULL, check=False).returncode
            gaps = least_gaps(room)
        return report(path, count, lost, code, gaps)
    finally:
        shutil.rmtree(folder)


def least_gaps(room: Newsroom) -> tuple[float, int]:
    """(shortest time between two requests to one host, how many were shorter than the delay)."""
    at: dict[str, list[float]] = {}
    for exchange in room.log:
        at.setdefault(exchange.host, []).append(exchange.at)
    gaps = [b - a for times in at.values() for a, b in zip(sorted(times), sorted(times)[1:], strict=False)]
    return min(gaps), sum(gap < DELAY - 0.005 for gap in gaps)


def report(path: Path, count: int, lost: int, code: int, gaps: tuple[float, int]) -> bool:
    with closing(sqlite3.connect(path)) as file:
        states = dict(file.execute("SELECT state, count(*) FROM runs GROUP BY state").fetchall())
        twice = file.execute(
            "SELECT count(*) FROM (SELECT 1 FROM runs WHERE state = 'done' GROUP BY site, due HAVING count(*) > 1)"
        ).fetchone()[0]
        undone = file.execute(
            "SELECT count(*) FROM (SELECT site, due FROM runs GROUP BY site, due HAVING sum(state = 'done') = 0)"
        ).fetchone()[0]
        unaccounted = 0
        for (site,) in file.execute("SELECT DISTINCT site FROM runs").fetchall():
            rows = file.execute(
                "SELECT due, missed FROM runs WHERE site = ? AND planned = 'lists' AND state = 'done' ORDER BY due",
                (site,),
            ).fetchall()
            first, last = (datetime.fromisoformat(rows[n][0]).timestamp() for n in (0, -1))
            unaccounted += abs(round((last - first) / EVERY) - sum(1 + missed for _, missed in rows[1:]))
        sound = file.execute("PRAGMA integrity_check").fetchone()[0]
        keys = file.execute("PRAGMA foreign_key_check").fetchall()
        captures = file.execute("SELECT count(*) FROM capture_rows").fetchone()[0]
    print(f"{count} kill -9, {captures} captures; runs by state: {states}; exit code of the last life {code}")
    print(f"  slots done twice: {twice}; begun and never done: {undone}; unaccounted for: {unaccounted}")
    print(f"  committed captures lost: {lost}; integrity_check: {sound}; foreign keys broken: {len(keys)}")
    print(f"  shortest gap between two requests to a host: {gaps[0]:.3f} s (delay {DELAY}); shorter ones: {gaps[1]}")
    return not (twice or undone or unaccounted or lost or keys or gaps[1] or code) and sound == "ok"


def terms(count: int, seed: int) -> bool:
    """SIGTERM at random moments."""
    draw = random.Random(seed)
    folder = Path(tempfile.mkdtemp())
    codes: Counter[int] = Counter()
    took = []
    try:
        with Newsroom(generated=200, latency=0.05) as room:
            for _ in range(count):
                child = subprocess.Popen(
                    command(room, folder / "terms.db"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
                )
                time.sleep(draw.uniform(1.5, 6.0))
                child.send_signal(signal.SIGTERM)
                began = time.monotonic()
                _, said = child.communicate(timeout=60)
                took.append(time.monotonic() - began)
                codes[child.returncode] += 1
                assert "Traceback" not in said, said
            open_rows = sqlite3.connect(folder / "terms.db").execute(
                "SELECT count(*) FROM runs WHERE state IN ('running', 'queued')"
            ).fetchone()[0]  # fmt: skip
    finally:
        shutil.rmtree(folder)
    print(f"{count} SIGTERM: exit codes {dict(codes)}")
    print(f"  seconds to the end: median {statistics.median(took):.2f}, worst {max(took):.2f}")
    print(f"  rows left open: {open_rows}")
    return set(codes) == {0} and max(took) < 10 and not open_rows


def tick(sites: int, articles: int) -> bool:
    """The tick that decides what is due, in steady state and at its worst: right after a start."""
    from archive import Archive, Site, timestamp
    from crawler.schedule import Schedule

    folder = Path(tempfile.mkdtemp())
    now = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)
    draw = random.Random(6)
    chosen = [Site(f"site{n}", home=f"http://s{n}.test/", sections=(f"http://s{n}.test/w",)) for n in range(sites)]
    try:
        with Archive.open(folder / "tick.db") as archive:
            archive.know(chosen, now)
            with archive.writing() as connection:
                for n in range(articles):
                    site = chosen[n % sites]
                    due = now + timedelta(seconds=draw.uniform(-300, 30 * 86_400))
                    url = f"http://s{n % sites}.test/world/2026/11/article-{n}"
                    connection.execute(
                        "INSERT INTO pages (url, site, kind, discovered_at) VALUES (?, ?, 'article', ?)",
                        (url, site.key, timestamp(now)),
                    )
                    connection.execute(
                        "INSERT INTO frontier (url, site, kind, due_at, why, born_at, first_at, looked_at, looks) "
                        "VALUES (?, ?, 'article', ?, 'look', ?, ?, ?, 3)",
                        (url, site.key, timestamp(due), *[timestamp(now - timedelta(days=2))] * 3),
                    )
                for site in chosen:
                    for hours in range(240):
                        due = timestamp(now.replace(minute=0, second=0) - timedelta(hours=hours))
                        connection.execute(
                            "INSERT INTO runs (site, due, attempt, state, started_at, finished_at, planned) "
                            "VALUES (?, ?, 1, 'done', ?, ?, 'lists')", (site.key, due, due, due),
                        )  # fmt: skip
            schedule = Schedule(archive, None, chosen, clock=lambda: now, note=lambda *_, **__: None)  # type: ignore[arg-type]
            worst, steady = [], []
            for _ in range(20):
                schedule._not_before.clear()
                worst.append(_timed(lambda: schedule.wanted(now)))
                steady.append(_timed(lambda: schedule.wanted(now)))
            choice = [_timed(lambda site=site: archive.due(site.key, now)) for site in chosen[:50]]
    finally:
        shutil.rmtree(folder)
    print(f"{sites} sites, {articles:,} known articles, {240 * sites:,} runs in the ledger, milliseconds a tick:")
    print(f"  every site asked about: median {statistics.median(worst):.1f}, worst {max(worst):.1f}")
    print(f"  steady state: median {statistics.median(steady):.2f}, worst {max(steady):.2f}")
    print(f"  choosing one run's articles: median {statistics.median(choice):.2f}, worst {max(choice):.2f}")
    return statistics.median(worst) < 100


def _timed(work: object) -> float:
    began = time.perf_counter()
    work()  # type: ignore[operator]
    return (time.perf_counter() - began) * 1000


def memory(runs: int) -> bool:
    """Resident memory of one process over many runs of the real crawler; the slope of its second half."""
    import asyncio

    from archive import Archive, load_sites
    from crawler.run import Desk, crawl_settings
    from crawler.schedule import Schedule
    from crawler.spiders import workers

    folder = Path(tempfile.mkdtemp())
    sizes: list[tuple[int, float]] = []
    clock = [datetime(2026, 11, 24, 12, tzinfo=UTC)]

    def now() -> datetime:
        clock[0] += timedelta(milliseconds=1)
        return clock[0]

    async def work(room: Newsroom, path: Path) -> None:
        sites = [site for site in load_sites(room.sites_file).values() if site.key in SITES]
        settings = crawl_settings(
            path, sites, contact=None, resolve=room.resolve, overrides={"DOWNLOAD_DELAY": 0, "CLOCK": now}
        )
        with Archive.open(path) as archive, workers(settings, "serial") as executor:
            desk = Desk(settings, executor)
            schedule = Schedule(archive, desk, sites, clock=now, note=lambda *_, **__: None)
            done = 0
            while done < runs:
                clock[0] += timedelta(hours=1)
                await schedule.tick()
                await asyncio.gather(*schedule._running.values())
                await asyncio.sleep(0)
                done += len(sites)
                room.log.clear()
                if done % 60 == 0:
                    gc.collect()
                    sizes.append((done, resident()))

    try:
        with Newsroom() as room:
            asyncio.run(work(room, folder / "memory.db"))
    finally:
        shutil.rmtree(folder)
    half = sizes[len(sizes) // 2 :]
    slope = statistics.linear_regression(*zip(*half, strict=True)).slope
    print(f"{sizes[-1][0]} runs: {sizes[0][1]:.1f} MiB after {sizes[0][0]}, {half[0][1]:.1f} after {half[0][0]}, "
          f"{sizes[-1][1]:.1f} at the end; slope of the second half {slope * 1000:.2f} MiB per 1,000 runs")  # fmt: skip
    return slope * 1000 < 1.0


def resident() -> float:
    """Resident memory in MiB (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["kills", "terms", "tick", "memory"])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--terms", type=int, default=20)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=6)
    given = parser.parse_args()
    asked = {
        "kills": lambda: kills(given.kills, given.seed),
        "terms": lambda: terms(given.terms, given.seed),
        "tick": lambda: tick(400, 200_000),
        "memory": lambda: memory(given.runs),
    }
    if not asked[given.what]():
        sys.exit("Not reached.")


if __name__ == "__main__":
    main()
