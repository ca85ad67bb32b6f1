"""diff(old, new): what a newsroom changed in an article, typed and word by word, in any script.

Paragraphs are aligned first, then sentences, then words, so that a long text costs little and a moved paragraph is
not mistaken for a new one. Spaces and line breaks do not count. Everything is bounded: a text too long to be compared
finely is compared paragraph by paragraph.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

from archive import tokens
from archive.data import table
from archive.records import moment

Segments = tuple[tuple[str, str], ...]

MAX_CELLS = 400_000  # words of one side times words of the other, compared word by word
MAX_PARAGRAPHS = 1_500  # on one side, between the first and the last difference
ALIKE = 0.4  # share of common words from which two sentences or paragraphs are one that was changed


@dataclass(frozen=True, slots=True)
class Text:
    """What a reader saw of an article at one time; every part may be missing."""

    title: str | None = None
    standfirst: str | None = None
    text: str | None = None
    byline: str | None = None
    authors: tuple[str, ...] = ()
    published: str | None = None
    modified: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    `part` is headline, standfirst, byline, date, paragraph or sentence; `what` is changed, added, removed or moved.
    `segments` are (op, text) with op "=", "-" or "+": "=" and "-" together are the old text, "=" and "+" the new.
    `old` and `new` are the paragraph's numbers, from 1, for changes of the body.
    """

    part: str
    what: str
    segments: Segments
    old: int | None = None
    new: int | None = None

    def text(self, op: str) -> str:
        """The old text (op "-") or the new (op "+")."""
        return "".join(text for mark, text in self.segments if mark in ("=", op))


@dataclass(frozen=True, slots=True)
class Diff:
    """All changes between two texts, and what stands out in them. Falsy where nothing changed.

    numbers: (old, new) numbers that took each other's place. quotations: (old, new) words between quotation marks.
    correction_note: the sentence by which the newsroom says that it corrected, if it was added. paragraphs: how many
    the old text has, and the new.
    """

    changes: tuple[Change, ...] = ()
    numbers: tuple[tuple[str, str], ...] = ()
    quotations: tuple[tuple[str, str], ...] = ()
    correction_note: str | None = None
    paragraphs: tuple[int, int] = (0, 0)

    def __bool__(self) -> bool:
        return bool(self.changes)

    @property
    def date_only(self) -> bool:
        """A new date over an old text."""
        return bool(self.changes) and all(change.part == "date" for change in self.changes)

    def as_dict(self) -> dict[str, Any]:
        """The diff as plain lists and dicts, for JSON."""
        return {
            "changes": [{**asdict(c), "segments": [list(s) for s in c.segments]} for c in self.changes],
            "numbers": [list(pair) for pair in self.numbers],
            "quotations": [list(pair) for pair in self.quotations],
            "correction_note": self.correction_note,
            "date_only": self.date_only,
            "paragraphs": list(self.paragraphs),
        }


def diff(old: Text, new: Text) -> Diff:
    """The typed changes from `old` to `new`: headline, standfirst, byline, date, then the body in its order."""
    changes = [
        *_line("headline", old.title, new.title),
        *_line("standfirst", old.standfirst, new.standfirst),
        *_line("byline", _byline(old), _byline(new)),
        *_date(old, new),
    ]
    before, after = _paragraphs(old.text), _paragraphs(new.text)
    changes += _body(before, after)
    edited = [c for c in changes if c.part not in ("byline", "date")]
    return Diff(
        tuple(changes),
        tuple(pair for change in edited for pair in _numbers(change)),
        _quotations(edited),
        next((note for change in edited if (note := _correction(change))), None),
        (len(before), len(after)),
    )


_MICROSECONDS = re.compile(r"(?<=:\d\d)\.\d{6}(?=Z)")


def render(diff: Diff) -> list[tuple[str, str]]:
    """The diff as (style, text) for a terminal, to be written one after the other; the caller colours them.

    Styles: heading, same, removed, added. Unchanged paragraphs are counted, not shown.
    """
    out: list[tuple[str, str]] = []
    seen = 0
    for change in diff.changes:
        if change.new is not None:
            seen = _elided(out, seen, change.new)
        out.append(("heading", _caption(change) + "\n"))
        styles = {"=": "same", "-": "removed", "+": "added"}
        # Times as they are shown everywhere: to the second.
        shown = [(op, _MICROSECONDS.sub("", text) if change.part == "date" else text) for op, text in change.segments]
        out += [(styles[op], text) for op, text in shown]
        out.append(("same", "\n"))
    if any(c.part in ("paragraph", "sentence") for c in diff.changes):
        _elided(out, seen, diff.paragraphs[1] + 1)
    return out


