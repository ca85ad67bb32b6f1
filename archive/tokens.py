"""Words in any script: folded, cut and asked for in the same manner, by search, diffs and clusters.

SQLite's own tokenizers must do for the index, or the file could not be read elsewhere. So the text is prepared:
`fold` takes away what people do not type, `segment` puts spaces round the characters of scripts written without
them, and the index needs only `TOKENIZER`. `match_query` treats a searcher's words alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

#: The FTS5 tokenizer for segmented text. Without Mn and Mc every vowel sign of Hindi, Thai … would end a word:
#: unicode61 takes only L*, N* and Co as parts of words (https://sqlite.org/fts5.html §4.3.1).
TOKENIZER = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"

MAX_TERMS = 64  # words of one query
MAX_QUERY = 2_000  # characters of one query


def _span(*ranges: tuple[int, int]) -> Iterator[int]:
    for first, last in ranges:
        yield from range(first, last + 1)


def _classed(codes: Iterable[int]) -> str:
    """The characters as a regular expression's class, in ranges: a long list would take long to compile."""
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


#: Combining marks (category M) of the scripts in use; Python's \w leaves them out, so it splits words of Hindi.
_MARKS = _classed(
    code
    for code in _span((0x300, 0x1DFF), (0x20D0, 0x20F0), (0x302A, 0x302F), (0x3099, 0x309A), (0xA66F, 0xABEF))
    if unicodedata.category(chr(code))[0] == "M"
)
#: Scripts written without spaces, Thai to Han: one character is the smallest word.
_UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u0edc-\u0edf\u1000-\u103f\u1050-\u109f\ua9e0-\ua9fe\uaa60-\uaa7f"
    "\u1780-\u17d3\u3005-\u3007\u3041-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
#: What `segment` cuts: those, and Hangul, since Korean has spaces but glues its particles to the word.
_CUT = _UNSPACED + "\uac00-\ud7a3"
_CLUSTER = re.compile(f"[{_CUT}][{_MARKS}]*")
_HAS_CUT = re.compile(f"[{_CUT}]")
_LETTER = f"[^\\W_{_UNSPACED}]"
#: Letters in a row come first and together: trying each alternative at each letter takes twice as long.
WORD = re.compile(f"{_LETTER}+(?:(?:[{_MARKS}]|['’](?={_LETTER}))+{_LETTER}*)*|[{_UNSPACED}][{_MARKS}]*")


# ---------------------------------------------------------------------------------------------------- folding

#: Letters that no decomposition takes apart, and forms of a letter that people type for one another.
_LETTERS = (
    *zip("ıøłđðħŧ", "iolddht", strict=True),
    *zip("أإآٱىةکیےہۃھ", "اااايهكييههه", strict=True),  # the last six from Persian and Urdu keyboards
    *(("þ", "th"), ("æ", "ae"), ("œ", "oe")),
    ("ँ", "ं"),  # Hindi's two nasal signs are exchanged freely
    *(("\u05be", " "), ("\u200b", " ")),  # the Hebrew maqaf and the zero-width space part words
    ("\0", " "),  # ends a text in C
)
_DROPPED = (
    *((0x300, 0x36F), (0x483, 0x487)),  # marks that no letter was composed with
    *((0x610, 0x61A), (0x640, 0x640), (0x64B, 0x65F), (0x670, 0x670)),  # Arabic harakat and tatweel
    *((0x6D6, 0x6DC), (0x6DF, 0x6E8), (0x6EA, 0x6ED)),  # signs of the Quran
    *((0x591, 0x5BD), (0x5BF, 0x5BF), (0x5C1, 0x5C2), (0x5C4, 0x5C5), (0x5C7, 0x5C7)),  # Hebrew points and accents
    (0x93C, 0x93C),  # the nukta of Hindi, often left out
    *((0xAD, 0xAD), (0x61C, 0x61C), (0x200D, 0x200F), (0x202A, 0x202E), (0x2060, 0x2060), (0x2066, 0x2069)),  # unseen
    *((0xFE00, 0xFE0F), (0xFEFF, 0xFEFF)),
    (0xD800, 0xDFFF),  # lone surrogates can be neither stored nor asked for
)
#: The zeros of the digits that newspapers print: Arabic, Persian, Indian, Bengali, Thai, Lao, Burmese, Khmer.
_ZEROS = "٠۰०০๐໐၀០"


