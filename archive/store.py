"""Archive: the one SQLite file, with everything that can be kept in it and asked of it."""

from __future__ import annotations

from archive.ledger import Ledger
from archive.opinions import Opinions
from archive.questions import Questions


class Archive(Opinions, Questions, Ledger):
    """One archive file. Use as a context manager; `Archive.open` makes the file where there is none, `read` only looks.

    Facts in: `know`, `store`. Opinions in: `record`. Payloads out: `payload`. The ledger: `claim`, `finish`, `lose`,
    `runs`. Questions: the rest. Each stands in the room of its name.
    """
