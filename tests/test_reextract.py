"""Re-extraction: versions are kept apart, a cut run goes on, what fails keeps what was read."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from archive import (
    Archive,
    BadQuery,
    Capture,
    Selection,
    Site,
    UnknownPage,
    UnknownSite,
    Visit,
    compare,
    extract,
    extractor_id,
    history,
    named,
    open_executor,
    promote,
    prune,
    readings_compared,
    reextract,
    rollback,
    search,
    selected,
    verify,
    versions,
)
from archive.executors import Processes, Serial
from archive.passes import CHUNK_BYTES, CHUNK_PAGES, read_all
from crawler.cli import main
from tests.conftest import Clock
from tests.pages import AT, ENGLISH, URL, article, page
from tests.press import HOST, SITE, captures, fill

OLD = Site("meridian", home=f"http://{HOST}/")
#: Other rules are another extractor.
NEW = replace(OLD, prune=("//footer",))


def dump(path: Path) -> list[tuple[Any, ...]]:
    """Every row of every table of a file, numbers of its own and all."""
    with Archive.open(path) as archive:
        tables = archive.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")[1]
        return [
            (row["name"], *values)
            for row in tables
            if row["name"] not in ("_sqlite_migrations", "rereadings")
            for values in archive.db.conn.execute(f'SELECT * FROM "{row["name"]}"')
        ]


def shown(capture: Capture, text: str, at: timedelta = timedelta(), **more: object) -> Capture:
    payload = page(article([text, *ENGLISH[1:]])).encode() if text else None
    return replace(capture, payload=payload, captured_at=capture.captured_at + at, **more)  # type: ignore[arg-type]


FIRST = Capture(URL, AT, site="quay", status=200, content_type="text/html; charset=utf-8")
QUAY = Site("quay", home="https://www.quayside-herald.example/")
QUAY_2 = replace(QUAY, prune=("//footer",))


def read(archive: Archive, captures: list[Capture], site: Site, clock: Clock) -> None:
    archive.record([extract(one, site) for one in captures], clock())


# ---- what is read


def test_scopes(archive: Archive, clock: Clock) -> None:
    fill(archive, list(captures(6))[:4])
    fill(archive, list(captures(6))[4:], read=False)
    rules = {"meridian": NEW}
    with open_executor("serial") as workers:
        assert reextract(archive, rules, workers, which=Selection("pending"), clock=clock).pages == 2
        tally = reextract(archive, rules, workers, which=Selection("stale"), clock=clock)
        assert (tally.pages, tally.total) == (4, 4)
        assert reextract(archive, rules, workers, which=Selection("stale"), clock=clock).pages == 0
        assert reextract(archive, rules, workers, which=Selection("all"), clock=clock).pages == 6
        assert reextract(archive, rules, workers, which=Selection("all"), clock=clock).pages == 6


def test_selections(archive: Archive, clock: Clock) -> None:
    pages = list(captures(8))
    fill(archive, pages)
    middle = pages[3].captured_at.isoformat()

    def urls(which: Selection, where: str | None = None) -> list[str]:
        which = selected(archive, which, where)
        return [one.url for _, one in archive.pending(lambda _: "another", which)]

    assert urls(Selection("all", since=middle)) == [one.url for one in pages[3:]]
    assert urls(Selection("all", until=middle)) == [one.url for one in pages[:4]]
    assert urls(Selection("all", since=f"{middle[:19]}+00:00")) == urls(Selection("all", since=middle))
    assert urls(Selection("all", since="2026-11-01T14:00:03+02:00")) == [one.url for one in pages[3:]]
    assert len(urls(Selection("all", until="2026-11-01"))) == 8
    assert urls(Selection("all", limit=2)) == [one.url for one in pages[:2]]
    assert urls(Selection("all"), f"url = '{pages[5].url}' AND words > 1") == [pages[5].url]
    assert urls(Selection("all"), "words < 0") == []
    for wrong in ("nonsense", "1) UNION SELECT 1, 2 --", "url = load_extension('x')"):
        with pytest.raises(BadQuery):
            urls(Selection("all"), wrong)
    with pytest.raises(BadQuery, match="no scope"):
        urls(Selection("some"))
    for wrong in (Selection("all", since="banana"), Selection("all", until="banana")):
        with pytest.raises(BadQuery, match="no time"):
            urls(wrong)
    with pytest.raises(UnknownSite):
        urls(Selection("all", site="nobody"))


def test_readings_come_back_in_order_in_chunks(archive: Archive) -> None:
    pages = list(captures(50))
    fill(archive, pages, read=False)
    sent: list[int] = []

    class Backwards(Serial):
        """Does its work late, the last first."""

        width = 4

        def submit(self, function: Any, *args: Any) -> Future[Any]:
            sent.append(len(args[0]))
            return super().submit(function, *args)

    back = list(read_all(Backwards(), archive.pending(lambda _: "x"), {"meridian": SITE}))
    assert [one.capture.url for one in back] == [one.url for one in pages]
    assert all(one.capture.payload is None for one in back), "what waits holds no payload"
    assert max(sent) <= CHUNK_PAGES
    big = [(f"d{n}", replace(pages[0], payload=b"x" * (CHUNK_BYTES // 2))) for n in range(5)]
    sent.clear()
    list(read_all(Backwards(), iter(big), {}))
    assert sent == [2, 2, 1]


# ---- what fails


class Deadly(Serial):
    """Ends the worker at pages that hold a word; the others of the chunk are lost with it."""

    def __init__(self, word: bytes, error: type[Exception], times: int = 99) -> None:
        self.word, self.error, self.left = word, error, times

    def submit(self, function: Any, *args: Any) -> Future[Any]:
        if self.left and any(self.word in (one.payload or b"") for one in args[0]):
            self.left -= 1
            future: Future[Any] = Future()
            future.set_exception(self.error("ended"))
            return future
        return super().submit(function, *args)


def test_what_fails_keeps_what_was_read_and_is_quarantined(archive: Archive, clock: Clock) -> None:
    pages = list(captures(6))
    fill(archive, pages)
    marked = replace(pages[0], url=f"http://{HOST}/bad", payload=(pages[0].payload or b"") + b"<!-- deadly -->")
    fill(archive, [marked])
    rules, before = {"meridian": NEW}, archive.reading(marked.url, marked.digest or "")
    tally = reextract(archive, rules, Deadly(b"deadly", OSError), which=Selection("stale"), clock=clock)
    assert (tally.pages, tally.problems) == (7, {"extract_killed": 1})
    assert archive.reading(marked.url, marked.digest or "") == before, "the old reading stands"
    (row,) = archive.rows("SELECT url, problem, times FROM quarantine")[1]
    assert row == {"url": marked.url, "problem": "extract_killed", "times": 3}
    assert reextract(archive, rules, Serial(), which=Selection("stale"), clock=clock).pages == 0
    again = Selection("stale", quarantined=True)
    assert reextract(archive, rules, Serial(), which=again, clock=clock).pages == 1
    assert archive.rows("SELECT 1 FROM strikes")[1] == []
    assert archive.reading(marked.url, marked.digest or "") != before


def test_the_same_extractor_failing_does_not_replace_itself(archive: Archive, clock: Clock) -> None:
    fill(archive, list(captures(3)))
    before = archive.rows("SELECT * FROM extraction_rows ORDER BY url")[1]
    tally = reextract(archive, {"meridian": SITE}, Deadly(b"<", TimeoutError), which=Selection("all"), clock=clock)
    assert tally.problems == {"extract_timeout": 3}
    assert archive.rows("SELECT * FROM extraction_rows ORDER BY url")[1] == before
    assert archive.rows("SELECT times FROM strikes")[1] == [{"times": 1}] * 3, "a page that hangs is tried once a run"


def test_a_worker_that_dies_of_something_else_costs_no_page(archive: Archive, clock: Clock) -> None:
    fill(archive, list(captures(5)), read=False)
    tally = reextract(archive, {}, Deadly(b"<", OSError, times=3), clock=clock)
    assert (tally.pages, tally.problems) == (5, {})


def test_a_damaged_payload_costs_only_itself(archive: Archive, clock: Clock) -> None:
    pages = list(captures(5))
    fill(archive, pages)
    with archive.writing() as connection:
        connection.execute(
            "UPDATE bodies SET body = zeroblob(9) WHERE id = (SELECT body FROM snapshots WHERE digest = ?)",
            (pages[4].digest,),
        )
    archive.forget()
    tally = reextract(archive, {"meridian": NEW}, Serial(), which=Selection("stale"), clock=clock)
    assert tally.problems == {"extract_damaged": 1}
    assert archive.reading(pages[4].url, pages[4].digest or "") is not None


def test_a_real_worker_that_is_killed(archive: Archive, clock: Clock) -> None:
    """kill -9 of the workers in mid-run: every page is read, none is blamed."""
    fill(archive, list(captures(120)), read=False)
    killed = 0

    def kill(tally: object) -> None:
        nonlocal killed
        if getattr(tally, "pages", 0) in (16, 64):
            for pid in _children():
                os.kill(pid, signal.SIGKILL)
                killed += 1

    with Processes(2) as workers:
        tally = reextract(archive, {"meridian": SITE}, workers, progress=kill, clock=clock)
    assert killed >= 2
    assert (tally.pages, tally.problems) == (120, {})


def _children() -> list[int]:
    """Workers: grandchildren, below the fork server."""
    found = []
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
    for pid, parent in parents.items():
        if parents.get(parent) == os.getpid():
            found.append(pid)
    return found


SCRIPT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from archive import Archive, Selection, open_executor, reextract
from tests.press import SITE
from dataclasses import replace
with Archive.open(sys.argv[1]) as archive, open_executor(sys.argv[2]) as workers:
    rules = {"meridian": replace(SITE, prune=("//footer",))}
    reextract(archive, rules, workers, which=Selection(sys.argv[3]), clock=lambda: datetime(2027, 1, 1, tzinfo=UTC),
              progress=lambda tally: print(tally.pages, flush=True))
"""


