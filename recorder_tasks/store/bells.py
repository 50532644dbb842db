"""Which apps have starts to be placed before a bell, and when somebody shall look."""

from __future__ import annotations

from typing import Any

import redis

from recorder_tasks.core.outcome import Instant
from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.keys import Keys
from recorder_tasks.store.scripts import Scripts


class Bells:
    """A zset app -> when to look. Raises StoreUnavailable."""

    def __init__(self, client: redis.Redis, keys: Keys, scripts: Scripts) -> None:
        self._client: Any = client
        self._key = keys("bells")
        self._prefix = keys.prefix
        self._scripts = scripts

    def mark(self, app: str, at: Instant) -> None:
        """Somebody shall look at the app's starts by ``at``."""
        with redis_errors():
            self._client.zadd(self._key, {app: f"{at:.6f}"}, lt=True)

    def take(self, now: Instant, lease: float) -> list[tuple[str, Instant]]:
        """The apps to look at, until a lease ends, with what ``placed`` wants to know of each."""
        with redis_errors():
            names = [name.decode() for name in self._client.zrangebyscore(self._key, "-inf", now)]
            till = round(now + lease, 6)
            if names:
                self._client.zadd(self._key, dict.fromkeys(names, f"{till:.6f}"), xx=True)
        return [(name, till) for name in names]

    def placed(self, app: str, taken: Instant, again: Instant | None) -> None:
        """Looked at; look again at ``again``, unless somebody has asked for an earlier look meanwhile."""
        job = {"app": app, "taken": taken, "again": -1 if again is None else again}
        self._scripts("placed", [self._key], self._prefix, job)

    def first(self) -> Instant | None:
        """When the next look is due."""
        with redis_errors():
            rows = self._client.zrange(self._key, 0, 0, withscores=True)
        return float(rows[0][1]) if rows else None
