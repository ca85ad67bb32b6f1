"""written_dates(text, language, ...): the dates that a line shows, in any language, calendar and way of writing.

Months' names, the words for before and after noon, and whether the day or the month stands first are CLDR's, as
dateparser carries them; what it lacks is in `archive/data/month_names.tsv` and `date_words.tsv`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import import_module
from typing import Any

from archive.data import table

_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
#: Where dateparser calls a language otherwise, or keeps it in two scripts.
_LOCALES = {"no": ("nb",), "sr": ("sr", "sr-Latn"), "bs": ("bs", "bs-Cyrl"), "uz": ("uz", "uz-Cyrl"), "tl": ("fil",)}
#: Regions where the month is written first, whatever the language: 10/4/2026 is the fourth of October.
_MONTH_FIRST = frozenset(("us", "ph", "pr", "pa", "gu", "fm", "pw"))

_YEAR_FIRST = re.compile(
    r"(?<![\d./:-])(\d{4})(?:\s?([./-])\s?(\d{1,2})\s?\2\s?|\s?[年년]\s?()(\d{1,2})\s?[月월]\s?)(\d{1,2})(?!\d|\s?[:：]\d)"
    r"[日일号號]?"
)
_DAY_FIRST = re.compile(r"(?<![\d./:-])(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4}|\d\d(?![.:/]?\d))(?!\d)")
_YEAR = re.compile(r"(?<![\d.,/-])(?:19|20|25|1[34])\d\d(?!\d|[.,]\d)")
_DAY = re.compile(r"(\d{1,2})(?!\d)\S{0,3}")
_CLOCK = re.compile(
    r"(?<![\d.,:/])([01]?\d|2[0-3])(?:\s?([:：])\s?|([.])|\s?[時时點点시hHг]\s?)([0-5]\d)(?!\d|[.,]\d|\s?%)(?::[0-5]\d)?"
)
_GAP = 45  # characters between a date and the time of day that belongs to it
_WORD_GAP = 45  # … and between a year and its month


@dataclass(frozen=True, slots=True)
class Written:
    """A date as ISO 8601, with the time of day where one is shown; where it stands; whether it is called a change."""

    value: str
    start: int
    end: int
    changed: bool


def written_dates(text: str, language: str | None = None, region: str | None = None) -> list[Written]:
    """The dates in a line, in order, each with the time of day beside it.

    language: ISO 639 code; region: ISO 3166 code, where the page names one. A date such as 3/4/2026 is none where the
    language leaves open which of the two is the month.
    """
    text = figures(text)
    if sum(char.isdigit() for char in text) < 5:
        return []
    found = _days(text, language, region)
    ends = [0, *(end for _, end, _ in found)]
    starts = [*(start for start, _, _ in found[1:]), len(text)]
    written = []
    for (start, end, day), before, after in zip(found, ends, starts, strict=False):
        clock = _clock(text[end : min(after, end + _GAP)], language)
        if clock is None and not before:
            clock = _clock(text[max(0, start - _GAP) : start], language, last=True)
        changed = called_changed(text[max(before, start - _GAP) : start])
        written.append(Written(day if clock is None else f"{day}T{clock}", start, end, changed))
    return written


def called_changed(text: str) -> bool:
    """Whether the words before a date call it that of a change: "updated", "Stand", "mis à jour"."""
    return _changed().search(_fold(text)) is not None


def figures(text: str) -> str:
    """The text with the digits of every script as ASCII ones."""
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.digit(char)) if not char.isascii() and unicodedata.digit(char, -1) >= 0 else char
        for char in text
    )


def without_dates(text: str, written: Sequence[Written]) -> str:
    """What is left of a line without its dates and times of day."""
    text = figures(text)
    for one in reversed(written):
        text = text[: one.start] + " " + text[one.end :]
    return " ".join(_CLOCK.sub(" ", text).split())


# -- days ----------------------------------------------------------------------------------------------------------


def _days(text: str, language: str | None, region: str | None) -> list[tuple[int, int, str]]:
    """(start, end, day) of every date in the line, in order; of two that overlap the first."""
    found: list[tuple[int, int, str]] = []
    for start, end, day in sorted((*_in_figures(text, language, region), *_with_names(text, language))):
        if not found or start >= found[-1][1]:
            found.append((start, end, day))
    return found


def _in_figures(text: str, language: str | None, region: str | None) -> Iterator[tuple[int, int, str]]:
    for match in _YEAR_FIRST.finditer(text):
        year, month, day = int(match[1]), int(match[3] or match[5]), int(match[6])
        if built := _day(year, month, day, language):
            yield match.start(), match.end(), built
    for match in _DAY_FIRST.finditer(text):
        day, mark, month, year = int(match[1]), match[2], int(match[3]), int(match[4])
        if year < 100:
            if mark == "-":
                continue  # 10-11-12 may begin with the year
            year += 2000
        if mark != "." and day <= 12 and month <= 12 and day != month and not day_first(language, region):
            continue  # 3/4/2026 is April here and March there
        if month > 12:
            day, month = month, day
        if built := _day(year, month, day, language):
            yield match.start(), match.end(), built


def day_first(language: str | None, region: str | None) -> bool:
    """Whether the day surely stands before the month in a date in figures: by CLDR, for the language and region."""
    if language is None or (region or "").lower() in _MONTH_FIRST:
        return False
    locales = _locales(language)
    order = next((one.get("date_order") for one in locales if one.get("date_order")), None)
    if language == "en":
        own = (locales[0] if locales else {}).get("locale_specific", {}).get(f"en-{(region or '').upper()}", {})
        order = own.get("date_order")
    return order == "DMY"


def _with_names(text: str, language: str | None) -> Iterator[tuple[int, int, str]]:
    """Dates with the name of their month: 4 November 2026, November 4, 2026, 2026. november 4."""
    for match in _YEAR.finditer(text):
        year = int(match[0])
        months = _jalali_months() if _is_jalali(year, language) else _months(language)
        before = _pieces(text, max(0, match.start() - _WORD_GAP), match.start())
        if (named := _before_year(before, months)) is not None:
            start, month, day = named
            if built := _day(year, month, day, language):
                yield start, match.end(), built
            continue
        after = _pieces(text, match.end(), match.end() + 30)
        if (named := _after_year(after, months)) is not None:
            end, month, day = named
            if built := _day(year, month, day, language):
                yield match.start(), end, built


def _pieces(text: str, start: int, end: int) -> list[tuple[str, int, int]]:
    """(word, where it begins, where it ends) between two places of the text."""
    return [
        (match[0], match.start(), match.end()) for match in re.compile(r"[^\s,،/()·•|_–—-]+").finditer(text, start, end)
    ]


def _before_year(pieces: list[tuple[str, int, int]], months: dict[str, int]) -> tuple[int, int, int] | None:
    """(where the date begins, month, day) by the words before a year."""
    pieces = pieces[-8:]
    for at in range(len(pieces) - 1, max(-1, len(pieces) - 6), -1):
        month, size = _month(pieces, at, months)
        if not month:
            continue
        first = at - size + 1
        for place in (at + 1, at + 2):  # October 24, 2026; October the 24th, 2026
            if place < len(pieces) and (day := _day_of(pieces[place][0])):
                return pieces[first][1], month, day
        # 24 de octubre; 24 أكتوبر/تشرين الأول, where the month has two names
        for place in range(first - 1, max(-1, first - 4), -1):
            if day := _day_of(pieces[place][0]):
                return pieces[place][1], month, day
            other, _ = _month(pieces, place, months)
            if other and other != month:
                break
        return None
    return None


def _after_year(pieces: list[tuple[str, int, int]], months: dict[str, int]) -> tuple[int, int, int] | None:
    """(where the date ends, month, day) by the words behind a year: 2026. október 24., 2026 m. spalio 24 d."""
    for at in range(min(3, len(pieces))):
        month, _ = _month(pieces, at, months)
        if month and at + 1 < len(pieces) and (day := _day_of(pieces[at + 1][0])):
            return pieces[at + 1][2], month, day
    return None


def _month(pieces: list[tuple[str, int, int]], at: int, months: dict[str, int]) -> tuple[int, int]:
    """(the month that ends with this word, its number of words), (0, 0) for none."""
    for size in (2, 1):
        if at - size + 1 >= 0:
            name = _fold(" ".join(word for word, _, _ in pieces[at - size + 1 : at + 1])).replace(".", "")
            month = months.get(name) or months.get(re.sub("^(?:d|l|de|ב|ל)['’]", "", name))
            if month:
                return month, size
    return 0, 0


def _day_of(word: str) -> int:
    """The day in a word such as 4, 4., 4th, 1er, 24-ին; 0 where it is none."""
    match = _DAY.fullmatch(word)
    return int(match[1]) if match and 1 <= int(match[1]) <= 31 and ":" not in word else 0


def _day(year: int, month: int, day: int, language: str | None) -> str | None:
    """A day of our calendar, of the web's years; Buddhist and Jalali years are turned into ours."""
    if language == "th" and 2530 <= year < 2600:
        year -= 543
    if _is_jalali(year, language):
        from dateparser.calendars.jalali import JalaliCalendar

        try:
            return str(JalaliCalendar(f"{year}/{month:02}/{day:02}").get_date().date_obj.date().isoformat())
        except Exception:  # noqa: BLE001 - a library for any text: what it trips over is no date
            return None
    try:
        return date(year, month, day).isoformat() if 1990 <= year < 2100 else None
    except ValueError:
        return None


