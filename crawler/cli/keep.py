"""Commands that look after the archive file: migrate, compact, verify, head, backup, erase, hide."""

from __future__ import annotations

import click

from archive import Archive, pending_sql
from crawler.cli.show import archive_option


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
    Archive.open(archive_path, create=False).close()
    click.echo(f"{archive_path} has today's schema now.", err=True)
