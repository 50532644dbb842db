"""Five hundred classes at nine: all record by the bell, and none earlier than it must."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.bell import ACQUIRE, CONFIRM, PAIR, QUERY, STOP, Request, Start, serve, spread

BELL = 1_804_496_400.0  # 2027-03-08 09:00 UTC
SPACING = 0.11  # J 0.1, ten requests a second
MARGIN = 3.0
MOMENT = 1e-3


def starts_at(
    bell: float, many: int, lead: float = 120.0, *, name: str = "class", priority: int = 0
) -> list[Start]:
    return [Start(f"{name}-{i:04}", bell, lead, priority) for i in range(many)]


def placed(
    starts: list[Start], stops: list[float] | None = None, spacing: float = SPACING
) -> dict[str, float]:
    return spread(starts, stops or [], spacing=spacing, margin=MARGIN)


def late(starts: list[Start], stops: list[float] | None = None, spacing: float = SPACING) -> dict[str, float]:
    """Who records after the bell though the lead would allow it, and by how much, once all are served."""
    begins = placed(starts, stops, spacing)
    order = sorted(starts, key=lambda start: (begins[start.id], start.id))
    requests = [Request(begins[start.id], ACQUIRE, PAIR) for start in order]
    over = serve(requests + [Request(at, STOP) for at in stops or []], spacing=spacing)
    found = {start.id: end + MARGIN - start.at for start, end in zip(order, over, strict=False) if start.lead}
    return {name: by for name, by in found.items() if by > MOMENT}


@pytest.mark.parametrize("many", [1, 50, 200, 500])
def test_a_crowd_within_its_lead_records_by_the_bell(many: int) -> None:
    starts = starts_at(BELL, many)
    assert not late(starts)
    assert min(placed(starts).values()) == pytest.approx(BELL - MARGIN - many * 2 * SPACING, abs=MOMENT)


def test_a_start_with_room_everywhere_begins_as_late_as_it_may() -> None:
    assert placed(starts_at(BELL, 1))["class-0000"] == pytest.approx(BELL - MARGIN - 2 * SPACING)


@pytest.mark.parametrize("lead", [0.0, 1.0, 3.2])
def test_a_lead_too_short_for_one_start_is_used_up(lead: float) -> None:
    assert placed(starts_at(BELL, 1, lead))["class-0000"] == BELL - lead


def test_at_one_bell_the_more_important_begin_closest_to_it() -> None:
    starts = [Start(f"class-{i}", BELL, 120, priority=i % 5) for i in range(40)]
    begins = placed(starts)
    ordered = sorted(starts, key=lambda start: begins[start.id])
    assert [start.priority for start in ordered] == sorted(start.priority for start in starts)


def test_whoever_may_be_moved_ahead_the_least_has_the_place_closest_to_the_bell() -> None:
    starts = [*starts_at(BELL, 1, 60, name="short"), *starts_at(BELL, 1, 600, name="long", priority=9)]
    begins = placed(starts)
    assert begins["long-0000"] < begins["short-0000"]


def test_stops_of_the_block_before_have_their_places_and_the_starts_are_moved_ahead_of_them() -> None:
    starts, stops = starts_at(BELL, 200), [BELL - 20] * 200
    begins = placed(starts, stops)
    assert not late(starts, stops)
    busy = (BELL - 20, BELL - 20 + 200 * SPACING)
    assert all(at + 2 * SPACING <= busy[0] + MOMENT or at >= busy[1] for at in begins.values())


def test_stops_at_the_bell_itself_cost_the_starts_before_it_nothing() -> None:
    starts = starts_at(BELL, 500)
    assert placed(starts, [BELL] * 500) == placed(starts)


def test_stops_are_not_starved_by_starts() -> None:
    starts = [Request(BELL + i * 0.2, ACQUIRE, PAIR) for i in range(300)]
    over = serve([*starts, *[Request(BELL + 10, STOP)] * 20], spacing=SPACING)
    assert max(over[300:]) <= BELL + 10 + 21 * SPACING


def test_bells_a_minute_apart_share_the_time_before_them() -> None:
    starts = [*starts_at(BELL - 60, 300, name="early"), *starts_at(BELL, 300, 180, name="nine")]
    assert not late(starts)


def test_starts_without_a_lead_keep_their_places_and_the_others_make_room() -> None:
    fixed = starts_at(BELL - 30, 100, 0.0, name="fixed")
    begins = placed([*fixed, *starts_at(BELL, 200)])
    assert {begins[start.id] for start in fixed} == {BELL - 30}
    assert not late([*fixed, *starts_at(BELL, 200)])


def test_what_does_not_fit_gives_way_to_the_more_important() -> None:
    starts = [*starts_at(BELL, 250, 60, name="vital", priority=1), *starts_at(BELL, 250, 60, name="other")]
    behind = late(starts)
    assert all(name.startswith("other") for name in behind)
    assert len(behind) == 500 - int((60 - MARGIN) / (2 * SPACING))
    assert max(behind.values()) == pytest.approx(500 * 2 * SPACING - 60 + MARGIN, abs=2 * SPACING)


def cpu_of_spreading(count: int) -> float:
    """Seconds of CPU, the best of three."""
    draw, seen = random.Random(1), []
    starts = [
        Start(f"{i}", BELL + draw.randrange(60) * 60, draw.choice([0, 60, 3600]), i % 7) for i in range(count)
    ]
    stops = [BELL + draw.randrange(3600) for _ in range(count)]
    for _ in range(3):
        began = time.process_time()
        placed(starts, stops)
        seen.append(time.process_time() - began)
    return min(seen)


def test_ten_times_as_many_starts_take_far_less_than_a_hundred_times_as_long_to_spread() -> None:
    assert cpu_of_spreading(5000) < 40 * cpu_of_spreading(500)


def test_a_budget_without_a_limit_moves_nobody_ahead() -> None:
    assert set(placed(starts_at(BELL, 100), spacing=0.0).values()) == {BELL - MARGIN}


def test_each_slot_goes_to_the_most_urgent_that_is_due() -> None:
    requests = [Request(0, QUERY), Request(0, CONFIRM), Request(0, ACQUIRE, PAIR), Request(0.5, STOP)]
    assert serve(requests, spacing=1.0) == [5.0, 4.0, 3.0, 2.0]


def test_a_pair_is_finished_before_the_next_one_begins() -> None:
    assert serve([Request(0, ACQUIRE, PAIR), Request(0, ACQUIRE, PAIR)], spacing=1.0) == [2.0, 4.0]


crowds = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from([0, 2, 30, 60, 120]), st.integers(-1, 1)), max_size=60
).map(
    lambda rows: [Start(f"{i:02}", BELL + 20 * bell, lead, rank) for i, (bell, lead, rank) in enumerate(rows)]
)
blocks = st.lists(st.integers(-120, 120).map(lambda at: BELL + at), max_size=30)


@given(crowds, blocks)
def test_no_start_begins_before_its_lead_or_after_its_bell(starts: list[Start], stops: list[float]) -> None:
    begins = placed(starts, stops, spacing=0.5)
    assert begins.keys() == {start.id for start in starts}
    assert all(start.at - start.lead <= begins[start.id] <= start.at for start in starts)


@given(crowds, blocks, st.randoms(use_true_random=False))
def test_the_order_in_which_they_are_given_does_not_matter(
    starts: list[Start], stops: list[float], draw: random.Random
) -> None:
    begins = placed(starts, stops, spacing=0.5)
    draw.shuffle(starts)
    draw.shuffle(stops)
    assert placed(starts, stops, spacing=0.5) == begins


@given(crowds, blocks, st.sampled_from([0.05, 0.25, 0.5]))
def test_nobody_is_late_where_the_demand_leaves_room(
    starts: list[Start], stops: list[float], spacing: float
) -> None:
    if leaves_room(starts, stops, spacing):
        assert not {
            name: by for name, by in late(starts, stops, spacing).items() if movable(starts, spacing)[name]
        }


@given(st.integers(1, 60), st.sampled_from([0.05, 0.25, 0.5]))
def test_at_one_bell_nobody_could_begin_later_without_making_somebody_late(many: int, spacing: float) -> None:
    begins = sorted(placed(starts_at(BELL, many), spacing=spacing).values(), reverse=True)
    assert begins[0] == pytest.approx(BELL - MARGIN - 2 * spacing, abs=MOMENT)
    assert all(
        later - earlier == pytest.approx(2 * spacing, abs=MOMENT) for later, earlier in pairwise(begins)
    )


def movable(starts: list[Start], spacing: float) -> dict[str, bool]:
    return {start.id: start.lead > MARGIN + 2 * spacing for start in starts}


def leaves_room(starts: list[Start], stops: list[float], spacing: float) -> bool:
    """Hall's condition, independent of any order: each span holds the work that must be done within it.

    With a pair to spare for each stretch of other work, between which no whole pair may fit, and two more.
    """
    pair = 2 * spacing
    free = movable(starts, spacing)
    windows = [(one.at - one.lead, one.at - MARGIN) for one in starts if free[one.id]]
    fixed = [(one.at - one.lead, pair) for one in starts if not free[one.id]] + [
        (at, spacing) for at in stops
    ]
    spare = pair * (2 + len({at for at, _ in fixed}))
    for since in {window[0] for window in windows}:
        for until in {window[1] for window in windows}:
            inside = [one for one in windows if since <= one[0] and one[1] <= until]
            work = pair * len(inside) + taken_within(fixed, since, until)
            if inside and work + spare > until - since:
                return False
    return True


def taken_within(fixed: list[tuple[float, float]], since: float, until: float) -> float:
    """How long a server that works these off is busy within the span."""
    now = busy = 0.0
    for at, duration in sorted(fixed):
        begins = max(now, at)
        now = begins + duration
        busy += max(0.0, min(now, until) - max(begins, since))
    return busy
