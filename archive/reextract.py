"""reextract: the one road from snapshots to texts.

A crawl ends by asking it for what is pending; running extraction again over the archive asks the same road wider.
Workers hold no database and return data; the parent writes it in batches. Interrupted at any moment, running it
again goes on where it stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime

from archive.errors import BadQuery
from archive.executors import Executor, run_bounded
from archive.extraction import extract, extractor_id
from archive.records import Capture, Extraction
from archive.sites import Site
from archive.store import Archive

BATCH = 100
SCOPES = ("pending", "stale", "all")


@dataclass(slots=True)
class Reading:
    """What one re-extraction did: pages read, by their kind, and by the problem of those that could not be."""

    pages: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)


def reextract(
    archive: Archive,
    sites: Mapping[str, Site],
    executor: Executor,
    *,
    scope: str = "pending",
    site: str | None = None,
    progress: Callable[[int], None] = lambda _: None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Reading:
    """Read stored snapshots and record what was read.

    scope: `pending` (never read), `stale` (read by another extractor or under other site rules) or `all`;
    site: only this site's; progress: called with the number of pages done after each. Returns the tally.
    Raises BadQuery for an unknown scope.
    """
    if scope not in SCOPES:
        raise BadQuery(f"{scope!r} is no scope: use one of {', '.join(SCOPES)}.")
    tally, batch = Reading(), list[Extraction]()
    waiting = archive.pending(lambda key: extractor_id(sites.get(key)), scope, site)
    work = ((capture, sites.get(capture.site)) for capture in waiting)
    for (capture, rules), future in run_bounded(executor, extract, work):
        batch.append(outcome(capture, rules, future))
        tally.pages += 1
        tally.kinds[batch[-1].kind] += 1
        if batch[-1].problem:
            tally.problems[batch[-1].problem] += 1
        if len(batch) >= BATCH:
            archive.record(batch, clock())
            batch = []
        progress(tally.pages)
    if batch:
        archive.record(batch, clock())
    return tally


def outcome(capture: Capture, site: Site | None, future: Future[Extraction]) -> Extraction:
    """What became of a page given to a worker: its extraction, or a row that says how the worker ended."""
    try:
        return future.result()
    except TimeoutError:
        problem = "extract_timeout"
    except (MemoryError, OSError, RuntimeError) as error:
        # pebble reports a worker that died (killed, out of memory, crashed in C) as ProcessExpired, an OSError.
        problem = "extract_killed" if isinstance(error, MemoryError | OSError) else "extract_failed"
    except Exception:  # noqa: BLE001 - extract() promises never to raise; should it, the page must still get its row
        problem = "extract_failed"
    return Extraction(
        url=capture.url, digest=capture.digest or "", extractor=extractor_id(site), kind=capture.kind, problem=problem
    )
