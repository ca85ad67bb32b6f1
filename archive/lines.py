"""Text as it is kept: on one line, without characters that a database, a terminal or JSON cannot hold."""

from __future__ import annotations

import re
import unicodedata

#: What no text may hold: C0 and C1 controls but for white space, lone surrogates, characters that are none.
UNFIT = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_NO_LETTER = re.compile(r"[\W_]+")
_SMALL = bytes(range(256)).lower()
_NO_ASCII_LETTER = bytes(code for code in range(128) if not chr(code).isalnum())
_MARK_RUN = re.compile("[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u064b-\u0670\u1dc0-\u1dff\u20d0-\u20ff]{9,}")
_SPACE = re.compile(r"\s+")
_INVISIBLE = re.compile("[\u200b\u2060\ufeff\u00ad]")


def fit(text: str | None) -> str:
    """The text without characters that a database, a terminal or JSON cannot hold."""
    return UNFIT.sub("", text or "")


def line(text: str | None) -> str:
    """The text on one line: single spaces, no invisible characters, none that are unfit.

    An ideographic space stays one: Japanese headlines are parted by it.
    """
    if text and "\u3000" not in text:
        found = " ".join(text.split())
        if found.isprintable():  # so it holds nothing unfit or invisible: nearly every line, and far quicker
            return found
    found = _INVISIBLE.sub("", fit(text))
    if "\u3000" not in found:
        return " ".join(found.split())
    return _SPACE.sub(lambda run: "\u3000" if "\u3000" in run[0] else " ", found).strip()


def key_of(text: str) -> str:
    """Letters and digits in one case: equal for two spellings of one text."""
    if text.isascii():  # most of many pages, and far quicker
        return text.encode("ascii").translate(_SMALL, _NO_ASCII_LETTER).decode("ascii")
    # Normalizing takes time with the square of a run of marks; no word has more than a few on one letter.
    text = unicodedata.normalize("NFKC", _MARK_RUN.sub(lambda run: run[0][:8], text))
    return _NO_LETTER.sub("", text).casefold()
