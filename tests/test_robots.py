"""robots.txt by RFC 9309: who may fetch what, when nobody may, how often it is asked, and how it slows us down."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import time
from pathlib import Path

import pytest

from crawler import hosts
from crawler.robots import read_rules
from tests.conftest import rows, visit
from tests.hostile import STORY, Hostile, Line, drip, head, moved, page, reset_at_once, silence
from tests.small_sites import Answer, site

AGENT = "foreigndesk"


def robots(text: str | bytes, *fields: str) -> bytes:
    return page(text.encode() if isinstance(text, str) else text, *fields, kind="text/plain")


def host(name: str, answer: Answer, *paths: str) -> dict[tuple[str, str], Answer]:
    """A host with a robots.txt and some articles."""
    return {(name, "/robots.txt"): answer, **{(name, path): page(STORY) for path in paths}}


# ---- groups and rules, without a network


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("User-agent: *\nDisallow: /a", "/a/b", False),
        ("User-agent: *\nDisallow: /a", "/b", True),
        ("User-agent: *\nDisallow:", "/b", True),
        ("user-agent: FOREIGNDESK\ndisallow: /", "/", False),
        ("User-agent: foreigndesk/0.1\nDisallow: /", "/", False),  # a version is no part of the token
        ("User-agent: foreigndesk # that one\nDisallow: /", "/", False),
        ("User-agent: foreign\nDisallow: /", "/", True),  # another crawler
        ("User-agent: foreigndeskbot\nDisallow: /", "/", True),
        ("User-agent: desk\nDisallow: /", "/", True),
        ("User-agent: *\nDisallow: /\nUser-agent: foreign\nAllow: /", "/", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: foreigndesk\nDisallow: /x", "/y", True),  # its own group alone
        (
            "User-agent: foreigndesk\nDisallow: /x\nUser-agent: a\nDisallow: /\nUser-agent: foreigndesk\nDisallow: /y",
            "/y",
            False,
        ),
        ("User-agent: a\nUser-agent: foreigndesk\nDisallow: /x", "/x", False),  # several names over one group
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),  # the longest match
        ("User-agent: *\nAllow: /a\nDisallow: /a", "/a", True),  # equal: allowed
        ("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf?x", True),
        ("User-agent: *\nDisallow: /a*b*c", "/a-b-c", False),
        ("User-agent: *\nDisallow: /caf%C3%A9", "/caf%C3%A9/1", False),
        ("User-agent: *\nDisallow: /café", "/caf%C3%A9/1", False),
        ("User-agent: *\nDisallow: /robots.txt\nDisallow: /", "/robots.txt", True),
        ("\ufeffUser-agent: *\nDisallow: /".lstrip("\ufeff"), "/", False),
        ("User-agent: *\rDisallow: /a\r", "/a", False),
        ("User-agent: *\r\nSitemap: http://x/s.xml\r\nDisallow: /a", "/a", False),
        ("Disallow: /\n", "/", True),  # in no group
        ("<html><body>User-agent: *</body></html>", "/", True),
        ("", "/", True),
    ],
)
def test_rules(text: str, path: str, allowed: bool) -> None:
    assert read_rules(text, AGENT).can_fetch(f"http://a.test{path}", AGENT) is allowed


def test_ten_thousand_names_over_ten_thousand_rules() -> None:
    """A file of 400 kB that would be a hundred million rules, did each name get its own."""
    text = "".join(f"User-agent: a{n}\n" for n in range(12_000)) + "".join(f"Disallow: /{n}\n" for n in range(14_000))
    began = time.process_time()
    assert read_rules(text, AGENT).can_fetch("http://a.test/5", AGENT)
    assert time.process_time() - began < 5


def test_many_wildcards_match_in_no_time() -> None:
    rules = read_rules(
        "User-agent: *\n" + "Disallow: /" + "*a" * 5000 + "\n" + "Disallow: /*a*b*c*d*e$\n" * 3000, AGENT
    )
    began = time.process_time()
    assert rules.can_fetch("http://a.test/" + "a" * 2000, AGENT)
    assert time.process_time() - began < 2


# ---- over a real network


def test_all_who_wait_get_the_same_answer(tmp_path: Path) -> None:
    """Six disallowed pages asked for at once while robots.txt is slow to come: none is fetched, each has its row."""

    async def slow(line: Line) -> None:
        await asyncio.sleep(0.4)
        await line.send(robots("User-agent: *\nDisallow: /private/\n"))

    private = [f"/private/{n}" for n in range(6)]
    with Hostile(host("slow.test", slow, *private, "/open")) as hostile:
        entry = site("slow.test", *(f"http://slow.test{path}" for path in (*private, "/open")))
        visit(tmp_path / "a.db", [entry], hostile.resolve, CONCURRENT_REQUESTS=16)
        assert [one.path for one in hostile.asked("slow.test")] == ["/robots.txt", "/open"]
    refused = rows(tmp_path / "a.db", "SELECT url, error, status FROM captures WHERE error IS NOT NULL ORDER BY url")
    assert refused == [{"url": f"http://slow.test{path}", "error": "robots", "status": None} for path in private]


UNREACHABLE: dict[str, Answer] = {
    "s500": page(b"", status="500 Oh"),
    "s503": page(b"", status="503 Busy"),
    "s429": page(b"", "Retry-After: 600", status="429 Slow down"),
    "s999": page(b"", status="999 No"),
    "silence": silence,
    "drip": drip,
    "reset": reset_at_once,
    "short": head("Content-Length: 500", "Connection: close") + b"User-agent: *\nAllow: /\n",
    "cut": page(gzip.compress(b"User-agent: *\nAllow: /\n" * 99)[:-20], "Content-Encoding: gzip"),
    "garbage": b"\x00\x01\x02 no HTTP\r\n\r\n",
    "part": page(b"User-agent: *\nAllow: /", status="206 Partial Content"),
    "asked-304": head(status="304 Not Modified"),
    "to-file": moved("file:///etc/hosts"),
}


def test_no_answer_means_no(tmp_path: Path) -> None:
    """5xx, 429, silence, resets, cuts: nothing is fetched, robots.txt and the seed each have a row, with a next try."""
    extra: dict[tuple[str, str], Answer] = {}
    for name, answer in UNREACHABLE.items():
        extra |= host(f"{name}.test", answer, "/a", "/private/b")
    with Hostile(extra) as hostile:
        runs = visit(tmp_path / "a.db", [site(f"{name}.test") for name in UNREACHABLE], hostile.resolve)
        for name in UNREACHABLE:
            assert {one.path for one in hostile.asked(f"{name}.test")} == {"/robots.txt"}, name
            assert runs[name].state == "failed"
            assert runs[name].reasons == {"robots_unreachable": 1}
    kept = rows(tmp_path / "a.db", "SELECT url, error, next_try FROM captures WHERE url LIKE '%/world'")
    assert len(kept) == len(UNREACHABLE)
    assert {row["error"] for row in kept} == {"robots_unreachable"}
    assert all(row["next_try"] for row in kept)
    proofs = rows(tmp_path / "a.db", "SELECT url FROM captures WHERE url LIKE '%/robots.txt'")
    assert len(proofs) == len(UNREACHABLE)


ALLOWING: dict[str, Answer] = {
    "s404": page(b"<p>none</p>", status="404 Not Found"),
    "s403": page(b"", status="403 Forbidden"),
    "s401": page(b"", status="401 Unauthorized"),
    "s410": page(b"", status="410 Gone"),
    "s204": head(status="204 No Content"),
    "html": page(STORY),
    "empty": robots(""),
    "loop": moved("/robots.txt"),
}


def test_unavailable_means_yes(tmp_path: Path) -> None:
    """4xx, nothing in it, too many redirects: everything may be fetched."""
    extra: dict[tuple[str, str], Answer] = {}
    for name, answer in ALLOWING.items():
        extra |= host(f"{name}.test", answer, "/private/b")
    with Hostile(extra) as hostile:
        visit(tmp_path / "a.db", [site(f"{name}.test") for name in ALLOWING], hostile.resolve)
        for name in ALLOWING:
            assert "/private/b" in [one.path for one in hostile.asked(f"{name}.test")], name
        assert len([one for one in hostile.asked("loop.test") if one.path == "/robots.txt"]) == 6


PRIVATE = "User-agent: *\nDisallow: /private/\n"
OBEYED: dict[str, Answer] = {
    "bom": robots(b"\xef\xbb\xbf" + PRIVATE.encode()),
    "nul": robots(PRIVATE.replace("/p", "/\x00p").replace("\x00", "").encode() + b"\x00\x00"),
    "wide": robots(PRIVATE.encode("utf-16")),
    "latin": robots(b"# caf\xe9\n" + PRIVATE.encode()),
    "huge": robots(PRIVATE + "# " + "x" * (20 << 20) + "\n"),
    "bomb": page(gzip.compress(PRIVATE.encode() + bytes(100 << 20)), "Content-Encoding: gzip"),
    "gzip": page(gzip.compress(PRIVATE.encode()), "Content-Encoding: gzip"),
    "five": moved("/1"),
    "away": moved("http://elsewhere.test/rules"),
}


def test_odd_files_are_obeyed(tmp_path: Path) -> None:
    """Marks, odd charsets, 20 MiB, a bomb, five redirects, another host's file: /private/ is not fetched, /a is."""
    extra: dict[tuple[str, str], Answer] = {("elsewhere.test", "/rules"): robots(PRIVATE)}
    for name, answer in OBEYED.items():
        extra |= host(f"{name}.test", answer, "/private/b", "/a")
    extra |= {("five.test", f"/{n}"): moved(f"/{n + 1}") for n in range(1, 5)} | {("five.test", "/5"): robots(PRIVATE)}
    with Hostile(extra) as hostile:
        visit(tmp_path / "a.db", [site(f"{name}.test") for name in OBEYED], hostile.resolve)
        for name in OBEYED:
            asked = [one.path for one in hostile.asked(f"{name}.test")]
            assert "/a" in asked, name
            assert "/private/b" not in asked, name


