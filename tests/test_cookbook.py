"""The cookbook answers: every saved question runs over the newsroom's archive, and says what happened there."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from archive import Archive, BadQuery, Capture, Extraction, Link, Visit, moment, query, questions, saved
from crawler.cli import main
from crawler.newsroom import Newsroom
from tests.write_docs import ROOT, cookbook

#: What the newsroom itself does not do in two editions; `more` below does it, and names the URL that must come up.
ADDED = {
    "same_headline_elsewhere": "http://www.nordwarte.test/extra/copy",
    "texts_that_shrank": "http://www.meridian-courier.test/extra/shrunk",
    "dates_bumped": "http://www.meridian-courier.test/extra/bumped",
    "published_after_it_was_seen": "http://www.meridian-courier.test/extra/early",
    "hints_against_pages": "http://www.meridian-courier.test/extra/hinted",
    "recommended_and_not_archived": "http://www.meridian-courier.test/never/archived",
    "walls_and_stubs": "http://www.meridian-courier.test/extra/wall",
    "back_again": "http://www.meridian-courier.test/extra/back",
    "nobody_looked": "http://www.meridian-courier.test/extra/forgotten",
}


@pytest.fixture(scope="module")
def press(editions: tuple[Path, Newsroom, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The newsroom's archive, and a few things more that happen to outlets."""
    path = tmp_path_factory.mktemp("cookbook") / "press.db"
    plain = sqlite3.connect(editions[0])
    plain.execute("VACUUM INTO ?", (str(path),))
    plain.close()
    with Archive.open(path) as archive:
        more(archive)
    yield path
    shutil.rmtree(path.parent)


def more(archive: Archive) -> None:
    last = moment(archive.rows("SELECT max(captured_at) AS at FROM captures")[1][0]["at"])
    title = archive.rows("SELECT title FROM articles WHERE site = 'meridian' ORDER BY url")[1][0]["title"]
    seen: list[Capture] = []
    read: list[Extraction] = []

    def page(url: str, text: str | None, kind: str = "article", page_kind: str = "article", **more: Any) -> None:
        site = "nordwarte" if "nordwarte" in url else "meridian"
        payload = f"{url} {text} {len(seen)}".encode()
        at = last + timedelta(seconds=len(seen) + 1)
        seen.append(Capture(url, at, site=site, kind=page_kind, status=200, payload=payload))
        read.append(Extraction(url, seen[-1].digest or "", "t", kind=kind, text=text, **{"title": "A story", **more}))

    page(ADDED["same_headline_elsewhere"], "Eine Kopie.", title=title)
    for text in ("One two three four.", "One two."):
        page(ADDED["texts_that_shrank"], text)
    for modified in ("2026-11-01T08:00:00+00:00", "2026-11-02T08:00:00+00:00"):
        page(ADDED["dates_bumped"], "The same text.", modified=modified)
    page(ADDED["published_after_it_was_seen"], "Too early.", published=(last + timedelta(days=9)).isoformat())
    hinted = ADDED["hints_against_pages"]
    page(hinted, "Dated twice.", published="2026-11-01T08:00:00+00:00")
    hint = Link("front", 1, hinted, "Dated twice", published="2026-11-01T10:00:00+00:00")
    page("http://www.meridian-courier.test/extra/feed", None, "feed", "feed", links=(hint,))
    box = Link("readers", 1, ADDED["recommended_and_not_archived"], "Elsewhere", "Most read")
    page("http://www.meridian-courier.test/extra/box", "With a box.", links=(box,))
    page(ADDED["walls_and_stubs"], None, "paywall", problem="paywall")
    page(ADDED["back_again"], "Here.")
    seen.append(Capture(ADDED["back_again"], last + timedelta(seconds=50), site="meridian", status=404))
    seen.append(replace(seen[-2], captured_at=last + timedelta(seconds=51)))
    page(ADDED["nobody_looked"], "Forgotten.")
    seen[-1] = replace(seen[-1], captured_at=last - timedelta(days=30))
    due = "2026-11-01T12:00:00.000000Z"
    archive.claim("meridian", due, last, "us", planned="lists", missed=3, why="the schedule was not running")
    archive.finish("meridian", due, 1, "done", last, "complete", {})
    archive.store([Visit(one) for one in seen], "more")
    archive.record(read, last)


def ask(path: Path, name: str, **given: str) -> list[dict[str, Any]]:
    sql, values = saved(name, given)
    columns, rows = query(path, sql, values)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def test_there_are_enough_questions() -> None:
    assert len(questions()) >= 25
    assert all(one.question.endswith(("?", ".")) and one.sql.endswith(";") for one in questions().values())


@pytest.mark.parametrize("name", sorted(questions()))
def test_every_question_is_answered(press: Path, name: str) -> None:
    """It runs as the command runs it, and the newsroom (with what is added here) gives it something to say."""
    rows = ask(press, name)
    assert rows
    if name in ADDED:
        shown = json.dumps(rows, ensure_ascii=False)
        assert ADDED[name] in shown or name in ("same_headline_elsewhere", "walls_and_stubs")


