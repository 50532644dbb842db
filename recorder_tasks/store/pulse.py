"""The pulse: every second a worker asks whether its namespace takes writes and is still the one it knew.

A server that was emptied by mistake answers as if nothing had happened. So a namespace has a name of its own,
given by its first worker, and a worker that finds another one says what is gone.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from typing import Any

import redis

from recorder_tasks.core.outcome import Instant
from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.events import Event
from recorder_tasks.store.keys import Keys
from recorder_tasks.store.scripts import Scripts

EMPTIED = "redis.emptied"


@dataclass(frozen=True)
class Namespace:
    """What was seen of it: ``name``, sessions that wait for their start, schedules."""

    name: str
    scheduled: int = 0
    schedules: int = 0


@dataclass(frozen=True)
class Emptied:
    """When somebody noticed that the namespace had lost all it held, and what that was a second before."""

    at: Instant
    lost: Namespace


class Pulse:
    """Raises StoreUnavailable; StoreFull and StoreReadOnly when the server answers and takes no writes."""

    def __init__(self, client: redis.Redis, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def feel(self, known: Namespace | None) -> Namespace:
        """The namespace as it is now; another ``name`` than the known one's: it was emptied, or replaced.

        The first to find that tells the fleet.
        """
        event = Event(EMPTIED, asdict(known) if known else {})
        job = {
            "born": secrets.token_hex(8),
            "known": known.name if known else "",
            "event": event.as_told(),
        }
        keys = [self._keys("birth"), self._keys("clock")]
        name, scheduled, schedules = self._scripts("pulse", keys, self._keys.prefix, job)
        return Namespace(name.decode(), int(scheduled), int(schedules))

    def emptied(self) -> Emptied | None:
        """The last time that the namespace was found emptied, if it ever was."""
        with redis_errors():
            found: Any = self._client.hgetall(self._keys("birth"))
        if b"emptied_at" not in found:
            return None
        return Emptied(float(found[b"emptied_at"]), Namespace(**json.loads(found[b"lost"])))
