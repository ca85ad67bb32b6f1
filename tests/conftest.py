"""What several tests share: an archive in a temporary folder, a clock that is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from archive import Archive, Site, load_sites
from crawler.cli.visit import visit_once
from crawler.newsroom import Newsroom
from crawler.run import Run

# How long an example takes is the machine's affair, not the code's.
settings.register_profile("desk", deadline=None)
settings.load_profile("desk")


class Clock:
    """A clock that goes on by a millisecond at each look, and as far as it is told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def wait(self, **lengths: float) -> datetime:
        self.now += timedelta(**lengths)
        return self.now


#: Limits with which a whole crawl of awkward hosts takes seconds.
SHORT = {
    "DOWNLOAD_DELAY": 0,
    "DOWNLOAD_TIMEOUT": 2.0,
    "URL_SECONDS": 5.0,
    "RETRY_TIMES": 1,
    "RETRY_SECONDS": 0.05,
    "BACKOFF_SECONDS": 0.05,
}


def visit(
    path: Path, sites: Sequence[Site], resolve: Mapping[str, str], executor: str = "serial", **overrides: Any
) -> dict[str, Run]:
    """Visit sites once, with short limits; returns the summaries by site. executor: serial for harmless pages."""
    runs = visit_once(
        list(sites), path, resolve=resolve, executor=executor, quiet=True, overrides={**SHORT, **overrides}
    )
    return {run.site: run for run in runs}


def rows(path: Path, sql: str, *values: object) -> list[dict[str, Any]]:
    """What a SELECT finds in an archive."""
    with Archive.open(path) as opened:
        return opened.rows(sql, values)[1]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "archive.db") as opened:
        yield opened


FAST = {"DOWNLOAD_DELAY": 0, "RETRY_TIMES": 1, "RETRY_SECONDS": 0.1, "DOWNLOAD_TIMEOUT": 5}


def crawl(path: Path, sites: Sequence[Site], room: Newsroom, **overrides: Any) -> dict[str, Run]:
    runs = visit_once(list(sites), path, resolve=room.resolve, quiet=True, overrides={**FAST, **overrides})
    return {run.site: run for run in runs}


@pytest.fixture(scope="session")
def editions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Newsroom, list[dict[str, Run]]]]:
    """The whole newsroom crawled in its first edition, then twice in its second."""
    path = tmp_path_factory.mktemp("editions") / "press.db"
    with Newsroom(edition=1) as room:
        sites = list(load_sites(room.sites_file).values())
        runs = [crawl(path, sites, room)]
        room.edition = 2
        runs += [crawl(path, sites, room), crawl(path, sites, room)]
        yield path, room, runs
