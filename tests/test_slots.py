"""Time: cadences by length and by cron, nights when clocks change, leap seconds, night hours, jitter; all pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import Cadence, Night, Site, SiteError, lateness, load_sites, moment
from archive.records import end_of
from archive.rows import claimed_time
from crawler.slots import Slots

NEW_YORK = "America/New_York"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_lengths_are_multiples_since_1970() -> None:
    quarter = Cadence.of("15m")
    assert quarter.latest(at("2026-11-24T10:59:59")) == at("2026-11-24T10:45")
    assert quarter.latest(at("2026-11-24T11:00")) == at("2026-11-24T11:00")
    assert quarter.next(at("2026-11-24T11:00")) == at("2026-11-24T11:15")


def test_cron_is_read_in_the_sites_time_zone() -> None:
    paris = Cadence.of("*/20 6-22 * * *", "Europe/Paris")
    assert paris.latest(at("2026-11-24T04:59")) == at("2026-11-23T21:40")
    assert paris.next(at("2026-11-24T04:59")) == at("2026-11-24T05:00")
    assert paris.latest(at("2026-07-24T04:00:30.5")) == at("2026-07-24T04:00")


def test_a_fixed_hour_comes_once_when_clocks_go_back() -> None:
    """01:30 in New York comes twice on the night of 2026-11-01; APScheduler's own cron fires both times."""
    daily = Cadence.of("30 1 * * *", NEW_YORK)
    assert list(daily.between(at("2026-10-31T12:00"), at("2026-11-03T00:00"))) == [
        at("2026-11-01T05:30"),
        at("2026-11-02T06:30"),
    ]
    assert daily.latest(at("2026-11-01T06:30")) == at("2026-11-01T05:30")


def test_a_fixed_hour_that_clocks_skip_comes_right_after() -> None:
    """02:30 in New York is not on 2026-03-08: that day's run is at 03:00, and there is one."""
    daily = Cadence.of("30 2 * * *", NEW_YORK)
    slots = list(daily.between(at("2026-03-07T12:00"), at("2026-03-10T00:00")))
    assert slots == [at("2026-03-08T07:00"), at("2026-03-09T06:30")]
    assert daily.latest(at("2026-03-08T12:00")) == at("2026-03-08T07:00")


@pytest.mark.parametrize("night", ["2026-11-01", "2026-03-08"])
def test_every_half_hour_goes_on_through_both_nights(night: str) -> None:
    half = Cadence.of("*/30 * * * *", NEW_YORK)
    slots = list(half.between(at(f"{night}T03:59"), at(f"{night}T10:00")))
    assert {b - a for a, b in pairwise(slots)} == {timedelta(minutes=30)}


@given(
    given=st.sampled_from(["7m", "90s", "1h", "*/20 6-22 * * *", "30 1 * * *", "15 3 * * 1-5", "0 0 1 * *"]),
    zone=st.sampled_from(["UTC", NEW_YORK, "Europe/Paris", "Asia/Kolkata", "Australia/Lord_Howe"]),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
)
def test_latest_and_next_agree(given: str, zone: str, now: datetime) -> None:
    """No slot is left out and none comes twice, whoever asks and whenever."""
    now, one = now.replace(tzinfo=UTC), Cadence.of(given, zone)
    latest, following = one.latest(now), one.next(now)
    assert latest <= now < following
    assert one.latest(following) == following
    assert one.latest(following - timedelta(microseconds=1)) == latest
    assert one.next(latest) == following


def test_leap_seconds() -> None:
    """23:59:60 is the second after 23:59:59, wherever a time is written."""
    midnight = at("2027-01-01T00:00")
    for text in ("2026-12-31T23:59:60Z", "2026-12-31 23:59:60+00:00", "2027-01-01T00:59:60+01:00"):
        assert moment(text) == midnight
    assert claimed_time("2026-12-31T23:59:60Z") == "2027-01-01T00:00:00.000000Z"
    assert claimed_time("2026-12-31T23:59:60.5Z") == "2027-01-01T00:00:00.500000Z"
    assert end_of("2026-12-31T23:59:60Z") == "2027-01-01T00:00:00~"
    assert Cadence.of("1h").latest(moment("2026-12-31T23:59:60Z")) == midnight
    with pytest.raises(ValueError, match="minute"):
        moment("2026-12-31T23:60:00Z")


