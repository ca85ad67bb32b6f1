"""The command that reads loose pages: extract."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from archive import (
    BadQuery,
    Capture,
    Extraction,
    Site,
    explain,
    extract,
    load_sites,
    moment,
    open_executor,
    outcome,
    pick,
    run_bounded,
)
from crawler.cli.options import executor_option
from crawler.cli.show import console, show_explanation, sites_option
from crawler.places import places

MAX_PAGE = 64 << 20  # bytes read of one loose file, after gunzip; extraction has its own, lower limit


@click.command("extract")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--url", default="", help="The URL that the page had; relative links are resolved against it.")
@click.option(
    "--captured-at", metavar="T", help="When the page was fetched (ISO 8601); later dates are refused. Default: now."
)
@click.option("--charset", help="Overrides what the page says of itself.")
@click.option("--batch", type=click.Path(path_type=Path), metavar="IN.jsonl", help="Read pages named in a JSONL file.")
@click.option("--site", "name", help="Read under this entry's rules (prune, keep, boxes, dates).")
@sites_option
@click.option("--explain", "why", is_flag=True, help="Show what was kept, what was dropped and why, box by box.")
@executor_option
def extract_(
    files: tuple[Path, ...],
    url: str,
    captured_at: str | None,
    charset: str | None,
    batch: Path | None,
    name: str | None,
    places_named: str | None,
    why: bool,
    executor: str,
) -> None:
    """Read loose pages (.html, .html.gz) and print one JSON object a page.

    \b
    foreigndesk extract page.html --url https://example.org/world/story
    foreigndesk extract page.html --explain
    foreigndesk extract --batch pages.jsonl > texts.jsonl

    A batch holds lines {"id", "path", "url", "captured_at", "charset"}; only id and path are required, a path may be
    relative to the batch file. Answers come in the order of the lines; a page that cannot be read has a "problem".
    """
    if bool(files) == bool(batch):
        raise BadQuery("Name files to read, or a list of them with --batch.")
    now = datetime.now(UTC)
    at = _time(captured_at, now)
    lines: Iterator[dict[str, Any]]
    if batch:
        lines = _lines(batch, now)
    else:
        lines = ({"id": str(f), "path": f, "url": url, "captured_at": at, "charset": charset} for f in files)
    site = pick(load_sites(*places(places_named)), [name])[0] if name else None
    if why:
        if batch:
            raise BadQuery("--explain shows single pages: name files instead of a batch.")
        for line in lines:
            explain_page(line, site)
        return
    failed = 0
    with open_executor(executor) as workers:
        for row in _in_order(lines, workers, site):
            if not batch:
                failed += bool(row["problem"])
            else:
                row.pop("fields", None)
            click.echo(json.dumps(row, ensure_ascii=False))
    sys.exit(1 if failed and failed == len(files) else 0)


def _in_order(lines: Iterator[dict[str, Any]], workers: Any, site: Site | None) -> Iterator[dict[str, Any]]:
    """One answer a line, in the order of the lines, however the workers finish."""
    done: dict[int, dict[str, Any]] = {}
    following = 0
    work = ((number, line, site) for number, line in enumerate(lines))
    for (number, line, _), future in run_bounded(workers, read_line, work, window=16 * workers.width):
        extraction = outcome(Capture(str(line.get("url") or ""), datetime.now(UTC), status=200), site, future)
        done[number] = answer(line, extraction)
        while following in done:
            yield done.pop(following)
            following += 1


def explain_page(line: dict[str, Any], site: Site | None) -> None:
    """Print how one loose page is read."""
    try:
        payload = _bytes(Path(line["path"]))
    except (OSError, EOFError, zlib.error) as error:
        raise BadQuery(f"{line['path']} cannot be read ({error}).") from None
    url = str(line["url"] or "") or "http://page.invalid/"
    capture = Capture(url, line["captured_at"], status=200, payload=payload)
    show_explanation(console(), explain(capture, site, charset=line["charset"]))


def read_line(number: int, line: dict[str, Any], site: Site | None) -> Extraction:
    """In a worker: read one loose page. A file that cannot be read is an answer with a problem, not an error."""
    address = str(line.get("url") or "")
    if line.get("problem"):
        return Extraction(address, "", "", kind="error", problem=line["problem"])
    try:
        payload = _bytes(Path(line["path"]))
    except FileNotFoundError:
        return Extraction(address, "", "", kind="error", problem="no_such_file")
    except (OSError, EOFError, zlib.error):
        return Extraction(address, "", "", kind="error", problem="unreadable_file")
    capture = Capture(address or "http://page.invalid/", line["captured_at"], status=200, payload=payload)
    return extract(capture, site, charset=line.get("charset"))


def answer(line: dict[str, Any], found: Extraction) -> dict[str, Any]:
    """The JSON object of one page."""
    related = [link for link in found.links if link.kind != "front"]
    return {
        "id": line.get("id"),
        "title": found.title,
        "standfirst": found.standfirst,
        "text": found.text,
        "authors": list(found.authors),
        "published": found.published,
        "modified": found.modified,
        "language": found.language,
        "section": found.section,
        "kind": found.kind,
        "related": [
            {"url": k.target, "text": k.text, "heading": k.heading, "kind": k.kind, "rank": k.rank} for k in related
        ],
        "problem": found.problem,
        "fields": dict(found.fields),
    }


def _lines(batch: Path, now: datetime) -> Iterator[dict[str, Any]]:
    """The lines of a batch; one that is no object with id and path becomes an answer with a problem."""
    try:
        file = batch.open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise BadQuery(f"{batch} cannot be read: {error.strerror}.") from None
    with file:
        for number, text in enumerate(file, 1):
            if not text.strip():
                continue
            try:
                line = json.loads(text)
                if not isinstance(line, dict) or not isinstance(line.get("path"), str) or "id" not in line:
                    raise ValueError("no id and path")
                line["captured_at"] = _time(line.get("captured_at"), now)
                line["path"] = batch.parent / line["path"]
            except (ValueError, RecursionError):
                known = line.get("id") if isinstance(line := _object(text), dict) else None
                line = {"id": known if known is not None else f"line {number}", "problem": "bad_line"}
            yield line


def _object(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _time(text: Any, now: datetime) -> datetime:
    if text is None:
        return now
    try:
        return moment(text)
    except (ValueError, AttributeError, TypeError):
        raise BadQuery(f"{text!r} is no time: write it as 2026-11-24T10:00:00Z.") from None


def _bytes(path: Path) -> bytes:
    if path.suffix == ".gz":
        with gzip.open(path) as file:
            return file.read(MAX_PAGE)
    with path.open("rb") as file:
        return file.read(MAX_PAGE)
