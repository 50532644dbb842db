"""When a session needs what: gaps, lanes, and who goes first."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from recorder_tasks.core.agenda import agenda, lanes, pending
from recorder_tasks.core.cadence import Cadence, backoff
from recorder_tasks.core.lifecycle import advance, decide
from recorder_tasks.core.outcome import Kind, Outcome, Step, Upload
from recorder_tasks.core.session import Change, Lane, Session, State
from tests.core.factories import (
    CADENCE,
    END,
    T0,
    a_session,
    after,
    fact,
    recording,
    running,
    started,
    unanswered,
)


def asked_at(session: Session, lane: Lane, kind: Kind, until: float, **members: Any) -> list[float]:
    """The instants at which queries go out while each gets the same answer."""
    seen: list[float] = []
    while (at := lanes(session, T0, CADENCE).get(lane)) is not None and at < until:
        seen.append(at)
        session = after(session, fact(Step.QUERY, kind, at, **members))
    return seen


def gaps(instants: list[float]) -> list[float]:
    return [later - earlier for earlier, later in itertools.pairwise(instants)]


def test_a_start_is_confirmed_at_growing_gaps_until_it_was_missing_for_ninety_seconds() -> None:
    session = after(unanswered(), started(T0 + 2))
    asked = asked_at(session, Lane.CONFIRM, Kind.NOT_FOUND, END)
    assert [at - T0 - 2 for at in asked] == [5, 10, 20, 35, 50, 65, 80, 95]


def test_a_404_episode_is_followed_at_growing_gaps_until_the_verdict_after_ninety_seconds() -> None:
    session = after(recording(), fact(Step.QUERY, Kind.NOT_FOUND, T0 + 100))
    asked = asked_at(session, Lane.QUERY, Kind.NOT_FOUND, END)
    assert [at - T0 - 100 for at in asked] == [5, 10, 20, 35, 50, 65, 80, 90]


def test_probes_come_more_often_than_the_channel_may_stay_idle() -> None:
    session = after(unanswered().evolve(max_idle=10.0), started(T0 + 2))
    assert max(gaps(asked_at(session, Lane.CONFIRM, Kind.ACCEPTED, T0 + 90, status=2))) <= 8.0


def test_a_healthy_recorder_is_asked_about_every_health_interval() -> None:
    asked = asked_at(recording(health_every=60.0), Lane.QUERY, Kind.ACCEPTED, END, status=5)
    assert set(gaps(asked)) == {60.0}


def test_a_vendor_that_answers_nothing_is_asked_after_5_10_15_and_30_seconds() -> None:
    asked = asked_at(recording(), Lane.QUERY, Kind.UNKNOWN, T0 + 320)
    assert gaps(asked)[:6] == [5, 10, 15, 30, 30, 30]


def test_a_change_waits_for_confirmation_and_is_repeated_until_it_is_taken() -> None:
    wish = Change(id="c1", body={"x": 1}, asked_at=T0 + 50)
    assert Lane.UPDATE not in lanes(after(unanswered(), started(T0 + 2)).evolve(update=wish), T0, CADENCE)
    session, now = recording(update=wish), T0 + 50
    for gap in (2, 5, 15, 30, 30):
        session = after(session, fact(Step.UPDATE, Kind.UNKNOWN, now, change="c1"))
        now += gap
        assert lanes(session, now, CADENCE)[Lane.UPDATE] == now
    session = after(session, fact(Step.UPDATE, Kind.ACCEPTED, now, change="c1"))
    assert Lane.UPDATE not in lanes(session, now, CADENCE)


def test_a_refused_change_is_not_sent_again_but_a_new_one_is() -> None:
    session = recording(layout=Change(id="c1", body={}, asked_at=T0 + 50))
    session = after(session, fact(Step.UPDATE_LAYOUT, Kind.PERMANENT, T0 + 51, change="c1"))
    assert Lane.UPDATE_LAYOUT not in lanes(session, T0 + 51, CADENCE)
    session = session.evolve(layout=Change(id="c2", body={}, asked_at=T0 + 60))
    assert lanes(session, T0 + 60, CADENCE)[Lane.UPDATE_LAYOUT] == T0 + 60


def test_a_replacement_gets_the_change_that_its_predecessor_had() -> None:
    session = recording(update=Change(id="c1", body={}, asked_at=T0 + 50))
    session = after(session, fact(Step.UPDATE, Kind.ACCEPTED, T0 + 51, change="c1"))
    session = session.evolve(takes=(*session.takes, running("r2", 902, T0 + 200)))
    assert lanes(session, T0 + 210, CADENCE)[Lane.UPDATE] == T0 + 206


def test_a_live_recorder_is_always_in_the_stop_lane_too() -> None:
    assert lanes(recording(), T0 + 10, CADENCE) == {Lane.STOP: END, Lane.QUERY: T0 + 7 + 120}


def test_stop_goes_before_everything_else_that_is_due() -> None:
    session = recording(update=Change(id="c1", body={}, asked_at=T0))
    due = decide(session, END, CADENCE)
    assert due is not None
    assert due.lane is Lane.STOP
    due = decide(session, END - 1, CADENCE)
    assert due is not None
    assert due.lane is Lane.UPDATE


def test_starts_fall_out_of_the_agenda_at_the_end() -> None:
    session = a_session()
    assert [due.lane for due in pending(session, T0, CADENCE)] == [Lane.START, Lane.SETTLE]
    assert [due.lane for due in pending(session, END, CADENCE)] == [Lane.SETTLE]


def test_no_tick_is_due_while_a_stop_waits_for_its_next_try() -> None:
    session = recording().evolve(takes=(running(alive_at=END - 9, status=(END - 9, 5)),))
    session = after(session, fact(Step.STOP, Kind.UNKNOWN, END + 1))
    assert decide(session, END + 1.5, CADENCE) is None
    assert Lane.SETTLE not in lanes(session, END + 1.5, CADENCE)


def test_a_stop_of_a_final_session_causes_no_ticks_between_its_tries() -> None:
    session = after(recording(), fact(Step.STOP, Kind.ACCEPTED, END + 1, upload=Upload.BACKED_UP))
    session = session.evolve(takes=(*session.takes, running("r2", 902, END - 9)))
    late = END + CADENCE.settle_window + 10
    session = after(session, fact(Step.STOP, Kind.UNKNOWN, late, "r2"))
    assert decide(session, late + 0.5, CADENCE) is None


def test_a_stop_that_fails_for_a_minute_calls_for_a_person_once() -> None:
    session = recording().evolve(takes=(running(stop_sent_at=END),))
    session = after(session, fact(Step.STOP, Kind.UNKNOWN, END + 59))
    assert session.alerted == ()
    session = after(session, *(fact(Step.STOP, Kind.UNKNOWN, END + 60 + second) for second in (0, 30)))
    assert session.alerted == ("stop_failing",)


def test_a_404_that_is_being_confirmed_calls_for_nobody() -> None:
    session = recording().evolve(takes=(running(stop_sent_at=END),))
    session = after(session, *(fact(Step.STOP, Kind.NOT_FOUND, END + second) for second in (1, 70)))
    assert session.alerted == ()


def test_a_session_whose_upload_is_open_is_looked_at_once_and_then_waits_a_day() -> None:
    session = after(recording(), fact(Step.STOP, Kind.ACCEPTED, END + 1, asynchronous=True))
    assert [(due.at, due.step) for due in agenda(session, CADENCE)] == [
        (END + 11, Step.QUERY),
        (END + 1 + 86_400, None),
    ]
    session = after(session, fact(Step.QUERY, Kind.NOT_FOUND, END + 12))
    assert [due.step for due in agenda(session, CADENCE)] == [None]
    session = advance(session, END + 1 + 86_400, CADENCE)
    assert session.settled_at == END + 1 + 86_400
    assert agenda(session, CADENCE) == []


def test_an_upload_that_is_confirmed_late_settles_the_session() -> None:
    session = after(recording(), fact(Step.STOP, Kind.ACCEPTED, END + 1, upload=Upload.STRANDED))
    told = Outcome(step=Step.STOP, kind=Kind.ACCEPTED, at=END + 900, sid="sid-r1", upload=Upload.UPLOADED)
    session = after(session, told)
    assert (session.ending, session.settled_at) == ("uploaded", END + 900)


def test_the_last_gap_of_a_backoff_repeats() -> None:
    assert [backoff((1.0, 2.0), count) for count in (0, 1, 2, 3, 99)] == [1.0, 1.0, 2.0, 2.0, 2.0]


def test_a_cadence_takes_no_gap_of_nothing() -> None:
    with pytest.raises(ValueError, match="greater than 0"):
        Cadence(first_query=0.0)


def test_a_session_past_its_end_with_a_live_recorder_is_stopping() -> None:
    assert advance(recording(), END - 1, CADENCE).state is State.RECORDING
    assert advance(recording(), END, CADENCE).state is State.STOPPING
