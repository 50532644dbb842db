"""Giving way: an occurrence that begins while the one before it still records does what its schedule says."""

from __future__ import annotations

from recorder_tasks.core import lifecycle, wishes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.outcome import Instant, Kind, Outcome, Step
from recorder_tasks.core.session import Overlap, Session, State
from recorder_tasks.flow.granting import grant
from recorder_tasks.store import Store

AT_CAP = "not asked: the app is at its cap of concurrent recordings"


def put_off(kind: Kind, now: Instant, reason: str) -> Outcome:
    """The fact that no recorder was asked for, and why."""
    return Outcome(step=Step.ACQUIRE, kind=kind, at=now, reason=reason)


def give_way(store: Store, session: Session, now: Instant, cadence: Cadence) -> Session | Outcome | None:
    """What the occurrences before it leave of a session that wants its first recorder.

    None: go on. A fact: it waits. A session: it gives way. Those before it are stopped where the policy
    says so; doing that twice changes nothing.
    """
    if session.overlap is Overlap.ALLOW or session.origin is None:
        return None
    still = [other for other in store.occurrences.before(session) if _in_the_way(other, session)]
    if not still:
        return None
    if session.overlap is Overlap.CANCEL_PREVIOUS:
        for other in still:
            grant(store, other, wishes.stop, cadence)
        return None
    slot = still[0].origin.slot if still[0].origin is not None else still[0].id
    over = all(now >= other.ends_at for other in still)  # its last stop is on its way
    if session.overlap is Overlap.SKIP and not over:
        reason = f"skipped: the occurrence before it ({slot}) was still recording"
        return lifecycle.advance(wishes.give_way(session, reason, now), now, cadence)
    return put_off(Kind.QUEUED, now, f"not asked: the occurrence before it ({slot}) is still recording")


def _in_the_way(other: Session, session: Session) -> bool:
    """Begun, not over, and overlapping by more than the padding that the schedule itself gave to both."""
    padding = session.origin.padding if session.origin is not None else 0.0
    begun = not other.state.final and other.state is not State.SCHEDULED
    return begun and other.ends_at - padding > session.start
