"""How planned occurrences will go: starts at their places before the bell, requests when they are served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from schedules.bell import ACQUIRE, PAIR, STOP, Request, Start, serve, spread
from schedules.occurrence import Occurrence


@dataclass(frozen=True)
class Planned:
    """An occurrence that shall be recorded, and what its rule says about its start."""

    occurrence: Occurrence
    rule: str
    lead: float = 0.0
    priority: int = 0
    app: str = "default"
    profile: str = "default"
    line: int = 0  # of several recorders that it shall have at a time, the first is 0

    @property
    def name(self) -> str:
        """No two recorders share one."""
        return f"{self.occurrence.key}#{self.line}" if self.line else self.occurrence.key


class Play(NamedTuple):
    """One occurrence as it will go: recorded from ``on`` to ``off`` (in epoch seconds, as are all)."""

    planned: Planned
    start: float
    end: float
    on: float
    off: float


def played(planned: list[Planned], spacing: float, margin: float) -> list[Play]:
    """All of one app, in the order in which they begin."""
    starts = [Start(one.name, one.occurrence.start.timestamp(), one.lead, one.priority) for one in planned]
    stops = [one.occurrence.end.timestamp() for one in planned]
    begins = spread(starts, stops, spacing=spacing, margin=margin)
    order = sorted(
        range(len(starts)), key=lambda i: (begins[starts[i].id], -starts[i].priority, starts[i].id)
    )
    pairs = [Request(begins[starts[i].id], ACQUIRE, PAIR) for i in order]
    over = serve(pairs + [Request(stops[i], STOP) for i in order], spacing=spacing)
    return [
        Play(planned[i], starts[i].at, stops[i], over[n], over[len(order) + n]) for n, i in enumerate(order)
    ]
