"""A page in, its reading out: body, headline, times, kinds, charsets, and every kind of bad page."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.charset import decode
from archive.extraction import extract, extractor_id
from archive.records import Capture
from archive.sites import Site
from tests.pages import AT, ENGLISH, SCRIPTS, URL, article, page, paragraphs, read, said

# -- the page that the user described --------------------------------------------------------------------------------

REFERENCE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<title>“Nobody counted the bells”: Vellmar searches its towers</title></head>
<body><div class="page"><nav><a href="/">Home</a> <a href="/world">International</a> <a href="/sport">Sport</a></nav>
<div class="story"><div class="tagline">International</div>
<h1>“Nobody counted the bells”: Vellmar searches its towers</h1>
<div class="media"><img src="/img/bells.jpg" alt=""><div>“Nobody counted the bells”: Vellmar sea…</div></div>
<div class="words">
<p>Somewhere between the spring cleaning and the autumn fair the town of Vellmar lost three church bells, and it took
until last Thursday before anybody noticed that the hours were being struck more quietly.</p>
<p>The bells, cast in 1702, weigh between ninety and two hundred kilograms each. The sacristan remembers hearing them
in May; the verger is certain that they rang at a wedding in June.</p>
<p>“Nobody counted the bells, because nobody counts bells,” said the mayor, Ottilie Brandt, who has asked the towns
along the river to look into their own towers before they accuse a neighbour.</p>
<p>The police have searched two foundries and a theatre. A reward of four hundred crowns has been put up by the
Saturday market, which can no longer agree on when it opens.</p>
</div></div>
<div class="below"><h3>Our readers are reading too</h3><ul class="list">%s</ul></div>
</div><footer><a href="/imprint">Imprint</a></footer></body></html>"""
OTHERS = [
    ("/world/2026/11/ferry-without-a-captain-411190", "The ferry that crosses the strait without a captain"),
    ("/world/2026/11/salt-road-reopens-411188", "Salt road over the Hald pass reopens after nine years"),
    ("/world/2026/10/orchard-vote-411102", "A village votes on the future of its last orchard"),
    ("/world/2026/10/night-train-returns-411078", "Night train returns to the coast with two carriages"),
    ("/world/2026/10/school-in-a-lighthouse-411011", "How a lighthouse became the smallest school in the land"),
]


def test_reference_page() -> None:
    found = read(REFERENCE % "", url="https://www.quayside-herald.example/world/vellmar-bells-411207")
    assert found.section == "International"
    assert found.title == "“Nobody counted the bells”: Vellmar searches its towers"
    assert len(paragraphs(found)) == 4
    assert paragraphs(found)[0].startswith("Somewhere between")
    assert paragraphs(found)[3].endswith("when it opens.")
    assert "sea…" not in (found.text or "")
    assert "readers" not in (found.text or "").casefold()
    assert found.links == ()
    assert (found.kind, found.problem) == ("article", None)


def test_sister_page() -> None:
    rows = "".join(f'<li><a href="{path}">{text}</a></li>' for path, text in OTHERS)
    url = "https://www.quayside-herald.example/world/vellmar-bells-411207"
    found = read(REFERENCE % rows, url=url)
    assert found.text == read(REFERENCE % "", url=url).text
    assert [(link.kind, link.rank, link.text, link.heading) for link in found.links] == [
        ("readers", rank, text, "Our readers are reading too") for rank, (_, text) in enumerate(OTHERS, 1)
    ]
    assert found.links[0].target == "https://www.quayside-herald.example" + OTHERS[0][0]


# -- the body --------------------------------------------------------------------------------------------------------


def test_body_in_order_without_what_surrounds_it() -> None:
    extra = (
        '<div class="newsletter-box"><p>Sign up for our newsletter and never miss a harbour again.</p></div>'
        '<p class="copyright">© 2026 Quayside Herald. All rights reserved.</p>'
        '<section class="comments"><h3>Comments</h3><div><b>Gull</b><p>I always said so.</p></div></section>'
    )
    body = [*ENGLISH[:2], "</p><h2>A cable nobody knew</h2><p>", *ENGLISH[2:]]
    found = read(page(article(body, extra=extra)))
    assert paragraphs(found) == [*ENGLISH[:2], "A cable nobody knew", *ENGLISH[2:]]


