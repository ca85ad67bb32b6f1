"""check: does a site's entry still work? Each seed is asked for once, politely; nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from archive import Capture, Listing, Site
from crawler.catalogue import spider_for
from crawler.errands import Errand

#: What a seed can be, worst first: no answer, refused, an answer without a list, one without articles, moved, working.
STATES = ("failed", "refused", "unreadable", "silent", "moved", "works")


@dataclass(frozen=True, slots=True)
class Seed:
    """One seed as it was found: state is one of STATES, articles how many it lists, detail a sentence for people."""

    kind: str
    url: str
    state: str
    articles: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A site's seeds as they were found. `works` where every one of them lists articles."""

    site: str
    trust: str
    seeds: tuple[Seed, ...]

    @property
    def works(self) -> bool:
        return bool(self.seeds) and all(seed.state in ("works", "moved") for seed in self.seeds)

    def as_dict(self) -> dict[str, Any]:
        """As `sites check --json` prints it."""
        seeds = [
            {"kind": s.kind, "url": s.url, "state": s.state, "articles": s.articles, "detail": s.detail}
            for s in self.seeds
        ]
        return {"site": self.site, "trust": self.trust, "works": self.works, "seeds": seeds}


async def check(to: Errand, site: Site) -> Checked:
    """Ask for every seed of a site and see what it lists."""
    return Checked(site.key, site.trust, tuple([await _seed(to, site, kind, url) for kind, url in site.seeds()]))


async def _seed(to: Errand, site: Site, kind: str, url: str) -> Seed:
    capture = await to.fetch(url, kind)
    if capture.error:
        return Seed(kind, url, "refused" if capture.refused else "failed", 0, capture.detail or capture.error)
    if capture.status != 200 or not capture.payload:
        return Seed(kind, url, "failed", 0, f"It answered {capture.status}.")
    reader = spider_for(site).reader
    listing = await to.read(reader, capture, site)
    if listing is None:
        return Seed(kind, url, "unreadable", 0, "Its list could not be read in time.")
    found = _judged(kind, url, capture, listing)
    if found.state == "silent" and site.articles:
        others = await to.read(reader, capture, replace(site, articles=""))
        if others and others.links:
            sentence = f"None of its {len(others.links)} articles fits the entry's `articles`: mend that pattern."
            return replace(found, detail=sentence)
    return found


def _judged(kind: str, url: str, capture: Capture, listing: Listing) -> Seed:
    if listing.children and not listing.links:
        return Seed(kind, url, "works", 0, f"An index of {len(listing.children)} sitemaps.")
    if listing.problem == "html" or (listing.problem and listing.problem not in ("empty", "too_many", "truncated")):
        return Seed(kind, url, "unreadable", 0, f"It is no {kind}: {listing.problem}.")
    if not listing.links:
        shell = "; its list is made by scripts in the browser" if listing.scripted else ""
        return Seed(kind, url, "silent", 0, f"It lists no article{shell}.")
    if capture.url != url:
        return Seed(kind, url, "moved", len(listing.links), f"It moved to {capture.url}: write that into the entry.")
    return Seed(kind, url, "works", len(listing.links))
