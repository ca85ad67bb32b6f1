"""unions: opinions of one archive brought into another: texts with their index, lists of links, readings, counters."""

from __future__ import annotations

import re
import sqlite3

from archive import index, lists
from archive.records import WORKER_PROBLEMS
from archive.shards import BATCH, Bringing, columns

_FAILED = ", ".join(f"'{word}'" for word in sorted(WORKER_PROBLEMS))


def version_rank(extractor: str | None) -> str:
    """What sorts extractors by their versions as text: numbers padded, so that 10 comes after 9."""
    return re.sub(r"\d+", lambda found: found[0].zfill(12), extractor or "")


def choose_readings(one: Bringing) -> None:
    """Write down which readings of the source are meant: of captures that are here now, and not of erased pages."""
    connection = one.connection
    connection.create_function("version_rank", 1, version_rank, deterministic=True)
    connection.execute("DROP TABLE IF EXISTS temp.readings_brought")
    connection.execute("CREATE TEMP TABLE readings_brought (number INTEGER PRIMARY KEY)")
    part = ""
    if not one.part.whole:
        part = (
            "AND EXISTS (SELECT 1 FROM main.capture_rows c WHERE c.url = e.url AND c.digest = e.digest) "
            "AND e.url IN (SELECT url FROM temp.captures_brought)"
        )
    stones = ""
    if one.barred:
        # A list that leads to an erased page is read anew, without it.
        stones = (
            "AND NOT EXISTS (SELECT 1 FROM s.lists l JOIN s.listed d ON d.list = l.id "
            "JOIN s.entries n ON n.id = d.entry JOIN s.targets t ON t.id = n.target "
            "JOIN temp.barred b ON b.url = t.url WHERE l.digest = e.links_digest)"
        )
    connection.execute(
        "INSERT INTO readings_brought SELECT e.rowid FROM s.extraction_rows e WHERE e.url NOT IN "
        f"(SELECT url FROM temp.barred) AND EXISTS (SELECT 1 FROM main.snapshots x WHERE x.digest = e.digest) {part} "
        f"{stones}"
    )


def texts(one: Bringing) -> None:
    """Bring texts that are not here, with their index rows last in each transaction."""
    named = (
        "SELECT DISTINCT e.text_digest AS digest FROM temp.readings_brought r "
        "JOIN s.extraction_rows e ON e.rowid = r.number "
        "WHERE e.text_digest IS NOT NULL AND NOT EXISTS (SELECT 1 FROM main.texts t WHERE t.digest = e.text_digest)"
    )
    rows = one.select(f"SELECT t.id, t.digest FROM ({named}) n JOIN s.texts t ON t.digest = n.digest ORDER BY t.id")
    for start in range(0, len(rows), BATCH):
        some = rows[start : start + BATCH]
        with one.into.writing() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO main.texts (digest, title, standfirst, text, words) "
                "SELECT digest, title, standfirst, text, words FROM s.texts WHERE id = ?",
                [(number,) for number, _ in some],
            )
            index.add(connection, [str(digest) for _, digest in some])
        one.merged.texts += len(some)
        one.tell("texts", start + len(some), len(rows))


def links(one: Bringing) -> None:
    """Bring lists of links that are not here, each link and each target once."""
    connection = one.connection
    connection.execute("DROP TABLE IF EXISTS temp.entries_here")
    connection.execute("CREATE TEMP TABLE entries_here (there INTEGER PRIMARY KEY, here INTEGER NOT NULL)")
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS some_lists (there INTEGER PRIMARY KEY)")
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS some_entries (there INTEGER PRIMARY KEY)")
    rows = one.select(
        "SELECT DISTINCT l.id FROM temp.readings_brought r JOIN s.extraction_rows e ON e.rowid = r.number "
        "JOIN s.lists l ON l.digest = e.links_digest LEFT JOIN main.lists m ON m.digest = l.digest "
        "WHERE m.id IS NULL ORDER BY l.id"
    )
    for start in range(0, len(rows), BATCH):
        some = rows[start : start + BATCH]
        with one.into.writing():
            connection.execute("DELETE FROM temp.some_lists")
            connection.executemany("INSERT INTO temp.some_lists VALUES (?)", some)
            _bring_lists(connection)
        one.tell("lists", start + len(some), len(rows))


_SAME = "k.kind = n.kind AND k.heading IS n.heading AND k.text IS n.text AND k.href IS n.href "
_SAME += "AND k.published IS n.published AND k.modified IS n.modified"


