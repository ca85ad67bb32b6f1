"""The spine, end to end: the newsroom crawled into a real archive, read, revised, and asked about."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from archive import Archive, Site, history, load_sites, search
from benchmarks.schedule import kills
from crawler.cli.visit import visit_once
from crawler.newsroom import Newsroom
from crawler.run import Run
from tests.conftest import FAST, Clock, crawl


def rows(path: Path, sql: str, *values: object) -> list[dict[str, Any]]:
    with Archive.open(path) as archive:
        return archive.rows(sql, values)[1]


def test_every_run_is_done(editions: tuple[Path, Newsroom, list[dict[str, Run]]]) -> None:
    path, _, runs = editions
    for visit in runs:
        assert {run.state for run in visit.values()} == {"done"}
    assert rows(path, "SELECT count(*) AS n, count(DISTINCT site) AS s FROM runs WHERE state = 'done'") == [
        {"n": 21, "s": 7}
    ]


def test_every_article_is_found_and_read(editions: tuple[Path, Newsroom, list[dict[str, Run]]]) -> None:
    """Every article that an outlet's lists name is in the archive with its headline and body, word for word."""
    path, room, _ = editions
    kept = {row["url"]: row for row in rows(path, "SELECT * FROM articles")}
    wrong = []
    for url in room.urls():
        expected = room.expected(url)
        assert expected
        row = kept.get(url)
        if row is None:
            wrong.append(f"missing: {url}")
        elif (row["title"], row["text"]) != (expected.title, "\n\n".join(expected.paragraphs)):
            wrong.append(f"differs: {url}")
    assert not wrong


def test_nothing_private_is_fetched(editions: tuple[Path, Newsroom, list[dict[str, Run]]]) -> None:
    path, room, _ = editions
    assert not [e for e in room.log if e.path.startswith("/private")]
    refused = rows(path, "SELECT DISTINCT url FROM captures WHERE error = 'robots'")
    assert refused
    assert all("/private/" in row["url"] for row in refused)


def test_every_request_left_a_capture(editions: tuple[Path, Newsroom, list[dict[str, Run]]]) -> None:
    """What the server was asked is what the archive says: never neither, never both."""
    path, room, _ = editions
    asked = sorted(f"http://{e.host}{e.path}" for e in room.log)
    kept = sorted(row["url"] for row in rows(path, "SELECT url FROM captures WHERE status IS NOT NULL"))
    assert asked == kept


def test_the_second_visit_is_conditional(editions: tuple[Path, Newsroom, list[dict[str, Run]]]) -> None:
    """The third visit finds nothing new: servers with validators say so without a body, and no text is revised."""
    path, room, runs = editions
    last = runs[2]
    assert all(run.funnel.get("revised", 0) == 0 for run in last.values())
    assert sum(run.funnel.get("unchanged", 0) for run in last.values()) > 20
    bodies = [e.body for e in room.log if e.status == 304]
    assert bodies
    assert not any(bodies)
    assert rows(path, "SELECT count(*) AS n FROM captures WHERE error = 'unasked_304'") == [{"n": 0}]


def test_revisions_are_the_newsrooms_own(editions: tuple[Path, Newsroom, list[dict[str, Run]]]) -> None:
    """What changed is exactly what the newsroom changed: adverts, nonces and reader boxes make no revision."""
    path, room, _ = editions
    changed = {row["url"] for row in rows(path, "SELECT url FROM revisions WHERE revision > 1")}
    meant = set()
    for row in rows(path, "SELECT url FROM articles"):
        first, second = room.expected(row["url"], 1), room.expected(row["url"], 2)
        if (
            first
            and second
            and (first.title, first.standfirst, first.paragraphs)
            != (second.title, second.standfirst, second.paragraphs)
        ):
            meant.add(row["url"])
    assert meant
    assert changed == meant


