"""Lists of sessions by start time, page by page, out of the indexes: never a walk over all sessions."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any

import redis

from recorder_tasks.core.session import Session, State
from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.keys import Keys
from recorder_tasks.store.stored import read_if_sound

MOST_LOOKED_AT = 2000  # sessions read for one page when the indexes alone cannot answer
CHUNK = 200

Entry = tuple[float, str]  # start, id
Span = tuple[float | None, float | None]  # since, until


@dataclass(frozen=True)
class Page:
    """Sessions in the order asked for; ``cursor`` asks for what follows, None: that was all."""

    sessions: tuple[Session, ...]
    cursor: str | None


@dataclass(frozen=True)
class Filter:
    """What a session must be like; the narrowest index serves, the rest is looked at."""

    state: State | None
    labels: dict[str, str]
    app: str | None
    channel: str | None
    schedule: str | None = None

    def passes(self, session: Session) -> bool:
        return (
            (self.state is None or session.state is self.state)
            and (self.app is None or session.app == self.app)
            and (self.channel is None or session.channel == self.channel)
            and (self.schedule is None or _of_schedule(session, self.schedule))
            and self.labels.items() <= session.labels.items()
        )

    def indexes(self, keys: Keys) -> list[str]:
        if self.schedule is not None:
            return [keys("index", "schedule", self.schedule)]
        if self.channel is not None:
            return [keys("index", "channel", self.channel)]
        if self.labels:
            name, value = min(self.labels.items())
            return [keys("index", "label", f"{name}={value}")]
        return [keys("index", "state", state) for state in (State if self.state is None else (self.state,))]


def _of_schedule(session: Session, name: str) -> bool:
    return session.origin is not None and session.origin.schedule == name


class Listing:
    """Reads pages; see ``Sessions.find``. What cannot be read is passed over: the doctor tells of it."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def page(self, wanted: Filter, span: Span, limit: int, cursor: str | None, *, newest: bool) -> Page:
        if limit < 1:
            raise ValueError(f"limit: {limit} is below 1")
        reader = _Reader(self._client, wanted.indexes(self._keys), span, newest)
        last = None if cursor is None else _entry(cursor)
        found: dict[str, Session] = {}
        looked = 0
        size = min(CHUNK, limit)
        while looked < MOST_LOOKED_AT:
            batch = reader.after(last, size + 1)
            page = self._loaded(batch[:size])
            for place, (entry, session) in enumerate(page, start=1):
                last = entry
                if session is not None and wanted.passes(session):
                    found[session.id] = session
                if len(found) >= limit and place < len(batch):
                    return Page(tuple(found.values()), _cursor(entry))
            if len(batch) <= size:
                return Page(tuple(found.values()), None)
            looked, size = looked + len(page), CHUNK
        assert last is not None
        return Page(tuple(found.values()), _cursor(last))

    def _loaded(self, entries: list[Entry]) -> list[tuple[Entry, Session | None]]:
        if not entries:
            return []
        with redis_errors():
            found: Any = self._client.mget([self._keys.session(one) for _, one in entries])
        return [
            (entry, read_if_sound(stored, entry[1])) for entry, stored in zip(entries, found, strict=True)
        ]


class _Reader:
    """Entries of several indexes in one order."""

    def __init__(self, client: redis.Redis, indexes: list[str], span: Span, newest: bool) -> None:
        self._client: Any = client
        self._indexes = indexes
        self._low = "-inf" if span[0] is None else repr(span[0])
        self._high = "+inf" if span[1] is None else f"({span[1]!r}"
        self._newest = newest

    def after(self, last: Entry | None, count: int) -> list[Entry]:
        """The ``count`` entries that follow ``last``."""
        parts = [self._part(index, last, count) for index in self._indexes]
        return list(heapq.merge(*parts, reverse=self._newest))[:count]

    def _part(self, index: str, last: Entry | None, count: int) -> list[Entry]:
        """From one index. Those that start together with ``last`` and precede it are skipped."""
        found: list[Entry] = []
        offset = 0
        while len(found) < count:
            with redis_errors():
                chunk = self._read(index, last, offset, count + CHUNK if offset else count + 1)
            offset += len(chunk)
            if not chunk:
                break
            found += [entry for entry in chunk if last is None or self._follows(entry, last)]
        return found[:count]

    def _follows(self, entry: Entry, last: Entry) -> bool:
        return entry < last if self._newest else entry > last

    def _read(self, index: str, last: Entry | None, offset: int, count: int) -> list[Entry]:
        if self._newest:
            high = self._high if last is None else repr(last[0])
            rows = self._client.zrevrangebyscore(index, high, self._low, offset, count, withscores=True)
        else:
            low = self._low if last is None else repr(last[0])
            rows = self._client.zrangebyscore(index, low, self._high, offset, count, withscores=True)
        return [(float(start), one.decode()) for one, start in rows]


def _cursor(entry: Entry) -> str:
    return f"{entry[0]!r}_{entry[1]}"


def _entry(cursor: str) -> Entry:
    start, _, one = cursor.partition("_")
    try:
        at = float(start)
    except ValueError:
        at = float("nan")
    if at != at or not one:
        raise ValueError(f"cursor: {cursor!r} was not given by a listing")
    return at, one
