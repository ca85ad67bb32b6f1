"""Fetching, faithful to the byte: what the server sent is kept as it came, within limits, from allowed addresses."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import socket
import ssl
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import aiohttp
import aiohttp.abc
import brotli
import zstandard
from scrapy.core.downloader.handlers._aiohttp import AiohttpDownloadHandler, _ClientResponse
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    UnsupportedURLSchemeError,
)
from scrapy.http import Headers, Request, Response

from archive import Capture

#: Scrapy signal: a capture that no spider asked for (robots.txt). Sent with `capture=`.
captured = object()

#: Words for faults that may pass: worth another try in the same run.
TRANSIENT = frozenset({"timeout", "reset", "incomplete", "truncated", "refused", "dns", "bad_response"})


class Refused(IgnoreRequest):
    """A request that must not be made, or an answer that must not be taken: one word, one sentence."""

    def __init__(self, word: str, sentence: str) -> None:
        super().__init__(sentence)
        self.word, self.sentence = word, sentence


class AddressRefused(OSError):
    """The name led to an address that is not on the public internet and not on the allow-list."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What went over the wire for one request, as far as it can be known above TLS and chunking."""

    at: datetime
    status: int
    reason: str | None
    http_version: str
    ip: str | None
    request_headers: tuple[tuple[str, str], ...]
    response_headers: tuple[tuple[str, str], ...]
    wire_digest: str | None = None
    error: str | None = None
    detail: str | None = None


def guard(allowed: frozenset[str]) -> Callable[[Any], socket.socket]:
    """A socket factory that refuses every address that is not global, but the exact `address:port` pairs allowed.

    It sees the address that is really connected to, for every hop and retry, so names that resolve to private
    addresses, numeric spellings and rebinding are all covered.
    """

    def make(info: Any) -> socket.socket:
        family, kind, protocol, _, (host, port, *_) = info
        address: Any = ipaddress.ip_address(host.split("%")[0])
        address = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None) or address
        named = f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
        if named not in allowed and (not address.is_global or address.is_multicast):
            raise AddressRefused(f"{named} is no public address.")
        return socket.socket(family, kind, protocol)

    return make


