"""What happened: the audit of each session, and the feed of the fleet."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import redis

from recorder_tasks.core.outcome import Instant
from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.keys import Keys


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

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def of(self, session_id: str | None, after: str = "0", limit: int = 1000) -> list[StoredEvent]:
        """Events after an id, the oldest first."""
        with redis_errors():
            rows: Any = self._client.xrange(
                self._keys.events(session_id), min=f"({after}", max="+", count=limit
            )
        return [_event(row) for row in rows]

    def tail(self, session_id: str | None, *, after: str, block_ms: int) -> list[StoredEvent]:
        """New events after an id (``$``: from now on), waiting for them at most ``block_ms`` milliseconds."""
        with redis_errors():
            answer: Any = self._client.xread(
                {self._keys.events(session_id): after}, block=min(max(1, block_ms), 2000), count=1000
            )
        return [_event(row) for _, rows in answer or [] for row in rows]


def _event(row: Any) -> StoredEvent:
    event_id, fields = row
    return StoredEvent(
        id=event_id.decode(),
        type=fields[b"type"].decode(),
        session=fields[b"session"].decode(),
        at=float(fields[b"at"]),
        data=json.loads(fields[b"data"]) or {},
    )
