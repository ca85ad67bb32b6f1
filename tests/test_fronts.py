"""What section pages, feeds and sitemaps list. All pages were written for these tests."""

import gzip
import time
from datetime import UTC, datetime
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.links.entries import iso_date
from archive.links.fronts import front_links, read_listing
from archive.links.listing import MAX_LINKS, PROBLEMS, Listing
from archive.records import Capture
from archive.sites import Site

PAGE = "https://www.gull-gazette.example/world"


def listing(
    content: str | bytes, url: str = PAGE, kind: str = "section", type: str | None = None, site: Site | None = None
) -> Listing:
    payload = content.encode() if isinstance(content, str) else content
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    return read_listing(Capture(url, moment, kind=kind, status=200, payload=payload, content_type=type), site)


def targets(found: Listing) -> list[str]:
    return [link.target.removeprefix("https://www.gull-gazette.example") for link in found.links]


SECTION = """<!DOCTYPE html><html><head><title>World</title><link rel="next" href="/world?page=2">
<link rel="alternate" type="application/rss+xml" href="/world/rss.xml"></head><body>
<header><a href="/">The Gull Gazette</a><nav class="mainNav"><a href="/world">World</a><a href="/sport">Sport</a>
<a href="/business/markets-and-companies">Markets and companies</a><a href="/login">Log in</a></nav></header>
<main><h1>World</h1>
<section><h2>Top stories</h2>
<article><a href="/world/2026/11/24/harbour-strike-enters-third-week-51120">
<img src="a.jpg" alt="Dockers at a fire"></a>
<h3><a href="/world/2026/11/24/harbour-strike-enters-third-week-51120?utm_source=front">Harbour strike enters third
week</a></h3><p>Teaser of the story, <a href="/world/2026/11/24/harbour-strike-enters-third-week-51120">read more</a>
<a href="/tag/harbours-and-ships-of-the-north">Harbours</a> <a href="/author/ann-ode">Ann Ode</a></p></article>
<article class="card"><a class="cover" href="/world/2026/11/23/two-islands-swap-a-lighthouse-51098"></a>
<h3>Two islands swap a lighthouse</h3><p>After forty years.</p></article>
<article><h3><a href="https://sport.gull-gazette.example/world/2026/11/22/rowers-cross-the-cold-sea-51002">Rowers
cross the cold sea</a></h3></article></section>
<section><h2>From our video desk</h2>
<article><h3><a href="/video/2026/11/24/how-a-ship-is-turned-51130">
Watch how a great ship is turned around</a></h3></article>
<article><h3><a href="/gallery/the-week-in-forty-pictures-51131">
The week in forty pictures of the sea</a></h3></article>
<article><h3><a href="https://elsewhere.example/2026/11/24/a-foreign-story-of-note-99">
A foreign story of some note</a></h3>
<h3><a href="/sponsored/2026/why-our-bank-loves-the-sea-51133">Why our bank loves the sea so much</a></h3></article>
</section><div class="pagination"><a href="/world?page=2">2</a><a href="/world?page=3">3</a>
<a href="/world?page=9">Last</a></div>
</main><footer><a href="/about-us">About us</a>
<a href="/privacy-policy">Privacy policy of this house</a></footer></body></html>"""


def test_a_section_page_lists_its_articles_with_rank_headline_and_heading() -> None:
    found = listing(SECTION)
    assert [(link.kind, link.rank, link.text, link.heading) for link in found.links] == [
        ("front", 1, "Harbour strike enters third week", "Top stories"),
        ("front", 2, "Two islands swap a lighthouse", "Top stories"),
        ("front", 3, "Rowers cross the cold sea", "Top stories"),
    ]
    first = found.links[0]
    assert first.target == "https://www.gull-gazette.example/world/2026/11/24/harbour-strike-enters-third-week-51120"
    assert first.href == "/world/2026/11/24/harbour-strike-enters-third-week-51120"
    assert found.problem is None