class Resolver(aiohttp.abc.AbstractResolver):
    """The DNS, but for hosts that `RESOLVE` maps: `host:port` to the `address:port` where it really listens."""

    def __init__(self, mapped: dict[str, str]) -> None:
        self.mapped, self.dns = mapped, aiohttp.ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> Any:
        """Addresses to connect to, as aiohttp asks for them; a mapped one carries its own port."""
        target = self.mapped.get(f"{host}:{port}")
        if target is None:
            return await self.dns.resolve(host, port, family)
        address, _, at = target.rpartition(":")
        address = address.strip("[]")
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [{"hostname": host, "host": address, "port": int(at), "family": family, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        """Nothing is held."""
        await self.dns.close()


class Decoder(Protocol):
    """One content coding undone: bytes in, bytes out, never more than asked."""

    def feed(self, data: bytes, room: int) -> bytes: ...

    @property
    def ended(self) -> bool: ...


class _Zlib:
    """gzip or deflate (RFC 9110 §8.4.1), members one after another, deflate also without its zlib header."""

    def __init__(self, gzip: bool) -> None:
        self.gzip, self.raw = gzip, False
        self.stream: Any = zlib.decompressobj(31 if gzip else 15)
        self.began = False

    def feed(self, data: bytes, room: int) -> bytes:
        out = b""
        while data and len(out) <= room:
            try:
                out += self.stream.decompress(data, room + 1 - len(out))
            except zlib.error:
                if self.gzip or self.began or self.raw:
                    raise
                self.raw, self.stream = True, zlib.decompressobj(-15)
                continue
            self.began = True
            data = self.stream.unconsumed_tail
            if self.stream.eof:
                data = self.stream.unused_data
                if not self.gzip or not data.startswith(b"\x1f\x8b"):
                    break  # padding after the last member is no error
                self.stream = zlib.decompressobj(31)
        return out

    @property
    def ended(self) -> bool:
        return bool(self.stream.eof)


class _Brotli:
    def __init__(self) -> None:
        self.stream: Any = brotli.Decompressor()

    def feed(self, data: bytes, room: int) -> bytes:
        out: bytes = self.stream.process(data, output_buffer_limit=room + 1)
        while not self.stream.can_accept_more_data() and len(out) <= room:
            out += self.stream.process(b"", output_buffer_limit=room + 1 - len(out))
        return out

    @property
    def ended(self) -> bool:
        return bool(self.stream.is_finished())


class _Zstd:
    def __init__(self) -> None:
        # 8 MiB is the largest window that a server may ask a browser for (RFC 9659 §3).
        self.stream: Any = zstandard.ZstdDecompressor(max_window_size=8 << 20).decompressobj()

    def feed(self, data: bytes, room: int) -> bytes:
        out = b""
        # Fed in small pieces, since this stream knows no output limit: a piece of 1 KiB yields some MiB at the most.
        for start in range(0, len(data), 1024):
            out += self.stream.decompress(data[start : start + 1024])
            if len(out) > room:
                break
        return out

    @property
    def ended(self) -> bool:
        return bool(self.stream.eof)


_DECODERS: dict[str, Callable[[], Decoder]] = {
    "gzip": lambda: _Zlib(gzip=True),
    "x-gzip": lambda: _Zlib(gzip=True),
    "deflate": lambda: _Zlib(gzip=False),
    "br": _Brotli,
    "zstd": _Zstd,
}


class Body:
    """A body as it arrives: bounded on the wire and while decoding, digested as sent, decoded as it comes.

    encodings: the Content-Encoding field, outermost last; limit: bytes, of either form. `error` and `detail` are
    set where the body is not what the server meant to send.
    """

    def __init__(self, encodings: str, limit: int) -> None:
        self.limit, self.wire, self.sent = limit, hashlib.sha256(), 0
        self.decoded = bytearray()
        self.error: str | None = None
        self.detail: str | None = None
        names = [name.strip().lower() for name in encodings.split(",") if name.strip().lower() not in ("", "identity")]
        unknown = [name for name in names if name not in _DECODERS]
        self.chain: list[Decoder] = [] if unknown else [_DECODERS[name]() for name in reversed(names)]
        if unknown:
            self.error, self.detail = "bad_encoding", f"The body is coded as {unknown[0]!r}, which nobody can undo."

    def feed(self, data: bytes) -> None:
        """Take what arrived. Raises Refused where the body passes the limit, on the wire or decoded."""
        self.wire.update(data)
        self.sent += len(data)
        if self.sent > self.limit:
            raise Refused("too_large", f"The body is longer than {self.limit:,} bytes.")
        if self.error:
            return
        try:
            for decoder in self.chain:
                data = decoder.feed(data, self.limit - len(self.decoded))
        except (zlib.error, brotli.error, zstandard.ZstdError) as error:
            self.error, self.detail = "truncated", f"The body cannot be decoded to its end ({error})."
            return
        self.decoded += data
        if len(self.decoded) > self.limit:
            raise Refused("too_large", f"Decoded, the body is longer than {self.limit:,} bytes.")

    def end(self) -> None:
        """No more comes."""
        if not self.error and self.sent and not all(decoder.ended for decoder in self.chain):
            self.error, self.detail = "truncated", "The coded body ends before its end."


class RawDownloadHandler(AiohttpDownloadHandler):
    """Scrapy's aiohttp handler, keeping raw headers, the wire's digest and the peer, with the address guard in place.

    Notes the exchange in `request.meta["exchange"]`, also where the answer is then refused for its size.
    """

    experimental = False  # it is, which is why Scrapy is pinned to the minor; said once there, not at every run

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings = crawler.settings
        self.clock: Callable[[], datetime] = settings["CLOCK"]
        self.limit = settings.getint("DOWNLOAD_MAXSIZE")
        resolve = dict(settings.getdict("RESOLVE"))
        # The session that the parent made holds nothing yet; ours differs in where it may connect and what it bears.
        self._session._connector = aiohttp.TCPConnector(
            limit=self._pool_size_total,
            limit_per_host=self._pool_size_per_host,
            resolver=Resolver(resolve),
            socket_factory=guard(frozenset([*settings.getlist("ALLOWED_ADDRESSES"), *resolve.values()])),
        )

    async def _read_response(self, response: _ClientResponse, request: Request) -> Response:
        exchange = self._exchange(response)
        request.meta["exchange"] = exchange
        limit = request.meta.get("download_maxsize", self.limit)
        declared = response.headers.get("Content-Length", "")
        if declared.isdigit() and int(declared) > limit and response.status != 304:
            raise Refused("too_large", f"The server announces {int(declared):,} bytes, more than {limit:,}.")
        body = Body(response.headers.get("Content-Encoding", ""), limit)
        error = detail = None
        try:
            async for chunk in response.content.iter_any():
                body.feed(chunk)
            body.end()
            error, detail = body.error, body.detail
        except aiohttp.ClientPayloadError as fault:
            error, detail = "incomplete", f"The connection ended before the body did ({type(fault).__name__})."
        except aiohttp.ClientOSError:
            error, detail = "incomplete", "The connection was reset before the body had ended."
        digest = "sha256:" + body.wire.hexdigest() if body.sent else None
        request.meta["exchange"] = _with(exchange, wire_digest=digest, error=error, detail=detail)
        return Response(
            request.url,
            status=response.status,
            headers=Headers(list(response.headers.items())),
            body=bytes(body.decoded),
            request=request,
            ip_address=ipaddress.ip_address(exchange.ip) if exchange.ip else None,
            protocol=exchange.http_version,
        )

    def _exchange(self, response: _ClientResponse) -> Exchange:
        version = response.version
        peer = response._peername
        return Exchange(
            at=self.clock(),
            status=response.status,
            reason=response.reason,
            http_version=f"HTTP/{version.major}.{version.minor}" if version else "HTTP/1.1",
            ip=peer[0] if peer else None,
            request_headers=tuple((name, value) for name, value in response.request_info.headers.items()),
            response_headers=tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in response.raw_headers),
        )


def _with(exchange: Exchange, **more: Any) -> Exchange:
    from dataclasses import replace

    return replace(exchange, **more)


def capture_of(
    response: Response, *, site: str, kind: str, attempts: int = 1, discovered_on: str | None = None
) -> Capture:
    """The capture of an answered request, from its response and the exchange noted in its meta."""
    request: Any = response.request
    exchange: Exchange = request.meta["exchange"]
    # A 304 has no body of its own (RFC 9110 §15.4.5); an empty 200 is a payload of no bytes.
    payload = None if exchange.status == 304 else response.body
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
        return _capture(
            request.url, _with(exchange, error=word, detail=sentence), None, site, kind, attempts, discovered_on
        )
    return Capture(
        request.url, at, site, kind, error=word, detail=sentence, attempts=attempts, discovered_on=discovered_on
    )


def _capture(
    url: str, exchange: Exchange, payload: bytes | None, site: str, kind: str, attempts: int, on: str | None
) -> Capture:
    first: dict[str, str] = {}
    for name, value in exchange.response_headers:
        first.setdefault(name.lower(), value)
    return Capture(
        url=url,
        captured_at=exchange.at,
        site=site,
        kind=kind,
        status=exchange.status,
        reason=exchange.reason,
        payload=payload,
        content_type=first.get("content-type"),
        location=first.get("location"),
        etag=first.get("etag"),
        last_modified=first.get("last-modified"),
        http_version=exchange.http_version,
        ip=exchange.ip,
        request_headers=exchange.request_headers,
        response_headers=exchange.response_headers,
        wire_digest=exchange.wire_digest,
        error=exchange.error,
        detail=exchange.detail,
        attempts=attempts,
        discovered_on=on,
    )


def failure_word(error: BaseException) -> tuple[str, str]:
    """One word for counting and one sentence for people, for any way in which a request can fail.

    address_refused, tls, dns, refused, timeout, reset, bad_response, bad_url, too_large, robots and its kin (the word
    that a Refused carries), other.
    """
    chain = _causes(error)
    for one in chain:
        if isinstance(one, Refused):
            return one.word, one.sentence
        if isinstance(one, AddressRefused) or "is no public address" in str(one):
            return "address_refused", "The host's address is not on the public internet, so nothing was asked of it."
        if isinstance(one, ssl.SSLError | ssl.CertificateError | aiohttp.ClientSSLError):
            return "tls", f"The secure connection could not be made ({_short(one)})."
    for one in chain:
        if isinstance(one, DownloadTimeoutError | asyncio.TimeoutError | TimeoutError):
            return "timeout", "The answer did not come whole in time."
        if isinstance(one, CannotResolveHostError | aiohttp.ClientConnectorDNSError):
            return "dns", "The host's name has no address."
        if isinstance(one, aiohttp.ClientResponseError):
            return "bad_response", f"The answer is not HTTP ({_short(one)})."
        if isinstance(one, UnsupportedURLSchemeError | aiohttp.InvalidURL):
            return "bad_url", "The URL cannot be asked for."
        if isinstance(one, DownloadConnectionRefusedError | aiohttp.ClientConnectorError):
            return "refused", "The host does not accept connections."
        if isinstance(one, DownloadFailedError | aiohttp.ClientError | ConnectionError):
            return "reset", "The connection ended without an answer."
    return "other", f"{type(error).__name__}: {_short(error)}"


def _causes(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting and len(chain) < 20:
        one = waiting.pop(0)
        if one is None or one in chain:
            continue
        chain.append(one)
        waiting += [one.__cause__, getattr(one, "os_error", None), one.__context__]
    return chain


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]


def now() -> datetime:
    """The time in UTC: the default `CLOCK`."""
    return datetime.now(UTC)
