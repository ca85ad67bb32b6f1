"""Polite to hosts: the times that they ask for, turns shared by sites and redirects, stops, and bad neighbours."""

from __future__ import annotations

import asyncio
import itertools
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from crawler.captures import now
from tests.conftest import rows, visit
from tests.hostile import STORY, Hostile, Line, drip, moved, page, reset_at_once, silence
from tests.small_sites import Answer, H, captured, pages, section_of, site


def test_nothing_disguises_us(tmp_path: Path) -> None:
    """Product and contact are named; no cookie comes back, no referrer is sent."""
    with Hostile(pages("a", "b", answer=page(STORY, "Set-Cookie: id=1; Path=/"))) as hostile:
        visit(tmp_path / "a.db", [site(H)], hostile.resolve, USER_AGENT="foreigndesk/9 (+me@example.org)")
        for one in hostile.asked(H):
            assert b"User-Agent: foreigndesk/9 (+me@example.org)\r\n" in one.request
            assert b"cookie" not in one.request.lower()
            assert b"referer" not in one.request.lower()


def test_a_host_that_asks_for_a_moment_is_given_it(tmp_path: Path) -> None:
    """Retry-After of a second: nothing reaches the host meanwhile, then the same run goes on, and nothing is lost."""
    state: dict[str, float] = {}

    async def busy(line: Line) -> None:
        if "asked" not in state:
            state["asked"] = time.monotonic()
            await line.send(page(b"busy", "Retry-After: 1", status="503 Service Unavailable"))
        else:
            await line.send(page(STORY))

    with Hostile({(H, "/busy"): busy, **pages("a", "b", "c")}) as hostile:
        run = visit(tmp_path / "a.db", [site(H)], hostile.resolve)["one"]
        after = [one.at for one in hostile.asked(H) if one.at > state["asked"] + 0.001]
    assert run.state == "done"
    assert min(after) - state["asked"] >= 1.0
    assert captured(tmp_path / "a.db", "status", "attempts") == {
        "busy": (200, 2),
        "a": (200, 1),
        "b": (200, 1),
        "c": (200, 1),
    }


def test_a_host_that_asks_for_hours_is_left_until_then(tmp_path: Path) -> None:
    """429 with an hour: the run goes no further there, the next one asks nothing, the one after the hour does."""
    extra = {(H, "/busy"): page(b"", "Retry-After: 3600", status="429 Too Many Requests"), **pages("a", "b", "c")}
    with Hostile(extra) as hostile:
        first = visit(tmp_path / "a.db", [site(H)], hostile.resolve)["one"]
        assert [one.path for one in hostile.asked(H)] == ["/robots.txt", "/world", "/busy"]
        row = rows(
            tmp_path / "a.db", "SELECT status, attempts, captured_at, next_try FROM captures WHERE url LIKE '%/busy'"
        )[0]
        assert (row["status"], row["attempts"]) == (429, 1)
        wait = datetime.fromisoformat(row["next_try"]) - datetime.fromisoformat(row["captured_at"])
        assert wait == timedelta(hours=1)
        assert first.funnel["postponed"] == 3
        second = visit(tmp_path / "a.db", [site(H)], hostile.resolve)["one"]
        assert len(hostile.asked(H)) == 3
        assert (second.state, second.reasons) == ("failed", {"postponed": 1})
        visit(tmp_path / "a.db", [site(H)], hostile.resolve, CLOCK=lambda: now() + timedelta(minutes=61))
        assert {one.path for one in hostile.asked(H)[3:]} >= {"/robots.txt", "/world"}


def test_two_sites_on_one_host_share_its_turns(tmp_path: Path) -> None:
    """Their runs go on at once, yet the host sees one request at a time, each the larger delay after the other."""
    spans: list[tuple[float, float]] = []

    async def timed(line: Line) -> None:
        began = time.monotonic()
        await asyncio.sleep(0.02)
        await line.send(page(STORY))
        spans.append((began, time.monotonic()))

    extra: dict[tuple[str, str], Answer] = {
        (H, path): timed for path in ("/world", "/sport", *(f"/{n}" for n in range(5)))
    }
    one = site(H)
    two = type(one)(
        **{
            **{f: getattr(one, f) for f in one.__slots__},
            "key": "two",
            "sections": (f"http://{H}/sport",),
            "delay": 0.1,
        }
    )
    with Hostile(extra) as hostile:
        visit_with_own_delays(tmp_path / "a.db", [one, two], hostile.resolve)
    spans.sort()
    assert len(spans) >= 2
    gaps = [after[0] - before[1] for before, after in itertools.pairwise(spans)]
    assert min(gaps) >= 0.1 - 0.02  # `spans` end as the server has sent, a moment before we have read


