"""What a page says of its article beside headline, authors and times: canonical address, picture, keywords, access.

Every function takes a Page and gives (value, note). The note goes into the extraction's fields: `from` is `jsonld`,
`meta`, `visible`, `url` or `script`. Nothing is invented: where the page says nothing, there is no value.
"""

from __future__ import annotations

import html
import re
from typing import Any

from archive.reading.pages import Page, kinds, strings
from archive.urls import clean_url, host_of

Note = dict[str, Any]


def canonical(page: Page) -> tuple[str | None, Note]:
    """The address that the page calls its own. Only a claim: it never makes two pages one."""
    for one in page.tree.iter("link"):
        if "canonical" in (one.get("rel") or "").lower().split() and (
            url := clean_url(one.get("href") or "", page.base)
        ):
            return url, {"from": "meta"} | ({"offsite": True} if host_of(url) != host_of(page.url) else {})
    url = clean_url(page.meta("og:url") or "", page.base) if page.meta("og:url") else None
    return url, {"from": "meta"} if url else {}


def forms(page: Page) -> tuple[list[str] | None, Note]:
    """Addresses that the page names as its own other forms: AMP, and for small screens. Only claims, as `canonical`."""
    found = []
    for one in page.tree.iter("link"):
        rel = (one.get("rel") or "").lower().split()
        small = "alternate" in rel and re.search(r"handheld|max-width", one.get("media") or "")
        if ("amphtml" in rel or small) and (url := clean_url(one.get("href") or "", page.base)):
            found.append(url)
    return list(dict.fromkeys(found))[:5] or None, {"from": "meta"} if found else {}


def image(page: Page) -> tuple[str | None, Note]:
    """The main picture's address, and its caption where JSON-LD has it."""
    value = page.thing.get("image")
    value = page.resolved(value[0] if isinstance(value, list) and value else value)
    said = value.get("url") or value.get("contentUrl") if isinstance(value, dict) else value
    for source, text in (("jsonld", next(iter(strings(said)), None)), ("meta", page.meta("og:image", "twitter:image"))):
        if text and (url := clean_url(text, page.base)):
            note: Note = {"from": source}
            if isinstance(value, dict) and (words := strings(value.get("caption"))):
                note["caption"] = html.unescape(words[0])
            return url, note
    return None, {}


def keywords(page: Page) -> tuple[list[str], Note]:
    """The page's own keywords."""
    found = [part for one in strings(page.thing.get("keywords")) for part in re.split(r"\s*[,;،、，]\s*", one)]
    source = "jsonld"
    if not found:
        metas = page.metas.get("news_keywords") or page.metas.get("article:tag") or page.metas.get("keywords") or []
        found, source = [part for one in metas for part in re.split(r"\s*[,;،、，]\s*", one)], "meta"
    found = list(dict.fromkeys(html.unescape(one) for one in found if 1 < len(one) <= 80))[:50]
    return found, {"from": source} if found else {}


def access(page: Page) -> tuple[str | None, Note]:
    """`free` or `paid`, where the page says so (schema.org isAccessibleForFree, content tier)."""
    for one in page.own_things:
        free = one.get("isAccessibleForFree")
        if free is not None and (one is page.thing or {"WebPage", "NewsArticle", "Article"} & set(kinds(one))):
            return ("free" if str(free).strip().lower() in ("true", "1", "yes") else "paid"), {"from": "jsonld"}
    tier = (page.meta("article:content_tier") or "").lower()
    if tier:
        return ("free" if tier == "free" else "paid"), {"from": "meta"}
    return None, {}
