"""shards: the rows of one archive brought into another, table by table, as a union of what both hold.

Every table that two archives may both hold has a natural key. Where both have a row under one key, all of its columns
decide which stands, so the order in which archives are merged makes no difference. Each step is made of transactions
that leave the archive whole; what is there already is passed over, so a merge that was cut off is simply asked again.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from archive import lists
from archive.bodies import Coded, alone
from archive.codecs import ALONE, PATCH
from archive.proof import record
from archive.store import Archive

BATCH = 2_000
_BODIES, _BYTES = 1_000, 32 << 20

#: Tables of which every row is brought: their key, and the columns that decide first between two rows with one key.
PLAIN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "sites": (("site",), ("loaded_at",)),
    "runs": (("site", "due", "attempt"), ("finished_at", "started_at")),
    "tombstones": (("kind", "name"), ()),
    "copies": (("made_at", "place"), ()),
    "strikes": (("url", "digest", "extractor"), ("times",)),
    "pauses": (("site", "since"), ()),
}
#: Tables that have a step of their own, here or in `unions`.
STEPPED = frozenset(
    {
        "pages",
        "frontier",
        "snapshots",
        "bodies",
        "site_references",
        "shared_values",
        "capture_rows",
        "chain",
        "forks",
        "redactions",
    }
    | {"texts", "texts_fts", "lists", "targets", "entries", "listed", "extraction_rows", "recommendations"}
)
#: Tables that mean something only in their own file.
OWN = frozenset({"rereadings", "schedules", "planned_sites"})


@dataclass(slots=True)
class Part:
    """What of an archive is brought: all of it, or what belongs to a site, or to a month such as 2026-11."""

    site: str | None = None
    month: str | None = None

    def where(self, alias: str, time: str) -> tuple[str, list[str]]:
        """A condition on a table with a site and a time, and its values."""
        if self.site is not None:
            return f"{alias}.site = ?", [self.site]
        if self.month is not None:
            return f"substr({alias}.{time}, 1, 7) = ?", [self.month]
        return "1", []

    @property
    def whole(self) -> bool:
        return self.site is None and self.month is None


@dataclass(slots=True)
class Merged:
    """What a merge brought: rows that were not there before."""

    pages: int = 0
    captures: int = 0
    payloads: int = 0
    texts: int = 0
    readings: int = 0
    stage: str = ""
    done: int = 0
    total: int = 0


@dataclass(slots=True)
class Bringing:
    """One archive (attached as `s`) on its way into another."""

    into: Archive
    source: Archive
    part: Part
    merged: Merged
    progress: Callable[[Merged], None]
    barred: set[str] = field(default_factory=set)

    @property
    def connection(self) -> sqlite3.Connection:
        return self.into.db.conn

    def tell(self, stage: str, done: int, total: int) -> None:
        self.merged.stage, self.merged.done, self.merged.total = stage, done, total
        self.progress(self.merged)

    def select(self, sql: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        return self.connection.execute(sql, values).fetchall()


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    """The columns of a table."""
    return [row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]


def plain(one: Bringing) -> None:
    """Bring the tables of which every row is brought; of two rows with one key the greater stands."""
    with one.into.writing() as connection:
        for table, (key, first) in PLAIN.items():
            names = columns(connection, table)
            rest = [name for name in (*first, *(n for n in names if n not in first)) if name not in key]
            where, values = "1", list[str]()
            if one.part.site is not None and "site" in names:
                where, values = "x.site = ?", [one.part.site]
            elif one.part.month is not None and "due" in names:
                where, values = "substr(x.due, 1, 7) = ?", [one.part.month]
            elif table == "strikes" and not one.part.whole:
                where = "EXISTS (SELECT 1 FROM main.pages p WHERE p.url = x.url)"
            listed = ", ".join(names)
            update = ""
            if rest:
                sets = ", ".join(f"{name} = excluded.{name}" for name in rest)
                new, old = (", ".join(f"coalesce({t}.{n}, '')" for n in rest) for t in ("excluded", table))
                update = f" DO UPDATE SET {sets} WHERE ({new}) > ({old})"
            connection.execute(
                f"INSERT INTO {table} ({listed}) SELECT {listed} FROM s.{table} x WHERE {where} "
                f"ON CONFLICT ({', '.join(key)}){update or ' DO NOTHING'}",
                values,
            )


def frontier(one: Bringing) -> None:
    """Bring when pages are to be looked at. What is due rests on all captures and readings, so articles are weighed
    when their site is next visited, with the newest hint of either, if neither has looked since; how often hints were
    untrue is what the one knows that looked last. Of lists the row that was looked at last stands."""
    where, values = "", list[str]()
    if one.part.site is not None:
        where, values = "AND x.site = ?", [one.part.site]
    names = [name for name in columns(one.connection, "frontier") if name not in ("url", "looked_at", "kind")]
    listed, row = ", ".join(names), ("looked_at", "kind", *names)
    new, old = (", ".join(f"coalesce({table}.{name}, '')" for name in row) for table in ("excluded", "frontier"))
    sets = ", ".join(f"{name} = excluded.{name}" for name in row)
    looked = "nullif(max(coalesce(looked_at, ''), coalesce(excluded.looked_at, '')), '')"
    hinted = "max(coalesce(hinted_at, ''), coalesce(excluded.hinted_at, ''))"
    with one.into.writing() as connection:
        connection.execute(
            f"INSERT INTO frontier (url, looked_at, kind, {listed}) SELECT x.url, x.looked_at, x.kind, "
            f"{', '.join(f'x.{name}' for name in names)} FROM s.frontier x CROSS JOIN main.pages p ON p.url = x.url "
            f"AND p.kind <> 'article' WHERE x.kind <> 'article' {where} "
            f"ON CONFLICT (url) DO UPDATE SET {sets} WHERE frontier.kind = 'article' OR ({new}) > ({old})",
            values,
        )
        connection.execute(
            "INSERT INTO frontier (url, site, kind, due_at, why, born_at, looked_at, hint, hinted_at, fooled) "
            "SELECT p.url, p.site, 'article', p.discovered_at, 'unweighed', p.discovered_at, x.looked_at, x.hint, "
            "iif(x.hinted_at > coalesce(x.looked_at, ''), x.hinted_at, NULL), x.fooled "
            "FROM s.frontier x CROSS JOIN main.pages p ON p.url = x.url AND p.kind = 'article' "
            f"WHERE x.kind = 'article' {where} "
            "ON CONFLICT (url) DO UPDATE SET site = excluded.site, kind = 'article', due_at = excluded.due_at, "
            "why = 'unweighed', born_at = excluded.born_at, first_at = NULL, looks = 0, changes = 0, exposure = 0, "
            f"every = NULL, looked_at = {looked}, hint = nullif(max(coalesce(hint, ''), coalesce(excluded.hint, '')), "
            f"''), hinted_at = iif({hinted} > coalesce({looked}, ''), {hinted}, NULL), "
            "fooled = iif((coalesce(excluded.looked_at, ''), excluded.fooled) > (coalesce(looked_at, ''), fooled), "
            "excluded.fooled, fooled)",
            values,
        )


def pages(one: Bringing) -> None:
    """Bring pages: the first discovery stands, an alias stays one, and what is hidden anywhere is hidden."""
    condition, values = one.part.where("x", "discovered_at")
    if not one.part.whole:
        condition = f"({condition} OR x.url IN (SELECT url FROM temp.captures_brought))"
    last = int(str(one.select("SELECT coalesce(max(rowid), 0) FROM s.pages")[0][0]))
    names = "url, site, kind, discovered_at, discovered_on, alias_of, hidden_at, hidden_why"
    alias = "max(coalesce(excluded.alias_of, pages.alias_of), coalesce(pages.alias_of, excluded.alias_of))"
    for start in range(0, last + 1, 2 * BATCH):
        with one.into.writing() as connection:
            new, old = (
                f"({t}.discovered_at, coalesce({t}.discovered_on, ''), {t}.site, {t}.kind)"
                for t in ("excluded", "pages")
            )
            sets = ", ".join(
                f"{name} = CASE WHEN {new} < {old} THEN excluded.{name} ELSE pages.{name} END"
                for name in ("site", "kind", "discovered_at", "discovered_on")
            )
            hide = "(excluded.hidden_at IS NOT NULL AND (pages.hidden_at IS NULL OR (excluded.hidden_at, "
            hide += "coalesce(excluded.hidden_why, '')) < (pages.hidden_at, coalesce(pages.hidden_why, ''))))"
            changes = connection.total_changes
            connection.execute(
                f"INSERT INTO main.pages ({names}) SELECT {names} FROM s.pages x "
                f"WHERE x.rowid >= ? AND x.rowid < ? AND {condition} AND x.url NOT IN (SELECT url FROM temp.barred) "
                f"ON CONFLICT (url) DO UPDATE SET {sets}, alias_of = {alias}, "
                f"hidden_at = CASE WHEN {hide} THEN excluded.hidden_at ELSE pages.hidden_at END, "
                f"hidden_why = CASE WHEN {hide} THEN excluded.hidden_why ELSE pages.hidden_why END "
                f"WHERE {new} < {old} OR excluded.alias_of > coalesce(pages.alias_of, '') OR {hide}",
                (start, start + 2 * BATCH, *values),
            )
            one.merged.pages += connection.total_changes - changes
        one.tell("pages", min(start + 2 * BATCH, last), last)


# ---- payloads


def payloads(one: Bringing) -> None:
    """Bring snapshots with their stored bytes as they are, what they rest on first."""
    wanted = wanted_payloads(one)
    taken, size = list[str](), 0
    sizes = {str(digest): int(str(length)) for digest, length in one.select("SELECT digest, length FROM s.snapshots")}
    for count, digest in enumerate(wanted, 1):
        taken.append(digest)
        size += sizes[digest] // 8
        if len(taken) >= _BODIES or size >= _BYTES or count == len(wanted):
            with one.into.writing() as connection:
                for each in taken:
                    _bring(one, connection, each, 1)
            taken, size = [], 0
            one.tell("payloads", count, len(wanted))
    with one.into.writing() as connection:
        connection.execute(
            "INSERT INTO main.snapshots (digest, length, body, kept_as, shared) "
            "SELECT x.digest, x.length, NULL, x.kept_as, x.shared FROM s.snapshots x WHERE x.body IS NULL "
            "AND x.digest IN (SELECT digest FROM temp.payloads_wanted) "
            "AND (x.kept_as = x.digest OR EXISTS (SELECT 1 FROM main.snapshots k WHERE k.digest = x.kept_as)) "
            "ON CONFLICT (digest) DO UPDATE SET kept_as = min(kept_as, excluded.kept_as) WHERE body IS NULL"
        )
        _references(connection)


def wanted_payloads(one: Bringing) -> list[str]:
    """Digests of the payloads that are to be brought and are not there yet, in the order of the source's file."""
    connection = one.connection
    connection.execute("DROP TABLE IF EXISTS temp.payloads_wanted")
    connection.execute("CREATE TEMP TABLE payloads_wanted (digest TEXT PRIMARY KEY) WITHOUT ROWID")
    if one.part.whole:
        connection.execute("INSERT INTO payloads_wanted SELECT digest FROM s.snapshots")
    else:
        named = "SELECT c.{} FROM s.capture_rows c JOIN temp.captures_brought b ON b.number = c.rowid"
        connection.execute(
            f"INSERT OR IGNORE INTO payloads_wanted SELECT digest FROM s.snapshots WHERE digest IN "
            f"({named.format('digest')} UNION {named.format('wire_digest')})"
        )
        connection.execute(
            "INSERT OR IGNORE INTO payloads_wanted SELECT kept_as FROM s.snapshots WHERE kept_as IS NOT NULL "
            "AND digest IN (SELECT digest FROM payloads_wanted)"
        )
    connection.execute(
        "DELETE FROM payloads_wanted WHERE digest IN (SELECT c.digest FROM s.capture_rows c WHERE c.url IN "
        "(SELECT url FROM temp.barred)) AND digest NOT IN (SELECT c.digest FROM s.capture_rows c "
        "WHERE c.digest IS NOT NULL AND c.url NOT IN (SELECT url FROM temp.barred))"
    )
    rows = one.select(
        "SELECT x.digest FROM temp.payloads_wanted w JOIN s.snapshots x ON x.digest = w.digest "
        "LEFT JOIN main.snapshots m ON m.digest = x.digest WHERE x.body IS NOT NULL AND m.body IS NULL ORDER BY x.body"
    )
    return [str(digest) for (digest,) in rows]


