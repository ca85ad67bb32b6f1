"""Commands about the catalogue: discover what a site offers; sites add, check, list, show, path."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import sys
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from archive import BadQuery, Site, clean_url, host_of, load_sites, open_executor, pick
from crawler.cli.options import (
    contact_option,
    delay_option,
    mapping,
    meets,
    paced,
    resolve_option,
    selected,
    selection_options,
    width_option,
)
from crawler.cli.show import clean, sites_option, write_rows
from crawler.places import places

if TYPE_CHECKING:  # imported by the commands that have a network: `sites list` must be quick
    from crawler.checking import Checked
    from crawler.discovery import Discovery
    from crawler.errands import Errand
    from crawler.preview import Preview

T = TypeVar("T")
MAX_FILE = 64 << 20  # bytes read of a page that `discover` is given as a file


@click.command("discover")
@click.argument("where", metavar="URL|FILE")
@click.option("--url", help="The URL that a FILE had; its relative links are resolved against it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@contact_option
@resolve_option
@delay_option
def discover_(
    where: str, url: str | None, as_json: bool, contact: str | None, resolve: tuple[str, ...], delay: float | None
) -> None:
    """Find a site's international section, its feeds and its news sitemaps, with the evidence for each.

    \b
    foreigndesk discover https://www.example.org/ --contact you@example.org
    foreigndesk discover page.html --url https://www.example.org/ --json

    From a URL everything named is asked for first, under robots.txt and at the usual pace; nothing is kept. A FILE
    (.html, .html.gz) needs no network: what the page itself names is told, and nothing is guessed. Exit code: 0 the
    page was read, whatever it leads to, 1 it could not be, 2 the command cannot be carried out as written.
    """
    if where.startswith(("http://", "https://")):
        from crawler.discovery import discover

        found = _errand(where, discover, contact, resolve, delay)
    else:
        from crawler.discovery import of_page

        address = clean_url(url or "http://page.invalid/")
        if address is None:
            raise BadQuery(f"{url!r} is no http or https URL: write it as https://www.example.org/.")
        with open_executor("processes:1") as workers:
            # A page of unknown origin: in a worker that can be stopped.
            found = workers.submit(of_page, _bytes(Path(where)), address).result()
    if as_json:
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False))
    else:
        _show_discovery(found)
    if found.problem:
        click.echo(f"Nothing could be found out: {clean(found.detail or found.problem)}", err=True)
        sys.exit(1)


def _errand(
    url: str,
    work: Callable[[Errand, str], Awaitable[T]],
    contact: str | None,
    resolve: tuple[str, ...],
    delay: float | None,
) -> T:
    """Run an errand to the site of a URL."""
    from crawler.errands import run_errand
    from crawler.run import crawl_settings

    address = clean_url(url)
    if address is None:
        raise BadQuery(f"{url!r} is no http or https URL: write it as https://www.example.org/.")
    site = Site(host_of(address), home=address)
    settings = crawl_settings(
        Path(os.devnull), [site], contact=contact, resolve=mapping(resolve), overrides=paced(delay)
    )
    site = site if delay is None else replace(site, delay=delay)
    _quieten()
    with open_executor("processes:1") as workers:
        return asyncio.run(run_errand(settings, site, workers, lambda to: work(to, address)))


def _quieten() -> None:
    from crawler.cli.visit import quieten

    quieten()


def _bytes(path: Path) -> bytes:
    """A page kept as a file, gunzipped. Raises BadQuery where it cannot be read."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            data: bytes = file.read(MAX_FILE)
            return data
    except (OSError, EOFError, zlib.error) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is no whole gzip file"
        raise BadQuery(f"{path} cannot be read: {why}.") from None


def _show_discovery(found: Discovery) -> None:
    """A discovery for people."""
    groups = (
        ("section", [one for one in found.sections if one.kind == "main"]),
        ("also near", [one for one in found.sections if one.kind == "other"]),
        ("region", [one for one in found.sections if one.kind == "region"]),
        ("feed", list(found.feeds)),
        ("sitemap", list(found.sitemaps)),
    )
    for name, some in groups:
        for one in some:
            click.echo(f"{name:<10} {clean(one.url)}" + (f"  “{clean(one.label)}”" if one.label else ""))
            click.echo(f"{'':<10}   {clean('; '.join(one.evidence))}")
    for name, missing in (("section", not found.section), ("feed", not found.feeds), ("sitemap", not found.sitemaps)):
        if missing:
            click.echo(f"{name:<10} none")


