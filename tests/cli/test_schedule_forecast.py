"""Weeks and forecasts at the command line: of what is in force, and of files that nobody has applied."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from recorder_tasks.cli import main
from recorder_tasks.local.server import free_port, url
from recorder_tasks.settings import load
from recorder_tasks.wiring import Wiring

Run = Callable[..., Result]
Read = Callable[..., Any]

SCHOOL = str(Path(__file__).parents[2] / "examples" / "school.yaml")
WEEK = ("--file", SCHOOL, "--from", "2027-03-08")
CROWD = """timezone: Europe/Berlin
schedules:
"""


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line where no Redis answers and no app is configured."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECORDER_REDIS_URL", url(free_port()))
    monkeypatch.setenv("RECORDER_NAMESPACE", "offline")
    load.cache_clear()
    return lambda *arguments: CliRunner().invoke(main, ["schedule", *arguments])


@pytest.fixture
def crowd(tmp_path: Path) -> str:
    """Sixty classes at one bell, without a lead."""
    lines = [f"  class-{n:02}: {{slots: mon 09:00-09:50}}" for n in range(60)]
    path = tmp_path / "crowd.yaml"
    path.write_text(CROWD + "\n".join(lines) + "\n")
    return str(path)


def test_a_file_is_previewed_without_redis(offline: Run) -> None:
    answer = offline("preview", *WEEK, "room-01", "night-shift")
    assert answer.exit_code == 0, answer.stderr
    assert answer.stdout.startswith("week 10, 08 Mar to 14 Mar 2027")
    assert "02:30 does not exist on 2027-03-14 in America/New_York: it begins at 03:30" in answer.stdout
    assert "36 recordings" in answer.stdout


def test_any_day_of_a_week_shows_it_whole(offline: Run) -> None:
    other = ("--file", SCHOOL, "--from", "2027-03-12")
    assert offline("preview", *other).stdout == offline("preview", *WEEK).stdout


def test_a_preview_tells_what_the_holidays_take(offline: Run) -> None:
    answer = offline("preview", "--file", SCHOOL, "--from", "2027-02-15", "--weeks", "2", "--json")
    found = json.loads(answer.stdout)
    assert found["timezone"] == "America/New_York"
    off = {each["slot"][:10] for each in found["slots"] if each["off"]}
    assert off == {f"2027-02-{day}" for day in (15, 16, 17, 18, 19, 21)} - {"2027-02-21"}


def test_a_week_without_classes_says_where_to_look(offline: Run) -> None:
    answer = offline("preview", "--file", SCHOOL, "--from", "2026-12-24", "room-01")
    assert answer.stdout == (
        "nothing is planned from Mon 2026-12-21 to Sun 2026-12-27; "
        "room-01 is next on Mon 2027-01-04 08:30: try --from 2027-01-04\n"
    )
    answer = offline("preview", "--file", SCHOOL, "--from", "2028-01-01")
    assert answer.stdout.endswith("; nor is anything in the year after\n")


def test_a_preview_of_what_is_in_force_marks_pauses(run: Run, deployment: Wiring) -> None:
    deployment.timetable.add("math-7b", slots="daily 09:00-09:50", timezone="Europe/Berlin")
    deployment.timetable.add("yoga", slots="daily 10:00-10:50", timezone="Asia/Tokyo")
    deployment.timetable.pause("math-7b", reason="trip")
    answer = run("schedule", "preview", "--weeks", "2")
    assert "= paused: trip" in answer.stdout
    assert "times are those of Asia/Tokyo" in answer.stdout


def test_what_was_over_before_a_schedule_was_added_is_not_shown_as_recorded(
    read: Read, deployment: Wiring
) -> None:
    deployment.timetable.add("math-7b", slots="daily 09:00-09:50", timezone="Europe/Berlin")
    found = read("schedule", "preview", "--from", "2026-03-09")["slots"]
    assert {each["off"] for each in found} == {"before it was added"}


def test_a_run_by_hand_is_in_the_preview(read: Read, deployment: Wiring) -> None:
    deployment.timetable.add("math-7b", slots="daily 09:00-09:50", timezone="Europe/Berlin")
    made = deployment.timetable.run_now("math-7b", minutes=5)
    assert made.slot in {each["slot"] for each in read("schedule", "preview")["slots"]}


@pytest.mark.parametrize("command", ["preview", "forecast"])
def test_a_file_with_faults_is_refused_with_its_lines(offline: Run, command: str, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(f"{CROWD}  math: {{slots: mon 9-10, colour: red}}\n")
    answer = offline(command, "--file", "bad.yaml")
    assert answer.exit_code == 2
    assert answer.stderr.startswith("recorder: bad.yaml:3: ")
    assert answer.stdout == ""


@pytest.mark.parametrize("command", ["preview", "forecast"])
def test_a_day_that_is_none_is_wrong_usage(offline: Run, command: str) -> None:
    answer = offline(command, "--file", SCHOOL, "--from", "march")
    assert answer.exit_code == 2
    assert "'march' is not a date like 2027-03-08." in answer.stderr


def test_without_a_file_redis_is_needed_and_named(offline: Run) -> None:
    answer = offline("forecast")
    assert answer.exit_code == 5
    assert answer.stderr.startswith("recorder: Redis is out of reach")


def test_a_file_that_fits_is_forecast_without_redis_or_app(offline: Run) -> None:
    answer = offline("forecast", *WEEK, "--days", "7", "--fail-over", "100%")
    assert answer.exit_code == 0, answer.stdout
    assert "no app is configured" in answer.stdout
    assert "app default: 1403 recordings from Mon 2027-03-08 00:00 to Mon 2027-03-15 00:00" in answer.stdout
    assert "the peak: 41 on Thu 11 Mar" in answer.stdout
    assert "everything fits, and begins in time" in answer.stdout


def test_a_share_below_what_is_used_fails(offline: Run) -> None:
    assert offline("forecast", *WEEK, "--days", "7", "--fail-over", "80").exit_code == 1
    assert offline("forecast", *WEEK, "--days", "7", "--fail-over", "85%").exit_code == 0


def test_what_does_not_fit_is_told_in_sentences(offline: Run, crowd: str) -> None:
    ask = ("forecast", "--file", crowd, "--from", "2027-03-08", "--days", "1")
    answer = offline(*ask)
    assert answer.exit_code == 0
    assert "60 recordings at once, the cap is 50" in answer.stdout
    assert "60 starts need" in answer.stdout
    failing = offline(*ask, "--fail-over", "100%", "--json")
    assert failing.exit_code == 1
    found = json.loads(failing.stdout)
    assert found["assumed_limits"] is True
    assert found["apps"]["default"]["over"] is True
    assert len(found["apps"]["default"]["sentences"]) == 2
    assert found["apps"]["default"]["excesses"][0]["concurrent"] == 60


def test_redundant_recorders_count_twice_against_the_cap(
    offline: Run, crowd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECORDER_PROFILES__DEFAULT__REDUNDANCY", "2")
    answer = offline("forecast", "--file", crowd, "--from", "2027-03-08", "--days", "1", "--json")
    found = json.loads(answer.stdout)["apps"]["default"]
    assert found["excesses"][0]["concurrent"] == 120
    assert found["planned"] == 60


def test_what_began_the_day_before_counts(offline: Run, tmp_path: Path) -> None:
    (tmp_path / "night.yaml").write_text(f"{CROWD}  night: {{dates: 2027-03-07 22:00-06:00}}\n")
    ask = ("forecast", "--file", "night.yaml", "--from", "2027-03-08", "--days", "1", "--json")
    found = json.loads(offline(*ask).stdout)["apps"]["default"]
    assert found["planned"] == 0
    assert found["most"]["concurrent"] == 1


def test_a_forecast_keeps_to_the_limits_of_the_settings(
    read: Read, run: Run, deployment: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECORDER_APPS__DEFAULT__CONCURRENT_TASKS", "20")
    load.cache_clear()
    deployment.timetable.add("math-7b", slots="daily 09:00-09:50", timezone="Europe/Berlin")
    found = read("schedule", "forecast", "--days", "3")
    assert found["assumed_limits"] is False
    assert found["apps"]["default"]["cap"] == 20
    assert found["apps"]["default"]["rate"] == 2.0
    assert found["apps"]["default"]["planned"] in (2, 3)
    shown = run("schedule", "forecast", "--days", "3").stdout
    assert "the cap is 20" in shown
    assert "no app is configured" not in shown


def test_what_is_paused_is_not_forecast(run: Run, deployment: Wiring) -> None:
    deployment.timetable.add("math-7b", slots="daily 09:00-09:50", timezone="Europe/Berlin")
    deployment.timetable.pause("math-7b")
    answer = run("schedule", "forecast", "--from", "2027-03-08", "--days", "1")
    said = "nothing is planned from Mon 2027-03-08 00:00 to Tue 2027-03-09 00:00, Europe/Berlin; "
    assert answer.stdout == f"{said}nor is anything in the year after\n"


def test_an_app_that_nobody_uses_is_told_with_those_there_are(offline: Run) -> None:
    answer = offline("forecast", *WEEK, "--app", "other")
    assert answer.exit_code == 2
    assert answer.stderr == "recorder: app: there is none called 'other' (there are: default)\n"


def test_a_file_that_names_an_app_without_settings_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(f"{CROWD}  math: {{slots: daily 09:00-09:50, app: other}}\n")
    answer = run("schedule", "forecast", "--file", "other.yaml")
    assert answer.exit_code == 2
    assert answer.stderr.startswith("recorder: app: 'other' is not configured (there are: default)")


def test_a_share_that_is_none_is_wrong_usage(offline: Run) -> None:
    answer = offline("forecast", *WEEK, "--fail-over", "most")
    assert answer.exit_code == 2
    assert "'most' is not a share like 80%." in answer.stderr