def _is_jalali(year: int, language: str | None) -> bool:
    return language == "fa" and 1300 <= year < 1500


# -- the time of day -----------------------------------------------------------------------------------------------


def _clock(text: str, language: str | None, *, last: bool = False) -> str | None:
    """The first time of day in a stretch of a line, as HH:MM:00; with `last` one that ends the stretch, or nearly."""
    half = _half(language)
    for match in _CLOCK.finditer(text):
        hour, minute, following = int(match[1]), match[4], text[match.end() :]
        if (match[2] or match[3]) and _length().match(_fold(following)):
            continue  # 5:45 min: how long, not when
        if match[3] and len(match[1]) == 1 and following[:1].isalpha():
            continue
        if last and len(re.sub(r"[\W\d_]+", "", following)) > 6:
            continue
        hour_shown = half(hour, _fold(text[: match.start()]), _fold(following))
        return f"{hour_shown:02}:{minute}:00" if hour_shown is not None else None
    return None


@cache
def _half(language: str | None) -> Callable[[int, str, str], int | None]:
    """(hour, what stands before it, what behind) -> the hour of 24; None where the words contradict the hour."""
    halves: dict[str, set[str]] = {"am": {"am", "a m"}, "pm": {"pm", "p m"}, "night": set()}
    for one in _locales(language):
        for kind in ("am", "pm"):
            halves[kind].update(_fold(word).replace(".", "") for word in one.get(kind) or [])
    for code, word, kind in table("date_words"):
        if kind in halves and code == language:
            halves[kind].add(_fold(word).replace(".", ""))
    kinds = {word: kind for kind, words in halves.items() for word in words}
    longest = sorted(kinds, key=len, reverse=True)
    spelled = "|".join(r"\.?\s?".join(map(re.escape, word.replace(" ", ""))) for word in longest)
    before = re.compile(rf"(?<![^\W\d_])({spelled})\.?\s?$")
    behind = re.compile(rf"\s?({spelled})\.?(?![^\W\d_])")

    def shown(hour: int, ahead: str, following: str) -> int | None:
        match = behind.match(following) or before.search(ahead)
        if match is None:
            return hour
        kind = kinds[next(one for one in longest if one.replace(" ", "") == re.sub(r"[.\s]", "", match[1]))]
        if kind == "night":  # eight in the evening, one at night; midnight is of either day
            return None if hour == 12 else hour + 12 if 5 <= hour < 12 else hour
        if kind == "pm":
            return hour + 12 if hour < 12 else hour
        return 0 if hour == 12 else hour if hour < 12 else None

    return shown


