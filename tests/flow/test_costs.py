"""What a lifecycle costs, in counts that do not vary: round trips, commands, tasks and vendor requests.

Beside the numbers of a change stands what it does to these; they may fall, and rise only for a reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis

from recorder_tasks.celery_app import LANE_TASKS
from recorder_tasks.core.session import Lane
from tests.flow.engine import Engine

MOST_OF_A_STEP = 3
MOST_COMMANDS = Counter({"record": 21, "start": 106, "confirm": 42, "stop": 73})  # in scripts too


class Trips:
    """Sends to Redis, each of which waits for its answer: a pipeline is one."""

    def __init__(self, client: redis.Redis) -> None:
        self.count = 0
        pool: Any = client.connection_pool
        trips, base = self, pool.connection_class

        class Counted(base):  # type: ignore[misc, valid-type]
            def send_packed_command(self, command: Any, check_health: bool = True) -> None:
                trips.count += 1
                super().send_packed_command(command, check_health)

        pool.disconnect()
        pool.reset()
        pool.connection_class = Counted

    def without(self, ask: Callable[[], float]) -> Callable[[], float]:
        """The same, not counted: the made-up vendor reads the test's clock."""

        def uncounted() -> float:
            before = self.count
            answer = ask()
            self.count = before
            return answer

        return uncounted

    @contextmanager
    def of(self, costs: Counter[str], name: str) -> Iterator[None]:
        before = self.count
        yield
        costs[name] += self.count - before


class Commands:
    """What the server carries out, by its own account: a script, and each command in it."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._uncounted = 0

    def total(self) -> int:
        known: Any = self._client.info("commandstats")
        calls = {name: int(one["calls"]) for name, one in known.items() if name != "cmdstat_info"}
        return sum(calls.values()) - self._uncounted

    def without(self, ask: Callable[[], float]) -> Callable[[], float]:
        """The same, not counted."""

        def uncounted() -> float:
            before = self.total()
            answer = ask()
            self._uncounted += self.total() - before
            return answer

        return uncounted

    @contextmanager
    def of(self, costs: Counter[str], name: str) -> Iterator[None]:
        before = self.total()
        yield
        costs[name] += self.total() - before


@pytest.fixture
def commands(engine: Engine, raw: redis.Redis) -> Commands:
    """Counted from a lifecycle on."""
    counted = Commands(raw)
    engine.vendor.clock = counted.without(engine.vendor.clock)
    once(engine)
    return counted


@pytest.fixture
def trips(engine: Engine) -> Trips:
    """Counted from a lifecycle on."""
    counted = Trips(engine.store.client)
    engine.vendor.clock = counted.without(engine.vendor.clock)
    once(engine)
    return counted


def once(engine: Engine) -> None:
    """A lifecycle: from then on Redis knows the scripts, and the connection has said who it is.

    What is counted meanwhile is told to Redis now, not by a thread once a second.
    """
    warm = engine.recording("warm")
    engine.desk.stop(warm)
    engine.later(60)
    engine.store.meters.close()


def one_by_one(engine: Engine, counted: Trips | Commands, costs: Counter[str]) -> None:
    """Claims and takes turns until nothing is due, noting what each lane's turn costs."""
    while claims := engine.claim():
        for claim in claims:
            with counted.of(costs, claim.lane.value):
                engine.work(claim)


def a_lifecycle(engine: Engine, counted: Trips | Commands) -> Counter[str]:
    """What asking costs, and each lane's turn."""
    costs: Counter[str] = Counter()
    with counted.of(costs, "record"):
        made = engine.desk.record("room", minutes=10)
    for seconds in (0, 6, 600, 10):
        engine.store.clock.jump(seconds)
        one_by_one(engine, counted, costs)
    assert engine.session(made.session_id).state.final
    return costs


def test_each_step_makes_three_round_trips_at_most(engine: Engine, trips: Trips) -> None:
    costs = a_lifecycle(engine, trips)
    # start is acquire and start, each with its begin and its save; start and stop save their intent too
    assert costs == {"record": 2, "start": 2 + 3, "confirm": 2, "stop": 3}
    assert max(costs["confirm"], costs["stop"], costs["start"] - 2) <= MOST_OF_A_STEP


def test_a_lifecycle_makes_no_more_commands_of_redis_than_these(engine: Engine, commands: Commands) -> None:
    costs = a_lifecycle(engine, commands)
    assert costs <= MOST_COMMANDS, costs


def test_a_lifecycle_is_a_task_for_each_of_its_requests(engine: Engine) -> None:
    engine.desk.record("room", minutes=10)
    tasks: list[str] = []
    for seconds in (0, 6, 600, 10):
        engine.store.clock.jump(seconds)
        while claims := engine.claim():
            for claim in claims:
                tasks += LANE_TASKS[claim.lane]
                engine.work(claim)
    assert tasks == ["recorder.acquire", "recorder.start", "recorder.confirm", "recorder.stop"]
    assert engine.vendor.verbs() == ["acquire", "start", "query", "stop"]


def test_a_lifecycle_asks_the_vendor_four_times(engine: Engine) -> None:
    engine.desk.record("room", minutes=10, recipe={"recordingConfig": {"maxIdleTime": 3000}})
    for seconds in (0, 6, 594, 10):
        engine.later(seconds)
    verbs = Counter(engine.vendor.verbs())
    assert verbs["acquire"] == verbs["start"] == verbs["stop"] == 1
    assert verbs["query"] >= 1


def test_a_claim_that_finds_nothing_is_one_round_trip(engine: Engine, trips: Trips) -> None:
    engine.claim()
    costs: Counter[str] = Counter()
    with trips.of(costs, "claim"):
        engine.claim()
    assert costs["claim"] == 1


def test_a_health_check_costs_two_round_trips_and_one_request(engine: Engine, trips: Trips) -> None:
    session_id = engine.recording()
    before = len(engine.vendor.verbs())
    costs: Counter[str] = Counter()
    engine.store.clock.jump(engine.settings.profile("default").health_every)
    one_by_one(engine, trips, costs)
    assert engine.vendor.verbs()[before:] == ["query"]
    assert costs[Lane.QUERY.value] == 2, costs
    assert engine.session(session_id).state == "recording"
