"""Commands that ask the archive: query, search, history, diff, status."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.text import Text as Shown

from archive import (
    Archive,
    BadQuery,
    Event,
    Hit,
    compare,
    history,
    moment,
    number,
    query,
    questions,
    readings_compared,
    search,
)
from archive import saved as saved_question
from crawler.cli.html import comparison_page, named_side, stands_out
from crawler.cli.show import archive_option, clean, console, funnel_line, second, show_diff, write_rows


@click.command("query")
@click.argument("sql", required=False)
@archive_option
@click.option("--saved", metavar="NAME", help="Ask a question of the cookbook by its name instead.")
@click.option("--list", "listed", is_flag=True, help="Name the questions of the cookbook, with their parameters.")
@click.option("--with", "given", multiple=True, metavar="KEY=VALUE", help="A value for :KEY in the SQL (repeatable).")
@click.option("--csv", "form", flag_value="csv", help="Comma-separated values with a header line.")
@click.option("--json", "form", flag_value="json", help="One JSON array of objects.")
@click.option("--nl", "form", flag_value="nl", help="One JSON object a line.")
@click.option("--table", "form", flag_value="table", help="A table for people (the default on a terminal).")
@click.option(
    "--seconds",
    default=30.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="Stop a query that takes longer.",
)
def query_(
    sql: str | None,
    archive_path: str,
    saved: str | None,
    listed: bool,
    given: tuple[str, ...],
    form: str | None,
    seconds: float,
) -> None:
    """Run one SELECT on the archive, read-only.

    \b
    foreigndesk query "SELECT site, title FROM articles ORDER BY published_at DESC LIMIT 10"
    foreigndesk query "SELECT * FROM revisions WHERE revision > 1" --csv > revisions.csv
    foreigndesk query --saved most_recommended --with days=30 --with site=lemonde

    docs/schema.md describes every view and table, docs/cookbook.md the saved questions. fts_query('words') makes what
    `texts_fts MATCH` takes. `-` reads the SQL from standard input.
    """
    if listed:
        for one in questions().values():
            takes = " ".join(f"--with {key}={value}" for key, value in one.parameters.items() if value is not None)
            free = " ".join(f"[--with {key}=…]" for key, value in one.parameters.items() if value is None)
            click.echo(f"{one.name:<32} {one.question}" + (f"  ({f'{free} {takes}'.strip()})" if takes or free else ""))
        return
    if bool(sql) == bool(saved):
        raise BadQuery(
            "Write one SELECT, or name a saved question with --saved; `foreigndesk query --list` names them."
        )
    values = _given(given)
    if saved:
        asked, parameters = saved_question(saved, values)
    else:
        asked = _typed() if sql == "-" else str(sql)
        parameters = {key: number(value) for key, value in values.items()}
    columns, rows = query(archive_path, asked, parameters, seconds=seconds)
    write_rows(sys.stdout, form or ("table" if sys.stdout.isatty() else "csv"), columns, rows)


def _typed() -> str:
    """The SQL on standard input. Raises BadQuery where it is no text."""
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadQuery(f"The SQL on standard input is no UTF-8 (at byte {error.start}).") from None


def _given(pairs: tuple[str, ...]) -> dict[str, str]:
    """The values that --with options give. Raises BadQuery for one that gives none."""
    found = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign or not key.isidentifier():
            raise BadQuery(f"{pair!r} gives no value: write --with KEY=VALUE, such as --with site=lemonde.")
        found[key] = value
    return found


@click.command("search")
@click.argument("words", nargs=-1, required=True)
@archive_option
@click.option("--site", help="Only this site.")
@click.option("--language", help="Only texts in this language (ISO 639-1).")
@click.option("--section", help="Only this section, as the pages name it.")
@click.option("--since", metavar="T", help="Only published at or after this time (ISO 8601; a day or month will do).")
@click.option("--until", metavar="T", help="Only published at or before this time; a day or month means all of it.")
@click.option("--newest", is_flag=True, help="Those read last first, instead of the best match.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1), help="At most so many articles.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def search_(
    words: tuple[str, ...],
    archive_path: str,
    site: str | None,
    language: str | None,
    section: str | None,
    since: str | None,
    until: str | None,
    newest: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Find articles by words in any script, best match first, over all their revisions.

    \b
    foreigndesk search water treaty
    foreigndesk search '"exact phrase"' -- -without
    foreigndesk search 条約
    foreigndesk search 'reservoir* OR dam' --language en --since 2026-11 --newest
    """
    with Archive.read(archive_path) as archive:
        hits = search(
            archive,
            " ".join(words),
            site=site,
            language=language,
            section=section,
            since=since,
            until=until,
            newest=newest,
            limit=limit,
        )
    shown = console()
    for hit in hits:
        if as_json:
            row = {
                "url": hit.url,
                "site": hit.site,
                "title": hit.title,
                "published": hit.published_at,
                "captured_at": hit.captured_at,
                "current": hit.current,
                "language": hit.language,
                "section": hit.section,
                "snippet": hit.snippet,
            }
            click.echo(json.dumps(row, ensure_ascii=False))
            continue
        shown.print(Shown(clean(hit.title) or "(no headline)", "bold"))
        older = "" if hit.current else "  (an earlier text; the page says something else now)"
        shown.print(Shown(f"  {hit.site}  {_when(hit)}  {hit.url}{older}", "dim"))
        snippet = Shown("  " + hit.snippet)
        for start, end in hit.marks:
            snippet.stylize("bold yellow", start + 2, end + 2)
        shown.print(snippet)
    if hits.ranked:
        click.echo(
            f"More than {hits.ranked:,} texts hold these words: these are the best of the newest {hits.ranked:,}. "
            "More words, --site or --newest narrow it down.",
            err=True,
        )
    if not hits:
        click.echo("Nothing found.", err=True)
        sys.exit(1)


