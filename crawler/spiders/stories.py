"""StoriesSpider: the worked example of a spider for one site that the generic one cannot serve.

The newsroom's outlets answer `/api/stories` with JSON in a format of their own: references in place of addresses. An
entry that names `spider = "stories"` is visited by this class; all the rest (robots.txt, pace, budget, captures,
frontier) is SiteSpider's. docs/sites.md tells how to make one's own.
"""

from __future__ import annotations

import json

from archive import Capture, Link, Listing, Site, clean_url, read_listing
from crawler.spiders import SiteSpider


def read_stories(capture: Capture, site: Site) -> Listing:
    """The list in the outlet's own JSON; any other answer is read as usual. Runs in a worker, and never raises."""
    try:
        rows = json.loads(capture.payload or b"")["stories"]
        pairs = [(clean_url(row["ref"], site.home), row) for row in rows]
    except (ValueError, KeyError, TypeError, RecursionError):
        return read_listing(capture, site)
    links = [
        Link("front", rank, url, str(row.get("line") or ""), None, str(row["ref"]), str(row.get("at") or ""))
        for rank, (url, row) in enumerate(pairs, 1)
        if url
    ]
    return Listing(links=tuple(links), problem=None if links else "empty")


class StoriesSpider(SiteSpider):
    """Reads lists with `read_stories`."""

    reader = staticmethod(read_stories)
