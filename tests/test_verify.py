"""Whatever is changed in a body, a reference, a text, a capture or the chain is found; opinions are made again."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive import Archive, ArchiveError, Capture, Finding, Visit, backup, head, open_executor, repair, search, verify
from crawler.cli import main
from tests.press import AT, SITE, captures, fill


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a sound archive: 24 pages, each fetched twice, one run each, read."""
    path = tmp_path_factory.mktemp("whole") / "whole.db"
    with Archive.open(path) as archive:
        fill(archive, list(captures(24)), batch=10)
        fill(archive, list(captures(24, edition=2)), due="2026-11-02T12:00:00.000000Z", batch=10)
    return path.read_bytes()


@pytest.fixture
def path(whole: bytes, tmp_path: Path) -> Path:
    copy = tmp_path / "copy.db"
    copy.write_bytes(whole)
    return copy


def found(path: Path, **how: object) -> list[Finding]:
    with Archive.read(path) as archive:
        return list(verify(archive, **how))  # type: ignore[arg-type]


def change(path: Path, sql: str, *values: object) -> None:
    plain = sqlite3.connect(path)
    plain.execute(sql, values)
    plain.commit()
    plain.close()


def flipped(path: Path, table: str, column: str, where: str, chance: random.Random) -> None:
    """Flip one bit of one byte of a value."""
    plain = sqlite3.connect(path)
    (raw,) = plain.execute(f"SELECT CAST({column} AS BLOB) FROM {table} WHERE {where}").fetchone()
    place = chance.randrange(len(raw))
    raw = raw[:place] + bytes([raw[place] ^ (1 << chance.randrange(8))]) + raw[place + 1 :]
    kind = "BLOB" if column == "body" else "TEXT"
    plain.execute(f"UPDATE {table} SET {column} = CAST(? AS {kind}) WHERE {where}", (raw,))
    plain.commit()
    plain.close()


def test_a_sound_archive_has_no_findings(path: Path) -> None:
    assert found(path) == []
    assert found(path, quick=True) == []
    assert found(path, site="meridian") == []


def test_an_unknown_site_is_said_to_be(path: Path) -> None:
    with pytest.raises(ArchiveError, match="no captures of a site 'meridain'"):
        found(path, site="meridain")


def test_every_changed_body_is_found(path: Path, whole: bytes) -> None:
    """A bit of any body: of one that stands alone, of one coded against it, of one two frames deep."""
    chance = random.Random(5)
    plain = sqlite3.connect(path)
    bodies = [row[0] for row in plain.execute("SELECT id FROM bodies")]
    depth = {row[0] for row in plain.execute("SELECT codec FROM bodies")}
    plain.close()
    assert depth >= {"zstd", "zstd-patch"}
    for body in chance.sample(bodies, 20):
        path.write_bytes(whole)
        flipped(path, "bodies", "body", f"id = {body}", chance)
        assert {one.what for one in found(path)} >= {"payload"}, body


def test_a_wrong_reference_is_never_read_silently(path: Path) -> None:
    plain = sqlite3.connect(path)
    alone = plain.execute("SELECT id FROM bodies WHERE codec = 'zstd' ORDER BY id LIMIT 1").fetchone()[0]
    other = plain.execute(
        "SELECT b.id, s.digest FROM bodies b JOIN snapshots s ON s.body = b.id WHERE reference = ? LIMIT 1", (alone,)
    ).fetchone()
    wrong = plain.execute(
        "SELECT id FROM bodies WHERE codec = 'zstd-patch' AND id <> ? AND reference = ? LIMIT 1", (other[0], alone)
    ).fetchone()[0]
    plain.execute("UPDATE bodies SET reference = ? WHERE id = ?", (wrong, other[0]))
    plain.commit()
    plain.close()
    with Archive.read(path) as archive, pytest.raises(ArchiveError):
        archive.payload(other[1])
    assert any(one.what == "payload" and one.name == other[1] for one in found(path))


@pytest.mark.parametrize("column", ["title", "standfirst", "text"])
def test_every_changed_text_is_found_and_read_again(path: Path, whole: bytes, column: str) -> None:
    chance = random.Random(column)
    for number in chance.sample(range(1, 20), 3):
        path.write_bytes(whole)
        flipped(path, "texts", column, f"id = {number}", chance)
        seen = found(path)
        assert "text" in {one.what for one in seen}
        with Archive.open(path) as archive, open_executor("serial") as workers:
            mended = repair(archive, seen, {"meridian": SITE}, workers, lambda: AT)
        assert all(one.repaired for one in mended)
        assert found(path) == []


