"""Traps: what lists may bring in one run. Endless addresses are cut, and each cut is counted under its word.

Calendars, facets and session numbers make addresses without end that all look like articles. None of these caps meets
an ordinary news site; where one does, its key in the entry (or its setting) raises it, and the funnel said so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

from scrapy.settings import BaseSettings

from archive import Site

#: Words under which cuts stand among a run's reasons.
CUTS = {
    "cut_path": "addresses whose path goes round in circles",
    "cut_facets": "addresses with more query keys than any article has",
    "cut_variants": "addresses of one path with ever other query keys",
    "cut_found": "articles beyond the entry's `max_found`",
    "cut_lists": "section pages, feeds and sitemaps beyond the entry's `max_lists`",
    "cut_depth": "further pages of a list beyond the entry's `depth`",
}


class Traps:
    """The caps of one run. `cuts` counts what was cut, by the words of CUTS."""

    def __init__(self, site: Site, settings: BaseSettings) -> None:
        self.site = site
        self.repeats = settings.getint("PATH_REPEATS")
        self.keys = settings.getint("QUERY_KEYS")
        self.variants = settings.getint("QUERY_VARIANTS")
        self.cuts: Counter[str] = Counter()
        self._sets: dict[str, set[frozenset[str]]] = {}
        self._cut: set[str] = set()
        self._found = 0
        self._lists = 0

    def articles(self, urls: Iterable[str], known: set[str]) -> list[str]:
        """The addresses that may be kept as articles, in their order. known: those found before in this run."""
        kept = []
        for url in urls:
            if url in known:
                kept.append(url)
                continue
            word = self._endless(url) or ("cut_found" if self._found >= self.site.max_found else None)
            if word is None:
                self._found += 1
                kept.append(url)
            elif url not in self._cut:
                self._cut.add(url)
                self.cuts[word] += 1
        return kept

    def lists(self, wanted: int) -> int:
        """How many of so many further lists may be asked for."""
        room = max(0, self.site.max_lists - self._lists)
        self.cuts["cut_lists"] += max(0, wanted - room)
        self._lists += min(wanted, room)
        return min(wanted, room)

    def _endless(self, url: str) -> str | None:
        parts = urlsplit(url)
        segments = Counter(one for one in parts.path.split("/") if one)
        if any(count > self.repeats for count in segments.values()):
            return "cut_path"
        keys = frozenset(key for key, _ in parse_qsl(parts.query, keep_blank_values=True))
        if len(keys) > self.keys:
            return "cut_facets"
        if keys:
            # `view.php?id=…` without end is one outlet's way; ever other combinations of keys are a filter's.
            sets = self._sets.setdefault(parts.netloc + parts.path, set())
            if keys not in sets and len(sets) >= self.variants:
                return "cut_variants"
            sets.add(keys)
        return None
