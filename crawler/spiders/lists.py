"""The half of a spider that reads lists: which articles and further lists a page names, and where that ends."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

from scrapy.http import Request

from archive import Archive, Capture, Executor, Listing, Site, Visit, read_listing
from crawler.traps import Traps


class Lists:
    """Reads section pages, feeds and sitemaps, and asks for what they name. A mixin of SiteSpider.

    A spider of one site's own overrides `reader` (a function that a worker can import) or `read_list`.
    """

    site: ClassVar[Site]
    archive: Archive
    executor: Executor
    funnel: Counter[str]
    reasons: Counter[str]
    crawler: Any
    logger: Any
    ask: Callable[..., Request | None]
    #: Reads a list in a worker: (capture, site) -> Listing. A function of a module, since it is sent to a process.
    reader: Callable[[Capture, Site], Listing] = staticmethod(read_listing)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._found: set[str] = set()
        self._depth_of: Counter[str] = Counter()
        self._traps: Traps | None = None

    @property
    def traps(self) -> Traps:
        """The caps of this run."""
        if self._traps is None:
            self._traps = Traps(self.site, self.crawler.settings)
        return self._traps

    async def read_list(self, capture: Capture) -> Listing:
        """The list on a page, read by a worker; an empty one with the reason where the worker had to be stopped."""
        try:
            return await asyncio.wrap_future(self.executor.submit(self.reader, capture, self.site))
        except TimeoutError:
            return Listing(problem="list_timeout")
        except Exception as error:  # noqa: BLE001 - whatever befell the worker, the capture is kept and the run goes on
            self.logger.warning("The list on %s could not be read: %s", capture.url, type(error).__name__)
            return Listing(problem="list_failed")

    def listed(self, capture: Capture, listing: Listing) -> tuple[Visit, list[Request]]:
        """The visit with the articles found on it, and the requests that follow from it."""
        before = Counter(self.traps.cuts)
        articles = self.traps.articles((link.target for link in listing.links), self._found)
        fresh = self.archive.unfetched(articles)
        # The same article stands on several lists; it is found once.
        self.funnel["found"] += len(set(articles) - self._found)
        self.funnel["new"] += len(fresh - self._found)
        self._found.update(articles)
        if listing.problem:
            self.reasons[listing.problem] += 1
        if not (listing.links or listing.children) and self.archive.listed_before(capture.url):
            # It listed articles at an earlier visit: silence is news, and a changed page as likely as a quiet day.
            self.reasons["silent_list"] += 1
        if listing.scripted:
            self.reasons["scripted_list"] += 1
        requests = [self.ask("article", url, on=capture.url, priority=20) for url in articles if url in fresh]
        children = listing.children[: self.traps.lists(len(listing.children))]
        requests += [self.ask("sitemap", child, on=capture.url, priority=100) for child in children]
        if capture.kind in ("section", "feed"):
            requests += self._further(capture, listing.next_pages)
        self.reasons.update(self.traps.cuts - before)
        found = tuple(("article", url) for url in dict.fromkeys(articles))
        hints = tuple((link.target, link.modified) for link in listing.links if link.modified)
        return Visit(capture, found, hints), [request for request in requests if request]

    def _further(self, capture: Capture, pages: tuple[str, ...]) -> list[Request | None]:
        """Further pages of a list, down to the site's depth."""
        depth = self._depth_of[capture.url] + 1
        fresh = [page for page in pages if page not in self._depth_of]
        if depth >= self.site.depth:
            self.traps.cuts["cut_depth"] += len(fresh)
            self._depth_of.update(dict.fromkeys(fresh, depth))
            return []
        fresh = fresh[: self.traps.lists(len(fresh))]
        self._depth_of.update(dict.fromkeys(fresh, depth))
        return [self.ask(capture.kind, page, on=capture.url, priority=90) for page in fresh]
