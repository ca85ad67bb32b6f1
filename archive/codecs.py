"""Payload to stored bytes and back. `snapshots.codec` names what a stranger needs to decode a body.

`zstd`: one standalone Zstandard frame (RFC 8878) that carries its content size and checksum; `zstd -d` reads it.
"""

from __future__ import annotations

import zstandard

from archive.errors import PayloadDamaged

CODEC = "zstd"
# -3 takes a ninetieth of the time of -19 for a quarter more bytes; the checksum turns damage into an error.
_LEVEL = 3


def encode(payload: bytes) -> bytes:
    """The body that is stored for a payload, as codec `zstd`."""
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True, write_content_size=True).compress(payload)


def decode(codec: str, body: bytes, length: int) -> bytes:
    """The payload of a stored body. `length` is the payload's length as recorded beside it.

    Raises PayloadDamaged where the codec is unknown or the body is not what was written.
    """
    if codec != CODEC:
        raise PayloadDamaged(
            f"A body is stored in codec {codec!r}, which this version cannot read; install a newer one."
        )
    try:
        # The recorded length bounds the output, so that a damaged frame cannot ask for more memory.
        payload = zstandard.ZstdDecompressor(max_window_size=2**27).decompress(body, max_output_size=length)
    except zstandard.ZstdError as error:
        raise PayloadDamaged(f"A stored body cannot be decoded ({error}).") from None
    if len(payload) != length:
        raise PayloadDamaged(f"A stored body has {len(payload)} bytes where {length} were kept.")
    return payload
