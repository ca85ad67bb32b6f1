"""The commands. Each parses, calls public names, prints; what they do stands in the rooms below."""

from __future__ import annotations

import difflib
import importlib
import io
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click

from archive.errors import ArchiveError

#: Each command and the room it lives in, imported when it is called: `sites list` needs no crawler.
COMMANDS = {
    "demo": "crawler.cli.tour:demo",
    "crawl": "crawler.cli.visit:crawl",
    "schedule": "crawler.cli.timing:schedule_",
    "runs": "crawler.cli.watch:runs_",
    "health": "crawler.cli.watch:health_",
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

#: How `--help` presents them: in a line each, by what one wants to do, without importing what they need.
SUMMARIES = {
    "Begin": {
        "demo": "See it work without a network, on a bundled newsroom.",
        "doctor": "Look whether this machine is ready to crawl.",
    },
    "Visit sites": {
        "crawl": "Visit sites once.",
        "schedule": "Visit sites at their cadence until stopped.",
        "runs": "What was done and lost, run by run.",
        "health": "What has gone silent, drifted or failed.",
        "sites": "The catalogue of outlets: add, check, list, show.",
        "discover": "Find a site's international section, feeds and sitemaps.",
    },
    "Ask the archive": {
        "search": "Find articles by words in any script.",
        "query": "Run one SELECT, or a saved question.",
        "history": "Every capture of a page, and what it showed.",
        "diff": "What changed in an article.",
        "memento": "A page as it was captured: headers, bytes or text.",
        "timemap": "Every state of a page that is held (RFC 7089).",
        "status": "What the archive holds, and the last runs.",
    },
    "Read pages": {
        "extract": "Read loose pages, and print JSON.",
        "reextract": "Read stored pages again, with today's extractor.",
        "extractors": "The versions that read pages: list, promote, roll back.",
    },
    "Keep, prove, erase": {
        "verify": "Check that all is as it was kept.",
        "head": "One value that vouches for every capture.",
        "backup": "Copy the archive, also in mid-crawl.",
        "merge": "Bring other archives into this one.",
        "split": "Write it as several, by site or month.",
        "compact": "Make it smaller, in the background.",
        "migrate": "Bring an older archive to today's schema.",
        "hide": "Take a page out of sight, until --undo.",
        "erase": "Take a page out for good, bytes and all.",
    },
}


class Sentences(click.Group):
    """A group whose commands end with one clear line instead of a traceback, whatever they meet.

    Exit codes: 2 for what cannot be carried out, 130 after Ctrl-C and 143 after SIGTERM, 0 where the reader of a pipe
    (`head`, say) has what it wanted.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        room, _, attribute = COMMANDS[name].partition(":")
        command: click.Command = getattr(importlib.import_module(room), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        widest = max(map(len, COMMANDS))
        for title, commands in SUMMARIES.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(widest), said) for name, said in commands.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=3)
            hint = f"Did you mean {' or '.join(near)}?" if near else "`foreigndesk --help` names them."
            ctx.fail(f"There is no command {args[0]!r}. {hint}")
        return super().resolve_command(ctx, args)

    def main(self, *args: Any, **extra: Any) -> Any:
        fit_streams()
        try:
            with terminable():
                return super().main(*args, **extra)
        except OSError as error:  # of help and of wrong options, which are printed before any command is called
            sys.exit(_unwritable(error))

    def invoke(self, ctx: click.Context) -> object:
        if sys.argv[1:2] == ["schedule"]:
            # A service that is stopped while it still imports has nothing to lose.
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except ArchiveError as error:
            click.echo(f"foreigndesk: {error}", err=True)
            ctx.exit(2)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            from archive import fault

            click.echo(f"foreigndesk: The archive cannot be read: {fault(error)}", err=True)
            ctx.exit(2)
        except UnicodeEncodeError as error:
            word = error.object[error.start : error.end].encode("ascii", "backslashreplace").decode()
            click.echo(f"foreigndesk: This locale has no {word}: run the command with PYTHONUTF8=1.", err=True)
            ctx.exit(2)
        except OSError as error:
            ctx.exit(_unwritable(error))
        except (KeyboardInterrupt, click.Abort) as stop:  # click's comes of Ctrl-C where it had asked something
            click.echo("foreigndesk: Stopped.", err=True)
            ctx.exit(143 if isinstance(stop, Terminated) else 130)


class Terminated(KeyboardInterrupt):
    """SIGTERM: ends a command as Ctrl-C does, so that it cleans up after itself."""


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM as an exception while a command runs. `crawl` and `schedule` answer it themselves, more gently."""

    def stop(*_: object) -> None:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def fit_streams() -> None:
    """Streams that take every script: UTF-8 into files and pipes, a terminal's own letters with the rest as escapes.

    PYTHONIOENCODING is heeded; a stream that was closed (`>&-`) takes everything and keeps nothing.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - as long as the process
        elif isinstance(stream, io.TextIOWrapper):
            own = stream.isatty() or "PYTHONIOENCODING" in os.environ
            stream.reconfigure(encoding=stream.encoding if own else "utf-8", errors="backslashreplace")


def _unwritable(error: OSError) -> int:
    """Say what could not be written or read, unless the reader of a pipe has gone; returns the exit code."""
    gone = isinstance(error, BrokenPipeError)
    if not gone:
        what = error.filename if isinstance(error.filename, str) else "What was to be printed"
        with suppress(OSError):
            click.echo(f"foreigndesk: {what} cannot be read or written: {error.strerror or error}.", err=True)
    for stream in (sys.stdout, sys.stderr) if gone else (sys.stdout,):
        # What still waits in a stream that takes no more would be tried again at the end, with a traceback.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return 0 if gone else 2


@click.group(cls=Sentences, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="foreign-desk", prog_name="foreigndesk")
def main() -> None:
    """Foreign Desk: an archiving crawler for the international pages of the world's news sites.

    It keeps what they published, what they changed, and what they told their readers to read next, in one SQLite
    file that anyone can ask with SQL. Start with `foreigndesk demo`, which needs no network.

    The archive is foreign-desk.db in this folder, or what --archive or FOREIGNDESK_ARCHIVE names.
    """
