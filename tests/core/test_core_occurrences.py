"""What a session of a schedule does differently: its lead, its latest start, being moved and taken back."""

from __future__ import annotations

from typing import Any

import pytest

from recorder_tasks.core import wishes
from recorder_tasks.core.agenda import lanes, pending
from recorder_tasks.core.lifecycle import advance, decide
from recorder_tasks.core.outcome import Kind, Step
from recorder_tasks.core.session import Lane, Origin, Session, State
from tests.core.factories import CADENCE, END, T0, A, a_session, after, fact, running

ORIGIN = Origin(schedule="math", slot="2027-03-08T09:00", revision="1")


def an_occurrence(**members: Any) -> Session:
    return a_session(origin=ORIGIN, **members)


def test_with_a_lead_it_may_begin_early_and_its_place_says_when() -> None:
    session = an_occurrence(lead=120.0)
    assert lanes(session, T0 - 600, CADENCE)[Lane.START] == T0 - 120
    placed = wishes.place(session, T0 - 30)
    assert lanes(placed, T0 - 600, CADENCE)[Lane.START] == T0 - 30


def test_its_place_is_never_outside_of_its_lead() -> None:
    session = an_occurrence(lead=120.0)
    assert wishes.place(session, T0 - 500).begins_at == T0 - 120
    assert wishes.place(session, T0 + 500).begins_at == T0


def test_what_has_begun_has_no_place_any_more() -> None:
    session = after(an_occurrence(lead=120.0), fact(Step.ACQUIRE, Kind.TRANSIENT, T0 - 100, uid=A))
    assert wishes.place(session, T0 - 30) is session


def test_of_many_at_one_bell_the_higher_priority_is_due_first() -> None:
    due = [lanes(an_occurrence(priority=n), T0 - 600, CADENCE)[Lane.START] for n in (100, 1, 0, -100)]
    assert due == sorted(due)
    assert due[-1] - due[0] == pytest.approx(0.2)


def test_nothing_is_begun_after_the_latest_start() -> None:
    session = an_occurrence(start_by=T0 + 300)
    assert decide(session, T0 + 299, CADENCE) is not None
    assert [due.lane for due in pending(session, T0 + 300, CADENCE)] == [Lane.SETTLE]
    missed = advance(session, T0 + 300, CADENCE)
    assert missed.state is State.MISSED
    assert missed.reason == "no worker took it up before the latest time for it to begin"


def test_a_latest_start_does_not_end_what_has_begun() -> None:
    session = an_occurrence(start_by=T0 + 300, takes=(running(),), state=State.RECORDING)
    assert advance(session, T0 + 400, CADENCE).state is State.RECORDING


def test_one_that_was_planned_too_late_says_that_nothing_ran_before() -> None:
    session = an_occurrence(created_at=T0 + 500, start_by=T0 + 300)
    assert lanes(session, T0 + 500, CADENCE) == {Lane.SETTLE: T0 + 500}
    missed = advance(session, T0 + 500, CADENCE)
    assert missed.state is State.MISSED
    assert missed.reason == (
        "it was planned only after the latest time for it to begin: nothing of ours ran before"
    )


def test_one_that_waited_for_the_occurrence_before_it_says_so() -> None:
    session = after(an_occurrence(start_by=T0 + 60), fact(Step.ACQUIRE, Kind.QUEUED, T0, uid=A))
    assert lanes(session, T0, CADENCE)[Lane.START] == T0 + CADENCE.queue_look
    missed = advance(session, T0 + 60, CADENCE)
    assert missed.state is State.MISSED
    assert missed.reason is not None
    assert missed.reason.startswith("the occurrence before it was still recording")


def test_a_withdrawn_occurrence_is_cancelled_with_the_reason() -> None:
    session = advance(wishes.withdraw(an_occurrence(), "paused: strike", T0 - 50), T0 - 50, CADENCE)
    assert (session.state, session.reason) == (State.CANCELLED, "paused: strike")
    assert session.origin is not None
    assert session.origin.withdrawn == "paused: strike"


@pytest.mark.parametrize(
    "untouched",
    [
        an_occurrence(takes=(running(),), state=State.RECORDING),
        an_occurrence(state=State.COMPLETED, final_at=END, takes=(running(),)),
        a_session(),
    ],
    ids=["recording", "completed", "of no schedule"],
)
def test_what_has_begun_or_has_no_schedule_is_not_withdrawn(untouched: Session) -> None:
    assert wishes.withdraw(untouched, "gone", T0) is untouched


def test_a_moved_occurrence_keeps_its_name_and_its_uids() -> None:
    session = an_occurrence(id="r-1", lead=60.0, begin_at=T0 - 10)
    plan = an_occurrence(
        id="other", uids=(7, 8), start=T0 + 600, end=END + 600, deadline=END + 900, digest="2"
    )
    moved = wishes.replan(session, plan)
    assert (moved.id, moved.uids, moved.start, moved.begins_at) == ("r-1", session.uids, T0 + 600, T0 + 600)


def test_what_has_begun_is_not_moved() -> None:
    session = an_occurrence(takes=(running(),), state=State.RECORDING)
    assert wishes.replan(session, an_occurrence(start=T0 + 600, end=END + 600)) is session
