"""cluster: work on other machines, by Dask's own scheduler and workers. The one room that knows it.

A Dask worker does not read pages itself: it hands them to killable processes of its own, as one machine does, so that a
page which hangs or crashes costs only itself there too. What a lost worker had in hand is done again by another.
"""

from __future__ import annotations

import concurrent.futures
import ipaddress
import multiprocessing
import threading
from collections.abc import Callable
from importlib import metadata as packages
from typing import Any, TypeVar

import distributed
from distributed.scheduler import KilledWorker
from distributed.security import Security

from archive.errors import ArchiveError, BadQuery
from archive.workers import WorkerDied, Workers

T = TypeVar("T")
_CONNECT = 5.0  # seconds
_TASKS = 200
_pools: dict[tuple[float, int], Workers] = {}
_making = threading.Lock()


class Cluster:
    """Work on the workers of a Dask scheduler. Answers `submit` with real futures, as the local executors do.

    address: HOST:PORT of the scheduler. Off this machine, connections are encrypted and both sides prove who they are
    (Dask's TLS, from its own configuration): whoever reaches a scheduler can run code on every worker. Raises BadQuery
    where nobody answers, no worker is there, or a worker has another version of ours.
    """

    def __init__(self, address: str, seconds: float, memory: int) -> None:
        self._limits = (seconds, memory)
        url, security = _secured(address)
        try:
            self._client = distributed.Client(url, security=security, timeout=_CONNECT, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise BadQuery(
                f"No Dask scheduler answers at {address} ({type(error).__name__}): start one with `dask scheduler "
                "--host 127.0.0.1`; docs/cluster.md shows how."
            ) from None
        try:
            self.width = self._checked()
        except BaseException:
            self._client.close()
            raise
        self._pool = self._client.get_executor(pure=False)

    def _checked(self) -> int:
        """How many tasks the workers take at a time, if they are fit for it."""
        try:
            # The scheduler unpacks what is sent as well.
            theirs = self._client.run_on_scheduler(versions)
        except Exception as error:  # noqa: BLE001 - whatever a scheduler raises when it does not know us
            raise BadQuery(
                f"The Dask scheduler cannot import Foreign Desk ({error}): install the same version there."
            ) from None
        try:
            told = self._client.run(about)
        except Exception as error:  # noqa: BLE001 - whatever a worker raises when it does not know us
            raise BadQuery(f"A worker cannot import Foreign Desk ({error}): install the same version there.") from None
        if not told:
            raise BadQuery(
                "The Dask scheduler has no workers: start some with `dask worker`; docs/cluster.md shows how."
            )
        mine = versions()
        if theirs != mine:
            raise BadQuery(f"The Dask scheduler has {theirs}, and this machine {mine}: they must be the same.")
        for name, (version, daemon, _) in told.items():
            if version != mine:
                raise BadQuery(f"The worker {name} reads pages with {version}, and this machine with {mine}.")
            if daemon:
                raise BadQuery(
                    f"The worker {name} may not start processes, and pages are read in processes that can be killed: "
                    "start workers with DASK_DISTRIBUTED__WORKER__DAEMON=False in their environment."
                )
        return sum(threads for _, _, threads in told.values())

    def submit(self, function: Callable[..., T], *args: Any) -> concurrent.futures.Future[T]:
        """Do a piece of work in a killable process of some worker."""
        return self._sent(_killable, self._limits, function, args)

    def delegate(self, function: Callable[..., T], *args: Any) -> concurrent.futures.Future[T]:
        """Do a long piece of work in a worker itself, which looks after what it starts; one a thread of the worker.

        The function is given, after its arguments, what says whether anybody still waits for its answer.
        """
        return self._sent(_long, function, args)

    def _sent(self, function: Callable[..., Any], *args: Any) -> concurrent.futures.Future[Any]:
        answer: concurrent.futures.Future[Any] = concurrent.futures.Future()
        answer.set_running_or_notify_cancel()

        def settle(done: concurrent.futures.Future[Any]) -> None:
            if done.cancelled():
                answer.set_exception(ArchiveError("The Dask scheduler is gone: start it and run the command again."))
            elif (error := done.exception()) is None:
                answer.set_result(done.result())
            elif isinstance(error, KilledWorker):
                answer.set_exception(WorkerDied("It ended every worker that tried."))
            else:
                answer.set_exception(error)

        self._pool.submit(function, *args).add_done_callback(settle)
        return answer

    def close(self) -> None:
        """Leave the scheduler; its workers stay, work not yet done is dropped."""
        self._pool.shutdown(wait=False)
        self._client.close()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def about(dask_worker: Any) -> tuple[str, bool, int]:
    """(what reads here, whether this process may start no others, tasks at a time), as a worker tells it."""
    threads = int(dask_worker.state.nthreads)
    return versions(), bool(multiprocessing.current_process().daemon), threads


def versions() -> str:
    """What reads pages here."""
    ours, theirs = (packages.version(name) for name in ("foreign-desk", "trafilatura"))
    return f"Foreign Desk {ours} and trafilatura {theirs}"


def _killable(limits: tuple[float, int], function: Callable[..., T], args: tuple[Any, ...]) -> T:
    """In a Dask worker: do it in a process of this worker's own. Raises what the work raised, or how it ended."""
    with _making:
        if limits not in _pools:
            width = max(1, int(distributed.get_worker().state.nthreads))
            _pools[limits] = Workers(width, *limits, _TASKS, ["archive.passes", "archive.links.fronts"])
    return _pools[limits].submit(function, *args).result()


def _long(function: Callable[..., T], args: tuple[Any, ...]) -> T:
    """In a Dask worker: do it here. Who sent it may be gone before it is done: Dask then calls the task cancelled."""
    worker = distributed.get_worker()
    task = worker.state.tasks.get(worker.get_current_task())
    return function(*args, lambda: task is None or task.state != "cancelled")


def _secured(address: str) -> tuple[str, Security | None]:
    """The address for Dask, and how it is secured: on this machine not, elsewhere by TLS."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit():
        raise BadQuery(f'"dask://{address}" names no scheduler: write dask://HOST:PORT, such as dask://127.0.0.1:8786.')
    if _here(host.strip("[]")):
        return f"tcp://{address}", None
    security = Security(require_encryption=True)
    if security.tls_client_cert is None or security.tls_ca_file is None:
        raise BadQuery(
            f"{host} is another machine, and whoever reaches a Dask scheduler without TLS can run code on every "
            "worker: name certificates in DASK_DISTRIBUTED__COMM__TLS__CA_FILE and …__CLIENT__CERT, …__CLIENT__KEY; "
            "docs/cluster.md shows how."
        )
    return f"tls://{address}", security


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
