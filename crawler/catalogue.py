"""Catalogue: Scrapy's spider loader over the TOML entries, so that `scrapy list` and `scrapy crawl SITE` work.

Entries come from the shipped catalogue, then from `SITES` (files or folders, later ones win): the setting, else the
environment's FOREIGNDESK_SITES, else a folder `sites` where the command is run.
"""

from __future__ import annotations

import builtins
from importlib.metadata import entry_points
from typing import Any, Self

from scrapy import Request, Spider
from scrapy.settings import BaseSettings

from archive import Site, SiteError, host_of, load_sites
from crawler.addresses import allowed_addresses, own_hosts
from crawler.places import places
from crawler.spiders import SiteSpider

GROUP = "foreigndesk.spiders"


def spider_for(site: Site) -> type[SiteSpider]:
    """The spider class of one site: the generic one, or what the entry's `spider` names, driven by the entry.

    Raises SiteError where that names none.
    """
    base = _named(site) if site.spider else SiteSpider
    own = {"name": site.key, "site": site, "custom_settings": settings_of(site)}
    return type(f"{site.key.title()}Spider", (base,), own)


def settings_of(site: Site) -> dict[str, Any]:
    """The settings that an entry decides: its pace, the addresses that it names itself, and whom it trusts unseen."""
    return {
        "DOWNLOAD_DELAY": site.delay,
        "ALLOWED_ADDRESSES": allowed_addresses(site),
        "UNVERIFIED_HOSTS": own_hosts(site) if site.tls == "unverified" else [],
    }


def _named(site: Site) -> type[SiteSpider]:
    """The class behind an entry point that a site names."""
    known = {point.name: point for point in entry_points(group=GROUP)}
    if site.spider not in known:
        there = f"Installed are: {', '.join(sorted(known))}." if known else "None is installed."
        raise SiteError(
            f"{site.source or site.key}, [{site.key}] spider: no entry point {site.spider!r} in {GROUP}. {there}"
        )
    try:
        found = known[site.spider].load()
    except (ImportError, AttributeError) as error:
        raise SiteError(
            f"{site.source or site.key}, [{site.key}] spider: {site.spider!r} cannot be loaded: {error}."
        ) from None
    if not (isinstance(found, type) and issubclass(found, SiteSpider)):
        raise SiteError(
            f"{site.source or site.key}, [{site.key}] spider: {site.spider!r} is no subclass of SiteSpider."
        )
    return found


class Catalogue:
    """What Scrapy asks for spiders: one a site."""

    def __init__(self, sites: dict[str, Site]) -> None:
        self.sites = sites

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        """Load the catalogue that the settings name. Raises SiteError naming file, line and key."""
        given: Any = settings.get("SITES")
        return cls(given if isinstance(given, dict) else load_sites(*places(given)))

    def load(self, spider_name: str) -> type[Spider]:
        """The spider of a site. Raises KeyError, as Scrapy expects, where there is none."""
        if spider_name not in self.sites:
            raise KeyError(f"Spider not found: {spider_name}")
        return spider_for(self.sites[spider_name])

    def list(self) -> builtins.list[str]:
        """The names of all sites."""
        return builtins.list(self.sites)

    def find_by_request(self, request: Request) -> builtins.list[str]:
        """The sites whose home or seeds stand on the request's host."""
        host = host_of(request.url)
        return [
            key
            for key, site in self.sites.items()
            if host in {host_of(u) for u in (site.home, *(u for _, u in site.seeds()))}
        ]
