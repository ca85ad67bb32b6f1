"""From a URL to an entry: discover, sites add, check, list, path, and the selection of sites, over real HTTP."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archive import load_sites
from crawler.cli import main
from crawler.newsroom import Newsroom

PAGE = """<!DOCTYPE html><html lang="en"><head>
<link rel="alternate" type="application/rss+xml" title="World" href="/world/rss.xml"></head><body><nav><ul>
<li><a href="/politics">Politics</a></li><li><a href="/world">World</a></li><li><a href="/sport">Sport</a></li>
</ul></nav></body></html>"""


@pytest.fixture(scope="module")
def room() -> Iterator[Newsroom]:
    with Newsroom() as running:
        yield running


def run(*words: str, room: Newsroom | None = None) -> Result:
    """A command as a user gives it, with the newsroom reachable by its names."""
    reached = [f"--resolve={name}={address}" for name, address in room.resolve.items()] if room else []
    return CliRunner().invoke(main, [*words, *reached, *(["--delay", "0"] if room else [])])


# ------------------------------------------------------------------------------------------------------- discover


def test_a_file_needs_no_network_and_guesses_nothing(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(PAGE, encoding="utf-8")
    result = run("discover", str(file), "--url", "https://www.gull-gazette.example/", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert list(found) == ["section_url", "section_label", "sections", "feeds", "sitemaps"]
    assert (found["section_url"], found["section_label"]) == ("https://www.gull-gazette.example/world", "World")
    assert [feed["url"] for feed in found["feeds"]] == ["https://www.gull-gazette.example/world/rss.xml"]
    assert found["sitemaps"] == []
    assert all(one["evidence"] for one in [*found["sections"], *found["feeds"]])


def test_where_there_is_none_it_is_null(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(PAGE.replace("World", "Wine").replace("/world", "/wine"), encoding="utf-8")
    result = run("discover", str(file), "--url", "https://www.gull-gazette.example/", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert (found["section_url"], found["section_label"], found["sections"]) == (None, None, [])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("no-such-file.html",), "cannot be read"),
        (("--url", "ftp://x.example/", "{page}"), "no http or https URL"),
        (("{broken}",), "no whole gzip file"),
    ],
)
def test_wrong_questions_are_one_line(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "broken.html.gz").write_bytes(b"\x1f\x8b\x08broken")
    names = {"page": str(tmp_path / "page.html"), "broken": str(tmp_path / "broken.html.gz")}
    result = run("discover", *(word.format(**names) for word in words))
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output + result.stderr


def test_a_file_that_is_no_page_is_told(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(b"%PDF-1.7")
    result = run("discover", str(tmp_path / "page.html"), "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["section_url"] is None
    assert "not_a_listing" in result.stderr


def test_from_a_home_page_everything_named_was_asked_for(room: Newsroom) -> None:
    result = run("discover", "http://www.meridian-courier.test/", "--json", room=room)
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    base = "http://www.meridian-courier.test"
    assert found["section_url"] == f"{base}/world"
    assert [one["url"] for one in found["feeds"]] == [f"{base}/world/rss.xml"]
    assert "it lists 10 articles now" in found["feeds"][0]["evidence"]
    assert [one["url"] for one in found["sitemaps"]] == [f"{base}/news-sitemap.xml"]
    assert found["sitemaps"][0]["evidence"][0] == "robots.txt names it"
    asked = [one for one in room.log if one.host == "www.meridian-courier.test"]
    assert asked[0].path == "/robots.txt", "robots.txt before anything else"
    assert any(one.path == "/world/rss.xml" for one in asked)


def test_from_an_article_the_same_is_found(room: Newsroom) -> None:
    article = room.urls("nordwarte")[0]
    found = json.loads(run("discover", article, "--json", room=room).stdout)
    assert found["section_url"] == "http://www.nordwarte.test/ausland"
    assert found["feeds"][0]["url"] == "http://www.nordwarte.test/ausland/feed.atom"


def test_without_a_contact_only_this_machine_is_visited() -> None:
    result = run("discover", "https://www.gull-gazette.example/")
    assert result.exit_code == 2
    assert "FOREIGNDESK_CONTACT" in result.stderr


def test_a_site_that_does_not_answer_is_told(room: Newsroom) -> None:
    result = run("discover", "http://www.meridian-courier.test/no/such/page", "--json", room=room)
    assert result.exit_code == 1
    assert "404" in result.stderr


# ------------------------------------------------------------------------------- a site of one's own, less well kept

STORIES = "".join(
    f'<article><h3><a href="/world/2026/11/{n:02}/the-harbour-opens-again-{n}">The harbour opens again, day {n}</a>'
    "</h3></article>"
    for n in range(1, 9)
)
MENU = '<nav><a href="/politics">Politics</a><a href="/world">World</a><a href="/sport">Sport</a></nav>'
NEWS = "".join(
    f"<url><loc>{{base}}/world/2026/11/{n:02}/the-harbour-opens-again-{n}</loc><news:news><news:title>Harbour {n}"
    "</news:title><news:publication_date>2026-11-24</news:publication_date></news:news></url>"
    for n in range(1, 4)
)
SPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
)
RSS = (
    "<rss><channel><item><title>Harbour</title><link>{base}/world/2026/11/01/the-harbour-opens-again-1</link></item>"
    "</channel></rss>"
)
FILES = {
    "/robots.txt": "User-agent: *\nDisallow: /closed\nSitemap: {base}/sitemap.xml\nSitemap: {base}/gone.xml\n",
    "/": '<html lang="en"><head><link rel="alternate" type="application/rss+xml" href="/dead.xml">'
    f'<link rel="alternate" type="application/rss+xml" href="/page.xml"></head><body>{MENU}</body></html>',
    "/page.xml": f"<html><body>{STORIES}</body></html>",
    "/world": f'<html lang="en"><body>{MENU}<a href="/world/europe">Europe</a>{STORIES}</body></html>',
    "/world/rss": RSS,
    "/sitemap.xml": "<sitemapindex><sitemap><loc>{base}/old.xml</loc></sitemap><sitemap><loc>{base}/news.xml.gz</loc>"
    "</sitemap><sitemap><loc>{base}/sitemap.xml</loc></sitemap></sitemapindex>",
    "/old.xml": "<urlset><url><loc>{base}/world/2019/01/01/an-old-story-of-the-harbour</loc></url></urlset>",
    "/news.xml.gz": f"<urlset {SPACES}>{NEWS}</urlset>",
    "/empty": "<html><body><div id='root'></div><script src='/app.js'></script></body></html>",
}


class Shelf(BaseHTTPRequestHandler):
    """Serves FILES, gzips what is called .gz, moves /old-world to /world, and has nothing else."""

    def do_GET(self) -> None:
        base = f"http://127.0.0.1:{self.server.server_address[1]}"  # type: ignore[index]
        text = FILES.get(self.path)
        if self.path == "/old-world":
            self.send_response(301)
            self.send_header("Location", "/world")
            body = b""
        else:
            self.send_response(200 if text is not None else 404)
            body = (text or "not here").replace("{base}", base).encode()
            body = gzip.compress(body) if self.path.endswith(".gz") else body
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is told."""