def _elided(out: list[tuple[str, str]], seen: int, at: int) -> int:
    """Says how many paragraphs lie between the last one shown and this one; returns this one's number."""
    count = at - seen - 1
    if count > 0:
        out.append(("same", f"… {count} paragraph{'s' if count > 1 else ''} unchanged\n"))
    return max(seen, at)


def _caption(change: Change) -> str:
    where = ""
    if change.part in ("paragraph", "sentence"):
        number = change.new if change.new is not None else change.old
        where = f" {number}" if change.part == "paragraph" else f" in paragraph {number}"
        if change.what == "moved":
            where = f" from {change.old} to {change.new}"
    return f"{change.part.capitalize()}{where} {change.what}"


# ------------------------------------------------------------------------------------------------ the single lines


def _plain(text: str | None) -> str:
    return " ".join(text.split()) if text else ""


def _line(part: str, old: str | None, new: str | None) -> Iterator[Change]:
    """The change of a headline, standfirst or byline, if there is one."""
    before, after = _plain(old), _plain(new)
    if before != after:
        what = "changed" if before and after else "added" if after else "removed"
        yield Change(part, what, segments(before, after))


def _byline(text: Text) -> str:
    return _plain(text.byline) or ", ".join(_plain(name) for name in text.authors)


def _date(old: Text, new: Text) -> Iterator[Change]:
    """Dates are whole values: one that names the same moment in another spelling is no change."""
    for before, after in ((old.published, new.published), (old.modified, new.modified)):
        if _plain(before) != _plain(after) and not _same_moment(before, after):
            what = "changed" if before and after else "added" if after else "removed"
            pair = (("-", _plain(before)), ("+", _plain(after)))
            yield Change("date", what, tuple(segment for segment in pair if segment[1]))


def _same_moment(old: str | None, new: str | None) -> bool:
    try:
        return moment(old or "") == moment(new or "")
    except ValueError:
        return False


# ------------------------------------------------------------------------------------------------------- the body


def _paragraphs(text: str | None) -> list[str]:
    return [plain for paragraph in (text or "").split("\n\n") if (plain := _plain(paragraph))]


@dataclass(slots=True)
class _Found:
    """Changes of the body while they are found; `lost` and `gained` wait until it is clear what only moved."""

    done: list[Change] = field(default_factory=list)
    lost: list[Change] = field(default_factory=list)
    gained: list[Change] = field(default_factory=list)

    def remove(self, part: str, text: str, old: int, new: int | None = None) -> None:
        self.lost.append(Change(part, "removed", (("-", text),), old, new))

    def add(self, part: str, text: str, old: int | None, new: int) -> None:
        self.gained.append(Change(part, "added", (("+", text),), old, new))


def _body(old: list[str], new: list[str]) -> list[Change]:
    """Changes of the body in the order of the new text; a removed paragraph stands where it stood."""
    found = _Found()
    pairs = _aligned(old, new)
    for i, j in pairs:
        if i is not None and j is not None:
            if old[i] != new[j]:
                _sentences(found, old[i], new[j], i + 1, j + 1)
        elif i is not None:
            found.remove("paragraph", old[i], i + 1)
        elif j is not None:
            found.add("paragraph", new[j], None, j + 1)
    # A removed paragraph has no place in the new text: it stands after the new place of the one before it.
    places, last = {}, 0
    for i, j in pairs:
        last = last if j is None else j + 1
        if i is not None:
            places[i + 1] = last
    return sorted(
        [*found.done, *_moves(found)],
        key=lambda c: (c.new, 0) if c.new is not None else (places.get(c.old or 0, 0), 1),
    )


def _moves(found: _Found) -> Iterator[Change]:
    """What was lost and gained, but for what is lost in one place and gained in another: that moved."""
    waiting: dict[tuple[str, str], list[Change]] = {}
    for change in found.lost:
        waiting.setdefault((change.part, change.text("-")), []).append(change)
    moved: set[int] = set()
    for change in found.gained:
        text = change.text("+")
        twins = waiting.get((change.part, text))
        # A short sentence ("Yes.") may well be said twice.
        if twins and tokens.count_words(text) >= 4:
            twin = twins.pop(0)
            moved.add(id(twin))
            yield Change(change.part, "moved", (("=", text),), twin.old, change.new)
        else:
            yield change
    yield from (change for change in found.lost if id(change) not in moved)


