"""La Boussole: the text in section blocks with a drop of everything between, JSON-LD as a list without the text."""

from __future__ import annotations

from crawler.newsroom.markup import breadcrumbs, esc, linked_data, news_article, open_graph, spoken
from crawler.newsroom.outlets.template import Box, Front, Sheet, Site, Template
from crawler.newsroom.stories import Issue, Story

STYLE = (
    ":root{--encre:#1b1b2f}body{margin:0;color:var(--encre);font-family:Garamond,serif}"
    ".grille{display:grid;grid-template-columns:2fr 1fr;gap:2rem;max-width:70rem;margin:auto}"
    ".bloc{margin:0 0 1.2rem}.bloc--pub{background:#eee;text-align:center}.chapo{font-size:1.3rem}"
    ".menu li,.suggestions li{list-style:none;display:inline-block;margin-right:1rem}"
)


class Boussole(Template):
    """A daily of the capital, made by a web agency."""

    def article(self, sheet: Sheet) -> str:
        """An article's page."""
        site, story, outlet = sheet.site, sheet.story, sheet.site.outlet
        words = outlet.words
        people = [{"@type": "Person", "name": author, "jobTitle": "Journaliste"} for author in story.authors]
        steps = [("Accueil", f"{site.base}/"), (outlet.section, site.base + outlet.section_path)]
        context = {"@context": "https://schema.org"}
        data = [
            {**context, **breadcrumbs(steps)},
            {
                **context,
                **news_article(story, sheet.url, site.base, outlet.name, "fr", people),
                "isAccessibleForFree": True,
            },
        ]
        head = "\n".join(
            [
                f'<link rel="canonical" href="{sheet.url}">',
                f'<meta name="description" content="{esc(story.description)}">',
                open_graph(story, sheet.url, site.base, outlet.name, "fr_FR"),
                *(f'<meta property="og:article:author" content="{esc(author)}">' for author in story.authors),
                linked_data(data),
                sheet.chrome,
            ]
        )
        names = " et ".join(
            f'<a class="signature__nom" href="{outlet.author_page(a)}">{esc(a)}</a>' for a in story.authors
        )
        changed = f", {words['updated']} {spoken(story.modified, 'fr')}" if story.modified else ""
        chapo = f'<p class="chapo">{esc(story.standfirst)}</p>' if story.standfirst else ""
        after = "\n".join(self._suggestions(box) for box in sheet.placed("after"))
        side = "\n".join(self._ranking(box) for box in sheet.placed("side"))
        bio = " ".join(esc(words["bio"].format(author=author)) for author in story.authors)
        said = "\n".join(
            f'<div class="reaction"><span class="reaction__nom">{esc(name)}</span><p>{esc(text)}</p></div>'
            for name, text in outlet.comments
        )
        body = f"""<div class="grille">
<div class="grille__principal">
<article class="article" id="a{story.number}">
<ol class="ariane"><li><a href="/">Accueil</a></li>
<li><a href="{outlet.section_path}">{esc(story.section)}</a></li></ol>
<h1 class="article__titre">{esc(story.title)}</h1>
{chapo}
<div class="signature">Par {names}
<span class="signature__date">Publié le
<time datetime="{story.published.isoformat()}">{self.date(story, sheet.issue)}</time>{changed}</span></div>
<figure class="media">{self.picture(story)}
<figcaption class="media__legende">{esc(story.caption)} <span>{esc(story.credit)}</span></figcaption></figure>
{self._blocks(sheet)}
<section class="bloc bloc--signature"><p>{bio}</p></section>
</article>
{after}
<section class="reactions"><h2>{words["comments"]}</h2>
{said}</section>
</div>
<div class="grille__cote">
<div class="bloc--pub"><small>{words["advert"]}</small><br>{words["advert_text"]}</div>
{side}
</div>
</div>"""
        return self._page(site, sheet.issue, story.title, head, body)

    def _blocks(self, sheet: Sheet) -> str:
        words = sheet.site.outlet.words
        parts: list[str] = []
        for place, block in enumerate(sheet.story.body):
            if block.heading:
                parts.append(f'<section class="bloc bloc--intertitre"><h2>{esc(block.text)}</h2></section>')
                continue
            parts.append(f'<section class="bloc bloc--texte" data-n="{place}"><p>{esc(block.text)}</p></section>')
            if place == 0:
                parts.append(f'<section class="bloc bloc--pub"><small>{words["advert"]}</small></section>')
            if place == 1:
                for box in sheet.placed("inline"):
                    path, text = box.links[0]
                    parts.append(
                        f'<section class="bloc bloc--renvoi"><span>{box.heading}</span> '
                        f'<a href="{path}">{esc(text)}</a></section>'
                    )
        return "\n".join(parts)

    def _suggestions(self, box: Box) -> str:
        items = "\n".join(
            f'<li><a href="{path}"><span class="suggestions__titre">{esc(text)}</span></a></li>'
            for path, text in box.links
        )
        return f'<section class="suggestions"><h2>{box.heading}</h2>\n<ul>{items}</ul></section>'

    def _ranking(self, box: Box) -> str:
        items = "\n".join(
            f'<li value="{place}"><a href="{path}" title="{esc(text)}">{esc(text)}</a></li>'
            for place, (path, text) in enumerate(box.links, start=1)
        )
        return f'<div class="palmares"><div class="palmares__titre">{box.heading}</div>\n<ol>{items}</ol></div>'

    def front(self, front: Front) -> str:
        """A page of headlines."""
        site, outlet, words = front.site, front.site.outlet, front.site.outlet.words
        head = f'<link rel="canonical" href="{site.base}{front.path}">'
        if front.following:
            head += f'\n<link rel="next" href="{site.base}{front.following}">'
        rows = "\n".join(self._row(story, front.issue) for story in front.stories)
        pager = " ".join(
            f'<a href="{path}"{" aria-current=page" if n == front.number else ""}>{n}</a>'
            for n, path in self.numbers(front)
            if front.number
        )
        ranked = [front.issue.by_key[key] for key in front.issue.readers[:5]]
        best = self._ranking(
            Box("readers", "side", outlet.headings["readers"], tuple((s.path, s.title) for s in ranked))
        )
        asides = self.anchors([(aside.title, aside.path) for aside in outlet.asides])
        body = f"""<div class="grille"><div class="grille__principal">
<h1 class="rubrique">{esc(front.title)}</h1>
{rows}
<p class="pagination">{pager}</p></div>
<div class="grille__cote">{best}
<div class="nuage"><h2>{words["tags"]}</h2>{self.anchors(self.tags(front.issue, 12))}</div>
<div class="culture"><h2>Culture</h2>{asides}</div></div></div>"""
        return self._page(site, front.issue, front.title, head, body)

    def _row(self, story: Story, issue: Issue) -> str:
        names = ", ".join(story.authors)
        return (
            f'<article class="une"><a class="une__lien" href="{story.path}">{self.picture(story)}'
            f'<h2 class="une__titre">{esc(story.title)}</h2></a>'
            f'<p class="une__chapo">{esc(story.description)}</p>'
            f'<p class="une__date">{esc(names)}, {self.date(story, issue)}</p></article>'
        )

    def plain(self, site: Site, issue: Issue, title: str, text: str) -> str:
        """A page of a few words."""
        return self._page(site, issue, title, "", f'<div class="grille"><h1>{esc(title)}</h1><p>{esc(text)}</p></div>')

    def _page(self, site: Site, issue: Issue, title: str, head: str, body: str) -> str:
        outlet, words = site.outlet, site.outlet.words
        menu = "".join(f'<li><a href="{path}">{esc(label)}</a></li>' for label, path in outlet.menu)
        topics = self.anchors(self.tags(issue, 4), " | ")
        return f"""<!DOCTYPE html>
<html lang="fr">
<head>
<meta charset="utf-8">
<title>{esc(title)} – {esc(outlet.name)}</title>
{head}
{self.feed_link(site)}
<style>{STYLE}</style>
</head>
<body>
<header><a href="/" class="titre">{esc(outlet.name)}</a><ul class="menu">{menu}</ul>
<p class="actu">{words["trending"]} : {topics}</p></header>
{body}
<section class="lettre"><h2>{words["newsletter"]}</h2><p>{words["newsletter_text"]}</p>
<button>{words["subscribe"]}</button></section>
<footer><p>{words["footer"]}</p></footer>
<div id="temoins"><p>{words["cookies"]}</p><button>{words["accept"]}</button></div>
</body>
</html>
"""


LOOK = Boussole()
