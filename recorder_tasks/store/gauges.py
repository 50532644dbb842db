"""How a namespace stands, for those who watch it: two round trips, however many sessions there are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.session import Lane, State
from recorder_tasks.store.clock import Clock
from recorder_tasks.store.deliveries import Account, read_account
from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.keys import Keys
from recorder_tasks.store.meters import Series, read_counts


@dataclass(frozen=True)
class Backlog:
    """A lane: how many stand in it, how many of them are due, and since when the first one is."""

    waiting: int
    overdue: int
    since: Instant | None


@dataclass(frozen=True)
class AppReading:
    """``budget`` and ``callbacks`` as ``Budget.state`` and ``Callbacks.state``; ``waiting``: for room."""

    budget: Mapping[str, float]
    callbacks: Mapping[str, float]
    waiting: int


@dataclass(frozen=True)
class Reading:
    """``workers``: what those said of themselves that were heard of lately; ``live``: takes with a sid."""

    now: Instant
    counts: Mapping[Series, float]
    states: Mapping[State, int]
    lanes: Mapping[Lane, Backlog]
    workers: Sequence[Mapping[str, Any]]
    live: int
    orphans: int
    poison: int
    apps: Mapping[str, AppReading]
    subscriptions: Mapping[str, Account]


class Gauges:
    """Writes nothing, so that a full Redis tells of itself too. Raises StoreUnavailable."""

    def __init__(self, client: redis.Redis, keys: Keys, clock: Clock) -> None:
        self._client: Any = client
        self._keys = keys
        self._clock = clock

    def read(self, apps: Sequence[str], subscriptions: Sequence[str], *, heard: float) -> Reading:
        """Everything of these apps and subscriptions, and the workers of the last ``heard`` seconds."""
        now = self._clock.now()
        with redis_errors(), self._client.pipeline(transaction=False) as pipe:
            self._ask(pipe, now, apps, subscriptions)
            answers = iter(pipe.execute())
        counts = read_counts(next(answers))
        states = {state: int(next(answers)) for state in State}
        lanes = {lane: _backlog(answers) for lane in Lane}
        live, poison, orphans = (int(next(answers)) for _ in range(3))
        seconds, micros = next(answers)
        workers = _heard(next(answers), seconds + micros / 1e6 - heard)
        of_apps = {name: AppReading(*(read(next(answers)) for read in READ)) for name in apps}
        accounts = {name: read_account(next(answers), next(answers), next(answers)) for name in subscriptions}
        return Reading(now, counts, states, lanes, workers, live, orphans, poison, of_apps, accounts)

    def _ask(self, pipe: Any, now: Instant, apps: Sequence[str], subscriptions: Sequence[str]) -> None:
        keys = self._keys
        pipe.hgetall(keys("meters"))
        for state in State:
            pipe.zcard(keys("index", "state", state.value))
        for lane in Lane:
            pipe.zcard(keys("due", lane.value))
            pipe.zcount(keys("due", lane.value), "-inf", now)
            pipe.zrangebyscore(keys("due", lane.value), "-inf", now, start=0, num=1, withscores=True)
        pipe.hlen(keys("live"))
        pipe.hlen(keys("poison"))
        pipe.zcount(keys("orphans"), f"({now!r}", "+inf")
        pipe.time()
        pipe.hgetall(keys("workers"))
        for app in apps:
            pipe.hgetall(keys("budget", app))
            pipe.hgetall(keys("callbacks", app))
            pipe.zcard(keys("waiting", app))
        for name in subscriptions:
            pipe.hgetall(keys("webhook", name))
            pipe.zcard(keys("webhook", name, "due"))
            pipe.zcard(keys("webhook", name, "dead"))


def _numbers(found: Mapping[bytes, bytes]) -> dict[str, float]:
    return {name.decode(): float(value) for name, value in found.items() if b":" not in name}


READ: tuple[Any, ...] = (_numbers, _numbers, int)


def _backlog(answers: Iterator[Any]) -> Backlog:
    waiting, overdue, first = next(answers), next(answers), next(answers)
    return Backlog(waiting, overdue, float(first[0][1]) if first else None)


def _heard(found: Mapping[bytes, bytes], since: float) -> list[Mapping[str, Any]]:
    said = (json.loads(value) for value in found.values())
    return [info for info in said if info["at"] >= since]