@pytest.mark.parametrize("column", ["published_at", "authors", "text_digest", "fields_changes", "extractor"])
def test_every_changed_reading_is_found_and_read_again(path: Path, column: str) -> None:
    """A wrong date is a scandal: what was read is checked whenever it is shown, and made again."""
    plain = sqlite3.connect(path)
    url, digest, before = plain.execute(
        f"SELECT url, digest, {column} FROM extraction_rows WHERE {column} IS NOT NULL LIMIT 1"
    ).fetchone()
    plain.close()
    wrong = "NULL" if column == "text_digest" else f"replace({column}, substr({column}, 3, 1), '7')"
    change(path, f"UPDATE extraction_rows SET {column} = {wrong} WHERE url = ? AND digest = ?", url, digest)
    seen = found(path)
    assert "reading" in {one.what for one in seen}
    with Archive.open(path) as archive, open_executor("serial") as workers:
        with pytest.raises(ArchiveError, match="verify"):
            archive.reading(url, digest)
        assert all(one.repaired for one in repair(archive, seen, {"meridian": SITE}, workers, lambda: AT))
        assert (archive.reading(url, digest) or {})["extractor"]
        assert archive.rows(f"SELECT {column} AS v FROM extraction_rows WHERE url = ? AND digest = ?", (url, digest))[
            1
        ] == [{"v": before}]
    assert found(path) == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE capture_rows SET status = 203 WHERE rowid = 7",
        "UPDATE capture_rows SET captured_at = '2026-11-01T12:00:09.000000Z' WHERE rowid = 7",
        "UPDATE capture_rows SET response_changes = replace(response_changes, '12:00', '11:00') WHERE rowid = 7",
        "UPDATE shared_values SET value = replace(value, 'newsroom', 'newsr00m')",
        "UPDATE capture_rows SET link = 2 WHERE rowid = 7",
        "UPDATE capture_rows SET seal = '0000000000000000' WHERE rowid = 7",
        "DELETE FROM capture_rows WHERE rowid = 7",
        "UPDATE chain SET head = replace(head, 'a', 'b') WHERE link = 2",
        "DELETE FROM chain WHERE link = 1",
        "DELETE FROM chain WHERE link = 3",
    ],
)
def test_every_changed_capture_breaks_its_chain(path: Path, sql: str) -> None:
    change(path, sql)
    assert {one.what for one in found(path, quick=True)} & {"capture", "chain"}


def test_whoever_rewrites_the_chain_changes_the_head(path: Path) -> None:
    """Taking a whole run away leaves a sound archive, but not the head that was published."""
    with Archive.read(path) as archive:
        before = head(archive)
    change(path, "DELETE FROM capture_rows WHERE due = '2026-11-02T12:00:00.000000Z'")
    change(path, "DELETE FROM chain WHERE due = '2026-11-02T12:00:00.000000Z'")
    with Archive.read(path) as archive:
        after = head(archive)
    assert before.value != after.value
    assert (before.captures, after.captures) == (48, 24)


def test_the_head_of_a_day_stays(path: Path) -> None:
    """What was published can be asked for again, whatever came later."""
    with Archive.open(path) as archive:
        then, now = head(archive, "2026-11-01"), head(archive)
        fill(archive, list(captures(3, edition=1, at=AT.replace(day=9))), due="2026-11-09T12:00:00.000000Z", read=False)
        assert head(archive, "2026-11-01") == then
        assert head(archive).value not in (then.value, now.value)
        assert (
            head(archive).value
            == "sha256:" + hashlib.sha256("".join(line + "\n" for line in head(archive).lines).encode()).hexdigest()
        )


def test_index_lists_and_counters_are_made_again(path: Path) -> None:
    change(path, "INSERT INTO texts_fts (texts_fts) VALUES ('delete-all')")
    change(path, "UPDATE entries SET text = 'Another headline' WHERE id = (SELECT min(entry) FROM listed)")
    change(path, "UPDATE recommendations SET times = times + 1")
    seen = found(path)
    assert {one.what for one in seen} == {"index", "list", "counters"}
    with Archive.open(path) as archive, open_executor("serial") as workers:
        assert all(one.repaired for one in repair(archive, seen, {"meridian": SITE}, workers, lambda: AT))
    assert found(path) == []


