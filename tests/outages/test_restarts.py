"""Redis is restarted while classes record and begin; nobody restarts anything of ours."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.house import House, until
from tests.outages.school import (
    FLOWS_WITHIN,
    add_a_schedule,
    due_in,
    ended_by_us,
    flows_again,
    minutes,
    planned,
    wait_past,
)

pytestmark = pytest.mark.integration


def test_work_flows_again_by_itself_each_time_redis_is_restarted_under_load(
    make_house: Callable[..., House], own_redis: Any
) -> None:
    school = make_house(own_redis.url)
    crew = [*school.crew(), school.beat()]
    running = [school.desk.record(f"class-{index}", minutes=minutes(45)) for index in range(6)]
    for one in running:
        school.reached(one.session_id, "recording")
    for turn, away in enumerate((0.2, 5.0)):
        late = due_in(school, f"late-{turn}", 0.5)
        own_redis.kill()
        wait_past(time.time() + away)
        own_redis.start()
        waited = flows_again(school, late, time.time(), f"restart after {away:g} s away")
        assert waited < FLOWS_WITHIN
        school.reached(late.session_id, "recording", timeout=FLOWS_WITHIN)
        school.desk.stop(late.session_id)
        school.final(late.session_id)
        ended_by_us(school, f"late-{turn}")
    assert all(process.alive for process in crew)
    for one in running:
        school.desk.stop(one.session_id)
    for index, one in enumerate(running):
        assert school.final(one.session_id).state == "completed"
        assert len(ended_by_us(school, f"class-{index}")) == 1


def test_a_beat_that_outlived_a_restart_of_redis_still_announces_schedules(
    make_house: Callable[..., House], own_redis: Any
) -> None:
    school = make_house(own_redis.url, OVERDUE_PLAN=3600)  # so that no worker plans by itself
    school.worker()
    beat = school.beat()
    until(lambda: "beat: Starting" in beat.output(), what="beat")
    own_redis.kill()
    until(lambda: "beat.waiting for Redis" in beat.output(), what="beat to miss Redis")
    own_redis.start()
    add_a_schedule(school)
    found = until(lambda: planned(school), FLOWS_WITHIN, "the schedule to be planned")
    assert found.channel == "class-maths"
    assert beat.alive
