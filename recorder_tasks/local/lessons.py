"""A planned lesson beside what the simulator's ledger says became of it.

The ledger knows no lessons, only recorders in channels: which recorder was whose follows from when it ran.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from recorder_tasks.core.outcome import Instant

PROMPT = 10.0  # seconds: a start without a lead, and a stop, may take this long
EARLY = 0.5  # seconds by which a start may precede its lead: its priority
SHORT = 1.0  # seconds by which a recorder may end early: stop is sent at the end, not after it

Take = dict[str, Any]


@dataclass(frozen=True)
class Lesson:
    """One planned occurrence, and what the ledger says became of it. Instants are UTC epoch seconds."""

    key: str
    app_id: str
    channel: str
    zone: str
    planned_start: Instant
    planned_end: Instant
    lead: float
    patience: float  # seconds that its stop may take, in a crowd
    began: Instant | None = None  # when a recorder of it was in the channel
    ended: Instant | None = None
    takes: int = 0
    reason: str | None = None

    @property
    def start_lag(self) -> float:
        """Seconds by which it recorded late; negative: it was early."""
        return 0.0 if self.began is None else self.began - self.planned_start

    @property
    def stop_lag(self) -> float:
        return 0.0 if self.ended is None else self.ended - self.planned_end

    @property
    def wrong(self) -> str | None:
        """What is not as planned, in words."""
        if self.takes == 0:
            return f"not recorded: {self.reason or 'the ledger has no recorder for it'}"
        if self.began is None:
            return "not recorded: its recorder never came into the channel"
        if self.takes > 1:
            return f"recorded {self.takes} times"
        if self.start_lag > (0.0 if self.lead else PROMPT):
            return f"began {self.start_lag:.1f} s late"
        if self.start_lag < -self.lead - EARLY:
            return f"began {-self.start_lag:.1f} s early, its lead is {self.lead:g} s"
        if self.ended is None:
            return "never stopped"
        if self.stop_lag < -SHORT:
            return f"ended {-self.stop_lag:.1f} s before its end"
        if self.stop_lag > self.patience:
            return f"stopped {self.stop_lag:.1f} s after its end"
        return None

    def with_takes(self, takes: Sequence[Take]) -> Lesson:
        joined = [take["joined_at"] for take in takes if take["joined_at"] is not None]
        ended = [take["ended_at"] for take in takes]
        return replace(
            self,
            takes=len(takes),
            began=min(joined, default=None),
            ended=None if None in ended else max(ended, default=None),
        )


def matched(lessons: Iterable[Lesson], takes: Iterable[Take]) -> tuple[list[Lesson], list[Take]]:
    """Every lesson with its own recorders, in order; and the recorders that belong to no lesson.

    Lessons of one channel may touch or overlap: each first gets the recorder that fits it best, one by one;
    what is left over then is a doubled recording of the lesson that it fits best.
    """
    rooms: dict[tuple[str, str], list[Lesson]] = defaultdict(list)
    for lesson in lessons:
        rooms[lesson.app_id, lesson.channel].append(lesson)
    ran: dict[tuple[str, str], list[Take]] = defaultdict(list)
    for take in takes:
        ran[take["app_id"], take["channel"]].append(take)
    found: list[Lesson] = []
    strays = [take for room, own in ran.items() if room not in rooms for take in own]
    for room, planned in rooms.items():
        owners = _owners(planned, ran[room])
        found += [
            lesson.with_takes([take for take, owner in zip(ran[room], owners, strict=True) if owner == index])
            for index, lesson in enumerate(planned)
        ]
        strays += [take for take, owner in zip(ran[room], owners, strict=True) if owner is None]
    return sorted(found, key=lambda lesson: (lesson.planned_start, lesson.key)), strays


def _owners(lessons: Sequence[Lesson], takes: Sequence[Take]) -> list[int | None]:
    """For each recorder of a channel the index of its lesson; None: it is nobody's."""
    fits = sorted(
        (_misfit(lesson, take), of, which)
        for which, take in enumerate(takes)
        for of, lesson in enumerate(lessons)
        if _may_be(lesson, take)
    )
    owners: list[int | None] = [None] * len(takes)
    served = set[int]()
    for _, of, which in fits:
        if owners[which] is None and of not in served:
            owners[which] = of
            served.add(of)
    for _, of, which in fits:
        if owners[which] is None:
            owners[which] = of
    return owners


def _may_be(lesson: Lesson, take: Take) -> bool:
    """Whether a recorder that began then can be this lesson's."""
    earliest = lesson.planned_start - lesson.lead - 2 * EARLY
    return bool(earliest <= take["started_at"] < lesson.planned_end)


def _misfit(lesson: Lesson, take: Take) -> float:
    """Seconds between what was planned and what ran, at both ends."""
    ended = lesson.planned_end if take["ended_at"] is None else take["ended_at"]
    return float(abs(take["started_at"] - lesson.planned_start) + abs(ended - lesson.planned_end))
