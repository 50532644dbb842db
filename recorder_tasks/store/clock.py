"""The one clock: Redis's TIME, as the scripts see it."""

from __future__ import annotations

from typing import Any

import redis

from recorder_tasks.core.outcome import Instant
from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.keys import Keys
from recorder_tasks.store.scripts import Scripts

MAX_RATE = 20.0


class Clock:
    """Reads the namespace's time. A namespace made for tests may run at another rate, or be moved ahead."""

    def __init__(self, client: redis.Redis, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts
        self._rate: float | None = None

    def now(self) -> Instant:
        """UTC epoch seconds."""
        now, rate = self._scripts("now", [self._keys("clock")], self._keys.prefix, {})
        self._rate = float(rate)
        return float(now)

    @property
    def rate(self) -> float:
        """How fast the namespace's time runs: 1, save under test (a frozen one too). Read once a process."""
        if self._rate is None:
            self.now()
        return self._rate or 1.0

    def set_test(self, *, rate: float = 1.0, offset: float = 0.0) -> None:
        """For tests: run at ``rate`` from now on, ``offset`` seconds ahead."""
        if not 0 < rate <= MAX_RATE:
            raise ValueError(f"rate: {rate:g} is not within 0..{MAX_RATE:g}")
        with redis_errors():
            seconds, micros = self._client.time()
            anchor = seconds + micros / 1e6
            values: dict[Any, Any] = {
                "rate": rate,
                "anchor": f"{anchor:.6f}",
                "offset": offset,
            }
            self._client.hset(self._keys("clock"), mapping=values)
        self._rate = rate

    def freeze(self, at: Instant) -> None:
        """For rehearsals: it is ``at`` until whoever holds the clock says otherwise."""
        values: dict[Any, Any] = {"rate": 0, "anchor": 0, "offset": f"{at:.6f}"}
        with redis_errors():
            self._client.hset(self._keys("clock"), mapping=values)
        self._rate = 1.0  # by the timer of its holder

    def jump(self, seconds: float) -> None:
        """For tests: move a test clock ahead."""
        with redis_errors():
            self._client.hincrbyfloat(self._keys("clock"), "offset", seconds)

    def read(self) -> dict[str, float]:
        """The clock's raw members; ``rate`` among them marks a test clock."""
        with redis_errors():
            found: dict[bytes, bytes] = self._client.hgetall(self._keys("clock"))  # type: ignore[assignment]
        return {name.decode(): float(value) for name, value in found.items()}
