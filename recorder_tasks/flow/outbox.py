"""Events become deliveries. Any number of workers may do it: whoever moves a cursor first has done it.

The fleet's event stream is the outbox: an event is told in the same script as the save that it is about, so
no crash lies between a recording's end and what is told of it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.session import Session
from recorder_tasks.flow.retries import LIFETIME
from recorder_tasks.flow.webhook_body import body
from recorder_tasks.flow.webhook_filter import wants, wants_type
from recorder_tasks.settings import Settings
from recorder_tasks.store import Draft, Event, Place, Store, StoredEvent
from recorder_tasks.store.events import place

log = logging.getLogger(__name__)

BATCH = 100  # events of one round
MOST_WAITING = 10_000  # deliveries of a subscription; beyond them its events stay in the stream


@dataclass(frozen=True)
class Moved:
    """``events``: how many were gone through; ``beaten``: somebody else does it at the same time.

    ``cursor``: where the subscription stands that has come furthest, None if there is none with room.
    """

    events: int
    beaten: bool
    cursor: str | None = None


@dataclass(frozen=True)
class Batch:
    """Events that follow a cursor, as far as somebody may want them. ``to``: the last of all."""

    events: tuple[StoredEvent, ...]
    sessions: Mapping[str, Session]
    to: str
    oldest: Instant
    trimmed: bool


class Outbox:
    """Raises StoreUnavailable."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self._crowded: set[str] = set()

    def wait(self, after: str | None, wait_ms: int) -> None:
        """Returns when there is an event after that one, or after so many milliseconds."""
        self.store.events.tail(None, after=after or "$", block_ms=wait_ms)

    def move(self) -> Moved:
        """One round: the next events of every subscription that has room."""
        places = self.store.webhooks.places(list(self.settings.webhooks))
        by_cursor: dict[str, list[str]] = {}
        for name, at in places.items():
            if self._has_room(name, at):
                by_cursor.setdefault(at.cursor, []).append(name)
        rounds = [self._after(cursor, names, places) for cursor, names in by_cursor.items()]
        furthest = max(by_cursor, key=place, default=None)
        return Moved(sum(one.events for one in rounds), any(one.beaten for one in rounds), furthest)

    def _has_room(self, name: str, at: Place) -> bool:
        if at.waiting < MOST_WAITING:
            self._crowded.discard(name)
            return True
        if name not in self._crowded:
            self._crowded.add(name)
            log.error("webhook.crowded subscription=%s: %d deliveries wait", name, at.waiting)
        return False

    def _after(self, cursor: str, names: Sequence[str], places: Mapping[str, Place]) -> Moved:
        batch, events = self._batch(cursor, names)
        if batch is None:
            return Moved(0, beaten=False)
        done = [self._move(name, places[name], batch) for name in names]
        return Moved(events, beaten=not all(done))

    def _batch(self, cursor: str, names: Sequence[str]) -> tuple[Batch | None, int]:
        """The next events after a cursor, and how many those are that nobody wants too."""
        events = self.store.events.of(None, after=cursor, limit=BATCH)
        if not events:
            return None, 0
        wanted = tuple(event for event in events if any(self._maybe(name, event) for name in names))
        ids = sorted({event.session for event in wanted if event.session})
        sessions = self.store.sessions.some(ids) if ids else []
        batch = Batch(
            events=wanted,
            sessions={session.id: session for session in sessions},
            to=events[-1].id,
            oldest=self.store.clock.now() - LIFETIME if wanted else 0.0,
            trimmed=self.store.events.trimmed(cursor),
        )
        return batch, len(events)

    def _maybe(self, name: str, event: StoredEvent) -> bool:
        return wants_type(self.settings.webhooks[name], event.type)

    def _move(self, name: str, at: Place, batch: Batch) -> bool:
        mine = [event for event in batch.events if self._maybe(name, event)]
        fresh = [event for event in mine if event.at >= batch.oldest]
        drafts = [
            Draft(f"msg_{at.tag}_{event.id}", event.type, event.session, self._body(event, session))
            for event in fresh
            for session in [batch.sessions.get(event.session)]
            if wants(self.settings.webhooks[name], event.type, session)
        ]
        why = "trimmed" if batch.trimmed else "older than a day" if len(fresh) < len(mine) else None
        said = {"subscription": name, "after": at.cursor, "why": why}
        gap = None if why is None else Event("webhook.gap", said)
        done = self.store.webhooks.move(name, at.cursor, batch.to, drafts, gap)
        if done and why is not None:
            log.error("webhook.gap subscription=%s after=%s: events were %s", name, at.cursor, why)
        return done

    def _body(self, event: StoredEvent, session: Session | None) -> str:
        try:
            return body(event, session, self.settings.cadence)
        except (ValueError, OverflowError, ArithmeticError):  # one odd value must not keep all others back
            log.exception("webhook.odd event=%s session=%s", event.id, event.session)
            return body(replace(event, data={}), None, self.settings.cadence)
