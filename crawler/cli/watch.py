"""Commands that watch over runs and sites: runs and health."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text as Shown

from archive import Archive, BadQuery, Health, UnknownSite, health
from crawler import metrics
from crawler.cli.show import FUNNEL, archive_option, clean, console, funnel_line

#: What each step of a run's funnel means, for people.
MEANINGS = {
    "found": "articles named by the lists",
    "new": "of these never captured before",
    "due": "articles due for a first or another look",
    "asked": "requests, robots.txt left out",
    "fetched": "answered with an article (200)",
    "flagged": "answered 200 with a wall, a stub or an error page",
    "unchanged": "not changed, says the server (304)",
    "moved": "moved elsewhere",
    "gone": "removed (404, 410, 451)",
    "refused": "not allowed: robots.txt, reservations, addresses",
    "failed": "failed",
    "postponed": "put off: their host asked to be left alone",
    "left": "left for a later run: the budget of the run or the day is spent",
    "read": "snapshots read",
    "texts": "new articles",
    "revised": "articles whose text had changed",
}


@click.command("runs")
@click.argument("run", required=False, metavar="[ID]")
@archive_option
@click.option("--site", help="Only this site's.")
@click.option("--limit", default=20, show_default=True, help="So many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def runs_(run: str | None, archive_path: str, site: str | None, limit: int, as_json: bool) -> None:
    """The ledger: what was visited when, how it ended; with ID one run's funnel and the reason of each loss.

    \b
    foreigndesk runs
    foreigndesk runs lemonde@2026-11-24T20:00:00
    foreigndesk runs lemonde@2026-11-24T20:00:00#2

    An ID is a site, "@" and its due time, as far as you care to write it; "#2" means its second attempt.
    """
    due, attempt = None, None
    if run:
        site, due, attempt = _parts(run)
    with Archive.read(archive_path) as archive:
        rows = archive.runs(site, limit, due=due, attempt=attempt)
    if not rows:
        click.echo("The ledger has no such run.", err=True)
        sys.exit(1)
    for row in rows:
        if as_json:
            click.echo(json.dumps({"id": _id(row), **row}, ensure_ascii=False))
        elif run:
            _funnel(row)
        else:
            _line(row)


def _parts(text: str) -> tuple[str, str | None, int | None]:
    """(site, beginning of the due time, attempt) of an ID. Raises BadQuery."""
    site, _, rest = text.partition("@")
    due, sign, number = rest.partition("#")
    if not site or (sign and not number.isdigit()):
        raise BadQuery(f"{text!r} names no run: write it as SITE@2026-11-24T20:00:00, with #2 for its second attempt.")
    return site, due.removesuffix("Z") or None, int(number) if number else None


def _id(row: dict[str, Any]) -> str:
    return f"{row['site']}@{row['due']}#{row['attempt']}"


def _line(row: dict[str, Any]) -> None:
    style = {"done": "green", "failed": "bold red", "running": "yellow"}.get(row["state"], "dim")
    missed = f" (and {row['missed']} slots missed)" if row["missed"] else ""
    console().print(
        Shown.assemble(
            f"{row['site']}@{row['due'][:19]}#{row['attempt']}  ", (f"{row['state']:<8}", style),
            funnel_line(row["funnel"]) + missed,
        )
    )  # fmt: skip


def _funnel(row: dict[str, Any]) -> None:
    shown = console()
    shown.print(Shown(_id(row), "bold"))
    what = {"lists": "a slot of the schedule", "looks": "articles due between two slots", None: "asked for by hand"}
    ended = f"ended {row['finished_at'][:19]}Z" if row["finished_at"] else "goes on"
    shown.print(f"  {row['state']}, began {(row['started_at'] or '')[:19]}Z, {ended}; {what[row['planned']]}")
    if row["outcome"]:
        shown.print(f"  {clean(row['outcome'])}")
    if row["missed"]:
        shown.print(f"  {row['missed']} slots before it were missed: {clean(row['missed_why'])}")
    for step in (*FUNNEL[:2], "due", *FUNNEL[2:]):
        if row["funnel"].get(step):
            shown.print(f"  {row['funnel'][step]:>7,}  {step:<10} {MEANINGS[step]}")
    reasons = row["funnel"].get("reasons") or {}
    if reasons:
        shown.print("  Why something fell out:")
    for word, count in sorted(reasons.items(), key=lambda pair: -pair[1]):
        shown.print(f"  {count:>7,}  {clean(word)}")


@click.command("health")
@archive_option
@click.option("--site", help="Only this site.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option(
    "--prometheus", type=click.Path(dir_okay=False), metavar="FILE",
    help="Write metrics for Prometheus' textfile collector.",
)  # fmt: skip
def health_(archive_path: str, site: str | None, as_json: bool, prometheus: str | None) -> None:
    """Whether sites yield what they used to: silence, drift, errors, politeness, growth, by site and seed.

    \b
    foreigndesk health
    foreigndesk health --site lemonde --json
    foreigndesk health --prometheus /var/lib/node_exporter/textfile/foreigndesk.prom

    Exit code: 0 all well, 1 there is a problem, 2 the command cannot be carried out as written.
    """
    now = datetime.now(UTC)
    with Archive.read(archive_path) as archive:
        sites = list(health(archive, now, site))
        last = next(iter(archive.schedules(1)), None)
        up = bool(last and not last["ended_at"] and archive.held_by() == last["pid"])
    if site and not sites:
        raise UnknownSite(f"The archive holds nothing of a site {site!r}; `foreigndesk status` tells what it holds.")
    size = sum(p.stat().st_size for p in map(Path, (archive_path, f"{archive_path}-wal")) if p.exists())
    free = shutil.disk_usage(Path(archive_path).resolve().parent).free
    if prometheus:
        try:
            metrics.write(Path(prometheus), metrics.exposition(sites, size, free, up))
        except OSError as error:
            raise BadQuery(f"{prometheus} cannot be written: {error.strerror}.") from None
    growth = sum(one.stored_bytes for one in sites)
    if as_json:
        told = {"archive": archive_path, "bytes": size, "disk_free": free, "stored_bytes_last_day": growth,
                "schedule_up": up, "sites": [one.as_dict() for one in sites]}  # fmt: skip
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    elif not prometheus:
        _show(sites, size, free, growth)
    sys.exit(1 if any(one.problems for one in sites) else 0)


def _show(sites: list[Health], size: int, free: int, growth: int) -> None:
    shown = console()
    table = Table("site", "new", "usual", "last new", "requests", "failed", "gap", box=None, pad_edge=False,
                  header_style="bold")  # fmt: skip
    for one in sites:
        total = sum(one.requests.values())
        table.add_row(
            Shown(one.site, "bold red" if one.problems else ""), str(one.whole.found_lately),
            "" if one.whole.expected is None else f"{one.whole.expected:.0f}",
            f"{one.whole.last_found:%Y-%m-%d %H:%M}Z" if one.whole.last_found else "", str(total),
            str(total - one.requests.get("ok", 0)), "" if one.shortest_gap is None else f"{one.shortest_gap:.1f} s",
        )  # fmt: skip
    shown.print(table)
    left = f", full in {free / growth:.0f} days at this pace" if free < 3650 * growth else ""
    grown = f"{size / 1e6:.1f} MB, at most {growth / 1e6:.1f} MB of it from the last day"
    shown.print(Shown(f"{grown}; {free / 1e9:.1f} GB are free{left}", "dim"))
    for one in sites:
        for problem in one.problems:
            shown.print(
                Shown.assemble((f"{one.site:<16} ", "bold"), (f"{problem.word:<12} ", "red"), clean(problem.sentence))
            )
    if not any(one.problems for one in sites):
        shown.print(Shown("All well.", "green"))
