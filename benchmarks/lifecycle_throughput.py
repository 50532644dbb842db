"""Complete lifecycles per second: acquire, start, query and stop at a vendor that answers at once, no budget.

Both sides have as many worker processes with as many threads, and are asked for all recordings at once, now.
The peer's chains go on to their stops. Ours end by their plan, whose end is moved to one instant for all once
the last is confirmed; counted is the time in which there was something to do: from the first ask to the last
confirmation, and from that end to the last stop. The first query is due at once, and so that all processes
serve all four steps, as the peer's do, our workers take what stops have been due for a millisecond.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any

from benchmarks import peer_app
from benchmarks.bench import Bench
from benchmarks.figure import Figure, alternately
from benchmarks.fleet import Account, Ours, Peer, Simulator, fleet
from benchmarks.proc import cpu
from recorder_tasks.local.processes import Child

WORKERS, THREADS = 2, 8
WARM = 32
AT_ONCE: dict[str, Any] = {"cadence": {"first_query": 0.001}, "overdue_stop": 0.001}
EACH, SPARE = 0.006, 0.3  # seconds for moving one end, and beside that until it comes
PATIENCE = 120.0
LOOK = 0.25

Carry = Callable[[Account, int], float]  # takes so many through their lifecycle; seconds


@dataclass
class Side:
    """One system that runs, and what its workers used."""

    simulator: Simulator
    workers: list[Child]
    carry: Carry
    cpu: list[float] = field(default_factory=list)  # seconds of CPU of a lifecycle, in each measurement

    def rate(self, count: int) -> float:
        """Lifecycles per second, of ``count``."""
        self.simulator.forget()
        before = self._used()
        took = self.carry(self.simulator.account(), count)
        self.cpu.append((self._used() - before) / count)
        return count / took

    def _used(self) -> float:
        return sum(cpu(worker.pid) for worker in self.workers)


def run(bench: Bench) -> Iterator[Figure]:
    count, rounds = (1000, 3) if bench.full else (150, 3)
    with (
        fleet(bench) as systems,
        systems.ours(workers=WORKERS, concurrency=THREADS, **AT_ONCE) as started,
        systems.peer(workers=WORKERS, concurrency=THREADS) as theirs,
    ):
        ours = Side(systems.simulator, started.children, lambda *of: _ours(started, *of))
        peer = Side(systems.simulator, theirs.children, lambda *of: _peer(theirs, *of))
        for side in (ours, peer):
            side.rate(WARM)
            side.cpu.clear()
        rate = alternately(rounds, {"ours": lambda: ours.rate(count), "peer": lambda: peer.rate(count)})
    name = "naive Celery chain"
    notes = f"{count} at once; each {WORKERS} workers of {THREADS} threads, ours take stops too"
    unit = "lifecycles/s"
    yield Figure(
        "lifecycle_throughput", rate["ours"], rate["peer"], name, unit, "higher", rounds, notes, goal=0.8
    )
    used, theirs_used = median(ours.cpu) * 1000, median(peer.cpu) * 1000
    said = "CPU of the worker processes in the same runs"
    yield Figure("lifecycle_cpu", used, theirs_used, name, "ms a lifecycle", "lower", rounds, said)


def _ours(ours: Ours, account: Account, count: int) -> float:
    """Seconds in which our workers had something to do. Raises RuntimeError if the end came too early."""
    desk = ours.parts.desk
    asked = time.time()
    made = [desk.record(f"room-{number}", minutes=50) for number in range(count)]
    confirmed = max(one.at for one in account.await_calls("query", count, PATIENCE, look=LOOK))
    end = time.time() + SPARE + EACH * count
    until = datetime.fromtimestamp(end, UTC)
    for one in made:
        desk.extend(one.session_id, until=until)
    if time.time() > end:
        raise RuntimeError("the end came before all ends were moved to it")
    time.sleep(end - time.time())
    return confirmed - asked + _last_stop(account, count) - end


def _peer(peer: Peer, account: Account, count: int) -> float:
    """Seconds from the first ask to the last stop."""
    client = peer_app.client(peer.url)
    asked = time.time()
    with client.connection_for_write() as connection, client.amqp.Producer(connection) as producer:
        for number in range(count):
            step = {"channel": f"room-{number}", "uid": number + 1}
            peer_app.lifecycle(step, client).apply_async(producer=producer)
    return _last_stop(account, count) - asked


def _last_stop(account: Account, count: int) -> float:
    """When it arrived, by the vendor's clock; every step of every recording has by then."""
    stops = account.await_calls("stop", count, PATIENCE, look=LOOK)
    return max(one.at for one in stops)
