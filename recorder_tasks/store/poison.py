"""Sessions that nobody here can work on, for people to see."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import redis

from recorder_tasks.core.outcome import Instant
from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.keys import Keys

MOST = 1000


@dataclass(frozen=True)
class Blame:
    """``kind``: stuck (claimed in vain), unreadable, or newer (left to workers of a newer version)."""

    session_id: str
    kind: str
    why: str
    at: Instant


class Poison:
    """Raises StoreUnavailable."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client: Any = client
        self._keys = keys

    def all(self) -> list[Blame]:
        """What is noted, the oldest first; at most a thousand."""
        with redis_errors():
            _, found = self._client.hscan(self._keys("poison"), count=MOST)
        noted = ((one.decode(), json.loads(note)) for one, note in list(found.items())[:MOST])
        blamed = (Blame(one, note["kind"], note["why"], float(note["at"])) for one, note in noted)
        return sorted(blamed, key=lambda blame: blame.at)
