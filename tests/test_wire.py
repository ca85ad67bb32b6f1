"""Bodies as they arrive: decoded, bounded in each layer, digested as sent; what is no page is told apart."""

from __future__ import annotations

import gzip
import hashlib
import random
import tracemalloc
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.wire import Body, TooLarge, is_no_page, sniffed
from tests.hostile import MIB, bomb

PAGE = "<html><body>" + "".join(f"<p>Paragraph {n} – ça va</p>" for n in range(500)) + "</body></html>"
TEXT = PAGE.encode()


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


CODED = {
    "gzip": ("gzip", gzip.compress(TEXT)),
    "members": ("x-gzip", gzip.compress(TEXT[:900]) + gzip.compress(TEXT[900:])),
    "padded": ("gzip", gzip.compress(TEXT) + bytes(40)),
    "zlib": ("deflate", zlib.compress(TEXT)),
    "raw": ("deflate", raw_deflate(TEXT)),
    "br": ("BR", brotli.compress(TEXT)),
    "zstd": ("zstd", zstd(TEXT)),
    "frames": ("zstd", zstd(TEXT[:900]) + zstd(b"") + zstd(TEXT[900:])),
    "two": ("gzip, br", brotli.compress(gzip.compress(TEXT))),
    "identity": ("identity", TEXT),
    "charset": ("UTF-8", TEXT),
}


def fed(coding: str, wire: bytes, sizes: int = 0, limit: int = 10 * MIB, cut: bool = False) -> Body:
    """The body after all of `wire`, in pieces of random sizes."""
    body, dice, at = Body(coding.split(","), limit, cut=cut), random.Random(sizes), 0
    while at < len(wire) and not body.full:
        size = dice.choice((1, 7, 100, 4096, 65536)) if sizes else len(wire)
        body.feed(wire[at : at + size])
        at += size
    body.end()
    return body


@pytest.mark.parametrize("name", CODED)
@pytest.mark.parametrize("sizes", range(4))
def test_decodes(name: str, sizes: int) -> None:
    coding, wire = CODED[name]
    body = fed(coding, wire, sizes)
    assert (bytes(body.decoded), body.error) == (TEXT, None)
    assert body.wire_digest == "sha256:" + hashlib.sha256(wire).hexdigest()
    assert body.wire == (None if wire == TEXT and coding == "identity" else body.wire)
    assert bytes(body.raw) == wire


@pytest.mark.parametrize("name", ["gzip", "zlib", "raw", "br", "zstd", "two"])
def test_cut_and_corrupt_are_told(name: str) -> None:
    """A coded body that is cut anywhere, or has a flipped byte, is never taken for whole; what came is kept."""
    coding, wire = CODED[name]
    for at in range(1, len(wire), max(1, len(wire) // 60)):
        body = fed(coding, wire[:at])
        assert body.error in ("truncated", "bad_encoding"), at
        assert body.wire == wire[:at]
    if name in ("gzip", "zlib"):  # the others have no checksum, or one that servers leave out
        flipped = [fed(coding, wire[:at] + bytes([wire[at] ^ 1]) + wire[at + 1 :]) for at in range(12, len(wire), 97)]
        assert all(body.error or bytes(body.decoded) == TEXT for body in flipped)


def test_bombs_stop_at_the_limit() -> None:
    """481 bytes or nested layers: what they would grow to never comes into being."""
    zeros = bytes(256 * MIB)
    bombs = {
        "gzip": bomb(256 * MIB),
        "gzip, gzip": gzip.compress(bomb(256 * MIB)),
        "br": brotli.compress(zeros, quality=5),
        "zstd": zstd(zeros),
        "deflate": raw_deflate(zeros),
    }
    del zeros
    for coding, wire in bombs.items():
        tracemalloc.start()
        with pytest.raises(TooLarge):
            fed(coding, wire)
        grown = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert grown < 64 * MIB, (coding, grown)


def test_a_layer_between_is_bounded_too() -> None:
    """A frame that is skipped decodes to nothing, but is wrapped into a gigabyte of zeros."""
    skipped = b"\x50\x2a\x4d\x18" + (100 * MIB).to_bytes(4, "little") + bytes(100 * MIB)
    with pytest.raises(TooLarge):
        fed("zstd, gzip", gzip.compress(skipped + zstd(TEXT)))


@pytest.mark.parametrize(
    ("coding", "wire"),
    [("gzip", gzip.compress(b"") * 5000), ("zstd", zstd(b"") * 5000), ("rot13", TEXT), ("gzip," * 9, TEXT)],
)
def test_endless_layers_and_members_are_refused(coding: str, wire: bytes) -> None:
    assert fed(coding.strip(","), wire).error == "bad_encoding"


def test_cut_keeps_the_beginning() -> None:
    for coding, wire in (("identity", b"a" * 5000), ("gzip", gzip.compress(b"a" * 5000))):
        body = fed(coding, wire, limit=1000, cut=True)
        assert (bytes(body.decoded), body.error, body.full) == (b"a" * 1000, "too_large", True)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, br", "zstd, gzip", "what"]),
    st.binary(max_size=3000),
    st.integers(0, 9),
)
def test_no_bytes_raise(coding: str, wire: bytes, sizes: int) -> None:
    """Whatever a server sends: a body, or a word for what is wrong with it."""
    body = fed(coding, wire, sizes)
    assert body.error is not None or body.chain


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"%PDF-1.7", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"PK\x03\x04....", "application/zip"),
        (b"\x00\x00\x00\x20ftypisom", "video/mp4"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"\x1f\x8b\x08\x00", "application/gzip"),
        (b"<!doctype html>", None),
        (b"\xef\xbb\xbf<html>", None),
        (b'{"a": 1}', None),
        (b"", None),
    ],
)
def test_sniffed(start: bytes, kind: str | None) -> None:
    assert sniffed(start) == kind


@pytest.mark.parametrize(
    ("said", "none"),
    [
        ("image/png", True),
        ("Video/MP4; codecs=x", True),
        ("application/pdf", True),
        ("text/html; charset=utf-8", False),
        ("application/xhtml+xml", False),
        ("application/octet-stream", False),
        ("application/json", False),
        ("application/x-gzip", False),
        ("", False),
    ],
)
def test_types_that_are_not_even_read(said: str, none: bool) -> None:
    assert is_no_page(said) is none
