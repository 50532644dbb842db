"""What a series of events means: its rules, what the clocks make of them, and what people changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.ical import check_ical, read_ics, walls
from schedules.recurrence import occurrences
from schedules.rule import Rule

NEW_YORK = "America/New_York"


def series(zone: str, start: str, *lines: str, changes: tuple[str, ...] = ()) -> Rule:
    """One hour from ``start`` in ``zone``; each of ``changes`` is a VEVENT of the same series."""
    begins = f"DTSTART:{start}" if zone == "UTC" else f"DTSTART;TZID={zone}:{start}"
    bodies = ["\n".join([begins, "DURATION:PT1H", *lines]), *changes]
    inner = "".join(f"BEGIN:VEVENT\nUID:1\nSUMMARY:maths\n{body}\nEND:VEVENT\n" for body in bodies)
    found = read_ics(f"BEGIN:VCALENDAR\n{inner}END:VCALENDAR\n", source="a.ics")
    assert found.refused == ()
    return found.rules[0]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def said(rule: Rule, since: str = "2026-01-01", until: str = "2027-01-01") -> list[str]:
    """``slot = UTC``, one line each, without the years."""
    found = occurrences(rule, instant(since), instant(until))
    return [f"{one.slot[5:]} = {one.begins:%m-%d %H:%M}" for one in found]


def days(rule: Rule, until: str = "2031-01-01") -> list[str]:
    return [f"{one.begins:%y-%m-%d}" for one in occurrences(rule, instant("2026-01-01"), instant(until))]


RULES = [
    ("FREQ=DAILY;COUNT=3", ["26-03-02", "26-03-03", "26-03-04"]),
    ("FREQ=DAILY;INTERVAL=10;UNTIL=20260322T090000Z", ["26-03-02", "26-03-12", "26-03-22"]),
    ("FREQ=DAILY;INTERVAL=10;UNTIL=20260322T080000Z", ["26-03-02", "26-03-12"]),
    ("FREQ=DAILY;UNTIL=20260303", ["26-03-02", "26-03-03"]),
    ("FREQ=WEEKLY;BYDAY=MO,FR;COUNT=3", ["26-03-02", "26-03-06", "26-03-09"]),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=MO;COUNT=4", ["26-03-02", "26-03-08", "26-03-16", "26-03-22"]),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU;COUNT=4", ["26-03-02", "26-03-15", "26-03-16", "26-03-29"]),
    ("FREQ=MONTHLY;BYDAY=1MO;COUNT=3", ["26-03-02", "26-04-06", "26-05-04"]),
    ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1;COUNT=3", ["26-03-02", "26-04-01", "26-05-01"]),
    ("FREQ=MONTHLY;BYMONTHDAY=2,-1;COUNT=4", ["26-03-02", "26-03-31", "26-04-02", "26-04-30"]),
    ("FREQ=YEARLY;BYMONTH=3;BYDAY=1MO;COUNT=3", ["26-03-02", "27-03-01", "28-03-06"]),
    ("FREQ=YEARLY;BYWEEKNO=10;BYDAY=MO;COUNT=2", ["26-03-02", "27-03-08"]),
    ("FREQ=YEARLY;BYYEARDAY=61,100;COUNT=3", ["26-03-02", "26-04-10", "27-03-02"]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "wanted"), RULES)
def test_a_recurrence_rule_names_its_days(rule: str, wanted: list[str]) -> None:
    assert days(series("UTC", "20260302T090000Z", f"RRULE:{rule}")) == wanted


def test_a_time_that_does_not_exist_moves_by_the_gap_and_keeps_its_name() -> None:
    assert said(series(NEW_YORK, "20260307T023000", "RRULE:FREQ=DAILY;COUNT=3")) == [
        "03-07T02:30 = 03-07 07:30",
        "03-08T02:30 = 03-08 07:30",
        "03-09T02:30 = 03-09 06:30",
    ]


def test_a_time_that_happens_twice_is_recorded_once_the_first_time() -> None:
    assert said(series(NEW_YORK, "20261031T013000", "RRULE:FREQ=DAILY;COUNT=3")) == [
        "10-31T01:30 = 10-31 05:30",
        "11-01T01:30 = 11-01 05:30",
        "11-02T01:30 = 11-02 06:30",
    ]


@pytest.mark.parametrize("zone", [NEW_YORK, "Eastern Standard Time", "/citadel.org/2021_1/America/New_York"])
def test_single_events_follow_the_same_clock_whatever_its_zone_is_called(zone: str) -> None:
    assert said(series(zone, "20260308T023000")) == ["03-08T02:30 = 03-08 07:30"]
    assert said(series(zone, "20261101T013000")) == ["11-01T01:30 = 11-01 05:30"]


def test_a_series_in_utc_keeps_its_hour_in_utc() -> None:
    rule = series("UTC", "20260328T090000Z", "RRULE:FREQ=DAILY;COUNT=3")
    assert rule.timezone == "UTC"
    assert said(rule) == [f"03-{day}T09:00 = 03-{day} 09:00" for day in (28, 29, 30)]


def single_in_utc(at: str) -> Rule:
    text = f"BEGIN:VEVENT\nUID:1\nDTSTART:{at}\nDURATION:PT1H\nEND:VEVENT"
    calendar = f"BEGIN:VCALENDAR\nX-WR-TIMEZONE:{NEW_YORK}\n{text}\nEND:VCALENDAR"
    return read_ics(calendar, source="a.ics").rules[0]


def test_a_single_event_in_utc_stays_there_only_where_its_calendars_clock_is_ambiguous() -> None:
    first, second = single_in_utc("20261101T053000Z"), single_in_utc("20261101T063000Z")
    assert (first.timezone, said(first)) == (NEW_YORK, ["11-01T01:30 = 11-01 05:30"])
    assert (second.timezone, said(second)) == ("UTC", ["11-01T06:30 = 11-01 06:30"])


def test_exceptions_mean_an_instance_in_whatever_zone_they_are_written() -> None:
    lines = (
        "EXDATE:20260308T073000Z",
        f"EXDATE;TZID={NEW_YORK}:20260309T023000",
        "EXDATE;VALUE=DATE:20260310",
    )
    rule = series(NEW_YORK, "20260307T023000", "RRULE:FREQ=DAILY;COUNT=5", *lines)
    assert said(rule) == ["03-07T02:30 = 03-07 07:30", "03-11T02:30 = 03-11 06:30"]


def test_added_dates_may_have_a_length_of_their_own() -> None:
    lines = (
        "RDATE:20260310T120000Z",
        "RDATE;VALUE=PERIOD:20260312T090000Z/PT2H,20260313T090000Z/20260313T093000Z",
    )
    found = occurrences(
        series("UTC", "20260302T090000Z", *lines), instant("2026-01-01"), instant("2027-01-01")
    )
    told = [(one.slot[5:], (one.ends - one.begins).seconds // 60) for one in found]
    assert told == [("03-02T09:00", 60), ("03-10T12:00", 60), ("03-12T09:00", 120), ("03-13T09:00", 30)]


def changed(of: str, *lines: str) -> str:
    return "\n".join([f"RECURRENCE-ID{of}", *lines])


def test_a_moved_instance_keeps_its_name_in_every_window() -> None:
    to = changed(f";TZID={NEW_YORK}:20260303T090000", "DTSTART:20260320T160000Z", "DURATION:PT2H")
    rule = series(NEW_YORK, "20260302T090000", "RRULE:FREQ=DAILY;COUNT=3", changes=(to,))
    assert said(rule) == [
        "03-02T09:00 = 03-02 14:00",
        "03-04T09:00 = 03-04 14:00",
        "03-03T09:00 = 03-20 16:00",
    ]
    assert said(rule, "2026-03-20", "2026-03-21") == ["03-03T09:00 = 03-20 16:00"]
    assert said(rule, "2026-03-03", "2026-03-04") == []


def test_the_newest_change_of_an_instance_counts() -> None:
    newer = changed(":20260303T090000Z", "SEQUENCE:3", "DTSTART:20260303T110000Z")
    older = changed(":20260303T090000Z", "SEQUENCE:2", "DTSTART:20260303T100000Z")
    rule = series("UTC", "20260302T090000Z", "RRULE:FREQ=DAILY;COUNT=2", changes=(newer, older))
    assert said(rule) == ["03-02T09:00 = 03-02 09:00", "03-03T09:00 = 03-03 11:00"]


def test_a_change_of_this_and_all_later_instances_moves_them_under_their_names() -> None:
    onward = changed(";RANGE=THISANDFUTURE:20260303T090000Z", "DTSTART:20260312T100000Z", "DURATION:PT30M")
    again = changed(":20260305T090000Z", "STATUS:CANCELLED")
    rule = series("UTC", "20260302T090000Z", "RRULE:FREQ=DAILY;COUNT=5", changes=(onward, again))
    assert said(rule) == [
        "03-02T09:00 = 03-02 09:00",
        "03-03T09:00 = 03-12 10:00",
        "03-04T09:00 = 03-13 10:00",
        "03-06T09:00 = 03-15 10:00",
    ]
    assert said(rule, "2026-03-15", "2026-03-16") == ["03-06T09:00 = 03-15 10:00"]


def test_a_series_may_be_cancelled_from_one_instance_on() -> None:
    end = changed(";RANGE=THISANDFUTURE:20260304T090000Z", "STATUS:CANCELLED")
    rule = series("UTC", "20260302T090000Z", "RRULE:FREQ=DAILY", changes=(end,))
    assert said(rule) == ["03-02T09:00 = 03-02 09:00", "03-03T09:00 = 03-03 09:00"]


def test_invitations_to_single_instances_come_without_their_series() -> None:
    body = f"BEGIN:VEVENT\nUID:1\n{changed(':20260303T090000Z', 'DTSTART:20260303T100000Z', 'DURATION:PT1H')}"
    found = read_ics(f"BEGIN:VCALENDAR\n{body}\nEND:VEVENT\nEND:VCALENDAR", source="a.ics")
    assert said(found.rules[0]) == ["03-03T09:00 = 03-03 10:00"]


def test_a_night_lesson_lasts_as_long_as_its_wall_times_tell_and_a_single_one_as_the_clocks_do() -> None:
    ends = "DTEND;TZID=Europe/Berlin:20260329T060000"
    for lines, hours in ((("RRULE:FREQ=DAILY;COUNT=2",), 8), ((), 7)):
        rule = series("Europe/Berlin", "20260328T220000", *lines)
        text = (rule.ical or "").replace("DURATION:PT1H", ends)
        first = next(walls(text, rule.zone, date(2026, 3, 28), date(2026, 3, 28), None))
        assert first.seconds == hours * 3600


def test_a_series_of_another_zone_is_shown_by_the_clock_of_the_rule() -> None:
    text = series("UTC", "20260308T070000Z").ical or ""
    check_ical(text, NEW_YORK)
    found = list(walls(text, ZoneInfo(NEW_YORK), date(2026, 3, 8), date(2026, 3, 8), None))
    assert [wall.at.hour for wall in found] == [3]


def test_walls_of_one_day_are_found_without_reading_the_text_again() -> None:
    rule = series(NEW_YORK, "20060102T090000", "RRULE:FREQ=DAILY")
    day = date(2026, 3, 2)
    assert rule.ical is not None
    begun = datetime.now(UTC)
    for _ in range(100):
        assert len(list(walls(rule.ical, rule.zone, day, day, None))) == 1
    assert datetime.now(UTC) - begun < timedelta(seconds=5)  # 0.1 s on the slowest machine we have


DAY_NAMES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAYS = st.lists(st.sampled_from(DAY_NAMES), min_size=1, max_size=3, unique=True).map(",".join)
ENDS = st.sampled_from(["", ";COUNT=7", ";UNTIL=20260601T120000Z"])
RECURRENCES = st.one_of(
    st.builds("FREQ=DAILY;INTERVAL={}{}".format, st.integers(1, 9), ENDS),
    st.builds(
        "FREQ=WEEKLY;INTERVAL={};BYDAY={};WKST={}{}".format,
        st.integers(1, 3), DAYS, st.sampled_from(["MO", "SU"]), ENDS,
    ),
    st.builds("FREQ=MONTHLY;BYDAY={};BYSETPOS={}{}".format, DAYS, st.sampled_from([1, 2, -1]), ENDS),
    st.builds("FREQ=MONTHLY;BYMONTHDAY={}{}".format, st.sampled_from([1, 15, 31, -1]), ENDS),
)  # fmt: skip
FIRST = datetime(2026, 2, 20)  # noqa: DTZ001  a wall time
DISTANCES = st.integers(0, 60).map(lambda step: FIRST + timedelta(days=step, hours=2, minutes=30))


@st.composite
def any_series(draw: st.DrawFn) -> Rule:
    zone = draw(st.sampled_from([NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata"]))
    lines = [f"RRULE:{draw(RECURRENCES)}"]
    lines += [f"EXDATE;TZID={zone}:{at:%Y%m%dT%H%M%S}" for at in draw(st.lists(DISTANCES, max_size=3))]
    changes = []
    for at in draw(st.lists(DISTANCES, max_size=3, unique=True)):
        to = at + timedelta(minutes=draw(st.sampled_from([0, 30, -90, 14400, -14400])))
        reach = draw(st.sampled_from(["", "", ";RANGE=THISANDFUTURE"]))
        told = draw(st.sampled_from([f"DTSTART;TZID={zone}:{to:%Y%m%dT%H%M%S}", "STATUS:CANCELLED"]))
        changes.append(changed(f";TZID={zone}{reach}:{at:%Y%m%dT%H%M%S}", told))
    return series(zone, "20260220T023000", *lines, changes=tuple(changes))


WHOLE = (instant("2026-01-01"), instant("2026-09-01"))


@settings(deadline=None, max_examples=200)
@given(any_series(), st.lists(st.integers(0, 243 * 24), min_size=2, max_size=2).map(sorted))
def test_whatever_window_is_asked_it_is_a_slice_of_the_whole(rule: Rule, hours: list[int]) -> None:
    since, until = (WHOLE[0] + timedelta(hours=step) for step in hours)
    whole = occurrences(rule, *WHOLE)
    assert occurrences(rule, since, until) == [one for one in whole if since <= one.begins < until]
    assert len({one.key for one in whole}) == len(whole)


@settings(deadline=None, max_examples=40)
@given(RECURRENCES, st.lists(DISTANCES, max_size=3))
def test_without_a_clock_that_changes_we_agree_with_another_reader(
    rule: str, without: list[datetime]
) -> None:
    lines = [f"EXDATE:{at:%Y%m%dT%H%M%SZ}" for at in without]
    found = series("UTC", "20260220T023000Z", f"RRULE:{rule}", *lines)
    calendar = icalendar.Calendar.from_ical(found.ical or "")
    theirs = recurring_ical_events.of(calendar).between(*WHOLE)
    ours = [one.begins for one in occurrences(found, *WHOLE)]
    assert ours == sorted(event["DTSTART"].dt for event in theirs)
