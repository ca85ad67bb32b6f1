"""When an article was published: what is written in any form, calendar and language; what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from archive.reading.times import iso_time
from archive.sites import Site
from tests.pages import AT, ENGLISH, SCRIPTS, article, page, read, said


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
