"""decode(payload): the characters of a page, and what told us how to read its bytes.

The order is the WHATWG's (HTML §13.2.3.2): what the caller orders, the byte order mark, Content-Type, the page's own
`<meta>` or XML declaration, detection. A claim is believed only as long as the bytes bear it out: bytes beyond ASCII
that are faultless UTF-8 are UTF-8 whatever is claimed, since no other text looks so by chance, and a claim that leaves
the page full of faults gives way to detection, as does a Western one where most letters are beyond ASCII. UTF-7 is
never read: it can hide markup.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_PRESCAN = 8192  # bytes; the standard says 1024, yet pages put scripts first
_SAMPLE = 65536  # bytes beyond ASCII are looked for, and charsets guessed, in as much

#: WHATWG labels (Encoding §4.2) by the Python codec that reads them; labels of one codec apart by spaces.
_LABELS = {
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8",
    "cp1252": "windows-1252 cp1252 x-cp1252 iso-8859-1 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 latin1 latin-1 l1 "
    "ascii us-ascii ansi_x3.4-1968 cp819 ibm819 iso-ir-100 csisolatin1 x-user-defined",
    "cp1250": "windows-1250 cp1250 x-cp1250",
    "cp1251": "windows-1251 cp1251 x-cp1251 win-1251",
    "cp1253": "windows-1253 cp1253 x-cp1253",
    "cp1254": "windows-1254 cp1254 x-cp1254 iso-8859-9 iso8859-9 iso88599 iso_8859-9 latin5 l5 csisolatin5",
    "cp1255": "windows-1255 cp1255 x-cp1255",
    "cp1256": "windows-1256 cp1256 x-cp1256",
    "cp1257": "windows-1257 cp1257 x-cp1257",
    "cp1258": "windows-1258 cp1258 x-cp1258",
    "cp874": "windows-874 dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 tis620",
    "iso8859-2": "iso-8859-2 iso8859-2 iso88592 iso_8859-2 latin2 l2 csisolatin2",
    "iso8859-3": "iso-8859-3 iso8859-3 iso_8859-3 latin3 l3",
    "iso8859-4": "iso-8859-4 iso8859-4 iso_8859-4 latin4 l4",
    "iso8859-5": "iso-8859-5 iso8859-5 iso_8859-5 cyrillic csisolatincyrillic",
    "iso8859-6": "iso-8859-6 iso8859-6 iso_8859-6 arabic asmo-708 ecma-114 csisolatinarabic",
    "iso8859-7": "iso-8859-7 iso8859-7 iso_8859-7 greek greek8 elot_928 ecma-118 sun_eu_greek csisolatingreek",
    "iso8859-8": "iso-8859-8 iso8859-8 iso_8859-8 hebrew visual iso-8859-8-i iso-8859-8-e logical csisolatinhebrew",
    "iso8859-10": "iso-8859-10 iso8859-10 latin6 l6",
    "iso8859-13": "iso-8859-13 iso8859-13",
    "iso8859-14": "iso-8859-14 iso8859-14",
    "iso8859-15": "iso-8859-15 iso8859-15 iso_8859-15 latin9 l9",
    "iso8859-16": "iso-8859-16",
    "koi8-r": "koi8-r koi8_r koi8 koi cskoi8r",
    "koi8-u": "koi8-u koi8-ru",
    "cp866": "ibm866 cp866 866 csibm866",
    "mac-roman": "macintosh mac x-mac-roman csmacintosh",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "gb18030": "gb18030 gbk gb2312 gb_2312 gb_2312-80 chinese csgb2312 csiso58gb231280 iso-ir-58 x-gbk",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "cp932": "shift_jis shift-jis sjis x-sjis ms_kanji ms932 windows-31j csshiftjis",
    "euc_jp": "euc-jp x-euc-jp cseucpkdfmtjapanese",
    "iso2022_jp": "iso-2022-jp csiso2022jp",
    "cp949": "euc-kr cseuckr korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 iso-ir-149 windows-949",
    "utf-16-le": "utf-16 utf-16le unicode ucs-2 iso-10646-ucs-2 csunicode unicodefeff",
    "utf-16-be": "utf-16be unicodefffe",
}
_CODECS = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF16_LE, "utf-16-le"))

_HEADER = re.compile(r"(?i)charset\s*=\s*[\"']?\s*([^\s;\"',]+)")
_META = re.compile(rb"(?i)<meta\b[^>]*?charset\s*=\s*[\"']?\s*([a-z0-9_:.\-]+)")
_XML = re.compile(rb"(?i)^\s*<\?xml\b[^>]*?encoding\s*=\s*[\"']([a-z0-9_:.\-]+)[\"']")
_TAG = re.compile(rb"<[^<>]{0,2000}>")
_FEW = 100  # bytes beyond ASCII, below which names and marks may be all of them
_COMMENT = re.compile(rb"(?s)<!--.*?-->")


@dataclass(frozen=True, slots=True)
class Decoded:
    """The characters of a payload; `source` is `given`, `bom`, `header`, `meta`, `bytes`, `detected` or `default`.

    `refused` is a claimed charset that the bytes contradict, `faults` how many bytes could not be read.
    """

    text: str
    charset: str
    source: str
    refused: str | None = None
    faults: int = 0

    @property
    def exact(self) -> bool:
        """Whether the payload itself is faultless UTF-8 without a byte order mark."""
        return self.charset == "utf-8" and not self.faults and self.source != "bom" and "\ufeff" not in self.text[:1]

    def note(self) -> dict[str, object]:
        """As it is kept in an extraction's fields."""
        note: dict[str, object] = {"from": self.source, "value": self.charset}
        if self.refused:
            note["refused"] = self.refused
        if self.faults:
            note["faults"] = self.faults
        return note