def _bring(one: Bringing, connection: sqlite3.Connection, digest: str, frames: int) -> int:
    """Bring one payload, and before it what its bytes are coded against; returns its body's number here."""
    held = connection.execute("SELECT body FROM main.snapshots WHERE digest = ?", (digest,)).fetchone()
    if held and held[0] is not None:
        return int(held[0])
    body, length, shared, codec, parts, stored, base = connection.execute(
        "SELECT x.body, x.length, x.shared, b.codec, b.parts, b.body, r.digest FROM s.snapshots x "
        "JOIN s.bodies b ON b.id = x.body LEFT JOIN s.snapshots r ON r.body = b.reference WHERE x.digest = ?",
        (digest,),
    ).fetchone()
    if parts > 1:
        stored += connection.execute("SELECT body FROM s.bodies WHERE id = ?", (body + 1,)).fetchone()[0]
    if codec == ALONE:
        coded = Coded(ALONE, None, stored)
    else:
        resting = _bring(one, connection, base, frames + 1) if base else None
        # Here the same payload may lie deeper than it does there.
        fits = resting is not None and _shallow(one, connection, resting)
        coded = Coded(PATCH, resting, stored) if fits else alone(one.source.payload(digest))
    number = one.into.insert(connection, coded)
    connection.execute(
        "INSERT INTO main.snapshots (digest, length, body, shared) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (digest) DO UPDATE SET body = excluded.body, kept_as = NULL, "
        "shared = max(shared, excluded.shared)",
        (digest, length, number, shared),
    )
    one.merged.payloads += 1
    return number


