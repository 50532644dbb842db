"""Keeps the journal fresh while Redis answers, and acts on it when Redis does not (P2).

One thread per worker. With Redis: facts that waited are applied, live takes of the whole namespace are
copied, and takes that Redis has forgotten are adopted as sessions of their own. Without Redis: what records
past its deadline and a grace is stopped straight at the vendor.
"""

from __future__ import annotations

import logging
import time
from threading import Event as Flag
from threading import Thread

from recorder_tasks.core import lifecycle, takes
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.outcome import Instant, Kind, Outcome, Step
from recorder_tasks.core.session import Mode, Session, State, Take
from recorder_tasks.flow.steps import Call, perform
from recorder_tasks.flow.turn import Turns
from recorder_tasks.store import Event, LiveTake, StoreUnavailable

log = logging.getLogger(__name__)

ENDED = frozenset({Kind.ACCEPTED, Kind.EMPTY, Kind.UPLOAD_SLOW, Kind.ALREADY_STOPPING})
REFRESH_MS = 1000
PAUSE = 1.0
RETRY = 5.0  # between two stops of one take without Redis
AWAY_AFTER = 3  # failed round trips in a row, so that one slow answer is not taken for an outage


class Keeper(Thread):
    """The journal's thread; ``stop()`` ends it within about a second."""

    def __init__(self, turns: Turns) -> None:
        super().__init__(name="recorder-journal", daemon=True)
        self.turns = turns
        self.store = turns.store
        self.journal = turns.journal
        self._ended = Flag()
        self._anchor: tuple[Instant, float] | None = None
        self._workers = 1
        self._next_stop = 0.0
        self._again: dict[str, float] = {}

    def stop(self) -> None:
        self._ended.set()

    def run(self) -> None:
        failures = 0
        while not self._ended.is_set():
            try:
                last_id = self._reconcile()
                failures = 0
                while not self._ended.is_set():
                    last_id = self._refresh(last_id)
            except StoreUnavailable:
                failures += 1
                if failures >= AWAY_AFTER:
                    self._without_redis()
                self._ended.wait(PAUSE)
            except Exception:
                log.exception("journal.trouble")
                self._ended.wait(PAUSE)

    def now(self) -> Instant | None:
        """Redis's time by this host's monotonic clock; None before Redis has answered once."""
        if self._anchor is None:
            return None
        at, mono = self._anchor
        return at + (time.monotonic() - mono) * self.store.clock.rate

    def _anchored(self) -> None:
        self._anchor = (self.store.clock.now(), time.monotonic())
        self._workers = max(1, len(self.store.workers.alive(30.0)))

    def _reconcile(self) -> str:
        """On every (re)connect: bring waiting facts home, adopt what Redis forgot, copy what it knows."""
        self._anchored()
        last_id = self.store.takes.last_id()
        for session_id, fact in self.journal.facts():
            self._bring_home(session_id, fact)
        known = self.store.takes.all()
        for key, take in self.journal.live().items():
            if key not in known:
                self._lost_sight_of(take)
        self.journal.keep(list(known.values()))
        return last_id

    def _refresh(self, last_id: str) -> str:
        entries, last_id, gap = self.store.takes.changes(last_id, REFRESH_MS)
        self._anchored()
        if gap:
            return self._reconcile()
        for entry in entries:
            if entry.op == "live" and entry.take is not None:
                self.journal.keep([entry.take])
            else:
                self.journal.drop([entry.key])
        return last_id

    def _bring_home(self, session_id: str, fact: Outcome) -> None:
        session = self.store.sessions.get(session_id)
        if session is not None:
            self.turns.conclude(session, fact, token=None)
        self.journal.saved(session_id, fact)

    def _lost_sight_of(self, take: LiveTake) -> None:
        """A take of the journal that Redis does not list: over, or forgotten."""
        session = self.store.sessions.get(take.session)
        if session is not None:
            known = [entry for entry in session.takes if entry.sid == take.sid]
            if known and takes.over(known[0], self.turns.settings.cadence):
                self.journal.drop([take.key])
                return
            if session.settled_at is None and not known:
                self._give_back(session, take)
                return
            if known:
                return
        self._adopt(take)

    def _give_back(self, session: Session, take: LiveTake) -> None:
        """Redis has the session, of a time before this take: give the take back to it."""
        if session.state.final:
            self._adopt(take)
            return
        now = self.store.clock.now()
        returned = session.evolve(takes=(*session.takes, _as_take(take, now)))
        told: list[tuple[str, dict[str, object]]] = [("take.returned", {"sid": take.sid})]
        self.turns.save(
            session, lifecycle.advance(returned, now, self.turns.settings.cadence), now, told, token=None
        )

    def _adopt(self, take: LiveTake) -> None:
        """Redis has lost the session: the take becomes one of its own, to be watched and stopped in time."""
        now = self.store.clock.now()
        session = Session(
            id=f"adopted-{take.sid[:24]}",
            app=take.app,
            channel=take.channel,
            mode=Mode(take.mode),
            labels={"adopted_from": take.session},
            uids=(take.uid, take.uid + 1),
            created_at=now,
            start=now,
            end=max(take.deadline, now),
            deadline=max(take.deadline, now),
            state=State.RECORDING,
            takes=(_as_take(take, now),),
        )
        stored, created = self.store.sessions.create(
            session,
            lanes(session, now, self.turns.settings.cadence),
            events=[Event(type="take.adopted", data={"sid": take.sid, "session": take.session})],
        )
        if created:
            log.warning("journal.adopted session=%s sid=%s was=%s", stored.id, take.sid, take.session)
            self.turns.save(stored, stored, now, [], token=None)

    def _without_redis(self) -> None:
        now = self.now()
        if now is None:
            return
        settled = {
            fact.sid for _, fact in self.journal.facts() if fact.step is Step.STOP and fact.kind in ENDED
        }
        for take in self.journal.live().values():
            if self._ended.is_set():
                return
            overdue = now > take.deadline + self.turns.settings.journal_grace
            if overdue and take.sid not in settled and time.monotonic() >= self._again.get(take.sid, 0.0):
                self._again[take.sid] = time.monotonic() + RETRY
                self._stop_alone(take, now)

    def _stop_alone(self, take: LiveTake, now: Instant) -> None:
        rate = self.turns.settings.app(take.app).rate
        if rate > 0:
            self._ended.wait(max(0.0, self._next_stop - time.monotonic()))
            self._next_stop = time.monotonic() + self._workers / rate
        log.warning(
            "journal.stop sid=%s channel=%s deadline=%.0f: Redis is away",
            take.sid,
            take.channel,
            take.deadline,
        )
        session = _as_session(take, now)
        due = lifecycle.decide(session, now, self.turns.settings.cadence)
        if due is None or due.step is not Step.STOP:
            return
        call = Call(
            session, due, lambda attempt: time.monotonic() + 60.0 if attempt == 0 else None, lambda: now
        )
        fact = perform(self.turns.vendors, call)
        if fact.kind in ENDED or fact.kind is Kind.NOT_FOUND:
            self.journal.remember(take.session, fact)


def _as_take(take: LiveTake, now: Instant) -> Take:
    return Take(
        uid=take.uid,
        resource_id=take.resource_id,
        acquired_at=now,
        sent_at=now,
        sid=take.sid,
        accepted_at=now,
        confirmed_at=now,
        alive_at=now,
    )


def _as_session(take: LiveTake, now: Instant) -> Session:
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
        takes=(_as_take(take, now),),
    )
