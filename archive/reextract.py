"""reextract: the one road from snapshots to texts.

A crawl ends by asking it for what is pending; running extraction again over the archive asks the same road wider.
Workers hold no database and return data; the parent writes it in batches, in the order of the pages. Interrupted at any
moment, running it again goes on where it stopped, and ends with the same rows as if it had not been interrupted.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from archive.errors import BadQuery, UnknownSite
from archive.executors import Executor
from archive.extraction import extractor_id
from archive.passes import Read, read_all
from archive.queries import query
from archive.records import Selection, as_json, moment, short_digest
from archive.sites import Site
from archive.store import Archive

BATCH = 100
SCOPES = ("pending", "stale", "all")
#: What --where can ask of: a snapshot of a page with its first capture, and what is read in it now.
_ASKED = (
    "SELECT c.url, c.digest, c.captured_at, c.site, p.kind AS page_kind, c.status, c.content_type, s.length, e.kind, "
    "e.extractor, e.problem, e.language, e.section, e.byline, e.published_at, e.modified_at, e.extracted_at, "
    "t.title, t.standfirst, t.text, t.words "
    "FROM capture_rows c JOIN pages p ON p.url = c.url JOIN snapshots s ON s.digest = c.digest "
    "LEFT JOIN extraction_rows e ON e.url = c.url AND e.digest = c.digest AND e.current = 1 "
    "LEFT JOIN texts t ON t.digest = e.text_digest"
)


@dataclass(slots=True)
class Reading:
    """What one re-extraction did: pages read, by their kind, and by the problem of those that could not be.

    total: how many there were to read; seconds: how long it took so far.
    """

    pages: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    total: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Pages a second."""
        return self.pages / self.seconds if self.seconds else 0.0

    def add(self, read: Read) -> None:
        self.pages += 1
        self.kinds[read.extraction.kind] += 1
        if read.extraction.problem:
            self.problems[read.extraction.problem] += 1


def selected(archive: Archive, which: Selection, where: str | None = None) -> Selection:
    """A selection, checked, narrowed to what an SQL condition holds of; nothing is written.

    where: a condition over url, digest, captured_at, site, page_kind, status, content_type, length, kind, extractor,
    problem, language, section, byline, published_at, modified_at, extracted_at, title, standfirst, text, words. Raises
    BadQuery for an unknown scope or a condition that SQLite does not take, UnknownSite for a site with no captures.
    """
    if which.scope not in SCOPES:
        raise BadQuery(f"{which.scope!r} is no scope: use one of {', '.join(SCOPES)}.")
    if which.limit is not None and which.limit < 1:
        raise BadQuery("--limit is a number of pages, 1 or more.")
    if which.site:
        held = "SELECT 1 FROM capture_rows WHERE site = ? LIMIT 1"
        if archive.db.conn.execute(held, (which.site,)).fetchone() is None:
            raise UnknownSite(
                f"The archive holds no captures of a site {which.site!r}; `foreigndesk status` tells what it holds."
            )
    if where is None:
        return which
    _, rows = query(archive.path, f"SELECT url, digest FROM ({_ASKED}) WHERE ({where}\n)", seconds=600)
    return _narrowed(which, frozenset((str(url), str(digest)) for url, digest in rows))


def _narrowed(which: Selection, only: frozenset[tuple[str, str]]) -> Selection:
    return Selection(which.scope, which.site, which.since, which.until, only, which.limit, which.quarantined)


def reextract(
    archive: Archive,
    sites: Mapping[str, Site],
    executor: Executor,
    *,
    which: Selection | None = None,
    progress: Callable[[Reading], None] = lambda _: None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Reading:
    """Read stored snapshots and record what was read.

    which: by default everything that was never read. progress: called with the tally after each page. Returns the
    tally. A reading of everything (`all`) that was cut off goes on when the same is asked again.
    """
    which = which or Selection()

    def extractor(key: str) -> str:
        return extractor_id(sites.get(key))

    name = _name(which)
    begun = archive.begin_reading(name, clock()) if which.scope == "all" else None
    floor = moment(begun) if begun else None
    tally, batch, began = Reading(), list[Read](), time.monotonic()

    def now() -> datetime:
        return max(clock(), floor) if floor else clock()

    tally.total = archive.waiting(extractor, which, begun)
    for read in read_all(executor, archive.pending(extractor, which, begun), sites):
        batch.append(read)
        tally.add(read)
        if len(batch) >= BATCH:
            _record(archive, batch, now())
            batch = []
        tally.seconds = time.monotonic() - began
        progress(tally)
    if batch:
        _record(archive, batch, now())
    if begun is not None:
        archive.end_reading(name, clock())
    tally.seconds = time.monotonic() - began
    return tally


def _record(archive: Archive, batch: list[Read], at: datetime) -> None:
    strikes = {(read.extraction.url, read.extraction.digest): read.strikes for read in batch if read.strikes}
    archive.record([read.extraction for read in batch], at, strikes)


def _name(which: Selection) -> str:
    """The digest of a selection: asked again, a reading of everything goes on. It tells nothing of its pages."""
    only = None if which.only is None else short_digest(as_json(sorted(map(list, which.only))))
    return short_digest(
        as_json([which.scope, which.site, which.since, which.until, only, which.limit, which.quarantined])
    )
