"""The stories of the pretend outlets, and what an outlet has in print in one edition.

The TOML files under `stories/` are the single source of truth: the pages are rendered from them, and so is
`Expected`, the right answer that the tests of extraction compare with.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

FOLDER = Path(__file__).parent / "stories"
EDITIONS = (1, 2)
FIRST_MOMENT = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)


def moment(edition: int) -> datetime:
    """The pretended time at which `edition` is served; nothing in this room reads a clock for its pages."""
    return FIRST_MOMENT + timedelta(days=edition - 1)


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of an article's body: a paragraph, or a heading between paragraphs."""

    text: str
    heading: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """One article as it stands in one edition."""

    key: str
    number: int
    path: str
    title: str
    section: str
    authors: tuple[str, ...]
    published: datetime
    body: tuple[Block, ...]
    standfirst: str | None = None
    modified: datetime | None = None
    caption: str = ""
    credit: str = ""
    tags: tuple[str, ...] = ()
    inline: str | None = None
    related: tuple[str, ...] = ()
    readers: tuple[str, ...] | None = None
    boxes: tuple[str, ...] | None = None
    private: bool = False
    generated: bool = False

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The body's texts in order, headings between paragraphs included."""
        return tuple(block.text for block in self.body)

    @property
    def description(self) -> str:
        """What meta tags, feeds and teasers say of the story: the standfirst, else the beginning of the body."""
        if self.standfirst:
            return self.standfirst
        first = self.body[0].text
        return first if len(first) <= 150 else first[:150].rsplit(" ", 1)[0].rstrip(" ,.;:") + "…"

    @property
    def touched(self) -> datetime:
        """When the story was last changed by its authors."""
        return self.modified or self.published


@dataclass(frozen=True, slots=True)
class Aside:
    """A page of another section (sport, culture): only there so that the site's menus lead somewhere."""

    path: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Outlet:
    """One pretend news site: its habits, its words, and all stories that it will ever carry."""

    key: str
    name: str
    host: str
    language: str
    country: str
    section: str
    section_path: str
    pages: str
    article_path: str
    author_path: str
    tag_path: str
    charset: str
    charset_in_header: bool
    validators: tuple[str, ...]
    feed: str
    feed_kind: str
    sitemap: str
    menu: tuple[tuple[str, str], ...]
    boxes: tuple[str, ...]
    headings: Mapping[str, str]
    readers: Mapping[int, tuple[str, ...]]
    redirects: Mapping[str, tuple[int, str]]
    bare_hosts: tuple[str, ...]
    slow: str
    asides: tuple[Aside, ...]
    words: Mapping[str, str]
    comments: tuple[tuple[str, str], ...]
    records: tuple[Mapping[str, Any], ...] = field(repr=False)

    def path_of(self, number: int, slug: str, date: datetime, folder: str = "") -> str:
        """The path under which this outlet puts an article; letters beyond ASCII are percent-encoded."""
        path = self.article_path.format(number=number, slug=slug, date=date)
        return folder + quote(path)

    def author_page(self, author: str) -> str:
        """The path of an author's page."""
        return quote(self.author_path.format(slug=slug_of(author)))

    def tag_page(self, tag: str) -> str:
        """The path of a tag's page."""
        return quote(self.tag_path.format(slug=slug_of(tag)))


@dataclass(frozen=True, slots=True)
class Issue:
    """An outlet in one edition: what stands, what is gone, what has moved."""

    outlet: Outlet
    edition: int
    stories: tuple[Story, ...]  # newest first, the private one too
    gone: Mapping[str, int]  # path -> 404 or 410
    moved: Mapping[str, str]  # old path -> new path
    readers: tuple[str, ...]  # keys, most read first
    by_key: Mapping[str, Story]
    by_path: Mapping[str, Story]

    @property
    def listed(self) -> tuple[Story, ...]:
        """The stories that feeds and sitemaps name: all but the private one."""
        return tuple(story for story in self.stories if not story.private)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a perfect reader gets out of an article's page."""

    title: str
    standfirst: str | None
    paragraphs: tuple[str, ...]
    authors: tuple[str, ...]
    published: str
    modified: str | None
    section: str
    language: str
    country: str
    related: tuple[tuple[str, str | None, str, str], ...]


def slug_of(text: str) -> str:
    """A name as it stands in a URL."""
    return re.sub(r"[^\w]+", "-", text.casefold()).strip("-")