def test_a_section_page_names_its_feeds_and_next_pages() -> None:
    found = listing(SECTION)
    assert found.feeds == ("https://www.gull-gazette.example/world/rss.xml",)
    assert found.next_pages == (f"{PAGE}?page=2", f"{PAGE}?page=3", f"{PAGE}?page=9")


def test_front_links_are_the_links_of_the_listing() -> None:
    capture = Capture(PAGE, datetime(2026, 11, 24, tzinfo=UTC), status=200, payload=SECTION.encode())
    assert front_links(capture) == read_listing(capture).links


def cards(rows: list[tuple[str, str]]) -> str:
    menu = "".join(f'<li><a href="/{name}">{name.title()}</a></li>' for name in ("news", "sport", "culture", "life"))
    body = "".join(f'<li><a href="{href}">{escape(text)}</a></li>' for href, text in rows)
    return f"<html><body><nav><ul>{menu}</ul></nav><div id='list'><ul>{body}</ul></div></body></html>"


@pytest.mark.parametrize(
    ("articles", "others"),
    [
        (  # Arabic, escaped slugs
            [("/news/world/481200/سوق-بلا-إنترنت-في-المدينة", "سوق العملات يعود إلى الطباشير بعد انقطاع الكابل"),
             ("/news/world/481201/ميناء-يفتح-أبوابه-من-جديد", "ميناء الجزيرة يفتح أبوابه من جديد بعد عام")],
            [("/tags/البحر-الأحمر-والموانئ", "البحر الأحمر"), ("/writers/77/سالم-الراوي", "سالم الراوي")],
        ),
        (  # Japanese, dates and numbers, no words in the address
            [("/kokusai/20261104/481200.html", "最後の灯台守、帰任を拒む 無人島の灯"),
             ("/kokusai/20261103/481197.html", "海峡の渡し船、八か月ぶりに運航を再開")],
            [("/kokusai/index.html", "国際"), ("/rensai/", "連載一覧"), ("/kokusai/20261104/", "四日の記事")],
        ),
        (  # Chinese
            [("/a/20261104/a94811.htm", "两岛之间的渡轮停航五个月后恢复"),
             ("/a/20261103/a94810.htm", "港口工人罢工进入第三周")],
            [("/list/node_111.htm", "更多"), ("/topic/port-strike-111222", "港口罢工")],
        ),
        (  # Korean, identifiers in the query
            [("/view.php?aid=2026110401234", "섬 마을 등대지기, 마지막 밤을 지키다"),
             ("/view.php?aid=2026110401235", "항구 파업 3주째 이어져 물류 차질")],
            [("/list.php?sec=world", "국제"), ("/member.php?mode=join", "회원 가입")],
        ),
        (  # Russian, numbers only
            [("/mir/2026/11/481200.shtml", "Паром вместо моста: как город живёт на двух берегах"),
             ("/mir/2026/11/481201.shtml", "Маяк обменяли на причал после сорока лет спора")],
            [("/mir/2026/11/", "Ноябрь 2026"), ("/avtory/ivan", "Иван Речной")],
        ),
        (  # German, word and code
            [("/ausland/reparaturschiff-findet-seekabel-a481237", "Reparaturschiff findet das gerissene Seekabel"),
             ("/ausland/leuchtturm-tausch-zweier-inseln-a481238", "Zwei Inseln tauschen einen Leuchtturm")],
            [("/thema/seekabel-und-netze-a100", "Seekabel"), ("/impressum", "Impressum"), ("/abo/jetzt-testen", "Abo")],
        ),
        (  # Thai
            [("/news/foreign/2741234", "เกาะสองแห่งแลกเปลี่ยนประภาคารหลังผ่านไปสี่สิบปี"),
             ("/news/foreign/2741235", "การนัดหยุดงานท่าเรือเข้าสู่สัปดาห์ที่สาม")],
            [("/news/foreign", "ต่างประเทศ"), ("/news/tags/ท่าเรือ", "ท่าเรือ")],
        ),
        (  # Hindi
            [("/antarrashtriya/do-dweep-ne-badla-deepstambh-481200.html", "दो द्वीपों ने चालीस साल बाद दीपस्तंभ बदला"),
             ("/antarrashtriya/bandargah-hadtal-teesre-hafte-481201.html", "बंदरगाह की हड़ताल तीसरे हफ्ते में पहुँची")],
            [("/antarrashtriya", "अंतरराष्ट्रीय"),
             ("/photo-gallery/samudra-ki-tasveeren-481203.html", "समुद्र की तस्वीरें देखें यहाँ")],
        ),
        (  # English, slugs without any number
            [("/world/two-islands-swap-a-lighthouse", "Two islands swap a lighthouse after forty years"),
             ("/world/harbour-strike-enters-third-week", "Harbour strike enters its third week"),
             ("/world/rowers-cross-the-cold-sea", "Rowers cross the cold sea in nine days")],
            [("/world/middle-east", "Middle East"),
             ("/newsletters/world-in-brief", "The world in brief, every morning")],
        ),
    ],
)  # fmt: skip
def test_articles_are_told_from_other_links_in_any_script(
    articles: list[tuple[str, str]], others: list[tuple[str, str]]
) -> None:
    found = listing(cards([*articles, *others]))
    assert [link.text for link in found.links] == [text for _, text in articles]


