"""The cost model: what recordings take of Redis, of workers and of the vendor's rate. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass

HOUR = 3600.0
HEALTH = 120.0  # seconds, the default of health_every
KEPT_FREE = 0.5  # of a core and of memory: for bells, a failover, a rewrite of the append-only file


@dataclass(frozen=True)
class Cost:
    """``commands``: of Redis, those inside scripts among them; ``scripts``: round trips that ran one.

    ``server`` and ``worker``: seconds of CPU. ``requests``: to the vendor. ``wire``: bytes to and from Redis.
    """

    commands: float = 0.0
    scripts: float = 0.0
    server: float = 0.0
    worker: float = 0.0
    requests: float = 0.0
    wire: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    def __mul__(self, times: float) -> Cost:
        return Cost(*(part * times for part in astuple(self)))

    def __sub__(self, other: Cost) -> Cost:
        return self + other * -1

    def as_json(self) -> dict[str, float]:
        return asdict(self)


@dataclass(frozen=True)
class Load:
    """Recordings that follow each other evenly for ``seconds``, each ``lesson`` seconds long."""

    recordings: float
    lesson: float
    seconds: float
    health_every: float = HEALTH

    @property
    def checks(self) -> float:
        return self.recordings * self.seconds / self.health_every

    @property
    def lifecycles(self) -> float:
        return self.recordings * self.seconds / self.lesson

    @property
    def requests(self) -> float:
        """A check is one; a lifecycle is acquire, start, the confirming query and stop."""
        return self.checks + 4 * self.lifecycles


@dataclass(frozen=True)
class Seen:
    """A measured stretch: how many health checks and whole lifecycles it had, and what it cost."""

    checks: float
    lifecycles: float
    cost: Cost


@dataclass(frozen=True)
class Model:
    """``check``: one health check. ``lifecycle``: acquire, start, confirmation and stop."""

    check: Cost
    lifecycle: Cost

    @classmethod
    def of(cls, rare: Seen, often: Seen) -> Model:
        """From two stretches with different shares of lifecycles: two equations, two unknowns."""
        determinant = rare.checks * often.lifecycles - often.checks * rare.lifecycles
        if abs(determinant) < 1e-9 * max(1.0, rare.checks * often.checks):
            raise ValueError("the two stretches have the same shares of checks and lifecycles")
        check = (rare.cost * often.lifecycles - often.cost * rare.lifecycles) * (1 / determinant)
        lifecycle = (often.cost * rare.checks - rare.cost * often.checks) * (1 / determinant)
        return cls(check, lifecycle)

    @classmethod
    def read(cls, kept: Mapping[str, Mapping[str, float]]) -> Model:
        return cls(Cost(**kept["check"]), Cost(**kept["lifecycle"]))

    def as_json(self) -> dict[str, dict[str, float]]:
        return {"check": self.check.as_json(), "lifecycle": self.lifecycle.as_json()}

    def cost(self, load: Load) -> Cost:
        """What the load takes, foretold from its size alone."""
        return self.check * load.checks + self.lifecycle * load.lifecycles

    def hour(self, *, health_every: float = HEALTH, lesson: float) -> Cost:
        """A recording-hour of lessons of ``lesson`` seconds, each looked at every ``health_every``."""
        return self.cost(Load(1, lesson, HOUR, health_every))


@dataclass(frozen=True)
class Held:
    """Bytes in Redis for one of each, without the namespace's capped streams."""

    scheduled: float
    live: float
    finished: float
    schedule: float

    def of(self, *, scheduled: float, live: float, finished: float = 0.0, schedules: float = 0.0) -> float:
        """Bytes of so many."""
        counted = ((self.scheduled, scheduled), (self.live, live), (self.finished, finished))
        return sum(each * count for each, count in counted) + self.schedule * schedules


def by_core(seconds: float) -> float:
    """Recordings at once that half of one core serves, if each takes so many CPU seconds an hour."""
    return HOUR * KEPT_FREE / seconds


def by_redis(hour: Cost, further: Cost, workers: float) -> float:
    """Recordings at once that half of Redis's core serves, with as many workers as that takes, half busy.

    Each worker beyond ``workers`` adds ``further`` to every request: all wake up for what one of them claims.
    """
    herd = hour.requests * further.server
    square, linear = herd * hour.worker / HOUR / KEPT_FREE, hour.server - herd * workers
    return (math.sqrt(linear * linear + 4 * square * HOUR * KEPT_FREE) - linear) / (2 * square)


def by_rate(rate: float, spread: float, *, health_every: float, lesson: float) -> float:
    """Recordings at once that one account's request rate can serve evenly: slots are (1 + J) / rate apart."""
    return rate / (1 + spread) / Load(1, lesson, 1.0, health_every).requests
