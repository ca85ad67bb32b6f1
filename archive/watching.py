"""Watching: the table `frontier`, kept by what is stored and read, in its transaction. The policy is `frontier.due`.

A row is worked out from the page's captures and readings as they stand, whenever one of them is added, so the order in
which they arrive does not matter and a row can be made again at any time. Only what lists say (hints, and their own
yield) is written down as it is heard.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

from archive.cadence import Cadence
from archive.frontier import Known, due, growth, hours, paced, worth
from archive.records import SHOWS_STATE, Visit, moment, timestamp
from archive.rows import claimed_time
from archive.sites import Site

GONE = (404, 410, 451)
MOVED = (301, 308)
LISTS = ("section", "feed", "sitemap")
#: A page that says it was modified this long after it was published has been changed before we first saw it.
SAME_MOMENT = timedelta(minutes=5)
#: A claimed date of publication is believed back to this long before the first capture.
BELIEVED = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Due:
    """An article that is due: since when, why (new, look, hint, retry, gone, moved, failed), what a look is worth."""

    url: str
    due_at: datetime
    why: str
    worth: float

    @property
    def new(self) -> bool:
        """Whether it was never captured."""
        return self.why == "new"


class Watching:
    """Keeps the frontier over one connection, inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    @cached_property
    def sites(self) -> dict[str, Site]:
        """The entries by which pages are judged: those under which their sites were visited last."""
        return {}

    def site(self, key: str) -> Site:
        """The entry of a site, an empty one where it has none."""
        if key not in self.sites:
            row = self.connection.execute("SELECT entry FROM sites WHERE site = ?", (key,)).fetchone()
            self.sites[key] = Site.from_entry(row[0]) if row else Site(key)
        return self.sites[key]

    def visited(self, visits: Iterable[Visit], fresh: set[str]) -> None:
        """Take in what was just stored: captures, what their lists named (`fresh`: for the first time) and hinted."""
        captured: dict[str, None] = {}
        for visit in visits:
            capture = visit.capture
            found = [url for kind, url in visit.found if kind == "article" and url in fresh]
            at = timestamp(capture.captured_at)
            self.connection.executemany(
                "INSERT OR IGNORE INTO frontier (url, site, kind, due_at, why, born_at) "
                "VALUES (?, ?, 'article', ?, 'new', ?)",
                [(url, capture.site, at, at) for url in found],
            )
            if capture.kind == "article":
                captured[capture.url] = None
            elif capture.kind in LISTS:
                self._listed(visit, len(found))
            self._hinted(visit, at)
        self.refresh(captured)

    def refresh(self, urls: Iterable[str]) -> None:
        """Work out anew when these articles are due."""
        for url in urls:
            row = self.connection.execute(
                "SELECT p.site, p.discovered_at, p.alias_of, f.hint, f.hinted_at, f.fooled FROM pages p "
                "LEFT JOIN frontier f ON f.url = p.url WHERE p.url = ? AND p.kind = 'article'",
                (url,),
            ).fetchone()
            if row:
                self._keep(url, *row)

    def _keep(
        self,
        url: str,
        key: str,
        found_at: str,
        alias: str | None,
        hint: str | None,
        hinted: str | None,
        fooled: int | None,
    ) -> None:
        looks = self.connection.execute(
            "SELECT c.captured_at, c.status, c.error, c.next_try, e.text_digest, e.published_at, e.modified_at, "
            "e.url IS NOT NULL FROM capture_rows c "
            "LEFT JOIN extraction_rows e ON e.url = c.url AND e.digest = c.digest AND e.current = 1 "
            "WHERE c.url = ? ORDER BY c.captured_at",
            (url,),
        ).fetchall()
        known, changed = _known(looks, found_at)
        fooled = fooled or 0
        if hinted and known.looked_at and timestamp(known.looked_at) >= hinted and changed is not None:
            # The look that the hint led to has been read: it was true, or it was not.
            hinted, fooled = None, 0 if changed else fooled + 1
        known = _with_hint(known, hinted, fooled)
        site = self.site(key)
        when, why = due(known, site.revisit, site.watch)
        if alias and known.state != "moved":
            when, why = None, "alias"
        self.connection.execute(
            "INSERT OR REPLACE INTO frontier (url, site, kind, due_at, why, born_at, first_at, looked_at, looks, "
            "changes, exposure, hint, hinted_at, fooled) VALUES (?, ?, 'article', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                url, key, when and timestamp(when), why, timestamp(known.born_at), looks[0][0] if looks else None,
                looks[-1][0] if looks else None, len(looks), known.changes, known.exposure, hint, hinted, fooled,
            ),
        )  # fmt: skip

    def _hinted(self, visit: Visit, at: str) -> None:
        """A list says when articles changed: those that it says it of anew are due at once, unless it fooled us."""
        for url, said in visit.hints:
            claim = claimed_time(said)
            if not claim or not claim.endswith("Z"):
                continue  # a day, or a time of nowhere, is no moment
            row = self.connection.execute("SELECT hint, looked_at FROM frontier WHERE url = ?", (url,)).fetchone()
            if row is None or row[0] == claim:
                continue
            news = row[1] is not None and (row[0] is not None or claim > row[1])
            self.connection.execute(
                "UPDATE frontier SET hint = ?1, hinted_at = CASE WHEN ?2 THEN ?3 ELSE hinted_at END WHERE url = ?4",
                (claim, news, at, url),
            )
            if news:
                self.refresh([url])

    def _listed(self, visit: Visit, new: int) -> None:
        """A seed was asked: its next look, by what this one brought."""
        capture, site = visit.capture, self.site(visit.capture.site)
        if capture.url not in {url for _, url in site.seeds()}:
            return
        row = self.connection.execute("SELECT every, looks FROM frontier WHERE url = ?", (capture.url,)).fetchone()
        cadence = Cadence.of(site.cadence, site.timezone)
        slot = cadence.latest(capture.captured_at)
        floor = (cadence.next(slot) - slot).total_seconds()
        before = (row and row[0]) or floor
        sound = capture.error is None and capture.status in SHOWS_STATE
        every = paced(before, new, floor, site.quiet) if sound else before
        # Slots come at fixed times, looks some time after them: half a slot of grace, so that none is left out.
        next_look = capture.captured_at + timedelta(seconds=every - floor / 2)
        at = timestamp(capture.captured_at)
        self.connection.execute(
            "INSERT INTO frontier (url, site, kind, due_at, why, born_at, first_at, looked_at, looks, changes, every) "
            "VALUES (:url, :site, :kind, :due, 'list', :at, :at, :at, 1, :new, :every) ON CONFLICT (url) DO UPDATE SET "
            "due_at = :due, why = 'list', looked_at = max(:at, coalesce(looked_at, '')), looks = looks + 1, "
            "changes = changes + :new, every = :every",
            {"url": capture.url, "site": capture.site, "kind": capture.kind, "due": timestamp(next_look), "at": at,
             "new": new, "every": every},
        )  # fmt: skip

    # ---- asking

    def due(self, site: str, now: datetime) -> Iterator[Due]:
        """The articles of a site that are due at a moment."""
        rows = self.connection.execute(
            "SELECT url, due_at, why, born_at, looked_at, changes, exposure, hinted_at, fooled FROM frontier "
            "WHERE site = ? AND kind = 'article' AND due_at <= ?",
            (site, timestamp(now)),
        )
        for url, due_at, why, born, looked, changes, exposure, hinted, fooled in rows.fetchall():
            state = why if why in ("gone", "moved", "failed") else "text"
            known = Known(moment(born), _moment(looked), changes, exposure, state)
            yield Due(url, moment(due_at), why, worth(_with_hint(known, hinted, fooled), now))

    def unweighed(self, site: str) -> list[str]:
        """Articles that an older file knew, whose rows have not been worked out yet."""
        rows = self.connection.execute(
            "SELECT url FROM frontier WHERE site = ? AND kind = 'article' AND due_at IS NOT NULL AND why = 'unweighed'",
            (site,),
        )
        return [url for (url,) in rows]


