"""Who wrote it: JSON-LD, meta tags, the byline near the headline; and what is no author."""

from __future__ import annotations

import pytest

from archive.reading.names import split_names
from tests.pages import ENGLISH, SCRIPTS, article, page, read, said


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("By Ines Corrado and Tom Halloran", ["Ines Corrado", "Tom Halloran"]),
        ("Von Anna Sommer, Karl Meier", ["Anna Sommer", "Karl Meier"]),
        ("Por A. García y B. Ruiz", ["A. García", "B. Ruiz"]),
        ("Text: Ines Corrado (AFP)", ["Ines Corrado"]),
        ("بقلم سامر نوفل", ["سامر نوفل"]),
        ("文/王小明", ["王小明"]),
        ("Nicolas Corrado C.", ["Nicolas Corrado C."]),
        ("By Ines Corrado, Harbour Correspondent", ["Ines Corrado"]),
        ("By Ines Corrado in Port Elmsa", ["Ines Corrado"]),
        ("Ines Corrado, Korrespondentin für Häfen, Schifffahrt", ["Ines Corrado"]),
        ("Text: Ines Corrado Foto: Tom Halloran", ["Ines Corrado"]),
        ("Foto: Tom Halloran", []),
        ("Edited By: Ines Corrado", ["Ines Corrado"]),
        ("Ines Corrado, Jr.", ["Ines Corrado, Jr."]),
        ("ByInes Corrado", ["Ines Corrado"]),
        ("By Di Wang", ["Di Wang"]),
        ("di Ines Corrado", ["Ines Corrado"]),
        ("来源：海港日报 作者：王小明 编辑：李四", ["王小明"]),
        ("文／林佳穎", ["林佳穎"]),
        ("文・佐藤美咲", ["佐藤美咲"]),
        ("記者林佳穎／台北報導", ["林佳穎"]),
        ("佐藤美咲記者", ["佐藤美咲"]),
        ("정하늘 기자", ["정하늘"]),
        ("نویسنده: مریم کاظمی", ["مریم کاظمی"]),
        ("تحریر: عائشہ خان", ["عائشہ خان"]),
        ("লেখক: নাসরিন সুলতানা", ["নাসরিন সুলতানা"]),
        ("எழுதியவர்: கவிதா முருகன்", ["கவிதா முருகன்"]),
        ("ដោយ សុខ ចាន់ណា", ["សុខ ចាន់ណា"]),
        ("ရေးသားသူ ခင်မာလွင်", ["ခင်မာလွင်"]),
        ("ავტორი: ნინო ბერიძე", ["ნინო ბერიძე"]),
        ("Հեղինակ՝ Անի Սարգսյան", ["Անի Սարգսյան"]),
        ("ጸሐፊ፦ ሰላማዊት ተስፋዬ", ["ሰላማዊት ተስፋዬ"]),
        ("Tác giả: Nguyễn Thu Hà", ["Nguyễn Thu Hà"]),
        ("Na Asha Mwinyi", ["Asha Mwinyi"]),
        ("Szerző: Nagy Éva", ["Nagy Éva"]),
        ("desk@herald.example", []),
        ("Autor", []),
        ("admin", []),
        ("", []),
    ],
)
def test_names_in_a_byline(written: str, names: list[str]) -> None:
    assert split_names(written, shown=True) == names


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("António Costa e Silva", ["António Costa e Silva"]),
        ("José Ortega y Gasset", ["José Ortega y Gasset"]),
        ("José Ortega y Gasset y Ana Ruiz", ["José Ortega y Gasset", "Ana Ruiz"]),
        ("Di Wang", ["Di Wang"]),
        ("Da Silva Santos", ["Da Silva Santos"]),
        ("Von Miller", ["Von Miller"]),
        ("Oleh Zhdanov", ["Oleh Zhdanov"]),
        ("Ines Corrado with AFP", ["Ines Corrado", "AFP"]),
        ("Ines Corrado, Senior Reporter", ["Ines Corrado"]),
        ("By Ines Corrado", ["Ines Corrado"]),
    ],
)
def test_names_in_data(written: str, names: list[str]) -> None:
    """What begins or joins names in some languages is not taken for "by" and "and" where data gives the name."""
    assert split_names(written) == names
    found = read(page(article(ENGLISH), head=said(headline="Lights fail", author={"@type": "Person", "name": written})))
    assert list(found.authors) == names


