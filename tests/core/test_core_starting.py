"""Acquire and start: every branch of the decision table (facts 11.1), and every way to lose a recorder."""

from __future__ import annotations

import pytest

from recorder_tasks.core import nets, takes
from recorder_tasks.core.agenda import agenda, lanes
from recorder_tasks.core.lifecycle import (
    KEPT_REFUSALS,
    advance,
    decide,
    intend,
    usable_reservation,
)
from recorder_tasks.core.outcome import Kind, Step
from recorder_tasks.core.session import Due, End, Lane, State
from recorder_tasks.core.uids import next_uid
from tests.core.factories import (
    CADENCE,
    END,
    T0,
    A,
    B,
    a_session,
    a_take,
    acquired,
    after,
    fact,
    started,
    step_at,
    unanswered,
)

# -- acquire ------------------------------------------------------------------------------------------


def test_nothing_is_due_before_the_start() -> None:
    assert step_at(a_session(), T0 - 1) is None
    assert step_at(a_session(), T0) == (Step.ACQUIRE, None)


def test_a_fresh_resource_turns_acquire_into_start() -> None:
    session = after(a_session(), acquired())
    assert session.state is State.STARTING
    assert step_at(session, T0) == (Step.START, None)


def test_a_resource_that_is_too_old_is_acquired_anew() -> None:
    session = after(a_session(), acquired())
    assert not usable_reservation(session, 0, T0 + 270, CADENCE)
    assert step_at(session, T0 + 270) == (Step.ACQUIRE, None)


def test_a_resource_for_the_uid_that_is_no_longer_wanted_is_not_started() -> None:
    session = after(a_session(), acquired(uid=B))
    assert step_at(session, T0 + 1) == (Step.ACQUIRE, None)


@pytest.mark.parametrize(
    ("kind", "gaps"),
    [
        (Kind.TRANSIENT, [1, 3, 6, 10, 10]),
        (Kind.UNKNOWN, [1, 3, 6, 10, 10]),
        (Kind.THROTTLED, [1, 2, 4, 8, 8]),
        (Kind.CAPACITY, [10, 20, 30, 30]),
    ],
)
def test_acquire_is_asked_again_at_growing_gaps(kind: Kind, gaps: list[float]) -> None:
    session, now = a_session(), T0
    for gap in gaps:
        session = after(session, fact(Step.ACQUIRE, kind, now, uid=A))
        assert lanes(session, now, CADENCE)[Lane.START] == now + gap
        now += gap


def test_an_acquire_that_is_wrong_in_itself_ends_the_session_at_once() -> None:
    session = after(a_session(), fact(Step.ACQUIRE, Kind.PERMANENT, T0, code=400, reason="invalid_appid"))
    assert (session.state, session.reason) == (State.FAILED, "invalid_appid")
    assert agenda(session, CADENCE) == []


def test_nothing_is_begun_once_the_end_has_come() -> None:
    session = advance(a_session(), END, CADENCE)
    assert (session.state, session.reason) == (State.MISSED, "no worker took it up before its end")


def test_a_session_that_only_met_refusals_fails_and_names_them() -> None:
    session = after(a_session(), fact(Step.ACQUIRE, Kind.TRANSIENT, END - 5, uid=A))
    session = advance(session, END, CADENCE)
    assert session.state is State.FAILED
    assert session.reason == "no recorder could be started before the end (transient)"


def test_a_session_that_found_no_room_until_its_end_is_missed_and_says_so() -> None:
    session = after(a_session(), fact(Step.ACQUIRE, Kind.CAPACITY, END - 5, uid=A))
    session = advance(session, END, CADENCE)
    assert session.state is State.MISSED
    assert session.reason == "the app was at its cap of concurrent recordings until its end"


# -- start --------------------------------------------------------------------------------------------


def test_the_intent_of_a_start_uses_up_the_resource() -> None:
    session = after(a_session(), acquired())
    due = decide(session, T0 + 1, CADENCE)
    assert due is not None
    session = intend(session, due, T0 + 1, CADENCE)
    assert session.reservation is None
    assert session.takes == (a_take(acquired_at=T0, expires_at=session.deadline + CADENCE.token_grace),)


