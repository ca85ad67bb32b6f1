"""Payload to stored bytes and back. `bodies.codec` names what a stranger needs to decode them; docs/format.md says how.

`zstd`: one standalone Zstandard frame (RFC 8878); `zstd -d` reads it.
`zstd-patch`: a frame whose window begins with another payload, the *reference*, as `zstd --patch-from` writes it.

Every frame carries its content size and a checksum. The checksum is what makes a reference safe: nothing in the frame
names it, and decoding against a wrong one would give wrong bytes without a word.
"""

from __future__ import annotations

import threading

import zstandard

from archive.errors import PayloadDamaged

ALONE, PATCH = "zstd", "zstd-patch"
#: Frames between a body and its payload: a page of the site, an earlier snapshot of the page, the snapshot itself.
MOST_FRAMES = 3
#: Bytes that a window may span: what `zstd -d --long=27` reads as well.
_WIDEST = 27
#: A payload that claims to be longer than this is damage; SQLite itself holds no larger value.
_LONGEST = 1 << 30
#: Levels by payload size. A reference does most of the work: against one, -5 is an eighth smaller than -3 at a tenth of
#: the time that gzip -6 takes. Small pages spend their time on setting up the tables.
_LEVELS = ((1 << 15, 5), (0, 3))
#: Large pages share long stretches with their reference: looked up by six bytes and not by five, with one look more at
#: each, they come out as small as at -6 in three quarters of the time.
_LARGE, _LONG_STRETCHES = 1 << 17, {"min_match": 6, "search_log": 4}
#: Of a page against its own earlier snapshot. The quick levels' tables have room for half a megabyte; with larger ones,
#: as here (their logarithm is that of the window less this), a large page's beginning is still known at its end.
_LEVEL_AGAIN, _TABLES_AGAIN = 2, 4


def encode(payload: bytes, level: int = 3) -> bytes:
    """The body of a payload that stands alone (codec `zstd`). level: zstd's own, 1 to 22."""
    return zstandard.ZstdCompressor(level=level, write_checksum=True, write_content_size=True).compress(payload)


class _Here(threading.local):
    """One decompressor a thread: making one takes as long as reading a small page."""

    def __init__(self) -> None:
        self.decompressor = zstandard.ZstdDecompressor(max_window_size=1 << _WIDEST)


_here = _Here()


class Reference:
    """A payload that others are coded against (codec `zstd-patch`). Keeps its tables, so that the second page is cheap.

    One thread at a time: zstd's compressor is no thread's but its own.
    """

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self._compressors: dict[tuple[int | str, ...], zstandard.ZstdCompressor] = {}

    def encode(self, payload: bytes, *, again: bool = False, level: int | None = None) -> bytes | None:
        """The body of a payload coded against this one; None where both together are wider than a window may be.

        again: this one is an earlier snapshot of the same page. level: zstd's, instead of what the size asks for.
        """
        window = max(18, (len(self.payload) + len(payload)).bit_length())
        if window > _WIDEST:
            return None
        tuned: dict[str, int] = {}
        if again:
            tuned = {"hash_log": max(16, window - _TABLES_AGAIN)}
        elif level is None and len(payload) >= _LARGE:
            tuned = _LONG_STRETCHES
        if level is None:
            level = _LEVEL_AGAIN if again else next(level for least, level in _LEVELS if len(payload) >= least)
        key: tuple[int | str, ...] = (level, window, *tuned)
        if key not in self._compressors:
            parameters = zstandard.ZstdCompressionParameters.from_level(
                level,
                source_size=(1 << window) - len(self.payload),
                dict_size=len(self.payload),
                window_log=window,
                write_checksum=True,
                write_content_size=True,
                **tuned,
            )
            self._compressors[key] = zstandard.ZstdCompressor(
                dict_data=_prefix(self.payload), compression_params=parameters
            )
        return self._compressors[key].compress(payload)

    @property
    def cost(self) -> int:
        """About how many bytes of memory it holds."""
        return len(self.payload) + sum(one.memory_size() for one in self._compressors.values())


def decode(body: bytes, reference: bytes | None = None, length: int | None = None) -> bytes:
    """The payload of a stored body. reference: the payload that it is coded against; length: as recorded beside it.

    Raises PayloadDamaged where the body is not what was written, or the reference not the one it was written against.
    """
    try:
        size = zstandard.get_frame_parameters(body).content_size
        # The recorded length bounds the output, so that a damaged frame cannot ask for more memory.
        if size > _LONGEST or (length is not None and size != length):
            raise PayloadDamaged(f"A stored body says that it holds {size} bytes where {length} were kept.")
        if reference is None:
            decompressor = _here.decompressor
        else:
            decompressor = zstandard.ZstdDecompressor(dict_data=_prefix(reference), max_window_size=1 << _WIDEST)
        return decompressor.decompress(body, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise PayloadDamaged(f"A stored body cannot be decoded ({error}).") from None


def _prefix(payload: bytes) -> zstandard.ZstdCompressionDict:
    # Raw content, said so: a page that begins with the magic number of a dictionary must not be taken for one.
    return zstandard.ZstdCompressionDict(payload, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
