"""A turn: begin -> perform -> apply -> save, for one step of one session.

The only file that argues about "this ran twice". A turn may be lost, late or doubled: ``begin`` ends the
stale ones, the intent of a start is saved before its call, and a save that is refused reloads the session and
applies the same fact to it, so that no fact is lost and none counts twice.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from threading import Lock

from recorder_tasks.core import lifecycle, story
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.outcome import Instant, Kind, Outcome, Step
from recorder_tasks.core.session import Due, Lane, Session
from recorder_tasks.flow import crash
from recorder_tasks.flow.answered import news
from recorder_tasks.flow.journal import Journal, best_effort
from recorder_tasks.flow.live_takes import live_take_of, register, remembered
from recorder_tasks.flow.manifest import with_predicted_files
from recorder_tasks.flow.overlap import AT_CAP, give_way, put_off
from recorder_tasks.flow.permit import RedisTime, Timer
from recorder_tasks.flow.slots import permits, slot_request
from recorder_tasks.flow.steps import Call, perform
from recorder_tasks.flow.tally import tally
from recorder_tasks.flow.vendors import Vendors
from recorder_tasks.flow.verification import Verifier
from recorder_tasks.flow.watching import Span, Watch, note_begun, turn_of
from recorder_tasks.settings import Settings
from recorder_tasks.store import Conflict, Event, Store, StoreError, StoreUnavailable, Unreadable
from recorder_tasks.store.leases import Go

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Turned:
    """What a turn came to. ``go_on``: the chain's next link may run, with the same lease."""

    session: Session | None
    go_on: bool = False


class Turns:
    """Takes turns for the tasks of one process; thread-safe. ``timer``: how time passes, for rehearsals."""

    def __init__(
        self,
        store: Store,
        vendors: Vendors,
        journal: Journal,
        settings: Settings,
        timer: Timer = time,
        verifier: Verifier | None = None,
    ) -> None:
        self.store = store
        self.vendors = vendors
        self.journal = journal
        self.settings = settings
        self.timer = timer
        self.verifier = verifier or Verifier(settings)
        self._apps: dict[str, str] = {}
        self._stopping = 0
        self._lock = Lock()

    def take(self, step: Step | None, session_id: str, token: str, *, rank: int | None = None) -> Turned:
        """One turn of ``step`` (None: only time has passed) under the claim ``token``.

        ``rank``: its place in the queue for the app's budget, if another than the step's.
        """
        crash.at("after_dispatch", step, session_id)
        app = self._app_of(session_id)
        if app is None:
            return Turned(None)
        with turn_of(step, session_id, app) as span:
            slots = slot_request(self.settings, step, app, rank=rank) if step is not None else None
            lease = self.settings.stop_lease if step is Step.STOP else self.settings.lease
            asked = self.timer.monotonic()
            begun = self.store.leases.begin(
                session_id, token, lease=lease, app=app, slots=slots, room=step is Step.ACQUIRE
            )
            answered = self.timer.monotonic()
            note_begun(self.store.meters, step, begun)
            if not isinstance(begun, Go):
                log.debug("turn.%s %s %s", type(begun).__name__, step, session_id)
                return Turned(None)
            clock = RedisTime(begun.now, asked, answered, self.store.clock.rate, self.timer)
            return _Turn(self, begun, clock, token, step, span).run()

    def _app_of(self, session_id: str) -> str | None:
        """The session's app, without a round trip wherever it can be known."""
        if len(self.settings.apps) == 1:
            return next(iter(self.settings.apps))
        if session_id not in self._apps:
            try:
                session = self.store.sessions.get(session_id)
            except Unreadable:  # begin will see to it, whatever the app
                return next(iter(self.settings.apps))
            if session is None:
                return None
            if len(self._apps) > 10_000:
                self._apps.clear()
            self._apps[session_id] = session.app
        return self._apps[session_id]

    def busy_stops(self, change: int) -> bool:
        """Counts running stops; says whether so many run that none should wait for uploads."""
        with self._lock:
            self._stopping += change
            return self._stopping > self.settings.stop_concurrency // 2

    def conclude(
        self, session: Session, fact: Outcome, *, token: str | None, keep: bool = False
    ) -> Session | None:
        """Apply a fact and save, on ever newer truths, until it is in. None: the session is gone."""
        cadence = self.settings.cadence
        while True:
            now = fact.at
            after = lifecycle.advance(lifecycle.apply(session, fact), now, cadence)
            after = self.complete(after, now)
            told = [*news(session, fact), *story.told(session, after, cadence)]
            try:
                return self.save(session, after, now, told, token=token, keep=keep)
            except Conflict as conflict:
                if conflict.current is None:
                    return None
                session = lifecycle.recall(conflict.current, session, fact)

    def complete(self, session: Session, now: Instant) -> Session:
        """A completed session with the files that the naming rules promise, where nobody has named any.

        Where this process can look into its bucket, it is to be verified as well.
        """
        storage = self.settings.storages.get(session.storage)
        session = with_predicted_files(session, storage.prefix if storage is not None else ())
        if not self.verifier.wanted(session.storage):
            return session
        return lifecycle.to_verify(session, now, self.settings.cadence)

    def save(
        self,
        before: Session,
        after: Session,
        now: Instant,
        told: list[story.Told],
        *,
        token: str | None,
        keep: bool = False,
    ) -> Session:
        """One atomic save of a session with its due times, events and live takes. Raises Conflict."""
        cadence = self.settings.cadence
        known = register(before, after, cadence)
        intended = len(after.takes) > len(before.takes)
        saved = self.store.sessions.save(
            after,
            lanes(after, now, cadence),
            events=[Event(type=name, data=data) for name, data in told],
            token=token,
            keep_lease=keep,
            durable=bool(known["live"]) or intended,
            **known,
        )
        tally(self.store.meters, before, saved, told)
        return saved


