"""What a simulation calls amiss, over the whole window and not only at its end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.simulation.audit import SOON, Amiss, Lesson, Ran, alive, starved

LESSON = Lesson("room", start=100.0, end=200.0)
RIGHT = Ran("room", since=100.5, until=200.2)
NOW = 1000.0


@pytest.mark.parametrize(
    ("ran", "amiss"),
    [
        ([RIGHT], {}),
        ([], {"absent": 1}),
        ([replace(RIGHT, since=LESSON.start + SOON + 1)], {"absent": 1}),
        ([replace(RIGHT, until=150.0)], {"short": 1}),
        ([replace(RIGHT, until=LESSON.end + SOON + 1)], {"too_long": 1}),
        ([replace(RIGHT, until=None)], {"too_long": 1}),
        ([RIGHT, Ran("room", since=120.0, until=200.2)], {"doubled": 1}),
        ([replace(RIGHT, until=150.0), Ran("room", since=151.0, until=200.2)], {}),
        ([RIGHT, Ran("another", since=120.0, until=130.0)], {"doubled": 1}),
    ],
)
def test_a_lesson_is_recorded_once_from_its_beginning_to_its_end(
    ran: list[Ran], amiss: dict[str, int]
) -> None:
    assert Amiss.of([LESSON], ran, NOW) == Amiss(
        **{"absent": 0, "short": 0, "too_long": 0, "doubled": 0, **amiss}
    )


def test_what_has_not_ended_yet_is_not_short() -> None:
    assert Amiss.of([LESSON], [replace(RIGHT, until=None)], now=150.0) == Amiss(0, 0, 0, 0)


def test_alive_counts_who_runs_at_each_second() -> None:
    ran = [Ran("a", 0.0, None), Ran("b", 101.5, 103.0), Ran("c", 50.0, 101.0), Ran("d", 104.2, None)]
    assert alive(ran, begin=100.0, seconds=4) == [2, 1, 2, 1, 1]


@pytest.mark.parametrize(
    ("claimed", "due", "count"),
    [
        ({}, {"check": 50.0}, 1),
        ({}, {"check": 101.0}, 0),
        ({"check": 50.0}, {"check": 130.0}, 1),
        ({"check": 101.0}, {"check": 130.0}, 0),
        ({"check": 50.0}, {}, 0),
    ],
    ids=["never claimed", "due later", "claimed in vain", "claimed lately", "its recording is over"],
)
def test_a_step_starves_that_is_still_due(
    claimed: dict[str, float], due: dict[str, float], count: int
) -> None:
    assert starved(claimed, due, before=100.0) == count
