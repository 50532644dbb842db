"""What a timetable comes to before it is kept: too many at once, too many requests, late starts."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.forecast import Forecast, Planned, forecast
from schedules.foreseen import Late
from schedules.occurrence import Occurrence

NINE = datetime(2027, 3, 8, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def a_class(rule: str, start: datetime = NINE, minutes: float = 50, **how: Any) -> Planned:
    end = start + timedelta(minutes=minutes)
    slot = f"{start:%Y-%m-%dT%H:%M}"
    return Planned(Occurrence(rule, slot, "room", start, end, start, end), rule, **how)


def classes(many: int, start: datetime = NINE, **how: Any) -> list[Planned]:
    return [a_class(f"math-{i}", start, **how) for i in range(many)]


def ahead(planned: list[Planned], **how: Any) -> Forecast:
    budget: dict[str, Any] = {"rate": 10, "spacing": 0.11, "cap": 50, "margin": 3.0}
    return forecast(planned, NINE.replace(hour=0), NINE.replace(hour=0) + DAY, **(budget | how))


def only_late(found: Forecast) -> Late:
    assert len(found.late) == 1
    return found.late[0]


def test_an_empty_timetable_has_nothing_to_say() -> None:
    found = ahead([])
    assert (found.planned, found.stretches, found.sentences(), found.over(0)) == (0, (), [], False)


def test_one_class_is_three_stretches_and_none_of_them_is_alarming() -> None:
    found = ahead([a_class("math")])
    rows = [(f"{one.at:%H:%M}", one.minutes, one.concurrent) for one in found.stretches]
    assert rows == [("09:00", 1, 1), ("09:01", 49, 1), ("09:50", 1, 1)]
    assert [(one.starts, one.stops) for one in found.stretches] == [(1, 0), (0, 0), (0, 1)]
    demanded = [(2 + 1 + 0.5) / 60, 0.5 / 60, (1 + 0.5) / 60]
    assert [one.demanded for one in found.stretches] == pytest.approx(demanded)
    assert [one.served for one in found.stretches] == pytest.approx(demanded)
    assert found.sentences() == []
    assert not found.over(100)


def test_a_bell_that_its_lead_is_too_short_for_names_how_many_how_late_and_what_would_do() -> None:
    found = ahead(classes(500, lead=60), cap=500)
    late = only_late(found)
    assert (late.at, late.starts, late.late, late.leads, late.lead) == (NINE, 500, 241, (60, 60), 120)
    assert late.needs == pytest.approx(110)
    assert late.worst == pytest.approx(53.02, abs=0.01)
    [sentence] = found.sentences()
    assert sentence.startswith(
        "2027-03-08 09:00 UTC: 500 starts need 1m50s, lead is 1m: 241 begin late, the last by 54s; "
        "a lead of 2m would do: math-"
    )
    assert sentence.endswith(" (238 more)")
    assert found.over(100)


def test_the_lead_that_would_do_does() -> None:
    planned = classes(500, lead=60)
    lead = only_late(ahead(planned, cap=None)).lead
    assert lead is not None
    assert not ahead(classes(500, lead=lead), cap=None).late


def test_a_bell_that_no_lead_would_do_for_says_so() -> None:
    found = ahead(classes(100, lead=60), rate=0.05, spacing=22.0, cap=None)
    assert only_late(found).lead is None
    assert "; no lead would do: " in found.sentences()[0]


def test_a_few_classes_without_a_lead_are_not_called_late() -> None:
    assert not ahead(classes(20)).late
    assert only_late(ahead(classes(60))).lead == 20


def test_more_recordings_than_the_cap_are_named_once_for_the_whole_while() -> None:
    planned = [*classes(51), a_class("art", NINE + timedelta(minutes=10), 20), a_class("art", minutes=45)]
    found = ahead([*planned, a_class("art", NINE + timedelta(minutes=5), 30)])
    [excess] = found.excesses
    assert (excess.since, excess.minutes) == (NINE, 51)
    assert (excess.at, excess.concurrent) == (NINE + timedelta(minutes=10), 54)
    assert excess.schedules[:2] == (("art", 3), ("math-0", 1))
    assert str(excess) == (
        "2027-03-08 09:10 UTC: 54 recordings at once, the cap is 50: art x3, math-0, math-1 (49 more)"
    )
    crowd = ahead(classes(54, lead=60))
    assert crowd.over(100)
    assert not crowd.over(108)


def test_the_worst_comes_first() -> None:
    planned = [*classes(51, lead=10), *classes(60, NINE + timedelta(hours=2), lead=10)]
    found = ahead(planned)
    assert [one.concurrent for one in found.excesses] == [60, 51]
    assert [one.at.hour for one in found.late] == [11, 9]


def test_a_block_that_follows_another_without_a_lead_frees_its_room_first() -> None:
    planned = [*classes(50), *classes(50, NINE + timedelta(minutes=50))]
    found = ahead(planned)
    assert found.most is not None
    assert found.most.concurrent == 50


def test_a_lead_over_the_end_of_the_block_before_holds_both_at_once() -> None:
    planned = [*classes(50, lead=120), *classes(50, NINE + timedelta(minutes=50), lead=120)]
    found = ahead(planned)
    assert found.most is not None
    assert (f"{found.most.at:%H:%M}", found.most.concurrent) == ("09:49", 100)


def test_over_compares_with_a_share_of_the_cap_and_of_the_rate() -> None:
    found = ahead(classes(40, lead=120))
    assert found.over(79)
    assert not found.over(80)
    busy = ahead(classes(500, lead=120), cap=None)
    assert busy.over(90)
    assert not busy.over(91)


def test_what_is_sent_never_passes_the_rate_though_more_is_demanded() -> None:
    found = ahead(classes(500, lead=120), cap=None)
    assert max(one.demanded for one in found.stretches) > 10
    assert max(one.served for one in found.stretches) <= 1 / 0.11 + 1e-9


def test_only_the_asked_for_time_is_told() -> None:
    found = ahead([a_class("night", NINE.replace(hour=0) - timedelta(hours=1), 120)])
    assert [(f"{one.at:%d %H:%M}", one.minutes) for one in found.stretches] == [
        ("08 00:00", 60),
        ("08 01:00", 1),
    ]
    assert found.planned == 0


def test_an_app_without_cap_and_limit_is_never_over() -> None:
    found = ahead(classes(2000, lead=10), rate=0, spacing=0.0, cap=None)
    assert not found.over(1)
    assert found.sentences() == []


def test_the_json_of_a_forecast_holds_all_of_it() -> None:
    text = json.dumps(ahead(classes(60, lead=10)).as_json())
    read = json.loads(text)
    assert read["late"][0]["at"] == "2027-03-08T09:00:00+00:00"
    assert read["excesses"][0]["concurrent"] == read["most"]["concurrent"] == 60
    assert read["planned"] == 60


def test_a_fortnight_of_three_and_a_half_thousand_a_day_takes_seconds() -> None:
    planned = [
        a_class(f"c{i}", NINE + day * DAY + timedelta(hours=hour), lead=120)
        for day in range(14)
        for hour in range(10)
        for i in range(350)
    ]
    began = time.perf_counter()
    found = forecast(planned, NINE, NINE + 15 * DAY, rate=10, spacing=0.11, cap=400, margin=3)
    assert time.perf_counter() - began < 8
    assert (found.planned, found.late) == (49_000, ())


timetables = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 30), st.sampled_from([0, 30, 120])), max_size=25
).map(
    lambda rows: [
        a_class(f"c{i}", NINE + timedelta(minutes=at), length, lead=lead)
        for i, (at, length, lead) in enumerate(rows)
    ]
)


@given(timetables)
def test_every_minute_says_what_a_count_of_that_minute_alone_says(planned: list[Planned]) -> None:
    found = ahead(planned, spacing=0.0, rate=0)
    told = {one.at + timedelta(minutes=step): one for one in found.stretches for step in range(one.minutes)}
    for step in range(-5, 80):
        minute = NINE + timedelta(minutes=step)
        starts, stops, most, demanded = counted(planned, minute)
        if minute not in told:
            assert (starts, stops, most) == (0, 0, 0)
            continue
        one = told[minute]
        assert (one.starts, one.stops, one.concurrent) == (starts, stops, most)
        assert one.demanded == pytest.approx(demanded)


def counted(planned: list[Planned], minute: datetime) -> tuple[int, int, int, float]:
    """Where requests take no time: recorded from three seconds before the bell, if the lead allows it."""
    until = minute + timedelta(minutes=1)
    spans = [
        (one.occurrence.start - timedelta(seconds=min(one.lead, 3)), one.occurrence.end) for one in planned
    ]
    looked_at = [minute, *(span[0] for span in spans if minute <= span[0] < until)]
    most = max(sum(on <= at < off for on, off in spans) for at in looked_at)
    most = max(most, sum(on < minute <= off for on, off in spans))  # stopped in its first instant
    starts = sum(minute <= one.occurrence.start < until for one in planned)
    stops = sum(minute <= one.occurrence.end < until for one in planned)
    return starts, stops, most, (3 * starts + stops + most * 60 / 120) / 60