def _bring_lists(connection: sqlite3.Connection) -> None:
    for statement in (
        "DELETE FROM temp.some_entries",
        "INSERT OR IGNORE INTO temp.some_entries SELECT d.entry FROM temp.some_lists b JOIN s.listed d "
        "ON d.list = b.there WHERE d.entry NOT IN (SELECT there FROM temp.entries_here)",
        "INSERT OR IGNORE INTO main.targets (url) SELECT t.url FROM temp.some_entries b "
        "JOIN s.entries n ON n.id = b.there JOIN s.targets t ON t.id = n.target",
        "INSERT INTO main.entries (target, kind, heading, text, href, published, modified) "
        "SELECT h.id, n.kind, n.heading, n.text, n.href, n.published, n.modified FROM temp.some_entries b "
        "JOIN s.entries n ON n.id = b.there JOIN s.targets t ON t.id = n.target JOIN main.targets h ON h.url = t.url "
        f"WHERE NOT EXISTS (SELECT 1 FROM main.entries k WHERE k.target = h.id AND {_SAME}) ORDER BY n.id",
        "INSERT OR IGNORE INTO temp.entries_here SELECT n.id, k.id FROM temp.some_entries b "
        "JOIN s.entries n ON n.id = b.there JOIN s.targets t ON t.id = n.target JOIN main.targets h ON h.url = t.url "
        f"JOIN main.entries k ON k.target = h.id AND {_SAME}",
        "INSERT OR IGNORE INTO main.lists (digest) SELECT l.digest FROM temp.some_lists b "
        "JOIN s.lists l ON l.id = b.there ORDER BY l.id",
        "INSERT OR IGNORE INTO main.listed (list, rank, entry) SELECT m.id, d.rank, k.here FROM temp.some_lists b "
        "JOIN s.lists l ON l.id = b.there JOIN main.lists m ON m.digest = l.digest JOIN s.listed d ON d.list = b.there "
        "JOIN temp.entries_here k ON k.there = d.entry",
    ):
        connection.execute(statement)


def readings(one: Bringing) -> None:
    """Bring readings. Of two by one extractor the newer that worked stands; of two that are shown, the newer one's."""
    connection = one.connection
    names = columns(connection, "extraction_rows")
    rest = [name for name in names if name not in ("url", "digest", "extractor", "current")]
    given = ", ".join("0" if name == "current" else f"e.{name}" for name in names)
    sets = ", ".join(f"{name} = excluded.{name}" for name in rest)
    new, old = (
        f"(coalesce({t}.problem, '') NOT IN ({_FAILED}), {t}.extracted_at, coalesce({t}.seal, ''))"
        for t in ("excluded", "extraction_rows")
    )
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS pairs (url TEXT, digest TEXT, PRIMARY KEY (url, digest))")
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS some_readings (number INTEGER PRIMARY KEY)")
    rows = one.select("SELECT number FROM temp.readings_brought ORDER BY number")
    for start in range(0, len(rows), BATCH):
        some = rows[start : start + BATCH]
        of = "s.extraction_rows e JOIN temp.some_readings r ON r.number = e.rowid"
        with one.into.writing():
            connection.execute("DELETE FROM temp.some_readings")
            connection.executemany("INSERT INTO temp.some_readings VALUES (?)", some)
            connection.execute("DELETE FROM temp.pairs")
            connection.execute(f"INSERT OR IGNORE INTO temp.pairs SELECT e.url, e.digest FROM {of}")
            lists.add_pairs(connection, -1)
            connection.execute(
                "INSERT OR IGNORE INTO main.shared_values SELECT v.name, v.value FROM s.shared_values v "
                f"WHERE v.name IN (SELECT e.fields_set FROM {of})"
            )
            held = connection.execute(
                f"SELECT count(*) FROM {of} JOIN main.extraction_rows m ON m.url = e.url AND m.digest = e.digest "
                "AND m.extractor = e.extractor"
            ).fetchone()[0]
            connection.execute(
                f"INSERT INTO main.extraction_rows ({', '.join(names)}) SELECT {given} FROM {of} WHERE 1 "
                f"ORDER BY e.rowid ON CONFLICT (url, digest, extractor) DO UPDATE SET {sets} WHERE {new} > {old}"
            )
            _show(connection, of)
            lists.add_pairs(connection, 1)
            one.merged.readings += len(some) - held
        one.tell("readings", start + len(some), len(rows))


def _show(connection: sqlite3.Connection, of: str) -> None:
    """Let one reading of each snapshot be shown, of those that either archive shows."""
    connection.execute("DROP TABLE IF EXISTS temp.shown_readings")
    connection.execute(
        "CREATE TEMP TABLE shown_readings AS SELECT url, digest, extractor FROM (SELECT url, digest, extractor, "
        "row_number() OVER (PARTITION BY url, digest ORDER BY worked DESC, version_rank(extractor) DESC) AS place FROM "
        "("
        f"SELECT e.url, e.digest, e.extractor, coalesce(e.problem, '') NOT IN ({_FAILED}) AS worked FROM {of} "
        "WHERE e.current = 1 UNION "
        f"SELECT m.url, m.digest, m.extractor, coalesce(m.problem, '') NOT IN ({_FAILED}) FROM temp.pairs "
        "JOIN main.extraction_rows m USING (url, digest) WHERE m.current = 1)) WHERE place = 1"
    )
    connection.execute("CREATE UNIQUE INDEX temp.shown_readings_key ON shown_readings (url, digest)")
    connection.execute(
        "UPDATE main.extraction_rows SET current = (extractor = (SELECT n.extractor FROM temp.shown_readings n "
        "WHERE n.url = extraction_rows.url AND n.digest = extraction_rows.digest)) "
        "WHERE (url, digest) IN (SELECT url, digest FROM temp.shown_readings)"
    )
