"""search: words in any script over the texts of the archive, best first, with snippets from the text itself.

The index holds text that `tokens.segment` has folded and cut into words, so the file stays readable by any SQLite;
snippets are made from the stored text, because the segmented form is not for people.
"""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from archive import tokens
from archive.errors import BadQuery
from archive.questions import check_reading
from archive.records import beginning_of, end_of
from archive.store import Archive

_SNIPPET = 160  # characters
#: So many texts that hold the words are ranked, the newest ones: where a word stands in every third text of a million,
#: ranking them takes nearly all the time.
_RANKED = 100_000
#: Texts taken of these in one go, best first; most searches need no second.
_FIRST, _ALL = 300, -1
#: Texts that hold the words, above which a site's own texts, some thousands, are named first.
_NAMED = 2000


@dataclass(frozen=True, slots=True)
class Hit:
    """One article that holds the words; `marks` are the (start, end) of found words in its `snippet`.

    `captured_at` is when this text was first captured; `current` tells whether it is the article's newest text.
    """

    url: str
    site: str
    title: str | None
    published_at: str | None
    captured_at: str
    current: bool
    snippet: str
    marks: tuple[tuple[int, int], ...]
    language: str | None = None
    section: str | None = None


class Hits(list[Hit]):
    """What a search found, best first. `ranked`: only the newest so many texts were ranked (None: all of them)."""

    def __init__(self, hits: Iterable[Hit] = (), ranked: int | None = None) -> None:
        super().__init__(hits)
        self.ranked = ranked


def search(
    archive: Archive,
    words: str,
    *,
    site: str | None = None,
    language: str | None = None,
    section: str | None = None,
    since: str | None = None,
    until: str | None = None,
    newest: bool = False,
    limit: int = 20,
) -> Hits:
    """Articles whose text, in any of its revisions, holds the words; best match first (BM25).

    words: as people type them: words, "phrases", OR, -not, beginning*. site, language (ISO 639-1), section (as the
    page names it, any case): only these. since, until: times (ISO 8601; a day or month will do, until means all of
    it) between which it was published, or where that is not known first captured. newest: those read last first.
    An article comes once, with its newest text that holds the words. Where more texts hold the words than can be ranked
    in a moment, the best of the newest are shown, and `Hits.ranked` says of how many.
    Raises BadQuery where nothing searchable is left of the words, or a filter names what the archive does not hold or
    is no time, PayloadDamaged where a text is not as it was kept.
    """
    expression = match(words)
    if limit < 1:
        raise BadQuery(f"{limit} articles cannot be found: the limit is at least 1.")
    filters = {
        "site": site, "language": language, "section": section,
        "since": since and beginning_of(since), "until": until and end_of(until),
    }  # fmt: skip
    if since and until and beginning_of(since) > end_of(until):
        raise BadQuery(f"Nothing is both since {since} and until {until}: the first time is the later one.")
    given = {name: value for name, value in filters.items() if value}
    bound = None
    try:
        held = _count(archive, expression, _RANKED + 1)
        ranked = not newest and not _named(given, held)
        hits = _found(archive, expression, given, newest, held, _RANKED if ranked else _ALL, limit)
        if ranked and len(hits) < limit and held > _FIRST:
            hits = _found(archive, expression, given, newest, held, _ALL, limit)
        elif ranked and held > _RANKED:
            bound = _RANKED
    except sqlite3.OperationalError as error:
        raise BadQuery(f"These words cannot be searched ({error}): put them in quotation marks.") from None
    if not hits:
        _expect_held(archive, filters)
    wanted = tokens.sought(words)
    return Hits((_hit(row, wanted) for row in hits.values()), bound)


def _count(archive: Archive, expression: str, most: int) -> int:
    """How many texts hold the words, counted up to `most`."""
    row = archive.db.conn.execute(
        "SELECT count(*) FROM (SELECT 1 FROM texts_fts WHERE texts_fts MATCH ? LIMIT ?)", (expression, most)
    ).fetchone()
    return int(row[0])


def _named(filters: Mapping[str, str], held: int) -> bool:
    """Whether a site's texts are named first: where so many hold the words, asking each whose it is takes longer."""
    return "site" in filters and held > _NAMED