@pytest.fixture(scope="module")
def shelf() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Shelf) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_what_does_not_answer_with_a_list_is_not_named(shelf: str) -> None:
    """A dead feed and a page served as a feed are left out; a usual path below the section is tried and found."""
    found = json.loads(run("discover", f"{shelf}/", "--json", "--delay", "0").stdout)
    assert found["section_url"] == f"{shelf}/world"
    assert [one["url"] for one in found["feeds"]] == [f"{shelf}/world/rss"]
    assert found["feeds"][0]["evidence"][0] == "on a usual path below the section"
    assert [one["url"] for one in found["sitemaps"]] == [f"{shelf}/news.xml.gz"]
    assert "in an index" in found["sitemaps"][0]["evidence"][0]
    assert [one["label"] for one in found["sections"] if one["kind"] == "region"] == ["Europe"]


def test_an_entry_learns_the_articles_pattern(shelf: str, tmp_path: Path) -> None:
    result = run("sites", "add", f"{shelf}/", "--key", "shelf", "--sites", str(tmp_path), "--delay", "0")
    assert result.exit_code == 1, "its articles answer 404, so no entry is made"
    assert "could be fetched" in result.output
    assert r"pattern: /world/\d{4}/\d{2}/\d{2}/[^/]+" in result.output


def test_check_tells_what_moved_and_what_is_made_by_scripts(shelf: str, tmp_path: Path) -> None:
    file = tmp_path / "sites.toml"
    file.write_text(
        f'[moved]\nhome = "{shelf}/"\nsections = ["{shelf}/old-world"]\n'
        f'[shell]\nhome = "{shelf}/"\nsections = ["{shelf}/empty"]\n'
        f'[closed]\nhome = "{shelf}/"\nsections = ["{shelf}/closed"]\n',
        encoding="utf-8",
    )
    result = run("sites", "check", "--sites", str(file), "--json", "--delay", "0")
    seeds = {row["site"]: row["seeds"][0] for row in map(json.loads, result.stdout.splitlines())}
    assert (seeds["moved"]["state"], seeds["moved"]["articles"]) == ("moved", 8)
    assert f"{shelf}/world" in seeds["moved"]["detail"]
    assert (seeds["shell"]["state"], "scripts" in seeds["shell"]["detail"]) == ("silent", True)
    assert (seeds["closed"]["state"], "robots.txt" in seeds["closed"]["detail"]) == ("refused", True)


