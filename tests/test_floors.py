"""Imports only go down: each room imports from lower floors alone, and heavy libraries stay in their one room."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import archive

ROOT = Path(__file__).parent.parent

#: Lower floors first; rooms of one floor do not know each other.
FLOORS: list[list[str]] = [
    ["archive.data", "archive.errors", "archive.lines", "archive.tokens", "archive.workers"],
    ["archive.records"],
    [
        "archive.urls",
        "archive.cadence",
        "archive.chain",
        "archive.charset",
        "archive.codecs",
        "archive.cookbook",
        "archive.diffs",
        "archive.cluster",
        "archive.filling",
        "archive.frontier",
        "archive.headers",
        "archive.index",
        "archive.lists",
        "archive.schema",
    ],
    [
        "archive.opening",
        "archive.sites",
        "archive.tombstones",
        "archive.aliases",
        "archive.executors",
        "archive.links.embedded",
        "archive.links.headings",
        "archive.links.listing",
        "archive.links.patterns",
        "archive.links.vocabulary",
        "archive.links.shapes",
        "archive.reading.dates",
        "archive.reading.names",
        "archive.reading.notices",
        "archive.reading.pages",
    ],
    ["archive.bodies", "archive.checkup", "archive.ledger", "archive.rows"],
    ["archive.watching"],
    ["archive.questions", "archive.snapshots"],
    ["archive.captures"],
    ["archive.waiting"],
    ["archive.opinions"],
    ["archive.store", "archive.links.addresses", "archive.reading.reservations"],
    ["archive.links.anchors", "archive.links.entries", "archive.links.paging"],
    ["archive.links.feeds", "archive.links.sitemaps", "archive.links.webpages"],
    ["archive.links.fronts"],
    ["archive.links.finding"],
    ["archive.links.boxes", "archive.reading.blocks"],
    ["archive.reading.headlines"],
    ["archive.links.related", "archive.reading.bylines", "archive.reading.languages", "archive.reading.metadata"],
    ["archive.reading.times"],
    ["archive.reading.payloads", "archive.reading.sections"],
    ["archive.reading.scenes"],
    ["archive.reading.traits"],
    ["archive.reading.standfirsts"],
    ["archive.reading.bodies"],
    ["archive.reading.walls"],
    ["archive.reading.kinds"],
    [
        "archive.backup",
        "archive.changes",
        "archive.compact",
        "archive.extraction",
        "archive.health",
        "archive.history",
        "archive.proof",
        "archive.search",
        "archive.versions",
    ],
    ["archive.erase", "archive.explanation", "archive.mementos", "archive.passes", "archive.queries"],
    ["archive.browse", "archive.reextract", "archive.shards", "archive.trial", "archive.verify"],
    ["archive.seeds", "archive.unions"],
    ["archive.merge"],
    ["archive"],
    ["crawler.addresses", "crawler.frontier", "crawler.places", "crawler.wire"],
    ["crawler.failures", "crawler.metrics", "crawler.problems", "crawler.slots"],
    ["crawler.captures", "crawler.hosts"],
    ["crawler.download", "crawler.pipelines", "crawler.robots", "crawler.settings"],
    ["crawler.traps"],
    ["crawler.spiders"],
    ["crawler.catalogue"],
    ["crawler.doctor", "crawler.errands", "crawler.run"],
    ["crawler.checking", "crawler.discovery", "crawler.schedule"],
    ["crawler.preview"],
    ["crawler.cli"],
]
#: Libraries that one room (or folder) alone may know.
CONFINED = {
    "dateparser": ["archive.reading.dates"],
    "trafilatura": ["archive.reading.bodies"],
    "distributed": ["archive.cluster"],
    "zstandard": ["archive.codecs", "crawler.wire"],
    "sqlite_utils": ["archive.schema", "archive.opening"],
    "apscheduler": ["crawler.schedule"],
    "cronsim": ["archive.cadence"],
    "feedparser": ["archive.links.feeds", "archive.links.entries"],
    "datasette": ["archive.browse"],
    "babel": ["archive.links.vocabulary"],
    "scrapy": ["crawler"],
    "aiohttp": ["crawler.download", "crawler.failures"],
    "click": ["crawler.cli"],
    "rich": ["crawler.cli"],
}


def modules() -> dict[str, Path]:
    found = {}
    for top in ("archive", "crawler"):
        for file in sorted((ROOT / top).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imports(file: Path) -> set[str]:
    """Every module that a file imports, also inside functions; `from package import name` names both."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            # A name of the public face hides the room of the same name (`from archive import search`).
            hidden = set(archive.__all__) if node.module == "archive" else set()
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names if alias.name not in hidden}
    return names


