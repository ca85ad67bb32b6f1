"""Archives are merged in any order, as often as one likes, and split again; what is foreign or damaged is refused."""

from __future__ import annotations

import itertools
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from archive import (
    Archive,
    ArchiveError,
    ArchiveUnreadable,
    BadQuery,
    Capture,
    Extraction,
    Site,
    Visit,
    erase,
    extract,
    head,
    hide,
    merge,
    payload_digest,
    search,
    split,
    timestamp,
    verify,
)
from archive.shards import OWN, PLAIN, STEPPED
from crawler.cli import main
from crawler.newsroom import Newsroom
from tests.press import AT, HOST, SITE, captures, fill
from tests.test_format import SCRIPTS, run

NATURAL = {
    "captures": "SELECT * FROM captures",
    "pages": "SELECT * FROM pages",
    "sites": "SELECT * FROM sites",
    "runs": "SELECT * FROM runs",
    "frontier": "SELECT * FROM frontier",
    "chain": "SELECT * FROM chain",
    "forks": "SELECT * FROM forks",
    "redactions": "SELECT * FROM redactions",
    "tombstones": "SELECT * FROM tombstones",
    "copies": "SELECT * FROM copies",
    "strikes": "SELECT * FROM strikes",
    "snapshots": "SELECT digest, length, kept_as, shared FROM snapshots",
    "extractions": "SELECT * FROM extractions",
    "seals": "SELECT url, digest, extractor, seal FROM extraction_rows",
    "texts": "SELECT digest, title, standfirst, text, words FROM texts",
    "links": "SELECT * FROM links",
    "recommended": "SELECT * FROM recommended",
    "targets": "SELECT url, times FROM targets",
    "revisions": "SELECT * FROM revisions",
    "index": "SELECT v.term, t.digest, v.col, v.offset FROM temp.words v JOIN texts t ON t.id = v.doc",
}


