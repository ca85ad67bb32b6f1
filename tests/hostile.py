"""A web site that misbehaves in every way that we know of, beside ten good articles; raw bytes over real sockets.

`Hostile` serves it from a thread. Every way is a path of one host, with the word with which its capture is to end.
Whatever is sent is noted byte for byte; a canary listens on a port of its own, to which many of the ways lead.
"""

from __future__ import annotations

import asyncio
import gzip
import io
import ssl
import struct
import threading
import time
import zipfile
import zlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from types import TracebackType
from typing import Self

import brotli
import zstandard

from tests.hostile_pages import GOOD, MEANINGS, STRUCTURES, article

HOST = "hostile.test"
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Way:
    """One way to misbehave: the bytes to send, or what to do; how the capture is to end.

    error: the word expected (None: a sound capture); status: expected, None where there is none.
    """

    answer: bytes | Callable[[Line], Awaitable[None]]
    error: str | None
    status: int | None = 200


@dataclass(slots=True)
class Sent:
    """One request as it came, and what was sent for it."""

    at: float
    host: str
    path: str
    request: bytes
    answer: bytearray = field(default_factory=bytearray)


@dataclass(slots=True)
class Line:
    """One connection while one request is answered."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    note: Sent

    async def send(self, data: bytes) -> None:
        """Send, and note it; ConnectionError where the other side has gone."""
        if len(self.note.answer) < 2 * MIB:
            self.note.answer += data
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """Cut the line with RST."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER: no goodbye
        self.writer.transport.abort()


def head(*fields: str | bytes, status: str = "200 OK") -> bytes:
    """The head of an answer."""
    lines = [f.encode("latin-1") if isinstance(f, str) else f for f in (f"HTTP/1.1 {status}", *fields)]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def page(body: bytes, *fields: str | bytes, status: str = "200 OK", kind: str = "text/html; charset=utf-8") -> bytes:
    """A whole answer with its length."""
    return head(f"Content-Type: {kind}", *fields, f"Content-Length: {len(body)}", status=status) + body


def moved(location: str | bytes, status: str = "302 Found") -> bytes:
    """A redirect."""
    where = location.encode() if isinstance(location, str) else location
    return head(b"Location: " + where, "Content-Length: 0", status=status)


def coded(body: bytes, coding: str, *fields: str) -> bytes:
    """An answer that says how its body is coded."""
    return page(body, f"Content-Encoding: {coding}", *fields)


STORY = article("Harbour reopens after the storm", "en")
PACKED = gzip.compress(STORY)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


