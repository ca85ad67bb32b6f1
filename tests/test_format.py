"""What docs/format.md tells a stranger is true: its scripts import nothing of ours, decode and check an archive."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from archive import Archive, erase, head
from crawler.newsroom import Newsroom
from tests.press import AT
from tests.test_docs import DOCS

SCRIPTS = re.findall(r"```python\n(.*?)```", DOCS["format.md"], re.S)


def run(script: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Isolated, so that only installed packages can be imported, and with ours hidden."""
    hidden = "import sys; sys.modules['archive'] = sys.modules['crawler'] = None\n"
    return subprocess.run(
        [sys.executable, "-I", "-c", hidden + script, str(path)], capture_output=True, text=True, check=False
    )


@pytest.fixture
def path(editions: tuple[Path, Newsroom, Any], tmp_path: Path) -> Path:
    copy = tmp_path / "copy.db"
    plain = sqlite3.connect(editions[0])
    plain.execute("VACUUM INTO ?", (str(copy),))
    plain.close()
    return copy


def test_payloads_are_decoded_by_a_stranger(path: Path) -> None:
    done = run(SCRIPTS[0], path)
    assert done.returncode == 0, done.stderr
    with Archive.read(path) as archive:
        kept = {row["digest"]: row["length"] for row in archive.rows("SELECT digest, length FROM snapshots")[1]}
        assert archive.rows("SELECT codec FROM bodies WHERE codec = 'zstd-patch'")[1]
    assert {line.split()[0]: int(line.split()[1]) for line in done.stdout.splitlines()} == kept


def test_the_script_is_short() -> None:
    lines = [line for line in SCRIPTS[0].splitlines() if line.strip()]
    assert len(lines) <= 20
    assert set(re.findall(r"^import (.*)$", SCRIPTS[0], re.M)) == {"hashlib, sqlite3, sys, zstandard"}


def test_the_chain_is_walked_by_a_stranger(path: Path) -> None:
    with Archive.read(path) as archive:
        value = head(archive).value
        url = archive.rows("SELECT url FROM articles WHERE site = 'minato' ORDER BY url")[1][0]["url"]
    assert run(SCRIPTS[1], path).stdout.strip() == value
    with Archive.open(path) as archive:
        erase(archive, AT, "asked for", url=url)
    erased = run(SCRIPTS[1], path)
    assert erased.stdout.strip() == value, "an erasure leaves the head as it was"
    changed = path.with_name("changed.db")
    shutil.copy(path, changed)
    plain = sqlite3.connect(changed)
    plain.execute(
        "UPDATE capture_rows SET status = 203 WHERE rowid = (SELECT min(rowid) FROM capture_rows WHERE status = 200)"
    )
    plain.commit()
    assert run(SCRIPTS[1], changed).returncode == 1
