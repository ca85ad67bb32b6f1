"""kill -9 of workers and of the parent at random moments of re-extraction: every table ends byte for byte the same.

    .venv/bin/python benchmarks/rereading_faults.py [--kills 50] [--pages 400] [--seed 1]

One archive is read again and again, each time by another version of the rules. Meanwhile, at random moments, the whole
process or one of its workers is killed; what was cut off is started again. Then the same readings are made undisturbed
in a copy, and every row of every table of both is compared, numbers of the file's own included. Exit code 1: they
differ.
"""

from __future__ import annotations

import argparse
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from os import kill
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from archive import Archive, verify
from benchmarks.rereading import below
from tests.press import captures, fill

SCRIPT = """
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from archive import Archive, Selection, open_executor, reextract
from tests.press import SITE
version = int(sys.argv[2])
at = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=version)
with Archive.open(sys.argv[1]) as archive, open_executor("processes:2") as workers:
    rules = {"meridian": replace(SITE, prune=(f"//v{version}",))}
    tally = reextract(archive, rules, workers, which=Selection("stale"), clock=lambda: at)
    assert not tally.problems, tally.problems
"""


def dump(path: Path) -> list[tuple[object, ...]]:
    with Archive.open(path) as archive:
        connection = archive.db.conn
        named = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '[_]*' AND name NOT LIKE 'sqlite%'"
        ).fetchall()
        return [(name, *row) for (name,) in named for row in connection.execute(f'SELECT * FROM "{name}"')]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    chance = random.Random(chosen.seed)
    with tempfile.TemporaryDirectory() as folder:
        path, calm = Path(folder) / "killed.db", Path(folder) / "calm.db"
        with Archive.open(path) as archive:
            fill(archive, list(captures(chosen.pages)))
        source = sqlite3.connect(path)
        source.execute("VACUUM INTO ?", (str(calm),))
        source.close()
        version, parents, workers = 1, 0, 0
        while parents + workers < chosen.kills:
            child = subprocess.Popen([sys.executable, "-c", SCRIPT, str(path), str(version)])
            while child.poll() is None and parents + workers < chosen.kills:
                time.sleep(chance.uniform(0.2, 2.5))
                some = below(child.pid)
                if child.poll() is None and chance.random() < 0.4:
                    child.kill()
                    parents += 1
                elif child.poll() is None and some:
                    pid = chance.choice(some[1:] or some)  # a fork server's children, not itself, where there are any
                    with suppress(ProcessLookupError):
                        kill(pid, signal.SIGKILL)
                        workers += 1
            if child.wait() == 0:
                version += 1
            elif child.returncode != -signal.SIGKILL:
                print(f"the run ended with {child.returncode} after a kill: started again")
            print(f"{parents} kills of the parent, {workers} below it, version {version}", flush=True)
        for last in range(1, version + 1):
            for file in (path, calm) if last == version else (calm,):
                subprocess.run([sys.executable, "-c", SCRIPT, str(file), str(last)], check=True)
        one, two = dump(path), dump(calm)
        with Archive.open(path) as archive:
            findings = list(verify(archive))
        print(
            f"{len(one):,} rows of {version} versions, {'equal' if one == two else 'DIFFERENT'}; findings: {findings}"
        )
        sys.exit(0 if one == two and not findings else 1)


if __name__ == "__main__":
    main()