@pytest.mark.parametrize("scope", ["stale", "all"])
def test_killed_and_run_again_it_ends_with_the_same_rows(tmp_path: Path, scope: str) -> None:
    """kill -9 of the parent: the next run goes on, and every table is byte for byte as if nothing had happened."""
    path, calm = tmp_path / "killed.db", tmp_path / "calm.db"
    with Archive.open(path) as archive:
        fill(archive, list(captures(260)))
    source = sqlite3.connect(path)
    source.execute("VACUUM INTO ?", (str(calm),))
    source.close()
    ahead = 0
    for pages in (1, 120, 0):
        words = [sys.executable, "-c", SCRIPT, str(path), "processes:2", scope]
        child = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        for line in child.stdout:
            if pages and int(line) >= pages:
                child.kill()
                break
        child.communicate()
        assert child.returncode == (-9 if pages else 0)
        ahead = int(line)
    assert ahead < 260, "the last run went on where the one before was"
    subprocess.run([sys.executable, "-c", SCRIPT, str(calm), "processes:2", scope], check=True, capture_output=True)
    assert dump(path) == dump(calm)


def test_workers_end_with_their_parent() -> None:
    """kill -9 of the parent while a worker hangs: nothing of it stays."""
    code = (
        "import sys, time\nfrom archive.executors import Processes\nfrom tests.test_reextract import hang\n"
        "if __name__ == '__main__':\n    p = Processes(1)\n    p.submit(hang, sys.argv[1])\n    time.sleep(60)"
    )
    read_end, write_end = os.pipe()
    child = subprocess.Popen([sys.executable, "-c", code, str(write_end)], pass_fds=(write_end,))
    os.close(write_end)
    child.send_signal(0)
    time.sleep(0.1)
    end = time.monotonic() + 30
    while not (workers := _below(child.pid)) and time.monotonic() < end:
        time.sleep(0.05)
    assert workers
    child.kill()
    child.wait()
    while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < end:
        time.sleep(0.05)
    os.close(read_end)
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]