def test_a_start_that_was_taken_is_asked_about_after_five_seconds() -> None:
    session = after(unanswered(), started(T0 + 2))
    assert session.takes[0].sid == "sid-r1"
    assert lanes(session, T0 + 2, CADENCE)[Lane.CONFIRM] == T0 + 7


def test_an_intent_whose_worker_died_is_repeated_with_the_same_resource() -> None:
    session = unanswered()
    assert step_at(session, T0 + 12) is None
    assert step_at(session, T0 + 13) == (Step.START, 0)
    session = intend(session, Due(at=T0 + 13, lane=Lane.START, step=Step.START, take=0), T0 + 13, CADENCE)
    assert session.takes[0].resent_at == T0 + 13
    assert step_at(session, T0 + 24) is None


@pytest.mark.parametrize(("kind", "gaps"), [(Kind.UNKNOWN, (3, 6, 9, 9)), (Kind.NOT_SENT, (0.5, 1, 2, 4, 4))])
def test_an_unclear_start_is_repeated_on_its_resource_and_one_that_never_left_sooner(
    kind: Kind, gaps: tuple[float, ...]
) -> None:
    session, now = unanswered(), T0 + 2
    for gap in gaps:
        session = after(session, fact(Step.START, kind, now))
        due = lanes(session, now, CADENCE)[Lane.START]
        assert due == now + gap
        assert step_at(session, due) == (Step.START, 0)
        now = due


def test_a_start_that_stays_unclear_is_banned_when_its_resource_gets_too_old() -> None:
    session = after(unanswered(), fact(Step.START, Kind.UNKNOWN, T0 + 260))
    assert step_at(session, T0 + 270) == (Step.STOP, 0)
    session = after(session, fact(Step.STOP, Kind.ACCEPTED, T0 + 271, ban=True))
    assert session.takes[0].end == (End.BANNED, T0 + 271)
    assert next_uid(session, 0, CADENCE) == B
    assert step_at(session, T0 + 271) == (Step.ACQUIRE, None)


def test_a_repeat_that_says_already_started_and_names_the_sid_is_our_recorder() -> None:
    session = after(
        unanswered(),
        fact(Step.START, Kind.UNKNOWN, T0 + 2),
        fact(Step.START, Kind.ALREADY_RUNNING, T0 + 5, sid="sid-r1"),
    )
    assert lanes(session, T0 + 5, CADENCE)[Lane.CONFIRM] == T0 + 10


def test_a_nameless_recorder_is_banned_and_replaced_under_the_other_uid() -> None:
    session = after(unanswered(), fact(Step.START, Kind.ALREADY_RUNNING, T0 + 5))
    assert step_at(session, T0 + 5) == (Step.STOP, 0)
    session = after(session, fact(Step.STOP, Kind.UNKNOWN, T0 + 6, ban=True))
    assert step_at(session, T0 + 6) is None
    session = after(session, fact(Step.STOP, Kind.ACCEPTED, T0 + 8, ban=True))
    assert step_at(session, T0 + 8) == (Step.ACQUIRE, None)
    assert next_uid(session, 0, CADENCE) == B


def test_where_the_vendor_calls_back_a_nameless_recorder_is_not_banned_at_once() -> None:
    waiting = unanswered().evolve(notified=True)
    session = after(waiting, fact(Step.START, Kind.ALREADY_RUNNING, T0 + 5))
    assert step_at(session, T0 + 19) is None
    assert step_at(session, T0 + 20) == (Step.STOP, 0)
    named = after(session, started(T0 + 9))
    assert step_at(named, T0 + 20) == (Step.QUERY, 0)


def test_a_dead_resource_is_replaced_at_once_under_the_same_uid() -> None:
    session = after(unanswered(), fact(Step.START, Kind.RESOURCE_DEAD, T0 + 2))
    assert next_uid(session, 0, CADENCE) == A
    assert lanes(session, T0 + 2, CADENCE)[Lane.START] == T0 + 3


