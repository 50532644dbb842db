"""The checker: compares counts, and sessions with their due times in slices; repairs and reports.

Nothing here should ever find anything. What it finds was broken by a bug, a hand or a lost write.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis

from recorder_tasks.core.session import Lane, Session, State
from recorder_tasks.store.errors import Unreadable, redis_errors
from recorder_tasks.store.events import Event, Events
from recorder_tasks.store.keys import Keys
from recorder_tasks.store.leases import Leases
from recorder_tasks.store.names import Names
from recorder_tasks.store.scripts import Scripts
from recorder_tasks.store.sessions import Dues
from recorder_tasks.store.stored import read

log = logging.getLogger(__name__)

STATES = tuple(State)
LANES = tuple(Lane)
LATE = 60.0  # a stop due later than it should be by less than this is left alone

Expected = Callable[[Session], Dues]
Scores = dict[Lane, float | None]


@dataclass(frozen=True)
class Comparison:
    """``open``: sessions not yet settled; ``due``: entries of the stop and the last lane.

    Each open one stands in one of them, a final one whose other recorder turned up late in both.
    """

    open: int
    due: int

    @property
    def agrees(self) -> bool:
        return self.open <= self.due


@dataclass(frozen=True)
class Repair:
    session_id: str
    what: str  # "lane stop", "index scheduled", "index final", "session missing"


@dataclass(frozen=True)
class Slice:
    """``cursor`` goes on from here, and starts anew after the last session."""

    cursor: str
    looked: int
    repairs: list[Repair]
    named: int = 0


@dataclass(frozen=True)
class Report:
    """``named``: names put back and taken out, as an older worker leaves them; that is no error."""

    comparison: Comparison
    looked: int
    repairs: list[Repair]
    named: int = 0


class Checker:
    """``expected`` says what a session should be due for. Raises StoreUnavailable.

    ``leases``: where a session is set aside that cannot be read, so that it is told before it is due.
    """

    def __init__(
        self,
        client: redis.Redis,
        keys: Keys,
        scripts: Scripts,
        events: Events,
        leases: Leases,
        names: Names,
    ) -> None:
        self._client: Any = client
        self._keys = keys
        self._scripts = scripts
        self._events = events
        self._leases = leases
        self._names = names
        self._due = [keys("due", lane.value) for lane in LANES]

    def backlog(self) -> dict[str, int]:
        """How many sessions stand in each lane."""
        with redis_errors(), self._client.pipeline(transaction=False) as pipe:
            for key in self._due:
                pipe.zcard(key)
            return dict(zip((lane.value for lane in LANES), pipe.execute(), strict=True))

    def _index(self, state: State) -> str:
        return self._keys("index", "state", state.value)

    def compare(self) -> Comparison:
        """Sessions that are not settled against those that are due, at one instant."""
        with redis_errors(), self._client.pipeline(transaction=True) as pipe:
            for state in STATES:
                pipe.zcard(self._index(state))
            pipe.zcard(self._keys("index", "final"))
            for lane in (Lane.STOP, Lane.SETTLE):
                pipe.zcard(self._keys("due", lane.value))
            *states, settled, stops, settles = pipe.execute()
        return Comparison(open=sum(states) - settled, due=stops + settles)

    def round(self, n: int, expected: Expected) -> Report:
        """Compare, check the next slice of about ``n`` sessions, and tell the fleet what was found."""
        comparison = self.compare()
        with redis_errors():
            cursor = (self._client.get(self._keys("checker")) or b"0:0").decode()
        checked = self.slice(cursor, n, expected)
        with redis_errors():
            self._client.set(self._keys("checker"), checked.cursor)
        if not comparison.agrees:
            log.error("checker.disagrees open=%s due=%s", comparison.open, comparison.due)
            counts = {"open": comparison.open, "due": comparison.due}
            self._events.append(None, Event("checker.disagrees", counts))
        for repair in checked.repairs:
            log.error("checker.repaired session=%s: %s", repair.session_id, repair.what)
            self._events.append(repair.session_id, Event("session.repaired", {"what": repair.what}))
        named = checked.named + self._names.sweep(n)
        if named:
            log.info("checker.named count=%s", named)
        return Report(comparison, checked.looked, checked.repairs, named)

    def slice(self, cursor: str, n: int, expected: Expected) -> Slice:
        """Check about ``n`` sessions of one state; ``cursor`` "0:0" begins."""
        number, _, scan = cursor.partition(":")
        state = STATES[int(number) % len(STATES)]
        with redis_errors():
            scan, rows = self._client.zscan(self._index(state), int(scan or 0), count=n)
        ids = [one.decode() for one, _ in rows]
        following = f"{number}:{scan}" if int(scan) else f"{(int(number) + 1) % len(STATES)}:0"
        return (
            Slice(following, len(ids), *self._check(state, ids, expected)) if ids else Slice(following, 0, [])
        )

    def _check(self, state: State, ids: list[str], expected: Expected) -> tuple[list[Repair], int]:
        with redis_errors(), self._client.pipeline(transaction=False) as pipe:
            pipe.mget([self._keys.session(one) for one in ids])
            for key in (*self._due, self._keys("index", "final")):
                pipe.zmscore(key, ids)
            texts, *scores, finals = pipe.execute()
        repairs: list[Repair] = []
        wanting: list[tuple[Session, Dues]] = []
        sound: list[Session] = []
        for index, (one, text) in enumerate(zip(ids, texts, strict=True)):
            try:
                session = None if text is None else read(text, one)
            except Unreadable as fault:
                self._leases.set_aside(fault)
                continue
            repairs += self._check_index(state, one, session, finals[index])
            sound += [session] if session is not None else []
            if session is not None and session.settled_at is None:
                dues = expected(session)
                if _lacking(dues, {lane: scores[at][index] for at, lane in enumerate(LANES)}):
                    wanting.append((session, dues))
        return repairs + self._repair_lanes(wanting), self._names.mend(sound)

    def _check_index(
        self, state: State, one: str, session: Session | None, settled: float | None
    ) -> list[Repair]:
        """A state is never entered twice, so an entry that the session has left can go."""
        keys, redis = self._keys, self._client
        with redis_errors():
            if session is None:
                gone = not redis.exists(keys.session(one)) and redis.zrem(self._index(state), one)
                return [Repair(one, "session missing")] if gone else []
            if session.state is not state:
                redis.zadd(self._index(session.state), {one: session.start}, nx=True)
                left = redis.zrem(self._index(state), one)
                return [Repair(one, f"index {state.value}")] if left else []
            if session.settled_at is not None and settled is None and session.final_at is not None:
                redis.zadd(keys("index", "final"), {one: session.final_at}, nx=True)
                return [Repair(one, "index final")]
        return []

    def _repair_lanes(self, wanting: list[tuple[Session, Dues]]) -> list[Repair]:
        keys = self._keys
        calls = [
            (
                [keys.session(session.id), keys.lease(session.id), keys("clock")],
                {"id": session.id, "revision": session.revision, "dues": dues, "late": LATE},
            )
            for session, dues in wanting
        ]
        answers = self._scripts.many("repair", calls, keys.prefix)
        return [
            Repair(session.id, f"lane {lane.decode()}")
            for (session, _), lanes in zip(wanting, answers, strict=True)
            for lane in lanes
        ]


def _lacking(dues: Dues, scores: Scores) -> bool:
    """Whether a lane is missing, or the stop is later than it should be."""
    for lane, at in dues.items():
        kept = scores[lane]
        if kept is None or (lane is Lane.STOP and kept > at + LATE):
            return True
    return False
