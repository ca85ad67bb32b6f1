"""Reader boxes: which groups of links they are, their kind, heading and order; and what only looks like one."""

from __future__ import annotations

import json

import pytest

from archive.records import Link
from archive.sites import Site
from tests.pages import ENGLISH, SCRIPTS, article, page, paragraphs, read

STORIES = [
    ("/world/2026/11/lighthouse-keeper-retires-411190", "The last keeper of Elmsa lighthouse hands in her keys"),
    ("/world/2026/11/orange-fleet-waits-411177", "Forty ships of oranges wait outside the breakwater"),
    ("/world/2026/11/old-cable-map-found-411163", "A map of the forgotten cable turns up in a school"),
    ("/world/2026/11/night-ferry-returns-411150", "The night ferry returns after nine winters"),
]


def cards(stories: list[tuple[str, str]], tag: str = "li") -> str:
    return "".join(f'<{tag}><a href="{href}">{text}</a></{tag}>' for href, text in stories)


def box(heading: str, stories: list[tuple[str, str]] | None = None) -> str:
    items = cards(STORIES[:3] if stories is None else stories)
    return f"<section><h3>{heading}</h3><ul>{items}</ul></section>"


def links(markup: str, lang: str = "en", site: Site | None = None) -> tuple[Link, ...]:
    return read(page(markup, lang=lang), site=site).links


def told(found: tuple[Link, ...]) -> list[tuple[str, str | None, int, str | None]]:
    return [(one.kind, one.heading, one.rank, one.text) for one in found]


HEADLINES = [text for _, text in STORIES]


@pytest.mark.parametrize(
    ("lang", "heading", "kind"),
    [
        ("en", "Most read", "readers"),
        ("en", "Our readers are reading too", "readers"),
        ("de", "Meistgelesen", "readers"),
        ("fr", "Les plus lus", "readers"),
        ("es", "LO MAS LEIDO", "readers"),
        ("ar", "الأكثر قراءة", "readers"),
        ("ja", "アクセスランキング", "readers"),
        ("ru", "Самое читаемое", "readers"),
        ("ko", "많이 본 뉴스", "readers"),
        ("it", "Leggi anche", "related"),
        ("de", "Mehr zum Thema", "related"),
        ("ja", "関連記事", "related"),
        ("hi", "यह भी पढ़ें", "related"),
        ("en", "Editor's choice", "recommended"),
        ("fr", "La rédaction vous conseille", "recommended"),
        ("en", "Down by the docks", "recommended"),
    ],
)
def test_kind_by_heading(lang: str, heading: str, kind: str) -> None:
    """A known heading tells the kind, whatever its case; under one that nobody knows a box is still a box."""
    found = links(article(ENGLISH) + box(heading), lang)
    assert told(found) == [(kind, heading, rank, text) for rank, text in enumerate(HEADLINES[:3], 1)]
    assert [one.target for one in found] == ["https://www.quayside-herald.example" + href for href, _ in STORIES[:3]]
    assert [one.href for one in found] == [href for href, _ in STORIES[:3]]


def test_headings_that_are_marked_up_as_none() -> None:
    bare = f'<div><div class="x1">Down by the docks</div><div class="x2">{cards(STORIES, "div")}</div></div>'
    assert {one.heading for one in links(article(ENGLISH) + bare)} == {"Down by the docks"}
    linked = f'<div><h3><a href="/world/latest">Docks</a></h3>{cards(STORIES, "div")}</div>'
    found = links(article(ENGLISH) + linked)
    assert [(one.heading, one.text) for one in found] == [("Docks", text) for text in HEADLINES]


def test_cards_with_several_anchors() -> None:
    """Picture, kicker and headline of one card are one link, with the headline as its text."""
    many = "".join(
        f'<div class="card"><a href="{href}"><img src="/i.jpg" alt=""></a><a class="kicker" href="/world">World</a>'
        f'<h4><a href="{href}?utm_source=box">{text}</a></h4><a href="{href}#comments">14 comments</a></div>'
        for href, text in STORIES
    )
    found = links(article(ENGLISH) + f"<aside><h3>Most read</h3>{many}</aside>")
    assert told(found) == [("readers", "Most read", rank, text) for rank, text in enumerate(HEADLINES, 1)]


