"""Site, and load_sites: the catalogue of outlets as TOML, one table an outlet, checked when it is loaded.

    [meridian]
    name = "The Meridian Courier"
    home = "https://www.meridian-courier.example/"
    country = "GB"
    language = "en"
    sections = ["https://www.meridian-courier.example/world"]

Adding a site needs no code. An error names the file, the line, the key, and what was expected there.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self

from lxml import etree

from archive.cadence import Cadence, Night, check_zone, seconds
from archive.errors import SiteError, UnknownSite
from archive.urls import clean_url


def _key(doc: str, kind: str, default: Any) -> Any:
    """A field of Site together with what its TOML key means; docs/sites.md is checked against these."""
    return field(default=default, metadata={"doc": doc, "kind": kind})


@dataclass(frozen=True, slots=True)
class Site:
    """One outlet of the catalogue. Frozen and picklable: it travels to the workers that read its pages."""

    key: str
    name: str = _key("the outlet's name, as it writes it", "text", "")
    home: str = _key("its home page", "url", "")
    country: str = _key("ISO 3166-1 code of the country it reports from", "country", "")
    language: str = _key("ISO 639-1 code of the language it writes in", "language", "")
    sections: tuple[str, ...] = _key("international section pages", "urls", ())
    feeds: tuple[str, ...] = _key("RSS, Atom or JSON feeds of that section", "urls", ())
    sitemaps: tuple[str, ...] = _key("news sitemaps, or indexes of them", "urls", ())
    articles: str = _key("regular expression found in every article's URL; empty: judged by shape", "regex", "")
    depth: int = _key("how many pages of a paged section are followed", "count", 3)
    max_articles: int = _key("most articles fetched in one run", "count", 200)
    max_found: int = _key("most articles noted in one run, fetched or not", "count", 5_000)
    max_lists: int = _key("most further section pages and sitemaps asked for in one run", "count", 60)
    delay: float = _key("least seconds between two requests to one host", "seconds", 5.0)
    cadence: float | str = _key(
        "how often `foreigndesk schedule` asks for the site's lists: a length of time, or cron's five fields",
        "cadence",
        3600.0,
    )
    cadences: tuple[tuple[str, float | str], ...] = _key(
        'seeds with a cadence of their own: `{ "https://…/rss" = "5m" }`; other lists are asked at `cadence`',
        "cadences",
        (),
    )
    quiet: float = _key(
        "a list that brings nothing new is asked ever more rarely, down to once in this time", "duration", 21_600.0
    )
    timezone: str = _key("IANA time zone of cron fields and night hours, such as `Europe/Paris`", "zone", "UTC")
    night: str = _key("hours in which the schedule leaves the site alone, such as `23:30-06:00`", "night", "")
    jitter: float = _key(
        "a run begins up to so long after its slot, at most a quarter of the cadence", "duration", 60.0
    )
    keep: str = _key(
        "`all`: every payload; `revisions`: none whose text, headline, metadata and boxes equal the page's last one",
        "policy",
        "all",
    )
    revisit: float = _key(
        "when a new article is first looked at again, and the shortest time between two looks", "duration", 900.0
    )
    watch: float = _key(
        "articles older than this are looked at no more, unless a list says that they changed", "duration", 31_536_000.0
    )
    max_day: int = _key("most articles fetched within 24 hours; a quarter is kept for new ones", "count", 5_000)
    on_problem: str = _key(
        "a command of yours that is told of problems (JSON on its standard input) while a schedule runs", "text", ""
    )
    prune: tuple[str, ...] = _key("XPath of elements that never belong to an article", "xpaths", ())
    body: tuple[str, ...] = _key("XPath of the element that holds the article's body", "xpaths", ())
    boxes: tuple[str, ...] = _key("XPath of boxes of links that the general rules miss", "xpaths", ())
    reservations: str = _key(
        "`honour`: of a page that asks not to be archived (noarchive, X-Robots-Tag, tdm-reservation) the visit is "
        "recorded and no body kept; `ignore`: it is kept, with a note of what it asked",
        "reservations",
        "honour",
    )
    wire: str = _key(
        "`digest`: of a compressed body the digest is kept beside the decoded bytes; `bytes`: the body as it came too",
        "wire",
        "digest",
    )
    tls: str = _key(
        "`verified`, or `unverified` for a site whose certificate is broken: each capture then says so",
        "tls",
        "verified",
    )
    dates: tuple[str, ...] = _key("how the site writes dates near its headlines, as strptime formats", "formats", ())
    spider: str = _key("an entry point of the group `foreigndesk.spiders`; empty: the generic spider", "text", "")
    trust: str = _key(
        "`seen`: each seed stood in a public source; `unverified`: some are common knowledge; `checked`: tried by "
        "`sites add` on this machine",
        "trust",
        "",
    )
    evidence: str = _key("how each seed is known", "text", "")
    last_seen: str = _key("when a seed was last seen to work (ISO 8601 date)", "date", "")
    note: str = _key("what a person should know about this outlet", "text", "")
    source: str = ""

    def seeds(self) -> list[tuple[str, str]]:
        """(kind, URL) of every page that lists articles, in the order of a visit."""
        named = (("feed", self.feeds), ("sitemap", self.sitemaps), ("section", self.sections))
        return [(kind, url) for kind, urls in named for url in urls]

    def entry(self) -> str:
        """The entry as canonical JSON, which the archive keeps beside what was captured under it."""
        return json.dumps(
            {k: v for k, v in asdict(self).items() if k not in _PRIVATE}, ensure_ascii=False, sort_keys=True
        )

    @classmethod
    def from_entry(cls, entry: str) -> Self:
        """The site that `entry()` wrote; keys that this version does not know are left out."""
        known = {f.name for f in fields(cls)}
        values: dict[str, Any] = {k: _frozen(v) for k, v in json.loads(entry).items() if k in known - set(_PRIVATE)}
        return cls(**values)


#: What stays on this machine: where the entry stands, and a command, which may hold a password and must never be run
#: because an archive that came from elsewhere names it.
_PRIVATE = ("source", "on_problem")


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


_KEYS = {f.name: f.metadata["kind"] for f in fields(Site) if f.metadata}
_EXPECTED = {
    "text": "a string in quotation marks",
    "url": 'one URL, such as "https://www.example.org/world"',
    "urls": 'a list of URLs, such as ["https://www.example.org/world"]',
    "country": 'two capital letters, such as "FR"',
    "language": 'two or three small letters, such as "ar", with a script where that matters, such as "zh-Hant"',
    "date": 'a date, such as "2026-11-24"',
    "trust": "one of seen, unverified, checked",
    "reservations": "one of honour, ignore",
    "wire": "one of digest, bytes",
    "tls": "one of verified, unverified",
    "regex": "a regular expression in single quotation marks",
    "count": "a whole number, 0 or more",
    "seconds": "a number of seconds, 0 or more",
    "duration": 'a length of time, such as "90s", "15m", "6h" or "1d"',
    "cadence": 'a length of time such as "15m", or cron\'s five fields such as "*/20 6-22 * * *"',
    "cadences": 'a table from seeds to cadences, such as { "https://www.example.org/rss" = "5m" }',
    "zone": 'a name of the IANA time zone database, such as "Europe/Paris"',
    "night": 'hours of the day, such as "23:30-06:00"',
    "xpaths": "a list of XPath expressions",
    "policy": '"all" or "revisions"',
    "formats": 'a list of strptime formats, such as ["%d.%m.%Y um %H:%M"]',
}


#: What a value of some kinds looks like; empty says that it is not known.
_FORMS = {
    "country": r"([A-Z]{2})?",
    "language": r"([a-z]{2,3}(-[A-Z][a-z]{3})?)?",
    "date": r"\d{4}-\d\d-\d\d",
    "trust": r"(seen|unverified|checked)?",
    "reservations": r"honour|ignore",
    "wire": r"digest|bytes",
    "tls": r"verified|unverified",
}


def load_sites(*places: Path | str) -> dict[str, Site]:
    """Every entry of the TOML files at `places` (files, or folders read in name order); later ones win.

    Returns the sites by their key, sorted. Raises SiteError naming file, line, key and what was expected.
    """
    found: dict[str, Site] = {}
    for place in map(Path, places):
        if not place.exists():
            raise SiteError(f"{place} does not exist: name a TOML file or a folder of TOML files.")
        for file in sorted(place.glob("*.toml")) if place.is_dir() else [place]:
            found.update(_read(file))
    return dict(sorted(found.items()))


def pick(sites: Mapping[str, Site], names: Iterable[str]) -> list[Site]:
    """The named sites in the order asked. Raises UnknownSite with the nearest names where one is not there."""
    picked = []
    for name in names:
        if name not in sites:
            near = difflib.get_close_matches(name.lower(), sites, n=3, cutoff=0.5)
            near = near or [k for k, s in sites.items() if name.lower() in s.name.lower()][:3]
            hint = f"Did you mean {' or '.join(near)}?" if near else "`foreigndesk sites list` shows them all."
            raise UnknownSite(f"No site is called {name!r}. {hint}")
        picked.append(sites[name])
    return picked


def _read(file: Path) -> dict[str, Site]:
    try:
        text = file.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SiteError(f"{file}, line {line}: this is not UTF-8; save the file as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at (?:line (\d+), column (\d+)|end of document)\)", str(error))
        line = int(at[1]) if at and at[1] else text.count("\n") + 1
        shown = text.splitlines()[line - 1].strip() if line <= len(text.splitlines()) else "the end of the file"
        what = re.sub(r"\s*\(at .*\)$", "", str(error))
        raise SiteError(f"{file}, line {line}: this is not valid TOML ({what}); it stands at: {shown}") from None
    except OSError as error:
        raise SiteError(f"{file} cannot be read: {error.strerror}.") from None
    return {key: _site(file, text, key, table) for key, table in tables.items()}


def _site(file: Path, text: str, key: str, table: Any) -> Site:
    if not isinstance(table, dict):
        line = _line(text, None, key)
        raise SiteError(
            f"{file}, line {line}: {key} stands outside any site; put it below a line such as [{'mysite'}]."
        )
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", key):
        raise SiteError(
            f"{file}, line {_line(text, key)}: [{key}] is no name for a site; use small letters, digits, '.', '-', '_'."
        )
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in _KEYS:
            where = _where(file, text, key, name)
            near = difflib.get_close_matches(name, _KEYS, n=1, cutoff=0.4)
            raise SiteError(
                f"{where}: no such key. " + (f"Did you mean {near[0]}?" if near else f"Known: {', '.join(_KEYS)}.")
            )
        try:
            values[name] = _value(_KEYS[name], value)
        except (ValueError, re.error, etree.XPathError) as error:
            where = _where(file, text, key, name)
            raise SiteError(f"{where}: {error}. Expected {_EXPECTED[_KEYS[name]]}.") from None
    site = Site(key=key, source=str(file), **values)
    strange = [url for url, _ in site.cadences if url not in {seed for _, seed in site.seeds()}]
    if strange:
        where = _where(file, text, key, "cadences")
        raise SiteError(
            f"{where}: {strange[0]} is no section, feed or sitemap of this entry; write it as it stands there."
        )
    if not site.home:
        raise SiteError(f'{file}, line {_line(text, key)}, [{key}]: home is missing; write home = "https://…/".')
    return site


def _where(file: Path, text: str, key: str, name: str) -> str:
    """The place of a key, for messages."""
    return f"{file}, line {_line(text, key, name)}, [{key}] {name}"


def _value(kind: str, value: Any) -> Any:
    """The value as Site holds it. Raises ValueError, re.error or XPathError with what is wrong."""
    if kind == "urls":
        if not isinstance(value, list):
            raise ValueError(f"{value!r} is not a list")
        return tuple(_value("url", one) for one in value)
    if kind == "xpaths":
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise ValueError(f"{value!r} is not a list of strings")
        for one in value:
            etree.XPath(one)
        return tuple(value)
    if kind == "formats":
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise ValueError(f"{value!r} is not a list of strings")
        for one in value:
            datetime.strptime(datetime(2026, 11, 24, 10, 30, tzinfo=UTC).strftime(one), one)
        return tuple(value)
    if kind == "duration":
        return seconds(value)
    if kind == "cadence":
        return _cadence(value)
    if kind == "cadences":
        if not isinstance(value, dict):
            raise ValueError(f"{value!r} is not a table")
        return tuple((_value("url", url), _cadence(one)) for url, one in value.items())
    if kind == "policy":
        if value not in ("all", "revisions"):
            raise ValueError(f"{value!r} is no policy (the XPath of the body is `body`)")
        return value
    if kind in ("count", "seconds"):
        if isinstance(value, bool) or not isinstance(value, int if kind == "count" else (int, float)) or value < 0:
            raise ValueError(f"{value!r} is not that")
        return value if kind == "count" else float(value)
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a string")
    if kind == "url":
        cleaned = clean_url(value)
        if cleaned is None:
            raise ValueError(f"{value!r} is no http or https URL")
        return cleaned
    if kind in _FORMS and not re.fullmatch(_FORMS[kind], value):
        raise ValueError(f"{value!r} is not that")
    if kind == "date":
        date.fromisoformat(value)
    if kind == "zone":
        check_zone(value)
    if kind == "night":
        Night.of(value)
    if kind == "regex":
        re.compile(value)
    return value


def _cadence(value: Any) -> float | str:
    """A cadence as Site holds it: seconds, or a cron expression."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise ValueError(f"{value!r} is not that")
    one = Cadence.of(value)
    return one.cron or one.every


def _line(text: str, table: str | None, key: str | None = None) -> int:
    """The line where `key` of `table` (or the table itself) stands, for messages; 1 where it cannot be told."""
    inside, at = table is None, 1
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\s*\"?([^\]\"]+)\"?\s*\]", line)
        if header:
            if inside and table is not None:
                break
            inside = header[1].strip() == table
            if inside:
                at = number
                if key is None:
                    break
        elif inside and key is not None and re.match(rf"\s*\"?{re.escape(key)}\"?\s*=", line):
            return number
    return at
