"""The vendor's callbacks as they came, by app: when the last one did, how many, and which are known."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import redis

from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.keys import Keys
from recorder_tasks.store.scripts import Scripts

KEPT = 2 * 3600  # seconds that a callback is known again: the vendor gives up after three tries (6.3)


class Came(StrEnum):
    """What a signed callback was."""

    TAKEN = "taken"  # about a recording of ours
    STRANGER = "stranger"  # about none of ours
    DOUBLED = "doubled"  # dealt with before
    TEST = "test"  # the console's check of the address
    UNREADABLE = "unreadable"  # no JSON object
    DROPPED = "dropped"  # answered, and given up since Redis was away for too long


class Callbacks:
    """Only signed ones are counted. Raises StoreUnavailable."""

    def __init__(self, client: redis.Redis, keys: Keys, scripts: Scripts) -> None:
        self._client: Any = client
        self._keys = keys
        self._scripts = scripts

    def known(self, app: str, name: str) -> str | None:
        """The session that a callback touched when it was dealt with, '' if none; None if it is new."""
        with redis_errors():
            found: bytes | None = self._client.get(self._keys("notice", app, name))
        return None if found is None else found.decode()

    def note(self, app: str, came: Came, *, name: str | None = None, session: str | None = None) -> bool:
        """It was dealt with; False if somebody had done so meanwhile. Without a name it is only counted."""
        keys = [self._keys("callbacks", app), self._keys("notice", app, name or ""), self._keys("clock")]
        job = {"came": came.value, "session": session or "", "keep": 0 if name is None else KEPT}
        return bool(self._scripts("notice", keys, self._keys.prefix, job))

    def drop(self, app: str, count: int) -> None:
        """So many were answered and could not be taken in."""
        with redis_errors():
            self._client.hincrby(self._keys("callbacks", app), Came.DROPPED.value, count)

    def state(self, app: str) -> dict[str, float]:
        """How many came by :class:`Came`, and ``at``, the instant of the last one; empty if none ever did."""
        with redis_errors():
            found: dict[bytes, bytes] = self._client.hgetall(self._keys("callbacks", app))
        return {name.decode(): float(value) for name, value in found.items()}