def content(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that an archive says, whatever numbers its file uses: every table, payload and word of the index."""
    with Archive.open(path) as archive:
        connection = archive.db.conn
        for (site,) in connection.execute("SELECT DISTINCT site FROM pages").fetchall():
            archive.due(site, AT)  # as the next visit does: what a merge left unweighed is weighed
        connection.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'texts_fts', 'instance')")
        found = {name: sorted(connection.execute(sql).fetchall(), key=repr) for name, sql in NATURAL.items()}
        held = connection.execute("SELECT digest FROM snapshots WHERE body IS NOT NULL ORDER BY 1").fetchall()
        found["payloads"] = [(digest, payload_digest(archive.payload(digest))) for (digest,) in held]
        assert [f for f in verify(archive) if f.what != "schema"] == []
        return found


@contextmanager
def made(path: Path) -> Iterator[Archive]:
    with Archive.open(path) as archive:
        archive.know([SITE], AT)
        yield archive


def shards(folder: Path) -> list[Path]:
    """Three archives that overlap: common pages at other times, common captures, common texts, other extractors."""
    one, two = list(captures(30)), list(captures(30, edition=2))
    files = [folder / f"shard-{n}.db" for n in range(3)]
    with made(files[0]) as archive:
        fill(archive, one[:20], batch=7)
        archive.finish("meridian", "2026-11-01T12:00:00.000000Z", 1, "done", AT, "complete", {})
    with made(files[1]) as archive:
        # The same run, of which the other file has another part: both went on from one beginning.
        fill(archive, one[:7], batch=7)
        fill(archive, one[10:30], batch=5)
        fill(archive, two[:10], due="2026-11-02T12:00:00.000000Z")
        archive.record([replace(extract(c, SITE), extractor="foreigndesk-10") for c in [*one[10:14], *two[:2]]], AT)
        archive.claim("meridian", "2026-11-02T12:00:00.000000Z", AT, "test")
    with made(files[2]) as archive:
        fill(archive, two, due="2026-11-02T12:00:00.000000Z", batch=11)
        other = [replace(c, url=c.url.replace(HOST, "www.other.test"), site="other") for c in one[5:9]]
        fill(archive, other, due="2026-11-03T12:00:00.000000Z")
        archive.record([replace(extract(c, SITE), extractor="foreigndesk-9") for c in two[:4]], AT)
        archive.store([Visit(replace(c, captured_at=c.captured_at + timedelta(days=9), payload=None, status=304))
                       for c in two[:3]])  # fmt: skip
        hide(archive, two[7].url, "asked for", AT)
    return files


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return shards(tmp_path_factory.mktemp("three"))


def test_every_order_twice_gives_the_same(three: list[Path], tmp_path: Path) -> None:
    results, heads = [], set()
    for number, order in enumerate(itertools.permutations(three)):
        path = tmp_path / f"{number}.db"
        with Archive.open(path) as archive:
            first = [merge(archive, file) for file in order]
            assert sum(one.captures for one in first) > 40
            again = [merge(archive, file) for file in order]
            assert [(one.captures, one.payloads, one.texts, one.readings) for one in again] == [(0, 0, 0, 0)] * 3
            heads.add(head(archive).value)
        results.append(content(path))
    for name in results[0]:
        assert all(one[name] == results[0][name] for one in results), name
    assert len(heads) == 1
    assert results[0]["forks"], "two archives went on with one run"
    newest = next(captures(30, edition=2)).url
    with Archive.open(tmp_path / "0.db") as archive:
        _, shown = archive.rows("SELECT DISTINCT extractor FROM extractions WHERE url = ? AND current = 1 "
                                "AND extractor <> (SELECT min(extractor) FROM extractions)", (newest,))  # fmt: skip
    assert [row["extractor"] for row in shown] == ["foreigndesk-10"], "version 10 is newer than version 9"


def test_a_merged_chain_is_walked_by_a_stranger(three: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "all.db"
    with Archive.open(path) as archive:
        for file in three:
            merge(archive, file)
        value = head(archive).value
        for file in three:
            with Archive.open(file) as part:
                mine = {tuple(row) for row in part.db.conn.execute("SELECT site, due, link, head FROM chain")}
            held = {tuple(row) for row in archive.db.conn.execute("SELECT site, due, link, head FROM chain")}
            assert mine <= held, "a head that was published stays"
        with archive.writing() as connection:
            connection.execute("UPDATE forks SET record = replace(record, 'a', 'b') WHERE link = 2")
        assert any(f.what == "chain" for f in verify(archive, quick=True))
    assert run(SCRIPTS[1], three[1]).returncode == 0
    whole = tmp_path / "again.db"
    with Archive.open(whole) as archive:
        for file in three:
            merge(archive, file)
    walked = run(SCRIPTS[1], whole)
    assert walked.stdout.strip() == value, walked.stderr


def test_a_merged_archive_goes_on(three: list[Path], tmp_path: Path) -> None:
    """Crawled into after the merge, it codes against what came, and its chains go on."""
    path = tmp_path / "on.db"
    with Archive.open(path) as archive:
        for file in three:
            merge(archive, file)
        late = [replace(c, captured_at=c.captured_at + timedelta(days=30)) for c in captures(30, edition=2)]
        fill(archive, [replace(c, payload=(c.payload or b"") + b"<!-- late -->") for c in late])
        assert list(verify(archive)) == []
        assert search(archive, "the", limit=3)


@pytest.mark.parametrize("by", ["site", "month"])
def test_split_and_merged_again_it_is_the_same(three: list[Path], tmp_path: Path, by: str) -> None:
    whole, again = tmp_path / "whole.db", tmp_path / "again.db"
    with Archive.open(whole) as archive:
        for file in three:
            merge(archive, file)
        later = [replace(c, captured_at=c.captured_at + timedelta(days=40)) for c in list(captures(6))]
        fill(archive, later, due="2026-11-01T12:00:00.000000Z")
        files = split(archive, tmp_path / "parts", by)
        assert files == split(archive, tmp_path / "parts", by), "asked again, it goes on"
    assert len(files) >= 2
    for file in files:
        content(file)
    with Archive.open(again) as archive:
        for file in reversed(files):
            merge(archive, file)
    before, after = content(whole), content(again)
    for name in before:
        assert before[name] == after[name], name


SCRIPT = """
import sys
from archive import Archive, merge
with Archive.open(sys.argv[1]) as archive:
    for file in sys.argv[2:]:
        merge(archive, file, progress=lambda done: print(done.stage, flush=True))
"""


@pytest.mark.parametrize("stage", ["payloads", "captures", "readings"])
def test_killed_and_asked_again_it_ends_the_same(three: list[Path], tmp_path: Path, stage: str) -> None:
    path, calm = tmp_path / "killed.db", tmp_path / "calm.db"
    words = [sys.executable, "-c", SCRIPT, str(path), *map(str, three)]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        if line.strip() == stage:
            child.kill()
            break
    child.communicate()
    assert child.returncode == -9
    with Archive.open(path) as archive:
        assert list(verify(archive)) == [], "whole at every moment"
    for file in (path, calm):
        subprocess.run([*words[:3], str(file), *words[4:]], check=True, capture_output=True)
    assert content(path) == content(calm)


# ---- what is refused


def untouched(path: Path, file: Path, said: str) -> None:
    before = content(path)
    with Archive.open(path) as archive, pytest.raises(ArchiveError, match=said):
        merge(archive, file)
    assert content(path) == before, "nothing was written"


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    into, other = tmp_path / "into.db", tmp_path / "other.db"
    with made(into) as archive:
        fill(archive, list(captures(6)))
    with made(other) as archive:
        fill(archive, list(captures(12))[6:], due="other")
    return into, other


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE bodies SET body = zeroblob(length(body)) WHERE id = (SELECT max(id) FROM bodies)", "damaged"),
        ("UPDATE capture_rows SET ip = '10.1.1.1'", "damaged"),
        ("DELETE FROM capture_rows WHERE rowid = 3", "damaged"),
        ("UPDATE texts SET text = text || 'x'", "damaged"),
        ("UPDATE extraction_rows SET section = 'Invented'", "damaged"),
        ("UPDATE chain SET head = replace(head, 'a', 'b')", "damaged"),
        ("CREATE TABLE more (x)", "damaged"),
        ("CREATE TRIGGER t AFTER INSERT ON pages BEGIN SELECT 1; END", "trigger"),
        ("PRAGMA application_id = 7", "not an archive"),
        ("INSERT INTO _sqlite_migrations VALUES (99, 'archive', 'of_tomorrow', '2031')", "newer version"),
    ],
)
def test_a_damaged_or_foreign_file_is_refused(pair: tuple[Path, Path], sql: str, said: str) -> None:
    into, other = pair
    plain = sqlite3.connect(other)
    if "_sqlite_migrations" in sql:
        names = [row[1] for row in plain.execute("PRAGMA table_info(_sqlite_migrations)")]
        values = {"id": 99, "migration_set": "archive", "name": "of_tomorrow", "applied_at": "2031"}
        marks = ", ".join(f"'{values[name]}'" for name in names)
        sql = f"INSERT INTO _sqlite_migrations VALUES ({marks})"
    plain.execute(sql)
    plain.commit()
    plain.close()
    untouched(into, other, said)


def test_what_is_no_archive_is_refused(pair: tuple[Path, Path], tmp_path: Path) -> None:
    into, _ = pair
    (tmp_path / "text.db").write_text("no database at all, but a long enough text")
    untouched(into, tmp_path / "text.db", "not a SQLite file")
    untouched(into, tmp_path / "missing.db", "no archive at")
    with Archive.open(into) as archive, pytest.raises(BadQuery, match="itself"):
        merge(archive, into)
    with Archive.open(into) as archive, pytest.raises(BadQuery, match="site or month"):
        split(archive, tmp_path / "parts", "day")


def test_what_was_erased_does_not_come_back(pair: tuple[Path, Path], tmp_path: Path) -> None:
    into, other = pair
    gone = list(captures(12))[8].url
    with Archive.open(other) as archive:
        fill(archive, [replace(c, captured_at=c.captured_at + timedelta(days=2)) for c in list(captures(12))[6:9]])
    copy = tmp_path / "copy.db"
    source = sqlite3.connect(other)
    source.execute("VACUUM INTO ?", (str(copy),))
    source.close()
    with Archive.open(into) as archive:
        merge(archive, other)
        erase(archive, datetime(2026, 12, 1, tzinfo=UTC), "asked for", url=gone)
        merge(archive, copy)
        assert archive.rows("SELECT 1 FROM pages WHERE url = ?", (gone,))[1] == []
        assert list(verify(archive)) == []
    untouched(copy, into, "has erased")


def test_what_was_let_go_in_one_archive_is_there_from_the_other(pair: tuple[Path, Path]) -> None:
    """keep = "revisions" in one file: the other's bytes win."""
    into, other = pair
    pages = list(captures(3))
    stingy = replace(SITE, keep="revisions")
    again = [replace(c, captured_at=c.captured_at + timedelta(days=1), payload=(c.payload or b"") + b"<!-- 2 -->")
             for c in pages]  # fmt: skip
    with Archive.open(into) as archive:
        archive.know([stingy], AT)
        fill(archive, again, due="again")
        assert archive.rows("SELECT count(*) AS n FROM snapshots WHERE body IS NULL")[1][0]["n"] > 0
    with Archive.open(other) as archive:
        fill(archive, again, due="again")
    with Archive.open(into) as archive:
        merge(archive, other)
        assert archive.rows("SELECT count(*) AS n FROM snapshots WHERE body IS NULL")[1] == [{"n": 0}]
        assert list(verify(archive)) == []


def test_two_claims_on_one_capture_are_settled_the_same_way(tmp_path: Path) -> None:
    """The same page at the same microsecond with other facts: one stands, the other's record stays for its chain."""
    files = [tmp_path / f"{n}.db" for n in range(2)]
    for number, file in enumerate(files):
        with made(file) as archive:
            archive.store([Visit(Capture("http://p.test/x", AT, site="p", status=500 + number))], f"run {number}")
    results = []
    for number, order in enumerate((files, files[::-1])):
        path = tmp_path / f"all-{number}.db"
        with Archive.open(path) as archive:
            for file in order:
                merge(archive, file)
        results.append(content(path))
    assert results[0] == results[1]
    assert len(results[0]["captures"]) == 1
    assert len(results[0]["redactions"]) == 1


# ---- when pages are due


def watched(path: Path, *looks: tuple[int, str]) -> None:
    """An archive with one article and one list of the other's: looks at the article, hints, looks at the list.

    looks: (hour, what was found there): a text, "list", or "hint" followed by the hour that a list claims.
    """
    with Archive.open(path) as archive:
        archive.know([DESK], AT)
        archive.store([Visit(Capture(FRONT, AT, site="p", kind="section", status=200, payload=b"0"),
                             found=(("article", STORY),))])  # fmt: skip
        for hour, what in looks:
            at = AT + timedelta(hours=hour)
            if what.startswith("hint") or what == "list":
                hints = ((STORY, timestamp(AT + timedelta(hours=int(what[4:])))),) if what != "list" else ()
                seen = Capture(FRONT, at, site="p", kind="section", status=200, payload=f"{what} {hour}".encode())
                archive.store([Visit(seen, hints=hints)])
            else:
                page = Capture(STORY, at, site="p", status=200, payload=f"{what} {hour}".encode())
                archive.store([Visit(page)])
                archive.record([Extraction(STORY, page.digest or "", "t", title="T", text=what)], at)


def both_orders(folder: Path, files: list[Path]) -> dict[str, dict[str, Any]]:
    """The rows of the frontier after merges in each order, twice each, and the next visit: all the same."""
    results = []
    for number, order in enumerate(itertools.permutations(files)):
        with Archive.open(folder / f"all-{number}.db") as archive:
            for file in (*order, *order):
                merge(archive, file)
                archive.due("p", AT)
            results.append({row["url"]: row for row in archive.rows("SELECT * FROM frontier")[1]})
    for number, file in enumerate(files):
        # Into one of them, not into a new file.
        with Archive.open(file) as archive:
            for other in files[:number] + files[number + 1 :]:
                merge(archive, other)
            archive.due("p", AT)
            results.append({row["url"]: row for row in archive.rows("SELECT * FROM frontier")[1]})
    assert all(one == results[0] for one in results)
    return results[0]


FRONT, STORY = "http://p.test/world", "http://p.test/1"
DESK = Site("p", home="http://p.test/", sections=(FRONT,), cadence=3600.0, quiet=21_600.0)


def test_looks_of_both_are_weighed_together(tmp_path: Path) -> None:
    files = [tmp_path / "a.db", tmp_path / "b.db"]
    watched(files[0], (1, "one"), (5, "two"), (6, "list"))
    watched(files[1], (3, "one"), (9, "three"), (4, "list"))
    found = both_orders(tmp_path, files)
    story, front = found[STORY], found[FRONT]
    assert (story["looks"], story["changes"], story["why"]) == (4, 2.0, "look")
    assert story["looked_at"] == timestamp(AT + timedelta(hours=9))
    assert story["due_at"] > story["looked_at"]
    assert (front["kind"], front["looked_at"]) == ("section", timestamp(AT + timedelta(hours=6)))


def test_a_hint_that_nobody_has_answered_stays(tmp_path: Path) -> None:
    files = [tmp_path / "a.db", tmp_path / "b.db"]
    watched(files[0], (1, "one"), (4, "hint3"))
    watched(files[1], (3, "one"))
    story = both_orders(tmp_path, files)[STORY]
    at = timestamp(AT + timedelta(hours=4))
    assert (story["why"], story["hinted_at"], story["due_at"], story["fooled"]) == ("hint", at, at, 0)


def test_a_hint_that_the_other_has_answered_brings_no_look(tmp_path: Path) -> None:
    """Nor does its list, which goes on saying what it said."""
    files = [tmp_path / "a.db", tmp_path / "b.db"]
    watched(files[0], (1, "one"), (3, "hint2"))
    watched(files[1], (2, "one"), (8, "hint7"), (9, "two"))
    story = both_orders(tmp_path, files)[STORY]
    assert (story["why"], story["hinted_at"], story["fooled"]) == ("look", None, 0)
    with Archive.open(files[0]) as archive:
        seen = Capture(FRONT, AT + timedelta(hours=12), site="p", kind="section", status=200, payload=b"again")
        archive.store([Visit(seen, hints=((STORY, timestamp(AT + timedelta(hours=7))),))])
        assert archive.rows("SELECT why FROM frontier WHERE url = ?", (STORY,))[1] == [{"why": "look"}]


def test_merged_every_night_a_hint_fools_once(tmp_path: Path) -> None:
    files = [tmp_path / "a.db", tmp_path / "b.db"]
    watched(files[0], (1, "one"), (3, "hint2"), (4, "one"))
    watched(files[1], (1, "one"), (3, "hint2"))
    story = both_orders(tmp_path, files)[STORY]
    assert (story["hinted_at"], story["fooled"]) == (None, 1)


def test_what_is_a_list_in_one_and_an_article_in_the_other(tmp_path: Path) -> None:
    """The page that was discovered first says what it is."""
    files = [tmp_path / "a.db", tmp_path / "b.db"]
    watched(files[0], (6, "list"))
    with Archive.open(files[1]) as archive:
        archive.store([Visit(Capture(FRONT, AT + timedelta(hours=9), site="p", status=200, payload=b"x"))])
    found = both_orders(tmp_path, files)
    assert (found[FRONT]["kind"], found[FRONT]["looked_at"]) == ("section", timestamp(AT + timedelta(hours=6)))


def test_the_next_run_of_a_merged_archive_weighs_its_articles(three: list[Path], tmp_path: Path) -> None:
    """Until then `schedule status`, which only looks, tells what there is."""
    whole, entries = tmp_path / "all.db", tmp_path / "mine.toml"
    entries.write_text(f'[meridian]\nhome = "http://{HOST}/"\nsections = ["http://{HOST}/world"]\nrevisit = "30d"\n')
    unweighed = "SELECT count(*) AS n FROM frontier WHERE site = 'meridian' AND why = 'unweighed'"
    with Newsroom() as room, Archive.open(whole) as archive:
        for file in three:
            merge(archive, file)
        archive.plan({"meridian": SITE.entry()}, 1, AT)
        assert archive.rows(unweighed)[1] == [{"n": 30}]
        told = CliRunner().invoke(main, ["schedule", "status", "--archive", str(whole)], catch_exceptions=False)
        assert (told.exit_code, "meridian" in told.output) == (1, True), told.output
        told = CliRunner().invoke(main, ["history", next(captures(30)).url, "--archive", str(whole)])
        assert "worked out when its site is visited next" in told.output
        words = ["schedule", "run", "meridian", "--once", "--archive", str(whole), "--sites", str(entries)]
        words += ["--resolve", f"{HOST}:80=127.0.0.1:{room.port}", "--delay", "0", "--executor", "serial"]
        done = subprocess.run(
            [sys.executable, "-m", "crawler.cli", *words], capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert archive.rows(unweighed)[1] == [{"n": 0}]
        looks = archive.rows("SELECT looks FROM frontier WHERE url = ?", (next(captures(30)).url,))[1][0]["looks"]
        assert looks >= 3, "those that the three files hold, whether or not another one is due today"


def test_every_table_is_thought_of(tmp_path: Path) -> None:
    """A table that a later schema adds must say how it is merged."""
    with Archive.open(tmp_path / "a.db") as archive:
        _, named = archive.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'texts_fts_%' "
            "AND name NOT GLOB '[_]*' AND name NOT LIKE 'sqlite_%'"
        )
    assert {row["name"] for row in named} == set(PLAIN) | STEPPED | OWN


# ---- the commands


def test_the_commands(pair: tuple[Path, Path], tmp_path: Path) -> None:
    into, other = pair

    def invoke(*words: str) -> Any:
        return CliRunner().invoke(main, list(words), catch_exceptions=False)

    done = invoke("merge", str(into), str(other))
    assert done.exit_code == 0, done.output
    assert "6 captures" in done.output
    assert "0 captures" in invoke("merge", str(into), str(other)).output
    done = invoke("split", "--by", "month", "--archive", str(into), "--into", str(tmp_path / "parts"))
    assert (tmp_path / "parts" / "into-2026-11.db").exists(), done.output
    with pytest.raises(ArchiveUnreadable), Archive.read(tmp_path / "missing.db"):
        pass
    refused = invoke("merge", str(into), str(tmp_path / "missing.db"))
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1)