def _folding() -> dict[int, str | None]:
    """The table of `fold`, used after NFKC and casefold."""
    table: dict[int, str | None] = {}
    for code in _span((0xC0, 0x24F), (0x370, 0x52F), (0x1E00, 0x1FFF)):
        base = unicodedata.normalize("NFD", chr(code))[0]
        # й ї ў ѓ ќ are letters of their own, which everybody types; all other marks are often left out.
        if ord(base) != code and chr(code) not in "йїўѓќ":
            table[code] = base
    table.update((code, None) for code in _span(*_DROPPED))
    table.update((ord(zero) + n, str(n)) for zero in _ZEROS for n in range(10))
    table.update((ord(char), plain) for char, plain in _LETTERS)
    return table


_FOLDING = _folding()
#: Zero-width non-joiner: in Persian it parts two words of a compound, elsewhere it only shapes letters.
_NON_JOINER = re.compile("(?<=[\u0620-\u06ff])\u200c(?=[\u0620-\u06ff])")
#: Quotation marks inside Hebrew acronyms, typed in four ways or left out.
_HEBREW_QUOTE = re.compile("(?<=[א-ת])[\"'׳״’”](?=[א-ת])")
#: A nasal without its vowel before a consonant: हिन्दी is written हिंदी as often.
_DEAD_NASAL = re.compile("[ङञणनम]\u094d(?=[\u0915-\u0939])")


def fold(text: str) -> str:
    """The text as searchers type it: NFKC, no case, no points or accents, one form of each letter.

    ё→е, ß→ss, ø→o, ı and İ→i, Arabic أ إ آ→ا, ى→ي, ة→ه; harakat, tatweel and Hebrew points go. Letters that
    everybody types stay (й, ї), and so do the vowel signs of India and South-East Asia. Idempotent.
    """
    if text.isascii():
        return text.lower().replace("\0", " ")
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    if "\u200c" in text:
        text = _NON_JOINER.sub(" ", text).replace("\u200c", "")
    text = text.translate(_FOLDING)
    if "\u094d" in text:
        text = _DEAD_NASAL.sub("\u0902", text)
    if _HEBREW.search(text):
        text = _HEBREW_QUOTE.sub("", text)
    return text


_HEBREW = re.compile("[א-ת]")


def segment(text: str) -> str:
    """The folded text with every character of an unspaced script, with its marks, a word of its own.

    So that FTS5 with `TOKENIZER` finds one and two letters of Chinese or Thai, as a phrase of neighbours.
    """
    folded = fold(text)
    if folded.isascii() or not _HAS_CUT.search(folded):
        return folded
    return _CLUSTER.sub(" \\g<0> ", folded)


# --------------------------------------------------------------------------------------------- words, sentences


def words(text: str) -> list[str]:
    """The words as they stand, without punctuation; each character of an unspaced script counts as one."""
    return [match[0] for match in WORD.finditer(text)]


def count_words(text: str | None) -> int:
    """How many words there are, as `words` counts them."""
    return len(WORD.findall(text)) if text else 0


_ENDS = re.compile(
    '[。！？｡…]+[」』”’）)"]*\\s*(?=\\S)'  # these end a sentence without a space
    "|[.!?…]+[\"'»”’)\\]]*\\s+(?=\\S)"
    "|[؟۔।॥။།።։]+[\"'»”’)\\]]*\\s*(?=\\S)"
)
#: Before a full stop: one letter (an initial), or a short form; a stop after them ends no sentence.
_SHORT = re.compile(
    r"(?i)(?:^|[\s(.])(?:\w|\d{1,2}|[a-z]\.[a-z]|mr|mrs|ms|dr|prof|rev|gen|col|lt|sgt|capt|sen|rep|gov|st|jr|sr|vs|no|nr|art|"
    r"mme|mlle|mm|ca|bzw|usw|vgl|evtl|inkl|ggf|hr|fr|sra|srta|dra|gral|tel|jan|feb|aug|sept|oct|okt|nov|dec|dez|inc|ltd|"
    r"corp|approx|fig|vol|pp|п|г|гг|ул|им|тыс|млн|млрд|руб|т|д|е|см|стр)$"
)


def sentences(paragraph: str) -> list[str]:
    """The sentences of a paragraph in any script, simply: when in doubt, two are left together.

    Joined with nothing between them, they are the paragraph again but for the spaces between sentences.
    """
    out, start = [], 0
    for end in _ENDS.finditer(paragraph):
        mark, after = end[0][0], paragraph[end.end()]
        if mark in ".…!?" and (after.islower() or (mark == "." and _SHORT.search(paragraph[start : end.start()]))):
            continue
        out.append(paragraph[start : end.end()].strip())
        start = end.end()
    out.append(paragraph[start:].strip())
    return [one for one in out if one]


