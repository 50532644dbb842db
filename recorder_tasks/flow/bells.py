"""Bells: when many starts are due at once, each gets its place before the bell (P6).

A start with a lead may begin that much early, and by default it does: nobody is late even if this never runs.
Once the starts around a bell are known they are placed as late as the budget allows, so that none records
earlier than it must. Placing twice, or on two workers at once, gives the same places.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import partial

from recorder_tasks.core import wishes
from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.session import Session
from recorder_tasks.flow.granting import grant
from recorder_tasks.settings import Settings
from recorder_tasks.store import Store, StoreUnavailable
from schedules.bell import Start, spread

log = logging.getLogger(__name__)

LONGEST_LEAD = 3600.0
WINDOW = (
    LONGEST_LEAD + 120.0
)  # starts that begin within this are placed, in good time before the first may begin
AGAIN = 300.0  # ends move, so places are looked at again while there are starts with a lead
LEASE = 30.0
WORTH = 0.05  # seconds; a place that moves by less stays


class Bells:
    """Places the starts of every app of one namespace. Raises StoreUnavailable."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings

    def tick(self) -> float | None:
        """Place what is due to be placed; the seconds until there may be more (None: unknown)."""
        now = self.store.clock.now()
        for app, taken in self.store.bells.take(now, LEASE):
            try:
                again = self.place(app, now) if app in self.settings.apps else None
            except StoreUnavailable:
                raise
            except Exception:  # starts simply take their whole lead then; other apps must not wait for it
                log.exception("bells.trouble app=%s", app)
                again = now + AGAIN
            self.store.bells.placed(app, taken, again)
        first = self.store.bells.first()
        return None if first is None else max(0.0, first - now)

    def place(self, app: str, now: Instant) -> Instant | None:
        """Give the app's next starts their places; when to look again (None: there are none with a lead)."""
        until = now + WINDOW
        coming = [session for session in self.store.occurrences.not_begun(now, until) if session.app == app]
        if any(session.lead for session in coming):
            for session, at in self._places(app, coming, now, until):
                if session.lead and abs(at - session.begins_at) > WORTH:
                    grant(self.store, session, partial(_placed, at), self.settings.cadence)
            return now + AGAIN
        following = self.store.occurrences.first_start(until)
        return None if following is None else max(now + AGAIN, following - WINDOW)

    def _places(
        self, app: str, coming: Sequence[Session], now: Instant, until: Instant
    ) -> Iterator[tuple[Session, Instant]]:
        settings = self.settings
        rate = settings.app(app).rate
        if rate <= 0:
            return
        starts = [
            Start(
                f"{session.id}#{line}" if line else session.id, session.start, session.lead, session.priority
            )
            for session in coming
            for line in session.lines
        ]
        only = app if len(settings.apps) > 1 else None
        stops = self.store.occurrences.stops(now, until, app=only)
        stops += [session.ends_at for session in coming if session.ends_at < until for _ in session.lines]
        spacing = (1 + settings.send_by) / rate
        places = spread(starts, stops, spacing=spacing, margin=settings.start_margin)
        by_id = {session.id: session for session in coming}
        yield from ((by_id[name], at) for name, at in places.items() if name in by_id)


def _placed(at: Instant, session: Session, now: Instant) -> Session:
    return wishes.place(session, at)