def visit_with_own_delays(path: Path, sites: list[Any], resolve: dict[str, str]) -> None:
    from tests import conftest

    limits = {k: v for k, v in conftest.SHORT.items() if k != "DOWNLOAD_DELAY"}
    conftest.visit_once(sites, path, resolve=resolve, executor="serial", quiet=True, overrides=limits)


def test_a_redirect_waits_for_the_other_hosts_turn(tmp_path: Path) -> None:
    other = "two.test"
    extra: dict[tuple[str, str], Answer] = {(H, f"/{n}"): moved(f"http://{other}/t{n}") for n in range(5)}
    extra |= {(other, f"/t{n}"): page(STORY) for n in range(5)}
    extra[other, "/robots.txt"] = page(b"User-agent: *\nCrawl-delay: 0.25\nDisallow: /t4\n", kind="text/plain")
    with Hostile(extra) as hostile:
        visit(tmp_path / "a.db", [site(H)], hostile.resolve)
        times = [one.at for one in hostile.asked(other)]
        assert [one.path for one in hostile.asked(other)].count("/t4") == 0
    assert len(times) == 5
    assert all(after - before >= 0.25 for before, after in itertools.pairwise(times))


def test_a_try_is_one_request(tmp_path: Path) -> None:
    """On a connection of its own, a request that fails goes out once a try: nobody below us asks again at once."""
    closing = {
        (H, "/robots.txt"): page(b"", "Connection: close", kind="text/plain"),
        (H, "/world"): section_of(["x"]).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1),
    }
    with Hostile({**closing, (H, "/x"): reset_at_once}) as hostile:
        visit(tmp_path / "a.db", [site(H)], hostile.resolve, RETRY_TIMES=1)
        assert [one.path for one in hostile.asked(H)] == ["/robots.txt", "/world", "/x", "/x"]
    assert captured(tmp_path / "a.db", "error", "attempts") == {"x": ("reset", 2)}


def test_a_swallowed_request_waits_before_it_is_sent_again(tmp_path: Path) -> None:
    """A server that ends a used connection without a word: the request goes out once more, after the delay."""

    async def swallow(line: Line) -> None:
        if len([one for one in hostile.asked(H) if one.path == "/x"]) > 1:
            await line.send(page(STORY))

    with Hostile({(H, "/world"): section_of(["x"]), (H, "/x"): swallow}) as hostile:
        visit(tmp_path / "a.db", [site(H)], hostile.resolve, RETRY_TIMES=0, DOWNLOAD_DELAY=0.3)
        times = [one.at for one in hostile.asked(H)]
    assert captured(tmp_path / "a.db", "error", "attempts") == {"x": (None, 1)}
    assert len(times) == 4
    assert all(after - before >= 0.3 for before, after in itertools.pairwise(times))


def test_a_stop_leaves_no_url_without_a_row(tmp_path: Path) -> None:
    """Ctrl-C while a page waits for another try: what its first try met is its row."""
    path, sites = tmp_path / "a.db", tmp_path / "sites.toml"
    sites.write_text(
        f'[one]\nhome = "http://{H}/"\nsections = ["http://{H}/world"]\narticles = "one.test/[a-z]$"\ndelay = 0\n'
    )
    with Hostile({(H, "/x"): page(b"oh", status="500 Oh"), **pages("y")}) as hostile:
        words = ["crawl", "one", "--sites", str(sites), "--archive", str(path), "--set", "RETRY_SECONDS=600"]
        words += [word for pair in hostile.resolve.items() for word in ("--resolve", "=".join(pair))]
        child = subprocess.Popen([sys.executable, "-m", "crawler.cli", *words], stderr=subprocess.PIPE, text=True)
        ends = time.monotonic() + 30
        while {one.path for one in hostile.asked(H)} < {"/robots.txt", "/world", "/x", "/y"}:
            assert time.monotonic() < ends
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=30)
    assert "Traceback" not in said
    assert captured(path, "status", "attempts") == {"x": (500, 1), "y": (200, 1)}


