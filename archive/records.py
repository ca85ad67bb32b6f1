"""The nouns that travel between the rooms: Capture, Link, Extraction.

All are frozen and picklable, since they cross process borders, and none knows the database. Times are
timezone-aware `datetime` in UTC where *we* measured them (`captured_at`), and ISO 8601 strings as the page
gave them where they are the page's claim (`published`, `modified`): a claim without a zone stays without one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from archive.errors import BadQuery

T = TypeVar("T")
Headers = tuple[tuple[str, str], ...]

#: What a page is to us: how it is visited, and what is read in it.
PAGE_KINDS = ("article", "section", "feed", "sitemap", "robots")

#: Words of captures that somebody does not want.
REFUSALS = frozenset({"robots", "robots_unreachable", "crawl_delay", "postponed", "address_refused", "reserved"})

#: Boxes of links: chosen by readers, for this article, otherwise put forward; `front` = a section page's own list.
LINK_KINDS = ("readers", "related", "recommended", "front")

#: Statuses whose payload is the page's own state; everything else is kept, but never read as the page.
SHOWS_STATE = (200, 203, 304)
#: Problems of a worker or a disk, not of a page: the reading is tried again, and never replaces one that worked.
WORKER_PROBLEMS = frozenset({"extract_timeout", "extract_killed", "extract_failed", "extract_damaged"})
#: A snapshot that ended its worker so often is left alone (the view `quarantine`).
QUARANTINE = 3


def payload_digest(payload: bytes) -> str:
    """The name under which a payload is kept: `sha256:` and 64 hex digits of its bytes."""
    return "sha256:" + hashlib.sha256(payload).hexdigest()


def text_digest(title: str | None, standfirst: str | None, text: str | None) -> str:
    """The name of a text: equal headline, standfirst and body have an equal digest, whatever page they stood on."""
    # JSON keeps the three apart, so that no two different texts can run into one.
    parts = json.dumps([title or "", standfirst or "", text or ""], ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()


def short_digest(text: str) -> str:
    """A name for what an archive keeps once for many rows (a set of headers): 16 hex digits of its SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def as_json(value: Any) -> str:
    """JSON as the archive keeps and digests it: keys sorted, no spaces, letters as they are.

    Lone surrogates, which UTF-8 cannot hold, are escaped.
    """
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, sort_keys=True, separators=(",", ":"))
    return text


