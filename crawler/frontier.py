"""frontier: what a run fetches: articles never fetched, known ones worth another look, and the lists that are due.

The archive keeps when each page is due, in the transaction of what makes it so; a run only chooses, within its budget.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from archive import Archive, Cadence, Site

DAY = timedelta(days=1)
#: Of a site's daily budget, looks at known articles leave so much to new ones.
KEPT_FOR_NEW = 0.25


def due(archive: Archive, site: Site, now: datetime) -> tuple[list[str], list[str]]:
    """(new, known): article URLs of a site to fetch now. New ones as discovered, newest first; known ones by what a
    look is worth, most first. now: UTC. The caller cuts them to the run's and the day's budget, new ones first.
    """
    found = archive.due(site.key, now)
    new = sorted((one for one in found if one.new), key=lambda one: one.due_at, reverse=True)
    known = sorted((one for one in found if not one.new), key=lambda one: (-one.worth, one.due_at))
    return [one.url for one in new], [one.url for one in known]


def allowance(archive: Archive, site: Site, now: datetime) -> tuple[int, int]:
    """(most articles that may be fetched now, most known ones among them), by what the last 24 hours have taken.

    Looks at known articles stop short of the budget, so that there is room for what is published next.
    """
    new, looks = archive.spent(site.key, now - DAY)
    left = max(0, site.max_day - new - looks)
    return left, max(0, min(left, int(site.max_day * (1 - KEPT_FOR_NEW)) - looks))


def lists(archive: Archive, site: Site, now: datetime) -> list[tuple[str, str]]:
    """(kind, URL) of the seeds whose look is due in a scheduled run: by their own cadence, or by what they yield."""
    own = {url: Cadence.of(given, site.timezone) for url, given in site.cadences}
    looked = archive.list_looks(site.key)
    return [(kind, url) for kind, url in site.seeds() if _is_due(url, looked.get(url), own.get(url), now)]


def _is_due(url: str, looked: tuple[datetime, datetime] | None, own: Cadence | None, now: datetime) -> bool:
    if looked is None:
        return True
    last, due_at = looked
    if last > now:
        return True  # looked at in a future that the clock has left again
    return last < own.latest(now) if own else due_at <= now
