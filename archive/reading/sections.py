"""section(page, blocks): the section that an article stands in, as the page shows it: a breadcrumb trail or a label.

Where the page shows none, what JSON-LD and meta tags say of it; never guessed from the URL alone.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from itertools import islice
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml.html import HtmlElement

from archive.lines import key_of
from archive.reading.blocks import FOOTER, Block, Place, like, width
from archive.reading.headlines import Note
from archive.reading.pages import Page, kinds, strings, text_of
from archive.urls import clean_url

MAX_LABEL = 60  # characters of a section's name
#: Attributes in which a breadcrumb says that it is one.
_NAMING = ("class", "id", "aria-label", "itemtype", "data-testid")
_TRAIL = re.compile(
    r"bread-?_?crumbs?|(?:^|[^a-z])(?:crumbs?|brotkrumen?|fil-?d-?ariane|migas?|rastro)(?:$|[^a-z])", re.IGNORECASE
)
_LABEL = re.compile(
    r"(?:^|[^a-z])(?:section|rubri\w*|categor\w*|kicker|eyebrow|overline|ressort|label|topic|seccion|sezione|cat|channel|genre|"
    r"tag|departement|department)(?:$|[^a-z])",
    re.IGNORECASE,
)
_ARROWS = re.compile(r"\s*[›»>→/|·•»〉＞]+\s*")
_NEAR = 6  # blocks before the headline in which a label is looked for


def section(page: Page, found: Sequence[Block], titles: Sequence[str]) -> tuple[str | None, Note]:
    """The section's name, steps of a trail joined by " > " without the home page, and where it stood."""
    if steps := _shown_trail(page, found, titles):
        return " > ".join(steps), {"from": "visible", "by": "breadcrumb"}
    claimed = claims(page)
    if label := _label(page, found, titles, [key_of(text) for _, text in claimed]):
        return label, {"from": "visible", "by": "label"}
    if steps := _said_trail(page, titles):
        return " > ".join(steps), {"from": "jsonld", "by": "breadcrumb"}
    for source, text in claimed:
        return text, {"from": source}
    return None, {}


def claims(page: Page) -> list[tuple[str, str]]:
    """What JSON-LD and meta tags call the section."""
    said = [("jsonld", html.unescape(text)) for text in strings(page.thing.get("articleSection"))]
    names = (
        "article:section",
        "og:article:section",
        "parsely-section",
        "section",
        "cxenseparse:section",
        "dc.subject.section",
    )
    said += [("meta", text) for name in names for text in page.metas.get(name, [])[:1]]
    return [(source, text) for source, text in said if 1 < len(text) <= MAX_LABEL]


# -- trails --------------------------------------------------------------------------------------------------------


def _shown_trail(page: Page, found: Sequence[Block], titles: Sequence[str]) -> list[str]:
    """The steps of the page's breadcrumb, from the home page's step on and without the article's own."""
    seen: set[Place] = set()
    for block in found:
        place: Place | None = block.place
        while place is not None and place not in seen:
            seen.add(place)
            attributes = place.element.attrib
            words = " ".join(attributes.get(name, "") for name in _NAMING) if attributes else ""
            if words and _TRAIL.search(words) and (steps := _steps(page, place.element, titles)):
                return steps
            place = place.parent
    return []


def _steps(page: Page, element: HtmlElement, titles: Sequence[str]) -> list[str]:
    links = [one for one in islice(element.iter("a"), 12) if one.get("href")]
    if not links or len(links) > 10:
        return []
    steps = []
    items = list(element.iter("li")) or links
    for one in items[:10]:
        text = _ARROWS.sub(" ", " ".join("".join(one.itertext()).split())).strip()
        link = one if one.tag == "a" else next(one.iter("a"), None)
        if link is not None and _is_home(page, link.get("href") or ""):
            continue
        key = key_of(text)
        if (
            text
            and len(text) <= MAX_LABEL
            and not any(like(key, title) or (key in title[:80] and len(text) > 25) for title in titles)
        ):
            steps.append(text)
    return list(dict.fromkeys(steps))


def _is_home(page: Page, href: str) -> bool:
    url = clean_url(href, page.base)
    return url is not None and urlsplit(url).path in ("", "/") and not urlsplit(url).query


