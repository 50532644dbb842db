"""Forecasts and weeks as they look in a terminal."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schedules.chart import chart, week_grid
from schedules.forecast import Forecast, Planned, forecast
from schedules.occurrence import Occurrence
from schedules.recurrence import Slot, slots
from schedules.rule import Pause, Rule

MONDAY = datetime(2027, 3, 22, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def a_rule(name: str, **how: Any) -> Rule:
    return Rule(name=name, channel="room", timezone="Europe/Berlin", **how)


ALGEBRA = a_rule("algebra-7b", slots=["mon wed fri 09:00-09:50"], exceptions=["2027-03-26..2027-03-31"])
YOGA = a_rule("yoga", slots=["wed 09:15-10:00", "sat 10:30-11:00"])
NIGHT = a_rule("night", slots=["sun 02:30-03:00"])
EXAMS = Pause(reason="exams", since=datetime(2027, 3, 27, tzinfo=UTC), until=datetime(2027, 4, 1, tzinfo=UTC))


def named(rule: Rule, weeks: int = 2, **how: Any) -> list[Slot]:
    return slots(rule, MONDAY, MONDAY + timedelta(weeks=weeks), **how)


def a_forecast(many: int, cap: int | None = 10) -> Forecast:
    planned = []
    for day in range(2):
        for hour, share in ((8, 2), (9, 1), (13, 4)):
            start = MONDAY + timedelta(days=day, hours=hour)
            end = start + timedelta(minutes=50)
            for i in range(many * (day + 1) // share):
                name = f"c{i}"
                planned.append(
                    Planned(Occurrence(name, f"{start}", "room", start, end, start, end), name, 120)
                )
    until = MONDAY + timedelta(days=5)
    return forecast(planned, MONDAY, until, rate=10, spacing=0.11, cap=cap, margin=3)


def drawn(text: str) -> str:
    """A golden text, without the margin that its place in this file gives it."""
    return "\n".join(line.removeprefix("    |") for line in text.strip("\n").split("\n"))


def test_a_forecast_of_nothing_says_so() -> None:
    assert chart(a_forecast(0)) == "nothing is planned"


def test_a_forecast_is_a_band_for_each_day() -> None:
    assert chart(a_forecast(8), BERLIN) == drawn(CHART)


def test_without_a_cap_the_bands_are_measured_by_their_highest() -> None:
    text = chart(a_forecast(8, cap=None))
    assert text.startswith("recordings at once, no cap\n")
    assert "█" in text
    assert "▲" not in text


@pytest.mark.parametrize("width", [52, 60, 80, 130, 200])
def test_a_chart_keeps_to_the_width_it_is_given(width: int) -> None:
    assert max(map(len, chart(a_forecast(8), width=width).splitlines())) <= max(width, 60)


def test_a_grid_of_nothing_says_so() -> None:
    assert week_grid([], BERLIN) == "nothing is planned"


def test_weeks_of_several_schedules_name_them_and_say_why_some_are_not_recorded() -> None:
    assert week_grid([*named(ALGEBRA), *named(YOGA, pause=EXAMS), *named(NIGHT)], BERLIN) == drawn(WEEKS)


def test_weeks_of_one_schedule_show_when_its_classes_end() -> None:
    assert week_grid(named(ALGEBRA, 1), BERLIN) == drawn(ALONE)


def test_a_class_that_begins_between_two_rows_tells_its_minute() -> None:
    assert ":15 yoga" in week_grid([*named(YOGA, 1), *named(NIGHT, 1)], BERLIN)


def test_what_is_not_recorded_at_all_has_no_first_and_last() -> None:
    text = week_grid(named(a_rule("off", slots=["mon 09:00-10:00"], enabled=False)), BERLIN)
    assert text.endswith("x not recorded: disabled (2)\nnothing of it is recorded")


def test_colours_change_nothing_but_the_colours() -> None:
    shown = [*named(ALGEBRA), *named(YOGA, pause=EXAMS), *named(NIGHT)]
    text = week_grid(shown, BERLIN, color=True)
    assert "\x1b[2;9mx algebr…\x1b[0m" in text
    lines = [line.rstrip() for line in ESCAPES.sub("", text).splitlines()]
    assert lines == week_grid(shown, BERLIN).splitlines()


def test_wide_characters_take_two_columns() -> None:
    begins = MONDAY + timedelta(hours=8)
    wide = Occurrence("数学数学数学", "s", "room", begins, begins, begins, begins)
    text = week_grid([Slot(wide), *named(YOGA, 1)], BERLIN)
    assert f"09:00 数学数学… {'':9} :15 yoga\n" in text


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_grid_keeps_to_the_width_it_is_given(width: int) -> None:
    text = week_grid([*named(ALGEBRA), *named(YOGA, pause=EXAMS), *named(NIGHT)], BERLIN, width=width)
    assert max(map(len, text.splitlines())) <= width


CHART = """
    |recordings at once, the cap is 10
    |            0     3     6     9     12    15    18    21
    |Mon 22 Mar ▕                 ▃▃▆▆▆     ▁▁▁                  ▏ 8 at 09:59
    |Tue 23 Mar ▕                 ▆▆▲▲▲     ▃▃▃                  ▏ 16 at 09:59 ◂
    |◂ the peak: 16 on Tue 23 Mar at 09:59, ▲ is over the limit
    |
    |requests a second, the rate is 10
    |            0     3     6     9     12    15    18    21
    |Mon 22 Mar ▕                 ▁▁▁▁▁     ▁▁▁                  ▏ 0.3 at 09:59
    |Tue 23 Mar ▕                 ▁▁▁▁▁     ▁▁▁                  ▏ 0.8 at 09:59 ◂
    |◂ the peak: 0.8 on Tue 23 Mar at 09:59
"""

WEEKS = """
    |week 12, 22 Mar to 28 Mar 2027
    |      mon 22    tue 23    wed 24    thu 25    fri 26    sat 27    sun 28
    |03:30                                                             night*
    |09:00 algebra-…           2 classes           x algebr…
    |10:30                                                   = yoga
    |
    |week 13, 29 Mar to 04 Apr 2027
    |      mon 29    tue 30    wed 31    thu 01    fri 02    sat 03    sun 04
    |02:30                                                             night
    |09:00 x algebr…           1= 1x               algebra-…
    |10:30                                                   yoga
    |
    |x not recorded: exception 2027-03-26..2027-03-31 (3)
    |= paused: exams (2)
    |* 02:30 does not exist on 2027-03-28 in Europe/Berlin: it begins at 03:30
    |7 recordings: the first Mon 22 Mar 2027 09:00, the last Sun 04 Apr 2027 02:30
"""

ALONE = """
    |week 12, 22 Mar to 28 Mar 2027: algebra-7b
    |      mon 22    tue 23    wed 24    thu 25    fri 26    sat 27    sun 28
    |09:00 -09:50              -09:50              x -09:50
    |
    |x not recorded: exception 2027-03-26..2027-03-31 (1)
    |2 recordings: the first Mon 22 Mar 2027 09:00, the last Wed 24 Mar 2027 09:00
"""
