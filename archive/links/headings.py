"""What the heading of a box says: `kind_of("Mest läst – Sverige")` is `readers`.

The phrases are data, one a line in `data/headings.tsv`: language, phrase, kind, source. A phrase may begin or end
with `…`, which stands for any words ("More from …", "…ランキング"). Kind `none` marks a heading over links that are no
box of ours (sponsored, jobs, topics, comments), `slot` the label of an advertising slot, which stands beside boxes.
The language tag tells people where a phrase belongs; matching tries them all, since a page's language is not always
known and outlets mix languages.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import NamedTuple

from archive.data import table

#: Longer texts are sentences, not headings (characters after folding).
MAX_HEADING = 90
#: The kinds of boxes, as they stand in the data; `none` and `slot` stand there beside them.
KINDS = ("readers", "related", "recommended")

#: Combining accents of Latin, Greek and Cyrillic, Arabic vowels and tatweel, soft hyphen and invisible marks.
_MARKS = re.compile("[\u0300-\u036f\u064b-\u0652\u0640\u00ad\u200b-\u200f\ufeff]")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_SPACELESS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


class _Lexicon(NamedTuple):
    exact: dict[str, str]
    starts: dict[str, str]  # "More from …": the first words, to the kind
    ends: tuple[tuple[str, str], ...]  # "…ランキング"
    inside: tuple[tuple[str, str], ...]  # phrases in scripts without spaces, longest first


def fold(text: str) -> str:
    """The heading as it is compared: NFKC, case folded, without accents, soft hyphens and Arabic vowels, trimmed.

    Accents go because capitals are often set without them ("LO MAS LEIDO"); vowel signs of Indic scripts stay.
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    text = _MARKS.sub("", unicodedata.normalize("NFD", text)).replace("\u2019", "'")
    return _EDGES.sub("", " ".join(unicodedata.normalize("NFC", text).split()))


@cache
def lexicon() -> _Lexicon:
    exact: dict[str, str] = {}
    starts: dict[str, str] = {}
    ends: list[tuple[str, str]] = []
    inside: list[tuple[str, str]] = []
    for _, phrase, kind, _ in table("headings"):
        folded = fold(phrase)
        if phrase.endswith("…"):
            starts.setdefault(folded, kind)
        elif phrase.startswith("…"):
            ends.append((folded, kind))
        else:
            exact.setdefault(folded, kind)
            if _SPACELESS.search(folded) and len(folded) >= 3:
                inside.append((folded, kind))
    inside.sort(key=lambda row: -len(row[0]))
    return _Lexicon(exact, starts, tuple(ends), tuple(inside))


@lru_cache(maxsize=4096)
def kind_of(heading: str) -> str | None:
    """`readers`, `related`, `recommended`, `none`, `slot`, or None: not in the lexicon.

    Tried in this order: the whole heading; its first or last words where the phrase leaves room for more; the
    longest run of words that is a phrase of two words or more ("Mest läst – Sverige").
    """
    if len(heading) > 2 * MAX_HEADING:
        return None
    folded = fold(heading)
    if not folded or len(folded) > MAX_HEADING:
        return None
    known = lexicon()
    if folded in known.exact:
        return known.exact[folded]
    words = re.findall(r"[^\s:–—|/,.!?()\"«»“”]+", folded)
    if " ".join(words) in known.exact:
        return known.exact[" ".join(words)]
    for length in range(min(len(words), 5), 0, -1):
        if (found := known.starts.get(" ".join(words[:length]))) is not None:
            return found
    for phrase, kind in known.ends:
        if folded.endswith(phrase):
            return kind
    if len(words) <= 8:
        for length in range(len(words) - 1, 1, -1):
            for start in range(len(words) - length + 1):
                if (found := known.exact.get(" ".join(words[start : start + length]))) is not None:
                    return found
    if len(folded) <= 24 and _SPACELESS.search(folded):
        for phrase, kind in known.inside:
            if phrase in folded:
                return kind
    return None
