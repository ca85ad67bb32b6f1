"""A run on another machine: what a Dask worker does when it is given sites to visit.

The run is a process of its own, since Scrapy wants a main thread. It ends at once when the worker that started it is
gone: another worker may have been given the same sites by then, and a site is never visited by two. For the same reason
it ends when the command that sent it is gone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from archive import Site, strip

#: Seconds between two looks whether anybody still waits for a run.
LOOK = 1.0


def visit_elsewhere(job: dict[str, Any], seed: bytes, wanted: Callable[[], bool]) -> tuple[bytes, list[dict[str, Any]]]:
    """In a Dask worker: visit some sites; returns the shard with what they brought, and a summary of each run.

    job: sites (entries as JSON), due, contact, resolve, overrides. seed: a small archive with what is known of the
    sites. wanted: whether anybody still waits for the answer; the run is ended where nobody does. Raises RuntimeError
    with the last line that the run said, where it ended without a summary.
    """
    with tempfile.TemporaryDirectory(prefix="foreigndesk-") as folder:
        file = Path(folder) / "shard.db"
        file.write_bytes(seed)
        child = subprocess.Popen(
            [sys.executable, "-m", "crawler.cli.remote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        # Its input stays open as long as this worker lives.
        assert child.stdin is not None and child.stdout is not None and child.stderr is not None  # noqa: S101, PT018
        said: list[str] = []
        reader = threading.Thread(target=said.extend, args=(child.stderr,), daemon=True)
        reader.start()
        over = threading.Event()

        def watch() -> None:
            while not over.wait(LOOK):
                if not wanted():
                    child.kill()

        threading.Thread(target=watch, daemon=True).start()
        try:
            child.stdin.write(json.dumps({**job, "archive": str(file)}) + "\n")
            child.stdin.flush()
            answer = child.stdout.read()
            child.wait()
        finally:
            over.set()
            child.kill()
            child.wait()
        reader.join(5)
        if child.returncode or not answer:
            raise RuntimeError(f"The run ended with {child.returncode}: {(said or ['nothing was said'])[-1].strip()}")
        strip(file)
        return file.read_bytes(), json.loads(answer)


def main() -> None:
    """In the run's own process: read the job from standard input, visit, write the summaries to standard output."""
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_worker, daemon=True).start()
    from crawler.cli.visit import visit_once

    sites = [Site.from_entry(json.dumps(entry)) for entry in job["sites"]]
    # Whoever had these sites before may have asked for a page a moment ago, and be gone.
    pace = job["overrides"].get("DOWNLOAD_DELAY")
    time.sleep(max(site.delay for site in sites) if pace is None else float(pace))
    runs = visit_once(
        sites,
        Path(job["archive"]),
        contact=job["contact"],
        resolve=job["resolve"],
        executor="processes:1",
        quiet=True,
        overrides=job["overrides"],
        due=job["due"],
    )
    print(json.dumps([run.as_dict() for run in runs]))  # noqa: T201 - this is the answer


def _end_with_worker() -> None:
    sys.stdin.read()
    os._exit(3)


if __name__ == "__main__":
    main()
