"""workers: processes that can be killed, by us or by anybody, and cost only the piece of work that they had.

Each worker has a pipe of its own and shares no lock with others. Pools that hand out work over one shared pipe hang, or
fail innocent work, when a worker is killed while it holds the pipe's lock (pebble 5.2, 60 s; the standard library's
fails all that is under way).
"""

from __future__ import annotations

import contextlib
import fcntl
import multiprocessing
import os
import queue
import select
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
_START, _STARTS = 120.0, 8  # seconds that a worker may take to be ready; tries
#: The standard library's bookkeeping of children is not made for several threads.
_starting = threading.Lock()


class WorkerDied(OSError):
    """A worker ended in mid-work: killed, out of memory, or crashed in C."""


class _Piece(NamedTuple):
    future: Future[Any]
    function: Callable[..., Any]
    args: tuple[Any, ...]


class Workers:
    """Worker processes, each fed by a thread of this process.

    width: how many; seconds: wall-clock limit of a piece of work; memory: address space in bytes of one worker (0: no
    limit); tasks: pieces of work after which a worker is replaced, since C libraries keep what they once took.
    """

    def __init__(self, width: int, seconds: float, memory: int, tasks: int, preload: list[str]) -> None:
        self._limits = (seconds, memory, tasks)
        # A fork server imports the extractor once; a worker that has to be replaced is back in milliseconds, and no
        # thread, socket or database handle of ours is copied into it.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(preload)
        _start_server()
        self._waiting: queue.SimpleQueue[_Piece | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._alive: set[Any] = set()
        self._threads = [threading.Thread(target=self._feed, daemon=True) for _ in range(width)]
        for thread in self._threads:
            thread.start()

    def submit(self, function: Callable[..., T], *args: Any) -> Future[T]:
        """Start a piece of work. Its future raises TimeoutError, WorkerDied, or whatever the work raised."""
        future: Future[T] = Future()
        self._waiting.put(_Piece(future, function, args))
        return future

    def close(self) -> None:
        """End the workers; work not yet started is cancelled."""
        self._closed.set()
        with contextlib.suppress(queue.Empty):
            while True:
                piece = self._waiting.get_nowait()
                if piece is not None:
                    piece.future.cancel()
        with _starting:
            for process in self._alive:
                process.kill()
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    # ---- in a thread

    def _feed(self) -> None:
        """Give a worker one piece of work after another, and replace it when it has ended, hangs or is worn."""
        worker: _Worker | None = None
        done = 0
        while (piece := self._waiting.get()) is not None:
            if self._closed.is_set() or not piece.future.set_running_or_notify_cancel():
                piece.future.cancel()
                continue
            if worker is not None and (done >= self._limits[2] or not worker.alive()):
                self._end(worker)
                worker = None
            try:
                if worker is None:
                    worker, done = self._start(), 0
                good, value = worker.do(piece.function, piece.args, self._limits[0])
                done += 1
            except (OSError, EOFError) as error:  # TimeoutError among them
                if worker is not None:
                    self._end(worker)
                worker = None
                late = isinstance(error, TimeoutError)
                ended = TimeoutError("It took too long.") if late else WorkerDied("Its worker ended.")
                good, value = False, ended
            except Exception as error:  # noqa: BLE001 - what cannot be pickled is the work's own affair
                good, value = False, error
            if good:
                piece.future.set_result(value)
            else:
                piece.future.set_exception(value)
        if worker is not None:
            self._end(worker)

    def _start(self) -> _Worker:
        """A worker that is ready. One that dies while it starts is no fault of the work that waits for it."""
        for attempt in range(_STARTS):
            try:
                return self._start_one()
            except (OSError, EOFError):
                if self._closed.wait(0.1 * attempt):
                    break
        raise WorkerDied("No worker could be started.")

    def _start_one(self) -> _Worker:
        with _starting:
            if self._closed.is_set():
                raise WorkerDied("The workers are being closed.")
            worker = _Worker(self._context, self._limits[1])
            self._alive.add(worker.process)
        # A slow start (its imports, a busy machine) is not held against the first piece of work.
        try:
            if not worker.pipe.poll(_START):
                raise WorkerDied("A worker did not start.")
            worker.pipe.recv()
        except (OSError, EOFError):
            self._end(worker)
            raise
        return worker

    def _end(self, worker: _Worker) -> None:
        worker.pipe.close()
        worker.process.kill()
        with _starting:
            worker.process.join()
            self._alive.discard(worker.process)


class _Worker:
    """One process with its pipe."""

    def __init__(self, context: Any, memory: int) -> None:
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=_work, args=(other, memory), daemon=True)
        self.process.start()
        other.close()

    def alive(self) -> bool:
        with _starting:
            return bool(self.process.is_alive())

    def do(self, function: Callable[..., Any], args: tuple[Any, ...], seconds: float) -> tuple[bool, Any]:
        """(whether it worked, result or exception). Raises TimeoutError, OSError or EOFError where the worker ended."""
        self.pipe.send((function, args))
        if not self.pipe.poll(seconds or None):
            raise TimeoutError
        good, value = self.pipe.recv()
        return bool(good), value


def _work(pipe: Connection, memory: int) -> None:
    """In a worker: do what comes, until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to answer
    _end_with_parent()
    _limit(memory)
    with contextlib.suppress(OSError):
        pipe.send(None)
    while True:
        try:
            function, args = pipe.recv()
        except (EOFError, OSError):
            return
        except Exception as error:  # noqa: BLE001 - work that cannot be unpickled here fails alone
            _answer(pipe, False, error)
            continue
        try:
            answer = (True, function(*args))
        except Exception as error:  # noqa: BLE001 - whatever the work raised belongs to its future
            answer = (False, error)
        _answer(pipe, *answer)
        del function, args, answer


def _answer(pipe: Connection, good: bool, value: Any) -> None:
    try:
        pipe.send((good, value))
    except (OSError, EOFError):
        raise
    except Exception:  # noqa: BLE001 - many kinds of it, when something cannot be sent
        pipe.send((False, RuntimeError(f"{type(value).__name__} cannot be sent between processes: {value}")))


def _end_with_parent() -> None:
    """Be ended when the parent dies, however busy this process is, in Python or in C.

    The pipe by which the standard library tells a child of its parent's end raises SIGIO (fcntl(2), O_ASYNC), whose
    default is to end the process. A worker that waits ends anyway, since its own pipe is closed.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    sentinel = int(parent.sentinel)
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(sentinel, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(sentinel, fcntl.F_SETFL, fcntl.fcntl(sentinel, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([sentinel], [], [], 0)[0]:
        os._exit(1)


def _limit(memory: int) -> None:
    if memory:
        try:
            import resource

            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        except (ImportError, ValueError, OSError):
            # No such limit on this system (Windows, or a lower one is set already): the time limit still holds.
            return


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
