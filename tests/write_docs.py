"""Writes the parts of docs/ that say what the code says: `python -m tests.write_docs`."""

from __future__ import annotations

from dataclasses import fields

from archive import Site, questions
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


def cookbook() -> str:
    """docs/cookbook.md: every saved question with its SQL."""
    parts = [COOKBOOK]
    for one in questions().values():
        parts.append(f"## {one.name}\n\n{one.question}\n")
        if one.parameters:
            takes = ", ".join(
                f"`:{key}` ({'any' if value is None else value})" for key, value in one.parameters.items()
            )
            parts.append(f"Parameters: {takes}.\n")
        parts.append(f"```sql\n{one.sql}\n```\n")
    return "\n".join(parts)


COOKBOOK = """# Cookbook

Questions that people ask an archive, each with its SQL. Ask one by its name, or copy it and change it:

```sh
foreigndesk query --list
foreigndesk query --saved most_recommended --with days=30 --csv > most.csv
foreigndesk query --saved removed_articles --table
```

Words with a colon, such as `:site`, are parameters; the list above each query says what they are unless `--with` gives
another value. In a bare shell (`sqlite3 press.db`) say `.parameter set :site "'lemonde'"` first; there, only what calls
`fts_query()` does not work, since it is ours: it turns words as people type them into what the index understands.

[schema.md](schema.md) describes every view and column. The queries stand in `archive/data/cookbook.sql`; this page is
made from it, and a test runs them all.
"""


def main() -> None:
    docs = ROOT / "docs"
    (docs / "cookbook.md").write_text(cookbook(), encoding="utf-8")
    (docs / "cli.md").write_text(cli(), encoding="utf-8")
    page = docs / "sites.md"
    before, mark, rest = page.read_text(encoding="utf-8").partition("<!-- keys -->\n")
    _, end, after = rest.partition("<!-- /keys -->")
    page.write_text(f"{before}{mark}{keys()}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