def test_removed_and_moved_are_kept(editions: tuple[Path, Newsroom, list[dict[str, Run]]]) -> None:
    path, _, _ = editions
    left = rows(path, "SELECT url, last_status, text FROM articles WHERE last_status IN (404, 410)")
    assert {row["last_status"] for row in left} == {404, 410}
    assert all(row["text"] for row in left)
    moved = rows(path, "SELECT url, target FROM aliases")
    assert moved
    with Archive.open(path) as archive:
        for row in left:
            assert {e.what for e in history(archive, row["url"])} >= {"first", "removed"}
        for row in moved:
            assert {e.what for e in history(archive, row["url"])} >= {"first", "moved"}
            assert history(archive, row["target"])[0].what == "first"


def test_what_moved_is_one_article(editions: tuple[Path, Newsroom, list[dict[str, Run]]]) -> None:
    """Under its new address alone, in `articles` and in a search; its old one is an alias."""
    path, _, _ = editions
    (moved,) = rows(path, "SELECT a.url, a.target, t.title FROM aliases a JOIN articles t ON t.url = a.target")
    assert [row["url"] for row in rows(path, "SELECT url FROM articles WHERE title = ?", moved["title"])] == [
        moved["target"]
    ]
    with Archive.open(path) as archive:
        found = [hit.url for hit in search(archive, f'"{moved["title"]}"')]
    assert moved["target"] in found
    assert moved["url"] not in found


def test_reader_boxes(editions: tuple[Path, Newsroom, list[dict[str, Run]]]) -> None:
    """What each page told its readers to read, as the newsroom wrote it: kind, heading, order, headline."""
    path, room, _ = editions
    found: dict[str, list[tuple[str, str | None, str, str]]] = {}
    for row in rows(
        path,
        "SELECT * FROM related_links r WHERE captured_at = (SELECT max(captured_at) FROM related_links x "
        "WHERE x.url = r.url) ORDER BY url, kind, rank",
    ):
        found.setdefault(row["url"], []).append((row["kind"], row["heading"], row["target"], row["text"]))
    wrong = []
    for url in room.urls():
        expected = room.expected(url)
        assert expected
        if sorted(found.get(url, []), key=str) != sorted(expected.related, key=str):
            wrong.append(url)
    assert len(wrong) <= 0, wrong


def test_fronts_keep_the_lists(editions: tuple[Path, Newsroom, list[dict[str, Run]]]) -> None:
    path, _, _ = editions
    sites = rows(path, "SELECT site, count(*) AS n, min(rank) AS first FROM fronts GROUP BY site")
    assert len(sites) == 7
    assert all(row["first"] == 1 and row["n"] >= 8 for row in sites)


def test_the_file_opens_anywhere(editions: tuple[Path, Newsroom, list[dict[str, Run]]]) -> None:
    """Python's own sqlite3, with nothing of ours loaded, runs every view, and the file is sound."""
    plain = sqlite3.connect(f"{editions[0].as_uri()}?mode=ro", uri=True)
    for (view,) in plain.execute("SELECT name FROM sqlite_master WHERE type = 'view'").fetchall():
        count = plain.execute(f"SELECT count(*) FROM {view}").fetchone()[0]
        assert (count > 0) is (view != "quarantine"), view
    assert plain.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert plain.execute("PRAGMA foreign_key_check").fetchall() == []


# ---- sites of a test's own


def entry(**more: Any) -> Site:
    """A site on the newsroom's host of awkward pages."""
    return Site(
        "faults",
        home="http://faults.test/",
        sections=("http://faults.test/section",),
        articles="faults.test/(?!section)",
        delay=0.0,
        revisit=0.0,
        **more,
    )


def test_awkward_pages_end_as_rows(tmp_path: Path) -> None:
    """Empty, binary, huge, lying, slow, broken, looping: each a row with a reason, and the good articles are whole."""
    path = tmp_path / "faults.db"
    with Newsroom() as room:
        run = crawl(path, [entry()], room, DOWNLOAD_TIMEOUT=1.5)["faults"]
        assert run.state == "done"
        captures = {r["url"]: r for r in rows(path, "SELECT * FROM captures WHERE url LIKE 'http://faults.test/%'")}
        asked = {f"http://{e.host}{e.path}" for e in room.log}
    assert set(captures) >= asked
    said = {url.removeprefix("http://faults.test/").split("?")[0]: row["error"] for url, row in captures.items()}
    assert said["huge"] == "too_large"
    assert said["loop"] == "redirect_loop"
    assert said["slow"] == "timeout"
    assert said["reset"] in ("reset", "incomplete")
    assert said["empty"] == "empty"
    assert said["binary"] == "not_html"
    assert len(rows(path, "SELECT url FROM articles")) >= 3


