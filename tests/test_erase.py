"""After an erasure nothing of it is in the file, and everything else is as it was."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive import (
    Archive,
    ArchiveError,
    BadQuery,
    Capture,
    Extraction,
    Link,
    UnknownPage,
    Visit,
    erase,
    extract,
    hide,
    history,
    load_sites,
    mentions,
    search,
    traces,
    verify,
)
from crawler.cli import main
from crawler.newsroom import Newsroom
from tests.conftest import crawl
from tests.press import AT, HOST, SITE, captures, fill

DOMED = "http://www.meridian-courier.test/world/doomed-story"
#: Where the twenty strings stand that are to be erased: payload, texts, notes, lists of links, headers.
PLACES = (
    "payload", "comment", "script", "headline", "standfirst", "first", "second", "third", "author", "caption",
    "keyword", "canonical", "boxtext", "boxheading", "boxtarget", "boxhref", "fronttext", "etag", "header",
    "location",
)  # fmt: skip
MARKERS = tuple(f"zq{place}marker" for place in PLACES)


def marked(edition: int = 1) -> tuple[Capture, Extraction]:
    """A page with every marker, and what was read in it."""
    m = dict(zip(PLACES, MARKERS, strict=True))
    base = next(captures(1))
    payload = (base.payload or b"") + (
        f"<p>{m['payload']} {edition}<!--{m['comment']}--><script>{m['script']}</script>".encode()
    )
    capture = replace(
        base, url=DOMED, payload=payload, etag=m["etag"], captured_at=AT.replace(hour=11 + edition),
        response_headers=(("ETag", m["etag"]), ("X-Note", m["header"]), ("Content-Location", m["location"])),
    )  # fmt: skip
    reading = Extraction(
        DOMED, capture.digest or "", "test-1", title=m["headline"], standfirst=m["standfirst"],
        text=f"{m['first']} {edition}\n\n{m['second']}\n\n{m['third']}", authors=(m["author"],),
        fields={"image": {"from": "meta", "value": f"http://x.test/{m['caption']}.jpg"},
                "keywords": {"value": [m["keyword"]]}, "canonical": {"value": m["canonical"]}},
        links=(Link("readers", 1, f"http://other.test/{m['boxtarget']}", m["boxtext"], m["boxheading"], m["boxhref"]),),
    )  # fmt: skip
    return capture, reading


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """The marked page first, so that others are coded against it; a front that lists it; 30 more pages."""
    with Archive.open(tmp_path / "a.db") as opened:
        first, reading = marked()
        opened.store([Visit(first)], "run")
        opened.record([reading], AT)
        second, again = marked(edition=2)
        opened.store([Visit(second)], "run")
        opened.record([again], AT)
        fill(opened, list(captures(30)), batch=10)
        front = Capture(
            f"http://{HOST}/world", AT, site="meridian", kind="section", status=200, payload=b"<a href=x>list"
        )
        opened.store([Visit(front, found=(("article", DOMED),))], "run")
        links = (
            Link("front", 1, DOMED, "zqfronttextmarker"),
            Link("front", 2, f"http://{HOST}/other", "Another story"),
        )
        opened.record([Extraction(front.url, front.digest or "", "test-1", kind="section", links=links)], AT)
        yield opened


def digests(archive: Archive) -> set[str]:
    return {row["digest"] for row in archive.rows("SELECT digest FROM snapshots")[1]}


def test_nothing_is_left(archive: Archive) -> None:
    plain = sqlite3.connect(archive.path)
    plain.execute("PRAGMA wal_checkpoint")
    before = digests(archive)
    resting = "SELECT count(*) FROM bodies WHERE reference = (SELECT min(id) FROM bodies)"
    assert archive.db.conn.execute(resting).fetchone()[0] > 20, "other pages must be coded against what is to go"
    payloads = {digest: archive.payload(digest) for digest in before}
    assert sum(traces(archive.path, MARKERS).values()) > 0
    gone, needles = erase(archive, AT, "asked for", url=DOMED)
    assert traces(archive.path, (*MARKERS, *needles, DOMED)) == dict.fromkeys((*MARKERS, *needles, DOMED), 0)
    assert list(mentions(archive, MARKERS)) == []
    assert (gone.pages, gone.captures, gone.snapshots) == (1, 2, 2)
    assert len(before - digests(archive)) == 2
    assert {digest: archive.payload(digest) for digest in digests(archive)} == {
        digest: payloads[digest] for digest in digests(archive)
    }
    assert list(verify(archive)) == []
    assert search(archive, MARKERS[3]) == []
    assert archive.rows("SELECT target, rank, text FROM fronts")[1] == [
        {"target": f"http://{HOST}/other", "rank": 2, "text": "Another story"}
    ]
    with pytest.raises(UnknownPage, match="erased"):
        history(archive, DOMED)


def test_it_does_not_come_back(archive: Archive) -> None:
    """Neither fetched, nor found on a page, nor read as a link, nor as a redirect, nor as the same payload."""
    erase(archive, AT, "asked for", url=DOMED)
    capture, reading = marked(edition=1)
    front = Capture(f"http://{HOST}/news", AT, site="meridian", kind="section", status=200, payload=b"x" * 99)
    moved = Capture(f"http://{HOST}/old", AT, site="meridian", status=301, location=DOMED)
    assert archive.erased(DOMED)
    assert archive.unfetched([DOMED, f"http://{HOST}/new"]) == {f"http://{HOST}/new"}
    archive.store([Visit(capture), Visit(front, found=(("article", DOMED),)), Visit(moved)], "run 2")
    archive.record(
        [reading, Extraction(front.url, front.digest or "", "t", kind="section", links=(Link("front", 1, DOMED),))], AT
    )
    assert sum(traces(archive.path, (*MARKERS, DOMED)).values()) == 0
    assert archive.rows("SELECT url FROM frontier WHERE url = ?", (DOMED,))[1] == []
    assert list(verify(archive)) == []


def test_a_domain_with_all_below_it(archive: Archive) -> None:
    kept = Capture("http://other.test/x", AT, site="other", status=200, payload=b"<p>another outlet's page")
    archive.store([Visit(kept)], "run")
    erase(archive, AT, "closed", domain="meridian-courier.test")
    assert digests(archive) == {kept.digest}
    assert archive.erased(f"http://{HOST}/anything")
    assert not archive.erased("http://courier.test/")
    assert sum(traces(archive.path, (*MARKERS, HOST)).values()) == 0
    assert archive.payload(kept.digest or "") == kept.payload
    assert list(verify(archive)) == []


def test_orders_are_understood_as_people_write_them(archive: Archive) -> None:
    """A digest without its prefix, a domain in its own letters; what is neither is refused."""
    capture, _ = marked(edition=1)
    gone, _ = erase(archive, AT, "leaked", digest=(capture.digest or "").removeprefix("sha256:").upper())
    assert gone.snapshots == 1
    kept = Capture("http://xn--bcher-kva.test/x", AT, site="other", status=200, payload=b"<p>a page")
    archive.store([Visit(kept)], "run")
    assert erase(archive, AT, "closed", domain="Bücher.test.")[0].pages == 1
    with pytest.raises(BadQuery, match="no domain"):
        erase(archive, AT, "closed", domain="http://example.org/")


def test_one_payload(archive: Archive) -> None:
    capture, _ = marked(edition=1)
    erase(archive, AT, "leaked", digest=capture.digest or "")
    assert [event.revision for event in history(archive, DOMED)] == [1]
    archive.store([Visit(replace(capture, captured_at=AT.replace(day=5)))], "run 3")
    row = archive.rows("SELECT digest, error FROM captures WHERE due = 'run 3'")[1][0]
    assert row == {"digest": None, "error": "erased"}
    assert list(verify(archive)) == []


def test_shared_bytes_stay_for_the_other_page(archive: Archive) -> None:
    capture, reading = marked(edition=1)
    twin = replace(capture, url="http://other.test/twin", site="other")
    archive.store([Visit(twin)], "run")
    archive.record([replace(reading, url=twin.url)], AT)
    erase(archive, AT, "asked for", url=DOMED)
    assert archive.payload(capture.digest or "") == capture.payload
    assert [hit.url for hit in search(archive, MARKERS[3])] == [twin.url]
    assert list(verify(archive)) == []


def test_what_moved_there_goes_too(archive: Archive) -> None:
    archive.store([Visit(Capture(f"http://{HOST}/old", AT, site="meridian", status=301, location=DOMED))], "run")
    gone, _ = erase(archive, AT, "asked for", url=DOMED)
    assert gone.pages == 2
    assert traces(archive.path, [f"http://{HOST}/old"]) == {f"http://{HOST}/old": 0}
    assert list(verify(archive)) == []


def test_an_interrupted_erasure_is_all_or_nothing(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digests(archive)

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["archive.erase"], "_pages", fail)
    with pytest.raises(KeyboardInterrupt):
        erase(archive, AT, "asked for", url=DOMED)
    assert digests(archive) == before
    assert list(verify(archive)) == []
    monkeypatch.undo()
    erase(archive, AT, "asked for", url=DOMED)
    assert sum(traces(archive.path, MARKERS).values()) == 0


@pytest.mark.parametrize("order", [{}, {"url": DOMED, "domain": "x.test"}])
def test_an_unclear_order_is_refused(archive: Archive, order: dict[str, str]) -> None:
    with pytest.raises(BadQuery, match="one of them"):
        erase(archive, AT, "why", **order)
    with pytest.raises(BadQuery, match="reason"):
        erase(archive, AT, " ", url=DOMED)
    with pytest.raises(UnknownPage):
        erase(archive, AT, "why", url="http://nowhere.test/x")
    with Archive.open(archive.path) as crawling:
        crawling.lock()
        with pytest.raises(ArchiveError, match="crawling"):
            erase(archive, AT, "why", url=DOMED)


def test_hide_is_undone(archive: Archive) -> None:
    hide(archive, DOMED, "under review", AT)
    views = ("articles", "revisions", "mementos", "latest")
    assert all(archive.rows(f"SELECT url FROM {view} WHERE url = ?", (DOMED,))[1] == [] for view in views)
    assert archive.rows("SELECT target FROM fronts WHERE target = ?", (DOMED,))[1] == []
    with pytest.raises(UnknownPage, match="under review"):
        history(archive, DOMED)
    hide(archive, DOMED, "", None)
    assert all(archive.rows(f"SELECT url FROM {view} WHERE url = ?", (DOMED,))[1] for view in views)
    assert len(archive.rows("SELECT target FROM fronts WHERE target = ?", (DOMED,))[1]) == 1


def test_the_command(archive: Archive, tmp_path: Path) -> None:
    runner, path = CliRunner(), str(archive.path)
    archive.record([extract(one, SITE) for one in captures(2)], AT)
    archive.close()
    assert runner.invoke(main, ["backup", str(tmp_path / "b.db"), "--archive", path]).exit_code == 0
    refused = runner.invoke(main, ["erase", DOMED, "--archive", path])
    assert refused.exit_code == 2
    assert "reason" in refused.output
    words = ["erase", DOMED, "--archive", path, "--reason", "court order", "--check"]
    done = runner.invoke(main, [*words, *(word for marker in MARKERS for word in ("--marker", marker))])
    assert done.exit_code == 0, done.output
    assert "0 without such a reason" in done.output
    assert str(tmp_path / "b.db") in done.output
    again = runner.invoke(main, [*words, "--yes"])
    assert again.exit_code == 0, again.output
    stone = sqlite3.connect(path).execute("SELECT kind, reason FROM tombstones").fetchall()
    assert stone == [("url", "court order")]


def test_a_crawl_does_not_ask_for_it(tmp_path: Path) -> None:
    """Neither an erased article nor an erased section is requested again, though lists and entry still name them."""
    path = tmp_path / "crawled.db"
    with Newsroom() as room:
        sites = [site for site in load_sites(room.sites_file).values() if site.key == "minato"]
        crawl(path, sites, room)
        with Archive.open(path) as archive:
            article = archive.rows("SELECT url FROM articles ORDER BY url")[1][0]["url"]
            for url in (article, sites[0].sections[0]):
                erase(archive, AT, "asked for", url=url)
        before = len(room.log)
        run = crawl(path, sites, room)["minato"]
        asked = {f"http://{one.host}{one.path}" for one in room.log[before:]}
    assert asked
    assert not asked & {article, sites[0].sections[0]}
    assert run.state == "done"
    assert run.reasons["erased"] >= 1
    assert traces(path, [article]) == {article: 0}
