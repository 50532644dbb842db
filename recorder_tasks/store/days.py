"""The sessions of a span of time: those that begin in it, and those that reach into it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import redis

from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.pages import LONGEST_HOURS
from recorder_tasks.core.session import Session, State
from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.indexes import LONG
from recorder_tasks.store.keys import Keys
from recorder_tasks.store.listing import Filter
from recorder_tasks.store.stored import read_if_sound

LIVING = (State.STARTING, State.RECORDING, State.STOPPING)
LONGEST = LONGEST_HOURS * 3600.0
AT_ONCE = 500  # sessions in one answer


class Days:
    """Raises StoreUnavailable. What cannot be read is passed over."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client: Any = client
        self._keys = keys

    def overlapping(
        self, wanted: Filter, since: Instant, until: Instant, now: Instant, limit: int
    ) -> tuple[list[Session], bool]:
        """The earliest ``limit`` sessions that overlap [since, until), and whether there are more.

        It costs what is found, and what began in the three hours before, however many others there are.
        """
        within, before = self._entries(wanted, since, until, limit + 1)
        sessions = [
            session
            for session in self._loaded([*before, *within])
            if wanted.passes(session) and session.start < until and reaches(session, now) > since
        ]
        sessions.sort(key=lambda session: (session.start, session.id))
        more = len(sessions) > limit or len(within) > limit or len(before) > limit
        return sessions[:limit], more

    def _entries(
        self, wanted: Filter, since: Instant, until: Instant, most: int
    ) -> tuple[list[str], list[str]]:
        """Ids of the first that begin in the span, and of the latest before it that may reach into it."""
        indexes = wanted.indexes(self._keys)
        alive = [self._keys("index", "state", state.value) for state in LIVING]
        low, high = repr(since), f"({since!r}"
        with redis_errors():
            pipe = self._client.pipeline(transaction=False)
            for index in indexes:
                pipe.zrangebyscore(index, low, f"({until!r}", start=0, num=most, withscores=True)
            for index in indexes:
                pipe.zrevrangebyscore(index, high, since - LONG, start=0, num=most, withscores=True)
            long = self._keys("index", "long")
            pipe.zrevrangebyscore(long, high, since - LONGEST, start=0, num=most, withscores=True)
            for index in alive:
                pipe.zrevrangebyscore(index, high, "-inf", start=0, num=most, withscores=True)
            found = pipe.execute()
        within = _first(found[: len(indexes)], most)
        return within, _first(found[len(indexes) :], most, latest=True)

    def _loaded(self, ids: Sequence[str]) -> Iterable[Session]:
        for at in range(0, len(ids), AT_ONCE):
            part = ids[at : at + AT_ONCE]
            with redis_errors():
                texts = self._client.mget([self._keys.session(one) for one in part])
            for one, text in zip(part, texts, strict=True):
                session = read_if_sound(text, one)
                if session is not None:
                    yield session


def reaches(session: Session, now: Instant) -> Instant:
    """Until when it is to be seen: its planned end, or its recorder's if that is later."""
    if session.state in LIVING:
        return max(session.end, now)
    return max(session.end, session.final_at or 0.0) if session.takes else session.end


def _first(found: Iterable[list[tuple[bytes, float]]], most: int, *, latest: bool = False) -> list[str]:
    """The first entries of several indexes, each once."""
    starts = {one.decode(): start for entries in found for one, start in entries}
    ordered = sorted(starts, key=lambda one: (starts[one], one), reverse=latest)
    return ordered[:most]
