"""An archive of many pages: what writing one more costs, and how fast questions are answered.

    .venv/bin/python benchmarks/archive_scale.py [--pages 20000] [--sites 200] [--keep FILE]

Each page: snapshot (about 12 kB of HTML), capture with headers, reading, a text of 500 words, as unevenly distributed
as those of a language, 15 links to the site's latest articles, index; each twentieth batch fetches older pages again
with another text. Written through `Archive.store` and `Archive.record` in batches of 100, site by site, as crawls
do.

Printed: CPU a page at the beginning and at the end; wall beside the naive way (one sqlite-utils insert after the other,
each its own transaction, synchronous=FULL, its file empty: in the naive way's favour); then questions, median and 95th
percentile in milliseconds. `--pages 1000000` takes an hour and about 12 GB; --keep FILE leaves the file there, and the
next run with the same FILE only asks.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlite_utils import Database

sys.path.insert(0, str(Path(__file__).parent.parent))

from archive import Archive, Capture, Extraction, Link, Visit, query, questions, saved, search, timestamp
from archive.schema import STEPS, statements

BEGIN = datetime(2025, 11, 1, tzinfo=UTC)
BATCH = 100
COMMON, RARE = "council", "zq{}word"


class World:
    """Sites and what they publish; the same pages for the same number."""

    def __init__(self, sites: int, pages: int) -> None:
        chance = random.Random(1)
        letters = "abcdefghijklmnoprstuvw"
        words = ["".join(chance.choices(letters, k=chance.randrange(3, 10))) for _ in range(60_000)]
        weights = list(itertools.accumulate(1 / (rank + 8) for rank in range(len(words))))
        self.paragraphs = [" ".join(chance.choices(words, cum_weights=weights, k=100)) for _ in range(6000)]
        self.rules = [f".c{chance.getrandbits(40):x}{{margin:{n % 16}px}}" for n in range(260)]
        self.sites, self.step = sites, timedelta(days=365) / max(1, pages)
        self.recent: dict[str, list[tuple[str, str]]] = {}

    def batch(self, number: int) -> tuple[str, list[tuple[Visit, Extraction]]]:
        """(site, visits with their readings) of one batch."""
        site = f"site{number % self.sites:03}"
        again = number % 20 == 19 and len(self.recent.get(site, ())) >= BATCH
        return site, [self.page(site, BATCH * number + n, n if again else None) for n in range(BATCH)]

    def page(self, site: str, number: int, again: int | None) -> tuple[Visit, Extraction]:
        chance = random.Random(number)
        recent = self.recent.setdefault(site, [])
        at = BEGIN + number * self.step
        title = " ".join(chance.choice(self.paragraphs).split()[:9]).capitalize()
        url = f"https://www.{site}.example/world/{at:%Y/%m/%d}/{'-'.join(title.lower().split()[:6])}-{number:07}.html"
        if again is not None:
            url, title = recent[again]
        body = [*chance.sample(self.paragraphs, 5), RARE.format(number // 50)]
        if chance.random() < 0.3:
            body.append(f"The {COMMON} met.")
        links = tuple(
            Link(kind, rank, *recent[-1 - (place * 7 + chance.randrange(7)) % len(recent)], heading)
            for place, (kind, rank, heading) in enumerate(BOXES)
            if recent
        )
        template = f"<html><head><style>{site}{''.join(self.rules)}</style></head><body><h1>"
        boxes = "".join(f'<li><a href="{link.target}">{link.text}</a></li>' for link in links)
        payload = f"{template}{title}</h1>{''.join(f'<p>{part}</p>' for part in body)}<ul>{boxes}</ul>".encode()
        etag, date = f'"{chance.getrandbits(96):024x}"', at.strftime("%a, %d %b %Y %H:%M:%S GMT")
        capture = Capture(
            url, at, site=site, status=200, reason="OK", payload=payload, content_type="text/html; charset=utf-8",
            etag=etag, last_modified=date, http_version="HTTP/1.1", ip="203.0.113.7",
            request_headers=(("Host", f"www.{site}.example"), ("User-Agent", "foreigndesk/0.1.0")),
            response_headers=(("Date", date), ("Content-Type", "text/html; charset=utf-8"), ("ETag", etag),
                              ("Last-Modified", date), ("Server", "edge"), ("Vary", "Accept-Encoding")),
        )  # fmt: skip
        reading = Extraction(
            url, capture.digest or "", "bench-1", title=title, text="\n\n".join(body),
            authors=(f"Author {number % 900}",), published=timestamp(at), language="en", section="World", links=links,
            fields={"published": {"from": "jsonld"}, "canonical": {"from": "meta", "value": url}},
        )  # fmt: skip
        if again is None:
            recent.append((url, title))
            del recent[:-200]
        return Visit(capture), reading


BOXES = [
    (kind, rank, heading)
    for kind, heading in (("readers", "Most read"), ("related", "More on this"), ("recommended", "For you"))
    for rank in range(1, 6)
]


def write(archive: Archive, world: World, batches: Iterator[int]) -> tuple[float, float, int]:
    """(CPU seconds, wall seconds, pages) of writing batches; making the pages is not counted."""
    cpu = wall = 0.0
    pages = 0
    for number in batches:
        site, made = world.batch(number)
        began, spent = time.perf_counter(), time.process_time()
        archive.store([visit for visit, _ in made], f"{site} {number}")
        archive.record([reading for _, reading in made], made[-1][0].capture.captured_at)
        cpu, wall, pages = cpu + time.process_time() - spent, wall + time.perf_counter() - began, pages + len(made)
    return cpu, wall, pages


def naive(world: World, first: int, pages: int, folder: Path) -> float:
    """Wall seconds a page of the naive way: one insert after the other into plain tables."""
    db = Database(folder / "naive.db")
    db.enable_wal()
    db.execute("PRAGMA synchronous = FULL")
    for statement in statements(STEPS[0].read_text(encoding="utf-8")):
        if "VIEW" not in statement:
            db.execute(statement)
    db.execute("CREATE INDEX links_by_list ON links (list)")
    began = time.perf_counter()
    for visit, reading in world.batch(first)[1][:pages]:
        c = visit.capture
        at = timestamp(c.captured_at)
        db.table("pages").insert({"url": c.url, "site": c.site, "kind": "article", "discovered_at": at}, ignore=True)
        db.table("snapshots").insert(
            {"digest": c.digest, "length": len(c.payload or b""), "codec": "zstd"}, replace=True
        )
        db.table("bodies").insert({"digest": c.digest, "body": c.payload}, pk="digest", replace=True)
        db.table("captures").insert(
            {"url": c.url, "captured_at": at, "site": c.site, "status": 200, "digest": c.digest, "etag": c.etag,
             "response_headers": json.dumps(c.response_headers), "attempts": 1}, replace=True)  # fmt: skip
        text = reading.text or ""
        row = db.table("texts").insert(
            {"digest": c.digest, "title": reading.title, "text": text, "words": 500}, pk="id"
        )
        db.table("extractions").insert(
            {"url": c.url, "digest": c.digest, "extractor": "x", "text_digest": c.digest, "kind": "article",
             "fields": "{}", "extracted_at": at, "current": 1}, replace=True)  # fmt: skip
        for link in reading.links:
            db.table("links").insert(
                {"list": c.digest, "kind": link.kind, "rank": link.rank, "target": link.target, "text": link.text},
                replace=True,
            )
        with db.conn:
            db.conn.execute(
                "INSERT INTO texts_fts (rowid, title, text) VALUES (?, ?, ?)", (row.last_pk, reading.title, text)
            )
    spent = time.perf_counter() - began
    db.close()
    return spent / pages


def timed(name: str, bar: str, ask: Callable[[Any], object], things: list[Any]) -> None:
    spent = []
    for thing in things:
        began = time.perf_counter()
        ask(thing)
        spent.append((time.perf_counter() - began) * 1000)
    spent.sort()
    print(f"  {name:44}{statistics.median(spent):9.3f}{spent[int(0.95 * (len(spent) - 1))]:9.3f}   {bar}", flush=True)


def ask(path: Path) -> None:
    chance = random.Random(4)
    with Archive.read(path) as archive:
        total = archive.db.conn.execute("SELECT count(*), max(rowid) FROM capture_rows").fetchone()
        texts = archive.db.conn.execute("SELECT count(*) FROM texts").fetchone()[0]
        links = archive.db.conn.execute("SELECT count(*) FROM listed").fetchone()[0]
        urls = [
            archive.db.conn.execute(
                "SELECT url FROM capture_rows WHERE rowid = ?", (chance.randrange(1, total[1]),)
            ).fetchone()[0]
            for _ in range(200)
        ]
        revised = [
            row[0]
            for row in archive.db.conn.execute(
                "SELECT url FROM captures WHERE captured_at > '2026-06' GROUP BY url HAVING count(*) > 1 LIMIT 100"
            )
        ]
        sites = [f"site{number:03}" for number in range(200)]
        print(f"{total[0]:,} captures, {texts:,} texts, {links:,} links; questions, ms: median and 95 %")

        def rows(sql: str) -> Callable[[Any], object]:
            return lambda thing: archive.db.conn.execute(sql, (thing,)).fetchall()

        def latest(url: str) -> object:
            row = archive.db.conn.execute("SELECT digest FROM latest WHERE url = ?", (url,)).fetchone()
            return archive.payload(row[0])

        weeks = [
            archive.db.conn.execute(
                "SELECT site, date(captured_at, '-3 days') FROM capture_rows WHERE rowid = ?",
                (chance.randrange(1, total[1]),),
            ).fetchone()
            for _ in sites
        ]
        week = (
            "SELECT url, captured_at, digest, text_digest FROM mementos WHERE site = ? AND captured_at >= ? "
            "AND captured_at < date(?, '+7 days')"
        )
        timed("latest snapshot of a URL (row)", "< 0.2", rows("SELECT * FROM latest WHERE url = ?"), urls)
        timed("latest snapshot of a URL (row and payload)", "", latest, urls)
        timed("one page's revisions", "< 1", rows("SELECT * FROM revisions WHERE url = ?"), [*revised, *urls])
        timed("a site's week", "< 2", lambda w: archive.db.conn.execute(week, (*w, w[1])).fetchall(), weeks)
        rare = [RARE.format(chance.randrange(total[1] // 50)) for _ in range(60)]
        timed("search, a rare word", "< 5", lambda word: search(archive, word), rare)
        timed("search, a rare word of one site", "", lambda word: search(archive, word, site=sites[0]), rare)
        timed("search, a common word", "< 150", lambda _: search(archive, COMMON), list(range(9)))
        timed("search, a common word of one site", "", lambda site: search(archive, COMMON, site=site), sites[:9])
        timed("search, a common word of a language", "",
              lambda _: search(archive, COMMON, language="en"), list(range(9)))  # fmt: skip
        timed("search, a common word, newest", "", lambda _: search(archive, COMMON, newest=True), list(range(9)))
        timed("who recommends a URL", "", rows("SELECT * FROM related_links WHERE target = ?"), urls[:50])
    month, everything = questions()["most_recommended"].sql, questions()["recommended_ever"].sql
    _, values = saved("most_recommended", {"days": "30", "until": "2026-06-15"})
    timed("most recommended of a site in 30 days", "< 10",
          lambda site: list(query(path, month, {**values, "site": site})[1]), sites[:50])  # fmt: skip
    timed("most recommended of everything", "< 100",
          lambda _: list(query(path, everything, {"most": 20})[1]), list(range(9)))  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=20_000)
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--keep", type=Path, help="leave the archive in this file; one that is there is only asked")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="archive-scale-") as name:
        folder = Path(name)
        path = chosen.keep or folder / "scale.db"
        if not path.exists():
            world, batches = World(chosen.sites, chosen.pages), chosen.pages // BATCH
            edge = min(30, batches // 3)
            with Archive.open(path) as archive:
                write(archive, world, iter(range(3)))
                first = write(archive, world, iter(range(3, 3 + edge)))
                for start in range(3 + edge, batches - edge, 500):
                    write(archive, world, iter(range(start, min(start + 500, batches - edge))))
                    print(f"{start * BATCH:,} pages, {os.path.getsize(path) / 1e9:.2f} GB", file=sys.stderr, flush=True)
                last = write(archive, world, iter(range(batches - edge, batches)))
            slow = naive(world, batches, 60, folder)
            cpu = [spent / pages * 1e6 for spent, _, pages in (first, last)]
            print(f"writing a page, CPU: {cpu[0]:.0f} µs when empty, {cpu[1]:.0f} µs at {chosen.pages:,}: "
                  f"{cpu[1] / cpu[0]:.2f} times (bar 4)")  # fmt: skip
            print(f"writing a page, wall: {last[1] / last[2] * 1e3:.2f} ms at {chosen.pages:,}, naive way "
                  f"{slow * 1e3:.2f} ms: {last[1] / last[2] / slow:.3f} times (bar 0.2)")  # fmt: skip
            size = os.path.getsize(path)
            print(f"the file: {size / 1e9:.2f} GB, {size / chosen.pages:.0f} bytes a page")
        ask(path)


if __name__ == "__main__":
    main()
