"""Workers are killable, bounded in memory, and fail alone."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from archive import BadQuery, open_executor, run_bounded
from archive.executors import Processes


def double(n: int) -> int:
    return 2 * n


def misbehave(n: int) -> int:
    """0 hangs, 1 kills its worker, 2 takes too much memory, 3 raises; others answer."""
    if n == 0:
        time.sleep(3600)
    if n == 1:
        os._exit(9)
    if n == 2:
        return len(bytearray(8 << 30))
    if n == 3:
        raise ValueError("no")
    return n


@pytest.mark.parametrize("spec", ["serial", "processes:2"])
def test_all_items_come_home(spec: str) -> None:
    with open_executor(spec) as executor:
        results = {
            item[0]: future.result() for item, future in run_bounded(executor, double, ((n,) for n in range(50)))
        }
    assert results == {n: 2 * n for n in range(50)}


def test_a_bad_page_fails_alone() -> None:
    with Processes(2, seconds=1.5, memory=2 << 30) as executor:
        results = {}
        for (n,), future in run_bounded(executor, misbehave, ((n,) for n in range(20))):
            error = future.exception()
            results[n] = type(error).__name__ if error else future.result()
    assert results == {
        0: "TimeoutError",
        1: "WorkerDied",
        2: "MemoryError",
        3: "ValueError",
        **{n: n for n in range(4, 20)},
    }


def test_items_are_taken_as_they_are_needed() -> None:
    taken = []

    def items() -> object:
        for n in range(1000):
            taken.append(n)
            yield (n,)

    with open_executor("serial") as executor:
        running = run_bounded(executor, double, items(), window=5)  # type: ignore[arg-type]
        next(running)
    assert len(taken) <= 6


@pytest.mark.parametrize("spec", ["threads", "processes:0", "processes:x", "serial:2", ""])
def test_unknown_executors_are_refused(spec: str) -> None:
    with pytest.raises(BadQuery, match="names no executor"):
        open_executor(spec)


def said_by(script: str) -> str:
    """What a script says on standard error, where workers that die tell of it."""
    code = f"import os, signal\nfrom archive.executors import Processes\nif __name__ == '__main__':\n{script}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, start_new_session=True)
    assert done.stdout == "done\n", done.stderr
    return done.stderr


def test_workers_that_are_still_starting_are_stopped_in_silence() -> None:
    """One answer is there before most of its workers are: closing then must not take from them what they need."""
    script = "    for _ in range(5):\n        with Processes(8) as executor:\n"
    assert said_by(script + "            executor.submit(abs, -1).result()\n    print('done')") == ""


def test_ctrl_c_is_the_parents_alone() -> None:
    """A terminal sends Ctrl-C to the whole group: to a fork server in mid-import as well, and to its workers."""
    script = (
        "    import time\n"
        "    signal.signal(signal.SIGINT, lambda *_: None)\n"
        "    with Processes(2) as executor:\n"
        "        for number in (-1, -2):\n"
        "            answer = executor.submit(abs, number)\n"
        "            while not answer.done():\n"
        "                os.killpg(0, signal.SIGINT)\n"
        "                time.sleep(0.01)\n"
        "            assert answer.result() == -number\n"
        "    print('done')"
    )
    assert said_by(script) == ""
