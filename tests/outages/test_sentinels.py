"""Broker, results, sessions and schedules behind real Sentinels, and the primary dies."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from recorder_tasks.celery_app import build
from recorder_tasks.cli import redis_state
from recorder_tasks.settings import Settings
from tests.journeys.house import House, until
from tests.journeys.own_redis import OwnRedis, Sentinels
from tests.outages.school import (
    FLOWS_WITHIN,
    add_a_schedule,
    due_in,
    ended_by_us,
    flows_again,
    minutes,
    planned,
)

pytestmark = pytest.mark.integration


class Watched(NamedTuple):
    primary: OwnRedis
    replica: OwnRedis
    sentinels: Sentinels


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with ExitStack() as stack:
        primary, replica = (OwnRedis(tmp_path / name) for name in ("primary", "replica"))
        stack.callback(primary.kill)
        stack.callback(replica.kill)
        replica.follow(primary)
        sentinels = Sentinels(tmp_path / "sentinels", primary, password="of-the-sentinels")
        stack.callback(sentinels.kill)
        sentinels.ready()
        yield Watched(primary, replica, sentinels)


def test_a_class_is_recorded_and_stopped_in_time_although_its_primary_died_in_the_middle(
    make_house: Callable[..., House], watched: Watched
) -> None:
    school = make_house(watched.sentinels.url, OVERDUE_PLAN=3600)
    crew = [*school.crew(), school.beat()]
    running = school.desk.record("running", minutes=minutes(20))
    school.reached(running.session_id, "recording")
    late = due_in(school, "late", 1.0)
    watched.primary.kill()
    died = time.time()
    until(lambda: watched.sentinels.primary() == watched.replica.port, 30, "the Sentinels to fail over")
    print(f"MEASURED the Sentinels' failover: {time.time() - died:.2f} s")
    flows_again(school, late, time.time(), "work after the failover")
    school.reached(late.session_id, "recording", timeout=FLOWS_WITHIN)
    add_a_schedule(school)
    until(lambda: planned(school), FLOWS_WITHIN, "beat to announce a schedule at the new primary")
    done = school.final(running.session_id)
    (take,) = ended_by_us(school, "running")
    assert done.state == "completed"
    assert take["ended_at"] - running.end.timestamp() < school.settings.overdue_stop + 5.0
    assert recorded_by_name(school) == "by-name"
    assert all(process.alive for process in crew)
    assert "of-the-sentinels" not in "".join(process.output() for process in crew)


def test_the_doctor_counts_the_sentinels_and_the_replicas(tmp_path: Path, watched: Watched) -> None:
    settings = Settings(_env_file=None, redis_url=watched.sentinels.url)  # type: ignore[call-arg]
    (well,) = redis_state.sentinels(settings)
    assert (well.level, well.says) == ("ok", "3 of 3 Sentinels answer and know school, replicas: 1")
    watched.sentinels.processes[0].kill()
    (one_less,) = redis_state.sentinels(settings)
    assert (one_less.level, one_less.says) == ("warn", "2 of 3 Sentinels answer and know school")
    watched.sentinels.processes[1].kill()
    (too_few,) = redis_state.sentinels(settings)
    assert too_few.level == "error"
    assert "too few for a failover" in too_few.says


def recorded_by_name(school: House) -> str:
    """What a producer that knows only the broker gets, by way of the result backend."""
    app = build(school.settings)
    try:
        asked = {"channel": "by-name", "minutes": 30}
        found = app.send_task("recorder.record", kwargs=asked, ignore_result=False).get(timeout=20)
        return str(school.desk.get(found).channel)
    finally:
        app.close()
