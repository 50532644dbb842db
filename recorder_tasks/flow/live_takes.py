"""The takes of a session that may be recording, as the journals keep them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from recorder_tasks.core import lifecycle, nets, takes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.outcome import Instant, Kind, Outcome, Step
from recorder_tasks.core.session import Session, Take
from recorder_tasks.store import LiveTake, Nameless


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
        start=session.start,
        end=session.ends_at,
        began=takes.began(take),
        expires_at=take.expires_at,
    )


def live_take_of(session: Session, fact: Outcome) -> LiveTake:
    """The live take that a start's answer makes, before the session knows of it."""
    assert fact.sid is not None
    return live_take(lifecycle.apply(session, fact), fact.sid)


def remembered(take: Take, kept: Iterable[LiveTake]) -> Outcome | None:
    """The answer to a start that Redis has forgotten and a journal has ``kept``: no ban is needed then."""
    known = next((live for live in kept if live.resource_id == take.resource_id), None)
    return None if known is None else accepted(known, take.sent_at)


def accepted(known: LiveTake, at: Instant) -> Outcome:
    """The answer that gave a live take its sid."""
    names = {"uid": known.uid, "resource_id": known.resource_id, "sid": known.sid}
    return Outcome(step=Step.START, kind=Kind.ACCEPTED, at=at, **names)


def nameless(session: Session, cadence: Cadence) -> dict[str, Nameless]:
    """The orphans of a session by name, as they are listed without it."""
    return {
        name: Nameless(
            name=name,
            session=session.id,
            app=session.app,
            channel=session.channel,
            uid=take.uid,
            since=takes.began(take),
            until=nets.surely_over_at(session, take, cadence),
            banned=take.end is not None,
            max_idle=session.max_idle,
        )
        for name, take in nets.orphans(session).items()
    }


class Register(TypedDict):
    """What a save tells of takes that may be recording: for the journals, and of those without a name."""

    live: list[LiveTake]
    over: list[str]
    orphans: list[Nameless]
    found: list[str]


def register(before: Session, after: Session, cadence: Cadence) -> Register:
    """What is new of the takes of a session; all that is live of one told again, or with another end."""
    was, live = live_sids(before, cadence), live_sids(after, cadence)
    knew, lost = nameless(before, cadence), nameless(after, cadence)
    same = before is after
    again = same or (after.ends_at, after.deadline) != (before.ends_at, before.deadline)
    return {
        "live": [live_take(after, sid) for sid in sorted(live if again else live - was)],
        "over": sorted(was - live),
        "orphans": [orphan for name, orphan in lost.items() if same or knew.get(name) != orphan],
        "found": sorted(knew.keys() - lost.keys()),
    }
