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
    """The tombstones of an archive as they stand now."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._names = set(connection.execute("SELECT kind, name FROM tombstones").fetchall())

    def __bool__(self) -> bool:
        return bool(self._names)

    def url(self, url: str) -> bool:
        """Whether a page was erased, or its domain."""
        if not self._names:
            return False
        return ("url", tombstone(url)) in self._names or any(
            ("domain", tombstone(domain)) in self._names for domain in domains(host_of(url).partition(":")[0])
        )

    def digest(self, digest: str) -> bool:
        """Whether a payload was erased."""
        return bool(self._names) and ("digest", tombstone(digest)) in self._names
