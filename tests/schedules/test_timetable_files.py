"""Timetable files become rules, and rules files that read back to the same."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from schedules.rule import Rule
from schedules.timetable import Timetable, read, read_text, write

SCHOOL = """\
timezone: Europe/Berlin
calendars:
  holidays: [2027-04-05..2027-04-16, 2027-05-01]
  none:
defaults:
  lead: 2m
  exceptions: [holidays]
  labels: {school: north, wing: east}
  recording: {mode: mix, idle: 30}
schedules:
  math-7b:
    channel: math-{date}
    slots: mon wed fri 09:00-09:50
    labels: {room: 007, wing: ~}
    recording: {mode: individual}
  art:
    timezone: UTC
    dates:
      - 2027-03-08 09:00-09:50
      - 2027-03-09 09:00
    duration: 50m
    exceptions: ~
    lead:
    first: 2027-03-01
"""


def yaml_of(*members: str) -> Rule:
    lines = "".join(f"    {line}\n" for line in members)
    text = f"timezone: UTC\nschedules:\n  math:\n    slots: mon 09:00-09:50\n{lines}"
    return read_text(text, "school.yaml", "yaml").rules["math"]


def test_a_file_gives_its_rules_with_the_defaults_merged_under_them() -> None:
    table = read_text(SCHOOL, "school.yaml", "yaml")
    math, art = table.rules["math-7b"], table.rules["art"]
    assert (math.timezone, math.lead, math.exceptions) == ("Europe/Berlin", 120, ("holidays",))
    assert math.labels == {"school": "north", "room": "007"}
    assert math.recording == {"mode": "individual", "idle": 30}
    assert (art.channel, art.timezone, art.lead, art.exceptions) == ("art", "UTC", 0, ())
    assert art.dates == ("2027-03-08 09:00-09:50", "2027-03-09 09:00")
    assert art.first == date(2027, 3, 1)
    assert table.calendars == {"holidays": ("2027-04-05..2027-04-16", "2027-05-01"), "none": ()}


def test_lines_tell_where_each_member_was_written() -> None:
    lines = read_text(SCHOOL, "school.yaml", "yaml").lines
    assert lines["schedules.math-7b"] == 11
    assert lines["schedules.math-7b.slots"] == 13
    assert lines["schedules.math-7b.lead"] == 6  # a default's
    assert lines["calendars.holidays"] == 3


def test_a_list_of_schedules_names_each_by_its_name() -> None:
    text = "timezone: UTC\nschedules:\n- {name: a, slots: mon 9:00-9:50}\n- name: b\n  slots: tue 9:00-9:50\n"
    assert list(read_text(text, "school.yaml", "yaml").rules) == ["a", "b"]


def test_scalars_stay_the_text_that_was_written_where_texts_are_wanted() -> None:
    rule = yaml_of("channel: 0900", "labels: {a: 007, b: yes, c: 09:00, d: 1.50, e: 2027-03-08, f: true}")
    assert rule.channel == "0900"
    assert rule.labels == {"a": "007", "b": "yes", "c": "09:00", "d": "1.50", "e": "2027-03-08", "f": "true"}


def test_a_recording_has_numbers_and_truth_values_but_no_dates_and_no_sexagesimals() -> None:
    rule = yaml_of(
        "recording: {a: 5, b: true, c: 1.5, d: ~, e: 09:00, f: 2027-03-08, g: no, h: '5', i: 007, j: [1]}"
    )
    assert rule.recording == {
        "a": 5, "b": True, "c": 1.5, "d": None, "e": "09:00", "f": "2027-03-08", "g": "no", "h": "5",
        "i": "007", "j": [1],
    }  # fmt: skip


def test_durations_are_seconds_or_texts() -> None:
    assert yaml_of("pad_before: 90").pad_before == yaml_of("pad_before: 1m30s").pad_before == 90


def test_anchors_and_merges_are_understood() -> None:
    text = """\
timezone: UTC
schedules:
  a: &a
    slots: mon 09:00-10:00
    labels: {room: a}
  b:
    <<: *a
    labels: {room: b}