def test_bad_hosts_hold_up_no_others(tmp_path: Path) -> None:
    """Beside a host that never answers and one that drips, the others end long before these are given up."""
    extra: dict[tuple[str, str], Answer] = {("hang.test", "/world"): silence, ("drip.test", "/world"): drip}
    names = [f"s{n}.test" for n in range(6)]
    for name in names:
        extra |= pages("a", "b", "c", host=name)
    with Hostile(extra) as hostile:
        sites = [site(name) for name in (*names, "hang.test", "drip.test")]
        runs = visit(tmp_path / "a.db", sites, hostile.resolve, DOWNLOAD_TIMEOUT=4, URL_SECONDS=8)
    bad = [runs.pop(name) for name in ("hang", "drip")]
    assert {run.state for run in bad} == {"failed"}
    assert {run.state for run in runs.values()} == {"done"}
    assert all(run.funnel["texts"] == 3 for run in runs.values())
    latest = max(run.finished_at for run in runs.values() if run.finished_at)
    assert all(run.finished_at and run.finished_at - latest > timedelta(seconds=3) for run in bad)


def test_a_url_has_so_much_time_and_no_more(tmp_path: Path) -> None:
    """Over all its tries and redirects: a URL that is slow in each is given up when its time is over."""

    async def slow(line: Line) -> None:
        await asyncio.sleep(0.9)
        number = int(line.note.path.strip("/s"))
        await line.send(moved(f"/s{number + 1}"))

    with Hostile({(H, "/world"): section_of(["s1"]), **{(H, f"/s{n}"): slow for n in range(1, 12)}}) as hostile:
        visit(tmp_path / "a.db", [site(H)], hostile.resolve, URL_SECONDS=3.2)
        asked = [one.path for one in hostile.asked(H)][2:]
    assert asked == ["/s1", "/s2", "/s3"]
    assert captured(tmp_path / "a.db", "error")["s3"] == "timeout"


def test_a_stop_waits_for_no_long_turn(tmp_path: Path) -> None:
    """SIGTERM while a host's Crawl-delay of a minute runs: over in seconds, what was captured is kept."""
    path, sites = tmp_path / "a.db", tmp_path / "sites.toml"
    sites.write_text(f'[one]\nhome = "http://{H}/"\nsections = ["http://{H}/world"]\narticles = "one.test/[a-z]$"\n')
    extra = {(H, "/robots.txt"): page(b"User-agent: *\nCrawl-delay: 60\n", kind="text/plain"), **pages("a")}
    with Hostile(extra) as hostile:
        words = ["crawl", "one", "--sites", str(sites), "--archive", str(path), "--delay", "0"]
        words += [word for pair in hostile.resolve.items() for word in ("--resolve", "=".join(pair))]
        child = subprocess.Popen([sys.executable, "-m", "crawler.cli", *words], stderr=subprocess.PIPE, text=True)
        ends = time.monotonic() + 30
        while not hostile.asked(H):
            assert time.monotonic() < ends
            time.sleep(0.02)
        child.send_signal(signal.SIGTERM)
        began = time.monotonic()
        child.communicate(timeout=30)
        assert time.monotonic() - began < 8
        assert [one.path for one in hostile.asked(H)] == ["/robots.txt"]
    assert rows(path, "SELECT url FROM captures") == [{"url": f"http://{H}/robots.txt"}]


def test_a_run_asks_a_host_for_so_many_urls_and_no_more(tmp_path: Path) -> None:
    names = [f"p{n}" for n in range(20)]
    with Hostile({(H, "/world"): section_of(names), **pages(*names)}) as hostile:
        run = visit(tmp_path / "a.db", [site(H)], hostile.resolve, QUEUE_PER_HOST=5)["one"]
    assert len(captured(tmp_path / "a.db", "error")) == 4
    assert run.reasons["queue_full"] == 16