def batched(items: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """The items in order, so many at a time."""
    for start in range(0, len(items), most):
        yield items[start : start + most]


def timestamp(moment: datetime) -> str:
    """A moment as the archive writes it: UTC, ISO 8601, microseconds, `Z`; text order is time order.

    Raises ValueError for a moment without a time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone: say which moment is meant.")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def moment(text: str) -> datetime:
    """The moment that a written time names, in UTC; a time without a zone is read as UTC.

    Raises ValueError where the text is no ISO 8601 time.
    """
    value = iso_time(text)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


#: A time as people write it: a year, month, day, hour, minute, second or less, and perhaps a zone.
_WRITTEN = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)([T ](?P<time>\d\d(:\d\d(:\d\d(\.\d{1,6})?)?)?)"
    r"(?P<zone>Z|[+-]\d\d(:?\d\d)?)?)?)?)?"
)


def beginning_of(text: str) -> str:
    """The first moment that a person's time may mean, to be compared with the archive's times as text.

    text: ISO 8601, as exact as one likes; a time without a zone is UTC. Raises BadQuery where it is no time.
    """
    written, value = _written(text)
    return written if value is None else timestamp(value)


def iso_time(text: str) -> datetime:
    """A written time (ISO 8601), with its zone or without. A leap second (23:59:60) is the second after it.

    Raises ValueError where the text is no time.
    """
    text = text.strip()
    even = re.sub(r"(?<=:\d\d):60(?!\d)", ":59", text)
    return datetime.fromisoformat(even) + timedelta(seconds=even != text)


def end_of(text: str) -> str:
    """The last moment that a person's time may mean, to be compared with the archive's times as text.

    text: ISO 8601; a year, day, hour or second means all of it, a time without a zone is UTC. Raises BadQuery where it
    is no time.
    """
    written, value = _written(text)
    if value is None:
        # "~" sorts after every digit, so that "2026-11-24" means the whole of that day.
        return written + "~"
    exact = timestamp(value)
    return exact if value.microsecond else exact.partition(".")[0] + "~"


def _written(text: str) -> tuple[str, datetime | None]:
    """(a person's time as it is written, the moment where it names a zone). Raises BadQuery where it is no time."""
    found = _WRITTEN.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError(text)
        day = f"{found['year']}-{found['month'] or '01'}-{found['day'] or '01'}"
        value = iso_time(f"{day}T{found['time'] or '00'}{found['zone'] or ''}")
    except ValueError:
        raise BadQuery(
            f"{text!r} is no time: write it as 2026-11-24T10:30:00Z; a year, month, day or hour alone will do."
        ) from None
    return text.strip().replace(" ", "T"), value if found["zone"] else None


@dataclass(frozen=True, slots=True)
class Capture:
    """One fetch of a page at a time, whatever came of it (200, 304, 404, timeout, refused by robots).

    `payload` is the decoded body; None where there was none, also for a 304. `error` is one word for why there is
    no sound answer (`timeout`, `robots`, `too_large`, `dns` …), `detail` the sentence that goes with it. Together,
    `status` and `error` always say what happened: at least one of them is set.

    `wire` is the body as it came, where it is kept beside the decoded one; `wire_digest` and `wire_length` tell of it
    in any case. `tls` is JSON: protocol, cipher, digest of the certificate, and whether it was verified. `next_try` is
    when a failed request is worth another try, `reserved` what the page asks not to be done with it.
    """

    url: str
    captured_at: datetime
    site: str = ""
    kind: str = "article"
    status: int | None = None
    reason: str | None = None
    payload: bytes | None = None
    content_type: str | None = None
    location: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    http_version: str | None = None
    ip: str | None = None
    request_headers: Headers = ()
    response_headers: Headers = ()
    wire_digest: str | None = None
    error: str | None = None
    detail: str | None = None
    attempts: int = 1
    discovered_on: str | None = None
    tls: str | None = None
    next_try: datetime | None = None
    reserved: tuple[str, ...] = ()
    wire: bytes | None = None
    wire_length: int | None = None

    def __post_init__(self) -> None:
        if self.status is None and self.error is None:
            raise ValueError(f"The capture of {self.url} says neither what was answered nor why there was no answer.")

    @property
    def refused(self) -> bool:
        """Whether it was not fetched, or not kept, because somebody does not want it: the site, or we ourselves."""
        return self.error in REFUSALS

    @property
    def digest(self) -> str | None:
        """The payload's digest, or None where nothing came."""
        return None if self.payload is None else payload_digest(self.payload)


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of a box on a page. `rank` counts from 1 within the kind, in page order.

    `target` is the absolute, cleaned URL; `href` is how it stood on the page. `published` and `modified` are
    what a feed or news sitemap says of its entry (ISO 8601, as given), None elsewhere: hints, never the article's own
    word.
    """

    kind: str
    rank: int
    target: str
    text: str | None = None
    heading: str | None = None
    href: str | None = None
    published: str | None = None
    modified: str | None = None


def kept_href(link: Link) -> str | None:
    """How a link stood on its page, where that is not simply its target or the end of it; what an archive keeps."""
    return None if link.href is None or link.target.endswith(link.href) else link.href


def list_digest(links: Iterable[Link]) -> str:
    """The name of a list of links: 32 hex digits of the SHA-256 of it as JSON. Equal lists have an equal one."""
    rows = [[k.kind, k.rank, k.target, k.text, k.heading, kept_href(k), k.published, k.modified] for k in links]
    rows.sort(key=lambda row: (row[0], row[1]))
    return hashlib.sha256(as_json(rows).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Extraction:
    """What we read in one snapshot of a page: an opinion that can be made again from the snapshot.

    `text` holds paragraphs separated by an empty line. `kind` says what the page is (article, section, feed, live,
    gallery, video, consent, paywall, error, shell), `problem` is one word where it could not be read as that.
    `fields` says for each value where it came from: {"published": {"from": "jsonld"}, …}, and holds the values
    that have no column of their own (standfirst's source, image, caption, keywords, agency, canonical, access).
    """

    url: str
    digest: str
    extractor: str
    kind: str = "article"
    title: str | None = None
    standfirst: str | None = None
    text: str | None = None
    authors: tuple[str, ...] = ()
    published: str | None = None
    modified: str | None = None
    language: str | None = None
    section: str | None = None
    links: tuple[Link, ...] = ()
    problem: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which stored snapshots are to be read.

    scope: `pending` (never read, or in vain), `stale` (not read by today's extractor under today's rules) or `all`.
    site: only this site's. since, until: only those first captured in this time (as the archive writes times, or as
    people do; a day means all of it). only: only these (URL, digest). limit: at most so many. quarantined: also those
    that have ended their worker three times.
    """

    scope: str = "pending"
    site: str | None = None
    since: str | None = None
    until: str | None = None
    only: frozenset[tuple[str, str]] | None = None
    limit: int | None = None
    quarantined: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """A capture with what its list named: what is stored in one transaction.

    found: pages, as (kind, URL); hints: when articles changed, as a feed or sitemap says, as (URL, ISO 8601 time).
    """

    capture: Capture
    found: tuple[tuple[str, str], ...] = ()
    hints: tuple[tuple[str, str], ...] = ()