def test_only_the_first_500_kib_are_read(tmp_path: Path) -> None:
    """A rule behind them is not seen, and a rule that the limit cuts is not taken for a shorter, wider one."""
    filler = "# " + "x" * 97 + "\n"
    far = "User-agent: *\n" + filler * 6000 + "Disallow: /a\n"
    lines = "User-agent: *\n" + filler * 5119
    cut = lines + "#" * (512_000 - len(lines) - len("\nDisallow: /")) + "\nDisallow: /private/\n"
    assert cut.encode()[:512_000].endswith(b"\nDisallow: /")
    with Hostile(host("far.test", robots(far), "/a") | host("cut.test", robots(cut), "/a")) as hostile:
        visit(tmp_path / "a.db", [site("far.test"), site("cut.test")], hostile.resolve)
        for name in ("far.test", "cut.test"):
            assert "/a" in [one.path for one in hostile.asked(name)]


def test_it_leads_to_no_forbidden_address(tmp_path: Path) -> None:
    extra: dict[tuple[str, str], Answer] = {}
    with Hostile(extra) as hostile:
        extra |= host("led.test", moved(f"http://127.0.0.1:{hostile.canary}/robots.txt"), "/a")
        visit(tmp_path / "a.db", [site("led.test")], hostile.resolve)
        assert [one.path for one in hostile.asked("led.test")] == ["/robots.txt"]
        assert hostile.canary_hits == []
    assert {row["error"] for row in rows(tmp_path / "a.db", "SELECT error FROM captures WHERE status IS NULL")} == {
        "address_refused"
    }


