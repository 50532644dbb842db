"""A file that is no timetable, and wrong rows of a CSV, are told with their lines; nothing is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from schedules.timetable import Format, TimetableErrors, read, read_text

WEEKLY = "mon wed fri 09:00-09:50 (days mon..sun, mon-fri, weekdays, weekends, daily; hours 00:00..24:00)"
RANGE = "a date or a range like 2027-04-05 or 2027-04-05..2027-04-16"


def faults(text: str, format: Format) -> list[str]:
    with pytest.raises(TimetableErrors) as raised:
        read_text(text, f"school.{format}", format)
    return [str(fault).removeprefix(f"school.{format}:") for fault in raised.value.faults]


OF_A_FILE = [
    ("", [" is empty; a timetable has schedules:, or calendars:"]),
    ("# later\n", [" is empty; a timetable has schedules:, or calendars:"]),
    ("later\n", ["1: begins with a text; a timetable has schedules: at its top"]),
    ("- a\n", ["1: begins with a list; a timetable has schedules: at its top"]),
    ("timezone: UTC\n", [" schedules: is missing; write schedules: {} for none"]),
    ("schedules:\n", ["1: schedules: is empty; a mapping of names to schedules is wanted ({} for none)"]),
    (
        "schedules: {}\ncalender: {}\n",
        ["2: calender: there is no such member of a timetable; did you mean 'calendars'?"],
    ),
    (
        "schedules: {}\nart: {}\n",
        [
            "2: art: there is no such member of a timetable (there are: timezone, calendars, "
            "defaults, schedules; a schedule goes under schedules)"
        ],
    ),
    ("schedules: {}\nschedules: {}\n", ["2: schedules: is given twice, on line 1 and line 2"]),
    (
        "schedules: {a: {slots: mon 9:00-9:50}}\n",
        [
            "1: schedules.a.timezone: is missing; name an IANA time zone like Europe/Berlin, "
            "here or for the whole file"
        ],
    ),
    (
        "schedules: {a: mon}\n",
        ["1: schedules.a: is a text; a schedule is a mapping of members such as slots and timezone"],
    ),
    (
        "timezone: UTC\nschedules: {A 1: {slots: mon 9:00-9:50}}\n",
        ["2: schedules.A 1: 'A 1' is not a name: 1..63 of a-z 0-9 . _ -, the first a letter or a digit"],
    ),
    (
        "schedules:\n- {timezone: UTC}\n- b\n",
        [
            "2: schedules.1: has no name; each schedule of a list needs a name",
            "3: schedules.2: has no name; each schedule of a list needs a name",
        ],
    ),
    (
        "timezone: UTC\nschedules:\n- {name: a, slots: mon 9:00-9:50}\n- {name: a}\n",
        ["4: schedules.a: is given twice, on line 3 and line 4"],
    ),
    (
        "calendars: {Easter: 2027-03-28}\n",
        [
            "1: calendars.Easter: 'Easter' is not a calendar's name: 1..63 of a-z 0-9 . _ -, the "
            "first a letter"
        ],
    ),
    (
        "calendars:\n  off:\n  - easter\n  - 2027-05-32\n  - 2027-05-02..2027-05-01\n  - {}\n",
        [
            f"3: calendars.off: 'easter' is not {RANGE}",
            f"4: calendars.off: '2027-05-32' is not {RANGE}",
            "5: calendars.off: '2027-05-02..2027-05-01' ends before it begins",
            f"6: calendars.off: a mapping is given where {RANGE} is wanted",
        ],
    ),
    (
        "calendars: [2027-05-01]\n",
        ["1: calendars: is a list; a mapping of names to lists of dates is wanted ({} for none)"],
    ),
    (
        "defaults: {name: x, slots: x}\nschedules: {}\n",
        [
            "1: defaults.name: cannot be a default; give it in each schedule",
            "1: defaults.slots: cannot be a default; give it in each schedule",
        ],
    ),
    (
        "defaults:\n  laed: 2m\nschedules: {}\n",
        ["2: defaults.laed: there is no such member; did you mean 'lead'?"],
    ),
    ("schedules: &a {b: *a}\n", ["1: holds aliases that repeat each other without end"]),
    ("schedules: {}\n? [a]\n: b\n", ["2: a list or mapping cannot be the name of a member"]),
    ("schedules: {}\nx: \a\n", ["2: the character U+0007 is not allowed in YAML"]),
    ("[" * 3000, [" is nested too deeply"]),
    (
        "schedules:\n  a:\n    channel: {date}-x\n",
        [
            "3: is not YAML: while parsing a block mapping, expected <block end>, but found "
            "'<scalar>' (a text that begins with { [ or a quote needs quotes around all of it)"
        ],
    ),
    (
        "cron: */10 * * * *\n",
        [
            "1: is not YAML: while scanning an alias, expected alphabetic or numeric character, "
            "but found '/' (a text that begins with * needs quotes)"
        ],
    ),
    (
        "a:\n  cron: @daily\n",
        [
            "2: is not YAML: while scanning for the next token, found character '@' that cannot "
            "start any token (a text that begins with @ ` or % needs quotes)"
        ],
    ),
    (
        "a:\n\tb: c\n",
        [
            "2: is not YAML: while scanning for the next token, found character '\\t' that cannot "
            "start any token (indent with spaces, not with tabs)"
        ],
    ),
    (
        "a: b: c\n",
        [
            "1: is not YAML: mapping values are not allowed here (a text with ': ' in it needs "
            "quotes, and members of one mapping the same indent)"
        ],
    ),
    (
        "a: 1\nb: 'x\nc: 2\n",
        [
            "2: is not YAML: while scanning a quoted scalar, found unexpected end of stream (a "
            "quote is not closed)"
        ],
    ),
    (
        "a: 1\nb: {c: d\n",
        [
            "2: is not YAML: while parsing a flow mapping, expected ',' or '}', but got '<stream "
            "end>' (a { or [ is not closed, or a text in it needs quotes)"
        ],
    ),
    (
        "a: 1\n---\nb: 1\n",
        [
            "2: is not YAML: expected a single document in the stream, but found another "
            "document (give one document; take the --- away)"
        ],
    ),
]


@pytest.mark.parametrize(("text", "told"), OF_A_FILE)
def test_a_file_that_is_no_timetable_is_told_why(text: str, told: list[str]) -> None:
    assert faults(text, "yaml") == told


OF_ROWS = [
    (
        "name,timezone,day,from,to\na,UTC,mon,9:00,9:50\na,UTC,mox,9:00,9:50\n",
        [f"3: schedules.a.slots: 'mox' in 'mox 9:00-9:50' is not a day of {WEEKLY}"],
    ),
    (
        "name,timezone,day,from,to\na,UTC,mon,9:00,9:50\n\na,UTC,mon,9:00,9:30\n",
        ["4: schedules.a.slots: mon 09:00 is named twice"],
    ),
    (
        "name,timezone,day,from,to\na,UTC,mon,9:00,9:50\na,Asia/Tokyo,tue,9:00,9:50\n",
        [
            "3: schedules.a.timezone: 'Asia/Tokyo' here, but 'UTC' on line 2; the rows of one "
            "schedule must agree"
        ],
    ),
    ("name,timezone,day,from,to\n,UTC,mon,9:00,9:50\n", ["2: name: the row has no name"]),
    (
        "name,timezone,day,from,to\na,UTC,mon,,9:50\n",
        ["2: schedules.a.from: is missing; day, from and to go together"],
    ),
    ("name,timezone,day,from,to\na,UTC,mon,9,9:50\n", ["2: schedules.a.from: '9' is not a time like 09:00"]),
    ("name,timezone,day,from,to\na,UTC,mon,9:00,9:50,x\n", ["2: the row has 6 cells, the header 5"]),
    ('name,timezone,day,from,to\na,"UTC\n\n', ["2: is not CSV: unexpected end of data"]),
    (
        "nam,timezone\na,UTC\n",
        [
            "1: nam: there is no such column; did you mean 'name'?",
            "1: name: there is no such column, and every row needs a name",
        ],
    ),
    ("name,slots,slots,timezone\na,mon 9:00-9:50,,UTC\n", ["1: slots: is the name of two columns"]),
    (
        "name;timezone;slots;exceptions\na;UTC;mon 9:00-9:50;easter 2027-5-1\n",
        [
            "2: schedules.a.exceptions: there is no calendar 'easter' (there are: none)",
            "2: schedules.a.exceptions: '2027-5-1' is none of 2027-04-05, "
            "2027-04-05..2027-04-16, or the name of a calendar",
        ],
    ),
    (
        "name,timezone,slots,recording.a,recording.a.b\na,UTC,mon 9:00-9:50,1,2\n",
        ["1: recording.a: cannot be a value beside columns recording.a.*"],
    ),
]


@pytest.mark.parametrize(("text", "told"), OF_ROWS)
def test_a_row_that_is_wrong_is_told_with_its_line(text: str, told: list[str]) -> None:
    assert faults(text, "csv") == told


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.yaml", "a: b\nü: c\n".encode("latin-1"), ":2: is not UTF-8 (byte 0xfc); save it as UTF-8"),
        ("a.csv", "name\n".encode("utf-16"), ":1: is UTF-16; save it as UTF-8"),
        ("a.txt", b"", ": is none of .yaml, .yml and .csv"),
        ("a.yaml", None, ": cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_fault_of_the_file(
    tmp_path: Path, name: str, data: bytes | None, said: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(TimetableErrors) as raised:
        read(tmp_path / name)
    assert str(raised.value) == f"{tmp_path / name}{said}"


def test_an_ical_file_that_is_not_there_is_told_where_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "school.yaml"
    path.write_text("timezone: UTC\nschedules:\n  a:\n    ical_file: term.ics\n")
    with pytest.raises(TimetableErrors) as raised:
        read(path)
    assert str(raised.value) == (
        f"{path}:4: schedules.a.ical_file: 'term.ics' cannot be read: No such file or directory"
    )
