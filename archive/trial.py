"""trial: what an extractor would change, seen before it is believed. Reads as `reextract` does, and writes nothing."""

from __future__ import annotations

import heapq
import json
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from archive import tokens
from archive.diffs import Diff, Text, diff
from archive.errors import BadQuery
from archive.executors import Executor
from archive.extraction import extractor_id
from archive.passes import Read, read_all
from archive.records import WORKER_PROBLEMS, Extraction, Selection
from archive.rows import extraction_row
from archive.sites import Site
from archive.store import Archive

#: What may change in a reading, and the columns by which that is told.
FIELDS = {
    "headline": ("title",),
    "standfirst": ("standfirst",),
    "text": ("text",),
    "date": ("published_at", "modified_at"),
    "authors": ("authors",),
    "links": ("links_digest",),
    "language": ("language",),
    "section": ("section",),
    "kind": ("kind",),
}
#: Upper ends of the bins of the distribution: words gained less words lost, as a share of the old text's words.
BINS = (-0.5, -0.2, -0.1, -0.05, -0.01, 0.0, 0.01, 0.05, 0.1, 0.2, 0.5, float("inf"))
#: Words for what became of a page beside its fields.
FATES = ("changed", "empty", "found", "failed", "new")
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Share:
    """Pages of one group and what would change in them.

    `changed` counts pages by field, and by fate: `changed` (anything), `empty` (had a text, would have none), `found`
    (the other way), `failed` (its worker ended), `new` (never read before). `words`: of the old texts.
    """

    pages: int = 0
    changed: Counter[str] = field(default_factory=Counter)
    words: int = 0
    gained: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """One page whose reading would change."""

    url: str
    site: str
    captured_at: str
    digest: str
    fields: tuple[str, ...]
    gained: int
    lost: int
    empty: bool
    old: Text
    new: Text

    @property
    def weight(self) -> tuple[bool, int, str]:
        """Worse is greater: a text lost as a whole, then the number of words lost and gained."""
        return self.empty, self.lost + self.gained, self.url

    def diff(self) -> Diff:
        """The typed changes from the old reading to the new."""
        return diff(self.old, self.new)


