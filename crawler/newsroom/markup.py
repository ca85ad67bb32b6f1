"""Pieces of HTML that more than one template needs: escaping, dates, linked data, the chrome of a heavy page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crawler.newsroom.stories import Story

MONTHS: Mapping[str, str] = {
    "en": "January February March April May June July August September October November December",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
}


def esc(text: str) -> str:
    """Text for an element or a quoted attribute."""
    return escape(text, quote=True)


def spoken(date: datetime, language: str) -> str:
    """A date and time as a reader sees it above an article."""
    if language == "ja":
        return f"{date.year}年{date.month}月{date.day}日 {date.hour}時{date.minute:02}分"
    month = MONTHS[language].split()[date.month - 1]
    clock = f"{date.hour:02}:{date.minute:02}"
    if language == "de":
        return f"{date.day}. {month} {date.year}, {clock} Uhr"
    if language == "fr":
        return f"{date.day} {month} {date.year} à {date.hour:02}h{date.minute:02}"
    return f"{date.day} {month} {date.year}, {clock}"


def nonce(*parts: object) -> str:
    """A value that looks like chance and is not: the same parts give the same value for ever."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:24]


def script(data: Any) -> str:
    """JSON for the inside of a script element, which must not be able to close it."""
    return json.dumps(data, ensure_ascii=False).replace("</", "<\\/")


def linked_data(data: Any) -> str:
    """A JSON-LD element."""
    return f'<script type="application/ld+json">{script(data)}</script>'


def news_article(
    story: Story, url: str, base: str, publisher: str, language: str, authors: object, *, whole: bool = False
) -> dict[str, Any]:
    """schema.org's NewsArticle; `authors` is in the outlet's own style, `whole` adds the articleBody."""
    data: dict[str, Any] = {
        "@type": "NewsArticle",
        "mainEntityOfPage": {"@type": "WebPage", "@id": url},
        "headline": story.title,
        "description": story.description,
        "articleSection": story.section,
        "inLanguage": language,
        "datePublished": story.published.isoformat(),
        "dateModified": story.touched.isoformat(),
        "author": authors,
        "image": [base + picture_path(story)],
        "publisher": {
            "@type": "NewsMediaOrganization",
            "name": publisher,
            "logo": {"@type": "ImageObject", "url": base + "/picture/logo.svg"},
        },
    }
    if whole:
        data["articleBody"] = "\n\n".join(story.paragraphs)
    return data


def breadcrumbs(steps: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """schema.org's BreadcrumbList of (name, url)."""
    items = [
        {"@type": "ListItem", "position": place, "name": name, "item": url}
        for place, (name, url) in enumerate(steps, start=1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": items}


def picture_path(story: Story) -> str:
    """Where a story's picture is."""
    return f"/picture/{nonce(story.key)[:10]}.svg"


def open_graph(story: Story, url: str, base: str, publisher: str, locale: str) -> str:
    """The OpenGraph and article meta elements of an article."""
    pairs = [
        ("og:type", "article"),
        ("og:site_name", publisher),
        ("og:locale", locale),
        ("og:title", story.title),
        ("og:description", story.description),
        ("og:url", url),
        ("og:image", base + picture_path(story)),
        ("article:published_time", story.published.isoformat()),
        ("article:modified_time", story.touched.isoformat()),
        ("article:section", story.section),
        *(("article:tag", tag) for tag in story.tags),
    ]
    return "\n".join(f'<meta property="{name}" content="{esc(value)}">' for name, value in pairs)


@cache
def chrome(seed: str, size: int) -> str:
    """About `size` bytes of what real pages carry beside the news: style rules, an icon sheet, settings.

    One outlet's pages share it byte for byte, as they do in real life.
    """
    if size <= 0:
        return ""
    rules: list[str] = []
    icons: list[str] = []
    settings: dict[str, Any] = {}
    total, turn = 0, 0
    while total < size:
        mark = nonce(seed, turn)
        rule = (
            f".c-{mark[:6]}__{mark[6:10]}{{margin:{int(mark[0], 16)}px {int(mark[1], 16)}px;"
            f"color:#{mark[2:8]};border-color:#{mark[8:14]};max-width:{int(mark[4:7], 16)}px}}"
        )
        rules.append(rule)
        total += len(rule) + 1
        if turn % 3 == 0:
            line = " ".join(f"L{int(mark[i], 16)} {int(mark[i + 1], 16)}" for i in range(2, 22, 2))
            icon = f'<symbol id="i-{mark[:8]}" viewBox="0 0 16 16"><path d="M0 0 {line} Z"/></symbol>'
            icons.append(icon)
            total += len(icon) + 1
        if turn % 4 == 0:
            settings[f"module_{mark[:5]}"] = {"on": turn % 8 == 0, "slot": mark[5:13], "refresh": turn * 250}
            total += 64
        turn += 1
    return (
        "<style>" + "\n".join(rules) + "</style>"
        '<svg width="0" height="0" style="display:none" aria-hidden="true">' + "\n".join(icons) + "</svg>"
        f"<script>window.__modules = {script(settings)};</script>"
    )


def picture(path: str) -> str:
    """A drawing that stands for a press photograph; its colours come from its path."""
    mark = nonce(path)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 450">'
        f'<rect width="800" height="450" fill="#{mark[:6]}"/>'
        f'<circle cx="{200 + int(mark[6:8], 16)}" cy="190" r="{60 + int(mark[8], 16) * 4}" fill="#{mark[9:15]}"/>'
        f'<path d="M0 450 L{100 + int(mark[15:17], 16)} 230 L480 330 L800 {180 + int(mark[17:19], 16) // 2} '
        f'L800 450 Z" fill="#{mark[18:24]}"/></svg>'
    )
