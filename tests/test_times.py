"""When an article was published: what is written in any form, calendar and language; what is refused."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from archive.reading.dates import written_dates
from archive.reading.times import iso_time
from archive.sites import Site
from tests.pages import AT, ENGLISH, SCRIPTS, article, page, read, said

PLAIN = "https://www.quayside-herald.example/world/harbour-lights-411205"  # an address without a day


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-03T08:15:00+05:30", "2026-11-03T08:15:00+05:30"),
        ("2026-11-03T08:15:00Z", "2026-11-03T08:15:00+00:00"),
        ("2026-11-03T08:15:00.000-0300", "2026-11-03T08:15:00-03:00"),
        ("2026-11-03 08:15", "2026-11-03T08:15:00"),
        ("2026-11-03", "2026-11-03"),
        ("20261103", "2026-11-03"),
        ("Tue, 03 Nov 2026 08:15:00 +0100", "2026-11-03T08:15:00+01:00"),
        ("Tue Nov 03 2026 08:15:00 GMT+0000 (Coordinated Universal Time)", "2026-11-03T08:15:00+00:00"),
        ("Tue Nov 3 08:15:00 CET 2026", "2026-11-03T08:15:00+01:00"),
        ("2026年11月3日 08:15", "2026-11-03T08:15:00"),
        ("2026-02-31T10:00:00Z", None),
        ("2026-11-03 8:15", "2026-11-03T08:15:00"),
        ("2026-11-03 08:15 PM", None),
        ("3 Nov 2026 8:15 pm", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_written_times(written: str, meant: str | None) -> None:
    assert iso_time(written) == meant


def test_times_of_a_page() -> None:
    head = said(
        headline="Harbour lights fail", datePublished="2026-11-03T21:04:00-05:00", dateModified="2026-11-04T02:00:00Z"
    )
    found = read(page(article(ENGLISH), head=head))
    assert (found.published, found.modified) == ("2026-11-03T21:04:00-05:00", "2026-11-04T02:00:00+00:00")
    assert found.fields["published"] == {"from": "jsonld"}
    bare = said(headline="Harbour lights fail", datePublished="2026-11-03")
    found = read(
        page(article(ENGLISH), head=bare + '<meta property="article:published_time" content="2026-11-03T21:04:00Z">')
    )
    assert (found.published, found.fields["published"]) == ("2026-11-03T21:04:00+00:00", {"from": "meta"})


@pytest.mark.parametrize(
    ("lang", "line", "meant"),
    [("de", "Stand: 3. November 2026, 21:04 Uhr", "2026-11-03T21:04:00"),
     ("fr", "Publié le 3 novembre 2026 à 21h04", "2026-11-03T21:04:00"),
     ("de", "Di 03.11.26 | 21:04 Uhr", "2026-11-03T21:04:00"), ("ja", "2026年11月3日 21時04分", "2026-11-03T21:04:00"),
     ("ru", "3 ноября 2026, 21:04", "2026-11-03T21:04:00"), ("en", "3/4/2026", None)],
)  # fmt: skip
def test_visible_times(lang: str, line: str, meant: str | None) -> None:
    markup = article([f"</p><div>{line}</div><p>", *(SCRIPTS.get(lang) or ENGLISH)])
    found = read(page(markup, lang=lang), url="https://www.quayside-herald.example/world/harbour-lights-411205")
    assert found.published == meant


def test_future_dates_are_refused_and_noted() -> None:
    late = (AT + timedelta(days=3)).isoformat()
    found = read(page(article(ENGLISH), head=said(headline="Harbour lights fail", datePublished=late)),
                 url="https://www.quayside-herald.example/world/harbour-lights-411205")  # fmt: skip
    assert found.published is None
    assert late[:10] in found.fields["published"]["refused"][0]


@pytest.mark.parametrize(
    ("lang", "line", "meant"),
    [("fa", "دوشنبه ۱۴ آبان ۱۴۰۳ - ۱۰:۳۰", "2024-11-04T10:30:00"),
     ("th", "4 พฤศจิกายน 2567 เวลา 10.30 น.", "2024-11-04T10:30:00")],
)  # fmt: skip
def test_other_calendars(lang: str, line: str, meant: str) -> None:
    markup = article([f"</p><div>{line}</div><p>", *SCRIPTS[lang]])
    found = read(page(markup, lang=lang), url="https://www.quayside-herald.example/world/harbour-lights-411205")
    assert found.published == meant


def test_minutes_after_the_capture_are_refused_too() -> None:
    """A page cannot have been published an hour after it was fetched; clocks may differ by minutes, zones by hours."""
    for ahead, kept in ((timedelta(hours=1), False), (timedelta(minutes=5), True)):
        found = read(page(article(ENGLISH), head=said(headline="Lights fail", datePublished=(AT + ahead).isoformat())),
                     url="https://www.quayside-herald.example/world/harbour-lights-411205")  # fmt: skip
        assert (found.published is not None) is kept
    zoneless = (AT + timedelta(hours=9)).replace(tzinfo=None).isoformat()
    assert read(page(article(ENGLISH), head=said(headline="Lights fail", datePublished=zoneless))).published == zoneless


def test_a_sites_own_way_of_writing_dates() -> None:
    markup = page(article(["</p><div>Ed. 11/03/26 at 2104h</div><p>", *ENGLISH]))
    url = "https://www.quayside-herald.example/world/harbour-lights-411205"
    assert read(markup, url=url).published is None  # the third of November, or the eleventh of March
    own = Site("herald", dates=("Ed. %m/%d/%y at %H%Mh",))
    assert read(markup, url=url, site=own).published == "2026-11-03T21:04:00"


@pytest.mark.parametrize(
    ("lang", "line", "meant"),
    [
        ("ko", "2026. 11. 3. 21:04", "2026-11-03T21:04:00"),
        ("ko", "입력 2026.11.03. 오후 9:04", "2026-11-03T21:04:00"),
        ("ko", "2026년 11월 3일 오전 12시 04분", "2026-11-03T00:04:00"),
        ("ja", "2026年11月3日 午後9時04分", "2026-11-03T21:04:00"),
        ("zh", "2026年11月3日 下午9:04", "2026-11-03T21:04:00"),
        ("zh", "2026年11月3日 晚上9:04", "2026-11-03T21:04:00"),
        ("zh", "2026年11月3日 晚上12:04", "2026-11-03"),  # the midnight before, or the one after
        ("ar", "الثلاثاء 3 نوفمبر 2026 9:04 م", "2026-11-03T21:04:00"),
        ("ar", "3 تشرين الثاني 2026", "2026-11-03"),
        ("ar", "3 نوفمبر/تشرين الثاني 2026", "2026-11-03"),
        ("fa", "۱۲ آبان ۱۴۰۵، ۲۱:۰۴", "2026-11-03T21:04:00"),
        ("fa", "۱۴۰۵/۰۸/۱۲ - ۲۱:۰۴", "2026-11-03T21:04:00"),
        ("th", "3 พ.ย. 2569 21:04 น.", "2026-11-03T21:04:00"),
        ("vi", "3 tháng 11 năm 2026, 9:04 CH", "2026-11-03T21:04:00"),
        ("vi", "03/11/2026 21:04", "2026-11-03T21:04:00"),
        ("hu", "2026. november 3. 21:04", "2026-11-03T21:04:00"),
        ("lt", "2026 m. lapkričio 3 d. 21:04", "2026-11-03T21:04:00"),
        ("tr", "3 KASIM 2026 21.04", "2026-11-03T21:04:00"),
        ("el", "3 ΝΟΕΜΒΡΙΟΥ 2026, 9:04 μ.μ.", "2026-11-03T21:04:00"),
        ("bn", "৩ নভেম্বর ২০২৬, ২১:০৪", "2026-11-03T21:04:00"),
        ("hy", "3 նոյեմբերի 2026, 21:04", "2026-11-03T21:04:00"),
        ("fr", "3 nov. 2026 à 21 h 04", "2026-11-03T21:04:00"),
        ("es", "3 de noviembre de 2026 9:04 p. m.", "2026-11-03T21:04:00"),
        ("en", "Tue 3 Nov 2026 07.15 GMT", "2026-11-03T07:15:00"),
        ("en", "November 3rd, 2026 at 9:04 p.m.", "2026-11-03T21:04:00"),
        ("en", "21:04, 3 November 2026", "2026-11-03T21:04:00"),
        ("en", "November 3, 2026 · 5:45 min", "2026-11-03"),  # how long it is, not when it was
        ("de", "3. November 2026, 5:45 Minuten", "2026-11-03"),
    ],
)
def test_written_dates(lang: str, line: str, meant: str) -> None:
    assert [one.value for one in written_dates(line, lang)] == [meant]


@pytest.mark.parametrize(
    ("language", "region", "meant"),
    [("es", None, "2026-11-03"), ("es", "us", None), ("en", None, None), ("en", "us", None), ("en", "gb", "2026-11-03"),
     ("sw", None, "2026-11-03"), ("lt", None, None), (None, None, None)],
)  # fmt: skip
def test_day_or_month_first(language: str | None, region: str | None, meant: str | None) -> None:
    """3/11/2026 is the third of November only where the language leaves no other reading."""
    found = [one.value for one in written_dates("03/11/2026", language, region)]
    assert found == ([meant] if meant else [])


@pytest.mark.parametrize(
    ("lang", "line"),
    [
        ("en", "Published 3 November 2026 | Updated 4 November 2026 10:00"),
        ("en", "Updated 4 November 2026 10:00 | Published 3 November 2026"),
        ("de", "Erstellt: 03.11.2026, Stand: 04.11.2026, 10:00 Uhr"),
        ("fr", "Publié le 03/11/2026, mis à jour le 04/11/2026 à 10:00"),
    ],
)
def test_a_change_is_not_the_publication(lang: str, line: str) -> None:
    """The time of day beside the second date is not the first one's."""
    markup = page(article([f"</p><div>{line}</div><p>", *ENGLISH]), lang=lang)
    assert read(markup, url=PLAIN).published == "2026-11-03"