def hang(_: str) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    while True:
        time.sleep(1)


def _below(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(a): int(b) for a, b in (line.split() for line in found.splitlines())}
    return [one for one, parent in parents.items() if parents.get(parent) == pid]


# ---- versions


def test_versions_are_listed_promoted_rolled_back_and_pruned(archive: Archive, clock: Clock) -> None:
    pages = list(captures(5))
    fill(archive, pages)
    old, new = extractor_id(SITE), "foreigndesk-2+trafilatura-9+rules-none"
    clock.wait(days=1)
    before = archive.rows("SELECT url, title, words FROM articles ORDER BY url")[1]
    counters = archive.rows("SELECT * FROM recommended ORDER BY target, day, kind")[1]
    archive.record(
        [replace(extract(one, SITE), extractor=new, text="Zebracorn words.", links=()) for one in pages], clock()
    )
    assert [(v.extractor, v.readings, v.shown) for v in versions(archive)] == [(old, 5, 0), (new, 5, 5)]
    assert len(search(archive, "zebracorn")) == 5
    assert archive.rows("SELECT * FROM recommended")[1] == []
    assert rollback(archive, "foreigndesk-2") == 5
    assert archive.rows("SELECT url, title, words FROM articles ORDER BY url")[1] == before
    assert archive.rows("SELECT * FROM recommended ORDER BY target, day, kind")[1] == counters
    assert list(archive.pending(lambda _: new, Selection("stale"))) == [], "what was rolled back is left alone"
    assert (promote(archive, new), promote(archive, new)) == (5, 0)
    assert rollback(archive, new, site="nobody") == 0
    assert rollback(archive, new) == 5
    gone = prune(archive, new)
    assert (gone.readings, gone.texts) == (5, 5)
    assert list(verify(archive)) == []
    assert search(archive, "zebracorn") == []
    assert archive.rows("SELECT url, title, words FROM articles ORDER BY url")[1] == before
    assert prune(archive).readings == 0, "what is shown is never deleted"
    with pytest.raises(BadQuery, match="no readings by"):
        named(archive, "foreigndesk")


