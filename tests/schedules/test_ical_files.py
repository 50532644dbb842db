"""Files as Google Calendar, Outlook and Apple Calendar write them, and what becomes of their events."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schedules.ical import IcsImport, Refused, read_ics
from schedules.recurrence import occurrences
from schedules.rule import Rule

FOLDER = Path(__file__).parent / "ics"


def file(name: str, timezone: str | None = None) -> IcsImport:
    data = (FOLDER / name).read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return read_ics(data, source=name, timezone=timezone)


def said(rule: Rule) -> list[str]:
    """``slot = UTC + minutes`` of every occurrence in 2026."""
    found = occurrences(rule, datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    return [
        f"{one.slot[5:]} = {one.begins:%m-%d %H:%M} + {(one.ends - one.begins).seconds // 60}"
        for one in found
    ]


def test_a_google_series_keeps_its_exceptions_and_the_name_of_a_moved_lesson() -> None:
    maths, evening = file("google.ics").rules
    assert (maths.name, maths.channel, maths.timezone) == ("maths-7b", "maths-7b", "America/New_York")
    assert maths.labels == {"ical_uid": "6g3v9m2k1qexample@google.com", "summary": "Maths, 7b"}
    assert said(maths) == [
        "03-02T09:00 = 03-02 14:00 + 50",
        "03-04T09:00 = 03-04 14:00 + 50",
        "03-09T09:00 = 03-09 13:00 + 50",
        "03-16T09:00 = 03-17 15:00 + 90",
        "03-23T09:00 = 03-23 13:00 + 50",
        "03-25T09:00 = 03-25 13:00 + 50",
        "03-30T09:00 = 03-30 13:00 + 50",
    ]
    assert (evening.name, evening.channel) == ("parents-evening", "parents-evening")


def test_a_single_google_event_in_utc_is_shown_by_the_clock_of_its_calendar() -> None:
    evening = file("google.ics").rules[1]
    assert evening.timezone == "America/New_York"
    assert said(evening) == ["03-20T10:00 = 03-20 14:00 + 60"]


def test_whole_days_are_refused_and_leave_the_others_alone() -> None:
    reason = "lasts whole days; a recording needs hours"
    assert file("google.ics").refused == (Refused("0holiday0example@google.com", "Spring break", reason),)


def test_people_and_links_do_not_enter_the_rule() -> None:
    text = file("google.ics").rules[0].model_dump_json()
    assert all(word not in text for word in ("ada@", "pupil", "meet.google", "reminder"))


def test_outlook_names_its_zones_after_windows() -> None:
    found = file("outlook.ics", "America/New_York")
    physics, watch, fixed = found.rules
    assert found.refused == ()
    assert (physics.name, physics.channel, physics.timezone) == (
        "ubung-physik", "physics-{date}", "Europe/Berlin",
    )  # fmt: skip
    assert len(physics.labels["ical_uid"]) <= 128
    assert said(physics) == [
        "03-31T14:00 = 03-31 12:00 + 105",
        "04-28T14:00 = 04-28 12:00 + 105",
        "05-26T14:00 = 05-26 12:00 + 105",
    ]
    assert (watch.timezone, said(watch)) == ("America/New_York", ["03-08T02:30 = 03-08 07:30 + 60"])
    assert (fixed.timezone, said(fixed)) == ("Etc/GMT+3", ["03-10T09:00 = 03-10 12:00 + 60"])


def test_a_customized_zone_is_refused_unless_the_one_given_acts_like_it() -> None:
    reason = "time zone 'Customized Time Zone' is not known, nor does it act like the calendar's own"
    for timezone in (None, "Europe/Berlin"):
        assert file("outlook.ics", timezone).refused == (Refused("custom-zone", "Night watch", reason),)


def test_an_apple_series_with_a_cancelled_lesson_and_no_latin_letter_in_its_name() -> None:
    found = file("apple.ics", "Europe/Berlin")
    maths, choir = found.rules
    assert maths.name.startswith("event-")
    assert maths.channel == maths.name
    assert maths.labels["summary"] == "数学"
    assert said(maths) == [
        "03-27T08:15 = 03-27 07:15 + 45",
        "03-29T08:15 = 03-29 06:15 + 45",
        "04-02T08:15 = 04-02 06:15 + 45",
    ]
    assert (choir.timezone, said(choir)) == ("Europe/Berlin", ["03-30T17:00 = 03-30 15:00 + 60"])


def test_a_floating_time_needs_a_zone() -> None:
    reason = "has times without a time zone; give timezone for them"
    assert file("apple.ics").refused == (Refused("floating", "Choir", reason),)


def test_a_rule_read_from_a_file_survives_its_way_through_json() -> None:
    for name in ("google.ics", "outlook.ics", "apple.ics"):
        for rule in file(name, "Europe/Berlin").rules:
            assert said(Rule.model_validate_json(rule.model_dump_json())) == said(rule)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "a.ics: there is no BEGIN:VCALENDAR in it"),
        ("hello", "a.ics: there is no BEGIN:VCALENDAR in it"),
        (b"\xff\xfe\x00B", "a.ics: not UTF-8 text: invalid start byte at byte 0"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\n", "a.ics: BEGIN:VEVENT is never closed"),
        ("BEGIN:VCALENDAR\nEND:VEVENT\n", "a.ics: END:VEVENT closes nothing that was begun"),
        ("END:VCALENDAR\n", "a.ics: END:VCALENDAR closes nothing that was begun"),
    ],
)
def test_a_broken_file_is_refused_in_one_sentence(data: bytes | str, message: str) -> None:
    with pytest.raises(ValueError, match=r"a\.ics") as caught:
        read_ics(data, source="a.ics")
    assert str(caught.value) == message


def test_a_zone_that_is_none_is_told_before_anything_is_read() -> None:
    with pytest.raises(ValueError, match=r"^a\.ics: 'Mars' is not an IANA time zone"):
        read_ics("", source="a.ics", timezone="Mars")


def test_a_character_that_is_folded_in_its_middle_is_one_character() -> None:
    data = (
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Übung\r\nDTSTART:20260302T090000Z\r\n"
        "DURATION:PT1H\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()
    folded = b"\xef\xbb\xbf" + data.replace("Ü".encode(), b"\xc3\r\n \x9c")
    assert read_ics(folded, source="a.ics").rules[0].labels["summary"] == "Übung"


def test_the_missing_extra_says_how_to_install_it() -> None:
    program = "import sys; sys.modules['icalendar'] = None\nimport schedules.ical"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert found.stderr.splitlines()[-1] == (
        "ImportError: reading .ics needs the extra: pip install 'recorder-tasks[ical]'"
    )
