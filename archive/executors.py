"""Where work runs: `serial`, `processes` (as many as there are cores), `processes:N`, or `dask://HOST:PORT`.

Workers are killable: a page that hangs, eats memory or crashes its worker costs only itself. Both kinds answer
`submit` with a real `concurrent.futures.Future`, so the loop over them is one (`run_bounded`).
"""

from __future__ import annotations

import concurrent.futures
import os
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from archive.errors import BadQuery

T = TypeVar("T")
SECONDS_PER_PAGE = 20.0
BYTES_PER_WORKER = 1 << 30
TASKS_PER_WORKER = 200  # lxml and trafilatura keep what they once took: a fresh worker now and then holds memory flat


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


class Processes(_Closing):
    """Worker processes with a wall-clock limit and a memory limit each.

    width: how many; seconds: per piece of work; memory: address space in bytes of one worker (0: no limit).
    """

    def __init__(self, width: int, seconds: float = SECONDS_PER_PAGE, memory: int = BYTES_PER_WORKER) -> None:
        from archive.workers import Workers

        self.width = width
        self._workers = Workers(width, seconds, memory, TASKS_PER_WORKER, ["archive.passes", "archive.links.fronts"])

    def submit(self, function: Callable[..., T], *args: Any) -> concurrent.futures.Future[T]:
        return self._workers.submit(function, *args)

    def close(self) -> None:
        self._workers.close()


def open_executor(
    spec: str = "processes", seconds: float = SECONDS_PER_PAGE, memory: int = BYTES_PER_WORKER
) -> Executor:
    """The executor that `spec` names. Raises BadQuery for a spec that names none."""
    name, _, count = spec.partition(":")
    if name == "serial" and not count:
        return Serial()
    if name == "processes" and (not count or (count.isdigit() and int(count) > 0)):
        return Processes(int(count) if count else os.cpu_count() or 1, seconds, memory)
    if spec.startswith("dask://"):
        try:
            from archive.cluster import Cluster
        except ImportError:
            raise BadQuery(
                "Work on other machines needs Dask: pip install 'foreign-desk[cluster]'; docs/cluster.md tells more."
            ) from None
        return Cluster(spec.removeprefix("dask://"), seconds, memory)
    raise BadQuery(f'{spec!r} names no executor: use "serial", "processes", "processes:N" or "dask://HOST:PORT".')


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
