"""What people ask for at the command line, on a real store; no worker has to run for a wish to be taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import Result

from recorder_tasks.cli import shown
from recorder_tasks.flow.feed import RecordingEvent
from recorder_tasks.wiring import Wiring

Run = Callable[..., Result]
Read = Callable[..., Any]


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_recording_is_taken_without_any_worker(read: Read, deployment: Wiring) -> None:
    made = read("record", "math-7b", "--start", "+10m", "--minutes", "50", "--label", "room=7b")
    assert made["state"] == "scheduled"
    assert when(made["end"]) - when(made["start"]) == timedelta(minutes=50)
    assert deployment.desk.get(made["session_id"]).labels == {"room": "7b"}


def test_the_same_key_answers_with_the_same_recording(read: Read) -> None:
    ask = ("record", "math", "--start", "2030-01-01T09:00Z", "--minutes", "50", "--key", "math/1")
    assert read(*ask)["session_id"] == read(*ask)["session_id"]


def test_a_key_that_names_another_recording_is_refused(run: Run, read: Read) -> None:
    read("record", "math", "--start", "2030-01-01T09:00Z", "--minutes", "50", "--key", "math/1")
    again = run("record", "art", "--start", "2030-01-01T09:00Z", "--minutes", "50", "--key", "math/1")
    assert again.exit_code == 1
    assert "math/1" in again.stderr
    assert again.stdout == ""


def test_a_value_that_is_not_allowed_is_wrong_usage_in_one_sentence(run: Run) -> None:
    answer = run("record", "math", "--minutes", "-5")
    assert answer.exit_code == 2
    assert "Traceback" not in answer.stderr
    assert answer.stderr.startswith("recorder: ")
    assert len(answer.stderr.strip().splitlines()) == 1


def test_a_time_that_nobody_understands_is_wrong_usage(run: Run) -> None:
    answer = run("record", "math", "--start", "noonish")
    assert answer.exit_code == 2
    assert "'noonish' is not a time" in answer.stderr


def test_nothing_recorded_yet_teaches_what_to_type(run: Run) -> None:
    answer = run("list")
    assert answer.exit_code == 0
    assert "recorder record my-class" in answer.stdout


def test_a_filter_that_finds_nothing_says_so(run: Run, read: Read) -> None:
    read("record", "math", "--start", "+10m", "--minutes", "5")
    assert "no recording matches" in run("list", "--channel", "art").stdout


def test_lists_filter_by_state_and_label(read: Read) -> None:
    kept = read("record", "math", "--start", "+10m", "--minutes", "5", "--label", "room=7b")["session_id"]
    read("record", "art", "--start", "+20m", "--minutes", "5", "--label", "room=8a")
    found = read("list", "--state", "scheduled", "--label", "room=7b")["recordings"]
    assert [each["session_id"] for each in found] == [kept]


def test_a_long_list_is_paged_by_its_cursor(read: Read) -> None:
    made = {read("record", "math", "--start", f"+{n}m", "--minutes", "5")["session_id"] for n in (10, 20, 30)}
    first = read("list", "--limit", "2")
    second = read("list", "--limit", "2", "--cursor", first["cursor"])
    seen = [each["session_id"] for each in first["recordings"] + second["recordings"]]
    assert len(seen) == 3
    assert set(seen) == made


def test_a_list_for_people_shows_channel_state_and_labels(run: Run, read: Read) -> None:
    read("record", "math", "--start", "+10m", "--minutes", "5", "--label", "room=7b")
    shown = run("list").stdout
    assert "math" in shown
    assert "scheduled" in shown


def test_brackets_in_names_are_shown_as_they_are(run: Run, read: Read) -> None:
    ask = ("record", "room[red]7", "--start", "+10m", "--minutes", "5", "--label", "note=[b]x[/y]")
    made = read(*ask)
    for answer in (run("list"), run("show", made["session_id"])):
        assert answer.exit_code == 0
        assert "room[red]7" in answer.stdout
        assert "note=[b]x[/y]" in answer.stdout


def test_show_gives_local_times_with_utc_beside_them(run: Run, read: Read) -> None:
    made = read("record", "math", "--start", "2030-01-01T09:00Z", "--minutes", "50")
    shown = run("show", made["session_id"])
    assert shown.exit_code == 0
    assert "[09:00:00Z]" in shown.stdout
    assert made["session_id"] in shown.stdout


def test_an_unknown_recording_has_an_exit_status_of_its_own(run: Run) -> None:
    for command in ("show", "stop", "cancel", "watch", "events"):
        answer = run(command, "r-nobody")
        assert answer.exit_code == 3, command
        assert "r-nobody" in answer.stderr
        assert "; `recorder list` shows them" in answer.stderr
        assert answer.stdout == ""


def test_extend_moves_the_end(read: Read) -> None:
    made = read("record", "math", "--start", "2030-01-01T09:00Z", "--minutes", "50")
    longer = read("extend", made["session_id"], "--minutes", "10")
    assert when(longer["end"]) - when(made["end"]) == timedelta(minutes=10)
    assert when(read("extend", made["session_id"], "--until", "2030-01-01T09:55Z")["end"]) == when(
        "2030-01-01T09:55Z"
    )


def test_an_end_past_the_deadline_names_the_option(run: Run, read: Read) -> None:
    made = read("record", "math", "--start", "+10m", "--minutes", "50", "--max-extension", "0")
    refused = run("extend", made["session_id"], "--minutes", "5")
    assert refused.exit_code == 2
    assert refused.stderr.rstrip().endswith("; --move-deadline moves it along")
    assert run("extend", made["session_id"], "--minutes", "5", "--move-deadline").exit_code == 0


def test_an_end_on_another_day_is_shown_with_its_date(run: Run, read: Read) -> None:
    made = read("record", "math", "--start", "2030-01-01T12:00Z", "--minutes", "1440")
    day = when(made["end"]).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    assert f"to {day}" in run("extend", made["session_id"], "--minutes", "0").stdout
    assert day in run("list").stdout
    event = RecordingEvent(
        id="1-0",
        type="session.extended",
        session_id=made["session_id"],
        at=when(made["start"]),
        data={"end": when(made["end"]).timestamp(), "deadline": when(made["start"]).timestamp()},
    )
    assert (
        shown.told(event)
        == f"session.extended end={day} deadline={when(made['start']).astimezone():%H:%M:%S}"
    )


def test_extend_needs_to_know_how_far(run: Run, read: Read) -> None:
    made = read("record", "math", "--start", "+10m", "--minutes", "50")
    assert run("extend", made["session_id"]).exit_code == 2


def test_a_cancelled_recording_stays_cancelled_and_cannot_be_extended(run: Run, read: Read) -> None:
    made = read("record", "math", "--start", "+10m", "--minutes", "50")["session_id"]
    assert read("cancel", made)["state"] == "cancelled"
    refused = run("extend", made, "--minutes", "5")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("recorder: ")


def test_stopping_what_has_not_begun_cancels_it(read: Read) -> None:
    made = read("record", "math", "--start", "+10m", "--minutes", "50")["session_id"]
    assert read("stop", made)["state"] == "cancelled"


def test_a_wait_that_takes_too_long_has_an_exit_status_of_its_own(run: Run) -> None:
    answer = run(
        "record", "math", "--start", "+10m", "--minutes", "5", "--wait", "--timeout", "0.2", "--json"
    )
    assert answer.exit_code == 4
    assert answer.stdout == ""


def test_events_are_one_document_a_line(run: Run, read: Read) -> None:
    read("record", "math", "--start", "+10m", "--minutes", "5")
    lines = run("events", "--json").stdout.splitlines()
    assert "session.scheduled" in {json.loads(line)["type"] for line in lines} or lines == []


def test_layout_takes_json_a_file_standard_input_and_flags(run: Run, tmp_path: Path) -> None:
    (tmp_path / "layout.json").write_text('{"mixedVideoLayout": 1}')
    for body in (['{"mixedVideoLayout": 1}'], ["@layout.json"], ["-"], ["--kind", "best-fit"]):
        answer = run("layout", "r-nobody", *body, stdin='{"mixedVideoLayout": 1}')
        assert answer.exit_code == 3, body  # it was read; only the recording is missing
    for body in (["{"], ["[]"], ["@missing.json"], []):
        assert run("layout", "r-nobody", *body).exit_code == 2, body


def test_update_builds_subscriptions_from_flags(run: Run) -> None:
    assert run("update", "r-nobody", "--subscribe-audio", "1", "--hold").exit_code == 3
    assert run("update", "r-nobody").exit_code == 2
