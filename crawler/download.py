"""Fetching, faithful to the byte: what the server sent is kept as it came, within limits, from allowed addresses.

Scrapy's own aiohttp handler loses the raw head and the peer, connects to any address and follows the whole body into
memory; this one, over the same library, does not.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any, cast
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary, WeakSet

import aiohttp
import aiohttp.abc
import aiohttp.connector
import yarl
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from crawler.captures import Exchange, Pairs
from crawler.failures import CLOSING, AddressRefused, Refused
from crawler.hosts import LONGEST_CLOSED, Hosts, back_off, retry_after
from crawler.wire import Body, is_no_page, sniffed

#: Fields of a head that are read at all; its bytes are bounded by `HEAD_MAXSIZE`.
FIELDS = 1000
#: Seconds that an idle connection is held: below the 5 s after which common servers close theirs, so that a request
#: seldom meets a connection that is about to go.
KEEP_ALIVE = 4.0

#: Global unicast, the only IPv6 addresses that the public internet has (RFC 4291 §2.4, IANA).
_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is one of the public internet's, itself and the IPv4 address that it may stand for.

    Mapped (RFC 4291 §2.5.5), 6to4 (RFC 3056), NAT64 (RFC 6052) and Teredo (RFC 4380) addresses are unwrapped.
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner:
            return is_public(inner)
        return address in _UNICAST and address.is_global
    return address.is_global and not address.is_multicast and not address.is_reserved


def guard(allowed: frozenset[str]) -> Callable[[Any], socket.socket]:
    """A socket factory that refuses every address that is not public, but the exact `address:port` pairs allowed.

    It sees the address that is really connected to, for every hop and retry, so names that resolve to private
    addresses, numeric spellings and rebinding are all covered.
    """

    def make(info: Any) -> socket.socket:
        family, kind, protocol, _, (host, port, *_) = info
        address = ipaddress.ip_address(host.split("%")[0])
        shown = getattr(address, "ipv4_mapped", None) or address
        named = f"[{shown}]:{port}" if shown.version == 6 else f"{shown}:{port}"
        if named not in allowed and not is_public(address):
            raise AddressRefused(named)
        return socket.socket(family, kind, protocol)

    return make


class Resolver(aiohttp.abc.AbstractResolver):
    """The DNS, but for hosts that `RESOLVE` maps: `host:port` to the `address:port` where it really listens.

    Each name is looked up in a thread of its own, which nobody waits for at the end: a name server that hangs holds up
    the request in hand alone, no other site and no exit.
    """

    def __init__(self, mapped: dict[str, str]) -> None:
        self.mapped = mapped

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> Any:
        """Addresses to connect to, as aiohttp asks for them; a mapped one carries its own port."""
        target = self.mapped.get(f"{host}:{port}")
        if target is None:
            return await _in_thread(_look_up, host, port, family)
        address, _, at = target.rpartition(":")
        address = address.strip("[]")
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [_found(host, address, int(at), family, 0)]

    async def close(self) -> None:
        """Nothing is held."""


async def _in_thread(work: Callable[..., Any], *args: Any) -> Any:
    """What `work` returns or raises, run in a thread that dies with the process."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def tell(settle: Callable[[Any], None], outcome: Any) -> None:
        if not future.done():
            settle(outcome)

    def run() -> None:
        try:
            settle, outcome = future.set_result, work(*args)
        except OSError as error:
            settle, outcome = future.set_exception, error
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(tell, settle, outcome)

    threading.Thread(target=run, name="dns", daemon=True).start()
    return await future


def _look_up(host: str, port: int, family: int) -> list[dict[str, Any]]:
    try:
        infos = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
    except UnicodeError as error:  # a label of more than 63 letters
        raise OSError(socket.EAI_NONAME, f"no such name ({error})") from None
    found = []
    for kind, _, protocol, _, at in infos:
        # A link-local address is nothing without its interface.
        scope = f"%{at[3]}" if len(at) == 4 and at[3] else ""
        found.append(_found(host, f"{at[0]}{scope}", port, kind, protocol))
    return found


def _found(host: str, address: str, port: int, family: int, protocol: int) -> dict[str, Any]:
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return {"hostname": host, "host": address, "port": port, "family": family, "proto": protocol, "flags": flags}


class Stale(aiohttp.ClientConnectionError):
    """A connection that had served before ended without a word: the server may have been about to close it."""


class _Answer(aiohttp.ClientResponse):
    """A response that notes its connection before that is given back (aiohttp issue 2205)."""

    peer: str | None = None
    tls: ssl.SSLObject | None = None

    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        transport = connection.transport
        if transport is not None:
            peer = transport.get_extra_info("peername")
            self.peer = peer[0] if peer else None
            self.tls = transport.get_extra_info("ssl_object")
        protocol = connection.protocol
        used = protocol in _USED
        try:
            started = await super().start(connection)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if used:
                raise Stale("A used connection ended as it was used again.") from error
            raise
        if protocol is not None:
            _watch(protocol, self.content)
        return started


