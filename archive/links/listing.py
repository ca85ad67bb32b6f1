"""Listing: what one page lists, the words for why it could not be read, and how much of it is taken."""

from __future__ import annotations

from dataclasses import dataclass

from archive.records import Link

MAX_LINKS = 5_000  # article links kept of one page or feed
MAX_SITEMAP_URLS = 50_000  # sitemaps.org: "no more than 50,000 URLs and no larger than 50 MB", uncompressed
MAX_LISTING_BYTES = 50 * 2**20
MAX_NEXT_PAGES = 10
MAX_TEXT = 300  # characters of a shown headline; longer ones are whole paragraphs

#: Words for why a listing could not be read, or not wholly; all that may stand in `Listing.problem`.
PROBLEMS = {
    "empty": "it lists nothing",
    "not_a_listing": "it is neither HTML, feed nor sitemap",
    "xml_entities": "it declares a document type or entities, which may hide a bomb or read files",
    "truncated": "it breaks off; its whole entries were used",
    "too_many": "it lists more than we take",
    "too_large": "it is larger than we read; the part that was read was used",
    "html": "a feed or sitemap was asked for and a web page came",
}


class ListingError(ValueError):
    """Content that is refused. `word` is the key in PROBLEMS; `read_listing` turns it into `Listing.problem`."""

    def __init__(self, word: str) -> None:
        super().__init__(f"This listing is refused: {PROBLEMS[word]}.")
        self.word = word


@dataclass(frozen=True, slots=True)
class Listing:
    """What one page lists: article links in page order, and where there is more.

    next_pages: further pages of the same list. children: sitemaps named by an index. feeds: feeds that the page
    declares. problem: a key of PROBLEMS, or None. What could be read is there also when there is a problem.
    scripted: the page shows hardly any text or link of its own, so its list is made by scripts
    in the browser; links are then what its embedded JSON names.
    """

    links: tuple[Link, ...] = ()
    next_pages: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    problem: str | None = None
    scripted: bool = False