def test_anchors_round_whole_cards() -> None:
    """Cards that are anchors beside each other, with a heading inside, are no sentence."""
    many = "".join(f'<a href="{href}"><h4>{text}</h4></a>' for href, text in STORIES)
    found = links(article(ENGLISH) + f"<section><h3>Most read</h3>{many}</section>")
    assert [one.text for one in found] == HEADLINES


@pytest.mark.parametrize(
    ("teaser", "heading"),
    [
        ('<p>Read also: <a href="{href}">{text}</a></p>', "Read also:"),
        ('<p><strong>READ ALSO</strong> <a href="{href}">{text}</a></p>', "READ ALSO"),
        ('<a href="{href}"><span>Read also</span> <b>{text}</b></a>', "Read also"),
        ('<p><a href="{href}">Read also: {text}</a></p>', "Read also:"),
        ('<div class="inline"><a href="{href}"><h4>{text}</h4></a></div>', None),
    ],
)
def test_inline_teasers(teaser: str, heading: str | None) -> None:
    """One teaser between paragraphs is a box of its own, with its label as heading, and no text of the article."""
    href, text = STORIES[0]
    markup = article([ENGLISH[0], ENGLISH[1] + "</p>" + teaser.format(href=href, text=text) + "<p>", *ENGLISH[2:]])
    found = read(page(markup))
    assert told(found.links) == [("related", heading, 1, text)]
    assert paragraphs(found) == ENGLISH


def test_two_boxes_and_a_copy() -> None:
    """A link may stand in two boxes; the copy of a box for narrow screens is the same box; ranks run within a kind."""
    markup = (
        article(ENGLISH) + box("Most read") + box("Related", STORIES[1:]) + f'<div class="m">{box("Most read")}</div>'
    )
    found = links(markup)
    assert told(found) == [
        *(("readers", "Most read", rank, text) for rank, text in enumerate(HEADLINES[:3], 1)),
        *(("related", "Related", rank, text) for rank, text in enumerate(HEADLINES[1:], 1)),
    ]


NOTHING = {
    "a heading over an empty list": "<section><h3>Most read</h3><ul></ul></section>",
    "a heading alone": '<div class="mr"><h3>Our readers are reading too</h3></div>',
    "navigation": "<nav><h3>News</h3>" + cards([("/world", "World"), ("/sport", "Sport"), ("/art", "Art")]) + "</nav>",
    "a mega-menu with teasers": f"<nav><h3>Most read</h3><ul>{cards(STORIES)}</ul></nav>",
    "topics": "<div><h3>Topics</h3>" + cards([("/tag/elmsa", "Port Elmsa"), ("/tag/harbours", "Harbours")]) + "</div>",
    "authors": "<div><h3>Authors</h3>" + cards([("/author/ines-corrado", "Ines Corrado, harbour desk")]) + "</div>",
    "sponsored": '<div class="sponsored"><h3>Sponsored</h3>'
    + cards([("https://ads.example/a-1", "The boots that every sailor in town is talking about"),
             ("https://ads.example/a-2", "Seven lamps that will change the way you look at night")]) + "</div>",
    "another outlet": "<div><h3>From our partners</h3>"
    + cards([("https://other.example/2026/11/a-story-411", "Another paper's story about another harbour"),
             ("https://other.example/2026/11/b-story-412", "Another paper's story about another ferry")]) + "</div>",
    "share buttons": '<div><a href="/share?u=1">Share the story</a><a href="https://social.example/s">Post</a></div>',
    "comments": "<div class='comments'><h3>Latest comments</h3>"
    + cards([("/world/2026/11/harbour-lights-411205#c1", "Sea Dog: my grandfather worked on that quay"),
             ("/world/2026/11/harbour-lights-411205#c2", "Lamp Lady: we told them so, years ago")]) + "</div>",
    "links in sentences": f'<p>As reported here, <a href="{STORIES[0][0]}">the last keeper of Elmsa lighthouse</a> '
    "has retired, and nobody has been found to take her place on the rock this winter.</p>",
    "a directory": "<footer><ul>" + cards([(f"/guide/page-{n}", f"Guide {n}") for n in range(80)]) + "</ul></footer>",
}  # fmt: skip