_USED: WeakSet[Any] = WeakSet()  # connections that have served
_READING: WeakKeyDictionary[Any, aiohttp.StreamReader] = WeakKeyDictionary()  # … and whose body is being read


def _watch(protocol: Any, content: aiohttp.StreamReader) -> None:
    """Tell a body's reader when its connection is gone.

    aiohttp 3.14 does so, but not where a body broke its framing in mid-stream: it closes the line, and its reader
    waits until its time is over.
    """
    first = protocol not in _USED
    _USED.add(protocol)
    _READING[protocol] = content
    if first and protocol.closed is not None:
        protocol.closed.add_done_callback(lambda done: _gone(done, protocol))


def _gone(done: asyncio.Future[None], protocol: Any) -> None:
    if not done.cancelled():
        done.exception()  # looked at, so that nobody reports it as lost
    content = _READING.pop(protocol, None)
    if content is not None and not content.is_eof() and content.exception() is None:
        content.set_exception(aiohttp.ClientPayloadError("The connection was closed before the body had ended."))


class RawDownloadHandler(BaseDownloadHandler):
    """Fetches one URL in its host's turn, keeping raw head, wire digest and peer, with the address guard in place.

    Notes the exchange in `request.meta["exchange"]`, also where the answer is then refused for its size or type, and
    in `request.meta["seconds"]` how long it took.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings = crawler.settings
        spider: Any = crawler.spider
        self.clock: Any = settings["CLOCK"]
        self.hosts: Hosts = spider.hosts
        self.floor = settings.getfloat("DOWNLOAD_DELAY")
        self.limit = settings.getint("DOWNLOAD_MAXSIZE")
        self.head = settings.getint("HEAD_MAXSIZE")
        self.base = settings.getfloat("BACKOFF_SECONDS")
        self.seconds = settings.getfloat("DOWNLOAD_TIMEOUT")
        self.proxy: str | None = settings["PROXY"]
        self.unverified = frozenset(settings.getlist("UNVERIFIED_HOSTS"))
        self.verify = settings.getbool("DOWNLOAD_VERIFY_CERTIFICATES")
        resolve = dict(settings.getdict("RESOLVE"))
        allowed = {*settings.getlist("ALLOWED_ADDRESSES"), *resolve.values(), *_address_of(self.proxy)}
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=settings.getint("CONCURRENT_REQUESTS"),
                keepalive_timeout=KEEP_ALIVE,
                resolver=Resolver(resolve),
                socket_factory=guard(frozenset(allowed)),
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            response_class=_Answer,
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            max_line_size=self.head,
            max_field_size=self.head,
            max_headers=FIELDS,
        )
        # aiohttp would send a request again at once where a used connection closed on it, within the host's delay.
        self.session._retry_connection = False

    async def download_request(self, request: Request) -> Response:
        """The answer to a request. Raises Closed, Refused, TooLarge, and what aiohttp raises."""
        async with self.hosts.turn(request.url, self.floor):
            began = self.hosts.timer()
            try:
                return await self._fetch(request)
            except (Stale, aiohttp.ClientConnectionResetError):
                # RFC 9112 §9.3.1: a request that a closing connection swallowed may be sent again, on a new one. Ours
                # waits first, as every other does.
                await self.hosts.rest(request.url)
                return await self._fetch(request)
            finally:
                request.meta["seconds"] = self.hosts.timer() - began

    async def _fetch(self, request: Request) -> Response:
        seconds = min(request.meta.get("download_timeout", self.seconds), self.seconds)
        verified = self.verify and urlsplit(request.url).netloc not in self.unverified
        # The URL is sent as it is kept: aiohttp would spell some of its characters anew.
        async with self.session.get(
            yarl.URL(request.url, encoded=True),
            headers=request.headers.to_tuple_list(),
            timeout=aiohttp.ClientTimeout(total=seconds),
            ssl=_context(verified) if request.url.startswith("https:") else True,
            allow_redirects=False,
            proxy=self.proxy,
        ) as answer:
            return await self._read(cast("_Answer", answer), request)

    async def _read(self, answer: _Answer, request: Request) -> Response:
        exchange = self._exchange(answer)
        request.meta["exchange"] = exchange
        if answer.status in CLOSING and not request.meta.get("robots"):
            self._close(exchange, request)
        if sum(len(name) + len(value) + 4 for name, value in answer.raw_headers) > self.head:
            raise Refused("too_large", f"The head of the answer is longer than {self.head:,} bytes.")
        robots = bool(request.meta.get("robots"))
        limit = request.meta.get("download_maxsize", self.limit)
        body = Body(_codings(answer), limit, cut=robots)
        if answer.status != 304:
            self._check_head(answer, limit, robots)
            exchange = await self._receive(answer, body, robots, exchange)
        request.meta["exchange"] = replace(
            exchange,
            wire_digest=body.wire_digest,
            wire_length=body.sent or None,
            wire=body.wire,
            error=exchange.error or body.error,
            detail=exchange.detail or body.detail,
        )
        return Response(request.url, status=answer.status, body=bytes(body.decoded), request=request)

    def _close(self, exchange: Exchange, request: Request) -> None:
        """Close the host of a 429 or 503 before the next request has its turn there; notes `meta["until"]`."""
        spider: Any = self.crawler.spider
        until = retry_after(exchange.header("retry-after"), exchange.at, exchange.header("date"))
        if until is None:
            failures = request.meta.get("attempts", 1) + spider.failures(request.url)
            until = exchange.at + timedelta(seconds=back_off(failures, self.base, LONGEST_CLOSED.total_seconds()))
        request.meta["until"] = until
        sentence = f"The host answered {exchange.status}, so it is left alone until {until:%Y-%m-%d %H:%M:%S}Z."
        self.hosts.close(request.url, until, "postponed", sentence)

    def _check_head(self, answer: _Answer, limit: int, robots: bool) -> None:
        """Raises Refused where the head alone says that the body is not wanted."""
        declared = answer.headers.get("Content-Length", "")
        if declared.isdigit() and int(declared) > limit and not robots:
            raise Refused("too_large", f"The server announces {int(declared):,} bytes, more than {limit:,}.")
        kind = answer.headers.get("Content-Type", "")
        if answer.status in (200, 203, 206) and not robots and is_no_page(kind):
            raise Refused("not_html", f"The server sends {kind.partition(';')[0][:60]}, which is no page.")

    async def _receive(self, answer: _Answer, body: Body, robots: bool, exchange: Exchange) -> Exchange:
        """Take the body; the exchange with what befell it. Raises TooLarge, Refused, TimeoutError."""
        looked = robots
        try:
            async for chunk in answer.content.iter_any():
                body.feed(chunk)
                if body.full:
                    answer.close()
                    return exchange
                if not looked and len(body.decoded) >= 16:
                    looked = True
                    found = sniffed(bytes(body.decoded[:16])) or ""
                    if found.startswith(("audio/", "video/")):
                        raise Refused("not_html", f"It is {found}, whatever it is called.")
            body.end()
        except aiohttp.ClientPayloadError:
            return replace(exchange, error="incomplete", detail="The connection ended before the body did.")
        except aiohttp.ClientOSError:
            return replace(exchange, error="incomplete", detail="The connection was reset before the body had ended.")
        return exchange

    def _exchange(self, answer: _Answer) -> Exchange:
        version = answer.version
        coding = answer.headers.get("Transfer-Encoding", "").lower()
        return Exchange(
            at=self.clock(),
            status=answer.status,
            reason=_latin(answer.reason),
            http_version=f"HTTP/{version.major}.{version.minor}" if version else "HTTP/1.1",
            ip=answer.peer,
            request_headers=tuple((name, value) for name, value in answer.request_info.headers.items()),
            response_headers=_bounded(answer.raw_headers, self.head),
            framed="chunked" in coding or "Content-Length" in answer.headers,
            tls=_tls(answer.tls) if answer.tls else None,
        )

    async def close(self) -> None:
        """End the connections."""
        await self.session.close()


@cache
def _context(verify: bool) -> ssl.SSLContext:
    """What TLS connections of this process are made with: the system's authorities, or none that is asked."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _tls(tls: ssl.SSLObject) -> dict[str, Any]:
    certificate = tls.getpeercert(binary_form=True)
    cipher = tls.cipher()
    return {
        "protocol": tls.version(),
        "cipher": cipher[0] if cipher else None,
        "certificate": "sha256:" + hashlib.sha256(certificate).hexdigest() if certificate else None,
        "verified": tls.context.verify_mode == ssl.CERT_REQUIRED,
    }


def _codings(answer: _Answer) -> list[str]:
    """Every coding of the body in the order in which they were applied: Content-Encoding, then Transfer-Encoding."""
    fields = [*answer.headers.getall("Content-Encoding", []), *answer.headers.getall("Transfer-Encoding", [])]
    return [name for name in ",".join(fields).split(",") if name.strip().lower() != "chunked"]


def _bounded(pairs: tuple[tuple[bytes, bytes], ...], most: int) -> Pairs:
    """The fields of a head as text of their very bytes (latin-1), as many as fit into `most` bytes."""
    kept: list[tuple[str, str]] = []
    for name, value in pairs:
        most -= len(name) + len(value) + 4
        if most < 0:
            break
        kept.append((name.decode("latin-1"), value.decode("latin-1")))
    return tuple(kept)


def _latin(reason: str | None) -> str | None:
    """The reason phrase as text of its very bytes, as header fields are kept."""
    return None if reason is None else reason.encode("utf-8", "surrogateescape").decode("latin-1")


def _address_of(proxy: str | None) -> list[str]:
    """The proxy's own address and port, where it is named by its address."""
    parts = urlsplit(proxy or "")
    return [parts.netloc.rpartition("@")[2]] if parts.netloc else []