@click.group()
def sites() -> None:
    """The catalogue of outlets: add one, check whether entries still work, list and show them."""


@sites.command("list")
@sites_option
@click.option("--country", multiple=True, help="Only outlets of this country (ISO 3166-1, such as FR; repeatable).")
@click.option("--language", multiple=True, help="Only outlets in this language (ISO 639-1, such as ar; repeatable).")
@click.option("--installed", is_flag=True, help="Only entries of your own, not the shipped ones.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(
    places_named: str | None, country: tuple[str, ...], language: tuple[str, ...], installed: bool, as_json: bool
) -> None:
    """Name every outlet of the catalogue, with how far its entry can be trusted."""
    named = places(places_named)
    known = load_sites(*(named[1:] if installed else named))
    found = [site for site in known.values() if meets(site, country, language)]
    columns = ("site", "country", "language", "seeds", "trust", "last_seen", "home", "name")
    rows = [(s.key, s.country, s.language, len(s.seeds()), s.trust, s.last_seen, s.home, s.name) for s in found]
    if as_json:
        write_rows(sys.stdout, "nl", columns, rows)
    elif rows:
        _aligned(columns, rows)
    if not found:
        click.echo("No outlet matches.", err=True)
        sys.exit(1)


def _aligned(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Rows in columns, one a line however long, at once for hundreds of them; the last column may be of any script."""
    texts = [columns, *([clean(str(value)) for value in row] for row in rows)]
    widths = [max(len(row[n]) for row in texts) for n in range(len(columns) - 1)]
    click.echo(
        "\n".join("  ".join([*(f"{row[n]:<{w}}" for n, w in enumerate(widths)), row[-1]]).rstrip() for row in texts)
    )


@sites.command("show")
@click.argument("name", metavar="SITE")
@sites_option
@click.option("--json", "as_json", is_flag=True, help="The entry as one JSON object.")
def show_(name: str, places_named: str | None, as_json: bool) -> None:
    """Show one entry as it is understood, with the file it stands in."""
    site = pick(load_sites(*places(places_named)), [name])[0]
    if as_json:
        click.echo(site.entry())
        return
    click.echo(f"[{site.key}]    # {site.source}")
    for key, value in json.loads(site.entry()).items():
        if key != "key" and value not in ("", []):
            click.echo(f"{key} = {json.dumps(value, ensure_ascii=False)}")


@sites.command("path")
@sites_option
def path_(places_named: str | None) -> None:
    """Print where entries are read, the shipped folder first; later places win."""
    for place in places(places_named):
        click.echo(place)


@sites.command("add")
@click.argument("url", metavar="URL")
@click.option("--key", help="The entry's name. Default: from the host name.")
@click.option("--name", help="The outlet's name. Default: as the page gives it.")
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
@sites_option
@contact_option
@resolve_option
@delay_option
def add_(
    url: str,
    key: str | None,
    name: str | None,
    dry_run: bool,
    places_named: str | None,
    contact: str | None,
    resolve: tuple[str, ...],
    delay: float | None,
) -> None:
    """Make an entry for a site from any URL of it: look, show a preview, then write a short TOML file.

    \b
    foreigndesk sites add https://www.example.org/ --contact you@example.org
    foreigndesk sites add https://www.example.org/world --key example --sites my-sites

    The section, its feeds and news sitemaps are found, a few articles are fetched and read, and the preview says what
    will be crawled. Where that would not work the reason is told and nothing is written. Exit code: 0 written (or
    shown), 1 refused with the reason, 2 the command cannot be carried out as written.
    """
    from crawler.preview import entry_of, key_of, preview

    address = clean_url(url)
    if address is None:
        raise BadQuery(f"{url!r} is no http or https URL: write it as https://www.example.org/.")
    key = key or key_of(address)
    target = _target(places_named, key)
    known = load_sites(*(place for place in places(places_named) if place.exists()))
    if key in known:
        raise BadQuery(f"There is an entry {key} already ({known[key].source}): choose another name with --key.")
    seen = _errand(address, preview, contact, resolve, delay)
    if name:
        seen = replace(seen, found=replace(seen.found, title=name))
    _show_preview(seen)
    if seen.refusal:
        click.echo(f"\nRefused: {clean(seen.refusal)}")
        sys.exit(1)
    entry = entry_of(seen, key, datetime.now(UTC).date())
    click.echo(f"\n{entry}", nl=False)
    if dry_run:
        click.echo("\nNothing was written.")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    before = target.read_text(encoding="utf-8").rstrip("\n") + "\n\n" if target.exists() else ""
    target.write_text(before + entry, encoding="utf-8")
    load_sites(target)  # what we wrote, we can read
    click.echo(f"\nWritten to {target}. Try it: foreigndesk crawl {key}")


def _target(places_named: str | None, key: str) -> Path:
    """The file that an entry is written into: a file named by --sites, else KEY.toml in the user's own folder."""
    own = places(places_named)[1:]
    place = own[-1] if own else Path("sites")
    return place if place.suffix == ".toml" else place / f"{key}.toml"


def _show_preview(seen: Preview) -> None:
    """The preview: lists, pattern, robots verdict, samples with their boxes of links."""
    found = seen.found
    _show_discovery(found)
    click.echo(f"{'robots':<10} robots.txt: {found.robots} ({found.asked} pages were asked for)")
    click.echo(f"{'articles':<10} {len(found.links)} listed now; pattern: {seen.pattern or 'none, judged by shape'}")
    rows = []
    for sample in seen.samples:
        boxes = sorted({link.kind for link in sample.links if link.kind != "front"})
        counted = [f"{kind} {sum(link.kind == kind for link in sample.links)}" for kind in boxes]
        words = len((sample.text or "").split())
        rows.append((sample.title or sample.problem, sample.published, sample.language, words, ", ".join(counted)))
    if rows:
        write_rows(sys.stdout, "table", ("sample", "published", "language", "words", "boxes"), rows)


@sites.command("check")
@click.argument("names", nargs=-1, metavar="[SITE...]")
@selection_options
@sites_option
@contact_option
@resolve_option
@delay_option
@width_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a site and line.")
def check_(
    names: tuple[str, ...],
    country: tuple[str, ...],
    language: tuple[str, ...],
    everything: bool,
    places_named: str | None,
    contact: str | None,
    resolve: tuple[str, ...],
    delay: float | None,
    width: int,
    as_json: bool,
) -> None:
    """Ask each seed of entries once: does it still list articles? Nothing is kept. Without SITE: entries of your own.

    \b
    foreigndesk sites check lemonde --contact you@example.org
    foreigndesk sites check --country FR || mail -s "a seed went silent" you@example.org

    Exit code for cron: 0 every seed works, 1 some seed is silent, moved away, refused or failed.
    """
    named = places(places_named)
    catalogue = load_sites(*named)
    if names or country or language or everything:
        chosen = selected(catalogue, names, country, language, everything)
    else:
        chosen = list(load_sites(*named[1:]).values())
    if not chosen:
        raise BadQuery("Name the sites to check, or select them with --country, --language or --all.")
    found = _check_all(chosen, contact, resolve, delay, width)
    for one in found:
        if as_json:
            click.echo(json.dumps(one.as_dict(), ensure_ascii=False))
            continue
        for seed in one.seeds or ():
            line = f"{one.site:<18} {seed.state:<10} {seed.kind:<8} {seed.articles:>5}  {clean(seed.url)}"
            click.echo(line + (f"  {clean(seed.detail)}" if seed.detail else ""))
        if not one.seeds:
            click.echo(f"{one.site:<18} {'no seeds':<10} the entry names no section, feed or sitemap")
    sys.exit(0 if all(one.works for one in found) else 1)


def _check_all(
    chosen: list[Site], contact: str | None, resolve: tuple[str, ...], delay: float | None, width: int
) -> list[Checked]:
    """Check sites at the same time, each at its own pace; one's failure touches no other."""
    from crawler.checking import Checked, Seed, check
    from crawler.errands import run_errand
    from crawler.run import crawl_settings

    overrides = paced(delay)
    settings = crawl_settings(Path(os.devnull), chosen, contact=contact, resolve=mapping(resolve), overrides=overrides)
    _quieten()

    async def all_of_them(workers: Any) -> list[Checked]:
        places_left = asyncio.Semaphore(width)

        async def one(site: Site) -> Checked:
            site = site if delay is None else replace(site, delay=delay)
            async with places_left:
                try:
                    return await run_errand(settings, site, workers, lambda to: check(to, site))
                except Exception as error:  # noqa: BLE001 - one site's fault is its own
                    seeds = tuple(Seed(kind, url, "failed", 0, str(error)) for kind, url in site.seeds())
                    return Checked(site.key, site.trust, seeds)

        return list(await asyncio.gather(*(one(site) for site in chosen)))

    with open_executor("processes") as workers:
        return asyncio.run(all_of_them(workers))