def test_a_sites_own_pattern_decides_together_with_the_outlet() -> None:
    site = Site("gull", home="https://www.gull-gazette.example/", articles=r"/n/\d+$")
    html = cards([("/n/7", "7"), ("/world/2026/11/24/a-very-long-headline-of-words-51", "A very long headline"),
                  ("https://elsewhere.example/n/8", "Eight")])  # fmt: skip
    assert targets(listing(html, site=site)) == ["/n/7"]


def test_the_page_itself_its_fragments_and_broken_addresses_are_no_links() -> None:
    html = cards([(PAGE, "World news of the day and night"), (f"{PAGE}#comments", "Comments"),
                  ("#top", "Back to the top"),
                  ("javascript:void(0)", "Do a thing right now here"), ("mailto:a@b.example", "Write us a letter now"),
                  ("http://[::1", "Broken address of the day"),
                  ("https://x:99999/", "Broken port of the day")])  # fmt: skip
    assert listing(html) == Listing(problem="empty")


def test_a_base_element_and_relative_links_are_followed() -> None:
    html = cards([("2026/11/24/islands-swap-a-lighthouse-51", "Two islands swap a lighthouse")])
    html = html.replace("<body>", '<head><base href="/en/world/"></head><body>')
    assert targets(listing(html)) == ["/en/world/2026/11/24/islands-swap-a-lighthouse-51"]


@pytest.mark.parametrize(
    ("url", "href", "text"),
    [
        ("/world", "/world?page=2", "2"),
        ("/world?page=2", "/world?page=3", "Older"),
        ("/world/", "/world/page/2/", "Next"),
        ("/world/page/2/", "/world/page/3/", "Next"),
        ("/ausland", "/ausland/seite/2", "weiter"),
        ("/kokusai/index.html", "/kokusai/index_2.html", "次へ"),
        ("/mir/", "/mir/?p=2", "дальше"),
        ("/world", "/world/2", "2"),
    ],
)
def test_further_pages_are_known_by_their_numbers(url: str, href: str, text: str) -> None:
    base = "https://www.gull-gazette.example"
    earlier = '<a href="/sport?page=2">Sport</a><a href="/world?page=1">1</a>'
    found = listing(f'<html><body>{earlier}<a href="{href}">{text}</a></body></html>', url=base + url)
    assert found.next_pages == (base + href,)


