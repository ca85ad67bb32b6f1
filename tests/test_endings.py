"""How commands end: by what they were asked, by signals, by pipes, by streams and files that take nothing."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archive import Archive, ArchiveUnreadable
from crawler.addresses import require_contact
from crawler.cli import COMMANDS, SUMMARIES, main
from crawler.cli.visit import with_signals
from tests.press import SITE, captures, fill

#: A query that never ends by itself.
ENDLESS = "WITH RECURSIVE a (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a) SELECT 'begun' UNION ALL SELECT x FROM a"


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("endings") / "press.db"
    with Archive.open(path) as archive:
        fill(archive, list(captures(30)))
    return path


def url(path: Path) -> str:
    with Archive.read(path) as archive:
        return str(archive.rows("SELECT url FROM articles ORDER BY url")[1][0]["url"])


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def started(*words: str | Path, **more: object) -> subprocess.Popen[str]:
    """A command of its own process, all its streams in our hands."""
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    return subprocess.Popen([sys.executable, "-m", "crawler.cli", *map(str, words)], text=True, **streams)  # type: ignore[call-overload,no-any-return]


# ---- signals


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130)])
def test_a_query_is_stopped_and_says_so(press: Path, number: signal.Signals, code: int) -> None:
    """Not "it took too long": SQLite says the same of both."""
    with started("query", ENDLESS, "--nl", "--archive", press) as process:
        assert process.stdout
        process.stdout.readline()  # it is at work
        process.send_signal(number)
        _, said = process.communicate(timeout=20)
    assert process.returncode in (code, 128 + number)
    assert said == "foreigndesk: Stopped.\n"


def test_reading_is_stopped_without_a_word_from_workers(press: Path, tmp_path: Path) -> None:
    copy = shutil.copy(press, tmp_path / "a.db")
    page = tmp_path / "page.html"
    page.write_text("<h1>A page</h1>" + "<p>Nothing of note happened on the quay that day.</p>" * 60)
    batch = tmp_path / "batch.jsonl"
    batch.write_text("".join(f'{{"id": {n}, "path": "page.html"}}\n' for n in range(4000)))
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        with started("extract", "--batch", batch, "--executor", "processes:1") as process:
            assert process.stdout
            process.stdout.readline()
            process.send_signal(number)
            _, said = process.communicate(timeout=30)
        assert (process.returncode, said) == (code, "foreigndesk: Stopped.\n")
    assert run("verify", "--archive", copy).exit_code == 0


# ---- streams


@pytest.mark.parametrize(
    "words", [("search", "the"), ("query", "--table", "SELECT text FROM articles"), ("sites", "list")]
)
def test_the_end_of_a_pipe_is_no_failure(press: Path, words: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with started(*words, stdout=writer, env={**os.environ, "FOREIGNDESK_ARCHIVE": str(press)}) as process:
        os.close(writer)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", [("search", "the"), ("query", "SELECT 1"), ("sites", "list"), ("--help",)])
def test_a_full_disk_behind_the_output(press: Path, words: tuple[str, ...]) -> None:
    with (
        open("/dev/full", "w") as full,
        started(*words, stdout=full, env={**os.environ, "FOREIGNDESK_ARCHIVE": str(press)}) as process,
    ):
        _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert said.startswith("foreigndesk: What was to be printed cannot be read or written: No space left")
    assert said.count("\n") == 1


def test_a_closed_output(press: Path) -> None:
    code = "import os, sys; os.close(1); os.execv(sys.executable, [sys.executable, '-m', 'crawler.cli', *sys.argv[1:]])"
    done = subprocess.run(
        [sys.executable, "-c", code, "status", "--archive", press], capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("encoding", [None, "ascii", "latin-1"])
def test_every_script_in_any_locale(press: Path, encoding: str | None) -> None:
    """A pipe gets UTF-8 whatever the locale; who asks for other letters gets escapes instead of a traceback."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTHON"))}
    env = {**plain, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    env |= {"PYTHONIOENCODING": encoding} if encoding else {}
    for form in ("--table", "--csv", "--nl"):
        done = subprocess.run(
            [sys.executable, "-m", "crawler.cli", "query", form, "--archive", press,
             "SELECT char(22269, 22659, 32, 233) AS words"], env=env, capture_output=True, timeout=30,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")
        assert ("国境 é".encode() if encoding is None else b"\\u56fd\\u5883") in done.stdout


def test_a_row_is_one_line_where_no_terminal_ends_it(press: Path) -> None:
    """Nothing of an address is cut off."""
    held = url(press)
    done = run("query", "--table", "SELECT url, title, text FROM articles ORDER BY url LIMIT 3", "--archive", press)
    assert len(done.output.splitlines()) == 4
    assert held in done.output


def test_the_list_of_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command once, in a line that is not cut off on the narrowest of usual terminals."""
    assert sorted(name for some in SUMMARIES.values() for name in some) == sorted(COMMANDS)
    monkeypatch.setenv("COLUMNS", "80")
    shown, widest = run("--help").output, max(map(len, COMMANDS))
    for some in SUMMARIES.values():
        for name, said in some.items():
            assert f"  {name:<{widest}}  {said}\n" in shown


# ---- wrong questions


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("serch", "x"), "Did you mean search"),
        (("reextract", "--site", "meridan"), "Did you mean meridian?"),
        (("search", "the", "--site", "meridan"), "Did you mean meridian?"),
        (("search", "the", "--language", "english"), "nothing of the language 'english'"),
        (("search", "the", "--section", "Wrold"), "Did you mean World?"),
        (("search", "the", "--since", "yesterday"), "'yesterday' is no time"),
        (("search", "the", "--since", "2026-13"), "'2026-13' is no time"),
        (("search", "the", "--since", "2026-12", "--until", "2026-11"), "the first time is the later one"),
        (("search", "the", "--limit", "-3"), "--limit"),
        (("memento", "URL", "--at", "now"), "'now' is no time"),
        (("head", "--at", "yesterday"), "'yesterday' is no time"),
        (("history", ""), "no capture of a page without an address"),
        (("compact", "--site", "meridan"), "Did you mean meridian?"),
        (("verify", "--site", "meridan"), "Did you mean meridian?"),
        (("query", "--seconds", "-1", "SELECT 1"), "--seconds"),
        (("query", " "), "There is no SQL to run"),
        (("query", "SELECT 1; SELECT 2"), "one statement at a time.\n"),
        (("query", "--saved", "headline_change"), "Did you mean headline_changes"),
        (("query", "--saved", "most_recommended", "--with", "days=many"), "days is a number"),
        (("crawl", "lemonde", "--contact", "a@b.example", "--width", "0"), "--width"),
        (("crawl", "lemonde", "--contact", "a@b.example", "--delay", "-3"), "--delay"),
        (("crawl", "lemonde", "--contact", "me"), "Nobody can write to 'me'"),
    ],
)
def test_wrong_questions_are_told_what_is_wrong(press: Path, words: tuple[str, ...], said: str) -> None:
    asked = [url(press) if word == "URL" else word for word in words]
    more = [] if words[0] in ("serch", "crawl") else ["--archive", str(press)]
    done = run(*asked, *more)
    assert done.exit_code == 2
    assert said in done.output


def test_contacts(press: Path) -> None:
    for good in ("you@example.org", "mailto:you@example.org", "https://example.org/bot", "http://example.org"):
        require_contact(SITE, good, {})


def test_an_undated_article_is_not_given_the_day_of_its_capture(press: Path, tmp_path: Path) -> None:
    copy = shutil.copy(press, tmp_path / "a.db")
    held = url(press)
    plain = sqlite3.connect(copy)
    plain.execute("UPDATE extraction_rows SET published_at = NULL, seal = NULL WHERE url = ?", (held,))
    plain.commit()
    plain.close()
    lines = run("search", "the", "--limit", "99", "--archive", copy).output.splitlines()
    dates = {line.split("  ")[-1]: line.split("  ")[2] for line in lines if "  http://" in line}
    assert len(dates) > 10
    assert re.fullmatch(r"undated, captured 2026-\d\d-\d\dT\d\d:\d\dZ", dates.pop(held))
    assert all(re.fullmatch(r"2026-\d\d-\d\dT\d\d:\d\dZ", one) for one in dates.values())


# ---- files


def test_an_empty_file_is_never_taken_for_an_archive(tmp_path: Path) -> None:
    """It may be all that is left of one: a new one in its place would hide the loss."""
    path = tmp_path / "a.db"
    path.touch()
    for words in (
        "status", "search the", "history x", "reextract", "verify", "compact", "query SELECT",
        "crawl lemonde --contact a@b.example",
    ):  # fmt: skip
        done = run(*words.split(), "--archive", path)
        assert (done.exit_code, "is empty" in done.output) == (2, True), words
    assert path.stat().st_size == 0


@pytest.fixture
def damaged(press: Path, tmp_path: Path) -> Path:
    """An archive whose every page after the first few is noise: its tables are named, and hold nothing."""
    path = tmp_path / "damaged.db"
    whole = press.read_bytes()
    path.write_bytes(whole[: 40 * 4096] + bytes(len(whole) - 40 * 4096))
    return path


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"demo", "crawl", "schedule", "discover", "sites", "extract"}))
def test_damage_is_one_clear_line(damaged: Path, tmp_path: Path, name: str) -> None:
    takes = {
        "query": ("SELECT * FROM articles",), "backup": (tmp_path / "copy.db",),
        "erase": ("http://x.test/", "--reason", "x"),
        **dict.fromkeys(("search", "history", "diff", "memento", "timemap", "hide"), ("x",)),
    }  # fmt: skip
    done = run(name, *takes.get(name, ()), "--archive", damaged)
    assert not isinstance(done.exception, Exception), done.exception
    if name not in ("head", "migrate"):  # which read only what is whole
        assert done.exit_code in (1, 2)
    assert "Traceback" not in done.output
    if name == "query":
        assert "damaged" in done.output


def test_a_copy_of_an_archive_that_takes_no_note(press: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked for is done, and what could not be is told."""

    def refuse(*_: object, **__: object) -> None:
        raise ArchiveUnreadable("It is read-only.")

    monkeypatch.setattr(Archive, "open", refuse)
    done = run("backup", tmp_path / "copy.db", "--archive", press)
    assert done.exit_code == 0
    assert "takes no note of this copy" in done.output
    assert (tmp_path / "copy.db").exists()


def test_the_demo_deletes_no_archive_but_its_own(press: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(press, tmp_path / "a.db"))
    before = copy.read_bytes()
    done = run("demo", "--archive", copy)
    assert (done.exit_code, "no earlier demo's" in done.output) == (2, True)
    other = tmp_path / "letter.txt"
    other.write_text("Dear editor, ")
    assert run("demo", "--archive", other).exit_code == 2
    assert (copy.read_bytes(), other.read_text()) == (before, "Dear editor, ")


def test_a_stopped_demo_says_so(tmp_path: Path) -> None:
    """It does not go on to the second visit and the tour as if nothing had been."""
    with started("demo", "--archive", tmp_path / "demo.db") as process:
        assert process.stdout
        while "first visit" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        out, said = process.communicate(timeout=60)
    assert process.returncode in (1, 143)
    assert "Newest articles" not in out
    assert "Stopped" in said
    assert "Traceback" not in said


def test_signals_are_answered_after_a_visit_as_before() -> None:
    """Between the demo's two visits no loop listens; what did before it has to."""

    async def work(stopped: asyncio.Event) -> None:
        assert not stopped.is_set()

    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        mine = signal.getsignal(signal.SIGTERM)
        with_signals(work, shown=None)
        assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)
