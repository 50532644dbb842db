"""Somebody empties Redis by mistake: it is told at once, and no recorder is left running."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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


def test_after_flushall_what_was_to_be_stopped_is_stopped_and_not_an_hour_later(
    make_house: Callable[..., House], own_redis: Any
) -> None:
    school = make_house(own_redis.url, PROFILES__DEFAULT__MAX_EXTENSION=3600.0)
    school.crew()
    school.simulator.fault("stop", {"status": 503}, channel="stopping")
    ending = school.desk.record("ending", minutes=minutes(20))
    stopping = school.desk.record("stopping", minutes=30)
    lasting = school.desk.record("lasting", minutes=30)
    for one in (ending, stopping, lasting):
        school.reached(one.session_id, "recording")
    school.desk.stop(stopping.session_id)
    wanted = school.reached(stopping.session_id, "stopping").stop_asked_at.timestamp()
    until(lambda: school.simulator.requests("stopping", "stop"), what="a stop that fails")
    until(lambda: journalled(school) == 3, what="the journals to know the takes")
    until(lambda: ends_kept(school, stopping.session_id) == {wanted}, what="the journals to know the wish")
    own_redis.command("FLUSHALL")

    back = until(lambda: adopted(school, stopping), what="the one that was being stopped")
    assert (back.state, back.end.timestamp()) == ("stopping", wanted)
    assert back.deadline > datetime.now(UTC) + timedelta(minutes=30)
    school.simulator.call("DELETE", "/faults")
    until(lambda: school.simulator.alive("stopping") == 0, what="it to be stopped")
    ended_by_us(school, "stopping")
    until(lambda: school.simulator.alive("ending") == 0, 40, "the other's planned end")
    (take,) = ended_by_us(school, "ending")
    end = ending.end.timestamp()
    assert end - 1.0 < take["ended_at"] < end + school.settings.overdue_stop + 5.0
    goes_on = adopted(school, lasting)
    assert (goes_on.state, goes_on.end, goes_on.start) == ("recording", lasting.end, lasting.start)
    assert school.simulator.alive("lasting") == 1


def test_after_flushall_recorders_without_a_name_are_still_told(
    make_house: Callable[..., House], own_redis: Any
) -> None:
    school = make_house(own_redis.url)
    school.crew()
    school.simulator.fault("start", {"lose": "after"}, channel="lost", times=1)
    school.desk.record("lost", minutes=30)
    (orphan,) = until(
        lambda: [one for one in school.desk.orphans() if one.banned], 60, what="a recorder that was banned"
    )
    until(
        lambda: banned_by_all_journals(school) == {orphan.name}, what="the journals to know it as it is now"
    )
    own_redis.command("FLUSHALL")
    (listed,) = until(school.desk.orphans, what="it to be listed again")
    assert listed.model_dump(exclude={"minutes"}) == orphan.model_dump(exclude={"minutes"})


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


def adopted(school: House, lost: Any) -> Any:
    found = school.desk.find(labels={"adopted_from": lost.session_id}).recordings
    return found[0] if found else None


def ends_kept(school: House, session_id: str) -> set[float | None]:
    """The ends that the journals know of a session's takes."""
    return {
        take.end
        for journal in journals(school)
        for take in journal.live().values()
        if take.session == session_id
    }


def banned_by_all_journals(school: House) -> set[str]:
    """The orphans that every journal has, in their latest form: a copy may be a second old."""
    kept = (journal.orphans() for journal in journals(school))
    return set.intersection(*({name for name, orphan in each.items() if orphan.banned} for each in kept))


def journals(school: House) -> Iterator[Any]:
    from recorder_tasks.flow.journal import Journal

    for path in (school.base / "data" / "journal").glob("*@test.sqlite"):
        journal = Journal(path)
        try:
            yield journal
        finally:
            journal.close()


def noted(school: House) -> tuple[int, int]:
    """Scheduled sessions and schedules, as a worker that knows the least has them in its journal."""
    seen = []
    for journal in journals(school):
        namespace = journal.namespace()
        seen.append((namespace.scheduled, namespace.schedules) if namespace else (0, 0))
    return min(seen, default=(0, 0))
