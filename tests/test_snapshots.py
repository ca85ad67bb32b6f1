"""Payloads are kept small and come back whole: references, re-fetches, renewal, depth, pages of the file, policies."""

from __future__ import annotations

import gzip
import random
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive import (
    Archive,
    ArchiveError,
    Capture,
    PayloadDamaged,
    Selection,
    Site,
    UnknownPage,
    Visit,
    codecs,
    compact,
    extract,
    history,
    memento,
    open_executor,
    payload_digest,
    reextract,
    shrink,
    verify,
)
from archive.bodies import alone
from archive.codecs import Reference
from crawler.cli import main
from tests.conftest import Clock
from tests.press import AT, HOST, SITE, captures, fill


def depths(archive: Archive) -> dict[int, int]:
    """How many frames each body takes to read."""
    rests = dict(archive.db.conn.execute("SELECT id, reference FROM bodies WHERE codec <> 'more'").fetchall())

    def depth(body: int) -> int:
        return 1 if rests[body] is None else 1 + depth(rests[body])

    return {body: depth(body) for body in rests}


def text(seed: str, size: int = 20_000) -> bytes:
    chance = random.Random(seed)
    words = [f"{chance.randrange(10**6):x}" for _ in range(400)]
    return " ".join(chance.choice(words) for _ in range(size // 6)).encode()


def page(template: str, number: int) -> bytes:
    return text(f"template {template}") + text(f"{template} {number}", 1500)


def store(
    archive: Archive, payloads: list[bytes], site: str = "paper", url: str = "http://paper.test/{}", day: int = 1
) -> None:
    archive.store(
        [
            Visit(
                Capture(
                    url.format(n), AT.replace(day=day, second=n % 60, microsecond=n), site=site, status=200, payload=one
                )
            )
            for n, one in enumerate(payloads)
        ]
    )


# ---- codecs


def test_frames_are_what_public_tools_read() -> None:
    """One Zstandard frame each, with its size and a checksum (RFC 8878 §3.1.1)."""
    import zstandard

    old, new = page("a", 1), page("a", 2)
    for body in (codecs.encode(old), Reference(old).encode(new)):
        assert body
        head = zstandard.get_frame_parameters(body)
        assert body[:4] == b"\x28\xb5\x2f\xfd"
        assert head.has_checksum
        assert head.content_size in (len(old), len(new))


@pytest.mark.parametrize("wrong", [b"", b"another payload" * 999, page("b", 1)])
def test_a_wrong_reference_is_an_error(wrong: bytes) -> None:
    body = Reference(page("a", 1)).encode(page("a", 2))
    assert body
    assert codecs.decode(body, page("a", 1)) == page("a", 2)
    with pytest.raises(PayloadDamaged):
        codecs.decode(body, wrong)
    with pytest.raises(PayloadDamaged):
        codecs.decode(body)


def test_no_changed_byte_is_read() -> None:
    """Every byte of a frame, every bit: an error, or the very payload (a bit that the format does not use)."""
    reference, payload = page("a", 1), page("a", 2)
    body = Reference(reference).encode(payload)
    assert body
    for place in range(len(body)):
        for bit in (0, 3, 7):
            damaged = body[:place] + bytes([body[place] ^ (1 << bit)]) + body[place + 1 :]
            try:
                assert codecs.decode(damaged, reference, len(payload)) == payload
            except PayloadDamaged:
                continue


def test_a_frame_cannot_ask_for_memory() -> None:
    """A length in the frame that is not the one recorded is refused before anything is decoded."""
    bomb = codecs.encode(b"\0" * (64 << 20))
    with pytest.raises(PayloadDamaged, match="says that it holds"):
        codecs.decode(bomb, None, 1000)


def test_a_page_that_looks_like_a_dictionary() -> None:
    """Raw content stays raw content, also where it begins with the magic number of a zstd dictionary."""
    reference = b"\x37\xa4\x30\xec" + page("a", 1)
    body = Reference(reference).encode(page("a", 2))
    assert body
    assert codecs.decode(body, reference) == page("a", 2)


# ---- references


def test_pages_rest_on_a_page_of_their_site(archive: Archive) -> None:
    pages = [page("a", n) for n in range(40)]
    store(archive, pages)
    assert all(archive.payload(payload_digest(one)) == one for one in pages)
    frames = list(depths(archive).values())
    assert (frames.count(1), frames.count(2)) == (1, 39)
    stored = archive.db.conn.execute("SELECT sum(length(body)) FROM bodies").fetchone()[0]
    assert stored < 0.25 * sum(len(gzip.compress(one, 6)) for one in pages)


def test_a_fetch_again_rests_on_the_page_itself(archive: Archive) -> None:
    pages = [page("a", n) for n in range(10)]
    store(archive, pages)
    for day in range(2, 7):
        store(archive, [one + b"edited %d" % day for one in pages], day=day)
    frames = depths(archive)
    assert max(frames.values()) == codecs.MOST_FRAMES
    last = archive.db.conn.execute("SELECT length(body) FROM bodies ORDER BY id DESC LIMIT 1").fetchone()[0]
    assert last < 100
    assert archive.payload(payload_digest(pages[3] + b"edited 6")) == pages[3] + b"edited 6"


@pytest.mark.parametrize("size", [300_000, 700_000, 1_600_000])
def test_a_large_page_fetched_again_costs_as_little(size: int) -> None:
    """zstd's quick levels forget the beginning of a large page: a small edit then costs as much as the page."""
    chance = random.Random(size)
    before = b"".join(
        b"<p id=%x>%x</p>\n" % (chance.getrandbits(48), chance.getrandbits(64)) for _ in range(size // 35)
    )
    after = before
    for _ in range(12):
        at = chance.randrange(len(after))
        after = after[:at] + b"%x" % chance.getrandbits(64) + after[at + 12 :]
    body = Reference(before).encode(after, again=True)
    assert body is not None
    assert codecs.decode(body, before) == after
    assert len(body) < 1000


def test_each_template_gets_a_reference(archive: Archive) -> None:
    pages = [page("abc"[n % 3], n) for n in range(60)]
    store(archive, pages)
    assert list(depths(archive).values()).count(1) == 3
    assert all(archive.payload(payload_digest(one)) == one for one in pages)


def test_a_reference_is_renewed_when_the_template_drifts(archive: Archive) -> None:
    """A template that changes bit by bit: pages against the old reference take more and more, until one becomes new."""

    def drifted(share: float, number: int) -> bytes:
        old, new = text("old template", 30_000), text("new template", 30_000)
        cut = int(len(old) * share)
        return new[:cut] + old[cut:] + text(f"story {number}", 1500)

    for step in range(12):
        store(archive, [drifted(step / 16, 100 * step + n) for n in range(20)], url=f"http://paper.test/{step}/{{}}")
    alone = [body for body, frames in depths(archive).items() if frames == 1]
    assert 2 <= len(alone) <= 6
    late = archive.db.conn.execute("SELECT reference FROM bodies WHERE codec = 'zstd-patch' ORDER BY id DESC LIMIT 1")
    assert late.fetchone()[0] != alone[0]


def test_sites_do_not_rest_on_each_other(archive: Archive) -> None:
    """So that a site can be split off or erased without reading the others."""
    store(archive, [page("a", n) for n in range(5)], site="one", url="http://one.test/{}")
    store(archive, [page("a", n) for n in range(5, 10)], site="two", url="http://two.test/{}")
    assert list(depths(archive).values()).count(1) == 2


@pytest.mark.parametrize(
    "payload", [b"", b"x", bytes(range(256)) * 40, random.Random(1).randbytes(9000), b"\0" * 70_000]
)
def test_any_bytes_come_back(archive: Archive, payload: bytes) -> None:
    store(archive, [payload, payload + b"!", b"!" + payload])
    assert archive.payload(payload_digest(payload)) == payload
    assert list(verify(archive)) == []


def test_used_references_are_not_deleted(archive: Archive) -> None:
    store(archive, [page("a", n) for n in range(3)])
    with pytest.raises(sqlite3.IntegrityError), archive.writing() as connection:
        connection.execute("DELETE FROM bodies WHERE codec = 'zstd'")


def test_no_number_is_given_twice(tmp_path: Path) -> None:
    """What one process remembers of a body that another one deleted must never be taken for a new body."""
    path = tmp_path / "a.db"
    with Archive.open(path) as one, Archive.open(path) as other:
        store(one, [page("a", n) for n in range(3)])
        with one.writing() as connection:
            gone = one.insert(connection, alone(b"unused"))
        assert one.reference(gone).payload == b"unused"
        with other.writing() as connection:
            other.discard(connection, gone)
        store(one, [page("b", n) for n in range(3)], url="http://paper.test/b/{}")
        assert gone not in {row[0] for row in one.db.conn.execute("SELECT id FROM bodies")}
        assert list(verify(one)) == []


def test_what_was_undone_is_not_remembered(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that fails leaves no reference in memory that is not in the file."""
    monkeypatch.setattr(archive, "_seal", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store(archive, [page("a", n) for n in range(3)])
    monkeypatch.undo()
    store(archive, [page("a", n) for n in range(3, 9)])
    assert archive.payload(payload_digest(page("a", 5))) == page("a", 5)
    assert list(verify(archive)) == []


def test_bodies_fill_the_pages_of_the_file(tmp_path: Path) -> None:
    """Bodies of one length, the worst case: hardly any of their pages is empty, also when written one at a time."""
    path = tmp_path / "a.db"
    with Archive.open(path) as archive:
        pages = [page("a", n) + text(f"more {n}", 4000) for n in range(150)]
        for n, one in enumerate(pages):
            archive.store([Visit(Capture(f"http://paper.test/{n}", AT, site="paper", status=200, payload=one))])
            if n == 70:
                archive.forget()
        used, unused = archive.db.conn.execute(
            "SELECT sum(pgsize), sum(unused) FROM dbstat WHERE name = 'bodies'"
        ).fetchone()
        assert unused < 0.04 * used
        assert all(archive.payload(payload_digest(one)) == one for one in pages)


# ---- compact


def test_compact_goes_on_and_changes_nothing(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "a.db") as archive:
        fill(archive, list(captures(30)), read=False)
        fill(archive, list(captures(30, edition=2)), due="run 2", read=False)
        digests = [row["digest"] for row in archive.rows("SELECT digest FROM snapshots")[1]]
        payloads = {digest: archive.payload(digest) for digest in digests}
        answers = iter([False, True])
        first = compact(archive, level=12, stop=lambda: next(answers))
        assert first.bodies == 50
        assert first.left > 0
        second = compact(archive, level=12)
        assert second.left == 0
        assert first.bodies + second.bodies == len(digests)
        assert first.after + second.after < first.before + second.before
        assert compact(archive).bodies == 0
        assert {digest: archive.payload(digest) for digest in digests} == payloads
        assert max(depths(archive).values()) <= codecs.MOST_FRAMES
        assert list(verify(archive)) == []
        shrink(archive)
        assert {digest: archive.payload(digest) for digest in digests} == payloads
        assert list(verify(archive)) == []
        fill(archive, list(captures(40))[30:], due="run 3", read=False)
        assert list(verify(archive)) == []


def test_the_compact_command(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with Archive.open(path) as archive:
        fill(archive, list(captures(12)), read=False)
    runner = CliRunner()
    stopped = runner.invoke(main, ["compact", "--archive", str(path), "--seconds", "0"])
    assert "12 left for the next run" in stopped.output
    done = runner.invoke(main, ["compact", "--archive", str(path), "--level", "12", "--shrink"])
    assert done.exit_code == 0, done.output
    assert "of 12 payloads coded anew" in done.output
    with Archive.read(path) as archive:
        assert list(verify(archive)) == []
    with Archive.open(path) as crawling:
        crawling.lock()
        refused = runner.invoke(main, ["compact", "--archive", str(path), "--shrink"])
    assert refused.exit_code == 2
    assert "is crawling into" in refused.output


def test_compact_leaves_damage_to_verify(archive: Archive) -> None:
    store(archive, [page("a", n) for n in range(4)])
    archive.db.conn.execute("UPDATE bodies SET body = substr(body, 2) WHERE id = 4")
    archive.forget()
    assert compact(archive, level=5).bodies == 4
    with pytest.raises(ArchiveError):
        archive.payload(payload_digest(page("a", 1)))


# ---- keep = "revisions"

STINGY = Site("meridian", home=f"http://{HOST}/", keep="revisions")


def advert(capture: Capture, day: int, mark: bytes) -> Capture:
    """The same page a day later, with another advert in it."""
    assert capture.payload
    payload = capture.payload.replace(b"</body>", b"<!-- advert %s --></body>" % mark)
    return replace(capture, payload=payload, captured_at=capture.captured_at.replace(day=day))


def test_revisions_keeps_captures_but_not_bodies(archive: Archive, clock: Clock) -> None:
    archive.know([STINGY], clock())
    pages = list(captures(6))
    fill(archive, pages)
    again = [advert(one, 2, b"two") for one in pages]
    fill(archive, again, due="run 2")
    kept = archive.db.conn.execute("SELECT count(*), count(body), count(kept_as) FROM snapshots").fetchone()
    assert kept[0] == 12
    assert kept[1] < 12
    gone = next(one for one in again if not archive.db.conn.execute(
        "SELECT body FROM snapshots WHERE digest = ?", (one.digest,)).fetchone()[0])  # fmt: skip
    with pytest.raises(UnknownPage, match="revisions"):
        archive.payload(gone.digest or "")
    with pytest.raises(UnknownPage, match=r"--at 2026-11-01"):
        memento(archive, gone.url)
    assert [event.what for event in history(archive, gone.url)] == ["first", "unchanged"]
    assert archive.rows("SELECT digest FROM mementos WHERE url = ? ORDER BY captured_at", (gone.url,))[1][1] == {
        "digest": gone.digest
    }
    assert list(verify(archive)) == []


def test_revisions_keeps_what_differs(archive: Archive, clock: Clock) -> None:
    archive.know([STINGY], clock())
    first = next(captures(1))
    fill(archive, [first])
    headline = extract(first, STINGY).title or ""
    edited = (first.payload or b"").replace(headline.encode(), b"Another headline")
    changed = replace(first, payload=edited, captured_at=AT.replace(day=2))
    same = advert(first, 3, b"three")
    fill(archive, [changed], due="run 2")
    fill(archive, [same], due="run 3")
    assert archive.db.conn.execute("SELECT count(*) FROM snapshots WHERE body IS NULL").fetchone()[0] == 0
    unread = replace(first, payload=b"\x89PNG binary", captured_at=AT.replace(day=4))
    again = replace(first, payload=b"\x89PNG binary two", captured_at=AT.replace(day=5))
    for one in (unread, again):
        fill(archive, [one], due="run 4")
    assert archive.payload(again.digest or "") == again.payload, "what could not be read is not known to be the same"


def test_a_later_extractor_reads_for_both(archive: Archive, clock: Clock) -> None:
    """A body that was let go follows the reading of the one that was kept: a new extractor makes no false revision."""
    archive.know([STINGY], clock())
    pages = list(captures(3))
    fill(archive, pages)
    again = [advert(one, 2, b"two") for one in pages]
    fill(archive, again, due="run 2")
    gone = archive.db.conn.execute("SELECT count(*) FROM snapshots WHERE body IS NULL").fetchone()[0]
    assert gone
    waiting = list(archive.pending(lambda _: "better-2", Selection("stale")))
    assert len(waiting) == 6 - gone
    archive.record(
        [replace(extract(one, SITE), extractor="better-2", text="Read better.") for _, one in waiting], clock()
    )
    assert archive.rows("SELECT max(revision) AS n FROM revisions")[1] == [{"n": 1}]
    assert list(archive.pending(lambda _: "better-2", Selection("stale"))) == []


def test_another_page_gets_its_bytes_back(archive: Archive, clock: Clock) -> None:
    """Bytes that were let go for one page are kept when another page shows them."""
    archive.know([STINGY], clock())
    first = list(captures(2))[1]
    fill(archive, [next(captures(1)), first])
    same = advert(first, 2, b"two")
    fill(archive, [same], due="run 2")
    with pytest.raises(UnknownPage):
        archive.payload(same.digest or "")
    archive.store([Visit(replace(same, url="http://other.test/copy", site="other"))], "run 3")
    assert archive.payload(same.digest or "") == same.payload
    assert list(verify(archive)) == []


def test_all_keeps_everything(archive: Archive) -> None:
    pages = list(captures(2))
    fill(archive, pages)
    fill(archive, [advert(one, 2, b"two") for one in pages], due="run 2")
    assert archive.db.conn.execute("SELECT count(*) FROM snapshots WHERE body IS NULL").fetchone()[0] == 0


def test_reextract_all_after_revisions(archive: Archive, clock: Clock) -> None:
    archive.know([STINGY], clock())
    pages = list(captures(3))
    fill(archive, pages)
    fill(archive, [advert(one, 2, b"two") for one in pages], due="run 2")
    with open_executor("serial") as workers:
        tally = reextract(archive, {"meridian": STINGY}, workers, which=Selection("all"), clock=clock)
    assert tally.pages == archive.db.conn.execute("SELECT count(body) FROM snapshots").fetchone()[0]
    assert list(verify(archive)) == []
