"""What the store can say.

StoreError
├── StoreUnavailable   Redis did not answer, or not in time: nothing is known to have happened
├── Outdated           the schedule was changed since its planner read it: nothing was written
└── Conflict           a save lost the race: somebody moved the session; carries what is there now
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import redis

from recorder_tasks.core.session import Session

# What a server says that answers and cannot serve: loading, failing over, its disk or memory full.
PASSING = ("LOADING", "MASTERDOWN", "READONLY", "NOREPLICAS", "MISCONF", "OOM ", "UNKILLABLE", "BUSY ")


class Guard(NamedTuple):
    """Write only while the schedule has this revision ('' when it is gone)."""

    name: str
    revision: str


class StoreError(Exception):
    """Root of the store's errors; itself: Redis refused something, which is a bug or an unfit server."""


class StoreUnavailable(StoreError):
    """Redis did not answer, or not in time."""


class Outdated(StoreError):
    """The schedule that a session was planned for has moved; plan it anew."""

    def __init__(self, session_id: str, guard: Guard) -> None:
        super().__init__(f"session {session_id}: schedule {guard.name} was changed meanwhile")


class Conflict(StoreError):
    """The session was moved since it was loaded. ``current``: as it is now, None when it is gone."""

    def __init__(self, session_id: str, current: Session | None) -> None:
        super().__init__(f"session {session_id} was saved by somebody else")
        self.current = current


@contextmanager
def redis_errors() -> Iterator[None]:
    """The one edge where the driver's errors become ours."""
    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError, redis.exceptions.ReadOnlyError, OSError) as trouble:
        raise StoreUnavailable(f"Redis is out of reach: {str(trouble).rstrip('.')}") from trouble
    except redis.RedisError as trouble:
        if any(word in str(trouble) for word in PASSING):
            raise StoreUnavailable(f"Redis is out of reach: {str(trouble).rstrip('.')}") from trouble
        raise StoreError(f"Redis refused: {trouble}") from trouble
