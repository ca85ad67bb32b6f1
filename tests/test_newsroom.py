"""The newsroom: what it promises to the tests and benchmarks that lean on it."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import re
import socket
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import feedparser
import pytest
from lxml import etree, html

from crawler.newsroom import Exchange, Newsroom
from crawler.newsroom.press import plain_path
from crawler.newsroom.stories import load_outlets

OUTLETS = load_outlets()
MERIDIAN, LEDGER = "http://www.meridian-courier.test", "http://www.lakeshore-ledger.test"
MINATO, NORDWARTE = "http://www.minato-nippo.test", "http://www.nordwarte.test"
FAULTS = "http://faults.test"
REFERENCE = f"{LEDGER}/international/quiet-winter-promise-481200/"
SISTER = f"{LEDGER}/international/river-of-ferries-481237/"
EDITED = f"{MERIDIAN}/world/2026/11/03/grain-corridor-talks"
CORRECTED = f"{MERIDIAN}/world/2026/11/03/orsund-election-recount"
MOVED = f"{MERIDIAN}/world/2026/11/01/border-railway-reopens"
MOVED_TO = f"{MERIDIAN}/world/2026/11/01/night-train-returns-to-the-dray-bridge"
ADVERTS_ONLY = f"{MERIDIAN}/world/2026/11/02/sea-ice-station"
GONE = f"{NORDWARTE}/ausland/falsches-portraet-a481459"
MISSING = f"{MINATO}/kokusai/20261030/481422.html"
WIRE = (f"{MERIDIAN}/world/2026/11/03/wire-strait-agreement", f"{LEDGER}/international/wire-strait-radar-481274/")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The page as a browser decodes it: by the header's charset, else by the meta element's."""
        found = re.search(r"charset=([\w-]+)", self.headers.get("content-type", ""))
        if found is None:
            found = re.search(r"charset=\"?([\w-]+)", self.body[:2000].decode("latin-1"), re.I)
        return self.body.decode(found[1] if found else "utf-8")


def ask(room: Newsroom, url: str, method: str = "GET", **headers: str) -> Answer:
    parts = urlsplit(url)
    line = http.client.HTTPConnection("127.0.0.1", room.port, timeout=10)
    with contextlib.closing(line):
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        line.request(method, target or "/", headers={"Host": parts.netloc, **names})
        answer = line.getresponse()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())


def squeezed(text: str) -> str:
    return " ".join(text.split())


def words_of(page: str) -> str:
    return squeezed(str(html.document_fromstring(page).text_content()))


@pytest.fixture(scope="module")
def first() -> Iterator[Newsroom]:
    with Newsroom() as room:
        yield room


@pytest.fixture(scope="module")
def second() -> Iterator[Newsroom]:
    with Newsroom(edition=2) as room:
        yield room


@pytest.fixture(scope="module")
def catalogue() -> dict[str, dict[str, object]]:
    return tomllib.loads(Newsroom.sites_file.read_text(encoding="utf-8"))


def test_outlets_keep_the_promised_breadth() -> None:
    languages = [outlet.language for outlet in OUTLETS.values()]
    assert sorted(languages) == ["ar", "de", "en", "en", "fr", "ja", "ru"]
    kinds = {outlet.validators for outlet in OUTLETS.values()}
    assert {(), ("etag",), ("last-modified",)} <= kinds
    assert {outlet.feed_kind for outlet in OUTLETS.values()} == {"", "rss", "atom"}


@pytest.mark.parametrize("key", OUTLETS)
def test_stories_refer_to_stories_that_exist(key: str) -> None:
    outlet = OUTLETS[key]
    keys = {record["key"] for record in outlet.records}
    for record in outlet.records:
        named = {record.get("inline"), *record.get("related", ()), *record.get("readers", ())} - {None}
        assert named <= keys, record["key"]
        assert record["key"] not in named
    assert {name for names in outlet.readers.values() for name in names} <= keys
    assert outlet.readers[1] != outlet.readers[2]


@pytest.mark.parametrize("key", OUTLETS)
def test_catalogue_entry_answers(first: Newsroom, catalogue: dict[str, dict[str, list[str]]], key: str) -> None:
    entry, outlet = catalogue[key], OUTLETS[key]
    assert (entry["name"], entry["language"], entry["country"]) == (outlet.name, outlet.language, outlet.country)
    for url in [entry["home"], *entry["sections"], *entry.get("feeds", []), *entry.get("sitemaps", [])]:
        answer = ask(first, str(url))
        assert answer.status == 200, url
        assert outlet.name in answer.text
    robots = ask(first, str(entry["home"]) + "robots.txt").text
    assert "Disallow: /private/" in robots
    for url in entry.get("sitemaps", []):
        assert f"Sitemap: {url}" in robots
    pattern = entry.get("articles")
    for url in first.urls(key):
        assert pattern is None or re.search(str(pattern), url)
    if pattern is not None:
        assert not re.search(str(pattern), str(entry["sections"][0]))


