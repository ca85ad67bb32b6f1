"""demo: crawl the bundled newsroom twice, then walk through what the archive holds."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text as Shown

from archive import Archive, BadQuery, Site, compare, load_sites
from crawler.cli.show import clean, console, show_diff
from crawler.cli.visit import summary, visit_once
from crawler.newsroom import Newsroom

#: The revision shown as a diff is the one with most kinds of change; articles of this language first, for our readers.
_MOST_CHANGED = (
    "SELECT r.url, r.site, r.title FROM revisions r JOIN articles a ON a.url = r.url WHERE r.revision > 1 "
    "ORDER BY a.language <> 'en', r.url"
)


@click.command()
@click.option(
    "--archive",
    "archive_path",
    default="demo.db",
    show_default=True,
    help="Made anew each time; an archive that is no demo's is refused.",
    type=click.Path(dir_okay=False, path_type=Path),
)
def demo(archive_path: Path) -> None:
    """See it work without a network: crawl the bundled newsroom twice and look at what the archive holds.

    The newsroom is a set of pretend news sites on this machine. Between the two visits it corrects a headline, edits
    a text, moves one article and removes another; the tour shows how the archive answers.
    """
    began = time.monotonic()
    with Newsroom(edition=1) as newsroom:
        chosen = list(load_sites(newsroom.sites_file).values())
        clear(archive_path, chosen)
        shown = console()
        for edition, words in ((1, "first visit"), (2, "second visit: the newsroom has put out its next edition")):
            newsroom.edition = edition
            heading(shown, f"{len(chosen)} pretend news sites on this machine, {words}")
            runs = visit_once(chosen, archive_path, resolve=newsroom.resolve)
            summary(runs)
            if any(run.state == "lost" for run in runs):
                click.echo(f"Stopped: {archive_path} holds what was captured until now.", err=True)
                sys.exit(1)
    walk(shown, archive_path)
    shown.print(Shown(f"\nAll of it took {time.monotonic() - began:.0f} seconds and is in {archive_path}.", "dim"))


def clear(path: Path, sites: list[Site]) -> None:
    """Take an earlier demo's archive away, and nothing else: what somebody crawled is never deleted.

    sites: the newsroom's. Raises BadQuery where the file holds anything that is not theirs, ArchiveError where it is no
    archive, or is being crawled into.
    """
    if path.exists():
        with Archive.open(path, create=False) as archive:
            archive.lock()
            own = {(site.key, site.home) for site in sites}
            _, held = archive.rows("SELECT DISTINCT site FROM pages")
            entries = archive.sites()
            if any((row["site"], getattr(entries.get(row["site"]), "home", "")) not in own for row in held):
                raise BadQuery(
                    f"{path} is an archive, and no earlier demo's: it would be made anew. Name another file with "
                    "--archive."
                )
            path.unlink()
    for end in ("-wal", "-shm", "-lock"):
        Path(f"{path}{end}").unlink(missing_ok=True)


def walk(shown: Console, path: Path) -> None:
    """The printed tour over a demo archive."""
    with Archive.open(path) as archive:
        heading(shown, "Newest articles", "SELECT … FROM articles ORDER BY published_at DESC")
        _, rows = archive.rows("SELECT * FROM articles ORDER BY published_at DESC LIMIT 8")
        for row in rows:
            shown.print(
                Shown.assemble(
                    (f"  {(row['published_at'] or '')[:16]}  {row['site']:<12} ", "dim"),
                    clean(row["title"]),
                    (f"  ({row['words']} words)", "dim"),
                    overflow="ellipsis",
                    no_wrap=True,
                )
            )
        heading(shown, "What changed", "SELECT … FROM revisions WHERE revision > 1")
        _, changed = archive.rows(_MOST_CHANGED)
        for row in changed:
            shown.print(
                Shown.assemble((f"  {row['site']:<12} ", "dim"), clean(row["title"]), overflow="ellipsis", no_wrap=True)
            )
        if changed:
            best = max((compare(archive, row["url"]) for row in changed), key=lambda c: len(c.diff.changes))
            heading(shown, "One of these revisions", f"foreigndesk diff {best.url}")
            show_diff(shown, best.diff)
        _, gone = archive.rows(
            "SELECT shows, url FROM spans WHERE shows IN ('removed', 'moved') AND next_seen IS NULL ORDER BY url"
        )
        heading(
            shown, "Removed or moved since, and still in the archive", "SELECT … FROM spans WHERE shows = 'removed'"
        )
        for row in gone:
            shown.print(Shown(f"  {row['shows']:<8} {row['url']}"))
        heading(shown, "What readers were told to read", "SELECT … FROM related_links WHERE kind = 'readers'")
        _, boxes = archive.rows(
            "SELECT site, heading, rank, text, url FROM related_links WHERE kind = 'readers' AND captured_at = "
            "(SELECT max(captured_at) FROM related_links l WHERE l.site = related_links.site AND l.kind = 'readers') "
            "ORDER BY site, url, rank"
        )
        first: dict[str, str] = {}
        for row in boxes:
            if first.setdefault(row["site"], row["url"]) != row["url"] or row["rank"] > 3:
                continue
            if row["rank"] == 1:
                shown.print(Shown(f"  {row['site']}: {clean(row['heading'])}", "bold"))
            shown.print(Shown(f"    {row['rank']}. {clean(row['text'])}"), overflow="ellipsis", no_wrap=True)
        example = changed[0]["url"] if changed else rows[0]["url"]
    heading(shown, "Three commands to try next")
    for command in (
        f"foreigndesk history {example} --archive {path}",
        f"foreigndesk search water --archive {path}",
        'foreigndesk query "SELECT site, count(*) AS articles, sum(words) FROM articles GROUP BY site" '
        f"--archive {path}",
    ):
        shown.print(Shown(f"  {command}", "bold"), soft_wrap=True)


def heading(shown: Console, words: str, how: str = "") -> None:
    """A line that starts a part of the tour, with how to ask for it."""
    shown.print(Shown.assemble(("\n" + words, "bold cyan"), (f"   {how}" if how else "", "dim")), soft_wrap=True)
