"""When an article was published and changed, in ISO 8601 with as much as the page gives: a day, a time, a zone.

Asked in this order: JSON-LD, meta tags, marked elements, the text near the headline (month names of any language by
dateparser), the URL. A source that agrees with an earlier one and says more (a time, a zone) completes it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from archive.lines import line
from archive.reading.pages import Page, kinds, strings, text_of

Note = dict[str, Any]

_PUBLISHED = (
    "article:published_time",
    "og:published_time",
    "og:article:published_time",
    "article:published",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime",
    "pubdate",
    "publishdate",
    "publish-date",
    "publish_date",
    "publication_date",
    "dc.date.issued",
    "dcterms.created",
    "dc.date.created",
    "dc.date",
    "dcterms.date",
    "date",
    "citation_publication_date",
    "originalpublicationdate",
    "article.published",
    "article_date_original",
    "og:pubdate",
    "last-published-date",
    "rnews:datepublished",
)
_MODIFIED = (
    "article:modified_time",
    "og:updated_time",
    "article:updated_time",
    "datemodified",
    "lastmod",
    "last-modified",
    "dcterms.modified",
    "dc.date.modified",
    "modified",
    "article.updated",
    "revised",
    "rnews:datemodified",
)
_ZONES = {
    "UTC": 0,
    "GMT": 0,
    "Z": 0,
    "CET": 60,
    "CEST": 120,
    "MEZ": 60,
    "MESZ": 120,
    "EET": 120,
    "EEST": 180,
    "MSK": 180,
    "BST": 60,
    "WEST": 60,
    "WET": 0,
    "EST": -300,
    "EDT": -240,
    "CDT": -300,
    "MST": -420,
    "MDT": -360,
    "PST": -480,
    "PDT": -420,
    "JST": 540,
    "KST": 540,
    "HKT": 480,
    "SGT": 480,
    "WIB": 420,
    "PKT": 300,
}
_JAVASCRIPT = re.compile(r"^(\w{3}) (\w{3}) (\d{1,2}) (\d{4}) (\d\d:\d\d(?::\d\d)?) (?:GMT|UTC)?([+-]\d{4})")
_UNIX = re.compile(r"^(\w{3}) (\w{3}) (\d{1,2}) (\d\d:\d\d:\d\d) ([A-Z]{1,5}) (\d{4})$")
_WRITTEN = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T\s]+(\d{1,2})[:時h](\d{2})(?::(\d{2}))?)?")
_ISO = re.compile(
    r"^(\d{4})-?(\d\d)-?(\d\d)(?:[T\s]+(\d\d):?(\d\d)(?::?(\d\d)(?:[.,:](\d{1,9}))?)?\s*(Z|[A-Z]{2,5}|[+-]\s*\d\d:?\d\d|[+-]\d\d)?)?"
)


def iso_time(text: str) -> str | None:
    """A written time in ISO 8601, with as much as was written: a day alone, a time, a zone. None where it is none."""
    text = line(text)[:60]
    if re.fullmatch(r"1\d{9}(?:\d{3})?", text):
        return datetime.fromtimestamp(int(text[:10]), UTC).isoformat()
    if match := _ISO.match(text):
        return _iso(match)
    if match := _WRITTEN.match(text):
        return _built(match.groups())
    if match := _JAVASCRIPT.match(text):
        text = f"{match[1]}, {match[3]} {match[2]} {match[4]} {match[5]} {match[6]}"
    elif match := _UNIX.match(text):
        minutes = _ZONES.get(match[5])
        zone = (
            "-0000"
            if minutes is None
            else f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
        )
        text = f"{match[1]}, {match[3]} {match[2]} {match[6]} {match[4]} {zone}"
    if not re.search(r"\d{1,2}:\d\d", text):
        return None
    try:
        return parsedate_to_datetime(text).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _iso(match: re.Match[str]) -> str | None:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    base = _built((year, month, day, hour, minute, second), micro)
    if base is None or hour is None:
        return base
    if not zone:
        return base
    if zone[0] in "+-":
        digits = re.sub(r"\D", "", zone).ljust(4, "0")
        return f"{base}{zone[0]}{digits[:2]}:{digits[2:4]}" if int(digits[:2]) < 24 and int(digits[2:4]) < 60 else base
    minutes = _ZONES.get(zone)
    return (
        base
        if minutes is None
        else f"{base}{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    )


def _built(numbers: Sequence[str | int | None], micro: int = 0) -> str | None:
    """Year, month, day and what is known of hour, minute, second in ISO 8601; None for a day that never was."""
    year, month, day, *clock = (int(one) if one is not None else None for one in numbers)
    hour, minute, second = (*clock, None, None, None)[:3]
    try:
        built = datetime(year or 0, month or 0, day or 0, hour or 0, minute or 0, second or 0, micro)
    except ValueError:
        return None
    return built.date().isoformat() if hour is None else built.isoformat()


def times(
    page: Page,
    captured_at: datetime,
    near: Sequence[str] = (),
    language: str | None = None,
    formats: Sequence[str] = (),
) -> tuple[str | None, Note, str | None, Note]:
    """(published, its note, modified, its note). A time later than the capture is refused and noted.

    near: the lines round the headline, asked where nothing is marked up. formats: how the site writes dates there, as
    `datetime.strptime` takes them; they are asked before all other readings of these lines.
    """
    refused: list[str] = []
    published, note = _first(_claims(page, "datePublished", _PUBLISHED), captured_at, refused)
    modified, changed = _first(_claims(page, "dateModified", _MODIFIED), captured_at, refused)
    for claims in (_shown_times(page), _read_times(near, language, captured_at, formats), _url_days(page.url)):
        if published is None or len(published) <= 10:
            value, found = _first(claims, captured_at, refused)
            if value is not None and (published is None or value.startswith(published)):
                published, note = value, found
    if modified and published and _moment(modified) == _moment(published):
        modified, changed = None, {}  # said of every page: nothing was changed
    if refused:
        note = {**note, "refused": list(dict.fromkeys(refused))[:5]}
    return published, note, modified, changed


def _first(claims: Iterable[tuple[str, str]], captured_at: datetime, refused: list[str]) -> tuple[str | None, Note]:
    """The first possible claim, completed by later ones that say the same and more: the time of the day, the zone."""
    best: tuple[str | None, Note] = (None, {})
    for source, text in claims:
        if (value := iso_time(text)) is None:
            continue
        if not _possible(value, captured_at):
            refused.append(f"{source} {value}")
        elif best[0] is None or (len(value) > len(best[0]) and value.startswith(best[0][:16]) and not _zoned(best[0])):
            best = (value, {"from": source})
        if best[0] is not None and _zoned(best[0]):
            break
    return best


def _zoned(value: str) -> bool:
    return len(value) > 19 and (value.endswith("Z") or "+" in value[16:] or "-" in value[16:])


def _claims(page: Page, key: str, metas: Iterable[str]) -> Iterator[tuple[str, str]]:
    for one in (page.thing, *page.things[:30]):
        if one is page.thing or {"WebPage", "NewsArticle", "Article"} & set(kinds(one)):
            for text in strings(one.get(key)):
                yield "jsonld", text
    for text in strings(page.thing.get("dateCreated")) if key == "datePublished" else []:
        yield "jsonld", text
    for name in metas:
        for text in page.metas.get(name, []):
            yield "meta", text
    for one in page.marked(key)[:3]:
        yield "visible", one.get("datetime") or one.get("content") or text_of(one)[:60]


def _shown_times(page: Page) -> Iterator[tuple[str, str]]:
    """`<time>` elements, those that stand near the headline first; without a headline in page order."""
    marked = [one for one in islice(page.tree.iter("time"), 50) if one.get("datetime")]
    for one in [one for one in marked if one.get("pubdate") is not None] + marked[:1]:
        yield "visible", one.get("datetime") or ""


_NUMBERS = re.compile(r"(?<!\d)(\d{1,4})\s?([./年-]|\s)\s?(\d{1,2})\s?[./月-]\s?(\d{2,4})(?!\d)日?")
_CLOCK = re.compile(r"(?<![\d.])([01]?\d|2[0-3])\s?[:.時hг]\s?([0-5]\d)(?!\d)\s?([ap]\.?m\.?)?", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_MAX_SHOWN = 140  # characters of a line that may be a date line


def _read_times(
    near: Sequence[str], language: str | None, captured_at: datetime, formats: Sequence[str] = ()
) -> Iterator[tuple[str, str]]:
    """Dates written in the lines round the headline, as ISO 8601. Ambiguous ones (3/4/2026) are none."""
    for text in near:
        for one in formats:
            with suppress(ValueError):
                yield "visible", datetime.strptime(text, one).isoformat()
    for text in near:
        digits = "".join(
            str(unicodedata.digit(char))
            if char.isdigit() and not char.isascii() and unicodedata.digit(char, -1) >= 0
            else char
            for char in text
        )
        if len(text) > _MAX_SHOWN or sum(char.isdigit() for char in digits) < 5:
            continue
        value = _other_calendar(digits, language) or _numeric(digits)
        if value is None and _YEAR.search(digits) and not _NUMBERS.search(digits):
            value = _named(digits, language, captured_at)
        if value is not None:
            yield "visible", value


#: Years of calendars that newspapers date by: Thai Buddhist (543 ahead), and Jalali in Persian (622 or 621 behind).
_BUDDHIST = re.compile(r"(?<!\d)(25[3-9]\d)(?!\d)")
_JALALI = re.compile(r"(?<!\d)(1[34]\d\d)(?!\d)")


def _other_calendar(text: str, language: str | None) -> str | None:
    """A date in the calendar of the page's language, where its year cannot be of ours."""
    if language == "th" and (match := _BUDDHIST.search(text)):
        text = f"{text[: match.start()]}{int(match[1]) - 543}{text[match.end() :]}"
        return _numeric(text) or _named(text, language, datetime(int(match[1]) - 543, 12, 31))
    if language == "fa" and _JALALI.search(text):
        from dateparser.calendars.jalali import JalaliCalendar

        try:
            moment = JalaliCalendar(text).get_date().date_obj
        except Exception:  # noqa: BLE001 - a library for any text: what it trips over is no date
            return None
        return _with_clock(moment.date().isoformat(), text) if _CLOCK.search(text) else str(moment.date().isoformat())
    return None


