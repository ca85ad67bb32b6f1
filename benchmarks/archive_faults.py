"""What an archive survives: kills, power cuts, full disks, damage. Counts, not times.

    .venv/bin/python benchmarks/archive_faults.py --kills 100 --cuts 30 --corruptions 10000 --flips 300

kills: `kill -9` of a writer at a random moment; every capture whose commit it had told of must be there, whole.
cuts: the same with the power cut: an ext4 file system in a loop file is shut down without flushing anything
(FS_IOC_SHUTDOWN with NOLOGFLUSH), mounted again, looked at. Needs root and loop devices; says so where there are none.
What it cannot show is a disk that lies about its own flushes. `--synchronous NORMAL` shows what FULL is for.
corruptions: one to eight bytes of a 200-page archive changed at random; every payload and text that is read must be
right or an error. flips: single bits of a stored body, reference or text; `verify` must find each.

Measured on 24 November 2026, 2 cores of a shared virtual machine, ext4, SQLite 3.40.1: see docs/format.md.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from archive import Archive, ArchiveError, Capture, Visit, extract, payload_digest, verify
from tests.press import AT, SITE, captures, fill

_SHUTDOWN, _NOLOGFLUSH = 0x8004587D, 2  # linux/fs.h, as XFS_IOC_GOINGDOWN and its flag

WRITER = """
import random, sys
sys.path.insert(0, sys.argv[4])
from datetime import timedelta
from archive import Archive, ArchiveError, Capture, Visit, payload_digest
from tests.press import AT
chance = random.Random(sys.argv[2])
words = [b"%06x" % random.Random(n).randrange(1 << 24) for n in range(900)]
template = b"<p>".join(words * 4)
with Archive.open(sys.argv[1]) as archive:
    archive.db.conn.execute("PRAGMA synchronous = " + sys.argv[3])
    for number in range(100000):
        visits = []
        for _ in range(chance.choice((1, 1, 3, 30))):
            at = AT + timedelta(microseconds=chance.randrange(10**12))
            body = template + b" ".join(chance.choices(words, k=200))
            visits.append(Visit(Capture("http://paper.test/%d" % chance.randrange(40), at, site="paper", status=200,
                                        payload=body)))
        try:
            archive.store(visits, sys.argv[2])
        except ArchiveError:
            break
        print(*(v.capture.url + " " + v.capture.captured_at.isoformat() + " " + v.capture.digest for v in visits),
              sep="|", flush=True)
