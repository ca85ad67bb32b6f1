"""How things look in a terminal: tables, funnels, diffs. Text from pages is shown without control characters."""

from __future__ import annotations

import csv
import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text as Shown

import archive

if TYPE_CHECKING:
    from archive import Diff, Explanation

STYLES = {"removed": "red strike", "added": "green", "heading": "bold cyan", "same": ""}
#: Columns of a run's funnel in the order in which a page passes them.
FUNNEL = (
    "found",
    "new",
    "asked",
    "fetched",
    "flagged",
    "unchanged",
    "moved",
    "gone",
    "refused",
    "failed",
    "postponed",
    "left",
    "read",
    "texts",
    "revised",
)
_UNBOUNDED = 100_000  # characters of a line where no terminal ends it
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

archive_option = click.option(
    "--archive",
    "archive_path",
    envvar="FOREIGNDESK_ARCHIVE",
    default="foreign-desk.db",
    show_default=True,
    type=click.Path(dir_okay=False),
    help="The archive file (also FOREIGNDESK_ARCHIVE).",
)
sites_option = click.option(
    "--sites",
    "places_named",
    envvar="FOREIGNDESK_SITES",
    help="Your own entries: a TOML file or a folder of them (also FOREIGNDESK_SITES). Default: ./sites, if there.",
)


class _Console(Console):
    """One that leaves it to the commands what the end of a pipe means: rich would call it a failure."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console(stderr: bool = False) -> Console:
    """A console that colours only on a terminal and wraps nothing in a pipe."""
    terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return _Console(stderr=stderr, soft_wrap=not terminal, highlight=False, width=None if terminal else 100)


def clean(text: str | None) -> str:
    """Text of a page for a terminal: control and direction-changing characters made visible, one line."""
    return _UNSAFE.sub(lambda m: f"\\x{ord(m[0]):02x}", " ".join((text or "").split()))


def second(time: str | None) -> str:
    """A time of the archive for a person: to the second, UTC."""
    return f"{time[:19]}Z" if time else ""


def write_rows(out: TextIO, form: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write rows as `table`, `csv`, `json` or `nl` (one JSON object a line); returns how many."""
    count = 0
    if form == "csv":
        writer = csv.writer(out)
        writer.writerow(columns)
        for count, row in enumerate(rows, 1):  # noqa: B007 - the number is what is returned
            writer.writerow([_plain(value) for value in row])
    elif form == "nl":
        for count, row in enumerate(rows, 1):  # noqa: B007
            out.write(_object(columns, row) + "\n")
    elif form == "json":
        out.write("[")
        for count, row in enumerate(rows, 1):
            out.write((",\n " if count > 1 else "") + _object(columns, row))
        out.write("]\n")
    else:
        count = _table(columns, list(rows))
    return count


def _plain(value: Any) -> Any:
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else value


def _object(columns: Sequence[str], row: Sequence[Any]) -> str:
    return json.dumps(dict(zip(columns, map(_plain, row), strict=True)), ensure_ascii=False)


def _table(columns: Sequence[str], rows: list[Sequence[Any]]) -> int:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")  # an address that is cut can be neither read nor copied
    for row in rows:
        table.add_row(*(Shown(_short(value)) for value in row))
    shown = console()
    if not shown.is_terminal:
        shown.width = _UNBOUNDED  # a line a row, however long, for `grep` and `less -S`
    shown.print(table)
    return len(rows)


def _short(value: Any, most: int = 200) -> str:
    text = "" if value is None else clean(str(_plain(value)))
    return text if len(text) <= most else text[: most - 1] + "…"


def funnel_line(funnel: Mapping[str, Any]) -> str:
    """A run's funnel as one line, only what happened."""
    return " · ".join(f"{name} {funnel[name]}" for name in FUNNEL if funnel.get(name)) or "nothing yet"


def show_diff(shown: Console, change: Diff) -> None:
    """Print a diff: removed struck through in red, added in green; marks where there is no colour."""
    line = Shown()
    for style, text in archive.render(change):
        marked = text
        if not shown.is_terminal and style in ("removed", "added"):
            marked = f"[-{text}-]" if style == "removed" else f"{{+{text}+}}"
        line.append("".join(_visible(marked)), STYLES.get(style, ""))
    shown.print(line)


def show_explanation(shown: Console, told: Explanation) -> None:
    """Print how a page was read: its values with where they came from, its boxes, and the verdict on each block."""
    found = told.extraction
    shown.print(Shown(clean(found.title) or "(no headline)", "bold"))
    for name in ("kind", "section", "published", "modified", "language", "standfirst"):
        _value(shown, name, getattr(found, name), found.fields.get(name, {}))
    _value(shown, "authors", ", ".join(found.authors), found.fields.get("authors", {}))
    _value(shown, "problem", found.problem, {})
    body = found.fields.get("body", {})
    _value(shown, "body", f"{len((found.text or '').split())} words", body)
    for kind, heading, headlines, source in told.boxes:
        shown.print(Shown(f"\n[{kind}] {clean(heading) or '(no heading)'}   from the {source}", "bold cyan"))
        for rank, text in enumerate(headlines, 1):
            shown.print(Shown(f"  {rank}. {clean(text)}"), overflow="ellipsis", no_wrap=True)
        if not headlines:
            shown.print(Shown("  empty: a script would fill it", "dim"))
    shown.print(Shown("\nBlocks", "bold cyan"))
    marks = {"body": ("+", "green"), "standfirst": ("^", "green"), "dropped": ("-", "red")}
    for one in told.verdicts:
        if one.verdict != "outside":
            mark, style = marks[one.verdict]
            shown.print(Shown(f"{mark} {clean(one.text)}", style), overflow="ellipsis", no_wrap=True)
            shown.print(
                Shown(f"    {one.verdict} ({one.points or 0:+.1f}): {'; '.join(one.why) or 'on balance'}", "dim")
            )
    outside = sum(one.verdict == "outside" for one in told.verdicts)
    shown.print(Shown(f"{outside} more blocks stand too far from the text to be asked.", "dim"))


def _value(shown: Console, name: str, value: str | None, note: Mapping[str, Any]) -> None:
    """One value with where it came from, if there is one."""
    if value:
        said = ", ".join(f"{key} {one}" for key, one in note.items() if key != "value")
        shown.print(Shown.assemble((f"  {name:<11}", "dim"), clean(value), (f"   {said}" if said else "", "dim")))


def _visible(text: str) -> Iterator[str]:
    for char in text:
        yield (
            char
            if char == "\n" or unicodedata.category(char) not in ("Cc", "Cf", "Cs") or char in "\u200c\u200d"
            else "\ufffd"
        )
