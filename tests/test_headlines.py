"""The headline: which of a page's spellings, and what is cut off it as the site's name."""

from __future__ import annotations

import pytest

from tests.pages import ENGLISH, SCRIPTS, page, read, said


def headline(
    title: str, *, h1: str | None = None, og: str | None = None, ld: str | None = None, site: str = "", host: str = ""
) -> str | None:
    """What is read as the headline of a page that spells it so."""
    head = f'<meta property="og:site_name" content="{site}">' if site else ""
    head += f'<meta property="og:title" content="{og}">' if og else ""
    head += said(headline=ld, datePublished="2026-11-03T21:04:00Z") if ld else ""
    solid = any(ord(char) > 0x2E80 for char in title)
    text = "".join(f"<p>{one}</p>" for one in (SCRIPTS["ja"] if solid else ENGLISH))
    shown = f"<h1>{h1}</h1>" if h1 else ""
    url = f"https://{host or 'www.quayside-herald.example'}/world/harbour-lights-411205"
    return read(page(f"<main>{shown}{text}</main>", head=head, title=title), url=url).title


@pytest.mark.parametrize(
    ("name", "host", "title"),
    [
        ("TIDE", "tide.example", "After the flood – Tide to rebuild"),
        ("Tide", "tide.example", "After the flood – the sands of tide"),
        ("QBC", "www.qbc.example", "QBC: director general resigns over hacking affair"),
        ("Nation", "www.nation.example", "Nation: a word that divides the islands"),
    ],
)
def test_a_headline_that_has_the_sites_name(name: str, host: str, title: str) -> None:
    """What only begins as the site's name does, or stands before a colon, is the headline's own."""
    assert headline(title, site=name, host=host) == title
    assert headline(f"{title} | {name}", h1=title, ld=title, site=name, host=host) == title


@pytest.mark.parametrize(
    ("tail", "name"),
    [
        (" | Quayside Herald", "Quayside Herald"),
        (" - Quayside Herald Online", "Quayside Herald"),
        (" – The Quayside Herald", "Quayside Herald"),
        (" - The New Quayside Herald", "Herald"),
        (" | Quayside", "Quayside Herald"),
    ],
)
def test_the_sites_name_behind_a_headline(tail: str, name: str) -> None:
    assert headline(f"Harbour lights fail in Port Elmsa{tail}", site=name) == "Harbour lights fail in Port Elmsa"


@pytest.mark.parametrize(
    ("title", "whole"),
    [
        ("北码头的灯光全部熄灭：港口陷入黑暗", "北码头的灯光全部熄灭：港口陷入黑暗_新闻频道_海港网"),
        ("北码头的灯光全部熄灭：港口陷入黑暗", "北码头的灯光全部熄灭：港口陷入黑暗--地方频道--海港网"),
        ("北岸壁の照明がすべて消え、港は闇に", "北岸壁の照明がすべて消え、港は闇に：海港新聞デジタル"),
        ("北岸壁の照明がすべて消え、港は闇に", "北岸壁の照明がすべて消え、港は闇に（海港通信） - ミナト!ニュース"),
        ("북쪽 부두의 조명이 모두 꺼졌다", "북쪽 부두의 조명이 모두 꺼졌다 < 사회 < 기사본문 - 바다신문"),
    ],
)
def test_outlets_and_sections_in_scripts_without_spaces(title: str, whole: str) -> None:
    assert headline(whole) == title


def test_a_headline_cut_short() -> None:
    """Where one source breaks off, another's whole headline stands."""
    whole = "Harbour lights fail in Port Elmsa, and nobody knows why the quay is dark"
    cut = "Harbour lights fail in Port Elmsa, and nobody knows..."
    assert headline(f"{cut} | Herald", h1=whole, og="Dark quay", ld=cut, site="Herald") == whole


def test_the_quotation_marks_that_readers_see() -> None:
    shown, shared = "Harbour master: “Nobody knows” why", "Harbour master: &quot;Nobody knows&quot; why"
    assert headline(shared, h1=shown, og=shared, ld=None) == shown