def blocks_of(text: str) -> tuple[Block, ...]:
    """Paragraphs stand apart by an empty line; a line beginning with `## ` is a heading between them."""
    pieces = (" ".join(piece.split()) for piece in re.split(r"\n\s*\n", text.strip()))
    return tuple(Block(piece[3:], True) if piece.startswith("## ") else Block(piece) for piece in pieces if piece)


@cache
def load_outlets() -> Mapping[str, Outlet]:
    """All outlets by key, in the order of their keys."""
    return {path.stem: load_outlet(path) for path in sorted(FOLDER.glob("*.toml"))}


def load_outlet(path: Path) -> Outlet:
    """Read one outlet's file."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    head = data["outlet"]
    return Outlet(
        key=path.stem,
        name=head["name"],
        host=head["host"],
        language=head["language"],
        country=head["country"],
        section=head["section"],
        section_path=head["section_path"],
        pages=head["pages"],
        article_path=head["article_path"],
        author_path=head["author_path"],
        tag_path=head["tag_path"],
        charset=head.get("charset", "utf-8"),
        charset_in_header=head.get("charset_in_header", True),
        validators=tuple(head["validators"]),
        feed=head.get("feed", ""),
        feed_kind=head.get("feed_kind", ""),
        sitemap=head.get("sitemap", ""),
        menu=tuple((label, target) for label, target in head["menu"]),
        boxes=tuple(head["boxes"]),
        headings=head["headings"],
        readers={int(edition): tuple(keys) for edition, keys in head["readers"].items()},
        redirects={source: (int(status), target) for source, status, target in head.get("redirects", [])},
        bare_hosts=tuple(head.get("bare_hosts", [])),
        slow=head.get("slow", ""),
        asides=tuple(Aside(**aside) for aside in head.get("asides", [])),
        words=data["words"],
        comments=tuple((name, text) for name, text in head.get("comments", [])),
        records=tuple(data["story"]),
    )


def story_of(outlet: Outlet, record: Mapping[str, Any], number: int) -> Story:
    """A story as it was first published."""
    private = record.get("private", False)
    slug = record.get("slug", record["key"])
    return Story(
        key=record["key"],
        number=number,
        path=outlet.path_of(number, slug, record["published"], "/private" if private else ""),
        title=record["title"],
        section=record.get("section", outlet.section),
        authors=tuple(record["authors"]),
        published=record["published"],
        body=blocks_of(record["body"]),
        standfirst=record.get("standfirst"),
        modified=record.get("modified"),
        caption=record.get("caption", ""),
        credit=record.get("credit", ""),
        tags=tuple(record.get("tags", ())),
        inline=record.get("inline"),
        related=tuple(record.get("related", ())),
        readers=tuple(record["readers"]) if "readers" in record else None,
        boxes=tuple(record["boxes"]) if "boxes" in record else None,
        private=private,
    )


def revised(story: Story, later: Mapping[str, Any]) -> Story:
    """The story after its editors came back to it: what edition 2 shows."""
    body = list(story.body)
    for old, new in later.get("replace", ()):
        if not any(old in block.text for block in body):
            raise ValueError(f"{story.key}: no paragraph says {old!r}, so it cannot be corrected")
        body = [replace(block, text=block.text.replace(old, new)) for block in body]
    body += blocks_of(later.get("append", ""))
    return replace(
        story,
        title=later.get("title", story.title),
        standfirst=later.get("standfirst", story.standfirst),
        modified=later.get("modified", story.modified),
        path=later.get("path", story.path),
        body=tuple(body),
    )


def issue_of(outlet: Outlet, edition: int, more: Iterable[Story] = ()) -> Issue:
    """What `outlet` has in print in `edition`; `more` are generated stories, the same in every edition."""
    stories: list[Story] = []
    gone: dict[str, int] = {}
    moved: dict[str, str] = {}
    for place, record in enumerate(outlet.records):
        if record.get("since", 1) > edition:
            continue
        first = story = story_of(outlet, record, 481_200 + 37 * place)
        later = record.get("later", {})
        if edition > 1 and later:
            if "gone" in later:
                gone[first.path] = later["gone"]
                continue
            story = revised(first, later)
            if story.path != first.path:
                moved[first.path] = story.path
        stories.append(story)
    stories += more
    stories.sort(key=lambda story: (story.published, story.number), reverse=True)
    by_key = {story.key: story for story in stories}
    readers = tuple(key for key in outlet.readers[edition] if key in by_key)
    return Issue(outlet, edition, tuple(stories), gone, moved, readers, by_key, {s.path: s for s in stories})