# ------------------------------------------------------------------------------------------------------ sites add


def test_an_entry_is_written_that_crawls(room: Newsroom, tmp_path: Path) -> None:
    own = tmp_path / "own"
    result = run("sites", "add", "http://www.nordwarte.test/", "--sites", str(own), "--name", "Warte", room=room)
    assert result.exit_code == 0, result.output
    assert "Ausland" in result.output
    assert "robots.txt: allowed" in result.output
    assert result.output.count("readers") >= 1, "boxes of the samples are shown"
    site = load_sites(own)["nordwarte"]
    assert site.name == "Warte"
    assert site.sections == ("http://www.nordwarte.test/ausland",)
    assert site.feeds == ("http://www.nordwarte.test/ausland/feed.atom",)
    assert (site.language, site.trust, site.country) == ("de", "checked", "")
    text = (own / "nordwarte.toml").read_text(encoding="utf-8")
    assert text.count("#") >= 4, "it explains itself"
    crawled = run("crawl", "nordwarte", "--sites", str(own), "--archive", str(tmp_path / "a.db"), "--json", room=room)
    funnel = json.loads(crawled.stdout)["runs"][0]["funnel"]
    assert funnel["texts"] >= 8
    again = run("sites", "add", "http://www.nordwarte.test/", "--sites", str(own), room=room)
    assert again.exit_code == 2
    assert "already" in again.stderr


def test_a_dry_run_writes_nothing(room: Newsroom, tmp_path: Path) -> None:
    own = tmp_path / "own"
    result = run("sites", "add", "http://www.almanara-aldawlia.test/", "--sites", str(own), "--dry-run", room=room)
    assert result.exit_code == 0, result.output
    assert "[almanara-aldawlia]" in result.output
    assert not own.exists()


def test_a_site_is_refused_with_the_reason(room: Newsroom, tmp_path: Path) -> None:
    for url, said in (
        ("http://www.meridian-courier.test/private/", "robots.txt does not allow"),
        ("http://www.meridian-courier.test/nothing", "answered 404"),
    ):
        result = run("sites", "add", url, "--sites", str(tmp_path / "own"), "--key", "x", room=room)
        assert result.exit_code == 1, result.output
        assert "Refused:" in result.output
        assert said in result.output
    assert not (tmp_path / "own").exists()


# ---------------------------------------------------------------------------------------------------- sites check

ENTRIES = """[good]
home = "http://www.meridian-courier.test/"
sections = ["http://www.meridian-courier.test/world"]
feeds = ["http://www.meridian-courier.test/world/rss.xml"]
[gone]
home = "http://www.meridian-courier.test/"
feeds = ["http://www.meridian-courier.test/rss-of-old.xml"]
[silent]
home = "http://www.meridian-courier.test/"
sections = ["http://www.meridian-courier.test/world"]
articles = '/no-such-path/'
[page]
home = "http://www.meridian-courier.test/"
feeds = ["http://www.meridian-courier.test/world"]
[own]
home = "http://www.meridian-courier.test/"
sections = ["http://www.meridian-courier.test/api/stories"]
spider = "stories"
[wrong]
home = "http://www.meridian-courier.test/"
sections = ["http://www.meridian-courier.test/api/stories"]
spider = "storys"
"""


