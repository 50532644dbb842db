"""A day as lanes: where each recording stands, what of it was recorded, and what was late."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder_tasks.core.session import End, State
from recorder_tasks.recording import Recording
from recorder_tasks.web.lanes import ALONE, ROW, Scale, groupings, lanes
from tests.web.recordings import DAY, a_recording, a_take

SCALE = Scale(DAY, DAY + timedelta(days=1), 60.0)
NOON = DAY + timedelta(hours=12)


def at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def drawn(*recordings: Recording, by: str = "room", now: datetime = NOON) -> Any:
    return lanes(recordings, by, SCALE, now)


def test_rooms_are_in_natural_order_and_what_has_none_comes_last() -> None:
    found = drawn(
        *(a_recording(start=at(9), labels={"room": room}) for room in ("10", "2", "b", "1")),
        a_recording(start=at(9)),
    )
    assert [lane.name for lane in found] == ["1", "2", "10", "b", ALONE]


def test_what_overlaps_in_a_room_stands_below_each_other_and_what_follows_does_not() -> None:
    (lane,) = drawn(*(a_recording(start=at(hour), labels={"room": "1"}) for hour in (9, 9.5, 10)), by="room")
    assert [bar.y for bar in lane.bars] == [lane.bars[0].y, lane.bars[0].y, lane.bars[0].y + ROW]
    assert lane.height > 2 * ROW


def test_a_bar_reaches_over_the_plan_and_its_pieces_over_what_was_recorded() -> None:
    one = a_recording(start=at(9), end=at(10), state=State.COMPLETED, takes=(a_take(at(9), ended=at(9.5)),))
    ((bar,),) = [lane.bars for lane in drawn(one)]
    assert (bar.x, bar.width) == (540.0, 60.0)
    (piece,) = bar.pieces
    assert (piece.x, piece.width, piece.kind) == (540.0, 30.0, "take")


def test_a_late_start_is_as_wide_as_it_was_late() -> None:
    one = a_recording(start=at(9), end=at(10), state=State.RECORDING, takes=(a_take(at(9.25)),))
    ((bar,),) = [lane.bars for lane in drawn(one, now=at(9.5))]
    assert bar.late == 15.0
    assert bar.pieces[0].kind == "live"


def test_what_should_record_and_does_not_is_late_until_now() -> None:
    one = a_recording(start=at(9), end=at(10), state=State.STARTING)
    ((bar,),) = [lane.bars for lane in drawn(one, now=at(9.5))]
    assert bar.late == 30.0


def test_a_lost_recorder_ends_where_it_was_last_looked_for_and_another_follows() -> None:
    lost, other = a_take(at(9), missing=at(9.25)), a_take(at(9.3), ended=at(10), uid=2)
    one = a_recording(start=at(9), end=at(10), state=State.COMPLETED, takes=(lost, other))
    ((bar,),) = [lane.bars for lane in drawn(one)]
    assert [(piece.kind, piece.width) for piece in bar.pieces] == [("lost", 15.0), ("next", 42.0)]


def test_a_lost_recorder_of_long_ago_does_not_push_later_lessons_down() -> None:
    lost = a_recording(
        start=at(9), end=at(10), state=State.COMPLETED, takes=(a_take(at(9), missing=at(9.2)),)
    )
    after = a_recording(start=at(10), end=at(11), number=1)
    assert len({bar.y for bar in drawn(lost, after, now=at(10.5))[0].bars}) == 1


def test_cancelled_ones_are_not_late() -> None:
    one = a_recording(start=at(9), end=at(10), state=State.CANCELLED)
    assert drawn(one)[0].bars[0].late == 0


@given(st.lists(st.tuples(st.floats(-30, 30), st.floats(0.01, 40)), max_size=30), st.floats(-1, 25))
def test_no_two_bars_of_a_row_overlap_and_all_are_within_the_day(
    spans: list[tuple[float, float]], now: float
) -> None:
    ones = [
        a_recording(start=at(start), end=at(start + length), takes=(a_take(at(start)),), number=number)
        for number, (start, length) in enumerate(spans)
    ]
    for lane in drawn(*ones, now=at(now)):
        rows: dict[int, list[tuple[float, float]]] = {}
        for bar in lane.bars:
            assert 0 <= bar.x <= SCALE.width
            rows.setdefault(bar.y, []).append((bar.x, bar.x + bar.width))
        for row in rows.values():
            ordered = sorted(row)
            for (_, end), (start, _) in itertools.pairwise(ordered):
                assert start >= end - 3.0  # the narrowest bar is that wide


@pytest.mark.parametrize(
    ("labels", "schedule", "first"),
    [({"room": "1"}, None, "room"), ({}, "math", "schedule"), ({}, None, "channel")],
)
def test_lanes_are_by_room_else_by_schedule_else_by_channel(
    labels: dict[str, str], schedule: str | None, first: str
) -> None:
    assert groupings([a_recording(start=at(9), labels=labels, schedule=schedule)])[0] == first


def test_end_is_told_on_hover() -> None:
    one = a_recording(
        start=at(9), state=State.COMPLETED, takes=(a_take(at(9), ended=at(9.5), end=End.STOPPED),)
    )
    assert drawn(one)[0].bars[0].pieces[0].says == "uid 1, stopped"


def test_the_day_of_the_changed_clock_has_twenty_five_hours() -> None:
    from zoneinfo import ZoneInfo

    from recorder_tasks.web.pages.timeline import _hours, midnight

    berlin = ZoneInfo("Europe/Berlin")
    day = datetime(2026, 10, 25, tzinfo=UTC).date()
    since, until = midnight(day, berlin), midnight(day + timedelta(days=1), berlin)
    words = [word for _, word in _hours(Scale(since, until, 60.0), berlin)]
    assert len(words) == 25
    assert words.count("02:00") == 2
