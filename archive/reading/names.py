"""split_names(text): the names in a byline, and named(text): what a line says of who wrote it.

The words round names ("by", "text:", "correspondent", "photo:") are data with their languages: `byline_words.tsv`.
"""

from __future__ import annotations

import re
from functools import cache

from archive.data import table
from archive.lines import key_of, line

MAX_NAMES = 500  # characters of what names the authors

#: Marks that part two names.
_MARKS = r"[,;/|·•،、，；／＝&+・]"
_PARTS = re.compile(r"\s*[|·•–—]\s*")
#: Marks behind a label: "文／", "Հեղինակ՝", "글=".
_COLON = r"\s*[:：՝፦៖=＝／/・･]\s*"
_TRIM = " -–—|:：·•,，、\"'“”„*【】[]▲■◆"
#: How a name and a date share a line: "Ana Ruiz | 3.4.2026", "3 April 2026, Ana Ruiz".
_DATED = re.compile(r"\d{1,4}[./\-年: ].*$")
_SOLID = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")  # scripts whose names are one word
_MAX_SOLID = 8  # characters of a name in one of them


def split_names(text: str, *, shown: bool = False) -> list[str]:
    """The names in a byline. A place, an address, a job or a whole sentence is no name.

    shown: the text is a line written for readers, where "di", "da", "von" before a name mean "by"; in data and meta
    tags they belong to the name.
    """
    text = re.sub(r"\([^()]{0,100}\)|\S{1,80}@\S{1,80}|https?://\S{1,200}|^@", " ", line(text)[:MAX_NAMES])
    text = _without_label(_own_part(text.strip(_TRIM)), shown=shown)
    text = _suffixed().sub(r"\0\1", text)  # "King, Jr." is one name
    found: list[str] = []
    job = False
    for number, part in enumerate(_joined(_between().split(text))):
        name = part.strip(_TRIM).replace("\0", ", ")
        if number:
            name = _without_label(name, shown=shown)
        if shown:
            name = _placed().sub(r"\1", name)
        # An initial keeps its point, and so does "Jr."
        name = name if re.search(r"(?:^|\s)\w\.$|, \w+\.$", name) else name.rstrip(".").strip()
        if job and len(name.split()) < 2 and not _SOLID.search(name):
            continue  # what the job is about: "correspondent for trade, energy"
        job = bool(found) and _is_job(name)
        name = _after().sub("", name).strip()
        if not job and _is_name(name):
            found.append(name)
    return found


def named(text: str) -> str:
    """What a short line says of who wrote it, behind "by", "text:" and the like; "" where it says nothing."""
    if len(text) > 100 or text.endswith((".", "!", "?", "。")):
        return ""
    for edited in (False, True):
        for part in (piece.strip() for whole in _PARTS.split(text) for piece in _labelled_pieces(whole)):
            if edited and _label("edited").match(part):
                return _DATED.sub("", _label("edited").sub("", part))
            if not edited and _without_label(part, shown=True) != part:
                return _DATED.sub("", part)
            if not edited and (match := _job_behind().match(part)):
                return match[1]
            # "4.11.2026, 9:30 par Claire Dampierre"
            if not edited and (match := _dated_by().search(part)):
                return _DATED.sub("", match[1])
    return ""


def undated(text: str) -> str:
    """A byline without the date behind the names."""
    return _DATED.sub("", text)


def beside_date(text: str) -> str:
    """The names in a line that has a date as well, parted by a mark; "" where there are none."""
    parts = [part.strip() for part in _PARTS.split(text)]
    if len(parts) < 2 or not any(re.search(r"\d{4}|\d{1,2}:\d\d", part) for part in parts):
        return ""
    return next((part for part in parts if not re.search(r"\d", part) and 2 <= len(part.split()) <= 6), "")


def plausible(name: str) -> bool:
    """Whether a shown name can be a person's or a house's: capital or caseless letters, no figures, few words."""
    words = name.split()
    return (
        len(words) <= 5
        and not re.search(r"\d|^©|[!?:]", name)
        and not _is_small(name[0])
        and (len(words) > 1 or len(name) <= 20)
        and not any(len(word) > 25 for word in words)
        and all(not _is_small(word[0]) or word.lower() in _words("small") for word in words)
    )


