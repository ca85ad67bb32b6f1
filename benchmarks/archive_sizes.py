"""How small an archive is and how fast its payloads go in and out, beside gzip -6, in one run.

    .venv/bin/python benchmarks/archive_sizes.py [--pages 1000] [--padding 100000] [--corpus DIR] [--made 3]

Sites: the newsroom's generated articles, with `--padding` bytes of what real pages carry beside the news. With
`--corpus` (a folder with manifest.jsonl and pages as gzip, as benchmarks/extraction.py takes it) also sites *made from*
one real page each: every long text, headline, slug, number and hex id of it replaced by other pages' for each article.
And the corpus's own pages of one publisher (*siblings*), which are few and far apart in time.

Printed for each: bytes a page; *bodies*: stored bodies; *facts*: the file with pages, captures, headers and bodies;
*all*: with readings and lists of links as well, texts and index apart; *again*: what a re-fetch with a small edit adds
to the file, in bytes; CPU of *coding* (the codec) and of *storing* (all of `Archive.store`); reading of one payload,
wall: *cold* with nothing in memory, *warm* with its reference there, *third* cold with three frames. Everything but
bytes is a ratio to gzip -6 or gunzip of the very same pages. Sizes are of the file on disk.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import re
import sqlite3
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from archive import Archive, Capture, Visit, codecs, extract
from tests.press import AT, captures

WORDS = [
    "border",
    "council",
    "harbour",
    "minister",
    "reform",
    "market",
    "river",
    "treaty",
    "summit",
    "station",
    "garden",
    "festival",
    "bridge",
    "court",
]


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of the quicker of two runs."""
    best = 9e9
    for _ in range(2):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best


# ---- pages


def newsroom(pages: int, padding: int) -> tuple[str, list[bytes], list[bytes]]:
    one = [capture.payload or b"" for capture in captures(pages, padding=padding)]
    two = [capture.payload or b"" for capture in captures(pages, padding=padding, edition=2)]
    return f"newsroom, {padding // 1000} kB of padding", one, two


TEXT = re.compile(r">([^<>{]{60,2000})<")
HEAD = re.compile(r">([^<>{]{25,59})<")
SLUG = re.compile(r'(href=")([^"?#]*-[^"?#]*-[^"?#]*)(["?#])')
NUMBER = re.compile(r"(?<![0-9a-zA-Z])\d{6,}(?![0-9a-zA-Z])")
HEX = re.compile(r"(?<![0-9a-zA-Z])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,40}(?![0-9a-zA-Z])")


@dataclass(frozen=True, slots=True)
class Filling:
    """What one made page is filled with, instead of what stands in the real one."""

    chance: random.Random
    texts: list[str]
    heads: list[str]

    def text(self, found: re.Match[str]) -> str:
        return f">{self.chance.choice(self.texts)[: len(found[1])]}<"

    def head(self, found: re.Match[str]) -> str:
        return f">{self.chance.choice(self.heads)[:60]}<"

    def slug(self, found: re.Match[str]) -> str:
        words = "-".join(self.chance.choices(WORDS, k=6))
        return f"{found[1]}{found[2].rpartition('/')[0]}/{words}-{self.chance.randrange(10**7)}{found[3]}"

    def number(self, found: re.Match[str]) -> str:
        return str(self.chance.randrange(10 ** (len(found[0]) - 1), 10 ** len(found[0])))

    def hex(self, found: re.Match[str]) -> str:
        return f"{self.chance.getrandbits(4 * len(found[0])):0{len(found[0])}x}"

    def seldom(self, fill: Callable[[re.Match[str]], str], share: float) -> Callable[[re.Match[str]], str]:
        return lambda found: fill(found) if self.chance.random() < share else found[0]


def made(
    corpus: Path, row: dict[str, str], pages: int, texts: list[str], heads: list[str]
) -> tuple[str, list[bytes], list[bytes]]:
    """A site whose pages share one real page's template and nothing of its content."""
    base = gzip.decompress((corpus / row["file"]).read_bytes()).decode("utf-8", "replace")
    out = []
    for number in range(pages):
        fill, page = Filling(random.Random(f"{row['id']} {number}"), texts, heads), base
        for pattern, put in (
            (TEXT, fill.text), (HEAD, fill.head), (SLUG, fill.slug), (NUMBER, fill.number), (HEX, fill.hex)
        ):  # fmt: skip
            page = pattern.sub(put, page)
        out.append(page.encode())
    return f"made from {row['domain']}", out, [edited(page, number, texts, heads) for number, page in enumerate(out)]


