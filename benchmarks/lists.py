"""How quickly lists are read and the catalogue is listed, each beside the least that could do it, in one run.

    python -m benchmarks.lists

- a news sitemap of 1,000 entries, beside lxml parsing it alone;
- a section page of 5,000 links, beside lxml parsing it alone;
- `foreigndesk sites list` as a command of its own, beside an interpreter that only imports click.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree, html

from archive import Capture, load_sites, read_listing
from crawler.places import SHIPPED

BASE = "https://www.gull-gazette.example"


def cpu(work: Callable[[], object], times: int = 5) -> float:
    """The least CPU seconds of several runs."""
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def wall(words: list[str], times: int = 5) -> float:
    """The least seconds that a command takes as a person sees it."""
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        best = min(best, time.perf_counter() - start)
    return best


def read(kind: str, payload: bytes) -> int:
    capture = Capture(f"{BASE}/{kind}", datetime(2026, 11, 24, tzinfo=UTC), kind=kind, status=200, payload=payload)
    return len(read_listing(capture).links)


def tell(name: str, ours: float, least: float, note: str) -> None:
    print(f"{name:<42} {ours:6.3f} s   {ours / least:5.1f} x {note}")


def main() -> None:
    news = "".join(
        f"<url><loc>{BASE}/n/{n}</loc><news:news><news:publication_date>2026-11-24T10:00:00Z</news:publication_date>"
        f"<news:title>Story number {n} of the harbour</news:title></news:news></url>"
        for n in range(1_000)
    )
    spaces = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    sitemap = f"<urlset {spaces}>{news}</urlset>".encode()
    assert read("sitemap", sitemap) == 1_000
    tell("news sitemap of 1,000 entries, CPU", cpu(lambda: read("sitemap", sitemap)),
         cpu(lambda: etree.fromstring(sitemap)), "lxml's parse")  # fmt: skip
    cards = "".join(
        f'<li><article><h3><a href="/world/2026/11/24/harbour-{10_000 + n}">A story of the harbour, number {n}</a></h3>'
        "</article></li>"
        for n in range(5_000)
    )
    page = f"<html><body><nav><a href='/world'>World</a></nav><main><ul>{cards}</ul></main></body></html>".encode()
    assert read("section", page) == 5_000
    tell("section page of 5,000 links, CPU", cpu(lambda: read("section", page)),
         cpu(lambda: html.fromstring(page)), "lxml's parse")  # fmt: skip
    command = Path(sys.executable).with_name("foreigndesk")
    sites = len(load_sites(SHIPPED))
    os.environ.pop("FOREIGNDESK_SITES", None)
    tell(f"sites list, {sites} sites, wall", wall([str(command), "sites", "list"]),
         wall([sys.executable, "-c", "import click"]), "importing click")  # fmt: skip


if __name__ == "__main__":
    main()
