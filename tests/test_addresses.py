"""Whom we connect to: public addresses, and the exact pairs that an entry itself names."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest

from archive import ArchiveError, Site
from crawler.addresses import allowed_addresses, require_contact
from crawler.download import guard, is_public
from crawler.failures import AddressRefused

PRIVATE = """
127.0.0.1 127.8.9.1 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1
192.0.2.1 198.51.100.7 203.0.113.9 198.18.0.1 224.0.0.1 239.1.2.3 240.0.0.1 255.255.255.255
:: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 ::7f00:1 fe80::1 fc00::1 fd12:3456::1
fec0::1 ff02::1 100::1 2001:db8::1 2002:7f00:1:: 2002:a00:1:: 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1
2001:0:7f00:1::
""".split()  # noqa: SIM905 - a table is read more easily
PUBLIC = """
8.8.8.8 93.184.216.34 1.1.1.1 2606:4700::1111 2a00:1450::1 ::ffff:8.8.8.8 2002:808:808:: 64:ff9b::808:808
""".split()  # noqa: SIM905


@pytest.mark.parametrize("address", PRIVATE)
def test_private(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def info(address: str, port: int) -> Any:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return (family, socket.SOCK_STREAM, 0, "", (address, port))


def test_the_guard_lets_through_only_exact_pairs() -> None:
    make = guard(frozenset({"127.0.0.1:8000", "[::1]:8000"}))
    for address, port in (("127.0.0.1", 8000), ("::1", 8000), ("::ffff:127.0.0.1", 8000), ("8.8.8.8", 443)):
        make(info(address, port)).close()
    for address, port in (("127.0.0.1", 8001), ("127.0.0.2", 8000), ("::1", 80), ("fe80::1%lo", 8000)):
        with pytest.raises(AddressRefused):
            make(info(address, port))


def test_an_entry_allows_what_it_names() -> None:
    site = Site("here", home="http://127.0.0.1:8000/", sections=("http://localhost:8001/world", "http://[::1]/x"))
    assert allowed_addresses(site) == ["127.0.0.1:8000", "127.0.0.1:8001", "[::1]:80", "[::1]:8001"]


def test_a_contact_is_asked_for_abroad_only() -> None:
    abroad = Site("abroad", home="https://www.example.org/", sections=("https://www.example.org/world",))
    require_contact(abroad, "me@example.org", {})
    require_contact(Site("here", home="http://127.0.0.1:8000/"), None, {})
    require_contact(abroad, None, {"www.example.org:443": "127.0.0.1:8443"})
    with pytest.raises(ArchiveError, match="export FOREIGNDESK_CONTACT="):
        require_contact(abroad, None, {})