def edited(page: bytes, seed: int, texts: list[str], heads: list[str]) -> bytes:
    """The page fetched again: a paragraph edited, about ten headlines and ten ids of it changed."""
    text = page.decode("utf-8", "replace")
    fill = Filling(random.Random(seed), texts, heads)
    places = list(TEXT.finditer(text))
    if places:
        at = fill.chance.choice(places)
        text = text[: at.start()] + fill.text(at) + text[at.end() :]
    for pattern, put in ((HEAD, fill.head), (NUMBER, fill.number), (HEX, fill.hex)):
        text = pattern.sub(fill.seldom(put, 10 / max(10, len(pattern.findall(text)))), text)
    return text.encode()


def siblings(corpus: Path, rows: list[dict[str, str]]) -> tuple[list[str], list[bytes]]:
    """(publisher, page) of every publisher with two pages or more in the corpus."""
    held = defaultdict(list)
    for row in rows:
        held[row["publisher"]].append(gzip.decompress((corpus / row["file"]).read_bytes()))
    several = [(name, page) for name, pages in held.items() if len(pages) > 1 for page in pages]
    return [name for name, _ in several], [page for _, page in several]


# ---- an archive of them


def visits(pages: list[bytes], day: int, sites: list[str]) -> Iterator[Visit]:
    """The pages as a crawl would bring them, with the headers of a site behind a content delivery network."""
    for number, (page, site) in enumerate(zip(pages, sites, strict=True)):
        chance, at = random.Random(f"{day} {number}"), AT + timedelta(days=day, seconds=7 * number)
        slug = "-".join(random.Random(number).choices(WORDS, k=6))
        date = at.strftime("%a, %d %b %Y %H:%M:%S GMT")
        etag = f'W/"{chance.getrandbits(128):032x}"'
        yield Visit(
            Capture(
                f"https://www.{site}.example/world/2026/11/{slug}-{number:07}.html", at, site=site, status=200,
                reason="OK", payload=page, content_type="text/html; charset=utf-8", etag=etag, last_modified=date,
                http_version="HTTP/1.1", ip="203.0.113.7", wire_digest=f"sha256:{chance.getrandbits(256):064x}",
                discovered_on=f"https://www.{site}.example/world",
                request_headers=(("Host", f"www.{site}.example"), ("Accept", "text/html,*/*;q=0.8"),
                                 ("Accept-Encoding", "gzip, deflate, br, zstd"), ("User-Agent", "foreigndesk/0.1.0")),
                response_headers=(
                    ("Date", date), ("Content-Type", "text/html; charset=utf-8"), ("Connection", "keep-alive"),
                    ("Cache-Control", "public, max-age=60"), ("ETag", etag), ("Last-Modified", date),
                    ("Vary", "Accept-Encoding"), ("X-Cache", "HIT"), ("Age", str(chance.randrange(3000))),
                    ("X-Request-Id", f"{chance.getrandbits(128):032x}"), ("Server", "edge"),
                    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload"),
                    ("Content-Security-Policy", "upgrade-insecure-requests; frame-ancestors 'self' https://*.example"),
                    ("Content-Encoding", "gzip"),
                ),
            )
        )  # fmt: skip


def size(path: Path) -> int:
    return sum(os.path.getsize(name) for name in (path, f"{path}-wal") if os.path.exists(name))


def measure(name: str, pages: list[bytes], again: list[bytes], sites: list[str] | None = None) -> None:
    folder = tempfile.TemporaryDirectory(prefix="archive-size-")
    path = Path(folder.name) / "a.db"
    sites = sites or ["site"] * len(pages)
    packed = [gzip.compress(page, 6) for page in pages]
    total, spent = sum(map(len, packed)), cpu(lambda: [gzip.compress(page, 6) for page in pages])
    brought = list(visits(pages, 0, sites))
    with Archive.open(path) as archive:
        empty = size(path)
        began = time.process_time()
        for start in range(0, len(brought), 100):
            archive.store(brought[start : start + 100], "run 1")
        stored = time.process_time() - began
    facts = size(path) - empty
    bodies = _one(path, "SELECT sum(length(body)) FROM bodies")
    one_frame, two = _digests(path, 1)[:1], _digests(path, 2)
    reading = cold(path, one_frame + two)
    coding = cpu(lambda: _coding(pages)) if len(set(sites)) == 1 else float("nan")
    added = third = float("nan")
    if again:
        second = list(visits(again, 1, sites))
        with Archive.open(path) as archive:
            for start in range(0, len(second), 100):
                archive.store(second[start : start + 100], "run 2")
        added = (size(path) - empty - facts) / len(second)
        third = cold(path, _digests(path, 3))[0]
    everything = _everything(Path(folder.name) / "b.db", brought)
    print(
        f"{name:34}{len(pages):6}{total // len(pages):8}{bodies / total:8.3f}{facts / total:8.3f}"
        f"{(everything - empty) / total:8.3f}{added:8.0f}{coding / spent:8.3f}{stored / spent:8.3f}"
        f"{reading[0]:8.2f}{reading[1]:8.2f}{third:8.2f}",
        flush=True,
    )
    folder.cleanup()


