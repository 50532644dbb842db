"""Keeps the journal fresh while Redis answers, and acts on it when Redis does not (P2).

One thread per worker. With Redis: facts that waited are applied, live takes of the whole namespace are
copied, and takes that Redis has forgotten are adopted as sessions of their own. Without Redis, or with one
that takes no writes: what records past its deadline and a grace is stopped straight at the vendor; so is a
take whose session cannot be read.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import reduce
from queue import SimpleQueue
from threading import Event as Flag
from threading import Thread

from recorder_tasks.core import lifecycle
from recorder_tasks.core.outcome import Instant, Kind, Outcome, Step
from recorder_tasks.core.session import Session
from recorder_tasks.flow.adopting import adopt, as_session, lost_sight_of
from recorder_tasks.flow.metric_names import STOPPED_ALONE
from recorder_tasks.flow.permit import Permits, RedisTime, read_time
from recorder_tasks.flow.slots import slot_request
from recorder_tasks.flow.steps import Call, perform
from recorder_tasks.flow.turn import Turns
from recorder_tasks.flow.vigil import Vigil
from recorder_tasks.store import LiveTake, StoreError, StoreFull, Unreadable

log = logging.getLogger(__name__)

FINAL = frozenset({Kind.ACCEPTED, Kind.EMPTY, Kind.UPLOAD_SLOW, Kind.ALREADY_STOPPING, Kind.NOT_FOUND})
REFRESH_MS = 1000
TOGETHER = 0.2  # seconds: what changes meanwhile is read at once, so that a bell is no reading of each take
PAUSE = 1.0
AWAY_AFTER = 3  # failed round trips in a row, so that one slow answer is not taken for an outage
BACK_EVERY = 0.2  # seconds between two looks, while this thread acts alone, whether Redis is back
LOOK_EVERY = 5.0  # seconds between two looks for takes that nobody stops


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
        self._vigil = Vigil(turns)
        self._lost: SimpleQueue[str] = SimpleQueue()
        self._looked = 0.0
        self._alone: dict[str, Session] = {}  # takes that this thread has tried to stop, by sid

    def stop(self) -> None:
        self._ended.set()

    def lost(self, session_id: str) -> None:
        """A session was due and is not stored: what it records is adopted, by the keeper's own thread."""
        self._lost.put(session_id)

    def run(self) -> None:
        failures = 0
        while not self._ended.is_set():
            try:
                last_id = self.reconcile()
                failures = 0
                while not self._ended.is_set():
                    last_id = self.refresh(last_id)
                    self._ended.wait(TOGETHER)
            except StoreError as trouble:
                failures += 1
                if failures == AWAY_AFTER:
                    log.error("journal.alone: %s", trouble)
                if failures >= AWAY_AFTER:
                    with self._watched() as back:
                        self.without_redis(full=isinstance(trouble, StoreFull), back=back)
                self._ended.wait(PAUSE)
            except Exception:
                log.exception("journal.trouble")
                self._ended.wait(PAUSE)

    @contextmanager
    def _watched(self) -> Iterator[Flag]:
        """A flag that is set once Redis takes writes again.

        Watched by a thread of its own, since a host that is gone answers by time-outs only.
        """
        back, over = Flag(), Flag()

        def watch() -> None:
            while not over.wait(BACK_EVERY):
                with suppress(StoreError):
                    self.store.pulse.feel(self.journal.namespace())
                    back.set()
                    return

        Thread(target=watch, name="recorder-journal-watch", daemon=True).start()
        try:
            yield back
        finally:
            over.set()

    def now(self) -> Instant:
        """Redis's time by this host's monotonic clock; before Redis has answered once, this host's time."""
        if self._anchor is None:
            return time.time()
        at, mono = self._anchor
        return at + (time.monotonic() - mono) * self.store.clock.rate

    def anchor(self) -> None:
        expected = None if self._anchor is None else self.now()
        self._anchor = (self.store.clock.now(), time.monotonic())
        self._vigil.look(self._anchor[0], expected)
        known = self.store.workers.alive(30.0).values()  # a beat serves no lanes and stops nothing
        self._workers = max(1, sum(1 for info in known if info.get("lanes")))

    def reconcile(self) -> str:
        """On every (re)connect: bring waiting facts home, adopt what Redis forgot, copy what it knows."""
        self.anchor()
        last_id = self.store.takes.last_id()
        self._alone.clear()
        self._bring_home()
        known = self.store.takes.all()
        for key, take in self.journal.live().items():
            if key not in known:
                lost_sight_of(self.turns, take)
        self.journal.keep(list(known.values()))
        return last_id

    def refresh(self, last_id: str) -> str:
        entries, last_id, gap = self.store.takes.changes(last_id, REFRESH_MS)
        self.anchor()
        self._bring_home()
        self._look_after()
        if gap:
            return self.reconcile()
        for entry in entries:
            if entry.op == "live" and entry.take is not None:
                self.journal.keep([entry.take])
            else:
                self.journal.drop([entry.key])
        return last_id

    def _bring_home(self) -> None:
        """Facts whose save failed; while Redis answers too: it may have failed a task and not this thread."""
        for session_id, fact in self.journal.facts():
            try:
                session = self.store.sessions.get(session_id)
                if session is not None:
                    self.turns.conclude(session, fact, token=None)
            except Unreadable:
                continue  # it waits until somebody has mended the session, and holds nobody up
            self.journal.saved(session_id, fact)

    def _look_after(self) -> None:
        """Takes that no step will stop, since their session is gone or cannot be read."""
        while not self._lost.empty():
            lost = self._lost.get()
            for take in self.journal.live().values():
                if take.session == lost:
                    lost_sight_of(self.turns, take)
        if time.monotonic() < self._looked + LOOK_EVERY:
            return
        self._looked = time.monotonic()
        for take in self.journal.live().values():
            if self.now() > take.deadline + self.turns.settings.journal_grace:
                self._overdue(take)

    def _overdue(self, take: LiveTake) -> None:
        try:
            if self.store.sessions.get(take.session) is None:
                adopt(self.turns, take)
        except Unreadable as fault:
            self._stop_alone(take, [], why=str(fault), permit=self._granted(take.app))

    def _granted(self, app: str) -> Permits:
        """The permit of a stop that no turn makes: it takes its slot of the app's budget like any other."""
        wanted = slot_request(self.turns.settings, Step.STOP, app)

        def time_of_redis() -> RedisTime:
            return read_time(self.store.clock.now, self.store.clock.rate)

        def slot() -> Instant | None:
            return self.store.budget.slot(app, wanted)

        return Permits(time_of_redis(), None, self.turns.settings.send_by, slot, time_of_redis)

    def without_redis(self, *, full: bool = False, back: Flag | None = None) -> None:
        """One round over the journal: stop what records past its deadline and grace, at the fleet's pace.

        ``full``: Redis can be read, so that what it says of the end counts, and not only the deadline.
        ``back``: set when Redis takes writes again; the rest is left to the fleet and its budget then (P5).
        """
        facts = self.journal.facts()
        for take in self.journal.live().values():
            if self._ended.is_set() or (back is not None and back.is_set()):
                return
            try:
                if full:
                    take = self._as_planned(take)
                if self.now() <= take.deadline + self.turns.settings.journal_grace:
                    continue
                self._stop_alone(take, [fact for _, fact in facts if fact.sid == take.sid])
            except Exception:  # one that cannot be stopped must not keep the others recording
                log.exception("journal.trouble sid=%s", take.sid)

    def _as_planned(self, take: LiveTake) -> LiveTake:
        """Nobody can change a session while nothing can be written, so its end is the one to keep to."""
        try:
            session = self.store.sessions.get(take.session)
        except StoreError:
            return take
        if session is None:
            return take
        return take.model_copy(update={"deadline": min(take.deadline, session.ends_at)})

    def _stop_alone(
        self,
        take: LiveTake,
        facts: list[Outcome],
        *,
        why: str = "Redis is away or takes no writes",
        permit: Permits | None = None,
    ) -> None:
        """Call stop if the lifecycle would: the same gaps, the same final answers.

        ``permit``: of the app's budget; without one the fleet's pace is guessed.
        """
        session = self._alone.get(take.sid) or reduce(lifecycle.apply, facts, as_session(take))
        due = lifecycle.decide(session, self.now(), self.turns.settings.cadence)
        if due is None or due.step is not Step.STOP:
            return
        if permit is None:
            self._wait_for_turn(take)
        log.warning("journal.stop sid=%s channel=%s due=%.0f: %s", take.sid, take.channel, take.deadline, why)
        # busy: the others wait for this thread, so it does not wait for uploads
        fact = perform(self.turns.vendors, Call(session, due, permit or _once, self.now, busy=True))
        self.store.meters.count(STOPPED_ALONE, take.app)
        self._alone[take.sid] = lifecycle.apply(session, fact)
        if fact.kind in FINAL:
            self.journal.remember(take.session, fact)

    def _wait_for_turn(self, take: LiveTake) -> None:
        rate = self.turns.settings.app(take.app).rate
        if rate > 0:
            self._ended.wait(max(0.0, self._next_stop - time.monotonic()))
            self._next_stop = time.monotonic() + self._workers / rate


def _once(attempt: int) -> float | None:
    """The permit of a stop without Redis: one attempt; the next round is the next one."""
    return time.monotonic() + 60.0 if attempt == 0 else None
