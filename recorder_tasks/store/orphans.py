"""Takes that may be running and that nobody can stop by name, until a net has surely ended them."""

from __future__ import annotations

import math
from typing import Any

import redis

from recorder_tasks.core.outcome import Instant
from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.keys import Keys


class Orphans:
    """Written by ``save``. Raises StoreUnavailable."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client: Any = client
        self._key = keys("orphans")

    def all(self, now: Instant) -> dict[str, Instant | None]:
        """By ``session/resource``: when the last net ends it, None if none does; over ones are gone."""
        with redis_errors():
            self._client.zremrangebyscore(self._key, "-inf", now)
            rows = self._client.zrange(self._key, 0, -1, withscores=True)
        return {name.decode(): None if math.isinf(at) else at for name, at in rows}

    def forget(self, name: str) -> bool:
        """Somebody has seen to it that it is over; False if it was not listed."""
        with redis_errors():
            return bool(self._client.zrem(self._key, name))