def _is_small(char: str) -> bool:
    """Whether a letter has a capital that begins names; Georgian letters have capitals that never do."""
    return char != char.title()


def is_person(name: str) -> bool:
    """Whether a name has a person's form: two words, or a few characters of a script that parts none."""
    if len(name.split()) > 1:
        return True
    return _SOLID.match(name) is not None and 2 <= len(name) <= _MAX_SOLID and not is_house(name)


def is_house(name: str) -> bool:
    """Whether a name ends as those of newspapers and stations do, in a script without spaces."""
    return any(name.endswith(word) for _, word in table("outlet_words"))


def is_nobody(name: str) -> bool:
    """Whether a name is what publishing systems put where nobody is named: "admin"."""
    return name.casefold() in _words("nobody")


def is_photo_credit(text: str) -> bool:
    """Whether a line says whose a picture is: "Photo: …", "© …", "Ana Ruiz/Getty"."""
    return text.lstrip("( [").startswith(("©", "ⓒ", "Ⓒ", "(c)")) or _photo_words().search(text) is not None


# -- the parts of a byline -----------------------------------------------------------------------------------------


def _is_name(name: str) -> bool:
    return (
        1 < len(name) <= 60
        and len(name.split()) <= 6
        and any(char.isalpha() for char in name)
        and not re.search(r"\d{3}|[<>{}]", name)
        and key_of(name) not in _bare_words()
        and not is_nobody(name)
    )


def _is_job(part: str) -> bool:
    """Whether a part of a byline is a job, a desk or a place of report, beside a name."""
    words = [piece.strip(".") for word in part.casefold().split() for piece in (word, *word.split("-"))]
    roles = _words("role")
    long = tuple(one for one in roles if len(one) >= 8 or _SOLID.match(one))
    return any(word in roles or (word.endswith(long) and len(word) > 2) for word in words)


def _joined(parts: list[str]) -> list[str]:
    """The parts split further at words that stand within names as well, where both sides are whole names."""
    found = []
    for part in parts:
        pieces = _within().split(part)
        merged = pieces[:1]
        for at in range(1, len(pieces), 2):
            mark, piece = pieces[at], pieces[at + 1]
            if len(piece.split()) > 1 and len(merged[-1].split()) > 1:
                merged.append(piece)
            else:
                merged[-1] = f"{merged[-1]} {mark} {piece}"
        found += merged
    return found


def _own_part(text: str) -> str:
    """Of a line with several labels ("Text: … Photo: …") what belongs to the authors'."""
    pieces = _labelled_pieces(text)
    kinds = ("photo", "edited", "other")
    if len(pieces) == 1 and not any(_label(kind).match(text) for kind in kinds):
        return text
    for piece in pieces:
        if _label("label").match(piece):
            return piece
    if free := [one for one in pieces if not any(_label(kind).match(one) for kind in kinds)]:
        return free[0]
    return next((_label("edited").sub("", one) for one in pieces if _label("edited").match(one)), "")


def _labelled_pieces(text: str) -> list[str]:
    """The line cut before each of its labels: a word of the lists with a colon."""
    return [piece for piece in _labels().split(text) if piece.strip()] or [text]


def _without_label(text: str, *, shown: bool) -> str:
    """The text without "text:", "by" and the like at its beginning."""
    text = (_shown_label() if shown else _label("label")).sub("", text)
    return (_shown_by() if shown else _by()).sub("", text)


def _bare_words_of(*kinds: str) -> set[str]:
    return {key_of(word) for _, word, kind in table("byline_words") if kind in kinds}


@cache
def _bare_words() -> frozenset[str]:
    """Labels as keys: one that stands alone is no name."""
    return frozenset(_bare_words_of("by", "label", "photo", "edited", "other"))


@cache
def _words(kind: str) -> frozenset[str]:
    return frozenset(word.casefold() for _, word, one in table("byline_words") if one == kind)


def _any_of(*kinds: str) -> str:
    words = {word for _, word, kind in table("byline_words") if kind in kinds}
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


@cache
def _label(kind: str) -> re.Pattern[str]:
    """A label with its colon, as data and meta tags have it too."""
    return re.compile(rf"^(?:(?:{_any_of(kind)}){_COLON})+", re.IGNORECASE)


