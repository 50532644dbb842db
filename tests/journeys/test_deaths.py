"""Workers, stop workers and Redis die at the worst moments; the ledger says what became of the recorders."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.house import House, until

pytestmark = pytest.mark.integration


def seconds(value: float) -> float:
    return value / 60


def test_a_worker_killed_while_it_starts_doubles_nothing(make_house: Callable[..., House]) -> None:
    school = make_house()
    school.simulator.fault("start", {"delay": 1.0}, channel="class", times=1)
    first = school.worker("doomed")
    asked = school.desk.record("class", minutes=seconds(25))
    until(lambda: school.simulator.requests("class", "start"), what="the start call")
    first.kill()
    school.crew()
    school.reached(asked.session_id, "recording", timeout=30)
    assert school.simulator.alive("class") == 1
    school.desk.stop(asked.session_id)
    school.final(asked.session_id)
    assert school.simulator.alive("class") == 0


def test_workers_killed_in_the_middle_forget_nothing(make_house: Callable[..., House]) -> None:
    school = make_house()
    crew = school.crew()
    asked = school.desk.record("class", minutes=seconds(8))
    school.reached(asked.session_id, "recording")
    for process in crew:
        process.kill()
    school.crew()
    done = school.final(asked.session_id)
    (take,) = school.simulator.takes("class")
    assert done.state == "completed"
    assert take["ended_by"] == "stop"
    assert take["ended_at"] - asked.end.timestamp() < 8.0


def test_a_worker_killed_while_it_stops_leaves_the_stop_to_the_next(make_house: Callable[..., House]) -> None:
    school = make_house()
    school.worker()
    stopper = school.worker("stopper", "recorder.stop")
    school.simulator.fault("stop", {"hang": 20}, channel="class", times=1)
    asked = school.desk.record("class", minutes=30)
    school.reached(asked.session_id, "recording")
    school.desk.stop(asked.session_id)
    until(lambda: school.simulator.requests("class", "stop"), what="the stop call")
    stopper.kill()
    done = school.final(asked.session_id)
    assert done.state == "completed"
    assert school.simulator.alive("class") == 0


def test_a_stop_is_not_held_up_by_a_worker_full_of_slow_calls(make_house: Callable[..., House]) -> None:
    school = make_house(APPS__DEFAULT__QPS=200, APPS__DEFAULT__CONCURRENT_TASKS=2000, READ_TIMEOUT=8.0)
    school.simulator.call("PUT", "/settings", {"qps": 1000, "pcw": 5000})
    school.worker(concurrency=4)
    school.worker("stopper", "recorder.stop")
    asked = school.desk.record("class", minutes=30)
    school.reached(asked.session_id, "recording")
    others = [school.desk.record(f"other-{index}", minutes=30) for index in range(8)]
    for other in others:
        school.reached(other.session_id, "recording")
    school.simulator.fault("query", {"delay": 5.0})
    until(lambda: len(school.simulator.requests(verb="query")) >= 12, what="the general worker to be full")
    school.desk.stop(asked.session_id)
    (stop,) = until(lambda: school.simulator.requests("class", "stop"), what="the stop")
    wanted = school.desk.get(asked.session_id).stop_asked_at.timestamp()
    assert stop["at"] - wanted < 0.1 + school.settings.send_by


def test_a_stop_goes_out_within_its_lease_when_the_stop_worker_is_dead(
    make_house: Callable[..., House],
) -> None:
    school = make_house()
    school.worker()
    asked = school.desk.record("class", minutes=seconds(3))
    done = school.final(asked.session_id)
    (take,) = school.simulator.takes("class")
    assert done.state == "completed"
    assert (
        take["ended_at"] - asked.end.timestamp() < school.settings.overdue_stop + school.settings.stop_lease
    )


def test_redis_killed_and_restarted_in_the_middle_loses_no_class(
    make_house: Callable[..., House], own_redis: Any
) -> None:
    school = make_house(own_redis.url)
    school.crew()
    asked = school.desk.record("class", minutes=seconds(14))
    school.reached(asked.session_id, "recording")
    own_redis.kill()
    own_redis.start()
    done = school.final(asked.session_id, timeout=60)
    (take,) = school.simulator.takes("class")
    assert done.state == "completed"
    assert take["ended_by"] == "stop"


def test_the_journal_stops_a_take_whose_deadline_passes_while_redis_is_away(
    make_house: Callable[..., House], own_redis: Any
) -> None:
    school = make_house(own_redis.url)
    school.crew()
    asked = school.desk.record("class", minutes=seconds(6), max_extension=0.0)
    school.reached(asked.session_id, "recording")
    until(lambda: _journalled(school), what="the journals to know the take")
    own_redis.kill()
    until(lambda: school.simulator.alive("class") == 0, timeout=40, what="the journal's stop")
    (take,) = school.simulator.takes("class")
    assert take["ended_by"] == "stop"
    assert take["ended_at"] >= asked.deadline.timestamp()
    own_redis.start()
    done = school.final(asked.session_id, timeout=60)
    assert done.state == "completed"
    assert done.takes[0].ended_at is not None


def _journalled(school: House) -> bool:
    from recorder_tasks.flow.journal import Journal

    for path in (school.base / "data" / "journal").glob("*.sqlite"):
        journal = Journal(path)
        try:
            if journal.live():
                return True
        finally:
            journal.close()
    return False


def test_a_redis_that_comes_back_empty_still_gets_its_recorders_stopped(
    make_house: Callable[..., House], own_redis: Any
) -> None:
    school = make_house(own_redis.url)
    school.crew()
    asked = school.desk.record("class", minutes=seconds(10), max_extension=0.0)
    school.reached(asked.session_id, "recording")
    until(lambda: _journalled(school), what="the journals to know the take")
    own_redis.kill()
    own_redis.forget()
    own_redis.start()
    until(lambda: school.simulator.alive("class") == 0, timeout=60, what="the adopted take to be stopped")
    (take,) = school.simulator.takes("class")
    assert take["ended_at"] - asked.deadline.timestamp() < 15.0


def test_nothing_of_ours_holds_a_secret(make_house: Callable[..., House]) -> None:
    school = make_house()
    school.crew()
    asked = school.desk.record("class", minutes=seconds(3))
    school.final(asked.session_id)
    secrets = [school.simulator.app["secret"], school.simulator.app["certificate"], "secret-key-of-the-test"]
    redis = subprocess.run(
        ["grep", "-rlaE", "|".join(secrets), str(school.base)], capture_output=True, text=True, check=False
    )
    assert redis.stdout == ""
    stored = school.wiring.store.sessions.get(asked.session_id).to_json().decode()
    told = "".join(str(event.data) for event in school.desk.events(asked.session_id))
    assert not [secret for secret in secrets if secret in stored + told]