"""


def written(path: Path, seed: str, synchronous: str, stop: object) -> list[tuple[str, str, str]]:
    """Run a writer until `stop` ends it at a random moment; what it told of as committed."""
    told: list[tuple[str, str, str]] = []
    root = str(Path(__file__).parent.parent)
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), seed, synchronous, root], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        wait = random.Random(seed).uniform(0.05, 0.5)
        first = child.stdout.readline()
        until = time.monotonic() + wait
        lines = [first]
        os.set_blocking(child.stdout.fileno(), False)
        while time.monotonic() < until:
            lines.append(child.stdout.readline())
            time.sleep(0.0005)
        stop(child)  # type: ignore[operator]
        os.set_blocking(child.stdout.fileno(), True)
        lines.append(child.stdout.read())
    whole = "".join(lines)
    for line in whole[: whole.rfind("\n") + 1].splitlines():
        told += [tuple(part.split(" ")) for part in line.split("|")]  # type: ignore[misc]
    return told


def lost(path: Path, told: list[tuple[str, str, str]]) -> tuple[int, list[str]]:
    """(captures that are not there whole, what verify finds)."""
    missing = 0
    with Archive.read(path) as archive:
        for url, at, digest in told:
            at = at.replace("+00:00", "").ljust(26, "0") if "." in at else at.replace("+00:00", ".000000")
            row = archive.db.conn.execute(
                "SELECT digest FROM captures WHERE url = ? AND captured_at = ?", (url, f"{at}Z")
            ).fetchone()
            try:
                missing += row != (digest,) or payload_digest(archive.payload(digest)) != digest
            except ArchiveError:
                missing += 1
        found = [f"{one.what} {one.name}: {one.sentence}" for one in verify(archive)]
    return missing, found


def kills(count: int, folder: Path, synchronous: str) -> None:
    path, told, bad = folder / "killed.db", [], 0
    for number in range(count):
        told += written(path, f"kill {number}", synchronous, lambda child: child.send_signal(signal.SIGKILL))
        if number % 10 == 9 or number == count - 1:
            missing, found = lost(path, told)
            bad += missing + len(found)
            for one in found:
                print("  ", one)
    print(f"kill -9: {count} times, {len(told)} captures told of as committed, {bad} lost or damaged")


def cuts(count: int, folder: Path, synchronous: str) -> None:
    image, mount = folder / "disk.img", folder / "disk"
    mount.mkdir()
    try:
        with image.open("wb") as file:
            file.truncate(512 << 20)
        subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
        subprocess.run(["mount", "-o", "loop", str(image), str(mount)], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"power cuts: not possible here ({error}); needs root, mkfs.ext4 and loop devices")
        return
    told: list[tuple[str, str, str]] = []
    bad = 0

    def cut(child: subprocess.Popen[str]) -> None:
        handle = os.open(mount, os.O_RDONLY)
        fcntl.ioctl(handle, _SHUTDOWN, struct.pack("I", _NOLOGFLUSH))
        os.close(handle)
        child.send_signal(signal.SIGKILL)

    try:
        for number in range(count):
            told += written(mount / "cut.db", f"cut {number}", synchronous, cut)
            subprocess.run(["umount", str(mount)], check=True)
            subprocess.run(["mount", "-o", "loop", str(image), str(mount)], check=True)
            missing, found = lost(mount / "cut.db", told)
            bad += missing + len(found)
            for one in found[:3]:
                print("  ", one)
            if missing:
                told = [one for one in told if _held(mount / "cut.db", one)]
    finally:
        subprocess.run(["umount", str(mount)], check=False)
    print(f"power cuts ({synchronous}): {count}, {len(told)} captures told of, {bad} lost or damaged")


def _held(path: Path, one: tuple[str, str, str]) -> bool:
    return lost(path, [one])[0] == 0


def full(folder: Path) -> None:
    """A disk that fills up in mid-run: one clear line, what was committed stays, and it goes on when there is room."""
    mount = folder / "small"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(mount)], check=False).returncode:
        print("full disk: not possible here (needs root)")
        return
    try:
        path, kept, said = mount / "full.db", [], ""
        chance = random.Random(3)
        with Archive.open(path) as archive:
            for number in range(2000):
                payload = chance.randbytes(20_000)
                one = Capture(f"http://paper.test/{number}", AT, site="paper", status=200, payload=payload)
                try:
                    archive.store([Visit(one)], "run")
                except ArchiveError as error:
                    said = str(error)
                    break
                kept.append(one)
        with Archive.read(path) as archive:
            whole = sum(archive.payload(one.digest or "") == one.payload for one in kept)
            found = list(verify(archive))
        grown = subprocess.run(["mount", "-o", "remount,size=32m", str(mount)], check=False).returncode == 0
        with Archive.open(path) as archive:
            more = Capture("http://paper.test/more", AT, site="paper", status=200, payload=b"more")
            archive.store([Visit(more)], "run 2")
            went_on = archive.payload(more.digest or "") == b"more"
        print(
            f"full disk: said “{said}”; {whole} of {len(kept)} whole, {len(found)} findings, "
            f"goes on: {grown and went_on}"
        )
    finally:
        subprocess.run(["umount", str(mount)], check=False)


def sound(folder: Path, pages: int) -> Path:
    """A sound archive of so many pages, each fetched twice, read."""
    path = folder / "sound.db"
    with Archive.open(path) as archive:
        fill(archive, list(captures(pages)))
        again = list(captures(pages, edition=2))
        fill(archive, again, due="run 2")
        third = [Capture(one.url, one.captured_at + timedelta(days=1), site=one.site, status=200,
                         payload=(one.payload or b"") + b"<!-- again -->") for one in again]  # fmt: skip
        fill(archive, third, due="run 3", read=False)
        archive.record([extract(one, SITE) for one in third[:5]], AT)
    return path


def corruptions(count: int, folder: Path, pages: int) -> None:
    path = sound(folder, pages)
    whole = path.read_bytes()
    with Archive.read(path) as archive:
        digests = [row["digest"] for row in archive.rows("SELECT digest FROM snapshots")[1]]
        held = {digest: archive.payload(digest) for digest in digests}
        texts = {(r["url"], r["digest"]): r["text"] for r in archive.rows("SELECT url, digest, text FROM readings")[1]}
    damaged, chance = folder / "damaged.db", random.Random(1)
    damaged.write_bytes(whole)
    right = wrong = errors = 0
    for _ in range(count):
        places = {chance.randrange(100, len(whole)) for _ in range(chance.choice((1, 1, 1, 2, 8)))}
        with damaged.open("r+b") as file:
            for place in places:
                file.seek(place)
                file.write(bytes([whole[place] ^ chance.randrange(1, 256)]))
        try:
            with Archive.read(damaged) as archive:
                for digest in chance.sample(digests, 40):
                    try:
                        good = archive.payload(digest) == held[digest]
                    except ArchiveError:
                        errors += 1
                        continue
                    right, wrong = right + good, wrong + (not good)
                for url, digest in chance.sample(list(texts), 10):
                    try:
                        reading = archive.reading(url, digest)
                    except (ArchiveError, sqlite3.DatabaseError, UnicodeDecodeError):
                        errors += 1
                        continue
                    good = reading is None or reading["text"] == texts[url, digest]
                    right, wrong = right + good, wrong + (not good)
        except (ArchiveError, sqlite3.DatabaseError, UnicodeDecodeError):
            errors += 1
        with damaged.open("r+b") as file:
            for place in places:
                file.seek(place)
                file.write(whole[place : place + 1])
    print(f"random damage: {count} archives, {right} reads right, {errors} errors, {wrong} silently wrong")


def flips(count: int, folder: Path, pages: int) -> None:
    path = sound(folder, pages)
    whole = path.read_bytes()
    chance, found = random.Random(2), 0
    for number in range(count):
        path.write_bytes(whole)
        table, column = (("bodies", "body"), ("texts", "text"), ("bodies", "body"), ("texts", "title"))[number % 4]
        where = "1" if number % 4 != 2 else "id IN (SELECT reference FROM bodies WHERE reference IS NOT NULL)"
        plain = sqlite3.connect(path)
        rows = plain.execute(
            f"SELECT rowid, CAST({column} AS BLOB) FROM {table} WHERE {where} AND length({column}) > 0"
        ).fetchall()
        row, raw = chance.choice(rows)
        place = chance.randrange(len(raw))
        raw = raw[:place] + bytes([raw[place] ^ chance.randrange(1, 256)]) + raw[place + 1 :]
        kind = "BLOB" if column == "body" else "TEXT"
        plain.execute(f"UPDATE {table} SET {column} = CAST(? AS {kind}) WHERE rowid = ?", (raw, row))
        plain.commit()
        plain.close()
        with Archive.read(path) as archive:
            found += any(one.what in ("payload", "text") for one in verify(archive))
    print(f"single bytes changed in a body, reference or text: {count}, found by verify: {found}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--cuts", type=int, default=0)
    parser.add_argument("--full", action="store_true", help="fill a small file system up")
    parser.add_argument("--corruptions", type=int, default=0)
    parser.add_argument("--flips", type=int, default=0)
    parser.add_argument("--pages", type=int, default=200, help="of the archive that is damaged")
    parser.add_argument("--synchronous", default="FULL", choices=("FULL", "NORMAL", "OFF"))
    chosen = parser.parse_args()
    for work in (
        lambda folder: chosen.kills and kills(chosen.kills, folder, chosen.synchronous),
        lambda folder: chosen.cuts and cuts(chosen.cuts, folder, chosen.synchronous),
        lambda folder: chosen.full and full(folder),
        lambda folder: chosen.corruptions and corruptions(chosen.corruptions, folder, chosen.pages),
        lambda folder: chosen.flips and flips(chosen.flips, folder, chosen.pages),
    ):
        folder = Path(tempfile.mkdtemp(prefix="archive-faults-"))
        try:
            work(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
