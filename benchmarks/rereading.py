"""What reading an archive again costs, beside bare trafilatura on the same pages in the same number of processes.

    .venv/bin/python benchmarks/rereading.py [--pages 600] [--corpus DIR] [--rounds 3] [--memory 20000] [--only speed]

Pages: the newsroom's generated articles with 100 kB of what pages carry beside the news; with `--corpus` (a folder with
manifest.jsonl and pages as gzip, as benchmarks/extraction.py takes it) real ones, repeated under other addresses until
there are enough. Everything is timed in turn, round after round, and printed as a ratio of medians:

- *bare*: `trafilatura.bare_extraction` with metadata on payloads in memory, in two processes;
- *reading*: `archive.extract` in its place: what the issue of reading a page adds beyond trafilatura;
- *end to end*: `archive.reextract --all`: read, decompress, extract, write; its ratio to *reading* is what all of the
  way round it costs, with one process and with two;
- *CPU*: of this process a page from end to end, beside that of `archive.extract`: the same ratio on a machine
  that others use as well, where walls say little;
- *dry run*: `archive.trial` with its report as HTML, beside the plain run;
- *memory*: of this process and of its workers while `--memory` pages are read, at the start and at the end.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import trafilatura

from archive import Archive, Capture, Executor, Selection, Site, Visit, extract, open_executor, reextract, trial
from archive.passes import read_chunk
from crawler.cli.html import trial_page
from tests.press import AT, captures

CHUNK = 16


def pages(count: int, corpus: Path | None) -> Iterator[Capture]:
    if corpus is None:
        yield from captures(count, padding=100_000)
        return
    rows = [json.loads(line) for line in (corpus / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    payloads = [(row, gzip.decompress((corpus / row["file"]).read_bytes())) for row in rows]
    for number, (row, payload) in enumerate(islice(cycle(payloads), count)):
        # Another comment makes other bytes of a page that was there before.
        yield Capture(
            f"https://{row['domain'] or 'page.example'}/world/{row['id']}/{number}",
            AT + timedelta(seconds=number), site=row["domain"] or "page", status=200,
            payload=payload + f"<!-- {number} -->".encode(), content_type="text/html; charset=utf-8",
        )  # fmt: skip


def bare_chunk(payloads: list[bytes]) -> list[str | None]:
    """In a worker: bare trafilatura on some pages."""
    found = []
    for payload in payloads:
        try:
            document = trafilatura.bare_extraction(payload, with_metadata=True)
        except Exception:  # noqa: BLE001 - some pages make it raise
            document = None
        found.append(document.text if document is not None else None)
    return found


def alone(executor: Executor, function: Callable[..., object], chunks: list[tuple[object, ...]]) -> float:
    """Seconds for chunks that are in memory, nothing read and nothing written."""
    from archive import run_bounded

    began = time.perf_counter()
    for _, future in run_bounded(executor, function, iter(chunks)):
        future.result()
    return time.perf_counter() - began


def cpu(path: Path, sites: dict[str, Site], held: list[Capture]) -> tuple[float, float]:
    """CPU milliseconds a page: of reading it, and of this process for all of the way round it."""
    some = held[:: max(1, len(held) // 100)]
    began = time.process_time()
    for one in some:
        extract(one)
    reading = (time.process_time() - began) * 1e3 / len(some)
    with open_executor("processes:2") as workers:
        began = time.process_time()
        whole(path, sites, workers)
        return reading, (time.process_time() - began) * 1e3 / len(held)


def whole(path: Path, sites: dict[str, Site], executor: Executor) -> float:
    with Archive.open(path) as archive:
        began = time.perf_counter()
        reextract(archive, sites, executor, which=Selection("all"))
        return time.perf_counter() - began


def dry(path: Path, sites: dict[str, Site], executor: Executor) -> float:
    began = time.perf_counter()
    with Archive.read(path) as archive:
        found = trial(archive, sites, executor, which=Selection("all"))
    trial_page(found, "trial")
    return time.perf_counter() - began


def speed(path: Path, held: list[Capture], rounds: int) -> None:
    with Archive.open(path) as archive:
        for start in range(0, len(held), 100):
            archive.store([Visit(one) for one in held[start : start + 100]])
    sites = {one.site: Site(one.site, home=f"https://{one.site}/") for one in held}
    captured = sorted(held, key=lambda one: (one.site, one.captured_at))
    chunks = [captured[n : n + CHUNK] for n in range(0, len(captured), CHUNK)]
    bare = [([one.payload for one in chunk],) for chunk in chunks]
    ours = [(chunk, None) for chunk in chunks]
    spent: dict[str, list[float]] = {}
    with open_executor("processes:1") as one, open_executor("processes:2") as two:
        whole(path, sites, two)
        # Another version reads, so that rows are written and not only replaced.
        for number in range(rounds):
            others = {key: replace(site, prune=(f"//x{number}",)) for key, site in sites.items()}
            for name, work in (
                ("bare", lambda: alone(two, bare_chunk, bare)),
                ("reading", lambda: alone(two, read_chunk, ours)),
                ("end to end", lambda others=others: whole(path, others, two)),
                ("dry run", lambda others=others: dry(path, others, two)),
                ("reading, one process", lambda: alone(one, read_chunk, ours)),
                ("end to end, one process", lambda others=others: whole(path, others, one)),
            ):
                spent.setdefault(name, []).append(work())
    middle = {name: statistics.median(times) for name, times in spent.items()}
    for name, seconds in middle.items():
        print(f"{name:<26}{len(held) / seconds:8.1f} pages/s   {[round(t, 2) for t in spent[name]]}")

    def ratio(one: str, other: str) -> float:
        """How much of the one's pages/s the other reaches: the median of the rounds' own ratios."""
        return statistics.median(a / b for a, b in zip(spent[one], spent[other], strict=True))

    print(f"end to end / reading alone, two processes: {ratio('reading', 'end to end'):.2f} (bar 0.9)")
    pairs = ratio("reading, one process", "end to end, one process")
    print(f"end to end / reading alone, one process: {pairs:.2f}")
    print(f"end to end, two processes / one: {ratio('end to end, one process', 'end to end'):.2f} (bar 1.8)")
    print(f"  of which reading alone reaches: {ratio('reading, one process', 'reading'):.2f}")
    reading, here = cpu(path, {key: replace(site, prune=("//z",)) for key, site in sites.items()}, held)
    print(f"CPU: {reading:.1f} ms of reading a page, {here:.2f} ms round it; ratio {reading / (reading + here):.2f}")
    print(f"reading / bare trafilatura, seconds: {ratio('reading', 'bare'):.2f} (what reading a page adds)")
    print(f"dry run with report / plain run, seconds: {ratio('dry run', 'end to end'):.2f} (bar 1.3)")


def memory(path: Path, held: list[Capture], count: int) -> None:
    """Resident memory while the same pages are read under one address after another."""
    total = 0
    seen: list[tuple[int, int, int]] = []
    with Archive.open(path) as archive, open_executor("processes:2") as workers:
        number = 0
        while total < count:
            number += 1
            rules = {one.site: Site(one.site, home=f"https://{one.site}/", prune=(f"//y{number}",)) for one in held}
            total += reextract(archive, rules, workers, which=Selection("all")).pages
            ours, theirs = resident(os.getpid()), sum(map(resident, below(os.getpid())))
            seen.append((total, ours, theirs))
            print(f"{total:>8,} pages: {ours / 1e6:6.0f} MB here, {theirs / 1e6:6.0f} MB in workers", flush=True)
    middle = seen[len(seen) // 4]
    print(f"here: {(seen[-1][1] - middle[1]) / max(1, seen[-1][0] - middle[0]) * 1000 / 1e3:+.1f} kB per 1,000 pages")


def resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
    except OSError:
        return 0


def below(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == pid:
                found += [int(entry.name), *below(int(entry.name))]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--memory", type=int, default=20_000)
    parser.add_argument("--only", choices=("speed", "memory"))
    chosen = parser.parse_args()
    held = list(pages(chosen.pages, chosen.corpus))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive.db"
        if chosen.only != "memory":
            speed(path, held, chosen.rounds)
        if chosen.only != "speed":
            with Archive.open(path) as archive:
                for start in range(0, len(held), 100):
                    archive.store([Visit(one) for one in held[start : start + 100]])
            memory(path, held, chosen.memory)


if __name__ == "__main__":
    main()
