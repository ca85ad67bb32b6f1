"""captures: what went over the wire for one request, judged, as the Capture that the archive keeps."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from scrapy.http import Request, Response

from archive import Capture
from crawler.failures import failure_word
from crawler.wire import sniffed

#: Scrapy signal: a capture that no spider asked for (robots.txt). Sent with `capture=`.
captured = object()
#: Scrapy signal: somebody is about to ask the archive what is due: what is in hand is to be written first.
settle = object()

Pairs = tuple[tuple[str, str], ...]
_END = re.compile(rb"(?i)</(?:html|body)\s*>")
_MARKUP = re.compile(rb"(?i)\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b")
_STATES = (200, 203)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What went over the wire for one request, as far as it can be known above TLS and chunking.

    framed: whether the head said where the body ends; wire: the body as it came, where it is not the decoded one;
    tls: protocol, cipher, certificate's digest, and whether it was verified; seconds: how long all of it took.
    """

    at: datetime
    status: int
    reason: str | None
    http_version: str
    ip: str | None
    request_headers: Pairs
    response_headers: Pairs
    framed: bool = True
    tls: dict[str, Any] | None = None
    wire_digest: str | None = None
    wire_length: int | None = None
    wire: bytes | None = None
    error: str | None = None
    detail: str | None = None

    def header(self, name: str) -> str | None:
        """The first field of the answer with this name (in small letters)."""
        return next((value for key, value in self.response_headers if key.lower() == name), None)

    @property
    def asked_conditionally(self) -> bool:
        """Whether we sent a validator, so that a 304 can be an answer to it."""
        return any(key.lower() in ("if-none-match", "if-modified-since") for key, _ in self.request_headers)


def judge(exchange: Exchange, payload: bytes, kind: str) -> tuple[str | None, str | None]:
    """(word, sentence) where an answer is not what it seems to be; (None, None) where nothing speaks against it.

    What a page *says* (a wall, a stub, a soft 404) is not judged here but where it is read.
    """
    if exchange.error:
        return exchange.error, exchange.detail
    if exchange.status == 304 and not exchange.asked_conditionally:
        return "unasked_304", "The server answered 304, though it was not asked whether anything had changed."
    if exchange.status == 206:
        return "partial_content", "The server sent a part, though it was asked for the whole."
    if exchange.status not in _STATES or kind == "robots":
        return None, None
    if not payload:
        return "empty", "The server sent a page of no bytes."
    found = sniffed(payload[:16])
    if found and not (kind == "sitemap" and found == "application/gzip"):
        said = (exchange.header("content-type") or "no type").partition(";")[0][:60]
        return "not_html", f"The server says {said}, but it is {found}."
    # Nothing else tells that an unframed page was cut: its end of line is the end of the connection.
    if not exchange.framed and kind in ("article", "section") and _MARKUP.match(payload[:200]):
        tail = payload[-4096:]
        if not _END.search(tail):
            return "truncated", "The connection ended, and so did the page, before its end."
    return None, None


def capture_of(
    response: Response, *, site: str, kind: str, attempts: int = 1, discovered_on: str | None = None, wire: bool = False
) -> Capture:
    """The capture of an answered request, from its response and the exchange noted in its meta.

    wire: keep the body as it came as well, where it was coded. A body that does not decode soundly is always kept as
    it came: nothing else could bring it back.
    """
    request: Any = response.request
    exchange: Exchange = request.meta["exchange"]
    error, detail = judge(exchange, response.body, kind)
    # A 304 has no body of its own (RFC 9110 §15.4.5); an empty 200 is a payload of no bytes.
    payload = None if exchange.status == 304 or (error == "bad_encoding" and not response.body) else response.body
    if not (wire or error in ("bad_encoding", "truncated", "incomplete")):
        exchange = replace(exchange, wire=None)
    exchange = replace(exchange, error=error, detail=detail)
    return _capture(response.url, exchange, payload, site, kind, attempts, discovered_on)


def failed_capture(
    failure: Any,
    request: Request,
    *,
    site: str,
    kind: str,
    at: datetime,
    attempts: int = 1,
    discovered_on: str | None = None,
) -> Capture:
    """The capture of a request without a usable answer. failure: a Scrapy Failure or an exception; at: UTC."""
    error = getattr(failure, "value", failure)
    word, sentence = failure_word(error)
    exchange: Exchange | None = request.meta.get("exchange")
    if exchange is not None:
        exchange = replace(exchange, error=word, detail=sentence, wire=None)
        return _capture(request.url, exchange, None, site, kind, attempts, discovered_on)
    return Capture(
        request.url, at, site, kind, error=word, detail=sentence, attempts=attempts, discovered_on=discovered_on
    )


def _capture(
    url: str, exchange: Exchange, payload: bytes | None, site: str, kind: str, attempts: int, on: str | None
) -> Capture:
    return Capture(
        url=url,
        captured_at=exchange.at,
        site=site,
        kind=kind,
        status=exchange.status,
        reason=exchange.reason,
        payload=payload,
        content_type=exchange.header("content-type"),
        location=exchange.header("location"),
        etag=exchange.header("etag"),
        last_modified=exchange.header("last-modified"),
        http_version=exchange.http_version,
        ip=exchange.ip,
        request_headers=exchange.request_headers,
        response_headers=exchange.response_headers,
        wire_digest=exchange.wire_digest,
        error=exchange.error,
        detail=exchange.detail,
        attempts=attempts,
        discovered_on=on,
        tls=json.dumps(exchange.tls, sort_keys=True) if exchange.tls else None,
        wire=exchange.wire,
        wire_length=exchange.wire_length,
    )


def location_of(capture: Capture) -> str | None:
    """Where a redirect leads, as its Location field means it: UTF-8 where its bytes are that, else as they stand."""
    value = capture.location
    if value is None or value.isascii():
        return value
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def now() -> datetime:
    """The time in UTC: the default `CLOCK`."""
    return datetime.now(UTC)
