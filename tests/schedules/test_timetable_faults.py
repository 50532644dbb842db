"""Every fault of a file is told at once: its file, its line, its member, the value, and what is allowed."""

from __future__ import annotations

import pytest

from schedules.rule import Rule
from schedules.timetable import Fault, Format, TimetableErrors, read_text

WEEKLY = "mon wed fri 09:00-09:50 (days mon..sun, mon-fri, weekdays, weekends, daily; hours 00:00..24:00)"
SOURCES = "give exactly one of cron, slots, dates and ical"
MEMBERS = ", ".join(Rule.model_fields)
NICKNAMES = "@yearly @annually @monthly @weekly @daily @midnight @hourly"
LONG = "x" * 129


def faults(text: str, format: Format = "yaml") -> list[str]:
    with pytest.raises(TimetableErrors) as raised:
        read_text(text, f"school.{format}", format)
    assert str(raised.value).splitlines() == [str(fault) for fault in raised.value.faults]
    return [str(fault).removeprefix(f"school.{format}:") for fault in raised.value.faults]


# A member, written on line 5 of a sound file; which field is named; what is said of it.
OF_A_MEMBER = [
    ("slots: tue 09:00-10:00", "slots", "is given twice, on line 4 and line 5"),
    ("labels: {a: x, a: y}", "labels.a", "is given twice, on line 5 and line 5"),
    ("chanel: x", "chanel", "there is no such member; did you mean 'channel'?"),
    ("zzz: x", "zzz", f"there is no such member (there are: {MEMBERS})"),
    (
        "also: 2027-03-08 09:00",
        "also",
        "'2027-03-08 09:00' has no end; write 09:00-09:50, or give a duration",
    ),
    ("duration: soon", "duration", "'soon' is not a duration like 50m, 1h30m or 90s; 1s..24h is allowed"),
    ("duration: 1:30", "duration", "'1:30' is not a duration like 50m, 1h30m or 90s; 1s..24h is allowed"),
    ("duration: 25h", "duration", "'25h' is out of range; 1s..24h is allowed"),
    ("duration: 0", "duration", "'0' is out of range; 1s..24h is allowed"),
    ("lead: 2h", "lead", "'2h' is out of range; 0s..1h is allowed"),
    ("late: -5", "late", "'-5' is not a duration like 50m, 1h30m or 90s; 0s or more is allowed"),
    (
        "pad_after: [5m]",
        "pad_after",
        "a list is given where a duration like 50m, 1h30m or 90s (0s..4h) is wanted",
    ),
    ("priority: high", "priority", "'high' is not a whole number within -100..100"),
    ("priority: 1.5", "priority", "'1.5' is not a whole number within -100..100"),
    ("priority: 200", "priority", "'200' is out of range; -100..100 is allowed"),
    ("enabled: maybe", "enabled", "'maybe' is not true or false"),
    ("enabled: [true]", "enabled", "a list is given where true or false is wanted"),
    (
        "overlap: skipp",
        "overlap",
        "'skipp' is none of skip, queue, allow, cancel_previous; did you mean 'skip'?",
    ),
    ("overlap: never", "overlap", "'never' is none of skip, queue, allow, cancel_previous"),
    ("first: 8.3.2027", "first", "'8.3.2027' is not a date like 2027-03-08"),
    ("last: 2027-02-30", "last", "'2027-02-30' is not a date like 2027-03-08"),
    ("exceptions: 2027-04-16..2027-04-05", "exceptions", "'2027-04-16..2027-04-05' ends before it begins"),
    ("exceptions: easter", "exceptions", "there is no calendar 'easter' (there are: none)"),
    ("channel: '{room}'", "channel", "'{room}' has a place that is none of {name}, {date}, {time}"),
    ("channel: ''", "channel", "'' is not a text of 1..128 characters"),
    ("channel: [a]", "channel", "a list is given where a text of 1..128 characters is wanted"),
    (f"channel: {LONG}", "channel", f"'{'x' * 69}...' is not a text of 1..128 characters"),
    ("channel: !env X", "channel", "the tag !env means nothing here; a text with ! needs quotes"),
    ("labels: [a]", "labels", "a list is given where a mapping of members to values is wanted"),
    ("labels: {room: [a]}", "labels.room", "a list is given where a text is wanted"),
    (f"labels: {{a: b, c: {LONG}}}", "labels.c", "'c' and its value take 1..128 characters"),
    (f"labels: {dict.fromkeys(range(15), 'x')}", "labels", "has 15 members; at most 14 are allowed"),
    ("recording: mix", "recording", "'mix' is not a mapping of members to values"),
    ("timezone: Berlin", "timezone", "'Berlin' is not an IANA time zone like Europe/Berlin or UTC"),
    (
        "timezone: europe/berlin",
        "timezone",
        "'europe/berlin' is not an IANA time zone like Europe/Berlin or UTC; did you mean 'Europe/Berlin'?",
    ),
    ("name: art", "name", "'art' is not the name under which the schedule stands, 'math-7b'"),
    ("ical_file: [x]", "ical_file", "a list is given where the path of an .ics file is wanted"),
]


@pytest.mark.parametrize(("written", "field", "message"), OF_A_MEMBER)
def test_a_member_that_is_wrong_is_named_with_what_is_allowed(written: str, field: str, message: str) -> None:
    text = f"timezone: UTC\nschedules:\n  math-7b:\n    slots: mon 09:00-09:50\n    {written}\n"
    assert f"5: schedules.math-7b.{field}: {message}" in faults(text)
    assert len(faults(text)) == (2 if "ical_file" in written else 1)


