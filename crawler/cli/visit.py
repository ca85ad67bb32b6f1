"""The command that visits sites once: crawl."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.live import Live
from rich.table import Table
from rich.text import Text as Shown

from archive import Archive, Site, load_sites, open_executor
from crawler.cli.options import (
    contact_option,
    delay_option,
    executor_option,
    mapping,
    paced,
    resolve_option,
    selected,
    selection_options,
    set_option,
    settled,
    width_option,
)
from crawler.cli.show import archive_option, console, funnel_line, sites_option
from crawler.places import places
from crawler.run import Desk, Run, crawl_settings
from crawler.spiders import workers as workers_of

REPORT_EVERY = 10.0  # seconds between lines of progress where there is no terminal


@click.command()
@click.argument("names", nargs=-1, metavar="[SITE...]")
@selection_options
@archive_option
@sites_option
@contact_option
@resolve_option
@delay_option
@set_option
@width_option
@executor_option
@click.option("--quiet", is_flag=True, help="Only errors.")
@click.option("--json", "as_json", is_flag=True, help="The summary as one JSON object on standard output.")
def crawl(
    names: tuple[str, ...],
    country: tuple[str, ...],
    language: tuple[str, ...],
    everything: bool,
    archive_path: str,
    places_named: str | None,
    contact: str | None,
    resolve: tuple[str, ...],
    delay: float | None,
    limits: tuple[str, ...],
    width: int,
    executor: str,
    quiet: bool,
    as_json: bool,
) -> None:
    """Visit sites once: sections, feeds and news sitemaps, new articles, and known ones that are due.

    \b
    foreigndesk crawl lemonde --contact you@example.org
    foreigndesk crawl meridian --sites my-sites.toml --archive press.db
    foreigndesk crawl --country FR --country BE --language fr --contact you@example.org

    Ctrl-C stops after the pages in hand; everything captured is kept. Exit code: 0 all well, 1 some site failed
    wholly or was stopped, 2 the command cannot be carried out as written.
    """
    chosen = selected(load_sites(*places(places_named)), names, country, language, everything)
    overrides = {**settled(limits), **paced(delay)}
    if executor.startswith("dask://"):
        from crawler.cli.fleet import crawl_elsewhere

        def told(run: Run) -> None:
            if not (quiet or as_json):
                click.echo(f"{run.site}: {run.state}: {funnel_line(run.funnel)}", err=True)

        with open_executor(executor) as cluster:
            runs = crawl_elsewhere(
                chosen, Path(archive_path), cluster, contact=contact, resolve=mapping(resolve), overrides=overrides,
                told=told,
            )  # fmt: skip
    else:
        runs = visit_once(
            chosen,
            Path(archive_path),
            contact=contact,
            resolve=mapping(resolve),
            width=width,
            executor=executor,
            quiet=quiet or as_json,
            overrides=overrides,
        )
    if as_json:
        click.echo(json.dumps({"runs": [run.as_dict() for run in runs]}, ensure_ascii=False, indent=1))
    elif not quiet:
        summary(runs)
    sys.exit(0 if all(run.state == "done" for run in runs) else 1)


def visit_once(
    chosen: list[Site],
    path: Path,
    *,
    contact: str | None = None,
    resolve: Mapping[str, str] | None = None,
    delay: float | None = None,
    width: int = 64,
    executor: str = "processes",
    quiet: bool = False,
    overrides: Mapping[str, Any] | None = None,
    due: str | None = None,
) -> list[Run]:
    """Visit sites at the same time and show how it goes on standard error; returns one summary a site.

    due: the slot of the ledger that the runs are for, by default now.
    """
    quieten()
    settings = crawl_settings(
        path, chosen, contact=contact, resolve=resolve, overrides={**paced(delay), **(overrides or {})}
    )
    runs = [Run(site.key) for site in chosen]
    with Archive.open(path) as archive:
        archive.lock()
        rest = recently(archive)
        archive.lose(datetime.now(UTC))
        with workers_of(settings, executor) as workers:

            async def work(stopped: asyncio.Event) -> None:
                desk = Desk(settings, workers, width, rest=rest)
                visits = asyncio.gather(*(desk.visit(site, run, due) for site, run in zip(chosen, runs, strict=True)))
                await until(visits, stopped, desk)

            with_signals(work, shown=None if quiet else runs)
    return runs


def recently(archive: Archive) -> bool:
    """Whether hosts may have been asked for something so lately that each is to be given its delay first."""
    return archive.lately(datetime.now(UTC) - timedelta(seconds=120))


async def until(visits: asyncio.Future[Any], stopped: asyncio.Event, desk: Desk) -> None:
    """Wait for the visits, or for a stop, which lets the pages in hand finish."""
    stop = asyncio.create_task(stopped.wait())
    await asyncio.wait([visits, stop], return_when=asyncio.FIRST_COMPLETED)
    if stopped.is_set():
        click.echo("Stopping after the pages in hand; press Ctrl-C again to stop at once.", err=True)
        await desk.stop()
    await visits
    stop.cancel()


def with_signals(work: Callable[[asyncio.Event], Coroutine[Any, Any, None]], shown: list[Run] | None) -> None:
    """Run `work` on an event loop; the first Ctrl-C or SIGTERM sets its event, a second one ends the process."""

    async def main() -> None:
        stopped = asyncio.Event()

        def stop() -> None:
            if stopped.is_set():
                os._exit(130)
            stopped.set()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        watcher = asyncio.create_task(watch(shown)) if shown else None
        try:
            await work(stopped)
        finally:
            if watcher:
                watcher.cancel()
                await asyncio.gather(watcher, return_exceptions=True)

    # The loop leaves the default behind, by which a SIGTERM between two visits would end the process in mid-air.
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        asyncio.run(main())
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def watch(runs: list[Run]) -> None:
    """Show how runs go: a live table on a terminal, a line now and then elsewhere."""
    shown = console(stderr=True)
    if shown.is_terminal:
        with Live(board(runs), console=shown, refresh_per_second=4, transient=True) as live:
            while True:
                await asyncio.sleep(0.25)
                live.update(board(runs))
    told: dict[str, str] = {}
    while True:
        for run in runs:
            if told.get(run.site) != run.stage and run.stage in ("crawling", "reading"):
                shown.print(f"{run.site}: {run.stage}")
            elif run.stage == "crawling" and told:
                shown.print(f"{run.site}: {funnel_line(run.funnel)}")
            told[run.site] = run.stage
        await asyncio.sleep(REPORT_EVERY)


def board(runs: list[Run]) -> Table:
    """The runs in hand as a table."""
    table = Table("site", "", "funnel", box=None, pad_edge=False, header_style="bold")
    order = {"crawling": 0, "reading": 1, "waiting": 2, "over": 3}
    for run in sorted(runs, key=lambda r: order[r.stage])[:20]:
        table.add_row(
            run.site, Shown(run.stage, "dim" if run.stage in ("over", "waiting") else "yellow"), funnel_line(run.funnel)
        )
    return table


def summary(runs: list[Run]) -> None:
    """What each run brought, and the reason of each loss."""
    shown = console()
    for run in runs:
        style = {"done": "green", "failed": "bold red"}.get(run.state, "yellow")
        shown.print(
            Shown.assemble((f"{run.site:<16}", "bold"), (f" {run.state:<7}", style), f" {funnel_line(run.funnel)}")
        )
        if run.state != "done":
            shown.print(Shown(f"{'':<17}{run.outcome}"))
        elif run.reasons:
            shown.print(
                Shown(f"{'':<17}" + " · ".join(f"{word} {n}" for word, n in sorted(run.reasons.items())), "dim")
            )


def quieten() -> None:
    """Warnings on standard error, one line each; Scrapy's own running commentary off."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s", stream=sys.stderr)
    for name in ("scrapy", "apscheduler", "asyncio", "trafilatura", "htmldate"):
        logging.getLogger(name).setLevel(logging.ERROR)
