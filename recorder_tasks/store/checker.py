"""Sessions against the due set: repairs and reports what a bug or a hand may have broken."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import redis

from recorder_tasks.core.session import Lane, Session, State
from recorder_tasks.store.errors import Conflict, redis_errors
from recorder_tasks.store.keys import Keys
from recorder_tasks.store.sessions import Dues, Event, Sessions

log = logging.getLogger(__name__)


class Checker:
    """Goes through the sessions slice by slice. Raises StoreUnavailable."""

    def __init__(self, client: redis.Redis, keys: Keys, sessions: Sessions) -> None:
        self._client = client
        self._keys = keys
        self._sessions = sessions

    def backlog(self) -> dict[str, int]:
        """How many sessions stand in each lane."""
        with redis_errors():
            pipeline = self._client.pipeline(transaction=False)
            for lane in Lane:
                pipeline.zcard(self._keys("due", lane.value))
            return dict(zip((lane.value for lane in Lane), pipeline.execute(), strict=True))

    def round(self, count: int, expected: Callable[[Session], Dues]) -> list[str]:
        """Check the next ``count`` sessions of each open state; the ids of those that were repaired.

        A session that is not settled and stands in no lane is given its due times again.
        """
        repaired: list[str] = []
        for state in State:
            for session_id in self._slice(state, count):
                if not self._due(session_id) and self._repair(session_id, expected):
                    repaired.append(session_id)
        return repaired

    def _slice(self, state: State, count: int) -> list[str]:
        index, cursor = self._keys("index", "state", state.value), self._keys("checked", state.value)
        with redis_errors():
            start = int(self._client.get(cursor) or 0)
            ids: Any = self._client.zrange(index, start, start + count - 1)
            self._client.set(cursor, start + count if len(ids) == count else 0)
        return [session_id.decode() for session_id in ids]

    def _due(self, session_id: str) -> bool:
        with redis_errors():
            pipeline = self._client.pipeline(transaction=False)
            for lane in Lane:
                pipeline.zscore(self._keys("due", lane.value), session_id)
            return any(score is not None for score in pipeline.execute())

    def _repair(self, session_id: str, expected: Callable[[Session], Dues]) -> bool:
        session = self._sessions.get(session_id)
        if session is None or session.settled_at is not None:
            return False
        try:
            self._sessions.save(session, expected(session), events=[Event("session.repaired")])
        except Conflict:
            return False
        log.error("checker.repaired session=%s: it stood in no lane", session_id)
        return True
