"""Who is at work, by their own word."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import redis

from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.keys import Keys

FORGOTTEN = 3600.0


class Workers:
    """Raises StoreUnavailable."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def _now(self) -> float:
        """The server's own time: hosts do not run on a test's clock."""
        seconds, micros = self._client.time()
        return float(seconds) + float(micros) / 1e6

    def beat(self, name: str, info: Mapping[str, Any]) -> None:
        """Say that ``name`` is alive, and what it does."""
        with redis_errors():
            said = json.dumps({**info, "at": self._now()})
            self._client.hset(self._keys("workers"), name, said)

    def alive(self, within: float) -> dict[str, dict[str, Any]]:
        """Those that were heard of in the last ``within`` seconds, with what they said."""
        with redis_errors():
            now = self._now()
            found: dict[bytes, bytes] = self._client.hgetall(self._keys("workers"))  # type: ignore[assignment]
        said = {name.decode(): json.loads(value) for name, value in found.items()}
        silent = [name for name, info in said.items() if info["at"] < now - max(within, FORGOTTEN)]
        if silent:
            with redis_errors():
                self._client.hdel(self._keys("workers"), *silent)
        return {name: info for name, info in said.items() if info["at"] >= now - within}
