"""What every template is given, and what all templates do alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crawler.newsroom.markup import chrome, esc, nonce, picture_path, spoken
from crawler.newsroom.stories import Issue, Outlet, Story


@dataclass(frozen=True, slots=True)
class Site:
    """An outlet under a host name: its own, or that of a clone."""

    outlet: Outlet
    host: str

    @property
    def base(self) -> str:
        """The beginning of all of the site's URLs."""
        return f"http://{self.host}"


@dataclass(frozen=True, slots=True)
class Box:
    """A group of links to other articles. An empty one has its heading, and a script would fill it."""

    kind: str
    place: str  # "before" the article, "inline", "after" it, or at its "side"
    heading: str | None
    links: tuple[tuple[str, str], ...]  # (path, headline)


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that goes on an article's page."""

    site: Site
    issue: Issue
    story: Story
    boxes: tuple[Box, ...]
    padding: int = 0

    @property
    def url(self) -> str:
        """The article's own URL."""
        return self.site.base + self.story.path

    @property
    def nonce(self) -> str:
        """A value that changes with every edition: scripts and advert slots carry it."""
        return nonce(self.site.host, self.story.path, self.issue.edition)

    @property
    def chrome(self) -> str:
        """The weight of a real page, if a benchmark asked for it."""
        return chrome(self.site.outlet.key, self.padding)

    def placed(self, place: str) -> tuple[Box, ...]:
        """The boxes at one place, in order."""
        return tuple(box for box in self.boxes if box.place == place)


@dataclass(frozen=True, slots=True)
class Front:
    """A page of headlines: the home page (number 0), a page of the section, a tag's or an author's page."""

    site: Site
    issue: Issue
    title: str
    path: str
    stories: Sequence[Story]
    number: int = 1
    last: int = 1

    @property
    def following(self) -> str | None:
        """The path of the next page."""
        return self.site.outlet.pages.format(n=self.number + 1) if 0 < self.number < self.last else None

    @property
    def preceding(self) -> str | None:
        """The path of the page before this one."""
        if self.number < 2:
            return None
        outlet = self.site.outlet
        return outlet.section_path if self.number == 2 else outlet.pages.format(n=self.number - 1)


class Template:
    """One outlet's look. A subclass writes the pages; no two of them share markup."""

    def article(self, sheet: Sheet) -> str:
        """An article's page."""
        raise NotImplementedError

    def front(self, front: Front) -> str:
        """A page of headlines."""
        raise NotImplementedError

    def plain(self, site: Site, issue: Issue, title: str, text: str) -> str:
        """A page with a title and a few words: other sections, the login, what is not there."""
        raise NotImplementedError

    def anchors(self, pairs: Sequence[tuple[str, str]], between: str = "\n") -> str:
        """Links of (label, path) side by side."""
        return between.join(f'<a href="{esc(path)}">{esc(label)}</a>' for label, path in pairs)

    def tags(self, issue: Issue, limit: int = 8) -> list[tuple[str, str]]:
        """(tag, path) of the stories in print, the newest story's first."""
        names = dict.fromkeys(tag for story in issue.listed for tag in story.tags)
        return [(name, issue.outlet.tag_page(name)) for name in list(names)[:limit]]

    def numbers(self, front: Front) -> list[tuple[int, str]]:
        """(number, path) of the pages of the section."""
        outlet = front.site.outlet
        shown = range(1, min(front.last, 12) + 1)
        return [(n, outlet.section_path if n == 1 else outlet.pages.format(n=n)) for n in shown]

    def date(self, story: Story, issue: Issue) -> str:
        """When the story was published, as its readers see it."""
        return spoken(story.published, issue.outlet.language)

    def picture(self, story: Story, extra: str = "") -> str:
        """The story's picture."""
        return f'<img src="{picture_path(story)}" alt="{esc(story.caption)}" width="800" height="450"{extra}>'

    def feed_link(self, site: Site) -> str:
        """How a page declares the section's feed, where there is one."""
        outlet = site.outlet
        if not outlet.feed:
            return ""
        kind = "application/atom+xml" if outlet.feed_kind == "atom" else "application/rss+xml"
        title = esc(f"{outlet.name} – {outlet.section}")
        return f'<link rel="alternate" type="{kind}" title="{title}" href="{site.base}{outlet.feed}">'


def boxes_of(issue: Issue, story: Story) -> tuple[Box, ...]:
    """The boxes on a story's page, in page order.

    An outlet (or a story that differs) names its boxes as `place:kind`; where the links come from depends on the
    kind alone: the newsroom's most-read list, the story's own relations, or the newest stories.
    """
    outlet = issue.outlet
    found: list[Box] = []
    for name in outlet.boxes if story.boxes is None else story.boxes:
        place, kind = name.split(":")
        if kind == "readers":
            keys = [k for k in issue.readers if k != story.key][:5] if story.readers is None else story.readers
        elif kind == "recommended":
            taken = {story.key, story.inline, *story.related}
            keys = [other.key for other in issue.listed[:9] if other.key not in taken][:3]
        elif place == "inline":
            keys = [story.inline] if story.inline else []
        else:
            keys = story.related
        links = tuple((issue.by_key[k].path, issue.by_key[k].title) for k in keys if k in issue.by_key)
        heading = outlet.headings["inline" if place == "inline" else kind]
        if links or kind == "readers":  # an empty most-read list keeps its heading: its script comes later
            found.append(Box(kind, place, heading or None, links))
    return tuple(found)
