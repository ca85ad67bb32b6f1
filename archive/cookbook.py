"""The cookbook: questions with a name, in SQL. One source for the command, the docs and the tests."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from archive.errors import BadQuery

_FILE = Path(__file__).parent / "data" / "cookbook.sql"
_PARAMETER = re.compile(r":(\w+) = ('[^']*'|[\d.]+|null)")

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its SQL. `parameters`: the names in it (without the colon), and what they are unless given."""

    name: str
    question: str
    sql: str
    parameters: Mapping[str, Value]


@cache
def questions() -> dict[str, Question]:
    """Every question by its name, in the order of the cookbook."""
    found = {}
    for part in _FILE.read_text(encoding="utf-8").split("-- name: ")[1:]:
        name, _, rest = part.partition("\n")
        comments = [line[3:] for line in rest.splitlines() if line.startswith("-- ")]
        sql = "\n".join(line for line in rest.splitlines() if not line.startswith("--")).strip()
        asked = " ".join(line for line in comments if not line.startswith(":"))
        parameters = {key: _value(text) for line in comments for key, text in _PARAMETER.findall(line)}
        found[name.strip()] = Question(name.strip(), asked, sql, parameters)
    return found


def saved(name: str, given: Mapping[str, str]) -> tuple[str, dict[str, Value]]:
    """(SQL, parameters) of a question, its parameters as given or as they usually are.

    Raises BadQuery for a name or parameter that it does not have, with the nearest that it has.
    """
    held = questions()
    if name not in held:
        near = difflib.get_close_matches(name, held, n=3, cutoff=0.4)
        hint = f"Did you mean {' or '.join(near)}?" if near else "`foreigndesk query --list` names them all."
        raise BadQuery(f"There is no question called {name!r}. {hint}")
    values = dict(held[name].parameters)
    for key, text in given.items():
        if key not in values:
            takes = ", ".join(values) or "none"
            raise BadQuery(f"{name} takes no parameter {key!r}; it takes {takes}.")
        value, usual = number(text), values[key]
        if isinstance(usual, int | float) and isinstance(value, str):
            raise BadQuery(f"{key} is a number, such as {usual}, and {text!r} is none.")
        values[key] = value
    return held[name].sql, values


def number(text: str) -> Value:
    """A parameter as it is given on a command line: a number where it is one, else text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float) and not isinstance(value, bool) else text


def _value(text: str) -> Value:
    return None if text == "null" else text[1:-1] if text.startswith("'") else number(text)
