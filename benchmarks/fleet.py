"""A crawl on Dask beside one in this process: the same archive but for times, and every host's delay kept.

    .venv/bin/python benchmarks/fleet.py [--sites 40] [--workers 2] [--delay 0.05]

The newsroom serves so many sites. They are crawled by Dask's workers, started here on loopback, and by one process;
what both archives hold is compared, and the newsroom's log says how far apart requests to one host came.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from archive import load_sites, open_executor
from crawler.cli.fleet import crawl_elsewhere
from crawler.cli.visit import visit_once
from crawler.newsroom import Newsroom
from tests.test_cluster import Started, gaps, said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--delay", type=float, default=0.05)
    chosen = parser.parse_args()
    limits = {"DOWNLOAD_DELAY": chosen.delay, "RETRY_TIMES": 1, "RETRY_SECONDS": 0.1, "DOWNLOAD_TIMEOUT": 10}
    with tempfile.TemporaryDirectory() as name, Newsroom(sites=max(0, chosen.sites - 7)) as room:
        folder = Path(name)
        (folder / "sites.toml").write_text(room.catalogue, encoding="utf-8")
        sites = list(load_sites(folder / "sites.toml").values())[: chosen.sites]
        started = Started(folder, chosen.workers)
        try:
            started.ready(chosen.workers)
            for file in ("there.db", "here.db"):
                began, asked = time.perf_counter(), len(room.log)
                if file == "there.db":
                    with open_executor(started.spec) as cluster:
                        runs = crawl_elsewhere(sites, folder / file, cluster, resolve=room.resolve, overrides=limits)
                else:
                    runs = visit_once(sites, folder / file, resolve=room.resolve, quiet=True, overrides=limits)
                print(
                    f"{file}: {len(runs)} sites, {time.perf_counter() - began:.1f} s, "
                    f"{len(room.log) - asked} requests, states {sorted({run.state for run in runs})}, "
                    f"shortest gap at a host {gaps(room, asked):.3f} s"
                )
        finally:
            started.stop()
        there, here = said(folder / "there.db"), said(folder / "here.db")
        for what in here:
            print(f"{what}: {len(here[what])} rows, {'the same' if here[what] == there[what] else 'DIFFERENT'}")
        sys.exit(0 if there == here else 1)


if __name__ == "__main__":
    main()