@pytest.mark.parametrize(
    "line",
    [
        '<p class="byline">By Ines Corrado and Tom Halloran</p>',
        '<div class="autorenzeile"><a href="/u/1">Ines Corrado</a>, <a href="/u/2">Tom Halloran</a></div>',
        "<p>By Ines Corrado and Tom Halloran</p>",
        "<p>World | By Ines Corrado and Tom Halloran | 3 November 2026</p>",
        "<p>Ines Corrado, Tom Halloran | 03.11.2026 21:04</p>",
        '<p><span itemprop="author">Ines Corrado</span> <span itemprop="author">Tom Halloran</span></p>',
        "<div>On 03/11/2026 at 21:04 by <a href='/u/1'>Ines Corrado</a> and <a href='/u/2'>Tom Halloran</a></div>",
        '<div><time>November 3</time> <span class="byline"><a href="/u/1">Ines Corrado</a>, Tom Halloran</span></div>',
        "<p>By Ines Corrado, Harbour Correspondent, and Tom Halloran in Nordvik</p>",
    ],
)
def test_shown_bylines(line: str) -> None:
    found = read(page(article(["</p>" + line + "<p>", *ENGLISH])))
    assert found.authors == ("Ines Corrado", "Tom Halloran")
    assert found.fields["authors"] == {"from": "visible"}


def test_commenters_are_no_authors() -> None:
    comments = (
        '<div class="comments"><h3>Comments</h3><div class="comment"><b class="comment-author">Sea Dog</b>'
        "<p>My grandfather worked on that quay for forty years.</p></div>"
        '<form><p class="comment-form-author">Name</p></form></div>'
    )
    assert read(page(article(ENGLISH) + comments)).authors == ()


def test_persons_before_the_house() -> None:
    """The outlet's own name stands only where no person is named anywhere."""
    house = said(headline="Lights fail", author={"@type": "Organization", "name": "Quayside Herald"})
    byline = article(['</p><p class="byline">By Ines Corrado</p><p>', *ENGLISH])
    assert read(page(byline, head=house)).authors == ("Ines Corrado",)
    assert read(page(article(ENGLISH), head=house)).authors == ("Quayside Herald",)


def test_parts_of_a_name() -> None:
    head = said(headline="Lights fail", author=[{"@type": "Person", "givenName": "Ines", "familyName": "Corrado"}])
    assert read(page(article(ENGLISH), head=head)).authors == ("Ines Corrado",)


def test_a_form_round_the_page_hides_no_byline() -> None:
    markup = article(['</p><div class="byline">By Ines Corrado</div><p>', *ENGLISH])
    assert read(page(f'<form action="story.aspx">{markup}</form>')).authors == ("Ines Corrado",)
    assert read(page(article(ENGLISH, extra='<form><div class="author">By Sea Dog</div></form>'))).authors == ()


@pytest.mark.parametrize(
    "line",
    [
        "<figure><img src='a.jpg'><figcaption class='author'>© AFP</figcaption></figure>",
        "<div class='picture'><img src='a.jpg'><p>Photo: Tom Halloran/AFP</p></div>",
        "<div>Photo: Tom Halloran/AFP</div>",
        "<div>© AFP</div>",
        "<div class='caption byline'>AFP</div>",
        "<p>The port authority did not answer questions of Reuters.</p>",
        "<h3>Reuters: oranges are late</h3>",
    ],
)
def test_whose_the_picture_is(line: str) -> None:
    """An agency in a photo's credit, a caption, a sentence or a heading is neither author nor source of the text."""
    found = read(page(article(["</p>" + line + "<p>", *ENGLISH])))
    assert found.authors == ()
    assert "agency" not in found.fields


def test_agencies_that_wrote_the_text() -> None:
    wrote = said(headline="Lights fail", author={"@type": "Organization", "name": "dpa"})
    teaser = '<div><h3>Oranges are late</h3><p class="teaser-author">Von Tom Halloran</p></div>'
    line = '<p class="author">dpa</p>'
    found = read(page(article(["</p>" + line + "<p>", *ENGLISH], extra=teaser), head=wrote))
    assert found.authors == ("dpa",)
    assert found.fields["agency"] == {"from": "jsonld", "value": ["dpa"]}


def test_the_house_in_scripts_without_spaces() -> None:
    """A name of three characters is a person's, beside a house that signs in data."""
    house = said(headline="港口", author={"@type": "Organization", "name": "海港日报"}, publisher={"name": "海港日报"})
    for line in ("<div>2026-11-03 21:04 记者 王小明</div>", '<div class="author">王小明</div>'):
        found = read(page(article(["</p>" + line + "<p>", *SCRIPTS["zh"]]), head=house, lang="zh"))
        assert found.authors == ("王小明",)
    meta = '<meta name="author" content="바다신문 | 포털">'
    line = "<div><em>정하늘 기자</em></div>"
    found = read(page(article(["</p>" + line + "<p>", *SCRIPTS["ko"]]), head=meta, lang="ko"))
    assert found.authors == ("정하늘",)


def test_nobody() -> None:
    assert read(page(article(ENGLISH), head='<meta name="author" content="admin">')).authors == ()
    byline = article(['</p><p class="byline">By Ines Corrado</p><p>', *ENGLISH])
    assert read(page(byline, head='<meta name="author" content="admin">')).authors == ("Ines Corrado",)
