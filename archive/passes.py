"""passes: one pass over stored pages. Chunks go to killable workers, readings come back in the order of the pages.

Payloads are read and decoded here, in order, so that the references they rest on stay in memory; workers get bytes and
give back data. A chunk whose worker died is read again page by page, so that the page at fault fails alone, and only
after it has ended three workers: a worker may die of other things than its page.
"""

from __future__ import annotations

import concurrent.futures
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from archive.executors import Executor
from archive.extraction import extract, extractor_id
from archive.records import QUARANTINE, Capture, Extraction
from archive.sites import Site

CHUNK_PAGES = 16
CHUNK_BYTES = 2 << 20
#: Readings that may wait for a slow page before them.
AHEAD = 2_000


@dataclass(frozen=True, slots=True)
class Read:
    """A page and what was read in it. strikes: how many workers it has ended just now."""

    capture: Capture
    extraction: Extraction
    strikes: int = 0


@dataclass(slots=True)
class _Chunk:
    """Pages on their way, and what was read in those that are back."""

    digests: list[str]
    captures: list[Capture]
    site: Site | None
    back: list[Read | None] = field(default_factory=list)
    kills: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.back = [None] * len(self.captures)
        self.kills = [0] * len(self.captures)

    @property
    def done(self) -> bool:
        return None not in self.back

    def keep(self, number: int, found: Extraction) -> None:
        # Without its payload: what is read may wait for a page before it.
        self.back[number] = Read(replace(self.captures[number], payload=None), found, self.kills[number])
        self.captures[number] = replace(self.captures[number], payload=None)


def read_chunk(captures: list[Capture], site: Site | None) -> list[Extraction]:
    """In a worker: what is read in some pages of one site."""
    return [extract(capture, site) for capture in captures]


def read_all(
    executor: Executor, waiting: Iterable[tuple[str, Capture]], sites: Mapping[str, Site], window: int = 0
) -> Iterator[Read]:
    """What is read in each (digest, capture), in their order. Never raises for a page.

    sites: rules by site key. window: chunks under way at a time, 0 for three times the executor's width.
    """
    return _Pass(executor, sites, window or 3 * executor.width).run(_chunks(waiting, sites))


class _Pass:
    def __init__(self, executor: Executor, sites: Mapping[str, Site], window: int) -> None:
        self.executor, self.sites, self.window = executor, sites, window
        self.queue: deque[_Chunk] = deque()
        #: What is under way: the chunk, and the page of it, or None for all of it.
        self.under_way: dict[Future[list[Extraction]], tuple[_Chunk, int | None]] = {}

    def run(self, source: Iterator[_Chunk]) -> Iterator[Read]:
        exhausted = False
        while True:
            while not exhausted and len(self.under_way) < self.window and self._ahead() < AHEAD:
                chunk = next(source, None)
                if chunk is None:
                    exhausted = True
                else:
                    self.queue.append(chunk)
                    self._send(chunk)
            while self.queue and self.queue[0].done:
                yield from (one for one in self.queue.popleft().back if one is not None)
            if not self.queue:
                if exhausted:
                    return
                continue
            finished, _ = concurrent.futures.wait(self.under_way, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in finished:
                self._take(future)

    def _ahead(self) -> int:
        return sum(len(chunk.back) for chunk in self.queue)

    def _send(self, chunk: _Chunk) -> None:
        if chunk.captures[0].payload is None:
            chunk.keep(0, failed(chunk.captures[0], chunk.digests[0], chunk.site, "extract_damaged"))
            return
        self.under_way[self.executor.submit(read_chunk, chunk.captures, chunk.site)] = (chunk, None)

    def _send_one(self, chunk: _Chunk, number: int) -> None:
        self.under_way[self.executor.submit(read_chunk, [chunk.captures[number]], chunk.site)] = (chunk, number)

    def _take(self, future: Future[list[Extraction]]) -> None:
        chunk, number = self.under_way.pop(future)
        numbers = range(len(chunk.captures)) if number is None else [number]
        problem = problem_of(future)
        if problem is None:
            for one, found in zip(numbers, future.result(), strict=True):
                chunk.keep(one, found)
        elif number is None and len(chunk.captures) > 1:
            for one in numbers:
                self._send_one(chunk, one)
        else:
            one = numbers[0]
            chunk.kills[one] += 1
            # A page that hangs would hang again; a worker that was killed may have been killed by others.
            if problem == "extract_killed" and chunk.kills[one] < QUARANTINE:
                self._send_one(chunk, one)
            else:
                chunk.keep(one, failed(chunk.captures[one], chunk.digests[one], chunk.site, problem))


def _chunks(waiting: Iterable[tuple[str, Capture]], sites: Mapping[str, Site]) -> Iterator[_Chunk]:
    """Pages of one site at a time, so many and so large; one whose payload is damaged by itself."""
    digests: list[str] = []
    captures: list[Capture] = []
    size = 0
    for digest, capture in waiting:
        length = len(capture.payload or b"")
        full = len(captures) >= CHUNK_PAGES or size + length > CHUNK_BYTES
        if captures and (full or capture.site != captures[0].site or None in (capture.payload, captures[0].payload)):
            yield _Chunk(digests, captures, sites.get(captures[0].site))
            digests, captures, size = [], [], 0
        digests.append(digest)
        captures.append(capture)
        size += length
    if captures:
        yield _Chunk(digests, captures, sites.get(captures[0].site))


def problem_of(future: Future[object] | Future[list[Extraction]] | Future[Extraction]) -> str | None:
    """How a worker ended that was to read something, as one word; None where it did its work."""
    error = future.exception()
    if error is None:
        return None
    if isinstance(error, TimeoutError):
        return "extract_timeout"
    # A worker that died (killed, out of memory, crashed in C) is told of by an OSError.
    return "extract_killed" if isinstance(error, MemoryError | OSError) else "extract_failed"


def failed(capture: Capture, digest: str, site: Site | None, problem: str) -> Extraction:
    """The row of a page that could not be read: why, and by whom."""
    return Extraction(url=capture.url, digest=digest, extractor=extractor_id(site), kind=capture.kind, problem=problem)


def outcome(capture: Capture, site: Site | None, future: Future[Extraction]) -> Extraction:
    """What became of a page given to a worker by itself: its extraction, or a row that says how the worker ended."""
    problem = problem_of(future)
    return future.result() if problem is None else failed(capture, capture.digest or "", site, problem)
