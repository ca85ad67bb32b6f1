"""StoreCaptures: hands what a spider kept to the archive, in batches, one transaction each."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Self

from scrapy.crawler import Crawler

from archive import ArchiveError, Capture, Visit
from crawler.captures import captured, settle

logger = logging.getLogger(__name__)


class StoreCaptures:
    """Collects visits and writes them at `BATCH_CAPTURES` of them, `BATCH_BYTES`, or `BATCH_SECONDS` after the first.

    robots.txt fetches arrive by the `captured` signal, since no spider asked for them. Where the archive cannot be
    written (a full disk, say) the batch is kept and the run is ended; it is tried once more as the run closes. Before
    it comes to that, the run ends when less than `DISK_RESERVE` bytes of the disk are free.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.most: int = crawler.settings.getint("BATCH_CAPTURES")
        self.seconds: float = crawler.settings.getfloat("BATCH_SECONDS")
        self.room: int = crawler.settings.getint("BATCH_BYTES")
        self.batch: list[Visit] = []
        self.bytes = 0
        self.timer: asyncio.TimerHandle | None = None
        self.broken = False
        crawler.signals.connect(self.keep, signal=captured)
        crawler.signals.connect(self.flush, signal=settle)

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
        """Write what is left, and the rows of what was to be tried once more."""
        spider: Any = self.crawler.spider
        for visit in spider.leftovers():
            self._add(visit)
        self.broken = False
        self.flush()

    def _add(self, visit: Visit) -> None:
        self.batch.append(visit)
        self.bytes += len(visit.capture.payload or b"") + len(visit.capture.wire or b"")
        if len(self.batch) >= self.most or self.bytes >= self.room:
            self.flush()
        elif self.timer is None:
            self.timer = asyncio.get_running_loop().call_later(self.seconds, self.flush)

    def flush(self) -> None:
        """Write the batch in hand, if any."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if not self.batch or self.broken:
            return
        try:
            self._write()
        except ArchiveError as error:
            self.broken = True
            self._end(str(error), "archive_unwritable")
            return
        self.batch, self.bytes = [], 0
        spider: Any = self.crawler.spider
        short = spider.archive.shortage(*spider.reserve)
        if short:
            # What is in hand is kept: the reserve has room for it.
            self._end(short, "disk_low")

    def _end(self, why: str, reason: str) -> None:
        """End the run, after what is in hand."""
        logger.error("%s The run of %s ends here.", why, self.crawler.spider and self.crawler.spider.name)
        engine: Any = self.crawler.engine
        self.ending = asyncio.get_running_loop().create_task(engine.close_spider_async(reason=reason))

    def _write(self) -> None:
        """Write the batch; where something in it cannot be stored, each visit by itself. Raises ArchiveError."""
        spider: Any = self.crawler.spider
        try:
            spider.archive.store(self.batch, spider.due)
        except ArchiveError:
            raise
        except Exception:  # noqa: BLE001 - bytes that nobody foresaw: their neighbours must not pay for them
            for visit in self.batch:
                self._write_one(spider, visit)

    def _write_one(self, spider: Any, visit: Visit) -> None:
        try:
            spider.archive.store([visit], spider.due)
        except ArchiveError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it holds, its URL gets its row
            one, name = visit.capture, type(error).__name__
            logger.error("The answer of %s could not be stored (%s).", one.url, name)
            row = Capture(one.url, one.captured_at, one.site, one.kind, error="other", detail=f"Not stored: {name}.")
            spider.archive.store([Visit(row)], spider.due)