@cache
def _labels() -> re.Pattern[str]:
    """Where a label with a colon begins, within a line."""
    kinds = _any_of("label", "photo", "edited", "other")
    return re.compile(rf"(?:(?<=[\s、，,;；])|(?<=[\u3400-\u9fff])\s?)(?=(?:{kinds})\s*[:：՝፦៖])", re.IGNORECASE)


@cache
def _photo_words() -> re.Pattern[str]:
    """A word for a picture with its colon, or at the beginning of the line ("Photo by", "Foto Ana Ruiz")."""
    words = _any_of("photo")
    return re.compile(rf"(?:^|(?<=\W))(?:{words}){_COLON}|^\W*(?:{words})\s|Getty\b|Shutterstock\b", re.IGNORECASE)


@cache
def _shown_label() -> re.Pattern[str]:
    """A label as lines show it, with a space for a colon; before a name in ideographs with neither."""
    solid = "|".join(
        re.escape(word) for _, word, kind in table("byline_words") if kind == "label" and len(word) > 1
        and _SOLID.match(word)
    )  # fmt: skip
    return re.compile(
        rf"^(?:(?:{_any_of('label')})(?:{_COLON}|\s+)|(?:{solid})(?=[\u3400-\u9fff]{{2,4}}(?:$|[\s／/、,，])))+",
        re.IGNORECASE,
    )


@cache
def _by() -> re.Pattern[str]:
    return re.compile(rf"^(?:{_any_of('by')})(?:\s*[:：]\s*|\s+)", re.IGNORECASE)


@cache
def _shown_by() -> re.Pattern[str]:
    # Markup may leave no gap: "ByInes Corrado".
    joined = "|".join(sorted({word.title() for word in _words("by") if word.isascii() and " " not in word}))
    spaced = rf"(?:{_any_of('by', 'particle')})(?:\s*[:：]\s*|\s+)"
    return re.compile(rf"^(?:{spaced}|(?-i:(?:{joined})(?=[A-Z][a-z]+\s[A-Z])))", re.IGNORECASE)


@cache
def _dated_by() -> re.Pattern[str]:
    """A name behind a date and "by" in one run of a line."""
    named = rf"(?:{_any_of('by', 'particle')})\s.{{3,80}}|(?:{_any_of('label')})(?:{_COLON}|\s+).{{2,80}}"
    return re.compile(rf"\d[^\d|]{{0,12}}?\s({named})$", re.IGNORECASE)


@cache
def _job_behind() -> re.Pattern[str]:
    """A name in ideographs or syllables with its bearer's job behind it, at the beginning of a line."""
    solid = "[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
    return re.compile(rf"^({solid}{{2,8}}?)\s?(?:{_any_of('after')})(?=$|[\s|=(\[（／/]|{_any_of('other')})")


@cache
def _between() -> re.Pattern[str]:
    """What parts names: marks, and "and" where it stands between words in small letters ("A. Ruiz und B. Meier")."""
    words = rf"(?:{_any_of('and')}|AND|And)\s|و(?=\w)"
    return re.compile(rf"\s*(?:{_MARKS}(?:\s(?:{words}))?|\s(?:{words}))\s*")


@cache
def _within() -> re.Pattern[str]:
    """Words for "and" that stand within names too: Costa e Silva, Ortega y Gasset, Puig i Cadafalch."""
    return re.compile(rf"\s({_any_of('within')})\s")


@cache
def _suffixed() -> re.Pattern[str]:
    """A comma before what belongs to the name: "Jr.", "III"."""
    return re.compile(rf",\s+((?:{_any_of('suffix')})\.?)(?=$|[\s,;|&])", re.IGNORECASE)


@cache
def _after() -> re.Pattern[str]:
    """A job behind a name in ideographs or syllables, with or without a gap: 佐藤美咲記者."""
    return re.compile(rf"(?<=\w)\s*(?:{_any_of('after')})$")


@cache
def _placed() -> re.Pattern[str]:
    """A name of two words or more and the place that its bearer reports from."""
    return re.compile(rf"^(\S+(?:\s\S+){{1,3}}?)\s(?:{_any_of('place')})\s[^\W\d_a-z].*$")
