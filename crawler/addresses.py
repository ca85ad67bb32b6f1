"""Which hosts may be visited, and on whose word: bare addresses of an entry, and the operator's contact."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from archive import ArchiveError, Site, host_of

_CONTACT = re.compile(r"(https?://[^\s/]+\S*|(mailto:)?[^\s@]+@[^\s@]+)")


def allowed_addresses(site: Site) -> list[str]:
    """The exact address:port pairs that a site's entry itself names as bare addresses or as localhost.

    Who writes `http://127.0.0.1:8000/` into an entry means it; what a page or a redirect names is never allowed.
    """
    allowed = []
    for host, port in _endpoints(site):
        if host == "localhost":
            allowed += [f"127.0.0.1:{port}", f"[::1]:{port}"]
        with suppress(ValueError):
            address = ipaddress.ip_address(host)
            allowed.append(f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}")
    return sorted(set(allowed))


def own_hosts(site: Site) -> list[str]:
    """The hosts of a site's home and seeds, as in `host_of(url)`."""
    return sorted({host_of(url) for url in (site.home, *(url for _, url in site.seeds()))})


def is_loopback(site: Site, resolve: Mapping[str, str]) -> bool:
    """Whether every seed of a site stays on this machine. resolve: as in the setting RESOLVE."""
    return all(_is_local(host, port, resolve) for host, port in _endpoints(site))


def require_contact(site: Site, contact: str | None, resolve: Mapping[str, str]) -> None:
    """Raises ArchiveError with the line to write, where a site abroad is to be visited by nobody in particular.

    Or by somebody to whom nobody could write: a contact is a mail address or a URL.
    """
    if contact and not _CONTACT.fullmatch(contact.strip()):
        raise ArchiveError(
            f"Nobody can write to {contact!r}: give a mail address or a URL, such as you@your-project.example."
        )
    if not contact and not is_loopback(site, resolve):
        raise ArchiveError(
            f"Before {site.key} is visited, say who is asking: sites want to know whom to write to. Set it once with\n"
            '    export FOREIGNDESK_CONTACT="https://your-project.example or you@your-project.example"\n'
            "or give --contact with this command."
        )


def _endpoints(site: Site) -> list[tuple[str, int]]:
    urls = (site.home, *(url for _, url in site.seeds()))
    parts = [urlsplit(url) for url in urls]
    return [(p.hostname or "", p.port or {"http": 80, "https": 443}[p.scheme]) for p in parts]


def _is_local(host: str, port: int, resolve: Mapping[str, str]) -> bool:
    mapped = resolve.get(f"{host}:{port}")
    host = mapped.rpartition(":")[0].strip("[]") if mapped else host
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
