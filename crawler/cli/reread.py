"""Commands that read the archive's own snapshots again: reextract, with its dry run, and extractors."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text as Shown

from archive import (
    Archive,
    BadQuery,
    Executor,
    Selection,
    Share,
    Site,
    Trial,
    load_sites,
    open_executor,
    promote,
    prune,
    reextract,
    rollback,
    selected,
    threshold,
    trial,
    versions,
)
from crawler.cli.html import bin_names, trial_page
from crawler.cli.options import executor_option
from crawler.cli.show import archive_option, clean, console, second, show_diff, sites_option, write_rows
from crawler.places import places

REPORT_EVERY = 10.0  # seconds between lines of progress where there is no terminal
SHOWN = 5  # worst pages shown in a terminal


class Tally(Protocol):
    """What progress is told of: Reading and Trial."""

    total: int
    seconds: float

    @property
    def pages(self) -> int: ...


@click.command("reextract")
@archive_option
@sites_option
@click.option("--pending", "scope", flag_value="pending", default="pending", help="Snapshots never read (the default).")
@click.option("--stale", "scope", flag_value="stale", help="Those not read by this version under today's site rules.")
@click.option("--all", "scope", flag_value="all", help="Everything.")
@click.option("--site", help="Only this site.")
@click.option("--since", metavar="T", help="Only what was first captured at or after this time (ISO 8601, UTC).")
@click.option("--until", metavar="T", help="… at or before this time; a day means all of it.")
@click.option("--where", metavar="SQL", help="Only what this holds of, such as \"words < 80 AND language = 'ja'\".")
@click.option("--limit", type=int, metavar="N", help="At most N snapshots.")
@click.option("--retry-quarantine", is_flag=True, help="Also those that have ended their worker three times.")
@click.option("--dry-run", is_flag=True, help="Write nothing; report what would change.")
@click.option("--html", type=click.Path(dir_okay=False), metavar="FILE", help="Dry run: the report as one HTML page.")
@click.option("--json", "as_json", is_flag=True, help="The outcome as one JSON object.")
@click.option("--sample", type=click.IntRange(1), metavar="N", help="Dry run: only N snapshots of them, by chance.")
@click.option("--seed", default=0, show_default=True, help="Dry run: another seed draws another sample.")
@click.option("--worst", default=20, show_default=True, help="Dry run: keep so many of the worst pages.")
@click.option(
    "--fail-if", "limits", multiple=True, metavar="NAME>N[%]",
    help="Dry run: exit with 1 if so many pages change, such as empty>0.5% (repeatable).",
)  # fmt: skip
@executor_option
def reextract_(
    archive_path: str,
    places_named: str | None,
    scope: str,
    site: str | None,
    since: str | None,
    until: str | None,
    where: str | None,
    limit: int | None,
    retry_quarantine: bool,
    dry_run: bool,
    html: str | None,
    as_json: bool,
    sample: int | None,
    seed: int,
    worst: int,
    limits: tuple[str, ...],
    executor: str,
) -> None:
    """Read stored snapshots again, with today's extractor. Facts are never touched; cut off, it goes on next time.

    \b
    foreigndesk reextract --stale --dry-run --sample 500 --html report.html --fail-if "empty>0.5%"
    foreigndesk reextract --stale
    foreigndesk reextract --all --site lemonde --since 2026-11 --where "problem IS NOT NULL"

    A page that cannot be read keeps what was read before; one that has ended its worker three times is left alone,
    and listed by the view `quarantine`. With --fail-if, exit code 1 says that a threshold was crossed.
    """
    thresholds = [threshold(one) for one in limits]
    if not dry_run and (html or sample or limits):
        raise BadQuery("--html, --sample and --fail-if belong to --dry-run.")
    which = Selection(scope, site, since, until, None, limit, retry_quarantine)
    known = load_sites(*places(places_named))
    opened = Archive.read(archive_path) if dry_run else Archive.open(archive_path, create=False)
    with opened as archive, open_executor(executor) as workers:
        if site is not None:
            archive.expect_site(site)
        rules: dict[str, Site] = {**archive.sites(), **known}
        which = selected(archive, which, where)
        if not dry_run:
            _read(archive, rules, workers, which, as_json)
            return
        with told("reading (nothing is written)") as progress:
            found = trial(
                archive, rules, workers, which=which, sample=sample, seed=seed, worst=worst, progress=progress
            )
    if html:
        Path(html).write_text(trial_page(found, f"Dry run over {Path(archive_path).name}"), encoding="utf-8")
        click.echo(f"The report is {html}.", err=True)
    if as_json:
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False, indent=1))
    else:
        show_trial(console(), found)
    crossed = [one for one in thresholds if one.crossed(found)]
    for one in crossed:
        click.echo(f"{one.said}: it is {one.value(found):.4g}{'%' if one.percent else ''}", err=True)
    sys.exit(1 if crossed else 0)


def _read(archive: Archive, rules: dict[str, Site], workers: Executor, which: Selection, as_json: bool) -> None:
    with told("reading") as progress:
        tally = reextract(archive, rules, workers, which=which, progress=progress)
    kept = archive.rows("SELECT count(*) AS n FROM quarantine")[1][0]["n"]
    if as_json:
        row = {"pages": tally.pages, "kinds": tally.kinds, "problems": tally.problems, "seconds": tally.seconds}
        click.echo(json.dumps({**row, "quarantined": kept}))
        return
    kinds = ", ".join(f"{kind} {count}" for kind, count in tally.kinds.most_common()) or "nothing to do"
    click.echo(f"{tally.pages} snapshots read: {kinds}")
    for problem, count in tally.problems.most_common():
        click.echo(f"  {count} with problem {problem}")
    if kept:
        click.echo(
            f"  {kept} in quarantine, since they ended their worker three times (the view `quarantine` lists them; "
            "--retry-quarantine tries again)"
        )


@contextmanager
def told(words: str) -> Iterator[Callable[[Tally], None]]:
    """Show progress with rate and remaining time: a bar on a terminal, a line now and then elsewhere."""
    shown = console(stderr=True)
    if not shown.is_terminal:
        last = time.monotonic()

        def line(tally: Tally) -> None:
            nonlocal last
            if time.monotonic() - last >= REPORT_EVERY:
                last = time.monotonic()
                shown.print(Shown(f"{words}: {tally.pages:,} of {tally.total:,}, {_pace(tally)}"))

        yield line
        return
    columns = (
        TextColumn(words), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=shown) as bar:
        task = bar.add_task(words, total=None, pace="")
        yield lambda tally: bar.update(
            task, completed=tally.pages, total=tally.total, pace=f"{tally.pages / max(tally.seconds, 1e-9):.0f}/s"
        )


def _pace(tally: Tally) -> str:
    rate = tally.pages / max(tally.seconds, 1e-9)
    left = max(0, tally.total - tally.pages) / max(rate, 1e-9)
    return f"{rate:.0f} pages/s, {int(left // 60)} min {int(left % 60)} s left"


def show_trial(shown: Console, found: Trial) -> None:
    """The report of a dry run for a terminal: figures, distribution, sites, languages, the worst pages."""
    whole = found.whole
    if not found.pages:
        shown.print(Shown("There is nothing to read: no stored page is meant by these options.", "bold"))
        return
    shown.print(Shown(f"{found.pages:,} pages would be read by {', '.join(found.extractors)}", "bold"))
    shown.print(Shown(f"{whole.gained:,} words gained, {whole.lost:,} lost, of {whole.words:,}. Nothing was written."))
    for name, count in whole.changed.most_common():
        shown.print(Shown(f"  {name:<11}{count:>8,}  {count / max(1, whole.pages):7.2%}"))
    shown.print(Shown("Words gained less words lost, by share of the page's text", "bold"))
    most = max([*found.bins, 1])
    for name, count in zip(bin_names(found), found.bins, strict=True):
        shown.print(Shown(f"  {name:<22}{count:>8,}  {'█' * round(40 * count / most)}"))
    for title, groups in (("Sites", found.sites), ("Languages", found.languages)):
        shown.print(Shown(title, "bold"))
        for name, share in sorted(groups.items(), key=lambda pair: -pair[1].changed["changed"])[:20]:
            shown.print(Shown(f"  {clean(name):<20}{_line(share)}"))
    for case in found.worst[:SHOWN]:
        shown.print(Shown(f"\n{case.url}", "bold"))
        said = "its whole text lost" if case.empty else f"{case.lost:,} words lost, {case.gained:,} gained"
        shown.print(Shown(f"captured {second(case.captured_at)}: {', '.join(case.fields)}; {said}", "dim"))
        show_diff(shown, case.diff())


def _line(share: Share) -> str:
    part = {name: share.changed[name] / max(1, share.pages) for name in ("changed", "text", "empty")}
    shares = ", ".join(f"{name} {value:.1%}" for name, value in part.items())
    return f"{share.pages:>8,} pages: {shares}; {share.gained:,} words gained, {share.lost:,} lost"


# ---- extractors


@click.group()
def extractors() -> None:
    """Whose readings the archive holds, and whose it shows."""


@extractors.command("list")
@archive_option
@click.option("--site", help="Only readings of this site's pages.")
@click.option("--json", "form", flag_value="json", help="One JSON array of objects.")
@click.option("--csv", "form", flag_value="csv", help="Comma-separated values with a header line.")
def list_(archive_path: str, site: str | None, form: str | None) -> None:
    """Every extractor that has read something, how much of it is shown, and when it read."""
    with Archive.read(archive_path) as archive:
        found = versions(archive, site)
    columns = ("extractor", "readings", "shown", "problems", "failed", "first", "last")
    rows: list[tuple[Any, ...]] = [
        (v.extractor, v.readings, v.shown, v.problems, v.failed, second(v.first), second(v.last)) for v in found
    ]
    if form:
        write_rows(sys.stdout, form, columns, rows)
        return
    for name, readings, shown, problems, failed, first, last in rows:
        # Whole, on a line of its own: it is what `promote` and `rollback` are given.
        click.echo(name)
        said = f"{readings:,} readings, {shown:,} of them shown, {problems:,} with a problem, {failed:,} failed"
        click.echo(f"  {said}; from {first} to {last}")


@extractors.command("promote")
@click.argument("extractor")
@archive_option
@click.option("--site", help="Only for this site's pages.")
def promote_(extractor: str, archive_path: str, site: str | None) -> None:
    """Show an extractor's readings wherever it has read. Nothing is deleted.

    EXTRACTOR is a name as `foreigndesk extractors list` prints it, or its beginning up to a plus sign: foreigndesk-1
    means that version under whatever rules.
    """
    with Archive.open(archive_path, create=False) as archive:
        count = promote(archive, extractor, site)
    click.echo(f"{count} snapshots show another reading now.")


@extractors.command("rollback")
@click.argument("extractor")
@archive_option
@click.option("--site", help="Only for this site's pages.")
def rollback_(extractor: str, archive_path: str, site: str | None) -> None:
    """Show an extractor's readings no longer, wherever another one has read. Nothing is deleted.

    `foreigndesk reextract --stale` leaves what was rolled back alone; `promote` shows it again.
    """
    with Archive.open(archive_path, create=False) as archive:
        count = rollback(archive, extractor, site)
    click.echo(f"{count} snapshots show another reading now.")


@extractors.command("prune")
@click.argument("extractor", required=False)
@archive_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def prune_(extractor: str | None, archive_path: str, yes: bool) -> None:
    """Delete readings that are not shown: of one extractor, or of all; with texts that nothing names then.

    What is shown is never deleted. Without old readings, changes of ours can no longer be told from the newsroom's
    where captures were read by different extractors. `foreigndesk compact --shrink` gives the room back to the disk.
    """
    if not yes and sys.stdin.isatty():
        click.confirm(f"Delete readings of {extractor or 'all extractors'} that are not shown?", abort=True, err=True)
    with Archive.open(archive_path, create=False) as archive:
        gone = prune(archive, extractor)
    click.echo(f"{gone.readings} readings, {gone.texts} texts and {gone.lists} lists of links deleted.")
