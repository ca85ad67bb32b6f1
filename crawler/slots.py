"""slots: what a site's entry makes of time: which slot is due, which comes next, which were passed over. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from archive import Cadence, Night, Site, lateness

#: At most this share of the time to the next slot is a run late by jitter.
JITTER_SHARE = 0.25


class Slots:
    """The slots of one site: those of its own cadence and of the seeds that have another, outside of its night."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.cadences = [Cadence.of(site.cadence, site.timezone)]
        self.seeds = {url: Cadence.of(given, site.timezone) for url, given in site.cadences}
        self.cadences += self.seeds.values()
        self.night = Night.of(site.night, site.timezone)

    def newest(self, now: datetime, *, jitter: bool = True) -> datetime | None:
        """The newest slot whose time has come, a run's jitter included; None in the night. Times are UTC."""
        if self.resting(now):
            return None
        slot = max(one.latest(now) for one in self.cadences)
        if jitter and now < self.begins(slot):
            slot = max(one.latest(slot - timedelta(microseconds=1)) for one in self.cadences)
        return slot

    def upcoming(self, now: datetime) -> datetime:
        """When the next slot's run begins, after `now`: not in the night."""
        slot = max(one.latest(now) for one in self.cadences)
        begins = self.begins(slot)
        if begins <= now:
            begins = self.begins(min(one.next(now) for one in self.cadences))
        return self.night.over(begins) if self.night and self.night.holds(begins) else begins

    def begins(self, slot: datetime) -> datetime:
        """When a slot's run begins: some time after it, so that not every site is asked at the full hour."""
        room = min(one.next(slot) for one in self.cadences) - slot
        most = min(self.site.jitter, JITTER_SHARE * room.total_seconds())
        return slot + lateness(self.site.key, slot, most)

    def passed_over(self, after: datetime, before: datetime) -> list[datetime]:
        """The slots strictly between two moments, but for those of the night, which nobody misses."""
        found = {slot for one in self.cadences for slot in one.between(after, before)}
        return sorted(slot for slot in found if not self.resting(slot))

    def resting(self, now: datetime) -> bool:
        """Whether it is the site's night."""
        return self.night is not None and self.night.holds(now)
