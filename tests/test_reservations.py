"""What a page asks not to be done with it, in its head and in itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from archive import Capture, header_reservations, may_reserve, page_reservations, withheld

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ([("X-Robots-Tag", "noarchive")], ("noarchive",)),
        ([("x-robots-tag", "noindex, NoArchive")], ("noarchive",)),
        ([("X-Robots-Tag", "nocache")], ("noarchive",)),
        ([("X-Robots-Tag", "noindex, nofollow")], ()),
        ([("X-Robots-Tag", "none")], ()),  # noindex and nofollow: nothing about keeping
        ([("X-Robots-Tag", "googlebot: noarchive")], ()),
        ([("X-Robots-Tag", "FOREIGNDESK: noarchive")], ("noarchive",)),
        (
            [("X-Robots-Tag", "googlebot: noindex"), ("X-Robots-Tag", "noarchive, nosnippet")],
            ("noarchive", "nosnippet"),
        ),
        ([("X-Robots-Tag", "unavailable_after: 25 Jun 2020 15:00:00 PST")], ("unavailable_after",)),
        ([("X-Robots-Tag", "unavailable_after: 2020-06-25")], ("unavailable_after",)),
        ([("X-Robots-Tag", "unavailable_after: Thursday, 25-Jun-20 15:00:00 GMT, noindex")], ("unavailable_after",)),
        ([("X-Robots-Tag", "unavailable_after: 25 Jun 2030 15:00:00 PST")], ()),
        ([("X-Robots-Tag", "unavailable_after: some day")], ()),
        ([("X-Robots-Tag", "max-snippet: 20, max-image-preview: large")], ()),
        ([("TDM-Reservation", "1")], ("tdm-reservation",)),
        ([("tdm-reservation", "0")], ()),
        ([("X-Robots-Tag", "\x00:::,,,")], ()),
        ([], ()),
    ],
)
def test_heads(fields: list[tuple[str, str]], found: tuple[str, ...]) -> None:
    capture = Capture("http://a.test/", NOW, status=200, response_headers=tuple(fields))
    assert header_reservations(capture, "foreigndesk") == found


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ('<meta name="robots" content="noarchive">', ("noarchive",)),
        ("<META NAME=Robots CONTENT='max-image-preview:large, NOARCHIVE'>", ("noarchive",)),
        ('<meta content="noarchive" name="foreigndesk">', ("noarchive",)),
        ('<meta name="googlebot" content="noarchive">', ()),
        ('<meta name="tdm-reservation" content="1">', ("tdm-reservation",)),
        ('<meta name="robots" content="unavailable_after: 2020-01-01">', ("unavailable_after",)),
        ("<p>Some sites say noarchive in their robots tag.</p>", ()),
        ('<!-- <meta name="robots" content="noarchive"> -->', ()),
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "utf-16"])
def test_pages(tag: str, found: tuple[str, ...], charset: str) -> None:
    """The quick look may call for a reading in vain, but never misses one."""
    payload = f"<!doctype html><html><head>{tag}<title>x</title></head><body><p>text</p></body></html>".encode(charset)
    capture = Capture("http://a.test/", NOW, status=200, payload=payload, content_type="text/html")
    assert page_reservations(capture, "foreigndesk") == found
    assert may_reserve(payload) or not found


def test_an_ordinary_page_costs_no_reading() -> None:
    assert not may_reserve(b'<html><head><meta name="robots" content="max-image-preview:large"></head></html>' * 50)


def test_what_withholds_a_body() -> None:
    assert withheld(("noarchive", "nosnippet", "tdm-reservation")) == ("noarchive", "tdm-reservation")
