"""Query and stop: every way in which a recorder ends (facts 5.3), and what is done about it (5.4, 5.5)."""

from __future__ import annotations

import pytest

from recorder_tasks.core import takes
from recorder_tasks.core.agenda import agenda, lanes
from recorder_tasks.core.lifecycle import (
    advance,
    apply,
    intend,
)
from recorder_tasks.core.outcome import Kind, Step, Upload
from recorder_tasks.core.session import Due, Ending, Lane, Reservation, State
from recorder_tasks.core.uids import next_uid
from tests.core.factories import (
    CADENCE,
    END,
    T0,
    B,
    a_session,
    a_take,
    acquired,
    after,
    fact,
    recording,
    running,
    started,
    step_at,
    unanswered,
)

# -- query --------------------------------------------------------------------------------------------


def test_a_404_inside_ninety_seconds_is_not_the_end() -> None:
    session = after(recording(), *(fact(Step.QUERY, Kind.NOT_FOUND, T0 + 100 + gap) for gap in (0, 40, 89)))
    assert takes.dead_at(session.takes[0], CADENCE) is None
    assert step_at(session, T0 + 190) == (Step.QUERY, 0)


def test_404s_for_ninety_seconds_are_the_end_and_the_other_uid_takes_over() -> None:
    session = after(recording(), *(fact(Step.QUERY, Kind.NOT_FOUND, T0 + 100 + gap) for gap in (0, 45, 90)))
    assert step_at(session, T0 + 190) == (Step.STOP, 0)
    session = after(session, fact(Step.STOP, Kind.NOT_FOUND, T0 + 191))
    assert step_at(session, T0 + 191) == (Step.ACQUIRE, None)
    assert next_uid(session, 0, CADENCE) == B


def test_a_dead_recorder_whose_stop_is_not_answered_does_not_hold_up_its_replacement() -> None:
    session = after(
        recording(),
        fact(Step.QUERY, Kind.ACCEPTED, T0 + 100, status=20),
        fact(Step.STOP, Kind.UNKNOWN, T0 + 101),
    )
    assert step_at(session, T0 + 101) == (Step.ACQUIRE, None)
    assert step_at(session, T0 + 102) == (Step.STOP, 0)


def test_a_refused_acquire_for_a_replacement_is_asked_again_later_since_one_was_granted_before() -> None:
    session = after(
        recording(),
        fact(Step.QUERY, Kind.ACCEPTED, T0 + 100, status=20),
        fact(Step.STOP, Kind.UNKNOWN, T0 + 101),
        fact(Step.ACQUIRE, Kind.PERMANENT, T0 + 101, reason="no_active_status"),
    )
    assert step_at(session, T0 + 101) is None
    session = after(session, fact(Step.STOP, Kind.ALREADY_STOPPING, T0 + 103))
    assert session.state is State.RECORDING
    assert step_at(session, T0 + 110) is None
    assert step_at(session, T0 + 111) == (Step.ACQUIRE, None)
    assert advance(session, END, CADENCE).ending is Ending.PARTIAL


def test_a_recorder_seen_again_after_it_was_given_up_is_stopped_since_another_records() -> None:
    replaced = running("r2", B, T0 + 200)
    dead = (T0 + 100.0, T0 + 195.0)
    session = recording(replaced).evolve(
        takes=(running(missing=dead, stop_missed_at=T0 + 196), replaced),
    )
    assert takes.over(session.takes[0], CADENCE)
    session = after(session, fact(Step.QUERY, Kind.ACCEPTED, T0 + 210, status=5))
    assert step_at(session, T0 + 210) == (Step.STOP, 0)


def test_a_recorder_that_migrates_is_welcome_back() -> None:
    session = after(
        recording(),
        fact(Step.QUERY, Kind.NOT_FOUND, T0 + 100),
        fact(Step.QUERY, Kind.ACCEPTED, T0 + 160, status=5),
    )
    assert session.takes[0].missing == ()
    assert lanes(session, T0 + 160, CADENCE)[Lane.QUERY] == T0 + 280


