"""Two workers, a vendor that loses answers, and people with wishes: after every move the promises hold."""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from recorder_tasks.core import wishes
from recorder_tasks.core.errors import RecorderError
from recorder_tasks.core.outcome import Upload
from tests.core.factories import CADENCE, T0, A, a_session
from tests.core.vendor_model import Recorder, Vendor
from tests.core.world import World

WORKERS = st.integers(0, 1)
LUCK = st.sampled_from(
    ["answered", "answered", "answered", "lost_before", "lost_after", "not_sent", "throttled", "refused"]
)


SHORT_TOKENS = CADENCE.model_copy(update={"token_life": 150.0, "rollover": 60.0})


class OneRecording(RuleBasedStateMachine):
    """One session from its making to its end, whatever happens around it."""

    @initialize(
        names_sid=st.booleans(),
        async_start=st.booleans(),
        redundancy=st.sampled_from([1, 1, 2]),
        by_token=st.booleans(),
        called_back=st.sampled_from(["never", "promptly", "in disorder"]),
    )
    def made(
        self, names_sid: bool, async_start: bool, redundancy: int, by_token: bool, called_back: str
    ) -> None:
        more: dict[str, Any] = {
            "redundancy": redundancy,
            "by_token": by_token,
            "notified": called_back != "never",
        }
        more["health_with_callbacks"] = 55.0 if called_back != "never" else None
        uids = (A, A + 7)
        session = a_session(
            created_at=T0 - 5, end=T0 + 400, health_every=40.0, max_idle=60.0, uids=uids, **more
        )
        vendor = Vendor(now=T0 - 5, max_idle=60.0, names_sid=names_sid)
        self.world = World(session, T0 - 5, vendor, SHORT_TOKENS)
        self.changes, self.called_back = 0, called_back
        self.world.prompt = called_back == "promptly"
        if async_start:
            self.world.pass_time(5)

    @rule(worker=WORKERS, luck=LUCK)
    def a_whole_turn(self, worker: int, luck: str) -> None:
        chosen = self.world.workers[worker]
        if chosen.session is None:
            self.world.turn(chosen, luck)

    @rule(worker=WORKERS, luck=LUCK)
    def the_next_turn_when_it_is_due(self, worker: int, luck: str) -> None:
        at, chosen = self.world.due_at(), self.world.workers[worker]
        if at is not None and chosen.session is None and at < self.world.now + 300:
            self.world.pass_time(max(0.0, at - self.world.now))
            self.world.turn(chosen, luck)

    @rule(worker=WORKERS)
    def a_worker_claims(self, worker: int) -> None:
        if self.world.workers[worker].session is None:
            self.world.claim(self.world.workers[worker])

    @rule(worker=WORKERS, luck=LUCK)
    def it_calls(self, worker: int, luck: str) -> None:
        chosen = self.world.workers[worker]
        if chosen.session is not None and chosen.fact is None:
            self.world.call(chosen, luck)

    @rule(worker=WORKERS)
    def it_reads_the_answer(self, worker: int) -> None:
        if self.world.workers[worker].fact is not None:
            self.world.conclude(self.world.workers[worker])

    @rule(worker=WORKERS)
    def it_is_killed(self, worker: int) -> None:
        self.world.workers[worker].crash()

    @rule(seconds=st.sampled_from([0.5, 2.0, 5.0, 13.0, 40.0, 100.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @rule(count=st.integers(1, 20))
    def time_goes_on_without_trouble(self, count: int) -> None:
        self.all_goes_well_for_a_while(count)

    def all_goes_well_for_a_while(self, count: int) -> None:
        chosen = next((worker for worker in self.world.workers if worker.session is None), None)
        for _ in range(count):
            at = self.world.due_at()
            if chosen is None or at is None or at > self.world.now + 300:
                return
            self.world.pass_time(max(0.0, at - self.world.now))
            self.world.turn(chosen)
            self.world.check()

    @rule(
        lucks=st.lists(
            st.sampled_from(["lost_after", "refused", "throttled", "answered"]), min_size=2, max_size=4
        )
    )
    def a_rough_time(self, lucks: list[str]) -> None:
        chosen = self.world.workers[0]
        for luck in ("answered", *lucks):
            at = self.world.due_at()
            if chosen.session is not None or at is None or at > self.world.now + 60:
                return
            self.world.pass_time(max(0.0, at - self.world.now))
            self.world.turn(chosen, luck)
            self.world.check()

    @rule(minutes=st.sampled_from([-3, -1, 2, 5]))
    def somebody_moves_the_end(self, minutes: int) -> None:
        with contextlib.suppress(RecorderError):
            self.world.wish(lambda session, now: wishes.extend(session, session.end + minutes * 60, now))

    @rule()
    def somebody_changes_the_subscriptions(self) -> None:
        self.changes += 1
        with contextlib.suppress(RecorderError):
            self.world.wish(lambda session, now: wishes.update(session, {}, f"c{self.changes}", now))

    @precondition(lambda self: self.world.now > T0 + 100)
    @rule(cancel=st.booleans())
    def somebody_stops_it(self, cancel: bool) -> None:
        with contextlib.suppress(RecorderError):
            self.world.wish(wishes.cancel if cancel else wishes.stop)

    @rule()
    def people_come_or_go(self) -> None:
        self.world.vendor.people = not self.world.vendor.people

    @rule(uid=st.integers(A, A + 7), there=st.booleans())
    def a_stranger_takes_or_leaves_a_uid(self, uid: int, there: bool) -> None:
        if there and all(recorder.uid != uid for recorder in self.world.vendor.alive):
            self.world.vendor.strangers.add(uid)
        else:
            self.world.vendor.strangers.discard(uid)

    @rule(full=st.booleans())
    def the_vendor_fills_up_or_not(self, full: bool) -> None:
        self.world.vendor.full = full

    @rule(upload=st.sampled_from([Upload.UPLOADED, Upload.BACKED_UP, Upload.STRANDED, Upload.UNKNOWN]))
    def uploads_get_slower_or_faster(self, upload: Upload) -> None:
        self.world.vendor.upload = upload

    @rule(how=st.sampled_from(["dies", "breaks", "sticks", "migrates", "vanishes"]))
    def something_happens_to_the_recorder(self, how: str) -> None:
        for recorder in self.world.vendor.alive:
            if how == "sticks" and self.world.now <= recorder.began + 3:
                recorder.stuck = True
            if how == "breaks":
                recorder.broken = True
            if how in ("dies", "breaks"):
                self.world.vendor.end(recorder, self.world.now, how)
            if how == "migrates":
                self.moves(recorder)
            if how == "vanishes":
                recorder.missed = True
                self.world.vendor.migrate(recorder, 200)

    @rule(count=st.integers(4, 12))
    def it_moves_while_all_is_well(self, count: int) -> None:
        """What a look then finds must not be taken for its death."""
        for recorder in self.world.vendor.alive:
            if recorder.hidden_until <= self.world.now - 60:
                self.moves(recorder)
        self.all_goes_well_for_a_while(count)

    def moves(self, recorder: Recorder) -> None:
        """A second time before anybody saw it again, it is away for too long."""
        open_episodes = {take.resource_id for take in self.world.stored.takes if take.missing}
        away = recorder.hidden_until > self.world.now - 60 or recorder.rid in open_episodes
        recorder.missed = recorder.missed or away
        self.world.vendor.migrate(recorder, 60)

    @precondition(lambda self: self.called_back == "in disorder" and self.world.callbacks())
    @rule(
        data=st.data(), fate=st.sampled_from(["comes", "comes", "comes", "comes and is doubled", "is lost"])
    )
    def a_callback(self, data: st.DataObject, fate: str) -> None:
        """In any order, late, twice or never; save that none comes before what it tells of."""
        notice = data.draw(st.sampled_from(self.world.callbacks()))
        if fate != "comes and is doubled":
            self.world.vendor.callbacks.remove(notice)
        if fate != "is lost":
            self.world.hears(notice)

    @invariant()
    def the_promises_hold(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.heal_and_finish()


OneRecording.TestCase.settings = settings(
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestOneRecording = OneRecording.TestCase