def test_lists_and_quotations_are_kept() -> None:
    items = ["the cable of 1974, which carried the northern quay;", "the cable of 1991, which carried nothing at all;"]
    quoted = "“Whoever laid this cable knew what he was doing, and did not want anybody else to know it.”"
    inner = "<ul>" + "".join(f"<li>{one}</li>" for one in items) + f"</ul><blockquote><p>{quoted}</p></blockquote>"
    text = read(page(article([*ENGLISH[:2], f"</p>{inner}<p>", *ENGLISH[2:]]))).text or ""
    assert all(one in text for one in (*items, quoted))


def test_a_teaser_between_paragraphs_is_a_link_and_no_text() -> None:
    path, headline = OTHERS[0]
    teaser = f'<p>Read also: <a href="{path}">{headline}</a></p>'
    found = read(page(article([*ENGLISH[:2], f"</p>{teaser}<p>", *ENGLISH[2:]])))
    assert paragraphs(found) == ENGLISH
    assert [(link.kind, link.text) for link in found.links] == [("related", headline)]


def test_a_cut_headline_is_no_standfirst() -> None:
    caption = "<div><img src=a.jpg><span>Harbour lights fail in Po…</span></div>"
    found = read(
        page(f"<h1>Harbour lights fail in Port Elmsa</h1>{caption}<div><p>" + "</p><p>".join(ENGLISH) + "</p></div>")
    )
    assert found.standfirst is None
    assert paragraphs(found) == ENGLISH


def test_body_twice_counts_once() -> None:
    text = "".join(f"<p>{one}</p>" for one in ENGLISH)
    markup = f'<h1>Harbour lights fail</h1><div class="desktop">{text}</div><div class="mobile">{text}</div>'
    assert paragraphs(read(page(markup))) == ENGLISH


def test_line_breaks_part_paragraphs() -> None:
    found = read(page(f"<article><h1>Harbour lights fail</h1><div>{'<br><br>'.join(ENGLISH)}</div></article>"))
    assert paragraphs(found) == ENGLISH


def test_layout_tables_leave_no_pipes() -> None:
    text = "".join(f"<p>{one}</p>" for one in ENGLISH)
    markup = f"<table><tr><td>Menu</td><td><h2>Harbour lights fail</h2>{text}</td></tr></table>"
    found = read(page(markup, title="Harbour lights fail"))
    assert "|" not in (found.text or "")
    assert paragraphs(found) == ENGLISH


def test_second_article_below_is_left_out() -> None:
    other = [one.replace("harbour", "airport").replace("cable", "runway").replace("The", "This") for one in ENGLISH]
    markup = article(ENGLISH) + article(other, title="Airport lights fail as well")
    found = read(page(f"<div>{markup}</div>"))
    assert paragraphs(found) == ENGLISH


def test_captions_are_no_text() -> None:
    picture = "<figure><img src=a.jpg><figcaption>The quay on Monday night. Photo: I. Corrado</figcaption></figure>"
    bare = "<div><img src=b.jpg><p>Oranges waiting for daylight at the breakwater, seen from the pilot's boat</p></div>"
    found = read(page(article([ENGLISH[0], f"</p>{picture}<p>", ENGLISH[1], f"</p>{bare}<p>", *ENGLISH[2:]])))
    assert paragraphs(found) == ENGLISH


def test_standfirst_is_a_field_of_its_own() -> None:
    lead = "Eleven hours of darkness, a forgotten cable, and two ships full of oranges."
    markup = f'<article><h1>Harbour lights fail in Port Elmsa</h1><p class="standfirst">{lead}</p><div>'
    found = read(
        page(
            markup + "".join(f"<p>{one}</p>" for one in ENGLISH) + "</div></article>",
            head=f'<meta name="description" content="{lead}">',
        )
    )
    assert found.standfirst == lead
    assert paragraphs(found) == ENGLISH


@pytest.mark.parametrize("code", sorted(SCRIPTS))
def test_every_script(code: str) -> None:
    """Texts of other scripts come out whole, with their marks, and tell their language where the page does not."""
    texts = SCRIPTS[code]
    markup = article(texts, title=texts[0][:30])
    found = read(page(f'{markup}<div class="footer-links"><a href="/a">A</a></div>', title=texts[0][:30], lang=""))
    assert paragraphs(found) == texts
    assert found.language == code


