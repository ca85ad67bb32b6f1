"""When an article was published and changed, in ISO 8601 with as much as the page gives: a day, a time, a zone.

Asked in this order: JSON-LD, meta tags, marked elements, the text near the headline, the URL. A source that agrees with
an earlier one and says more (a time, a zone) completes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from archive.lines import key_of, line
from archive.reading.blocks import CAPTION, FIGURE, FOOTER, FULL_END, NAV, Block, like, width
from archive.reading.dates import Written, called_changed, without_dates, written_dates
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
_RFC822 = re.compile(r"^(?:\w{3,9},?\s+)?\d{1,2}[ -]\w{3,9}[ -]\d{2,4},?\s+\d{1,2}:\d\d", re.ASCII)
_NOON = re.compile(r"(?i)\d\s?[ap]\.?\s?m\b")
_WRITTEN = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T\s]+(\d{1,2})[:時h](\d{2})(?::(\d{2}))?)?")
_ISO = re.compile(
    r"^(\d{4})-?(\d\d)-?(\d\d)(?:[T\s]+(\d\d):?(\d\d)(?::?(\d\d)(?:[.,:](\d{1,9}))?)?\s*(Z|[A-Z]{2,5}|[+-]\s*\d\d:?\d\d|[+-]\d\d)?)?"
)


def iso_time(text: str) -> str | None:
    """A written time in ISO 8601, with as much as was written: a day alone, a time, a zone. None where it is none."""
    text = line(text)[:60]
    if re.fullmatch(r"1\d{9}(?:\d{3})?", text):
        return datetime.fromtimestamp(int(text[:10]), UTC).isoformat()
    if _NOON.search(text):
        return None  # hours of twelve are read with the words beside them
    written = _WRITTEN.match(text)
    if match := _ISO.match(text):
        return _built(written.groups()) if match[4] is None and written and written[4] else _iso(match)
    if written:
        return _built(written.groups())
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
    if not _RFC822.match(text):
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
    near: Sequence[Block] = (),
    language: str | None = None,
    formats: Sequence[str] = (),
    titles: Sequence[str] = (),
    claimed: Sequence[str] = (),
) -> tuple[str | None, Note, str | None, Note]:
    """(published, its note, modified, its note). A time later than the capture is refused and noted.

    near: the lines round the headline, asked where nothing is marked up. formats: how the site writes dates there, as
    `datetime.strptime` takes them; they are asked before all other readings of these lines. titles: the headline's
    spellings as keys. claimed: languages that the page says it is in and its text is not: its frame may be.
    """
    refused: list[str] = []
    reader = _Reader(captured_at, (language, *claimed), _region(page), refused)
    published, note = reader.first(_claims(page, "datePublished", _PUBLISHED))
    modified, changed = reader.first(_claims(page, "dateModified", _MODIFIED))
    if published is None or len(published) <= 10:
        for claims in _shown(page, near, reader, formats, titles):
            value, found = reader.first(claims)
            if value is not None and (published is None or value.startswith(published)):
                published, note = value, found
            if published is not None and len(published) > 10:
                break
    if modified and published and _moment(modified) == _moment(published):
        modified, changed = None, {}  # said of every page: nothing was changed
    if refused:
        note = {**note, "refused": list(dict.fromkeys(refused))[:5]}
    return published, note, modified, changed


@dataclass(frozen=True, slots=True)
class _Reader:
    """How this page's written times are read; what is refused on the way is put into `refused`."""

    captured_at: datetime
    languages: Sequence[str | None]
    region: str | None
    refused: list[str]

    def first(self, claims: Iterable[tuple[str, str]]) -> tuple[str | None, Note]:
        """The first possible claim, completed by later ones that say the same and more: the time of day, the zone."""
        best: tuple[str | None, Note] = (None, {})
        for source, text in claims:
            if (value := iso_time(text) or self.read(text)) is None:
                continue
            if not _possible(value, self.captured_at):
                self.refused.append(f"{source} {value}")
            elif best[0] is None or (
                len(value) > len(best[0]) and value.startswith(best[0][:16]) and not _zoned(best[0])
            ):
                best = (value, {"from": source})
            if best[0] is not None and _zoned(best[0]):
                break
        return best

    def read(self, text: str) -> str | None:
        """A date that is written for people, in ISO 8601."""
        return next((one.value for one in self.dates(text[:_MAX_SHOWN])), None)

    def dates(self, text: str) -> list[Written]:
        """The dates in a line, in the first of the languages that has any."""
        found = (written_dates(text, one, self.region) for one in self.languages)
        return next((dates for dates in found if dates), [])


def _region(page: Page) -> str | None:
    """The region that the page's own language tag names (BCP 47), which may decide how figures are read."""
    root = page.tree.getroottree().getroot()
    tag = root.get("lang") or root.get("xml:lang") or page.meta("og:locale") or ""
    match = re.search(r"[-_]([A-Za-z]{2})(?![A-Za-z])", tag)
    return match[1].lower() if match else None


def _shown(
    page: Page, near: Sequence[Block], reader: _Reader, formats: Sequence[str], titles: Sequence[str]
) -> Iterator[Iterable[tuple[str, str]]]:
    """The page's shown dates, group by group, the likeliest first: what is marked behind the headline, then lines."""
    marked, dated = _behind_headline(page, titles)
    lines = _date_lines(near, reader, titles)
    yield [("visible", one.get("datetime") or "") for one in marked if not _of_change(one)]
    yield _by_formats(near, formats)
    yield (("visible", one.value) for one in lines if not one.changed)
    yield (("visible", one.value) for text in dated for one in reader.dates(text) if not one.changed)
    yield _marked_times(page)
    yield (("visible", one.value) for one in lines if one.changed)
    yield [("visible", one.get("datetime") or "") for one in marked]
    yield _url_days(page.url)