def match(words: str) -> str:
    """A searcher's words as an FTS5 MATCH expression over `texts_fts`. Raises BadQuery where nothing is left of them.

    What `fts_query()` is in SQL.
    """
    try:
        return tokens.match_query(words)
    except ValueError as error:
        raise BadQuery(str(error)) from None


#: What each filter may name: the SQL that finds it, and the SQL of all that there is.
_HELD = {
    "site": ("SELECT 1 FROM pages WHERE site = ? LIMIT 1", "SELECT DISTINCT site FROM pages"),
    "language": (
        "SELECT 1 FROM extraction_rows WHERE language = ? AND current = 1 LIMIT 1",
        "SELECT DISTINCT language FROM extraction_rows WHERE current = 1 AND language IS NOT NULL",
    ),
    "section": (
        "SELECT 1 FROM extraction_rows WHERE lower(section) = lower(?) AND current = 1 LIMIT 1",
        "SELECT DISTINCT section FROM extraction_rows WHERE current = 1 AND section IS NOT NULL",
    ),
}


def _expect_held(archive: Archive, filters: Mapping[str, str | None]) -> None:
    """Raise BadQuery, with the nearest names, where a filter names what the archive holds nothing of."""
    for name, (one, every) in _HELD.items():
        wanted = filters[name]
        if not wanted or archive.db.conn.execute(one, (wanted,)).fetchone():
            continue
        held = sorted({str(row[0]) for row in archive.db.conn.execute(every)})
        near = difflib.get_close_matches(wanted, held, n=3, cutoff=0.5)
        if near:
            hint = f"Did you mean {' or '.join(near)}?"
        elif held:
            hint = f"It holds {', '.join(held[:12])}{' …' if len(held) > 12 else ''}."
        else:
            hint = "It holds none yet."
        raise BadQuery(f"The archive holds nothing of the {name} {wanted!r}. {hint}")


_FILTERS = {
    "site": "p.site = :site",
    "language": "e.language = :language",
    "section": "lower(e.section) = lower(:section)",
    "since": "coalesce(e.published_at, (SELECT min(c.captured_at) FROM capture_rows c WHERE c.url = e.url)) >= :since",
    "until": "coalesce(e.published_at, (SELECT min(c.captured_at) FROM capture_rows c WHERE c.url = e.url)) <= :until",
}


def _found(
    archive: Archive, expression: str, filters: Mapping[str, str], newest: bool, held: int, among: int, limit: int
) -> dict[str, dict[str, Any]]:
    """Rows by URL, best first: of the newest `among` texts that hold the words, those whose pages pass the filters."""
    rows: dict[str, dict[str, Any]] = {}
    for number in _texts(archive, expression, filters, newest, held, among):
        for row in _pages(archive, number, filters):
            rows.setdefault(row["url"], row)
        if len(rows) >= limit:
            break
    for url, row in list(rows.items())[:limit]:
        if not row["current"]:
            # A text that was replaced matches better: the one that stands now is shown where it holds the words, too.
            now = archive.db.conn.execute(
                "SELECT rowid FROM texts_fts WHERE texts_fts MATCH ? "
                "AND rowid = (SELECT id FROM texts WHERE digest = ?)",
                (expression, row["newest"]),
            ).fetchone()
            if now:
                rows[url] = next((o for o in _pages(archive, now[0], filters) if o["url"] == url), row)
    return dict(list(rows.items())[:limit])


