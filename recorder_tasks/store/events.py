"""What happened: the audit of each session, and the feed of the fleet."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import redis

from recorder_tasks.core.outcome import Instant
from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.keys import Keys
from recorder_tasks.store.scripts import Scripts

ONE_READ_MS = 1500  # well below the connection's time-out
CAP = 20_000  # events that the fleet's stream keeps at least (events.lua)


@dataclass(frozen=True)
class Event:
    """What is told of a session with the save that made it so. ``data`` is JSON."""

    type: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def as_told(self) -> list[str]:
        """As the scripts take it."""
        return [self.type, json.dumps(self.data, default=str)]


@dataclass(frozen=True)
class StoredEvent:
    """An event as it was told. ``id`` orders them and asks for what came after."""

    id: str
    type: str
    session: str
    at: Instant
    data: dict[str, Any]


class Events:
    """Reads the streams; ``session_id`` None means the fleet's. Raises StoreUnavailable."""

    def __init__(self, client: redis.Redis, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def append(self, session_id: str | None, event: Event) -> None:
        """Tell something outside of a save: of a session, or (None) to the fleet only."""
        job = {"id": session_id or "", "event": event.as_told()}
        self._scripts("note", [self._keys("clock")], self._keys.prefix, job)

    def recent(self, limit: int = 100, session_id: str | None = None) -> list[StoredEvent]:
        """The latest events, the oldest of them first."""
        with redis_errors():
            rows: Any = self._client.xrevrange(self._keys.events(session_id), count=limit)
        return [_event(row) for row in reversed(rows)]

    def of(self, session_id: str | None, after: str = "0", limit: int = 1000) -> list[StoredEvent]:
        """Events after an id, the oldest first."""
        with redis_errors():
            rows: Any = self._client.xrange(
                self._keys.events(session_id), min=f"({after}", max="+", count=limit
            )
        return [_event(row) for row in rows]

    def trimmed(self, after: str) -> bool:
        """Whether events after an id may have left the fleet's stream already, which is capped."""
        with redis_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.xlen(self._keys.events(None))
            pipe.xrange(self._keys.events(None), count=1)
            length, first = pipe.execute()
        return length >= CAP and place(first[0][0].decode()) > place(after)

    def tail(
        self, session_id: str | None = None, *, after: str = "$", block_ms: int = 1000
    ) -> list[StoredEvent]:
        """New events after an id (``$``: from now on), waiting for them at most ``block_ms`` milliseconds."""
        rows = read_stream(self._client, self._keys.events(session_id), after, block_ms)
        return [_event(row) for row in rows]


def place(event_id: str) -> tuple[int, int]:
    """What orders events by their ids."""
    at, _, number = event_id.partition("-")
    return int(at), int(number or 0)


def read_stream(client: redis.Redis, key: str, after: str, block_ms: int) -> list[Any]:
    """Entries of a stream after an id; waits up to ``block_ms`` milliseconds for the first, 0: not at all."""
    until = time.monotonic() + block_ms / 1000
    while True:
        left = int((until - time.monotonic()) * 1000)
        block = min(left, ONE_READ_MS) if left > 0 else None
        with redis_errors():
            answer: Any = client.xread({key: after}, block=block, count=1000)
        if answer or left <= ONE_READ_MS:
            return [row for _, rows in answer or [] for row in rows]


def _event(row: Any) -> StoredEvent:
    event_id, fields = row
    return StoredEvent(
        id=event_id.decode(),
        type=fields[b"type"].decode(),
        session=fields[b"session"].decode(),
        at=float(fields[b"at"]),
        data=json.loads(fields[b"data"]) or {},
    )
