"""Which recorder was whose, and what is wrong with a lesson: from the ledger alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from recorder_tasks.local.lessons import Lesson, matched
from recorder_tasks.local.rehearsal_report import busiest_second

PLANNED = Lesson(
    key="a@2027-03-08T09:00",
    app_id="app",
    channel="a",
    zone="UTC",
    planned_start=1000.0,
    planned_end=4000.0,
    lead=120.0,
    patience=10.0,
)
NEXT = replace(PLANNED, key="a@2027-03-08T09:50", planned_start=4000.0, planned_end=7000.0)


def take(started: float, ended: float | None, **more: Any) -> dict[str, Any]:
    room = {"app_id": "app", "channel": "a"}
    return {**room, "started_at": started, "joined_at": started + 2, "ended_at": ended, **more}


def wrongs(*takes: dict[str, Any], lessons: tuple[Lesson, ...] = (PLANNED,)) -> list[str | None]:
    return [lesson.wrong for lesson in matched(lessons, takes)[0]]


@pytest.mark.parametrize(
    ("takes", "wrong"),
    [
        ([take(990, 4000.5)], None),
        ([], "not recorded: the ledger has no recorder for it"),
        ([take(990, 4000, joined_at=None)], "not recorded: its recorder never came into the channel"),
        ([take(990, 4000), take(990, 4000)], "recorded 2 times"),
        ([take(990, 2000), take(2001, 4000)], "recorded 2 times"),
        ([take(999, 4000)], "began 1.0 s late"),
        ([take(990, None)], "never stopped"),
        ([take(990, 3900)], "ended 100.0 s before its end"),
        ([take(990, 4011)], "stopped 11.0 s after its end"),
    ],
)
def test_a_lesson_says_what_is_wrong_with_it(takes: list[dict[str, Any]], wrong: str | None) -> None:
    assert wrongs(*takes) == [wrong]


def test_a_recorder_that_began_before_the_lead_is_nobodys() -> None:
    lessons, strays = matched([PLANNED], [take(870, 4000)])
    assert [lesson.takes for lesson in lessons] == [0]
    assert len(strays) == 1


def test_without_a_lead_a_start_may_take_ten_seconds() -> None:
    without = replace(PLANNED, lead=0.0)
    assert wrongs(take(1007, 4000), lessons=(without,)) == [None]
    assert wrongs(take(1009, 4000), lessons=(without,)) == ["began 11.0 s late"]


def test_the_next_lesson_of_a_channel_begins_while_the_one_before_still_runs() -> None:
    assert wrongs(take(990, 4001), take(3990, 7001), lessons=(PLANNED, NEXT)) == [None, None]


def test_a_doubled_lesson_does_not_stand_for_a_missing_one() -> None:
    found = wrongs(take(990, 4001), take(991, 4001), lessons=(PLANNED, NEXT))
    assert found == ["recorded 2 times", "not recorded: the ledger has no recorder for it"]


def test_two_lessons_at_one_time_in_one_channel_take_one_recorder_each() -> None:
    twin = replace(PLANNED, key="b@2027-03-08T09:00")
    assert wrongs(take(990, 4000), take(991, 4001), lessons=(PLANNED, twin)) == [None, None]
    found = wrongs(take(990, 4000), lessons=(PLANNED, twin))
    assert found == [None, "not recorded: the ledger has no recorder for it"]


def test_recorders_of_another_app_or_channel_are_nobodys() -> None:
    others = [take(990, 4000, app_id="other"), take(990, 4000, channel="b")]
    lessons, strays = matched([PLANNED], others)
    assert (lessons[0].takes, strays) == (0, others)


def test_the_busiest_second_may_begin_anywhere() -> None:
    assert busiest_second([]) == 0
    assert busiest_second([0.0, 0.9, 1.0, 1.8, 1.89]) == 4
    assert busiest_second([0.0, 1.0, 2.0]) == 1
