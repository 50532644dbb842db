"""More than one take in good health: tokens that do not last, redundant lines, uids that people hold."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from recorder_tasks.core import takes, wishes
from recorder_tasks.core.agenda import agenda
from recorder_tasks.core.errors import InvalidWish
from recorder_tasks.core.lifecycle import advance
from recorder_tasks.core.outcome import Kind, Step
from recorder_tasks.core.session import Ending, Lane, Session, State, Take
from recorder_tasks.core.uids import next_uid
from tests.core.factories import (
    CADENCE,
    END,
    T0,
    A,
    a_session,
    a_take,
    after,
    fact,
    recording,
    running,
    step_at,
)
from tests.core.vendor_model import Recorder, Vendor
from tests.core.world import World

SHORT_TOKENS = CADENCE.model_copy(update={"token_life": 150.0, "rollover": 60.0})
UIDS = (A, A + 7)


def a_world(**members: object) -> World:
    session = a_session(created_at=T0 - 5, max_idle=60.0, uids=UIDS, by_token=True, **members)
    return World(session, T0 - 5, Vendor(now=T0 - 5, max_idle=60.0), SHORT_TOKENS)


def ran(world: World) -> list[Recorder]:
    return sorted(world.vendor.recorders.values(), key=lambda recorder: recorder.began)


# -- rollover -----------------------------------------------------------------------------------------


def test_a_recording_that_outlasts_its_tokens_is_handed_from_recorder_to_recorder_without_a_gap() -> None:
    world = a_world()
    world.heal_and_finish()
    recorders = ran(world)
    assert len(recorders) == 6  # ten minutes by tokens of 150 s that are renewed after 90 s
    for older, newer in pairwise(recorders):
        assert older.ended is not None
        assert newer.began + 5 < older.ended < older.began + 150
    assert [recorder.ended_by for recorder in recorders] == ["stop"] * 6
    assert {recorder.uid for recorder in recorders} == {A, A + 1}
    assert world.stored.ending is Ending.UPLOADED


def test_a_token_that_lasts_to_the_end_is_not_renewed() -> None:
    world = a_world(end=T0 + 140)
    world.heal_and_finish()
    assert len(ran(world)) == 1


def test_a_recorder_goes_on_until_its_successor_records_even_if_that_takes_several_tries() -> None:
    session = recording(end=T0 + 4000, uids=UIDS)
    session = session.evolve(takes=(running(expires_at=T0 + 1000),))
    assert step_at(session, T0 + 699) == (Step.QUERY, 0)
    session = after(session, fact(Step.QUERY, Kind.ACCEPTED, T0 + 699, status=5))
    assert step_at(session, T0 + 700) == (Step.ACQUIRE, None)
    refused = a_take(A + 1, "r2", sent=T0 + 701, refused=(T0 + 702, Kind.RESOURCE_DEAD))
    session = session.evolve(takes=(*session.takes, refused))
    assert takes.current(session, 0, CADENCE) == (0, session.takes[0])
    assert step_at(session, T0 + 703) == (Step.ACQUIRE, None)
    accepted = a_take(A + 1, "r3", sent=T0 + 704, sid="sid-r3", accepted_at=T0 + 705)
    session = session.evolve(takes=(*session.takes, accepted))
    assert stop_times(session)[0] == T0 + 1000
    session = after(session, fact(Step.QUERY, Kind.ACCEPTED, T0 + 712, "r3", status=5))
    assert stop_times(session)[0] == T0 + 712 + CADENCE.handover


def stop_times(session: Session) -> dict[int | None, float]:
    return {due.take: due.at for due in agenda(session, CADENCE) if due.lane is Lane.STOP}


def test_a_recorder_that_left_when_its_token_expired_is_no_loss_if_another_was_recording() -> None:
    older = running(expires_at=T0 + 400)
    newer = running("r2", A + 1, sent=T0 + 300)
    session = recording(newer).evolve(takes=(older, newer), uids=UIDS)
    for at in (T0 + 400, T0 + 450, T0 + 495):
        session = after(session, fact(Step.STOP, Kind.NOT_FOUND, at))
    session = after(session, fact(Step.STOP, Kind.ACCEPTED, END + 1, "r2"))
    assert (session.state, session.ending) == (State.COMPLETED, Ending.UNCONFIRMED)
    lonely = session.evolve(
        takes=(older, newer.model_copy(update={"sent_at": T0 + 500, "confirmed_at": T0 + 506}))
    )
    for at in (T0 + 400, T0 + 450, T0 + 495):
        lonely = after(lonely, fact(Step.STOP, Kind.NOT_FOUND, at))
    assert advance(lonely, END + 2, CADENCE).ending is Ending.PARTIAL


def test_a_recorder_whose_token_expires_without_a_successor_leaves_the_recording_partial() -> None:
    session = recording(end=T0 + 600, uids=UIDS).evolve(takes=(running(expires_at=T0 + 300),))
    for at in (T0 + 150, T0 + 200, T0 + 250):
        session = after(session, fact(Step.ACQUIRE, Kind.TRANSIENT, at))
    session = after(session, fact(Step.STOP, Kind.ACCEPTED, T0 + 301, upload="uploaded"))
    done = advance(session, END, CADENCE)
    assert (done.state, done.ending) == (State.COMPLETED, Ending.PARTIAL)
    assert done.reason == "1 recorder(s) lost on the way; no other could take over when a token expired"
    deserted = advance(session.evolve(absent_at=T0 + 250), END, CADENCE)
    assert deserted.ending is Ending.UPLOADED


# -- the deadline ---------------------------------------------------------------------------------------


def test_an_end_past_the_deadline_needs_the_deadline_to_move() -> None:
    session = recording(deadline=END + 60)
    with pytest.raises(InvalidWish, match=r"until .* unless the deadline is moved"):
        wishes.extend(session, END + 600, T0 + 100)
    longer = wishes.extend(session, END + 600, T0 + 100, move_deadline=True)
    assert (longer.end, longer.deadline) == (END + 600, END + 600)
    shorter = wishes.extend(longer, END - 60, T0 + 100, move_deadline=True)
    assert (shorter.end, shorter.deadline) == (END - 60, END + 600)


def test_a_recorder_whose_token_ends_with_the_old_deadline_gets_a_successor_when_that_moves() -> None:
    world = a_world(end=T0 + 100, deadline=T0 + 100)
    while not world.stored.takes or world.stored.takes[0].confirmed_at is None:
        world.pass_time(max(0.0, (world.due_at() or 0.0) - world.now))
        world.turn(world.workers[0])
    world.wish(lambda session, now: wishes.extend(session, T0 + 230, now, move_deadline=True))
    world.heal_and_finish()
    assert [recorder.ended_by for recorder in ran(world)] == ["stop", "stop"]
    assert ran(world)[-1].ended == pytest.approx(T0 + 230, abs=1)


# -- redundancy -----------------------------------------------------------------------------------------


def test_two_lines_record_side_by_side_with_uids_of_their_own_to_the_end() -> None:
    world = a_world(redundancy=2, end=T0 + 140)
    world.heal_and_finish()
    assert Counter(recorder.line for recorder in ran(world)) == {0: 1, 1: 1}
    first, second = ran(world)
    assert (first.uid, second.uid) == (A, A + 1)
    assert second.began < T0 + 5
    assert world.stored.ending is Ending.UPLOADED


def test_one_line_lost_for_good_does_not_make_the_recording_partial() -> None:
    lost = [fact(Step.QUERY, Kind.NOT_FOUND, T0 + 300 + gap) for gap in (0, 45, 90)]
    lost.append(fact(Step.STOP, Kind.NOT_FOUND, T0 + 391))
    both = recording(running("r2", A + 1, line=1), redundancy=2, uids=UIDS)
    session = after(both, *lost, fact(Step.STOP, Kind.ACCEPTED, END + 1, "r2", upload="uploaded"))
    assert (session.state, session.ending) == (State.COMPLETED, Ending.UPLOADED)
    alone = after(recording(uids=UIDS), *lost)
    assert advance(alone, END + 1, CADENCE).ending is Ending.PARTIAL


def test_a_lost_line_is_replaced_while_the_other_goes_on() -> None:
    session = recording(running("r2", A + 1, line=1), redundancy=2, uids=UIDS)
    for gap in (0, 45, 90):
        session = after(session, fact(Step.QUERY, Kind.NOT_FOUND, T0 + 300 + gap, "r2"))
    session = after(session, fact(Step.STOP, Kind.NOT_FOUND, T0 + 391, "r2"))
    due = next(due for due in agenda(session, CADENCE) if due.step is Step.ACQUIRE)
    assert due.line == 1
    assert next_uid(session, 1, CADENCE) == A + 3
    assert stop_times(session) == {0: END}


# -- uids that people hold --------------------------------------------------------------------------------


def test_a_uid_that_somebody_else_holds_is_not_come_back_to() -> None:
    taken = a_take(A, "r1", refused=(T0 + 2, Kind.CONFLICT))
    session = a_session(takes=(taken,), uids=UIDS)
    assert next_uid(session, 0, CADENCE) == A + 1
    lost = running("r2", A + 1, sent=T0 + 10, status=(T0 + 90, 20))
    assert next_uid(session.evolve(takes=(taken, lost)), 0, CADENCE) == A + 2


def test_a_recorder_thrown_out_soon_after_it_began_moves_away_from_its_uid() -> None:
    def thrown_out(rid: str, uid: int, sent: float) -> Take:
        return running(rid, uid, sent, missing=(sent + 60, sent + 150), stop_missed_at=sent + 151)

    first, second = thrown_out("r1", A, T0 + 1), thrown_out("r2", A + 1, T0 + 160)
    session = a_session(takes=(first,), uids=UIDS)
    assert next_uid(session, 0, CADENCE) == A + 1
    assert next_uid(session.evolve(takes=(first, second)), 0, CADENCE) == A + 2


def test_losses_later_on_let_two_uids_take_turns() -> None:
    def lost(rid: str, uid: int, sent: float) -> Take:
        return running(rid, uid, sent, missing=(sent + 900, sent + 990), stop_missed_at=sent + 991)

    session, seen = a_session(uids=UIDS, end=T0 + 9000), []
    for number in range(4):
        uid = next_uid(session, 0, CADENCE)
        seen.append(uid)
        session = session.evolve(takes=(*session.takes, lost(f"r{number}", uid, T0 + 1000 * number)))
    assert seen == [A, A + 1, A, A + 1]