# -- headline, authors, section ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tail",
    [" | Quayside Herald", " - Quayside Herald", " – Quayside Herald", "｜Quayside Herald", " :: Quayside Herald",
             " -- Quayside Herald", " • World • Quayside Herald", "_Quayside Herald"]
)  # fmt: skip
def test_site_name_is_cut_off(tail: str) -> None:
    head = f'<meta property="og:title" content="Port Elmsa: “All dark”{tail}">'
    head += '<meta property="og:site_name" content="Quayside Herald">'
    text = "".join(f"<p>{one}</p>" for one in ENGLISH)
    found = read(page(f"<div>{text}</div>", head=head, title="Port Elmsa: “All dark”" + tail))
    assert found.title == "Port Elmsa: “All dark”"


def test_headline_and_sources() -> None:
    head = said(
        headline="Harbour lights fail in Port Elmsa", author=[{"@type": "Person", "name": "Ada Lund and Bo Rask"}]
    )
    found = read(page(article(ENGLISH), head=head, site=" | Quayside Herald"))
    assert found.title == "Harbour lights fail in Port Elmsa"
    assert found.authors == ("Ada Lund", "Bo Rask")
    assert found.fields["authors"] == {"from": "jsonld"}
    assert found.fields["title"] == {"from": "visible"}


def test_author_references_and_the_house() -> None:
    graph = {
        "@graph": [
            {
                "@type": "NewsArticle",
                "headline": "Harbour lights fail",
                "author": {"@id": "#ada"},
                "datePublished": "2026-11-03",
            },
            {"@type": "Person", "@id": "#ada", "name": "Ada Lund", "worksFor": {"@id": "#ada"}},
        ]
    }
    head = f'<script type="application/ld+json">{json.dumps(graph)}</script>'
    assert read(page(article(ENGLISH), head=head)).authors == ("Ada Lund",)
    house = said(
        headline="Harbour lights fail", author={"name": "Quayside Herald"}, publisher={"name": "Quayside Herald"}
    )
    found = read(page(article(ENGLISH), head=house + '<meta name="author" content="Bo Rask">'))
    assert found.authors == ("Bo Rask",)


def test_section_from_breadcrumb_and_from_data() -> None:
    trail = (
        '<ol class="breadcrumb"><li><a href="/">Home</a></li><li><a href="/world">World</a></li><li>Harbours</li></ol>'
    )
    assert read(page(trail + article(ENGLISH))).section == "World > Harbours"
    found = read(page(article(ENGLISH), head=said(headline="Harbour lights fail", articleSection="World")))
    assert (found.section, found.fields["section"]) == ("World", {"from": "jsonld"})


def test_agency_credited() -> None:
    found = read(page(article(["PORT ELMSA (Reuters) - " + ENGLISH[0], *ENGLISH[1:]])))
    assert found.fields["agency"]["value"] == ["Reuters"]
    assert (
        "agency"
        not in read(page(article([ENGLISH[0], "Reuters had reported it first. " + ENGLISH[1], *ENGLISH[2:]]))).fields
    )


# -- language ----------------------------------------------------------------------------------------------------------


def test_language_is_checked_against_the_text() -> None:
    assert read(page(article(SCRIPTS["ru"]), lang="en")).language == "ru"
    found = read(page(article(ENGLISH), lang="en-GB"))
    assert (found.language, found.fields["language"]) == ("en", {"from": "visible"})
    assert read(page(article(SCRIPTS["ja"]), lang="en")).fields["language"]["refused"] == ["en"]


# -- charsets ----------------------------------------------------------------------------------------------------------

RUSSIAN = "<p>" + " ".join(SCRIPTS["ru"]) + "</p>"


def test_charset_order() -> None:
    """The caller, the mark, the header, the page, the bytes: the earlier wins."""
    koi = f'<meta charset="koi8-r">{RUSSIAN}'.encode("cp1251")
    assert decode(koi, "text/html; charset=windows-1251", "koi8-r").source == "given"
    assert (decode(koi, "text/html; charset=windows-1251").source, decode(koi).source) == ("header", "meta")
    assert decode(b"\xef\xbb\xbf" + RUSSIAN.encode(), "text/html; charset=koi8-r").source == "bom"
    assert decode(RUSSIAN.encode()).source == "bytes"
    guessed = decode(RUSSIAN.encode("cp1251"))
    assert (guessed.source, guessed.charset, guessed.text) == ("detected", "cp1251", RUSSIAN)
    assert decode("\ufeffabc".encode("utf-16-le")).text == "abc"


