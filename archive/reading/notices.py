"""notice(text): lines that a house puts beside its articles: rights, newsletters, subscriptions, corrections.

The phrases are data with language tags (`data/notices.tsv`); `mul` marks what is written alike everywhere.
"""

from __future__ import annotations

from functools import cache

from archive.data import table

MAX_NOTICE = 600  # characters of a line that may be a notice


@cache
def _phrases() -> tuple[str, ...]:
    return tuple(sorted({phrase.casefold() for _, phrase, _ in table("notices")}, key=len, reverse=True))


def notice(text: str) -> str | None:
    """The phrase by which a line is known as a notice of the house: rights, newsletter, subscription, corrections."""
    if len(text) > MAX_NOTICE:
        return None
    folded = text.casefold()
    # Looking for each in turn takes a third of the time of one pattern of them all.
    return next((phrase for phrase in _phrases() if phrase in folded), None)
