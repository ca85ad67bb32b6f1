"""metrics: the health of sites as Prometheus reads it from a file (text exposition format 0.0.4)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from archive import Health, moment

#: Name, help and type of each family, in the order in which they are written.
FAMILIES = {
    "articles_new": "Articles found for the first time in the last day.",
    "articles_expected": "Articles that a day used to bring.",
    "last_new_timestamp_seconds": "When something new was last found.",
    "last_asked_timestamp_seconds": "When a list was last asked.",
    "requests": "Requests of the last day by how they ended.",
    "read_share": "Share of articles in which a part was read, lately and before.",
    "shortest_gap_seconds": "Shortest time between two answers of one host in the last day.",
    "delay_seconds": "The least delay that the entry asks for.",
    "stored_bytes": "Bytes that the last day's answers take in the archive.",
    "slots_missed": "Slots of the last day that no run was begun for.",
    "run_last_end_timestamp_seconds": "When the last run ended.",
    "problem": "1 for each problem that `foreigndesk health` tells.",
    "archive_bytes": "Size of the archive's files.",
    "disk_free_bytes": "Bytes free on the archive's disk.",
    "schedule_up": "1 while a schedule runs on the archive.",
}


def exposition(sites: Iterable[Health], archive_bytes: int, disk_free: int, schedule_up: bool) -> str:
    """The metrics as text, every family with its HELP and TYPE."""
    samples: dict[str, list[str]] = {name: [] for name in FAMILIES}

    def add(name: str, value: float | None, **labels: str | None) -> None:
        if value is not None:
            told = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items() if text is not None)
            samples[name].append(f"foreigndesk_{name}{{{told}}} {value!r}" if told else f"foreigndesk_{name} {value!r}")

    for one in sites:
        for part in (one.whole, *one.seeds):
            labels = {"site": one.site, "seed": part.url}
            add("articles_new", part.found_lately, **labels)
            add("articles_expected", part.expected, **labels)
            add("last_new_timestamp_seconds", part.last_found.timestamp() if part.last_found else None, **labels)
            add("last_asked_timestamp_seconds", part.last_asked.timestamp() if part.last_asked else None, **labels)
        for word, count in one.requests.items():
            add("requests", count, site=one.site, outcome=word)
        for part_name, (now, before) in one.shares.items():
            add("read_share", now, site=one.site, part=part_name, when="lately")
            add("read_share", before, site=one.site, part=part_name, when="before")
        add("shortest_gap_seconds", one.shortest_gap, site=one.site)
        add("delay_seconds", one.delay, site=one.site)
        add("stored_bytes", one.stored_bytes, site=one.site)
        add("slots_missed", one.missed, site=one.site)
        ended = one.last_run and one.last_run["finished_at"]
        add("run_last_end_timestamp_seconds", moment(ended).timestamp() if ended else None, site=one.site)
        for problem in one.problems:
            add("problem", 1, site=one.site, problem=problem.word, seed=problem.seed)
    add("archive_bytes", archive_bytes)
    add("disk_free_bytes", disk_free)
    add("schedule_up", int(schedule_up))
    return "".join(_family(name, lines) for name, lines in samples.items() if lines)


def write(path: Path, text: str) -> None:
    """Put the file in its place whole: who reads it meanwhile sees the old one or the new one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def _family(name: str, lines: Sequence[str]) -> str:
    head = f"# HELP foreigndesk_{name} {FAMILIES[name]}\n# TYPE foreigndesk_{name} gauge\n"
    return head + "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