def test_buttons_that_load_more_are_further_pages_and_next_articles_are_not() -> None:
    html = '<a rel="next" href="/world/2026/11/20/an-older-story-of-the-sea-50">An older story of the sea</a>'
    html = f'<html><body>{html}<button data-next-url="/world/more/50">More</button></body></html>'
    assert listing(html).next_pages == ("https://www.gull-gazette.example/world/more/50",)


# ------------------------------------------------------------------------------------------------------ feeds

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>World</title><link>https://www.gull-gazette.example/</link>
<item><title>Strike &amp; storm</title><link>https://www.gull-gazette.example/n/1</link><guid>a</guid>
<pubDate>Tue, 24 Nov 2026 10:00:00 +0100</pubDate></item>
<item><title><![CDATA[Two <b>islands</b>]]></title><link>/n/2?utm_medium=rss</link><guid>a</guid></item>
<item><title>No address</title></item>
<item><title>By its guid</title><guid isPermaLink="true">https://www.gull-gazette.example/n/3</guid>
<pubDate>gestern</pubDate></item>
<item><title>Again</title><link>https://www.gull-gazette.example/n/1</link></item>
<item><title>Another house</title><link>https://elsewhere.example/n/9</link></item>
<item><title>Only a film</title><link>https://www.gull-gazette.example/video/5</link></item>
</channel></rss>"""
EXPECTED = [
    ("/n/1", "Strike & storm", "2026-11-24T10:00:00+01:00"),
    ("/n/2", "Two islands", None),
    ("/n/3", "By its guid", None),
]


def rows(found: Listing) -> list[tuple[str, str | None, str | None]]:
    return [(target, link.text, link.published) for target, link in zip(targets(found), found.links, strict=True)]


@pytest.mark.parametrize("type", [None, "application/rss+xml", "text/html; charset=utf-8", "application/octet-stream"])
def test_rss_is_read_whatever_type_is_declared(type: str | None) -> None:
    found = listing(RSS, kind="feed", type=type)
    assert rows(found) == EXPECTED
    assert found.problem is None
    assert [link.rank for link in found.links] == [1, 2, 3]


def test_rss_091_with_netscapes_doctype_and_rss_10() -> None:
    doctype = (
        '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/rss-0.91.dtd">'
    )
    assert rows(listing(RSS.replace("<rss", doctype + "<rss", 1), kind="feed")) == EXPECTED
    rdf = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
     xmlns:dc="http://purl.org/dc/elements/1.1/"><channel/><item><title>One</title>
     <link>https://www.gull-gazette.example/n/1</link><dc:date>2026-11-24T10:00:00Z</dc:date></item></rdf:RDF>"""
    assert rows(listing(rdf, kind="feed")) == [("/n/1", "One", "2026-11-24T10:00:00Z")]


