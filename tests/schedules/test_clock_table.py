"""What the clocks of real zones do to real timetables: every instant below was worked out by hand.

The instants of the changes themselves are those of the zone database; its editions 2025b and 2026f agree
on them. Morocco's after September 2026 are left out: the editions disagree whether it still has any.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schedules.occurrence import Occurrence
from schedules.recurrence import clock_changes, occurrences, slots
from schedules.rule import Rule


def rule(zone: str, **members: Any) -> Rule:
    if "cron" in members:
        members.setdefault("duration", "50m")
    return Rule(name="maths", channel="maths", timezone=zone, **members)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def between(of: Rule, since: str, until: str) -> list[Occurrence]:
    return occurrences(of, instant(since), instant(until))


def said(found: list[Occurrence]) -> list[str]:
    """``slot = UTC``, one line each, without the years."""
    return [f"{one.slot[5:]} = {one.begins:%m-%d %H:%M}" for one in found]


Row = tuple[str, str, str, str, list[str]]

# Zone, cron, since and until (UTC), and what is to come: the slot by the wall, the instant by UTC.
DAILY: list[Row] = [
    # New York: 8 March 2026 07:00Z from -5 to -4 (02:00 -> 03:00); 1 November 06:00Z back (02:00 -> 01:00)
    (
        "America/New_York", "30 2 * * *", "2026-03-07", "2026-03-10",
        ["03-07T02:30 = 03-07 07:30", "03-08T02:30 = 03-08 07:30", "03-09T02:30 = 03-09 06:30"],
    ),
    (
        "America/New_York", "0,30 2 * * *", "2026-03-08", "2026-03-09",
        ["03-08T02:00 = 03-08 07:00", "03-08T02:30 = 03-08 07:30"],
    ),
    (
        "America/New_York", "30 2,3 * * *", "2026-03-08", "2026-03-09",
        ["03-08T03:30 = 03-08 07:30"],
    ),
    (
        "America/New_York", "0 1-4 * * *", "2026-03-08", "2026-03-09",
        ["03-08T01:00 = 03-08 06:00", "03-08T03:00 = 03-08 07:00", "03-08T04:00 = 03-08 08:00"],
    ),
    (
        "America/New_York", "0 */2 * * *", "2026-03-08 05:00", "2026-03-08 11:00",
        [
            "03-08T00:00 = 03-08 05:00", "03-08T02:00 = 03-08 07:00",
            "03-08T04:00 = 03-08 08:00", "03-08T06:00 = 03-08 10:00",
        ],
    ),
    (
        "America/New_York", "0 */2 * * *", "2026-11-01 04:00", "2026-11-01 11:00",
        ["11-01T00:00 = 11-01 04:00", "11-01T02:00 = 11-01 07:00", "11-01T04:00 = 11-01 09:00"],
    ),
    (
        "America/New_York", "30 1 * * *", "2026-10-31", "2026-11-03",
        ["10-31T01:30 = 10-31 05:30", "11-01T01:30 = 11-01 05:30", "11-02T01:30 = 11-02 06:30"],
    ),
    (
        "America/New_York", "*/30 1 * * *", "2026-11-01", "2026-11-02",
        ["11-01T01:00 = 11-01 05:00", "11-01T01:30 = 11-01 05:30"],
    ),
    # 2027: 14 March and 7 November
    ("America/New_York", "30 2 * * sun", "2027-03-13", "2027-03-16", ["03-14T02:30 = 03-14 07:30"]),
    (
        "America/New_York", "30 1 * * *", "2027-11-07", "2027-11-09",
        ["11-07T01:30 = 11-07 05:30", "11-08T01:30 = 11-08 06:30"],
    ),
    # London: 29 March 2026 01:00Z (01:00 -> 02:00); 25 October 2026 01:00Z (02:00 -> 01:00)
    (
        "Europe/London", "30 1 * * *", "2026-03-28", "2026-03-31",
        ["03-28T01:30 = 03-28 01:30", "03-29T01:30 = 03-29 01:30", "03-30T01:30 = 03-30 00:30"],
    ),
    (
        "Europe/London", "30 1 * * *", "2026-10-24", "2026-10-27",
        ["10-24T01:30 = 10-24 00:30", "10-25T01:30 = 10-25 00:30", "10-26T01:30 = 10-26 01:30"],
    ),
    ("Europe/London", "15 1 28 3 *", "2027-03-01", "2027-04-01", ["03-28T01:15 = 03-28 01:15"]),
    ("Europe/London", "15 1 31 10 *", "2027-10-01", "2027-11-30", ["10-31T01:15 = 10-31 00:15"]),
    # Dublin calls its winter the exception (a negative saving); the instants are London's
    (
        "Europe/Dublin", "30 1 * * *", "2026-03-28", "2026-03-31",
        ["03-28T01:30 = 03-28 01:30", "03-29T01:30 = 03-29 01:30", "03-30T01:30 = 03-30 00:30"],
    ),
    (
        "Europe/Dublin", "30 1 * * *", "2026-10-25", "2026-10-27",
        ["10-25T01:30 = 10-25 00:30", "10-26T01:30 = 10-26 01:30"],
    ),
    # Sydney: 5 April 2026 03:00 (+11) -> 02:00 (+10) at 4 April 16:00Z;
    # 4 October 02:00 -> 03:00 at 3 October 16:00Z
    (
        "Australia/Sydney", "30 2 * * *", "2026-04-03", "2026-04-06",
        ["04-04T02:30 = 04-03 15:30", "04-05T02:30 = 04-04 15:30", "04-06T02:30 = 04-05 16:30"],
    ),
    (
        "Australia/Sydney", "30 2 * * *", "2026-10-02", "2026-10-05",
        ["10-03T02:30 = 10-02 16:30", "10-04T02:30 = 10-03 16:30", "10-05T02:30 = 10-04 15:30"],
    ),
    # Lord Howe, half an hour: 5 April 2026 02:00 (+11) -> 01:30 (+10:30) at 4 April 15:00Z
    (
        "Australia/Lord_Howe", "45 1 * * *", "2026-04-03", "2026-04-06",
        ["04-04T01:45 = 04-03 14:45", "04-05T01:45 = 04-04 14:45", "04-06T01:45 = 04-05 15:15"],
    ),
    # 4 October 2026 02:00 (+10:30) -> 02:30 (+11) at 3 October 15:30Z
    (
        "Australia/Lord_Howe", "15 2 * * *", "2026-10-02", "2026-10-05",
        ["10-03T02:15 = 10-02 15:45", "10-04T02:15 = 10-03 15:45", "10-05T02:15 = 10-04 15:15"],
    ),
    (
        "Australia/Lord_Howe", "0,30 2 * * *", "2026-10-03", "2026-10-04",
        ["10-04T02:30 = 10-03 15:30"],
    ),
    # Apia had no 30 December 2011: from -10 to +14 at 10:00Z, so that the 30th's class falls on the 31st's
    (
        "Pacific/Apia", "0 9 * * *", "2011-12-29", "2012-01-01",
        ["12-29T09:00 = 12-29 19:00", "12-31T09:00 = 12-30 19:00", "01-01T09:00 = 12-31 19:00"],
    ),
    ("Pacific/Apia", "0 9 * * fri", "2011-12-24", "2012-01-01", ["12-30T09:00 = 12-30 19:00"]),
    ("Pacific/Apia", "0 9 * * fri", "2011-12-30 18:59", "2011-12-30 19:01", ["12-30T09:00 = 12-30 19:00"]),
    # Casablanca in Ramadan: 15 February 2026 03:00 (+1) -> 02:00 (+0) at 02:00Z;
    # 22 March 02:00 -> 03:00 at 02:00Z
    (
        "Africa/Casablanca", "30 2 * * *", "2026-02-14", "2026-02-17",
        ["02-14T02:30 = 02-14 01:30", "02-15T02:30 = 02-15 01:30", "02-16T02:30 = 02-16 02:30"],
    ),
    (
        "Africa/Casablanca", "30 2 * * *", "2026-03-21", "2026-03-24",
        ["03-21T02:30 = 03-21 02:30", "03-22T02:30 = 03-22 02:30", "03-23T02:30 = 03-23 01:30"],
    ),
    # Santiago changes at midnight: 6 September 2026 00:00 (-4) -> 01:00 (-3) at 04:00Z
    (
        "America/Santiago", "@daily", "2026-09-05", "2026-09-08",
        ["09-05T00:00 = 09-05 04:00", "09-06T00:00 = 09-06 04:00", "09-07T00:00 = 09-07 03:00"],
    ),
    ("America/Santiago", "0 0,1 * * *", "2026-09-06", "2026-09-07", ["09-06T01:00 = 09-06 04:00"]),
    ("America/Santiago", "30 0 5 9 *", "2027-01-01", "2028-01-01", ["09-05T00:30 = 09-05 04:30"]),
    # ... and 4 April 2026 24:00 (-3) -> 23:00 (-4) at 5 April 03:00Z
    (
        "America/Santiago", "30 23 * * *", "2026-04-04", "2026-04-07",
        ["04-03T23:30 = 04-04 02:30", "04-04T23:30 = 04-05 02:30", "04-05T23:30 = 04-06 03:30"],
    ),
    # Gaza: Saturday 28 March 2026 02:00 (+2) -> 03:00 (+3) at 00:00Z
    (
        "Asia/Gaza", "30 2 * * *", "2026-03-27", "2026-03-29",
        ["03-27T02:30 = 03-27 00:30", "03-28T02:30 = 03-28 00:30", "03-29T02:30 = 03-28 23:30"],
    ),
    # Cairo: Friday 24 April 2026 00:00 (+2) -> 01:00 (+3) at 23 April 22:00Z;
    # 29 October 24:00 -> 23:00 at 21:00Z
    (
        "Africa/Cairo", "15 0 * * *", "2026-04-22", "2026-04-25",
        ["04-23T00:15 = 04-22 22:15", "04-24T00:15 = 04-23 22:15", "04-25T00:15 = 04-24 21:15"],
    ),
    (
        "Africa/Cairo", "15 23 * * *", "2026-10-29", "2026-10-31",
        ["10-29T23:15 = 10-29 20:15", "10-30T23:15 = 10-30 21:15"],
    ),
    # Troll takes two hours: 29 March 2026 01:00 (+0) -> 03:00 (+2) at 01:00Z;
    # 25 October 03:00 -> 01:00 at 01:00Z
    (
        "Antarctica/Troll", "30 1 * * *", "2026-03-28", "2026-03-30",
        ["03-28T01:30 = 03-28 01:30", "03-29T01:30 = 03-29 01:30", "03-30T01:30 = 03-29 23:30"],
    ),
    (
        "Antarctica/Troll", "0 */2 * * *", "2026-03-29", "2026-03-29 06:00",
        ["03-29T00:00 = 03-29 00:00", "03-29T04:00 = 03-29 02:00", "03-29T06:00 = 03-29 04:00"],
    ),
    (
        "Antarctica/Troll", "30 1 * * *", "2026-10-24 22:00", "2026-10-27",
        ["10-25T01:30 = 10-24 23:30", "10-26T01:30 = 10-26 01:30"],
    ),
    # Nuuk skips the last hour of Saturday 28 March 2026: 23:00 (-2) -> 24:00 (-1) at 29 March 01:00Z
    (
        "America/Nuuk", "30 23 * * *", "2026-03-28", "2026-03-31",
        ["03-27T23:30 = 03-28 01:30", "03-28T23:30 = 03-29 01:30", "03-29T23:30 = 03-30 00:30"],
    ),
    (
        "America/Nuuk", "0 0,23 * * *", "2026-03-28 02:00", "2026-03-30 01:00",
        ["03-28T00:00 = 03-28 02:00", "03-29T00:00 = 03-29 01:00", "03-29T23:00 = 03-30 00:00"],
    ),
    ("America/Nuuk", "30 23 * * sat", "2026-10-24", "2026-10-26", ["10-24T23:30 = 10-25 00:30"]),
    # Zones whose clocks stand still
    ("Asia/Kathmandu", "0 9 * * *", "2026-03-29", "2026-03-30", ["03-29T09:00 = 03-29 03:15"]),
    ("Asia/Kolkata", "0 9 * * *", "2026-10-25", "2026-10-26", ["10-25T09:00 = 10-25 03:30"]),
    ("Asia/Tokyo", "0 9 * * *", "2026-11-01", "2026-11-02", ["11-01T09:00 = 11-01 00:00"]),
    ("UTC", "30 2 * * *", "2026-03-08", "2026-03-09", ["03-08T02:30 = 03-08 02:30"]),
]  # fmt: skip

INTERVALS: list[Row] = [
    (
        "America/New_York", "0 * * * *", "2026-03-08 05:00", "2026-03-08 09:00",
        [
            "03-08T00:00 = 03-08 05:00", "03-08T01:00 = 03-08 06:00",
            "03-08T03:00 = 03-08 07:00", "03-08T04:00 = 03-08 08:00",
        ],
    ),
    (
        "America/New_York", "0 */1 * * *", "2026-11-01 04:00", "2026-11-01 08:00",
        [
            "11-01T00:00 = 11-01 04:00", "11-01T01:00 = 11-01 05:00",
            "11-01T01:00~2 = 11-01 06:00", "11-01T02:00 = 11-01 07:00",
        ],
    ),
    (
        "America/New_York", "*/10 * * * *", "2026-03-08 06:40", "2026-03-08 07:20",
        [
            "03-08T01:40 = 03-08 06:40", "03-08T01:50 = 03-08 06:50",
            "03-08T03:00 = 03-08 07:00", "03-08T03:10 = 03-08 07:10",
        ],
    ),
    (
        "America/New_York", "*/10 * * * *", "2027-11-07 05:50", "2027-11-07 06:20",
        ["11-07T01:50 = 11-07 05:50", "11-07T01:00~2 = 11-07 06:00", "11-07T01:10~2 = 11-07 06:10"],
    ),
    (
        "Australia/Lord_Howe", "*/15 * * * *", "2026-04-04 14:30", "2026-04-04 15:45",
        [
            "04-05T01:30 = 04-04 14:30", "04-05T01:45 = 04-04 14:45",
            "04-05T01:30~2 = 04-04 15:00", "04-05T01:45~2 = 04-04 15:15",
            "04-05T02:00 = 04-04 15:30",
        ],
    ),
    (
        "Australia/Lord_Howe", "0 * * * *", "2026-10-03 14:30", "2026-10-03 17:00",
        ["10-04T01:00 = 10-03 14:30", "10-04T03:00 = 10-03 16:00"],
    ),
    (
        "Antarctica/Troll", "@hourly", "2026-03-29", "2026-03-29 03:00",
        ["03-29T00:00 = 03-29 00:00", "03-29T03:00 = 03-29 01:00", "03-29T04:00 = 03-29 02:00"],
    ),
    (
        "Antarctica/Troll", "0 * * * *", "2026-10-24 23:00", "2026-10-25 04:00",
        [
            "10-25T01:00 = 10-24 23:00", "10-25T02:00 = 10-25 00:00",
            "10-25T01:00~2 = 10-25 01:00", "10-25T02:00~2 = 10-25 02:00",
            "10-25T03:00 = 10-25 03:00",
        ],
    ),
    (
        "America/Santiago", "0 * * * *", "2026-04-05 02:00", "2026-04-05 05:00",
        ["04-04T23:00 = 04-05 02:00", "04-04T23:00~2 = 04-05 03:00", "04-05T00:00 = 04-05 04:00"],
    ),
    (  # only of Saturday: the second 23:00 is still Saturday's, midnight is not
        "America/Santiago", "0 * * * sat", "2026-04-05 02:00", "2026-04-05 05:00",
        ["04-04T23:00 = 04-05 02:00", "04-04T23:00~2 = 04-05 03:00"],
    ),
]  # fmt: skip

DAYS: list[Row] = [
    (
        "America/New_York", "0 9 L * *", "2027-01-01", "2027-04-02",
        ["01-31T09:00 = 01-31 14:00", "02-28T09:00 = 02-28 14:00", "03-31T09:00 = 03-31 13:00"],
    ),
    (
        "America/New_York", "0 9 * * mon#1", "2027-01-01", "2027-04-30",
        [
            "01-04T09:00 = 01-04 14:00", "02-01T09:00 = 02-01 14:00",
            "03-01T09:00 = 03-01 14:00", "04-05T09:00 = 04-05 13:00",
        ],
    ),
    (
        "Europe/London", "0 9 * * L5", "2027-01-01", "2027-05-01",
        [
            "01-29T09:00 = 01-29 09:00", "02-26T09:00 = 02-26 09:00",
            "03-26T09:00 = 03-26 09:00", "04-30T09:00 = 04-30 08:00",
        ],
    ),
    (
        "America/New_York", "0 9 * MAR Sun", "2027-01-01", "2028-01-01",
        [
            "03-07T09:00 = 03-07 14:00", "03-14T09:00 = 03-14 13:00",
            "03-21T09:00 = 03-21 13:00", "03-28T09:00 = 03-28 13:00",
        ],
    ),
    (
        "Europe/London", "@weekly", "2026-03-21", "2026-04-06",
        ["03-22T00:00 = 03-22 00:00", "03-29T00:00 = 03-29 00:00", "04-05T00:00 = 04-04 23:00"],
    ),
    (  # a day of the month or a weekday, as cron has it
        "UTC", "0 9 13 * fri", "2027-02-01", "2027-03-01",
        [
            "02-05T09:00 = 02-05 09:00", "02-12T09:00 = 02-12 09:00", "02-13T09:00 = 02-13 09:00",
            "02-19T09:00 = 02-19 09:00", "02-26T09:00 = 02-26 09:00",
        ],
    ),
    (
        "UTC", "0 9 * * sat-mon", "2027-03-05", "2027-03-10",
        ["03-06T09:00 = 03-06 09:00", "03-07T09:00 = 03-07 09:00", "03-08T09:00 = 03-08 09:00"],
    ),
    ("UTC", "0 9 31 * *", "2027-04-01", "2027-06-30", ["05-31T09:00 = 05-31 09:00"]),
    ("Asia/Tokyo", "@yearly", "2026-06-01", "2027-06-01", ["01-01T00:00 = 12-31 15:00"]),
]  # fmt: skip


def named(rows: list[Row]) -> list[Any]:
    return [pytest.param(*row, id=f"{row[0]} {row[1]} from {row[2]}") for row in rows]


@pytest.mark.parametrize(("zone", "cron", "since", "until", "expected"), named(DAILY))
def test_a_fixed_time_happens_once_a_day(
    zone: str, cron: str, since: str, until: str, expected: list[str]
) -> None:
    assert said(between(rule(zone, cron=cron), since, until)) == expected


@pytest.mark.parametrize(("zone", "cron", "since", "until", "expected"), named(INTERVALS))
def test_an_interval_follows_elapsed_time(
    zone: str, cron: str, since: str, until: str, expected: list[str]
) -> None:
    assert said(between(rule(zone, cron=cron, duration="5m"), since, until)) == expected


@pytest.mark.parametrize(("zone", "cron", "since", "until", "expected"), named(DAYS))
def test_an_expression_names_these_days(
    zone: str, cron: str, since: str, until: str, expected: list[str]
) -> None:
    assert said(between(rule(zone, cron=cron), since, until)) == expected


def test_a_leap_day_comes_every_four_years() -> None:
    found = between(rule("UTC", cron="0 9 29 2 *"), "2024-01-01", "2033-01-01")
    assert [one.slot for one in found] == ["2024-02-29T09:00", "2028-02-29T09:00", "2032-02-29T09:00"]


def test_a_weekly_slot_keeps_its_wall_time_over_the_change() -> None:
    lessons = rule("Europe/London", slots="mon thu 09:00-09:50")
    assert said(between(lessons, "2026-03-26", "2026-03-31")) == [
        "03-26T09:00 = 03-26 09:00",
        "03-30T09:00 = 03-30 08:00",
    ]
    assert said(between(lessons, "2026-10-22", "2026-10-27")) == [
        "10-22T09:00 = 10-22 08:00",
        "10-26T09:00 = 10-26 09:00",
    ]


@pytest.mark.parametrize(
    ("slot", "since", "begins", "ends"),
    [
        # New York, into the night of the change: three hours are three hours, whatever the clock shows
        ("sat 23:30-02:30", "2026-10-31", "2026-11-01 03:30", "2026-11-01 06:30"),
        ("sat 23:30-02:30", "2026-03-07", "2026-03-08 04:30", "2026-03-08 07:30"),
        ("sat 22:00-01:00", "2026-10-31", "2026-11-01 02:00", "2026-11-01 05:00"),
        ("sat 22:00-01:00", "2026-03-07", "2026-03-08 03:00", "2026-03-08 06:00"),
        ("sun 01:30-04:00", "2026-11-01", "2026-11-01 05:30", "2026-11-01 08:00"),
        ("sun 02:30-03:00", "2026-03-08", "2026-03-08 07:30", "2026-03-08 08:00"),
        ("sat 00:00-24:00", "2026-10-31", "2026-10-31 04:00", "2026-11-01 04:00"),
    ],
)
def test_a_class_over_the_change_lasts_its_elapsed_time(
    slot: str, since: str, begins: str, ends: str
) -> None:
    day = instant(since)
    (found,) = occurrences(rule("America/New_York", slots=slot), day, day + timedelta(days=2))
    assert (found.begins, found.ends) == (instant(begins), instant(ends))


@pytest.mark.parametrize(
    ("zone", "date", "note"),
    [
        (
            "America/New_York",
            "2026-03-08 02:30",
            "02:30 does not exist on 2026-03-08 in America/New_York: it begins at 03:30",
        ),
        (
            "America/New_York",
            "2026-11-01 01:30",
            "01:30 happens twice on 2026-11-01 in America/New_York: the first one is recorded",
        ),
        (
            "Pacific/Apia",
            "2011-12-30 09:00",
            "09:00 does not exist on 2011-12-30 in Pacific/Apia: it begins at 09:00 on 2011-12-31",
        ),
        (
            "America/Nuuk",
            "2026-03-28 23:30",
            "23:30 does not exist on 2026-03-28 in America/Nuuk: it begins at 00:30 on 2026-03-29",
        ),
        ("America/New_York", "2026-03-08 03:30", None),
        ("America/New_York", "2026-11-01 02:00", None),
        ("America/New_York", "2026-11-01 00:59", None),
    ],
)
def test_a_moved_class_says_so(zone: str, date: str, note: str | None) -> None:
    once = rule(zone, dates=date, duration="50m")
    day = instant(date[:10])
    (found,) = occurrences(once, day - timedelta(days=2), day + timedelta(days=2))
    assert found.note == note
    assert clock_changes(once, day - timedelta(days=2)) == ([note] if note else [])


def test_an_interval_has_nothing_to_warn_of() -> None:
    assert clock_changes(rule("America/New_York", cron="*/10 * * * *"), instant("2026-10-30"), 5) == []


def test_an_added_class_in_a_gap_is_recorded_although_the_day_it_falls_on_is_off() -> None:
    added = rule(
        "America/New_York",
        slots="sun 03:30-04:20",
        exceptions="2026-03-08",
        also="2026-03-08 02:30-03:20",
    )
    assert said(between(added, "2026-03-08", "2026-03-09")) == ["03-08T02:30 = 03-08 07:30"]


def test_an_added_class_in_a_repeated_hour_is_recorded_although_an_excluded_interval_has_it_too() -> None:
    added = rule(
        "America/New_York",
        cron="*/10 * * * *",
        duration="5m",
        exceptions="2026-11-01",
        also="2026-11-01 01:30",
    )
    assert said(between(added, "2026-11-01 05:00", "2026-11-01 07:00")) == ["11-01T01:30 = 11-01 05:30"]


def test_a_shifted_class_yields_also_to_one_that_is_taken_out() -> None:
    found = slots(
        rule("America/New_York", cron="30 2,3 * * *"),
        instant("2026-03-08"),
        instant("2026-03-09"),
        skips={"2026-03-08T03:30"},
    )
    assert [(slot.occurrence.slot, slot.off) for slot in found] == [("2026-03-08T03:30", "skipped")]


def test_each_pass_of_an_interval_is_taken_out_by_its_own_name() -> None:
    hourly = rule("America/New_York", cron="0 * * * *")
    since, until = instant("2026-11-01 05:00"), instant("2026-11-01 07:00")
    first, second = slots(hourly, since, until, skips={"2026-11-01T01:00~2"})
    assert (first.off, second.off) == (None, "skipped")
    first, second = slots(hourly, since, until, skips={"2026-11-01T01:00"})
    assert (first.off, second.off) == ("skipped", None)
    assert [slot.off for slot in slots(hourly, since, until, skips={"2026-11-01"})] == ["skipped"] * 2


def test_a_class_in_ramadan_keeps_its_wall_time_whatever_the_edition_of_the_zones() -> None:
    found = between(rule("Africa/Casablanca", cron="0 7 * * *"), "2027-02-01", "2027-03-21")
    local = [one.begins.astimezone(ZoneInfo("Africa/Casablanca")) for one in found]
    assert [f"{at:%m-%d %H:%M}" for at in local] == [
        f"{date(2027, 2, 1) + timedelta(days=step):%m-%d} 07:00" for step in range(48)
    ]
