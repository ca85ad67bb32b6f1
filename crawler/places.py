"""Where entries of sites are read: the shipped catalogue, then the user's own files, later ones winning."""

from __future__ import annotations

import os
from pathlib import Path

SHIPPED = Path(__file__).with_name("sites")


def places(named: str | None = None) -> list[Path]:
    """Where entries are read: the shipped folder first, then the user's own. `named` is split as PATH is."""
    named = named or os.environ.get("FOREIGNDESK_SITES")
    own = (
        [Path(one) for one in named.split(os.pathsep) if one]
        if named
        else [Path("sites")]
        if Path("sites").is_dir()
        else []
    )
    return [SHIPPED, *own]
