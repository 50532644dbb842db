"""A series out of an .ics file as a schedule: checked before it is kept, and its slots named once each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from schedules.recurrence import occurrences
from schedules.rule import Rule
from schedules.schedules import Schedules

SERIES = """BEGIN:VEVENT
UID:algebra
DTSTART;TZID=Europe/Berlin:20270308T090000
DTEND;TZID=Europe/Berlin:20270308T095000
RRULE:FREQ=WEEKLY;COUNT=3
END:VEVENT
BEGIN:VEVENT
UID:algebra
RECURRENCE-ID;TZID=Europe/Berlin:20270315T090000
DTSTART;TZID=Europe/Berlin:20270316T110000
DTEND;TZID=Europe/Berlin:20270316T120000
END:VEVENT
"""


def _rule(**members: Any) -> Rule:
    return Rule.model_validate(
        {"name": "algebra", "channel": "algebra", "timezone": "Europe/Berlin", "ical": SERIES, **members}
    )


def test_a_moved_event_keeps_its_name_beside_a_lesson_added_at_its_old_time() -> None:
    rule = _rule(also="2027-03-15 09:00-09:30")
    found = occurrences(rule, datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 4, 1, tzinfo=UTC))
    assert [(one.slot, f"{one.begins:%m-%d %H:%M}") for one in found] == [
        ("2027-03-08T09:00", "03-08 08:00"),
        ("2027-03-15T09:00+", "03-15 08:00"),
        ("2027-03-15T09:00", "03-16 10:00"),
        ("2027-03-22T09:00", "03-22 08:00"),
    ]


def test_what_is_no_series_is_refused_at_its_member() -> None:
    schedules = Schedules(None)  # type: ignore[arg-type]
    ((member, sentence),) = schedules.judge(_rule(ical="BEGIN:VEVENT"))
    assert member == "ical"
    assert sentence
    assert schedules.judge(_rule()) == []


def test_a_series_of_another_clock_is_refused() -> None:
    schedules = Schedules(None)  # type: ignore[arg-type]
    ((member, _),) = schedules.judge(_rule(timezone="America/New_York"))
    assert member == "ical"