def test_server_errors_of_a_query_never_replace_a_recorder() -> None:
    facts = [fact(Step.QUERY, Kind.UNKNOWN, T0 + 100 + 30 * count) for count in range(12)]
    session = after(recording(), *facts)
    assert takes.dead_at(session.takes[0], CADENCE) is None
    assert step_at(session, T0 + 460) == (Step.QUERY, 0)


def test_a_start_that_is_not_ready_after_ninety_seconds_is_replaced() -> None:
    session = after(
        unanswered(),
        started(T0 + 2),
        *(fact(Step.QUERY, Kind.ACCEPTED, T0 + 2 + s, status=2) for s in (5, 90)),
    )
    assert step_at(session, T0 + 92) == (Step.STOP, 0)
    assert any(due.step is Step.ACQUIRE for due in agenda(session, CADENCE))


def test_a_bad_storage_is_seen_as_404s_after_the_start_and_replaced_after_ninety_seconds() -> None:
    session = after(
        unanswered(), started(T0 + 2), *(fact(Step.QUERY, Kind.NOT_FOUND, T0 + 2 + s) for s in (5, 50, 95))
    )
    assert takes.dead_at(session.takes[0], CADENCE) == T0 + 97


def test_one_404_long_after_a_start_whose_queries_failed_may_be_a_migration() -> None:
    unheard = (fact(Step.QUERY, Kind.UNKNOWN, T0 + 2 + s) for s in (5, 20, 50))
    session = after(unanswered(), started(T0 + 2), *unheard, fact(Step.QUERY, Kind.NOT_FOUND, T0 + 100))
    assert takes.dead_at(session.takes[0], CADENCE) is None


def test_people_who_come_back_after_an_idle_exit_are_recorded_again() -> None:
    dead = running(missing=(T0 + 100, T0 + 190), stop_missed_at=T0 + 191)
    session = a_session(takes=(dead,), state=State.RECORDING)
    session = after(session, fact(Step.ACQUIRE, Kind.EMPTY, T0 + 195, absent=True))
    assert step_at(session, T0 + 214) is None
    assert step_at(session, T0 + 215) == (Step.ACQUIRE, None)
    session = after(session, acquired(T0 + 216, B, "r2"))
    assert step_at(session, T0 + 216) == (Step.START, None)


def test_a_recording_that_prefers_coverage_is_replaced_at_the_first_404() -> None:
    session = after(recording(coverage=True), fact(Step.QUERY, Kind.NOT_FOUND, T0 + 100))
    assert step_at(session, T0 + 100) == (Step.ACQUIRE, None)
    session = session.evolve(takes=(*session.takes, a_take(B, "r2", T0 + 101)))
    assert step_at(session, T0 + 101) == (Step.STOP, 0)


# -- changes ------------------------------------------------------------------------------------------


def test_a_resource_of_another_time_stays_unused_while_a_recorder_lives() -> None:
    session = recording(reservation=Reservation(uid=B, resource_id="r9", acquired_at=T0))
    assert all(due.lane is not Lane.START for due in agenda(session, CADENCE))


# -- stop ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "members", "ending"),
    [
        (Kind.ACCEPTED, {"upload": Upload.UPLOADED}, Ending.UPLOADED),
        (Kind.ACCEPTED, {"upload": Upload.BACKED_UP}, Ending.BACKED_UP),
        (Kind.ACCEPTED, {"upload": Upload.STRANDED}, Ending.STRANDED),
        (Kind.ACCEPTED, {}, Ending.UNCONFIRMED),
        (Kind.UPLOAD_SLOW, {}, Ending.UNCONFIRMED),
        (Kind.ALREADY_STOPPING, {}, Ending.UNCONFIRMED),
        (Kind.EMPTY, {}, Ending.EMPTY),
    ],
)
def test_a_final_answer_to_stop_completes_the_session(
    kind: Kind, members: dict[str, Upload], ending: Ending
) -> None:
    assert step_at(recording(), END) == (Step.STOP, 0)
    session = after(recording(), fact(Step.STOP, kind, END + 1, **members))
    assert (session.state, session.ending) == (State.COMPLETED, ending)
    assert (session.settled_at is not None) == (ending in (Ending.UPLOADED, Ending.EMPTY))


