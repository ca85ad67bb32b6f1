"""The chain of captures: what makes a change of the facts visible, whoever made it.

Each transaction of a run adds one link to the run's chain. A link's head is the SHA-256 of the head before it and of
the digests of the captures that it brought; so a head that was published or time-stamped vouches for every capture
behind it. An erased capture leaves its digest (`redactions`), so the chain can still be walked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from archive.records import as_json

#: Columns of a capture that seal it, and so cannot be sealed themselves.
SEALS = frozenset({"link", "seal"})
SEAL = 16  # hex digits of its record that a capture carries, against slips of the disk


def record(capture: Mapping[str, Any]) -> str:
    """The digest of a capture: SHA-256 of its facts as JSON, sorted by name, without nulls, as 64 hex digits.

    capture: the columns of the view `captures`, headers as pairs and not yet as JSON. Columns that a later schema adds
    change no digest as long as they are null.
    """
    facts = {name: value for name, value in capture.items() if value is not None and name not in SEALS}
    return hashlib.sha256(as_json(facts).encode()).hexdigest()


def head(site: str, due: str, link: int, before: str, records: Iterable[str]) -> str:
    """The head of a run's chain after a link: SHA-256 of site, due time, number, head before, and sorted records.

    Each on a line of its own; before the first link, the head is empty. As 64 hex digits.
    """
    lines = (site, due, str(link), before, *sorted(records))
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def lines(heads: Iterable[tuple[str, str, int, str]]) -> tuple[str, ...]:
    """One line a run, sorted: site, due time, links and head, parted by tabs."""
    return tuple(sorted(f"{site}\t{due}\t{links}\t{last}" for site, due, links, last in heads))


def whole(heads: Iterable[tuple[str, str, int, str]]) -> str:
    """The head of an archive from (site, due, links, head) of its runs: one value that vouches for all of them.

    SHA-256 of their `lines`, each with a newline; so archives with equal runs have equal heads.
    """
    text = "".join(f"{line}\n" for line in lines(heads))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
