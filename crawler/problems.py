"""problems: telling a person, by a command of theirs, what the health of a site shows after a run."""

from __future__ import annotations

import asyncio
import json
import shlex
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from archive import Archive, ArchiveError, Site, health

#: A problem that lasts is told again after this time.
AGAIN = timedelta(days=1)
SECONDS = 30.0  # for the command, which is then killed


class Problems:
    """Remembers what was told, for one process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._told: dict[tuple[str, str, str | None], datetime] = {}

    async def after(self, site: Site, run: dict[str, Any], now: datetime) -> tuple[list[dict[str, Any]], str | None]:
        """Tell `site.on_problem` of what is new since it was last told. Never raises.

        run: the summary of the run that ended. Returns the problems told, and a sentence where the command failed.
        """
        found = await asyncio.to_thread(self._found, site, now)
        if run["state"] == "failed":
            found.insert(0, {"word": "run_failed", "seed": None, "sentence": run["outcome"]})
        fresh = [one for one in found if self._is_news(site.key, one, now)]
        if not fresh:
            return [], None
        told = {"site": site.key, "name": site.name, "at": now.isoformat(), "problems": fresh, "run": run}
        return fresh, await call(site.on_problem, json.dumps(told, ensure_ascii=False))

    def _found(self, site: Site, now: datetime) -> list[dict[str, Any]]:
        try:
            with Archive.read(self.path) as archive:
                return [one for told in health(archive, now, site.key) for one in told.as_dict()["problems"]]
        except ArchiveError as error:
            return [{"word": "archive_unreadable", "seed": None, "sentence": str(error)}]

    def _is_news(self, site: str, one: dict[str, Any], now: datetime) -> bool:
        key = (site, one["word"], one["seed"])
        news = key not in self._told or not timedelta(0) <= now - self._told[key] < AGAIN
        if news:
            self._told[key] = now
        return news


async def call(command: str, text: str) -> str | None:
    """Run a person's command with a text on its standard input, without a shell; a sentence where it failed."""
    try:
        words = shlex.split(command)
        child = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
    except (ValueError, OSError) as error:
        return f"on_problem could not be started ({error}): write it as a command with its arguments."
    try:
        await asyncio.wait_for(child.communicate(text.encode()), SECONDS)
    except TimeoutError:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        return f"on_problem took more than {SECONDS:.0f} s and was ended."
    return None if child.returncode == 0 else f"on_problem ended with exit code {child.returncode}."
