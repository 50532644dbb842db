"""A session that found no room is decided for anew when there may be room again."""

from __future__ import annotations

import pytest

from recorder_tasks.core.lifecycle import decide, with_room
from recorder_tasks.core.outcome import Kind, Step
from tests.core.factories import CADENCE, T0, A, a_session, after, fact


def test_want_of_room_alone_keeps_it_no_longer() -> None:
    session = after(a_session(), fact(Step.ACQUIRE, Kind.CAPACITY, T0, uid=A))
    assert decide(session, T0 + 1, CADENCE) is None
    due = decide(with_room(session), T0 + 1, CADENCE)
    assert due is not None
    assert due.step is Step.ACQUIRE


@pytest.mark.parametrize("kind", [Kind.TRANSIENT, Kind.THROTTLED, Kind.QUEUED, Kind.NOT_SENT])
def test_other_troubles_keep_their_gaps(kind: Kind) -> None:
    session = after(a_session(), fact(Step.ACQUIRE, kind, T0, uid=A))
    assert with_room(session) is session