@dataclass(slots=True)
class Trial:
    """What one dry run found. bins: pages by the share of words gained or lost, as in BINS; worst: the worst first."""

    whole: Share = field(default_factory=Share)
    sites: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    languages: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    bins: list[int] = field(default_factory=lambda: [0] * len(BINS))
    worst: list[Case] = field(default_factory=list)
    extractors: Counter[str] = field(default_factory=Counter)
    total: int = 0
    seconds: float = 0.0

    @property
    def pages(self) -> int:
        return self.whole.pages

    def distribution(self) -> list[tuple[float, int]]:
        """(upper end, pages) of each bin: words gained less words lost, as a share of the old text's words."""
        return list(zip(BINS, self.bins, strict=True))

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain values, for JSON; the worst pages with their diffs."""

        def plain(share: Share) -> dict[str, Any]:
            names = ("pages", "words", "gained", "lost")
            return {**{name: getattr(share, name) for name in names}, "changed": dict(share.changed)}

        return {
            "pages": self.pages,
            "extractors": dict(self.extractors),
            "whole": plain(self.whole),
            "sites": {name: plain(share) for name, share in sorted(self.sites.items())},
            "languages": {name: plain(share) for name, share in sorted(self.languages.items())},
            "distribution": [[None if end == BINS[-1] else end, n] for end, n in self.distribution()],
            "worst": [
                {
                    "url": case.url,
                    "captured_at": case.captured_at,
                    "digest": case.digest,
                    "fields": list(case.fields),
                    "gained": case.gained,
                    "lost": case.lost,
                    "empty": case.empty,
                    **case.diff().as_dict(),
                }
                for case in self.worst
            ],
        }


def trial(
    archive: Archive,
    sites: Mapping[str, Site],
    executor: Executor,
    *,
    which: Selection | None = None,
    sample: int | None = None,
    seed: int = 0,
    worst: int = 20,
    progress: Callable[[Trial], None] = lambda _: None,
) -> Trial:
    """Read stored snapshots as `reextract` would, and tell what would change. Writes nothing.

    sample: only so many of the selection, drawn with `seed`. worst: how many of the worst pages to keep. progress:
    called with what was found so far after each page.
    """
    which = which or Selection(scope="all")

    def extractor(key: str) -> str:
        return extractor_id(sites.get(key))

    if sample is not None:
        held = [(url, digest) for url, digest, _ in archive.chosen(extractor, which, None)]
        drawn = random.Random(seed).sample(held, min(sample, len(held)))  # noqa: S311 - a sample is no secret
        which = replace(which, only=frozenset(drawn))
    found, began = Trial(), time.monotonic()
    found.total = archive.waiting(extractor, which)
    cases: list[tuple[tuple[bool, int, str], Case]] = []
    for read in read_all(executor, archive.pending(extractor, which), sites):
        case = _compare(archive, read, found)
        if case is not None:
            push = heapq.heappush if len(cases) < worst else heapq.heappushpop
            push(cases, (case.weight, case))
        found.seconds = time.monotonic() - began
        progress(found)
    found.worst = [case for _, case in sorted(cases, key=lambda pair: pair[0], reverse=True)]
    return found


def _compare(archive: Archive, read: Read, found: Trial) -> Case | None:
    """Count what would change in one page; returns the page if anything would."""
    new = extraction_row(read.extraction, _ANY_TIME)
    _, rows = archive.rows(
        "SELECT extractor, text_digest, links_digest, authors, published_at, modified_at, language, section, kind, "
        "problem FROM extraction_rows WHERE url = ? AND digest = ? AND current = 1",
        (read.extraction.url, read.extraction.digest),
    )
    found.extractors[read.extraction.extractor] += 1
    old = rows[0] if rows else None
    language = (old and old["language"]) or read.extraction.language or "?"
    shares = (found.whole, found.sites[read.capture.site], found.languages[str(language)])
    for share in shares:
        share.pages += 1
    if read.extraction.problem in WORKER_PROBLEMS or old is None:
        for share in shares:
            share.changed["new" if old is None else "failed"] += 1
        return None
    texts = _texts(archive, old, read.extraction)
    changed = [name for name, columns in FIELDS.items() if _differs(name, columns, old, new, texts)]
    gained, lost, words = _words(*texts) if texts else (0, 0, 0)
    empty = bool(old["text_digest"]) and not new["text_digest"]
    fates = [*changed, *(["changed"] if changed else []), *(["empty"] if empty else [])]
    if new["text_digest"] and not old["text_digest"]:
        fates.append("found")
    for share in shares:
        share.changed.update(fates)
        share.words += words or _count(archive, old["text_digest"])
        share.gained += gained
        share.lost += lost
    if old["text_digest"] or new["text_digest"]:
        share_of_words = (gained - lost) / max(1, words) if texts else 0.0
        found.bins[next(n for n, end in enumerate(BINS) if share_of_words <= end)] += 1
    if not changed:
        return None
    before, after = texts or _texts(archive, old, read.extraction, same=True) or (Text(), Text())
    return Case(
        read.extraction.url,
        read.capture.site,
        read.capture.captured_at.isoformat(),
        read.extraction.digest,
        tuple(changed),
        gained,
        lost,
        empty,
        replace(before, authors=tuple(json.loads(old["authors"] or "[]")), published=old["published_at"],
                modified=old["modified_at"]),
        replace(after, authors=read.extraction.authors, published=new["published_at"], modified=new["modified_at"]),
    )  # fmt: skip


def _texts(archive: Archive, old: Mapping[str, Any], new: Extraction, same: bool = False) -> tuple[Text, Text] | None:
    """Both texts, where they are not one; same: in any case."""
    from archive.records import text_digest

    after = Text(new.title, new.standfirst, new.text)
    digest = text_digest(new.title, new.standfirst, new.text) if new.text else None
    if digest == old["text_digest"] and not same:
        return None
    row = archive.db.conn.execute(
        "SELECT title, standfirst, text FROM texts WHERE digest = ?", (old["text_digest"],)
    ).fetchone()
    return (Text(*row) if row else Text()), (after if new.text else Text())


def _differs(
    name: str, columns: tuple[str, ...], old: Mapping[str, Any], new: Mapping[str, Any], texts: tuple[Text, Text] | None
) -> bool:
    if name in ("headline", "standfirst", "text"):
        return texts is not None and getattr(texts[0], columns[0]) != getattr(texts[1], columns[0])
    return any(old[column] != new[column] for column in columns)


def _words(old: Text, new: Text) -> tuple[int, int, int]:
    """(words gained, words lost, words of the old) between two texts, wherever they stand."""
    before, after = (_bag(text) for text in (old, new))
    return (after - before).total(), (before - after).total(), before.total()


def _bag(text: Text) -> Counter[str]:
    whole = "\n".join(part for part in (text.title, text.standfirst, text.text) if part)
    return Counter(tokens.words(tokens.fold(whole)))


def _count(archive: Archive, digest: str | None) -> int:
    row = archive.db.conn.execute("SELECT words FROM texts WHERE digest = ?", (digest,)).fetchone()
    return int(row[0]) if row else 0


# ---- thresholds


@dataclass(frozen=True, slots=True)
class Threshold:
    """A condition under which a trial has failed, such as `empty>0.5%`."""

    said: str
    name: str
    over: bool
    bound: float
    percent: bool

    def value(self, found: Trial) -> float:
        """What a trial says of it: a number of pages or words, or a percentage of them."""
        share = found.whole
        if self.name in ("gained", "lost"):
            counted, of = float(getattr(share, self.name)), share.words
        else:
            counted, of = float(share.changed[self.name]), share.pages
        return 100 * counted / max(1, of) if self.percent else counted

    def crossed(self, found: Trial) -> bool:
        value = self.value(found)
        return value > self.bound if self.over else value < self.bound


def threshold(said: str) -> Threshold:
    """The threshold that a person wrote: NAME>NUMBER or NAME<NUMBER, with % for a share. Raises BadQuery."""
    names = (*FIELDS, *FATES, "gained", "lost")
    match = re.fullmatch(r"\s*([a-z]+)\s*([<>])\s*(\d+(?:\.\d+)?)\s*(%?)\s*", said)
    if not match or match[1] not in names:
        raise BadQuery(f'{said!r} is no threshold: write it as "empty>0.5%" or "lost>100"; names: {", ".join(names)}.')
    return Threshold(said.strip(), match[1], match[2] == ">", float(match[3]), bool(match[4]))
