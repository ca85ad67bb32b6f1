"""Foreign Desk's archive: a library. These are its public names; the rooms behind them are private.

with Archive.open("press.db") as archive:
    for hit in search(archive, "water treaty"):
        print(hit.url, hit.snippet)
"""

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archive import tokens
    from archive.backup import backup
    from archive.cadence import Cadence, Night, lateness, seconds
    from archive.changes import Comparison, compare, readings_compared
    from archive.checkup import Finding, checkup, libraries
    from archive.compact import Saved, compact, shrink
    from archive.cookbook import Question, number, questions, saved
    from archive.diffs import Diff, diff, render
    from archive.erase import Erased, elsewhere, erase, hide, mentions, traces
    from archive.errors import (
        ArchiveError,
        ArchiveTooNew,
        ArchiveUnreadable,
        BadQuery,
        PayloadDamaged,
        SiteError,
        UnknownPage,
        UnknownSite,
    )
    from archive.executors import Executor, open_executor, run_bounded
    from archive.explanation import Explanation, explain
    from archive.extraction import extract, extractor_id
    from archive.health import Health, health
    from archive.history import Event, history
    from archive.links.finding import Candidate, Lists, find_lists
    from archive.links.fronts import read_listing
    from archive.links.listing import Listing
    from archive.links.patterns import article_pattern
    from archive.mementos import Memento, link_format, memento, timemap, timemap_json
    from archive.merge import merge, split
    from archive.opening import fault, pending_sql
    from archive.passes import outcome
    from archive.proof import Head, head
    from archive.queries import query
    from archive.reading.reservations import header_reservations, may_reserve, page_reservations, withheld
    from archive.records import (
        Capture,
        Extraction,
        Link,
        Selection,
        Visit,
        moment,
        payload_digest,
        text_digest,
        timestamp,
    )
    from archive.reextract import Reading, reextract, selected
    from archive.search import Hit, Hits, search
    from archive.seeds import seed, strip
    from archive.shards import Merged
    from archive.sites import Site, load_sites, pick
    from archive.store import Archive
    from archive.trial import Case, Share, Threshold, Trial, threshold, trial
    from archive.urls import clean_url, host_of
    from archive.verify import repair, verify
    from archive.versions import Pruned, Version, named, promote, prune, rollback, versions
    from archive.watching import Due

#: Where each name lives. A room is imported when a name of it is first asked for: `foreigndesk sites list` needs no
#: extractor. A test holds this against the imports above.
_HOMES = {
    "tokens": "archive.tokens",
    "Finding": "archive.checkup",
    "checkup": "archive.checkup",
    "libraries": "archive.checkup",
    "Diff": "archive.diffs",
    "diff": "archive.diffs",
    "render": "archive.diffs",
    "ArchiveError": "archive.errors",
    "ArchiveTooNew": "archive.errors",
    "ArchiveUnreadable": "archive.errors",
    "BadQuery": "archive.errors",
    "PayloadDamaged": "archive.errors",
    "SiteError": "archive.errors",
    "UnknownPage": "archive.errors",
    "UnknownSite": "archive.errors",
    "Executor": "archive.executors",
    "open_executor": "archive.executors",
    "run_bounded": "archive.executors",
    "Explanation": "archive.explanation",
    "explain": "archive.explanation",
    "extract": "archive.extraction",
    "extractor_id": "archive.extraction",
    "Health": "archive.health",
    "health": "archive.health",
    "Event": "archive.history",
    "history": "archive.history",
    "Candidate": "archive.links.finding",
    "Lists": "archive.links.finding",
    "find_lists": "archive.links.finding",
    "read_listing": "archive.links.fronts",
    "Listing": "archive.links.listing",
    "article_pattern": "archive.links.patterns",
    "query": "archive.queries",
    "header_reservations": "archive.reading.reservations",
    "may_reserve": "archive.reading.reservations",
    "page_reservations": "archive.reading.reservations",
    "withheld": "archive.reading.reservations",
    "Capture": "archive.records",
    "Extraction": "archive.records",
    "Link": "archive.records",
    "Visit": "archive.records",
    "moment": "archive.records",
    "payload_digest": "archive.records",
    "text_digest": "archive.records",
    "timestamp": "archive.records",
    "Reading": "archive.reextract",
    "reextract": "archive.reextract",
    "Hit": "archive.search",
    "Hits": "archive.search",
    "search": "archive.search",
    "Site": "archive.sites",
    "load_sites": "archive.sites",
    "pick": "archive.sites",
    "Cadence": "archive.cadence",
    "Night": "archive.cadence",
    "lateness": "archive.cadence",
    "seconds": "archive.cadence",
    "Archive": "archive.store",
    "Due": "archive.watching",
    "clean_url": "archive.urls",
    "host_of": "archive.urls",
    "pending_sql": "archive.opening",
    "fault": "archive.opening",
    "Head": "archive.proof",
    "head": "archive.proof",
    "repair": "archive.verify",
    "verify": "archive.verify",
    "backup": "archive.backup",
    "Erased": "archive.erase",
    "elsewhere": "archive.erase",
    "erase": "archive.erase",
    "hide": "archive.erase",
    "mentions": "archive.erase",
    "traces": "archive.erase",
    "Memento": "archive.mementos",
    "link_format": "archive.mementos",
    "memento": "archive.mementos",
    "timemap": "archive.mementos",
    "timemap_json": "archive.mementos",
    "Saved": "archive.compact",
    "compact": "archive.compact",
    "shrink": "archive.compact",
    "Question": "archive.cookbook",
    "number": "archive.cookbook",
    "questions": "archive.cookbook",
    "saved": "archive.cookbook",
    "seed": "archive.seeds",
    "strip": "archive.seeds",
    "merge": "archive.merge",
    "split": "archive.merge",
    "Merged": "archive.shards",
    "Comparison": "archive.changes",
    "compare": "archive.changes",
    "readings_compared": "archive.changes",
    "outcome": "archive.passes",
    "Selection": "archive.records",
    "selected": "archive.reextract",
    "Case": "archive.trial",
    "Share": "archive.trial",
    "Threshold": "archive.trial",
    "Trial": "archive.trial",
    "threshold": "archive.trial",
    "trial": "archive.trial",
    "Pruned": "archive.versions",
    "Version": "archive.versions",
    "named": "archive.versions",
    "promote": "archive.versions",
    "prune": "archive.versions",
    "rollback": "archive.versions",
    "versions": "archive.versions",
}

