"""Texts that stand in a page's data only: JSON-LD's articleBody, and the JSON from which a script would build the page.

The last resort, where the markup holds no text or is cut: such texts have lost their subheadings, and may carry more
than the article.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from lxml import etree
from lxml.html import fromstring

from archive.lines import line
from archive.reading.blocks import FULL_END, blocks, width
from archive.reading.pages import Page, read_json, strings

MAX_LEAVES = 20_000  # strings looked at in one script's JSON
LEAST = 400  # letters that a payload must have to be taken for an article

_SENTENCE = re.compile(r"[.!?…。！？।॥؟۔։።។။]|[\u0e00-\u0eff]{40}")  # Thai and Lao have no full stop
_MARKUP = re.compile(r"<(?:p|br|div|h[1-6]|li|blockquote)\b", re.IGNORECASE)
_ASSIGNED = re.compile(r"(?:window\.|self\.|var |const |let )?[\w.$\[\]\"']{1,80}\s*=\s*(?=[{\[])")
_NO_TEXT = re.compile(
    r"(?i)url|href|src|image|caption|comment|related|recommend|teaser|footer|nav|menu|seo|cookie|consent|bio$"
)


def said_body(page: Page) -> str:
    """JSON-LD's articleBody, as it stands."""
    return max((text for one in page.own_things for text in _whole(one.get("articleBody"))), key=len, default="")


def _whole(value: Any) -> list[str]:
    # Not strings(): line breaks part the paragraphs.
    return [value] if isinstance(value, str) and value.strip() else strings(value)


def said_paragraphs(page: Page) -> list[str]:
    """The paragraphs of JSON-LD's articleBody; one, where it has lost its breaks."""
    return paragraphs_of(said_body(page))


def paragraphs_of(text: str) -> list[str]:
    """The paragraphs of a text that may be HTML or plain with line breaks."""
    text = html.unescape(text)
    if _MARKUP.search(text):
        try:
            tree = fromstring(f"<div>{text}</div>")
        except (etree.LxmlError, ValueError, AssertionError):
            return []
        return [one.text for one in blocks(tree)]
    return [said for part in re.split(r"[\r\n]+", text) if (said := line(re.sub(r"<[^<>]{0,200}>", "", part)))]


def scripted_paragraphs(page: Page) -> list[str]:
    """The paragraphs of the longest text in the JSON of the page's scripts, [] where none is an article's."""
    best: list[str] = []
    for script in islice(page.tree.iter("script"), 200):
        text = (script.text or "").strip()
        kind = (script.get("type") or "").lower()
        if len(text) < LEAST or "ld+json" in kind:
            continue
        if "json" not in kind and (assigned := _ASSIGNED.match(text)):
            text = text[assigned.end() :].rstrip().rstrip(";")
        if text[:1] in "{[" and (value := read_json(text)) is not None:
            found = _longest(value)
            if sum(map(width, found)) > sum(map(width, best)):
                best = found
    return best if sum(map(width, best)) >= LEAST else []


def _longest(value: Any) -> list[str]:
    """The texts that stand in one place of the JSON, where that place has most of them."""
    places: dict[tuple[str, ...], list[tuple[tuple[int, ...], str]]] = {}
    for path, numbers, text in islice(_leaves(value), MAX_LEAVES):
        places.setdefault(path, []).append((numbers, text))
    best: list[str] = []
    for found in places.values():
        texts = _joined(found)
        running = [one for one in texts if width(one) >= 60 and _SENTENCE.search(one)]
        if sum(map(width, running)) > max(sum(map(width, best)), 0.0) and sum(map(width, running)) >= 0.5 * sum(
            map(width, texts)
        ):
            best = texts
    return best


def _joined(found: list[tuple[tuple[int, ...], str]]) -> list[str]:
    """The paragraphs of one place: HTML opened; pieces of one paragraph (a rich text's leaves) put together."""
    markup = [text for _, text in found if _MARKUP.search(text)]
    if markup:
        return paragraphs_of(max(markup, key=len))
    if len(found) == 1:
        return paragraphs_of(found[0][1])
    rows: dict[tuple[int, ...], list[str]] = {}
    deep = max(len(numbers) for numbers, _ in found)
    for numbers, text in found:
        rows.setdefault(numbers[:-1] if deep > 1 and len(numbers) == deep else numbers, []).append(text)
    if len(rows) == 1:
        rows = {numbers: [text] for numbers, text in found}
    return list(
        dict.fromkeys(
            text for pieces in rows.values() if (text := line(re.sub(r"<[^<>]{0,200}>", "", "".join(pieces))))
        )
    )


def _leaves(value: Any) -> Iterator[tuple[tuple[str, ...], tuple[int, ...], str]]:
    """(path of keys, numbers in the lists on the way, text) of the strings that may be running text, in order."""
    waiting: list[tuple[tuple[str, ...], tuple[int, ...], Any]] = [((), (), value)]
    while waiting:
        path, numbers, one = waiting.pop()
        if isinstance(one, str):
            spaceless = not one.isascii() and FULL_END.search(one) is not None  # a short sentence of Chinese or Khmer
            if " " in one.strip() or len(one) > 40 or spaceless:
                yield path, numbers, html.unescape(one)
        elif isinstance(one, dict):
            inner = [(key, child) for key, child in one.items() if not _NO_TEXT.search(key)]
            waiting.extend(((*path, key), numbers, child) for key, child in reversed(inner))
        elif isinstance(one, list):
            waiting.extend((path, (*numbers, number), child) for number, child in reversed(list(enumerate(one[:2000]))))
