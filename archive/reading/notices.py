"""notice(text): lines that a house puts beside its articles: rights, newsletters, subscriptions, corrections, credits.

The phrases are data with language tags (`data/notices.tsv`); `mul` marks what is written alike everywhere. A phrase
alone is no proof, since an article may speak of such things: the table says where in a line it has to stand.

    any     anywhere in it, but not between quotation marks
    edge    a sentence of it begins or ends so
    start   a sentence of it begins so
    line    it begins so, and is a short line without a full stop
    label   it begins so, and then come a colon or another mark and a few words, or nothing
    whole   it is this and nothing else, but for a number

An `edge` or `start` phrase that fills half of the line stands anywhere in it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from archive.data import table

MAX_NOTICE = 600  # characters of a line that may be a notice
MAX_LINE = 160  # … of one that has no full stop
MAX_REST = 60  # … behind a label
HALF = 0.5  # share of a line that a phrase must fill to be what it says

#: What ends a sentence of such a line; not a colon or a dash, behind which people are quoted.
_STOPS = frozenset(".!?…。！？।؟۔|•·;；©")
_QUOTES = frozenset('"“”„‟«»「」『』‹›〈〉《》')
_FULL_STOP = re.compile(r"[.!?…。！？।؟۔](?:\s|$)")
_LABELLED = re.compile(r"\s*[:：;/|–—=＝－·፦៖՝-]|\s*[)\]】）］>]")
_ALIKE = {
    **{ord(one): "'" for one in "’‘ʼ´`′"},
    **dict.fromkeys(map(ord, "\u0640\u200c\u200d\u200e\u200f\u00ad"), None),
    ord("ي"): "ی",
    ord("ى"): "ی",
    ord("ك"): "ک",
    ord("ı"): "i",
}
_ACCENTS = re.compile("[\u0300-\u036f\u064b-\u0652]{1,9}")
_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")
#: Scripts that write words without gaps, or hang endings on to them.
_GAPLESS = "\u0e00-\u0eff\u1000-\u109f\u1200-\u137f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_IN_GAPLESS = re.compile(f"[{_GAPLESS}]")
_WORDS = re.compile(rf"(?<!\w)\S|[{_GAPLESS}]")


def alike(text: str) -> str:
    """The text as phrases are compared: small letters without accents, one apostrophe, European digits."""
    text = text.casefold()
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKD", text.replace("ⓒ", "©"))
    text = _ACCENTS.sub("", text).translate(_ALIKE)
    text = _FOREIGN_DIGIT.sub(lambda digit: str(unicodedata.digit(digit[0])), text)
    return unicodedata.normalize("NFC", text)


class Phrases:
    """Phrases, each with what is known of it, looked up in a text at the beginnings of its words."""

    HEAD = 3  # characters by which they are looked up

    def __init__(self, rows: Iterable[tuple[str, str]]) -> None:
        self.known: dict[str, list[tuple[str, str]]] = {}
        for written, about in rows:
            phrase = alike(written)
            self.known.setdefault(phrase[: self.HEAD], []).append((phrase, about))

    def within(self, told: str) -> Iterator[tuple[int, str, str]]:
        """(where, phrase, what is known of it) for each that stands in the text as whole words. told: from `alike`."""
        for word in _WORDS.finditer(told):
            at = word.start()
            for size in range(1, self.HEAD + 1):
                for phrase, about in self.known.get(told[at : at + size], ()):
                    if told.startswith(phrase, at) and _bounded(told, at, at + len(phrase)):
                        yield at, phrase, about


@lru_cache(maxsize=2048)  # asked of a line more than once while its page is read
def notice(text: str) -> str | None:
    """The phrase by which a line is known as a notice of the house: rights, newsletter, subscription, credits."""
    if len(text) > MAX_NOTICE:
        return None
    told = alike(text)
    return next((phrase for at, phrase, place in _phrases().within(told) if _stands(told, at, phrase, place)), None)


@cache
def _phrases() -> Phrases:
    return Phrases((phrase, place) for _, phrase, _, place in table("notices"))


def _stands(told: str, at: int, phrase: str, place: str) -> bool:
    """Whether a phrase stands in the line as its place demands."""
    end = at + len(phrase)
    if place == "any":
        return not quoted(told, at)
    if place in ("edge", "start"):
        filling = len(phrase) >= HALF * len(told) and _QUOTES.isdisjoint(told)
        return filling or _opens(told, at) or (place == "edge" and _closes(told, end))
    rest = told[end:]
    if any(map(_letter, told[:at])) or not _QUOTES.isdisjoint(told[:at]):
        return False
    if place == "line":
        return len(told) <= MAX_LINE and not _FULL_STOP.search(rest.rstrip(")]） "))
    bare = not any(one.isalpha() for one in rest)
    return bare or (place == "label" and len(rest) <= MAX_REST and _LABELLED.match(rest) is not None)


def _opens(told: str, at: int) -> bool:
    """Whether a sentence of the line begins there; not behind a quotation mark: then it is somebody else's."""
    ended = False
    while at > 0 and not _letter(told[at - 1]):
        if told[at - 1] in _QUOTES:
            return False
        ended = ended or told[at - 1] in _STOPS
        at -= 1
    return ended or at == 0


def _closes(told: str, end: int) -> bool:
    """Whether a sentence of the line ends there."""
    while end < len(told) and not _letter(told[end]):
        if told[end] in _STOPS or told[end] in _QUOTES:
            return told[end] in _STOPS
        end += 1
    return end == len(told)


def quoted(told: str, at: int) -> bool:
    """Whether a place in the text is between quotation marks."""
    return sum(one in _QUOTES for one in told[:at]) % 2 == 1 and not _QUOTES.isdisjoint(told[at:])


def _letter(char: str) -> bool:
    """Whether it is a letter, a digit or a mark on one."""
    return char.isalnum() or unicodedata.category(char)[0] == "M"


def _bounded(told: str, start: int, end: int) -> bool:
    """Whether a word ends there, in scripts that part them, or a number."""
    if end < len(told) and told[end].isdigit():
        return not told[start:end].isdigit()
    if end >= len(told) or not _letter(told[end]):
        return True
    return not told[end - 1].isalpha() or _IN_GAPLESS.match(told[end - 1]) is not None
