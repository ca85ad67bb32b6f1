"""frontier: what is to be fetched next of a site: articles never fetched, and known ones worth another look.

The frontier is no queue of its own: it is computed from the archive's captures, so a kill at any moment loses
nothing and leaves nothing to repair.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from archive import Archive, Seen, Site

#: A known article is looked at again once this share of its age has passed since the last look: dense in the first
#: hours, when most corrections are made, and ever rarer after that.
AGE_SHARE = 0.2
#: Looks are never further apart than this while an article is young enough to be looked at.
LONGEST_WAIT = timedelta(days=30)
#: An article that answered 404, 410 or 451 this often in a row of looks is left alone.
GONE = (404, 410, 451)
FAILURES_GIVEN = 5


def due(archive: Archive, site: Site, now: datetime) -> tuple[list[str], list[str]]:
    """(new, known): article URLs of a site to fetch now, newest discoveries first; never-fetched before known ones.

    now: UTC. Both lists together are cut to the site's `max_articles` by the caller, new ones first.
    """
    new: list[Seen] = []
    known: list[tuple[timedelta, Seen]] = []
    for page in archive.seen(site.key):
        late = overdue(page, site, now)
        if late is None:
            continue
        if page.captures == 0:
            new.append(page)
        else:
            known.append((late, page))
    new.sort(key=lambda page: page.discovered_at, reverse=True)
    known.sort(key=lambda pair: pair[0], reverse=True)
    return [page.url for page in new], [page.url for _, page in known]


def overdue(page: Seen, site: Site, now: datetime) -> timedelta | None:
    """How long a page has been due, or None where it is not due yet or never again. Pure: no clock of its own."""
    if page.last_at is None or page.first_at is None:
        return now - page.discovered_at if now > page.discovered_at else timedelta(0)
    wait = max(timedelta(seconds=site.revisit), min(AGE_SHARE * (page.last_at - page.first_at), LONGEST_WAIT))
    if page.next_try is not None:
        # A failure that may pass: its capture says when (back-off with jitter, or what the host asked for).
        wait = max(wait, page.next_try - page.last_at)
    elif page.last_status in GONE:
        # "Removed" is a finding; one more look tells a slip from a removal, then ever rarer.
        wait = max(wait, timedelta(hours=6), now - page.last_at if page.captures > 20 else timedelta(0))
    elif page.last_error:
        # Refused, too large, no page: it is asked about again, but not at every visit.
        wait = max(wait, timedelta(days=1))
    late = now - page.last_at - wait
    return late if late >= timedelta(0) else None


def cut(new: Iterable[str], known: Iterable[str], most: int) -> tuple[list[str], list[str], int]:
    """Both lists cut to `most` in all, new ones first; and how many were left for a later run."""
    new, known = list(new), list(known)
    kept_new = new[:most]
    kept_known = known[: most - len(kept_new)]
    return kept_new, kept_known, len(new) + len(known) - len(kept_new) - len(kept_known)