# -- words ---------------------------------------------------------------------------------------------------------


def _fold(text: str) -> str:
    """The text in one case, without accents and vowel marks: as names of months are compared."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text)
    folded = "".join(char for char in apart if unicodedata.category(char) not in ("Mn", "Cf")).casefold()
    return folded.replace("ı", "i")


@cache
def _locales(language: str | None) -> list[dict[str, Any]]:
    """dateparser's CLDR data for a language, [] where it has none."""
    found = []
    for name in _LOCALES.get(language or "", (language or "",)):
        if re.fullmatch(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?", name):
            try:
                found.append(import_module(f"dateparser.data.date_translation_data.{name}").info)
            except ModuleNotFoundError:
                continue
    return found


@cache
def _months(language: str | None) -> dict[str, int]:
    """Month by name: English ones, since page templates often are, then the language's own."""
    found: dict[str, int] = {}
    for one in (*_locales("en"), *_locales(language)):
        for number, key in enumerate(_MONTHS, 1):
            found.update((_fold(name).replace(".", ""), number) for name in one.get(key) or [])
    for code, name, number_of in table("month_names"):
        if code in (language, "en"):
            found[_fold(name).replace(".", "")] = int(number_of)
    return found


@cache
def _jalali_months() -> dict[str, int]:
    return {_fold(name): int(number) for code, name, number in table("month_names") if code == "fa-jalali"}


@cache
def _changed() -> re.Pattern[str]:
    """What stands before the date of a change: "updated", "Stand", "mis à jour"."""
    words = sorted({re.escape(_fold(word)) for _, word, kind in table("date_words") if kind == "changed"}, key=len)
    return re.compile(rf"(?<![^\W\d_])(?:{'|'.join(reversed(words))})")


@cache
def _length() -> re.Pattern[str]:
    """What makes figures a length of time: minutes."""
    words = sorted({re.escape(_fold(word)) for _, word, kind in table("date_words") if kind == "length"}, key=len)
    return re.compile(rf"\s?-?(?:{'|'.join(reversed(words))})(?![^\W\d_])")
