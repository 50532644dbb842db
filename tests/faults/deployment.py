"""The deployments of waves, each with what its rows and its victim need, two at a time."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from recorder_tasks.settings import Settings
from tests.faults.cases import cases_of
from tests.faults.dying_redis import ENVIRONMENT, DyingRedis
from tests.faults.matrix import Wave
from tests.faults.running import QPS, READ, Ran, Runner
from tests.journeys.house import House

OVERRIDES: dict[str, Any] = {
    "APPS__DEFAULT__QPS": QPS,
    "APPS__DEFAULT__CONCURRENT_TASKS": 10 * QPS,
    "SEND_BY": 0.3,  # a vendor that shares two busy cores with all the rest reads late, and several at once
    "PROFILES__DEFAULT__HEALTH_EVERY": 2.0,
    "READ_TIMEOUT": READ,
    "STOP_TIMEOUT": READ,
    "CADENCE__ANSWER": READ + 1.5,
    "CADENCE__GONE_AFTER": 20.0,  # two 404s, however far a crash puts them apart, are no death
    "CADENCE__TOKEN_GRACE": 6.0,
}


class CarefulHouse(House):
    """Reads its settings while no other thread begins a process: they go through this one's environment."""

    def _settings(self) -> Settings:
        with ENVIRONMENT:
            return super()._settings()


@contextmanager
def deployment(wave: Wave, redis_url: str, base: Path) -> Iterator[Runner]:
    """A school for one wave, with a Redis of its own where that is the one to die."""
    namespace = f"f{secrets.token_hex(4)}"
    server = None
    if wave.victim.startswith(("redis", "failover")):
        server = DyingRedis(base / "redis", wave.victim)
    inside = base / "school"
    inside.mkdir()
    traps = [
        trap
        for case in cases_of(wave, inside, namespace)
        for trap in case.traps(inside / "cut.word", inside / "release.word")
    ]
    crash = json.dumps(traps)
    url = redis_url if server is None else server.url
    with ExitStack() as stack:
        if server is not None:
            stack.callback(server.close)
        school = CarefulHouse(url, inside, {"NAMESPACE": namespace, "CRASH": crash, **OVERRIDES})
        stack.callback(school.close)
        yield Runner(wave, school, server)


AT_A_TIME = 2


class Runs:
    """Runs waves, two at a time and in their order; for the most part they wait."""

    def __init__(self, waves: Sequence[Wave], redis_url: str, base: Path) -> None:
        self._redis_url, self._base = redis_url, base
        self._pool = ThreadPoolExecutor(AT_A_TIME)
        self._ran = {wave.name: self._pool.submit(self._run, wave) for wave in waves}

    def of(self, wave: Wave) -> Ran:
        """What became of a wave; raises what its run raised."""
        return self._ran[wave.name].result()

    def close(self) -> None:
        """Begins no more, and waits for those that run."""
        self._pool.shutdown(cancel_futures=True)

    def _run(self, wave: Wave) -> Ran:
        base = self._base / wave.name
        base.mkdir()
        with deployment(wave, self._redis_url, base) as runner:
            return runner.run()
