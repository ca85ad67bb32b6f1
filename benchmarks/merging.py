"""How fast archives are merged, beside a plain SQL copy of the same rows in the same run.

    .venv/bin/python benchmarks/merging.py [--pages 2000] [--padding 60000] [--rounds 3]

An archive of the newsroom's generated articles, read, is brought into an empty one: by `archive.merge` (its check of
every payload, capture, chain, text and reading included, and shown apart), and by INSERT ... SELECT of all rows of all
tables, with one transaction a table and the index filled from the texts by the same words. Ratios are medians over
rounds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from archive import Archive, index, merge
from tests.press import SITE, captures, fill


def copy(path: Path, to: Path) -> float:
    with Archive.open(to) as archive:
        connection = archive.db.conn
        began = time.perf_counter()
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("ATTACH ? AS s", (str(path),))
        tables = connection.execute(
            "SELECT name FROM s.sqlite_master WHERE type = 'table' AND name NOT LIKE 'texts_fts%' "
            "AND name NOT LIKE 'sqlite%' AND name NOT GLOB '[_]*'"
        ).fetchall()
        for (table,) in tables:
            with archive.writing():
                connection.execute(f"INSERT INTO main.{table} SELECT * FROM s.{table}")
        with archive.writing():
            index.rebuild(connection)
        connection.execute("DETACH s")
        return time.perf_counter() - began


def bring(path: Path, to: Path, *, checked: bool) -> float:
    with Archive.open(to) as archive:
        began = time.perf_counter()
        merge(archive, path, checked=checked)
        return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--padding", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    spent: dict[str, list[float]] = {"copy": [], "merge": [], "merge, unchecked": [], "merge again": []}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "from.db"
        with Archive.open(path) as archive:
            archive.know([SITE], next(captures(1)).captured_at)
            fill(archive, list(captures(chosen.pages, padding=chosen.padding)))
        for number in range(chosen.rounds):
            spent["copy"].append(copy(path, Path(folder) / f"copy-{number}.db"))
            into = Path(folder) / f"merge-{number}.db"
            spent["merge"].append(bring(path, into, checked=False))
            spent["merge again"].append(bring(path, into, checked=False))
            spent["merge, unchecked"].append(bring(path, Path(folder) / f"quick-{number}.db", checked=True))
    for name, seconds in spent.items():
        print(f"{name:<20}{chosen.pages / statistics.median(seconds):9.0f} pages/s")
    for name in ("merge", "merge, unchecked", "merge again"):
        ratio = statistics.median(a / b for a, b in zip(spent["copy"], spent[name], strict=True))
        print(f"{name} / plain copy: {ratio:.2f}{' (bar 0.5)' if name == 'merge' else ''}")


if __name__ == "__main__":
    main()
