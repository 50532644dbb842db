"""What a turn of each kind takes of Redis and of a worker, without the claim that led to it.

The turns of a small simulation are metered one by one by the server's own counters; while one waits for its
slot, its meter stands still. Told is the median of each kind.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from typing import Any

from benchmarks.bench import Bench
from benchmarks.simulation.filling import Wanted
from benchmarks.simulation.hands import Hands
from benchmarks.simulation.server import Spent
from benchmarks.simulation.share import Share, Simulated, settings_of
from recorder_tasks.core.session import Lane
from recorder_tasks.flow.permit import Timer
from recorder_tasks.flow.turn import Turns
from recorder_tasks.store import Claim

SIZE = Wanted(40, 2, lesson=300, window=300)
KINDS = (Lane.START, Lane.CONFIRM, Lane.QUERY, Lane.STOP)  # start: acquire and start, one after the other


@dataclass
class Meter:
    """Adds up what is spent between ``go`` and ``halt``. ``worker``: seconds of this thread's CPU."""

    client: Any
    commands: int = 0
    scripts: int = 0
    worker: float = 0.0
    _before: Spent | None = None
    _began: float = 0.0

    def go(self) -> None:
        self._before, self._began = Spent.now(self.client), time.thread_time()

    def halt(self) -> None:
        assert self._before is not None
        self.worker += time.thread_time() - self._began
        spent = Spent.now(self.client).since(self._before)
        self.commands += spent.total
        self.scripts += spent.of("evalsha")


@dataclass
class Waiting:
    """The timer of turns: their meter does not run while others do."""

    hands: Hands
    running: dict[int, Meter] = field(default_factory=dict)

    def monotonic(self) -> float:
        return self.hands.monotonic()

    def sleep(self, seconds: float, /) -> None:
        meter = _meters.current
        meter.halt()
        self.hands.sleep(seconds)
        _meters.current = meter
        meter.go()


class _Current:
    current: Meter


_meters = _Current()


@dataclass
class MeteredShare(Share):
    """``found``: of each kind, a meter for each turn that sent something."""

    found: dict[Lane, list[Meter]] = field(default_factory=dict)

    def timer(self, hands: Hands) -> Timer:
        return Waiting(hands)

    def turn(self, turns: Turns, claim: Claim) -> None:
        meter = _meters.current = Meter(self.store.client)
        theirs, sent = self.vendor.cpu_here, len(self.lateness.get(claim.lane.value, ()))
        meter.go()
        super().turn(turns, claim)
        meter.halt()
        meter.worker -= self.vendor.cpu_here - theirs
        if len(self.lateness.get(claim.lane.value, ())) > sent:
            self.found.setdefault(claim.lane, []).append(meter)


class Metered(Simulated):
    share_of = MeteredShare


def steps(bench: Bench) -> dict[str, dict[str, float]]:
    """For each kind of turn: commands, scripts and seconds of a worker's CPU."""
    bench.empty()
    whole = Metered(SIZE, settings_of(SIZE, bench.url, "steps", bench.home))
    whole.fill(_silent)
    whole.run(_silent)
    share, idle = whole.share, _idle(whole.store.client)
    assert isinstance(share, MeteredShare)
    whole.check(_silent)
    return {lane.value: _median(share.found[lane], idle) for lane in KINDS}


def _silent(share: float) -> None:
    """Nobody waits for it."""


def _idle(client: Any) -> Meter:
    """What a meter counts when nothing happens: its own questions."""
    meters = []
    for _ in range(50):
        meter = Meter(client)
        meter.go()
        meter.halt()
        meters.append(meter)
    return sorted(meters, key=lambda one: one.worker)[len(meters) // 2]


def _median(meters: list[Meter], idle: Meter) -> dict[str, float]:
    return {
        "n": len(meters),
        **{
            name: statistics.median(getattr(one, name) for one in meters) - getattr(idle, name)
            for name in ("commands", "scripts", "worker")
        },
    }
