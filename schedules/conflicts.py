"""Conflicts: two schedules that record the same channel at the same time, which is hardly ever meant.

Pure, and one sweep over the occurrences: each is compared with the one other schedule that still records the
channel the longest, so that a crowd in one channel is told in as many conflicts as it has members.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from schedules.occurrence import Occurrence


@dataclass(frozen=True)
class Conflict:
    """Two schedules in one channel, ``times`` times; ``at``: when that begins for the first time.

    ``schedules``: the one that records already, and the one that begins meanwhile.
    """

    channel: str
    schedules: tuple[str, str]
    at: datetime
    times: int = 1

    def __str__(self) -> str:
        return self.sentence()

    def sentence(self, zone: tzinfo = UTC) -> str:
        """What happens, by the clock of a zone."""
        earlier, later = self.schedules
        often = "" if self.times == 1 else f" ({self.times} times)"
        at = f"{self.at.astimezone(zone):%Y-%m-%d %H:%M} {zone}"
        return f"{at}: {earlier} and {later} record channel {self.channel} at once{often}"

    def as_json(self) -> dict[str, Any]:
        """For machines: instants in ISO 8601."""
        return {**asdict(self), "at": self.at.isoformat(), "sentence": str(self)}


class _Booked(NamedTuple):
    """A schedule's occurrence, as the channel is taken by it."""

    begins: datetime
    ends: datetime
    schedule: str


def conflicts(planned: Iterable[tuple[str, Occurrence]]) -> list[Conflict]:
    """Where two schedules meet in a channel, of one app's occurrences, each with its schedule's name.

    By the first time they meet. Counted is what is announced (``begins``..``ends``): paddings may overlap,
    and lessons may follow on each other. The same two schedules in the same channel are one conflict.
    """
    by_channel: dict[str, list[_Booked]] = {}
    for schedule, one in planned:
        by_channel.setdefault(one.channel, []).append(_Booked(one.begins, one.ends, schedule))
    found: dict[tuple[str, frozenset[str]], Conflict] = {}
    for channel, booked in by_channel.items():
        for earlier, later in _meetings(booked):
            both = channel, frozenset((earlier.schedule, later.schedule))
            first = Conflict(channel, (earlier.schedule, later.schedule), later.begins, 0)
            known = found.get(both, first)
            found[both] = replace(known, times=known.times + 1)
    return sorted(found.values(), key=lambda one: (one.at, one.channel, one.schedules))


def _meetings(booked: list[_Booked]) -> Iterator[tuple[_Booked, _Booked]]:
    """Each that begins while another schedule's goes on, after the one of those that goes on longest."""
    longest: _Booked | None = None
    other: _Booked | None = None  # the longest of any other schedule than that one's
    for one in sorted(booked):
        rival = other if longest is not None and longest.schedule == one.schedule else longest
        if rival is not None and rival.ends > one.begins:
            yield rival, one
        if longest is None or one.ends > longest.ends:
            longest, other = one, rival
        elif longest.schedule != one.schedule and (other is None or one.ends > other.ends):
            other = one