def test_atom_with_relative_links_and_paging() -> None:
    atom = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://www.gull-gazette.example/world/"><title>W</title>
    <link rel="next" href="?page=2"/><entry><title type="html">A &amp;lt; B</title><link rel="enclosure" href="a.mp3"/>
    <link href="n/1"/><published>2026-11-24T10:00:00+02:00</published><updated>2026-11-24T12:00:00Z</updated></entry>
    <entry><title>Two</title><link rel="alternate" href="n/2"/><updated>2026-11-23</updated></entry></feed>"""
    found = listing(atom, kind="feed", url="https://www.gull-gazette.example/world/feed.atom")
    assert rows(found) == [("/world/n/1", "A < B", "2026-11-24T10:00:00+02:00"), ("/world/n/2", "Two", None)]
    assert [link.modified for link in found.links] == ["2026-11-24T12:00:00Z", "2026-11-23"]
    assert found.next_pages == ("https://www.gull-gazette.example/world/?page=2",)


def test_json_feed() -> None:
    feed = """{"version": "https://jsonfeed.org/version/1.1", "next_url": "/feed.json?page=2", "items": [
    {"id": "1", "url": "/n/1", "title": "One", "date_published": "2026-11-24T10:00:00Z"}, 7, {"title": "None"}]}"""
    found = listing(feed, kind="feed")
    assert rows(found) == [("/n/1", "One", "2026-11-24T10:00:00Z")]
    assert found.next_pages == ("https://www.gull-gazette.example/feed.json?page=2",)


def test_a_feed_served_from_another_house_names_its_outlet() -> None:
    assert rows(listing(RSS.replace("<link>/n/2?utm_medium=rss", "<link>https://www.gull-gazette.example/n/2"),
                        kind="feed", url="https://feeds.example/gull")) == EXPECTED  # fmt: skip


@pytest.mark.parametrize("cut", [0.2, 0.4, 0.6, 0.8, 0.95])
def test_a_feed_that_breaks_off_gives_its_whole_items(cut: float) -> None:
    text = RSS[: int(len(RSS) * cut)]
    found = listing(text, kind="feed")
    assert found.problem == "truncated"
    assert rows(found) == EXPECTED[: min(len(found.links), 3)]
    assert len(found.links) == min(3, sum(f"/n/{n}" in part for n in "123" for part in text.split("</item>")[:-1][:4]))


def test_html_served_as_a_feed_is_read_and_flagged() -> None:
    found = listing(SECTION, kind="feed", type="application/rss+xml")
    assert len(found.links) == 3
    assert found.problem == "html"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-11-24T10:00:00Z", "2026-11-24T10:00:00Z"),
        ("2026-11-24", "2026-11-24"),
        ("2026-11", "2026-11"),
        ("Tue, 24 Nov 2026 10:00:00 GMT", "2026-11-24T10:00:00+00:00"),
        ("Tue, 24 Nov 2026 10:00:00 EST", "2026-11-24T10:00:00-05:00"),
        ("24 Nov 2026 10:00:00", "2026-11-24T10:00:00"),
        ("Sat, 31 Feb 2026 10:00:00 GMT", None),
        ("2026-02-31", None),
        ("2026-11-24 10:00:00 +0100", "2026-11-24T10:00:00+01:00"),
        ("Вт, 24 ноя 2026", None),
        ("вчера", None),
        ("", None),
    ],
)
def test_dates_become_iso_8601_with_the_zone_that_they_give(given: str, expected: str | None) -> None:
    assert iso_date(given) == expected


# --------------------------------------------------------------------------------------------------- sitemaps

SITEMAP = """<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><loc> https://www.gull-gazette.example/n/1 </loc><lastmod>2026-11-24T12:00:00Z</lastmod><news:news>
<news:publication><news:name>Gull</news:name></news:publication><news:publication_date>2026-11-24T10:00:00Z
</news:publication_date><news:title>Strike &amp; storm</news:title></news:news>
<image:image><image:loc>https://www.gull-gazette.example/a.jpg</image:loc><image:title>Fire</image:title></image:image></url>
<url><loc>https://www.gull-gazette.example/world</loc></url>
<url><loc>https://www.gull-gazette.example/world/two-islands-swap-a-lighthouse</loc><lastmod>2026-11-23</lastmod></url>
<url><lastmod>2026-11-23</lastmod></url></urlset>"""


@pytest.mark.parametrize("pack", [str.encode, lambda text: gzip.compress(text.encode())])
def test_a_news_sitemap_gives_headline_and_date(pack: object) -> None:
    assert callable(pack)
    found = listing(pack(SITEMAP), kind="sitemap", type="application/octet-stream")
    assert rows(found) == [
        ("/n/1", "Strike & storm", "2026-11-24T10:00:00Z"),
        ("/world/two-islands-swap-a-lighthouse", None, None),
    ]
    assert [link.modified for link in found.links] == ["2026-11-24T12:00:00Z", "2026-11-23"]


def test_an_index_of_sitemaps_names_its_children() -> None:
    index = """<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>/news-1.xml.gz</loc></sitemap>
    <sitemap><loc>https://elsewhere.example/x.xml</loc></sitemap><sitemap><loc>/index.xml</loc></sitemap></sitemapindex>"""
    found = listing(index, kind="sitemap", url="https://www.gull-gazette.example/index.xml")
    assert found.children == ("https://www.gull-gazette.example/news-1.xml.gz",)
    assert not found.links
    assert found.problem is None


