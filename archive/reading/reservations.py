"""reservations: what a page asks not to be done with it: noarchive, nosnippet, unavailable_after, tdm-reservation.

Where: the X-Robots-Tag and tdm-reservation fields of the answer, and the page's own meta tags. Sources: Google's robots
meta tag specification (which is where the directives are written down), and the TDM Reservation Protocol of the W3C's
community group, §6 and §7, for Article 4 of the EU's directive 2019/790.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from archive.reading.pages import NotAPage, read_page
from archive.records import Capture

_DIRECTIVES = {"noarchive": "noarchive", "nocache": "noarchive", "nosnippet": "nosnippet"}
#: Directives with a value, so that `name: value` in a field does not begin with a crawler's name.
_VALUED = ("unavailable_after", "max-snippet", "max-image-preview", "max-video-preview")
_HINTS = (b"noarchive", b"nocache", b"nosnippet", b"unavailable_after", b"tdm-reservation")


def header_reservations(capture: Capture, agent: str) -> tuple[str, ...]:
    """What an answer's head reserves, as sorted names. agent: the product token that a directive may name."""
    found: set[str] = set()
    for name, value in capture.response_headers:
        if name.lower() == "x-robots-tag":
            found |= _read(_addressed(value, agent), capture.captured_at)
        elif name.lower() == "tdm-reservation" and value.strip() == "1":
            found.add("tdm-reservation")
    return tuple(sorted(found))


def withheld(reserved: Iterable[str]) -> tuple[str, ...]:
    """Those of a page's reservations under which no body is to be kept; the others are only noted."""
    return tuple(name for name in reserved if name in ("noarchive", "tdm-reservation", "unavailable_after"))


def may_reserve(payload: bytes) -> bool:
    """Whether a page may hold a reservation of its own: a quick look that parses nothing and misses none."""
    if b"\x00" in payload[:64]:
        payload = payload.replace(b"\x00", b"")  # UTF-16
    payload = payload.lower()
    return any(hint in payload for hint in _HINTS)


def page_reservations(capture: Capture, agent: str) -> tuple[str, ...]:
    """What a page's meta tags reserve, as sorted names; nothing where it cannot be read. Parses: for a worker."""
    try:
        page = read_page(capture.url, capture.payload, capture.content_type)
    except NotAPage:
        return ()
    said = [value for name in ("robots", agent.lower()) for value in page.metas.get(name, [])]
    found = _read(said, capture.captured_at)
    if "1" in page.metas.get("tdm-reservation", []):
        found.add("tdm-reservation")
    return tuple(sorted(found))


def _addressed(value: str, agent: str) -> list[str]:
    """The directives of a field, where they are for everybody or for us: `otherbot: noarchive` is not."""
    name, colon, rest = value.partition(":")
    if colon and re.fullmatch(r"\s*[\w.-]+\s*", name) and name.strip().lower() not in _VALUED:
        return [rest] if name.strip().lower() == agent.lower() else []
    return [value]


def _read(values: Iterable[str], at: datetime) -> set[str]:
    found: set[str] = set()
    for value in values:
        lowered = value.lower()
        found |= {_DIRECTIVES[word] for word in re.findall(r"[a-z-]+", lowered) if word in _DIRECTIVES}
        for match in re.finditer(r"(?i)unavailable_after\s*:?\s*([^;]*)", value):
            until = _moment(match[1])
            if until is not None and until <= at:
                found.add("unavailable_after")
    return found


def _moment(text: str) -> datetime | None:
    """The moment of unavailable_after: RFC 822, RFC 850 or ISO 8601, UTC where no zone is given."""
    text = text.strip()[:80]
    for candidate in (text, text.rpartition(",")[0].strip()):  # another directive may follow
        for read in (datetime.fromisoformat, parsedate_to_datetime):
            try:
                moment = read(candidate)
            except (ValueError, TypeError, OverflowError, IndexError):
                continue
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
