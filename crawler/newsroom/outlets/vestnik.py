"""Vestnik Prirechya: tables within tables, font elements, windows-1251, the most read in the left column."""

from __future__ import annotations

from crawler.newsroom.markup import esc
from crawler.newsroom.outlets.template import Box, Front, Sheet, Site, Template
from crawler.newsroom.stories import Issue, Story


class Vestnik(Template):
    """A provincial weekly whose site was last redesigned in 1999."""

    def article(self, sheet: Sheet) -> str:
        """An article's page."""
        story, outlet = sheet.story, sheet.site.outlet
        words = outlet.words
        head = "\n".join(
            [
                f'<META NAME="description" CONTENT="{esc(story.description)}">',
                f'<META NAME="author" CONTENT="{esc(", ".join(story.authors))}">',
                f'<META NAME="date" CONTENT="{story.published.isoformat()}">',
                f'<META NAME="keywords" CONTENT="{esc(", ".join(story.tags))}">',
                sheet.chrome,
            ]
        )
        lead = f"<p><b>{esc(story.standfirst)}</b></p>" if story.standfirst else ""
        names = ", ".join(f'<a href="{outlet.author_page(author)}">{esc(author)}</a>' for author in story.authors)
        text = "\n".join(
            f'<p align="center"><b>{esc(block.text)}</b></p>'
            if block.heading
            else f'<p align="justify">{esc(block.text)}</p>'
            for block in story.body
        )
        after = "".join(self._box(box) for box in sheet.placed("after"))
        middle = f"""<font size="2" color="#800000"><a href="{outlet.section_path}">{esc(story.section)}</a></font>
<h2>{esc(story.title)}</h2>
<font size="2" color="gray">{self.date(story, sheet.issue)} | {names}</font>
<table align="right" width="220" cellpadding="4"><tr><td>{self.picture(story, ' border="1"')}</td></tr>
<tr><td><font size="1">{esc(story.caption)}. {esc(story.credit)}</font></td></tr></table>
{lead}
{text}
<p align="right"><font size="1"><a href="/login.shtml">{words["share"]}</a></font></p>
{after}"""
        left = "".join(self._box(box) for box in sheet.placed("before"))
        return self._page(sheet.site, sheet.issue, story.title, head, left, middle)

    def _box(self, box: Box) -> str:
        rows = "\n".join(
            f'<tr><td valign="top"><img src="/picture/dot.svg" width="5" height="5"></td>'
            f'<td><a href="{path}"><font size="2">{esc(text)}</font></a></td></tr>'
            for path, text in box.links
        )
        return (
            f'<table width="100%" border="0" cellpadding="3" bgcolor="#EEEEDD">\n'
            f'<tr><td colspan="2" bgcolor="#CCCC99"><b>{box.heading}</b></td></tr>\n{rows}</table><br>\n'
        )

    def front(self, front: Front) -> str:
        """A page of headlines."""
        outlet, words = front.site.outlet, front.site.outlet.words
        rows = "\n".join(self._row(story, front.issue) for story in front.stories)
        pager = ""
        if front.preceding:
            pager += f'<a href="{front.preceding}">{words["previous"]}</a> '
        if front.following:
            pager += f'<a href="{front.following}">{words["next"]}</a>'
        best = [front.issue.by_key[key] for key in front.issue.readers[:5]]
        left = self._box(Box("readers", "before", outlet.headings["readers"], tuple((s.path, s.title) for s in best)))
        asides = "<br>".join(f'<a href="{aside.path}">{esc(aside.title)}</a>' for aside in outlet.asides)
        middle = f"""<h2>{esc(front.title)}</h2>
<table width="100%" border="0" cellpadding="6">
{rows}
</table>
<p align="center">{pager}</p>
<p><b>{words["tags"]}:</b> {self.anchors(self.tags(front.issue, 10), " ")}</p><p>{asides}</p>"""
        return self._page(front.site, front.issue, front.title, "", left, middle)

    def _row(self, story: Story, issue: Issue) -> str:
        return (
            f'<tr><td width="120" valign="top"><a href="{story.path}">{self.picture(story, " border=0")}</a></td>'
            f'<td valign="top"><font size="1">{self.date(story, issue)}</font><br>'
            f'<a href="{story.path}"><b>{esc(story.title)}</b></a><br>{esc(story.description)}</td></tr>'
        )

    def plain(self, site: Site, issue: Issue, title: str, text: str) -> str:
        """A page of a few words."""
        return self._page(site, issue, title, "", "", f"<h2>{esc(title)}</h2><p>{esc(text)}</p>")

    def _page(self, site: Site, issue: Issue, title: str, head: str, left: str, middle: str) -> str:
        outlet, words = site.outlet, site.outlet.words
        cells = "".join(
            f'<td align="center" bgcolor="#800000"><a href="{path}"><font color="white">{esc(label)}</font></a></td>'
            for label, path in outlet.menu
        )
        talk = self.anchors(self.tags(issue, 4), ", ")
        return f"""<HTML>
<HEAD>
<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=windows-1251">
<TITLE>{esc(outlet.name)} :: {esc(title)}</TITLE>
{head}
</HEAD>
<BODY BGCOLOR="#FFFFFF" TEXT="#000000" LINK="#003399">
<table width="780" align="center" border="0" cellspacing="0">
<tr><td colspan="3"><a href="/"><font size="6" color="#800000"><b>{esc(outlet.name)}</b></font></a></td></tr>
<tr><td colspan="3"><table width="100%" border="0" cellspacing="1"><tr>{cells}</tr></table></td></tr>
<tr><td colspan="3"><font size="2">{words["trending"]}: {talk}</font></td></tr>
<tr>
<td width="170" valign="top">{left}
<table width="100%" bgcolor="#EEEEEE"><tr><td><b>{words["newsletter"]}</b><br>
<font size="1">{words["newsletter_text"]}</font><br><input type="button" value="{words["subscribe"]}"></td></tr></table>
</td>
<td width="460" valign="top">
{middle}
</td>
<td width="150" valign="top"><table width="100%" border="1"><tr><td align="center">{words["advert"]}<br>
<b>{words["advert_text"]}</b></td></tr></table></td>
</tr>
<tr><td colspan="3" align="center"><hr><font size="1">{words["footer"]}<br>{words["cookies"]}</font></td></tr>
</table>
</BODY>
</HTML>
"""


LOOK = Vestnik()