def _when(hit: Hit) -> str:
    """When an article was published; where its page does not say so, when it was first captured, named as such."""
    if not hit.published_at:
        return f"undated, captured {hit.captured_at[:16]}Z"
    return hit.published_at[:16] + ("Z" if hit.published_at.endswith("Z") else "")


@click.command("history")
@click.argument("url")
@archive_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def history_(url: str, archive_path: str, as_json: bool) -> None:
    """Every capture of a page: first text, changes, no change, removal, return, failure; when nobody looked.

    The time in the second column went by since the look before: what happened in it nobody saw.
    """
    with Archive.read(archive_path) as archive:
        events = history(archive, url)
        alias, when, why = archive.watched(url)
    shown = console()
    styles = {
        "first": "bold",
        "changed": "bold yellow",
        "removed": "bold red",
        "back again": "bold yellow",
        "failed": "red",
        "refused": "red",
        "moved": "cyan",
    }
    for event in events:
        if as_json:
            click.echo(
                json.dumps(
                    {
                        "captured_at": event.captured_at,
                        "what": event.what,
                        "status": event.status,
                        "revision": event.revision,
                        "title": event.title,
                        "detail": event.detail,
                        "digest": event.digest,
                        "looked_before": event.looked_before,
                    },
                    ensure_ascii=False,
                )
            )
            continue
        title = f"  {clean(event.title)}" if event.what in ("first", "changed") and event.title else ""
        number = f"r{event.revision}" if event.what in ("first", "changed") else ""
        shown.print(
            Shown(
                f"{second(event.captured_at)}  {_gap(event):>7}  {event.what:<11} {number:<3} {event.detail}{title}",
                styles.get(event.what, "dim"),
            )
        )
    if not as_json:
        if alias:
            shown.print(Shown(f"It is kept as {alias} now; `foreigndesk history` of that tells the rest.", "cyan"))
        if why == "unweighed":
            coming = "Next look: worked out when its site is visited next, since this archive was merged or is older."
        else:
            coming = f"Next look: {when[:19]}Z ({why})." if when else f"No further look ({why})."
        shown.print(Shown(coming, "dim"))


def _gap(event: Event) -> str:
    """How long nobody had looked before an event, in two units."""
    if not event.looked_before:
        return ""
    gap = int((moment(event.captured_at) - moment(event.looked_before)).total_seconds())
    units = [(gap // 86400, "d"), (gap % 86400 // 3600, "h"), (gap % 3600 // 60, "m"), (gap % 60, "s")]
    first = next((n for n, (count, _) in enumerate(units) if count), 3)
    return "+" + "".join(f"{count}{unit}" for count, unit in units[first : first + 2])


@click.command("diff")
@click.argument("url")
@archive_option
@click.option("--from", "old", metavar="T", help="Compare the text at this time (ISO 8601; a day or hour will do).")
@click.option("--to", "new", metavar="T", help="… with the text at this time. Default: the last two revisions.")
@click.option("--json", "as_json", is_flag=True, help="The typed changes as one JSON object.")
@click.option("--html", type=click.Path(dir_okay=False), metavar="FILE", help="Write both sides as one HTML page.")
@click.option("--extractors", is_flag=True, help="Compare two readings of one capture (--to) by our own extractors.")
def diff_(
    url: str, archive_path: str, old: str | None, new: str | None, as_json: bool, html: str | None, extractors: bool
) -> None:
    """What changed in an article between two of its revisions: headline, sentences, numbers, corrections.

    \b
    foreigndesk diff https://example.org/story
    foreigndesk diff https://example.org/story --from 2026-11-01 --to 2026-11-03 --html change.html

    It says who changed it: the newsroom (one extractor reads both captures, and they differ), the template (other
    bytes, the same text), or our extractor (the same bytes, another text).
    """
    if extractors and old:
        raise BadQuery("--extractors compares two readings of one capture: say which with --to.")
    with Archive.read(archive_path) as archive:
        found = readings_compared(archive, url, new) if extractors else compare(archive, url, old, new)
    if html:
        Path(html).write_text(comparison_page(found), encoding="utf-8")
        click.echo(f"{html}: {found.said}", err=True)
        return
    if as_json:
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False, indent=1))
        return
    shown = console()
    shown.print(Shown(f"{url}\n{named_side(found.before)} → {named_side(found.after)}", "dim"))
    shown.print(Shown(found.said, "bold"))
    show_diff(shown, found.diff)
    for words in stands_out(found.diff):
        shown.print(Shown(words, "bold"))


@click.command()
@archive_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def status(archive_path: str, as_json: bool) -> None:
    """What the archive holds: pages, captures, texts, size on disk, and the last runs."""
    with Archive.read(archive_path) as archive:
        counts = archive.counts()
        runs = archive.runs(limit=10)
    counts["bytes"] = sum(p.stat().st_size for p in map(Path, (archive_path, f"{archive_path}-wal")) if p.exists())
    if as_json:
        click.echo(json.dumps({"archive": str(archive_path), **counts, "runs": runs}, ensure_ascii=False, indent=1))
        return
    shown = console()
    shown.print(Shown(f"{archive_path}: {counts['bytes'] / 1e6:.1f} MB", "bold"))
    for name, value in counts.items():
        if name != "bytes":
            shown.print(f"  {value:>9,}  {name.replace('_', ' ')}")
    if runs:
        shown.print(Shown("Last runs", "bold"))
    for run in runs:
        ended = second(run["finished_at"] or run["started_at"])
        shown.print(f"  {ended}  {run['state']:<8} {run['site']:<20} {funnel_line(run['funnel'])}")
