"""One fetch and its capture: faithful to the byte, conditional, judged and not believed."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import os
import random
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard

from archive import Archive, Capture, Visit
from crawler import captures
from tests.conftest import rows, visit
from tests.hostile import STORY, Hostile, Line, chunked, head, moved, page
from tests.hostile_pages import MEANINGS, article
from tests.small_sites import Answer, H, captured, pages, section_of, site


def oddities() -> dict[str, tuple[bytes, bytes]]:
    """Fifty answers with heads that nobody would write: (bytes sent, body before coding)."""
    dice = random.Random(4)
    names = [b"X-Odd", b"x-odd", b"X-ODD", b"Set-Cookie", b"ETag", b"Link", b"SERVER", b"x_under.score", b"Vary"]
    values = [
        b"caf\xe9 \xfc\xdf",
        b"",
        b'a,b;c="d"',
        b'W/"x"',
        b"\xd1\x81\xd0\xb2\xd0\xb5\xd1\x82",
        b"(x) @ <y>",
        b"1" * 900,
    ]
    codings: list[tuple[str, Callable[[bytes], bytes]]] = [
        ("", bytes),
        ("gzip", gzip.compress),
        ("br", brotli.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
        ("deflate", zlib.compress),
    ]
    made = {}
    for number in range(50):
        coding, encode = codings[number % 5]
        body = article(f"Odd {number}", "en") * (1 + number % 3)
        sent = encode(body)
        fields = [dice.choice(names) + b": " + dice.choice(values) for _ in range(dice.randrange(1, 9))]
        fields.append(dice.choice((b"Content-Type", b"content-type", b"CONTENT-TYPE")) + b": text/html")
        if coding:
            fields.append(dice.choice((b"Content-Encoding", b"content-encoding")) + b": " + coding.encode())
        cut = sorted(dice.sample(range(1, len(sent)), 3))
        if number % 2:
            fields.append(b"Transfer-Encoding: chunked")
            framed = chunked(*(sent[a:b] for a, b in itertools.pairwise((0, *cut, len(sent)))))
        else:
            fields.append(b"Content-Length: %d" % len(sent))
            framed = sent
        dice.shuffle(fields)
        phrase = dice.choice(("200 OK", "200", "200 Tr\xe8s bien", "203 Non-Authoritative Information"))
        made[f"odd-{number}"] = (head(*fields, status=phrase) + framed, body)
    return made


def test_round_trip_of_fifty_odd_heads(tmp_path: Path) -> None:
    """Stored heads and bytes are what the server logged as sent: duplicates, case, order, latin-1, every coding."""
    odd = oddities()
    entry = site(H, wire="bytes")
    with Hostile({(H, f"/{name}"): sent for name, (sent, _) in odd.items()}) as hostile:
        visit(tmp_path / "a.db", [entry], hostile.resolve, DOWNLOAD_DELAY=0)
        log = {one.path.strip("/"): one for one in hostile.asked(H)}
    kept = captured(
        tmp_path / "a.db",
        "status",
        "reason",
        "http_version",
        "response_headers",
        "request_headers",
        "digest",
        "wire_digest",
        "wire_length",
        "ip",
        "error",
        "captured_at",
    )
    assert set(kept) == set(odd)
    with Archive.open(tmp_path / "a.db") as archive:
        for name, (_, body) in odd.items():
            status, reason, version, fields, asked, digest, wire_digest, length, ip, error, at = kept[name]
            start, _, framed = bytes(log[name].answer).partition(b"\r\n\r\n")
            line, *sent_fields = start.split(b"\r\n")
            assert f"{version} {status}{' ' + reason if reason else ''}".encode("latin-1") == line, name
            rebuilt = [f"{k}: {v}".encode("latin-1") for k, v in json.loads(fields)]
            assert rebuilt == sent_fields, name
            assert error is None
            assert archive.payload(digest) == body, name
            wire = framed if b"chunked" not in start else dechunked(framed)
            assert wire_digest == "sha256:" + hashlib.sha256(wire).hexdigest(), name
            assert (archive.payload(wire_digest), length) == (wire, len(wire)), name
            said = [f"{k}: {v}" for k, v in json.loads(asked)]
            assert said == log[name].request.decode("latin-1").split("\r\n")[1:-2], name
            assert ip == "127.0.0.1"
            assert datetime.strptime(at, "%Y-%m-%dT%H:%M:%S.%fZ").microsecond


def dechunked(framed: bytes) -> bytes:
    body = b""
    while True:
        size, _, framed = framed.partition(b"\r\n")
        if not int(size, 16):
            return body
        body, framed = body + framed[: int(size, 16)], framed[int(size, 16) + 2 :]


def test_what_cannot_be_decoded_is_kept_as_it_came(tmp_path: Path) -> None:
    """Of a sound body the decoded bytes are kept; of one that was cut or is no gzip, those that came, flagged."""
    whole, cut = gzip.compress(STORY), gzip.compress(STORY)[:-30]
    answers = {
        "sound": page(whole, "Content-Encoding: gzip"),
        "cut": page(cut, "Content-Encoding: gzip"),
        "odd": page(STORY, "Content-Encoding: rot13"),
    }
    with Hostile({(H, f"/{name}"): answer for name, answer in answers.items()}) as hostile:
        visit(tmp_path / "a.db", [site(H)], hostile.resolve)
    kept = captured(tmp_path / "a.db", "error", "digest", "wire_digest")
    with Archive.open(tmp_path / "a.db") as archive:
        assert kept["sound"][0] is None
        assert archive.payload(kept["sound"][1]) == STORY
        assert archive.rows("SELECT 1 FROM snapshots WHERE digest = ?", (kept["sound"][2],))[1] == []
        assert kept["cut"][0] == "truncated"
        assert STORY.startswith(archive.payload(kept["cut"][1]))
        assert archive.payload(kept["cut"][2]) == cut
        assert (kept["odd"][0], kept["odd"][1]) == ("bad_encoding", None)
        assert archive.payload(kept["odd"][2]) == STORY
    assert rows(tmp_path / "a.db", "SELECT url FROM articles") == [{"url": f"http://{H}/sound"}]


def test_the_url_is_asked_for_as_it_is_kept(tmp_path: Path) -> None:
    names = ["a%20b", "caf%C3%A9?x=%2F&y=1|2", "it's,(so)!*;", "q?a=b+c&&d", "~x/%7Bid%7D"]
    listed = section_of(names)
    with Hostile({**pages(*names), (H, "/world"): listed}) as hostile:
        visit(tmp_path / "a.db", [site(H)], hostile.resolve)
        asked = {one.path for one in hostile.asked(H)} - {"/robots.txt", "/world"}
    assert asked == {"/" + name for name in captured(tmp_path / "a.db", "error")}
    assert len(asked) == len(names)


def conditional(body: bytes, etag: str | None, modified: str | None = None) -> Answer:
    """A page that answers 304 where its validator comes back exactly."""

    async def answer(line: Line) -> None:
        fields = [f"ETag: {etag}"] if etag else []
        fields += [f"Last-Modified: {modified}"] if modified else []
        asked = line.note.request.decode("latin-1")
        same = f"If-None-Match: {etag}\r\n" in asked if etag else f"If-Modified-Since: {modified}\r\n" in asked
        await line.send(head(*fields, status="304 Not Modified") if same else page(body, *fields))

    return answer


def test_200_unchanged_pages_are_200_answers_304(tmp_path: Path) -> None:
    date = "Sun, 01 Nov 2026 08:00:00 GMT"
    kinds = [('"v%d"', None), ('W/"v%d"', None), (None, date), ('"v%d"', date)]
    extra: dict[tuple[str, str], Answer] = {}
    for number in range(200):
        etag, modified = kinds[number % 4]
        answer = conditional(article(f"Page {number}", "en"), etag and etag % number, modified)
        extra[H, f"/{number}"] = answer
    entry = site(H, max_articles=300)
    with Hostile(extra) as hostile:
        visit(tmp_path / "a.db", [entry], hostile.resolve)
        first = len(hostile.log)
        run = visit(tmp_path / "a.db", [entry], hostile.resolve)["one"]
        second = [one for one in hostile.log[first:] if one.path.strip("/").isdigit()]
    assert len(second) == 200
    assert all(one.answer.startswith(b"HTTP/1.1 304") and one.answer.endswith(b"\r\n\r\n") for one in second)
    assert run.funnel["unchanged"] == 200
    kept = rows(
        tmp_path / "a.db",
        "SELECT count(*) AS n, sum(wire_length) AS bytes, count(digest) AS d FROM captures WHERE status = 304",
    )
    assert kept == [{"n": 200, "bytes": None, "d": 200}]


def test_validators_never_cross_hosts_nor_come_back_changed(tmp_path: Path) -> None:
    """A redirect to another host carries none; an ETag that could not be sent as it came is not sent."""
    other = "two.test"
    extra: dict[tuple[str, str], Answer] = {
        (H, "/moving"): page(STORY, 'ETag: "mine"'),
        (H, "/odd"): page(STORY, b'ETag: "caf\xe9"', "Last-Modified: yesterday"),
        (H, "/long"): page(STORY, 'ETag: "' + "x" * 2000 + '"'),
        (other, "/target"): page(STORY, 'ETag: "theirs"'),
    }
    with Hostile(extra) as hostile:
        visit(tmp_path / "a.db", [site(H)], hostile.resolve)
        extra[H, "/moving"] = moved(f"http://{other}/target")
        seen = len(hostile.log)
        visit(tmp_path / "a.db", [site(H)], hostile.resolve)
        again = {(one.host, one.path): one.request.lower() for one in hostile.log[seen:]}
    assert b'if-none-match: "mine"' in again[H, "/moving"]
    for quiet in ((other, "/target"), (H, "/odd"), (H, "/long")):
        assert b"\r\nif-" not in again[quiet], quiet


def test_a_304_that_was_not_asked_for_shows_nothing(tmp_path: Path) -> None:
    """A page without validators, then a bare 304: it cannot mean the bytes that we hold."""
    extra: dict[tuple[str, str], Answer] = dict(pages("a"))
    with Hostile(extra) as hostile:
        visit(tmp_path / "a.db", [site(H)], hostile.resolve)
        extra[H, "/a"] = head(status="304 Not Modified")
        visit(tmp_path / "a.db", [site(H)], hostile.resolve)
    last = rows(tmp_path / "a.db", "SELECT error, digest FROM captures WHERE url LIKE '%/a' ORDER BY captured_at")[-1]
    assert last == {"error": "unasked_304", "digest": None}


def test_what_is_no_article_never_replaces_one(tmp_path: Path) -> None:
    """A good article, then a wall, a stub, a soft 404, a cut, a part, a lie: the article stands, nothing is won."""
    good = article("The harbour reopens", "en")
    bad: dict[str, bytes] = {
        **{name: page(body) for name, body in MEANINGS.items()},
        "cut": head("Content-Type: text/html", "Connection: close") + good[:-200],
        "gzip": page(gzip.compress(good)[:-9], "Content-Encoding: gzip"),
        "part": page(good[:900], status="206 Partial Content"),
        "lie": page(b"%PDF-1.7" + good),
        "home": moved("/"),
        "nothing": page(b""),
        "wrong": page(b"<h1>Sorry</h1>", status="500 Oh"),
    }
    extra: dict[tuple[str, str], Answer] = dict(pages(*bad, answer=page(good)))
    with Hostile(extra) as hostile:
        first = visit(tmp_path / "a.db", [site(H)], hostile.resolve)["one"]
        extra |= {(H, f"/{name}"): answer for name, answer in bad.items()}
        second = visit(tmp_path / "a.db", [site(H)], hostile.resolve)["one"]
    assert first.funnel["texts"] == len(bad)
    assert (second.funnel["texts"], second.funnel["revised"]) == (0, 0)
    assert second.funnel["fetched"] == 1  # the section page
    assert second.funnel["flagged"] == len(MEANINGS)
    texts = rows(tmp_path / "a.db", "SELECT DISTINCT text_digest FROM articles")
    assert len(texts) == 1
    assert rows(tmp_path / "a.db", "SELECT count(*) AS n FROM articles") == [{"n": len(bad)}]
    assert rows(tmp_path / "a.db", "SELECT max(revision) AS n FROM revisions") == [{"n": 1}]


def test_a_redirect_home_makes_no_alias(tmp_path: Path) -> None:
    with Hostile(
        {
            (H, "/gone"): moved("/", "301 Moved Permanently"),
            (H, "/new"): moved("/newer", "301 Moved Permanently"),
            **pages("newer"),
        }
    ) as hostile:
        visit(tmp_path / "a.db", [site(H)], hostile.resolve)
        assert "/" not in [one.path for one in hostile.asked(H)]
    aliases = rows(tmp_path / "a.db", "SELECT url, alias_of FROM pages WHERE alias_of IS NOT NULL")
    assert aliases == [{"url": f"http://{H}/new", "alias_of": f"http://{H}/newer"}]


def test_failures_in_a_row_are_counted(archive: Archive) -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)

    def keep(minute: int, status: int, next_try: datetime | None = None) -> None:
        archive.store(
            [Visit(Capture("http://a.test/", at + timedelta(minutes=minute), status=status, next_try=next_try))]
        )

    assert archive.failures("http://a.test/") == 0
    keep(1, 503, at + timedelta(hours=1))
    keep(2, 503, at + timedelta(hours=2))
    assert archive.failures("http://a.test/") == 2
    assert archive.postponed(at) == [("http://a.test/", at + timedelta(hours=2))]
    assert archive.postponed(at + timedelta(hours=3)) == []
    keep(3, 200)
    assert archive.failures("http://a.test/") == 0


def test_an_archive_that_cannot_be_written_ends_the_run(tmp_path: Path) -> None:
    """A full disk (here: a limit on the file's size): the run ends with one clear line; what was committed is whole."""
    path, sites = tmp_path / "a.db", tmp_path / "sites.toml"
    sites.write_text(
        f'[one]\nhome = "http://{H}/"\nsections = ["http://{H}/world"]\narticles = "one.test/[0-9]+$"\ndelay = 0\n'
    )
    names = [str(n) for n in range(60)]
    extra = {(H, f"/{n}"): page(random.Random(n).randbytes(60_000).hex().encode()) for n in names}
    with Hostile(extra) as hostile:
        words = [
            "crawl",
            "one",
            "--sites",
            str(sites),
            "--archive",
            str(path),
            "--set",
            "BATCH_CAPTURES=5",
            "--executor",
            "serial",
        ]
        words += [word for pair in hostile.resolve.items() for word in ("--resolve", "=".join(pair))]
        code = (
            "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1500000, 1500000)); from crawler.cli import main; main()"
        )
        child = subprocess.run(
            [sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=90, env=os.environ
        )
        asked = len(hostile.asked(H))
    assert child.returncode == 1
    assert "The run of one ends here." in child.stderr
    assert "Traceback" not in child.stderr
    assert asked < 60
    assert rows(path, "PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    assert 0 < rows(path, "SELECT count(*) AS n FROM captures")[0]["n"] <= asked


def test_one_answer_that_cannot_be_stored_costs_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should bytes come that no database holds, their URL has its row, and the others of the batch are whole."""
    real = captures.capture_of

    def spoiled(response: Any, **more: Any) -> Capture:
        capture = real(response, **more)
        return replace(capture, reason="\ud800") if capture.url.endswith("/b") else capture

    monkeypatch.setattr("crawler.spiders.asking.capture_of", spoiled)
    with Hostile(pages("a", "b", "c")) as hostile:
        visit(tmp_path / "a.db", [site(H)], hostile.resolve)
    assert captured(tmp_path / "a.db", "status", "error") == {
        "a": (200, None),
        "b": (None, "other"),
        "c": (200, None),
    }
    assert rows(tmp_path / "a.db", "SELECT count(DISTINCT due) AS n FROM captures WHERE due IS NOT NULL") == [{"n": 1}]