# The lines of a schedule from line 4 on; the fault, with its line.
OF_A_SCHEDULE = [
    ("slots: mon 9", f"4: slots: 'mon 9' is not a weekly slot like {WEEKLY}"),
    ("slots: mox 09:00-10:00", f"4: slots: 'mox' in 'mox 09:00-10:00' is not a day of {WEEKLY}"),
    ("slots: [mon 9:00-9:50, tue 9:00-9:00]", "4: slots: '9:00-9:00' in 'tue 9:00-9:00' ends when it begins"),
    ("slots:\n    - mon 9:00-9:50\n    - mon 09:00-9:30", "6: slots: mon 09:00 is named twice"),
    ("slots: {mon: 09:00}", "4: slots: a mapping is given where a text or a list of texts is wanted"),
    ("slots:\n    - mon 9:00-9:50\n    - [a]", "6: slots: a list is given where a text is wanted"),
    ("slots:\n    - mon 9:00-9:50\n    -", "6: slots: nothing is given where a text is wanted"),
    ("slots: mon 0:00-23:50\n    pad_after: 20m", "4: slots: 23h50m with its padding is above 24h"),
    ("slots: []", f"4: slots: {SOURCES} (got none)"),
    ("labels: {a: b}", f"3: slots: {SOURCES} (got none)"),
    ("slot: mon 09:00-09:50", "4: slot: there is no such member; did you mean 'slots'?"),
    ("cron: 0 9 * * *", "3: duration: a cron expression has no end, so a duration is needed"),
    ("cron: 0 9 31 2 *\n    duration: 1h", "4: cron: '0 9 31 2 *' names a day that never comes"),
    ("cron: 0 9\n    duration: 1h", "4: cron: '0 9' is not a cron expression: give five fields (minute hour "
     f"day month weekday) like 0 9 * * mon-fri, or one of {NICKNAMES}"),
    ("dates: 2027-03-08", "4: dates: '2027-03-08' is not a date with its hours like 2027-03-08 09:00-09:50"),
    ("slots: mon 9:00-9:50\n    dates: 2027-03-08 9:00-9:50", f"5: dates: {SOURCES} (got slots and dates)"),
    ("slots: mon 9:00-9:50\n    first: 2027-03-08\n    last: 2027-03-01",
     "6: last: 2027-03-01 is before first, 2027-03-08"),
    ("ical_file: term.ics", "4: ical_file: 'term.ics' cannot be read here; give its text as ical"),
    ("ical: x\n    ical_file: y.ics", "5: ical_file: ical is given too; give one of them"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "fault"), OF_A_SCHEDULE)
def test_a_schedule_that_cannot_recur_is_told_on_its_line(written: str, fault: str) -> None:
    line, _, message = fault.partition(": ")
    text = f"timezone: UTC\nschedules:\n  math-7b:\n    {written}\n"
    assert faults(text) == [f"{line}: schedules.math-7b.{message}"]


def test_no_fault_hides_another() -> None:
    text = """\
timezone: Europe/Berlni
defaults:
  lead: 2h
schedules:
  a:
    slots:
    - mon 9
    - tue 09:00-10:00
    - wed 25:00-26:00
    priority: high
    exceptions: [2027-13-01, easter]
    first: 2027-03-08
    last: 2027-03-01
  b:
    slots: mon 09:00-10:00
    chanel: x
"""
    found = [line.partition(": ")[0] + " " + line.split(": ")[1] for line in faults(text)]
    assert found == [
        "1 timezone",
        "3 defaults.lead",  # once, though two schedules have it
        "7 schedules.a.slots",
        "9 schedules.a.slots",
        "10 schedules.a.priority",
        "11 schedules.a.exceptions",
        "11 schedules.a.exceptions",
        "13 schedules.a.last",
        "16 schedules.b.chanel",
    ]


def test_two_sources_do_not_hide_what_is_wrong_with_one_of_them() -> None:
    text = "timezone: UTC\nschedules:\n  a:\n    slots: mon 9:00-9:50\n    cron: 0 9 * * *\n    lead: 2h\n"
    assert f"5: schedules.a.cron: {SOURCES} (got slots and cron)" not in faults(text)
    assert f"4: schedules.a.slots: {SOURCES} (got cron and slots)" in faults(text)
    assert "6: schedules.a.lead: '2h' is out of range; 0s..1h is allowed" in faults(text)


def test_a_callers_own_check_adds_faults_with_their_lines() -> None:
    members = "    slots: mon 9:00-9:50\n    recording:\n      mode: mixx\n    lead: 2h\n"
    text = f"timezone: UTC\nschedules:\n  a:\n{members}"

    def check(rule: Rule) -> list[tuple[str, str]]:
        said = f"{rule.recording['mode']!r} is no mode"
        return [("recording.mode", said), ("recording.storage", "is missing"), ("lead", "of a stand-in")]

    with pytest.raises(TimetableErrors) as raised:
        read_text(text, "school.yaml", "yaml", check=check)
    assert raised.value.faults == (
        Fault("school.yaml", 5, "schedules.a.recording.storage", "is missing"),
        Fault("school.yaml", 6, "schedules.a.recording.mode", "'mixx' is no mode"),
        Fault("school.yaml", 7, "schedules.a.lead", "'2h' is out of range; 0s..1h is allowed"),
    )
