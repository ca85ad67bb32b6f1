"""What lists bring into a crawl: caps on endless addresses, silence, hints with their source, aliases, empty shells."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from scrapy.settings import Settings

from archive import Archive, Capture, Link, Listing, Site, Visit, clean_url, extract, read_listing
from crawler.spiders.lists import Lists
from crawler.traps import CUTS, Traps
from tests.conftest import Clock

BASE = "https://www.gull-gazette.example"
SITE = Site("gull", home=f"{BASE}/", sections=(f"{BASE}/world",))
MOMENT = datetime(2026, 11, 24, tzinfo=UTC)


def settings(**more: int) -> Settings:
    return Settings({"PATH_REPEATS": 3, "QUERY_KEYS": 6, "QUERY_VARIANTS": 3, **more})


# ---------------------------------------------------------------------------------------------------------- traps


@pytest.mark.parametrize(
    ("urls", "kept", "word"),
    [
        ([f"{BASE}{'/world/news' * n}/1" for n in range(1, 7)], 3, "cut_path"),
        ([f"{BASE}/list?{'&'.join(f'k{k}=1' for k in range(n))}" for n in range(5, 9)], 2, "cut_facets"),
        ([f"{BASE}/shop?{key}=1" for key in "abcdefg"], 3, "cut_variants"),
        ([f"{BASE}/n/{n}" for n in range(20)], 12, "cut_found"),
    ],
)
def test_endless_addresses_are_cut_and_each_cut_is_counted(urls: list[str], kept: int, word: str) -> None:
    traps = Traps(replace(SITE, max_found=12), settings())
    assert traps.articles(urls, set()) == urls[:kept]
    assert traps.cuts == {word: len(urls) - kept}
    assert word in CUTS
    assert traps.articles(urls, set(urls[:kept])) == urls[:kept], "the same again"
    assert traps.cuts == {word: len(urls) - kept}, "and counted once"


def test_an_outlet_that_numbers_its_articles_in_the_query_is_no_trap() -> None:
    urls = [f"{BASE}/view.php?aid={n}" for n in range(500)]
    assert Traps(SITE, settings()).articles(urls, set()) == urls


def test_further_lists_are_cut_at_the_sites_limit() -> None:
    traps = Traps(replace(SITE, max_lists=3), settings())
    assert [traps.lists(2), traps.lists(2), traps.lists(2)] == [2, 1, 0]
    assert traps.cuts["cut_lists"] == 3


def test_session_numbers_make_no_new_address() -> None:
    for url in (f"{BASE}/n/1;jsessionid=8A6F?x=2", f"{BASE}/n/1?PHPSESSID=abc&x=2", f"{BASE}/n/1?x=2&ASPSESSIONIDQA=1"):
        assert clean_url(url) == f"{BASE}/n/1?x=2"
    assert clean_url(f"{BASE}/n;1?session=world") == f"{BASE}/n;1?session=world", "when in doubt, two pages"


# ------------------------------------------------------------------------------------------- the half that reads lists


class Reader(Lists):
    """The spider's half that reads lists, with an archive and nothing of Scrapy's."""

    def __init__(self, archive: Archive, site: Site) -> None:
        super().__init__()
        self.archive, self.site = archive, site  # type: ignore[misc]
        self.funnel, self.reasons = Counter(), Counter()
        self.crawler = type("Crawler", (), {"settings": settings(QUERY_VARIANTS=20)})
        self.asked: list[tuple[str, str]] = []

    def ask(self, kind: str, url: str, **_: object) -> None:  # type: ignore[override]
        self.asked.append((kind, url))


def section(url: str = f"{BASE}/world", kind: str = "section") -> Capture:
    return Capture(url, MOMENT, "gull", kind, status=200, payload=b"<html>")


def test_further_pages_are_followed_to_the_depth_and_then_told(archive: Archive) -> None:
    reader = Reader(archive, replace(SITE, depth=3))
    for page in range(1, 6):
        url = f"{BASE}/world?page={page}" if page > 1 else f"{BASE}/world"
        reader.listed(section(url), Listing(next_pages=(f"{BASE}/world?page={page + 1}",)))
    assert reader.asked == [("section", f"{BASE}/world?page=2"), ("section", f"{BASE}/world?page=3")]
    assert reader.reasons["cut_depth"] >= 1


def test_an_index_that_names_itself_or_others_without_end_is_bounded(archive: Archive) -> None:
    reader = Reader(archive, replace(SITE, max_lists=5))
    many = tuple(f"{BASE}/sitemap-{n}.xml" for n in range(50))
    reader.listed(section(f"{BASE}/sitemap.xml", "sitemap"), Listing(children=many))
    assert len(reader.asked) == 5
    assert reader.reasons["cut_lists"] == 45
    loop = f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>{BASE}/sitemap.xml</loc></sitemap></sitemapindex>'
    capture = replace(section(f"{BASE}/sitemap.xml", "sitemap"), payload=loop.encode())
    assert read_listing(capture).children == ()


def test_a_list_that_suddenly_lists_nothing_is_kept_and_flagged(archive: Archive, clock: Clock) -> None:
    href = "/world/2026/11/24/two-islands-swap-a-lighthouse-51"
    full = f'<html><body><article><h3><a href="{href}">Two islands swap a lighthouse</a></h3></article></body></html>'
    url = f"{BASE}/world"
    quiet = Reader(archive, SITE)
    quiet.listed(section(), Listing(problem="empty"))
    assert "silent_list" not in quiet.reasons, "it never listed anything"
    capture = Capture(url, clock.wait(hours=1), "gull", "section", status=200, payload=full.encode())
    archive.store([Visit(capture)])
    archive.record([extract(capture, SITE)], clock())
    empty = Capture(url, clock.wait(hours=1), "gull", "section", status=200, payload=b"<html><body></body></html>")
    reader = Reader(archive, SITE)
    visit, _ = reader.listed(empty, read_listing(empty, SITE))
    archive.store([visit])
    assert reader.reasons["silent_list"] == 1
    assert reader.reasons["empty"] == 1
    assert len(archive.timemap(url)) == 2, "the silent capture is kept"
    archive.record([extract(empty, SITE)], clock())
    reader = Reader(archive, SITE)
    reader.listed(replace(empty, captured_at=clock.wait(hours=1)), read_listing(empty, SITE))
    assert reader.reasons["silent_list"] == 1, "it stays silent until it lists something again"


def test_hints_are_kept_with_their_source(archive: Archive, clock: Clock) -> None:
    feed = f"""<feed xmlns="http://www.w3.org/2005/Atom"><title>W</title><entry><title>Two islands</title>
    <link href="{BASE}/n/1"/><published>2026-11-24T10:00:00+02:00</published><updated>2026-11-24T12:00:00Z</updated>
    </entry></feed>"""
    news = f"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
    xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>{BASE}/n/1</loc><lastmod>2026-11-24T13:00:00Z
    </lastmod><news:news><news:publication_date>2026-11-24T09:00:00Z</news:publication_date><news:title>Islands swap
    </news:title></news:news></url></urlset>"""
    for url, kind, text in ((f"{BASE}/rss", "feed", feed), (f"{BASE}/news.xml", "sitemap", news)):
        capture = Capture(url, clock(), "gull", kind, status=200, payload=text.encode())
        archive.store([Visit(capture)])
        archive.record([extract(capture, SITE)], clock())
    _, rows = archive.rows("SELECT kind, url, target, text, published, modified FROM fronts ORDER BY kind")
    assert [tuple(row.values()) for row in rows] == [
        (
            "feed",
            f"{BASE}/rss",
            f"{BASE}/n/1",
            "Two islands",
            "2026-11-24T08:00:00.000000Z",
            "2026-11-24T12:00:00.000000Z",
        ),
        (
            "sitemap",
            f"{BASE}/news.xml",
            f"{BASE}/n/1",
            "Islands swap",
            "2026-11-24T09:00:00.000000Z",
            "2026-11-24T13:00:00.000000Z",
        ),
    ]