@pytest.mark.parametrize("what", NOTHING)
def test_what_is_no_box(what: str) -> None:
    assert links(article(ENGLISH) + NOTHING[what]) == ()


def state(lists: dict[str, object]) -> str:
    data = {"props": {"pageProps": {"article": {"id": 1}, **lists}}}
    return f'<script id="__NEXT_DATA__" type="application/json">{json.dumps(data)}</script>'


def test_lists_in_scripts_count() -> None:
    """A list that only a script would render is there with its provenance; one that stands on the page is no second."""
    items = [{"url": href, "headline": text} for href, text in STORIES]
    found = read(page(article(ENGLISH) + state({"mostRead": {"title": "Most read", "items": items}})))
    assert told(found.links) == [("readers", "Most read", rank, text) for rank, text in enumerate(HEADLINES, 1)]
    assert found.fields["boxes"]["from"] == "script"
    both = read(page(article(ENGLISH) + box("Most read") + state({"mostRead": items})))
    assert len(both.links) == 3
    assert "boxes" not in both.fields


@pytest.mark.parametrize(
    "lists",
    [
        {"mostRead": [{"url": STORIES[0][0], "headline": STORIES[0][1]}]},  # one is no list
        {"menu": [{"url": href, "headline": text} for href, text in STORIES]},
        {
            "mostRead": [
                {"url": f"https://other.example/{n}-story", "headline": "Another paper's story"} for n in range(4)
            ]
        },
        {"related": [{"url": "/tag/a", "name": "Harbours"}, {"url": "/tag/b", "name": "Ferries"}]},
    ],
)
def test_lists_in_scripts_that_are_no_boxes(lists: dict[str, object]) -> None:
    assert links(article(ENGLISH) + state(lists)) == ()


def test_site_rules_name_boxes() -> None:
    """What the general rules miss a site's XPath may name, and it wins over what they find in the same place."""
    odd = "<div data-z='9'>" + "".join(f'<b><a href="/n?id=41{n}0">Item {n}</a></b>' for n in range(3)) + "</div>"
    assert links(article(ENGLISH) + odd) == ()
    found = links(article(ENGLISH) + odd, site=Site("herald", boxes=("//div[@data-z]",)))
    assert [one.text for one in found] == ["Item 0", "Item 1", "Item 2"]


def test_hostile_addresses() -> None:
    bad = ["javascript:alert(1)", "data:text/html,x", "mailto:a@b.example", "http://[::1", "//", "\\\\x", "http://a b",
           "https://user:pw@www.quayside-herald.example/world/2026/11/night-ferry-returns-411150"]  # fmt: skip
    many = cards([(href, f"A headline of a proper length, number {n}") for n, href in enumerate(bad)])
    for one in links(article(ENGLISH) + f"<aside><h3>Most read</h3><ul>{many}</ul></aside>"):
        assert one.target.startswith(("http://", "https://"))
        assert "pw" not in one.target


@pytest.mark.parametrize(("lang", "label"), [("tlh", "latlh De' yIlaD:"), ("km", "សូមអាន៖"), ("tr", "İLGİLİ HABER:")])
def test_a_colon_makes_a_label_of_words_in_any_language(lang: str, label: str) -> None:
    teaser = (
        f'<p>{label} <a href="/world/2026/11/lamps-of-the-old-quay-411100">Lamps of the old quay are lit again</a></p>'
    )
    text = [f"<p>{one}</p>" for one in ENGLISH]
    found = read(
        page(f"<main><article><h1>Lights</h1>{''.join([*text[:2], teaser, *text[2:]])}</article></main>", lang=lang)
    )
    assert [(link.kind, link.heading, link.text) for link in found.links] == [
        ("related", label, "Lamps of the old quay are lit again")
    ]
    assert paragraphs(found) == ENGLISH