def _zoned(value: str) -> bool:
    return len(value) > 19 and (value.endswith("Z") or "+" in value[16:] or "-" in value[16:])


def _claims(page: Page, key: str, metas: Iterable[str]) -> Iterator[tuple[str, str]]:
    for one in page.own_things:
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


def _marked_times(page: Page) -> Iterator[tuple[str, str]]:
    """`<time>` elements wherever they stand, the one called the publication's first; not those of links and menus."""
    marked = [one for one in islice(page.tree.iter("time"), 50) if one.get("datetime")]
    called = [one for one in marked if one.get("pubdate") is not None]
    own = (one for one in marked if not _elsewhere(one, page, _ELSEWHERE) and not _of_link(one))
    for one in (*called, *islice(own, 1)):
        yield "visible", one.get("datetime") or ""


def _elsewhere(one: HtmlElement, page: Page, tags: Set[str]) -> bool:
    """Whether one of these elements holds a `<time>`; a link to the page itself, as of its own date, holds nothing."""
    return any(
        step.tag in tags and not (step.tag == "a" and (step.get("href") or "").rstrip("/") == page.url.rstrip("/"))
        for step in islice(one.iterancestors(), 12)
    )


def _of_link(one: HtmlElement) -> bool:
    """Whether a headline's link stands beside a `<time>`: so it is another article's."""
    parent = one.getparent()
    return parent is not None and any(len(text_of(link)) >= _HEADLINE for link in islice(parent.iter("a"), 5))


_HEADLINE = 20  # characters from which a link's text is a headline, and no name or section
#: What holds the times of other articles.
_ELSEWHERE = frozenset(("a", "nav", "aside", "footer", "li"))
_MAX_SHOWN = 140  # characters of a line that may be a date line
_BEHIND = 800  # characters behind the headline among which a date belongs to the article
_DATE_WORDS = re.compile(r"(?i)date|time|publi")


def _behind_headline(page: Page, titles: Sequence[str]) -> tuple[list[HtmlElement], list[str]]:
    """(`<time>` elements, texts that class words call a date) between the headline and the text's first lines."""
    headings = (one for tag in ("h1", "h2", "h3") for one in islice(page.tree.iter(tag), 20))
    heading = next((one for one in headings if any(like(key_of(text_of(one)), title) for title in titles)), None)
    marked: list[HtmlElement] = []
    dated: list[str] = []
    if heading is None:
        return marked, dated
    seen = 0
    for one in islice(_following(heading), 400):
        if not isinstance(one.tag, str) or one.tag in ("script", "style"):
            continue
        if one.tag == "time" and one.get("datetime"):
            if not _elsewhere(one, page, _ELSEWHERE - {"li"}):
                marked.append(one)
        elif one.get("class") and _DATE_WORDS.search(one.get("class")) and not len(one) and one.tag in _SHORT_TAGS:
            dated.append(line(one.text)[:_MAX_SHOWN])
        seen += len((one.text or "").strip()) + len((one.tail or "").strip())
        if seen > _BEHIND:
            break
    return marked, dated


_SHORT_TAGS = frozenset(
    ("span", "div", "p", "em", "i", "b", "small", "time", "abbr", "li", "dd", "td", "strong", "font")
)


def _following(element: HtmlElement) -> Iterator[HtmlElement]:
    """What begins behind the element's end, in page order."""
    for step in (element, *element.iterancestors()):
        for sibling in step.itersiblings():
            yield from sibling.iter()


def _of_change(one: HtmlElement) -> bool:
    """Whether class words, or the words before it, call a `<time>` that of a change."""
    before = one.getprevious()
    parent = one.getparent()
    said = before.tail if before is not None else parent.text if parent is not None else ""
    names = f"{one.get('class')} {one.get('itemprop')} {parent.get('class') if parent is not None else ''}"
    return re.search(r"(?i)modif|updat", names) is not None or called_changed(f"{one.text or ''} {said or ''}")


def _by_formats(near: Sequence[Block], formats: Sequence[str]) -> Iterator[tuple[str, str]]:
    for one in near:
        for form in formats:
            with suppress(ValueError):
                yield "visible", datetime.strptime(one.text, form).isoformat()


def _date_lines(near: Sequence[Block], reader: _Reader, titles: Sequence[str]) -> list[Written]:
    """The dates in the lines round the headline, those below it first: above it a page may show today's date.

    A sentence, a caption or an introduction that names a day is no date line.
    """
    at = next((number for number, one in enumerate(near) if any(like(one.key, title) for title in titles)), -1)
    found: list[Written] = []
    for one in (*near[at + 1 :], *near[: max(at, 0)]):
        if len(one.text) > _MAX_SHOWN or one.marks & (NAV | FOOTER | FIGURE | CAPTION):
            continue
        if "caption" in one.place.words or ("lead" in one.place.words and "meta" not in one.place.words):
            continue
        if (dates := reader.dates(one.text)) and not _tells(one, without_dates(one.text, dates)):
            found.extend(dates)
    return found


def _tells(one: Block, rest: str) -> bool:
    """Whether a line says more than when and by whom: what is left without its dates is a sentence or a headline."""
    words = len(rest.split()) if width(rest) <= len(rest) * 1.3 else int(width(rest) / 6)
    if one.heading and words > 4:
        return True
    return words > 14 or (words > 6 and FULL_END.search(one.text) is not None)


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
