"""Norddeutsche Warte: a shell with data attributes and the state of its script, the headline in an h2, not the h1."""

from __future__ import annotations

from crawler.newsroom.markup import (
    breadcrumbs,
    esc,
    linked_data,
    news_article,
    open_graph,
    picture_path,
    script,
    spoken,
)
from crawler.newsroom.outlets.template import Box, Front, Sheet, Site, Template
from crawler.newsroom.stories import Issue, Story

STYLE = (
    "body{font:18px/1.6 'Source Serif',serif;margin:0}[data-region=inhalt]{max-width:44rem;margin:0 auto}"
    "[data-typ=anzeige]{border:1px solid #ddd;font-size:12px}[data-typ=teaser]{display:flex;gap:1rem}"
    ".u-hidden{display:none}h1{font-size:1rem;text-transform:uppercase;letter-spacing:.1em}"
)


class Nordwarte(Template):
    """A large paper whose pages are rendered by the script that later takes them over."""

    def article(self, sheet: Sheet) -> str:
        """An article's page."""
        site, story, outlet = sheet.site, sheet.story, sheet.site.outlet
        words = outlet.words
        people = [{"@type": "Person", "name": author} for author in story.authors]
        context = {"@context": "https://schema.org"}
        article = news_article(story, sheet.url, site.base, outlet.name, "de", people, whole=True)
        organisation = {"@type": "NewsMediaOrganization", "name": outlet.name, "url": f"{site.base}/"}
        steps = [("Startseite", f"{site.base}/"), (outlet.section, site.base + outlet.section_path)]
        head = "\n".join(
            [
                f'<link rel="canonical" href="{sheet.url}"/>',
                f'<meta name="description" content="{esc(story.description)}"/>',
                f'<meta name="date" content="{story.published.isoformat()}"/>',
                open_graph(story, sheet.url, site.base, outlet.name, "de_DE"),
                linked_data([{**context, **organisation}, {**context, **article}, {**context, **breadcrumbs(steps)}]),
                sheet.chrome,
            ]
        )
        names = " und ".join(f'<a href="{outlet.author_page(a)}">{esc(a)}</a>' for a in story.authors)
        changed = f"<span>{words['updated']} {spoken(story.modified, 'de')}</span>" if story.modified else ""
        lead = f'<p data-teil="vorspann"><strong>{esc(story.standfirst)}</strong></p>' if story.standfirst else ""
        after = "\n".join(self._box(box) for box in sheet.placed("after"))
        bio = "".join(f"<li>{esc(words['bio'].format(author=author))}</li>" for author in story.authors)
        said = "".join(
            f'<div data-kommentar="{n}"><em>{esc(name)}</em><p>{esc(text)}</p></div>'
            for n, (name, text) in enumerate(outlet.comments)
        )
        body = f"""<main data-region="inhalt" data-artikel="{story.number}" data-kennung="{sheet.nonce}">
<div data-teil="kopf">
<a data-teil="ressort" href="{outlet.section_path}">{esc(story.section)}</a>
<h2 data-teil="titel"><span>{esc(story.title)}</span></h2>
{lead}
<div data-teil="zeile">Von {names}
<time datetime="{story.published.isoformat()}">{self.date(story, sheet.issue)}</time> {changed}</div>
</div>
<div data-typ="bild"><picture><source srcset="{picture_path(story)}" media="(min-width: 700px)"/>{self.picture(story)}
</picture><p>{esc(story.caption)} <span>{esc(story.credit)}</span></p></div>
<div data-teil="text">
{self._text(sheet)}
</div>
<ul data-teil="autoren">{bio}</ul>
<button data-aktion="teilen">{words["share"]}</button>
{after}
<div data-region="diskussion"><h3>{words["comments"]}</h3>{said}</div>
</main>
{self._state(sheet)}"""
        return self._page(site, sheet.issue, story.title, head, body)

    def _text(self, sheet: Sheet) -> str:
        words = sheet.site.outlet.words
        parts: list[str] = []
        for place, block in enumerate(sheet.story.body):
            tag = "h3" if block.heading else "p"
            parts.append(f'<{tag} data-block="{place}">{esc(block.text)}</{tag}>')
            if place == 0:
                parts.append(f'<div data-typ="anzeige" data-platz="{sheet.nonce[:10]}">{words["advert"]}</div>')
            if place == 1:
                for box in sheet.placed("inline"):
                    path, text = box.links[0]
                    parts.append(
                        f'<a data-typ="lesetipp" href="{path}"><span>{box.heading}</span> <b>{esc(text)}</b></a>'
                    )
        return "\n".join(parts)

    def _box(self, box: Box) -> str:
        items = "\n".join(
            f'<a data-typ="karte" data-rang="{place}" href="{path}"><h4>{esc(text)}</h4></a>'
            for place, (path, text) in enumerate(box.links, start=1)
        )
        return f'<section data-region="{box.kind}"><h3>{box.heading}</h3>\n{items}</section>'

    def _state(self, sheet: Sheet) -> str:
        """What the outlet's script would start from: the whole story once more, as JSON."""
        story = sheet.story
        state = {
            "build": sheet.nonce[:12],
            "route": {"name": "article", "id": story.number},
            "article": {
                "title": story.title,
                "lead": story.standfirst,
                "blocks": [{"type": "h" if b.heading else "p", "html": esc(b.text)} for b in story.body],
            },
        }
        return f'<script id="__ZUSTAND__" type="application/json">{script(state)}</script>'

    def front(self, front: Front) -> str:
        """A page of headlines."""
        site, outlet, words = front.site, front.site.outlet, front.site.outlet.words
        head = f'<link rel="canonical" href="{site.base}{front.path}"/>'
        pager = ""
        if front.preceding:
            head += f'\n<link rel="prev" href="{site.base}{front.preceding}"/>'
            pager += f'<a data-aktion="neuer" href="{front.preceding}">{words["previous"]}</a> '
        if front.following:
            head += f'\n<link rel="next" href="{site.base}{front.following}"/>'
            pager += f'<a data-aktion="aelter" href="{front.following}">{words["next"]}</a>'
        teasers = "\n".join(self._teaser(story, front.issue) for story in front.stories)
        best = [front.issue.by_key[key] for key in front.issue.readers[:5]]
        box = self._box(Box("readers", "side", outlet.headings["readers"], tuple((s.path, s.title) for s in best)))
        asides = self.anchors([(aside.title, aside.path) for aside in outlet.asides])
        body = f"""<main data-region="inhalt">
<h2 data-teil="rubrik">{esc(front.title)}</h2>
{teasers}
<nav data-teil="blaettern">{pager}</nav>
{box}
<section data-region="themen"><h3>{words["tags"]}</h3>{self.anchors(self.tags(front.issue, 12))}</section>
<section data-region="kultur"><h3>Kultur</h3>{asides}</section>
</main>"""
        return self._page(site, front.issue, front.title, head, body)

    def _teaser(self, story: Story, issue: Issue) -> str:
        return (
            f'<div data-typ="teaser" data-id="{story.number}">'
            f'<a href="{story.path}" tabindex="-1">{self.picture(story)}</a>'
            f'<div><a href="{story.path}"><h3>{esc(story.title)}</h3></a><p>{esc(story.description)}</p>'
            f"<small>{self.date(story, issue)}</small></div></div>"
        )

    def plain(self, site: Site, issue: Issue, title: str, text: str) -> str:
        """A page of a few words."""
        body = f'<main data-region="inhalt"><h2>{esc(title)}</h2><p>{esc(text)}</p></main>'
        return self._page(site, issue, title, "", body)

    def _page(self, site: Site, issue: Issue, title: str, head: str, body: str) -> str:
        outlet, words = site.outlet, site.outlet.words
        topics = self.anchors(self.tags(issue, 5), " ")
        return f"""<!doctype html>
<html lang="de" data-theme="hell">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width"/>
<title>{esc(title)} • {esc(outlet.name)}</title>
{head}
{self.feed_link(site)}
<style>{STYLE}</style>
</head>
<body>
<div id="app">
<div data-region="einwilligung" role="dialog"><p>{words["cookies"]}</p><button>{words["accept"]}</button></div>
<div data-region="kopf"><h1><a href="/">{esc(outlet.name)}</a></h1><nav>{self.anchors(outlet.menu)}</nav>
<div data-region="themenleiste">{words["trending"]}: {topics}</div></div>
{body}
<div data-region="brief"><h3>{words["newsletter"]}</h3><p>{words["newsletter_text"]}</p>
<button>{words["subscribe"]}</button></div>
<div data-typ="anzeige">{words["advert"]}: {words["advert_text"]}</div>
<div data-region="fuss">{words["footer"]}</div>
</div>
</body>
</html>
"""


LOOK = Nordwarte()
