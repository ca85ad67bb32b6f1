"""doctor: whether this machine can crawl as it should: versions, limits, contact, disk, clock, catalogue, archive."""

from __future__ import annotations

import os
import platform
import shutil
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from archive import ArchiveError, Capture, Finding, checkup, extract, libraries, load_sites, open_executor
from crawler import settings
from crawler.places import places
from crawler.wire import Body

#: Bytes that should be free where the archive stands.
ROOM = 1 << 30
#: No clock that is right says less.
NO_EARLIER = datetime(2026, 1, 1, tzinfo=UTC)
#: "Foreign Desk" as brotli and zstd write it.
_SAMPLES = {
    "br": bytes.fromhex("1b0b00f825004a90426a1a93123e0d"),
    "zstd": bytes.fromhex("28b52ffd200c610000466f726569676e204465736b"),
}


def examine(
    archive: Path, named: str | None, contact: str | None, now: datetime, *, workers: bool = True
) -> list[Finding]:
    """Everything that can be looked at without a network. now: UTC; workers: start one, to see that it can."""
    checks: list[Callable[[], list[Finding]]] = [
        versions,
        libraries,
        codings,
        authorities,
        lambda: [contacted(contact)],
        proxies,
        lambda: [room(archive)],
        lambda: [clock(now)],
        lambda: [catalogue(named)],
        lambda: checkup(archive, now),
        *([worker] if workers else []),
    ]
    return [finding for check in checks for finding in check()]


def limits() -> dict[str, float]:
    """Every limit in force, by its setting's name."""
    named = {name: value for name, value in vars(settings).items() if name.isupper()}
    return {name: value for name, value in named.items() if type(value) in (int, float) and value}


def versions() -> list[Finding]:
    """Python, ourselves, and whether the libraries are those that we were made with."""
    found = [
        Finding("ok", "python", f"Python {platform.python_version()}, foreign-desk {metadata.version('foreign-desk')}")
    ]
    fitting = []
    for text in metadata.requires("foreign-desk") or []:
        need = Requirement(text)
        if need.marker is not None and not need.marker.evaluate({"extra": ""}):
            continue
        try:
            have = metadata.version(need.name)
        except metadata.PackageNotFoundError:
            have = ""
        if have and need.specifier.contains(have, prereleases=True):
            fitting.append(f"{need.name} {have}")
        else:
            sentence = f"{need.name} {have or 'is missing'}, but {need} is needed: install it again (pip install -e .)."
            found.append(Finding("fault", "libraries", sentence))
    return [*found, Finding("ok", "libraries", ", ".join(sorted(fitting)))]


def codings() -> list[Finding]:
    """Whether brotli and zstd decode: another package can hide brotli's module, and then every such answer is lost."""
    found = []
    for name, sample in _SAMPLES.items():
        try:
            body = Body([name], 1000)
            body.feed(sample)
            body.end()
            works = bytes(body.decoded) == b"Foreign Desk" and not body.error
        except Exception:  # noqa: BLE001 - whatever is wrong with it, it does not work
            works = False
        if works:
            found.append(Finding("ok", name, f"answers coded as {name} can be read"))
        else:
            hint = "uninstall brotlipy and install brotli" if name == "br" else "install zstandard again"
            found.append(Finding("fault", name, f"Answers coded as {name} cannot be read: {hint}."))
    return found


def authorities() -> list[Finding]:
    """Whether there are certificate authorities to verify with."""
    known = ssl.create_default_context().cert_store_stats()["x509_ca"]
    # Systems that keep one file a certificate load them as they are needed, and count none before.
    folder = ssl.get_default_verify_paths().capath
    if known or (folder and any(Path(folder).iterdir())):
        return [Finding("ok", "tls", f"{ssl.OPENSSL_VERSION}, {known or 'some'} authorities")]
    sentence = "There are no certificate authorities, so every https site will fail: install ca-certificates."
    return [Finding("fault", "tls", sentence)]


def contacted(contact: str | None) -> Finding:
    """Whether a site can write to somebody."""
    if contact:
        return Finding("ok", "contact", f"sites are told: {settings.user_agent(contact)}")
    sentence = "Nobody is named, so only this machine's own addresses can be crawled: export FOREIGNDESK_CONTACT=…"
    return Finding("note", "contact", sentence)


def proxies() -> list[Finding]:
    """What stands between us and the sites."""
    found = []
    if settings.PROXY:
        sentence = (
            f"All goes through {settings.PROXY}: which addresses may be reached is the proxy's duty now, not ours."
        )
        found.append(Finding("note", "proxy", sentence))
    ignored = sorted(
        {name.upper() for name in os.environ if name.lower() in ("http_proxy", "https_proxy", "all_proxy")}
    )
    if ignored:
        sentence = f"{', '.join(ignored)} is set and not used; a proxy is used where FOREIGNDESK_PROXY names it."
        found.append(Finding("note", "proxy", sentence))
    return found


def room(archive: Path) -> Finding:
    """Disk space and permissions where the archive stands."""
    folder = archive.resolve().parent
    if not folder.is_dir():
        return Finding("fault", "disk", f"{folder} is no folder: make it, or choose another place with --archive.")
    if not os.access(folder, os.W_OK) or (archive.exists() and not os.access(archive, os.W_OK)):
        return Finding("fault", "disk", f"{archive} cannot be written: check its permissions and those of {folder}.")
    free = shutil.disk_usage(folder).free
    sentence = f"{free / 1e9:.1f} GB are free in {folder}"
    if free < ROOM:
        return Finding("fault", "disk", f"Only {sentence}: make room, at least {ROOM / 1e9:.0f} GB.")
    return Finding("ok", "disk", sentence)


def clock(now: datetime) -> Finding:
    """Whether the clock can be right."""
    if now < NO_EARLIER:
        return Finding(
            "fault", "clock", f"This machine says that it is {now:%Y-%m-%d}: set its clock before you crawl."
        )
    return Finding("ok", "clock", f"{now:%Y-%m-%d %H:%M:%S} UTC")


def catalogue(named: str | None) -> Finding:
    """Whether every entry can be read."""
    try:
        sites = load_sites(*places(named))
    except ArchiveError as error:
        return Finding("fault", "catalogue", str(error))
    seeds = sum(bool(site.seeds()) for site in sites.values())
    return Finding("ok", "catalogue", f"{len(sites)} sites, {seeds} of them with sections, feeds or sitemaps")


def worker() -> list[Finding]:
    """Whether pages can be read in a process of their own, within its limits."""
    page = b"<html><head><title>Doctor</title></head><body><article><p>A page to be read.</p></article></body></html>"
    capture = Capture("http://doctor.test/", datetime.now(UTC), status=200, payload=page, content_type="text/html")
    try:
        with open_executor("processes:1", settings.WORKER_SECONDS, settings.WORKER_MEMORY) as executor:
            executor.submit(extract, capture).result(timeout=60)
    except Exception as error:  # noqa: BLE001 - whatever stops a worker, it is what is asked
        sentence = f"No page could be read in a worker process ({type(error).__name__}: {error})."
        return [Finding("fault", "workers", f"{sentence} Pages can be read with --executor serial, without limits.")]
    return [Finding("ok", "workers", f"{settings.WORKER_SECONDS:g} s and {settings.WORKER_MEMORY >> 20} MiB a page")]
