"""Commands that put archives together and take them apart: merge and split."""

from __future__ import annotations

from pathlib import Path

import click

from archive import Archive, Merged, merge, split
from crawler.cli.show import archive_option, console


@click.command("merge")
@click.argument("into", type=click.Path(dir_okay=False))
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False), metavar="FROM...")
def merge_(into: str, files: tuple[str, ...]) -> None:
    """Bring everything of other archives into one; INTO is made where there is none.

    \b
    foreigndesk merge press.db laptop.db server.db

    In any order, as often as you like, with the same outcome; cut off, ask again. Each file is checked first: one that
    is foreign or damaged is refused before anything of it is written. Heads that were published stay in the chain.
    """
    shown = console(stderr=True)
    with Archive.open(into) as archive:
        for file in files:
            with shown.status(f"{file} …") as status:

                def told(done: Merged, file: str = file) -> None:
                    status.update(f"{file}: {done.stage} {done.done:,} of {done.total:,}")

                brought = merge(archive, file, progress=told)
            click.echo(f"{file}: {_said(brought)}")


@click.command("split")
@archive_option
@click.option("--by", type=click.Choice(["site", "month"]), required=True, help="One file a site, or a month.")
@click.option("--into", "folder", required=True, type=click.Path(file_okay=False), help="The folder of the new files.")
def split_(archive_path: str, by: str, folder: str) -> None:
    """Write the archive as several files, one a site or a month of capture; the archive itself stays as it is.

    Merged again, in any order, they are the archive. A file that is there already is gone on with.
    """
    brought: dict[Path, Merged] = {}
    with Archive.read(archive_path) as archive, console(stderr=True).status("splitting …") as status:

        def told(file: Path, done: Merged) -> None:
            brought[file] = done
            status.update(f"{file.name}: {done.stage} {done.done:,} of {done.total:,}")

        files = split(archive, folder, by, progress=told)
    for file in files:
        click.echo(f"{file}: {_said(brought[file])}")


def _said(done: Merged) -> str:
    return (
        f"{done.captures} captures, {done.payloads} payloads, {done.pages} pages, {done.texts} texts and "
        f"{done.readings} readings were new."
    )
