"""Archives for tests, filled with the newsroom's own pages, without a crawl."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from archive import Archive, Capture, Site, Visit, extract
from crawler.newsroom.press import Press

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOST = "www.meridian-courier.test"


def captures(pages: int, *, host: str = HOST, site: str = "meridian", edition: int = 1, padding: int = 0,
             at: datetime = AT) -> Iterator[Capture]:  # fmt: skip
    """Generated articles of one outlet as they would be fetched, a second apart."""
    press = Press(generated=pages, padding=padding, sites=0, seed=0)
    outlet = press.sites[host]
    stories = [story for story in press.issue(outlet, 1).stories if story.generated][:pages]
    for number, story in enumerate(stories):
        page = press.page(host, story.path, edition)
        when = at + timedelta(days=edition - 1, seconds=number)
        yield Capture(
            f"http://{host}{story.path}", when, site=site, status=200, reason="OK", payload=page.body,
            content_type=page.content_type, etag=page.etag, http_version="HTTP/1.1", ip="127.0.0.1",
            request_headers=(("Host", host), ("Accept", "*/*")),
            response_headers=(("Date", when.strftime("%a, %d %b %Y %H:%M:%S GMT")), ("Content-Type", page.content_type),
                              ("ETag", page.etag or ""), ("Server", "newsroom")),
        )  # fmt: skip


def fill(archive: Archive, fetched: list[Capture], *, due: str = "2026-11-01T12:00:00.000000Z", read: bool = True,
         batch: int = 100) -> None:  # fmt: skip
    """Store captures as a run would, and read them where `read` says so."""
    for start in range(0, len(fetched), batch):
        some = fetched[start : start + batch]
        archive.store([Visit(one) for one in some], due)
        if read:
            archive.record([extract(one, SITE) for one in some], some[-1].captured_at)


SITE = Site("meridian", home=f"http://{HOST}/")