def _everything(path: Path, brought: list[Visit]) -> int:
    """The file with what was read in the pages, without texts and index."""
    with Archive.open(path) as archive:
        for start in range(0, len(brought), 100):
            some = brought[start : start + 100]
            archive.store(some, "run 1")
            archive.record([extract(one.capture) for one in some], AT)
    apart = _one(path, "SELECT sum(pgsize) FROM dbstat WHERE name LIKE '%texts%' AND name NOT LIKE '%extractions%'")
    return size(path) - apart


def _one(path: Path, sql: str) -> int:
    plain = sqlite3.connect(path)
    value = plain.execute(sql).fetchone()[0]
    plain.close()
    return int(value or 0)


def _digests(path: Path, frames: int) -> list[str]:
    plain = sqlite3.connect(path)
    found = plain.execute(
        "SELECT s.digest FROM snapshots s JOIN bodies b ON b.id = s.body LEFT JOIN bodies r ON r.id = b.reference "
        "WHERE 1 + (b.reference IS NOT NULL) + (r.reference IS NOT NULL) = ?",
        (frames,),
    ).fetchall()
    plain.close()
    return [digest for (digest,) in found]


def _coding(pages: list[bytes]) -> None:
    reference = codecs.Reference(pages[0])
    for page in pages[1:]:
        reference.encode(page)


def cold(path: Path, digests: list[str]) -> tuple[float, float]:
    """Wall time of reading a payload whole and checked, to gunzip: (nothing in memory, its reference in memory)."""
    if not digests:
        return float("nan"), float("nan")
    sums = [0.0, 0.0, 0.0]
    with Archive.read(path) as archive:
        for digest in random.Random(2).sample(digests, min(len(digests), 200)):
            best = [9e9, 9e9, 9e9]
            packed = gzip.compress(archive.payload(digest), 6)
            for _ in range(5):
                archive.forget()
                for place in range(3):
                    began = time.perf_counter()
                    if place < 2:
                        archive.payload(digest)
                    else:
                        gzip.decompress(packed)
                    best[place] = min(best[place], time.perf_counter() - began)
            sums = [one + two for one, two in zip(sums, best, strict=True)]
    return sums[0] / sums[2], sums[1] / sums[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--padding", type=int, action="append", help="of the newsroom's pages (default 100000)")
    parser.add_argument("--corpus", type=Path, help="folder with manifest.jsonl and pages/")
    parser.add_argument("--made", type=int, default=3, help="so many sites made from real pages")
    chosen = parser.parse_args()
    print(f"{'':34} pages gz B/pg  bodies   facts     all   again  coding storing    cold    warm   third")
    for padding in chosen.padding or [100_000]:
        measure(*newsroom(chosen.pages, padding))
    if chosen.corpus:
        lines = (chosen.corpus / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        texts = [text for row in rows for text in row.get("body_paragraphs") or [] if len(text) > 80]
        heads = [row["title"] for row in rows if row.get("title")]
        fit = [row for row in rows if row.get("bytes", 0) > 100_000 or True]
        big = [row for row in fit if (chosen.corpus / row["file"]).stat().st_size > 30_000]
        for row in big[:: max(1, len(big) // max(1, chosen.made))][: chosen.made]:
            measure(*made(chosen.corpus, row, chosen.pages, texts, heads))
        names, pages = siblings(chosen.corpus, rows)
        measure("siblings of one publisher", pages, [edited(p, n, texts, heads) for n, p in enumerate(pages)], names)


if __name__ == "__main__":
    main()
