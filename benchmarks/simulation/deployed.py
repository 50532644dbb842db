"""The cost model's constants with real workers: Celery's messages, HTTP and idle wake-ups among them.

Short lessons of one app, evenly spread in real time, against the simulator as a process of its own: once with
few health checks, once with many, and the latter again with more workers than the load needs.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import redis

from benchmarks.bench import APP, Bench
from benchmarks.fleet import Fleet, Ours, fleet
from benchmarks.proc import cpu
from benchmarks.simulation.model import Cost, Model, Seen
from benchmarks.simulation.server import Spent
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.session import Session
from recorder_tasks.flow.asking import Ask, new_id, plan
from recorder_tasks.store import Dues, Event

COUNT, GAP, LESSON = 150, 0.15, 30.0  # lessons, seconds between two, seconds of one
RARE, OFTEN = 120.0, 4.0  # seconds between two health checks
FEW, MANY = 2, 6  # workers beside one for stops
IDLE, AHEAD, LOOK, PATIENCE = 6.0, 2.0, 1.0, 60.0
QPS = 1000  # the budget is asked, and never full


@dataclass(frozen=True)
class Stretch:
    """``idle``: what a second of all workers costs when nothing is due; it is not in ``seen``."""

    seen: Seen
    idle: Cost


def deployed(bench: Bench) -> dict[str, Any]:
    """Constants with ``FEW`` workers and a stop worker, of idle ones, and what each further one adds."""
    with fleet(bench) as systems:
        rare, often = _stretch(systems, FEW, RARE), _stretch(systems, FEW, OFTEN)
        crowded = _stretch(systems, MANY, OFTEN)
    more = (crowded.seen.cost - often.seen.cost) * (1 / (MANY - FEW) / often.seen.cost.requests)
    return {
        **Model.of(rare.seen, often.seen).as_json(),
        "workers": FEW,
        "crowd": MANY,
        "idle": (often.idle * (1 / (FEW + 1))).as_json(),
        "further": more.as_json(),
    }


def _stretch(systems: Fleet, workers: int, health_every: float) -> Stretch:
    systems.bench.empty()
    systems.simulator.forget()
    app = {**APP, "qps": QPS, "base_url": systems.simulator.base_url}
    profile = {"health_every": health_every}
    with (
        systems.ours(
            workers=workers, stoppers=1, apps={"default": app}, profiles={"default": profile}
        ) as ours,
        redis.Redis.from_url(systems.bench.url) as client,
    ):
        began, before = time.monotonic(), _now(ours, client)
        time.sleep(IDLE)
        idle = (_now(ours, client) - before) * (1 / (time.monotonic() - began))
        return _lessons(systems, ours, client, idle)


def _lessons(systems: Fleet, ours: Ours, client: redis.Redis, idle: Cost) -> Stretch:
    account = systems.simulator.account()
    _schedule(ours, time.time() + AHEAD)
    began, before = time.monotonic(), _now(ours, client)
    account.await_calls("stop", COUNT, COUNT * GAP + LESSON + PATIENCE, look=LOOK)
    took, spent = time.monotonic() - began, _now(ours, client) - before
    calls = account.read()
    queries = sum(one.verb == "query" for one in calls)
    cost = spent - idle * took + Cost(requests=len(calls))
    return Stretch(Seen(queries - COUNT, COUNT, cost), idle)


def _schedule(ours: Ours, first: float) -> None:
    settings, store = ours.parts.settings, ours.parts.store
    low, high = settings.app("default").uid_range
    now = store.clock.now()
    wanted: list[tuple[Session, Dues, list[Event]]] = []
    for number in range(COUNT):
        start = datetime.fromtimestamp(first + GAP * number, UTC)
        ask = Ask.read(channel=f"room-{number}", start=start, minutes=LESSON / 60)
        session = plan(ask, settings, f"r-{new_id()}", store.sessions.next_uids(low, high), now)
        wanted.append((session, lanes(session, now, settings.cadence), []))
    store.sessions.create_many(wanted)


def _now(ours: Ours, client: redis.Redis) -> Cost:
    """Spent so far, by Redis and by all workers."""
    spent = Spent.now(client)
    worker = sum(cpu(child.pid) for child in ours.children)
    return Cost(spent.total, spent.of("evalsha"), spent.cpu, worker, 0, spent.wire)