def _shallow(one: Bringing, connection: sqlite3.Connection, body: int) -> bool:
    """Whether another body may be coded against one."""
    row = connection.execute("SELECT reference FROM main.bodies WHERE id = ?", (body,)).fetchone()
    return row is not None and (row[0] is None or one.into.may_rest(-1, body))


def _references(connection: sqlite3.Connection) -> None:
    """The pages that a site's next pages are tried against, for sites that have none here."""
    connection.execute(
        "INSERT OR IGNORE INTO main.site_references (site, body, pages, usual, lately, used_at) "
        "SELECT f.site, m.body, f.pages, f.usual, f.lately, f.used_at FROM s.site_references f "
        "JOIN s.snapshots x ON x.body = f.body JOIN main.snapshots m ON m.digest = x.digest AND m.body IS NOT NULL "
        "JOIN main.bodies b ON b.id = m.body AND b.reference IS NULL "
        "WHERE NOT EXISTS (SELECT 1 FROM main.site_references o WHERE o.site = f.site)"
    )


def shared_flags(one: Bringing) -> None:
    """Say of each payload that was brought whether more than one page shows it now."""
    with one.into.writing() as connection:
        connection.execute(
            "UPDATE main.snapshots SET shared = 1 WHERE shared = 0 AND digest IN "
            "(SELECT digest FROM s.snapshots WHERE shared = 1 UNION "
            "SELECT digest FROM main.capture_rows WHERE digest IN (SELECT digest FROM s.snapshots) "
            "GROUP BY digest HAVING min(url) <> max(url))"
        )


