"""From the instant at which a recording is due to the arrival of its first request at the vendor.

Recordings are due one after the other, at the same distances for everybody; nobody has anything else to do.
The first few are there to open the connections and are not counted.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

from benchmarks.bench import Bench
from benchmarks.figure import Figure, percentile
from benchmarks.fleet import Account, Fleet, fleet
from benchmarks.peer_schedulers import Plan, Scheduler, apscheduler, beat, eta, redbeat

AHEAD = 2.0  # seconds for setting up, daemons included
WARM, WARMING = 16, 0.5  # how many, for how many seconds
WORKERS, THREADS = 2, 8
PATIENCE = 30.0
OURS = "ours"
PEERS: dict[str, Scheduler] = {
    "Celery eta": eta,
    "Celery beat": beat,
    "RedBeat": redbeat,
    "APScheduler 3": apscheduler,
}

Lags = dict[str, list[float]]


def run(bench: Bench) -> Iterator[Figure]:
    rounds, count, apart = (2, 100, 0.2) if bench.full else (1, 50, 0.1)
    lags: Lags = defaultdict(list)
    with fleet(bench) as systems:
        for turn in range(rounds):
            for side in (_ours, _peers) if turn == 0 else (_peers, _ours):
                bench.empty()
                side(systems, count, apart, lags)
    yield from _figures({name: [1000 * lag for lag in found] for name, found in lags.items()})


def _figures(lags: Lags) -> Iterator[Figure]:
    best = min(PEERS, key=lambda name: percentile(lags[name], 0.99))
    yield _figure("dispatch_lag_p50", 0.5, "Celery eta", 1.5, lags)
    yield _figure("dispatch_lag_p99", 0.99, best, 1.0, lags)


def _figure(name: str, share: float, peer: str, goal: float, lags: Lags) -> Figure:
    sides = {side: percentile(found, share) for side, found in lags.items()}
    ours, n = sides.pop(OURS), len(lags[OURS])
    notes = f"each {WORKERS} workers of {THREADS} threads"
    return Figure(name, ours, sides[peer], peer, "ms", "lower", n, notes, goal=goal, sides=sides)


def _plan(name: str, count: int, apart: float) -> Plan:
    """Some at once at first; the rest spread, all after the setting up."""
    first = time.time() + AHEAD
    warm = [(first, {"channel": f"{name}-warm-{number}", "uid": number + 1}) for number in range(WARM)]
    begin = first + WARMING
    spread = [
        (begin + number * apart, {"channel": f"{name}-{number}", "uid": number + 1})
        for number in range(count)
    ]
    return [*warm, *spread]


def _ours(systems: Fleet, count: int, apart: float, lags: Lags) -> None:
    with systems.ours(workers=WORKERS, concurrency=THREADS) as ours:
        account = _fresh(systems)
        plan = _plan("ours", count, apart)
        for at, step in plan:
            ours.parts.desk.record(step["channel"], start=datetime.fromtimestamp(at, UTC), minutes=50)
        lags[OURS] += _measured(account, plan)


def _peers(systems: Fleet, count: int, apart: float, lags: Lags) -> None:
    with systems.peer(workers=WORKERS, concurrency=THREADS) as peer:
        for name, scheduler in PEERS.items():
            account = _fresh(systems)
            plan = _plan(name.replace(" ", "-"), count, apart)
            with scheduler(peer, plan):
                lags[name] += _measured(account, plan)


def _fresh(systems: Fleet) -> Account:
    systems.simulator.forget()
    return systems.simulator.account()


def _measured(account: Account, plan: Plan) -> list[float]:
    """How late each arrived, in seconds. Raises RuntimeError if the setting up took longer than planned."""
    if time.time() > plan[0][0]:
        raise RuntimeError(
            f"setting up took {time.time() - plan[0][0] + AHEAD:.1f} s, planned were {AHEAD} s"
        )
    due = {step["channel"]: at for at, step in plan[WARM:]}
    time.sleep(plan[-1][0] - time.time())  # the load's own pace; no look disturbs the vendor meanwhile
    account.await_calls("start", len(plan), PATIENCE)
    return [one.at - due[one.channel] for one in account.firsts("acquire") if one.channel in due]
