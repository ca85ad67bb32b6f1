"""Crawling with many machines: sites go to Dask workers, shards come home, and only this process writes the archive.

The ledger decides: a site's row is claimed before it is sent and closed when its shard is merged. Sites that share a
host go together, so that the host sees one visitor.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Any

from archive import Archive, ArchiveError, Site, host_of, merge, run_bounded, seed, timestamp
from crawler.cli.remote import visit_elsewhere
from crawler.run import Run, crawl_settings, software

Claimed = list[tuple[Site, Run, int]]


class Delegates:
    """The workers of a cluster, as what visits sites; `run_bounded` asks no more of it."""

    def __init__(self, cluster: Any) -> None:
        self.width: int = cluster.width
        self._cluster = cluster

    def submit(self, function: Any, job: dict[str, Any], known: bytes, _: Claimed) -> Future[Any]:
        """Send a run; what was claimed for it stays here."""
        answer: Future[Any] = self._cluster.delegate(function, job, known)
        return answer


def crawl_elsewhere(
    chosen: Sequence[Site],
    path: Path,
    cluster: Any,
    *,
    contact: str | None = None,
    resolve: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    told: Any = lambda run: None,
) -> list[Run]:
    """Visit sites on the workers of a cluster; returns one summary a site, as they come home.

    told: called with each summary. A worker that is lost has its sites visited again by another one, from the
    beginning; what it had is lost with it. Raises ArchiveError where a contact is needed and there is none.
    """
    settings = crawl_settings(path, chosen, contact=contact, resolve=resolve, overrides=overrides)
    clock, runs = settings["CLOCK"], list[Run]()
    with Archive.open(path) as archive, tempfile.TemporaryDirectory(prefix="foreigndesk-") as folder:
        archive.lock()
        archive.lose(clock())
        archive.know(chosen, clock())
        job = {"contact": contact, "resolve": dict(resolve or {}), "overrides": dict(overrides or {})}
        jobs = _jobs(archive, chosen, clock, Path(folder), job)
        delegates: Any = Delegates(cluster)
        try:
            for (_, _, claimed), future in run_bounded(delegates, visit_elsewhere, jobs, window=2 * cluster.width):
                for run in _home(archive, claimed, future, clock, Path(folder) / "shard.db"):
                    runs.append(run)
                    told(run)
        finally:
            archive.lose(clock())  # stopped: what is still out ends there, and does not come home
    return runs


def together(sites: Sequence[Site]) -> list[list[Site]]:
    """The sites in groups that share no host with another group."""
    groups: list[tuple[set[str], list[Site]]] = []
    for site in sites:
        hosts = {host_of(url) for url in (site.home, *(url for _, url in site.seeds()))}
        near = [group for group in groups if group[0] & hosts]
        groups = [group for group in groups if group not in near]
        members = [one for _, some in near for one in some]
        groups.append((hosts.union(*(some for some, _ in near)), [*members, site]))
    return [members for _, members in groups]


def _jobs(
    archive: Archive, chosen: Sequence[Site], clock: Any, folder: Path, job: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], bytes, Claimed]]:
    """What is sent, one group of sites after another, each claimed in the ledger as it is."""
    for group in together(chosen):
        now: datetime = clock()
        claimed: Claimed = []
        for site in group:
            attempt = archive.claim(site.key, timestamp(now), now, software())
            if attempt is not None:
                run = Run(site.key, due=timestamp(now), started_at=now, stage="crawling")
                claimed.append((site, run, attempt))
        if not claimed:
            continue
        file = folder / "seed.db"
        seed(archive, [site.key for site in group], file)
        known = file.read_bytes()
        file.unlink()
        entries = [json.loads(site.entry()) for site, _, _ in claimed]
        yield {**job, "sites": entries, "due": timestamp(now)}, known, claimed


def _home(archive: Archive, claimed: Claimed, future: Future[Any], clock: Any, file: Path) -> Iterator[Run]:
    """Merge what a run brought, and close its rows of the ledger."""
    summaries: dict[str, dict[str, Any]] = {}
    fault = ""
    try:
        shard, told = future.result()
        summaries = {one["site"]: one for one in told}
        file.write_bytes(shard)
        merge(archive, file)
    except (ArchiveError, OSError, RuntimeError) as error:
        fault = " ".join(str(error).split())
    finally:
        for left in file.parent.glob(f"{file.name}*"):
            left.unlink()
    for site, run, attempt in claimed:
        one = summaries.get(site.key, {})
        run.state = "lost" if fault else one.get("state", "lost")
        run.outcome = fault or one.get("outcome", "no summary came home")
        funnel = dict(one.get("funnel", {}))
        run.reasons, run.finished_at, run.stage = one.get("reasons", {}), clock(), "over"
        if not fault and run.started_at is not None:
            funnel["texts"], funnel["revised"] = archive.gained(site.key, run.started_at)
        run.funnel = funnel
        archive.finish(
            site.key, run.due, attempt, run.state, run.finished_at, run.outcome,
            {**funnel, "reasons": dict(run.reasons)},
        )  # fmt: skip
        yield run