__all__ = [
    "Archive",
    "ArchiveError",
    "ArchiveTooNew",
    "ArchiveUnreadable",
    "BadQuery",
    "Cadence",
    "Candidate",
    "Capture",
    "Case",
    "Comparison",
    "Diff",
    "Due",
    "Erased",
    "Event",
    "Executor",
    "Explanation",
    "Extraction",
    "Finding",
    "Head",
    "Health",
    "Hit",
    "Hits",
    "Link",
    "Listing",
    "Lists",
    "Memento",
    "Merged",
    "Night",
    "PayloadDamaged",
    "Pruned",
    "Question",
    "Reading",
    "Saved",
    "Selection",
    "Share",
    "Site",
    "SiteError",
    "Threshold",
    "Trial",
    "UnknownPage",
    "UnknownSite",
    "Version",
    "Visit",
    "article_pattern",
    "backup",
    "checkup",
    "clean_url",
    "compact",
    "compare",
    "diff",
    "elsewhere",
    "erase",
    "explain",
    "extract",
    "extractor_id",
    "fault",
    "find_lists",
    "head",
    "header_reservations",
    "health",
    "hide",
    "history",
    "host_of",
    "lateness",
    "libraries",
    "link_format",
    "load_sites",
    "may_reserve",
    "memento",
    "mentions",
    "merge",
    "moment",
    "named",
    "number",
    "open_executor",
    "outcome",
    "page_reservations",
    "payload_digest",
    "pending_sql",
    "pick",
    "promote",
    "prune",
    "query",
    "questions",
    "read_listing",
    "readings_compared",
    "reextract",
    "render",
    "repair",
    "rollback",
    "run_bounded",
    "saved",
    "search",
    "seconds",
    "seed",
    "selected",
    "shrink",
    "split",
    "strip",
    "text_digest",
    "threshold",
    "timemap",
    "timemap_json",
    "timestamp",
    "tokens",
    "traces",
    "trial",
    "verify",
    "versions",
    "withheld",
]


class _Face(ModuleType):
    """This package: no room hides the public name that is spelled like it (`archive.search` is the function)."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (isinstance(value, ModuleType) and name in _HOMES and name != "tokens"):
            super().__setattr__(name, value)


def __getattr__(name: str) -> Any:
    """A public name, its room imported at the first asking (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room = importlib.import_module(_HOMES[name])
    value = room if name == "tokens" else getattr(room, name)
    globals()[name] = value
    return value


sys.modules[__name__].__class__ = _Face
