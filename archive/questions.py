"""Questions: what the archive knows of a page, a site, itself, as the crawler and the commands ask it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from archive.errors import PayloadDamaged, UnknownPage, UnknownSite
from archive.opening import File
from archive.records import batched, moment, text_digest, timestamp
from archive.rows import reading_seal
from archive.sites import Site
from archive.tombstones import Tombstones
from archive.watching import Due, Watching


class Questions(File):
    """Answers them; writes nothing."""

    # ---- before a request

    def validators(self, url: str) -> tuple[str | None, str | None]:
        """(ETag, Last-Modified) to ask with, from the newest full answer of this very URL; (None, None) without one."""
        row = self.db.conn.execute(
            "SELECT etag, last_modified FROM capture_rows WHERE url = ? AND digest IS NOT NULL "
            "AND status IN (200, 203) AND error IS NULL ORDER BY captured_at DESC LIMIT 1",
            (url,),
        ).fetchone()
        return (row[0], row[1]) if row else (None, None)

    def failures(self, url: str) -> int:
        """How often in a row a page's newest captures failed in a way that may pass (they name a next try)."""
        rows = self.db.conn.execute(
            "SELECT next_try IS NOT NULL FROM capture_rows WHERE url = ? ORDER BY captured_at DESC LIMIT 40", (url,)
        ).fetchall()
        return next((count for count, (failed,) in enumerate(rows) if not failed), len(rows))

    def postponed(self, at: datetime) -> list[tuple[str, datetime]]:
        """(URL, until) of answers 429 and 503 with which a host asked to be left alone beyond `at` (UTC)."""
        rows = self.db.conn.execute(
            "SELECT url, max(next_try) FROM capture_rows WHERE next_try > ? AND status IN (429, 503) GROUP BY url",
            (timestamp(at),),
        ).fetchall()
        return [(url, moment(until)) for url, until in rows]

    def unfetched(self, urls: Sequence[str]) -> set[str]:
        """Those of the URLs that have never been captured and were not erased."""
        held: set[str] = set()
        for some in batched(urls, 500):
            marks = ",".join("?" * len(some))
            held.update(
                row[0]
                for row in self.db.conn.execute(f"SELECT DISTINCT url FROM capture_rows WHERE url IN ({marks})", some)
            )
        stones = Tombstones(self.db.conn)
        return {url for url in urls if url not in held and not stones.url(url)}

    def erased(self, url: str) -> bool:
        """Whether a page was erased, or its whole domain: it is not to be fetched again."""
        return Tombstones(self.db.conn).url(url)

    def listed_before(self, url: str) -> int:
        """How many links the newest reading of a list that had any showed: 0 where it never listed one."""
        row = self.db.conn.execute(
            "SELECT count(*) FROM links l WHERE l.list = (SELECT e.links_digest FROM extraction_rows e "
            "JOIN capture_rows c ON c.url = e.url AND c.digest = e.digest WHERE e.url = ? AND e.current = 1 "
            "AND e.links_digest IS NOT NULL ORDER BY c.captured_at DESC LIMIT 1)",
            (url,),
        ).fetchone()
        return int(row[0])

    def gained(self, site: str, since: datetime) -> tuple[int, int]:
        """(new articles, revised articles) that a site's captures since a moment brought, as they are read now."""
        row = self.db.conn.execute(
            "SELECT coalesce(sum(before IS NULL), 0), coalesce(sum(before <> text), 0) FROM ("
            "  SELECT e.text_digest AS text, (SELECT x.text_digest FROM capture_rows o "
            "    JOIN extraction_rows x ON x.url = o.url AND x.digest = o.digest AND x.current = 1 "
            "    AND x.text_digest IS NOT NULL WHERE o.url = c.url AND o.captured_at < c.captured_at "
            "    AND o.error IS NULL AND o.status IN (200, 203, 304) ORDER BY o.captured_at DESC LIMIT 1) AS before "
            "  FROM capture_rows c JOIN pages p ON p.url = c.url AND p.kind = 'article' "
            "  JOIN extraction_rows e ON e.url = c.url AND e.digest = c.digest AND e.current = 1 AND e.text_digest IS "
            "NOT NULL "
            "  WHERE c.site = ? AND c.captured_at >= ? AND c.error IS NULL AND c.status IN (200, 203))",
            (site, timestamp(since)),
        ).fetchone()
        return int(row[0]), int(row[1])

    def flagged(self, site: str, since: datetime) -> int:
        """How many articles a site's captures since a moment brought that were read as something else than that."""
        row = self.db.conn.execute(
            "SELECT count(*) FROM capture_rows c JOIN pages p ON p.url = c.url AND p.kind = 'article' "
            "JOIN extraction_rows e ON e.url = c.url AND e.digest = c.digest AND e.current = 1 "
            "WHERE c.site = ? AND c.captured_at >= ? AND c.error IS NULL AND c.status IN (200, 203) "
            "AND e.problem IS NOT NULL",
            (site, timestamp(since)),
        ).fetchone()
        return int(row[0])

    def due(self, site: str, now: datetime) -> list[Due]:
        """The articles of a site that are due at a moment (UTC), in no order.

        Those that a merge or an older file has left unweighed are weighed first; an archive that was opened only to
        look names them all.
        """
        watching = Watching(self.db.conn)
        unweighed = [] if self.looks_only else watching.unweighed(site)
        if unweighed:
            with self.writing():
                watching.refresh(unweighed)
        return list(watching.due(site, now))

    def next_due(self, site: str) -> datetime | None:
        """When the first of a site's articles is due, or was; None where none ever will be."""
        row = self.db.conn.execute(
            "SELECT due_at FROM frontier WHERE site = ? AND kind = 'article' AND due_at IS NOT NULL "
            "ORDER BY due_at LIMIT 1",
            (site,),
        ).fetchone()
        return moment(row[0]) if row else None

    def watched(self, url: str) -> tuple[str | None, str | None, str]:
        """(the page that this one is an alias of, when it is due, why) of a page, as the frontier has it."""
        row = self.db.conn.execute(
            "SELECT (SELECT target FROM aliases a WHERE a.url = f.url), f.due_at, f.why FROM frontier f "
            "WHERE f.url = ?",
            (url,),
        ).fetchone()
        return row or (None, None, "it is not on the frontier")

    def list_looks(self, site: str) -> dict[str, tuple[datetime, datetime]]:
        """When each seed of a site was last asked, and when it is worth asking again."""
        rows = self.db.conn.execute(
            "SELECT url, looked_at, due_at FROM frontier WHERE site = ? AND kind <> 'article'", (site,)
        )
        return {url: (moment(looked), moment(due)) for url, looked, due in rows}

    def spent(self, site: str, since: datetime) -> tuple[int, int]:
        """(new articles captured, further looks at known ones) at a site since a moment."""
        row = self.db.conn.execute(
            "SELECT count(*), count(*) FILTER (WHERE f.first_at = c.captured_at) FROM capture_rows c "
            "JOIN frontier f ON f.url = c.url AND f.kind = 'article' "
            "WHERE c.site = ? AND c.captured_at >= ? AND c.status IS NOT NULL",
            (site, timestamp(since)),
        ).fetchone()
        return int(row[1]), int(row[0]) - int(row[1])

    def timemap(self, url: str) -> list[dict[str, Any]]:
        """Every capture of a page in order of time, with what was read in it. Raises UnknownPage."""
        _, rows = self.rows(
            "SELECT c.captured_at, c.status, c.reason, c.error, c.detail, c.location, c.digest, e.text_digest, "
            "e.kind, e.problem, t.title, t.words "
            "FROM capture_rows c "
            "LEFT JOIN extraction_rows e ON e.url = c.url AND e.digest = c.digest AND e.current = 1 "
            "LEFT JOIN texts t ON t.digest = e.text_digest WHERE c.url = ? ORDER BY c.captured_at",
            (url,),
        )
        self._expect(url, bool(rows))
        return rows

    def _expect(self, url: str, held: bool) -> None:
        """Raise UnknownPage, with why, for a page that is not there to be shown."""
        row = self.db.conn.execute("SELECT hidden_at, hidden_why FROM pages WHERE url = ?", (url,)).fetchone()
        if row and row[0]:
            why = f" ({row[1]})" if row[1] else ""
            raise UnknownPage(f"{url} is hidden since {row[0][:10]}{why}; `foreigndesk hide --undo` shows it again.")
        if held:
            return
        if self.erased(url):
            raise UnknownPage(f"{url} was erased from this archive; the table `tombstones` says when and why.")
        part = url.split("//")[-1].strip("/")
        near = (
            part
            and self.db.conn.execute(
                "SELECT url FROM pages WHERE hidden_at IS NULL AND instr(url, ?) AND kind <> 'robots' "
                "ORDER BY kind <> 'article', length(url) LIMIT 1",
                (part,),
            ).fetchone()
        )
        hint = f"Did you mean {near[0]}?" if near else "`foreigndesk search WORDS` finds pages by their words."
        raise UnknownPage(f"The archive holds no capture of {url or 'a page without an address'}. {hint}")

    def expect_site(self, site: str) -> None:
        """Raise UnknownSite, with the nearest names, where nothing of a site was captured."""
        if self.db.conn.execute("SELECT 1 FROM capture_rows WHERE site = ? LIMIT 1", (site,)).fetchone():
            return
        held = [str(row[0]) for row in self.db.conn.execute("SELECT DISTINCT site FROM pages")]
        near = difflib.get_close_matches(site, held, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(near)}?" if near else "`foreigndesk status` tells what it holds."
        raise UnknownSite(f"The archive holds no captures of a site {site!r}. {hint}")

    def reading(self, url: str, digest: str, extractor: str | None = None) -> dict[str, Any] | None:
        """The current reading of one snapshot of a page (columns of the view `readings`), or None.

        extractor: the reading of this one instead.
        Raises PayloadDamaged where the reading or its text is not as it was kept.
        """
        columns, rows = self.rows(
            "SELECT e.*, t.title, t.standfirst, t.text, t.words, "
            "json_patch(s.value, coalesce(e.fields_changes, '{}')) AS fields FROM extraction_rows e "
            "LEFT JOIN texts t ON t.digest = e.text_digest LEFT JOIN shared_values s ON s.name = e.fields_set "
            "WHERE e.url = ?1 AND e.digest = ?2 AND CASE WHEN ?3 IS NULL THEN e.current = 1 ELSE e.extractor = ?3 END",
            (url, digest, extractor),
        )
        if not rows:
            return None
        row = rows[0]
        # A damaged index gives another row than the one that was asked for.
        if (row["url"], row["digest"]) != (url, digest):
            raise PayloadDamaged(_NOT_AS_KEPT.format(url))
        check_reading(row, columns)
        return {name: value for name, value in row.items() if name not in ("fields_set", "fields_changes", "seal")}

    def sites(self) -> dict[str, Site]:
        """The entries under which sites were last visited, by their key: the rules that `reextract` falls back on."""
        _, rows = self.rows("SELECT site, entry FROM sites")
        return {row["site"]: Site.from_entry(row["entry"]) for row in rows}

    def counts(self) -> dict[str, int]:
        """How much the archive holds, by what it is."""
        asked = {
            "sites": "SELECT count(DISTINCT site) FROM pages",
            "articles known": "SELECT count(*) FROM pages WHERE kind = 'article'",
            "captures": "SELECT count(*) FROM capture_rows",
            "failed captures": "SELECT count(*) FROM capture_rows WHERE error IS NOT NULL",
            "snapshots": "SELECT count(*) FROM snapshots",
            "payload bytes": "SELECT coalesce(sum(length), 0) FROM snapshots",
            "texts": "SELECT count(*) FROM texts",
            "links": "SELECT count(*) FROM listed",
            "snapshots not read yet": "SELECT count(DISTINCT c.url || c.digest) FROM capture_rows c JOIN pages p ON "
            "p.url = c.url "
            "LEFT JOIN extraction_rows e ON e.url = c.url AND e.digest = c.digest AND e.current = 1 WHERE c.digest IS "
            "NOT NULL "
            "AND c.status IN (200, 203) AND c.error IS NULL AND p.kind <> 'robots' AND e.url IS NULL",
        }
        return {name.replace(" ", "_"): int(self.db.conn.execute(sql).fetchone()[0]) for name, sql in asked.items()}


_NOT_AS_KEPT = "What was read in {} is not as it was kept: `foreigndesk verify` reads it again from its page."


def check_reading(row: Mapping[str, Any], columns: Sequence[str]) -> None:
    """Raise PayloadDamaged where a reading or its text is not as it was kept.

    row: with the columns of `extraction_rows`, which `columns` begins with, and title, standfirst and text.
    """
    kept = {name: row[name] for name in columns[: columns.index("seal") + 1]}
    if row["seal"] is not None and reading_seal(kept) != row["seal"]:
        raise PayloadDamaged(_NOT_AS_KEPT.format(row["url"]))
    check_text(row)


def check_text(row: Mapping[str, Any]) -> None:
    """Raise PayloadDamaged where a row's title, standfirst and text no longer have the digest they were kept under."""
    digest = row["text_digest"]
    if digest and text_digest(row["title"], row["standfirst"], row["text"]) != digest:
        raise PayloadDamaged(
            f"The text kept as {digest} has another digest now: `foreigndesk verify` reads it again from its page."
        )