def _sentences(found: _Found, old: str, new: str, at_old: int, at_new: int) -> None:
    """The changes within one paragraph, sentence by sentence."""
    before, after = tokens.sentences(old), tokens.sentences(new)
    for i, j in _aligned(before, after):
        if i is not None and j is not None:
            if before[i] != after[j]:
                found.done.append(Change("sentence", "changed", segments(before[i], after[j]), at_old, at_new))
        elif i is not None:
            found.remove("sentence", before[i], at_old, at_new)
        elif j is not None:
            found.add("sentence", after[j], at_old, at_new)


def _aligned(old: Sequence[str], new: Sequence[str]) -> list[tuple[int | None, int | None]]:
    """Pairs of places in two lists of texts, in order; None where a text has no counterpart.

    Equal ones first; what lies between them is paired by its words.
    """
    start, end = _common_ends(old, new)
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    pairs: list[tuple[int | None, int | None]] = [(n, n) for n in range(start)]
    if max(len(middle_old), len(middle_new)) > MAX_PARAGRAPHS:
        pairs += [(start + n, None) for n in range(len(middle_old))]
        pairs += [(None, start + n) for n in range(len(middle_new))]
    else:
        for op, a, b, c, d in difflib.SequenceMatcher(None, middle_old, middle_new, autojunk=False).get_opcodes():
            if op == "equal":
                pairs += [(start + a + n, start + c + n) for n in range(b - a)]
            else:
                pairs += _paired(old, new, range(start + a, start + b), range(start + c, start + d))
    return pairs + [(len(old) - n, len(new) - n) for n in range(end, 0, -1)]


def _common_ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many items are equal at the beginning, and how many of the others at the end."""
    shorter = min(len(old), len(new))
    start = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    end = next((n for n in range(shorter - start) if old[-1 - n] != new[-1 - n]), shorter - start)
    return start, end


def _paired(old: Sequence[str], new: Sequence[str], a: range, b: range) -> list[tuple[int | None, int | None]]:
    """Unequal texts paired in order by the words they share, so that the sum of likeness is greatest."""
    if len(a) * len(b) > 2_500:  # a rewritten text: pairing its parts would tell nothing
        return [*((i, None) for i in a), *((None, j) for j in b)]
    bags_old, bags_new = [_bag(old[i]) for i in a], [_bag(new[j]) for j in b]
    likeness = [[_likeness(x, y) for y in bags_new] for x in bags_old]
    # best[i][j]: the greatest sum of likeness between the rest of `a` from i and of `b` from j
    best = [[0.0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) - 1, -1, -1):
        for j in range(len(b) - 1, -1, -1):
            both = likeness[i][j] + best[i + 1][j + 1] if likeness[i][j] >= ALIKE else 0.0
            best[i][j] = max(both, best[i + 1][j], best[i][j + 1])
    pairs: list[tuple[int | None, int | None]] = []
    i = j = 0
    while i < len(a) and j < len(b):
        if likeness[i][j] >= ALIKE and best[i][j] == likeness[i][j] + best[i + 1][j + 1]:
            pairs.append((a[i], b[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            pairs.append((a[i], None))
            i += 1
        else:
            pairs.append((None, b[j]))
            j += 1
    return [*pairs, *((n, None) for n in a[i:]), *((None, n) for n in b[j:])]


def _bag(text: str) -> Counter[str]:
    return Counter(tokens.words(tokens.fold(text)))


def _likeness(a: Counter[str], b: Counter[str]) -> float:
    """Dice's coefficient of two bags of words."""
    total = a.total() + b.total()
    return 2 * (a & b).total() / total if total else 0.0


# ---------------------------------------------------------------------------------------------------------- words

#: A word, or one character of an unspaced script, or a run of spaces, or one other character.
_PIECE = re.compile(f"{tokens.WORD.pattern}|\\s+|.", re.DOTALL)