def test_an_unreachable_host(tmp_path: Path) -> None:
    with Newsroom() as room:
        dead = Site("dead", home="http://dead.test/", sections=("http://dead.test/world",), delay=0.0)
        room_and_dead = {**room.resolve, "dead.test:80": "127.0.0.1:9"}
        runs = visit_once(
            [dead, entry()],
            tmp_path / "a.db",
            resolve=room_and_dead,
            quiet=True,
            overrides={**FAST, "DOWNLOAD_TIMEOUT": 1.5},
        )
    assert {run.site: run.state for run in runs} == {"dead": "failed", "faults": "done"}
    assert rows(tmp_path / "a.db", "SELECT error FROM captures WHERE url = 'http://dead.test/world'")[0]["error"]


def test_a_budget_leaves_the_rest_for_the_next_run(tmp_path: Path) -> None:
    """More articles than one run may fetch: the rest is counted as left, and fetched next time, each once."""
    path = tmp_path / "budget.db"
    with Newsroom() as room:
        site = next(s for s in load_sites(room.sites_file).values() if s.key == "meridian")
        few = Site(**{**{f: getattr(site, f) for f in Site.__slots__}, "max_articles": 4, "revisit": 86400.0})
        first = crawl(path, [few], room)["meridian"]
        assert first.funnel["left"] > 0
        got = [first.funnel["texts"]]
        for _ in range(3):
            got.append(crawl(path, [few], room)["meridian"].funnel["texts"])
    assert sum(got) > 8
    assert rows(path, "SELECT url FROM mementos WHERE page_kind = 'article' GROUP BY url HAVING count(*) > 1") == []


def test_a_hint_brings_a_look_in_the_same_run(tmp_path: Path) -> None:
    """No article is due by its age; those whose lastmod has moved are looked at, and each has been revised."""
    with Newsroom() as room:
        sites = [
            replace(site, revisit=86_400.0) for site in load_sites(room.sites_file).values() if site.key == "meridian"
        ]
        crawl(tmp_path / "hints.db", sites, room)
        room.edition = 2
        funnel = crawl(tmp_path / "hints.db", sites, room)["meridian"].funnel
    assert funnel["due"] == funnel["revised"] == 2


def foreigndesk(*words: str, **more: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "crawler.cli", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )


def resolved(room: Newsroom) -> list[str]:
    return [word for pair in room.resolve.items() for word in ("--resolve", "=".join(pair))]


def test_ctrl_c_keeps_what_was_captured(tmp_path: Path) -> None:
    path = tmp_path / "stopped.db"
    with Newsroom(generated=400, latency=0.02) as room:
        child = foreigndesk(
            "crawl",
            "meridian",
            "--sites",
            str(room.sites_file),
            "--archive",
            str(path),
            "--delay",
            "0.02",
            *resolved(room),
        )
        _wait(lambda: len(room.log) > 20)
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=30)
        asked = len(room.log)
    assert child.returncode == 1, said
    assert "Stopping" in said
    assert "Traceback" not in said
    assert len(rows(path, "SELECT 1 AS x FROM captures WHERE status IS NOT NULL")) == asked
    assert rows(path, "SELECT state FROM runs") == [{"state": "lost"}]