def numbered(stories: list[tuple[str, str]], mark: str) -> str:
    return "".join(
        f'<div><i>{mark.format(number)}</i><a href="{href}">{text}</a></div>'
        for number, (href, text) in enumerate(stories, 1)
    )


def test_without_a_known_heading_the_build_tells_the_kind() -> None:
    """Numbers from 1 on are a ranking, times are not; class names tell, and headlines of the page's own subject."""
    own = [
        (f"/world/2026/11/harbour-lights-{n}-41130{n}", f"What the harbour owes its sailors, part {n}") for n in "12"
    ]
    for inner, kind in (
        (numbered(STORIES, "{}"), "readers"),
        (
            numbered(STORIES, "<b>{}.</b>")
            .replace(">1.", ">१.")
            .replace(">2.", ">२.")
            .replace(">3.", ">३.")
            .replace(">4.", ">४."),
            "readers",
        ),
        (numbered(STORIES, "1{}:30"), "recommended"),
        (f"<ol>{cards(STORIES)}</ol>", "readers"),
        (f'<div class="berita-terkait">{cards(STORIES, "div")}</div>', "related"),
        (f'<div class="najczesciej-czytane most-viewed">{cards(STORIES, "div")}</div>', "readers"),
        (cards(own, "div"), "related"),
        (cards(STORIES, "div"), "recommended"),
    ):
        found = links(article(ENGLISH) + f"<div><h3>Down by the docks</h3><div>{inner}</div></div>")
        assert found, inner
        assert {one.kind for one in found} == {kind}, inner


@pytest.mark.parametrize("wrap", ["<p>{}</p>", "<div class='k'>{}</div>"])
@pytest.mark.parametrize("code", ["zh", "ja", "ko", "ru"])
def test_a_teaser_in_the_text_is_one_however_paragraphs_are_written(wrap: str, code: str) -> None:
    """Few ideographs make a paragraph, and so do words that no `<p>` holds."""
    text = [wrap.format(one) for one in SCRIPTS[code] * 2]
    href, headline = STORIES[0]
    teaser = f'<div class="t"><a href="{href}"><img src="/t.jpg"><b>{headline}</b></a></div>'
    markup = f"<div><h1>Harbour</h1><div>{''.join([*text[:2], teaser, *text[2:]])}</div></div>"
    found = links(markup, code)
    assert [(one.kind, one.heading, one.text) for one in found] == [("related", None, headline)]


def test_a_short_text_of_ideographs_is_no_card() -> None:
    text = "".join(f"<p>{one}</p>" for one in SCRIPTS["ja"])
    href, headline = STORIES[0]
    label = f'<p><strong>関連記事: <a href="{href}">{headline}</a></strong></p>'
    found = links(f'<div><h1>港の灯り</h1><div class="c">{text}{label}{text}</div></div>', "ja")
    assert [(one.kind, one.heading) for one in found] == [("related", "関連記事:")]


def test_boxes_in_an_article_s_foot() -> None:
    """The foot of an article is not the page's; and a label of tags above a box is not its heading."""
    foot = (
        '<footer class="article-footer"><div class="labels">Tags: <a href="/tag/quay">Quay</a></div>'
        f"<div><h3>Down by the docks</h3><ul>{cards(STORIES)}</ul></div></footer>"
    )
    found = links(article(ENGLISH, extra=foot))
    assert [(one.heading, one.text) for one in found] == [("Down by the docks", text) for text in HEADLINES]


def test_rank_and_date_in_an_anchor_are_no_words_of_its_headline() -> None:
    many = "".join(
        f'<li><a href="{href}"><span>{n}</span><p>{text}</p><span>4 Nov 8:0{n}</span></a></li>'
        for n, (href, text) in enumerate(STORIES, 1)
    )
    found = links(article(ENGLISH) + f"<div><h2>Most read</h2><ol>{many}</ol></div>")
    assert [one.text for one in found] == HEADLINES
