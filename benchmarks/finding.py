"""How well the international section is found on real pages, with held-out words.

    python -m benchmarks.finding gold.jsonl pages/ [--errors]

gold.jsonl: one page a line, {"id", "page_url", "language", "section_links": [{"href"}], "also_accepted": [{"href"}]};
pages/ID.html.gz. A hit is one of the accepted links (scheme, `www.`, query, slash and index file aside), or nothing
where no link is gold. Three rows are printed:

- *all words*: as the program runs;
- *without the words seen on such pages*: the languages whose row of the word list was written with pages of this kind
  in view (`source` = `pages` in section_names.tsv: English, German, French and others) lose all of their words, so
  labels must be known from other languages, the CLDR's word for the world, paths and structure;
- *each page without its own language*: the words of the page's language are held back, names and neighbours alike,
  and so is English where the page is English. What is left is what an outlet in an unknown language meets.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from archive.links.finding import find_lists

Row = dict[str, Any]


def plain(url: str) -> str:
    """Host and path: what the gold's own scorer compares."""
    parts = urlsplit(url.strip())
    path = re.sub(r"/+", "/", unquote(parts.path))
    return (parts.hostname or "").removeprefix("www.") + re.sub(r"/index\.(html?|php)$", "/", path).rstrip("/")


def hit(row: Row, url: str | None) -> bool:
    accepted = {plain(one["href"]) for one in row["section_links"] + row.get("also_accepted", [])}
    return plain(url) in accepted if url else not row["section_links"]


def measure(rows: list[Row], pages: Path, name: str, drop: Callable[[Row], frozenset[str]], errors: bool) -> None:
    hits: dict[bool, list[bool]] = {True: [], False: []}
    start = time.process_time()
    for row in rows:
        payload = gzip.decompress((pages / f"{row['id']}.html.gz").read_bytes())
        section = find_lists(payload, row["page_url"], "text/html; charset=utf-8", drop(row)).section
        right = hit(row, section and section.url)
        hits[bool(row["section_links"])].append(right)
        if errors and not right:
            print(f"    {row['id']}: {section and section.url}")
    spent = (time.process_time() - start) / len(rows)
    shares = [sum(some) / len(some) if some else 1.0 for some in (hits[True], hits[False])]
    print(f"{name:<44} hit@1 {shares[0]:.3f} of {len(hits[True])} with a section, null {shares[1]:.3f} of "
          f"{len(hits[False])} without one, {1000 * spent:.0f} ms CPU a page")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("gold", type=Path)
    parser.add_argument("pages", type=Path)
    parser.add_argument("--errors", action="store_true", help="name the pages that were missed")
    asked = parser.parse_args()
    rows = [json.loads(line) for line in asked.gold.read_text(encoding="utf-8").splitlines() if line.strip()]
    for name, drop in (
        ("all words", lambda row: frozenset()),
        ("without the words seen on such pages", lambda row: frozenset({"pages"})),
        ("each page without its own language", lambda row: frozenset({row["language"]})),
    ):
        measure(rows, asked.pages, name, drop, asked.errors)


if __name__ == "__main__":
    main()