# -------------------------------------------------------------------------------------------------------- aliases

TEXT = "".join(
    f"<p>{'The ferry left the quay before dawn and came back with the lighthouse keeper. ' * 3}</p>" for _ in range(4)
)


def article(archive: Archive, clock: Clock, url: str, head: str) -> None:
    page = (
        f"<html><head><title>Two islands swap</title>{head}</head><body><h1>Two islands swap</h1>{TEXT}</body></html>"
    )
    capture = Capture(url, clock.wait(minutes=1), "gull", status=200, payload=page.encode())
    archive.store([Visit(capture)])
    archive.record([extract(capture, SITE)], clock())


def aliases(archive: Archive) -> dict[str, str]:
    return dict(archive.db.conn.execute("SELECT url, alias_of FROM pages WHERE alias_of IS NOT NULL").fetchall())


@pytest.mark.parametrize("first", ["page", "form"])
@pytest.mark.parametrize(
    ("form", "link"),
    [
        (f"{BASE}/n/1/amp", '<link rel="amphtml" href="/n/1/amp">'),
        ("https://m.gull-gazette.example/n/1",
         '<link rel="alternate" media="only screen and (max-width: 640px)" href="https://m.gull-gazette.example/n/1">'),
    ],
)  # fmt: skip
def test_forms_that_claim_each_other_become_one_page(
    archive: Archive, clock: Clock, form: str, link: str, first: str
) -> None:
    page = f"{BASE}/n/1"
    both = [(page, link), (form, f'<link rel="canonical" href="{page}">')]
    for url, head in both if first == "page" else both[::-1]:
        article(archive, clock, url, head)
    assert aliases(archive) == {form: page}
    assert [one.url for one in archive.due("gull", clock.wait(days=40))] == [page], "an alias is not asked for again"