def test_a_uid_that_a_stranger_holds_is_given_up_for_the_other_at_once() -> None:
    session = after(unanswered(), fact(Step.START, Kind.CONFLICT, T0 + 2))
    assert next_uid(session, 0, CADENCE) == B
    assert step_at(session, T0 + 2) == (Step.ACQUIRE, None)


def test_strangers_on_both_uids_are_asked_again_with_a_gap() -> None:
    session = after(unanswered(), fact(Step.START, Kind.CONFLICT, T0 + 2))
    session = session.evolve(takes=(*session.takes, a_take(B, "r2", T0 + 3)))
    session = after(session, fact(Step.START, Kind.CONFLICT, T0 + 4, "r2"))
    assert lanes(session, T0 + 4, CADENCE)[Lane.START] == T0 + 7
    assert next_uid(session, 0, CADENCE) == A


def test_a_start_that_is_wrong_in_itself_fails_the_session_with_the_vendors_words() -> None:
    session = after(unanswered(), fact(Step.START, Kind.PERMANENT, T0 + 2, reason="invalid bucket"))
    assert (session.state, session.reason) == (State.FAILED, "invalid bucket")


def test_a_wrong_start_without_words_still_has_a_reason() -> None:
    session = after(unanswered(), fact(Step.START, Kind.PERMANENT, T0 + 2))
    assert session.reason == "start was refused as invalid"


def test_a_throttled_first_start_acquires_anew() -> None:
    session = after(unanswered(), fact(Step.START, Kind.THROTTLED, T0 + 2))
    assert lanes(session, T0 + 2, CADENCE)[Lane.START] == T0 + 3
    assert step_at(session, T0 + 3) == (Step.ACQUIRE, None)


# -- lost answers, and what must not be mistaken for a refusal -------------------------------------


def test_a_429_after_a_lost_answer_proves_nothing_so_the_same_resource_is_asked_again() -> None:
    session = after(
        unanswered(), fact(Step.START, Kind.UNKNOWN, T0 + 2), fact(Step.START, Kind.THROTTLED, T0 + 5)
    )
    assert not takes.over(session.takes[0], CADENCE)
    assert step_at(session, T0 + 11) == (Step.START, 0)


def test_a_429_to_the_repeat_of_a_call_that_nobody_answered_proves_nothing_either() -> None:
    session = after(unanswered(resent_at=T0 + 14, unclear=True), fact(Step.START, Kind.THROTTLED, T0 + 15))
    assert step_at(session, T0 + 26) == (Step.START, 0)


def test_a_401_after_a_lost_answer_leads_to_a_ban_since_the_recorder_may_run() -> None:
    session = after(
        unanswered(), fact(Step.START, Kind.UNKNOWN, T0 + 2), fact(Step.START, Kind.PERMANENT, T0 + 5)
    )
    assert session.state is State.STARTING
    assert step_at(session, T0 + 13) == (Step.STOP, 0)


def test_a_spent_resource_after_a_lost_answer_is_proof_that_it_has_no_recorder() -> None:
    session = after(
        unanswered(), fact(Step.START, Kind.UNKNOWN, T0 + 2), fact(Step.START, Kind.RESOURCE_DEAD, T0 + 5)
    )
    assert takes.refused(session.takes[0])


def test_a_53_on_a_uid_that_this_session_may_have_started_is_banned_before_it_goes_on() -> None:
    session = after(
        unanswered(resent_at=T0 + 5, unclear=True),
        fact(Step.START, Kind.RESOURCE_DEAD, T0 + 6),
        acquired(T0 + 8, rid="r2"),
    )
    due = decide(session, T0 + 8, CADENCE)
    assert due is not None
    session = intend(session, due, T0 + 8, CADENCE)
    assert session.takes[1].reused
    session = after(session, fact(Step.START, Kind.CONFLICT, T0 + 9, "r2"))
    assert step_at(session, T0 + 9) == (Step.STOP, 1)
    session = after(session, fact(Step.STOP, Kind.ACCEPTED, T0 + 10, "r2", ban=True))
    assert step_at(session, T0 + 10) == (Step.ACQUIRE, None)
    assert next_uid(session, 0, CADENCE) == B


