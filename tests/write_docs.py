"""Writes the parts of docs/ that say what the code says: `python -m tests.write_docs`."""

from __future__ import annotations

from dataclasses import fields

from archive import Site
from tests.test_docs import ROOT, commands, help_text


def cli() -> str:
    """docs/cli.md: the help of every command."""
    parts = [
        "# Commands\n\nThe help of every command, as `--help` prints it. A test holds this page against the program.\n"
    ]
    for path, command in sorted(commands().items()):
        parts.append(f"## {' '.join(path)}\n\n```text\n{help_text(path, command)}\n```\n")
    return "\n".join(parts)


def keys() -> str:
    """The table of docs/sites.md: every key of an entry."""
    rows = ["| key | kind | default | meaning |", "| --- | --- | --- | --- |"]
    for one in fields(Site):
        if one.metadata:
            default = "" if one.default in ("", ()) else f"{one.default}"
            rows.append(f"| `{one.name}` | {one.metadata['kind']} | {default} | {one.metadata['doc']} |")
    return "\n".join(rows)


def main() -> None:
    docs = ROOT / "docs"
    (docs / "cli.md").write_text(cli(), encoding="utf-8")
    page = docs / "sites.md"
    before, mark, rest = page.read_text(encoding="utf-8").partition("<!-- keys -->\n")
    _, end, after = rest.partition("<!-- /keys -->")
    page.write_text(f"{before}{mark}{keys()}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
