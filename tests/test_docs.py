"""Docs and code agree: commands, options, keys of an entry, tables and views."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path

import click
import pytest

from archive import Archive, Site
from crawler.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / "docs").glob("*.md")}


def commands(group: click.Group = main, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], click.Command]:
    """Every command by the words that call it."""
    found: dict[tuple[str, ...], click.Command] = {}
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            found |= commands(command, (*path, name))
        else:
            found[*path, name] = command
    return found


def shown_commands() -> list[str]:
    """Every `foreigndesk …` line of a code block in README and docs."""
    lines = []
    for text in (README, *DOCS.values()):
        for block in re.findall(r"```(?:sh|console)\n(.*?)```", text, re.S):
            joined = re.sub(r"\\\n\s*", " ", block)
            lines += [
                re.sub(r"^\$ ", "", line) for line in joined.splitlines() if re.match(r"(\$ )?foreigndesk ", line)
            ]
    return lines


@pytest.mark.parametrize("line", shown_commands())
def test_shown_commands_parse(line: str) -> None:
    """A command shown to people is one that the program takes, options included."""
    words = shlex.split(line, comments=True)[1:]
    words = words[: next((n for n, word in enumerate(words) if word in (">", "|")), len(words))]
    if words[0].startswith("-"):
        return
    known = commands()
    path = next((tuple(words[:n]) for n in (2, 1) if tuple(words[:n]) in known), None)
    default = getattr(main.get_command(click.Context(main), words[0]), "default", None)
    if path is None and default:  # `schedule SITE` is `schedule run SITE`
        words = [words[0], default, *words[1:]]
        path = tuple(words[:2])
    assert path, f"no such command: {line}"
    known[path].make_context(path[-1], words[len(path) :], help_option_names=["-h", "--help"])


def test_something_is_shown() -> None:
    assert len(shown_commands()) > 10


@pytest.mark.parametrize("path", sorted(commands()))
def test_every_command_teaches(path: tuple[str, ...]) -> None:
    """Each command has help, each option of it too, and docs/cli.md shows exactly that help."""
    command = commands()[path]
    assert command.help
    assert command.help.splitlines()[0].strip().endswith((".", ":"))
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{' '.join(path)}: {option.opts} has no help"
    assert help_text(path, command) in DOCS["cli.md"], "run `python -m tests.write_docs`"


def help_text(path: tuple[str, ...], command: click.Command) -> str:
    """A command's help as a person sees it, 100 characters wide."""
    context = click.Context(
        command,
        info_name=" ".join(("foreigndesk", *path)),
        max_content_width=100,
        terminal_width=100,
        help_option_names=["-h", "--help"],
    )
    return command.get_help(context)


def test_every_key_of_an_entry() -> None:
    for one in fields(Site):
        if one.metadata:
            assert f"| `{one.name}` |" in DOCS["sites.md"], "run `python -m tests.write_docs`"
            assert one.metadata["doc"] in DOCS["sites.md"]


def test_every_table_view_and_column(archive: Archive) -> None:
    _, named = archive.rows(
        "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'texts_fts_%' AND "
        "name NOT GLOB '[_]*'"
        " AND name NOT LIKE 'sqlite_%'"
    )
    assert len(named) > 12
    for row in named:
        text = re.search(rf"^### {row['name']}$(.*?)(?=^##|\Z)", DOCS["schema.md"], re.S | re.M)
        assert text, f"docs/schema.md does not describe {row['name']}"
        for column in archive.rows(f"SELECT name FROM pragma_table_info('{row['name']}')")[1]:
            assert f"`{column['name']}`" in text[1], f"docs/schema.md: {row['name']}.{column['name']}"
