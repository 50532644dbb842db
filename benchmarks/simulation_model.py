"""The cost model: what a recording-hour takes of Redis, of workers and of the vendor's rate. Pure."""

from __future__ import annotations

from dataclasses import dataclass

HOUR = 3600.0
KEPT_FREE = 0.5  # of a core and of memory: for bells, a failover, a rewrite of the append-only file


@dataclass(frozen=True)
class Cost:
    """``commands``: of Redis, those inside scripts among them; ``scripts``: round trips that ran one.

    ``server`` and ``worker``: seconds of CPU. ``requests``: to the vendor.
    """

    commands: float = 0.0
    scripts: float = 0.0
    server: float = 0.0
    worker: float = 0.0
    requests: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(mine + theirs for mine, theirs in zip(self.parts, other.parts, strict=True)))

    def __mul__(self, times: float) -> Cost:
        return Cost(*(part * times for part in self.parts))

    @property
    def parts(self) -> tuple[float, float, float, float, float]:
        return self.commands, self.scripts, self.server, self.worker, self.requests


@dataclass(frozen=True)
class Seen:
    """A measured stretch: how many health checks and whole lifecycles it had, and what it cost."""

    checks: float
    lifecycles: float
    cost: Cost


@dataclass(frozen=True)
class Model:
    """``check``: one health check. ``lifecycle``: acquire, start, confirmation and stop. ``live``: bytes."""

    check: Cost
    lifecycle: Cost
    live: float

    @classmethod
    def of(cls, rare: Seen, often: Seen, live: float) -> Model:
        """From two stretches with different shares of lifecycles: two equations, two unknowns."""
        determinant = rare.checks * often.lifecycles - often.checks * rare.lifecycles
        if abs(determinant) < 1e-9 * max(1.0, rare.checks * often.checks):
            raise ValueError("the two stretches have the same shares of checks and lifecycles")
        check = (rare.cost * often.lifecycles + often.cost * -rare.lifecycles) * (1 / determinant)
        lifecycle = (often.cost * rare.checks + rare.cost * -often.checks) * (1 / determinant)
        return cls(check, lifecycle, live)

    def hour(self, *, health_every: float, lesson: float) -> Cost:
        """A recording-hour of lessons of ``lesson`` seconds, each looked at every ``health_every``."""
        return self.check * (HOUR / health_every) + self.lifecycle * (HOUR / lesson)

    def capacity(self, *, health_every: float, lesson: float, memory: float) -> dict[str, float]:
        """Recordings at once: by a core of workers, by Redis's one core, by its ``memory`` (bytes).

        Half of each is kept free.
        """
        hour = self.hour(health_every=health_every, lesson=lesson)
        return {
            "one core of workers": HOUR * KEPT_FREE / hour.worker,
            "Redis's core": HOUR * KEPT_FREE / hour.server,
            "Redis's memory": memory * KEPT_FREE / self.live,
        }


def by_rate(rate: float, spread: float, *, health_every: float, lesson: float) -> float:
    """Recordings at once that one account's request rate can serve evenly: slots are (1 + J) / rate apart."""
    each = 1 / health_every + 4 / lesson
    return rate / (1 + spread) / each
