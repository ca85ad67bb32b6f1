"""Commands about time: schedule, its status, pause and resume."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text as Shown

from archive import Archive, BadQuery, Site, load_sites, moment, pick, seconds, timestamp
from crawler.cli.options import (
    contact_option,
    delay_option,
    executor_option,
    mapping,
    paced,
    resolve_option,
    set_option,
    settled,
    width_option,
)
from crawler.cli.show import archive_option, clean, console, funnel_line, sites_option
from crawler.cli.visit import board, quieten, recently, with_signals
from crawler.places import places
from crawler.run import Desk, crawl_settings
from crawler.schedule import Schedule
from crawler.slots import Slots
from crawler.spiders import workers as workers_of


class Beginning(click.Group):
    """A group that begins with `run` where no command of its own is named: `schedule SITE` is `schedule run SITE`."""

    default = "run"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = [self.default, *args]
        return super().parse_args(ctx, args)


@click.group("schedule", cls=Beginning)
def schedule_() -> None:
    """Visit sites at their cadence, for months; see what runs, what is next, what was missed and why.

    \b
    foreigndesk schedule lemonde spiegel --contact you@example.org
    foreigndesk schedule status
    foreigndesk schedule pause lemonde --until 2d --reason "they asked us to"

    `schedule SITE` is short for `schedule run SITE`. docs/schedule.md tells how to run it as a service.
    """


@schedule_.command()
@click.argument("names", nargs=-1, metavar="[SITE...]")
@archive_option
@sites_option
@contact_option
@resolve_option
@delay_option
@set_option
@width_option
@click.option("--every", metavar="TIME", help='Visit each site this often ("90s", "15m", "6h"); overrides the entries.')
@click.option("--once", is_flag=True, help="Do what is due now, then end: for cron or a systemd timer.")
@click.option("--until", metavar="T", help='End at this time (ISO 8601, UTC) or after this long ("8h").')
@click.option(
    "--log", "form", type=click.Choice(["text", "json"]), help="A line an event. Default on a terminal: a table."
)
@executor_option
def run(
    names: tuple[str, ...],
    archive_path: str,
    places_named: str | None,
    contact: str | None,
    resolve: tuple[str, ...],
    delay: float | None,
    limits: tuple[str, ...],
    width: int,
    every: str | None,
    once: bool,
    until: str | None,
    form: str | None,
    executor: str,
) -> None:
    """Visit sites at their cadence until stopped (Ctrl-C or SIGTERM). Without SITE: every entry of your own.

    Every slot is one row of the `runs` table. What a crash, a kill or a reboot cut off is done again at the next
    start; slots that passed meanwhile are one run, with their number and the reason in its row. Exit code: 0, and with
    --once 1 where a run failed.
    """
    named = places(places_named)
    catalogue = load_sites(*named)
    chosen = pick(catalogue, names) if names else list(load_sites(*named[1:]).values())
    if not chosen:
        raise BadQuery("Name the sites to visit, or put entries of your own into a folder `sites`.")
    if every:
        chosen = [_paced(site, every) for site in chosen]
    end = _end(until, datetime.now(UTC)) if until else None
    teller = Teller(form)
    settings = crawl_settings(
        Path(archive_path),
        chosen,
        contact=contact,
        resolve=mapping(resolve),
        overrides={**settled(limits), **paced(delay)},
    )
    failed = False
    with Archive.open(archive_path) as archive, workers_of(settings, executor) as workers:
        archive.lock()

        async def work(stopped: asyncio.Event) -> None:
            nonlocal failed
            desk = Desk(settings, workers, width, rest=recently(archive))
            schedule = Schedule(archive, desk, chosen, clock=settings["CLOCK"], note=teller)
            if end:
                asyncio.get_running_loop().call_later((end - datetime.now(UTC)).total_seconds(), stopped.set)
            watcher = asyncio.create_task(_watch(schedule)) if teller.form == "table" else None
            try:
                await schedule.run(stopped, once=once)
            finally:
                if watcher:
                    watcher.cancel()
                    await asyncio.gather(watcher, return_exceptions=True)
            failed = schedule.failed

        with_signals(work, shown=None)
    if once and failed:
        sys.exit(1)


class Teller:
    """Tells what happens while a schedule runs: a line an event, as text or as JSON; a table shows only what matters.

    What a line holds comes from us and from entries, never from pages; control characters are made visible anyway.
    """

    #: Events that a live table shows by itself.
    SHOWN = frozenset({"run_queued", "run_began", "schedule_began", "schedule_ended"})

    def __init__(self, form: str | None = None) -> None:
        self.form = form or ("table" if console(stderr=True).is_terminal else "text")
        quieten()
        if self.form == "json":
            root = logging.getLogger()
            for handler in root.handlers:
                handler.setFormatter(_AsJson())
                if isinstance(handler, logging.StreamHandler):
                    handler.setStream(sys.stdout)

    def __call__(self, event: str, **facts: Any) -> None:
        """One event with its facts."""
        if self.form == "json":
            # Everything beyond ASCII is escaped: no control character can reach a terminal.
            click.echo(json.dumps({"at": timestamp(datetime.now(UTC)), "event": event, **facts}))
        elif event not in (self.SHOWN if self.form == "table" else ("run_queued",)):
            click.echo(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z {clean(self.sentence(event, facts))}", err=True)

    def sentence(self, event: str, facts: dict[str, Any]) -> str:
        """An event in words."""
        site = f"{facts['site']}: " if "site" in facts else ""
        if event == "run_ended":
            funnel = funnel_line(facts["funnel"])
            return f"{site}{facts['state']}: {funnel}" + ("" if facts["state"] == "done" else f"; {facts['outcome']}")
        if event == "missed":
            return f"{site}{facts['missed']} slots before {facts['due'][:19]}Z were missed: {facts['detail']}"
        if event == "cut_off":
            return f"{site}the run due {facts['due'][:19]}Z was cut off; it is done again"
        rest = ", ".join(f"{name} {value}" for name, value in facts.items() if name != "site" and value is not None)
        return f"{site}{event.replace('_', ' ')}" + (f" ({rest})" if rest else "")


class _AsJson(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {"at": timestamp(datetime.now(UTC)), "event": record.levelname.lower(), "detail": record.getMessage()}
        return json.dumps(line)


async def _watch(schedule: Schedule) -> None:
    """A live table: the runs in hand, what comes next, how the last ones ended."""
    shown = console(stderr=True)
    with Live(_board(schedule), console=shown, refresh_per_second=2, transient=True) as live:
        while True:
            await asyncio.sleep(0.5)
            live.update(_board(schedule))


def _board(schedule: Schedule) -> Group:
    running = [run for run in schedule.runs.values() if run.finished_at is None]
    nexts = Table("next", "", box=None, pad_edge=False, header_style="bold")
    for site, when in schedule.upcoming()[:8]:
        nexts.add_row(site, Shown(f"{when:%Y-%m-%d %H:%M:%S}Z", "dim"))
    ends = Table("ended", "", "", box=None, pad_edge=False, header_style="bold")
    for one in list(schedule.outcomes)[-6:]:
        ends.add_row(one.site, Shown(one.state, "green" if one.state == "done" else "red"), funnel_line(one.funnel))
    return Group(board(running), "", nexts, "", ends)


@schedule_.command()
@archive_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def status(archive_path: str, as_json: bool) -> None:
    """What the schedule runs, what is next, what was missed and why. Works while it runs and while it does not.

    Exit code: 0 where a schedule runs, 1 where none does.
    """
    now = datetime.now(UTC)
    with Archive.read(archive_path) as archive:
        told = _told(archive, now)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        _show(told)
    sys.exit(0 if told["running"] else 1)


def _told(archive: Archive, now: datetime) -> dict[str, Any]:
    """All that `schedule status` tells."""
    last = next(iter(archive.schedules(1)), None)
    holder = archive.held_by()
    alive = bool(last and holder == last["pid"] and not last["ended_at"])
    paused = archive.pauses(now)
    sites = []
    for site in archive.plans():
        tried = archive.planned(site.key, timestamp(now))
        due = archive.due(site.key, now)
        slots = Slots(site)
        sites.append(
            {
                "site": site.key,
                "cadence": str(slots.cadences[0]),
                "last_due": tried[-1]["due"] if tried else None,
                "last_state": tried[-1]["state"] if tried else None,
                "next": None if site.key in paused else timestamp(slots.upcoming(now)),
                "paused": paused.get(site.key),
                "resting": slots.resting(now),
                "new_articles_due": sum(one.new for one in due),
                "known_articles_due": sum(not one.new for one in due),
            }
        )
    return {
        "running": alive,
        "pid": holder if alive else None,
        "since": last and last["started_at"],
        "until": last and (None if alive else last["ended_at"] or last["beat_at"]),
        "died": bool(last and not alive and not last["ended_at"]),
        "runs": [run for run in archive.runs(limit=200) if run["state"] in ("running", "queued")],
        "missed": [run for run in archive.runs(limit=200) if run["missed"]][:10],
        "sites": sites,
    }


def _show(told: dict[str, Any]) -> None:
    shown = console()
    if told["running"]:
        shown.print(Shown(f"Process {told['pid']} runs the schedule since {told['since'][:19]}Z.", "bold green"))
    elif told["since"]:
        how = "it died; what it was doing is done again at the next start" if told["died"] else "it was stopped"
        shown.print(Shown(f"No schedule runs. The last one ran until {told['until'][:19]}Z: {how}.", "bold red"))
    else:
        shown.print(Shown("No schedule has run on this archive yet.", "bold"))
    for run in told["runs"]:
        shown.print(f"  {run['state']:<8} {run['site']:<20} since {run['started_at'][:19]}Z")
    table = Table("site", "cadence", "last", "", "next", "new", "known", box=None, pad_edge=False, header_style="bold")
    for one in told["sites"]:
        pause = one["paused"]
        until = f"until {pause['until'][:16]}Z" if pause and pause["until"] else ""
        coming = f"paused {until} {clean(pause['reason'])}" if pause else f"{one['next'][:19]}Z"
        table.add_row(
            one["site"], one["cadence"], (one["last_due"] or "")[:19], one["last_state"] or "", coming,
            str(one["new_articles_due"]), str(one["known_articles_due"]),
        )  # fmt: skip
    if told["sites"]:
        shown.print(table)
    if told["missed"]:
        shown.print(Shown("Missed", "bold"))
    for run in told["missed"]:
        shown.print(
            f"  {run['site']:<20} {run['missed']:>4} slots before {run['due'][:19]}Z: {clean(run['missed_why'])}"
        )


@schedule_.command()
@click.argument("site")
@archive_option
@click.option(
    "--until", metavar="T", help='Until this time (ISO 8601, UTC) or for this long ("2d"). Default: until resumed.'
)
@click.option("--reason", default="", help="Why: `schedule status` and the row of the next run tell it.")
def pause(site: str, archive_path: str, until: str | None, reason: str) -> None:
    """Begin no run of a site any more; one that is going on ends by itself. Works while the schedule runs."""
    now = datetime.now(UTC)
    with Archive.open(archive_path, create=False) as archive:
        _known(archive, site)
        end = _end(until, now) if until else None
        archive.pause(site, now, end, reason or None)
    click.echo(f"{site} is paused until {f'{end:%Y-%m-%dT%H:%M:%S}Z' if end else 'it is resumed'}.")


@schedule_.command()
@click.argument("site")
@archive_option
def resume(site: str, archive_path: str) -> None:
    """Begin runs of a site again; the slots that were missed become one run."""
    with Archive.open(archive_path, create=False) as archive:
        _known(archive, site)
        paused = archive.resume(site, datetime.now(UTC))
    click.echo(f"{site} is visited again." if paused else f"{site} was not paused.")


def _known(archive: Archive, site: str) -> None:
    """Raises UnknownSite for a site that neither the schedule nor the archive knows."""
    pick({**archive.sites(), **{one.key: one for one in archive.plans()}}, [site])


def _end(text: str, now: datetime) -> datetime:
    """The moment that a person means: a time, or a length of time from now. Raises BadQuery."""
    for read in (lambda: now + timedelta(seconds=seconds(text)), lambda: moment(text)):
        try:
            return _ahead(read, now)
        except ValueError:
            continue
    raise BadQuery(f'{text!r} is no time to come: write it as "2026-12-01T06:00Z" or "8h".')


def _ahead(read: Callable[[], datetime], now: datetime) -> datetime:
    found = read()
    if found <= now:
        raise ValueError
    return found


def _paced(site: Site, every: str) -> Site:
    try:
        pace = seconds(every)
    except ValueError as error:
        raise BadQuery(str(error)) from None
    if pace <= 0:
        raise BadQuery("--every must be longer than nothing.")
    return replace(site, cadence=pace, cadences=())
