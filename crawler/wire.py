"""wire: a body as it arrives: bounded, digested as sent, decoded as it comes, told apart by its first bytes."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import brotli
import zstandard

#: Layers of content coding that are undone; more are a bomb's wrapping.
LAYERS = 3
#: Members of one coded body (gzip members, zstd frames) that are read; more are no page's.
MEMBERS = 1000
#: 8 MiB is the largest window that a server may ask a client for (RFC 9659 §3).
ZSTD_WINDOW = 8 << 20
#: A zstd stream knows no output limit, and 256 bytes of it can grow to 64 blocks of 128 KiB (RFC 8878 §3.1.1.2).
ZSTD_PIECE = 256

#: What servers write into Content-Encoding though it is no coding: read as identity, as browsers do.
_NO_CODING = frozenset({"", "identity", "none", "binary", "8bit", "utf-8", "utf8", "iso-8859-1", "windows-1252"})
_FAULTS = (zlib.error, brotli.error, zstandard.ZstdError)


class TooLarge(Exception):
    """The body passes the limit, on the wire or decoded."""


class Decoder(Protocol):
    """One content coding undone: bytes in, bytes out, little more than asked."""

    def feed(self, data: bytes, room: int) -> bytes:
        """What `data` decodes to; the rest is dropped where it passes `room` bytes by far."""

    @property
    def ended(self) -> bool:
        """Whether the coded stream has come to its own end."""


class _Zlib:
    """gzip or deflate (RFC 9110 §8.4.1), members one after another, deflate also without its zlib header."""

    def __init__(self, gzip: bool) -> None:
        self.gzip, self.members, self.start = gzip, 1, b""
        self.stream: Any = zlib.decompressobj(31) if gzip else None

    def feed(self, data: bytes, room: int) -> bytes:
        if self.stream is None:
            # Two bytes tell whether there is a zlib header (RFC 1950 §2.2); some servers send none.
            data = self.start = self.start + data
            if len(data) < 2:
                return b""
            headed = data[0] & 15 == 8 and (data[0] << 8 | data[1]) % 31 == 0
            self.stream = zlib.decompressobj(15 if headed else -15)
        out = bytearray()
        while data and len(out) <= room:
            if self.stream.eof:
                if not self.gzip or not data.startswith(b"\x1f\x8b"):
                    break  # padding after the last member is no error
                self.members += 1
                if self.members > MEMBERS:
                    raise zlib.error("too many members")
                self.stream = zlib.decompressobj(31)
            out += self.stream.decompress(data, room + 1 - len(out))
            data = self.stream.unused_data if self.stream.eof else self.stream.unconsumed_tail
        return bytes(out)

    @property
    def ended(self) -> bool:
        return self.stream is not None and bool(self.stream.eof)


class _Brotli:
    def __init__(self) -> None:
        self.stream: Any = brotli.Decompressor()

    def feed(self, data: bytes, room: int) -> bytes:
        if self.ended:
            return b""
        out = bytearray(self.stream.process(data, output_buffer_limit=room + 1))
        while not self.stream.can_accept_more_data() and len(out) <= room:
            out += self.stream.process(b"", output_buffer_limit=room + 1 - len(out))
        return bytes(out)

    @property
    def ended(self) -> bool:
        return bool(self.stream.is_finished())


class _Zstd:
    """zstd, frames one after another (RFC 8878 §3)."""

    def __init__(self) -> None:
        self.stream: Any = self._open()
        self.frames = 1

    @staticmethod
    def _open() -> Any:
        return zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompressobj()

    def feed(self, data: bytes, room: int) -> bytes:
        out = bytearray()
        for start in range(0, len(data), ZSTD_PIECE):
            piece = data[start : start + ZSTD_PIECE]
            while piece:
                if self.stream.eof:
                    self.frames += 1
                    if self.frames > MEMBERS:
                        raise zstandard.ZstdError("too many frames")
                    self.stream = self._open()
                out += self.stream.decompress(piece)
                piece = self.stream.unused_data if self.stream.eof else b""
            if len(out) > room:
                break
        return bytes(out)

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
    """A body as it arrives. `error` and `detail` are set where it is not what the server meant to send.

    encodings: the codings in the order in which they were applied (RFC 9110 §8.4); limit: bytes, on the wire, after
    each coding, and in the end; cut: keep the first `limit` bytes of a longer body instead of raising TooLarge.

    `decoded` is what came out; `raw` what came in, where that is another thing.
    """

    def __init__(self, encodings: Iterable[str], limit: int, cut: bool = False) -> None:
        names = [name.strip().lower() for name in encodings]
        names = [name for name in names if name not in _NO_CODING]
        self.limit, self.cut, self.full = limit, cut, False
        self.hash, self.sent = hashlib.sha256(), 0
        self.decoded = bytearray()
        self.error: str | None = None
        self.detail: str | None = None
        self.chain: list[Decoder] = []
        self.passed = [0] * len(names)
        unknown = [name for name in names if name not in _DECODERS]
        if unknown or len(names) > LAYERS:
            what = f"coded as {unknown[0][:40]!r}, which nobody can undo" if unknown else f"coded {len(names)} times"
            self._fail("bad_encoding", f"The body is {what}.")
        else:
            self.chain = [_DECODERS[name]() for name in reversed(names)]
        self.raw = bytearray() if names else self.decoded

    def feed(self, data: bytes) -> None:
        """Take what arrived. Raises TooLarge where the body passes the limit."""
        self.hash.update(data)
        self.sent += len(data)
        if self.raw is not self.decoded:
            self.raw += data[: max(0, self.limit - len(self.raw))]
        if self.sent > self.limit and not self.cut:
            raise TooLarge(f"The body is longer than {self.limit:,} bytes.")
        if not self.error:
            self._decode(data)
        if self.sent > self.limit:
            self._overflow(f"The body is longer than {self.limit:,} bytes.")

    def _decode(self, data: bytes) -> None:
        try:
            for number, decoder in enumerate(self.chain):
                data = decoder.feed(data, self.limit)
                self.passed[number] += len(data)
                if self.passed[number] > self.limit and number + 1 < len(self.chain):
                    self._overflow(f"Decoded once, the body is longer than {self.limit:,} bytes.")
        except _FAULTS as error:
            self._fail("bad_encoding", f"The body cannot be decoded ({error}).")
            return
        room = self.limit - len(self.decoded)
        self.decoded += data[:room]
        if len(data) > room:
            self._overflow(f"Decoded, the body is longer than {self.limit:,} bytes.")

    def _overflow(self, sentence: str) -> None:
        if not self.cut:
            raise TooLarge(sentence)
        self.full = True
        self._fail("too_large", f"{sentence} Only its beginning is kept.")

    def _fail(self, word: str, sentence: str) -> None:
        self.error, self.detail = self.error or word, self.detail or sentence

    def end(self) -> None:
        """No more comes."""
        if self.sent and not self.error and not all(decoder.ended for decoder in self.chain):
            self._fail("truncated", "The coded body ends before its end.")

    @property
    def wire_digest(self) -> str | None:
        """The digest of the bytes as they came (after any chunking), None where none came."""
        return "sha256:" + self.hash.hexdigest() if self.sent else None

    @property
    def wire(self) -> bytes | None:
        """The bytes as they came, where they are not the decoded ones."""
        return bytes(self.raw) if self.raw is not self.decoded and self.sent else None


#: First bytes of what is no page, and what it is (WHATWG MIME Sniffing §6 and §7).
_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x00\x00\x01\x00", "image/x-icon"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"OggS\x00", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"FLV\x01", "video/x-flv"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"\x7fELF", "application/x-executable"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"),
)
_RIFF = {b"WEBP": "image/webp", b"AVI ": "video/avi", b"WAVE": "audio/wave"}


def sniffed(start: bytes) -> str | None:
    """The type of a body that is no page, by its first bytes, whatever its label says; None for all else."""
    if start[4:8] == b"ftyp":
        return "video/mp4"
    if start.startswith(b"RIFF"):
        return _RIFF.get(start[8:12], "application/riff")
    return next((kind for magic, kind in _MAGIC if start.startswith(magic)), None)


#: Types that nobody serves a page under: such an answer is not even read.
_NO_PAGE = ("image/", "audio/", "video/", "font/", "model/")
_NO_PAGES = frozenset(
    {
        "application/pdf",
        "application/zip",
        "application/msword",
        "application/vnd.rar",
        "application/x-7z-compressed",
        "application/x-shockwave-flash",
        "application/vnd.android.package-archive",
        "application/wasm",
        "application/epub+zip",
    }
)


def is_no_page(content_type: str) -> bool:
    """Whether a Content-Type says that what comes is no page, feed or sitemap."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "image/svg+xml":
        return False  # text, and its reader says what it is
    return kind.startswith(_NO_PAGE) or kind in _NO_PAGES or kind.startswith("application/vnd.openxmlformats")