def room(name: str) -> str | None:
    """The listed room that a module belongs to: itself, or the folder that is listed as one room."""
    listed = {one for floor in FLOORS for one in floor}
    while name:
        if name in listed:
            return name
        name = name.rpartition(".")[0]
    return None


def floor(name: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if name in rooms)


@pytest.mark.parametrize("name", sorted(modules()))
def test_imports_go_down(name: str) -> None:
    """A module imports from lower floors only; the newsroom, a world of its own, imports nothing of ours."""
    known = modules()
    ours = {i for i in imports(known[name]) if i in known}
    if name.startswith("crawler.newsroom"):
        assert all(i.startswith("crawler.newsroom") for i in ours)
        return
    if name == "crawler":
        assert not ours
        return
    if name in ("archive.links", "archive.reading"):
        assert not ours
        return
    here = room(name)
    assert here is not None, f"{name} stands on no floor: add it to FLOORS"
    assert here != "archive" or name == "archive", f"{name} stands on no floor: add it to FLOORS"
    for target in ours - {name}:
        if target.startswith("crawler.newsroom"):
            assert here == "crawler.cli", f"{name} must not know the newsroom"
            continue
        there = room(target)
        if there == here or target == "crawler":
            continue
        if target in ("archive", "archive.links", "archive.reading") and here.startswith("archive."):
            # `from archive import room` names the folder and the room; the room is what counts.
            continue
        assert there is not None
        assert floor(there) < floor(here), f"{name} (floor {floor(here)}) imports {target} (floor {floor(there)})"


@pytest.mark.parametrize("name", sorted(n for n in modules() if n.startswith("crawler.") and "newsroom" not in n))
def test_crawler_uses_public_names(name: str) -> None:
    """The application uses the library's public names only, except its errors, which the CLI needs before all else."""
    inside = {i for i in imports(modules()[name]) if i.startswith("archive.") and i in modules()}
    assert inside <= {"archive.errors"}


def test_libraries_are_confined() -> None:
    """Each library is known in its own room alone, so that it can be replaced there."""
    for name, file in modules().items():
        for library in {i.split(".")[0] for i in imports(file)} & set(CONFINED):
            homes = CONFINED[library]
            assert any(name == h or name.startswith(h + ".") for h in homes), f"{name} imports {library}"


def test_face() -> None:
    """The public face is one literal, sorted list, and every name on it exists."""
    tree = ast.parse((ROOT / "archive" / "__init__.py").read_text(encoding="utf-8"))
    listed = next(
        n.value for n in tree.body if isinstance(n, ast.Assign) and getattr(n.targets[0], "id", "") == "__all__"
    )
    names = ast.literal_eval(listed)
    assert names == sorted(names)
    assert all(hasattr(archive, name) for name in names)


def test_face_knows_where_each_name_lives() -> None:
    """Names are imported when asked for: what type checkers see and what is imported then are the same."""
    tree = ast.parse((ROOT / "archive" / "__init__.py").read_text(encoding="utf-8"))
    shown = {
        alias.name: "archive.tokens" if alias.name == "tokens" else node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("archive")
        for alias in node.names
    }
    assert shown == archive._HOMES
    assert sorted(shown) == archive.__all__


def test_a_room_never_hides_a_name_of_the_face() -> None:
    """`archive.search` is the function, whether or not the room of that name was imported before."""
    code = "import archive.search, archive.history, archive.reextract\nfrom archive import history, reextract, search\n"
    code += "assert all(callable(one) for one in (history, reextract, search))"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_listing_the_catalogue_imports_neither_extractor_nor_crawler() -> None:
    """What only other commands need stays out of `sites list`, which people wait for."""
    heavy = ("trafilatura", "scrapy", "sqlite_utils")
    code = f"import sys, crawler.cli.sites\nprint([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