def segments(old: str, new: str) -> Segments:
    """The change from one text to another as (op, text), word by word; "-" stands before "+".

    Texts too long for that are one removal and one addition but for their common beginning and end.
    """
    a, b = _PIECE.findall(old), _PIECE.findall(new)
    start, end = _common_ends(a, b)
    out = [["=", "".join(a[:start])]]
    a_mid, b_mid = a[start : len(a) - end], b[start : len(b) - end]
    if len(a_mid) * len(b_mid) > MAX_CELLS:
        out += [["-", "".join(a_mid)], ["+", "".join(b_mid)]]
    else:
        for op, i, j, k, n in difflib.SequenceMatcher(None, a_mid, b_mid, autojunk=False).get_opcodes():
            if op == "equal":
                out.append(["=", "".join(a_mid[i:j])])
            else:
                out += [["-", "".join(a_mid[i:j])], ["+", "".join(b_mid[k:n])]]
    out.append(["=", "".join(a[len(a) - end :])])
    return _joined([one for one in out if one[1]])


def _joined(parts: list[list[str]]) -> Segments:
    """Neighbouring changes with nothing but spaces or points between them read better as one."""
    out: list[list[str]] = []
    removed = added = ""
    for n, (op, text) in enumerate(parts):
        if op == "-":
            removed += text
        elif op == "+":
            added += text
        elif (removed or added) and n + 1 < len(parts) and not tokens.WORD.search(text):
            removed, added = removed + text, added + text
        else:
            out += [["-", removed], ["+", added], ["=", text]]
            removed = added = ""
    out += [["-", removed], ["+", added]]
    return tuple((op, text) for op, text in out if text)


# --------------------------------------------------------------------------------------------- what stands out

_NUMBER = re.compile(r"\d+(?:[.,'’٬٫]\d+|[ \u00a0\u202f]\d{3}(?!\d))*(?:\s?[%٪％])?")
_QUOTED = re.compile(
    r"“([^”]+)”|„([^“”]+)[“”]|«\s*([^»]+?)\s*»|»([^«]+)«|「([^」]+)」|『([^』]+)』|\"([^\"]+)\"|‘([^’]{3,})’(?!\w)"
)


def _numbers(change: Change) -> Iterator[tuple[str, str]]:
    """Numbers that took each other's place within one changed line or sentence."""
    if change.what == "changed":
        old, new = _NUMBER.findall(change.text("-")), _NUMBER.findall(change.text("+"))
        old, new = [n.strip() for n in old], [n.strip() for n in new]
        for op, a, b, c, d in difflib.SequenceMatcher(None, old[:200], new[:200], autojunk=False).get_opcodes():
            if op == "replace":
                yield from zip(old[a:b], new[c:d], strict=False)


def _quotations(changes: Iterable[Change]) -> tuple[tuple[str, str], ...]:
    """Quotations of which the words were changed: alike, but not the same."""
    out: list[tuple[str, str]] = []
    for change in changes:
        if change.what == "changed":
            old, new = _quoted(change.text("-")), _quoted(change.text("+"))
            gone, come = [q for q in old if q not in new], [q for q in new if q not in old]
            for i, j in _paired(gone, come, range(len(gone)), range(len(come))):
                if i is not None and j is not None and _bag(gone[i]) != _bag(come[j]):
                    out.append((gone[i], come[j]))
    return tuple(out)


def _quoted(text: str) -> list[str]:
    return [next(part for part in match.groups() if part) for match in _QUOTED.finditer(text)]


@cache
def _phrases() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Phrases of correction notes, folded: those that tell anywhere, and those that tell at the beginning only."""
    by_place: dict[str, list[str]] = {"any": [], "start": []}
    for _, place, phrase in table("corrections"):
        by_place[place].append(re.escape(tokens.fold(phrase)))
    anywhere = re.compile(r"(?<!\w)(?:" + "|".join(by_place["any"]) + ")")
    start = re.compile(
        r"\W*(?:" + "|".join(by_place["start"]) + r")\s*(?:\([^)]{1,40}\)|\d[\d./ ]*)?\s*[:：—–\-.。】\])|]"
    )
    return anywhere, start


def _correction(change: Change) -> str | None:
    """The added words, if they are a note of correction."""
    if change.what not in ("added", "changed"):
        return None
    anywhere, start = _phrases()
    new, old = tokens.fold(change.text("+")), tokens.fold(change.text("-"))
    for phrase, find in ((anywhere, anywhere.search), (start, start.match)):
        find_old: Callable[[str], re.Match[str] | None] = phrase.search if phrase is anywhere else phrase.match
        if find(new) and not (change.what == "changed" and find_old(old)):
            return change.text("+")
    return None
