"""discover: from any URL of a site to its international section, that section's feeds, and its news sitemaps.

Everything that it names was asked for and listed something; nothing is kept. A page is read by a killable worker.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from protego import Protego

from archive import Candidate, Capture, Link, Listing, Lists, clean_url, find_lists, read_listing
from crawler.errands import Errand

#: Usual paths, below the section's own path and below the home page, in the order in which they are tried.
FEED_PATHS = ("/feed/", "/rss", "/rss.xml", ".rss", "?format=rss")
HOME_FEED_PATHS = ("/feed/", "/rss", "/rss.xml", "/feed.xml", "/atom.xml")
SITEMAP_PATHS = ("/news-sitemap.xml", "/sitemap-news.xml", "/sitemap_news.xml", "/googlenews.xml", "/sitemap.xml")
MAX_FEEDS = 6  # feeds asked for of those that a page names
MAX_SITEMAPS = 6  # sitemaps asked for of those that robots.txt names
MAX_CHILDREN = 3  # sitemaps asked for of one index
_NEWS = re.compile(r"(?i)news|nachrichten|noticias|actu|latest|recent|aktuell")


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found of a site. `links` are the articles that the section (or else a feed) lists now.

    problem: one word for why nothing could be found out, with `detail` the sentence; None where all went well.
    robots: what robots.txt said to the pages asked for: `allowed`, `refused`, or `unknown` where it gave no answer.
    """

    url: str
    section: Candidate | None = None
    sections: tuple[Candidate, ...] = ()
    feeds: tuple[Candidate, ...] = ()
    sitemaps: tuple[Candidate, ...] = ()
    links: tuple[Link, ...] = ()
    languages: tuple[str, ...] = ()
    title: str = ""
    robots: str = "allowed"
    problem: str | None = None
    detail: str | None = None
    asked: int = 0

    def as_dict(self) -> dict[str, Any]:
        """As `discover --json` prints it."""
        return {
            "section_url": self.section and self.section.url,
            "section_label": self.section and self.section.label,
            "sections": [one.as_dict() for one in self.sections],
            "feeds": [one.as_dict() for one in self.feeds],
            "sitemaps": [one.as_dict() for one in self.sitemaps],
        }


def of_page(payload: bytes, url: str) -> Discovery:
    """What one stored page leads to: no network, nothing guessed, nothing verified."""
    return _of_lists(url, find_lists(payload, url))


def _of_lists(url: str, found: Lists) -> Discovery:
    return Discovery(
        url,
        found.section,
        found.sections,
        found.feeds,
        found.sitemaps,
        languages=found.languages,
        title=found.title,
        problem=found.problem,
    )


@dataclass(slots=True)
class _Search:
    """One search while it goes on."""

    to: Errand
    home: str
    feeds: dict[str, Candidate] = field(default_factory=dict)

    async def listing(self, url: str, kind: str) -> Listing | None:
        """What a URL lists, None where it gives no sound answer."""
        capture = await self.to.fetch(url, kind)
        if capture.error or capture.status != 200 or not capture.payload:
            return None
        return await self.to.read(read_listing, capture, None)

    async def verify(self, candidates: Iterable[Candidate], most: int) -> None:
        """Ask for feeds and keep those that list something."""
        for one in list(candidates)[:most]:
            if one.url in self.feeds:
                continue
            listing = await self.listing(one.url, "feed")
            if listing is None or not listing.links or listing.problem == "html":
                continue
            evidence = (*one.evidence, f"it lists {len(listing.links)} articles now")
            self.feeds[one.url] = replace(one, evidence=evidence)

    async def guess(self, base: str, paths: Iterable[str], why: str, points: float) -> None:
        """Try usual paths below an address until one lists something."""
        for path in paths:
            url = clean_url(base.rstrip("/") + path)
            if url is None or url in self.feeds:
                continue
            before = len(self.feeds)
            await self.verify([Candidate(url, "", "feed", points, (why,))], 1)
            if len(self.feeds) > before:
                return

    async def sitemaps(self, robots: Capture) -> list[Candidate]:
        """News sitemaps: those that robots.txt names, else those on usual paths; one level of indexes is opened."""
        named: list[str] = []
        if robots.payload and robots.status == 200:
            text = robots.payload.decode("utf-8-sig", "replace")
            named = [url for one in Protego.parse(text).sitemaps if (url := clean_url(str(one), robots.url))]
        named.sort(key=lambda url: _NEWS.search(urlsplit(url).path) is None)
        tried = [(url, "robots.txt names it") for url in named[:MAX_SITEMAPS]] or [
            (urljoin(self.home, path), "on a usual path") for path in SITEMAP_PATHS
        ]
        found: list[Candidate] = []
        for url, why in tried:
            listing = await self.listing(url, "sitemap")
            if listing is None:
                continue
            children = sorted(listing.children, key=lambda one: _NEWS.search(one) is None)[:MAX_CHILDREN]
            parts = [(url, why, listing)]
            for child in children if _worth(children) else []:
                if (below := await self.listing(child, "sitemap")) is not None:
                    parts.append((child, f"{why}, in an index", below))
            for at, reason, part in parts:
                dated = sum(1 for link in part.links if link.text and link.published)
                if dated:
                    evidence = (reason, f"{dated} of its {len(part.links)} entries have a headline and a date")
                    found.append(Candidate(at, "", "sitemap", 3.0, evidence))
        return list({one.url: one for one in found}.values())