def _numeric(text: str) -> str | None:
    """The first date in figures: year first, or day first between dots; 25/4/2026 only since no month is the 25th."""
    for match in _NUMBERS.finditer(text):
        one, mark, two, three = match.groups()
        if len(one) == 4:
            year, month, day = int(one), int(two), int(three[:2]) if len(three) <= 2 else 0
        elif len(one) <= 2 and len(three) in (2, 4) and mark in "./-":
            day, month, year = int(one), int(two), int(three) + (2000 if len(three) == 2 else 0)
            if (mark == "/" or mark == "-") and day <= 12 and day != month:
                continue  # 3/4/2026 is April here and March there
            if month > 12:
                day, month = month, day
        else:
            continue
        if (built := _built((year, month, day))) and year >= 1990:
            return _with_clock(built, text[match.end() : match.end() + 40])
    return None


def _with_clock(day: str, rest: str) -> str:
    """The day with the time of day that follows it, if one does."""
    match = _CLOCK.search(rest)
    if match is None:
        return day
    hour = int(match[1])
    if match[3]:
        hour = hour % 12 + (12 if match[3].lower().startswith("p") else 0)
    return f"{day}T{hour:02}:{match[2]}:00"


def _named(text: str, language: str | None, captured_at: datetime) -> str | None:
    """A date with the name of its month, in the page's language."""
    from dateparser.data.languages_info import language_order
    from dateparser.search import search_dates

    year = _YEAR.search(text)
    if year is None:
        return None
    part = text[max(0, year.start() - 30) : year.end() + 25]
    settings: Any = {
        "RELATIVE_BASE": captured_at.replace(tzinfo=None),
        "REQUIRE_PARTS": ["day", "month", "year"],
        "RETURN_AS_TIMEZONE_AWARE": False,
        "PARSERS": ["absolute-time"],
    }
    known = [language] if language and language in language_order else None
    try:
        found = search_dates(part, languages=known or ["en"], settings=settings)
    except Exception:  # noqa: BLE001 - a library for any text: what it trips over is no date
        return None
    for said, moment in found or []:
        if _YEAR.search(said) and str(moment.year) == year[0]:
            day = moment.date().isoformat()
            return _with_clock(day, text[text.find(year[0]) + 4 :][:40])
    return None


def _url_days(url: str) -> Iterator[tuple[str, str]]:
    match = re.search(r"/((?:19|20)\d\d)[/-]?(\d\d)[/-]?(\d\d)(?=[/_.-]|$)", urlsplit(url).path)
    if match and (day := _built(match.groups())):
        yield "url", day


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _possible(value: str, captured_at: datetime) -> bool:
    """Whether the time is of the web's years and not later than the capture.

    A time with a zone may be minutes ahead (clocks differ), one without may be in the zone farthest ahead (UTC+14).
    """
    moment = _moment(value)
    ahead = timedelta(minutes=10) if _zoned(value) else timedelta(hours=14)
    return moment.year >= 1990 and moment <= captured_at + ahead
