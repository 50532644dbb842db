"""Applying a timetable: what it shows, when it asks, what it refuses, and that a second time is nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from recorder_tasks.cli.schedule import applying, changing
from recorder_tasks.flow.planning import Planned
from recorder_tasks.wiring import Wiring

Run = Callable[..., Result]
Read = Callable[..., Any]
Write = Callable[..., str]

TWO = """timezone: Europe/Berlin
schedules:
  math: {slots: "daily 09:00-09:50"}
  art: {slots: "daily 10:00-10:50", channel: studio}
"""
LATER = """timezone: Europe/Berlin
schedules:
  math: {slots: "daily 09:00-09:40", labels: {room: 7b}}
  yoga: {slots: "daily 12:00-12:50"}
"""


@pytest.fixture(autouse=True)
def noon(deployment: Wiring) -> None:
    """It is Monday noon, whenever this runs: no lesson is on, and two of each are within reach."""
    deployment.store.clock.freeze(datetime(2027, 3, 1, 12, tzinfo=UTC).timestamp())


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def call(text: str, name: str = "timetable.yaml") -> str:
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return call


@pytest.fixture
def in_force(read: Read, write: Write) -> str:
    """The file of two schedules that are in force."""
    path = write(TWO)
    read("schedule", "apply", path, "--yes")
    return path


def names(deployment: Wiring) -> set[str]:
    return set(deployment.timetable.all())


def test_a_file_is_shown_applied_and_planned(run: Run, write: Write, deployment: Wiring) -> None:
    path = write(TWO)
    answer = run("schedule", "apply", path, "--yes")
    assert answer.exit_code == 0, answer.stderr
    assert answer.stderr == ""
    lines = answer.stdout.splitlines()
    assert lines[0] == f"{path}: 2 added, 0 changed, 0 removed, 0 unchanged"
    assert lines[1:3] == [
        "+ art  daily 10:00-10:50, Europe/Berlin",
        "+ math  daily 09:00-09:50, Europe/Berlin",
    ]
    assert lines[3] == "next 14 days: 28 recordings appear, 0 disappear, 0 are moved or change channel"
    assert len([line for line in lines if line.startswith("  + ")]) == 3
    assert "  + art  Tue 2027-03-02 10:00 to 10:50 in studio" in lines
    assert lines[-2:] == ["applied: 2 added, 0 changed, 0 removed", "recordings: 4 created"]
    assert len(deployment.desk.find(schedule="math").recordings) == 2


def test_a_second_time_there_is_nothing_to_change(run: Run, read: Read, in_force: str) -> None:
    answer = run("schedule", "apply", in_force)
    assert answer.exit_code == 0
    assert answer.stdout == f"nothing to change: 2 are as {in_force} says\n"
    again = read("schedule", "apply", in_force)
    assert (again["changes"], again["applied"], again["unchanged"]) == (False, False, ["art", "math"])


def test_a_dry_run_shows_all_and_applies_nothing(run: Run, write: Write, deployment: Wiring) -> None:
    path = write(TWO)
    answer = run("schedule", "apply", path, "--dry-run")
    assert answer.exit_code == 0
    assert "+ math  daily 09:00-09:50, Europe/Berlin" in answer.stdout
    assert answer.stdout.splitlines()[-1] == "nothing was applied: this is a dry run"
    assert names(deployment) == set()


def test_the_exit_code_of_a_dry_run_tells_whether_something_would_change(
    run: Run, write: Write, in_force: str
) -> None:
    assert run("schedule", "apply", in_force, "--dry-run", "--exit-code").exit_code == 0
    assert run("schedule", "apply", write(LATER), "--dry-run", "--exit-code").exit_code == 1
    assert run("schedule", "apply", write(LATER), "--dry-run", "--exit-code", "--json").exit_code == 1
    wrong = run("schedule", "apply", in_force, "--exit-code")
    assert wrong.exit_code == 2
    assert "--exit-code goes with --dry-run." in wrong.stderr


def test_what_changes_is_told_member_by_member(run: Run, write: Write, in_force: str) -> None:
    lines = run("schedule", "apply", write(LATER), "--dry-run").stdout.splitlines()
    start = lines.index("~ math")
    assert lines[start + 1 : start + 3] == [
        "    slots: daily 09:00-09:50 -> daily 09:00-09:40",
        "    labels: none -> room=7b",
    ]
    assert "next 14 days: 14 recordings appear, 0 disappear, 14 are moved or change channel" in lines
    (move, *_) = [line for line in lines if line.startswith("  ~ math")]
    assert move == "  ~ math  Tue 2027-03-02 09:00 to 09:50 -> Tue 2027-03-02 09:00 to 09:40"
    assert "in force, not in the file: art (--prune removes them)" in lines


def test_scripts_get_the_same_with_before_and_after(read: Read, write: Write, in_force: str) -> None:
    found = read("schedule", "apply", write(LATER), "--dry-run")
    assert found["applied"] is False
    assert [one["name"] for one in found["added"]] == ["yoga"]
    (changed,) = found["changed"]
    assert changed["members"] == [
        {"member": "slots", "before": ["daily 09:00-09:50"], "after": ["daily 09:00-09:40"]},
        {"member": "labels", "before": {}, "after": {"room": "7b"}},
    ]
    assert (found["absent"], found["unchanged"], found["removed"]) == (["art"], [], [])
    assert (found["appear"]["count"], found["moved"]["count"], found["disappear"]["count"]) == (14, 14, 0)
    assert len(found["moved"]["first"]) == 3
    assert found["conflicts"] == found["forecast"] == found["warnings"] == []


def test_what_the_file_does_not_name_stays_unless_it_is_pruned(
    run: Run, read: Read, write: Write, in_force: str, deployment: Wiring
) -> None:
    path = write(LATER)
    kept = read("schedule", "apply", path, "--yes")
    assert kept["applied"] is True
    assert names(deployment) == {"art", "math", "yoga"}
    assert "(--prune removes them)" in run("schedule", "apply", path).stdout
    pruned = run("schedule", "apply", path, "--yes", "--prune")
    assert "- art" in pruned.stdout.splitlines()
    assert pruned.stdout.splitlines()[-1] == "recordings: 2 withdrawn"
    assert names(deployment) == {"math", "yoga"}


def test_where_nobody_can_be_asked_nothing_is_applied(run: Run, write: Write, deployment: Wiring) -> None:
    path = write(TWO)
    for more in ((), ("--json",)):
        answer = run("schedule", "apply", path, *more)
        assert answer.exit_code == 1
        assert answer.stderr == "recorder: nothing was applied: give --yes, or look with --dry-run\n"
    assert answer.stdout == ""
    assert names(deployment) == set()


def test_a_person_is_asked_and_may_say_no(
    run: Run, write: Write, deployment: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changing, "at_terminal", lambda: True)
    path = write(TWO)
    refused = run("schedule", "apply", path, stdin="n\n")
    assert refused.exit_code == 1
    assert "apply this? [y/N]" in refused.stderr
    assert refused.stderr.endswith("recorder: nothing was applied\n")
    assert names(deployment) == set()
    assert run("schedule", "apply", path, stdin="y\n").exit_code == 0
    assert names(deployment) == {"art", "math"}


def test_every_fault_of_a_file_is_told_with_its_line_and_nothing_is_stored(
    run: Run, write: Write, deployment: Wiring
) -> None:
    path = write(
        """timezone: Europe/Berlin