def test_a_frame_in_another_language_than_the_text() -> None:
    markup = article(["</p><div>Publié le 3 nov. 2026 à 21h04</div><p>", *ENGLISH])
    found = read(page(markup, lang="fr"), url=PLAIN)
    assert (found.language, found.published) == ("en", "2026-11-03T21:04:00")


def test_the_time_behind_the_headline() -> None:
    """A ticker's time above the headline is of another story."""
    ticker = '<div><time datetime="2026-11-04T11:45Z">11:45</time> <a href="/live">Storm reaches the coast</a></div>'
    for line in ('<time datetime="2026-11-03T21:04:00Z">Tuesday</time>', "<div>3 November 2026, 21:04</div>"):
        found = read(page(ticker + article(["</p>" + line + "<p>", *ENGLISH])), url=PLAIN)
        assert (found.published or "").startswith("2026-11-03T21:04:00")
    assert read(page(ticker + article(ENGLISH)), url=PLAIN).published is None
    clock = '<div>It is <time datetime="2026-11-04T11:45Z">11:45</time> in Port Elmsa</div>'
    own = '</p><div><time datetime="2026-11-03T21:04Z">Tuesday</time></div><p>'
    assert read(page(clock + article([own, *ENGLISH])), url=PLAIN).published == "2026-11-03T21:04:00+00:00"
    changed = '</p><div>Updated <time datetime="2026-11-04T10:00Z">today</time>, published '
    changed += '<time datetime="2026-11-03T21:04Z">Tuesday</time></div><p>'
    assert read(page(article([changed, *ENGLISH])), url=PLAIN).published == "2026-11-03T21:04:00+00:00"


