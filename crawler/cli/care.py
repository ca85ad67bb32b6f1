"""Commands that look after the machine and the archive: doctor."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.text import Text as Shown

from crawler.cli.options import contact_option
from crawler.cli.show import archive_option, clean, console, sites_option
from crawler.doctor import examine, limits

MARKS = {"ok": ("✓", "green"), "note": ("•", "yellow"), "fault": ("✗", "bold red")}


@click.command()
@archive_option
@sites_option
@contact_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def doctor(archive_path: str, places_named: str | None, contact: str | None, as_json: bool) -> None:
    """Look whether this machine can crawl as it should: versions, limits, contact, disk, clock, catalogue, archive.

    Needs no network and changes nothing. Exit code: 0 all well (there may be notes), 1 something is to be mended.
    """
    findings = examine(Path(archive_path), places_named, contact, datetime.now(UTC))
    faults = [one for one in findings if one.level == "fault"]
    if as_json:
        found = [one._asdict() for one in findings]
        click.echo(
            json.dumps({"well": not faults, "findings": found, "limits": limits()}, ensure_ascii=False, indent=1)
        )
        sys.exit(1 if faults else 0)
    shown = console()
    for one in findings:
        mark, style = MARKS[one.level]
        shown.print(Shown.assemble((f"{mark} {one.subject:<10}", style), f" {clean(one.sentence)}"))
    shown.print(Shown("Limits in force", "bold"))
    for name, value in limits().items():
        shown.print(f"  {name:<32}{f'{value:,}':>13}")
    if faults:
        click.echo(f"{len(faults)} to be mended: {', '.join(one.subject for one in faults)}.", err=True)
        sys.exit(1)
