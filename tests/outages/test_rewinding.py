"""What becomes of a session's facts when Redis's clock has gone back."""

from __future__ import annotations

import pytest

from recorder_tasks.core import lifecycle
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.outcome import Kind, Outcome, Step
from recorder_tasks.core.rewind import SLACK, rewound
from recorder_tasks.core.session import Session, Take

T = 1_900_000_000.0
HOUR = 3600.0
CADENCE = Cadence()


def session(ahead: float) -> Session:
    """One that began at T, and whose facts since are ``ahead`` seconds later than T."""
    take = Take(
        uid=1,
        resource_id="r",
        acquired_at=T,
        sent_at=T,
        sid="s",
        accepted_at=T,
        confirmed_at=T,
        alive_at=T + ahead,
        stop_sent_at=T + ahead,
    )
    begun = Session(
        id="x",
        channel="class",
        uids=(1, 2),
        created_at=T,
        start=T,
        end=T + 4 * HOUR,
        deadline=T + 5 * HOUR,
        stop_at=T + ahead,
        takes=(take,),
    )
    failed = Outcome(step=Step.STOP, kind=Kind.UNKNOWN, at=T + ahead + 1, uid=1, resource_id="r", sid="s")
    return lifecycle.apply(begun, failed)


def test_a_failed_stop_is_due_again_at_once_and_not_when_the_clock_is_there_once_more() -> None:
    now = T + 60
    before = lifecycle.decide(session(HOUR), now, CADENCE)
    assert before is None or before.step is not Step.STOP
    later = now + max(CADENCE.stop_repeat)
    due = lifecycle.decide(rewound(session(HOUR), now), later, CADENCE)
    assert due is not None
    assert due.step is Step.STOP


def test_the_plan_stands_and_the_order_of_the_facts_too() -> None:
    before, now = session(HOUR), T + 60
    after = rewound(before, now)
    assert (after.start, after.end, after.deadline) == (before.start, before.end, before.deadline)
    assert after.stop_at is not None
    last = after.takes[0].stop_trouble.last
    assert last is not None
    assert now <= after.stop_at < last < now + 1
    assert after.takes[0].acquired_at == T


@pytest.mark.parametrize("ahead", [0.0, 30.0, 60.0 + SLACK - 2.0])
def test_a_session_without_facts_from_the_future_is_left_alone(ahead: float) -> None:
    before = session(ahead)
    assert rewound(before, T + 60) is before


def test_what_was_rewound_once_has_nothing_ahead_any_more() -> None:
    after = rewound(session(HOUR), T + 60)
    assert rewound(after, T + 60) is after
