"""Archives of every released schema open and keep what they held; newer ones are refused; nothing drifts."""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive import Archive, ArchiveTooNew, ArchiveUnreadable, payload_digest
from crawler.cli import main

RELEASED = sorted((Path(__file__).parent / "archives").glob("*.db.gz"))


@pytest.fixture(params=RELEASED, ids=lambda file: file.name.removesuffix(".db.gz"))
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An archive as a released version left it."""
    path = tmp_path / "old.db"
    path.write_bytes(gzip.decompress(request.param.read_bytes()))
    return path


def shape(path: Path) -> list[tuple[str, str]]:
    """Every table, index and view of a file with its SQL."""
    plain = sqlite3.connect(path)
    found = plain.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()
    plain.close()
    return [(name, sql.replace('"', "")) for name, sql in found]


VIEWS = {
    "articles": "url, site, title, standfirst, text, words, byline, authors, published_at, modified_at, language, "
    "section, kind, problem, first_captured_at, last_captured_at, last_status, digest, text_digest",
    "revisions": "url, revision, captured_at, site, title, words, text_digest, previous",
    "related_links": "captured_at, url, site, kind, heading, rank, target, text, archived",
    "fronts": "captured_at, url, site, kind, rank, target, text, heading, published, archived",
    "latest": "url, captured_at, site, page_kind, status, digest, kind, text_digest, problem",
}


def answers(path: Path) -> dict[str, list[tuple[object, ...]]]:
    plain = sqlite3.connect(path)
    found = {
        view: sorted(plain.execute(f"SELECT {columns} FROM {view}").fetchall(), key=repr)
        for view, columns in VIEWS.items()
    }
    plain.close()
    return found


def test_there_is_one_of_each_release() -> None:
    assert [file.name for file in RELEASED] == ["0.1.0.db.gz"]


def test_every_view_answers_as_before(old: Path) -> None:
    before = answers(old)
    assert all(before.values())
    Archive.open(old).close()
    assert answers(old) == before


def test_facts_are_carried_over(old: Path) -> None:
    plain = sqlite3.connect(old)
    digests = [row[0] for row in plain.execute("SELECT digest FROM snapshots")]
    asked = dict(plain.execute("SELECT url || captured_at, request_headers FROM captures").fetchall())
    answered = dict(plain.execute("SELECT url || captured_at, response_headers FROM captures").fetchall())
    fields = dict(plain.execute("SELECT url || digest || extractor, fields FROM extractions").fetchall())
    plain.close()
    with Archive.open(old) as archive:
        assert all(payload_digest(archive.payload(digest)) == digest for digest in digests)
        for side, held in (("request", asked), ("response", answered)):
            _, rows = archive.rows(
                "SELECT url || captured_at AS at, json_group_array(json_array(name, value)) AS pairs FROM "
                "(SELECT * FROM headers WHERE side = ? ORDER BY url, captured_at, position) GROUP BY 1",
                (side,),
            )
            assert {row["at"]: json.loads(row["pairs"]) for row in rows} == {
                at: json.loads(text) for at, text in held.items() if text
            }
        _, rows = archive.rows("SELECT url || digest || extractor AS at, fields FROM readings")
        assert {row["at"]: json.loads(row["fields"]) for row in rows} == {a: json.loads(t) for a, t in fields.items()}


def test_a_migrated_file_is_like_a_new_one(old: Path, tmp_path: Path) -> None:
    Archive.open(old).close()
    Archive.open(tmp_path / "new.db").close()
    assert shape(old) == shape(tmp_path / "new.db")
    plain = sqlite3.connect(old)
    assert plain.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert plain.execute("PRAGMA foreign_key_check").fetchall() == []


def test_an_old_archive_is_read_by_asking(old: Path) -> None:
    """A command that only looks brings the file up to date first, and then does not write."""
    with Archive.read(old) as archive:
        assert archive.counts()["captures"] > 0
        with pytest.raises(ArchiveUnreadable, match="read-only"), archive.writing() as connection:
            connection.execute("DELETE FROM capture_rows")


def test_a_migration_that_fails_leaves_the_old_file(old: Path) -> None:
    """Whatever is in the way: the file is the old one still, whole, not half of each."""
    plain = sqlite3.connect(old)
    plain.execute("CREATE TABLE chain (x)")
    plain.commit()
    plain.close()
    before = shape(old)
    with pytest.raises(ArchiveUnreadable):
        Archive.open(old)
    assert shape(old) == before


def test_dry_run_shows_the_sql_and_changes_nothing(old: Path, tmp_path: Path) -> None:
    before = old.read_bytes()
    shown = CliRunner().invoke(main, ["migrate", "--archive", str(old), "--dry-run"])
    assert shown.exit_code == 0
    assert "ALTER TABLE captures RENAME TO old_captures" in shown.output
    assert "CREATE VIEW headers" in shown.output
    assert old.read_bytes() == before
    done = CliRunner().invoke(main, ["migrate", "--archive", str(old)])
    assert done.exit_code == 0
    again = CliRunner().invoke(main, ["migrate", "--archive", str(old), "--dry-run"])
    assert "up to date" in again.output
    assert "ALTER" not in again.output


def test_a_newer_archive_is_refused(archive: Archive) -> None:
    archive.db.table("_sqlite_migrations").insert(
        {"migration_set": "archive", "name": "of_tomorrow", "applied_at": "2031"}
    )
    for opened in (Archive.open, Archive.read):
        with pytest.raises(ArchiveTooNew, match="newer version"):
            opened(archive.path)
    refused = CliRunner().invoke(main, ["status", "--archive", str(archive.path)])
    assert refused.exit_code == 2
    assert "newer version" in refused.output
