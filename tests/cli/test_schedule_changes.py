"""What people do to single schedules: add, pause, skip, run now, remove, and import from calendars."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import tzlocal
from click.testing import Result

from recorder_tasks.cli import following
from recorder_tasks.cli.schedule import changing
from recorder_tasks.core.session import State
from recorder_tasks.flow.desk import Desk
from recorder_tasks.flow.planning import Planned, Planner
from recorder_tasks.recording import Recording
from recorder_tasks.wiring import Wiring
from schedules.rule import Overlap

Run = Callable[..., Result]
Read = Callable[..., Any]

DAILY = ("--slots", "daily 09:00-09:50", "--timezone", "Europe/Berlin")


@pytest.fixture(autouse=True)
def noon(deployment: Wiring) -> None:
    """It is Monday noon, whenever this runs: no lesson is on, and two of each are within reach."""
    deployment.store.clock.freeze(datetime(2027, 3, 1, 12, tzinfo=UTC).timestamp())


@pytest.fixture
def math(read: Read) -> dict[str, Any]:
    """A schedule with two lessons ahead that are planned."""
    made = read("schedule", "add", "math", *DAILY)
    assert isinstance(made, dict)
    return made


def ahead(deployment: Wiring, name: str = "math") -> list[str]:
    """The states of its recordings."""
    return [one.state.value for one in deployment.desk.find(schedule=name).recordings]


# add


def test_an_added_schedule_is_planned_without_any_worker(math: dict[str, Any], deployment: Wiring) -> None:
    assert math["rule"]["slots"] == ["daily 09:00-09:50"]
    assert math["rule"]["channel"] == "math"
    assert len(math["next"]) == 5
    assert math["next"][0]["slot"].endswith("T09:00")
    assert math["recordings"]["created"] == 2
    assert math["warnings"] == []
    assert ahead(deployment) == ["scheduled"] * 2


def test_people_are_told_what_is_next_and_what_was_planned(run: Run) -> None:
    answer = run("schedule", "add", "math", *DAILY)
    first, following, *_, last = answer.stdout.splitlines()
    assert first == "math: stored, its times are those of Europe/Berlin"
    assert following == "next: Tue 2027-03-02 09:00 to 09:50"
    assert last == "recordings: 2 created"


def test_every_option_becomes_a_member_of_the_rule(read: Read, deployment: Wiring) -> None:
    deployment.timetable.set_calendar("holidays", ["2027-04-05"])
    read(
        *("schedule", "add", "math", "--cron", "0 9 * * *", "--duration", "50m", "--timezone", "UTC"),
        *("--channel", "{name}-{date}", "--app", "default", "--profile", "default", "--label", "room=7b"),
        *("--except", "holidays", "--except", "2027-05-01", "--also", "2027-05-02 10:00-11:00"),
        *("--first", "2026-01-01", "--last", "2028-01-01", "--pad-before", "1m", "--pad-after", "90s"),
        *("--lead", "30s", "--late", "20m", "--jitter", "5s", "--priority", "7", "--overlap", "queue"),
        *("--mode", "mix", "--storage", "default", "--recipe", '{"recordingConfig": {"streamTypes": 0}}'),
    )
    rule = deployment.timetable.get("math").rule
    assert rule is not None
    assert (rule.cron, rule.duration, rule.channel) == ("0 9 * * *", 3000, "{name}-{date}")
    assert (rule.exceptions, rule.also) == (("holidays", "2027-05-01"), ("2027-05-02 10:00-11:00",))
    assert (rule.pad_before, rule.pad_after, rule.lead, rule.late, rule.jitter) == (60, 90, 30, 1200, 5)
    assert (rule.priority, rule.overlap, rule.labels) == (7, Overlap.QUEUE, {"room": "7b"})
    assert str(rule.first) == "2026-01-01"
    assert rule.recording["recipe"] == {"recordingConfig": {"streamTypes": 0}}
    assert (rule.recording["mode"], rule.recording["storage"]) == ("mix", "default")


def test_dates_may_be_repeated_and_may_all_have_passed(run: Run, deployment: Wiring) -> None:
    dates = ("--date", "2020-06-01 09:00-10:00", "--date", "2020-06-02 09:00-10:00", "--timezone", "UTC")
    answer = run("schedule", "add", "exam", *dates)
    assert "next: nothing within 400 days" in answer.stdout
    assert "recordings: none touched" in answer.stdout


def test_without_a_zone_it_is_the_hosts(
    read: Read, deployment: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tzlocal, "get_localzone_name", lambda: "Asia/Tokyo")
    assert read("schedule", "add", "math", "--slots", "daily 09:00-09:50")["rule"]["timezone"] == "Asia/Tokyo"


def test_a_host_whose_zone_has_no_name_asks_for_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tzlocal, "get_localzone_name", lambda: None)
    answer = run("schedule", "add", "math", "--slots", "daily 09:00-09:50")
    assert answer.exit_code == 2
    assert "the time zone of this host has no name: give --timezone." in answer.stderr


def test_what_the_clocks_will_do_is_told_at_once(run: Run, read: Read) -> None:
    night = ("--slots", "daily 02:30-03:00", "--timezone", "America/New_York", "--replace")
    (warning,) = read("schedule", "add", "owls", *night)["warnings"]
    assert warning == "02:30 does not exist on 2027-03-14 in America/New_York: it begins at 03:30: owls"
    assert f"warning: {warning}" in run("schedule", "add", "owls", *night).stderr


def test_a_schedule_that_is_there_is_replaced_only_on_demand(run: Run, read: Read, math: Any) -> None:
    later = ("--slots", "daily 10:00-10:50", "--timezone", "Europe/Berlin")
    refused = run("schedule", "add", "math", *later)
    assert refused.exit_code == 1
    assert refused.stderr == (
        "recorder: name: there is a schedule called 'math' already; --replace gives it these values\n"
    )
    made = read("schedule", "add", "math", *later, "--replace")
    assert made["recordings"]["withdrawn"] == 2
    assert made["next"][0]["slot"] == "2027-03-02T10:00"


def test_replacing_by_the_same_touches_no_recording(read: Read, math: Any) -> None:
    again = read("schedule", "add", "math", *DAILY, "--replace")
    assert not any(again["recordings"].values())


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("--timezone", "UTC"), "when? Give --slots, --cron or --date."),
        (
            ("--slots", "someday 09:00-09:50", "--timezone", "UTC"),
            "slots: ",
        ),
        (
            ("--cron", "0 9 * * *", "--timezone", "UTC"),
            "duration: a cron expression has no end, so a duration is needed",
        ),
        (
            ("--slots", "daily 09:00-09:50", "--timezone", "Europe/Berl"),
            "timezone: 'Europe/Berl' is not an IANA time zone like Europe/Berlin or UTC",
        ),
        (
            (*DAILY, "--except", "holidays"),
            "exceptions: there is no calendar 'holidays' (there are: none)",
        ),
        ((*DAILY, "--profile", "best"), "profile: 'best' is not configured"),
        ((*DAILY, "--recipe", '{"token": "x"}'), "recording: token is a secret"),
    ],
)
def test_what_cannot_be_recorded_is_refused_and_not_stored(
    run: Run, deployment: Wiring, given: tuple[str, ...], sentence: str
) -> None:
    answer = run("schedule", "add", "math", *given)
    assert answer.exit_code == 2
    assert sentence in answer.stderr
    assert deployment.timetable.all() == {}


# pause, resume, skip, unskip


def test_a_paused_schedule_records_nothing_until_it_is_resumed(
    run: Run, read: Read, deployment: Wiring, math: Any
) -> None:
    paused = run("schedule", "pause", "math", "--reason", "ill")
    assert paused.stdout == "math: paused until it is resumed\nrecordings: 2 withdrawn\n"
    assert ahead(deployment) == ["cancelled"] * 2
    resumed = read("schedule", "resume", "math")
    assert resumed["pause"] is None
    assert resumed["recordings"]["created"] == 2
    assert run("schedule", "resume", "math").stdout.startswith("math: was not paused\n")


@pytest.mark.parametrize("change", [("pause", "math"), ("skip", "math", "2027-03-02")])
def test_what_records_already_ends_only_on_demand(
    run: Run, deployment: Wiring, math: Any, change: tuple[str, ...]
) -> None:
    assert run("schedule", *change, "--running", "stop").exit_code == 0
    assert deployment.timetable.get("math").running == "stop"
    run("schedule", "pause", "math")
    assert deployment.timetable.get("math").running == "leave"


def test_a_pause_ends_by_the_schedules_own_clock(run: Run, read: Read, math: Any) -> None:
    paused = read("schedule", "pause", "math", "--until", "2030-06-01")
    assert paused["pause"]["until"] == "2030-05-31T22:00:00Z"
    told = run("schedule", "pause", "math", "--until", "2030-06-01T08:00")
    assert "math: paused until Sat 2030-06-01 08:00" in told.stdout


def test_a_pause_that_is_over_or_that_nobody_understands_is_refused(run: Run, math: Any) -> None:
    over = run("schedule", "pause", "math", "--until", "2020-06-01")
    assert over.exit_code == 2
    assert over.stderr == "recorder: until: 2020-05-31T22:00:00+00:00 has passed already\n"
    noonish = run("schedule", "pause", "math", "--until", "noonish")
    assert noonish.exit_code == 2
    assert "'noonish' is not a time" in noonish.stderr


def test_a_skipped_day_is_not_recorded_unless_it_is_unskipped(
    run: Run, read: Read, deployment: Wiring, math: Any
) -> None:
    day = "2027-03-02"
    assert run("schedule", "skip", "math", day).stdout == f"math: {day} is skipped\nrecordings: 1 withdrawn\n"
    assert f"math: {day} is skipped already" in run("schedule", "skip", "math", day).stdout
    back = run("schedule", "unskip", "math", day)
    assert back.stdout == f"math: {day} is recorded after all\nrecordings: 1 created\n"
    slot = read("schedule", "skip", "math", f"{day} 09:00")
    assert slot["skips"] == [f"{day}T09:00"]
    assert slot["recordings"]["withdrawn"] == 1


def test_a_skip_of_nothing_is_refused(run: Run, deployment: Wiring, math: Any) -> None:
    slot = "2027-03-02T11:00"
    answer = run("schedule", "skip", "math", slot)
    assert (answer.exit_code, answer.stderr) == (2, f"recorder: slot: math has nothing at {slot}\n")
    answer = run("schedule", "skip", "math", "someday")
    assert answer.exit_code == 2
    assert "slot: 'someday' is not a date (2027-03-08) or a slot (2027-03-08T09:00)" in answer.stderr
    answer = run("schedule", "unskip", "math", slot)
    assert answer.stderr == f"recorder: slot: {slot} is not skipped in math (skipped: none)\n"


def test_a_name_that_no_schedule_has_is_told_with_the_nearest(run: Run, math: Any) -> None:
    for command in ("pause", "resume", "run-now", "remove"):
        answer = run("schedule", command, "maths")
        assert answer.exit_code == 3, command
        assert answer.stderr == "recorder: schedule: there is none called 'maths'; did you mean 'math'?\n"
    for command in ("skip", "unskip"):
        assert run("schedule", command, "maths", "2027-03-08").exit_code == 3


# run-now


def test_run_now_answers_with_the_recording_that_begins(run: Run, read: Read, math: Any) -> None:
    made = read("schedule", "run-now", "math", "--minutes", "5")
    assert made["schedule"] == "math"
    assert made["slot"].startswith("run-")
    assert made["state"] == "scheduled"
    shown = run("show", made["session_id"])
    assert shown.exit_code == 0


def test_run_now_prints_the_id_first(run: Run, deployment: Wiring, math: Any) -> None:
    session_id = run("schedule", "run-now", "math").stdout.split()[0]
    recording = deployment.desk.get(session_id)
    assert recording.end - recording.start == timedelta(minutes=50)


def test_run_now_looks_on_until_it_is_over_if_it_is_asked_to(
    run: Run, deployment: Wiring, math: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missed(at: Desk, session_id: str, **_: Any) -> Recording:
        return at.get(session_id).model_copy(update={"state": State.MISSED})

    monkeypatch.setattr(following, "look_on", missed)
    answer = run("schedule", "run-now", "math", "--watch", "--json")
    assert answer.exit_code == 1
    assert json.loads(answer.stdout)["state"] == "missed"


@pytest.mark.parametrize("minutes", ["0", "-5", "1441", "nan", "inf"])
def test_a_length_that_nobody_can_record_is_refused(run: Run, math: Any, minutes: str) -> None:
    answer = run("schedule", "run-now", "math", "--minutes", minutes)
    assert answer.exit_code == 2
    assert "minutes" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_run_that_cannot_be_planned_is_told_why(
    run: Run, deployment: Wiring, math: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Planner, "plan", lambda *_: Planned(fault="no room for it"))
    answer = run("schedule", "run-now", "math")
    assert (answer.exit_code, answer.stderr) == (1, "recorder: math: no room for it\n")
    paused = run("schedule", "pause", "math")
    assert paused.exit_code == 1
    assert "math: no room for it" in paused.stdout


# remove


def test_removing_takes_back_what_was_planned(run: Run, deployment: Wiring, math: Any) -> None:
    answer = run("schedule", "remove", "math", "--yes")
    assert answer.stdout == "removed: math\nrecordings: 2 withdrawn\n"
    assert deployment.timetable.all() == {}
    assert run("schedule", "remove", "math", "--yes").exit_code == 3


def test_removing_is_all_or_none_and_asks_first(
    run: Run, read: Read, deployment: Wiring, math: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("schedule", "remove", "math", "nobody", "--yes").exit_code == 3
    piped = run("schedule", "remove", "math")
    assert (piped.exit_code, piped.stderr) == (1, "recorder: nothing was removed: give --yes\n")
    monkeypatch.setattr(changing, "at_terminal", lambda: True)
    assert run("schedule", "remove", "math", stdin="n\n").exit_code == 1
    assert set(deployment.timetable.all()) == {"math"}
    answer = run("schedule", "remove", "math", "math", "--json", stdin="y\n")
    assert json.loads(answer.stdout)["removed"] == ["math"]
    assert deployment.timetable.all() == {}


# import-ics

LESSONS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:math@school
DTSTART;TZID=Europe/Berlin:20260901T090000
DTEND;TZID=Europe/Berlin:20260901T095000
RRULE:FREQ=DAILY
SUMMARY:Math
END:VEVENT
BEGIN:VEVENT
UID:trip@school
DTSTART;VALUE=DATE:20260901
DTEND;VALUE=DATE:20260905
SUMMARY:Trip
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    path = tmp_path / "lessons.ics"
    path.write_text(LESSONS)
    return path


def what(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["what"], one["name"]) for one in document["events"]]


def test_events_become_schedules_and_those_that_cannot_are_told_why(
    run: Run, deployment: Wiring, lessons: Path
) -> None:
    answer = run("schedule", "import-ics", str(lessons))
    added, refused, last = answer.stdout.splitlines()
    assert answer.exit_code == 0
    assert added == "added      math  ical FREQ=DAILY, Europe/Berlin"
    assert refused.startswith("refused    Trip: ")
    assert last == "recordings: 2 created"
    rule = deployment.timetable.get("math").rule
    assert rule is not None
    assert rule.labels["ical_uid"] == "math@school"


def test_a_dry_import_stores_nothing(run: Run, deployment: Wiring, lessons: Path) -> None:
    answer = run("schedule", "import-ics", str(lessons), "--dry-run")
    assert answer.stdout.splitlines()[-1] == "nothing was imported: this is a dry run"
    assert deployment.timetable.all() == {}


def test_a_series_is_known_again_by_its_uid(read: Read, deployment: Wiring, lessons: Path) -> None:
    assert what(read("schedule", "import-ics", str(lessons)))[0] == ("added", "math")
    again = read("schedule", "import-ics", str(lessons))
    assert what(again)[0] == ("unchanged", "math")
    assert not any(again["recordings"].values())
    lessons.write_text(LESSONS.replace("T09", "T10").replace("SUMMARY:Math", "SUMMARY:Algebra"))
    kept = read("schedule", "import-ics", str(lessons))
    assert what(kept)[0] == ("kept", "math")
    assert kept["events"][0]["why"] == "it has changed in the calendar: --replace updates it"
    updated = read("schedule", "import-ics", str(lessons), "--replace")
    assert what(updated)[0] == ("updated", "math")
    assert updated["recordings"]["created"] == 2
    assert deployment.timetable.next("math", 1)[0].slot.endswith("T10:00")


def test_what_was_set_here_stays_when_a_series_is_imported_again(
    read: Read, deployment: Wiring, lessons: Path
) -> None:
    read("schedule", "import-ics", str(lessons))
    rule = deployment.timetable.get("math").rule
    assert rule is not None
    mine = {"channel": "room-7", "pad_after": 60, "labels": {**rule.labels, "room": "7"}}
    deployment.timetable.put(rule.model_copy(update=mine), replace=True)
    assert what(read("schedule", "import-ics", str(lessons), "--replace"))[0] == ("unchanged", "math")


def test_a_series_never_takes_another_schedules_name(
    read: Read, deployment: Wiring, lessons: Path, math: Any
) -> None:
    first = read("schedule", "import-ics", str(lessons), "--replace")["events"][0]
    assert (first["what"], first["name"]) == ("added", "math-2")
    assert first["why"] == "there is another schedule called 'math'"
    assert deployment.timetable.get("math").rule.slots == ("daily 09:00-09:50",)  # type: ignore[union-attr]
    assert what(read("schedule", "import-ics", str(lessons)))[0] == ("unchanged", "math-2")


def test_a_series_that_is_cancelled_since_names_the_schedule_that_stays(read: Read, lessons: Path) -> None:
    read("schedule", "import-ics", str(lessons))
    only = LESSONS.split("BEGIN:VEVENT\nUID:trip")[0].replace("SUMMARY", "STATUS:CANCELLED\nSUMMARY")
    second = LESSONS[LESSONS.index("BEGIN:VEVENT") :].replace("math@", "art@").replace("Math", "Art")
    lessons.write_text(only + second)
    told = read("schedule", "import-ics", str(lessons))["events"]
    (why,) = [one["why"] for one in told if one["uid"] == "math@school"]
    assert why == "is cancelled; schedule math stays: recorder schedule remove math"


def test_a_file_without_any_usable_event_is_a_failure(run: Run, lessons: Path) -> None:
    lessons.write_text(LESSONS.replace("DTSTART;TZID=Europe/Berlin:20260901T090000\n", ""))
    answer = run("schedule", "import-ics", str(lessons), "--json")
    assert answer.exit_code == 1
    assert {one["what"] for one in json.loads(answer.stdout)["events"]} == {"refused"}


def test_an_empty_calendar_says_so(run: Run, lessons: Path) -> None:
    lessons.write_text("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nEND:VCALENDAR\n")
    answer = run("schedule", "import-ics", str(lessons))
    assert answer.exit_code == 0
    assert answer.stdout.splitlines() == [f"{lessons}: there are no events in it", "recordings: none touched"]


def test_what_is_no_calendar_is_wrong_usage_in_one_sentence(run: Run, lessons: Path) -> None:
    lessons.write_text("hello\n")
    answer = run("schedule", "import-ics", str(lessons))
    assert answer.exit_code == 2
    assert answer.stderr.startswith(f"recorder: {lessons}: ")
    assert len(answer.stderr.splitlines()) == 1
    zone = run("schedule", "import-ics", str(lessons), "--timezone", "Berlin")
    assert "'Berlin' is not an IANA time zone like Europe/Berlin or UTC" in zone.stderr


def test_what_was_exported_from_here_is_not_imported_again(run: Run, deployment: Wiring) -> None:
    deployment.timetable.add("math", timezone="UTC", slots="mon 09:00-09:50")
    assert run("schedule", "export-ics", "-o", "out.ics").exit_code == 0
    answer = run("schedule", "import-ics", "out.ics")
    assert answer.exit_code == 1
    assert "refused    math: it was exported from here" in answer.stdout
    assert list(deployment.timetable.all()) == ["math"]
