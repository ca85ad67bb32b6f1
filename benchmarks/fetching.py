"""How fast we fetch, beside a bare Scrapy spider that only downloads; and what a bad host costs its neighbours.

    python -m benchmarks.fetching [--pages 1600] [--sites 8] [--rounds 3]

One server (a process of its own) and one run for all; the figures to look at are the ratios.

Throughput: pages of one size on several hosts, without delays, by a bare spider (Scrapy's defaults, no robots.txt,
nothing kept), by the same over Scrapy's aiohttp handler, and by us: robots.txt, raw heads, digests, judgement, the
archive's transactions. Reading the pages is left out of one line and is in another.

Neighbours: twenty sites in one process, each with its own host, alone and beside one that never answers and one that
sends a byte a second.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from archive import Extraction, Site, open_executor
from archive.executors import Serial
from archive.extraction import extract

PARAGRAPH = "The harbour office said on Tuesday that crews had worked through the night to clear the channel. "
LIST_LINK = '<li><h3><a href="/a{n}">A headline with some words in it, number {n} of the day</a></h3></li>'


def body(number: int, size: int) -> bytes:
    """A page of about `size` bytes, most of them scripts, as news pages are; each is another one."""
    text = "".join(f"<p>{PARAGRAPH * 3}{number}.{n}</p>\n" for n in range(12))
    data = {f"key{n}": {"id": n * number, "url": f"/tag/{n % 97}/{number}"} for n in range(size // 50)}
    script = json.dumps(data)[: size - len(text)]
    title = f"<title>Page {number}</title>"
    article = f"<article><h1>Page {number}</h1>{text}</article>"
    return f"<!doctype html><html lang=en>{title}{article}<script>{script}</script></html>".encode()


class Server(asyncio.Protocol):
    """Answers at once from what was made before."""

    answers: dict[bytes, bytes]

    def connection_made(self, transport: Any) -> None:
        self.transport, self.held = transport, b""

    def data_received(self, data: bytes) -> None:
        self.held += data
        while b"\r\n\r\n" in self.held:
            request, _, self.held = self.held.partition(b"\r\n\r\n")
            path = request.split(b" ", 2)[1]
            if path == b"/hang":
                return
            if path == b"/drip":
                self.dripping = asyncio.ensure_future(self.drip())
                return
            self.transport.write(self.answers.get(path) or answer(b"", b"404 Not Found"))

    async def drip(self) -> None:
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n")
        while not self.transport.is_closing():
            self.transport.write(b"x")
            await asyncio.sleep(1)


def answer(payload: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (status, len(payload), payload)


def serve(sites: int, pages: int, size: int, listener: socket.socket) -> None:
    """The server's process: each site has pages of its own, which its section lists."""
    Server.answers = {f"/a{n}".encode(): answer(body(n, size)) for n in range(sites * pages)}
    for site in range(max(sites, 18)):
        links = "".join(LIST_LINK.format(n=(site % sites) * pages + n) for n in range(pages))
        section = f"<!doctype html><html><title>World</title><ul>{links}</ul></html>"
        Server.answers[f"/world{site}".encode()] = answer(section.encode())

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Server, sock=listener, backlog=512)
        await server.serve_forever()

    asyncio.run(run())


class Unread(Serial):
    """Reads lists, but no articles: what is measured is fetching and keeping."""

    def submit(self, function: Any, *args: Any) -> Future[Any]:
        if function is not extract:
            return super().submit(function, *args)
        future: Future[Any] = Future()
        future.set_result(Extraction(url=args[0].url, digest=args[0].digest or "", extractor="none", problem="unread"))
        return future


def entries(count: int, pages: int, first: int = 0) -> list[Site]:
    return [
        Site(
            f"s{n}",
            home=f"http://s{n}.test/",
            sections=(f"http://s{n}.test/world{n}",),
            articles="/a[0-9]+$",
            delay=0.0,
            max_articles=pages,
        )
        for n in range(first, first + count)
    ]


def ours(port: int, sites: int, pages: int, read: bool) -> dict[str, float]:
    """Our whole path in a fresh process; pages a second, CPU a page."""
    from crawler.run import Desk, Run, crawl_settings

    chosen = entries(sites, pages)
    with tempfile.TemporaryDirectory() as folder:
        resolve = {f"s{n}.test:80": f"127.0.0.1:{port}" for n in range(sites)}
        settings = crawl_settings(
            Path(folder) / "a.db", chosen, contact=None, resolve=resolve, overrides={"DOWNLOAD_DELAY": 0}
        )

        async def work(executor: Any) -> list[Run]:
            desk = Desk(settings, executor)
            return list(await asyncio.gather(*(desk.visit(site, Run(site.key)) for site in chosen)))

        with open_executor("processes") if read else Unread() as executor:
            began, cpu = time.perf_counter(), time.process_time()
            runs = asyncio.run(work(executor))
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        assert all(run.state == "done" for run in runs), [run.outcome for run in runs]
    return {"pages": sites * pages, "seconds": seconds, "cpu": cpu}


