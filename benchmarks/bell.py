"""Everybody's class begins at the bell: how long until the last start is at the vendor, without a budget.

Everything is known before, and every worker has opened its connections. The peers' workers are as many, with
as many threads, and carry out the same two calls for each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import partial

from benchmarks.bench import Bench
from benchmarks.figure import Figure, alternately
from benchmarks.fleet import Account, Fleet, Ours, fleet
from benchmarks.peer_schedulers import Plan, Scheduler, eta, redbeat

WORKERS, THREADS = 2, 8
WARM = WORKERS * THREADS
WARMING = 1.0  # seconds before the bell
EACH = 0.004  # seconds for making one ahead
AHEAD = 2.0  # seconds for setting up what else there is
PATIENCE = 120.0
LOOK = 0.5
PEERS: dict[str, Scheduler] = {"Celery eta": eta, "RedBeat": redbeat}


def run(bench: Bench) -> Iterator[Figure]:
    count = 1000 if bench.full else 200
    with fleet(bench) as systems:

        def ours() -> float:
            bench.empty()
            with systems.ours(workers=WORKERS, concurrency=THREADS) as started:
                return _race(systems, count, lambda plan: _asked(started, plan))

        def peer(scheduler: Scheduler) -> float:
            bench.empty()
            with systems.peer(workers=WORKERS, concurrency=THREADS) as started:
                return _race(systems, count, lambda plan: scheduler(started, plan))

        rounds = 3 if bench.full else 2
        sides = {name: partial(peer, scheduler) for name, scheduler in PEERS.items()}
        took = alternately(rounds, {"ours": ours, **sides})
    best = min(PEERS, key=took.__getitem__)
    notes = f"{count} at once; each {WORKERS} workers of {THREADS} threads"
    others = {name: took[name] for name in PEERS}
    yield Figure("bell", took["ours"], took[best], best, "s", "lower", rounds, notes, goal=1.0, sides=others)


@contextmanager
def _asked(ours: Ours, plan: Plan) -> Iterator[None]:
    for at, step in plan:
        ours.parts.desk.record(step["channel"], start=datetime.fromtimestamp(at, UTC), minutes=50)
    yield


def _race(systems: Fleet, count: int, ready: Callable[[Plan], AbstractContextManager[None]]) -> float:
    """Seconds from the bell until the last start arrived. Raises RuntimeError if the bell rang too early."""
    systems.simulator.forget()
    account = systems.simulator.account()
    bell = float(round(time.time() + AHEAD + WARMING + EACH * count))
    warm = [(bell - WARMING, {"channel": f"warm-{number}", "uid": number + 1}) for number in range(WARM)]
    plan = [*warm, *((bell, {"channel": f"room-{number}", "uid": number + 1}) for number in range(count))]
    with ready(plan):
        if time.time() > bell - WARMING:
            raise RuntimeError("the bell rang before everything was set up")
        time.sleep(bell - time.time())
        return _last(account, len(plan)) - bell


def _last(account: Account, count: int) -> float:
    """When the last start arrived, by the vendor's clock."""
    starts = account.await_calls("start", count, PATIENCE, look=LOOK)
    return max(one.at for one in starts)
