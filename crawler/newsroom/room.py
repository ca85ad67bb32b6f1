"""The newsroom itself: start it, ask it for URLs, crawl it, look at what was asked of it."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from crawler.newsroom import faults
from crawler.newsroom.press import Press
from crawler.newsroom.server import HEAD_LIMIT, Exchange, Service
from crawler.newsroom.stories import EDITIONS, Expected, load_outlets

ADDRESS = "127.0.0.1"


class Newsroom:
    """Pretend news sites on this machine's loopback address, served from a thread of their own.

    `generated` adds that many articles to every outlet, `padding` makes those about so many bytes heavier,
    `sites` clones outlets under further host names, `latency` delays every answer by so many seconds. The same
    arguments give the same bytes, always. `edition` may be changed while the server runs.
    """

    sites_file: Path = Path(__file__).parent / "sites.toml"

    def __init__(
        self,
        *,
        edition: int = 1,
        generated: int = 0,
        padding: int = 0,
        sites: int = 0,
        seed: int = 0,
        latency: float = 0.0,
        port: int = 0,
    ) -> None:
        if not 0 <= port <= 65535:
            raise ValueError(f"there is no port {port}: choose one from 1 to 65535, or 0 for any that is free")
        self.edition = edition
        self.latency = latency
        self.slow = 0.05
        self.port = port
        self.log: list[Exchange] = []
        self._wanted_port = port
        self._press = Press(generated=generated, padding=padding, sites=sites, seed=seed)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    @property
    def edition(self) -> int:
        """Which edition is served: 1, or 2, the same sites a day later."""
        return self._edition

    @edition.setter
    def edition(self, edition: int) -> None:
        if edition not in EDITIONS:
            raise ValueError(f"there is no edition {edition}: choose from {', '.join(map(str, EDITIONS))}")
        self._edition = edition

    @property
    def homes(self) -> dict[str, str]:
        """The home page of every outlet, by its name; clones are left out."""
        return {outlet.name: f"http://{outlet.host}/" for outlet in load_outlets().values()}

    @property
    def hosts(self) -> tuple[str, ...]:
        """All host names that are served, the awkward one too."""
        return (*self._press.sites, *self._press.bare, faults.HOST)

    @property
    def resolve(self) -> dict[str, str]:
        """From host and port as in a URL to where it really listens: the name server of this little world."""
        return {f"{host}:80": f"{ADDRESS}:{self.port}" for host in self.hosts}

    @property
    def catalogue(self) -> str:
        """The sites as a TOML catalogue: the file's own text, and entries for the clones."""
        entries = [self.sites_file.read_text(encoding="utf-8")]
        for site in self._press.clones:
            outlet, key = site.outlet, site.host.partition(".")[0]
            entries.append(
                f'[{key}]\nname = "{outlet.name} ({key})"\nhome = "{site.base}/"\ncountry = "{outlet.country}"\n'
                f'language = "{outlet.language}"\nsections = ["{site.base}{outlet.section_path}"]\n'
                + (f'feeds = ["{site.base}{outlet.feed}"]\n' if outlet.feed else "")
                + (f'sitemaps = ["{site.base}{outlet.sitemap}"]\n' if outlet.sitemap else "")
                + 'delay = 0.0\nrevisit = "0s"\ncadence = "1h"\n'
            )
        return "\n".join(entries)

    def urls(self, outlet: str | None = None) -> list[str]:
        """The articles in print in the current edition, of one outlet (its key or its host) or of all.

        The articles that robots.txt closes are not among them; `expected` knows those too.
        """
        return [
            site.base + story.path
            for host, site in self._press.sites.items()
            if outlet in (None, host) or (outlet == site.outlet.key and host == site.outlet.host)
            for story in self._press.issue(site, self.edition).listed
        ]

    def expected(self, url: str, edition: int | None = None) -> Expected | None:
        """What a perfect reader gets out of this article; None if no article stands there in the edition."""
        return self._press.expected(url, self.edition if edition is None else edition)

    def __enter__(self) -> Self:
        if self._thread is not None:
            raise RuntimeError("this newsroom is running already")
        ready = threading.Event()
        failure: list[BaseException] = []

        def work() -> None:
            try:
                asyncio.run(self._serve(ready))
            except OSError as error:
                failure.append(error)
            finally:
                ready.set()

        self._thread = threading.Thread(target=work, name="newsroom", daemon=True)
        self._thread.start()
        ready.wait()
        if failure:
            self._thread.join()
            self._thread = None
            raise failure[0]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is None or self._loop is None or self._stop is None:
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._thread = self._loop = self._stop = None
        self.port = self._wanted_port

    async def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        service = Service(
            page=self._press.page,
            edition=lambda: self.edition,
            latency=lambda: self.latency,
            slow=lambda: self.slow,
            note=self.log.append,
        )
        lines: set[asyncio.Task[None]] = set()

        async def line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is not None:
                lines.add(task)
                task.add_done_callback(lines.discard)
            try:
                await service.serve(reader, writer)
            except asyncio.CancelledError:  # the newsroom closes while a client keeps its connection
                writer.transport.abort()

        server = await asyncio.start_server(line, ADDRESS, self._wanted_port, limit=HEAD_LIMIT, backlog=512)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._stop.wait()
        server.close()
        for task in tuple(lines):
            task.cancel()
        await asyncio.gather(*lines, return_exceptions=True)