"""
    table = read_text(text, "school.yaml", "yaml")
    assert table.rules["b"].slots == table.rules["a"].slots
    assert table.rules["b"].labels == {"room": "b"}
    assert table.lines["schedules.b.labels"] == 8


def test_a_known_calendar_may_be_defined_elsewhere() -> None:
    text = "timezone: UTC\nschedules: {a: {slots: 'mon 09:00-10:00', exceptions: easter}}\n"
    assert read_text(text, "school.yaml", "yaml", known_calendars=["easter"]).rules["a"].exceptions == (
        "easter",
    )


def test_a_timezone_from_outside_counts_where_the_file_names_none() -> None:
    text = "schedules: {a: {slots: 'mon 09:00-10:00'}, b: {slots: 'mon 09:00-10:00', timezone: UTC}}\n"
    rules = read_text(text, "school.yaml", "yaml", timezone="Asia/Tokyo").rules
    assert (rules["a"].timezone, rules["b"].timezone) == ("Asia/Tokyo", "UTC")


def test_an_ical_file_is_read_beside_the_timetable(tmp_path: Path) -> None:
    (tmp_path / "term.ics").write_bytes(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
    path = tmp_path / "school.yaml"
    path.write_text("timezone: UTC\nschedules: {a: {ical_file: term.ics}}\n")
    assert read(path).rules["a"].ical == "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


@pytest.mark.parametrize("name", ["school.yaml", "SCHOOL.YML"])
def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + SCHOOL.encode())
    assert read(tmp_path / name).rules == read_text(SCHOOL, name, "yaml").rules


def test_the_source_is_the_path_as_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "school.csv"
    path.write_text("name,timezone,slots\na,UTC,mon 09:00-10:00\n")
    assert read(path).source == str(path)


def csv(text: str) -> Timetable:
    return read_text(text, "school.csv", "csv")


def test_rows_of_one_name_become_the_slots_of_one_schedule() -> None:
    table = csv(
        "name,channel,day,from,to,timezone\n"
        "math-7b,math,Monday,9:00,9:50,Europe/Berlin\n"
        "art,,tue,10:00:00,10:45:00,UTC\n"
        "math-7b,,wed,11:00,11:50,\n"
    )
    assert table.rules["math-7b"].slots == ("Monday 9:00-9:50", "wed 11:00-11:50")
    assert table.rules["math-7b"].channel == "math"
    assert table.rules["art"].slots == ("tue 10:00-10:45",)
    assert table.lines["schedules.math-7b"] == 2


def test_a_day_that_is_a_date_is_a_one_off() -> None:
    rule = csv("name,day,from,to,timezone\na,2027-03-08,9:00,9:50,UTC\n").rules["a"]
    assert rule.dates == ("2027-03-08 9:00-9:50",)


@pytest.mark.parametrize("mark", ["", "\ufeff", "sep=;\r\n"])
def test_what_spreadsheets_write_is_recognised(mark: str) -> None:
    table = csv(f"{mark}Name;Timezone;Slots;Priority\r\na;UTC;mon 09:00-09:50, 11:00-11:50;5\r\n;;;\r\n\r\n")
    assert table.rules["a"].slots == ("mon 09:00-09:50, 11:00-11:50",)
    assert table.rules["a"].priority == 5


def test_tabs_separate_as_well() -> None:
    assert csv("name\ttimezone\tslots\na\tUTC\tmon 09:00-09:50\n").rules["a"].timezone == "UTC"


def test_dotted_columns_are_labels_and_members_of_the_recording() -> None:
    rule = csv(
        "name,timezone,slots,Label.Room,recording.mode,recording.storage.bucket,recording.idle\n"
        "a,UTC,mon 09:00-09:50,007,mix,lessons,30\n"
    ).rules["a"]
    assert rule.labels == {"Room": "007"}
    assert rule.recording == {"mode": "mix", "storage": {"bucket": "lessons"}, "idle": 30}


def test_exceptions_of_a_cell_are_separated_by_semicolons_or_spaces() -> None:
    text = (
        "name,timezone,slots,exceptions\na,UTC,mon 09:00-09:50,2027-04-05;2027-04-07..2027-04-09 2027-05-01\n"
    )
    assert csv(text).rules["a"].exceptions == ("2027-04-05", "2027-04-07..2027-04-09", "2027-05-01")


def test_a_cell_of_slots_may_hold_several() -> None:
    text = 'name;timezone;slots\na;UTC;"mon 09:00-09:50; tue 10:00-10:50"\n'
    assert csv(text).rules["a"].slots == ("mon 09:00-09:50", "tue 10:00-10:50")


def test_a_written_file_is_canonical_and_says_only_what_is_not_default() -> None:
    table = read_text(SCHOOL, "school.yaml", "yaml")
    table.rules["zoo"] = Rule(
        name="zoo", channel="z", timezone="UTC", slots=("mon 09:00-10:00", "tue 9:00-10:00")
    )
    assert (
        write(table.rules, table.calendars)
        == """\
timezone: UTC
calendars:
  holidays: [2027-04-05..2027-04-16, 2027-05-01]
  none: []
schedules:
  art:
    dates:
    - 2027-03-08 09:00-09:50
    - 2027-03-09 09:00
    duration: 50m
    first: 2027-03-01
    labels: {school: north, wing: east}
    recording: {mode: mix, idle: 30}
  math-7b:
    channel: math-{date}
    timezone: Europe/Berlin
    slots: mon wed fri 09:00-09:50
    exceptions: holidays
    lead: 2m
    labels: {school: north, room: '007'}
    recording: {mode: individual, idle: 30}
  zoo:
    channel: z
    slots:
    - mon 09:00-10:00
    - tue 9:00-10:00
"""
    )


def test_no_rules_at_all_are_a_file_too() -> None:
    assert read_text(write({}, {}), "none.yaml", "yaml").rules == {}
