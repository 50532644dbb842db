"""Somebody empties Redis by mistake: it is told at once, and no recorder is left running."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recorder_tasks.cli import redis_state
from recorder_tasks.store import Store
from tests.journeys.house import House, until
from tests.outages.school import add_a_schedule, due_in, ended_by_us, journalled, minutes

pytestmark = pytest.mark.integration


def test_flushall_is_told_with_what_is_gone_and_the_running_recorders_are_stopped_by_their_deadlines(
    make_house: Callable[..., House], own_redis: Any
) -> None:
    school = make_house(own_redis.url, PROFILES__DEFAULT__MAX_EXTENSION=2.0)
    crew = school.crew()
    running = [school.desk.record(f"class-{index}", minutes=minutes(10)) for index in range(3)]
    for one in running:
        school.reached(one.session_id, "recording")
    for index in range(4):
        due_in(school, f"later-{index}", 3600.0)
    add_a_schedule(school)
    until(lambda: school.desk.find(schedule="maths").recordings, what="the schedule to be planned")
    until(lambda: journalled(school) == 3, what="the journals to know the takes")
    until(lambda: noted(school) == (5, 1), what="the journals to know what is scheduled")
    own_redis.command("FLUSHALL")

    (told,) = until(
        lambda: [event for event in fleet(school) if event.type == "redis.emptied"], what="the event"
    )
    assert (told.data["scheduled"], told.data["schedules"]) == (5, 1)
    until(lambda: all("redis.emptied" in process.output() for process in crew), what="every worker's log")
    sentence = next(line for line in crew[0].output().splitlines() if "redis.emptied" in line)
    assert "5 scheduled sessions and 1 schedules are gone" in sentence
    assert "3 recorders in this journal are recovered" in sentence
    (finding,) = redis_state.emptied(school.wiring)
    assert "5 scheduled recordings and 1 schedules were gone" in finding.says

    until(
        lambda: all(school.simulator.alive(f"class-{index}") == 0 for index in range(3)), 40, "all to be over"
    )
    for index, one in enumerate(running):
        (take,) = ended_by_us(school, f"class-{index}")
        assert take["ended_at"] < one.deadline.timestamp() + school.settings.overdue_stop + 5.0
    assert [event.type for event in fleet(school)].count("redis.emptied") == 1

    again = school.desk.record("afterwards", minutes=30)
    school.reached(again.session_id, "recording")
    school.desk.stop(again.session_id)
    assert school.final(again.session_id).state == "completed"


def test_workers_that_were_away_while_redis_was_emptied_miss_what_their_journals_knew(
    make_house: Callable[..., House], own_redis: Any
) -> None:
    school = make_house(own_redis.url)
    worker = school.worker()
    start = datetime.now(UTC) + timedelta(hours=1)
    school.desk.record("later", start=start, end=start + timedelta(hours=1))
    until(lambda: noted(school) == (1, 0), what="the journal to know what is scheduled")
    worker.kill()
    own_redis.kill()
    own_redis.forget()
    own_redis.start()
    school.worker()
    until(lambda: "redis.emptied" in [event.type for event in fleet(school)], what="the event")


def test_a_namespace_that_never_held_anything_is_not_taken_for_an_emptied_one(store: Store) -> None:
    first = store.pulse.feel(None)
    assert store.pulse.feel(first) == first
    assert store.pulse.emptied() is None
    assert store.events.recent() == []


def test_many_who_miss_the_namespace_they_knew_tell_it_once(store: Store) -> None:
    known = store.pulse.feel(None)
    store.client.delete(store.keys("birth"), store.keys("clock"))
    found = [store.pulse.feel(known) for _ in range(5)]
    assert {one.name for one in found} == {found[0].name}
    assert found[0].name != known.name
    assert [event.type for event in store.events.recent()] == ["redis.emptied"]
    emptied = store.pulse.emptied()
    assert emptied is not None
    assert emptied.lost == known


def fleet(school: House) -> list[Any]:
    return list(school.wiring.store.events.recent())


def noted(school: House) -> tuple[int, int]:
    """Scheduled sessions and schedules, as a worker that knows the least has them in its journal."""
    from recorder_tasks.flow.journal import Journal

    seen = []
    for path in (school.base / "data" / "journal").glob("*@test.sqlite"):
        journal = Journal(path)
        namespace = journal.namespace()
        journal.close()
        seen.append((namespace.scheduled, namespace.schedules) if namespace else (0, 0))
    return min(seen, default=(0, 0))
