"""StoreCaptures: hands what a spider kept to the archive, in batches, one transaction each."""

from __future__ import annotations

import asyncio
from typing import Any, Self

from scrapy.crawler import Crawler

from archive import Capture, Visit
from crawler.download import captured


class StoreCaptures:
    """Collects visits and writes them at `BATCH_CAPTURES` of them, or `BATCH_SECONDS` after the first.

    robots.txt fetches arrive by the `captured` signal, since no spider asked for them.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.most: int = crawler.settings.getint("BATCH_CAPTURES")
        self.seconds: float = crawler.settings.getfloat("BATCH_SECONDS")
        self.batch: list[Visit] = []
        self.timer: asyncio.TimerHandle | None = None
        crawler.signals.connect(self.keep, signal=captured)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def keep(self, capture: Capture) -> None:
        """Take one capture that is no item: proof of a permission, say."""
        self._add(Visit(capture))

    async def process_item(self, item: Any) -> Any:
        """Take one visit; anything else passes."""
        if isinstance(item, Visit):
            self._add(item)
        return item

    async def close_spider(self) -> None:
        """Write what is left."""
        self.flush()

    def _add(self, visit: Visit) -> None:
        self.batch.append(visit)
        if len(self.batch) >= self.most:
            self.flush()
        elif self.timer is None:
            self.timer = asyncio.get_running_loop().call_later(self.seconds, self.flush)

    def flush(self) -> None:
        """Write the batch in hand, if any."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.batch:
            batch, self.batch = self.batch, []
            spider: Any = self.crawler.spider
            spider.archive.store(batch, spider.due)