# ---------------------------------------------------------------------------------------------------- queries


@dataclass(frozen=True, slots=True)
class _Term:
    """One word or phrase of a query."""

    text: str
    phrase: bool = False
    prefix: bool = False
    excluded: bool = False


_QUOTES = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "＂": '"', "－": "-", "＊": "*", "\u3000": " "}
)
#: A phrase, or a word: a quotation mark inside a word (as in Hebrew acronyms) belongs to it.
_PIECE = re.compile(r'(-?)"([^"]*)"(\*?)|(-?)((?:[^\s"]|(?<=\w)"(?=\w))+)')
#: Letters, digits and marks in a row: what the index takes for one word, but for scripts that are cut.
_RUN = re.compile(f"(?:[^\\W_]|[{_MARKS}])+")
_TOKEN = re.compile(f"[^\\W_]|[{_MARKS}]")


def match_query(words: str) -> str:
    """A searcher's words as an FTS5 MATCH expression over segmented text; valid for any input.

    words: words that must all be there, "a phrase", begin*, OR between alternatives, NOT word or -word. Arabic words
    are found with and without the article and its particles, Hebrew ones behind their one-letter particles. Raises
    ValueError, with a sentence for the searcher, where nothing searchable is left.
    """
    groups: list[list[_Term]] = [[]]
    negated = False
    pieces = list(_pieces(words[:MAX_QUERY].translate(_QUOTES)))[:MAX_TERMS]
    for piece in pieces:
        if isinstance(piece, str) and len(pieces) > 1:
            if piece == "OR" and groups[-1]:
                groups.append([])
            negated = piece == "NOT"
            continue
        term = _Term(piece) if isinstance(piece, str) else piece
        if _searchable(term.text):
            groups[-1].append(_Term(term.text, term.phrase, term.prefix, term.excluded or negated))
        negated = False
    wanted = [expression for group in groups if (expression := _together(group))]
    if wanted:
        return " OR ".join(wanted)
    if any(groups):
        raise ValueError("Every word is excluded: name at least one word that must be there.")
    raise ValueError("There is nothing to search for: name a word with at least one letter or digit.")


def sought(words: str) -> list[tuple[str, bool]]:
    """(folded word, whether it may go on) of everything that a query asks for, to mark it in a text; never raises.

    Every spelling of a word comes by itself, and every word of a phrase; what is excluded does not come.
    """
    found: dict[tuple[str, bool], None] = {}
    negated = False
    for piece in list(_pieces(words[:MAX_QUERY].translate(_QUOTES)))[:MAX_TERMS]:
        if isinstance(piece, str):
            negated = piece == "NOT"
            continue
        if not (piece.excluded or negated):
            folded = fold(piece.text)
            for spelling in [folded] if piece.phrase else _spellings(folded):
                parts = _RUN.findall(spelling)
                found.update(((part, piece.prefix and part == parts[-1]), None) for part in parts)
        negated = False
    return list(found)


def marks(text: str, wanted: Iterable[tuple[str, bool]]) -> Iterator[tuple[int, int, str]]:
    """(start, end, word) of every word of a text that `sought` named, in order.

    In scripts written without spaces, and in Korean, a word is found anywhere; elsewhere as a whole, or its beginning.
    """
    plain = [(word, goes_on) for word, goes_on in wanted if word]
    if not plain:
        return
    folded = fold(text)
    found = sorted(place for pair in plain for place in _places(folded, *pair))
    # Most texts keep their length when they are folded, so that places in one are places in the other.
    if len(folded) == len(text) and all(fold(text[start:end]) == folded[start:end] for start, end, _ in found):
        end = 0
        for place in found:
            if place[0] >= end:
                end = place[1]
                yield place
    elif found:
        yield from _run_by_run(text, plain)


def _places(folded: str, word: str, goes_on: bool) -> Iterator[tuple[int, int, str]]:
    """Where a folded word stands in a folded text."""
    inside = _HAS_CUT.search(word) is not None
    at = folded.find(word)
    while at >= 0:
        end = at + len(word)
        if inside:
            yield at, end, word
        elif not (at and _RUN.match(folded, at - 1)):
            rest = _RUN.match(folded, end)
            if goes_on or rest is None:
                end = rest.end() if rest else end
                yield at, end, word
        at = folded.find(word, end)


