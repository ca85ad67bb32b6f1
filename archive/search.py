"""search: words in any script over the texts of the archive, best first, with snippets from the text itself.

The index holds text that `tokens.segment` has folded and cut into words, so the file stays readable by any SQLite;
snippets are made from the stored text, because the segmented form is not for people.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

from archive import tokens
from archive.errors import BadQuery
from archive.store import Archive

_SNIPPET = 160  # characters


@dataclass(frozen=True, slots=True)
class Hit:
    """One article that holds the words; `marks` are the (start, end) of found words in its `snippet`."""

    url: str
    site: str
    title: str | None
    published_at: str | None
    captured_at: str
    current: bool
    snippet: str
    marks: tuple[tuple[int, int], ...]


def search(
    archive: Archive, words: str, *, site: str | None = None, language: str | None = None, limit: int = 20
) -> list[Hit]:
    """Articles whose text, in any of its revisions, holds the words; best match first (BM25).

    words: as people type them: words, "phrases", OR, -not, beginning*. `current` tells whether the newest text of
    the article still holds them. Raises BadQuery where nothing searchable is left of the words.
    """
    try:
        expression = tokens.match_query(words)
    except ValueError as error:
        raise BadQuery(str(error)) from None
    sql = (
        "SELECT m.url, m.site, t.title, t.text, e.published_at, min(m.captured_at) AS captured_at, "
        "  t.digest = (SELECT a.text_digest FROM articles a WHERE a.url = m.url) AS current "
        # Weights: a word of the headline counts for five of the body.
        "FROM (SELECT rowid, bm25(texts_fts, 5.0, 2.0, 1.0) AS score FROM texts_fts WHERE texts_fts MATCH ?1 "
        "      ORDER BY score LIMIT 1000) f "
        "JOIN texts t ON t.id = f.rowid JOIN extractions e ON e.text_digest = t.digest AND e.current = 1 "
        "JOIN mementos m ON m.url = e.url AND m.digest = e.digest "
        "WHERE (?2 IS NULL OR m.site = ?2) AND (?3 IS NULL OR e.language = ?3) "
        "GROUP BY m.url, t.digest ORDER BY f.score, captured_at LIMIT ?4"
    )
    try:
        _, rows = archive.rows(sql, (expression, site, language, limit))
    except sqlite3.OperationalError as error:
        raise BadQuery(f"These words cannot be searched ({error}): put them in quotation marks.") from None
    hits = []
    for row in rows:
        snippet, marks = _snippet(row["text"], row["title"] or "", words)
        hits.append(
            Hit(
                row["url"],
                row["site"],
                row["title"],
                row["published_at"],
                row["captured_at"],
                bool(row["current"]),
                snippet,
                marks,
            )
        )
    return hits


def _snippet(text: str, title: str, words: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A stretch of the text round the first found word, and where found words stand in it."""
    wanted = {tokens.fold(word) for word in re.findall(r"\w[\w'’-]*", words) if word not in ("OR", "AND", "NOT")}
    flat = " ".join(text.split())
    found = _find(flat, wanted)
    start = max(0, found[0][0] - _SNIPPET // 3) if found else 0
    start = flat.rfind(" ", 0, start) + 1 if start else 0
    cut = flat[start : start + _SNIPPET]
    marks = tuple((a - start, min(b - start, len(cut))) for a, b in found if start <= a < start + len(cut))
    ends = ("… " if start else "", " …" if start + len(cut) < len(flat) else "")
    return ends[0] + cut + ends[1], tuple((a + len(ends[0]), b + len(ends[0])) for a, b in marks)


def _find(text: str, wanted: set[str]) -> list[tuple[int, int]]:
    """Where the wanted words stand in a text, compared folded; in unspaced scripts anywhere, else at word starts."""
    found = []
    for match in re.finditer(r"\w[\w'’-]*", text):
        folded = tokens.fold(match[0])
        for word in wanted:
            at = folded.find(word)
            # A folded word may differ in length from the shown one; then the whole word is marked.
            if at == 0 or (at > 0 and not folded.isascii()):
                same = len(folded) == len(match[0])
                a = match.start() + (at if same else 0)
                found.append((a, a + len(word) if same else match.end()))
                break
        if len(found) >= 50:
            break
    return found