BARE = """
import json, sys, time, scrapy
from scrapy.crawler import AsyncCrawlerProcess
class Bare(scrapy.Spider):
    name = "bare"
    seen = 0
    async def start(self):
        for n in range({sites}):
            for m in range({pages}):
                url = "http://127.0.0.{{}}:{port}/a{{}}".format(n + 1, n * {pages} + m)
                yield scrapy.Request(url, dont_filter=True)
    def parse(self, response):
        assert response.status == 200 and response.body
        Bare.seen += 1
settings = dict.fromkeys(("LOG_ENABLED", "ROBOTSTXT_OBEY", "REMOTE_CONTROL_ENABLED", "TELNETCONSOLE_ENABLED"), False)
settings |= {more}
process = AsyncCrawlerProcess(settings)
process.crawl(Bare)
began, cpu = time.perf_counter(), time.process_time()
process.start()
print(json.dumps({{"pages": Bare.seen, "seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}}))
"""


def bare(port: int, sites: int, pages: int, more: dict[str, Any]) -> dict[str, float]:
    """A bare spider in a fresh process."""
    code = BARE.format(sites=sites, pages=pages, port=port, more=repr(more))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    assert found["pages"] == sites * pages
    return found


def apart(work: Any, *args: Any) -> dict[str, float]:
    """Run a measurement in a fresh process, as the bare ones are."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(sender, work, args))
    process.start()
    found: dict[str, float] = receiver.recv()
    process.join()
    return found


def _send(sender: Any, work: Any, args: tuple[Any, ...]) -> None:
    sender.send(work(*args))


def neighbours(port: int, count: int, pages: int, bad: bool) -> dict[str, float]:
    """When each of `count` sites was done, in seconds; with `bad`, beside a host that hangs and one that drips."""
    from crawler.run import Desk, Run, crawl_settings

    chosen = entries(count, pages)
    if bad:
        chosen += [
            Site(name, home=f"http://{name}.test/", sections=(f"http://{name}.test/{name}",), delay=0.0)
            for name in ("hang", "drip")
        ]
    with tempfile.TemporaryDirectory() as folder:
        resolve = {
            f"{host}.test:80": f"127.0.0.1:{port}" for host in [*(f"s{n}" for n in range(count)), "hang", "drip"]
        }
        limits = {
            "DOWNLOAD_DELAY": 0.02,
            "DOWNLOAD_TIMEOUT": 5,
            "URL_SECONDS": 12,
            "RETRY_TIMES": 1,
            "RETRY_SECONDS": 0.1,
        }
        settings = crawl_settings(Path(folder) / "a.db", chosen, contact=None, resolve=resolve, overrides=limits)
        ends: dict[str, float] = {}

        async def work(executor: Any) -> None:
            desk = Desk(settings, executor, width=len(chosen))

            async def one(site: Site) -> None:
                await desk.visit(site, run := Run(site.key))
                ends[site.key] = time.perf_counter() - began
                assert run.state == ("failed" if site.key in ("hang", "drip") else "done"), run

            await asyncio.gather(*map(one, chosen))

        began = time.perf_counter()
        asyncio.run(work(Unread()))
    return ends


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pages", type=int, default=1600)
    options.add_argument("--sites", type=int, default=8)
    options.add_argument("--size", type=int, default=100_000, help="bytes a page, about")
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    each = given.pages // given.sites
    listener = socket.create_server(("0.0.0.0", 0))
    port = listener.getsockname()[1]
    server = multiprocessing.get_context("fork").Process(
        target=serve, args=(given.sites, each, given.size, listener), daemon=True
    )
    server.start()
    try:
        modes: dict[str, Any] = {
            "bare Scrapy": lambda: bare(port, given.sites, each, {}),
            "bare Scrapy, aiohttp": lambda: bare(port, given.sites, each, {"TWISTED_REACTOR_ENABLED": False}),
            "fetch and keep": lambda: apart(ours, port, given.sites, each, False),
            "fetch, keep, read": lambda: apart(ours, port, given.sites, each // 4, True),
        }
        found: dict[str, list[dict[str, float]]] = {name: [] for name in modes}
        for _ in range(given.rounds):
            for name, measure in modes.items():
                found[name].append(measure())
        base = [one["pages"] / one["seconds"] for one in found["bare Scrapy"]]
        kilobytes = len(body(1, given.size)) / 1000
        print(f"{given.pages} pages of {kilobytes:.0f} kB on {given.sites} hosts, {given.rounds} rounds, medians")
        print(f"{'':<24}{'pages/s':>9}{'of bare':>9}{'CPU ms/page':>13}")
        for name, rounds in found.items():
            speeds = [one["pages"] / one["seconds"] for one in rounds]
            ratio = statistics.median(a / b for a, b in zip(speeds, base, strict=True))
            cpu = statistics.median(1000 * one["cpu"] / one["pages"] for one in rounds)
            print(f"{name:<24}{statistics.median(speeds):>9.0f}{ratio:>9.2f}{cpu:>13.2f}")
        alone, beside = (apart(neighbours, port, 18, 20, bad) for bad in (False, True))
        slower = statistics.median(beside[key] / alone[key] for key in alone)
        last = max(beside[key] for key in alone) / max(alone.values())
        print(f"\n18 sites, each done after {statistics.median(alone.values()):.2f} s alone (median);")
        print(f"beside one that hangs and one that drips: {slower:.2f} times that (the last one: {last:.2f})")
        print(f"the bad ones were given up after {beside['hang']:.1f} s and {beside['drip']:.1f} s")
    finally:
        server.kill()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    main()
