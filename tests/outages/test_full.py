"""Redis has no memory left (noeviction): it is said in one sentence, nothing is half-written, stops go on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from recorder_tasks.cli import redis_state
from recorder_tasks.store import StoreFull
from schedules.errors import SchedulesUnavailable
from tests.journeys.house import House, until
from tests.outages.school import (
    FLOWS_WITHIN,
    add_a_schedule,
    due_in,
    ended_by_us,
    flows_again,
    journalled,
    minutes,
)

pytestmark = pytest.mark.integration


def test_a_full_redis_is_one_clear_sentence_and_leaves_nothing_half_written(
    make_house: Callable[..., House], own_redis: Any
) -> None:
    school = make_house(own_redis.url)
    kept = school.desk.record("kept", minutes=30)
    before = held(own_redis)
    own_redis.fill()
    with pytest.raises(StoreFull, match=r"^Redis is full, and nothing was written: .*maxmemory"):
        school.desk.record("refused", minutes=30)
    with pytest.raises(StoreFull):
        school.desk.stop(kept.session_id)
    with pytest.raises(SchedulesUnavailable, match=r"^Redis is full, and nothing was written: .*maxmemory"):
        add_a_schedule(school)
    assert held(own_redis) == before
    said = command(school, "record", "refused", "--minutes", "30")
    assert said.returncode == 5
    assert said.stderr.startswith("recorder: Redis is full, and nothing was written: ")
    assert len(said.stderr.splitlines()) == 1
    assert "it is full" in next(redis_state.memory(school.wiring.store.server.facts())).says
    own_redis.relieve()
    assert school.desk.record("refused", minutes=30).state == "scheduled"
    assert school.desk.get(kept.session_id).stop_asked_at is None


def test_classes_that_record_while_redis_is_full_are_stopped_at_their_end_and_work_goes_on_afterwards(
    make_house: Callable[..., House], own_redis: Any
) -> None:
    school = make_house(own_redis.url)  # a class may be extended by an hour: the deadline is far away
    crew = [*school.crew(), school.beat()]
    running = [school.desk.record(f"class-{index}", minutes=minutes(9)) for index in range(3)]
    for one in running:
        school.reached(one.session_id, "recording")
    late = due_in(school, "late", 4.0)
    until(lambda: journalled(school) == 3, what="the journals to know the takes")
    own_redis.fill()
    until(lambda: not any(school.simulator.alive(f"class-{index}") for index in range(3)), 40, "the stops")
    for index, one in enumerate(running):
        (take,) = ended_by_us(school, f"class-{index}")
        assert one.end.timestamp() <= take["ended_at"] < one.end.timestamp() + 10.0
    assert school.simulator.requests("late") == []
    own_redis.relieve()
    flows_again(school, late, time.time(), "work after memory is there again")
    for one in running:
        done = school.final(one.session_id, timeout=FLOWS_WITHIN)
        assert done.state == "completed"
    assert all(process.alive for process in crew)


def test_a_stop_whose_save_meets_a_full_redis_has_still_reached_the_vendor(
    make_house: Callable[..., House], own_redis: Any
) -> None:
    school = make_house(own_redis.url)
    school.crew()
    asked = school.desk.record("class", minutes=30)
    school.reached(asked.session_id, "recording")
    school.simulator.fault("stop", {"delay": 2.0}, channel="class", times=1)
    school.desk.stop(asked.session_id)
    until(lambda: school.simulator.requests("class", "stop"), what="the stop call")
    own_redis.fill()
    until(lambda: school.simulator.alive("class") == 0, what="the stop")
    own_redis.relieve()
    done = school.final(asked.session_id)
    assert done.state == "completed"
    assert [take["ended_by"] for take in school.simulator.takes("class")] == ["stop"]


def held(server: Any) -> dict[bytes, int]:
    """Every key with the memory that it takes, but for the clock."""
    keys = sorted(server.command("KEYS", "*"))
    return {key: server.command("MEMORY", "USAGE", key) for key in keys if not key.endswith(b":clock")}


def command(school: House, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **school.env}
    return subprocess.run(
        [sys.executable, "-m", "recorder_tasks.cli", *words],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
