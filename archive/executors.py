"""Where work runs: `serial`, `processes` (as many as there are cores) or `processes:N`.

Workers are killable: a page that hangs, eats memory or crashes its worker costs only itself. Both kinds answer
`submit` with a real `concurrent.futures.Future`, so the loop over them is one (`run_bounded`).
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing.context
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import forkserver, resource_tracker
from multiprocessing.synchronize import RLock
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from archive.errors import BadQuery

T = TypeVar("T")
SECONDS_PER_PAGE = 20.0
BYTES_PER_WORKER = 1 << 30
PAGES_PER_WORKER = 500  # lxml and trafilatura keep what they once took: a fresh worker now and then holds memory flat


class Executor(Protocol):
    """What the rooms above need: submit, a width, and an end."""

    width: int

    def submit(self, function: Callable[..., T], *args: Any) -> concurrent.futures.Future[T]:
        """Start one piece of work; its future holds the result or the exception."""

    def close(self) -> None:
        """End the workers; work not yet started is dropped."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...


class _Closing:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None: ...


class Serial(_Closing):
    """Runs the work at once in this process: for tests and for reading a traceback, not for hostile pages."""

    width = 1

    def submit(self, function: Callable[..., T], *args: Any) -> concurrent.futures.Future[T]:
        future: concurrent.futures.Future[T] = concurrent.futures.Future()
        try:
            future.set_result(function(*args))
        except Exception as error:  # noqa: BLE001 - whatever the work raised belongs to its future
            future.set_exception(error)
        return future


class _Forking(multiprocessing.context.ForkServerContext):
    """A fork server that keeps the locks it hands out, so that they outlive the workers.

    pebble drops its locks, and with them their names, before it stops its workers: one that is just starting then
    cannot find them, and dies with a traceback.
    """

    def __init__(self) -> None:
        self.locks: list[RLock] = []

    def RLock(self) -> RLock:
        self.locks.append(super().RLock())
        return self.locks[-1]


class Processes(_Closing):
    """Worker processes with a wall-clock limit and a memory limit each.

    width: how many; seconds: per piece of work; memory: address space in bytes of one worker (0: no limit).
    """

    def __init__(self, width: int, seconds: float = SECONDS_PER_PAGE, memory: int = BYTES_PER_WORKER) -> None:
        import pebble

        self.width, self.seconds = width, seconds
        # A fork server imports the extractor once; a worker that has to be replaced is back in milliseconds, and no
        # thread, socket or database handle of ours is copied into it.
        self._context = _Forking()
        self._context.set_forkserver_preload(["archive.extraction", "archive.links.fronts"])
        _start_server()
        self._pool: Any = pebble.ProcessPool(
            width, max_tasks=PAGES_PER_WORKER, initializer=_limit, initargs=(memory,), context=self._context
        )

    def submit(self, function: Callable[..., T], *args: Any) -> concurrent.futures.Future[T]:
        future: concurrent.futures.Future[T] = self._pool.schedule(function, args=args, timeout=self.seconds)
        return future

    def close(self) -> None:
        self._pool.stop()
        self._pool.join()
        self._context.locks.clear()


def open_executor(
    spec: str = "processes", seconds: float = SECONDS_PER_PAGE, memory: int = BYTES_PER_WORKER
) -> Executor:
    """The executor that `spec` names. Raises BadQuery for a spec that names none."""
    name, _, count = spec.partition(":")
    if name == "serial" and not count:
        return Serial()
    if name == "processes" and (not count or (count.isdigit() and int(count) > 0)):
        return Processes(int(count) if count else os.cpu_count() or 1, seconds, memory)
    raise BadQuery(f'{spec!r} names no executor: use "serial", "processes" or "processes:N".')


def run_bounded(
    executor: Executor, function: Callable[..., T], items: Iterable[tuple[Any, ...]], window: int = 0
) -> Iterator[tuple[tuple[Any, ...], concurrent.futures.Future[T]]]:
    """(item, finished future) for each item, as they finish; at most `window` are under way, so memory is bounded.

    items: the arguments of one call each. window: 0 for four times the executor's width.
    """
    window = window or 4 * executor.width
    waiting: dict[concurrent.futures.Future[T], tuple[Any, ...]] = {}
    source = iter(items)
    exhausted = False
    while True:
        while not exhausted and len(waiting) < window:
            item = next(source, None)
            if item is None:
                exhausted = True
            else:
                waiting[executor.submit(function, *item)] = item
        if not waiting:
            return
        done, _ = concurrent.futures.wait(waiting, return_when=concurrent.futures.FIRST_COMPLETED)
        for future in done:
            yield waiting.pop(future), future


def _start_server() -> None:
    """Start the fork server, deaf to Ctrl-C from its first moment: that is for the parent to answer.

    It ignores the signal only after its imports, and would end them with a traceback; what is blocked here is blocked
    there.
    """
    resource_tracker.ensure_running()  # first: its start would unblock the signal
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _limit(memory: int) -> None:
    """In a fresh worker: bound its memory, leave Ctrl-C to the parent, end with the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if memory:
        try:
            import resource

            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        except (ImportError, ValueError, OSError):
            # No such limit on this system (Windows, or a lower one is set already): the time limit still holds.
            return
