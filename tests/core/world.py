"""A store with compare-and-set, workers that crash anywhere, and the vendor: the lifecycle's surroundings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from recorder_tasks.core import lifecycle, takes
from recorder_tasks.core.agenda import agenda, lanes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.evidence import Notice
from recorder_tasks.core.hearing import hear
from recorder_tasks.core.outcome import Instant, Kind, Outcome, Step
from recorder_tasks.core.session import Due, Ending, Lane, Session, State
from recorder_tasks.core.uids import next_uid
from tests.core.factories import CADENCE
from tests.core.vendor_model import Recorder, Vendor

VOID_AFTER = 10.0  # a call that has not gone out so long after its intent never will (its slot is void)
TRIP = 0.05  # no two answers are read at one instant
LOST_BEFORE = frozenset({"lost_before", "not_sent", "throttled", "refused"})
SAID = {
    "lost_before": Kind.UNKNOWN,
    "lost_after": Kind.UNKNOWN,
    "not_sent": Kind.NOT_SENT,
    "throttled": Kind.THROTTLED,
    "refused": Kind.PERMANENT,
}


@dataclass
class Worker:
    """One turn in the making: what it loaded, what it will call, and the answer it has not saved yet."""

    session: Session | None = None
    due: Due | None = None
    intended_at: Instant = 0.0
    fact: dict[str, Any] | None = None

    def crash(self) -> None:
        self.session = self.due = self.fact = None


class World:
    """Moves of the surroundings, and the promises that must hold between any two of them."""

    def __init__(self, session: Session, now: Instant, vendor: Vendor, cadence: Cadence = CADENCE) -> None:
        self.stored, self.now, self.vendor, self.cadence = session, now, vendor, cadence
        self.revision = 0
        self.workers = [Worker(), Worker()]
        self.was_final: State | None = None
        self.prompt = False  # callbacks come in as soon as they can

    # -- the store -------------------------------------------------------------------------------

    def save(self, seen: str, session: Session) -> Session | None:
        """Compare and set; None when somebody else was faster."""
        if seen != self.stored.revision:
            return None
        self.revision += 1
        self.stored = session.evolve(revision=str(self.revision))
        return self.stored

    def wish(self, wish: Callable[[Session, Instant], Session]) -> None:
        self.stored = lifecycle.advance(wish(self.stored, self.now), self.now, self.cadence).evolve(
            revision=self.stored.revision + "'"
        )

    def callbacks(self) -> list[Notice]:
        """Those that may come in by now."""
        return [notice for notice in self.vendor.callbacks if notice.at <= self.now]

    def hears(self, notice: Notice) -> None:
        """A callback comes in, by whatever receives them."""
        self.wish(lambda session, now: hear(session, notice))

    def due_at(self) -> Instant | None:
        return min(lanes(self.stored, self.now, self.cadence).values(), default=None)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.vendor.pass_to(self.now)
        for notice in self.callbacks() if self.prompt else ():
            self.vendor.callbacks.remove(notice)
            self.hears(notice)

    # -- a turn, in three moves ---------------------------------------------------------------------

    def claim(self, worker: Worker) -> None:
        """Load, decide, and save the intent of a start or a stop."""
        session = lifecycle.advance(self.stored, self.now, self.cadence)
        due = lifecycle.decide(session, self.now, self.cadence)
        if due is None or due.step is None:
            self.save(session.revision, session)
            return
        if due.step not in (Step.START, Step.STOP):
            worker.session, worker.due = session, due
        else:
            intended = lifecycle.intend(session, due, self.now, self.cadence)
            if due.step is Step.START and due.take is None:
                due = due.model_copy(update={"take": len(intended.takes) - 1})
            worker.session, worker.due = self.save(session.revision, intended), due
        worker.intended_at, worker.fact = self.now, None

    def call(self, worker: Worker, luck: str) -> None:
        """The vendor acts and answers; the answer is on its way."""
        session, due = worker.session, worker.due
        if session is None or due is None or due.step is None or self.now > worker.intended_at + VOID_AFTER:
            worker.crash()
            return
        take = session.takes[due.take] if due.take is not None else None
        uid = take.uid if take else next_uid(session, due.line, self.cadence)
        said: dict[str, Any]
        if due.step is Step.ACQUIRE and session.line(due.line) and not self.vendor.people:
            said = {"kind": Kind.EMPTY, "absent": True}
        elif luck in LOST_BEFORE:
            said = {"kind": SAID[luck]}
        else:
            rid = take.resource_id if take else None
            named = take is not None and take.sid is not None
            if due.step is Step.START and take is not None:
                said = self.vendor.start(take.resource_id, take.line, take.expires_at)
            else:
                said = self.vendor.answer(due.step, uid, rid, named=named)
            said = {"kind": SAID[luck]} if luck == "lost_after" else said
        if due.step is Step.ACQUIRE and said["kind"] is Kind.PERMANENT:
            said["kind"] = Kind.TRANSIENT  # a wrong acquire ends the session: a story of its own
        worker.fact = {"step": due.step, "uid": uid, **said}
        if take is not None:
            worker.fact["resource_id"] = take.resource_id
            if due.step not in (Step.START,):
                worker.fact["sid"] = take.sid
        if due.step is Step.UPDATE and session.update is not None:
            worker.fact["change"] = session.update.id

    def conclude(self, worker: Worker) -> None:
        """The answer is read and saved, on ever newer truths."""
        assert worker.fact is not None
        assert worker.session is not None
        self.pass_time(TRIP)
        fact = Outcome(at=self.now, **worker.fact)
        session, due = worker.session, worker.due
        while True:
            after = lifecycle.advance(lifecycle.apply(session, fact), self.now, self.cadence)
            if self.save(session.revision, after) is not None:
                break
            session = self.stored
        worker.crash()
        self._goes_on(fact, due)

    def _goes_on(self, fact: Outcome, due: Due | None) -> None:
        """The same call is not due again at once: the agenda never spins."""
        again = lifecycle.decide(self.stored, self.now, self.cadence)
        if again is None or due is None or fact.ban or again.step is not fact.step:
            return
        if fact.step is Step.ACQUIRE:
            assert fact.kind is Kind.ACCEPTED, again
            assert fact.uid != next_uid(self.stored, again.line, self.cadence), again
        elif again.take is not None and not self._wanted_otherwise(fact):
            assert self.stored.takes[again.take].resource_id != fact.resource_id, (again, fact)

    def _wanted_otherwise(self, fact: Outcome) -> bool:
        """Whether somebody asked for another change while this one was on its way."""
        return (
            fact.change is not None
            and self.stored.update is not None
            and self.stored.update.id != fact.change
        )

    def turn(self, worker: Worker, luck: str = "answered") -> None:
        self.claim(worker)
        if worker.session is not None and worker.due is not None:
            self.call(worker, luck)
        if worker.fact is not None:
            self.conclude(worker)

    # -- promises ---------------------------------------------------------------------------------

    def check(self) -> None:
        self._p1_never_lost()
        self._p2_p4_a_stop_is_due_for_all_that_may_live()
        self._p3_one_recorder()
        self._no_tick_without_progress()

    def _p1_never_lost(self) -> None:
        session = self.stored
        dues = lanes(session, self.now, self.cadence)
        if self.was_final is not None:
            assert session.state is self.was_final, "a final state was left"
        if session.state.final:
            self.was_final = session.state
        assert bool(dues) == (session.settled_at is None), (session.state, dues)

    def _p2_p4_a_stop_is_due_for_all_that_may_live(self) -> None:
        known = {take.resource_id: index for index, take in enumerate(self.stored.takes)}
        stops = {due.take for due in agenda(self.stored, self.cadence) if due.lane is Lane.STOP}
        for recorder in self.vendor.alive:
            if recorder.missed:
                continue
            assert recorder.rid in known, f"nobody knows of {recorder}"
            assert known[recorder.rid] in stops, f"{recorder} is not going to be stopped"

    def _p3_one_recorder(self) -> None:
        """In each line, save while the next one takes over from one whose token is about to expire."""
        alive = [entry for entry in self.vendor.alive if not entry.missed and not entry.stuck]
        for line in self.stored.lines:
            own = sorted((entry for entry in alive if entry.line == line), key=lambda entry: entry.began)
            for older, newer in pairwise(own):
                assert older.expires_at is not None, f"two recorders at once: {own}"
                assert newer.began >= older.expires_at - self.cadence.rollover, f"too early: {own}"
            assert len(own) <= 2, f"three recorders at once: {own}"

    def _no_tick_without_progress(self) -> None:
        session = lifecycle.advance(self.stored, self.now, self.cadence)
        due = lifecycle.decide(session, self.now, self.cadence)
        assert due is None or due.step is not None, f"{due} would be due again and again"

    # -- the end ------------------------------------------------------------------------------------

    def heal_and_finish(self) -> None:
        """A healthy vendor and one worker: everything must come to its end, in bounded calls."""
        for worker in self.workers:
            worker.crash()
        self.vendor.full = False
        self.vendor.strangers.clear()
        healed = self.now
        for _ in range(600):
            at = self.due_at()
            if at is None:
                break
            if at > max(healed, self.stored.ends_at) + 300:
                self._p2_nothing_lives()
            self.pass_time(max(0.0, at - self.now))
            self.turn(self.workers[0])
            self.check()
        assert self.stored.settled_at is not None, f"never settled: {self.stored}"
        self._p2_nothing_lives()
        self._p7_honest()

    def _p2_nothing_lives(self) -> None:
        assert not [entry for entry in self.vendor.alive if not entry.missed], self.vendor.alive

    def _p7_honest(self) -> None:
        session, ran = self.stored, list(self.vendor.recorders.values())
        filled = [recorder for recorder in ran if recorder.data]
        assert all(takes.over(take, self.cadence) for take in session.takes)
        if session.ending is Ending.EMPTY:
            assert not filled
        if session.ending in (Ending.UPLOADED, Ending.BACKED_UP, Ending.STRANDED):
            lines = {recorder.line for recorder in filled}
            whole = [
                line
                for line in lines
                if all(_stopped_with(one, session.ending) for one in filled if one.line == line)
            ]
            assert whole, ran
        if session.state is State.COMPLETED:
            assert session.ending is not None
            assert ran
        else:
            assert session.ending is None
            assert session.reason


def _stopped_with(recorder: Recorder, ending: Ending) -> bool:
    order = [Ending.UPLOADED, Ending.BACKED_UP, Ending.STRANDED]
    if recorder.ended_by != "stop" or recorder.upload is None:
        return False
    return recorder.upload.value in [entry.value for entry in order[: order.index(ending) + 1]]
