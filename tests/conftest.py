"""What several tests share: an archive in a temporary folder, a clock that is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings

from archive import Archive

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


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "archive.db") as opened:
        yield opened