def _known(looks: list[tuple[Any, ...]], found_at: str) -> tuple[Known, bool | None]:
    """What a page's looks tell, and whether the newest of them found a change (None: it was not read yet)."""
    if not looks:
        return Known(moment(found_at)), None
    first = moment(looks[0][0])
    read = [row for row in looks if row[4] and row[2] is None and row[1] in SHOWS_STATE]
    published, modified = (_claim(read[0][n], first) if read else None for n in (5, 6))
    born = published or first
    changes = exposure = 0.0
    if published and modified:
        # It says itself whether it was changed before we came.
        changes, exposure = float(modified - published > SAME_MOMENT), growth(0.0, hours(moment(read[0][0]) - born))
    for before, after in pairwise(read):
        ages = [hours(moment(row[0]) - born) for row in (before, after)]
        exposure += growth(ages[0], max(ages))
        changes += before[4] != after[4]
    last = looks[-1]
    state = _state(last)
    row_of = next((n for n, row in enumerate(reversed(looks)) if _state(row) != state), len(looks))
    changed = None
    if last[2] is not None or last[1] not in SHOWS_STATE or last[7]:
        changed = bool(len(read) > 1 and read[-1] is last and read[-2][4] != last[4])
    known = Known(born, moment(last[0]), changes, exposure, state, row_of, _moment(last[3]))
    return known, changed


def _state(row: tuple[Any, ...]) -> str:
    status, error = row[1], row[2]
    if error is None and status in GONE:
        return "gone"
    if error is None and status in MOVED:
        return "moved"
    return "failed" if error else "text"


def _with_hint(known: Known, hinted: str | None, fooled: int) -> Known:
    return Known(
        known.born_at, known.looked_at, known.changes, known.exposure, known.state, known.in_a_row, known.next_try,
        _moment(hinted), fooled,
    )  # fmt: skip


def _moment(text: str | None) -> datetime | None:
    return moment(text) if text else None


def _claim(text: str | None, first: datetime) -> datetime | None:
    """A page's own time, where it names a zone and can be true: before the first capture, and not long ago."""
    if not text or not text.endswith("Z"):
        return None
    claimed = moment(text)
    return claimed if first - BELIEVED <= claimed <= first else None
