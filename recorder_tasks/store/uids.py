"""Recorder uids: a few at a time out of a range that is kept free for recorders, handed out in turn."""

from __future__ import annotations

import os
from threading import Lock

import redis

from recorder_tasks.core.session import UIDS_EACH
from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.keys import Keys

BLOCK = 64  # shares reserved at once, so that asking for a recording rarely costs a round trip for them


class Uids:
    """A process's share of the namespace's counter; thread-safe, and a forked child takes its own."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._key = keys("uids")
        self._lock = Lock()
        self._owner = os.getpid()
        self._left: list[int] = []

    def next(self, low: int, high: int) -> tuple[int, int]:
        """The first and the last of a session's own uids. Raises ValueError for a range without as many."""
        shares = (high - low + 1) // UIDS_EACH
        if low < 1 or shares < 1:
            raise ValueError(f"uid_range: {low}..{high} has fewer than the {UIDS_EACH} uids of one recording")
        first = low + UIDS_EACH * (self._count() % shares)
        return first, first + UIDS_EACH - 1

    def _count(self) -> int:
        with self._lock:
            if self._owner != os.getpid():
                self._owner, self._left = os.getpid(), []
            if not self._left:
                with redis_errors():
                    end = int(self._client.incrby(self._key, BLOCK))
                self._left = list(range(end - 1, end - BLOCK - 1, -1))
            return self._left.pop()
