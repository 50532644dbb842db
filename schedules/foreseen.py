"""What is ahead of one app, as values: stretches of minutes, bells with late starts, too many recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any

from schedules.rule import say_seconds

NAMED = 3  # schedules in one sentence

Blame = tuple[tuple[str, int], ...]  # schedules and how many occurrences of each, the most first


def blame(schedules: Mapping[str, int]) -> Blame:
    """From occurrences by schedule."""
    return tuple(sorted(((name, n) for name, n in schedules.items() if n), key=lambda one: (-one[1], one[0])))


@dataclass(frozen=True)
class Stretch:
    """``minutes`` alike from ``at`` on: the most recordings at once, starts and stops wished for.

    ``demanded``: requests a second if every start were made at its bell. ``served``: as they will be sent.
    """

    at: datetime
    minutes: int
    concurrent: int
    starts: int
    stops: int
    demanded: float
    served: float


@dataclass(frozen=True)
class Late:
    """A bell with more starts than the rate takes within their leads.

    ``needs``: seconds that all its starts take. ``leads``: the shortest and the longest given. ``worst``:
    seconds past its start at which the last one records. ``lead``: what would do (None: no allowed one).
    """

    at: datetime
    starts: int
    needs: float
    leads: tuple[float, float]
    late: int
    worst: float
    lead: int | None
    schedules: Blame

    def __str__(self) -> str:
        least, most = (say_seconds(ceil(lead)) for lead in self.leads)
        lead = f"lead is {least}" if least == most else f"leads are {least} to {most}"
        begin = "1 begins" if self.late == 1 else f"{self.late} begin"
        starts = "1 start needs" if self.starts == 1 else f"{self.starts} starts need"
        would = "no lead" if self.lead is None else f"a lead of {say_seconds(self.lead)}"
        return (
            f"{_say(self.at)}: {starts} {_ceil(self.needs)}, {lead}: {begin} late, the last by "
            f"{_ceil(self.worst)}; {would} would do: {_named(self.schedules)}"
        )


@dataclass(frozen=True)
class Excess:
    """More recordings at once than the app's cap, for ``minutes`` on end; ``at``: the worst of them."""

    since: datetime
    minutes: int
    at: datetime
    concurrent: int
    cap: int
    schedules: Blame

    def __str__(self) -> str:
        many = f"{self.concurrent} recordings at once, the cap is {self.cap}"
        return f"{_say(self.at)}: {many}: {_named(self.schedules)}"


@dataclass(frozen=True)
class Forecast:
    """One app from ``since`` to ``until``. ``late`` and ``excesses`` have the worst first."""

    since: datetime
    until: datetime
    rate: float
    cap: int | None
    planned: int
    stretches: tuple[Stretch, ...]
    late: tuple[Late, ...]
    excesses: tuple[Excess, ...]

    @property
    def most(self) -> Stretch | None:
        """The first of the minutes with the most recordings at once."""
        return max(self.stretches, key=lambda found: found.concurrent, default=None)

    @property
    def busiest(self) -> Stretch | None:
        """The first of the minutes with the most requests."""
        return max(self.stretches, key=lambda found: found.served, default=None)

    def over(self, percent: float) -> bool:
        """Whether a start is late, or a minute takes more than that share of the cap or of the rate."""
        most, busiest = self.most, self.busiest
        if self.late or most is None or busiest is None:
            return bool(self.late)
        crowded = self.cap is not None and 100 * most.concurrent > percent * self.cap
        return crowded or (self.rate > 0 and 100 * busiest.served > percent * self.rate + 1e-6)

    def sentences(self) -> list[str]:
        """What will go wrong, the worst first: what finds no room, then what begins late. Empty: nothing."""
        return [*map(str, self.excesses), *map(str, self.late)]

    def as_json(self) -> dict[str, Any]:
        """For machines: instants in ISO 8601, durations in seconds, rates per second."""
        return {name: _plain(getattr(self, name)) for name in self.__dataclass_fields__} | {
            "most": _plain(self.most),
            "busiest": _plain(self.busiest),
        }


def _say(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _ceil(seconds: float) -> str:
    """In whole seconds, rounded up; a hair above one is still that one."""
    return say_seconds(ceil(round(seconds, 3)))


def _named(blame: Blame) -> str:
    """``math-7b, yoga x3, art-8 (12 more)``."""
    names = [name if times == 1 else f"{name} x{times}" for name, times in blame]
    more = f" ({len(names) - NAMED} more)" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _plain(value: Any) -> Any:
    """Dates as texts, dataclasses as mappings."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (Stretch, Late, Excess)):
        return {name: _plain(member) for name, member in asdict(value).items()}
    return [_plain(member) for member in value] if isinstance(value, tuple) else value
