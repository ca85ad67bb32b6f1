"""HTTP/1.1 for the newsroom: conditional requests, compression, keep-alive; the standard library's asyncio only."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from crawler.newsroom import faults
from crawler.newsroom.press import Page
from crawler.newsroom.stories import moment

Headers = tuple[tuple[str, str], ...]
HEAD_LIMIT = 64 * 1024
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was asked, and what was answered."""

    at: float
    method: str
    host: str
    path: str
    request_headers: Headers
    status: int
    response_headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """A request's head."""

    method: str
    host: str
    target: str
    version: str
    headers: Headers

    def header(self, name: str) -> str:
        """A header's value, or nothing."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def stays(self) -> bool:
        """Whether the client wants to keep the connection."""
        wish = self.header("connection").lower()
        return "close" not in wish and (self.version != "HTTP/1.0" or "keep-alive" in wish)


@dataclass(slots=True)
class Service:
    """The answering side: asks `page` for pages, writes down every exchange."""

    page: Callable[[str, str, int], Page]
    edition: Callable[[], int]
    latency: Callable[[], float]
    slow: Callable[[], float]
    note: Callable[[Exchange], None]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests until either side closes it."""
        with suppress(ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while True:
                request = parsed(await reader.readuntil(b"\r\n\r\n"))
                if request is None:
                    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    break
                await reader.readexactly(int(request.header("content-length") or 0))
                if not await self.answer(request, writer):
                    break
        with suppress(ConnectionError):
            writer.close()

    async def answer(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; tell whether the connection may be used again."""
        pause = self.latency()
        if request.host == faults.HOST:
            fault = faults.fault(request.target)
            if pause + fault.wait:
                await asyncio.sleep(pause + fault.wait)
            headers = tuple(fault.headers)
            if fault.broken:
                return await self._break(request, fault, writer)
            return await self._send(request, fault.status, headers, fault.body, writer)
        edition = self.edition()
        page = self.page(request.host, request.target, edition)
        pause += self.slow() if page.slow else 0
        if pause:
            await asyncio.sleep(pause)
        status, headers, body = answered(request, page, edition)
        return await self._send(request, status, headers, body, writer)

    async def _send(
        self, request: Request, status: int, headers: Headers, body: bytes, writer: asyncio.StreamWriter
    ) -> bool:
        if status != HTTPStatus.NOT_MODIFIED:
            headers = (*headers, ("Content-Length", str(len(body))))
        headers = (*headers, ("Connection", "keep-alive" if request.stays else "close"))
        sent = b"" if request.method == "HEAD" else body
        self._note(request, status, headers, sent)
        writer.write(head(status, headers))
        for start in range(0, len(sent), CHUNK):
            writer.write(sent[start : start + CHUNK])
            await writer.drain()
        return request.stays

    async def _break(self, request: Request, fault: faults.Fault, writer: asyncio.StreamWriter) -> bool:
        """Promise the whole body, send half of it, and cut the line."""
        headers: Headers = (*fault.headers, ("Content-Length", str(len(fault.body))), ("Connection", "close"))
        half = fault.body[: len(fault.body) // 2]
        self._note(request, fault.status, headers, half)
        writer.write(head(fault.status, headers) + half)
        await writer.drain()
        await asyncio.sleep(0.02)  # lets the half arrive first: a reset throws away what is still in the pipe
        writer.transport.abort()
        return False

    def _note(self, request: Request, status: int, headers: Headers, body: bytes) -> None:
        self.note(
            Exchange(
                time.monotonic(), request.method, request.host, request.target, request.headers, status, headers, body
            )
        )


def parsed(raw: bytes) -> Request | None:
    """A request's head out of its bytes; None if it is not one."""
    if len(raw) > HEAD_LIMIT:
        return None
    first, *rest = raw.decode("latin-1").split("\r\n")
    try:
        method, target, version = first.split(" ")
        headers = tuple((name.strip(), value.strip()) for name, value in (line.split(":", 1) for line in rest if line))
    except ValueError:
        return None
    host = next((value for name, value in headers if name.lower() == "host"), "")
    if target.startswith("http://"):  # as to a proxy: then no --resolve is needed
        parts = urlsplit(target)
        host, target = parts.netloc, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Request(method, host.rsplit(":", 1)[0].lower(), target, version, headers)


def answered(request: Request, page: Page, edition: int) -> tuple[int, Headers, bytes]:
    """Status, headers and body: the page under the request's conditions (RFC 9110, 13)."""
    headers: list[tuple[str, str]] = [("Date", format_datetime(moment(edition), usegmt=True)), ("Server", "newsroom")]
    if request.method not in ("GET", "HEAD"):
        return 405, (*headers, ("Allow", "GET, HEAD")), b""
    packed = page.packed is not None and wants_gzip(request.header("accept-encoding"))
    if page.location:
        headers.append(("Location", page.location))
    if page.packed is not None:
        headers.append(("Vary", "Accept-Encoding"))
    if page.etag:
        # A strong validator names bytes, and the compressed ones are others (RFC 9110, 8.8.3.3).
        headers.append(("ETag", f'{page.etag[:-1]}-gzip"' if packed else page.etag))
    if page.last_modified:
        headers.append(("Last-Modified", format_datetime(page.last_modified.astimezone(UTC), usegmt=True)))
    if page.status == 200 and unchanged(request, page):
        return 304, tuple(headers), b""
    headers.append(("Content-Type", page.content_type))
    if packed:
        headers.append(("Content-Encoding", "gzip"))
    body = page.packed if packed and page.packed is not None else page.body
    return page.status, tuple(headers), body


def unchanged(request: Request, page: Page) -> bool:
    """Whether the client's copy is still good. If-None-Match decides alone where it is sent."""
    tags = request.header("if-none-match")
    if tags:
        if page.etag is None:
            return False
        known = {page.etag, f'{page.etag[:-1]}-gzip"'}
        return any(tag.strip().removeprefix("W/") in known or tag.strip() == "*" for tag in tags.split(","))
    since = request.header("if-modified-since")
    if not since or page.last_modified is None:
        return False
    try:
        date = parsedate_to_datetime(since)
    except ValueError:
        return False
    return whole_second(page.last_modified) <= (date if date.tzinfo else date.replace(tzinfo=UTC))


def whole_second(date: datetime) -> datetime:
    """A date in HTTP's precision."""
    return date.replace(microsecond=0)


def wants_gzip(accepted: str) -> bool:
    """Whether Accept-Encoding lets us compress."""
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def head(status: int, headers: Headers) -> bytes:
    """The first bytes of an answer."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status} {phrase}\r\n{lines}\r\n".encode("latin-1")
