"""Sessions, takes and facts for the tests of the core: a class of ten minutes that begins at T0."""

from __future__ import annotations

from typing import Any

from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.lifecycle import advance, apply, decide
from recorder_tasks.core.outcome import Instant, Kind, Outcome, Step
from recorder_tasks.core.session import Session, State, Take

T0 = 1_000_000.0
END = T0 + 600.0
A, B = 901, 902
CADENCE = Cadence()


def a_session(**members: Any) -> Session:
    """Scheduled a minute before its start, unless told otherwise."""
    plan: dict[str, Any] = {
        "id": "s1",
        "channel": "room1",
        "uids": (A, B),
        "created_at": T0 - 60,
        "start": T0,
        "end": END,
        "deadline": END + 600,
    }
    return Session(**{**plan, **members})


def a_take(uid: int = A, rid: str = "r1", sent: Instant = T0 + 1, **members: Any) -> Take:
    """A take whose start was sent and not answered yet."""
    return Take(**{"uid": uid, "resource_id": rid, "acquired_at": sent - 1, "sent_at": sent, **members})


def running(rid: str = "r1", uid: int = A, sent: Instant = T0 + 1, **members: Any) -> Take:
    """A take that was confirmed six seconds after its start was sent."""
    known: dict[str, Any] = {
        "sid": f"sid-{rid}",
        "accepted_at": sent + 1,
        "confirmed_at": sent + 6,
        "alive_at": sent + 6,
        "status": (sent + 6, 5),
    }
    return a_take(uid, rid, sent, **{**known, **members})


def fact(step: Step, kind: Kind, at: Instant, rid: str = "r1", **members: Any) -> Outcome:
    """A fact about the take of resource ``rid``, as the engine would report it."""
    if step is not Step.ACQUIRE:
        members.setdefault("resource_id", rid)
    if step not in (Step.ACQUIRE, Step.START) and not members.get("ban"):
        members.setdefault("sid", f"sid-{rid}")
    return Outcome(step=step, kind=kind, at=at, **members)


def started(at: Instant, rid: str = "r1") -> Outcome:
    return fact(Step.START, Kind.ACCEPTED, at, rid, sid=f"sid-{rid}")


def after(session: Session, *facts: Outcome, cadence: Cadence = CADENCE) -> Session:
    """What the engine would store after these facts, each at its own instant."""
    for entry in facts:
        session = advance(apply(session, entry), entry.at, cadence)
    return session


def step_at(session: Session, now: Instant) -> tuple[Step | None, int | None] | None:
    due = decide(advance(session, now, CADENCE), now, CADENCE)
    return None if due is None else (due.step, due.take)


def recording(*more: Take, **members: Any) -> Session:
    return a_session(takes=(running(), *more), state=State.RECORDING, **members)


def unanswered(**members: Any) -> Session:
    return a_session(takes=(a_take(**members),), state=State.STARTING)


def acquired(at: Instant = T0, uid: int = A, rid: str = "r1") -> Outcome:
    return fact(Step.ACQUIRE, Kind.ACCEPTED, at, rid, uid=uid, resource_id=rid)
