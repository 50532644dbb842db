"""The words in which people write rules: what each means, and what is said of one that means nothing."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest
from pydantic import ValidationError

from schedules.calendars import DaysOff, Exclusion
from schedules.cron import NICKNAMES, check_cron, read_cron
from schedules.recurrence import occurrences
from schedules.rule import Rule, say_seconds, seconds
from schedules.slots import moments, weekly_slots

FORMS = "2027-04-05, 2027-04-05..2027-04-16, or the name of a calendar"
WEEKLY = "mon wed fri 09:00-09:50 (days mon..sun, mon-fri, weekdays, weekends, daily; hours 00:00..24:00)"
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)


def rule(**members: Any) -> Rule:
    return Rule(**{"name": "maths", "channel": "maths", "timezone": "UTC", **members})


def refusal(**members: Any) -> str:
    """What is said of a rule, where there is one thing to say."""
    with pytest.raises(ValidationError) as caught:
        rule(**members)
    (fault,) = caught.value.errors()
    return fault["msg"].removeprefix("Value error, ")


@pytest.mark.parametrize(
    ("text", "days", "spans"),
    [
        ("mon 09:00-09:50", [MONDAY], [("09:00", 50)]),
        ("Mon 9:00-9:50", [MONDAY], [("09:00", 50)]),
        ("monday 09:00 - 09:50", [MONDAY], [("09:00", 50)]),
        ("mon wed fri 09:00-09:50", [MONDAY, WEDNESDAY, FRIDAY], [("09:00", 50)]),
        ("mon, wed,fri 09:00-09:50", [MONDAY, WEDNESDAY, FRIDAY], [("09:00", 50)]),
        ("mon mon 09:00-09:50", [MONDAY], [("09:00", 50)]),
        ("tues thurs 10:00-11:00", [TUESDAY, THURSDAY], [("10:00", 60)]),
        ("mon-fri 09:00-09:50", [0, 1, 2, 3, 4], [("09:00", 50)]),
        ("weekdays 09:00-09:50", [0, 1, 2, 3, 4], [("09:00", 50)]),
        ("weekends 09:00-09:50", [SATURDAY, SUNDAY], [("09:00", 50)]),
        ("daily 09:00-09:50", [0, 1, 2, 3, 4, 5, 6], [("09:00", 50)]),
        ("fri-mon 09:00-09:50", [FRIDAY, SATURDAY, SUNDAY, MONDAY], [("09:00", 50)]),
        ("mon-mon 09:00-09:50", [MONDAY], [("09:00", 50)]),
        ("mon 09:00-09:50, 11:00-11:30", [MONDAY], [("09:00", 50), ("11:00", 30)]),
        ("sat 22:00-01:00", [SATURDAY], [("22:00", 180)]),
        ("sat 22:00-24:00", [SATURDAY], [("22:00", 120)]),
        ("sat 22:00-00:00", [SATURDAY], [("22:00", 120)]),
        ("sat 00:00-24:00", [SATURDAY], [("00:00", 1440)]),
        ("sat 23:59-23:58", [SATURDAY], [("23:59", 1439)]),
        ("mon 09:00", [MONDAY], [("09:00", 45)]),
        ("mon 09:00, 10:00-10:10", [MONDAY], [("09:00", 45), ("10:00", 10)]),
    ],
)
def test_a_weekly_slot_says_days_and_hours(text: str, days: list[int], spans: list[tuple[str, int]]) -> None:
    found = weekly_slots(text, 45 * 60)
    assert [(slot.weekday, slot.at, slot.seconds) for slot in found] == [
        (day, time.fromisoformat(at), minutes * 60) for day in days for at, minutes in spans
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("mon", f"'mon' is not a weekly slot like {WEEKLY}"),
        ("09:00-09:50", f"'09:00-09:50' is not a weekly slot like {WEEKLY}"),
        ("mon 9-10", f"'mon 9-10' is not a weekly slot like {WEEKLY}"),
        ("funday 09:00-10:00", f"'funday' in 'funday 09:00-10:00' is not a day of {WEEKLY}"),
        ("mo 09:00-10:00", f"'mo' in 'mo 09:00-10:00' is not a day of {WEEKLY}"),
        ("mon-fun 09:00-10:00", f"'mon-fun' in 'mon-fun 09:00-10:00' is not a day of {WEEKLY}"),
        ("mon - fri 09:00-10:00", f"'-' in 'mon - fri 09:00-10:00' is not a day of {WEEKLY}"),
        ("2027-03-08 09:00-10:00", f"'2027-03-08' in '2027-03-08 09:00-10:00' is not a day of {WEEKLY}"),
        ("mon 009:00-10:00", f"'0' in 'mon 009:00-10:00' is not a day of {WEEKLY}"),
        ("mon 25:00-26:00", "'25:00' in 'mon 25:00-26:00' is not a time within 00:00..24:00"),
        ("mon 09:60-10:00", "'09:60' in 'mon 09:60-10:00' is not a time within 00:00..24:00"),
        ("mon 09:00-24:01", "'24:01' in 'mon 09:00-24:01' is not a time within 00:00..24:00"),
        ("mon 24:00-01:00", "'24:00-01:00' in 'mon 24:00-01:00' begins after 23:59"),
        ("mon 09:00-09:00", "'09:00-09:00' in 'mon 09:00-09:00' ends when it begins"),
        ("mon 09:00-9:5", "'09:00-9:5' in 'mon 09:00-9:5' is not hours like 09:00-09:50"),
        ("mon 09:00-10:00 tue", "'09:00-10:00 tue' in 'mon 09:00-10:00 tue' is not hours like 09:00-09:50"),
        ("mon 09:00-10:00,", "'' in 'mon 09:00-10:00,' is not hours like 09:00-09:50"),
        ("mon 09:00", "'mon 09:00' has no end; write 09:00-09:50, or give a duration"),
    ],
)
def test_a_weekly_slot_is_refused_in_one_sentence(text: str, fault: str) -> None:
    assert refusal(slots=text) == f"slots: {fault}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-03-08 09:00-09:50", [(datetime(2027, 3, 8, 9), 50)]),  # noqa: DTZ001
        ("2027-03-08T09:00-09:50", [(datetime(2027, 3, 8, 9), 50)]),  # noqa: DTZ001
        ("2027-03-08 09:00", [(datetime(2027, 3, 8, 9), 45)]),  # noqa: DTZ001
        ("2028-02-29 22:00-01:00", [(datetime(2028, 2, 29, 22), 180)]),  # noqa: DTZ001
        (
            "2027-03-08, 2027-03-10 09:00-09:50",
            [(datetime(2027, 3, 8, 9), 50), (datetime(2027, 3, 10, 9), 50)],  # noqa: DTZ001
        ),
    ],
)
def test_a_date_says_its_hours(text: str, expected: list[tuple[datetime, int]]) -> None:
    found = moments(text, 45 * 60)
    assert [(moment.at, moment.seconds) for moment in found] == [
        (at, minutes * 60) for at, minutes in expected
    ]


@pytest.mark.parametrize("member", ["dates", "also"])
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("2027-03-08", "'2027-03-08' is not a date with its hours like 2027-03-08 09:00-09:50"),
        (
            "2027-02-29 09:00-10:00",
            "'2027-02-29 09:00-10:00' is not a date with its hours like 2027-03-08 09:00-09:50",
        ),
        (
            "8/3/2027 09:00-10:00",
            "'8/3/2027 09:00-10:00' is not a date with its hours like 2027-03-08 09:00-09:50",
        ),
        ("2027-03-08 09:00", "'2027-03-08 09:00' has no end; write 09:00-09:50, or give a duration"),
        ("2027-03-08 09:00:00", "'09:00:00' in '2027-03-08 09:00:00' is not hours like 09:00-09:50"),
        (
            "2027-03-08T09:00+01:00",
            "'09:00+01:00' in '2027-03-08T09:00+01:00' is not hours like 09:00-09:50",
        ),
        ("2027-03-08 09:00-10:00; 2027-03-08 9:00-11:00", "2027-03-08 09:00 is named twice"),
    ],
)
def test_a_date_is_refused_in_one_sentence(member: str, text: str, fault: str) -> None:
    source = {} if member == "dates" else {"slots": "mon 09:00-10:00"}
    assert refusal(**source, **{member: text}) == f"{member}: {fault}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("50m", 3000),
        ("50min", 3000),
        ("1h", 3600),
        ("1h30m", 5400),
        (" 1h 30m ", 5400),
        ("1h30m15s", 5415),
        ("90s", 90),
        ("90", 90),
        (90, 90),
        (90.0, 90),
    ],
)
def test_a_duration_is_seconds_or_words(text: object, expected: int) -> None:
    assert rule(slots="mon 09:00", duration=text).duration == expected
    assert seconds(say_seconds(expected)) == expected


@pytest.mark.parametrize(
    "text", ["", "h", "m", "-5m", "1.5h", "1d", "50 minutes", "1h30", "5m30", "30m1h", "٥m"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    assert refusal(slots="mon 09:00", duration=text) == f"{text!r} is not a duration like 50m, 1h30m or 90s"


def test_a_truth_value_is_no_duration() -> None:
    assert refusal(slots="mon 09:00", duration=True) == "True is not a duration like 50m, 1h30m or 90s"


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({}, "slots: give exactly one of cron, slots, dates and ical (got none)"),
        ({"slots": ""}, "slots: give exactly one of cron, slots, dates and ical (got none)"),
        (
            {"slots": "mon 09:00-10:00", "cron": "0 9 * * *"},
            "slots: give exactly one of cron, slots, dates and ical (got cron and slots)",
        ),
        ({"cron": "0 9 * * *"}, "duration: a cron expression has no end, so a duration is needed"),
        ({"cron": "0 9 * * *", "duration": 0}, "Input should be greater than 0"),
        ({"cron": "0 9 * * *", "duration": "25h"}, "Input should be less than or equal to 86400"),
        (
            {"cron": "0 9 * * *", "duration": "24h", "pad_after": 1},
            "duration: 24h with its padding is above 24h",
        ),
        ({"slots": "mon 00:00-23:00", "pad_before": "2h"}, "slots: 23h with its padding is above 24h"),
        ({"slots": "mon 09:00-10:00; mon 9:00-9:30"}, "slots: mon 09:00 is named twice"),
        ({"slots": "weekdays 09:00-10:00; fri 9:00-9:30"}, "slots: fri 09:00 is named twice"),
        (
            {"slots": "mon 09:00-10:00", "first": "2027-02-01", "last": "2027-01-31"},
            "last: 2027-01-31 is before first, 2027-02-01",
        ),
        (
            {"slots": "mon 09:00-10:00", "timezone": "Berlin"},
            "'Berlin' is not an IANA time zone like Europe/Berlin or UTC",
        ),
        (
            {"slots": "mon 09:00-10:00", "timezone": "../etc/passwd"},
            "'../etc/passwd' is not an IANA time zone like Europe/Berlin or UTC",
        ),
        (
            {"slots": "mon 09:00-10:00", "labels": {"room": "x" * 129}},
            "labels: 'room' and its value take 1..128 characters",
        ),
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused(members: dict[str, Any], fault: str) -> None:
    assert refusal(**members) == fault


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        ("maths", "maths"),
        ("{name}", "maths"),
        ("{name}-{date}-{time}", "maths-2027-03-08-0905"),
        ("{{x}}", "{x}"),
    ],
)
def test_a_channel_is_filled_from_the_slot(text: str, channel: str) -> None:
    assert rule(slots="mon 09:05-10:00", channel=text).channel_at(datetime(2027, 3, 8, 9, 5)) == channel  # noqa: DTZ001


@pytest.mark.parametrize(
    "text",
    ["{", "}", "{}", "{0}", "{room}", "{name.x}", "{name[0]}", "{name:>30}", "{name!r}", "{date:{time}}"],
)
def test_a_channel_with_another_place_is_refused(text: str) -> None:
    assert (
        refusal(slots="mon 09:00-10:00", channel=text)
        == f"{text!r} has a place that is none of {{name}}, {{date}}, {{time}}"
    )


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2027-04-05", "2027-04-05", "2027-04-05"),
        (" 2027-04-05 ", "2027-04-05", "2027-04-05"),
        ("2027-04-05..2027-04-16", "2027-04-05", "2027-04-16"),
        ("2027-04-05 .. 2027-04-05", "2027-04-05", "2027-04-05"),
    ],
)
def test_an_exception_is_a_day_or_a_range(text: str, first: str, last: str) -> None:
    found = Exclusion.read(text)
    assert found == Exclusion(date.fromisoformat(first), date.fromisoformat(last))
    assert str(found) == (first if first == last else f"{first}..{last}")
    assert Exclusion.read(str(found)) == found


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("2027-04-16..2027-04-05", "'2027-04-16..2027-04-05' ends before it begins"),
        ("2027-04-31", f"'2027-04-31' is none of {FORMS}"),
        ("2027-04-05..", f"'2027-04-05..' is none of {FORMS}"),
        ("Easter", f"'Easter' is none of {FORMS}"),
    ],
)  # fmt: skip
def test_an_exception_is_refused_in_one_sentence(text: str, fault: str) -> None:
    assert refusal(slots="mon 09:00-10:00", exceptions=text) == fault


def test_a_calendar_excludes_its_days_and_is_named_as_the_reason() -> None:
    easter = {"easter": (Exclusion.read("2027-03-26..2027-03-29"), Exclusion.read("2027-04-05"))}
    off = DaysOff([Exclusion.read("easter"), Exclusion.read("2027-03-29..2027-03-30")], easter)
    days = {day: off.why(date(2027, 3, day)) for day in (25, 26, 29, 30, 31)}
    assert days == {25: None, 26: "easter", 29: "easter", 30: "2027-03-29..2027-03-30", 31: None}
    assert off.why(date(2027, 4, 5)) == "easter"


def test_a_calendar_that_is_not_there_is_said_with_those_that_are() -> None:
    with pytest.raises(ValueError) as caught:
        DaysOff([Exclusion.read("eid")], {"easter": (), "christmas": ()})
    assert str(caught.value) == "exceptions: there is no calendar 'eid' (there are: christmas, easter)"


@pytest.mark.parametrize(
    ("text", "times", "interval"),
    [
        ("0 9 * * mon-fri", ["09:00"], False),
        ("  0 9 * * MON-FRI  ", ["09:00"], False),
        ("30,0 9,8 * * *", ["08:00", "08:30", "09:00", "09:30"], False),
        ("0 22-1 * * *", ["00:00", "01:00", "22:00", "23:00"], False),
        ("0 */8 * * *", ["00:00", "08:00", "16:00"], False),
        ("40/10 7 * * *", ["07:40", "07:50"], False),
        ("@weekly", ["00:00"], False),
        ("@Midnight", ["00:00"], False),
        ("0 * * * *", [f"{hour:02}:00" for hour in range(24)], True),
        ("0 */1 * * *", [f"{hour:02}:00" for hour in range(24)], True),
        ("0 0-23 * * *", [f"{hour:02}:00" for hour in range(24)], False),
        ("@hourly", [f"{hour:02}:00" for hour in range(24)], True),
    ],
)
def test_an_expression_says_its_times_and_whether_it_is_an_interval(
    text: str, times: list[str], interval: bool
) -> None:
    found = read_cron(text)
    assert ([f"{at:%H:%M}" for at in found.times], found.interval) == (times, interval)
    assert check_cron(text) == text.strip()


FORM = "give five fields (minute hour day month weekday) like 0 9 * * mon-fri, or one of " + " ".join(
    NICKNAMES
)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("0 9 * *", f"'0 9 * *' is not a cron expression: {FORM}"),
        ("0 0 9 * * *", f"'0 0 9 * * *' is not a cron expression: {FORM}"),
        ("@reboot", f"'@reboot' is not a cron expression: {FORM}"),
        ("@every 5m", f"'@every 5m' is not a cron expression: {FORM}"),
        ("0 9 31 2 *", "'0 9 31 2 *' names a day that never comes"),
        ("R 9 * * *", "'R 9 * * *' takes H or R, whose times would change from process to process"),
        ("0 h(8-9) * * *", "'0 h(8-9) * * *' takes H or R, whose times would change from process to process"),
        ("0 9 * * R", "'0 9 * * R' takes H or R, whose times would change from process to process"),
        ("0 9-9 * * mon", "'0 9-9 * * mon' has '9-9', which cron takes for every value: write '9'"),
        ("0 9 * * Mon-Mon", "'0 9 * * Mon-Mon' has 'mon-mon', which cron takes for every value: write 'mon'"),
        ("0 8,11-11 * * *", "'0 8,11-11 * * *' has '11-11', which cron takes for every value: write '11'"),
        (
            "0 9 1 * mon#1",
            "'0 9 1 * mon#1' has a day and a weekday, which is more than W, # or L can keep to",
        ),
        ("0 9 1 * L5", "'0 9 1 * L5' has a day and a weekday, which is more than W, # or L can keep to"),
        ("0 9 1W * mon", "'0 9 1W * mon' has a day and a weekday, which is more than W, # or L can keep to"),
    ],
)
def test_an_expression_is_refused_in_one_sentence(text: str, fault: str) -> None:
    assert refusal(cron=text, duration="50m") == fault


@pytest.mark.parametrize(
    "text",
    ["60 9 * * *", "0 24 * * *", "0 9 0 * *", "0 9 32 * *", "0 9 * 13 *", "0 9 * * 8", "0 9 * * mon,fri#1",
     "a b c d e", "0 L * * *", "0 9 * * L", "*/0 9 * * *", "0 9 * * mon-", "-1 9 * * *", "? 9 * * *"],
)  # fmt: skip
def test_what_croniter_does_not_take_is_refused_in_its_words(text: str) -> None:
    assert refusal(cron=text, duration="50m").startswith(f"{text!r} is not a cron expression: ")


@pytest.mark.parametrize(
    "text", ["0 9 11-21 * *", "0 9 1-11 * *", "0 9 21-1 * *", "0 9 * * thu", "0 9 * mar,apr fri"]
)
def test_no_sound_expression_is_taken_for_a_trap(text: str) -> None:
    assert check_cron(text) == text


def test_a_window_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError) as caught:
        occurrences(rule(slots="mon 09:00-10:00"), datetime(2027, 3, 8), datetime(2027, 3, 9))  # noqa: DTZ001
    assert str(caught.value) == "since and until need a time zone: whose midnight would it be?"
