"""What people ask of schedules: which there are, what is next, what became of them, and as files."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from recorder_tasks.wiring import Wiring
from schedules.zones import release

Run = Callable[..., Result]
Read = Callable[..., Any]
Add = Callable[..., None]


@pytest.fixture
def add(deployment: Wiring) -> Add:
    """Schedules as another process adds them; by default on every day at nine."""

    def call(name: str, **members: Any) -> None:
        usual = {"slots": "daily 09:00-09:50", "timezone": "Europe/Berlin"}
        deployment.timetable.add(name, **(members if "timezone" in members else {**usual, **members}))

    return call


def tomorrow(deployment: Wiring) -> str:
    return f"{deployment.schedules.now() + timedelta(days=1):%Y-%m-%d}"


def test_no_schedules_yet_teaches_what_to_type(run: Run) -> None:
    for command in ("list", "next", "preview", "forecast"):
        answer = run("schedule", command)
        assert answer.exit_code == 0, command
        assert "recorder schedule add math-7b" in answer.stdout, command
        assert "recorder schedule apply timetable.yaml" in answer.stdout, command


def test_the_list_tells_when_what_is_next_and_the_state(run: Run, add: Add, deployment: Wiring) -> None:
    add("math-7b")
    add("art-8", timezone="Asia/Tokyo", cron="30 8 * * *", duration="45m")
    add("old", enabled=False)
    deployment.timetable.pause("art-8", reason="trip [1]")
    lines = {line.split()[0]: line for line in run("schedule", "list").stdout.splitlines()}
    assert "daily 09:00-09:50" in lines["math-7b"]
    assert " 09:00 " in lines["math-7b"].partition("09:50")[2]
    assert "enabled" in lines["math-7b"]
    assert "cron 30 8 * * *, 45m" in lines["art-8"]
    assert "paused (trip [1])" in lines["art-8"]
    assert "disabled" in lines["old"]


def test_the_list_for_scripts_has_rules_and_the_next_occurrence(
    read: Read, add: Add, deployment: Wiring
) -> None:
    add("math-7b", lead="2m")
    deployment.timetable.pause("math-7b", until=deployment.schedules.now() + timedelta(days=3))
    (found,) = read("schedule", "list")["schedules"]
    assert found["rule"]["lead"] == "2m"
    assert found["state"] == "paused"
    assert found["next"]["begins"] > found["pause"]["until"]


def test_show_tells_the_rule_and_what_was_done_to_it(run: Run, add: Add, deployment: Wiring) -> None:
    add("math-7b", lead="2m", labels={"room": "7b"}, recording={"mode": "individual"})
    deployment.timetable.skip("math-7b", tomorrow(deployment))
    deployment.timetable.run_now("math-7b", minutes=5)
    shown = run("schedule", "show", "math-7b").stdout
    told = {line.split()[0]: line for line in shown.splitlines() if line.strip()}
    assert "2m" in told["lead"]
    assert "room=7b" in told["labels"]
    assert "mode=individual" in told["recording"]
    assert tomorrow(deployment) in told["skips"]
    assert ", 5m" in told["run"]
    assert deployment.timetable.get("math-7b").revision in told["revision"]
    assert "overlap" not in told
    assert shown.partition("\nnext\n")[2].count("Europe/Berlin") == 5


def test_show_tells_what_the_clocks_do(run: Run, add: Add) -> None:
    add("night", timezone="America/New_York", dates="2027-03-14 02:30-03:15")
    assert "02:30 does not exist on 2027-03-14" in run("schedule", "show", "night").stdout


def test_show_says_why_nothing_is_ahead(run: Run, add: Add) -> None:
    add("old", enabled=False)
    assert "nothing within the next 400 days: it is disabled" in run("schedule", "show", "old").stdout


def test_show_for_scripts_has_the_next_five(read: Read, add: Add, deployment: Wiring) -> None:
    add("math-7b")
    found = read("schedule", "show", "math-7b")
    assert found["revision"] == deployment.timetable.get("math-7b").revision
    assert len(found["next"]) == 5
    assert found["next"][0]["channel"] == "math-7b"


@pytest.mark.parametrize("command", ["show", "next", "history", "preview", "export-ics"])
def test_a_schedule_that_nobody_knows_is_told_with_the_nearest_name(run: Run, add: Add, command: str) -> None:
    add("math-7b")
    answer = run("schedule", command, "math-7c")
    assert answer.exit_code == 3
    said = "recorder: schedule: there is none called 'math-7c'; did you mean 'math-7b'?\n"
    assert answer.stderr == said
    assert answer.stdout == ""


def test_next_merges_all_schedules_by_time(read: Read, run: Run, add: Add) -> None:
    add("late", slots="daily 17:00-17:45")
    add("early", slots="daily 08:00-08:45")
    found = read("schedule", "next", "--count", "4")["occurrences"]
    assert [each["begins"] for each in found] == sorted(each["begins"] for each in found)
    assert sorted(each["schedule"] for each in found) == ["early", "early", "late", "late"]
    assert run("schedule", "next", "--count", "4").stdout.count("early") == 4  # names and channels


def test_next_of_one_schedule_counts_as_far_as_asked(read: Read, add: Add) -> None:
    add("math-7b")
    add("art-8")
    found = read("schedule", "next", "math-7b", "--count", "7")["occurrences"]
    assert {each["schedule"] for each in found} == {"math-7b"}
    assert len(found) == 7


def test_history_merges_recordings_with_changes(read: Read, run: Run, add: Add, deployment: Wiring) -> None:
    add("math-7b")
    deployment.planner.plan("math-7b")
    deployment.timetable.skip("math-7b", tomorrow(deployment))
    deployment.planner.plan("math-7b")
    found = read("schedule", "history", "math-7b")["history"]
    assert {each["what"] for each in found if each["kind"] == "change"} == {"added", "skipped"}
    withdrawn = [each for each in found if each.get("state") == "cancelled"]
    assert [each["slot"] for each in withdrawn] == [f"{tomorrow(deployment)}T09:00"]
    assert withdrawn[0]["reason"] == "skipped"
    instants = [datetime.fromisoformat(each["at"]) for each in found]
    assert instants == sorted(instants, reverse=True)
    shown = run("schedule", "history", "math-7b").stdout
    assert f"planned for {datetime.fromisoformat(tomorrow(deployment)):%a}" in shown
    assert withdrawn[0]["reason"] in shown


def test_history_is_told_of_a_removed_schedule(run: Run, add: Add, deployment: Wiring) -> None:
    add("math-7b")
    deployment.timetable.remove("math-7b")
    deployment.planner.plan("math-7b")
    shown = run("schedule", "history", "math-7b")
    assert shown.exit_code == 0
    assert "removed" in shown.stdout


def test_history_is_limited_to_the_latest(read: Read, add: Add, deployment: Wiring) -> None:
    add("math-7b")
    deployment.timetable.pause("math-7b")
    deployment.timetable.resume("math-7b")
    found = read("schedule", "history", "math-7b", "--limit", "1")["history"]
    assert [each["what"] for each in found] == ["resumed"]


def test_an_export_can_be_read_again(run: Run, add: Add, tmp_path: Path) -> None:
    add("math-7b", lead="2m")
    text = run("schedule", "export").stdout
    answer = run("schedule", "export", "timetable.yaml")
    assert answer.exit_code == 0, answer.stderr
    assert answer.stdout == ""
    assert (tmp_path / "timetable.yaml").read_text("utf-8") == text
    preview = run("schedule", "preview", "--file", "timetable.yaml")
    assert "math-7b" in preview.stdout


def test_an_export_writes_over_nothing_unasked(run: Run, add: Add, tmp_path: Path) -> None:
    add("math-7b")
    (tmp_path / "mine.yaml").write_text("mine")
    answer = run("schedule", "export", "mine.yaml")
    assert answer.exit_code == 1
    assert answer.stderr == "recorder: mine.yaml is there already; --replace writes over it\n"
    assert (tmp_path / "mine.yaml").read_text() == "mine"
    assert run("schedule", "export", "mine.yaml", "--replace").exit_code == 0
    assert "math-7b" in (tmp_path / "mine.yaml").read_text()


def test_the_schema_is_one_json_document(run: Run) -> None:
    answer = run("schedule", "schema")
    assert json.loads(answer.stdout)["title"] == "Timetable of recordings"


def test_an_ics_export_has_an_event_for_each_occurrence(run: Run, add: Add) -> None:
    add("math-7b")
    span = ("--from", "2027-03-08", "--to", "2027-03-10")
    answer = run("schedule", "export-ics", "math-7b", *span)
    assert answer.stdout.count("BEGIN:VEVENT") == 3
    assert "DTSTART:20270308T080000Z" in answer.stdout
    assert run("schedule", "export-ics", *span, "-o", "math.ics").stdout == ""
    assert Path("math.ics").read_bytes() == answer.stdout_bytes


def test_an_ics_export_refuses_days_in_the_wrong_order(run: Run) -> None:
    answer = run("schedule", "export-ics", "--from", "2027-03-08", "--to", "2027-03-07")
    assert answer.exit_code == 2
    assert answer.stderr == "recorder: to: 2027-03-07 is before the first day, 2027-03-08\n"


def test_recordings_are_listed_and_shown_by_their_schedule(
    run: Run, read: Read, add: Add, deployment: Wiring
) -> None:
    read("record", "math", "--start", "+10m", "--minutes", "5")
    add("math-7b")
    deployment.planner.plan("math-7b")
    found = read("list", "--schedule", "math-7b")["recordings"]
    assert {each["schedule"] for each in found} == {"math-7b"}
    shown = run("show", found[0]["session_id"]).stdout
    assert f"{found[0]['slot']}, by revision {found[0]['revision']}" in shown
    assert "no recording matches" in run("list", "--schedule", "art-8").stdout


def findings(run: Run, about: str) -> dict[str, str]:
    found = json.loads(run("doctor", "--json").stdout)["findings"]
    return {each["says"]: each["level"] for each in found if each["about"] == about}


def test_a_doctor_counts_schedules_and_those_that_nobody_plans(
    run: Run, add: Add, deployment: Wiring
) -> None:
    assert findings(run, "schedules") == {"none": "ok"}
    assert findings(run, "zones") == {}
    add("math-7b")
    assert findings(run, "schedules") == {"1, 1 due for planning, and no worker runs": "warn"}
    deployment.planner.plan("math-7b")
    assert findings(run, "schedules") == {"1, 0 due for planning": "ok"}


def test_a_doctor_sees_hosts_with_different_zone_data(run: Run, add: Add, deployment: Wiring) -> None:
    add("math-7b")
    deployment.store.workers.beat("worker@a", {"lanes": ["start"], "hands": 8, "zones": release()})
    assert set(findings(run, "zones").values()) == {"ok"}
    deployment.store.workers.beat("worker@b", {"lanes": ["start"], "hands": 8, "zones": "2019a"})
    known = f"2019a: worker@b; {release()}: this host, worker@a"
    assert findings(run, "zones") == {f"hosts have different zone data ({known})": "warn"}