@pytest.fixture
def entries(tmp_path: Path) -> str:
    file = tmp_path / "sites.toml"
    file.write_text(ENTRIES, encoding="utf-8")
    return str(file)


def test_check_tells_each_seed_and_has_an_exit_code(room: Newsroom, entries: str) -> None:
    result = run("sites", "check", "--sites", entries, "--json", room=room)
    assert result.exit_code == 1
    rows = {row["site"]: row for row in map(json.loads, result.stdout.splitlines())}
    states = {key: [seed["state"] for seed in row["seeds"]] for key, row in rows.items()}
    assert states == {
        "good": ["works", "works"],
        "gone": ["failed"],
        "silent": ["silent"],
        "page": ["unreadable"],
        "own": ["works"],
        "wrong": ["failed"],
    }
    assert "404" in rows["gone"]["seeds"][0]["detail"]
    assert "`articles`" in rows["silent"]["seeds"][0]["detail"]
    assert "Installed are: stories" in rows["wrong"]["seeds"][0]["detail"]
    assert run("sites", "check", "good", "--sites", entries, room=room).exit_code == 0


def test_a_spider_of_ones_own_crawls_a_section_delivered_as_json(room: Newsroom, entries: str, tmp_path: Path) -> None:
    archive = str(tmp_path / "a.db")
    result = run("crawl", "own", "wrong", "--sites", entries, "--archive", archive, "--json", room=room)
    runs = {one["site"]: one for one in json.loads(result.stdout)["runs"]}
    assert runs["own"]["state"] == "done"
    assert runs["own"]["funnel"]["texts"] == 10
    assert runs["wrong"]["state"] == "failed", "one site's failure touches no other"
    assert "no entry point 'storys'" in runs["wrong"]["outcome"]


# ---------------------------------------------------------------------------------------------------- the catalogue


def test_list_filters(entries: str) -> None:
    rows = [json.loads(line) for line in run("sites", "list", "--country", "FR", "--json").stdout.splitlines()]
    assert len(rows) > 5
    assert {row["country"] for row in rows} == {"FR"}
    arabic = run(
        "sites", "list", "--country", "EG", "--country", "FR", "--language", "ar", "--json"
    ).stdout.splitlines()
    assert {json.loads(line)["language"] for line in arabic} == {"ar"}
    own = run("sites", "list", "--installed", "--sites", entries, "--json").stdout.splitlines()
    assert [json.loads(line)["site"] for line in own] == ["gone", "good", "own", "page", "silent", "wrong"]
    assert run("sites", "list", "--country", "XX").exit_code == 1


def test_path_names_the_places(entries: str) -> None:
    shown = run("sites", "path", "--sites", entries).stdout.split()
    assert shown[0].endswith("sites")
    assert shown[1] == entries


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("crawl",), "--country"),
        (("crawl", "--country", "XX"), "No outlet of the catalogue meets"),
        (("crawl", "lemond"), "Did you mean lemonde"),
        (("sites", "show", "lemond"), "Did you mean lemonde"),
    ],
)
def test_selections_that_mean_nothing_are_told(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    result = run(*words, *(("--archive", str(tmp_path / "a.db")) if words[0] == "crawl" else ()))
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_selection_crawls_all_that_meet_it(room: Newsroom, tmp_path: Path) -> None:
    """--country and --language select among all entries; those of one's own belong to them."""
    file = tmp_path / "sites.toml"
    entry = '[{0}]\nhome = "http://www.{1}.test/"\nsections = ["http://www.{1}.test{2}"]\n'
    entry += 'country = "XZ"\nlanguage = "{3}"\n'
    file.write_text(
        entry.format("north", "nordwarte", "/ausland", "de")
        + entry.format("south", "meridian-courier", "/world", "en")
        + entry.format("east", "laboussole", "/monde", "de").replace('country = "XZ"', 'country = "XY"'),
        encoding="utf-8",
    )
    common = ("--sites", str(file), "--archive", str(tmp_path / "a.db"), "--json")
    for words, expected in (
        (("--country", "xz"), {"north", "south"}),
        (("--country", "XZ", "--language", "DE"), {"north"}),
        (("east", "--country", "XZ", "--language", "en"), {"east", "south"}),
    ):
        result = run("crawl", *words, *common, room=room)
        assert {one["site"] for one in json.loads(result.stdout)["runs"]} == expected, result.stderr
