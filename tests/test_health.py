"""Whether a site yields what it used to: silence, drift, errors, manners; metrics; the ledger; telling a person."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive import Archive, Capture, Extraction, Health, Site, Visit, health, load_sites
from crawler import problems
from crawler.cli import main
from crawler.newsroom import Newsroom
from tests.conftest import crawl

LIST, FEED = "http://paper.test/world", "http://paper.test/rss"
SITE = Site("paper", home="http://paper.test/", sections=(LIST,), feeds=(FEED,), delay=5.0)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def front(archive: Archive, at: datetime, *names: str, url: str = LIST) -> None:
    kind = "feed" if url == FEED else "section"
    seen = Capture(url, at, site="paper", kind=kind, status=200, payload=f"{at}".encode())
    archive.store([Visit(seen, found=tuple(("article", f"http://paper.test/{name}") for name in names))])


def article(archive: Archive, at: datetime, name: str, **more: object) -> None:
    seen = Capture(f"http://paper.test/{name}", at, site="paper", status=200, payload=f"{name} {at}".encode())
    archive.store([Visit(seen)])
    given = {"text": "words", "authors": ("A. Writer",), "published": "2026-11-24T00:00:00Z", **more}
    archive.record([Extraction(seen.url, seen.digest or "", "t", title="T", **given)], at)  # type: ignore[arg-type]


@pytest.fixture
def paper(archive: Archive) -> Archive:
    """Ten days in which a list brought an article every two hours, by day, and a feed one a day."""
    archive.know([SITE], NOW)
    for hours in range(240, 0, -1):
        at = NOW - hours * HOUR
        new = [f"a{hours}"] if hours % 2 == 0 and 6 <= at.hour <= 22 else []
        front(archive, at, *new)
        front(archive, at + timedelta(minutes=1), *([f"f{hours}"] if at.hour == 9 else []), url=FEED)
    return archive


def told(archive: Archive, now: datetime = NOW) -> Health:
    (one,) = health(archive, now, "paper")
    return one


def words(one: Health) -> set[tuple[str, str | None]]:
    return {(problem.word, problem.seed) for problem in one.problems}


def test_a_site_as_usual_has_no_problem(paper: Archive) -> None:
    one = told(paper)
    assert words(one) == set()
    assert (one.whole.found_lately, round(one.whole.expected or 0)) == (10, 10)
    assert [round((seed.interval or 0) / 3600) for seed in one.seeds] == [24, 8]


def test_silence_is_measured_against_its_own_past(paper: Archive) -> None:
    """Nights are usual. The section is silent after twice its longest usual gap, the feed, slower, is not yet."""
    for hours in range(20):
        if hours == 13:
            assert words(told(paper, NOW + 13 * HOUR)) == set()
        front(paper, NOW + hours * HOUR)
        front(paper, NOW + hours * HOUR + timedelta(minutes=1), url=FEED)
    one = told(paper, NOW + 20 * HOUR)
    assert words(one) == {("silent", None), ("silent", LIST)}
    assert "brought nothing new since 2026-11-24 10:00Z" in one.problems[0].sentence


def test_a_list_that_nobody_asked_is_not_silent(paper: Archive) -> None:
    one = told(paper, NOW + timedelta(days=3))
    assert {word for word, _ in words(one)} == {"unwatched"}


def test_a_new_seed_is_named(paper: Archive) -> None:
    paper.know([replace(SITE, sections=(LIST, "http://paper.test/europe"))], NOW)
    assert words(told(paper)) == {("never_asked", "http://paper.test/europe")}


@pytest.mark.parametrize(
    ("part", "lost"),
    [("body", {"text": None}), ("author", {"authors": ()}), ("date", {"published": None})],
)
def test_drift(paper: Archive, part: str, lost: dict[str, object]) -> None:
    """A part that most articles had and few have now; a quarter of them missing in thirty is still chance."""
    for n in range(60):
        article(paper, NOW - timedelta(days=9, minutes=-n), f"o{n}")
        article(paper, NOW - timedelta(hours=40, minutes=-n), f"n{n}", **(lost if n % 10 < 4 else {}))
    assert words(told(paper)) == {(f"drift_{part}", None)}
    assert told(paper).shares[part] == (0.6, 1.0)


def test_a_few_articles_are_no_drift(paper: Archive) -> None:
    for n in range(12):
        article(paper, NOW - timedelta(days=9, minutes=-n), f"o{n}")
        article(paper, NOW - timedelta(hours=40, minutes=-n), f"n{n}", text=None)
    assert words(told(paper)) == set()


def test_failures_are_counted_by_class(paper: Archive) -> None:
    for n in range(80):
        at = NOW - timedelta(minutes=10 * n + 5)
        error = ("timeout", "dns")[n % 2]
        paper.store([Visit(Capture(f"http://paper.test/e{n}", at, site="paper", error=error))])
    paper.store([Visit(Capture("http://paper.test/p", NOW, site="paper", error="robots"))])
    one = told(paper)
    assert (one.requests["timeout"], one.requests["dns"], one.requests["robots"]) == (40, 40, 1)
    assert ("failing", None) in words(one)


def test_manners_are_shown(paper: Archive) -> None:
    assert told(paper).shortest_gap == 60.0
    front(paper, NOW - timedelta(minutes=2))
    front(paper, NOW - timedelta(minutes=2, seconds=-3), url=FEED)
    one = told(paper)
    assert one.shortest_gap == 3.0
    assert words(one) == {("impolite", None)}


def test_failing_and_missed_runs_are_told(paper: Archive) -> None:
    for hours in (2, 1):
        due = (NOW - hours * HOUR).isoformat()
        paper.claim("paper", due, NOW, "us")
        paper.finish("paper", due, 1, "failed", NOW, "nothing could be fetched", {})
    assert words(told(paper)) == {("runs_fail", None)}
    due = "2026-11-24T11:30:00.000000Z"
    paper.claim("paper", due, NOW, "us", planned="lists", missed=4, why="paused")
    paper.finish("paper", due, 1, "done", NOW + HOUR, "", {})
    assert words(told(paper)) == {("missed", None)}


# ---- commands


def asked(*given: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, list(given))
    return done.exit_code, done.output


def test_the_command_and_its_metrics(editions: tuple[Path, object, object], tmp_path: Path) -> None:
    """A newsroom crawled without a delay is impolite, and told so; metrics are what Prometheus reads."""
    path, file = str(editions[0]), tmp_path / "desk.prom"
    code, said = asked("health", "--archive", path, "--json", "--site", "ledger")
    told = json.loads(said)["sites"][0]
    assert (code, told["site"], told["problems"]) == (0, "ledger", [])
    assert told["yield"]["found_lately"] >= 8
    code, said = asked("health", "--archive", path, "--prometheus", str(file))
    assert (code, said) == (0, "")
    lines = file.read_text().splitlines()
    family = r"foreigndesk_[a-z_]+"
    for line in lines:
        assert re.fullmatch(rf"# (HELP|TYPE) {family} .+|{family}(\{{(\w+=\"[^\"]*\",?)+\}})? [-\d.e+]+", line), line
    assert any(line.startswith('foreigndesk_articles_new{site="ledger",seed=""} ') for line in lines)
    assert "foreigndesk_schedule_up 0" in lines
    assert list(tmp_path.iterdir()) == [file]
    assert asked("health", "--archive", path, "--site", "nowhere")[0] == 2
    assert asked("health", "--archive", path)[1].rstrip().endswith("All well.")


def test_a_problem_is_an_exit_code(paper: Archive) -> None:
    for hours in (2, 1):
        due = (NOW - hours * HOUR).isoformat()
        paper.claim("paper", due, NOW, "us")
        paper.finish("paper", due, 1, "failed", NOW, "nothing could be fetched", {})
    code, said = asked("health", "--archive", str(paper.path))
    assert code == 1
    assert "runs_fail" in said


def test_runs_and_their_funnel(editions: tuple[Path, object, object]) -> None:
    path = str(editions[0])
    code, said = asked("runs", "--archive", path, "--site", "ledger")
    first = said.splitlines()[0].split()[0]
    assert (code, len(said.splitlines()), first.partition("@")[0]) == (0, 3, "ledger")
    code, said = asked("runs", first, "--archive", path)
    assert code == 0
    assert re.search(r"\d  asked      requests", said)
    code, said = asked("runs", first.partition("#")[0][:-3], "--archive", path, "--json")
    assert json.loads(said.splitlines()[0])["funnel"]["asked"] > 0
    assert asked("runs", "ledger@1999", "--archive", path)[0] == 1
    assert asked("runs", "ledger@2026#x", "--archive", path)[0] == 2


async def test_a_command_of_yours_is_told_once(paper: Archive, tmp_path: Path) -> None:
    """What is new on its standard input, as JSON; the same again only after a day; one that fails is said."""
    heard = tmp_path / "heard"
    code = f"import sys; open({str(heard)!r}, 'a').write(sys.stdin.read() + chr(10))"
    site = replace(SITE, on_problem=f'{sys.executable} -c "{code}"')
    late, run = NOW + timedelta(days=3), {"state": "failed", "outcome": "nothing could be fetched"}
    teller = problems.Problems(paper.path)
    fresh, fault = await teller.after(site, run, late)
    assert fault is None
    assert [one["word"] for one in fresh] == ["run_failed", "unwatched", "unwatched", "unwatched"]
    assert json.loads(heard.read_text())["problems"] == fresh
    assert await teller.after(site, run, late + HOUR) == ([], None)
    assert len((await teller.after(site, run, late + timedelta(days=1)))[0]) == 4
    assert await problems.call("false", "x") == "on_problem ended with exit code 1."
    assert "could not be started" in str(await problems.call("/no/such/command", "x"))
    assert "could not be started" in str(await problems.call("'unclosed", "x"))


def test_a_budget_spends_on_new_ones_first(tmp_path: Path) -> None:
    """A second visit with room for few: known articles that are due wait, and the funnel says so."""
    with Newsroom() as room:
        site = next(one for one in load_sites(room.sites_file).values() if one.key == "meridian")
        first = crawl(tmp_path / "a.db", [replace(site, max_articles=3)], room)["meridian"]
        assert first.funnel["left"] > 0
        whole = crawl(tmp_path / "a.db", [site], room)["meridian"]
        again = crawl(tmp_path / "a.db", [replace(site, max_day=4)], room)["meridian"]
    assert whole.funnel["texts"] > 3
    assert again.funnel["left"] > 3
    assert again.funnel.get("texts", 0) == 0
