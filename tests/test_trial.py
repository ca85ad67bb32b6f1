"""A dry run tells what would change, and writes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from archive import Archive, BadQuery, Selection, Site, Visit, extract, open_executor, threshold, trial
from archive.trial import BINS, FATES, FIELDS
from crawler.cli import main
from tests.conftest import Clock
from tests.pages import SCRIPTS, article, page
from tests.test_reextract import FIRST, QUAY

PAGES = 12


@pytest.fixture
def filled(archive: Archive, clock: Clock) -> Archive:
    """Twelve pages in four languages, of two sites; some readings are other than today's extractor would give."""
    archive.know([QUAY, Site("pier", home="https://pier.example/")], clock())
    for number in range(PAGES):
        language = ("ja", "ru", "el", "hi")[number % 4]
        site = "quay" if number % 2 else "pier"
        one = replace(
            FIRST,
            url=f"https://{site}.example/world/2026/11/story-{number}",
            site=site,
            captured_at=FIRST.captured_at + timedelta(minutes=number),
            payload=page(article(SCRIPTS[language], title=f"Story {number}"), lang=language).encode(),
        )
        archive.store([Visit(one)])
        found = extract(one, QUAY)
        kept = {
            0: {"text": (found.text or "") + "\n\nThese five words were lost."},
            1: {"title": "Another headline"},
            2: {"authors": ("Ann Ode",), "published": "2026-11-01"},
            3: {"text": None, "problem": "no_text"},
        }.get(number, {})
        archive.record([replace(found, **kept)], clock())  # type: ignore[arg-type]
    return archive


def test_what_would_change_is_counted(filled: Archive) -> None:
    before = filled.db.conn.total_changes
    with open_executor("serial") as workers:
        found = trial(filled, {"quay": QUAY}, workers)
    assert filled.db.conn.total_changes == before, "nothing is written"
    share = found.whole
    assert (share.pages, found.total, share.changed["changed"]) == (PAGES, PAGES, 4)
    assert {name: share.changed[name] for name in ("text", "headline", "authors", "date", "found", "empty")} == {
        "text": 2, "headline": 2, "authors": 1, "date": 1, "found": 1, "empty": 0,
    }  # fmt: skip
    lost = next(case for case in found.worst if case.url.endswith("story-0"))
    assert (lost.lost, lost.gained, lost.fields) == (5, 0, ("text",))
    assert lost.diff().changes[0].what == "removed"
    assert {name: one.pages for name, one in found.sites.items()} == {"pier": 6, "quay": 6}
    languages = {name: one.changed["changed"] for name, one in found.languages.items()}
    assert languages == {"ja": 1, "ru": 1, "el": 1, "hi": 1}
    assert sum(found.bins) == PAGES
    assert len(found.bins) == len(BINS)
    weights = [case.weight for case in found.worst]
    assert weights == sorted(weights, reverse=True)


def test_a_text_that_would_be_lost_is_the_worst(filled: Archive, clock: Clock) -> None:
    """A page that had a text and would have none comes first, however short it was."""
    stub = replace(FIRST, url="https://quay.example/stub", payload=page("<p>nothing</p>").encode())
    filled.store([Visit(stub)])
    filled.record([replace(extract(stub, QUAY), kind="article", text="Two words.", problem=None)], clock())
    with open_executor("serial") as workers:
        found = trial(filled, {"quay": QUAY}, workers, worst=2)
    assert len(found.worst) == 2
    assert (found.worst[0].url, found.worst[0].empty) == (stub.url, True)
    assert threshold("empty>0").crossed(found)
    assert not threshold("empty>1").crossed(found)
    assert threshold("empty>7.6%").crossed(found)
    assert not threshold("empty>7.7%").crossed(found)
    assert threshold("changed<90%").crossed(found)
    assert threshold("lost>5").crossed(found)


@pytest.mark.parametrize("said", ["", "empty", "empty>x", "nothing>1", "empty>=1", "empty>1%%"])
def test_a_wrong_threshold_is_told(said: str) -> None:
    with pytest.raises(BadQuery, match="no threshold"):
        threshold(said)
    assert all(threshold(f"{name}>1") for name in (*FIELDS, *FATES))


def test_a_sample_is_the_same_for_a_seed(filled: Archive) -> None:
    with open_executor("serial") as workers:
        one, again, other = (
            trial(filled, {"quay": QUAY}, workers, sample=5, seed=seed, which=Selection("all")) for seed in (1, 1, 2)
        )
    assert (one.pages, one.as_dict()) == (5, again.as_dict())
    assert one.as_dict() != other.as_dict()


def invoke(*words: str) -> Any:
    return CliRunner().invoke(main, list(words), catch_exceptions=False)


def test_the_command(filled: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    evil = "<script>alert(1)</script>"
    with filled.writing() as connection:
        connection.execute("UPDATE texts SET title = ? WHERE title = 'Another headline'", (evil,))
    words = ("reextract", "--all", "--dry-run", "--executor", "serial", "--archive", str(filled.path))
    done = invoke(*words, "--html", "r.html", "--fail-if", "changed>30%", "--fail-if", "empty>0")
    assert done.exit_code == 1
    assert "changed>30%: it is 33.33%" in done.output
    assert "empty>0:" not in done.output
    assert "12 pages would be read by" in done.output
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<svg" in html
    assert "<del>These five words were lost.</del>" in html
    assert evil not in html
    for outside in ("<script", "src=", "href=", 'http-equiv="refresh', "url("):
        assert outside not in html, f"{outside}: the page stands alone"
    calm = invoke(*words, "--json", "--fail-if", "empty>0")
    assert calm.exit_code == 0
    assert json.loads(calm.output)["whole"]["changed"]["changed"] == 4