# ---- captures and their chains


def choose_captures(one: Bringing) -> None:
    """Write down which captures of the source are meant."""
    connection = one.connection
    where, values = one.part.where("c", "captured_at")
    connection.execute("DROP TABLE IF EXISTS temp.captures_brought")
    connection.execute("CREATE TEMP TABLE captures_brought (number INTEGER PRIMARY KEY, url TEXT)")
    if not one.part.whole:
        connection.execute(
            f"INSERT INTO captures_brought SELECT c.rowid, c.url FROM s.capture_rows c WHERE {where}", values
        )
        connection.execute("CREATE INDEX temp.captures_brought_url ON captures_brought (url)")


Link = tuple[str, str, int]


def captures(one: Bringing) -> None:
    """Bring captures, whole links of their chains at a time; what of a link is not brought leaves its digest."""
    connection = one.connection
    chosen = "" if one.part.whole else "AND EXISTS (SELECT 1 FROM temp.captures_brought b WHERE b.number = c.rowid)"
    total = one.select(f"SELECT count(*) FROM s.capture_rows c WHERE 1 {chosen}")[0][0]
    done = 0
    for (site,) in one.select("SELECT site FROM s.capture_rows UNION SELECT site FROM s.chain ORDER BY 1"):
        rows = one.select(
            f"SELECT c.rowid, coalesce(c.due, ''), coalesce(c.link, 0) FROM s.capture_rows c WHERE c.site = ? {chosen} "
            "AND c.url NOT IN (SELECT url FROM temp.barred) ORDER BY 2, 3, 1",
            (site,),
        )
        for some in _whole_links(rows):
            with one.into.writing():
                _links(one, str(site), {(str(due), int(str(link))) for _, due, link in some if link})
                one.merged.captures += _insert(one, [int(str(number)) for number, _, _ in some])
            done += len(some)
            one.tell("captures", done, int(str(total)))
        runs = {str(due) for _, due, _ in rows}
        if one.part.whole or one.part.site == site:
            runs |= {str(due) for (due,) in one.select("SELECT DISTINCT due FROM s.chain WHERE site = ?", (site,))}
        with one.into.writing():
            _rest_of_runs(one, str(site), runs)
            _satisfied(connection, str(site))