schedules:
  math: {slots: "someday 09:00-09:50"}
  art: {slots: "daily 10:00-10:50", profile: best}
  yoga: {slots: "daily 12:00-12:50", exceptions: holidays}
  good: {slots: "daily 13:00-13:50"}
"""
    )
    answer = run("schedule", "apply", path, "--yes")
    assert answer.exit_code == 2
    told = answer.stderr.removeprefix("recorder: ").splitlines()
    assert [line.partition(": ")[0] for line in told] == [f"{path}:{n}" for n in (3, 4, 5)]
    assert "'best' is not configured" in told[1]
    assert "holidays" in told[2]
    assert names(deployment) == set()


def test_a_file_that_is_none_is_wrong_usage(run: Run, tmp_path: Path, write: Write) -> None:
    missing = run("schedule", "apply", str(tmp_path / "nothing.yaml"))
    assert missing.exit_code == 2
    assert "does not exist" in missing.stderr
    text = run("schedule", "apply", write(TWO, "timetable.txt"))
    assert text.exit_code == 2
    assert text.stderr.endswith("timetable.txt: is none of .yaml, .yml and .csv\n")


def test_a_zone_can_be_given_for_a_file_that_names_none(run: Run, write: Write, deployment: Wiring) -> None:
    path = write(TWO.replace("timezone: Europe/Berlin\n", ""))
    assert run("schedule", "apply", path, "--yes").exit_code == 2
    assert run("schedule", "apply", path, "--yes", "--timezone", "Asia/Tokyo").exit_code == 0
    rule = deployment.timetable.get("math").rule
    assert rule is not None
    assert rule.timezone == "Asia/Tokyo"


def test_an_empty_timetable_removes_nothing_unasked(run: Run, write: Write, in_force: str) -> None:
    answer = run("schedule", "apply", write("schedules: {}\n"), "--yes")
    assert answer.exit_code == 0, answer.stderr
    assert answer.stdout.startswith("nothing to change: 0 are as ")
    assert "in force, not in the file: art, math (--prune removes them)" in answer.stdout


def test_pauses_and_skips_stay(run: Run, write: Write, in_force: str, deployment: Wiring) -> None:
    run("schedule", "pause", "math", "--reason", "ill")
    run("schedule", "apply", write(LATER), "--yes")
    pause = deployment.timetable.get("math").pause
    assert pause is not None
    assert pause.reason == "ill"


def test_a_calendar_that_changes_tells_its_days_and_what_falls_out(
    run: Run, read: Read, write: Write, deployment: Wiring
) -> None:
    day = "2031-01-02"
    text = TWO.replace("schedules:", f"calendars: {{holidays: [{day}]}}\nschedules:")
    text = text.replace('09:50"}', '09:50", exceptions: holidays}')
    read("schedule", "apply", write(text), "--yes")
    soon = f"{deployment.timetable.next('math', 2)[1].begins:%Y-%m-%d}"
    path = write(text.replace(day, f"{soon}, 2031-01-03"))
    lines = run("schedule", "apply", path, "--yes").stdout.splitlines()
    assert lines[0].endswith(": 0 added, 1 changed, 0 removed, 1 calendar, 1 unchanged")
    assert "    calendar holidays has changed" in lines
    assert f"~ calendar holidays: -{day}, +{soon}, +2031-01-03" in lines
    assert any(line.startswith("next 14 days: 0 recordings appear, 1 disappear") for line in lines)
    assert lines[-1] == "recordings: 1 withdrawn"


def test_clock_changes_are_told_once_for_all_that_they_happen_to(read: Read, write: Write) -> None:
    rules = "".join(f'  owl-{n}: {{slots: "daily 02:30-03:00"}}\n' for n in range(5))
    path = write(f"timezone: America/New_York\nschedules:\n{rules}")
    (warning,) = read("schedule", "apply", path, "--dry-run")["warnings"]
    assert warning == (
        "02:30 does not exist on 2027-03-14 in America/New_York: it begins at 03:30: "
        "owl-0, owl-1, owl-2 (2 more)"
    )


def test_two_schedules_in_one_channel_are_told_also_when_one_is_in_force(
    run: Run, read: Read, write: Write, in_force: str
) -> None:
    path = write(
        'timezone: Europe/Berlin\nschedules:\n  sculpture: {slots: "daily 10:30-11:20", channel: studio}\n'
    )
    (conflict,) = read("schedule", "apply", path, "--dry-run")["conflicts"]
    assert conflict["schedules"] == ["art", "sculpture"]
    assert conflict["channel"] == "studio"
    assert conflict["times"] == 14
    told = run("schedule", "apply", path, "--dry-run").stderr
    sentence = "2027-03-02 09:30 UTC: art and sculpture record channel studio at once (14 times)"
    assert told == f"warning: {sentence}\n"


def test_what_will_not_fit_is_told_with_the_first_few_sentences(run: Run, write: Write) -> None:
    rules = "".join(f'  class-{n:02}: {{slots: "daily 09:00-09:50"}}\n' for n in range(60))
    answer = run("schedule", "apply", write(f"timezone: UTC\nschedules:\n{rules}"), "--dry-run")
    told = answer.stderr.splitlines()
    assert len(told) == 6
    assert "60 recordings at once, the cap is 50" in told[0]
    assert told[-1].startswith("warning: ... and ")
    assert "  ... and 40 more (--json has them all)" in answer.stdout.splitlines()


def test_of_a_term_to_come_its_first_two_weeks_are_looked_at(read: Read, write: Write) -> None:
    term = "defaults: {first: 2035-01-08}"
    text = TWO.replace("studio", "math").replace("10:00-10:50", "09:30-10:20")
    found = read("schedule", "apply", write(text.replace("schedules:", f"{term}\nschedules:")), "--dry-run")
    assert found["appear"]["count"] == 0
    (conflict,) = found["conflicts"]
    assert (conflict["at"], conflict["times"]) == ("2035-01-08T08:30:00+00:00", 14)


def test_a_zone_that_is_none_is_told(run: Run, write: Write) -> None:
    answer = run("schedule", "apply", write(TWO.split("\n", 1)[1]), "--timezone", "Berlin", "--dry-run")
    assert answer.exit_code == 2
    assert "'Berlin' is not an IANA time zone like Europe/Berlin or UTC" in answer.stderr


def test_a_fault_in_planning_is_a_failure_that_is_told(
    run: Run, write: Write, deployment: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        applying, "plan", lambda _, names: {name: Planned(fault="no room for it") for name in names}
    )
    answer = run("schedule", "apply", write(TWO), "--yes", "--json")
    assert answer.exit_code == 1
    assert json.loads(answer.stdout)["recordings"]["faults"] == {
        "art": "no room for it",
        "math": "no room for it",
    }
