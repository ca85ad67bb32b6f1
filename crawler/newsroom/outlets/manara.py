"""Al-Manara: written from right to left, the text in one element with two line breaks for a paragraph."""

from __future__ import annotations

from crawler.newsroom.markup import esc, linked_data, news_article, open_graph, spoken
from crawler.newsroom.outlets.template import Box, Front, Sheet, Site, Template
from crawler.newsroom.stories import Issue, Story

STYLE = (
    "body{font-family:Tahoma,'Noto Naskh Arabic',sans-serif;background:#fafafa}.row{display:flex;gap:20px}"
    "#newsText{font-size:19px;line-height:1.9}.share-key{background:#a00;color:#fff}.most-box li{margin:6px}"
    ".news-item{display:inline-block;width:48%;vertical-align:top}.ad-square{width:300px;height:250px;background:#ddd}"
)


class Manara(Template):
    """A daily with a system that was bought long ago and was patched since."""

    def article(self, sheet: Sheet) -> str:
        """An article's page."""
        site, story, outlet = sheet.site, sheet.story, sheet.site.outlet
        words = outlet.words
        data = news_article(story, sheet.url, site.base, outlet.name, "ar", list(story.authors))
        head = "\n".join(
            [
                f'<link rel="canonical" href="{sheet.url}" />',
                f'<meta name="description" content="{esc(story.description)}" />',
                f'<meta name="keywords" content="{esc("، ".join(story.tags))}" />',
                open_graph(story, sheet.url, site.base, outlet.name, "ar_AR"),
                linked_data({"@context": "http://schema.org", **data}),
                sheet.chrome,
            ]
        )
        names = " - ".join(f'<a href="{outlet.author_page(a)}">{esc(a)}</a>' for a in story.authors)
        changed = (
            f'<span class="upd">{words["updated"]}: {spoken(story.modified, "ar")}</span>' if story.modified else ""
        )
        lead = f'<h2 class="sub-title">{esc(story.standfirst)}</h2>' if story.standfirst else ""
        after = "\n".join(self._box(box) for box in sheet.placed("after"))
        said = "\n".join(
            f'<div class="comment-row"><div class="c-name">{esc(name)}</div><div class="c-text">{esc(text)}</div></div>'
            for name, text in outlet.comments
        )
        bio = "<br />".join(esc(words["bio"].format(author=author)) for author in story.authors)
        tags = self.anchors([(f"#{tag}", outlet.tag_page(tag)) for tag in story.tags], " ")
        body = f"""<div class="row" id="newsPage">
<div class="col-8">
<div class="crumbs"><a href="/">الرئيسية</a> /
<a href="{outlet.section_path}" class="cat">{esc(story.section)}</a></div>
<h1 class="news-title">{esc(story.title)}</h1>
{lead}
<div class="info"><span class="writer">{names}</span>
<span class="date">{self.date(story, sheet.issue)}</span> {changed}</div>
<div class="lead-shot">{self.picture(story)}
<span class="img-text">{esc(story.caption)} ({esc(story.credit)})</span></div>
<div class="tools"><button class="share-key">{words["share"]}</button></div>
<div id="newsText">{self._text(sheet)}</div>
<div class="writer-box">{bio}</div>
<div class="tags-row">{words["tags"]}: {tags}</div>
{after}
<div class="comments"><h3>{words["comments"]}</h3>
{said}</div>
</div>
<div class="col-4"><div class="ad-square">{words["advert"]}: {words["advert_text"]}</div></div>
</div>"""
        return self._page(site, sheet.issue, story.title, head, body)

    def _text(self, sheet: Sheet) -> str:
        parts: list[str] = []
        for place, block in enumerate(sheet.story.body):
            parts.append(f"<strong>{esc(block.text)}</strong>" if block.heading else esc(block.text))
            if place == 1:
                for box in sheet.placed("inline"):
                    path, text = box.links[0]
                    parts.append(f'<span class="read-too">{box.heading} <a href="{path}">{esc(text)}</a></span>')
        return "<br />\n<br />\n".join(parts)

    def _box(self, box: Box) -> str:
        if box.kind == "readers":
            items = "\n".join(f'<li><a href="{path}">{esc(text)}</a></li>' for path, text in box.links)
            return f'<div class="most-box"><h3>{box.heading}</h3><ul>{items}</ul></div>'
        items = "\n".join(
            f'<div class="news-item"><a href="{path}"><div class="t">{esc(text)}</div></a></div>'
            for path, text in box.links
        )
        return f'<div class="linked"><h3>{box.heading}</h3>{items}</div>'

    def front(self, front: Front) -> str:
        """A page of headlines."""
        outlet, words = front.site.outlet, front.site.outlet.words
        items = "\n".join(self._item(story, front.issue) for story in front.stories)
        pager = " ".join(f'<a href="{path}">{n}</a>' for n, path in self.numbers(front) if front.number)
        best = [front.issue.by_key[key] for key in front.issue.readers[:5]]
        box = self._box(Box("readers", "side", outlet.headings["readers"], tuple((s.path, s.title) for s in best)))
        asides = "".join(f'<div><a href="{aside.path}">{esc(aside.title)}</a></div>' for aside in outlet.asides)
        tags = self.anchors([(f"#{tag}", path) for tag, path in self.tags(front.issue, 10)], " ")
        body = f"""<div class="row"><div class="col-8"><h1>{esc(front.title)}</h1>
{items}
<div class="pages">{pager}</div></div>
<div class="col-4">{box}<div class="ad-square">{words["advert"]}</div>
<div class="tags-row">{tags}</div>{asides}</div></div>"""
        return self._page(front.site, front.issue, front.title, "", body)

    def _item(self, story: Story, issue: Issue) -> str:
        return (
            f'<div class="news-item"><a href="{story.path}">{self.picture(story)}</a>'
            f'<h3><a href="{story.path}">{esc(story.title)}</a></h3>'
            f'<div class="brief">{esc(story.description)}</div><i>{self.date(story, issue)}</i></div>'
        )

    def plain(self, site: Site, issue: Issue, title: str, text: str) -> str:
        """A page of a few words."""
        return self._page(site, issue, title, "", f'<div class="row"><h1>{esc(title)}</h1><p>{esc(text)}</p></div>')

    def _page(self, site: Site, issue: Issue, title: str, head: str, body: str) -> str:
        outlet, words = site.outlet, site.outlet.words
        menu = "".join(f'<li><a href="{path}">{esc(label)}</a></li>' for label, path in outlet.menu)
        bar = self.anchors(self.tags(issue, 5), " | ")
        return f"""<!DOCTYPE html>
<html lang="ar" dir="rtl">
<head>
<meta charset="utf-8" />
<title>{esc(title)} | {esc(outlet.name)}</title>
{head}
{self.feed_link(site)}
<style>{STYLE}</style>
</head>
<body class="rtl">
<div id="header"><a href="/"><b>{esc(outlet.name)}</b></a><ul id="menuTop">{menu}</ul>
<div id="bar">{words["trending"]}: {bar}</div></div>
{body}
<div id="mailList"><b>{words["newsletter"]}</b> {words["newsletter_text"]} <button>{words["subscribe"]}</button></div>
<div id="footer">{words["footer"]}</div>
<div id="cookieBar">{words["cookies"]} <button>{words["accept"]}</button></div>
</body>
</html>
"""


LOOK = Manara()
