"""Takes of the journal that Redis does not know: given back to their session, or made one of their own."""

from __future__ import annotations

import logging

from recorder_tasks.core import lifecycle, takes
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.outcome import Instant, Mode
from recorder_tasks.core.session import Session, State, Take
from recorder_tasks.flow.live_takes import accepted, live_sids
from recorder_tasks.flow.turn import Turns
from recorder_tasks.store import Event, LiveTake, Unreadable

log = logging.getLogger(__name__)


def lost_sight_of(turns: Turns, take: LiveTake) -> None:
    """A take of the journal that Redis does not list: over, or forgotten. Raises StoreUnavailable.

    One of a session that cannot be read is left alone; it is stopped past its deadline.
    """
    try:
        session = turns.store.sessions.get(take.session)
    except Unreadable:
        return
    if session is not None:
        if any(entry.sid == take.sid for entry in session.takes):
            turns.journal.follow(session, turns.settings.cadence)
            return
        if not session.state.final:
            _give_back(turns, session, take)
            return
    adopt(turns, take)


def _give_back(turns: Turns, session: Session, take: LiveTake) -> None:
    """Redis has the session, of a time before this take had its sid: give it back."""
    intended = [entry for entry in session.takes if entry.resource_id == take.resource_id]
    if intended:
        turns.conclude(session, accepted(take, intended[0].sent_at), token=None)
        return
    now, cadence = turns.store.clock.now(), turns.settings.cadence
    back = _as_take(take, max(session.start, session.created_at), now)
    current = bool(session.takes) and not takes.over(session.takes[-1], cadence)
    # The last one is the one that goes on; any other is stopped (P3).
    order = (*session.takes[:-1], back, *session.takes[-1:]) if current else (*session.takes, back)
    returned = session.evolve(takes=order)
    told: list[tuple[str, dict[str, object]]] = [("take.returned", {"sid": take.sid})]
    turns.save(session, lifecycle.advance(returned, now, cadence), now, told, token=None)


def adopt(turns: Turns, take: LiveTake) -> None:
    """Redis has lost the session: the take becomes one of its own, to be watched and stopped in time."""
    now, cadence = turns.store.clock.now(), turns.settings.cadence
    session = lifecycle.advance(_adopted(take, now), now, cadence)
    stored, created = turns.store.sessions.create(
        session,
        lanes(session, now, cadence),
        events=[Event(type="take.adopted", data={"sid": take.sid, "session": take.session})],
    )
    if created:
        log.warning("journal.adopted session=%s sid=%s was=%s", stored.id, take.sid, take.session)
    else:
        turns.journal.follow(stored, cadence)
    if live_sids(stored, cadence):
        turns.save(stored, stored, now, [], token=None)


def _adopted(take: LiveTake, now: Instant) -> Session:
    """Its end is the one that was wanted last; what an older version kept knows only of the deadline."""
    end = take.deadline if take.end is None else take.end
    start = end if take.start is None else min(take.start, end)
    return Session(
        id=f"adopted-{take.sid[:24]}",
        app=take.app,
        channel=take.channel,
        mode=Mode(take.mode),
        labels={"adopted_from": take.session},
        uids=(take.uid, take.uid + 1),
        created_at=now,
        start=start,
        begin_at=take.deadline,  # nothing is begun for it: what was wanted is not known any more
        end=end,
        deadline=take.deadline,
        state=State.RECORDING,
        takes=(_as_take(take, now if take.began is None else min(take.began, now), now),),
    )


def as_session(take: LiveTake) -> Session:
    """As much of a session as a stop without Redis needs: it is due from the deadline on."""
    return Session(
        id=take.session,
        app=take.app,
        channel=take.channel,
        mode=Mode(take.mode),
        uids=(take.uid, take.uid),
        created_at=take.deadline,
        start=take.deadline,
        end=take.deadline,
        deadline=take.deadline,
        state=State.RECORDING,
        takes=(_as_take(take, take.deadline, take.deadline),),
    )


def _as_take(take: LiveTake, began: Instant, now: Instant) -> Take:
    return Take(
        uid=take.uid,
        resource_id=take.resource_id,
        acquired_at=began,
        sent_at=began,
        expires_at=take.expires_at,
        sid=take.sid,
        accepted_at=began,
        confirmed_at=began,
        alive_at=now,
    )
