"""Beat's entries count by a host's clock, and their last runs by Redis's: the two may be an hour apart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from schedules.store import ScheduleStore
from tests.schedules.test_beat import Desk, every

HOUR = 3600.0


class Apart(ScheduleStore):
    """A store whose server's clock is an hour ahead of this host's, as far as its callers can tell."""

    def last_runs(self) -> dict[str, float]:
        return {name: at + HOUR for name, at in super().last_runs().items()}

    def ahead_of_host(self) -> float:
        return super().ahead_of_host() + HOUR

    def take_slot(self, entry: str, seen: float | None) -> tuple[bool, float]:
        won, at = super().take_slot(entry, None if seen is None else seen - HOUR)
        return won, at + HOUR


@pytest.fixture
def desk(redis_url: str, namespace: str) -> Iterator[Desk]:
    built = Desk(redis_url, namespace)
    yield built
    built.close()


def test_entries_of_a_beat_whose_host_is_an_hour_late_run_when_they_are_due_and_not_before(
    desk: Desk,
) -> None:
    beat = desk.beat({"tick": every(60)})
    beat._store = Apart(desk.url, desk.namespace)
    desk.ran("tick", ago=50)
    beat.tick()
    assert desk.sent() == []
    desk.ran("tick", ago=62)
    for _ in range(3):
        beat.tick()
    assert [task for task, _ in desk.sent()] == ["team.tick"]


def test_entries_wait_one_interval_and_no_hour_once_redis_s_clock_has_come_back(desk: Desk) -> None:
    desk.ran("tick", ago=-HOUR)
    desk.beat({"tick": every(60)}).tick()
    assert desk.sent() == []
    assert desk.rules.last_runs()["tick"] <= desk.client.time()[0] + 1


def test_a_beat_counts_from_its_own_runs_by_its_own_clock(desk: Desk) -> None:
    beat = desk.beat({"tick": every(HOUR)})
    desk.ran("tick", ago=2 * HOUR)
    beat.tick()
    (entry,) = beat.schedule.values()
    beat.tick()
    last = desk.rules.last_runs()["tick"]
    assert abs(entry.last_run_at.timestamp() - last) < 1.0
    assert len(desk.sent()) == 1