def test_a_sitemap_with_undeclared_prefixes_is_read_all_the_same() -> None:
    assert rows(listing(SITEMAP.replace("xmlns:news", "xmlns:gnus"), kind="sitemap"))[0] == (
        "/n/1",
        "Strike & storm",
        "2026-11-24T10:00:00Z",
    )


# ------------------------------------------------------------------------------------------------- bad input

BOMB = (
    "<!DOCTYPE rss [" + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha" * 10}">' for n in range(12)) + "]>"
)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "empty"),
        (" \r\n\t", "empty"),
        ("<html><body><p>Nothing here.</p></body></html>", "html"),
        (BOMB + "<rss><channel><item><title>&a11;</title></item></channel></rss>", "xml_entities"),
        ('<?xml version="1.0"?><!-- x --><!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/passwd">]><urlset>&x;</urlset>',
         "xml_entities"),
        ('<!DOCTYPE rss SYSTEM "http://127.0.0.1/evil.dtd"><rss></rss>', "xml_entities"),
        ('<!DOCTYPE feed><feed xmlns="http://www.w3.org/2005/Atom"></feed>', "xml_entities"),
        ('<?xml version="1.0"?><opml><body/></opml>', "not_a_listing"),
        ('{"items": []}', "not_a_listing"),
        ("[" * 100_000, "not_a_listing"),
        ("Just words, no markup at all.", "not_a_listing"),
        (b"%PDF-1.7\n%\xe2\xe3", "not_a_listing"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not_a_listing"),
        (b"\x1f\x8b\x08broken", "not_a_listing"),
        (bytes(1000), "not_a_listing"),
        ("<rss><channel></channel></rss>", "empty"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_word(content: str | bytes, problem: str) -> None:
    found = listing(content, kind="feed")
    assert found == Listing(problem=problem)
    assert problem in PROBLEMS


def test_a_utf16_bomb_is_refused_too() -> None:
    assert listing(("\ufeff" + BOMB + "<rss/>").encode("utf-16-le"), kind="feed").problem == "xml_entities"


def test_a_page_that_quotes_a_doctype_is_not_refused() -> None:
    text = RSS.replace("Strike &amp; storm", "<![CDATA[<!DOCTYPE x [<!ENTITY a 'b'>]> Strike]]>")
    assert listing(text, kind="feed").links[0].target.endswith("/n/1")


def test_warnings_printed_before_a_feed_do_no_harm() -> None:
    assert rows(listing("\n\nWarning: include() failed in /x.php\n" + RSS, kind="feed")) == EXPECTED


def test_a_gzip_bomb_is_read_no_further_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.links.fronts.MAX_LISTING_BYTES", 100_000)
    start, end = SITEMAP.split("<url><lastmod>")
    bomb = gzip.compress((start + " " * 5_000_000 + "<url><lastmod>" + end).encode())
    found = listing(bomb, kind="sitemap")
    assert found.problem == "too_large"
    assert len(found.links) == 2


def test_more_links_than_we_take_are_cut_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for room in ("webpages", "feeds", "entries"):
        monkeypatch.setattr(f"archive.links.{room}.MAX_LINKS", 2)
    for content, kind in ((SECTION, "section"), (RSS, "feed")):
        found = listing(content, kind=kind)
        assert len(found.links) == 2
        assert found.problem == "too_many"
    monkeypatch.setattr("archive.links.sitemaps.MAX_SITEMAP_URLS", 1)
    found = listing(SITEMAP, kind="sitemap")
    assert (len(found.links), found.problem) == (1, "too_many")


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", None),
        ("utf-8", "text/html; charset=iso-8859-1"),  # a wrong label over sound UTF-8
        ("windows-1251", "text/html; charset=windows-1251"),
        ("windows-1251", "meta"),
        ("koi8-r", "meta"),
        ("utf-16", None),
        ("windows-1251", "text/html; charset=no-such-charset"),
    ],
)
def test_the_charset_is_found(encoding: str, declared: str | None) -> None:
    text = "Паром вместо моста: город на двух берегах"
    html = cards([("/mir/2026/11/481200.shtml", text)])
    if declared == "meta" or declared == "text/html; charset=no-such-charset":
        html = html.replace("<body>", f'<head><meta charset="{encoding}"></head><body>')
    found = listing(html.encode(encoding), type=None if declared == "meta" else declared)
    assert [link.text for link in found.links] == [text]


