"""Times as people type them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from recorder_tasks.cli.times import parse

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)  # 09:30 in Berlin


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("now", NOW),
        ("+10m", at(2026, 11, 24, 8, 40)),
        ("+10min", at(2026, 11, 24, 8, 40)),
        ("+90s", at(2026, 11, 24, 8, 31, 30)),
        ("+1h30m", at(2026, 11, 24, 10, 0)),
        ("10:00", at(2026, 11, 24, 9, 0)),
        ("9:45:30", at(2026, 11, 24, 8, 45, 30)),
        ("2026-11-24T09:00+05:30", at(2026, 11, 24, 3, 30)),
        ("2026-11-24T09:00Z", at(2026, 11, 24, 9, 0)),
        ("2026-11-24 09:00", at(2026, 11, 24, 8, 0)),
        ("2026-07-01T09:00", at(2026, 7, 1, 7, 0)),
    ],
)
def test_what_people_type_becomes_one_instant(typed: str, meant: datetime) -> None:
    assert parse(typed, NOW, BERLIN) == meant
    assert parse(typed, NOW, BERLIN).tzinfo is UTC


def test_a_clock_time_that_has_passed_today_means_tomorrow() -> None:
    assert parse("09:00", NOW, BERLIN) == at(2026, 11, 25, 8, 0)


def test_today_is_the_day_of_the_zone_not_of_utc() -> None:
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)  # already the 25th in Berlin
    assert parse("01:00", late, BERLIN) == at(2026, 11, 25, 0, 0)


def test_the_hour_that_comes_twice_means_its_first_pass() -> None:
    assert parse("2026-10-25T02:30", NOW, BERLIN) == at(2026, 10, 25, 0, 30)


def test_the_hour_that_the_clock_skips_is_refused_in_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"2026-03-29 02:30 does not exist here"):
        parse("2026-03-29T02:30", NOW, BERLIN)


@pytest.mark.parametrize("typed", ["tomorrow", "25:00", "+", "+h", "9", "10:60", "", "+10", "2026-13-01"])
def test_anything_else_is_refused_and_the_forms_are_named(typed: str) -> None:
    with pytest.raises(ValueError, match=r"is not a time; give ISO 8601"):
        parse(typed, NOW, BERLIN)
