"""Whatever people do to a schedule, and whenever it is planned, by whom: each wanted slot has one session.

A state machine over a real store: rules come, change, pause, skip and go; time passes in jumps; planners run,
or have read the rule and are overtaken. The oracle is what the rules give, and the vendor's ledger.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from recorder_tasks.core.session import Session, State
from recorder_tasks.flow.planning import _Round
from recorder_tasks.simulator.ledger import ledger
from recorder_tasks.store import Outdated, Store
from schedules.errors import InvalidSchedule
from tests.flow.engine import Engine, some_settings
from tests.flow.school import School

NAMES = ("math", "art")
SLOTS = (
    "daily 09:00-09:50",
    "daily 09:00-10:20",
    "daily 14:00-14:30",
    "mon wed fri 09:00-09:50, 14:00-14:30",
)
AHEAD = timedelta(days=2)


class Timetable(RuleBasedStateMachine):
    make: Callable[[], School]

    def __init__(self) -> None:
        super().__init__()
        self.school = type(self).make()
        self.stale: list[_Round] = []
        self.planned: set[str] = set()  # schedules that were planned since they were changed

    @initialize(hour=st.sampled_from([7, 8, 12, 23]), slots=st.sampled_from(SLOTS))
    def begin(self, hour: int, slots: str) -> None:
        self.school.at(f"2037-03-02T{hour:02}:55")
        for name in NAMES:
            self.put(name, slots, None)
            self.plan(name)

    def _changed(self, name: str) -> None:
        self.planned.discard(name)

    def _there(self, name: str) -> bool:
        return name in self.school.schedules.all()

    @rule(name=st.sampled_from(NAMES), slots=st.sampled_from(SLOTS), late=st.sampled_from([None, "0", "30m"]))
    def put(self, name: str, slots: str, late: str | None) -> None:
        channel = f"{name}-{{date}}-{{time}}"
        self.school.schedules.add(
            name, timezone="Europe/Berlin", slots=slots, late=late, channel=channel, replace=True
        )
        self._changed(name)

    @precondition(lambda self: self.school.schedules.all())
    @rule(name=st.sampled_from(NAMES), hours=st.integers(1, 60))
    def pause(self, name: str, hours: int) -> None:
        if self._there(name):
            until = datetime.fromtimestamp(self.school.now, UTC) + timedelta(hours=hours)
            self.school.schedules.pause(name, reason="strike", until=until)
            self._changed(name)

    @rule(name=st.sampled_from(NAMES))
    def resume(self, name: str) -> None:
        if self._there(name):
            self.school.schedules.resume(name)
            self._changed(name)

    @rule(name=st.sampled_from(NAMES), days=st.integers(0, 2))
    def skip(self, name: str, days: int) -> None:
        if self._there(name):
            try:
                self.school.schedules.skip(name, self.school.tomorrow(days))
            except InvalidSchedule:
                return  # it has nothing on that day
            self._changed(name)

    @rule(name=st.sampled_from(NAMES))
    def unskip(self, name: str) -> None:
        if self._there(name) and self.school.schedules.get(name).skips:
            self.school.schedules.unskip(name, self.school.schedules.get(name).skips[0])
            self._changed(name)

    @rule(name=st.sampled_from(NAMES))
    def remove(self, name: str) -> None:
        if self._there(name):
            self.school.schedules.remove(name)
            self._changed(name)

    @rule(name=st.sampled_from(NAMES))
    def plan(self, name: str) -> None:
        assert self.school.plan(name).fault is None
        self.planned.add(name)

    @rule()
    def plan_all(self) -> None:
        for name in NAMES:
            self.plan(name)

    @rule(name=st.sampled_from(NAMES))
    def begin_to_plan(self, name: str) -> None:
        """A planner that has read the rule and its sessions, and then is slow."""
        entry = self.school.schedules.store.find(name)
        if entry is not None:
            self.stale.append(_Round(self.school.planner, entry, self.school.now))

    @precondition(lambda self: self.stale)
    @rule()
    def go_on_planning(self) -> None:
        with suppress(Outdated):
            self.stale.pop(0).run()

    @rule(name=st.sampled_from(NAMES), slots=st.sampled_from(SLOTS), back=st.booleans())
    def a_planner_is_overtaken(self, name: str, slots: str, back: bool) -> None:
        """It has read a rule that is not planned yet; that is changed and planned before it goes on."""
        self.put(name, slots, None)
        if back:
            self.plan(name)
            self.pause(name, 60)
        self.begin_to_plan(name)
        if back:
            self.resume(name)
        else:
            self.pause(name, 60)
        self.plan(name)
        self.go_on_planning()

    @rule(minutes=st.sampled_from([1, 10, 45, 300, 1400]))
    def time_passes(self, minutes: int) -> None:
        self.school.store.clock.jump(60 * minutes)
        self.school.engine.run()
        self.planned.clear()  # what comes into sight is planned when somebody looks

    def _sessions(self, name: str) -> list[Session]:
        return [session for session in self.school.sessions(name) if session.origin is not None]

    @invariant()
    def a_slot_has_at_most_one_session_that_counts(self) -> None:
        for name in NAMES:
            slots = Counter(
                session.origin.slot
                for session in self._sessions(name)
                if session.origin is not None and session.origin.withdrawn is None
            )
            assert not [slot for slot, count in slots.items() if count > 1]

    @invariant()
    def what_was_planned_is_what_the_rules_give(self) -> None:
        now = datetime.fromtimestamp(self.school.now, UTC)
        calendars = self.school.schedules.store.calendars().read
        for name in self.planned:
            entry = self.school.schedules.store.find(name)
            ahead = entry.occurrences(now, now + AHEAD, calendars) if entry is not None else []
            wanted = {(found.slot, found.end.timestamp()) for found in ahead}
            waiting = {
                (session.origin.slot, session.end)
                for session in self._sessions(name)
                if session.origin is not None
                and session.state is State.SCHEDULED
                and session.start >= now.timestamp()
            }
            assert waiting <= wanted
            spent = {
                session.origin.slot
                for session in self._sessions(name)
                if session.origin is not None and session.origin.withdrawn is None
            }
            assert {slot for slot, _ in wanted} <= spent

    @invariant()
    def no_lesson_was_recorded_twice(self) -> None:
        world = self.school.engine.vendor.world
        takes = Counter(take["channel"] for take in ledger(world, self.school.now)["takes"])
        assert not [channel for channel, count in takes.items() if count > 1]

    def teardown(self) -> None:
        self.school.engine.close()


@pytest.fixture
def make_school(redis_url: str, tmp_path: Path) -> Callable[[], School]:
    def make() -> School:
        namespace = f"t{secrets.token_hex(6)}"
        base = tmp_path / namespace
        base.mkdir()
        engine = Engine(Store(redis_url, namespace), some_settings(namespace, base), base)
        return School(engine, namespace)

    return make


def test_whatever_is_done_to_schedules_each_slot_is_one_session(make_school: Any) -> None:
    machine = type("Made", (Timetable,), {"make": staticmethod(make_school)})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine, settings=hypothesis_settings(max_examples=80, stateful_step_count=30, deadline=None)
    )
