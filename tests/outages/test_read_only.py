"""A failover turns the Redis that we speak to into a replica: it answers, and takes no writes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from recorder_tasks.store import StoreReadOnly
from tests.journeys.house import House, until
from tests.journeys.own_redis import Address, OwnRedis
from tests.outages.school import FLOWS_WITHIN, due_in, ended_by_us, flows_again, journalled, minutes

pytestmark = pytest.mark.integration


@pytest.fixture
def other_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path / "other-redis")
    yield server
    server.kill()


def test_work_moves_to_the_new_primary_although_connections_to_the_old_one_stay_open(
    make_house: Callable[..., House], own_redis: OwnRedis, other_redis: OwnRedis
) -> None:
    other_redis.follow(own_redis)
    address = Address(own_redis.port)
    school = make_house(address.url)
    crew = [*school.crew(), school.beat()]
    running = school.desk.record("running", minutes=minutes(12))
    school.reached(running.session_id, "recording")
    late = due_in(school, "late", 2.0)
    address.port = other_redis.port
    other_redis.lead()
    own_redis.follow(other_redis)
    waited = flows_again(school, late, time.time(), "work after the primary became a replica")
    assert waited < FLOWS_WITHIN
    done = school.final(running.session_id)
    (take,) = ended_by_us(school, "running")
    assert done.state == "completed"
    assert take["ended_at"] - running.end.timestamp() < school.settings.overdue_stop + 5.0
    assert all(process.alive for process in crew)
    address.close()


def test_the_journals_stop_a_class_at_its_deadline_while_nothing_but_a_replica_answers(
    make_house: Callable[..., House], own_redis: OwnRedis, other_redis: OwnRedis
) -> None:
    school = make_house(own_redis.url)
    crew = [*school.crew(), school.beat()]
    asked = school.desk.record("class", minutes=minutes(8), max_extension=0.0)
    school.reached(asked.session_id, "recording")
    until(lambda: journalled(school) == 1, what="the journals to know the take")
    other_redis.follow(own_redis)
    other_redis.lead()
    own_redis.follow(other_redis)
    with pytest.raises(StoreReadOnly, match=r"^Redis takes no writes, and nothing was written: "):
        school.desk.record("refused", minutes=30)
    until(lambda: school.simulator.alive("class") == 0, timeout=40, what="the journal's stop")
    (take,) = ended_by_us(school, "class")
    assert take["ended_at"] >= asked.deadline.timestamp()
    own_redis.lead()
    back = time.time()
    late = school.desk.record("late", minutes=30)
    flows_again(school, late, back, "work after the replica became a primary again")
    assert school.final(asked.session_id, timeout=FLOWS_WITHIN).state == "completed"
    assert all(process.alive for process in crew)


def test_a_refused_write_leaves_the_replica_for_whoever_leads_now(
    own_redis: OwnRedis, other_redis: Any
) -> None:
    from recorder_tasks.store.connection import connect

    other_redis.follow(own_redis)
    address = Address(own_redis.port)
    client = connect(address.url)
    client.set("before", 1)
    address.port = other_redis.port
    other_redis.lead()
    own_redis.follow(other_redis)
    assert client.set("after", 1)
    assert client.register_script("return redis.call('INCR', KEYS[1])")(keys=["after"]) == 2
    client.close()
    address.close()
