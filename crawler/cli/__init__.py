"""The commands. Each parses, calls public names, prints; what they do stands in the rooms below."""

from __future__ import annotations

import importlib
import sqlite3
import sys

import click

from archive.errors import ArchiveError

#: Each command and the room it lives in, imported when it is called: `sites list` needs no crawler.
COMMANDS = {
    "demo": "crawler.cli.tour:demo",
    "crawl": "crawler.cli.visit:crawl",
    "schedule": "crawler.cli.visit:schedule_",
    "discover": "crawler.cli.sites:discover_",
    "sites": "crawler.cli.sites:sites",
    "reextract": "crawler.cli.reread:reextract_",
    "extractors": "crawler.cli.reread:extractors",
    "extract": "crawler.cli.read:extract_",
    "merge": "crawler.cli.share:merge_",
    "split": "crawler.cli.share:split_",
    "migrate": "crawler.cli.keep:migrate",
    "query": "crawler.cli.ask:query_",
    "search": "crawler.cli.ask:search_",
    "history": "crawler.cli.ask:history_",
    "diff": "crawler.cli.ask:diff_",
    "status": "crawler.cli.ask:status",
    "compact": "crawler.cli.keep:compact_",
    "memento": "crawler.cli.look:memento_",
    "timemap": "crawler.cli.look:timemap_",
    "verify": "crawler.cli.keep:verify_",
    "head": "crawler.cli.keep:head_",
    "backup": "crawler.cli.keep:backup_",
    "erase": "crawler.cli.keep:erase_",
    "hide": "crawler.cli.keep:hide_",
    "doctor": "crawler.cli.care:doctor",
}


class Sentences(click.Group):
    """A group whose commands end with one clear line instead of a traceback, and exit code 2 for a wrong question."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        room, _, attribute = COMMANDS[name].partition(":")
        command: click.Command = getattr(importlib.import_module(room), attribute)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ArchiveError as error:
            click.echo(f"foreigndesk: {error}", err=True)
            ctx.exit(2)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            from archive import fault

            click.echo(f"foreigndesk: The archive cannot be read: {fault(error)}", err=True)
            ctx.exit(2)
        except BrokenPipeError:
            # The reader of a pipe (`head`, say) has what it wanted; nothing is wrong.
            sys.stderr.close()
            ctx.exit(0)


@click.group(cls=Sentences, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="foreign-desk", prog_name="foreigndesk")
def main() -> None:
    """Foreign Desk: an archiving crawler for the international pages of the world's news sites.

    It keeps what they published, what they changed, and what they told their readers to read next, in one SQLite
    file that anyone can ask with SQL. Start with `foreigndesk demo`, which needs no network.

    The archive is foreign-desk.db in this folder, or what --archive or FOREIGNDESK_ARCHIVE names.
    """
