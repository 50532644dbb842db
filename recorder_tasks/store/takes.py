"""The takes that may be recording, for the journals."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import redis
from pydantic import ValidationError

from recorder_tasks.core.outcome import Instant, Kept
from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.events import read_stream
from recorder_tasks.store.keys import Keys

log = logging.getLogger(__name__)

BEGINNING = "0-0"


class LiveTake(Kept):
    """What is needed to stop a take without Redis. ``key`` is its sid.

    ``start``, ``end``: of its session, the end as it was wanted last; ``began``, ``expires_at``: of the take
    itself. None where an older version wrote.
    """

    key: str
    session: str
    app: str
    channel: str
    uid: int
    resource_id: str
    sid: str
    mode: str
    deadline: Instant
    start: Instant | None = None
    end: Instant | None = None
    began: Instant | None = None
    expires_at: Instant | None = None


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
        read = {key.decode(): _read(body) for key, body in found.items()}
        return {key: take for key, take in read.items() if take is not None}

    def get(self, sid: str) -> LiveTake | None:
        with redis_errors():
            found: Any = self._client.hget(self._keys("live"), sid)
        return None if found is None else LiveTake.model_validate_json(found)

    def changes(self, after: str, block_ms: int) -> tuple[list[TakeChange], str, bool]:
        """Changes after an id, waiting for them; the new id; whether some may have been trimmed away unseen.

        ``$`` asks only from which id on changes are new.
        """
        if after == "$":
            return [], self.last_id(), False
        rows = read_stream(self._client, self._keys("takes"), after, block_ms)
        last = rows[-1][0].decode() if rows else after
        return [_change(fields) for _, fields in rows], last, self._gap(after)

    def last_id(self) -> str:
        """Where changes from now on begin."""
        with redis_errors():
            rows: Any = self._client.xrevrange(self._keys("takes"), count=1)
        return rows[0][0].decode() if rows else BEGINNING

    def _gap(self, after: str) -> bool:
        """What followed an entry may be cut off if the entry itself is gone."""
        key = self._keys("takes")
        with redis_errors():
            if after != BEGINNING:
                return not self._client.xrange(key, min=after, max=after)
            if not self._client.exists(key):
                return False
            stream: Any = self._client.xinfo_stream(key)
        return bool(stream["entries-added"] > stream["length"])


def _change(fields: dict[bytes, bytes]) -> TakeChange:
    op, key = fields[b"op"].decode(), fields[b"key"].decode()
    return TakeChange(op, key, _read(fields[b"body"]) if op == "live" else None)


def _read(body: bytes) -> LiveTake | None:
    """One that cannot be read must not keep the others from the journals."""
    try:
        return LiveTake.model_validate_json(body)
    except ValidationError:
        log.warning("takes.unreadable: a live take in Redis is none (%d bytes)", len(body))
        return None