@pytest.mark.parametrize(
    ("label", "codec"),
    [("iso-8859-1", "cp1252"), ("latin1", "cp1252"), ("us-ascii", "cp1252"), ("gb2312", "gb18030"), ("GBK", "gb18030"),
     ("x-sjis", "cp932"), ("ks_c_5601-1987", "cp949"), ("tis-620", "cp874"), ("iso-8859-9", "cp1254")],
)  # fmt: skip
def test_charset_labels(label: str, codec: str) -> None:
    assert decode(b"plain", f"text/html; charset={label}").charset == codec


def test_lying_charsets() -> None:
    lie = decode(RUSSIAN.encode("cp1251"), "text/html; charset=utf-8")
    assert (lie.text, lie.refused) == (RUSSIAN, "utf-8")
    other = decode(RUSSIAN.encode(), "text/html; charset=iso-8859-1")
    assert (other.text, other.source, other.refused) == (RUSSIAN, "bytes", "cp1252")
    latin = decode(RUSSIAN.encode("cp1251"), "text/html; charset=iso-8859-1")
    assert (latin.text, latin.source, latin.refused) == (RUSSIAN, "detected", "cp1252")
    french = "Où l’été a été gelé, la forêt brûlée"
    assert decode(french.encode("cp1252"), "text/html; charset=iso-8859-1").text == french
    assert decode(b"+ADw-script+AD4-", "text/html; charset=utf-7").text == "+ADw-script+AD4-"


@pytest.mark.parametrize(
    ("lang", "codec"),
    [("ru", "cp1251"), ("ru", "koi8-r"), ("el", "cp1253"), ("he", "cp1255"), ("ar", "cp1256"), ("th", "cp874"),
     ("ja", "cp932"), ("ja", "euc_jp"), ("ko", "cp949"), ("zh", "gb18030")],
)  # fmt: skip
def test_texts_that_are_called_western(lang: str, codec: str) -> None:
    """windows-1252 has a letter for every byte, so that it never faults; that most are beyond ASCII betrays the lie."""
    markup = "<p>" + "</p><p>".join(SCRIPTS[lang]) + "</p>"
    found = decode(markup.encode(codec), "text/html; charset=iso-8859-1")
    assert (found.text, found.refused) == (markup, "cp1252")
    french = "<p>" + "À l’été, où l’on fêtait déjà Noël, Zoé reçut ses élèves à l’école. " * 20 + "</p>"
    assert decode(french.encode("cp1252"), "text/html; charset=iso-8859-1").text == french


def test_charset_is_recorded() -> None:
    found = read(
        page(article(SCRIPTS["ru"])).replace("utf-8", "windows-1251").encode("cp1251"), content_type="text/html"
    )
    assert found.fields["charset"] == {"from": "meta", "value": "cp1251"}
    assert paragraphs(found) == SCRIPTS["ru"]
    forced = extract(Capture(URL, AT, status=200, payload=page(article(SCRIPTS["ru"])).encode()), charset="utf-8")
    assert forced.fields["charset"]["from"] == "given"


# -- kinds -------------------------------------------------------------------------------------------------------------


def test_kinds_that_become_no_text() -> None:
    consent = (
        "<h1>We value your privacy</h1><p>We and our partners store information on a device.</p><button>Accept</button>"
    )
    missing = "<h1>Page not found</h1><p>The page you are looking for has moved, or never was.</p>"
    shell = '<div id="root"></div><script src="/app.js"></script>'
    teasers = "".join(
        f'<article><h2><a href="{path}">{text}</a></h2><p>{text}, and more of it.</p></article>'
        for path, text in OTHERS * 3
    )
    stub = article([ENGLISH[0][:120] + "…"], extra='<div class="paywall"><p>Subscribe to continue reading.</p></div>')
    paid = said(headline="Harbour lights fail", isAccessibleForFree=False, wordCount=900, datePublished="2026-11-03")
    for markup, url, kind in (
        (page(consent, title="Before you continue"), URL, "consent"),
        (page(missing, title="404"), URL, "error"),
        (page(shell, title="Quayside"), URL, "shell"),
        (page(f"<main><h1>World</h1>{teasers}</main>", head='<meta property="og:type" content="website">'),
         "https://www.quayside-herald.example/world", "section"),
        (page(stub, head=paid), URL, "paywall"),
    ):  # fmt: skip
        found = read(markup, url=url)
        assert (found.kind, found.text) == (kind, None), found.fields["kind"]
        assert found.problem
        assert found.fields["kind"]["reason"]


