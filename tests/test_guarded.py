"""No further than is allowed: certificates, reservations, proxies, and names that lead inside."""

from __future__ import annotations

import datetime as dates
import hashlib
import itertools
import json
import socket
import ssl
import threading
import time
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from crawler import download
from crawler.cli.visit import visit_once
from tests.conftest import SHORT, rows, visit
from tests.hostile import STORY, Hostile, moved, page
from tests.small_sites import Answer, H, captured, pages, section_of, site


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server's context for the host, and the file that would make its certificate trusted."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, H)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(dates.datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(dates.datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(H)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context, folder / "cert.pem"


def secure(**more: Any) -> Any:
    entry = site(H, f"https://{H}/world", **more)
    return type(entry)(**{**{f: getattr(entry, f) for f in entry.__slots__}, "home": f"https://{H}/"})


def test_certificates_are_verified(
    tmp_path: Path, certificates: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown certificate is a row `tls`; a known one, and an entry's exception, are recorded in each capture."""
    context, authority = certificates
    extra: dict[tuple[str, str], Answer] = {
        **pages("a"),
        (H, "/b"): moved("https://two.test/c"),
        ("two.test", "/c"): page(STORY),
    }
    download._context.cache_clear()
    with Hostile(extra, tls=context) as hostile:
        visit(tmp_path / "strict.db", [secure()], hostile.resolve)
        visit(tmp_path / "lax.db", [secure(tls="unverified")], hostile.resolve)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        download._context.cache_clear()
        visit(tmp_path / "known.db", [secure()], hostile.resolve)
    strict = rows(tmp_path / "strict.db", "SELECT DISTINCT error, status FROM captures")
    assert strict == [{"error": "tls", "status": None}]
    for name, verified in (("lax", False), ("known", True)):
        told = [
            json.loads(row["tls"])
            for row in rows(tmp_path / f"{name}.db", "SELECT tls FROM captures WHERE tls IS NOT NULL")
        ]
        assert len(told) == 4  # robots.txt, the section, a, b
        assert {one["verified"] for one in told} == {verified}
        assert all(one["protocol"] == "TLSv1.3" and one["certificate"].startswith("sha256:") for one in told)
        # The exception is the entry's hosts' own: where a redirect leads, certificates count.
        assert rows(tmp_path / f"{name}.db", "SELECT DISTINCT error FROM captures WHERE url LIKE '%two.test%'") == [
            {"error": "tls"}
        ]


def test_pages_that_ask_not_to_be_kept_are_not(tmp_path: Path) -> None:
    """The visit is recorded, no body kept; with `ignore` it is, and the wish is noted."""
    tag = STORY.replace(b"<head>", b'<head><meta name="robots" content="noarchive">')
    extra: dict[tuple[str, str], Answer] = {
        (H, "/head"): page(STORY, "X-Robots-Tag: noarchive"),
        (H, "/meta"): page(tag),
        (H, "/tdm"): page(STORY, "tdm-reservation: 1"),
        (H, "/gone"): page(tag, status="404 Not Found"),
        (H, "/open"): page(STORY, "X-Robots-Tag: nosnippet"),
    }
    with Hostile(extra) as hostile:
        run = visit(tmp_path / "honour.db", [site(H)], hostile.resolve)["one"]
        visit(tmp_path / "ignore.db", [site(H, reservations="ignore")], hostile.resolve)
    kept = captured(tmp_path / "honour.db", "status", "error", "digest", "reserved")
    assert {name: row[:3] for name, row in kept.items() if name != "open"} == {
        "head": (200, "reserved", None),
        "meta": (200, "reserved", None),
        "tdm": (200, "reserved", None),
        "gone": (404, "reserved", None),
    }
    assert kept["open"][1] is None
    assert {name: row[3] for name, row in kept.items()} == {
        "head": "noarchive",
        "meta": "noarchive",
        "tdm": "tdm-reservation",
        "gone": "noarchive",
        "open": "nosnippet",
    }
    assert run.funnel["refused"] == 4
    for body in (STORY, tag):
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        held = rows(tmp_path / "honour.db", "SELECT digest FROM snapshots WHERE digest = ?", digest)
        assert len(held) == (body == STORY)  # /open keeps it, the others did not
    assert len(rows(tmp_path / "ignore.db", "SELECT url FROM articles")) == 4


def test_a_list_that_is_not_kept_is_still_read(tmp_path: Path) -> None:
    world = section_of(["a", "b"])
    extra = {
        (H, "/world"): world.replace(b"\r\nContent-Length", b"\r\nX-Robots-Tag: noarchive\r\nContent-Length"),
        **pages("a", "b"),
    }
    with Hostile(extra) as hostile:
        visit(tmp_path / "a.db", [site(H)], hostile.resolve)
    assert set(captured(tmp_path / "a.db", "error")) == {"a", "b"}
    assert rows(tmp_path / "a.db", "SELECT digest, error FROM captures WHERE url LIKE '%/world'") == [
        {"digest": None, "error": "reserved"}
    ]


def test_proxies_only_where_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY of the environment is not used; PROXY is."""
    with Hostile(pages("a")) as hostile, Hostile() as other:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{other.port}")
        visit(tmp_path / "a.db", [site(H)], hostile.resolve)
        assert other.log == []
        visit(tmp_path / "b.db", [site(H)], hostile.resolve, PROXY=f"http://127.0.0.1:{other.port}")
        assert {one.path for one in other.log} >= {f"http://{H}/robots.txt"}


def test_a_name_that_leads_inside_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the DNS says, and however often it changes its mind: a private address is not connected to."""
    answers = itertools.cycle(["127.0.0.1", "10.1.2.3", "169.254.169.254"])
    asked: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *more: Any) -> Any:
        if not host.endswith(".test"):
            return real(host, port, *more)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with Hostile({(H, "/x"): moved("http://inner.test:1/")}) as hostile:
        led = moved(f"http://inner.test:{hostile.canary}/secret")
        hostile.extra |= {(H, f"/{n}"): led for n in range(3)}
        visit(tmp_path / "a.db", [site(H)], hostile.resolve)
        assert hostile.canary_hits == []
    assert "inner.test" in asked
    kept = rows(tmp_path / "a.db", "SELECT DISTINCT error FROM captures WHERE url LIKE 'http://inner.test%'")
    assert kept == [{"error": "address_refused"}]


def test_a_name_server_that_hangs_holds_up_one_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: released.wait(30) and [])
    lost = site("lost.test")
    with Hostile(pages("a", "b")) as hostile:
        began = time.monotonic()
        runs = visit_abroad(tmp_path / "a.db", [site(H), lost], hostile.resolve)
        assert time.monotonic() - began < 15
    released.set()
    assert (runs["one"].state, runs["lost"].state) == ("done", "failed")
    assert runs["lost"].reasons == {"robots_unreachable": 1}


def visit_abroad(path: Path, sites: list[Any], resolve: dict[str, str]) -> dict[str, Any]:
    found = visit_once(
        sites, path, contact="me@example.org", resolve=resolve, executor="serial", quiet=True, overrides=SHORT
    )
    return {run.site: run for run in found}