def test_night_hours_by_the_clock_there() -> None:
    night = Night.of("23:30-06:00", "Europe/Paris")
    assert night
    assert night.holds(at("2026-11-24T22:30"))
    assert not night.holds(at("2026-11-24T22:29"))
    assert night.holds(at("2026-11-25T04:59"))
    assert not night.holds(at("2026-11-25T05:00"))
    assert night.over(at("2026-11-24T23:00")) == at("2026-11-25T05:00")
    assert Night.of("") is None


def site(**more: object) -> Site:
    return Site("paper", home="http://paper.test/", sections=("http://paper.test/world",), **{"jitter": 0.0, **more})  # type: ignore[arg-type]


def test_a_slot_in_the_night_is_put_off_to_its_end() -> None:
    daily = Slots(site(cadence="0 2 * * *", night="23:00-06:00"))
    assert daily.newest(at("2026-11-24T03:00")) is None
    assert daily.newest(at("2026-11-24T06:00")) == at("2026-11-24T02:00")
    assert daily.upcoming(at("2026-11-23T12:00")) == at("2026-11-24T06:00")
    hourly = Slots(site(cadence=3600.0, night="23:00-06:00"))
    assert hourly.passed_over(at("2026-11-23T22:00"), at("2026-11-24T07:00")) == [at("2026-11-24T06:00")]


def test_jitter_is_the_same_for_every_asker() -> None:
    due = at("2026-11-24T12:00")
    late = [lateness(f"site{n}", due, 60.0).total_seconds() for n in range(400)]
    assert late == [lateness(f"site{n}", due, 60.0).total_seconds() for n in range(400)]
    assert 0 <= min(late) < 3
    assert 57 < max(late) < 60
    assert lateness("site1", due, 60.0) != lateness("site1", due + timedelta(hours=1), 60.0)


def test_a_run_begins_after_its_jitter() -> None:
    slots = Slots(site(cadence=3600.0, jitter=60.0))
    due = at("2026-11-24T12:00")
    begins = slots.begins(due)
    assert due < begins < due + timedelta(seconds=60)
    assert slots.newest(begins - timedelta(microseconds=1)) == due - timedelta(hours=1)
    assert slots.newest(begins) == due
    assert slots.newest(due, jitter=False) == due
    quick = Slots(site(cadence=4.0, jitter=60.0))
    assert quick.begins(due) < due + timedelta(seconds=1)


def test_a_seed_with_a_cadence_of_its_own_adds_slots() -> None:
    feed = "http://paper.test/rss"
    slots = Slots(site(cadence=3600.0, feeds=(feed,), cadences=((feed, 600.0),)))
    assert slots.newest(at("2026-11-24T12:25")) == at("2026-11-24T12:20")
    assert slots.upcoming(at("2026-11-24T12:25")) == at("2026-11-24T12:30")


ENTRY = '[paper]\nhome = "http://paper.test/"\nfeeds = ["http://paper.test/rss"]\n'


def test_an_entry_says_all_of_it(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text(
        ENTRY + 'cadence = "*/20  6-22 * * *"\ncadences = { "http://paper.test/rss" = "5m" }\n'
        'timezone = "Europe/Paris"\nnight = "23:30-06:00"\njitter = "2m"\nquiet = "12h"\non_problem = "mail me"\n'
    )
    held = load_sites(file)["paper"]
    assert (held.cadence, held.cadences) == ("*/20 6-22 * * *", (("http://paper.test/rss", 300.0),))
    again = Site.from_entry(held.entry())
    assert (again.cadence, again.cadences, again.night) == (held.cadence, held.cadences, held.night)
    assert "mail me" not in held.entry()
    assert Site.from_entry('{"key": "x", "on_problem": "rm -rf /"}').on_problem == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('cadence = "61 * * * *"', "bad minute"),
        ('cadence = "0 0 31 2 *"', "cron expression"),
        ("cadence = 0", "no time at all"),
        ('timezone = "Mars/Olympus"', "no time zone"),
        ('night = "23-6"', "part of a day"),
        ('night = "06:00-06:00"', "begins when it ends"),
        ('cadences = { "http://paper.test/other" = "5m" }', "no section, feed or sitemap"),
        ('cadences = { "http://paper.test/rss" = "often" }', "5m"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "a.toml"
    file.write_text(f"{ENTRY}{line}\n")
    with pytest.raises(SiteError, match=said) as error:
        load_sites(file)
    assert "line 4" in str(error.value)
