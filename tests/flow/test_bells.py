"""The starts around a bell find their places, as late as the budget allows and nobody late."""

from __future__ import annotations

from itertools import pairwise

import pytest

from recorder_tasks.core.session import Lane
from recorder_tasks.flow.bells import WINDOW
from tests.flow.conftest import MakeEngine
from tests.flow.engine import APP_ID, Engine
from tests.flow.school import School

RATE, SPACING = 5.0, 1.1 / 5


@pytest.fixture
def school(make_engine: MakeEngine, namespace: str) -> School:
    app = {"app_id": APP_ID, "key": "k", "secret": "s", "base_url": "http://vendor.test", "qps": RATE}
    built = School(make_engine(apps={"default": app}), namespace)
    built.at("2037-03-02T06:00")
    return built


def _starts(school: School, count: int, **members: object) -> None:
    for number in range(count):
        school.add(f"r{number:02}", **{"slots": "mon 09:00-09:50", "lead": "2m", **members})
        school.plan(f"r{number:02}")


def _begins(school: School) -> list[float]:
    """Seconds before the bell at which each start begins, by what the store hands out."""
    sessions = [school.sessions(name)[0] for name in school.schedules.all()]
    return sorted(session.start - session.begins_at for session in sessions)


def test_before_they_are_placed_all_may_begin_at_once(school: School) -> None:
    _starts(school, 5)
    wait = school.bells.tick()
    assert wait == pytest.approx(3 * 3600 - WINDOW, abs=1)  # 06:00 it is, the bell is at 09:00
    assert _begins(school) == [120.0] * 5


def test_an_hour_before_they_are_placed_one_after_another(school: School) -> None:
    _starts(school, 5)
    school.at("2037-03-02T07:59")
    school.bells.tick()
    begins = _begins(school)
    gaps = [later - earlier for earlier, later in pairwise(begins)]
    assert gaps == pytest.approx([2 * SPACING] * 4, abs=0.01)
    assert begins[0] == pytest.approx(school.engine.settings.start_margin + 2 * SPACING, abs=0.01)
    due = school.store.checker.backlog()
    assert due[Lane.START.value] == 5


def test_placing_twice_moves_nothing(school: School) -> None:
    _starts(school, 5)
    school.at("2037-03-02T07:59")
    school.bells.tick()
    before = {name: school.sessions(name) for name in school.schedules.all()}
    assert school.bells.place("default", school.now) is not None
    assert {name: school.sessions(name) for name in school.schedules.all()} == before


def test_one_more_lesson_moves_the_others(school: School) -> None:
    _starts(school, 5)
    school.at("2037-03-02T07:59")
    school.bells.tick()
    school.add("late", slots="mon 09:00-09:50", lead="2m", priority=50)
    school.plan("late")
    school.bells.tick()
    begins = _begins(school)
    assert len({round(at, 2) for at in begins}) == 6
    late = school.sessions("late")[0]
    assert late.start - late.begins_at == pytest.approx(begins[0])  # the highest priority is nearest the bell


def test_a_change_just_while_they_are_placed_is_not_forgotten(school: School) -> None:
    _starts(school, 2)
    school.at("2037-03-02T07:59")
    ((app, taken),) = school.store.bells.take(school.now, 30.0)
    school.store.bells.mark(app, school.now)
    school.store.bells.placed(app, taken, None)
    assert school.store.bells.first() == pytest.approx(school.now, abs=1)


def test_starts_without_a_lead_stay_at_the_bell_and_take_their_slots(school: School) -> None:
    _starts(school, 3)
    school.add("fixed", slots="mon 09:00-09:50")
    school.plan("fixed")
    school.at("2037-03-02T07:59")
    school.bells.tick()
    fixed = school.sessions("fixed")[0]
    assert fixed.begins_at == fixed.start


def test_redundant_recorders_leave_room_for_each_other_s_starts(
    make_engine: MakeEngine, namespace: str
) -> None:
    app = {"app_id": APP_ID, "key": "k", "secret": "s", "base_url": "http://vendor.test", "qps": RATE}
    twice = {"default": {"redundancy": 2}}
    school = School(make_engine(apps={"default": app}, profiles=twice), namespace)
    school.at("2037-03-02T06:00")
    _starts(school, 4)
    school.at("2037-03-02T07:59")
    school.bells.tick()
    begins = _begins(school)
    assert begins[-1] - begins[0] >= 2 * SPACING * 6 - 0.01  # the last of eight starts is not a first one


def test_a_namespace_without_leads_looks_at_no_bell(engine: Engine, namespace: str) -> None:
    school = School(engine, namespace)
    school.add()
    school.plan()
    assert school.bells.tick() is None