class _Turn:
    """One turn after a successful begin."""

    def __init__(
        self, turns: Turns, begun: Go, clock: RedisTime, token: str, step: Step | None, span: Span
    ) -> None:
        self.turns = turns
        self.token = token
        self.step = step
        self.loaded = begun.session
        self.slot = begun.at
        self.full = begun.full
        self.span = span
        self.clock = clock

    def run(self) -> Turned:
        now = self.clock()
        cadence = self.turns.settings.cadence
        session = lifecycle.advance(self.loaded, now, cadence)
        asking = self.step is Step.ACQUIRE and not self.full  # begin has seen to it that one asks at a time
        due = lifecycle.decide(lifecycle.with_room(session) if asking else session, now, cadence)
        if due is None or due.step is None or not self._fits(due):
            if due is not None and self.step is Step.ACQUIRE and due.step is Step.START:
                return Turned(session, go_on=True)
            return self._put_back(session, now)
        return self._call(session, due, now)

    def _fits(self, due: Due) -> bool:
        if self.step is None:
            return due.lane is Lane.SETTLE
        return due.step is self.step

    def _put_back(self, session: Session, now: Instant) -> Turned:
        """Nothing to call, or another step first: keep what time has brought and be due in the right lane."""
        told = story.told(self.loaded, session, self.turns.settings.cadence)
        session = self.turns.complete(session, now)
        try:
            saved = self.turns.save(self.loaded, session, now, told, token=self.token)
        except Conflict:
            return Turned(None)
        return Turned(saved)

    def _call(self, session: Session, due: Due, now: Instant) -> Turned:
        if due.step is Step.ACQUIRE and self.full:
            return self._conclude(self.loaded, put_off(Kind.CAPACITY, now, AT_CAP))
        if due.step is Step.ACQUIRE and not session.takes:
            given = give_way(self.turns.store, session, now, self.turns.settings.cadence)
            if isinstance(given, Session):
                return self._put_back(given, now)
            if given is not None:
                return self._conclude(self.loaded, given)
        known = self._remembered(session, due) if due.step is Step.STOP else None
        if known is not None:
            return self._conclude(self.loaded, known)
        crash.at("before_intent", due.step, session.id, session.channel)
        kept = self.loaded  # what time has brought is told together with the fact
        intended = lifecycle.intend(session, due, now, self.turns.settings.cadence)
        if due.step is Step.START and due.take is None:
            due = due.model_copy(update={"take": len(intended.takes) - 1})
        if intended is not self.loaded and due.step in (Step.START, Step.STOP):
            told = story.told(self.loaded, intended, self.turns.settings.cadence)
            try:
                session = kept = self.turns.save(
                    self.loaded, intended, now, told, token=self.token, keep=True
                )
            except Conflict:
                return Turned(None)
            except StoreUnavailable:
                if due.step is not Step.STOP:
                    raise
                log.warning(
                    "turn.unsaved session=%s: stopping all the same, which is harmless twice", session.id
                )
            crash.at("after_intent", due.step, session.id, session.channel)
        fact = self._perform(session, due)
        crash.at("after_answer", due.step, session.id, session.channel)
        return self._conclude(kept, fact)

    def _remembered(self, session: Session, due: Due) -> Outcome | None:
        """The name of a take that would have to be banned for want of it, if our journal knows it."""
        assert due.take is not None
        take = session.takes[due.take]
        if take.sid is None:
            with best_effort():
                return remembered(take, self.turns.journal.live().values())
        return None

    def _perform(self, session: Session, due: Due) -> Outcome:
        watch = Watch(self.turns.store.meters, self.turns.timer, session, due, self.span)
        return watch.make(lambda: self._ask(session, due, watch))

    def _ask(self, session: Session, due: Due, watch: Watch) -> Outcome:
        turns, step = self.turns, watch.step
        if step is Step.VERIFY:
            assert due.take is not None
            return turns.verifier.look(session, session.takes[due.take], self.clock)
        slot = self.slot if self.step is not None else None
        granted = permits(
            turns.store, turns.settings, step, session.app, clock=self.clock, slot=slot, timer=turns.timer
        )
        permit = watch.permit(crash.sending(granted, step, session.id, session.channel))
        if step is not Step.STOP:
            return perform(turns.vendors, Call(session, due, permit, self.clock))
        busy = turns.busy_stops(+1)
        try:
            return perform(turns.vendors, Call(session, due, permit, self.clock, busy))
        finally:
            turns.busy_stops(-1)

    def _conclude(self, session: Session, fact: Outcome) -> Turned:
        journal = self.turns.journal
        if fact.step is Step.START and fact.sid is not None:
            with best_effort():
                journal.started(live_take_of(session, fact), fact)
        if fact.kind is Kind.CAPACITY and not self.full:
            seconds = self.turns.settings.cadence.capacity_repeat[0]
            self.turns.store.leases.full(session.app, session.id, seconds=seconds)
        accepted = fact.step is Step.ACQUIRE and fact.resource_id is not None
        try:
            saved = self.turns.conclude(session, fact, token=self.token, keep=accepted)
        except StoreError:
            with best_effort():
                journal.remember(session.id, fact)
            raise
        crash.at("after_save", fact.step, session.id, session.channel)
        with best_effort():
            journal.saved(session.id, fact)
            if saved is not None:
                journal.follow(saved, self.turns.settings.cadence)
        return Turned(saved, go_on=accepted and saved is not None and not saved.state.final)