def test_two_outlets_have_no_article_pattern(catalogue: dict[str, dict[str, object]]) -> None:
    assert set(catalogue) == set(OUTLETS)
    assert sum("articles" not in entry for entry in catalogue.values()) >= 2


@pytest.mark.parametrize("edition", [1, 2])
@pytest.mark.parametrize("key", OUTLETS)
def test_pages_hold_what_is_expected_of_them(first: Newsroom, second: Newsroom, key: str, edition: int) -> None:
    room = first if edition == 1 else second
    urls = room.urls(key)
    assert len(urls) >= 8
    for url in urls:
        answer, expected = ask(room, url), room.expected(url)
        assert answer.status == 200
        assert expected is not None
        tree = html.document_fromstring(answer.text)
        shown = words_of(answer.text)
        place = 0
        for paragraph in expected.paragraphs:
            assert paragraph in shown[place:], (url, paragraph)
            place = shown.index(paragraph, place) + 1
        assert squeezed(expected.title) in shown
        assert expected.standfirst is None or expected.standfirst in shown
        assert expected.section in shown
        assert all(author in shown for author in expected.authors)
        links = [(urljoin(url, a.get("href", "")), squeezed(str(a.text_content()))) for a in tree.iter("a")]
        place = 0
        for kind, heading, target, text in expected.related:
            assert kind in ("readers", "related", "recommended")
            assert heading is None or heading in shown
            place += next(
                n for n, (href, said) in enumerate(links[place:], 1) if href == target and squeezed(text) in said
            )
            assert room.expected(target) is not None


@pytest.mark.parametrize("key", OUTLETS)
def test_section_lists_every_article_over_pages(first: Newsroom, key: str) -> None:
    outlet = OUTLETS[key]
    base = f"http://{outlet.host}"
    found: set[str] = set()
    for number in (1, 2, 3):
        path = outlet.section_path if number == 1 else outlet.pages.format(n=number)
        answer = ask(first, base + path)
        assert answer.status == 200
        tree = html.document_fromstring(answer.text)
        found |= {urljoin(base + path, a.get("href", "")) for a in tree.iter("a")}
        if number < 3:
            assert urljoin(base, outlet.pages.format(n=number + 1)) in found
    assert set(first.urls(key)) <= found
    private = [url for url in found if "/private/" in url]
    assert len(private) == 1
    assert first.expected(private[0]) is not None
    assert private[0] not in first.urls()
    assert ask(first, base + outlet.pages.format(n=4)).status == 404


@pytest.mark.parametrize("key", [key for key, outlet in OUTLETS.items() if outlet.feed])
def test_feed_names_the_articles_and_is_declared(first: Newsroom, key: str) -> None:
    outlet = OUTLETS[key]
    base = f"http://{outlet.host}"
    answer = ask(first, base + outlet.feed)
    feed = feedparser.parse(answer.body)
    assert not feed.bozo
    assert feed.version == ("rss20" if outlet.feed_kind == "rss" else "atom10")
    assert {entry.link for entry in feed.entries} == set(first.urls(key))
    for path in ("/", outlet.section_path):
        tree = html.document_fromstring(ask(first, base + path).text)
        assert tree.xpath("//link[@rel='alternate']/@href") == [base + outlet.feed]


@pytest.mark.parametrize("key", [key for key, outlet in OUTLETS.items() if outlet.sitemap])
def test_sitemap_names_the_articles(first: Newsroom, key: str) -> None:
    answer = ask(first, f"http://{OUTLETS[key].host}{OUTLETS[key].sitemap}")
    tree = etree.fromstring(answer.body)
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "n": "http://www.google.com/schemas/sitemap-news/0.9"}
    assert set(tree.xpath("//s:loc/text()", namespaces=names)) == set(first.urls(key))
    assert len(tree.xpath("//n:title", namespaces=names)) == len(first.urls(key))


@pytest.mark.parametrize("key", OUTLETS)
def test_links_lead_somewhere(second: Newsroom, key: str) -> None:
    base = f"http://{OUTLETS[key].host}"
    todo, seen, dead = [f"{base}/"], set(), []
    while todo:
        url = todo.pop().partition("#")[0]
        if url in seen or not url.startswith(base) or "/private/" in url:
            continue
        seen.add(url)
        answer = ask(second, url)
        if answer.status != 200:
            dead.append(url)
        elif answer.headers["content-type"].startswith("text/html"):
            tree = html.document_fromstring(answer.text)
            todo += [urljoin(url, href) for href in tree.xpath("//a/@href")]
    assert dead == []
    assert set(second.urls(key)) <= {plain(url) for url in seen}