# ---- who changed it


def test_three_kinds_of_change_are_told_apart(archive: Archive, clock: Clock) -> None:
    one = shown(FIRST, ENGLISH[0])
    template = replace(one, captured_at=AT + timedelta(hours=1), payload=(one.payload or b"") + b"<!-- ad 2 -->")
    edited = shown(FIRST, ENGLISH[0].replace("eleven hours", "nine hours"), timedelta(hours=2))
    archive.store([Visit(c) for c in (one, template, edited)])
    read(archive, [one, template, edited], QUAY, clock)
    assert [r["revision"] for r in archive.rows("SELECT revision FROM revisions")[1]] == [1, 2]
    found = compare(archive, URL)
    assert (found.kind, found.before.revision, found.after.revision) == ("edited", 1, 2)
    assert found.diff.changes[0].part == "sentence"
    at = [c.captured_at.isoformat() for c in (one, template, edited)]
    assert compare(archive, URL, at[0], at[1]).kind == "template"
    assert compare(archive, URL, at[0], at[0]).kind == "none"
    # Another extractor reads the last capture otherwise: that is no revision, and no edit.
    worse = replace(extract(edited, QUAY_2), text="Menu. Search. Log in.")
    archive.record([worse], clock())
    assert [r["revision"] for r in archive.rows("SELECT revision FROM revisions")[1]] == [1, 2]
    assert compare(archive, URL).kind == "edited"
    assert compare(archive, URL).diff == found.diff
    archive.record([replace(extract(template, QUAY_2), text="Menu. Search.")], clock())
    assert compare(archive, URL, at[0], at[1]).kind == "extractor"
    assert [e.what for e in history(archive, URL)] == ["first", "unchanged", "changed"]
    ours = readings_compared(archive, URL)
    assert (ours.kind, ours.before.digest) == ("extractor", ours.after.digest)
    with pytest.raises(UnknownPage, match="Only"):
        readings_compared(archive, URL, at[0])


