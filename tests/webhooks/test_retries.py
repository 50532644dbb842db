"""When a notification is tried again, and when no more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recorder_tasks.flow.retries import GAPS, LIFETIME, PATIENCE, Again, Dead, following
from recorder_tasks.outgoing import Answer

BUSY = Answer(503, "answered 503")


def schedule(chance: float, took: float = 0.0) -> list[float]:
    """The ages at which one that is never received is tried."""
    age, attempts, tried = 0.0, 0, []
    while True:
        attempts += 1
        tried.append(age)
        age += took
        then = following(BUSY, attempts, age, chance)
        if not isinstance(then, Again):
            assert then == Dead()
            return tried
        age += then.after


def test_over_a_day_with_growing_gaps_and_a_last_time_at_its_end() -> None:
    assert schedule(0.5) == [0, 5, 65, 365, 2165, 9365, 27365, 63365, 86400]


@given(st.floats(0, 1), st.floats(0, 30))
def test_whatever_the_jitter_the_last_attempt_is_a_day_after_the_event(chance: float, took: float) -> None:
    tried = schedule(chance, took)
    assert LIFETIME <= tried[-1] + took <= LIFETIME + 2 * took + 1
    assert 8 <= len(tried) <= 10


def test_received_is_the_end_and_gone_is_a_dead_letter_at_once() -> None:
    assert following(Answer(200, None), 1, 0.0, 0.5) is None
    assert following(Answer(410, "answered 410"), 1, 0.0, 0.5) == Dead()


@given(st.integers(1, 20), st.floats(0, 1), st.floats(0, 1e9))
def test_a_receiver_may_ask_for_more_time_and_for_no_less(attempts: int, chance: float, asked: float) -> None:
    alone = following(BUSY, attempts, 0.0, chance)
    then = following(Answer(429, "answered 429", retry_after=asked), attempts, 0.0, chance)
    assert isinstance(alone, Again)
    assert isinstance(then, Again)
    assert then.after == max(alone.after, min(asked, PATIENCE))
    assert alone.after <= GAPS[-1] * 1.1
