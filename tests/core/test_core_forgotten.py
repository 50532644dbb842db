"""What Redis has forgotten (its last second, a failover): starts whose intent was lost."""

from __future__ import annotations

import pytest

from recorder_tasks.core.lifecycle import decide, intend, recall
from recorder_tasks.core.outcome import Kind, Outcome, Step
from recorder_tasks.core.session import State
from tests.core.factories import (
    CADENCE,
    END,
    T0,
    a_session,
    acquired,
    after,
    fact,
    started,
    step_at,
    unanswered,
)


@pytest.mark.parametrize("kind", [Kind.CONFLICT, Kind.RESOURCE_DEAD, Kind.PERMANENT])
def test_a_refused_resource_is_not_started_again_though_redis_has_lost_its_intent(kind: Kind) -> None:
    session = after(a_session(), acquired(), fact(Step.START, kind, T0 + 1))
    assert session.state is State.STARTING
    assert step_at(session, T0 + 2) == (Step.ACQUIRE, None)


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (started(T0 + 1), (Step.QUERY, 0)),
        (fact(Step.START, Kind.UNKNOWN, T0 + 1), (Step.START, 0)),
        (fact(Step.START, Kind.CONFLICT, T0 + 1), (Step.ACQUIRE, None)),
    ],
)
def test_a_start_that_redis_has_forgotten_is_known_again_with_its_answer(
    answer: Outcome, wanted: tuple[Step, int | None]
) -> None:
    kept = after(a_session(), acquired())
    due = decide(kept, T0, CADENCE)
    assert due is not None
    known = intend(kept, due, T0, CADENCE)
    recalled = recall(kept, known, answer)
    assert recalled.reservation is None
    assert recalled.takes == known.takes
    assert step_at(after(recalled, answer), T0 + 60) == wanted


def test_a_forgotten_start_is_left_alone_once_another_was_begun() -> None:
    kept = after(a_session(), acquired())
    due = decide(kept, T0, CADENCE)
    assert due is not None
    known = intend(kept, due, T0, CADENCE)
    newer = unanswered(sent_at=T0 + 5, resource_id="r2")
    assert recall(newer, known, fact(Step.START, Kind.UNKNOWN, T0 + 6)) == newer


def test_a_stop_that_was_called_by_name_names_the_take_that_redis_has_forgotten() -> None:
    stopped = fact(Step.STOP, Kind.ACCEPTED, END + 1, sid="sid-r1")
    session = after(unanswered(), stopped)
    assert session.take is not None
    assert session.take.sid == "sid-r1"
    assert session.state is State.COMPLETED