def plain(url: str) -> str:
    parts = urlsplit(url)
    return f"http://{parts.netloc}{plain_path(parts.path)}"


def test_reference_page(first: Newsroom) -> None:
    expected = first.expected(REFERENCE)
    assert expected is not None
    assert expected.section == "International"
    assert '"' in expected.title
    assert len(expected.paragraphs) == 4
    assert expected.standfirst is None
    assert expected.related == ()
    page = ask(first, REFERENCE).text
    tree = html.document_fromstring(page)
    headings = [squeezed(str(h.text_content())) for h in tree.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    assert headings == [expected.title, "Our readers are reading too"]
    caption = str(tree.find_class("lk-cap")[0].text_content())
    assert caption.endswith("…")
    assert expected.title.startswith(caption[:-1])
    (story,) = tree.find_class("lk-story")
    shown = words_of(page)
    assert shown.index("International", shown.index("Log in")) < shown.index(expected.title, shown.index("Log in"))
    (box,) = tree.find_class("lk-more")
    assert story in list(box.iterancestors())
    assert len(box) == 0


def test_sister_of_the_reference_page(first: Newsroom) -> None:
    expected = first.expected(SISTER)
    assert expected is not None
    assert len(expected.paragraphs) == 4
    assert [(kind, heading) for kind, heading, _, _ in expected.related] == [
        ("readers", "Our readers are reading too")
    ] * 5
    (box,) = html.document_fromstring(ask(first, SISTER).text).find_class("lk-more")
    links = [(urljoin(SISTER, a.get("href", "")), str(a.text_content())) for a in box.iter("a")]
    assert links == [(url, text) for _, _, url, text in expected.related]


def test_wire_story_is_carried_twice_with_small_edits(first: Newsroom) -> None:
    one, two = (first.expected(url) for url in WIRE)
    assert one is not None
    assert two is not None
    assert one.title != two.title
    shared = set(one.paragraphs) & set(two.paragraphs)
    assert 3 <= len(shared) < len(one.paragraphs)


def test_headline_and_body_are_corrected(first: Newsroom, second: Newsroom) -> None:
    old, new = first.expected(CORRECTED), second.expected(CORRECTED)
    assert old is not None
    assert new is not None
    assert old.title != new.title
    old, new = first.expected(EDITED, 1), first.expected(EDITED, 2)
    assert old is not None
    assert new is not None
    assert old.title == new.title
    assert len(new.paragraphs) == len(old.paragraphs) + 1
    assert "3.2 million" in " ".join(old.paragraphs[:-1])
    assert "3.2 million" not in " ".join(new.paragraphs[:-1])
    assert new.modified is not None


def test_articles_are_removed_and_moved(first: Newsroom, second: Newsroom) -> None:
    for url, status in ((GONE, 410), (MISSING, 404)):
        assert ask(first, url).status == 200
        assert ask(second, url).status == status
        assert second.expected(url) is None
        assert url not in second.urls()
    answer = ask(second, MOVED)
    assert (answer.status, answer.headers["location"]) == (301, MOVED_TO)
    assert ask(second, MOVED_TO).status == 200
    assert ask(first, MOVED_TO).status == 404
    assert second.expected(MOVED) is None
    assert second.expected(MOVED_TO, 2) is not None


def test_new_articles_come_with_the_second_edition(first: Newsroom, second: Newsroom) -> None:
    for key in OUTLETS:
        assert set(second.urls(key)) - set(first.urls(key))


def test_adverts_change_and_the_body_does_not(first: Newsroom, second: Newsroom) -> None:
    old, new = first.expected(ADVERTS_ONLY), second.expected(ADVERTS_ONLY)
    assert old is not None
    assert new is not None
    assert (old.title, old.paragraphs, old.modified) == (new.title, new.paragraphs, new.modified)
    assert old.related != new.related
    assert ask(first, ADVERTS_ONLY).body != ask(second, ADVERTS_ONLY).body


def test_edition_changes_while_the_room_is_open() -> None:
    with Newsroom() as room:
        assert ask(room, GONE).status == 200
        room.edition = 2
        assert ask(room, GONE).status == 410
        with pytest.raises(ValueError, match="no edition 3"):
            room.edition = 3


@pytest.mark.parametrize("key", OUTLETS)
def test_conditional_requests(first: Newsroom, key: str) -> None:
    outlet, url = OUTLETS[key], first.urls(key)[0]
    for encoding in ("identity", "gzip"):
        answer = ask(first, url, Accept_Encoding=encoding)
        etag, changed = answer.headers.get("etag"), answer.headers.get("last-modified")
        assert (etag is not None, changed is not None) == (
            "etag" in outlet.validators,
            "last-modified" in outlet.validators,
        )
        if etag is not None:
            again = ask(first, url, Accept_Encoding=encoding, If_None_Match=f'"other", W/{etag}')
            assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
            assert ask(first, url, If_None_Match='"other"').status == 200
        if changed is not None:
            assert ask(first, url, If_Modified_Since=changed).status == 304
            assert ask(first, url, If_Modified_Since="Sat, 01 Jan 2000 00:00:00 GMT").status == 200
            assert ask(first, url, If_Modified_Since="the day before").status == 200
            assert ask(first, url, If_Modified_Since=changed, If_None_Match='"other"').status == 200


def test_unchanged_page_stays_unchanged_over_editions(first: Newsroom, second: Newsroom) -> None:
    changed = ask(first, REFERENCE).headers["last-modified"]
    assert ask(second, REFERENCE, If_Modified_Since=changed).status == 304
    edited = f"{LEDGER}/international/glacier-road-villages-481311/"
    changed = ask(first, edited).headers["last-modified"]
    assert ask(second, edited, If_Modified_Since=changed).status == 200


def test_compression(first: Newsroom) -> None:
    url = first.urls("meridian")[0]
    plain, packed = ask(first, url), ask(first, url, Accept_Encoding="br, gzip;q=0.8")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.body) == plain.body
    assert plain.headers["etag"] != packed.headers["etag"]
    assert "content-encoding" not in ask(first, url, Accept_Encoding="gzip;q=0").headers