def _said_trail(page: Page, titles: Sequence[str]) -> list[str]:
    """The steps of JSON-LD's BreadcrumbList."""
    for thing in page.things[:50]:
        value = thing if "BreadcrumbList" in kinds(thing) else thing.get("breadcrumb")
        items = value.get("itemListElement") if isinstance(value, dict) else None
        steps = (
            [step for one in items[:12] if isinstance(one, dict) and (step := _said_step(page, one))]
            if isinstance(items, list)
            else []
        )
        steps = [
            step
            for step in steps
            if not any(like(key_of(step), title) for title in titles) and key_of(step) not in page.outlet
        ]
        if steps:
            return steps
    return []


def _said_step(page: Page, item: dict[str, Any]) -> str | None:
    inner = item.get("item")
    url = inner.get("@id") or inner.get("url") if isinstance(inner, dict) else inner
    if isinstance(url, str) and _is_home(page, url):
        return None
    names = strings(item.get("name")) or (strings(inner.get("name")) if isinstance(inner, dict) else [])
    return html.unescape(names[0]) if names and len(names[0]) <= MAX_LABEL else None


# -- labels --------------------------------------------------------------------------------------------------------


def _label(page: Page, found: Sequence[Block], titles: Sequence[str], claimed: Sequence[str]) -> str | None:
    """The short line close above the headline that names a section."""
    # The h1 itself, not a copy of the headline in a menu or a breadcrumb.
    orders = [one.order for one in found if one.heading and any(like(one.key, title) for title in titles)]
    orders = orders or [one.order for one in found if any(like(one.key, title) for title in titles)]
    if not orders:
        return None
    at = next((order for order in orders if found[order].place.tag == "h1"), orders[0])
    names = page.outlet
    path = [key_of(part) for part in unquote(urlsplit(page.url).path).split("/") if part]
    best: tuple[float, str] | None = None
    for distance, one in enumerate(reversed(found[max(0, at - _NEAR) : at]), 1):
        points = _points(page, one, distance, path, claimed)
        if points >= 2 and one.key not in names and (best is None or points > best[0]):
            best = (points, _linked_steps(one) or one.text)
    return best[1] if best else None


def _linked_steps(one: Block) -> str:
    """The links of a line that is nothing but several of them, as steps of a trail; "" for any other line."""
    steps = [text for link in islice(one.place.element.iter("a"), 5) if (text := text_of(link))]
    return " > ".join(steps) if len(steps) > 1 and key_of("".join(steps)) == one.key else ""


def _points(page: Page, one: Block, distance: int, path: Sequence[str], claimed: Sequence[str]) -> float:
    """How much a line above the headline looks like its section's label; 2 are enough."""
    if (
        width(one.text) > MAX_LABEL
        or len(one.text.split()) > 5
        or one.times
        or re.search(r"\d{2}|[.!?:]$|©|@", one.text)
    ):
        return 0
    if one.marks & FOOTER:
        return 0
    points = 1.0 if distance == 1 else 0.5 if distance == 2 else 0
    element = one.place.element
    words = " ".join(
        f"{step.get('class') or ''} {step.get('itemprop') or ''}"
        for step in (element, *islice(element.iter("a", "span"), 3))
    )
    if _LABEL.search(words):
        points += 1
    key = key_of(one.text)
    if key in claimed:
        points += 2
    elif key in path or any(key and key in part.replace("-", "") for part in path[:-1]):
        points += 1.5
    link = next(element.iter("a"), None) if element.tag != "a" else element
    href = link.get("href") if link is not None else None
    if href and (url := clean_url(href, page.base)) and not _is_home(page, href):
        steps = urlsplit(url).path.rstrip("/")
        # A list's address is the beginning of its articles' addresses, or a short one.
        points += (
            1.5 if steps and urlsplit(page.url).path.startswith(steps + "/") else 0.5 if steps.count("/") <= 2 else 0
        )
    elif distance == 1 and one.place.parent is not None and _shares_parent(one):
        points += 1  # a line of its own right above the headline, in the same block as the headline
    return points


def _shares_parent(one: Block) -> bool:
    """Whether the h1 is the next element, or in the next element, beside the line."""
    following = one.place.element.getnext()
    return following is not None and (following.tag == "h1" or next(following.iter("h1"), None) is not None)
