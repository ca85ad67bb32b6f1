"""On Dask, with a real scheduler and two real workers on this machine: the same rows, whoever is killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from archive import Archive, BadQuery, Selection, Site, load_sites, open_executor, reextract, verify
from archive.passes import read_chunk
from crawler.cli.fleet import crawl_elsewhere, together
from crawler.cli.visit import visit_once
from crawler.newsroom import Newsroom
from tests.conftest import Clock
from tests.press import SITE, captures, fill
from tests.test_executors import misbehave
from tests.test_reextract import NEW, dump

ENVIRONMENT = {**os.environ, "DASK_DISTRIBUTED__WORKER__DAEMON": "False", "DASK_DISTRIBUTED__ADMIN__TICK__LIMIT": "1h"}


class Started:
    """A scheduler and its workers, started by Dask's own commands."""

    def __init__(self, folder: Path, workers: int = 2) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder = folder
        self.children: list[subprocess.Popen[bytes]] = []
        self._start("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        for _ in range(workers):
            self._start("worker", f"tcp://127.0.0.1:{self.port}", "--nthreads", "1", "--no-dashboard",
                        "--local-directory", str(folder))  # fmt: skip

    @property
    def spec(self) -> str:
        return f"dask://127.0.0.1:{self.port}"

    def _start(self, *words: str) -> None:
        log = (self.folder / f"{len(self.children)}.log").open("wb")
        command = [str(Path(sys.executable).with_name("dask")), *words]
        root = Path(__file__).parent.parent
        environment = {**ENVIRONMENT, "PYTHONPATH": str(root)}
        self.children.append(subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=root))

    def ready(self, workers: int = 2) -> None:
        """Wait until so many workers are there."""
        import distributed

        end = time.monotonic() + 60
        while True:
            try:
                with distributed.Client(f"tcp://127.0.0.1:{self.port}", timeout=2, set_as_default=False) as client:
                    client.wait_for_workers(workers, timeout=30)
                return
            except (OSError, TimeoutError):
                assert time.monotonic() < end, "the scheduler does not come up"

    def workers(self) -> list[int]:
        """The processes that do the work: children of the nannies that `dask worker` starts."""
        listed = subprocess.run(["ps", "-eww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
        nannies = {str(child.pid) for child in self.children[1:]}
        rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
        return [int(pid) for pid, parent, words in rows if parent in nannies and "spawn_main" in words]

    def visits(self) -> int:
        """How many runs of sites they have in hand."""
        listed = subprocess.run(["ps", "-eww", "-o", "ppid=,args="], capture_output=True, text=True, check=True)
        workers = {str(pid) for pid in self.workers()}
        rows = [line.split(None, 1) for line in listed.stdout.splitlines()]
        return sum(parent in workers and "crawler.cli.remote" in words for parent, words in rows)

    def stop(self) -> None:
        left = self.workers()
        for child in reversed(self.children):
            child.kill()
            child.wait()
        end = time.monotonic() + 20
        while any(Path(f"/proc/{pid}").exists() for pid in left):
            assert time.monotonic() < end, "workers outlive the nannies that started them"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    started = Started(tmp_path_factory.mktemp("dask"))
    try:
        started.ready()
        yield started
    finally:
        started.stop()


def copied(path: Path, to: Path) -> Path:
    source = sqlite3.connect(path)
    source.execute("VACUUM INTO ?", (str(to),))
    source.close()
    return to


def test_reextract_is_the_same_though_a_worker_is_killed(dask: Started, tmp_path: Path) -> None:
    """kill -9 of one of two workers in mid-run: every table is byte for byte that of a local run."""
    path, here = tmp_path / "dask.db", tmp_path / "here.db"
    with Archive.open(path) as archive:
        fill(archive, list(captures(160)))
    copied(path, here)
    killed: list[int] = []

    def kill(tally: object) -> None:
        if getattr(tally, "pages", 0) == 32 and not killed:
            killed.append(dask.workers()[0])
            os.kill(killed[0], signal.SIGKILL)

    rules, clock, which = {"meridian": NEW}, Clock(), Selection("stale")
    at = clock()
    with Archive.open(path) as archive, open_executor(dask.spec) as workers:
        assert workers.width == 2
        tally = reextract(archive, rules, workers, which=which, progress=kill, clock=lambda: at)
    assert killed
    assert (tally.pages, tally.problems) == (160, {})
    with Archive.open(here) as archive, open_executor("serial") as workers:
        reextract(archive, rules, workers, which=which, clock=lambda: at)
    assert dump(path) == dump(here)


def test_what_kills_its_worker_fails_alone(dask: Started) -> None:
    dask.ready()
    with open_executor(dask.spec, seconds=3, memory=2 << 30) as workers:
        answers = {n: workers.submit(misbehave, n) for n in range(8)}
        failed = {n: type(one.exception()).__name__ for n, one in answers.items() if one.exception()}
        assert failed == {0: "TimeoutError", 1: "WorkerDied", 2: "MemoryError", 3: "ValueError"}
        assert [answers[n].result() for n in range(4, 8)] == [4, 5, 6, 7]
        page = next(captures(1))
        assert workers.submit(read_chunk, [page], SITE).result()[0].kind == "article"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("dask://127.0.0.1:1", "No Dask scheduler answers"),
        ("dask://127.0.0.1", "names no scheduler"),
        ("dask://192.0.2.7:8786", "without TLS"),
    ],
)
def test_what_cannot_be_used_is_refused(spec: str, said: str) -> None:
    with pytest.raises(BadQuery, match=said):
        open_executor(spec)