def test_a_word_that_the_index_has_and_no_text_is_found(path: Path) -> None:
    change(path, "INSERT INTO texts_fts (rowid, text) VALUES (3, 'zebra')")
    assert [one.what for one in found(path)] == ["index"]
    assert found(path, quick=True) == []


def test_other_hands_in_the_schema_are_found(path: Path) -> None:
    change(path, "DROP VIEW revisions")
    change(path, "CREATE VIEW revisions AS SELECT url, captured_at FROM captures")
    assert [(one.what, one.name) for one in found(path, quick=True)] == [("schema", "revisions")]


def test_a_trigger_is_refused(path: Path) -> None:
    change(path, "CREATE TRIGGER t AFTER INSERT ON capture_rows BEGIN DELETE FROM capture_rows; END")
    with pytest.raises(ArchiveError, match="trigger"):
        Archive.open(path)


def test_random_damage_is_never_read_silently(whole: bytes, tmp_path: Path) -> None:
    """Bytes of the file changed anywhere: every payload is right or an error (see benchmarks/)."""
    path = tmp_path / "damaged.db"
    path.write_bytes(whole)
    with Archive.read(path) as archive:
        held = {
            row["digest"]: archive.payload(row["digest"]) for row in archive.rows("SELECT digest FROM snapshots")[1]
        }
    chance, errors = random.Random(11), 0
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 1, 8))):
            damaged[chance.randrange(100, len(damaged))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        try:
            with Archive.read(path) as archive:
                for digest, payload in held.items():
                    try:
                        assert archive.payload(digest) == payload
                    except ArchiveError:
                        errors += 1
        except ArchiveError:
            errors += 1
    assert errors


def test_the_command(path: Path) -> None:
    runner = CliRunner()
    sound = runner.invoke(main, ["verify", "--archive", str(path)])
    assert sound.exit_code == 0
    assert "Everything is as it was kept" in sound.output
    value = runner.invoke(main, ["head", "--archive", str(path)]).output.splitlines()[0]
    assert value in sound.output
    change(path, "UPDATE texts SET text = 'Somebody else wrote this.' WHERE id = 2")
    reported = runner.invoke(main, ["verify", "--archive", str(path), "--no-repair", "--json"])
    assert reported.exit_code == 1
    assert json.loads(reported.output.splitlines()[0])["what"] == "text"
    mended = runner.invoke(main, ["verify", "--archive", str(path), "--executor", "serial"])
    assert mended.exit_code == 0, mended.output
    assert "made again: text" in mended.output
    change(path, "UPDATE capture_rows SET reason = 'Fine' WHERE rowid = 3")
    broken = runner.invoke(main, ["verify", "--archive", str(path), "--quick"])
    assert broken.exit_code == 1
    assert "damaged: capture" in broken.output


def test_searching_a_damaged_text_says_so(path: Path) -> None:
    change(path, "UPDATE texts SET text = text || ' and more' WHERE id = 2")
    with Archive.read(path) as archive, pytest.raises(ArchiveError, match="verify"):
        search(archive, str(archive.rows("SELECT title FROM texts WHERE id = 2")[1][0]["title"]))


def test_a_backup_beside_a_writer(path: Path, tmp_path: Path) -> None:
    """Others write all the while: the copy is of one moment, sound, and done."""
    stop = threading.Event()

    def write() -> None:
        with Archive.open(path) as archive:
            number = 0
            while not stop.is_set():
                one = Capture(f"http://paper.test/{number}", AT, site="paper", status=200, payload=b"%d" % number * 999)
                archive.store([Visit(one)], "run 9")
                number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with Archive.read(path) as archive:
            for number in range(5):
                backup(archive, tmp_path / f"{number}.db")
    finally:
        stop.set()
        writer.join()
    for number in range(5):
        assert found(tmp_path / f"{number}.db") == []


def test_a_backup_is_whole(path: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    copy = tmp_path / "copy of it.db"
    done = runner.invoke(main, ["backup", str(copy), "--archive", str(path)])
    assert done.exit_code == 0, done.output
    assert found(copy) == []
    assert not list(tmp_path.glob("*.unfinished"))
    again = runner.invoke(main, ["backup", str(copy), "--archive", str(path)])
    assert again.exit_code == 2
    assert "there already" in again.output
    with Archive.read(path) as archive:
        assert [place for _, place in archive.copies()] == [str(copy.resolve())]
