"""kind(page, ...): what a page is, and why: article, section, live, gallery, video, consent, paywall, error, shell.

Judged by what the page says of itself (JSON-LD, Open Graph), by how much running text it has, and how that stands
beside links. Phrases are asked only where there is hardly any text: they are data, with their languages.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from urllib.parse import urlsplit

from archive.data import table
from archive.links.shapes import article_shape
from archive.reading.blocks import FIGURE, FOOTER, NAV, TABLE, Block, Place, width
from archive.reading.bodies import Body
from archive.reading.metadata import access
from archive.reading.pages import Page, kinds, strings

#: Kinds whose body is no article and becomes no text.
TEXTLESS = frozenset(("section", "consent", "paywall", "error", "shell"))

SHORT = 500  # letters of running text that may still be a notice, a stub or a caption
STUB = 700  # letters that a paid article shows at most of itself where it is cut
TEASER = 300  # letters in which an article that breaks off has said nothing yet
SHELL = 200  # letters on the whole page, below which scripts were to build it
TEASERS = 12  # teasers with a linked heading that make a page of little text a section

_LISTING = frozenset(("CollectionPage", "ItemList", "SearchResultsPage", "ProfilePage"))
_TALKING = frozenset(
    (
        "NewsArticle",
        "Article",
        "ReportageNewsArticle",
        "BlogPosting",
        "AnalysisNewsArticle",
        "OpinionNewsArticle",
        "ReviewNewsArticle",
        "BackgroundNewsArticle",
        "AdvertiserContentArticle",
        "LiveBlogPosting",
        "Report",
    )
)


def kind(
    page: Page, found: Sequence[Block], body: Body, title: str | None, published: str | None, status: int | None = None
) -> tuple[str, str]:
    """(kind, reason). status: what the server said, 200 if None."""
    size = sum(width(one) for one in body.paragraphs)
    said = {name for one in (page.thing, *page.things[:30]) for name in kinds(one)}
    if status is not None and status >= 400:
        return "error", f"status {status}"
    if "LiveBlogPosting" in said:
        return "live", "JSON-LD says LiveBlogPosting"
    everything = sum(width(one.text) for one in found)
    if size < SHORT and (notice := _notice(page, found, title, everything)):
        return notice
    if size < STUB and (reason := _stub(page, found, body, size)):
        return "paywall", reason
    if everything < SHELL and size < SHELL:
        return "shell", f"{round(everything)} letters on the whole page"
    if reason := _section(page, found, body, said, size, published):
        return "section", reason
    if size < SHORT and not said & _TALKING:
        shared = (page.meta("og:type") or "").lower()
        if "VideoObject" in said or shared.startswith("video"):
            return "video", "JSON-LD or og:type say video, and there is little text"
        if said & {"ImageGallery", "MediaGallery"}:
            return "gallery", "JSON-LD says gallery, and there is little text"
    if (
        said & {"ImageGallery", "MediaGallery"}
        and size < 2 * SHORT
        and sum(bool(one.marks & FIGURE) for one in found) >= 8
    ):
        return "gallery", "pictures with captions, and little text beside"
    if reason := _entries(found, body):
        return "live", reason
    return "article", "running text" if size >= SHORT else "short text"


# -- notices instead of an article -----------------------------------------------------------------------------------


@cache
def _phrases() -> dict[str, re.Pattern[str]]:
    rows = table("page_phrases")
    kinds_named = dict.fromkeys(row[2] for row in rows)
    return {
        name: re.compile("|".join(re.escape(row[1].casefold()) for row in rows if row[2] == name))
        for name in kinds_named
    }


def _notice(page: Page, found: Sequence[Block], title: str | None, everything: float) -> tuple[str, str] | None:
    """A wall that asks for consent, or a page that says it has nothing: told by headline and phrases in little text."""
    phrases = _phrases()
    heads = " · ".join(
        filter(None, (title, *(one.text for one in found if one.heading and one.place.tag == "h1")))
    ).casefold()
    named = " ".join(one.text or "" for one in page.tree.iter("title")).casefold()
    lines = " · ".join(one.text for one in found if not one.marks & (NAV | FOOTER))[:4000].casefold()
    address = urlsplit(page.url)
    if not page.thing.get("datePublished"):
        if match := phrases["error"].search(heads) or phrases["error"].search(named):
            return "error", f"the headline says {match[0]!r}"
        if everything < 3000 and (re.match(r"(?:consent|cmp|privacy)\.", address.netloc) or _walled(found)):
            return "consent", "nearly all text stands in a consent dialogue"
        if everything < 3000 and (match := phrases["consent"].search(heads) or phrases["consent"].search(lines[:600])):
            return "consent", f"it asks for consent: {match[0]!r}"
        if everything < 1500 and (match := phrases["error"].search(lines)):
            return "error", f"it says {match[0]!r}, and little else"
        if everything < 2500 and (match := phrases["challenge"].search(heads + lines)):
            return "error", f"it asks who is reading: {match[0]!r}"
    return None


def _walled(found: Sequence[Block]) -> bool:
    """Whether most text stands in elements that are called consent or cookie."""
    asked = total = 0
    for one in found:
        total += len(one.text)
        if any(re.search(r"consent|cookie|gdpr|cmp", step.sort[1].lower()) for step in _steps(one.place)):
            asked += len(one.text)
    return total > 0 and asked >= 0.7 * total


def _steps(place: Place | None) -> list[Place]:
    steps = []
    while place is not None:
        steps.append(place)
        place = place.parent
    return steps


def _stub(page: Page, found: Sequence[Block], body: Body, size: float) -> str | None:
    """Why the page is the beginning of a paid article and no more; None where it is not."""
    paid = access(page)[0] == "paid"
    walled = [
        one
        for one in found
        if any(
            re.search(r"paywall|regwall|piano|subscriber-?only|barrier", step.sort[1].lower())
            for step in _steps(one.place)[:4]
        )
    ]
    counts = [int(text) for text in strings(page.thing.get("wordCount")) if text.isdecimal()]
    counts += [value for value in [page.thing.get("wordCount")] if isinstance(value, int)]
    words = sum(len(one.split()) for one in body.paragraphs)
    asks = _phrases()["paywall"].search(
        " · ".join(one.text for one in found if not one.marks & (NAV | FOOTER)).casefold()
    )
    cut = bool(body.paragraphs) and body.paragraphs[-1].rstrip().endswith(("…", "...", "[…]"))
    if counts and max(counts) > 60 and words < 0.4 * max(counts) and (paid or walled or asks):
        return f"{words} of {max(counts)} words are shown"
    if paid and cut and size < TEASER:
        return "it says that it is paid for, and breaks off"
    if walled and asks and (cut or size < 250):
        return "a subscription is asked for, and the text breaks off"
    return None


# -- lists and entries -----------------------------------------------------------------------------------------------


def _section(
    page: Page, found: Sequence[Block], body: Body, said: set[str], size: float, published: str | None
) -> str | None:
    """Why the page is a list of articles; None where it is not."""
    if said & _TALKING and page.thing.get("datePublished"):
        return None
    address = urlsplit(page.url)
    points, reasons = 0.0, []
    teasers = sum(one.heading and one.linked > 0.8 * len(one.text) and len(one.text) > 15 for one in found)
    linked = sum(one.linked for one in found) / max(sum(len(one.text) for one in found), 1)
    for worth, true, reason in (
        (1.5, address.path in ("", "/"), "home page"),
        (1.0, article_shape(address.netloc + address.path) == 0, "the URL is no article's"),
        (1.0, (page.meta("og:type") or "").lower() in ("website", "webpage", "profile"), "og:type"),
        (1.5, bool(said & _LISTING), "JSON-LD lists"),
        (1.5, teasers >= TEASERS, f"{teasers} teasers"),
        (1.0, size < SHORT, "little running text"),
        (1.0, linked > 0.6, f"{round(100 * linked)} % of the text is linked"),
        (0.5, published is None, "no date"),
        (-1.5, size > 3 * SHORT and linked < 0.4, ""),
    ):
        if true:
            points += worth
            reasons.append(reason)
    return ", ".join(filter(None, reasons)) if points >= 4 else None


def _entries(found: Sequence[Block], body: Body) -> str | None:
    """Why the text is a sequence of dated entries; None where it is one article."""
    texts = set(body.paragraphs)
    entries: dict[Place, bool] = {}
    for one in found:
        for step in _steps(one.place):
            if step.tag == "article" or (step.tag == "li" and not one.marks & TABLE):
                entries[step] = entries.get(step, False)
                break
    for one in found:
        if one.times:
            for step in _steps(one.place):
                if step in entries:
                    entries[step] = True
                    break
    held = {
        step
        for one in found
        if one.text in texts and width(one.text) > 80
        for step in _steps(one.place)
        if entries.get(step)
    }
    return f"{len(held)} entries with times" if len(held) >= 5 else None
