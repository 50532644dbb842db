"""Sessions as planners ask for them: of one schedule, and those around a bell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis

from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.session import Lane, Session, State
from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.keys import Keys
from recorder_tasks.store.stored import read_if_sound

CHUNK = 500
LONGEST = 2 * 86_400.0  # seconds that an occurrence may last, its extensions included


class Occurrences:
    """Reads only, and passes over what cannot be read. Raises StoreUnavailable."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client: Any = client
        self._keys = keys

    def of(self, schedule: str, since: Instant | None = None) -> list[Session]:
        """Every session of a schedule that starts at ``since`` or later, by start."""
        low = "-inf" if since is None else repr(since)
        return self._between(self._keys("index", "schedule", schedule), low, "+inf")

    def before(self, session: Session) -> list[Session]:
        """The sessions of the same schedule that start before this one and may last until then."""
        if session.origin is None:
            return []
        index = self._keys("index", "schedule", session.origin.schedule)
        with redis_errors():
            ids = self._client.zrangebyscore(index, repr(session.start - LONGEST), f"({session.start!r}")
        return self._loaded([one.decode() for one in reversed(ids)])

    def not_begun(self, since: Instant, until: Instant) -> list[Session]:
        """Scheduled sessions that start within [since, until), of every app."""
        index = self._keys("index", "state", State.SCHEDULED.value)
        return self._between(index, repr(since), f"({until!r}")

    def first_start(self, after: Instant) -> Instant | None:
        """The start of the first scheduled session at ``after`` or later."""
        index = self._keys("index", "state", State.SCHEDULED.value)
        with redis_errors():
            rows = self._client.zrangebyscore(index, repr(after), "+inf", 0, 1, withscores=True)
        return float(rows[0][1]) if rows else None

    def stops(self, since: Instant, until: Instant, *, app: str | None = None) -> list[Instant]:
        """When live sessions (of one app) are to be stopped within [since, until)."""
        key = self._keys("due", Lane.STOP.value)
        with redis_errors():
            rows = self._client.zrangebyscore(key, repr(since), f"({until!r}", withscores=True)
        if app is None:
            return [float(at) for _, at in rows]
        at_of = {one.decode(): float(at) for one, at in rows}
        return [at_of[session.id] for session in self._loaded([*at_of]) if session.app == app]

    def _between(self, index: str, low: str, high: str) -> list[Session]:
        with redis_errors():
            ids = self._client.zrangebyscore(index, low, high)
        return self._loaded([one.decode() for one in ids])

    def _loaded(self, ids: Sequence[str]) -> list[Session]:
        found: list[bytes | None] = []
        for at in range(0, len(ids), CHUNK):
            with redis_errors():
                found += self._client.mget([self._keys.session(one) for one in ids[at : at + CHUNK]])
        sessions = (read_if_sound(stored, one) for one, stored in zip(ids, found, strict=True))
        return [session for session in sessions if session is not None]
