"""Granting a wish: what somebody wants of a session is applied to ever newer truths, until it is saved.

So is what a callback tells of it, which may bring the sid of a live take.
"""

from __future__ import annotations

from collections.abc import Callable

from recorder_tasks.core import lifecycle, story
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.session import Session
from recorder_tasks.flow.live_takes import register
from recorder_tasks.flow.tally import tally
from recorder_tasks.store import Conflict, Event, Guard, Store

Wish = Callable[[Session, Instant], Session]


def grant(
    store: Store, session: Session, wish: Wish, cadence: Cadence, *, guard: Guard | None = None
) -> Session | None:
    """The session as saved, or as it is when the wish changes nothing; None when it is gone.

    With a ``guard`` the wish is a schedule's, may plan the session anew, and raises Outdated when that
    schedule has moved. Whatever the wish raises is raised.
    """
    while True:
        now = store.clock.now()
        after = wish(session, now)
        if after == session:
            return session
        after = lifecycle.advance(after, now, cadence)
        told = story.told(session, after, cadence)
        planned = session if guard is not None else None
        known = register(session, after, cadence)
        try:
            saved = store.sessions.save(
                after,
                lanes(after, now, cadence),
                events=[Event(type=name, data=data) for name, data in told],
                durable=bool(known["live"]),
                **known,
                guard=guard,
                planned=planned,
            )
        except Conflict as conflict:
            if conflict.current is None:
                return None
            session = conflict.current
        else:
            tally(store.meters, session, saved, told)
            return saved
