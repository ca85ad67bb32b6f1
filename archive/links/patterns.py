"""article_pattern: the regular expression that an outlet's article addresses share, learned from those it lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

LEAST = 5  # addresses; fewer show no manner of writing
COVERED = 0.9  # of the addresses must be met, or there is no pattern
OFTEN = 0.15  # a form that fewer of the addresses have is left out
_DIGITS = re.compile(r"\d+")


def article_pattern(urls: Sequence[str]) -> str:
    """A pattern for `Site.articles` that meets at least nine in ten of the addresses, or "" where there is none.

    urls: addresses of articles. The pattern names the paths' common words and demands a number or a date: without
    one it could not tell an article from a section, so then none is given and the shape decides.
    """
    paths = [urlsplit(url).path for url in urls]
    if len(paths) < LEAST:
        return ""
    forms: dict[tuple[int, tuple[bool, ...]], list[list[str]]] = {}
    for path in paths:
        segments = path.strip("/").split("/")
        numbered = tuple(_DIGITS.search(s) is not None for s in segments)
        forms.setdefault((len(segments), numbered), []).append(segments)
    common = [group for group in forms.values() if len(group) >= max(2, OFTEN * len(paths))]
    patterns = sorted({pattern for group in common if (pattern := _pattern(group))})
    if not patterns:
        return ""
    pattern = patterns[0] if len(patterns) == 1 else f"(?:{'|'.join(patterns)})"
    met = sum(1 for path in paths if re.search(pattern, path))
    return pattern if met >= COVERED * len(paths) else ""


def _pattern(group: list[list[str]]) -> str:
    """One form of path as a pattern; "" where no number stands in it."""
    parts = []
    for column in zip(*group, strict=True):
        if len(set(column)) == 1 and not column[0].isdigit():
            parts.append(re.escape(column[0]).replace(r"\-", "-"))
        else:
            parts.append(_part(column))
    pattern = "/" + "/".join(parts)
    return pattern if r"\d" in pattern else ""


def _part(column: tuple[str, ...]) -> str:
    """What the segments at one place have in common: all digits, a number in them, a suffix, or nothing."""
    lengths = {len(s) for s in column}
    if all(s.isdigit() for s in column):
        return rf"\d{{{lengths.pop()}}}" if len(lengths) == 1 else r"\d+"
    suffixes = {re.search(r"(\.\w{2,5})?$", s)[0] for s in column}  # type: ignore[index]
    suffix = re.escape(suffixes.pop()) if len(suffixes) == 1 else ""
    stems = [s[: len(s) - len(suffix.replace("\\", ""))] if suffix else s for s in column]
    least = min(max((len(d) for d in _DIGITS.findall(s)), default=0) for s in stems)
    if least >= 3:
        at_end = all(re.search(rf"\d{{{least},}}$", s) for s in stems)
        at_start = all(re.match(rf"\d{{{least},}}", s) for s in stems)
        number = rf"\d{{{least},}}"
        return ("[^/]*" if not at_start else "") + number + ("" if at_end else "[^/]*") + suffix
    return "[^/]+" + suffix
