"""Filling: how rows of bodies come to lie on the file's pages, so that they can be cut where a page ends.

A row that is longer than a page keeps a rest of it on a leaf and the remainder on pages of its own
(https://sqlite.org/fileformat.html §1.6). Rows are appended; a leaf without room for the next rest stays as it is, a
third of it empty on average, and of bodies of one site, alike in length, often more. A body may therefore lie in two
rows, the first as long as the room that is left. Nothing depends on the sums here but how small the file is.
"""

from __future__ import annotations

PAGE = 4096
LEAF = PAGE - 8  # bytes of a leaf without its header
SMALLEST = 200  # room that is not worth another row
_MOST, _LEAST = PAGE - 35, (PAGE - 12) * 32 // 255 - 23  # of a row: that may, and that must lie on the leaf


def row(values: int, blob: int) -> int:
    """The length of a row: its other values with their header bytes, its blob with its own."""
    return values + blob + _varint(2 * blob + 12)


def on_leaf(length: int, rowid: int) -> int:
    """How many bytes of a leaf a row takes, its pointer counted."""
    kept = length
    if length > _MOST:
        rest = _LEAST + (length - _LEAST) % (PAGE - 4)
        kept = (rest if rest <= _MOST else _LEAST) + 4
    return kept + _varint(length) + _varint(rowid) + 2


def after(room: int, length: int, rowid: int) -> int:
    """The room on the last leaf once a row is appended, given the room before it."""
    taken = on_leaf(length, rowid)
    return (room if taken <= room else LEAF) - taken


def first_part(room: int, values: int, blob: int, rowid: int) -> int:
    """How many bytes of a blob to put into a first row, so that it fills the room on the leaf; 0: leave it whole."""
    if room < SMALLEST or on_leaf(row(values, blob), rowid) <= room:
        return 0
    part = room - 2 - _varint(rowid) - 2 - values - 3
    return part if 0 < part < blob and on_leaf(row(values, part), rowid) <= room else 0


def _varint(value: int) -> int:
    return max(1, -(-value.bit_length() // 7))
