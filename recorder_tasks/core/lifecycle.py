"""The lifecycle: ``decide`` says which step is next, ``apply`` what a fact makes of the session.

Pure: the same arguments give the same answer; ``now`` is an argument. The rule of each fact is a row of
:mod:`.facts`; the timing of each step is in :mod:`.agenda`; this module joins them and keeps the state.
"""

from __future__ import annotations

from collections.abc import Iterator

from recorder_tasks.core import takes
from recorder_tasks.core.agenda import LANES, pending
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.endings import deserted, empty, ending_of, reason_of, tried, unverified, wrong
from recorder_tasks.core.evidence import with_answer
from recorder_tasks.core.facts import (
    HARD,
    TAKE_RULES,
    find_take,
    note_acquire,
    note_refused_change,
    settle_take,
    with_sid,
)
from recorder_tasks.core.outcome import Instant, Kind, Outcome, Step, Upload
from recorder_tasks.core.session import Due, Ending, Session, State, Take, Trouble
from recorder_tasks.core.uids import next_uid

KEPT_REFUSALS = 8


def decide(session: Session, now: Instant, cadence: Cadence) -> Due | None:
    """The most urgent thing that is due by ``now``, or None. A fresh reservation turns acquire into start."""
    ready = [due for due in pending(session, now, cadence) if due.at <= now]
    if not ready:
        return None
    due = min(ready, key=lambda entry: (LANES.index(entry.lane), entry.step is None, entry.at))
    if due.step is Step.ACQUIRE and usable_reservation(session, due.line, now, cadence):
        return due.model_copy(update={"step": Step.START})
    return due


def usable_reservation(session: Session, line: int, now: Instant, cadence: Cadence) -> bool:
    """Whether acquire's last answer can still be started, for the uid that the line wants now."""
    kept = session.reservation
    if kept is None or now >= kept.acquired_at + cadence.resource_life:
        return False
    return kept.uid == next_uid(session, line, cadence)


def with_room(session: Session) -> Session:
    """As it is decided for when the app may have room again: the want of it keeps it no longer."""
    if session.acquire_trouble.last_kind is not Kind.CAPACITY:
        return session
    return session.evolve(acquire_trouble=Trouble())


def intend(session: Session, due: Due, now: Instant, cadence: Cadence) -> Session:
    """The session with the intent of a call that is not repeatable for free: saved before that call."""
    if due.step is Step.START:
        if due.take is not None:
            take = session.takes[due.take]
            unclear = take.unclear or not takes.heard_since(take, takes.last_sent(take))
            again = take.model_copy(update={"resent_at": now, "unclear": unclear})
            return _with_take(session, due.take, again)
        kept = session.reservation
        assert kept is not None
        take = Take(
            uid=kept.uid,
            resource_id=kept.resource_id,
            acquired_at=kept.acquired_at,
            sent_at=now,
            line=due.line,
            expires_at=takes.expiry(session, now, cadence),
            reused=any(other.uid == kept.uid and takes.may_have_run(other) for other in session.takes),
        )
        return _with_state(session.evolve(reservation=None, takes=(*_looked_back(session, due.line), take)))
    if due.step is Step.STOP and due.take is not None:
        take = session.takes[due.take]
        told = _stop_intended(take, now)
        return session if told is take else _with_take(session, due.take, told)
    return session


def _stop_intended(take: Take, now: Instant) -> Take:
    """The first intent; where it was left without an answer, that it may have ended the recorder."""
    if take.stop_sent_at is None:
        return take.model_copy(update={"stop_sent_at": now})
    if take.stop_trouble.last is None and take.end is None:
        unheard = take.stop_trouble.add(take.stop_sent_at, Kind.UNKNOWN)
        return take.model_copy(update={"stop_trouble": unheard})
    return take


def _looked_back(session: Session, line: int) -> Iterator[Take]:
    """The takes so far, as they stand when another begins: of those that everybody had left, that is kept.

    Without the older ones that never ran, save those that tell of a uid that somebody holds: hours of
    refusals must not grow the session without bound.
    """
    plain = [take for take in session.takes if takes.refused(take) and not takes.doubtful(take)]
    plain = [take for take in plain if take.refused is None or take.refused[1] is not Kind.CONFLICT]
    dropped = {take.resource_id for take in plain[:-KEPT_REFUSALS]}
    for take in session.takes:
        if take.resource_id not in dropped:
            left = take.line == line and not take.deserted and deserted(session, take)
            yield take.model_copy(update={"deserted": True}) if left else take


def apply(session: Session, fact: Outcome) -> Session:
    """The session after a fact. Order and repetition of facts make no difference.

    A final session takes facts too, into its takes' ends, files and uploads: what it amounts to (see
    :func:`advance`) may still change, its state never does.
    """
    if fact.step is Step.ACQUIRE:
        return session if session.state.final else _with_state(note_acquire(session, fact))
    index = find_take(session, fact)
    if index is None:
        return _without_spent(session, fact)
    if fact.kind is Kind.PERMANENT and fact.step in (Step.UPDATE, Step.UPDATE_LAYOUT):
        return note_refused_change(session, fact)
    session = with_answer(session, fact)
    take = settle_take(TAKE_RULES[fact.step][fact.kind](_named(session.takes[index], fact), fact))
    return _with_take(session, index, take)


