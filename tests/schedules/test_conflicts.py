"""Two schedules in one channel: found in one sweep, and compared with looking at every pair."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from schedules.conflicts import Conflict, conflicts
from schedules.occurrence import Occurrence

MONDAY = datetime(2027, 3, 8, 9, tzinfo=UTC)


def lesson(rule: str, start: int, minutes: int = 50, channel: str = "room-1", pad: int = 0) -> Occurrence:
    """A lesson ``start`` minutes after Monday's first bell."""
    begins = MONDAY + timedelta(minutes=start)
    ends = begins + timedelta(minutes=minutes)
    slack = timedelta(minutes=pad)
    return Occurrence(rule, f"{begins:%Y-%m-%dT%H:%M}", channel, begins, ends, begins - slack, ends + slack)


def found(*lessons: Occurrence) -> list[Conflict]:
    return conflicts((one.rule, one) for one in lessons)


def test_two_schedules_that_share_a_channel_and_an_hour_are_a_conflict() -> None:
    (one,) = found(lesson("math", 0), lesson("art", 30))
    assert one == Conflict("room-1", ("math", "art"), MONDAY + timedelta(minutes=30))
    assert str(one) == "2027-03-08 09:30 UTC: math and art record channel room-1 at once"


def test_the_same_two_are_one_conflict_however_often_they_meet() -> None:
    week = 7 * 24 * 60
    (one,) = found(*(lesson(rule, n * week) for rule in ("math", "art") for n in range(3)))
    assert one.times == 3
    assert str(one) == "2027-03-08 09:00 UTC: art and math record channel room-1 at once (3 times)"


def test_another_channel_is_none() -> None:
    assert not found(lesson("math", 0), lesson("art", 0, channel="room-2"))


def test_the_sentence_is_by_the_clock_that_its_readers_have() -> None:
    (one,) = found(lesson("math", 0), lesson("art", 0))
    told = one.sentence(ZoneInfo("Europe/Berlin"))
    assert told == "2027-03-08 10:00 Europe/Berlin: art and math record channel room-1 at once"


def test_one_lesson_after_the_other_is_none() -> None:
    assert not found(lesson("math", 0, 50), lesson("art", 50))


def test_paddings_may_overlap() -> None:
    assert not found(lesson("math", 0, 50, pad=10), lesson("art", 55, pad=10))


def test_a_schedule_is_in_no_conflict_with_itself() -> None:
    assert not found(lesson("math", 0), lesson("math", 10))


def test_a_long_lesson_is_not_forgotten_behind_short_ones() -> None:
    told = found(lesson("all-day", 0, 600), lesson("math", 10, 5), lesson("math", 20, 5), lesson("art", 500))
    assert [(one.schedules, one.times) for one in told] == [(("all-day", "math"), 2), (("all-day", "art"), 1)]


def test_for_machines_it_has_its_sentence_beside_its_members() -> None:
    (one,) = found(lesson("math", 0), lesson("art", 0))
    assert one.as_json() == {
        "channel": "room-1",
        "schedules": ("art", "math"),
        "at": "2027-03-08T09:00:00+00:00",
        "times": 1,
        "sentence": str(one),
    }


lessons = st.builds(
    lesson,
    st.sampled_from("abcd"),
    st.integers(0, 60),
    st.integers(1, 30),
    st.sampled_from(["room-1", "room-2"]),
)


@given(st.lists(lessons, max_size=20))
def test_every_lesson_that_begins_into_another_schedules_lesson_is_told(those: list[Occurrence]) -> None:
    """Compared with every pair: as many as begin meanwhile, and only pairs that do meet."""
    ordered = sorted(those, key=lambda one: (one.begins, one.ends, one.rule))
    meets = [
        (before.channel, frozenset((before.rule, one.rule)), n)
        for n, one in enumerate(ordered)
        for before in ordered[:n]
        if before.rule != one.rule and before.channel == one.channel and before.ends > one.begins
    ]
    told = found(*those)
    assert sum(one.times for one in told) == len({n for _, _, n in meets})
    assert {(one.channel, frozenset(one.schedules)) for one in told} <= {meet[:2] for meet in meets}


def test_a_crowd_in_one_channel_is_no_square_of_work() -> None:
    began = perf_counter()
    told = found(*(lesson(f"class-{n}", 0) for n in range(20_000)))
    assert len(told) == 19_999
    assert perf_counter() - began < 5
