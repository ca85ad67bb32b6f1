"""The commands. Each parses, calls public names, prints; what they do stands in the rooms below."""

from __future__ import annotations

import sys
from importlib.metadata import version

import click

from archive.errors import ArchiveError
from crawler.cli.ask import diff_, history_, query_, search_, status
from crawler.cli.read import extract_, reextract_
from crawler.cli.tour import demo
from crawler.cli.visit import crawl, schedule_, sites


class Sentences(click.Group):
    """A group whose commands end with one clear line instead of a traceback, and exit code 2 for a wrong question."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ArchiveError as error:
            click.echo(f"foreigndesk: {error}", err=True)
            ctx.exit(2)
        except BrokenPipeError:
            # The reader of a pipe (`head`, say) has what it wanted; nothing is wrong.
            sys.stderr.close()
            ctx.exit(0)


@click.group(cls=Sentences, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("foreign-desk"), prog_name="foreigndesk")
def main() -> None:
    """Foreign Desk: an archiving crawler for the international pages of the world's news sites.

    It keeps what they published, what they changed, and what they told their readers to read next, in one SQLite
    file that anyone can ask with SQL. Start with `foreigndesk demo`, which needs no network.

    The archive is foreign-desk.db in this folder, or what --archive or FOREIGNDESK_ARCHIVE names.
    """


for command in (demo, crawl, schedule_, reextract_, extract_, query_, search_, history_, diff_, sites, status):
    main.add_command(command)
