"""What the store can say.

StoreError
├── StoreUnavailable   Redis did not answer, or not in time: nothing is known to have happened
│   ├── StoreFull      it answers and reads, but its memory or disk is full: nothing was written
│   └── StoreReadOnly  it answers and reads, but is a replica now, or has too few: nothing was written
├── Unreadable         the stored value is no session that this version understands
├── Outdated           the schedule was changed since its planner read it: nothing was written
└── Conflict           a save lost the race: somebody moved the session; carries what is there now
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import redis

from recorder_tasks.core.session import Session

# What a server says that answers and cannot serve.
FULL = ("OOM ", "MISCONF")
READ_ONLY = ("READONLY", "NOREPLICAS")
LOGIN = "Redis refuses the login: correct the user and password in RECORDER_REDIS_URL"
PASSING = ("LOADING", "MASTERDOWN", "UNKILLABLE", "BUSY ")


class Guard(NamedTuple):
    """Write only while the schedule has this revision ('' when it is gone)."""

    name: str
    revision: str


class StoreError(Exception):
    """Root of the store's errors; itself: Redis refused something, which is a bug or an unfit server."""


class StoreUnavailable(StoreError):
    """Redis did not answer, or not in time."""


class StoreFull(StoreUnavailable):
    """Redis answers and takes no writes until it has memory (maxmemory) or disk again."""


class StoreReadOnly(StoreUnavailable):
    """Redis answers and takes no writes: it is a replica since a failover, or lacks replicas of its own."""


class Unreadable(StoreError):
    """A session that is stored, and cannot be read. ``newer``: a newer version wrote it, and can.

    ``why`` is fit for logs and terminals.
    """

    def __init__(self, session_id: str, why: str, *, newer: bool = False) -> None:
        what = "was written by a newer version" if newer else "cannot be read"
        super().__init__(f"session {session_id} {what}: {why}")
        self.session_id, self.why, self.newer = session_id, why, newer


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
    except (redis.RedisError, OSError) as trouble:
        raise _as_ours(trouble) from trouble


def _as_ours(trouble: Exception) -> StoreError:
    said = str(trouble).rstrip(".")

    def says(words: tuple[str, ...]) -> bool:
        return any(word in said for word in words)

    if isinstance(trouble, redis.exceptions.AuthenticationError):
        return StoreUnavailable(LOGIN)
    if isinstance(trouble, redis.exceptions.ReadOnlyError) or says(READ_ONLY):
        return StoreReadOnly(f"Redis takes no writes, and nothing was written: {said}")
    if isinstance(trouble, redis.exceptions.OutOfMemoryError) or says(FULL):
        return StoreFull(f"Redis is full, and nothing was written: {said}")
    if isinstance(trouble, (redis.ConnectionError, redis.TimeoutError, OSError)) or says(PASSING):
        return StoreUnavailable(f"Redis is out of reach: {said}")
    return StoreError(f"Redis refused: {said}")