def _run_by_run(text: str, wanted: list[tuple[str, bool]]) -> Iterator[tuple[int, int, str]]:
    """The same for a text whose folded form has another length: slower, run of letters by run of letters."""
    for run in _RUN.finditer(text):
        folded = fold(run[0])
        for word, goes_on in wanted:
            if folded == word or (goes_on and folded.startswith(word)):
                yield run.start(), run.end(), word
                break
            if _HAS_CUT.search(word) and word in folded:
                yield from ((run.start() + a, run.start() + b, word) for a, b in _inside(run[0], folded, word))
                break


def _inside(run: str, folded: str, word: str) -> Iterator[tuple[int, int]]:
    """Where a folded word stands in a run of letters; the whole run where that cannot be told."""
    places = [place for place, char in enumerate(run) for _ in fold(char)]
    if len(places) != len(folded):
        yield 0, len(run)
        return
    at = folded.find(word)
    while at >= 0:
        yield places[at], places[at + len(word) - 1] + 1
        at = folded.find(word, at + len(word))


def _pieces(words: str) -> Iterator[_Term | str]:
    """Terms, and the operators AND, OR, NOT as plain strings."""
    for match in _PIECE.finditer(words):
        if match[2] is not None:
            yield _Term(match[2], phrase=True, prefix=bool(match[3]), excluded=bool(match[1]))
        elif match[0] in ("AND", "OR", "NOT"):
            yield match[0]
        else:
            text = match[5]
            yield _Term(text.rstrip("*"), prefix=text.endswith("*"), excluded=bool(match[4]))


def _searchable(text: str) -> bool:
    return _TOKEN.search(fold(text)) is not None


def _together(group: list[_Term]) -> str:
    """`a AND b NOT (c OR d)`; empty where nothing is asked for but only excluded."""
    wanted = [_asked(term) for term in group if not term.excluded]
    excluded = [_asked(term) for term in group if term.excluded]
    if not wanted:
        return ""
    expression = " AND ".join(wanted)
    return f"(({expression}) NOT ({' OR '.join(excluded)}))" if excluded else f"({expression})"


def _asked(term: _Term) -> str:
    """One term as FTS5 asks for it: every spelling as a quoted phrase."""
    spellings = [fold(term.text)] if term.phrase else _spellings(fold(term.text))
    star = " *" if term.prefix else ""
    quoted = ['"' + " ".join(segment(one).replace('"', " ").split()) + '"' + star for one in spellings]
    return quoted[0] if len(quoted) == 1 else f"({' OR '.join(quoted)})"


_ARABIC_WORD = re.compile("[\u0621-\u064a]+")
_HEBREW_WORD = re.compile("[א-ת]+")
#: "the", "and the", "by the", "like the", "so the"; then "to the" and the bare particles.
_ARABIC_FRONT = ("ال", "وال", "بال", "كال", "فال", "لل", "ولل", "و", "ب", "ل", "ف", "ك")
_HEBREW_FRONT = ("ה", "ו", "ב", "ל", "מ", "ש", "כ", "וה", "וב", "ול", "ומ", "שה", "מה")


def _spellings(word: str) -> list[str]:
    """The folded word, then the forms that it takes in a sentence where its script glues particles to it."""
    if _ARABIC_WORD.fullmatch(word):
        stem = _bare(word)
        if len(stem) < 3:
            return [word]
        forms: Iterable[str] = (front + stem for front in _ARABIC_FRONT)
        # ل + ال + ليل is written لليل: three lams never stand together.
        forms = (form.replace("للل", "لل") for form in forms)
        return list(dict.fromkeys([word, stem, *forms]))
    if _HEBREW_WORD.fullmatch(word) and len(word) >= 3:
        # Asked for with its article, it is found without, and behind the particles that take the article's place.
        stem = word[1:] if word.startswith("ה") and len(word) >= 4 else word
        return list(dict.fromkeys([word, stem, *(front + stem for front in _HEBREW_FRONT)]))
    return [word]


def _bare(word: str) -> str:
    """An Arabic word without its article, and without a particle before that; the word itself where it has none."""
    for front in ("وال", "بال", "كال", "فال", "ال", "ولل", "لل"):
        if word.startswith(front) and len(word) - len(front) >= 3:
            return word[len(front) :]
    return word
