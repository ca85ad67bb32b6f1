"""extract(capture, site): payload in, Extraction out: what a page is, what it says, what it tells readers to read.

Pure: the payload's bytes, headers, URL, capture time and the site's rules decide alone, so a page reads the same in
any year, order and process. No page makes it raise: what cannot be read is an Extraction with a `problem`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata as packages
from typing import Any

from archive.lines import fit, key_of
from archive.links.fronts import front_links
from archive.links.related import Box, related_boxes, related_links
from archive.reading import bylines, headlines, kinds, languages, metadata, sections, times
from archive.reading.blocks import Block, blocks
from archive.reading.bodies import Body, pruned, read_body
from archive.reading.pages import NotAPage, Page, read_page
from archive.records import Capture, Extraction
from archive.rows import claimed_time
from archive.sites import Site

VERSION = "foreigndesk-1"


def extractor_id(site: Site | None) -> str:
    """Who reads: our version, trafilatura's, and a digest of the site's rules. Another id means: read again."""
    rules = "none"
    if site is not None and (site.prune or site.body or site.boxes or site.dates):
        entry = json.dumps([site.prune, site.body, site.boxes, site.dates], ensure_ascii=False)
        rules = hashlib.sha256(entry.encode()).hexdigest()[:12]
    return f"{VERSION}+trafilatura-{_trafilatura_version()}+rules-{rules}"


@cache
def _trafilatura_version() -> str:
    return packages.version("trafilatura")


def extract(capture: Capture, site: Site | None = None, *, charset: str | None = None) -> Extraction:
    """What we read in a capture. charset: how to decode it, whatever it says itself (for pages kept elsewhere).

    A section page, feed or sitemap gives its links alone; an article its texts, claims and boxes of links.
    """
    return see(capture, site, charset=charset)[0]


@dataclass(frozen=True, slots=True)
class Trace:
    """How an article's page was read: its blocks, its boxes, and what became of them; for `explain`."""

    found: list[Block]
    boxes: list[Box]
    body: Body


def see(capture: Capture, site: Site | None = None, *, charset: str | None = None) -> tuple[Extraction, Trace | None]:
    """`extract`, and beside it how the page was read (None where it could not be read as an article's page)."""
    found: dict[str, Any] = {"url": capture.url, "digest": capture.digest or "", "extractor": extractor_id(site)}
    try:
        if capture.kind != "article":
            links = tuple(
                replace(link, published=claimed_time(link.published), modified=claimed_time(link.modified))
                for link in front_links(capture, site)
            )
            return Extraction(**found, kind=capture.kind, links=links), None
        page = read_page(capture.url, capture.payload, capture.content_type, charset)
        values, seen = _article(page, capture, site)
        return Extraction(**found, **values), seen
    except NotAPage as refusal:
        return Extraction(**found, kind="error", problem=str(refusal)), None
    except Exception as error:  # noqa: BLE001 - a page of a kind that nobody foresaw is a row, not an end
        fields = {"error": {"value": type(error).__name__}}
        return Extraction(**found, kind="error", problem="unreadable", fields=fields), None


def _article(page: Page, capture: Capture, site: Site | None) -> tuple[dict[str, Any], Trace]:
    """The values of the Extraction of a page that was fetched as an article, and how it was read."""
    boxes = related_boxes(page.tree, page.url, site, base=page.base)
    found = pruned(page, blocks(page.tree), site.prune if site else ())
    title, title_note = headlines.title(page)
    titles = [title or "", *headlines.spellings(page)]
    keys = [key_of(text) for text in titles if text]
    authors, authors_note = bylines.authors(page, found, keys)
    body = read_body(page, found, titles, authors, boxes, site.body if site else ())
    language, language_note = languages.language(page, body.text or title or "")
    published, published_note, modified, modified_note = times.times(
        page,
        capture.captured_at,
        body.around,
        language,
        site.dates if site else (),
        keys,
        language_note.get("refused", ()),
    )
    section, section_note = sections.section(page, found, keys)
    kind, reason = kinds.kind(page, found, body, title, published, capture.status)
    notes: dict[str, Any] = {
        "kind": {"value": kind, "reason": reason},
        "title": title_note,
        "authors": authors_note,
        "published": published_note,
        "modified": modified_note,
        "language": language_note,
        "section": section_note,
        "body": body.note,
        "standfirst": body.standfirst_note,
    }
    credited = bylines.agencies(page, authors, authors_note, body.paragraphs, body.around)
    for name, (value, note) in (
        ("canonical", metadata.canonical(page)),
        ("forms", metadata.forms(page)),
        ("image", metadata.image(page)),
        ("keywords", metadata.keywords(page)),
        ("access", metadata.access(page)),
        ("agency", credited),
    ):
        if value:
            notes[name] = {**note, "value": value}
    if scripted := [one.heading or one.kind for one in boxes if one.source == "script"]:
        notes["boxes"] = {"from": "script", "value": scripted}
    page.notes.update({name: note for name, note in notes.items() if note})
    text = None if kind in kinds.TEXTLESS else fit(body.text) or None
    values = {
        "kind": kind,
        "title": fit(title) or None,
        "standfirst": fit(body.standfirst) or None,
        "text": text,
        "authors": tuple(fit(name) for name in authors),
        "published": published,
        "modified": modified,
        "language": language,
        "section": fit(section) or None,
        "links": related_links(boxes),
        "problem": _problem(kind, text),
        "fields": _fit_notes(page.notes),
    }
    return values, Trace(found, boxes, body)


def _problem(kind: str, text: str | None) -> str | None:
    """One word for why a page that was to be an article gave no text."""
    if text is not None:
        return None
    return {
        "consent": "consent",
        "paywall": "paywall",
        "error": "error_page",
        "shell": "empty_shell",
        "section": "not_an_article",
    }.get(kind, "no_text")


def _fit_notes(value: Any) -> Any:
    """Notes without characters that JSON or a database cannot hold."""
    if isinstance(value, str):
        return fit(value)
    if isinstance(value, dict):
        return {key: _fit_notes(one) for key, one in value.items()}
    return [_fit_notes(one) for one in value] if isinstance(value, list) else value
