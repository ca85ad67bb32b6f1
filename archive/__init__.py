"""Foreign Desk's archive: a library. These are its public names; the rooms behind them are private.

with Archive.open("press.db") as archive:
    for hit in search(archive, "water treaty"):
        print(hit.url, hit.snippet)
"""

from archive import tokens
from archive.diffs import Diff, diff, render
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
from archive.history import Event, compare, history
from archive.links.fronts import read_listing
from archive.links.listing import Listing
from archive.queries import query
from archive.records import Capture, Extraction, Link, Visit, moment, payload_digest, text_digest, timestamp
from archive.reextract import Reading, outcome, reextract
from archive.search import Hit, search
from archive.sites import Site, load_sites, pick, seconds
from archive.store import Archive, Seen
from archive.urls import clean_url, host_of

__all__ = [
    "Archive",
    "ArchiveError",
    "ArchiveTooNew",
    "ArchiveUnreadable",
    "BadQuery",
    "Capture",
    "Diff",
    "Event",
    "Executor",
    "Explanation",
    "Extraction",
    "Hit",
    "Link",
    "Listing",
    "PayloadDamaged",
    "Reading",
    "Seen",
    "Site",
    "SiteError",
    "UnknownPage",
    "UnknownSite",
    "Visit",
    "clean_url",
    "compare",
    "diff",
    "explain",
    "extract",
    "extractor_id",
    "history",
    "host_of",
    "load_sites",
    "moment",
    "open_executor",
    "outcome",
    "payload_digest",
    "pick",
    "query",
    "read_listing",
    "reextract",
    "render",
    "run_bounded",
    "search",
    "seconds",
    "text_digest",
    "timestamp",
    "tokens",
]