def test_killed_and_run_again(tmp_path: Path) -> None:
    """kill -9 in mid-run: the next run fetches what is missing, reads what was left unread, and nothing is doubled."""
    path = tmp_path / "killed.db"
    with Newsroom(generated=60, latency=0.01) as room:
        words = (
            "crawl",
            "meridian",
            "--sites",
            str(room.sites_file),
            "--archive",
            str(path),
            "--delay",
            "0.01",
            *resolved(room),
        )
        child = foreigndesk(*words)
        _wait(lambda: path.exists() and len(room.log) > 30)
        child.kill()
        child.communicate()
        again = foreigndesk(*words)
        _, said = again.communicate(timeout=120)
        assert again.returncode == 0, said
        alive = set(room.urls("meridian"))
    kept = {row["url"] for row in rows(path, "SELECT url FROM articles")}
    assert alive <= kept
    assert [r["state"] for r in rows(path, "SELECT state FROM runs ORDER BY started_at")] == ["lost", "done"]


def test_schedule_runs_and_stops(tmp_path: Path) -> None:
    """Two sites again and again; SIGTERM ends it within seconds, exit 0, with every slot's row closed."""
    path = tmp_path / "scheduled.db"
    with Newsroom() as room:
        child = foreigndesk(
            "schedule",
            "meridian",
            "minato",
            "--sites",
            str(room.sites_file),
            "--archive",
            str(path),
            "--every",
            "3s",
            "--delay",
            "0",
            *resolved(room),
        )
        _wait(lambda: path.exists() and _count(path, "SELECT count(*) FROM runs WHERE state = 'done'") >= 4, 60)
        child.send_signal(signal.SIGTERM)
        began = time.monotonic()
        _, said = child.communicate(timeout=30)
    assert child.returncode == 0, said
    assert time.monotonic() - began < 10
    states = rows(path, "SELECT site, due, state FROM runs")
    assert {row["state"] for row in states} <= {"done", "lost"}
    assert len({(row["site"], row["due"]) for row in states if row["state"] == "done"}) == sum(
        r["state"] == "done" for r in states
    )
    assert {row["site"] for row in states} == {"meridian", "minato"}


def test_a_schedule_that_is_killed_keeps_every_slot(tmp_path: Path) -> None:
    """kill -9 at work, three times, then left in peace: what benchmarks/schedule.py checks over hundreds of kills."""
    assert kills(3, seed=1, calm="8s")


def test_scrapys_own_commands(tmp_path: Path) -> None:
    """`scrapy list` and `scrapy crawl SITE` work through the catalogue, and keep the same ledger."""
    root = Path(__file__).parent.parent
    with Newsroom() as room:
        env = {**os.environ, "FOREIGNDESK_SITES": str(room.sites_file)}
        listed = subprocess.run(
            [sys.executable, "-m", "scrapy", "list"], cwd=root, env=env, capture_output=True, text=True
        )
        assert {"meridian", "lemonde"} <= set(listed.stdout.split()), listed.stderr
        path = tmp_path / "scrapy.db"
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "scrapy",
                "crawl",
                "minato",
                "-s",
                f"ARCHIVE={path}",
                "-s",
                f"RESOLVE={json.dumps(room.resolve)}",
                "-s",
                "DOWNLOAD_DELAY=0",
            ],
            cwd=root,
            env=env,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr, done.stderr
    assert _count(path, "SELECT count(*) FROM articles") >= 8
    assert rows(path, "SELECT site, state FROM runs") == [{"site": "minato", "state": "done"}]


def _count(path: Path, sql: str) -> int:
    try:
        with Archive.open(path, create=False) as archive:
            return int(archive.db.conn.execute(sql).fetchone()[0])
    except (sqlite3.Error, LookupError, ValueError):
        return 0


def _wait(until: Any, seconds: float = 30) -> None:
    """Wait for something to become true, watching it; a test that waits in vain fails."""
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_clock_is_injected(tmp_path: Path, clock: Clock) -> None:
    """Captures carry the time of the clock that is given, to the microsecond."""
    path = tmp_path / "clock.db"
    with Newsroom() as room:
        site = next(s for s in load_sites(room.sites_file).values() if s.key == "minato")
        crawl(path, [site], room, CLOCK=clock)
    times = [row["captured_at"] for row in rows(path, "SELECT captured_at FROM captures")]
    assert times
    assert all(t.startswith("2026-11-01T12:") for t in times)