def zipped() -> bytes:
    """A zip file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("page.html", STORY)
    return out.getvalue()


def bomb(size: int, level: int = 9) -> bytes:
    """`size` zeros as gzip."""
    packer = zlib.compressobj(level, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(MIB)) for _ in range(size // MIB)) + packer.flush()


def chunked(*pieces: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """Pieces in chunks."""
    return b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in pieces) + end


async def drip(line: Line) -> None:
    await line.send(head("Content-Type: text/html", "Content-Length: 100000"))
    while True:
        await line.send(b"x")
        await asyncio.sleep(0.2)


async def slow_head(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await line.send(b"X-Padding: 1\r\n")
        await asyncio.sleep(0.2)


async def silence(line: Line) -> None:
    await line.reader.read()


async def continues(line: Line) -> None:
    while True:
        await line.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        await asyncio.sleep(0.05)


async def reset_at_once(line: Line) -> None:
    line.reset()


async def reset_midway(line: Line) -> None:
    await line.send(page(STORY)[:-200])
    await asyncio.sleep(0.02)
    line.reset()


async def hang_up(line: Line) -> None:
    line.writer.close()


async def broken_chunks(line: Line) -> None:
    await line.send(head("Content-Type: text/html", "Transfer-Encoding: chunked") + chunked(STORY[:900], end=b""))
    await asyncio.sleep(0.1)
    await line.send(b"zz\r\nno number of bytes\r\n")


async def endless(line: Line) -> None:
    await line.send(head("Content-Type: text/html", "Transfer-Encoding: chunked"))
    while True:
        await line.send(chunked(b"<p>and so on</p>" * 4096, end=b""))


async def endless_video(line: Line) -> None:
    await line.send(head("Content-Type: text/html", "Connection: close"))
    await line.send(b"\x00\x00\x00\x20ftypisom")
    while True:
        await line.send(bytes(65536))


async def flood(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(20_000)))
    await line.send(b"Content-Length: 0\r\n\r\n")


async def big_head(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\nX-Big: ")
    for _ in range(8):
        await line.send(b"a" * MIB)
    await line.send(b"\r\nContent-Length: 0\r\n\r\n")


async def many_big(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\n" + b"".join(b"Set-Cookie: %d=%s\r\n" % (n, b"c" * 4000) for n in range(40)))
    await line.send(b"Content-Length: 0\r\n\r\n")


def transport() -> dict[str, Way]:
    """Lines, heads and framing."""
    return {
        "drip": Way(drip, "timeout"),
        "slow-head": Way(slow_head, "timeout", None),
        "silence": Way(silence, "timeout", None),
        "endless-100": Way(continues, "timeout", None),
        "reset": Way(reset_at_once, "reset", None),
        "reset-midway": Way(reset_midway, "incomplete"),
        "hang-up": Way(hang_up, "reset", None),
        "short-body": Way(
            head("Content-Type: text/html", "Content-Length: 99999", "Connection: close") + STORY, "incomplete"
        ),
        "broken-chunks": Way(broken_chunks, "incomplete"),
        "cut-chunks": Way(
            head("Content-Type: text/html", "Transfer-Encoding: chunked") + chunked(STORY, end=b""), "incomplete"
        ),
        "cut-by-close": Way(head("Content-Type: text/html", "Connection: close") + STORY[:-300], "truncated"),
        "garbage": Way(b"\x00\xff\x13 this is no HTTP at all\r\n\r\n" * 20, "bad_response", None),
        "status-line": Way(b"HTTP/1.1 twohundred OK\r\nContent-Length: 2\r\n\r\nok", "bad_response", None),
        "http-09": Way(b"<html><body>an answer of 1991</body></html>", "bad_response", None),
        "two-lengths": Way(
            head("Content-Type: text/html", "Content-Length: 5", "Content-Length: 900") + STORY, "bad_response", None
        ),
        "header-flood": Way(flood, "too_large", None),
        "big-header": Way(big_head, "too_large", None),
        "cookie-bomb": Way(many_big, "too_large"),
        "empty": Way(page(b""), "empty"),
        "status-999": Way(page(b"<p>request denied</p>", status="999 Request denied"), None, 999),
        "status-204": Way(head(status="204 No Content"), None, 204),
        "status-403": Way(page(b"<p>no</p>", status="403 Forbidden"), None, 403),
        "status-410": Way(page(b"<p>gone</p>", status="410 Gone"), None, 410),
        "status-451": Way(page(b"<p>law</p>", status="451 Unavailable For Legal Reasons"), None, 451),
        "status-500": Way(page(b"<p>oh</p>", status="500 Internal Server Error"), None, 500),
        "status-304": Way(head("ETag: x", status="304 Not Modified"), "unasked_304", 304),
        "status-206": Way(
            page(STORY[:300], "Content-Range: bytes 0-299/4000", status="206 Partial Content"), "partial_content", 206
        ),
        "upgrade": Way(head("Upgrade: websocket", "Connection: Upgrade", status="101 Switching Protocols"), None, 101),
    }


def sizes() -> dict[str, Way]:
    """Bodies that are too much, on the wire or decoded."""
    inner = bomb(64 * MIB)
    zstd = zstandard.ZstdCompressor(level=19).compress(bytes(256 * MIB))
    return {
        "endless": Way(endless, "too_large"),
        "declared-10-gib": Way(head("Content-Type: text/html", "Content-Length: 10737418240"), "too_large"),
        "gzip-bomb": Way(coded(bomb(256 * MIB), "gzip"), "too_large"),
        "nested-bomb": Way(coded(gzip.compress(inner), "gzip, gzip"), "too_large"),
        "deflate-bomb": Way(coded(zlib.compress(bytes(64 * MIB), 9), "deflate"), "too_large"),
        "br-bomb": Way(coded(brotli.compress(bytes(256 * MIB), quality=5), "br"), "too_large"),
        "zstd-bomb": Way(coded(zstd, "zstd"), "too_large"),
        "unlabelled-bomb": Way(page(bomb(64 * MIB)), "not_html"),
        "many-members": Way(coded(gzip.compress(b"") * 5000, "gzip"), "bad_encoding"),
    }


def encodings() -> dict[str, Way]:
    """Bodies that do not decode to what was meant."""
    broken = bytearray(PACKED)
    broken[len(broken) // 2] ^= 0xFF
    return {
        "truncated-gzip": Way(coded(PACKED[: len(PACKED) // 2], "gzip"), "truncated"),
        "no-trailer-gzip": Way(coded(PACKED[:-8], "gzip"), "truncated"),
        "corrupt-gzip": Way(coded(bytes(broken), "gzip"), "bad_encoding"),
        "lying-gzip": Way(coded(STORY, "gzip"), "bad_encoding"),
        "truncated-br": Way(coded(brotli.compress(STORY)[:-40], "br"), "truncated"),
        "unknown-coding": Way(coded(STORY, "rot13"), "bad_encoding"),
        "seven-codings": Way(coded(STORY, ", ".join(["gzip"] * 7)), "bad_encoding"),
    }


def types() -> dict[str, Way]:
    """Things that are no page, under right and wrong labels."""
    return {
        "pdf": Way(page(b"%PDF-1.7\n" + b"1 0 obj\n" * 500), "not_html"),
        "png": Way(page(PNG), "not_html"),
        "zip": Way(page(zipped()), "not_html"),
        "video": Way(endless_video, "not_html"),
        "said-pdf": Way(page(b"%PDF-1.7\n", kind="application/pdf"), "not_html"),
        "said-video": Way(head("Content-Type: video/mp4", "Content-Length: 5000000"), "not_html"),
        "said-image": Way(page(STORY, kind="image/jpeg"), "not_html"),
    }


def redirects(canary: int) -> dict[str, Way]:
    """Redirects to everywhere but an article."""
    forbidden = {
        "loopback": f"http://127.0.0.1:{canary}/",
        "name": f"http://localhost:{canary}/",
        "short": f"http://127.1:{canary}/",
        "decimal": f"http://2130706433:{canary}/",
        "hex": f"http://0x7f000001:{canary}/",
        "octal": f"http://0177.0.0.1:{canary}/",
        "any": f"http://0.0.0.0:{canary}/",
        "v6": f"http://[::1]:{canary}/",
        "mapped": f"http://[::ffff:127.0.0.1]:{canary}/",
        "user": f"http://hostile.test@127.0.0.1:{canary}/",
        "metadata": "http://169.254.169.254/latest/meta-data/",
    }
    ways = {f"to-{name}": Way(moved(where), None, 302) for name, where in forbidden.items()}
    return ways | {
        "loop": Way(moved("/loop"), "redirect_loop", 302),
        "loop-of-two": Way(moved("/loop-back"), None, 302),
        "loop-back": Way(moved("/loop-of-two"), "redirect_loop", 302),
        "ever-new": Way(moved("/ever-new-1"), None, 302),
        "to-file": Way(moved("file:///etc/passwd"), "bad_redirect", 302),
        "to-data": Way(moved("data:text/html,<p>hello"), "bad_redirect", 302),
        "to-script": Way(moved("javascript:alert(1)"), "bad_redirect", 302),
        "to-nowhere": Way(head("Content-Length: 0", status="302 Found"), "bad_redirect", 302),
        "to-long": Way(moved("/" + "a" * 5000), "bad_redirect", 302),
        "to-port-0": Way(moved("http://hostile.test:0/"), None, 302),
        "to-home": Way(moved("/", "301 Moved Permanently"), "redirect_home", 301),
        "to-no-name": Way(moved("http://no-such-host.invalid/"), None, 302),
        "to-long-name": Way(moved(f"http://{'a' * 70}.test/"), None, 302),
        "refresh": Way(page(STORY, f"Refresh: 0; url=http://127.0.0.1:{canary}/"), None),
        "meta-refresh": Way(
            page(
                STORY.replace(
                    b"<head>", b'<head><meta http-equiv=refresh content="0;url=http://127.0.0.1:%d/">' % canary
                )
            ),
            None,
        ),
    }


def reserved() -> dict[str, Way]:
    """Pages that ask not to be kept."""
    tag = b'<head><meta name="robots" content="index, noarchive">'
    return {
        "noarchive-head": Way(page(STORY, "X-Robots-Tag: noarchive"), "reserved"),
        "noarchive-meta": Way(page(STORY.replace(b"<head>", tag)), "reserved"),
        "tdm-head": Way(page(STORY, "tdm-reservation: 1"), "reserved"),
        "noarchive-other": Way(page(STORY, "X-Robots-Tag: otherbot: noarchive"), None),
    }


class Hostile:
    """The site, its canary, and a log of all that was asked and sent. Use as a context manager.

    extra: more answers by (host, path), robots.txt among them; tls: serve HTTPS as well, with this context.
    """

    def __init__(
        self,
        extra: dict[tuple[str, str], bytes | Callable[[Line], Awaitable[None]]] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.tls, self.tls_port = tls, 0
        self.extra = {} if extra is None else extra
        self.log: list[Sent] = []
        self.canary_hits: list[bytes] = []
        self.port = self.canary = 0

    @cached_property
    def ways(self) -> dict[str, Way]:
        """Every way by its path; made when first asked for, since the bombs take a second."""
        pages = {name: Way(page(body), None) for name, body in (STRUCTURES | MEANINGS).items()}
        return transport() | sizes() | encodings() | types() | redirects(self.canary) | reserved() | pages

    @property
    def resolve(self) -> dict[str, str]:
        """Where the hosts really listen."""
        hosts = {HOST, *(host for host, _ in self.extra)}
        plain = {f"{host}:80": f"127.0.0.1:{self.port}" for host in hosts}
        return plain | ({f"{host}:443": f"127.0.0.1:{self.tls_port}" for host in hosts} if self.tls else {})

    def asked(self, host: str) -> list[Sent]:
        """What a host was asked, in order."""
        return [one for one in self.log if one.host == host]

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True)
        self._thread.start()
        assert ready.wait(30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()

        def accept(
            work: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
        ) -> Callable[..., Awaitable[None]]:
            async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                task = asyncio.current_task()
                assert task
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                with suppress(ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError):
                    await work(reader, writer)
                writer.transport.abort() if asyncio.current_task().cancelling() else writer.close()  # type: ignore[union-attr]

            return one

        canaries = [await asyncio.start_server(accept(self._sing), "127.0.0.1", 0)]
        self.canary = canaries[0].sockets[0].getsockname()[1]
        with suppress(OSError):  # no IPv6 here
            canaries.append(await asyncio.start_server(accept(self._sing), "::1", self.canary))
        server = await asyncio.start_server(accept(self._line), "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        if self.tls:
            canaries.append(await asyncio.start_server(accept(self._line), "127.0.0.1", 0, ssl=self.tls))
            self.tls_port = canaries[-1].sockets[0].getsockname()[1]
        ready.set()
        await self._stop.wait()
        for one in (server, *canaries):
            one.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _sing(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.canary_hits.append(b"connected")
        self.canary_hits.append(await reader.read(1000))

    async def _line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await reader.readuntil(b"\r\n\r\n")
            target = request.split(b" ", 2)[1].decode("latin-1")
            fields = {k.lower(): v.strip() for k, _, v in (f.partition(b":") for f in request.split(b"\r\n")[1:])}
            host = fields.get(b"host", b"").decode().partition(":")[0]
            note = Sent(time.monotonic(), host, target, request)
            self.log.append(note)
            answer = self.extra.get((host, target), None) or self._answer(host, target)
            line = Line(reader, writer, note)
            if callable(answer):
                await answer(line)
                return
            await line.send(answer)
            if b"content-length:" not in answer[:4096].lower() or b"\r\nConnection: close" in answer[:4096]:
                return

    def _answer(self, host: str, target: str) -> bytes | Callable[[Line], Awaitable[None]]:
        name = target.partition("?")[0].strip("/")
        if target == "/robots.txt":
            return page(b"User-agent: *\nDisallow: /private/\n", kind="text/plain")
        if target in ("/", "/world"):
            return page(self.front(host))
        if name in GOOD:
            return page(GOOD[name])
        if name.startswith("ever-new-"):
            return moved(f"/ever-new-{int(name.rpartition('-')[2]) + 1}")
        way = self.ways.get(name) if host == HOST else None
        return way.answer if way else page(b"<title>404</title><p>Not here.</p>", status="404 Not Found")

    def front(self, host: str) -> bytes:
        """The section page: every way, with the good articles strewn among them; on other hosts, what they have."""
        if host != HOST:
            names = [path for one, path in self.extra if one == host and path not in ("/robots.txt", "/world")]
            return section(names)
        ways, good = list(self.ways), list(GOOD)
        step = len(ways) // len(good) + 1
        names = [one for n, name in enumerate(good) for one in (*ways[n * step : (n + 1) * step], name)]
        return section([f"/{name}" for name in (*names, "private/diary")])


def section(paths: list[str]) -> bytes:
    """A section page that lists articles."""
    items = "".join(f'<li><h3><a href="{path}">A report with a headline about {path}</a></h3>' for path in paths)
    head = "<!doctype html><html lang=en><title>World</title>"
    return f"{head}<body><main><h1>World</h1><ul>{items}</ul></main></body></html>".encode()
