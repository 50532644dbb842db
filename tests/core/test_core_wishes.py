"""What people may ask of a session, and the sentence they get when they may not."""

from __future__ import annotations

import pytest

from recorder_tasks.core import wishes
from recorder_tasks.core.errors import InvalidWish, WishRefused
from recorder_tasks.core.lifecycle import advance
from recorder_tasks.core.session import Mode, State
from tests.core.factories import CADENCE, END, T0, a_session, acquired, after, recording


def test_a_stop_before_anything_began_is_a_cancellation() -> None:
    session = advance(wishes.stop(a_session(), T0 - 30), T0 - 30, CADENCE)
    assert (session.state, session.reason) == (State.CANCELLED, "cancelled before it recorded")


def test_a_resource_that_was_only_reserved_is_nothing_that_began() -> None:
    session = wishes.stop(after(a_session(), acquired()), T0 + 1)
    assert advance(session, T0 + 1, CADENCE).state is State.CANCELLED


def test_a_stop_ends_a_recording_now_and_repeating_it_changes_nothing() -> None:
    session = wishes.stop(recording(), T0 + 60)
    assert session.ends_at == T0 + 60
    assert not session.cancelled
    assert wishes.stop(session, T0 + 90) is session


def test_a_stop_of_what_is_stopping_or_over_changes_nothing() -> None:
    session = recording()
    assert wishes.stop(session, END + 1) is session
    over = recording().evolve(state=State.COMPLETED)
    assert wishes.stop(over, T0 + 9) is over


def test_cancelling_keeps_what_was_recorded_and_can_be_repeated() -> None:
    session = wishes.cancel(recording(), T0 + 60)
    assert (session.cancelled, session.ends_at) == (True, T0 + 60)
    gone = a_session(state=State.CANCELLED)
    assert wishes.cancel(gone, T0) is gone


def test_the_end_can_move_both_ways_within_the_deadline() -> None:
    session = recording()
    assert wishes.extend(session, END + 600, T0 + 60).ends_at == END + 600
    assert wishes.extend(session, T0 + 61, T0 + 60).ends_at == T0 + 61


def test_nothing_ends_later_than_the_deadline_whatever_the_plan_says() -> None:
    assert recording(end=END + 9000).ends_at == END + 600


@pytest.mark.parametrize(
    ("end", "now", "error", "sentence"),
    [
        (
            END + 601,
            T0,
            InvalidWish,
            "end: 1970-01-12T14:06:41+00:00 is past the deadline, allowed until 1970",
        ),
        (T0 + 60, T0 + 60, InvalidWish, "is not after 1970-01-12T13:47:40+00:00; use stop to end it now"),
        (
            END + 60,
            END,
            WishRefused,
            "cannot extend session s1: it has been stopping since 1970-01-12T13:56:40",
        ),
    ],
)
def test_an_end_that_cannot_be_is_refused_with_the_reason(
    end: float, now: float, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error) as refused:
        wishes.extend(recording(), end, now)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("state", [State.COMPLETED, State.CANCELLED, State.MISSED, State.FAILED])
def test_what_is_over_cannot_be_changed_any_more(state: State) -> None:
    session = a_session(state=state)
    with pytest.raises(WishRefused, match=f"cannot extend session s1: it is already {state.value}"):
        wishes.extend(session, END + 1, T0)
    with pytest.raises(WishRefused, match=f"cannot update session s1: it is already {state.value}"):
        wishes.update(session, {}, "c1", T0)


def test_what_is_stopping_takes_no_changes() -> None:
    with pytest.raises(WishRefused, match="cannot update the layout of session s1: it is stopping"):
        wishes.update_layout(recording().evolve(state=State.STOPPING), {}, "c1", END)


@pytest.mark.parametrize("mode", [Mode.INDIVIDUAL, Mode.RAW, Mode.WEB])
def test_only_a_mix_has_a_layout(mode: Mode) -> None:
    with pytest.raises(InvalidWish, match=f"mode: {mode.value} has no layout, allowed is mix"):
        wishes.update_layout(recording(mode=mode), {}, "c1", T0)


def test_the_latest_change_is_the_one_that_counts() -> None:
    session = wishes.update(wishes.update(recording(), {"a": 1}, "c1", T0), {"b": 2}, "c2", T0 + 1)
    assert session.update is not None
    assert (session.update.id, session.update.body) == ("c2", {"b": 2})