def test_error_status_is_no_article() -> None:
    found = extract(Capture(URL, AT, status=404, payload=page(article(ENGLISH)).encode()))
    assert (found.kind, found.text, found.problem) == ("error", None, "error_page")


def test_live_page_keeps_its_entries() -> None:
    entries = "".join(
        f'<li><time datetime="2026-11-03T1{n}:00">1{n}:00</time><p>{ENGLISH[n % 4]} ({n})</p></li>' for n in range(6)
    )
    found = read(page(f"<main><h1>Harbour lights: as it happened</h1><ul>{entries}</ul></main>"))
    assert found.kind == "live"
    assert [one for one in paragraphs(found) if one.endswith(")")] == [f"{ENGLISH[n % 4]} ({n})" for n in range(6)]


def test_a_section_is_asked_for_its_links_alone() -> None:
    rows = "".join(f'<h2><a href="{path}">{text}</a></h2>' for path, text in OTHERS)
    payload = page(f"<main>{rows}</main>", title="World").encode()
    found = extract(
        Capture("https://www.quayside-herald.example/world", AT, kind="section", status=200, payload=payload)
    )
    assert (found.kind, found.text) == ("section", None)
    assert [link.text for link in found.links] == [text for _, text in OTHERS]


# -- texts that stand in data only -----------------------------------------------------------------------------------


def test_json_ld_is_the_last_resort() -> None:
    head = said(headline="Harbour lights fail", datePublished="2026-11-03", articleBody="\n\n".join(ENGLISH))
    found = read(page('<h1>Harbour lights fail</h1><div id="app"></div>', head=head))
    assert paragraphs(found) == ENGLISH
    assert found.fields["body"]["from"] == "jsonld"


def test_script_payload_is_the_last_resort() -> None:
    story = {"title": "Harbour", "content": [{"type": "p", "text": one} for one in ENGLISH]}
    state = {"props": {"pageProps": {"story": story,
                                     "related": [{"text": one * 3} for one in ENGLISH]}}}  # fmt: skip
    markup = f'<div id="__next"></div><script id="__NEXT_DATA__" type="application/json">{json.dumps(state)}</script>'
    found = read(page(markup, head=said(headline="Harbour lights fail", datePublished="2026-11-03")))
    assert paragraphs(found) == ENGLISH
    assert found.fields["body"]["from"] == "script"


# -- site rules --------------------------------------------------------------------------------------------------------


def test_site_rules() -> None:
    advert = "<div data-x='1'><p>This autumn the Saturday market sells lanterns at half their price.</p></div>"
    markup = page(article([*ENGLISH[:2], f"</p>{advert}<p>", *ENGLISH[2:]]))
    rules = Site("herald", prune=("//div[@data-x]",))
    assert paragraphs(read(markup, site=rules)) == ENGLISH
    odd = page(
        '<h1>Harbour lights fail</h1><div class="sidebar" id="here">'
        + "".join(f"<p>{one}</p>" for one in ENGLISH)
        + "</div>"
    )
    assert paragraphs(read(odd, site=Site("herald", body=("//*[@id='here']",)))) == ENGLISH
    assert extractor_id(rules) != extractor_id(None) == extractor_id(Site("other"))
    assert extractor_id(None).startswith("foreigndesk-1+trafilatura-")
    assert extractor_id(None).endswith("+rules-none")


# -- bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "problem"),
    [(None, "empty"), (b"", "empty"), (b" \n\t", "empty"), (b"\x00\x00", "empty"), (b"%PDF-1.7\n%\xe2\xe3", "not_html"),
     (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not_html"), (bytes(range(256)) * 20, "not_html"),
     (b"<p>a</p>" * (11 << 17), "too_large")],
)  # fmt: skip
def test_what_is_no_page(payload: bytes | None, problem: str) -> None:
    found = extract(Capture(URL, AT, status=200, payload=payload, content_type="text/html"))
    assert (found.kind, found.problem, found.text) == ("error", problem, None)


