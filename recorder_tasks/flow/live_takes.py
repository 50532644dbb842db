"""The takes of a session that may be recording, as the journals keep them."""

from __future__ import annotations

from recorder_tasks.core import lifecycle, takes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.outcome import Outcome
from recorder_tasks.core.session import Session
from recorder_tasks.store import LiveTake


def live_sids(session: Session, cadence: Cadence) -> set[str]:
    """The named takes of a session that may be recording."""
    return {take.sid for take in session.takes if take.sid is not None and not takes.over(take, cadence)}


def live_take(session: Session, sid: str) -> LiveTake:
    """What the journal must know to stop this take without Redis."""
    take = next(take for take in session.takes if take.sid == sid)
    return LiveTake(
        key=sid,
        session=session.id,
        app=session.app,
        channel=session.channel,
        uid=take.uid,
        resource_id=take.resource_id,
        sid=sid,
        mode=session.mode.value,
        deadline=session.deadline,
    )


def live_take_of(session: Session, fact: Outcome) -> LiveTake:
    """The live take that a start's answer makes, before the session knows of it."""
    assert fact.sid is not None
    return live_take(lifecycle.apply(session, fact), fact.sid)
