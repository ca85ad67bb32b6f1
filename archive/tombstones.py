"""Tombstones: what was erased and must not come back. They hold digests of addresses, never the addresses."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator

from archive.urls import host_of


def tombstone(text: str) -> str:
    """The name under which a tombstone keeps a URL, domain or digest: its SHA-256, as 64 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def domains(host: str) -> Iterator[str]:
    """A host and every domain above it: news.example.org, example.org, org."""
    while host:
        yield host
        host = host.partition(".")[2]


class Tombstones:
    """The tombstones of an archive. Where there are none, asking costs nothing."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._any = connection.execute("SELECT 1 FROM tombstones LIMIT 1").fetchone() is not None

    def __bool__(self) -> bool:
        return self._any

    def url(self, url: str) -> bool:
        """Whether a page was erased, or its domain."""
        return self._any and (
            self._held("url", url) or any(self._held("domain", one) for one in domains(host_of(url).partition(":")[0]))
        )

    def digest(self, digest: str) -> bool:
        """Whether a payload was erased."""
        return self._any and self._held("digest", digest)

    def _held(self, kind: str, text: str) -> bool:
        found = self._connection.execute(
            "SELECT 1 FROM tombstones WHERE kind = ? AND name = ?", (kind, tombstone(text))
        ).fetchone()
        return found is not None
