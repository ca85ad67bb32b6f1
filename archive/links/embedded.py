"""Lists inside scripts: article links in the JSON that a page embeds for its own scripts (`__NEXT_DATA__`, say).

Read only where the page itself shows hardly a link: an empty shell, whose list a browser would make. Nothing is run;
what is not plain JSON stays closed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

MAX_SCRIPTS = 40
MAX_BYTES = 8 << 20  # characters of one script
MAX_NODES = 300_000  # values looked at in all

_SCRIPT = re.compile(r"(?is)<script\b([^>]{0,2000})>(.*?)</script\s*>")
_ASSIGNED = re.compile(r"\s*(?:(?:var|let|const)\s+)?[\w.$\[\]\"']{1,80}\s*=\s*(?=[{\[])")
_PARSED = re.compile(r"JSON\.parse\(\s*(?=\")")
#: Keys under which an entry's address and headline stand, in the order in which they are believed.
_ADDRESSES = ("url", "link", "href", "canonicalUrl", "canonical_url", "canonicalURL", "permalink", "webUrl", "web_url",
              "shareUrl", "articleUrl", "website_url", "uri", "path", "urlPath", "@id")  # fmt: skip
_HEADLINES = ("headline", "title", "name", "webTitle", "heading", "shortTitle", "promoTitle", "basic")
_DATES = ("datePublished", "publishedAt", "published_at", "publishDate", "publicationDate", "firstPublished",
          "first_publish_date", "published", "pubDate", "date")  # fmt: skip
_UPDATES = (
    "dateModified",
    "updatedAt",
    "updated_at",
    "modifiedAt",
    "lastModified",
    "lastUpdated",
    "modified",
    "updated",
)


def entries_in(value: Any) -> Iterator[tuple[str, str, str, str]]:
    """The entries in one JSON value, as `embedded_entries` gives them."""
    for number, node in enumerate(_objects(value)):
        if number >= MAX_NODES:
            return
        if (entry := _entry(node)) is not None:
            yield entry


def embedded_entries(text: str) -> Iterator[tuple[str, str, str, str]]:
    """(address, headline, published, modified) of what looks like a list's entries, in the order of the JSON.

    text: the page. Addresses are as they stand there; whether they are articles is the caller's to judge.
    """
    left = MAX_NODES
    for number, script in enumerate(_SCRIPT.finditer(text)):
        if number >= MAX_SCRIPTS * 5 or left <= 0:
            return
        for value in _values(script[1], script[2]):
            for node in _objects(value):
                left -= 1
                if left <= 0:
                    return
                if (entry := _entry(node)) is not None:
                    yield entry


def _values(attributes: str, body: str) -> Iterator[Any]:
    """The JSON values of a script: the whole of it, or what it assigns."""
    body = body.strip()
    if not body or len(body) > MAX_BYTES:
        return
    decoder = json.JSONDecoder()
    starts = [0] if body[0] in "{[" else []
    if "json" not in attributes.lower():
        starts += [match.end() for match in _ASSIGNED.finditer(body, 0, 200_000)][:3]
        starts += [match.end() for match in _PARSED.finditer(body, 0, 200_000)][:3]
    for start in starts:
        try:
            value, _ = decoder.raw_decode(body, start)
            yield json.loads(value) if isinstance(value, str) else value
        except (ValueError, RecursionError):
            continue


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a value, in its order, without recursion."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting.extend(reversed([v for v in one.values() if isinstance(v, dict | list)]))
        elif isinstance(one, list):
            waiting.extend(reversed([v for v in one if isinstance(v, dict | list)]))


def _entry(node: dict[str, Any]) -> tuple[str, str, str, str] | None:
    """An object with an address and a headline."""
    address = next((v for key in _ADDRESSES if _address(v := node.get(key))), None)
    if address is None:
        return None
    headline = ""
    for key in (*_HEADLINES, "headlines", "titles"):
        value = node.get(key)
        if isinstance(value, dict):  # {"headlines": {"basic": "…"}}, {"title": {"rendered": "…"}}
            value = next((v for v in value.values() if isinstance(v, str) and v.strip()), None)
        if isinstance(value, str) and value.strip():
            headline = value
            break
    if not headline:
        return None
    return str(address), headline, _first(node, _DATES), _first(node, _UPDATES)


def _address(value: Any) -> bool:
    return isinstance(value, str) and 1 < len(value) < 2_000 and (value.startswith(("/", "http")) or "/" in value)


def _first(node: dict[str, Any], keys: tuple[str, ...]) -> str:
    return next((v for key in keys if isinstance(v := node.get(key), str)), "")
