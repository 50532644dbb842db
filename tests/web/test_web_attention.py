"""What needs a person, and in which order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from recorder_tasks.core.session import Ending, State
from recorder_tasks.flow.desk import Orphan
from recorder_tasks.recording import Recording
from recorder_tasks.web.attention import LATE, Urgency, matters
from recorder_tasks.web.board import Row, Snapshot
from tests.web.recordings import DAY, a_recording, a_take

WELL = {
    "workers": {
        "worker@a": {"lanes": ["stop", "start", "query"]},
        "stopper@a": {"lanes": ["stop"]},
        "beat@a": {"beat": True, "lanes": []},
    }
}
NOW = DAY + timedelta(hours=9)


def board(*recordings: Recording, **more: Any) -> Snapshot:
    rows = {one.session_id: Row(one, 1) for one in recordings}
    return Snapshot(tick=1, at=NOW, rows=rows, **{"overview": WELL, **more})


def kinds(snapshot: Snapshot) -> list[str]:
    return [each.kind for each in matters(snapshot)]


def test_a_room_where_all_is_well_needs_nobody() -> None:
    recording = a_recording(start=NOW, state=State.RECORDING, takes=(a_take(NOW),))
    assert kinds(board(recording)) == []


def test_a_start_is_late_after_ten_seconds_and_not_before() -> None:
    just = a_recording(start=NOW - LATE, state=State.STARTING)
    assert kinds(board(just)) == []
    assert kinds(board(a_recording(start=NOW - LATE - timedelta(seconds=1), state=State.STARTING))) == [
        "late"
    ]


def test_failing_stops_come_before_what_is_merely_over() -> None:
    bad = a_recording(start=NOW, state=State.STOPPING, alerts=("stop_failing",), number=1)
    missed = a_recording(start=NOW - timedelta(hours=1), state=State.MISSED, number=2)
    part = a_recording(start=NOW, state=State.COMPLETED, outcome=Ending.PARTIAL, number=3)
    assert kinds(board(part, missed, bad)) == ["stop_failing", "missed", "partial"]


def test_a_recorder_that_is_looked_for_is_told_once_none_of_them_is_found() -> None:
    gone = a_take(NOW, missing=NOW)
    found = a_take(NOW, uid=2)
    assert kinds(board(a_recording(start=NOW, state=State.RECORDING, takes=(gone,)))) == ["missing"]
    assert kinds(board(a_recording(start=NOW, state=State.RECORDING, takes=(gone, found)))) == []


def test_processes_that_are_not_there_are_told() -> None:
    assert kinds(board(overview={"workers": {}})) == ["no_stopper", "no_worker", "no_beat"]
    only = {"workers": {"worker@a": {"lanes": ["stop", "start"]}, "beat@a": {"beat": True, "lanes": []}}}
    (matter,) = matters(board(overview=only))
    assert (matter.kind, matter.urgency) == ("no_stopper", Urgency.LATER)


def test_without_redis_nothing_else_is_guessed_of_the_processes() -> None:
    assert kinds(board(overview={}, trouble="Redis is out of reach")) == ["redis"]


def test_orphans_are_told_with_their_end() -> None:
    orphan = Orphan(
        name="r-1/x",
        session_id="r-1",
        app="default",
        channel="math",
        uid=7,
        since=NOW,
        banned=True,
        ends_by=NOW,
        max_idle=300,
        minutes=1,
    )
    assert kinds(board(orphans=(orphan,))) == ["orphan"]