def _texts(
    archive: Archive, expression: str, filters: Mapping[str, str], newest: bool, held: int, among: int
) -> Iterator[int]:
    """The numbers of the texts that may be shown, best first; nothing is worked out for those that are not asked for.

    held: how many hold the words. A filter is looked at after the best were chosen, as most pass, but for a site and a
    common word: its texts are named first. The plus keeps SQLite from asking the index for each of them.
    """
    wanted = " AND ".join(_FILTERS[name] for name in filters)
    first = then = ""
    if _named(filters, held):
        first = (
            "AND +texts_fts.rowid IN (SELECT t.id FROM pages p JOIN extraction_rows e ON e.url = p.url "
            f"AND e.current = 1 JOIN texts t ON t.digest = e.text_digest WHERE {wanted})"
        )
    elif filters:
        then = (
            "WHERE EXISTS (SELECT 1 FROM texts t JOIN extraction_rows e ON e.text_digest = t.digest "
            f"AND e.current = 1 JOIN pages p ON p.url = e.url WHERE t.id = number AND {wanted})"
        )
    matching = f"FROM texts_fts WHERE texts_fts MATCH :words {first} ORDER BY rowid DESC"
    # A word of the headline counts for five of the body, one of the standfirst for two.
    scored = f"SELECT rowid AS number, bm25(texts_fts, 5.0, 2.0, 1.0) AS score {matching} LIMIT :among"
    best = f"SELECT number FROM ({scored}) ORDER BY score LIMIT :most"
    newest_first = f"SELECT rowid AS number {matching} LIMIT -1"
    values = {"words": expression, "among": among, "most": _FIRST if among == _RANKED else _ALL, **filters}
    sql = f"SELECT number FROM ({newest_first if newest else best}) {then}"
    return (number for (number,) in archive.db.conn.execute(sql, values))


def _pages(archive: Archive, number: int, filters: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The pages that show a text, or showed it once, each with its reading as it was when it first showed it.

    Nothing is read twice, and no other index than is needed: where a file is large, each is another place on the disk.
    """
    only = "".join(f" AND {_FILTERS[name]}" for name in filters)
    shows = "c.url = e.url AND c.status IN (200, 203, 304) AND c.error IS NULL"
    columns, found = archive.rows(
        "SELECT e.*, t.title, t.standfirst, t.text, p.site, "
        f"(SELECT min(c.captured_at) FROM capture_rows c WHERE {shows} AND c.digest = e.digest) AS captured_at, "
        "(SELECT CASE c.digest WHEN e.digest THEN e.text_digest ELSE (SELECT x.text_digest FROM extraction_rows x "
        "WHERE x.url = c.url AND x.digest = c.digest AND x.current = 1) END AS now FROM capture_rows c "
        f"WHERE {shows} AND now IS NOT NULL ORDER BY c.captured_at DESC LIMIT 1) AS newest "
        "FROM texts t JOIN extraction_rows e ON e.text_digest = t.digest AND e.current = 1 "
        "JOIN pages p ON p.url = e.url AND p.hidden_at IS NULL AND p.kind = 'article' "
        "AND (p.alias_of IS NULL OR NOT EXISTS (SELECT 1 FROM aliases a WHERE a.url = p.url)) "
        f"WHERE t.id = :number{only}",
        {"number": number, **filters},
    )
    for row in sorted((row for row in found if row["captured_at"]), key=lambda row: row["captured_at"]):
        check_reading(row, columns)
        yield {**row, "current": row["newest"] == row["text_digest"]}


def _hit(row: Mapping[str, Any], wanted: list[tuple[str, bool]]) -> Hit:
    snippet, marks = _snippet(row["text"] or row["standfirst"] or "", wanted)
    return Hit(
        row["url"],
        row["site"],
        row["title"],
        row["published_at"],
        row["captured_at"],
        row["current"],
        snippet,
        marks,
        row["language"],
        row["section"],
    )


def _snippet(text: str, wanted: list[tuple[str, bool]]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The stretch of the text that holds most of the words, and where they stand in it."""
    flat = " ".join(text.split())
    found = list(tokens.marks(flat, wanted))[:500]
    start = 0
    if found:
        windows = (
            (len({word for a, b, word in found if first <= a and b <= first + _SNIPPET * 2 // 3}), -first)
            for first, _, _ in found
        )
        start = max(0, -max(windows)[1] - _SNIPPET // 4)
        start = flat.rfind(" ", 0, start) + 1 if start and " " in flat[max(0, start - 40) : start] else start
    cut = flat[start : start + _SNIPPET]
    ends = ("… " if start else "", " …" if start + len(cut) < len(flat) else "")
    shift = len(ends[0]) - start
    marks = tuple((a + shift, min(b, start + len(cut)) + shift) for a, b, _ in found if start <= a < start + len(cut))
    return ends[0] + cut + ends[1], marks