def test_another_version_is_refused_by_name(dask: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.cluster.packages.version", lambda name: "0.0.9")
    with pytest.raises(BadQuery, match=r"The Dask scheduler has .*, and this machine Foreign Desk 0\.0\.9"):
        open_executor(dask.spec)


def test_the_library_needs_no_dask() -> None:
    code = "import sys, archive.reextract, archive.executors\nassert 'distributed' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


# ---- crawling

#: What two crawls of the same pages have in common: everything but times and what rests on them.
SAID = {
    "captures": "SELECT url, site, status, reason, digest, etag, last_modified, content_type, location, error, "
    "reserved FROM captures",
    "pages": "SELECT url, site, kind, alias_of FROM pages",
    "articles": "SELECT url, title, standfirst, text, authors, published_at, section, kind FROM articles",
    "links": "SELECT * FROM links",
    "runs": "SELECT site, state, outcome FROM runs",
    "revisions": "SELECT url, revision, title FROM revisions",
}


def said(path: Path) -> dict[str, list[str]]:
    with Archive.open(path) as archive:
        assert list(verify(archive)) == []
        return {name: sorted(map(repr, archive.db.conn.execute(sql))) for name, sql in SAID.items()}


def gaps(room: Newsroom, since: int) -> float:
    """The shortest time between two requests to one host."""
    by_host: dict[str, list[float]] = {}
    for one in room.log[since:]:
        by_host.setdefault(one.host, []).append(one.at)
    return min(b - a for times in by_host.values() for a, b in pairwise(sorted(times)))


DELAY = 0.05


def test_a_crawl_is_the_same_as_here(dask: Started, tmp_path: Path) -> None:
    """Two editions of the newsroom, on two workers and in one process: the same archive, delays kept per host."""
    dask.ready()
    there, here = tmp_path / "there.db", tmp_path / "here.db"
    with Newsroom() as room:
        sites = list(load_sites(room.sites_file).values())
        for edition in (1, 2):
            room.edition = edition
            for path in (there, here):
                asked = len(room.log)
                limits = {"DOWNLOAD_DELAY": DELAY, "RETRY_TIMES": 1, "RETRY_SECONDS": 0.1, "DOWNLOAD_TIMEOUT": 5}
                if path is there:
                    with open_executor(dask.spec) as cluster:
                        runs = crawl_elsewhere(sites, path, cluster, resolve=room.resolve, overrides=limits)
                else:
                    runs = visit_once(sites, path, resolve=room.resolve, quiet=True, overrides=limits)
                assert {run.state for run in runs} == {"done"}, [run.outcome for run in runs]
                assert gaps(room, asked) >= DELAY
    for name, found in said(here).items():
        assert said(there)[name] == found, name


def test_sites_that_share_a_host_go_together() -> None:
    one, two, three = (
        Site(key, home=f"http://{host}/", sections=(f"http://{section}/world",))
        for key, host, section in (("a", "a.test", "x.test"), ("b", "b.test", "b.test"), ("c", "c.test", "x.test"))
    )
    assert sorted(sorted(s.key for s in group) for group in together([one, two, three])) == [["a", "c"], ["b"]]


def test_a_run_ends_with_the_worker_that_started_it(tmp_path: Path) -> None:
    """Its input closed, a run that still visits is gone at once: somebody else may have its sites by now."""
    child = subprocess.Popen([sys.executable, "-m", "crawler.cli.remote"], stdin=subprocess.PIPE)
    assert child.stdin is not None
    site = Site("slow", home="http://127.0.0.1:9/", sections=("http://127.0.0.1:9/world",), delay=600.0)
    job = {"sites": [json.loads(site.entry())], "due": None, "contact": None, "resolve": {}, "overrides": {}}
    child.stdin.write((json.dumps({**job, "archive": str(tmp_path / "a.db")}) + "\n").encode())
    child.stdin.flush()
    assert child.poll() is None
    child.stdin.close()
    assert child.wait(30) == 3


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL])
def test_a_run_ends_with_the_command_that_sent_it(dask: Started, tmp_path: Path, by: signal.Signals) -> None:
    """However it ends: nobody waits for what the run brings, and its sites may be visited by another command by now."""
    path, entries = tmp_path / "a.db", tmp_path / "mine.toml"
    home = "http://127.0.0.1:9/"
    entries.write_text(f'[slow]\nhome = "{home}"\nsections = ["{home}world"]\ndelay = 600.0\n')
    command = [str(Path(sys.executable).with_name("foreigndesk")), "crawl", "slow", "--sites", str(entries)]
    child = subprocess.Popen(
        [*command, "--archive", str(path), "--executor", dask.spec], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _until(lambda: dask.visits() == 1, "the run does not begin")
    child.send_signal(by)
    _, said = child.communicate(timeout=60)
    assert child.returncode == (130 if by == signal.SIGINT else -9), said
    _until(lambda: dask.visits() == 0, "the run goes on")
    with Archive.open(path) as archive:
        assert [run["state"] for run in archive.runs()] == ["lost" if by == signal.SIGINT else "running"]


def _until(holds: Callable[[], bool], otherwise: str) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, otherwise
        time.sleep(0.1)