def _worth(children: list[str]) -> bool:
    """Whether an index is worth opening: it names a news sitemap, or only few sitemaps at all."""
    return bool(children) and (_NEWS.search(urlsplit(children[0]).path) is not None or len(children) < MAX_CHILDREN)


async def discover(to: Errand, url: str) -> Discovery:
    """What a site offers, from any URL of it: home page, section page, article. Everything named was verified."""
    first = await to.fetch(url)
    if why := _unusable(first):
        return Discovery(url, robots=_robots_word(first), problem=why[0], detail=why[1], asked=len(to.asked))
    home = "{0.scheme}://{0.netloc}/".format(urlsplit(first.url))
    pages = [first]
    lists = await to.read(find_lists, first.payload, first.url, first.content_type)
    if (lists is None or lists.section is None) and clean_url(first.url) != home:
        pages.append(await to.fetch(home))
        if not _unusable(pages[-1]):
            lists = await to.read(find_lists, pages[-1].payload, pages[-1].url, pages[-1].content_type) or lists
    if lists is None:
        return Discovery(url, problem="list_failed", detail="The page could not be read in time.", asked=len(to.asked))
    found = _of_lists(url, lists)
    search = _Search(to, home)
    at, listing = await _section_page(search, found, first)
    own = await to.read(find_lists, at.payload, at.url, at.content_type) if at is not None else None
    named = [*(own.feeds if own else ()), *lists.feeds]
    await search.verify(sorted(named, key=lambda one: -one.points), MAX_FEEDS)
    if found.section and not any(one.points >= 3 for one in search.feeds.values()):
        await search.guess(found.section.url, FEED_PATHS, "on a usual path below the section", 3.0)
    if not search.feeds:
        await search.guess(home, HOME_FEED_PATHS, "on a usual path of the site", 0.5)
    sitemaps = await search.sitemaps(await to.fetch(urljoin(home, "/robots.txt"), "robots"))
    regions = [one for one in (own.sections if own else ()) if one.kind == "region"]
    known = {one.url for one in found.sections}
    return replace(
        found,
        sections=(*found.sections, *(one for one in regions if one.url not in known)),
        feeds=tuple(sorted(search.feeds.values(), key=lambda one: -one.points)),
        sitemaps=tuple(sitemaps),
        links=listing.links if listing else (),
        asked=len(to.asked),
    )


async def _section_page(search: _Search, found: Discovery, first: Capture) -> tuple[Capture | None, Listing | None]:
    """The section's own page as it came, and what it lists; where no section was found, those of the page given."""
    at = await search.to.fetch(found.section.url) if found.section else first
    if _unusable(at):
        return None, None
    return at, await search.to.read(read_listing, at, None)


def _unusable(capture: Capture) -> tuple[str, str] | None:
    """(word, sentence) for why a capture tells nothing of a site; None where it does."""
    if capture.error:
        return capture.error, capture.detail or f"{capture.url} could not be fetched ({capture.error})."
    if capture.status != 200 or not capture.payload:
        return f"http_{capture.status}", f"{capture.url} answered {capture.status}."
    return None


def _robots_word(capture: Capture) -> str:
    if capture.error == "robots":
        return "refused"
    return "unknown" if (capture.error or "").startswith("robots") else "allowed"
