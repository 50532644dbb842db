"""Occurrences as an .ics file, and the same instants when it is read again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.calendars import Exclusion
from schedules.ical import read_ics
from schedules.ical_export import write_ics
from schedules.recurrence import occurrences
from schedules.rule import Rule

SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)


def rule(**members: Any) -> Rule:
    return Rule.model_validate(
        {"name": "maths", "channel": "maths", "timezone": "America/New_York", **members}
    )


def times(rules: list[Rule], since: datetime, until: datetime) -> list[tuple[str, datetime, datetime]]:
    found = [one for rule in rules for one in occurrences(rule, since, until)]
    return sorted((one.channel, one.begins, one.ends) for one in found)


def test_an_event_says_which_occurrence_it_is_and_where_it_is_recorded() -> None:
    data = write_ics(
        [rule(dates="2026-03-09 09:00-09:50", pad_before="5m", channel="m-{date}")], SINCE, UNTIL
    )
    assert data.decode().split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//recorder-tasks//schedules//EN",
        "BEGIN:VEVENT",
        "SUMMARY:maths",
        "DTSTART:20260309T130000Z",
        "DTEND:20260309T135000Z",
        "DTSTAMP:20260301T000000Z",
        "UID:maths@2026-03-09T09:00@recorder",
        "LOCATION:m-2026-03-09",
        "X-RECORDER-CHANNEL:m-2026-03-09",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_two_exports_of_the_same_rules_are_the_same_bytes() -> None:
    rules = [rule(slots="mon 09:00-09:50"), rule(name="art", slots="mon 09:00-10:00")]
    assert write_ics(rules, SINCE, UNTIL) == write_ics(rules[::-1], SINCE, UNTIL)


def test_holidays_are_left_out() -> None:
    calendars = {"spring": (Exclusion.read("2026-03-01..2026-03-15"),)}
    data = write_ics([rule(slots="mon 09:00-09:50", exceptions="spring")], SINCE, UNTIL, calendars=calendars)
    assert data.count(b"BEGIN:VEVENT") == 3


def test_lines_are_folded_and_what_is_special_is_escaped() -> None:
    channel = "räume,;" * 12
    data = write_ics([rule(dates="2026-03-09 09:00-09:50", channel=channel)], SINCE, UNTIL)
    assert max(map(len, data.split(b"\r\n"))) <= 75
    assert icalendar.Calendar.from_ical(data).events[0]["LOCATION"] == channel
    assert read_ics(data, source="a.ics").rules[0].channel == channel


TIMETABLES: list[dict[str, Any]] = [
    {"slots": "mon wed fri 09:00-09:50"},
    {"slots": "sun 02:30-03:20", "timezone": "America/New_York"},
    {"slots": "sun 22:00-06:00", "timezone": "Europe/Berlin"},
    {"cron": "*/20 * * * *", "duration": "10m", "last": "2026-03-09", "first": "2026-03-07"},
    {"dates": "2026-03-08 02:30-03:30; 2026-03-08 03:30-04:00; 2026-03-29 23:30-00:15", "jitter": "5m"},
]


@pytest.mark.parametrize("members", TIMETABLES)
def test_reading_an_export_gives_the_same_instants(members: dict[str, Any]) -> None:
    rules = [rule(**members)]
    again = read_ics(write_ics(rules, SINCE, UNTIL), source="a.ics")
    assert again.refused == ()
    wide = (SINCE - timedelta(days=3), UNTIL + timedelta(days=3))
    assert times(list(again.rules), *wide) == times(rules, SINCE, UNTIL)


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"]),
    st.sampled_from(["30 1 * * *", "30 2 * * sun", "15 */6 * * *", "*/30 0-3 * * sun"]),
    st.integers(0, 300),
)
def test_whatever_the_clocks_do_an_export_is_exact(zone: str, cron: str, step: int) -> None:
    since = SINCE + timedelta(days=step)
    until = since + timedelta(days=9)
    rules = [rule(cron=cron, duration="50m", timezone=zone)]
    again = read_ics(write_ics(rules, since, until), source="a.ics", timezone=zone)
    assert times(list(again.rules), since, until) == times(rules, since, until)
