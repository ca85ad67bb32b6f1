"""Feeds, news sitemaps, robots.txt and an interface of its own: what an outlet tells machines."""

from __future__ import annotations

import json
from email.utils import format_datetime
from html import escape

from crawler.newsroom.outlets.template import Site
from crawler.newsroom.stories import Issue, Story, moment

FEED_LENGTH = 20


def feed(site: Site, issue: Issue) -> tuple[str, str]:
    """The section's feed and its media type, in the outlet's kind."""
    if issue.outlet.feed_kind == "atom":
        return atom(site, issue), "application/atom+xml"
    return rss(site, issue), "application/rss+xml"


def rss(site: Site, issue: Issue) -> str:
    """RSS 2.0 with Dublin Core authors, newest first."""
    outlet = issue.outlet
    items = "\n".join(
        f"<item><title>{escape(story.title)}</title><link>{site.base}{story.path}</link>"
        f'<guid isPermaLink="false">{outlet.key}-{story.number}</guid>'
        f"<pubDate>{format_datetime(story.published)}</pubDate>"
        f"<description>{escape(escape(story.description))}</description>"
        + "".join(f"<dc:creator>{escape(author)}</dc:creator>" for author in story.authors)
        + f"<category>{escape(story.section)}</category></item>"
        for story in issue.listed[:FEED_LENGTH]
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">\n'
        f"<channel><title>{escape(outlet.name)} – {escape(outlet.section)}</title>"
        f"<link>{site.base}{outlet.section_path}</link>"
        f'<atom:link rel="self" type="application/rss+xml" href="{site.base}{outlet.feed}"/>'
        f"<description>{escape(outlet.words['slogan'])}</description><language>{outlet.language}</language>"
        f"<lastBuildDate>{format_datetime(moment(issue.edition))}</lastBuildDate>\n{items}\n</channel></rss>\n"
    )


def atom(site: Site, issue: Issue) -> str:
    """Atom 1.0, newest first."""
    outlet = issue.outlet
    entries = "\n".join(
        f"<entry><title>{escape(story.title)}</title>"
        f'<link rel="alternate" type="text/html" href="{site.base}{story.path}"/>'
        f"<id>tag:{outlet.host},2026:{story.number}</id>"
        f"<published>{story.published.isoformat()}</published><updated>{story.touched.isoformat()}</updated>"
        + "".join(f"<author><name>{escape(author)}</name></author>" for author in story.authors)
        + f'<category term="{escape(story.section)}"/>'
        f'<summary type="text">{escape(story.description)}</summary></entry>'
        for story in issue.listed[:FEED_LENGTH]
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{outlet.language}">'
        f"<title>{escape(outlet.name)} – {escape(outlet.section)}</title>"
        f"<id>tag:{outlet.host},2026:section</id>"
        f'<link rel="self" href="{site.base}{outlet.feed}"/>'
        f'<link rel="alternate" href="{site.base}{outlet.section_path}"/>'
        f"<updated>{moment(issue.edition).isoformat()}</updated>\n{entries}\n</feed>\n"
    )


def sitemap(site: Site, issue: Issue) -> str:
    """A sitemap with Google's news tags, of all stories in print."""
    outlet = issue.outlet

    def entry(story: Story) -> str:
        return (
            f"<url><loc>{site.base}{story.path}</loc><lastmod>{story.touched.isoformat()}</lastmod><news:news>"
            f"<news:publication><news:name>{escape(outlet.name)}</news:name>"
            f"<news:language>{outlet.language}</news:language></news:publication>"
            f"<news:publication_date>{story.published.isoformat()}</news:publication_date>"
            f"<news:title>{escape(story.title)}</news:title></news:news></url>"
        )

    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">\n'
        + "\n".join(entry(story) for story in issue.listed)
        + "\n</urlset>\n"
    )


def stories(site: Site, issue: Issue) -> str:
    """The section as an outlet's own scripts would fetch it: references in place of addresses, in no known format."""
    items = [{"ref": s.path.lstrip("/"), "line": s.title, "at": s.published.isoformat()} for s in issue.listed]
    return json.dumps({"desk": issue.outlet.section, "stories": items}, ensure_ascii=False)


def robots(site: Site, issue: Issue) -> str:
    """The rules for crawlers: one folder is closed to all of them."""
    lines = ["User-agent: *", "Disallow: /private/", "Disallow: /search", "Allow: /"]
    if issue.outlet.sitemap:
        lines += ["", f"Sitemap: {site.base}{issue.outlet.sitemap}"]
    return "\n".join(lines) + "\n"
