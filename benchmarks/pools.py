"""Which pool a worker should have: starts per second at a bell, what its processes take of memory and CPU.

One worker at a time, the simulator and Redis beside it; everything is known before the bell, no budget. With
threads it is `recorder worker`; other pools are started by the command of Celery itself. Of a slow pool,
what has arrived some seconds after the bell counts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from statistics import median

from benchmarks.bench import Bench
from benchmarks.figure import Figure, alternately
from benchmarks.fleet import Account, Fleet, Ours, fleet
from benchmarks.proc import cpu, family, memory

POOLS = (
    ("threads", 4),
    ("threads", 8),
    ("threads", 16),
    ("prefork", 2),
    ("prefork", 4),
    ("prefork", 8),
    ("gevent", 50),
)
WARM = 2  # for each hand
EACH, SPARE = 0.004, 0.5  # seconds for asking for one, and beside that until the bell
PATIENCE, LOOK = 10.0, 0.25  # seconds


@dataclass
class Used:
    """By the processes of a worker, in each measurement."""

    memory: list[int] = field(default_factory=list)  # bytes, shared pages divided among their users
    cpu: list[float] = field(default_factory=list)  # seconds, of one session

    def __str__(self) -> str:
        return f"{median(self.memory) / 1e6:.0f} MB, {median(self.cpu) * 1000:.1f} ms of CPU a session"


def run(bench: Bench) -> Iterator[Figure]:
    count, rounds = (500, 3) if bench.full else (200, 2)
    used = {pool: Used() for pool in POOLS}
    with fleet(bench) as systems:
        sides = {
            f"pools_{name}_{size}": partial(_rate, systems, count, name, size, used[name, size])
            for name, size in POOLS
        }
        rates = alternately(rounds, sides)
    for (name, rate), taken in zip(rates.items(), used.values(), strict=True):
        yield Figure(name, rate, None, "", "starts/s", "higher", rounds, f"{count} at once; {taken}")


def _rate(systems: Fleet, count: int, pool: str, size: int, used: Used) -> float:
    """Starts per second of one worker."""
    systems.bench.empty()
    with systems.ours(concurrency=size, pool=pool) as ours:
        systems.simulator.forget()
        account = systems.simulator.account()
        _race(ours, account, "warm", WARM * size)
        processes = family(ours.children[0].pid)
        before = sum(map(cpu, processes))
        arrived, took = _race(ours, account, "room", count)
        used.cpu.append((sum(map(cpu, processes)) - before) / arrived)
        used.memory.append(memory(processes).pss)
    return arrived / took


def _race(ours: Ours, account: Account, kind: str, count: int) -> tuple[int, float]:
    """How many starts have arrived, and the last so many seconds after the bell.

    Raises RuntimeError if it rang too early.
    """
    bell = time.time() + SPARE + EACH * count
    at = datetime.fromtimestamp(bell, UTC)
    known = len(account.firsts("start"))
    for number in range(count):
        ours.parts.desk.record(f"{kind}-{number}", start=at, minutes=50)
    if time.time() > bell:
        raise RuntimeError("the bell rang before everything was asked for")
    time.sleep(bell - time.time())
    with suppress(TimeoutError):
        account.await_calls("start", known + count, PATIENCE, look=LOOK)
    starts = account.firsts("start")[known:]
    return len(starts), max(one.at for one in starts) - bell
