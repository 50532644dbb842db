"""Over the app's cap: who waits does so by priority, and a vendor that says 406 is not hammered."""

from __future__ import annotations

from dataclasses import replace

import pytest
import redis

from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.session import Lane, Session
from tests.flow.engine import Engine
from tests.flow.school import School


@pytest.fixture
def school(engine: Engine, namespace: str) -> School:
    built = School(engine, namespace)
    engine.vendor.world.book.settings = replace(engine.vendor.world.book.settings, pcw=3)
    built.at("2037-03-02T08:00")
    return built


def _bell(school: School, **priorities: int) -> None:
    """Lessons at nine, and the clock there."""
    for name, priority in priorities.items():
        school.add(name, slots="mon 09:00-10:00", priority=priority)
        school.plan(name)
    school.at("2037-03-02T09:00")
    school.engine.run()


def _of(school: School, name: str) -> Session:
    return school.sessions(name)[0]


def _begun(school: School) -> set[str]:
    return {name for name in school.schedules.all() if _of(school, name).takes}


def test_what_finds_no_room_waits_and_says_so(school: School) -> None:
    _bell(school, a=0, b=0, c=0, d=0)
    (waiting,) = {"a", "b", "c", "d"} - _begun(school)
    session = _of(school, waiting)
    assert session.state == "starting"
    events = [event for event in school.engine.desk.events(session.id) if event.type == "call.acquire"]
    assert events[-1].data["kind"] == "capacity"


def test_of_many_that_wait_one_asks(school: School) -> None:
    _bell(school, **{f"r{number}": 0 for number in range(20)})
    asked = school.engine.vendor.verbs().count("acquire")
    assert asked == 3 + 1  # one was told that there is no room; nobody else asked
    for _ in range(60):
        school.engine.later(5)
    more = school.engine.vendor.verbs().count("acquire") - asked
    assert more <= 5 * 60 / 10  # at most once in ten seconds, whoever it is
    assert len(_begun(school)) == 3


def test_a_place_that_becomes_free_goes_to_the_highest_priority_at_once(school: School) -> None:
    _bell(school, a=0, b=0, c=0)
    assert _begun(school) == {"a", "b", "c"}
    for name, priority in (("low", -1), ("high", 9), ("middle", 3)):
        school.schedules.add(name, timezone="UTC", slots="mon 09:01-10:00", priority=priority)
        school.plan(name)
    school.at("2037-03-02T09:01")
    school.engine.run()
    assert _begun(school) == {"a", "b", "c"}
    school.engine.desk.stop(_of(school, "a").id)
    school.engine.run()
    school.engine.later(2.5)  # the recorder exits
    school.engine.later(10)
    assert _begun(school) == {"a", "b", "c", "high"}
    school.engine.desk.stop(_of(school, "b").id)
    school.engine.run()
    school.engine.later(2.5)
    school.engine.later(10)
    assert _begun(school) == {"a", "b", "c", "high", "middle"}


def test_what_waited_until_its_latest_start_is_missed_for_want_of_room(school: School) -> None:
    for name in ("a", "b", "c", "d"):
        school.add(name, slots="mon 09:00-10:00", late="10m")
        school.plan(name)
    school.at("2037-03-02T09:00")
    school.engine.run()
    (waiting,) = {"a", "b", "c", "d"} - _begun(school)
    school.engine.later(601)
    session = _of(school, waiting)
    assert session.state == "missed"
    assert session.reason == (
        "the app was at its cap of concurrent recordings until the latest time for it to begin"
    )


def test_one_that_waits_and_is_cancelled_does_not_hold_up_the_others(school: School) -> None:
    _bell(school, a=0, b=0, c=0)
    for name, priority in (("first", 9), ("second", 1)):
        school.schedules.add(name, timezone="UTC", slots="mon 09:01-10:00", priority=priority)
        school.plan(name)
    school.at("2037-03-02T09:01")
    school.engine.run()
    school.engine.desk.cancel(_of(school, "first").id)
    school.engine.desk.stop(_of(school, "a").id)
    for _ in range(6):
        school.engine.later(5)
    assert _begun(school) == {"a", "b", "c", "second"}


def test_one_that_waits_and_is_moved_to_another_day_does_not_hold_up_the_others(school: School) -> None:
    _bell(school, a=0, b=0, c=0)
    for name, priority in (("first", 9), ("second", 1)):
        school.schedules.add(name, timezone="UTC", cron="1 9 * * mon", duration="59m", priority=priority)
        school.plan(name)
    school.at("2037-03-02T09:01")
    school.engine.run()
    waiting, day = _of(school, "first"), 86_400.0
    dues = lanes(waiting, school.now, school.engine.settings.cadence)
    moved = {member: getattr(waiting, member) + day for member in ("start", "end", "deadline")}
    school.store.sessions.save(waiting.evolve(**moved), {lane: at + day for lane, at in dues.items()})
    school.engine.desk.stop(_of(school, "a").id)
    for _ in range(8):
        school.engine.later(5)
    assert _begun(school) == {"a", "b", "c", "second"}


def test_one_whose_worker_died_does_not_hold_up_the_others(school: School) -> None:
    _bell(school, a=0, b=0, c=0, d=0)
    (waiting,) = {"a", "b", "c", "d"} - _begun(school)
    school.engine.vendor.world.book.settings = replace(school.engine.vendor.world.book.settings, pcw=50)
    school.store.clock.jump(11)
    claims = school.engine.claim(Lane.START)
    assert [claim.session_id for claim in claims] == [_of(school, waiting).id]  # and nobody takes that turn
    fresh = school.engine.desk.record("fresh", minutes=10)
    school.engine.run()
    assert school.engine.session(fresh.session_id).takes


def test_a_clock_that_steps_back_does_not_keep_an_app_closed(school: School, raw: redis.Redis) -> None:
    _bell(school, a=0, b=0, c=0, d=0)
    school.engine.vendor.world.book.settings = replace(school.engine.vendor.world.book.settings, pcw=50)
    raw.set(school.store.keys("room", "default"), school.now + 3600)
    fresh = school.engine.desk.record("fresh", minutes=10)
    for _ in range(8):
        school.engine.later(5)
    assert school.engine.session(fresh.session_id).takes


def test_that_it_still_waits_is_told_once(school: School) -> None:
    _bell(school, **{f"r{number}": 0 for number in range(6)})
    for _ in range(20):
        school.engine.later(5)
    told = [event for event in school.engine.desk.events() if event.type == "call.acquire"]
    asked = school.engine.vendor.verbs().count("acquire")
    assert len(told) <= asked + 6