def _whole_links(rows: Iterable[tuple[object, ...]]) -> Iterator[list[tuple[object, ...]]]:
    """Rows of captures in parts that never cut a link."""
    part: list[tuple[object, ...]] = []
    for row in rows:
        if len(part) >= BATCH and row[1:] != part[-1][1:]:
            yield part
            part = []
        part.append(row)
    if part:
        yield part


def _insert(one: Bringing, numbers: list[int]) -> int:
    """Insert captures that are not there; returns how many. In a transaction."""
    connection = one.connection
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS some_captures (number INTEGER PRIMARY KEY)")
    connection.execute("DELETE FROM some_captures")
    connection.executemany("INSERT INTO some_captures VALUES (?)", [(number,) for number in numbers])
    of = "s.capture_rows c JOIN temp.some_captures n ON n.number = c.rowid"
    connection.execute(
        f"INSERT OR IGNORE INTO main.shared_values SELECT v.name, v.value FROM s.shared_values v WHERE v.name IN "
        f"(SELECT c.request_set FROM {of} UNION SELECT c.response_set FROM {of} UNION SELECT c.tls FROM {of})"
    )
    both = one.select(
        f"SELECT c.rowid, m.rowid FROM {of} JOIN main.capture_rows m ON m.url = c.url AND m.captured_at = c.captured_at"
    )
    for there, here in both:
        _agree(one, int(str(there)), int(str(here)))
    names = ", ".join(columns(connection, "capture_rows"))
    given = ", ".join(f"c.{name}" for name in columns(connection, "capture_rows"))
    # An earlier capture of what was read here moves what its links are counted under to another day.
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS pairs (url TEXT, digest TEXT, PRIMARY KEY (url, digest))")
    connection.execute("DELETE FROM temp.pairs")
    read = connection.execute(
        f"INSERT OR IGNORE INTO temp.pairs SELECT c.url, c.digest FROM {of} JOIN main.extraction_rows e "
        "ON e.url = c.url AND e.digest = c.digest AND e.current = 1 AND e.links_digest IS NOT NULL"
    ).rowcount
    if read:
        lists.add_pairs(connection, -1)
    count = connection.execute(
        f"INSERT OR IGNORE INTO main.capture_rows ({names}) SELECT {given} FROM {of} ORDER BY c.rowid"
    ).rowcount
    if read:
        lists.add_pairs(connection, 1)
    return count


def _agree(one: Bringing, there: int, here: int) -> None:
    """Let one of two rows of one capture stand; the other's record stays for its chain."""
    connection = one.connection
    old, new = (
        connection.execute(
            f"SELECT seal, link, site, coalesce(due, '') FROM {schema}.capture_rows WHERE rowid = ?", (number,)
        ).fetchone()
        for schema, number in (("main", here), ("s", there))
    )
    if old == new:
        return
    if old[0] == new[0] and old[2:] == new[2:]:
        # The same capture, in another link of its run: the lower number stands in the row.
        links = [link for link in (old[1], new[1]) if link is not None]
        if not links:
            return
        connection.execute("UPDATE main.capture_rows SET link = ? WHERE rowid = ?", (min(links), here))
        if len(links) == 2:
            digest = _record(one.into, here)
            connection.execute(
                "INSERT OR IGNORE INTO main.redactions VALUES (?, ?, ?, ?)", (*old[2:], max(links), digest)
            )
        return
    mine, other = _record(one.into, here), _record(one.source, there)
    loser = (old, mine) if other > mine else (new, other)
    if loser[0][1] is not None:
        connection.execute(
            "INSERT OR IGNORE INTO main.redactions VALUES (?, ?, ?, ?)", (*loser[0][2:], loser[0][1], loser[1])
        )
    if other > mine:
        connection.execute("DELETE FROM main.capture_rows WHERE rowid = ?", (here,))


