"""What a calendar may hold and a recording cannot follow: each told with its reason."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schedules.ical import check_ical, read_ics, walls

BERLIN = "DTSTART;TZID=Europe/Berlin:20260302T090000"
FREQUENCIES = "DAILY, WEEKLY, MONTHLY or YEARLY"
OVER = "has a time that no calendar reaches"
HOUR = f"{BERLIN}\nDURATION:PT1H"


def events(*bodies: str) -> str:
    inner = "".join(f"BEGIN:VEVENT\nUID:1\n{body}\nEND:VEVENT\n" for body in bodies)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{inner}END:VCALENDAR\n"


REFUSALS = [
    ("SUMMARY:x", "has no DTSTART"),
    ('DTSTART;TZID=Europe/Be"rlin:1', "the line 'DTSTART;TZID=Europe/Be\"rlin:1' cannot be read"),
    ("DTSTART:today", "DTSTART 'today' is not a date and time"),
    ("DTSTART:20261301T090000Z", "DTSTART '20261301T090000Z' is not a date and time"),
    ("DTSTART;VALUE=DATE:20260302", "lasts whole days; a recording needs hours"),
    ("DTSTART:20260302T090000\nDURATION:PT1H", "has times without a time zone; give timezone for them"),
    ("DTSTART:20260302T090030Z\nDURATION:PT1H", "begins at 09:00:30; a recording begins on a full minute"),
    (BERLIN, "has no end; give duration for such events"),
    (f"{BERLIN}\nDTEND;TZID=Europe/Berlin:20260302T090000", "has no end; give duration for such events"),
    (f"{BERLIN}\nDTEND;TZID=Europe/Berlin:20260302T080000", "ends before it begins"),
    (f"{BERLIN}\nDURATION:-PT1H", "ends before it begins"),
    (f"{BERLIN}\nDURATION:long", "DURATION 'long' is not a duration like PT50M"),
    (f"{BERLIN}\nDTEND;VALUE=DATE:20260303", "ends on a day without a time"),
    (f"{BERLIN}\nDURATION:P2D", "lasts 48h; a recording lasts 24h at most"),
    (f"{HOUR}\nSTATUS:CANCELLED", "is cancelled"),
    (
        "DTSTART;TZID=Mars/Olympus:20260302T090000",
        "time zone 'Mars/Olympus' is not known, nor does it act like the calendar's own",
    ),
    *(
        (f"{HOUR}\nRRULE:FREQ={freq}", f"RRULE recurs by FREQ={freq}; a schedule recurs {FREQUENCIES}")
        for freq in ("SECONDLY", "MINUTELY", "HOURLY", "FORTNIGHTLY", "")
    ),
    (f"{HOUR}\nRRULE:COUNT=2", f"RRULE recurs by FREQ=; a schedule recurs {FREQUENCIES}"),
    ("DTSTART;TZID=Asia/Tokyo:00010101T000000\nDURATION:PT1H\nEXDATE:00010101T000000", OVER),
    (f"{HOUR}\nRRULE:FREQ=DAILY;BYSECOND=30", "RRULE part BYSECOND is not supported"),
    (f"{HOUR}\nRRULE:FREQ=YEARLY;RSCALE=CHINESE", "RRULE part RSCALE is not supported"),
    (f"{HOUR}\nRRULE:FREQ=YEARLY;BYEASTER=1", "RRULE part BYEASTER is not supported"),
    (f"{HOUR}\nRRULE:FREQ=DAILY;INTERVAL=0", "RRULE has INTERVAL=0, which is not a number from 1"),
    (f"{HOUR}\nRRULE:FREQ=DAILY;COUNT=-1", "RRULE has COUNT=-1, which is not a number from 1"),
    (
        f"{HOUR}\nRRULE:FREQ=DAILY;COUNT=2;UNTIL=20260401",
        "RRULE 'FREQ=DAILY;COUNT=2;UNTIL=20260401' has both COUNT and UNTIL",
    ),
    (f"{HOUR}\nRRULE:FREQ=DAILY;BYDAY=XX", "RRULE 'FREQ=DAILY;BYDAY=XX' cannot be read"),
    (f"{HOUR}\nRRULE:FREQ=DAILY;UNTIL=soon", "RRULE 'soon' is not a date and time"),
    (f"{HOUR}\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "its RRULE names a day that never comes"),
    (f"{HOUR}\nRRULE:FREQ=DAILY;UNTIL=20260101", "its RRULE names a day that never comes"),
    (f"{HOUR}\nEXRULE:FREQ=DAILY", "EXRULE is not supported"),
    (f"{HOUR}\nEXDATE:never", "EXDATE 'never' is not a date and time"),
    (
        f"{HOUR}\nRDATE;VALUE=PERIOD:20260302T090000Z/P3D",
        "lasts 72h; a recording lasts 24h at most",
    ),
    (
        f"{HOUR}\nRDATE:20261025T013000Z",
        "2026-10-25 02:30 happens twice in Europe/Berlin, and the second one is meant",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("body", "reason"), REFUSALS)
def test_an_event_that_cannot_be_recorded_is_refused_with_its_reason(body: str, reason: str) -> None:
    found = read_ics(events(f"SUMMARY:Maths\n{body}"), source="a.ics")
    assert [(one.uid, one.reason) for one in found.refused] == [("1", reason)]
    assert found.rules == ()


OVERRIDES = [
    ("DTSTART;VALUE=DATE:20260309", "lasts whole days; a recording needs hours"),
    (f"{HOUR}\nRRULE:FREQ=DAILY", "the instance of 2026-03-09 09:00 has a recurrence of its own"),
    ("SUMMARY:x", "has no DTSTART"),
]


@pytest.mark.parametrize(("body", "reason"), OVERRIDES)
def test_a_changed_instance_that_cannot_be_recorded_refuses_its_series(body: str, reason: str) -> None:
    changed = f"RECURRENCE-ID;TZID=Europe/Berlin:20260309T090000\n{body}"
    found = read_ics(events(f"{HOUR}\nRRULE:FREQ=WEEKLY", changed), source="a.ics")
    assert [one.reason for one in found.refused] == [reason]


def test_an_event_without_a_uid_is_refused() -> None:
    found = read_ics(events(HOUR).replace("UID:1\n", ""), source="a.ics")
    assert found.refused[0].reason == "has no UID, so that nothing could tell it from the next one"


def test_two_events_of_one_uid_are_told_apart_by_their_sequence() -> None:
    later = HOUR.replace("T09", "T11")
    found = read_ics(events(HOUR, later), source="a.ics")
    assert found.refused[0].reason == "shares its UID with another event of the same SEQUENCE"
    rule = read_ics(events(HOUR, f"{later}\nSEQUENCE:1"), source="a.ics").rules[0]
    day = date(2026, 3, 2)
    assert rule.ical is not None
    assert [wall.at.hour for wall in walls(rule.ical, rule.zone, day, day, None)] == [11]


def test_an_invitation_that_is_taken_back_is_cancelled() -> None:
    text = events(HOUR).replace("VERSION:2.0", "VERSION:2.0\nMETHOD:CANCEL")
    assert read_ics(text, source="a.ics").refused[0].reason == "is cancelled"


@pytest.mark.parametrize(
    ("defaults", "reason"),
    [
        ({"pad_before": "4h", "pad_after": "4h"}, "lasts 17h; with its padding that is above 24h"),
        ({"priority": 1000}, "priority: Input should be less than or equal to 100"),
        ({"cron": "0 9 * * *"}, "slots: give exactly one of cron, slots, dates and ical (got cron and ical)"),
    ],
)
def test_what_the_defaults_make_impossible_is_told_with_the_event(
    defaults: dict[str, Any], reason: str
) -> None:
    found = read_ics(events(f"{BERLIN}\nDURATION:PT17H"), source="a.ics", defaults=defaults)
    assert [one.reason for one in found.refused] == [reason]


def test_defaults_fill_what_the_event_leaves_open() -> None:
    defaults = {"duration": "50m", "pad_before": "5m", "labels": {"term": "1"}, "channel": "room-{date}"}
    rule = read_ics(events(f"SUMMARY:Maths\n{BERLIN}"), source="a.ics", defaults=defaults).rules[0]
    assert (rule.duration, rule.pad_before, rule.channel) == (3000, 300, "room-{date}")
    assert rule.labels == {"term": "1", "ical_uid": "1", "summary": "Maths"}


def test_names_are_unique_and_never_too_long() -> None:
    text = events(f"{HOUR}\nSUMMARY:Maths!", f"{HOUR}\nSUMMARY:maths", f"{HOUR}\nSUMMARY:{'x' * 80}")
    text = text + events(f"{HOUR}\nSUMMARY:{'x' * 90}")
    count = iter("abcd")
    found = read_ics(re.sub("UID:1", lambda _: f"UID:{next(count)}", text), source="a.ics")
    assert [rule.name for rule in found.rules] == ["maths", "maths-2", "x" * 63, f"{'x' * 61}-2"]


CHECKED = [
    ("", None, "holds 0 series of VEVENTs; a rule follows exactly one"),
    ("x", None, "holds 0 series of VEVENTs; a rule follows exactly one"),
    ("BEGIN:VEVENT", None, "BEGIN:VEVENT is never closed"),
    (events(HOUR) + events(HOUR).replace("UID:1", "UID:2"), None,
     "holds 2 series of VEVENTs; a rule follows exactly one"),
    (events(f"{HOUR}\nSTATUS:CANCELLED"), None, "is cancelled"),
    (events(f"{HOUR}\nRRULE:FREQ=DAILY"), "America/New_York",
     "recurs by the clock of Europe/Berlin, but timezone is America/New_York"),
    (events("DTSTART:20260302T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY"), "Europe/Berlin",
     "recurs by the clock of UTC, but timezone is Europe/Berlin"),
    (events(BERLIN), "Europe/Berlin", "an event has no end; give duration for it"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "zone", "message"), CHECKED)
def test_a_text_that_is_not_one_series_is_told_in_one_sentence(
    text: str, zone: str | None, message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        check_ical(text, zone)


def test_events_without_a_calendar_around_them_are_a_series_too() -> None:
    text = f"BEGIN:VEVENT\nUID:1\n{HOUR}\nEND:VEVENT"
    check_ical(text, "Europe/Berlin")
    day = date(2026, 3, 2)
    assert [wall.seconds for wall in walls(text, ZoneInfo("Europe/Berlin"), day, day, None)] == [3600]