def test_what_no_extractor_has_read_twice_is_no_revision_yet(archive: Archive, clock: Clock) -> None:
    one, two = shown(FIRST, ENGLISH[0]), shown(FIRST, "Something else was written here on Tuesday.", timedelta(hours=1))
    archive.store([Visit(one), Visit(two)])
    read(archive, [one], QUAY, clock)
    read(archive, [two], QUAY_2, clock)
    assert [r["revision"] for r in archive.rows("SELECT revision FROM revisions")[1]] == [1]
    assert [e.what for e in history(archive, URL)] == ["first", "unsure"]
    assert compare(archive, URL, "2026-11-04T12:00", "2026-11-05").kind == "unsure"
    with open_executor("serial") as workers:
        reextract(archive, {"quay": QUAY_2}, workers, which=Selection("stale"), clock=clock)
    assert [e.what for e in history(archive, URL)] == ["first", "changed"]
    assert compare(archive, URL).kind == "edited"


def test_a_new_capture_brings_the_state_before_it_under_the_same_extractor(archive: Archive, clock: Clock) -> None:
    """After a change of the extractor, the page's next capture can be compared at once."""
    one, two = shown(FIRST, ENGLISH[0]), shown(FIRST, ENGLISH[0] + " It was the second time.", timedelta(hours=1))
    archive.store([Visit(one)])
    read(archive, [one], QUAY, clock)
    archive.store([Visit(two)])
    with open_executor("serial") as workers:
        assert reextract(archive, {"quay": QUAY_2}, workers, clock=clock).pages == 2
        assert reextract(archive, {"quay": QUAY_2}, workers, clock=clock).pages == 0
    assert [e.what for e in history(archive, URL)] == ["first", "changed"]


def test_revisions_say_what_the_page_said_of_its_time(archive: Archive, clock: Clock) -> None:
    one = shown(FIRST, ENGLISH[0])
    archive.store([Visit(one)])
    found = replace(extract(one, QUAY), published="2026-11-03T10:30:00+01:00")
    archive.record([found], clock())
    (row,) = archive.rows("SELECT published_at, modified_at, extractor FROM revisions")[1]
    assert row == {"published_at": "2026-11-03T09:30:00.000000Z", "modified_at": None, "extractor": extractor_id(QUAY)}


# ---- the commands


def invoke(*words: str) -> Any:
    return CliRunner().invoke(main, list(words), catch_exceptions=False)


def test_the_commands(archive: Archive, clock: Clock, tmp_path: Path) -> None:
    one = shown(FIRST, ENGLISH[0])
    two = shown(FIRST, ENGLISH[0].replace("eleven", "12"), timedelta(hours=1))
    archive.store([Visit(one), Visit(two)])
    read(archive, [one, two], QUAY, clock)
    where = ("--archive", str(archive.path))
    listed = invoke("extractors", "list", "--json", *where)
    assert extractor_id(QUAY) in listed.output
    done = invoke("reextract", "--all", "--executor", "serial", *where)
    assert "2 snapshots read: article 2" in done.output
    said = invoke("diff", URL, *where)
    assert "revision 1 (2026-11-04T12:00:00Z) → revision 2 (2026-11-04T13:00:00Z)" in said.output
    assert "edited by the newsroom" in said.output
    out = tmp_path / "diff.html"
    invoke("diff", URL, "--html", str(out), *where)
    assert "<del>eleven</del>" in out.read_text()
    assert "src=" not in out.read_text()
    assert '"kind": "edited"' in invoke("diff", URL, "--json", *where).output
    for wrong in (["reextract", "--sample", "3"], ["extractors", "promote", "x"], ["diff", URL, "--extractors"]):
        refused = invoke(*wrong, *where)
        assert (refused.exit_code, refused.output.startswith("foreigndesk: ")) == (2, True), refused.output
