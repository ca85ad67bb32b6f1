"""Commands that show what a page was: memento, timemap (RFC 7089)."""

from __future__ import annotations

import json
import sys

import click

from archive import Archive, BadQuery, link_format, memento, timemap, timemap_json
from crawler.cli.show import archive_option, clean


@click.command("memento")
@click.argument("url")
@archive_option
@click.option(
    "--at", metavar="T", help="As it was at this time (ISO 8601; a day or hour will do). Default: the newest."
)
@click.option("--raw", is_flag=True, help="Write the payload to standard output, byte for byte.")
@click.option("--text", "as_text", is_flag=True, help="Print the text that was read in it.")
def memento_(url: str, archive_path: str, at: str | None, raw: bool, as_text: bool) -> None:
    """Show a page as it was captured: when, with which answer, under which digest; or its bytes, or its text.

    \b
    foreigndesk memento https://example.org/story --at 2026-11-01
    foreigndesk memento https://example.org/story --raw | sha256sum
    """
    if raw and as_text:
        raise BadQuery(
            "--raw and --text exclude each other: the bytes as they came, or the text that was read in them."
        )
    with Archive.read(archive_path) as archive:
        found = memento(archive, url, at)
    if raw:
        sys.stdout.buffer.write(found.payload)
        sys.stdout.buffer.flush()
        return
    if as_text:
        if found.text is None:
            click.echo(f"No text was read in it ({found.kind or 'not read yet'}).", err=True)
            sys.exit(1)
        click.echo("\n\n".join(part for part in (found.title, found.text) if part))
        return
    lines = [
        ("Original", found.url),
        ("Captured", found.captured_at),
        ("Status", str(found.status)),
        ("Payload", f"{found.digest} ({len(found.payload)} bytes)"),
        ("Read as", found.kind or "not read yet"),
        ("Headline", clean(found.title)),
        ("Sealed", "yes" if found.sealed else "no: kept before there was a chain"),
    ]
    for name, value in lines:
        click.echo(f"{name + ':':<10} {value}")
    for name, value in found.headers:
        click.echo(f"  {clean(name)}: {clean(value)}")


@click.command("timemap")
@click.argument("url")
@archive_option
@click.option("--json", "as_json", is_flag=True, help="JSON instead of application/link-format.")
@click.option("--base", default="", help="What the addresses of this archive begin with, where it is served.")
def timemap_(url: str, archive_path: str, as_json: bool, base: str) -> None:
    """List every state of a page that the archive holds, in the link format or the JSON of Memento (RFC 7089)."""
    with Archive.read(archive_path) as archive:
        rows = timemap(archive, url)
    name = rows[0]["url"]
    if as_json:
        click.echo(json.dumps(timemap_json(name, rows, base), ensure_ascii=False, indent=1))
    else:
        click.echo(link_format(name, rows, base), nl=False)
