"""An occurrence that begins while the one before it still records does what its schedule says."""

from __future__ import annotations

import pytest

from recorder_tasks.core.session import Session
from tests.flow.engine import Engine
from tests.flow.school import School


@pytest.fixture
def school(engine: Engine, namespace: str) -> School:
    built = School(engine, namespace)
    built.at("2037-03-02T08:00")
    return built


def _both(school: School, overlap: str, *, extended: int = 20, **members: object) -> tuple[Session, Session]:
    """The first of two lessons is extended into the second; the clock stands at the second's start."""
    school.add(slots="daily 09:00-09:50, 10:00-10:50", overlap=overlap, **members)
    school.plan()
    school.at("2037-03-02T09:00")
    school.engine.run()
    school.engine.later(6)
    first = school.sessions()[0]
    assert first.state == "recording"
    if extended:
        school.engine.desk.extend(first.id, minutes=extended)
    for minute in ("09:30", "10:00"):  # health checks on the way
        school.at(f"2037-03-02T{minute}")
        school.engine.run()
    first, second, *_ = school.sessions()
    return first, second


def test_allow_records_both_under_uids_of_their_own(school: School) -> None:
    first, second = _both(school, "allow")
    assert (first.state, second.state) == ("recording", "starting")
    assert len({take["uid"] for take in school.engine.vendor.running()}) == 2


def test_skip_does_not_begin_the_second_and_says_why(school: School) -> None:
    first, second = _both(school, "skip")
    assert (first.state, second.state) == ("recording", "cancelled")
    assert second.reason == "skipped: the occurrence before it (2037-03-02T09:00) was still recording"
    school.plan()
    assert school.wanted()[0] == "2037-03-03T09:00"  # a slot that was skipped is not planned again


def test_queue_begins_the_second_as_soon_as_the_first_is_over(school: School) -> None:
    first, second = _both(school, "queue")
    assert second.takes == ()
    assert school.engine.vendor.verbs().count("acquire") == 1
    school.at("2037-03-02T10:09:59")
    school.engine.run()
    assert len(school.engine.vendor.running()) == 1
    school.engine.later(1.5)
    school.engine.later(5)
    first, second, *_ = school.sessions()
    assert (first.state, second.state) == ("completed", "starting")
    assert len(school.engine.vendor.running()) == 1


def test_a_queued_one_that_waited_too_long_is_missed(school: School) -> None:
    _both(school, "queue", late="5m")
    school.at("2037-03-02T10:05:01")
    school.engine.run()
    missed = school.sessions()[1]
    assert missed.state == "missed"
    assert missed.reason is not None
    assert missed.reason.startswith("the occurrence before it was still recording until")


def test_cancel_previous_stops_the_first_and_begins_the_second(school: School) -> None:
    first, second = _both(school, "cancel_previous")
    assert (first.state, second.state) == ("completed", "starting")
    assert len(school.engine.vendor.running()) == 1


@pytest.mark.parametrize("overlap", ["skip", "queue", "cancel_previous"])
def test_paddings_that_overlap_are_no_overlap(school: School, overlap: str) -> None:
    first, second = _both(school, overlap, extended=0, pad_after="15m", pad_before="2m")
    assert first.state == "recording"
    assert second.state in ("starting", "recording")


@pytest.mark.parametrize("overlap", ["skip", "queue"])
def test_back_to_back_lessons_all_record(school: School, overlap: str) -> None:
    school.add(slots="daily 09:00-10:00, 10:00-11:00, 11:00-12:00", overlap=overlap)
    school.plan()
    for hour in ("09", "10", "11", "12"):
        school.at(f"2037-03-02T{hour}:00")
        school.engine.run()
        school.engine.later(6)
    states = [session.state.value for session in school.sessions()[:3]]
    assert states == ["completed"] * 3


def test_one_that_was_skipped_long_ago_does_not_hide_the_one_that_records(school: School) -> None:
    school.schedules.add("math", timezone="UTC", cron="*/10 9-10 * * *", duration="50m", overlap="skip")
    school.plan()
    for minute in ("09:00", "09:10", "09:20", "09:30", "09:40"):
        school.at(f"2037-03-02T{minute}")
        school.engine.run()
    assert len(school.engine.vendor.running()) == 1
    states = [session.state.value for session in school.sessions()[:5]]
    assert states[1:] == ["cancelled"] * 4