def _record(archive: Archive, number: int) -> str:
    """The digest of the record of a capture, by its row."""
    _, rows = archive.rows(
        "SELECT * FROM captures WHERE (url, captured_at) = (SELECT url, captured_at FROM capture_rows WHERE rowid = ?)",
        (number,),
    )
    return record(rows[0])


def _links(one: Bringing, site: str, links: set[tuple[str, int]]) -> None:
    """Bring links of a site's chains. Where here is another head for one, both stay, told apart by `forks`."""
    connection = one.connection
    for due, link in sorted(links):
        key = (site, due, link)
        there = connection.execute(
            "SELECT site, due, link, head, before, records, sealed_at FROM s.chain "
            "WHERE site = ? AND due = ? AND link = ?",
            key,
        ).fetchall()
        here = {
            head
            for (head,) in connection.execute(
                "SELECT head FROM main.chain WHERE site = ? AND due = ? AND link = ?", key
            )
        }
        heads = here | {row[3] for row in there}
        if len(heads) > 1 and heads != here:
            for archive, some in ((one.into, here), (one.source, {row[3] for row in there})):
                for head in some:
                    connection.executemany(
                        "INSERT OR IGNORE INTO main.forks VALUES (?, ?, ?, ?, ?)",
                        [(*key, sealed, head) for sealed in _sealed(archive, key, head)],
                    )
        connection.executemany(
            "INSERT OR IGNORE INTO main.chain (site, due, link, head, before, records, sealed_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            there,
        )
        connection.execute(
            "INSERT OR IGNORE INTO main.redactions SELECT site, due, link, record FROM s.redactions "
            "WHERE site = ? AND due = ? AND link = ?",
            key,
        )


def _sealed(archive: Archive, key: Link, head: str) -> set[str]:
    """The records that a head of a link seals."""
    find = archive.db.conn.execute
    told = {
        one for (one,) in find(
            "SELECT record FROM forks WHERE site = ? AND due = ? AND link = ? AND head = ?", (*key, head)
        )
    }  # fmt: skip
    if told:
        return told
    _, rows = archive.rows("SELECT * FROM captures WHERE site = ? AND coalesce(due, '') = ? AND link = ?", key)
    gone = find("SELECT record FROM redactions WHERE site = ? AND due = ? AND link = ?", key)
    return {record(row) for row in rows} | {one for (one,) in gone}


def _rest_of_runs(one: Bringing, site: str, runs: set[str]) -> None:
    """Of runs that are brought in part: their other links, and the digests of the captures that stay behind."""
    connection = one.connection
    for due in sorted(runs):
        missing = connection.execute(
            "SELECT DISTINCT link FROM s.chain c WHERE site = ? AND due = ? AND NOT EXISTS (SELECT 1 FROM main.chain m "
            "WHERE m.site = c.site AND m.due = c.due AND m.link = c.link AND m.head = c.head)",
            (site, due),
        ).fetchall()
        _links(one, site, {(due, link) for (link,) in missing})
    behind = defaultdict[Link, list[int]](list)
    if one.part.whole and not one.barred:
        return
    for number, due, link in connection.execute(
        "SELECT c.rowid, coalesce(c.due, ''), c.link FROM s.capture_rows c WHERE c.site = ? AND c.link IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM main.capture_rows m WHERE m.url = c.url AND m.captured_at = c.captured_at)",
        (site,),
    ).fetchall():
        if due in runs:
            behind[site, due, link].append(number)
    for key, numbers in behind.items():
        rows = [(*key, _record(one.source, number)) for number in numbers]
        connection.executemany("INSERT OR IGNORE INTO main.redactions VALUES (?, ?, ?, ?)", rows)


def _satisfied(connection: sqlite3.Connection, site: str) -> None:
    """Captures that are here leave no record beside them: what was split is whole again."""
    if connection.execute("SELECT 1 FROM main.redactions WHERE site = ? LIMIT 1", (site,)).fetchone():
        connection.execute(
            "DELETE FROM main.redactions WHERE site = ?1 AND EXISTS "
            "(SELECT 1 FROM main.capture_rows c WHERE c.site = ?1 "
            "AND coalesce(c.due, '') = redactions.due AND c.link = redactions.link "
            "AND c.seal = substr(redactions.record, 1, 16))",
            (site,),
        )
