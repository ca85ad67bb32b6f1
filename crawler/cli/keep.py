"""Commands that look after the archive file: migrate, compact, verify, head, backup, erase, hide."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from archive import (
    Archive,
    ArchiveUnreadable,
    Saved,
    backup,
    compact,
    elsewhere,
    erase,
    head,
    hide,
    load_sites,
    mentions,
    open_executor,
    pending_sql,
    repair,
    traces,
    verify,
)
from archive import (
    shrink as shrink_file,
)
from crawler.cli.options import executor_option
from crawler.cli.show import archive_option, clean, console, sites_option
from crawler.places import places


@click.command()
@archive_option
@click.option("--dry-run", is_flag=True, help="Show the SQL that would run, and change nothing.")
def migrate(archive_path: str, dry_run: bool) -> None:
    """Bring an archive of an older version to today's schema.

    Every command that opens the archive does so by itself; this one does nothing else, and can show it beforehand.
    All of it is one transaction: cut off at any moment, the file is the old one still.
    """
    sql = pending_sql(archive_path)
    if not sql:
        click.echo(f"{archive_path} is up to date.", err=True)
        return
    if dry_run:
        click.echo(sql)
        return
    with console(stderr=True).status("migrating …"):
        Archive.open(archive_path, create=False).close()
    click.echo(f"{archive_path} has today's schema now.", err=True)


@click.command("compact")
@archive_option
@click.option("--site", help="Only this site's payloads.")
@click.option("--level", default=19, show_default=True, type=click.IntRange(1, 22), help="zstd's: higher is smaller.")
@click.option("--seconds", type=click.FloatRange(min=0), help="Stop after this time; the next run goes on.")
@click.option("--shrink", is_flag=True, help="Afterwards give the freed room back to the disk (rewrites the file).")
def compact_(archive_path: str, site: str | None, level: int, seconds: float | None, shrink: bool) -> None:
    """Code stored payloads anew, smaller, in the background; nothing that is kept changes.

    It may run while others crawl and be stopped at any moment (Ctrl-C): the next run goes on where this one was. Freed
    room is used by the archive itself for what comes next, unless --shrink gives it back.
    """
    began, saved = time.monotonic(), Saved()
    with Archive.open(archive_path, create=False) as archive, console(stderr=True).status("compacting …") as status:

        def progress(now: Saved) -> None:
            nonlocal saved
            saved = now
            status.update(
                f"{now.bodies:,} of {now.bodies + now.left:,}, {(now.before - now.after) / 1e6:,.1f} MB saved"
            )

        try:
            compact(
                archive,
                site=site,
                level=level,
                progress=progress,
                stop=lambda: seconds is not None and time.monotonic() - began > seconds,
            )
        except KeyboardInterrupt:
            click.echo("Stopped; the next run goes on.", err=True)
        if shrink:
            shrink_file(archive)
    share = (saved.before - saved.after) / saved.before if saved.before else 0
    click.echo(
        f"{saved.recoded} of {saved.bodies} payloads coded anew, {saved.before / 1e6:.1f} MB → "
        f"{saved.after / 1e6:.1f} MB ({share:.0%} saved); {saved.left} left for the next run."
    )


@click.command("verify")
@archive_option
@sites_option
@click.option("--quick", is_flag=True, help="Leave out what takes reading every payload and text.")
@click.option("--site", help="Only the payloads, captures and texts of this site.")
@click.option("--no-repair", is_flag=True, help="Report only; change nothing.")
@executor_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def verify_(
    archive_path: str,
    places_named: str | None,
    quick: bool,
    site: str | None,
    no_repair: bool,
    executor: str,
    as_json: bool,
) -> None:
    """Check that the archive still holds what was put into it: payloads, captures, chain, texts, index.

    \b
    foreigndesk verify --quick
    foreigndesk verify --site lemonde --no-repair

    What is an opinion (texts, lists, index, counters) is made again; damage to a fact is reported: restore it from a
    backup. Exit code: 0 all is as it was kept or was made again, 1 something is not.
    """
    shown = console(stderr=True)
    with Archive.read(archive_path) as archive, shown.status("verifying …") as status:
        found = list(
            verify(archive, quick=quick, site=site, progress=lambda what, count: status.update(f"{what}: {count:,}"))
        )
        now = head(archive)
        unsealed = archive.rows("SELECT count(*) AS n FROM captures WHERE link IS NULL")[1][0]["n"]
    if any(one.opinion for one in found) and not no_repair:
        catalogue = load_sites(*places(places_named))
        with Archive.open(archive_path, create=False) as archive, open_executor(executor) as workers:
            found = repair(archive, found, {**archive.sites(), **catalogue}, workers)
    for one in found:
        if as_json:
            click.echo(json.dumps({**asdict(one), "opinion": one.opinion}, ensure_ascii=False))
        else:
            mark = "made again" if one.repaired else "damaged"
            click.echo(f"{mark}: {one.what} {clean(one.name)}: {clean(one.sentence)}".replace(" : ", ": "))
    left = [one for one in found if not one.repaired]
    if not as_json:
        if unsealed:
            click.echo(f"{unsealed} captures were kept before there was a chain: no seal vouches for them.", err=True)
        what = "Every part that was looked at" if quick or site else "Everything"
        click.echo(f"{what} is as it was kept." if not left else f"{len(left)} things are not as they were kept.")
        click.echo(f"head {now.value} ({now.captures} captures in {now.runs} runs)")
    sys.exit(1 if left else 0)


@click.command("head")
@archive_option
@click.option("--at", metavar="T", help="As it was at this time (ISO 8601, UTC; a day or hour will do).")
@click.option("--runs", is_flag=True, help="Print what the value is the SHA-256 of: a line a run.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def head_(archive_path: str, at: str | None, runs: bool, as_json: bool) -> None:
    """Print one value that vouches for every capture: publish it, or have it time-stamped.

    Whoever has the value can later ask for it with --at, and with `foreigndesk verify` prove that nothing behind it
    was changed, added or taken away since. docs/format.md says how to check it without this program.
    """
    with Archive.read(archive_path) as archive:
        now = head(archive, at)
    if as_json:
        click.echo(json.dumps(asdict(now)))
    elif runs:
        for line in now.lines:
            click.echo(line)
    else:
        click.echo(now.value)
        newest = f"the newest of {now.at}" if now.at else "none yet"
        click.echo(f"{now.captures} captures in {now.runs} runs, {newest}", err=True)


@click.command("erase")
@click.argument("url", required=False, default="")
@archive_option
@click.option("--domain", default="", help="Everything of this domain and the hosts below it.")
@click.option("--digest", default="", help="One payload, and every capture that showed it.")
@click.option("--reason", default="", help="Why: the tombstone keeps it for those who ask later.")
@click.option("--check", is_flag=True, help="Afterwards search the file, and the payloads of other pages, for traces.")
@click.option("--marker", multiple=True, help="Also search for this string (repeatable).")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase_(
    url: str, archive_path: str, domain: str, digest: str, reason: str, check: bool, marker: tuple[str, ...], yes: bool
) -> None:
    """Take a page, a domain or a payload out of the archive for good: revisions, texts, links, index, bytes.

    \b
    foreigndesk erase https://example.org/story --reason "court order 12/26" --check
    foreigndesk erase --domain example.org --reason "asked for by the owner"

    It is not fetched again. The chain of captures can still be walked. What was copied out of the archive before is
    yours to do; the command names it. `foreigndesk hide` is the form that can be undone.
    """
    name = url or domain or digest
    with Archive.open(archive_path, create=False) as archive:
        if (
            not yes
            and sys.stdin.isatty()
            and not click.confirm(f"Erase {name} from {archive_path} for good?", err=True)
        ):
            click.echo("Nothing was erased.", err=True)
            sys.exit(1)
        with console(stderr=True).status("erasing …"):
            gone, needles = erase(archive, datetime.now(UTC), reason, url=url, domain=domain, digest=digest)
        if not (gone.pages or gone.captures or gone.links):
            click.echo(f"The archive holds nothing of {name} (any more); it will not be fetched.", err=True)
        click.echo(
            f"Erased: {gone.pages} pages, {gone.captures} captures, {gone.snapshots} payloads, {gone.texts} texts, "
            f"{gone.links} link targets."
        )
        copies = archive.copies()
        failed = _check(archive, (*needles, *marker)) if check else False
    click.echo("Yours to do:")
    for at, place in copies:
        click.echo(f"  the backup of {at[:19]}Z still holds it: {place}")
    click.echo("  other copies of the file, and what was exported from it, still hold it")
    if not check:
        click.echo("  other pages may still mention it; the same command with --check tells which")
    sys.exit(1 if failed else 0)


def _check(archive: Archive, needles: tuple[str, ...]) -> bool:
    """Search the file for traces and say what was found; whether there is one that has no right to be there."""
    found = {needle: count for needle, count in traces(archive.path, needles).items() if count}
    left = {needle: count for needle, count in found.items() if not elsewhere(archive, needle)}
    click.echo(
        f"Searched {archive.path} for {len(needles)} strings that stood in it: "
        f"{len(found) - len(left)} are there because other pages say the same, {len(left)} without such a reason."
    )
    for needle, count in left.items():
        click.echo(f"  {count} times: {clean(needle)}")
    for url, digest in mentions(archive, needles):
        click.echo(f"  the payload of {url} still mentions it: erase --digest {digest} takes that away, too")
    return bool(left)


@click.command("hide")
@click.argument("url")
@archive_option
@click.option("--reason", default="", help="Why: shown to those who ask for the page.")
@click.option("--undo", is_flag=True, help="Show it again.")
def hide_(url: str, archive_path: str, reason: str, undo: bool) -> None:
    """Take a page out of every view and search, with the links to it, until --undo. Nothing is deleted."""
    with Archive.open(archive_path, create=False) as archive:
        hide(archive, url, reason, None if undo else datetime.now(UTC))
    click.echo(f"{url} is {'shown again' if undo else 'hidden'}.")


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False))
@archive_option
def backup_(file: str, archive_path: str) -> None:
    """Copy the archive, consistent as of one moment, also while it is being crawled into.

    The copy is checked before it takes its name; a FILE that is there already is refused.
    """
    with Archive.read(archive_path) as archive, console(stderr=True).status("copying …"):
        size = backup(archive, file)
    click.echo(f"{file}: {size / 1e6:.1f} MB, checked.")
    try:
        with Archive.open(archive_path, create=False) as archive:
            archive.note_copy(str(Path(file).resolve()), datetime.now(UTC))
    except ArchiveUnreadable as error:
        click.echo(f"The archive takes no note of this copy, so `erase` will not name it: {error}", err=True)