@pytest.mark.parametrize("name", sorted(questions()))
def test_it_runs_in_a_bare_shell(press: Path, name: str) -> None:
    """Nothing of ours is needed, but for the words of a search."""
    plain = sqlite3.connect(press)
    if "fts_query" in questions()[name].sql:
        with pytest.raises(sqlite3.OperationalError, match="fts_query"):
            plain.execute(questions()[name].sql, dict(questions()[name].parameters))
    else:
        plain.execute(questions()[name].sql, dict(questions()[name].parameters)).fetchall()
    plain.close()


def test_answers_are_the_newsrooms_own(press: Path, editions: tuple[Path, Newsroom, Any]) -> None:
    """What the newsroom did between its editions is what the questions find."""
    _, room, _ = editions
    with Archive.read(press) as archive:
        urls = [row["url"] for row in archive.rows("SELECT url FROM pages WHERE kind = 'article'")[1]]
    told = {url: (room.expected(url, 1), room.expected(url, 2)) for url in urls}
    renamed = {url for url, (one, two) in told.items() if one and two and one.title != two.title}
    assert renamed
    assert {row["url"] for row in ask(press, "headline_changes")} == renamed
    assert {row["url"] for row in ask(press, "headline_changes_within_an_hour")} == renamed
    gone = {url for url, (one, two) in told.items() if one and not two}
    removed = {row["url"] for row in ask(press, "removed_articles")}
    moved = {row["from_address"] for row in ask(press, "moved_articles")}
    assert removed
    assert removed | moved >= gone
    assert all(row["found_gone"] > row["last_text_seen"] for row in ask(press, "removed_articles"))
    wire = ask(press, "who_reported_first")
    assert {row["outlets_in_order"] for row in wire} & {"ledger then meridian", "meridian then ledger"}
    readers = {row["site"]: row["share"] for row in ask(press, "readers_against_editors")}
    assert 0 < readers["meridian"] <= 1
    noon = ask(press, "front_at_noon", site="meridian")
    assert [row["rank"] for row in noon][:4] == [1, 2, 3, 4]
    assert ask(press, "front_at_noon", day="2001-01-01") == []
    assert all("/private/" in row["url"] for row in ask(press, "refused_by_robots"))


def test_counters_agree_with_the_lists(press: Path) -> None:
    """What is counted beforehand is what counting the lists themselves gives."""
    with Archive.read(press) as archive:
        _, counted = archive.rows(
            "SELECT l.target, count(*) AS times FROM extractions e JOIN links l ON l.list = e.links_digest "
            "WHERE e.current = 1 AND l.kind <> 'front' GROUP BY l.target ORDER BY times DESC, l.target LIMIT 10"
        )
    assert [(row["url"], row["times"]) for row in ask(press, "recommended_ever", most="10")] == [
        (row["target"], row["times"]) for row in counted
    ]
    week = ask(press, "most_recommended", days="9999", most="10")
    assert [(row["target"], row["times"]) for row in week] == [(row["target"], row["times"]) for row in counted]


def test_the_page_is_made_from_the_source() -> None:
    assert (ROOT / "docs" / "cookbook.md").read_text(encoding="utf-8") == cookbook(), "run `python -m tests.write_docs`"


def test_the_command(press: Path) -> None:
    runner, path = CliRunner(), ["--archive", str(press)]
    asked = runner.invoke(
        main, ["query", "--saved", "newest_articles", "--with", "site=minato", "--with", "most=3", "--nl", *path]
    )
    assert asked.exit_code == 0, asked.output
    assert [json.loads(line)["site"] for line in asked.output.splitlines()] == ["minato"] * 3
    plain = runner.invoke(main, ["query", "SELECT :a + 1 AS b", "--with", "a=41", "--csv", *path])
    assert plain.output.split() == ["b", "42"]
    listed = runner.invoke(main, ["query", "--list"])
    assert all(name in listed.output for name in questions())
    for words, said in (
        (["--saved", "newest_article"], "Did you mean newest_articles"),
        (["--saved", "newest_articles", "--with", "sight=x"], "it takes site, most"),
        (["--saved", "newest_articles", "--with", "site"], "KEY=VALUE"),
        (["SELECT 1", "--saved", "authors"], "or name a saved question"),
        ([], "or name a saved question"),
    ):
        refused = runner.invoke(main, ["query", *words, *path])
        assert refused.exit_code == 2
        assert said in refused.output


def test_values_are_never_pasted_into_the_sql(press: Path) -> None:
    assert ask(press, "newest_articles", site="' OR 1=1 --") == []
    with pytest.raises(BadQuery):
        saved("newest_articles; DROP TABLE texts", {})
