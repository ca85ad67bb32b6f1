"""Minato Nippo: EUC-JP, announced in the page only; no linked data; paragraphs that begin with a wide space."""

from __future__ import annotations

from crawler.newsroom.markup import esc, open_graph, spoken
from crawler.newsroom.outlets.template import Box, Front, Sheet, Site, Template
from crawler.newsroom.stories import Issue, Story

STYLE = (
    "body{font-family:'Hiragino Kaku Gothic ProN',Meiryo,sans-serif;color:#222}#wrapper{width:1000px;margin:0 auto}"
    ".kiji-main{width:680px;float:left}.kiji-side{width:300px;float:right}.midashi{border-left:6px solid #036}"
    ".shashin{float:right;width:320px;margin:0 0 10px 10px}dl.list dt{float:left;clear:left;width:9em}"
)


class Minato(Template):
    """A regional paper in Japan."""

    def article(self, sheet: Sheet) -> str:
        """An article's page."""
        site, story, outlet = sheet.site, sheet.story, sheet.site.outlet
        words = outlet.words
        head = "\n".join(
            [
                f'<link rel="canonical" href="{sheet.url}">',
                f'<meta name="description" content="{esc(story.description)}">',
                f'<meta name="keywords" content="{esc(",".join(story.tags))}">',
                f'<meta name="author" content="{esc(", ".join(story.authors))}">',
                open_graph(story, sheet.url, site.base, outlet.name, "ja_JP"),
                sheet.chrome,
            ]
        )
        changed = f"（{words['updated']}：{spoken(story.modified, 'ja')}）" if story.modified else ""
        lead = f'<p class="maebun">{esc(story.standfirst)}</p>' if story.standfirst else ""
        names = "、".join(f'<a href="{outlet.author_page(a)}">{esc(a)}</a>' for a in story.authors)
        words_of = self.anchors([(tag, outlet.tag_page(tag)) for tag in story.tags], "、")
        after = "\n".join(self._box(box) for box in sheet.placed("after"))
        side = "\n".join(self._box(box) for box in sheet.placed("side"))
        body = f"""<div id="pankuzu"><a href="/">トップ</a> &gt;
<a href="{outlet.section_path}">{esc(story.section)}</a></div>
<div class="kiji-main">
<div class="midashi"><p class="genre">{esc(story.section)}</p><h1>{esc(story.title)}</h1></div>
<p class="nichiji">{self.date(story, sheet.issue)}{changed}</p>
{lead}
<div class="kiji-honbun">
<div class="shashin">{self.picture(story)}<p class="setsumei">{esc(story.caption)}＝{esc(story.credit)}</p></div>
{self._text(sheet)}
</div>
<p class="shomei">【{names}】</p>
<p class="keyword">{words["tags"]}：{words_of}</p>
<ul class="share"><li>{words["share"]}</li></ul>
{after}
</div>
<div class="kiji-side">
<div class="koukoku">{words["advert"]}<br>{words["advert_text"]}</div>
{side}
</div>"""
        return self._page(site, sheet.issue, story.title, head, body)

    def _text(self, sheet: Sheet) -> str:
        return "\n".join(
            f'<h2 class="komidashi">{esc(block.text)}</h2>' if block.heading else f"<p>　{esc(block.text)}</p>"
            for block in sheet.story.body
        )

    def _box(self, box: Box) -> str:
        if box.kind == "readers":
            rows = "\n".join(
                f'<dl class="rank"><dt>{place}</dt><dd><a href="{path}">{esc(text)}</a></dd></dl>'
                for place, (path, text) in enumerate(box.links, start=1)
            )
            return f'<div class="ranking"><h3>{box.heading}</h3>\n{rows}</div>'
        items = "\n".join(f'<li><a href="{path}">{esc(text)}</a></li>' for path, text in box.links)
        return f'<div class="{box.kind}-kiji"><h3>{box.heading}</h3>\n<ul>{items}</ul></div>'

    def front(self, front: Front) -> str:
        """A page of headlines."""
        outlet, words = front.site.outlet, front.site.outlet.words
        rows = "\n".join(self._row(story, front.issue) for story in front.stories)
        pager = " ".join(
            f"<b>{n}</b>" if n == front.number else f'<a href="{path}">{n}</a>'
            for n, path in self.numbers(front)
            if front.number
        )
        if front.following:
            pager += f' <a href="{front.following}">{words["next"]}</a>'
        best = [front.issue.by_key[key] for key in front.issue.readers[:5]]
        box = self._box(Box("readers", "side", outlet.headings["readers"], tuple((s.path, s.title) for s in best)))
        asides = "".join(f'<li><a href="{aside.path}">{esc(aside.title)}</a></li>' for aside in outlet.asides)
        body = f"""<div class="kiji-main"><h1>{esc(front.title)}</h1>
<dl class="list">
{rows}
</dl><p class="pages">{pager}</p></div>
<div class="kiji-side">{box}
<div class="tags"><h3>{words["tags"]}</h3>{self.anchors(self.tags(front.issue, 10), "　")}</div>
<div class="sports"><h3>スポーツ</h3><ul>{asides}</ul></div></div>"""
        return self._page(front.site, front.issue, front.title, "", body)

    def _row(self, story: Story, issue: Issue) -> str:
        return (
            f'<dt>{self.date(story, issue)}</dt><dd><a href="{story.path}">{esc(story.title)}</a>'
            f'<div class="gaiyou">{self.picture(story)}{esc(story.description)}</div></dd>'
        )

    def plain(self, site: Site, issue: Issue, title: str, text: str) -> str:
        """A page of a few words."""
        return self._page(
            site, issue, title, "", f'<div class="kiji-main"><h1>{esc(title)}</h1><p>{esc(text)}</p></div>'
        )

    def _page(self, site: Site, issue: Issue, title: str, head: str, body: str) -> str:
        outlet, words = site.outlet, site.outlet.words
        menu = "".join(f'<li><a href="{path}">{esc(label)}</a></li>' for label, path in outlet.menu)
        hot = self.anchors(self.tags(issue, 4), "　")
        return f"""<!DOCTYPE html>
<html lang="ja">
<head>
<meta charset="EUC-JP">
<title>{esc(title)}：{esc(outlet.name)}</title>
{head}
<style>{STYLE}</style>
</head>
<body>
<div id="wrapper">
<div id="head"><p class="logo"><a href="/">{esc(outlet.name)}</a></p><ul id="gnavi">{menu}</ul>
<p class="chumoku">{words["trending"]}：{hot}</p></div>
{body}
<div id="mail"><h3>{words["newsletter"]}</h3><p>{words["newsletter_text"]}</p>
<button>{words["subscribe"]}</button></div>
<div id="foot"><p>{words["footer"]}</p></div>
<div id="cookie">{words["cookies"]}<button>{words["accept"]}</button></div>
</div>
</body>
</html>
"""


LOOK = Minato()
