"""From rule to session: each occurrence is one session, whoever plans, however often, whatever changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from recorder_tasks.core.session import Lane, Reservation, Session, State
from recorder_tasks.flow.planning import Planner
from schedules.entry import Entry
from schedules.errors import InvalidSchedule
from tests.flow.conftest import MakeEngine
from tests.flow.engine import Engine
from tests.flow.school import School


@pytest.fixture
def school(engine: Engine, namespace: str) -> School:
    built = School(engine, namespace)
    built.at("2037-03-02T12:00")  # a Monday
    return built


def test_the_occurrences_of_two_days_become_sessions_that_know_where_they_come_from(school: School) -> None:
    school.add(channel="math-{date}", labels={"room": "7b"})
    assert len(school.plan().created) == 2
    first, second = school.sessions()
    assert (first.channel, second.channel) == ("math-2037-03-03", "math-2037-03-04")
    assert datetime.fromtimestamp(first.start, UTC) == datetime(2037, 3, 3, 9, tzinfo=UTC)
    assert first.end - first.start == 50 * 60
    assert first.origin is not None
    assert (first.origin.schedule, first.origin.slot) == ("math", "2037-03-03T09:00")
    assert first.origin.revision == school.schedules.get("math").revision
    assert first.labels == {"room": "7b"}


def test_planning_again_changes_nothing(school: School) -> None:
    school.add()
    school.plan()
    before = school.sessions()
    again = school.plan()
    assert (again.created, again.moved, again.withdrawn) == ([], [], [])
    assert school.sessions() == before


def test_time_brings_further_occurrences_and_none_twice(school: School) -> None:
    school.add()
    for _ in range(9):
        school.plan()
        school.store.clock.jump(6 * 3600)
    slots = [session.origin.slot for session in school.sessions() if session.origin]
    assert slots == [f"2037-03-{day:02}T09:00" for day in range(3, 7)]


def test_a_changed_length_moves_what_has_not_begun_under_its_old_name(school: School) -> None:
    school.add()
    school.plan()
    before = school.sessions()
    school.schedules.add("math", timezone="UTC", slots="daily 09:00-10:30", replace=True)
    assert len(school.plan().moved) == 2
    after = school.sessions()
    assert [session.id for session in after] == [session.id for session in before]
    assert [session.end - session.start for session in after] == [5400.0, 5400.0]


def test_another_time_of_the_day_is_another_occurrence(school: School) -> None:
    school.add()
    school.plan()
    school.schedules.add("math", timezone="UTC", slots="daily 10:00-10:50", replace=True)
    planned = school.plan()
    assert (len(planned.created), len(planned.withdrawn)) == (2, 2)
    assert school.wanted() == ["2037-03-03T10:00", "2037-03-04T10:00"]
    reasons = {session.reason for session in school.sessions() if session.state is State.CANCELLED}
    assert reasons == {f"schedule math has no occurrence at 2037-03-0{day}T09:00 any more" for day in (3, 4)}


def test_another_channel_moves_the_session_to_another_index(school: School) -> None:
    school.add(channel="old")
    school.plan()
    school.schedules.add("math", timezone="UTC", slots="daily 09:00-09:50", channel="new", replace=True)
    school.plan()
    assert school.store.sessions.find(channel="old").sessions == ()
    assert len(school.store.sessions.find(channel="new").sessions) == 2


def test_a_pause_withdraws_what_lies_ahead_and_its_end_brings_it_back(school: School) -> None:
    school.add()
    school.plan()
    school.schedules.pause("math", reason="strike")
    school.plan()
    assert school.wanted() == []
    assert {session.reason for session in school.sessions()} == {"paused: strike"}
    school.schedules.resume("math")
    assert len(school.plan().created) == 2
    assert school.wanted() == ["2037-03-03T09:00", "2037-03-04T09:00"]


def test_a_slot_may_be_taken_back_and_wanted_again_any_number_of_times(school: School) -> None:
    school.add()
    school.plan()
    for _ in range(4):
        school.schedules.skip("math", "2037-03-03")
        school.plan()
        assert school.wanted() == ["2037-03-04T09:00"]
        school.schedules.unskip("math", "2037-03-03")
        school.plan()
        assert school.wanted() == ["2037-03-03T09:00", "2037-03-04T09:00"]


def test_a_pause_until_an_instant_leaves_what_comes_after_it(school: School) -> None:
    school.add()
    school.schedules.pause("math", until=datetime(2037, 3, 4, tzinfo=UTC))
    school.plan()
    assert school.wanted() == ["2037-03-04T09:00"]


def test_a_removed_schedule_withdraws_its_sessions_and_leaves_no_trace(school: School) -> None:
    school.add()
    school.plan()
    school.schedules.remove("math")
    school.plan()
    assert {session.reason for session in school.sessions()} == {"schedule math was removed"}
    assert school.schedules.store.find("math") is None
    assert school.planner.tick() is None
    school.add()
    school.plan()
    assert school.wanted() == ["2037-03-03T09:00", "2037-03-04T09:00"]


def test_what_a_person_cancelled_stays_cancelled(school: School) -> None:
    school.add()
    school.plan()
    school.engine.desk.cancel(school.sessions()[0].id)
    school.plan()
    assert school.wanted() == ["2037-03-04T09:00"]


def test_what_a_person_moved_stays_until_the_schedule_changes_that(school: School) -> None:
    school.add()
    school.plan()
    first = school.sessions()[0]
    school.engine.desk.extend(first.id, minutes=10)
    school.schedules.skip("math", "2037-03-04")
    school.plan()
    assert school.sessions()[0].end == first.end + 600


def _recording(school: School, **members: object) -> Session:
    school.add(**members)
    school.plan()
    school.at("2037-03-03T09:00")
    school.engine.run()
    school.engine.later(6)
    return school.sessions()[0]


def test_a_change_never_touches_what_is_recording(school: School) -> None:
    running = _recording(school)
    assert running.state is State.RECORDING
    school.schedules.add("math", timezone="UTC", slots="daily 09:00-10:30", replace=True)
    school.plan()
    assert school.sessions()[0].end == running.end
    school.schedules.remove("math")
    school.plan()
    assert school.sessions()[0].state is State.RECORDING


def test_unless_it_is_asked_to_extend_it(school: School) -> None:
    running = _recording(school)
    entry = school.schedules.get("math")
    school.schedules._write(
        entry,
        "math",
        "changed",
        running="extend",
        rule=entry.rule.model_copy(update={"slots": ("daily 09:00-10:30",)}),  # type: ignore[union-attr]
    )
    assert school.plan().extended == [running.id]
    assert school.sessions()[0].end == running.start + 5400
    assert school.plan().extended == []


def test_or_to_stop_it(school: School) -> None:
    running = _recording(school)
    school.schedules.remove("math", running="stop")
    assert school.plan().stopped == [running.id]
    school.engine.run()
    assert school.sessions()[0].state is State.COMPLETED


def test_after_a_downtime_the_present_lesson_begins_late_and_the_past_ones_are_missed(school: School) -> None:
    school.add(slots="daily 09:00-09:50, 14:00-15:00", late="40m")
    school.plan()
    school.at("2037-03-08T14:30")
    school.plan()
    school.engine.run()
    missed = {
        session.origin.slot: session.reason
        for session in school.sessions()
        if session.state == "missed" and session.origin
    }
    assert len(missed) == 12
    assert missed["2037-03-03T09:00"] == "no worker took it up before the latest time for it to begin"
    assert missed["2037-03-07T14:00"] == (
        "it was planned only after the latest time for it to begin: nothing of ours ran before"
    )
    assert school.wanted(state="starting") == ["2037-03-08T14:00"]


def test_a_lesson_in_progress_is_recorded_when_its_schedule_comes_late_but_no_past_one(
    school: School,
) -> None:
    school.add(slots="daily 11:00-11:50, 11:55-13:00")
    school.plan()
    assert school.wanted()[0] == "2037-03-02T11:55"


def test_nothing_begins_later_than_the_schedule_allows(school: School) -> None:
    school.add(slots="daily 11:30-13:00", late="20m")
    school.plan()
    assert school.wanted()[0] == "2037-03-03T11:30"


def test_a_run_by_hand_is_recorded_now_beside_the_rule(school: School) -> None:
    school.add(duration="20m")
    school.schedules.pause("math", reason="holidays")
    run = school.schedules.run_now("math")
    school.plan()
    school.plan()
    assert school.wanted() == [run.slot]
    school.engine.run()
    assert school.wanted(state="starting") == [run.slot]


def test_a_planner_with_an_old_rule_in_its_hands_changes_nothing(school: School) -> None:
    school.add()

    class Slow(Planner):
        """Reads the rule, and is overtaken before it writes."""

        def overtaken(self) -> None:
            school.schedules.pause("math", reason="overtaken")
            school.plan()

    slow = Slow(school.store, school.schedules.store, school.engine.settings)
    find = slow.schedules.find

    class Overtaken:
        def __init__(self) -> None:
            self.inner = slow.schedules

        def find(self, name: str) -> object:
            entry = find(name)
            slow.overtaken()
            return entry

        def __getattr__(self, name: str) -> object:
            return getattr(self.inner, name)

    slow.schedules = Overtaken()  # type: ignore[assignment]
    assert slow.plan("math").created == []
    assert school.wanted() == []


def test_a_rule_that_cannot_be_recorded_any_more_is_told_and_tried_again(
    make_engine: MakeEngine, namespace: str
) -> None:
    engine = make_engine(profiles={"lectures": {}})
    school = School(engine, namespace)
    school.add(profile="lectures")
    poorer = Planner(engine.store, school.schedules.store, make_engine().settings)
    planned = poorer.plan("math")
    assert planned.fault is not None
    assert "profile: 'lectures' is not configured" in planned.fault
    assert [event.type for event in engine.desk.events()] == ["schedule.fault"]
    assert poorer.tick() == pytest.approx(60, abs=2)
    assert len(school.plan().created) >= 1


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"profile": "none"}, "profile: 'none' is not configured (there are: default)"),
        ({"app": "other"}, "app: 'other' is not configured (there are: default)"),
        (
            {"recording": {"start": "now"}},
            "recording: 'start' is none of mode, storage, recipe, max_extension",
        ),
        ({"recording": {"mode": "loud"}}, "recording.mode: "),
        ({"lead": "10m"}, "lead: with lead and pad_before it waits 600 s for the class, the recorder leaves"),
        ({"channel": "kanal-ü"}, "channel: "),
    ],
)
def test_what_could_not_be_recorded_is_refused_before_it_is_stored(
    school: School, members: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InvalidSchedule) as refused:
        school.add(**members)
    assert str(refused.value).startswith(sentence)
    assert school.schedules.all() == {}


def test_two_planners_at_once_make_one_session_an_occurrence(school: School) -> None:
    from concurrent.futures import ThreadPoolExecutor

    names = [f"room{number}" for number in range(6)]
    for name in names:
        school.add(name)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(school.planner.plan, names * 4))
    assert [len(school.sessions(name)) for name in names] == [2] * 6


def test_a_day_ahead_is_planned_again_before_it_runs_out(school: School) -> None:
    school.add()
    school.plan()
    wait = school.planner.tick()
    assert wait is not None
    assert timedelta(hours=12).total_seconds() <= wait + 1 <= timedelta(hours=24).total_seconds()


def test_schedules_that_changed_together_are_planned_again_one_by_one(school: School) -> None:
    for name in ("art", "math", "music", "sports"):
        school.add(name)
        school.plan(name)
    rows = school.store.client.zrange(school.store.keys("schedules", "due"), 0, -1, withscores=True)
    due = sorted(at for _, at in rows)
    assert min(later - earlier for earlier, later in pairwise(due)) > 60


def test_a_schedule_that_cannot_be_read_keeps_no_other_waiting(school: School) -> None:
    for name in ("art", "math", "zoo"):
        school.add(name)
    stored = school.store.keys("schedules")
    school.store.client.hset(stored, "math", "0" * 16 + '\n{"from_a_newer_release": 1}')
    school.planner.tick()
    assert len(school.sessions("art")) == len(school.sessions("zoo")) == 2
    assert "schedule.fault" in {event.type for event in school.engine.desk.events()}


def test_a_schedule_that_raises_what_nobody_expected_keeps_no_other_waiting(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("art", "math", "zoo"):
        school.add(name)
    occurrences = Entry.occurrences

    def broken(self: Entry, *args: Any) -> Any:
        if self.name == "math":
            raise ModuleNotFoundError("No module named 'icalendar'")
        return occurrences(self, *args)

    monkeypatch.setattr(Entry, "occurrences", broken)
    school.planner.tick()
    assert len(school.sessions("art")) == len(school.sessions("zoo")) == 2
    assert school.planner.tick() == pytest.approx(60, abs=1)


def test_a_change_of_holidays_leaves_what_is_recording_alone(school: School) -> None:
    school.schedules.set_calendar("holidays", ["2037-05-01"])
    running = _recording(school, exceptions="holidays")
    school.schedules.skip("math", "2037-03-04", running="stop")
    school.plan()
    school.schedules.set_calendar("holidays", ["2037-03-03"])
    assert school.plan().stopped == []
    assert school.engine.session(running.id).state is State.RECORDING


def test_a_bell_is_not_forgotten_when_a_planner_dies_before_it_said_so(school: School) -> None:
    school.add(lead="2m")
    school.plan()
    school.store.client.delete(school.store.keys("bells"))
    school.plan()
    assert school.store.bells.first() is not None


def test_another_channel_takes_no_resource_of_the_old_one_along(school: School) -> None:
    school.add(channel="old")
    school.plan()
    first = school.sessions()[0]
    kept = Reservation(uid=first.uids[0], resource_id="r", acquired_at=school.now)
    dues = {Lane.START: first.start, Lane.SETTLE: first.end}
    school.store.sessions.save(first.evolve(reservation=kept), dues)
    school.schedules.add("math", timezone="UTC", slots="daily 09:00-09:50", channel="new", replace=True)
    school.plan()
    assert (school.sessions()[0].channel, school.sessions()[0].reservation) == ("new", None)
