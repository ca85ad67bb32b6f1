"""section(page, blocks): the section that an article stands in, as the page shows it: a breadcrumb trail or a label.

Where the page shows none, what JSON-LD and meta tags say of it; never guessed from the URL alone.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import islice, pairwise
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml.html import HtmlElement

from archive.data import table
from archive.lines import key_of
from archive.reading.blocks import FOOTER, Block, Place, like, width
from archive.reading.headlines import Note
from archive.reading.notices import notice
from archive.reading.pages import Page, kinds, strings, text_of
from archive.urls import clean_url

MAX_LABEL = 60  # characters of a section's name
#: Attributes in which a breadcrumb says that it is one.
_NAMING = ("class", "id", "aria-label", "itemtype", "data-testid")
_TRAIL = re.compile(
    r"bread-?_?crumbs?|(?:^|[^a-z])(?:crumbs?|brotkrumen?|fil-?d-?ariane|migas?|rastro)(?:$|[^a-z])", re.IGNORECASE
)
_LABEL = re.compile(
    r"(?:^|[^a-z])(?:(?P<sure>section|rubri\w*|categor\w*|ressort|seccion|sezione|cat|channel|departement|department)|"
    r"kicker|eyebrow|overline|label|topic|genre|tag)(?:$|[^a-z])",
    re.IGNORECASE,
)
#: What parts the steps of a trail that is only a line of text.
_STEPS = re.compile(r"\s*[›»>→〉＞]+\s*")
MENU = 3  # links in one row that make it a menu
_ARROWS = re.compile(r"\s*[›»>→/|·•»〉＞]+\s*")
_NEAR = 6  # blocks before the headline in which a label is looked for


def section(page: Page, found: Sequence[Block], titles: Sequence[str]) -> tuple[str | None, Note]:
    """The section's name, steps of a trail joined by " > " without the home page, and where it stood."""
    if steps := _shown_trail(page, found, titles) or _told_trail(page, found, titles):
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
            words = " ".join([value for name, value in place.element.items() if name in _NAMING])
            if words and _says_trail(words) and (steps := _steps(page, place.element, titles)):
                return steps
            place = place.parent
    return []


@lru_cache(maxsize=8192)  # pages use the same names again and again
def _says_trail(words: str) -> bool:
    return _TRAIL.search(words) is not None


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
    return _without_home(list(dict.fromkeys(steps)))


@cache
def _words(kind: str) -> frozenset[str]:
    return frozenset(key_of(word) for _, word, name in table("trail_words") if name == kind)


@cache
def _names() -> frozenset[str]:
    """The names of sections that are known, in many languages."""
    return frozenset(key_of(row[1]) for name in ("section_names", "menu_words") for row in table(name))


def _without_home(steps: list[str]) -> list[str]:
    """The steps without the home page's at the beginning and the article's own at the end."""
    steps = [one for one in steps if key_of(one) not in _words("here")]
    steps = steps[1:] if len(steps) > 1 and key_of(steps[0]) in _words("home") else steps
    return steps[:-1] if steps and key_of(steps[-1]) in _words("text") else steps


def _told_trail(page: Page, found: Sequence[Block], titles: Sequence[str]) -> list[str]:
    """The steps of a line above the headline that arrows part, and that begins at the home page or says what it is."""
    at = _headline(found, titles)
    for one in found[max(0, at - _NEAR) : at] if at is not None else ():
        parts = [part for part in _STEPS.split(one.text) if part]
        if not 2 <= len(parts) <= 7 or any(len(part) > MAX_LABEL for part in parts):
            continue
        told, colon, first = parts[0].replace("：", ":").rpartition(":")
        here = bool(colon) and key_of(told) in _words("here")
        parts[0] = first.strip() if here else parts[0]
        links = islice(one.place.element.iter("a"), 8)
        homes = {key_of(text_of(link)) for link in links if _is_home(page, link.get("href") or "")}
        homes |= _words("home") | page.outlet
        if not here and key_of(parts[0]) not in homes:
            continue
        steps = [part for part in parts if key_of(part) not in homes]
        steps = [part for part in steps if not any(like(key_of(part), title) for title in titles)]
        if steps := _without_home(steps):
            return steps
    return []


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
        if steps := _without_home(steps):
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
    at = _headline(found, titles)
    if at is None:
        return None
    names = page.outlet
    path = [key_of(part) for part in unquote(urlsplit(page.url).path).split("/") if part]
    best: tuple[float, str] | None = None
    near = found[max(0, at - _NEAR) : at]
    for distance, one in enumerate(reversed(near), 1):
        points = 0 if _is_menu(page, one, near) else _points(page, one, distance, path, claimed)
        if points >= 2 and one.key not in names and (best is None or points > best[0]):
            best = (points, _linked_steps(one) or one.text)
    return best[1] if best else None


def _headline(found: Sequence[Block], titles: Sequence[str]) -> int | None:
    """Where the headline stands: the h1 itself, not a copy of it in a menu or a breadcrumb."""
    orders = [one.order for one in found if one.heading and any(like(one.key, title) for title in titles)]
    orders = orders or [one.order for one in found if any(like(one.key, title) for title in titles)]
    return next((order for order in orders if found[order].place.tag == "h1"), orders[0] if orders else None)


def _is_menu(page: Page, one: Block, near: Sequence[Block]) -> bool:
    """Whether a line is a menu or an entry of one: links in a row that do not lead on from one another, as steps do."""
    row = [
        other for other in near if other.linked * 10 >= 9 * len(other.text) and other.place.parent is one.place.parent
    ]
    if len(row) >= MENU and one in row:
        return True
    if one.links < 2:
        return False
    links = [link for link in islice(one.place.element.iter("a"), 12) if key_of(text_of(link)) in one.key]
    paths = [urlsplit(clean_url(link.get("href") or "", page.base) or "").path.rstrip("/") for link in links]
    led = all(after.startswith(before) for before, after in pairwise(paths))
    return len(links) > 1 and not led and (len(links) >= MENU or not _LABEL.search(_named(one)))


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
    if notice(one.text) is not None:
        return 0
    points = 1.0 if distance == 1 else 0.5 if distance == 2 else 0
    element = one.place.element
    labelled = _LABEL.search(_named(one))
    if labelled:
        points += 1
    key = key_of(one.text)
    if key in claimed:
        points += 2
    elif key in path or any(key and key in part.replace("-", "") for part in path[:-1]):
        points += 1.5
    elif not one.links and key not in _names() and not (labelled and labelled["sure"]):
        return 0  # a kicker, a badge, a weekday: a section's name is known, linked or said elsewhere
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


def _named(one: Block) -> str:
    """The class words of a line and of what stands in it."""
    steps = (one.place.element, *islice(one.place.element.iter("a", "span"), 3))
    return " ".join(f"{step.get('class') or ''} {step.get('itemprop') or ''}" for step in steps)


def _shares_parent(one: Block) -> bool:
    """Whether the h1 is the next element, or in the next element, beside the line."""
    following = one.place.element.getnext()
    return following is not None and (following.tag == "h1" or next(following.iter("h1"), None) is not None)