def _named(take: Take, fact: Outcome) -> Take:
    """With the sid that was called: Redis may have forgotten it, the one who called had not."""
    if fact.step is Step.START or fact.sid is None:
        return take
    return with_sid(take, fact.sid, heard=True)


def _without_spent(session: Session, fact: Outcome) -> Session:
    """A refused start whose intent Redis has lost: that resource is not to be started again."""
    kept = session.reservation
    spent = fact.step is Step.START and fact.kind in HARD
    if spent and kept is not None and kept.resource_id == fact.resource_id:
        return session.evolve(reservation=None)
    return session


def recall(session: Session, known: Session, fact: Outcome) -> Session:
    """With the start that a fact is about, where Redis has forgotten it since ``known`` was saved.

    Only while nothing was started after it: otherwise the vendor has said by now who holds the uid.
    """
    index = find_take(known, fact)
    forgotten = fact.step is Step.START and find_take(session, fact) is None
    if index is None or not forgotten or session.state.final:
        return session
    take, kept = known.takes[index], session.reservation
    if session.after(take):
        return session
    if kept is not None and kept.resource_id == take.resource_id:
        kept = None
    return _with_state(session.evolve(reservation=kept, takes=(*session.takes, take)))


def advance(session: Session, now: Instant, cadence: Cadence) -> Session:
    """What the passing of time makes of the session: final, settled, in need of a person."""
    session = _alert(session, now, cadence)
    live = [take for take in session.takes if not takes.over(take, cadence)]
    if not session.state.final:
        session = _finish(session, now, cadence) if not live else _stopping(session, now)
    if session.state is State.COMPLETED:
        session = session.evolve(ending=ending_of(session, cadence))
        session = session.evolve(reason=reason_of(session, cadence))
    if not session.state.final:
        return session
    if live:
        return session.evolve(settled_at=None)
    if session.settled_at is None and _settled(session, now, cadence):
        return session.evolve(settled_at=now)
    return session


def to_verify(session: Session, now: Instant, cadence: Cadence) -> Session:
    """A completed session whose bucket can be looked into: it is settled only when that has been done."""
    if session.verify or session.state is not State.COMPLETED:
        return session
    return advance(session.evolve(verify=True, settled_at=None), now, cadence)


def _stopping(session: Session, now: Instant) -> Session:
    if now >= session.ends_at and session.state is not State.STOPPING:
        return session.evolve(state=State.STOPPING)
    return session


def _finish(session: Session, now: Instant, cadence: Cadence) -> Session:
    """With no recorder left: final at the end, when people said so, or when asking again is pointless."""
    refusal = wrong(session)
    if now < session.gives_up_at and not session.cancelled and refusal is None:
        return session
    recorded = [take for take in session.takes if take.recorded]
    if recorded:
        state = State.COMPLETED
    elif session.cancelled:
        state = State.CANCELLED
    elif session.takes or tried(session) or refusal is not None:
        state = State.FAILED
    else:
        state = State.MISSED
    session = session.evolve(state=state, final_at=now, reservation=None)
    return session.evolve(reason=reason_of(session, cadence))


def _settled(session: Session, now: Instant, cadence: Cadence) -> bool:
    assert session.final_at is not None
    if session.state is not State.COMPLETED or session.ending is Ending.EMPTY:
        return True
    closed = now >= session.final_at + cadence.settle_window
    if session.verify:
        unseen = [take for take in session.takes if unverified(take)]
        return not unseen or (closed and all(take.look_trouble.count for take in unseen))
    named = [take for take in session.takes if take.sid is not None and not empty(take)]
    waiting = [take for take in named if take.upload is not Upload.UPLOADED]
    return not waiting or closed


def _alert(session: Session, now: Instant, cadence: Cadence) -> Session:
    failing = any(
        not takes.over(take, cadence)
        and take.stop_sent_at is not None
        and now >= take.stop_sent_at + cadence.stop_alert
        and take.stop_trouble.last_kind is not Kind.NOT_FOUND  # being confirmed, which ends by itself
        for take in session.takes
    )
    if failing and "stop_failing" not in session.alerted:
        return session.evolve(alerted=(*session.alerted, "stop_failing"))
    return session


def _with_take(session: Session, index: int, take: Take) -> Session:
    changed = (*session.takes[:index], take, *session.takes[index + 1 :])
    return _with_state(session.evolve(takes=changed))


def _with_state(session: Session) -> Session:
    """scheduled -> starting -> recording, by the facts; what comes after is :func:`advance`'s."""
    if session.state not in (State.SCHEDULED, State.STARTING):
        return session
    begun = session.takes or session.reservation or session.acquire_trouble.count or session.failure
    if any(take.confirmed_at is not None for take in session.takes):
        return session.evolve(state=State.RECORDING)
    return session.evolve(state=State.STARTING if begun else State.SCHEDULED)
