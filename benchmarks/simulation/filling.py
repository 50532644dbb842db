"""A namespace in mid-afternoon: lessons that have begun one by one over the last lesson's length, and go on.

The recordings are written as their starts would have left them, save that the turns of the start and of the
first query are not taken: the vendor has each recorder by an acquire and a start of the real client; the
session, its events, live take, names and due times are stored by the real store. Those that begin later are
scheduled as ``record()`` would.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from recorder_tasks.core import story
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.session import UIDS_EACH, Session, State, Take
from recorder_tasks.flow.asking import Ask, plan
from recorder_tasks.flow.live_takes import register
from recorder_tasks.flow.vendors import Vendors
from recorder_tasks.settings import Settings
from recorder_tasks.store import Event, Store

BEGIN = 1_800_000_000.0  # the simulated instant at which the window opens
BATCH = 500
CONFIRMED = 5.2  # seconds from a start's request to the query that sees it record


@dataclass(frozen=True)
class Wanted:
    """What one namespace is to hold. ``lesson`` and ``window``: seconds."""

    recordings: int
    apps: int
    lesson: float
    window: float
    seed: int = 1

    @property
    def each(self) -> int:
        """Recordings of one app."""
        return self.recordings // self.apps


def lessons(wanted: Wanted, settings: Settings) -> list[Session]:
    """All sessions by start, each as it was scheduled; those of the window's end are yet to come.

    An app's lessons follow each other evenly, each app with a shift of its own.
    """
    dice, gap, number = random.Random(wanted.seed), wanted.lesson / wanted.each, 0
    made: list[Session] = []
    for app, known in settings.apps.items():
        at = BEGIN - wanted.lesson + gap * dice.random()
        while at < BEGIN + wanted.window:
            low = known.uid_range[0] + UIDS_EACH * number
            ask = Ask.read(
                channel=f"room-{number}",
                app=app,
                start=datetime.fromtimestamp(at, UTC),
                minutes=wanted.lesson / 60,
                labels={"room": f"{number % 200}", "school": app},
            )
            uids = (low, low + UIDS_EACH - 1)
            made.append(plan(ask, settings, f"r-{number:020x}", uids, at - 3600))
            at, number = at + gap, number + 1
    return sorted(made, key=lambda one: one.start)


@dataclass
class Filling:
    """Puts lessons where they belong. ``at``: the vendor's clock meanwhile."""

    store: Store
    vendors: Vendors
    settings: Settings
    dice: random.Random
    at: Instant = BEGIN

    def fill(self, made: list[Session], tell: Callable[[float], None]) -> int:
        """Stores them all; how many of them record at the window's beginning. ``tell``: how much is done."""
        cadence, live = self.settings.cadence, 0
        for first in range(0, len(made), BATCH):
            batch = made[first : first + BATCH]
            self.store.sessions.create_many(
                [(one, lanes(one, one.created_at, cadence), _told(None, one, self.settings)) for one in batch]
            )
            for after in self._begun(batch):
                before = batch[0].evolve(takes=(), state=State.SCHEDULED)
                live += 1
                self._save(before, after)
            tell(min(1.0, (first + BATCH) / len(made)))
        return live

    def _begun(self, batch: list[Session]) -> Iterator[Session]:
        stored = {one.id: one for one in self.store.sessions.some([one.id for one in batch])}
        for scheduled in batch:
            if scheduled.start + CONFIRMED < BEGIN:
                yield self._recording(stored[scheduled.id])

    def _recording(self, session: Session) -> Session:
        """It records, and was looked at when its turn was, at some instant of the last period."""
        uid, self.at = session.uids[0], session.start
        client = self.vendors.client(session.app)
        reserved = client.acquire(session.channel, uid, self.vendors.acquire_request(session, 0))
        take = Take(
            uid=uid,
            resource_id=reserved.resource_id or "",
            acquired_at=session.start,
            sent_at=session.start + 0.2,
            expires_at=session.deadline + self.settings.cadence.token_grace,
        )
        self.at = take.sent_at
        request = self.vendors.start_request(session, take, self.at)
        started = client.start(session.mode, take.resource_id, session.channel, uid, request)
        if started.sid is None:
            raise RuntimeError(f"filling: {reserved.reason} {started.reason}")
        confirmed = session.start + CONFIRMED
        looked = max(confirmed, BEGIN - session.health_every * self.dice.random())
        self.at = session.start
        seen = {"accepted_at": take.sent_at, "confirmed_at": confirmed, "alive_at": looked}
        known = take.model_copy(update={**seen, "sid": started.sid, "status": (looked, 5)})
        return session.evolve(state=State.RECORDING, takes=(known,))

    def _save(self, before: Session, after: Session) -> None:
        cadence = self.settings.cadence
        was = after.evolve(takes=before.takes, state=before.state)
        known, events = register(was, after, cadence), _told(was, after, self.settings)
        self.store.sessions.save(after, lanes(after, BEGIN, cadence), events=events, **known)


def _told(before: Session | None, after: Session, settings: Settings) -> list[Event]:
    return [Event(type=name, data=data) for name, data in story.told(before, after, settings.cadence)]