@pytest.mark.parametrize(
    "heads",
    [
        ("", '<link rel="canonical" href="{page}">'),  # only one says so
        ('<link rel="amphtml" href="{form}">', ""),
        ('<link rel="amphtml" href="{form}">', '<link rel="canonical" href="{form}">'),  # each says it is itself
        ('<link rel="amphtml" href="/other">', '<link rel="canonical" href="{page}">'),
        ('<link rel="amphtml" href="{form}">', '<link rel="canonical" href="/other">'),
    ],
)
@pytest.mark.parametrize("step", [1, -1])
def test_one_claim_alone_makes_no_alias(archive: Archive, clock: Clock, heads: tuple[str, str], step: int) -> None:
    page, form = f"{BASE}/n/1", f"{BASE}/n/1/amp"
    for url, head in list(zip((page, form), heads, strict=True))[::step]:
        article(archive, clock, url, head.format(page=page, form=form))
    assert aliases(archive) == {}


# --------------------------------------------------------------------------------------------------- empty shells

STORIES = [
    {"__typename": "Story", "headline": f"Story of the harbour, number {n}",
     "url": f"/world/2026/11/24/harbour-{51000 + n}", "publishedAt": "2026-11-24T10:00:00Z"}
    for n in range(6)
]  # fmt: skip
STATE = {"props": {"pageProps": {"menu": [{"title": "World", "url": "/world"}], "lists": [{"items": STORIES}]}}}


@pytest.mark.parametrize(
    "script",
    [
        '<script id="__NEXT_DATA__" type="application/json">{json}</script>',
        "<script>window.__INITIAL_STATE__ = {json};</script>",
        "<script>var page = {json}; start(page)</script>",
        "<script>window.__STATE__=JSON.parse({quoted})</script>",
    ],
)
def test_an_empty_shell_is_read_from_its_embedded_json(script: str) -> None:
    state = json.dumps(STATE)
    filled = script.replace("{json}", state).replace("{quoted}", json.dumps(state))
    shell = f'<html><body><div id="root"></div><noscript>Please enable scripts.</noscript>{filled}</body></html>'
    listing = read_listing(replace(section(), payload=shell.encode()))
    assert [link.target for link in listing.links] == [f"{BASE}{story['url']}" for story in STORIES]
    assert (listing.links[0].text, listing.links[0].published) == (STORIES[0]["headline"], "2026-11-24T10:00:00Z")
    assert listing.scripted


def test_a_shell_without_data_is_told_from_a_quiet_list() -> None:
    shell = '<html><body><div id="root"></div><script src="/app.js"></script></body></html>'
    listing = read_listing(replace(section(), payload=shell.encode()))
    assert (listing.links, listing.problem, listing.scripted) == ((), "empty", True)
    quiet = "<html><body><h1>World</h1><p>Nothing today.</p></body></html>"
    assert not read_listing(replace(section(), payload=quiet.encode())).scripted