def test_a_sid_that_comes_after_the_ban_is_stopped_by_name_at_the_pace_of_stops() -> None:
    session = after(
        unanswered(),
        fact(Step.START, Kind.ALREADY_RUNNING, T0 + 5),
        fact(Step.STOP, Kind.ACCEPTED, T0 + 6, ban=True),
        started(T0 + 7),
    )
    assert step_at(session, T0 + 7) == (Step.STOP, 0)
    session = after(session, fact(Step.STOP, Kind.UNKNOWN, T0 + 8))
    assert lanes(session, T0 + 8, CADENCE)[Lane.STOP] == T0 + 9
    missed = (fact(Step.STOP, Kind.NOT_FOUND, T0 + at) for at in (9, 100))
    session = after(session, *missed)
    assert takes.over(session.takes[0], CADENCE)


def test_a_recorder_that_turns_up_after_the_session_was_settled_is_stopped_all_the_same() -> None:
    session = after(unanswered(), fact(Step.START, Kind.UNKNOWN, END - 20))
    session = after(session, fact(Step.STOP, Kind.ACCEPTED, END + 1, ban=True))
    assert (session.state, session.settled_at) == (State.FAILED, END + 1)
    session = after(session, started(END + 5))
    assert session.settled_at is None
    assert step_at(session, END + 5) == (Step.STOP, 0)
    session = after(session, fact(Step.STOP, Kind.ALREADY_STOPPING, END + 6))
    assert (session.state, session.settled_at) == (State.FAILED, END + 6)


def test_an_unanswered_start_is_given_time_to_answer_before_its_stop_bans_it() -> None:
    session = unanswered(sent=END - 2)
    assert step_at(session, END) is None
    assert step_at(session, END + 10) == (Step.STOP, 0)


def test_hours_of_refusals_do_not_make_the_session_grow_without_bound() -> None:
    session = a_session(end=T0 + 9000, deadline=T0 + 9000)
    for number in range(30):
        at, rid = T0 + number * 60, f"r{number}"
        session = after(session, acquired(at, next_uid(session, 0, CADENCE), rid))
        session = intend(session, Due(at=at, lane=Lane.START, step=Step.START), at + 1, CADENCE)
        session = after(session, fact(Step.START, Kind.THROTTLED, at + 2, rid))
    assert len(session.takes) <= KEPT_REFUSALS + 2
    assert lanes(session, T0 + 1743, CADENCE)[Lane.START] == T0 + 1742 + 8


# -- a start that never left ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.NOT_SENT, Kind.MISCONFIGURED])
def test_a_start_that_never_left_is_tried_again_and_neither_banned_nor_an_orphan(kind: Kind) -> None:
    session, at = unanswered(), T0 + 2
    while True:
        session = after(session, fact(Step.START, kind, at))
        assert takes.unsent(session.takes[0])
        assert nets.orphans(session) == {}
        due = decide(session, at + 10, CADENCE)
        assert due is not None
        if due.step is Step.ACQUIRE:
            break
        assert due.step is Step.START
        at = due.at + 0.1
        session = intend(session, due, due.at, CADENCE)
        assert not takes.unsent(session.takes[0])  # it may be on its way
    assert at > T0 + 255  # its resource is too old by now
    assert advance(session, END, CADENCE).state is State.FAILED


def test_a_start_whose_process_died_before_its_answer_stays_in_doubt() -> None:
    session = unanswered()
    due = Due(at=T0 + 13, lane=Lane.START, step=Step.START, take=0)
    session = after(intend(session, due, T0 + 13, CADENCE), fact(Step.START, Kind.NOT_SENT, T0 + 14))
    assert not takes.unsent(session.takes[0])
    assert takes.doubtful(session.takes[0])