def codec_of(label: str | None) -> str | None:
    """The Python codec for a charset label as the web means it, or None: unknown, or never to be used (UTF-7)."""
    return _CODECS.get((label or "").strip().strip("\"'").lower())


def decode(payload: bytes, content_type: str | None = None, charset: str | None = None) -> Decoded:
    """The payload as characters. charset: an order that nothing on the page overrules. Never raises."""
    ordered = codec_of(charset)
    if ordered is not None:
        return _read(payload.removeprefix(codecs.BOM_UTF8) if ordered == "utf-8" else payload, ordered, "given")
    for mark, codec in _MARKS:
        if payload.startswith(mark):
            return _read(payload[len(mark) :], codec, "bom")
    claims = [("header", _header_claim(content_type)), ("meta", _page_claim(payload))]
    claimed = next(((source, codec) for source, codec in claims if codec), None)
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        return _claimed_or_guessed(payload, claimed)
    if claimed is None:
        return Decoded(text, "utf-8", "default" if payload.isascii() else "bytes")
    if claimed[1] == "utf-8":
        return Decoded(text, "utf-8", claimed[0])
    # ISO-2022-JP is all ASCII bytes, so only its own reading can tell.
    if payload.isascii() and claimed[1] not in ("utf-16-le", "utf-16-be"):
        return _read(payload, claimed[1], claimed[0])
    return Decoded(text, "utf-8", "bytes", refused=claimed[1])


def _claimed_or_guessed(payload: bytes, claimed: tuple[str, str] | None) -> Decoded:
    """Bytes that are not faultless UTF-8: the claim if it leaves few faults, else what the bytes look like."""
    reading = _read(payload, claimed[1], claimed[0]) if claimed else None
    beyond = sum(byte > 127 for byte in payload[:_SAMPLE])
    if reading and reading.faults * 10 <= beyond and not (reading.charset == "cp1252" and _not_western(payload)):
        return reading
    loose = _read(payload, "utf-8", "bytes")
    if loose.faults * 10 <= beyond:  # UTF-8 with a scratch, as where a server cuts a text in the middle of a letter
        return loose if not claimed or claimed[1] == "utf-8" else Decoded(loose.text, "utf-8", "bytes", claimed[1])
    guess = _guess(payload) or "cp1252"
    found = _read(payload, guess, "detected")
    return Decoded(found.text, guess, "detected", claimed[1] if claimed else None, found.faults)


def _header_claim(content_type: str | None) -> str | None:
    match = _HEADER.search(content_type or "")
    return codec_of(match[1]) if match else None


def _page_claim(payload: bytes) -> str | None:
    """What `<meta>` or the XML declaration says; UTF-16 there cannot be true, since we could read it (WHATWG)."""
    start = _COMMENT.sub(b"", payload[:_PRESCAN])
    for match in (_META.search(start), _XML.search(start)):
        codec = codec_of(match[1].decode("ascii")) if match else None
        if codec:
            return "utf-8" if codec.startswith("utf-16") else codec
    return None


def _read(payload: bytes, codec: str, source: str) -> Decoded:
    text = payload.decode(codec, "replace")
    return Decoded(text, codec, source, faults=text.count("\ufffd"))


def _not_western(payload: bytes) -> bool:
    """Whether bytes that are called Western are not: windows-1252 has a letter for every byte, so it never faults.

    Of the letters of Western languages a tenth is beyond ASCII, in Vietnamese a quarter; in other scripts most are.
    """
    sample = _TAG.sub(b" ", _without_scripts(payload[: 4 * _SAMPLE]))
    beyond = sum(byte > 127 for byte in sample)
    letters = beyond + sum(65 <= byte <= 90 or 97 <= byte <= 122 for byte in sample)
    return beyond >= _FEW and beyond > 0.5 * letters


def _guess(payload: bytes) -> str | None:
    """What charset_normalizer takes the bytes for, of the charsets that the web uses."""
    from charset_normalizer import from_bytes

    known = [codec for codec in _LABELS if not codec.startswith(("utf-16", "mac", "iso2022"))]
    # Markup is ASCII in all of these; without it the letters decide.
    sample = _without_scripts(payload[: 4 * _SAMPLE])
    sample = _TAG.sub(b" ", sample)
    best = from_bytes(sample[:_SAMPLE], cp_isolation=known).best()
    return codec_of(best.encoding.replace("_", "-")) or best.encoding if best is not None else None


def _without_scripts(markup: bytes) -> bytes:
    """The markup without scripts and styles, in one pass: a pattern would try each beginning to the end."""
    lower = markup.lower()
    for name in (b"script", b"style"):
        kept: list[bytes] = []
        at = 0
        while (start := lower.find(b"<" + name, at)) >= 0 and (end := lower.find(b"</" + name, start)) >= 0:
            kept.append(markup[at:start])
            at = end
        markup = b" ".join([*kept, markup[at:]])
        lower = markup.lower()
    return markup
