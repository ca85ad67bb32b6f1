"""Who wrote it: JSON-LD, meta tags, the byline near the headline; and what is no author."""

from __future__ import annotations

import pytest

from archive.reading.bylines import split_names
from tests.pages import ENGLISH, article, page, read, said


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
        ("desk@herald.example", []),
        ("", []),
    ],
)
def test_names_in_a_byline(written: str, names: list[str]) -> None:
    assert split_names(written) == names


@pytest.mark.parametrize(
    "line",
    [
        '<p class="byline">By Ines Corrado and Tom Halloran</p>',
        '<div class="autorenzeile"><a href="/u/1">Ines Corrado</a>, <a href="/u/2">Tom Halloran</a></div>',
        "<p>By Ines Corrado and Tom Halloran</p>",
        "<p>World | By Ines Corrado and Tom Halloran | 3 November 2026</p>",
        "<p>Ines Corrado, Tom Halloran | 03.11.2026 21:04</p>",
        '<p><span itemprop="author">Ines Corrado</span> <span itemprop="author">Tom Halloran</span></p>',
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