def test_head_and_other_methods(first: Newsroom) -> None:
    url = first.urls("nordwarte")[0]
    answer, head = ask(first, url), ask(first, url, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers == answer.headers
    assert ask(first, url, "POST").status == 405


def test_redirects(first: Newsroom) -> None:
    for source, status, goal in (
        (f"{MERIDIAN}/news/world", 301, f"{MERIDIAN}/world"),
        (f"{LEDGER}/international", 301, f"{LEDGER}/international/"),
        (f"{LEDGER}/world/", 302, f"{LEDGER}/international/"),
        ("http://meridian-courier.test/world?page=2", 301, f"{MERIDIAN}/world?page=2"),
        ("http://www.laboussole.test/a/481200", 302, first.urls("boussole")[0]),
    ):
        answer = ask(first, source)
        assert (answer.status, answer.headers["location"]) == (status, goal)
    assert ask(first, "http://nobody.test/").status == 421


def test_charsets(first: Newsroom) -> None:
    russian = ask(first, first.urls("vestnik")[0])
    assert russian.headers["content-type"] == "text/html; charset=windows-1251"
    japanese = ask(first, first.urls("minato")[0])
    assert japanese.headers["content-type"] == "text/html"
    assert "最後の灯台守" in japanese.body.decode("euc-jp")
    assert 'dir="rtl"' in ask(first, first.urls("manara")[0]).text


def test_keep_alive_and_slow_page(first: Newsroom) -> None:
    slow = next(url for url in first.urls("boussole") if "phare" in url)
    line = http.client.HTTPConnection("127.0.0.1", first.port, timeout=10)
    with contextlib.closing(line):
        ends = []
        for url in (slow, slow, first.urls("ledger")[0]):
            start = time.monotonic()
            parts = urlsplit(url)
            line.request("GET", parts.path, headers={"Host": parts.netloc})
            plug = line.sock
            line.getresponse().read()
            assert line.sock is plug
            ends.append(time.monotonic() - start)
    assert min(ends[:2]) >= first.slow


def test_log_keeps_every_exchange() -> None:
    with Newsroom() as room:
        url = room.urls("meridian")[0]
        answer = ask(room, url, Accept_Encoding="gzip", User_Agent="test")
        ask(room, url, If_None_Match=answer.headers["etag"])
        one, two = room.log
    assert isinstance(one, Exchange)
    assert (one.method, one.host, one.path, one.status) == ("GET", urlsplit(url).netloc, urlsplit(url).path, 200)
    assert ("User-Agent", "test") in one.request_headers
    assert one.body == answer.body
    assert ("Content-Encoding", "gzip") in one.response_headers
    assert (two.status, two.body) == (304, b"")
    assert one.at <= two.at


def test_proxy_form_reaches_every_host(first: Newsroom) -> None:
    with socket.create_connection(("127.0.0.1", first.port), timeout=10) as line:
        line.sendall(b"GET http://www.nordwarte.test/ausland HTTP/1.0\r\n\r\n")
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


def test_generated_articles_are_many_and_all_different() -> None:
    with Newsroom(generated=60, padding=30_000, seed=3) as room, Newsroom(generated=60, padding=30_000, seed=3) as twin:
        for key in OUTLETS:
            urls = room.urls(key)
            assert len(urls) == len(set(urls)) == len(Newsroom().urls(key)) + 60
            found = [room.expected(url) for url in urls]
            assert len({expected.title for expected in found if expected}) == len(urls)
            assert len({expected.paragraphs for expected in found if expected}) == len(urls)
            last = ask(room, urls[-1])
            assert 20_000 < len(last.body) < 70_000
            assert last.body == ask(twin, urls[-1]).body
            assert all(paragraph in words_of(last.text) for paragraph in found[-1].paragraphs)  # type: ignore[union-attr]
            outlet = OUTLETS[key]
            assert ask(room, f"http://{outlet.host}{outlet.pages.format(n=3)}").status == 200
    assert Newsroom(generated=60, seed=4).urls("ledger") != room.urls("ledger")
    assert set(Newsroom(generated=20, seed=3).urls("ledger")) <= set(room.urls("ledger"))


def test_clones_have_hosts_and_catalogue_entries() -> None:
    with Newsroom(sites=9, generated=2) as room:
        entries = tomllib.loads(room.catalogue)
        assert len(entries) == len(OUTLETS) + 9
        for number in range(1, 10):
            key = f"s{number:03}"
            assert room.resolve[f"{key}.newsroom.test:80"] == f"127.0.0.1:{room.port}"
            assert ask(room, entries[key]["sections"][0]).status == 200
            urls = room.urls(f"{key}.newsroom.test")
            assert len(urls) >= 10
            assert ask(room, urls[0]).status == 200
            assert room.expected(urls[0]) is not None


def test_latency_delays_every_answer() -> None:
    with Newsroom(latency=0.05) as room:
        start = time.monotonic()
        ask(room, f"{MERIDIAN}/robots.txt")
        assert time.monotonic() - start >= 0.05


def test_port_is_reported_when_taken() -> None:
    with Newsroom() as room, pytest.raises(OSError, match="in use"), Newsroom(port=room.port):
        pass


def test_impossible_port_is_refused() -> None:
    with pytest.raises(ValueError, match="no port 99999"):
        Newsroom(port=99999)


def test_faults(first: Newsroom) -> None:
    assert ask(first, f"{FAULTS}/robots.txt").text.splitlines() == ["User-agent: *", "Allow: /"]
    section = html.document_fromstring(ask(first, f"{FAULTS}/section").text)
    paths = [str(path) for path in section.xpath("//a/@href")]
    assert len(paths) == 10
    empty = ask(first, f"{FAULTS}/empty")
    assert (empty.status, empty.body) == (200, b"")
    assert ask(first, f"{FAULTS}/binary").body.startswith(b"\xff\xd8\xff")
    assert len(ask(first, f"{FAULTS}/huge").body) >= 20_000_000
    with pytest.raises(UnicodeDecodeError):
        _ = ask(first, f"{FAULTS}/wrong-charset").text
    start = time.monotonic()
    assert ask(first, f"{FAULTS}/slow?seconds=0.1").status == 200
    assert time.monotonic() - start >= 0.1
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        ask(first, f"{FAULTS}/reset")
    assert ask(first, f"{FAULTS}/loop").headers["location"] == f"{FAULTS}/loop"
    for number in (1, 2, 3):
        assert "<h1>" in ask(first, f"{FAULTS}/good-{number}").text
    assert "faults" not in Newsroom.sites_file.read_text(encoding="utf-8").split("\n\n", 1)[1]


def test_linked_data_is_as_various_as_outlets(first: Newsroom) -> None:
    shapes = set()
    for key in OUTLETS:
        tree = html.document_fromstring(ask(first, first.urls(key)[0]).text)
        for text in tree.xpath("//script[@type='application/ld+json']/text()"):
            data = json.loads(str(text))
            graph = data.get("@graph", [data]) if isinstance(data, dict) else data
            (news,) = [item for item in graph if item["@type"] == "NewsArticle"]
            kind = "list" if isinstance(data, list) else "graph" if "@graph" in data else "object"
            shapes.add((kind, "articleBody" in news, type(news["author"]).__name__))
    assert len(shapes) >= 4
