"""The week's grid and the forecast's pictures, as geometry."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from recorder_tasks.web.charts import HEIGHT, concurrency, requests
from recorder_tasks.web.week import LEFT, MOST_BLOCKS, WIDTH, Lesson, grid, monday
from schedules.foreseen import Forecast, Stretch
from tests.web.recordings import DAY

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2027, 3, 8)


def lesson(day: int, hour: float, length: float = 1.0, name: str = "math", **more: object) -> Lesson:
    starts = DAY + timedelta(days=day, hours=hour - 1)  # Berlin is an hour ahead
    return Lesson(name, starts, starts + timedelta(hours=length), "slot", **more)  # type: ignore[arg-type]


def test_each_stands_in_its_day_and_hour_by_the_viewers_clock() -> None:
    drawn = grid([lesson(0, 9), lesson(2, 10)], MONDAY, BERLIN)
    first, second = drawn.blocks
    assert second.x - first.x == round(2 * drawn.column, 1)
    assert {word: y for y, word in drawn.hours}["09:00"] == first.y


def test_those_at_once_share_the_column_and_those_after_do_not() -> None:
    drawn = grid([lesson(0, 9, name="a"), lesson(0, 9.5, name="b"), lesson(0, 11, name="c")], MONDAY, BERLIN)
    a, b, c = drawn.blocks
    assert a.width == b.width < c.width
    assert a.x + a.width <= b.x


def test_night_lessons_widen_the_day() -> None:
    drawn = grid([lesson(0, 5), lesson(0, 23, 2.0)], MONDAY, BERLIN)
    assert drawn.hours[0][1] == "05:00"
    assert drawn.hours[-1][1] == "24:00"


def test_many_become_counts_by_the_hour_without_what_is_off() -> None:
    many = [lesson(0, 9, name=f"room-{n}") for n in range(MOST_BLOCKS)]
    drawn = grid([*many, lesson(0, 9, name="off", off=True)], MONDAY, BERLIN)
    assert not drawn.blocks
    (cell,) = drawn.cells
    assert (cell.count, cell.shade) == (MOST_BLOCKS, 5)


@given(st.lists(st.tuples(st.integers(0, 6), st.floats(0, 23.9), st.floats(0.02, 20)), max_size=60))
def test_nothing_overlaps_and_nothing_leaves_the_picture(lessons: list[tuple[int, float, float]]) -> None:
    drawn = grid([lesson(*one, name=str(n)) for n, one in enumerate(lessons)], MONDAY, BERLIN)
    for block in drawn.blocks:
        assert block.x >= LEFT
        assert block.x + block.width <= WIDTH + 1
    for one in drawn.blocks:
        for other in drawn.blocks:
            if one is not other and one.x < other.x + other.width and other.x < one.x + one.width:
                shared = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
                assert shared <= 10.1  # the least height of a block


def test_counts_are_of_what_is_recorded_at_once_and_not_of_what_follows_within_the_hour() -> None:
    halves = [lesson(0, 9 + half / 2, 0.5, name=f"{n}-{half}") for n in range(MOST_BLOCKS) for half in (0, 1)]
    drawn = grid(halves, MONDAY, BERLIN)
    assert [cell.count for cell in drawn.cells] == [MOST_BLOCKS]


def test_a_week_begins_on_monday() -> None:
    assert {monday(MONDAY + timedelta(days=n)) for n in range(7)} == {MONDAY}


def a_forecast(*levels: int, cap: int | None = 4, rate: float = 5.0) -> Forecast:
    stretches = tuple(
        Stretch(DAY + timedelta(minutes=n), 1, level, level, 0, float(level), level / 2)
        for n, level in enumerate(levels)
    )
    until = DAY + timedelta(minutes=len(levels))
    return Forecast(DAY, until, rate, cap, sum(levels), stretches, late=(), excesses=())


def test_the_worst_minute_is_named_the_first_of_equals() -> None:
    chart = concurrency(a_forecast(1, 3, 2, 3), BERLIN)
    assert (chart.most, chart.at) == (3.0, DAY + timedelta(minutes=1))


def test_the_limit_stands_where_its_number_does() -> None:
    chart = concurrency(a_forecast(1, 4), BERLIN)
    assert chart.cap is not None
    assert chart.ticks[-1] == (chart.cap, "4")
    assert concurrency(a_forecast(1, cap=None), BERLIN).cap is None
    assert requests(a_forecast(1, rate=0.0), BERLIN).cap is None


def test_more_than_the_limit_reaches_above_its_line() -> None:
    chart = concurrency(a_forecast(9), BERLIN)
    assert chart.cap is not None
    heights = [float(part.split("H")[0]) for part in chart.area.split("V")[1:2]]
    assert heights[0] < chart.cap


def test_an_axis_counts_upwards_within_the_picture() -> None:
    for chart in (concurrency(a_forecast(1, 2), BERLIN), requests(a_forecast(1, 2), BERLIN)):
        for (low, _), (high, _) in pairwise(chart.ticks):
            assert 0 < high < low < HEIGHT
