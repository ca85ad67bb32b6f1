"""The press: from a host and a path to the page that an outlet answers with, in one edition."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, unquote, urlsplit

from crawler.newsroom import feeds
from crawler.newsroom.invention import invented
from crawler.newsroom.markup import esc, picture
from crawler.newsroom.outlets import TEMPLATES
from crawler.newsroom.outlets.template import Front, Sheet, Site, boxes_of
from crawler.newsroom.stories import EDITIONS, Expected, Issue, Outlet, Story, issue_of, load_outlets, moment

WRITTEN_PAGE = 4  # stories on a page of the section: few, so that ten stories fill three pages
GENERATED_PAGE = 25
SMALLEST_GZIP = 200


@dataclass(frozen=True, slots=True)
class Page:
    """An answer before HTTP has its say: no ranges, no conditions, no compression yet."""

    status: int
    content_type: str
    body: bytes = b""
    location: str | None = None
    etag: str | None = None
    last_modified: datetime | None = None
    slow: bool = False
    packed: bytes | None = field(default=None, repr=False)


class Press:
    """All sites of a newsroom, and every page of theirs that was ever asked for, rendered once."""

    def __init__(self, *, generated: int, padding: int, sites: int, seed: int) -> None:
        self.generated, self.padding, self.seed = generated, padding, seed
        outlets = list(load_outlets().values())
        self.sites: dict[str, Site] = {outlet.host: Site(outlet, outlet.host) for outlet in outlets}
        self.bare = {bare: outlet.host for outlet in outlets for bare in outlet.bare_hosts}
        self.clones: list[Site] = []
        for number in range(1, sites + 1):
            host = f"s{number:03}.newsroom.test"
            site = Site(outlets[(number - 1) % len(outlets)], host)
            self.sites[host] = site
            self.clones.append(site)
        self._issues: dict[tuple[str, int], Issue] = {}
        self._routes: dict[tuple[str, int], dict[str, Callable[[], Page]]] = {}
        self._pages: dict[tuple[str, str, int], Page] = {}

    def issue(self, site: Site, edition: int) -> Issue:
        """What a site has in print."""
        issue = self._issues.get((site.host, edition))
        if issue is None:
            more = invented(site.outlet, self.generated, f"{self.seed}|{site.host}")
            issue = self._issues[site.host, edition] = issue_of(site.outlet, edition, more)
        return issue

    def page(self, host: str, target: str, edition: int) -> Page:
        """The answer to a request for `target` (path and query) at `host`."""
        found = self._pages.get((host, target, edition))
        if found is None:
            found = self._render(host, target, edition)
            if found.status < 400:  # what is not there is not kept: there is no end of it
                self._pages[host, target, edition] = found
        return found

    def expected(self, url: str, edition: int) -> Expected | None:
        """The right answer for an article's URL; None where no article stands."""
        parts = urlsplit(url)
        site = self.sites.get(parts.hostname or "")
        if site is None:
            return None
        issue = self.issue(site, edition)
        story = issue.by_path.get(plain_path(parts.path))
        if story is None:
            return None
        related = tuple(
            (box.kind, box.heading, site.base + path, text)
            for box in boxes_of(issue, story)
            for path, text in box.links
        )
        return Expected(
            title=story.title,
            standfirst=story.standfirst,
            paragraphs=story.paragraphs,
            authors=story.authors,
            published=story.published.isoformat(),
            modified=story.modified.isoformat() if story.modified else None,
            section=story.section,
            language=site.outlet.language,
            country=site.outlet.country,
            related=related,
        )

    def _render(self, host: str, target: str, edition: int) -> Page:
        path, _, query = target.partition("?")
        if host in self.bare:
            return moved(301, f"http://{self.bare[host]}{target}")
        site = self.sites.get(host)
        if site is None:
            return Page(421, "text/plain; charset=utf-8", f"No outlet of this newsroom is called {host}.\n".encode())
        path = plain_path(path)
        if path.startswith("/picture/"):
            return self._finished(site, Page(200, "image/svg+xml", picture(path).encode()), edition)
        routes = self._routes.get((host, edition))
        if routes is None:
            routes = self._routes[host, edition] = self._route(site, edition)
        route = routes.get(f"{path}?{query}" if query else path)
        if route is None and not f"{path}?{query}".startswith(site.outlet.pages.partition("{n}")[0]):
            route = routes.get(path)  # what campaigns and feeds hang on to a URL changes nothing
        if route is not None:
            return route()
        issue = self.issue(site, edition)
        status = issue.gone.get(path, 404)
        words = site.outlet.words
        text = TEMPLATES[site.outlet.key].plain(site, issue, words["missing"], words["missing_text"])
        return Page(status, html_type(site.outlet), encoded(site.outlet, text))

    def _route(self, site: Site, edition: int) -> dict[str, Callable[[], Page]]:
        """Every path that a site answers in an edition, with how to make its page."""
        outlet, issue = site.outlet, self.issue(site, edition)
        template = TEMPLATES[outlet.key]
        routes: dict[str, Callable[[], Page]] = {}

        def html(path: str, make: Callable[[], str], story: Story | None = None) -> None:
            def answer() -> Page:
                page = Page(200, html_type(outlet), encoded(outlet, make()), slow=slow)
                return self._finished(site, page, edition, path, story)

            slow = story is not None and story.key == outlet.slow
            routes[path] = answer

        def front(path: str, title: str, stories: tuple[Story, ...], number: int = 0, last: int = 0) -> None:
            shown = Front(site, issue, title, path, stories, number, last)
            html(path, lambda: template.front(shown))

        def plain(path: str, title: str, text: str) -> None:
            html(path, lambda: template.plain(site, issue, title, text))

        def machine(path: str, make: Callable[[Site, Issue], str], kind: str) -> None:
            routes[path] = lambda: self._finished(
                site, Page(200, f"{kind}; charset=utf-8", make(site, issue).encode()), edition, path
            )

        for label, path in outlet.menu:
            plain(path, label, outlet.words["elsewhere"])
        for aside in outlet.asides:
            plain(aside.path, aside.title, aside.text)
        front("/", outlet.name, issue.listed[:9])
        size = GENERATED_PAGE if self.generated else WRITTEN_PAGE
        last = max(1, -(-len(issue.stories) // size))
        for number in range(1, last + 1):
            path = outlet.section_path if number == 1 else outlet.pages.format(n=number)
            front(path, outlet.section, issue.stories[(number - 1) * size : number * size], number, last)
        self._index(issue, front)
        for story in issue.stories:
            padding = self.padding if story.generated else 0
            sheet = Sheet(site, issue, story, boxes_of(issue, story), padding)
            html(story.path, lambda sheet=sheet: template.article(sheet), story)  # type: ignore[misc]
        if outlet.feed:
            kind = "application/atom+xml" if outlet.feed_kind == "atom" else "application/rss+xml"
            machine(outlet.feed, lambda site, issue: feeds.feed(site, issue)[0], kind)
        if outlet.sitemap:
            machine(outlet.sitemap, feeds.sitemap, "application/xml")
        machine("/api/stories", feeds.stories, "application/json")
        robots = Page(200, "text/plain; charset=utf-8", feeds.robots(site, issue).encode())
        routes["/robots.txt"] = lambda: robots
        for source, (status, goal) in outlet.redirects.items():
            known = issue.by_key.get(goal)
            place = site.base + (known.path if known else goal)
            routes[source] = lambda status=status, place=place: moved(status, place)  # type: ignore[misc]
        for old, new in issue.moved.items():
            routes[old] = lambda place=site.base + new: moved(301, place)  # type: ignore[misc]
        return routes

    def _index(self, issue: Issue, front: Callable[[str, str, tuple[Story, ...]], None]) -> None:
        """The pages of the tags and of the authors."""
        outlet = issue.outlet
        by_page: dict[tuple[str, str], list[Story]] = {}
        for story in issue.listed:
            for author in story.authors:
                by_page.setdefault((outlet.author_page(author), author), []).append(story)
            for tag in story.tags:
                by_page.setdefault((outlet.tag_page(tag), tag), []).append(story)
        for (path, title), stories in by_page.items():
            front(path, title, tuple(stories[:10]))

    def _finished(self, site: Site, page: Page, edition: int, path: str = "", story: Story | None = None) -> Page:
        """The page with its validators and its compressed form."""
        etag = changed = None
        if "etag" in site.outlet.validators:
            etag = f'"{hashlib.sha256(page.body).hexdigest()[:32]}"'
        if "last-modified" in site.outlet.validators:
            changed = self._changed(site, page, edition, path, story)
        packed = gzip.compress(page.body, 6, mtime=0) if len(page.body) >= SMALLEST_GZIP else None
        return Page(page.status, page.content_type, page.body, None, etag, changed, page.slow, packed)

    def _changed(self, site: Site, page: Page, edition: int, path: str, story: Story | None) -> datetime:
        """When the bytes of a page last changed: with an edition only if they differ from the one before."""
        if edition > EDITIONS[0] and path:
            before = self.page(site.host, path, edition - 1)
            if before.status == 200 and before.body == page.body and before.last_modified is not None:
                return before.last_modified
            if before.status == 200:
                return moment(edition)
        return story.touched if story is not None else moment(EDITIONS[0] if not path else edition)


def plain_path(path: str) -> str:
    """One spelling for a path that clients spell in many ways (`%D8%A7`, `%d8%a7`, or the letter itself)."""
    return quote(unquote(path), safe="/:@!$&'()*+,;=~")


def html_type(outlet: Outlet) -> str:
    """The Content-Type of an outlet's pages; some leave the charset to a meta element."""
    return f"text/html; charset={outlet.charset}" if outlet.charset_in_header else "text/html"


def encoded(outlet: Outlet, text: str) -> bytes:
    """A page in its outlet's charset; what the charset lacks becomes a character reference, as CMSs do it."""
    return text.encode(outlet.charset, errors="xmlcharrefreplace")


def moved(status: int, location: str) -> Page:
    """A redirect."""
    body = f'<!doctype html><title>{status}</title><p><a href="{esc(location)}">{esc(location)}</a></p>\n'
    return Page(status, "text/html; charset=utf-8", body.encode(), location)
