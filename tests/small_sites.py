"""Sites of a test's own on the hostile server: an entry and some pages, and what became of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from archive import Site
from tests.conftest import rows
from tests.hostile import STORY, Line, page

Answer = bytes | Callable[[Line], Awaitable[None]]
H = "one.test"


def site(name: str, *sections: str, **more: Any) -> Site:
    return Site(
        name.partition(".")[0],
        home=f"http://{name}/",
        sections=sections or (f"http://{name}/world",),
        articles=f"{name}/(?!world)",
        delay=0.0,
        revisit=0.0,
        **more,
    )


def pages(*names: str, host: str = H, answer: Answer | None = None) -> dict[tuple[str, str], Answer]:
    return {(host, f"/{name}"): answer or page(STORY) for name in names}


def captured(path: Path, *columns: str) -> dict[str, Any]:
    """The captures of articles by path: a row each, or the one column asked for."""
    found = rows(path, "SELECT c.* FROM captures c JOIN pages p USING (url) WHERE p.kind = 'article'")
    return {
        row["url"].split("/", 3)[3]: row[columns[0]] if len(columns) == 1 else tuple(row[c] for c in columns)
        for row in found
    }


def section_of(names: list[str]) -> bytes:
    items = "".join(
        f'<li><h3><a href="/{n}">A headline of several words, number {i}</a></h3>' for i, n in enumerate(names)
    )
    return page(f"<!doctype html><title>World</title><h1>World</h1><ul>{items}</ul>".encode())