@pytest.mark.parametrize(
    "line",
    [
        '<p class="lead">The regatta will be held on 3 November 2026 at 21:04, the harbour says.</p>',
        "<figure><img src='a.jpg'><figcaption>The quay on 3 November 2026</figcaption></figure>",
        "<h2>Regatta is put off to 3 November 2026, skippers say</h2>",
    ],
)
def test_days_that_the_text_tells_of(line: str) -> None:
    assert read(page(article(["</p>" + line + "<p>", *ENGLISH])), url=PLAIN).published is None


@pytest.mark.parametrize(
    ("said_so", "meant"),
    [("November 3, 2026 9:04 PM", "2026-11-03T21:04:00"), ("03.11.2026 21:04", "2026-11-03T21:04:00")],
)
def test_meta_tags_written_for_people(said_so: str, meant: str) -> None:
    found = read(page(article(ENGLISH), head=f'<meta name="date" content="{said_so}">'), url=PLAIN)
    assert (found.published, found.fields["published"]) == (meant, {"from": "meta"})


def test_dates_in_the_texts_own_line() -> None:
    """Where the date stands in an element of its own at the start of the text's first line."""
    text = "<br><br>".join(ENGLISH)
    markup = f'<div><h3>Harbour lights fail in Port Elmsa</h3><span class="date-time">03.11.2026</span> {text}</div>'
    assert read(page(markup), url=PLAIN).published == "2026-11-03"


def test_other_articles_data_is_not_this_ones() -> None:
    """Of several JSON-LD articles the one with the page's address or headline is taken; of teasers alone none."""
    teasers = [
        {"@context": "https://schema.org", "@type": "NewsArticle", "headline": f"Oranges, part {number}",
         "url": f"https://www.quayside-herald.example/world/oranges-4110{number}", "author": "Tom Halloran",
         "datePublished": "2026-11-01T08:00:00Z", "articleBody": "Oranges came. " * 40}
        for number in range(3)
    ]  # fmt: skip
    others = f'<script type="application/ld+json">{json.dumps(teasers)}</script>'
    own = said(
        headline="Harbour lights fail in Port Elmsa", datePublished="2026-11-03T21:04:00Z", author="Ines Corrado"
    )
    found = read(page(article(ENGLISH), head=others + own), url=PLAIN)
    assert (found.published, found.authors) == ("2026-11-03T21:04:00+00:00", ("Ines Corrado",))
    found = read(page(article(ENGLISH), head=others), url=PLAIN)
    assert (found.published, found.authors) == (None, ())


def test_properties_that_are_written_with_colons_alone() -> None:
    head = '<meta property="article:published:time" content="2026-11-03T15:48:15+00:00">'
    assert read(page(article(ENGLISH), head=head)).published == "2026-11-03T15:48:15+00:00"