def test_it_is_asked_once_and_kept_as_proof(tmp_path: Path) -> None:
    text = "User-agent: *\nDisallow: /private/\n"
    paths = [f"/{n}" for n in range(8)]
    with Hostile(host("one.test", robots(text), *paths)) as hostile:
        visit(tmp_path / "a.db", [site("one.test")], hostile.resolve, CONCURRENT_REQUESTS=8)
        assert [one.path for one in hostile.asked("one.test")].count("/robots.txt") == 1
    proof = rows(
        tmp_path / "a.db",
        "SELECT c.status, s.length FROM captures c JOIN snapshots s USING (digest) "
        "WHERE url = 'http://one.test/robots.txt'",
    )
    assert proof == [{"status": 200, "length": len(text)}]


@pytest.mark.parametrize("patience", [10.0, 0.05])
def test_crawl_delay_is_kept_in_every_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience: float) -> None:
    """As the server's own log has it, robots.txt included, for each spelling of the wish, waiting in hand or not."""
    monkeypatch.setattr(hosts, "PATIENCE", patience)
    wishes = {"delay": "Crawl-delay: 0.3", "rate": "Request-rate: 10/3", "longer": "Crawl-delay: 0.1"}
    extra: dict[tuple[str, str], Answer] = {}
    for name, wish in wishes.items():
        extra |= host(f"{name}.test", robots(f"User-agent: *\n{wish}\nDisallow: /x\n"), *(f"/{n}" for n in range(7)))
    with Hostile(extra) as hostile:
        visit(tmp_path / "a.db", [site(f"{name}.test") for name in wishes], hostile.resolve, DOWNLOAD_DELAY=0.2)
        for name, least in (("delay", 0.3), ("rate", 0.3), ("longer", 0.2)):
            times = [one.at for one in hostile.asked(f"{name}.test")]
            assert len(times) == 9
            assert all(after - before >= least for before, after in itertools.pairwise(times)), name


def test_a_host_that_asks_for_hours_is_left_and_reported(tmp_path: Path) -> None:
    with Hostile(host("day.test", robots("User-agent: *\nCrawl-delay: 86400\n"), "/a")) as hostile:
        run = visit(tmp_path / "a.db", [site("day.test")], hostile.resolve)["day"]
        assert [one.path for one in hostile.asked("day.test")] == ["/robots.txt"]
    assert (run.state, run.reasons) == ("failed", {"crawl_delay": 1})
    assert rows(tmp_path / "a.db", "SELECT detail FROM captures WHERE error IS NOT NULL")[0]["detail"].startswith(
        "robots.txt asks for 86400 seconds between requests"
    )
