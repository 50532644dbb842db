"""Bytes in Redis of what is scheduled and of schedules, and what planning takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import redis

from benchmarks.bench import Bench
from benchmarks.simulation.filling import BATCH, BEGIN, Wanted, lessons
from benchmarks.simulation.server import Spent
from benchmarks.simulation.share import Simulated, feed, members, settings_of
from recorder_tasks.core import story
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.session import Session
from recorder_tasks.store import Event, Store
from recorder_tasks.wiring import Wiring

COUNT = 10_000
SCHEDULES = 500
FULL = Wanted(100, 2, lesson=3000, window=3000)
CADENCE = Cadence()


def kept_bytes(bench: Bench) -> dict[str, float]:
    """Of a recording that is scheduled by ``record()``, that is live, that is over; of a schedule alone.

    ``live`` and ``finished``: lessons of fifty minutes, with the events of all their health checks.
    """
    found = {"scheduled": _scheduled(bench), "schedule": _schedule(bench)}
    return {**found, **_lived(bench)}


def _lived(bench: Bench) -> dict[str, float]:
    """After a whole lesson's length: one generation is over, the next is of any age."""
    bench.empty()
    before = bench.used()
    whole = Simulated(FULL, settings_of(FULL, bench.url, "lived", bench.home))
    whole.fill(_silent)
    whole.run(_silent)
    store, total = whole.store, bench.used() - before - feed(whole.store)
    each = {session.id: _own(store, session.id) for session in whole.sessions}
    common = (total - sum(each.values())) / len(each)
    over, running = members(store, "index", "final"), members(store, "index", "state", "recording")
    whole.check(_silent)
    means = {"live": running, "finished": over}
    return {name: common + sum(each[one] for one in ids) / len(ids) for name, ids in means.items()}


def _own(store: Store, session_id: str) -> float:
    """Of the keys that are the session's alone."""
    client: Any = store.client
    keys = (store.keys.session(session_id), store.keys("events", session_id))
    return float(sum(client.memory_usage(key, samples=0) or 0 for key in keys))


def _silent(share: float) -> None:
    """Nobody waits for it."""


def _scheduled(bench: Bench) -> float:
    bench.empty()
    wanted = Wanted(COUNT, 2, lesson=3000, window=0)
    parts, made = bench.parts(), lessons(wanted, settings_of(wanted, bench.url, "kept", bench.home))
    now, before = BEGIN - 3600, bench.used()
    for first in range(0, len(made), BATCH):
        batch = made[first : first + BATCH]
        parts.store.sessions.create_many([(one, lanes(one, now, CADENCE), _told(one)) for one in batch])
    used = bench.used() - before - feed(parts.store)
    parts.close()
    return used / len(made)


def _told(session: Session) -> list[Event]:
    return [Event(type=name, data=data) for name, data in story.told(None, session, CADENCE)]


def _schedule(bench: Bench) -> float:
    """Of a rule with one slot a week, without its occurrences."""
    bench.empty()
    parts, before = bench.parts(), bench.used()
    _add(parts)
    used = bench.used() - before
    parts.close()
    return used / SCHEDULES


def _add(parts: Wiring) -> None:
    for number in range(SCHEDULES):
        parts.timetable.add(f"class-{number}", slots=f"daily 09:{number % 60:02}-10:30", timezone="UTC")


def planning(bench: Bench) -> dict[str, float]:
    """An occurrence planned by a schedule of one a day: commands, and CPU seconds of Redis and a worker."""
    bench.empty()
    parts = bench.parts()
    _add(parts)
    with redis.Redis.from_url(bench.url) as client:
        spent, worker, made = _planned(parts, client)
        again, looked, _ = _planned(parts, client)
    parts.close()
    return {
        "occurrences": made,
        "commands": spent.total / made,
        "server": spent.cpu / made,
        "worker": worker / made,
        "again_commands": again.total / SCHEDULES,
        "again_worker": looked / SCHEDULES,
    }


def _planned(parts: Wiring, client: redis.Redis) -> tuple[Spent, float, int]:
    before, began, made = Spent.now(client), time.thread_time(), 0
    plan: Callable[[str], Any] = parts.planner.plan
    for number in range(SCHEDULES):
        made += len(plan(f"class-{number}").created)
    return Spent.now(client).since(before), time.thread_time() - began, made
