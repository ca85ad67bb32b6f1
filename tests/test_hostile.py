"""A site that misbehaves in a hundred ways, crawled by the real command: each has its row, the good pages are whole.

The figures of the issue: every good article word for word, every bad URL accounted for once, no connection to the
canary, the crawler below 600 MiB and its workers below their limit, and all of it in a few seconds.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.hostile import HOST, MIB, Hostile
from tests.hostile_pages import GOOD, LANGUAGES, MEANINGS, STRUCTURES, paragraphs

LIMITS = {
    "DOWNLOAD_TIMEOUT": 1.5,
    "URL_SECONDS": 4,
    "RETRY_TIMES": 1,
    "RETRY_SECONDS": 0.1,
    "BACKOFF_SECONDS": 0.1,
    "WORKER_SECONDS": 5,
}


@dataclass(frozen=True)
class Crawled:
    """One crawl of the hostile site, and what it came to."""

    hostile: Hostile
    captures: dict[str, list[dict[str, Any]]]
    readings: dict[str, dict[str, Any]]
    articles: dict[str, dict[str, Any]]
    said: str
    code: int
    seconds: float
    crawler_bytes: int
    worker_bytes: int


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("hostile")
    path, sites = folder / "a.db", folder / "sites.toml"
    sites.write_text(
        f'[hostile]\nhome = "http://{HOST}/"\nsections = ["http://{HOST}/world"]\narticles = "http"\ndelay = 0\n'
    )
    with Hostile() as hostile:
        assert len(hostile.ways) > 40
        words = ["crawl", "hostile", "--sites", str(sites), "--archive", str(path)]
        words += [word for pair in hostile.resolve.items() for word in ("--resolve", "=".join(pair))]
        words += [word for name, value in LIMITS.items() for word in ("--set", f"{name}={value}")]
        began = time.monotonic()
        child = subprocess.Popen([sys.executable, "-m", "crawler.cli", *words], stderr=subprocess.PIPE, text=True)
        most = {"crawler": 0, "worker": 0}
        while child.poll() is None:
            most["crawler"] = max(most["crawler"], peak(child.pid))
            most["worker"] = max([most["worker"], *(peak(pid) for pid in below(child.pid))])
            time.sleep(0.05)
        said = child.communicate()[1]
        seconds = time.monotonic() - began
        with closing(sqlite3.connect(path)) as opened:
            opened.row_factory = sqlite3.Row
            captures: dict[str, list[dict[str, Any]]] = {}
            for row in opened.execute("SELECT * FROM captures"):
                captures.setdefault(row["url"].removeprefix(f"http://{HOST}/"), []).append(dict(row))
            readings = {r["url"].rpartition("/")[2]: dict(r) for r in opened.execute("SELECT * FROM extractions")}
            articles = {r["url"].rpartition("/")[2]: dict(r) for r in opened.execute("SELECT * FROM articles")}
        yield Crawled(
            hostile, captures, readings, articles, said, child.returncode, seconds, most["crawler"], most["worker"]
        )


def peak(pid: int) -> int:
    """The most memory that a process has had so far, in bytes; 0 where it is gone."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024
    return 0


def below(pid: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with suppress(OSError, IndexError, ValueError):
                if int(Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1]) == pid:
                    found += [int(entry), *below(int(entry))]
    return found


@pytest.mark.parametrize("name", GOOD)
def test_good_articles_are_whole(crawled: Crawled, name: str) -> None:
    language, title, _ = LANGUAGES[name]
    article = crawled.articles[name]
    assert (article["title"], article["text"]) == (title, "\n\n".join(paragraphs(language)))


def test_every_way_has_one_row_that_says_what_it_is(crawled: Crawled) -> None:
    wrong = []
    for name, way in crawled.hostile.ways.items():
        kept = crawled.captures.get(name, [])
        if [(row["error"], row["status"]) for row in kept] != [(way.error, way.status)]:
            wrong.append((name, way.error, way.status, [(row["error"], row["status"], row["detail"]) for row in kept]))
    assert not wrong


def test_every_request_is_accounted_for(crawled: Crawled) -> None:
    """What the server was asked is in the archive, each URL once, with a sentence where it failed."""
    asked = {one.path.removeprefix("/") for one in crawled.hostile.asked(HOST)}
    assert asked <= set(crawled.captures)
    assert all(len(kept) == 1 for kept in crawled.captures.values())
    for kept in crawled.captures.values():
        assert (kept[0]["error"] is None) == (kept[0]["detail"] is None)
        # Who asked once and failed in a way that may pass was asked again, and says when it will be.
        if kept[0]["error"] in ("timeout", "reset", "incomplete", "truncated", "bad_encoding"):
            assert kept[0]["attempts"] == 2
            assert kept[0]["next_try"] > kept[0]["captured_at"]


def test_no_connection_to_forbidden_addresses(crawled: Crawled) -> None:
    assert crawled.hostile.canary_hits == []
    forbidden = [rows[0]["error"] for name, rows in crawled.captures.items() if f":{crawled.hostile.canary}/" in name]
    assert len(forbidden) >= 15
    assert set(forbidden) <= {"address_refused", "bad_url"}
    assert "private/diary" not in [one.path.strip("/") for one in crawled.hostile.asked(HOST)]


def test_redirects_end(crawled: Crawled) -> None:
    """Ever-new redirects: ten are followed, each hop is a capture, the last one says why it ends."""
    hops = [crawled.captures[f"ever-new-{n}"][0] for n in range(1, 11)]
    assert [hop["error"] for hop in hops] == [None] * 9 + ["redirect_loop"]
    assert "ever-new-11" not in crawled.captures
    assert "ever-new-8 → " in hops[-1]["detail"]


@pytest.mark.parametrize("name", MEANINGS)
def test_what_is_no_article_is_flagged(crawled: Crawled, name: str) -> None:
    assert crawled.readings[name]["problem"]
    assert name not in crawled.articles


@pytest.mark.parametrize("name", STRUCTURES)
def test_structures_cost_only_themselves(crawled: Crawled, name: str) -> None:
    """Each was read, or its worker was stopped and says so; the crawl went on either way."""
    assert crawled.captures[name][0]["digest"]
    assert name in crawled.readings


def test_within_bounds(crawled: Crawled) -> None:
    assert crawled.code == 0
    assert "Traceback" not in crawled.said
    assert crawled.seconds < 300
    assert crawled.crawler_bytes < 600 * MIB
    assert 0 < crawled.worker_bytes < 1024 * MIB
