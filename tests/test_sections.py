"""The section that an article stands in: trails, labels, and lines above the headline that are neither."""

from __future__ import annotations

import pytest

from archive.data import table
from tests.pages import ENGLISH, article, page, read, said

META = '<meta property="article:section" content="Politics">'
HERE = "https://www.quayside-herald.example/481311"


@pytest.mark.parametrize(
    ("above", "section"),
    [
        ('<nav aria-label="Breadcrumb"><a href="/en/">Home</a><a href="/en/world">World</a></nav>', "World"),
        ('<div class="breadcrumb"><a href="/de/start">Startseite</a><a href="/de/welt">Welt</a></div>', "Welt"),
        ('<ol class="breadcrumbs"><li><a href="/">Accueil</a></li><li><a href="/uk/">UK</a></li></ol>', "UK"),
        ('<div>当前位置：<a href="/">首页</a> &gt; <a href="/gn/">国内</a> &gt; 正文</div>', "国内"),
        ('<p><a href="/">Quayside</a> » <a href="/world">World</a> » <a href="/world/sea">Sea</a></p>', "World > Sea"),
        ('<p>現在位置：トップ ＞ 国際 ＞ 本文</p>', "国際"),
        ('<a class="section-label" href="/world">World</a>', "World"),
        ('<p class="label"><a href="/sport">Sport</a> <a href="/sport/sailing">Sailing</a></p>', "Sport > Sailing"),
        ("<div>Politik</div>", "Politik"),
    ],
)  # fmt: skip
def test_what_a_page_shows(above: str, section: str) -> None:
    assert read(page(above + article(ENGLISH)), url=HERE).section == section


@pytest.mark.parametrize(
    "above",
    [
        "<div>Exclusive</div>",
        '<div class="label">Breaking</div>',
        "<div>Wednesday</div>",
        "<div>Advertisement</div>",
        '<div class="kicker">After the long night</div>',
        '<p>Share › print › save</p>',
        '<div><a href="/world">World</a> <a href="/sport">Sport</a> <a href="/culture">Culture</a></div>',
        '<ul><li><a href="/world">World</a></li><li><a href="/sport">Sport</a></li><li><a href="/a">Art</a></li></ul>',
        '<nav><a href="/world">World</a> | <a href="/sport">Sport</a></nav>',
    ],
)  # fmt: skip
def test_what_is_no_section(above: str) -> None:
    assert read(page(above + article(ENGLISH)), url=HERE).section is None
    found = read(page(above + article(ENGLISH), head=META), url=HERE)
    assert (found.section, found.fields["section"]["from"]) == ("Politics", "meta")
    told = said(headline="Harbour lights fail in Port Elmsa", articleSection="Culture")
    assert read(page(above + article(ENGLISH), head=told), url=HERE).section == "Culture"


@pytest.mark.parametrize(
    "menu",
    [
        '<ul><li><a href="/world/">World</a></li><li><a href="/sea/">Sea</a></li><li><a href="/a/">A</a></li></ul>',
        '<div><a href="/world/">World</a> <a href="/sport/">Sport</a> <a href="/culture/">Culture</a></div>',
        '<div class="label"><a href="/world/">World</a> <a href="/sport/">Sport</a> <a href="/art/">Art</a></div>',
    ],
)
def test_a_menu_is_no_label_even_where_it_names_the_address(menu: str) -> None:
    assert read(page(menu + article(ENGLISH), head=META)).section == "Politics"
    label = '<p><a href="/world/">World</a></p>'
    assert read(page(label + article(ENGLISH), head=META)).section == "World"


def test_the_table() -> None:
    rows = table("trail_words")
    assert {row[2] for row in rows} == {"home", "here", "text"}
    assert len(set(map(tuple, rows))) == len(rows)