def test_bad_pages_are_read_as_far_as_they_go() -> None:
    text = "".join(f"<p>{one}</p>" for one in ENGLISH)
    deep = "<div>" * 100_000 + text
    found = read(page(article(ENGLISH)) + deep)
    assert found.fields["parser"] == {"problem": "too_deep"}
    assert read(page(article([ENGLISH[0] + "\x00&#0;&#xD800;", *ENGLISH[1:]]))).text
    assert "\x00" not in json.dumps(read(page(article(["\x00a" + ENGLISH[0], *ENGLISH[1:]]))).text)
    cells = "<tr>" + "<td colspan=1000 rowspan=1000>x</td>" * 50 + "</tr>"
    assert paragraphs(read(page(article(ENGLISH, extra=f"<table>{cells * 50}</table>"))))[:4] == ENGLISH
    assert read(page(article(ENGLISH, title="x" * 10_000))).title is not None


@pytest.mark.parametrize(
    "data",
    ["{", "[" * 100_000,
     '{"@type":"NewsArticle","headline":3,"author":[[[{}]]],"datePublished":{},"image":[null]}',
     '{"@id":"a","@type":"NewsArticle","author":{"@id":"a"},"headline":"Harbour"}', '"\ud800"', "null", "[1,[2],{}]",
     '{"@type":"NewsArticle","headline":"Lone \\ud800 half","author":"A\\ud83d B"}',
     "[" + '{"@type":"Thing"},' * 90_000 + "{}]"]
)  # fmt: skip
def test_broken_json_ld(data: str) -> None:
    head = f'<script type="application/ld+json">{data}</script>'
    found = read(page(article(ENGLISH), head=head).encode("utf-8", "replace"))
    assert paragraphs(found) == ENGLISH
    json.dumps([found.title, *found.authors, dict(found.fields)], ensure_ascii=False).encode("utf-8")


def test_json_ld_with_the_usual_slips_is_read() -> None:
    head = said(headline="Harbour lights fail", datePublished="2026-11-03T10:00:00Z").replace(
        "}</script>", ",}</script>"
    )
    assert read(page(article(ENGLISH), head=head)).published == "2026-11-03T10:00:00+00:00"


def test_addresses_of_every_kind() -> None:
    links = "".join(f'<li><a href="{href}">A headline that is long enough to be one of ours</a></li>'
                    for href in ("javascript:alert(1)", "data:text/html,x", "mailto:a@b", "http://[::1", "//", "\x00",
                                 "a" * 50_000))  # fmt: skip
    head = '<base href="https://elsewhere.example/x/"><link rel="canonical" href="https://other.example/story">'
    found = read(page(article(ENGLISH, extra=f"<aside><h3>Read also</h3><ul>{links}</ul></aside>"), head=head))
    assert all(link.target.startswith(("http://", "https://")) for link in found.links)
    assert found.url == URL
    assert found.fields["canonical"] == {"from": "meta", "value": "https://other.example/story", "offsite": True}
    assert "javascript" not in json.dumps(dict(found.fields))


_PIECE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["<p>", "</p>", "<div class='x'>", "</div>", "<h1>", "<article>", "<table><tr><td>", "<br><br>",
                     "<li>", "<!--", "<script type='application/ld+json'>", "</script>", '{"@type":"NewsArticle"',
                     "&#xD800;",
                     "<a href='/a-b-c-d-1'>", "<meta charset=utf-7>", "<base href='http://[::1'>", "<svg>",
                     "<time datetime='99999'>", ENGLISH[0], ENGLISH[1]]),
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(
    st.lists(_PIECE, max_size=25),
    st.sampled_from([None, "text/html", "text/html; charset=shift_jis", "text/html; charset=utf-16"]),
)
def test_never_raises_and_is_deterministic(pieces: list[str], content_type: str | None) -> None:
    payload = "".join(pieces).encode("utf-8", "surrogatepass")
    capture = Capture(URL, AT, status=200, payload=payload, content_type=content_type)
    found = extract(capture)
    assert found == extract(capture)
    assert found.problem != "unreadable", found.fields
    assert found.text is None or found.text.strip()
    json.dumps([found.title, found.standfirst, found.text, *found.authors, dict(found.fields)]).encode("utf-8")
    assert all(link.target.startswith(("http://", "https://")) for link in found.links)


def test_importing_the_room_is_quick() -> None:
    """trafilatura and its kin are loaded with the first page, not with the library."""
    heavy = ("trafilatura", "dateparser", "htmldate", "justext")
    code = f"import sys, archive.extraction; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
