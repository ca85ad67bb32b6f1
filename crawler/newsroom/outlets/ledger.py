"""The Lakeshore Ledger: div soup, JSON-LD as a @graph without the text, the readers' box inside the story."""

from __future__ import annotations

from crawler.newsroom.markup import breadcrumbs, esc, linked_data, news_article, open_graph, spoken
from crawler.newsroom.outlets.template import Box, Front, Sheet, Site, Template
from crawler.newsroom.stories import Issue, Story

STYLE = (
    "*{box-sizing:border-box}.wrap{width:960px;margin:0 auto}.lk-label a{color:#b30;text-transform:uppercase}"
    ".lk-cap{font:12px sans-serif;color:#555}.lk-more li{margin:.4em 0}.lk-ad{text-align:center;color:#999}"
    ".lk-inline{font-weight:bold;margin:1em 0}.lk-tease{overflow:hidden;border-bottom:1px dotted #999;padding:8px 0}"
)


class Ledger(Template):
    """A small paper with an old content management system."""

    def article(self, sheet: Sheet) -> str:
        """An article's page."""
        site, story, outlet = sheet.site, sheet.story, sheet.site.outlet
        authors = ", ".join(story.authors)
        steps = [(outlet.name, f"{site.base}/"), (outlet.section, site.base + outlet.section_path)]
        graph = [
            {"@type": "WebSite", "@id": f"{site.base}/#site", "name": outlet.name, "url": f"{site.base}/"},
            {**breadcrumbs([*steps, (story.title, sheet.url)]), "@id": f"{sheet.url}#steps"},
            {
                **news_article(story, sheet.url, site.base, outlet.name, "en-CA", authors),
                "@id": f"{sheet.url}#story",
                "isPartOf": {"@id": f"{site.base}/#site"},
            },
        ]
        head = "\n".join(
            [
                f'<link rel="canonical" href="{sheet.url}"/>',
                f'<meta name="description" content="{esc(story.description)}"/>',
                open_graph(story, sheet.url, site.base, outlet.name, "en_CA"),
                linked_data({"@context": "https://schema.org", "@graph": graph}),
                sheet.chrome,
            ]
        )
        deck = f'<div class="lk-deck">{esc(story.standfirst)}</div>' if story.standfirst else ""
        changed = (
            f' <span class="lk-upd">{outlet.words["updated"]} {spoken(story.modified, "en")}</span>'
            if story.modified
            else ""
        )
        names = " and ".join(f'<a href="{outlet.author_page(a)}">{esc(a)}</a>' for a in story.authors)
        body = f"""<div class="lk-story" id="story-{story.number}">
<div class="lk-label"><a href="{outlet.section_path}">{esc(story.section)}</a></div>
<h1 class="lk-head">{esc(story.title)}</h1>
{deck}
<div class="lk-meta"><span class="lk-by">By {names}</span> |
<span class="lk-date">{self.date(story, sheet.issue)}</span>{changed}</div>
<div class="lk-photo">{self.picture(story)}
<div class="lk-cap">{esc(story.caption)}</div><div class="lk-credit">{esc(story.credit)}</div></div>
<div class="lk-tools"><a href="/login/">{outlet.words["share"]}</a></div>
<div class="lk-text">
{self._text(sheet)}
</div>
{"".join(self._box(box, story) for box in sheet.placed("after"))}
</div>
{self._below(sheet)}"""
        return self._page(site, sheet.issue, story.title, head, body)

    def _text(self, sheet: Sheet) -> str:
        parts: list[str] = []
        for place, block in enumerate(sheet.story.body):
            parts.append(f"<h3>{esc(block.text)}</h3>" if block.heading else f"<p>{esc(block.text)}</p>")
            if place == 0:
                for box in sheet.placed("inline"):
                    path, text = box.links[0]
                    parts.append(f'<div class="lk-inline">{box.heading} <a href="{path}">{esc(text)}</a></div>')
            if place == 1 and sheet.placed("inline"):
                parts.append(f'<div class="lk-ad">{sheet.site.outlet.words["advert"]}</div>')
        return "\n".join(parts)

    def _box(self, box: Box, story: Story) -> str:
        items = "\n".join(f'<li><a href="{path}">{esc(text)}</a></li>' for path, text in box.links)
        fill = f' data-src="/api/reading?story={story.number}"' if box.kind == "readers" else ""
        return f'<h4 class="lk-more-head">{box.heading}</h4>\n<ul class="lk-more"{fill}>{items}</ul>\n'

    def _below(self, sheet: Sheet) -> str:
        outlet, story = sheet.site.outlet, sheet.story
        said = "".join(f'<div class="lk-cmt"><b>{esc(n)}</b><div>{esc(t)}</div></div>' for n, t in outlet.comments)
        bio = "".join(f"<div>{esc(outlet.words['bio'].format(author=author))}</div>" for author in story.authors)
        filed = self.anchors([(tag, outlet.tag_page(tag)) for tag in story.tags], ", ")
        return f"""<div class="lk-filed">{outlet.words["tags"]}: {filed}</div>
<div class="lk-bio">{bio}</div>
<div class="lk-talk"><div class="lk-talk-head">{outlet.words["comments"]}</div>{said}</div>"""

    def front(self, front: Front) -> str:
        """A page of headlines."""
        site, words = front.site, front.site.outlet.words
        teasers = "\n".join(self._teaser(story, front.issue) for story in front.stories)
        older = f'<a class="lk-next" href="{front.following}">{words["next"]}</a>' if front.following else ""
        newer = f'<a class="lk-prev" href="{front.preceding}">{words["previous"]}</a> ' if front.preceding else ""
        asides = "".join(f'<div><a href="{a.path}">{esc(a.title)}</a></div>' for a in site.outlet.asides)
        cloud = self.anchors(self.tags(front.issue, 12), " ")
        body = f"""<div class="lk-front"><div class="lk-front-head">{esc(front.title)}</div>
{teasers}
<div class="lk-pager">{newer}{older}</div></div>
<div class="lk-rail"><div class="lk-cloud">{cloud}</div><div class="lk-ad">{words["advert_text"]}</div>{asides}</div>"""
        return self._page(site, front.issue, front.title, "", body)

    def _teaser(self, story: Story, issue: Issue) -> str:
        return (
            f'<div class="lk-tease"><div class="lk-thumb">{self.picture(story)}</div>'
            f'<div class="lk-tease-head"><a href="{story.path}">{esc(story.title)}</a></div>'
            f'<div class="lk-tease-text">{esc(story.description)} <a href="{story.path}">Read more</a></div>'
            f'<div class="lk-date">{self.date(story, issue)}</div></div>'
        )

    def plain(self, site: Site, issue: Issue, title: str, text: str) -> str:
        """A page of a few words."""
        return self._page(site, issue, title, "", f'<div class="lk-plain"><h1>{esc(title)}</h1>{esc(text)}</div>')

    def _page(self, site: Site, issue: Issue, title: str, head: str, body: str) -> str:
        outlet, words = site.outlet, site.outlet.words
        menu = "".join(f'<div class="lk-tab"><a href="{path}">{esc(label)}</a></div>' for label, path in outlet.menu)
        return f"""<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" lang="en">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8"/>
<title>{esc(title)} - {esc(outlet.name)}</title>
{head}
<style type="text/css">{STYLE}</style>
</head>
<body>
<div class="wrap">
<div class="lk-top"><div class="lk-logo"><a href="/">{esc(outlet.name)}</a></div><div class="lk-menu">{menu}</div></div>
{body}
<div class="lk-letter"><div>{words["newsletter"]}</div><div>{words["newsletter_text"]}</div>
<input type="submit" value="{words["subscribe"]}"/></div>
<div class="lk-foot">{words["footer"]}</div>
<div class="lk-cookie">{words["cookies"]} <span>{words["accept"]}</span></div>
</div>
</body>
</html>
"""


LOOK = Ledger()