def test_japanese_charsets() -> None:
    text = "最後の灯台守、帰任を拒む無人島の灯"
    for encoding in ("shift_jis", "euc-jp", "iso-2022-jp"):
        html = cards([("/kokusai/20261104/481200.html", text)])
        found = listing(html.encode(encoding), type=f"text/html; charset={encoding}")
        assert [link.text for link in found.links] == [text], encoding


MARKUP = st.lists(
    st.sampled_from(
        [*"<>&;\"'=/ ", "<a href=", "</a>", "<rss>", "<item>", "</item>", "<link>",
         "<urlset>", "<loc>", "http://x.example/a/1",
         "<!DOCTYPE", "[", "<h3>", "<feed>", "<entry>", "<![CDATA[", "]]>",
         "javascript:", "//", "\0", "\ud800", "é", "中文標題很長的"]
    ) | st.text(max_size=8),
    max_size=40,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(MARKUP.map("".join) | st.binary(max_size=200), st.sampled_from(["section", "feed", "sitemap"]))
def test_nothing_makes_it_raise_and_every_target_is_http(content: str | bytes, kind: str) -> None:
    payload = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    found = listing(payload, kind=kind)
    assert found.problem in (None, *PROBLEMS)
    for url in [*(link.target for link in found.links), *found.next_pages, *found.children, *found.feeds]:
        assert url.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000 + '<a href="/x">y</a>',
        "<ul>" + "<li><a href='/a?x=1'>" * 20_000,
        "<a href='" + "/a" * 50_000 + "'>x</a>",
        "<h2>" * 5_000 + "Heading of the day"
        + "<a href='/world/2026/11/24/two-islands-swap-51'>Two islands swap</a>" * 3_000,
        "<p>" + "&amp;" * 200_000,
        "<item>" * 50_000,
        "<rss>" + "<item><link>" * 20_000,
        '<?xml version="1.0"?>' + "<?x " * 50_000,
        "<!--" * 100_000,
    ],
)  # fmt: skip
def test_hostile_pages_are_bounded(html: str) -> None:
    start = time.process_time()
    listing(html)
    assert time.process_time() - start < 5


def test_large_listings_take_less_than_a_second() -> None:
    news = "".join(
        f"<url><loc>https://www.gull-gazette.example/n/{n}</loc><news:news><news:publication_date>2026-11-24T10:00:00Z"
        f"</news:publication_date><news:title>Story number {n}</news:title></news:news></url>"
        for n in range(1_000)
    )
    start = time.process_time()
    head, _, _ = SITEMAP.partition("<url>")
    assert len(listing(f"{head}{news}</urlset>", kind="sitemap").links) == 1_000
    assert time.process_time() - start < 1
    href = "/world/2026/11/24/story-of-the-harbour-{}"
    page = cards([(href.format(10_000 + n), f"Story of the harbour, number {n}") for n in range(5_000)])
    start = time.process_time()
    assert len(listing(page).links) == MAX_LINKS
    assert time.process_time() - start < 1
