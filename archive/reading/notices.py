"""notice(text): lines that a house puts beside its articles: rights, newsletters, subscriptions, corrections.

The phrases are data with language tags (`data/notices.tsv`); `mul` marks what is written alike everywhere.
"""

from __future__ import annotations

import re
from functools import cache

from archive.data import table

MAX_NOTICE = 600  # characters of a line that may be a notice


@cache
def _notices() -> re.Pattern[str]:
    phrases = sorted({re.escape(phrase.casefold()) for _, phrase, _ in table("notices")}, key=len, reverse=True)
    return re.compile("|".join(phrases))


def notice(text: str) -> str | None:
    """The phrase by which a line is known as a notice of the house: rights, newsletter, subscription, corrections."""
    match = _notices().search(text.casefold()) if len(text) <= MAX_NOTICE else None
    return match[0] if match else None
