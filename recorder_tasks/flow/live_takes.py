"""The takes of a session that may be recording, as the journals keep them."""

from __future__ import annotations

from typing import TypedDict

from recorder_tasks.core import lifecycle, nets, takes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.outcome import Instant, Outcome
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


class Register(TypedDict):
    """What a save tells of takes that may be recording: for the journals, and of those without a name."""

    live: list[LiveTake]
    over: list[str]
    orphans: dict[str, Instant | None]
    found: list[str]


def register(before: Session, after: Session, cadence: Cadence) -> Register:
    """What is new of the takes of a session; all that is live of one told again, or with another deadline."""
    was, live = live_sids(before, cadence), live_sids(after, cadence)
    knew, lost = nets.orphans(before), nets.orphans(after)
    again = before is after or after.deadline != before.deadline
    return {
        "live": [live_take(after, sid) for sid in sorted(live if again else live - was)],
        "over": sorted(was - live),
        "orphans": {
            name: nets.surely_over_at(after, take, cadence)
            for name, take in lost.items()
            if again or name not in knew
        },
        "found": sorted(knew.keys() - lost.keys()),
    }
