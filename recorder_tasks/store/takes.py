"""The takes that may be recording, for the journals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import redis

from recorder_tasks.core.outcome import Frozen, Instant
from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.keys import Keys


class LiveTake(Frozen):
    """What is needed to stop a take without Redis. ``key`` is its sid."""

    key: str
    session: str
    app: str
    channel: str
    uid: int
    resource_id: str
    sid: str
    mode: str
    deadline: Instant


@dataclass(frozen=True)
class TakeChange:
    """``op`` is live or over; ``take`` is set for live."""

    op: str
    key: str
    take: LiveTake | None


class LiveTakes:
    """Raises StoreUnavailable."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def all(self) -> dict[str, LiveTake]:
        with redis_errors():
            found: dict[bytes, bytes] = self._client.hgetall(self._keys("live"))  # type: ignore[assignment]
        return {key.decode(): LiveTake.model_validate_json(body) for key, body in found.items()}

    def last_id(self) -> str:
        """Where changes from now on begin."""
        with redis_errors():
            rows: Any = self._client.xrevrange(self._keys("takes"), count=1)
        return rows[0][0].decode() if rows else "0"

    def changes(self, after: str, block_ms: int) -> tuple[list[TakeChange], str, bool]:
        """Changes after an id, waiting for them; the new id; whether some were trimmed away unseen."""
        key = self._keys("takes")
        with redis_errors():
            answer: Any = self._client.xread({key: after}, block=min(max(1, block_ms), 2000), count=1000)
            oldest: Any = self._client.xrange(key, count=1) if answer else []
        rows = [row for _, rows in answer or [] for row in rows]
        changes = [_change(fields) for _, fields in rows]
        gap = (
            bool(oldest)
            and after != "0"
            and _order(oldest[0][0].decode()) > _order(after)
            and len(rows) >= 1000
        )
        return changes, rows[-1][0].decode() if rows else after, gap


def _order(stream_id: str) -> tuple[int, int]:
    milliseconds, _, number = stream_id.partition("-")
    return int(milliseconds), int(number or 0)


def _change(fields: dict[bytes, bytes]) -> TakeChange:
    op, key = fields[b"op"].decode(), fields[b"key"].decode()
    return TakeChange(op, key, LiveTake.model_validate_json(fields[b"body"]) if op == "live" else None)