def test_embedded_json_is_not_read_where_the_page_lists_for_itself() -> None:
    cards = "".join(
        f'<article><h3><a href="/n/{n}00{n}">A headline of six words here</a></h3></article>' for n in range(1, 6)
    )
    page = f"<html><body>{cards}<script type='application/json'>{json.dumps(STATE)}</script></body></html>"
    listing = read_listing(replace(section(), payload=page.encode()))
    assert len(listing.links) == 5
    assert not listing.scripted


def test_embedded_json_is_not_read_where_the_page_shows_many_links() -> None:
    menu = "".join(f'<a href="/section-{n}">Section {n}</a>' for n in range(20))
    page = f"<html><body>{menu}<script type='application/json'>{json.dumps(STATE)}</script></body></html>"
    assert read_listing(replace(section(), payload=page.encode())).links == ()


def test_embedded_json_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.links.embedded.MAX_NODES", 10)
    page = f"<html><body><script type='application/json'>{json.dumps(STATE)}</script></body></html>"
    assert 0 < len(read_listing(replace(section(), payload=page.encode())).links) < 6


@pytest.mark.parametrize("bad", ["[" * 50_000, '{"a":' * 20_000, '{"url": "javascript:1", "title": "x"}', "{", "null"])
def test_embedded_rubbish_does_no_harm(bad: str) -> None:
    page = f"<html><body><script type='application/json'>{bad}</script></body></html>"
    assert read_listing(replace(section(), payload=page.encode())).links == ()


def test_a_list_delivered_as_json_is_read() -> None:
    listing = read_listing(replace(section(f"{BASE}/api/world"), payload=json.dumps(STATE).encode()))
    assert len(listing.links) == 6


# ------------------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize("hrefs", [("http://www.gull-gazette.example", "https://gull-gazette.example", BASE)])
def test_mixtures_of_spellings_are_one_outlet(hrefs: tuple[str, ...]) -> None:
    """http, https and www. are of one outlet; they stay pages of their own until a redirect says otherwise."""
    items = "".join(f"<item><title>N{n}</title><link>{base}/n/{n}</link></item>" for n, base in enumerate(hrefs))
    listing = read_listing(
        replace(section(f"{BASE}/rss", "feed"), payload=f"<rss><channel>{items}</channel></rss>".encode())
    )
    assert [link.target for link in listing.links] == [f"{base}/n/{n}" for n, base in enumerate(hrefs)]


def test_international_host_names_are_one_spelling() -> None:
    items = "<item><title>A</title><link>https://www.möwe.example/n/1</link></item>"
    items += "<item><title>B</title><link>https://www.xn--mwe-sna.example/n/1</link></item>"
    capture = Capture("https://www.möwe.example/rss", MOMENT, kind="feed", status=200,
                      payload=f"<rss><channel>{items}</channel></rss>".encode())  # fmt: skip
    assert [link.target for link in read_listing(capture).links] == ["https://www.xn--mwe-sna.example/n/1"]


def test_an_entry_without_link_or_date_harms_no_other() -> None:
    items = "<item><title>No link</title></item><item><link>/n/2</link></item><item><guid>x</guid><guid>x</guid></item>"
    capture = replace(section(f"{BASE}/rss", "feed"), payload=f"<rss><channel>{items}</channel></rss>".encode())
    assert read_listing(capture).links == (Link("front", 1, f"{BASE}/n/2", None, None, "/n/2"),)


def test_a_sitemap_of_fifty_megabytes_is_read_within_bounds() -> None:
    url = "<url><loc>https://www.gull-gazette.example/world/2026/11/24/harbour-{}</loc><x>{}</x></url>"
    body = "".join(url.format(n, "y" * 900) for n in range(50_000))
    capture = replace(section(f"{BASE}/s.xml", "sitemap"), payload=f"<urlset>{body}</urlset>".encode())
    start = time.process_time()
    listing = read_listing(capture)
    assert len(listing.links) == 50_000 or listing.problem == "too_large"
    assert time.process_time() - start < 20
