"""The Meridian Courier: semantic elements with microdata, one NewsArticle with its articleBody, boxes in an aside."""

from __future__ import annotations

from crawler.newsroom.markup import esc, linked_data, news_article, open_graph, spoken
from crawler.newsroom.outlets.template import Box, Front, Sheet, Site, Template
from crawler.newsroom.stories import Issue, Story

STYLE = (
    "body{font:17px/1.5 Georgia,serif;max-width:64rem;margin:auto;padding:0 1rem}img{max-width:100%;height:auto}"
    "nav a{margin-right:1em}.advert,.signup,.consent{background:#f3f1ec;padding:.8em}aside{border-top:3px solid #146}"
    ".read-also{border-left:4px solid #146;padding-left:1em}.river li{list-style:none;border-top:1px solid #ccc}"
)


class Meridian(Template):
    """A plain modern outlet."""

    def article(self, sheet: Sheet) -> str:
        """An article's page."""
        site, story, words = sheet.site, sheet.story, sheet.site.outlet.words
        authors = [
            {"@type": "Person", "name": author, "url": site.base + site.outlet.author_page(author)}
            for author in story.authors
        ]
        data = news_article(story, sheet.url, site.base, site.outlet.name, "en-GB", authors, whole=True)
        head = "\n".join(
            [
                f'<link rel="canonical" href="{sheet.url}">',
                f'<meta name="description" content="{esc(story.description)}">',
                f'<meta name="author" content="{esc(", ".join(story.authors))}">',
                open_graph(story, sheet.url, site.base, site.outlet.name, "en_GB"),
                '<meta name="twitter:card" content="summary_large_image">',
                linked_data({"@context": "https://schema.org", **data}),
                f'<script nonce="{sheet.nonce}">window.courier = {{"slot": "{sheet.nonce[:8]}"}};</script>',
                sheet.chrome,
            ]
        )
        byline = ", ".join(
            f'<a rel="author" itemprop="author" itemscope itemtype="https://schema.org/Person" '
            f'href="{site.outlet.author_page(author)}"><span itemprop="name">{esc(author)}</span></a>'
            for author in story.authors
        )
        changed = ""
        if story.modified:
            stamp = story.modified.isoformat()
            date = spoken(story.modified, "en")
            time = f'<time itemprop="dateModified" datetime="{stamp}">{date}</time>'
            changed = f'<p class="stamp">{words["updated"]} {time}</p>'
        standfirst = (
            f'<p class="standfirst" itemprop="alternativeHeadline">{esc(story.standfirst)}</p>'
            if story.standfirst
            else ""
        )
        after = "\n".join(self._links(box, "section") for box in sheet.placed("after"))
        side = "\n".join(self._links(box, "section") for box in sheet.placed("side"))
        bio = "".join(f"<p>{esc(words['bio'].format(author=author))}</p>" for author in story.authors)
        said = "".join(f"<li><b>{esc(name)}</b> {esc(text)}</li>" for name, text in site.outlet.comments)
        body = f"""<main id="content">
<article itemscope itemtype="https://schema.org/NewsArticle">
<header>
<p class="kicker"><a href="{site.outlet.section_path}" itemprop="articleSection">{esc(story.section)}</a></p>
<h1 itemprop="headline">{esc(story.title)}</h1>
{standfirst}
<p class="byline">By {byline}</p>
<p class="stamp"><time itemprop="datePublished"
datetime="{story.published.isoformat()}">{self.date(story, sheet.issue)}</time></p>
{changed}
</header>
<figure>{self.picture(story, ' itemprop="image"')}
<figcaption>{esc(story.caption)} <small>{esc(story.credit)}</small></figcaption></figure>
<div class="share"><button>{words["share"]}</button></div>
<div itemprop="articleBody">
{self._text(sheet)}
</div>
<footer class="about-author">{bio}</footer>
</article>
{after}
<section class="talk"><h2>{words["comments"]}</h2><ol>{said}</ol></section>
</main>
<aside aria-label="More from the Courier">
<div class="advert" data-slot="{sheet.nonce[8:16]}"><span>{words["advert"]}</span><p>{words["advert_text"]}</p></div>
{side}
</aside>"""
        return self._page(site, sheet.issue, story.title, head, body)

    def _text(self, sheet: Sheet) -> str:
        parts: list[str] = []
        for place, block in enumerate(sheet.story.body):
            tag = "h2" if block.heading else "p"
            parts.append(f"<{tag}>{esc(block.text)}</{tag}>")
            if place == 1:
                parts += [self._links(box, "div") for box in sheet.placed("inline")]
            if place == 3:
                slot = sheet.nonce[:8]
                words = sheet.site.outlet.words
                parts.append(
                    f'<div class="advert" data-slot="{slot}" aria-hidden="true"><span>{words["advert"]}</span></div>'
                )
        return "\n".join(parts)

    def _links(self, box: Box, tag: str) -> str:
        items = "\n".join(f'<li><a href="{path}">{esc(text)}</a></li>' for path, text in box.links)
        if tag == "div":
            path, text = box.links[0]
            return f'<div class="read-also"><strong>{box.heading}</strong> <a href="{path}">{esc(text)}</a></div>'
        return f'<section class="cards cards--{box.kind}"><h2>{box.heading}</h2><ul>\n{items}\n</ul></section>'

    def front(self, front: Front) -> str:
        """A page of headlines."""
        site, words = front.site, front.site.outlet.words
        cards = "\n".join(self._card(story, front.issue) for story in front.stories)
        links = [f'<link rel="canonical" href="{site.base}{front.path}">']
        pager = ""
        if front.preceding:
            links.append(f'<link rel="prev" href="{site.base}{front.preceding}">')
            pager += f'<a rel="prev" href="{front.preceding}">{words["previous"]}</a> '
        if front.following:
            links.append(f'<link rel="next" href="{site.base}{front.following}">')
            pager += f'<a rel="next" href="{front.following}">{words["next"]}</a>'
        asides = "\n".join(f'<li><a href="{aside.path}">{esc(aside.title)}</a></li>' for aside in site.outlet.asides)
        best = "\n".join(
            f'<li><a href="{s.path}">{esc(s.title)}</a></li>'
            for s in map(front.issue.by_key.__getitem__, front.issue.readers[:4])
        )
        body = f"""<main id="content">
<h1>{esc(front.title)}</h1>
<ul class="river">
{cards}
</ul>
<p class="pager">{pager}</p>
<section class="elsewhere"><h2>Elsewhere in the Courier</h2><ul>{asides}</ul></section>
</main>
<aside><section class="cards cards--readers"><h2>{site.outlet.headings["readers"]}</h2><ol>{best}</ol></section>
<section class="topics"><h2>{words["tags"]}</h2>{self.anchors(self.tags(front.issue))}</section></aside>"""
        return self._page(site, front.issue, front.title, "\n".join(links), body)

    def _card(self, story: Story, issue: Issue) -> str:
        return (
            f'<li class="card"><a href="{story.path}">{self.picture(story, " loading=lazy")}</a>'
            f'<h3><a href="{story.path}">{esc(story.title)}</a></h3><p>{esc(story.description)}</p>'
            f'<time datetime="{story.published.isoformat()}">{self.date(story, issue)}</time></li>'
        )

    def plain(self, site: Site, issue: Issue, title: str, text: str) -> str:
        """A page of a few words."""
        return self._page(site, issue, title, "", f"<main id=content><h1>{esc(title)}</h1><p>{esc(text)}</p></main>")

    def _page(self, site: Site, issue: Issue, title: str, head: str, body: str) -> str:
        outlet, words = site.outlet, site.outlet.words
        trending = self.anchors(self.tags(issue, 5), " · ")
        return f"""<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{esc(title)} | {esc(outlet.name)}</title>
{head}
{self.feed_link(site)}
<style>{STYLE}</style>
</head>
<body>
<div class="consent" role="dialog"><p>{words["cookies"]}</p><button>{words["accept"]}</button></div>
<header class="masthead"><a class="logo" href="/">{esc(outlet.name)}</a>
<nav aria-label="Sections">{self.anchors(outlet.menu)}</nav>
<div class="trending"><b>{words["trending"]}:</b> {trending}</div></header>
{body}
<form class="signup" action="/account/login"><h2>{words["newsletter"]}</h2>
<p>{words["newsletter_text"]}</p><button>{words["subscribe"]}</button></form>
<footer class="colophon">{self.anchors(outlet.menu[:5])}<p>{words["footer"]}</p></footer>
</body>
</html>
"""


LOOK = Meridian()
