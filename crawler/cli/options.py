"""Options that several commands share, and what they stand for."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from archive import BadQuery, Site, pick

F = TypeVar("F", bound=Callable[..., Any])

contact_option = click.option(
    "--contact",
    envvar="FOREIGNDESK_CONTACT",
    help="Whom a site may write to: URL or mail address (also FOREIGNDESK_CONTACT).",
)
resolve_option = click.option(
    "--resolve",
    multiple=True,
    metavar="HOST:PORT=ADDRESS:PORT",
    help="Reach a host at this address instead of asking the DNS, as curl does (for tests, replays; repeatable).",
)
set_option = click.option(
    "--set",
    "limits",
    multiple=True,
    metavar="NAME=VALUE",
    help="Another value for a setting or limit of crawler/settings.py, as docs/trust.md lists them (repeatable).",
)
width_option = click.option(
    "--width",
    default=64,
    show_default=True,
    type=click.IntRange(min=1),
    help="So many sites at once, each at its own pace.",
)
delay_option = click.option(
    "--delay",
    type=click.FloatRange(min=0),
    help="Least seconds between requests to one host; overrides the entries.",
)

executor_option = click.option(
    "--executor",
    default="processes",
    show_default=True,
    help='Where pages are read: "processes" (one a core), "processes:N", "serial" or "dask://HOST:PORT".',
)


def selection_options(command: F) -> F:
    """--country, --language and --all: which sites of the catalogue are meant, beside those named."""
    for option in (
        click.option("--all", "everything", is_flag=True, help="Every outlet of the catalogue, or of the selection."),
        click.option("--language", multiple=True, help="Outlets in this language (ISO 639-1, such as ar; repeatable)."),
        click.option("--country", multiple=True, help="Outlets of this country (ISO 3166-1, such as FR; repeatable)."),
    ):
        command = option(command)
    return command


def selected(
    catalogue: Mapping[str, Site],
    names: tuple[str, ...],
    country: tuple[str, ...],
    language: tuple[str, ...],
    everything: bool,
) -> list[Site]:
    """The sites that names and selection options mean: all that are named, and all that meet every option given.

    Raises UnknownSite for a name that is none, BadQuery where nothing is named or nothing meets the options.
    """
    chosen = pick(catalogue, names)
    if country or language or everything:
        met = [site for site in catalogue.values() if meets(site, country, language)]
        if not met:
            raise BadQuery("No outlet of the catalogue meets the selection; `foreigndesk sites list` shows them all.")
        chosen += [site for site in met if site not in chosen and site.seeds()]
    if not chosen:
        raise BadQuery(
            "Name the sites, or select them with --country, --language or --all; `foreigndesk sites list` shows them."
        )
    return chosen


def meets(site: Site, country: tuple[str, ...], language: tuple[str, ...]) -> bool:
    """Whether a site is of one of the countries and in one of the languages; an empty tuple asks for nothing."""
    return (not country or site.country.upper() in {one.upper() for one in country}) and (
        not language or site.language.lower() in {one.lower() for one in language}
    )


def settled(limits: tuple[str, ...]) -> dict[str, Any]:
    """The settings that --set options name. Raises BadQuery for one that there is not, or a number that is none."""
    from crawler import settings as defaults  # which imports the crawler: commands that fetch nothing need none of it

    known = {name: value for name, value in vars(defaults).items() if name.isupper() and not callable(value)}
    found: dict[str, Any] = {}
    for pair in limits:
        name, sign, value = pair.partition("=")
        if not sign or name not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1)
            hint = f" Did you mean {near[0]}?" if near else " docs/trust.md lists them."
            raise BadQuery(f"{pair!r} sets nothing: write NAME=VALUE, such as DOWNLOAD_TIMEOUT=10.{hint}")
        if isinstance(known[name], int | float) and not isinstance(known[name], bool):
            try:
                number = float(value)
            except ValueError:
                raise BadQuery(f"{name} is a number, and {value!r} is none.") from None
            found[name] = int(number) if isinstance(known[name], int) else number
        else:
            found[name] = value
    return found


def paced(delay: float | None) -> dict[str, Any]:
    """The setting that --delay stands for; none where the entries decide."""
    return {} if delay is None else {"DOWNLOAD_DELAY": delay}


def mapping(pairs: tuple[str, ...]) -> dict[str, str]:
    """The mapping that --resolve options name. Raises BadQuery for one that names none."""
    found = {}
    for pair in pairs:
        name, sign, address = pair.partition("=")
        if not sign or ":" not in name or not address.rpartition(":")[2].isdigit():
            raise BadQuery(
                f"{pair!r} maps nothing: write HOST:PORT=ADDRESS:PORT, such as www.example.org:80=127.0.0.1:8000."
            )
        found[name.lower()] = address
    return found
