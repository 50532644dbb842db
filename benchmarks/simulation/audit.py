"""What the vendor's account says of a whole window: who was recorded, who was not, who for too long. Pure.

Looked at is each recorder's whole life, not what runs at the end.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import TypeVar

SOON = 15.0  # seconds after its planned start in which a recorder has to be there; a stop has as long

Step = TypeVar("Step", bound=Hashable)


@dataclass(frozen=True)
class Ran:
    """One recorder: epoch seconds. ``until``: None while it runs."""

    channel: str
    since: float
    until: float | None


@dataclass(frozen=True)
class Lesson:
    """What was wanted, in a channel of its own."""

    channel: str
    start: float
    end: float


@dataclass(frozen=True)
class Amiss:
    """How many lessons were not recorded as wanted.

    ``absent``: without a recorder ``SOON`` after their start; ``short``: it ended before they did;
    ``too_long``: it ran longer than ``SOON`` past their end; ``doubled``: there were two at once.
    """

    absent: int
    short: int
    too_long: int
    doubled: int

    @classmethod
    def of(cls, lessons: Iterable[Lesson], ran: Iterable[Ran], now: float) -> Amiss:
        by_channel: dict[str, list[Ran]] = {}
        for one in sorted(ran, key=lambda one: one.since):
            by_channel.setdefault(one.channel, []).append(one)
        found = [_of(lesson, by_channel.pop(lesson.channel, []), now) for lesson in lessons]
        counted = {field.name: sum(field.name in one for one in found) for field in fields(cls)}
        counted["doubled"] += len(by_channel)  # recorders that nobody has wanted
        return cls(**counted)


def _of(lesson: Lesson, ran: list[Ran], now: float) -> set[str]:
    found = set()
    if lesson.start + SOON <= now and not any(one.since <= lesson.start + SOON for one in ran):
        found.add("absent")
    if ran and all(one.until is not None and one.until < min(lesson.end, now) for one in ran):
        found.add("short")
    if any((now if one.until is None else one.until) > lesson.end + SOON for one in ran):
        found.add("too_long")
    if any(one.until is None or one.until > following.since for one, following in pairwise(ran)):
        found.add("doubled")
    return found


def starved(claimed: Mapping[Step, float], due: Mapping[Step, float], before: float) -> int:
    """Steps of ``due`` that were so before ``before``. ``claimed``: since when, of those without a slot yet.

    A claim moves a step's due time, so both count. What is due no more has not starved: a check that was put
    off ends with its recording.
    """
    return sum(min(at, claimed.get(step, at)) < before for step, at in due.items())


def alive(ran: Iterable[Ran], begin: float, seconds: int) -> list[int]:
    """How many recorders run at each whole second of a window, its both ends among them."""
    changes = [0] * (seconds + 2)
    for one in ran:
        first = max(0, -int((begin - one.since) // 1))
        last = seconds + 1 if one.until is None else max(0, -int((begin - one.until) // 1))
        if first <= seconds and last > first:
            changes[first] += 1
            changes[min(last, seconds + 1)] -= 1
    counts, running = [], 0
    for change in changes[: seconds + 1]:
        running += change
        counts.append(running)
    return counts