@pytest.mark.parametrize("kind", [Kind.UNKNOWN, Kind.PERMANENT, Kind.THROTTLED])
def test_a_stop_is_never_given_up_whatever_the_vendor_says(kind: Kind) -> None:
    session, now = recording(), END
    for gap in [1, 2, 4, 8, 15, *[30] * 200]:
        session = after(session, fact(Step.STOP, kind, now))
        assert session.state is State.STOPPING
        assert min(lanes(session, now, CADENCE).values()) <= now + gap
        assert lanes(session, now, CADENCE)[Lane.STOP] == now + gap
        now += gap


def test_a_404_to_stop_is_confirmed_for_ninety_seconds_and_then_final() -> None:
    session, now, asked = recording(), END, 0
    while not session.state.final:
        session, asked = after(session, fact(Step.STOP, Kind.NOT_FOUND, now)), asked + 1
        now = lanes(session, now, CADENCE).get(Lane.STOP, now)
    assert session.final_at is not None
    assert 90 <= session.final_at - END <= 105
    assert asked >= 6
    assert session.ending is Ending.PARTIAL


def test_404s_after_a_stop_whose_answer_was_lost_are_not_held_against_the_recording() -> None:
    session = after(
        recording(),
        fact(Step.STOP, Kind.UNKNOWN, END + 1),
        fact(Step.STOP, Kind.NOT_FOUND, END + 5),
        fact(Step.STOP, Kind.NOT_FOUND, END + 96),
    )
    assert (session.state, session.ending) == (State.COMPLETED, Ending.UNCONFIRMED)


def test_a_late_stop_answer_never_brings_a_final_session_back() -> None:
    session = after(recording(), fact(Step.STOP, Kind.ALREADY_STOPPING, END + 1))
    assert apply(session, acquired(END + 2)) is session
    assert apply(session, fact(Step.STOP, Kind.UNKNOWN, END + 2)).state is State.COMPLETED


def test_repeating_the_intent_of_a_stop_keeps_the_first_instant() -> None:
    due = Due(at=END, lane=Lane.STOP, step=Step.STOP, take=0)
    session = intend(recording(), due, END, CADENCE)
    assert session.takes[0].stop_sent_at == END
    answered = apply(session, fact(Step.STOP, Kind.TRANSIENT, END + 1))
    assert intend(answered, due, END + 9, CADENCE) is answered
    query = Due(at=END, lane=Lane.QUERY, step=Step.QUERY, take=0)
    assert intend(session, query, END, CADENCE) is session


def test_a_stop_that_nobody_lived_to_hear_answered_may_have_been_the_end() -> None:
    due = Due(at=END, lane=Lane.STOP, step=Step.STOP, take=0)
    died_in_it = intend(recording(), due, END, CADENCE)
    again = intend(died_in_it, due, END + 30, CADENCE)
    assert intend(again, due, END + 31, CADENCE) is again
    session = after(
        again,
        fact(Step.STOP, Kind.NOT_FOUND, END + 31),
        fact(Step.STOP, Kind.NOT_FOUND, END + 125),
    )
    assert (session.state, session.ending) == (State.COMPLETED, Ending.UNCONFIRMED)


def test_a_class_that_has_left_ends_its_recorder_and_is_no_loss() -> None:
    session = recording()
    for at in (T0 + 300, T0 + 340, T0 + 390):
        session = after(session, fact(Step.QUERY, Kind.NOT_FOUND, at))
    session = after(session, fact(Step.STOP, Kind.NOT_FOUND, T0 + 391))
    session = after(session, fact(Step.ACQUIRE, Kind.EMPTY, T0 + 392, absent=True))
    session = advance(session, END, CADENCE)
    assert session.ending is Ending.UNCONFIRMED
    assert session.reason == "everybody had left, and the recorder ended by itself"
