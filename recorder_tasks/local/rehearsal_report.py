"""What a rehearsal came to: every planned lesson against the simulator's ledger and request log.

Nothing of our own state is believed but the reason that a session gives for not having been recorded.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from recorder_tasks.core.outcome import Instant
from recorder_tasks.settings import Settings
from recorder_tasks.simulator import World
from recorder_tasks.simulator.ledger import ledger, requests
from recorder_tasks.store import Store
from schedules.occurrence import Occurrence
from schedules.rule import Rule

RECORDING = frozenset({"acquire", "start", "query", "update", "updateLayout", "stop"})
PROMPT = 10.0  # seconds: a start without a lead, and a stop, may take this long
EARLY = 0.5  # seconds by which a start may precede its lead: its priority
MOST_LISTED = 20


@dataclass(frozen=True)
class Lesson:
    """One planned occurrence, and what the ledger says became of it. Instants are UTC epoch seconds."""

    key: str
    channel: str
    zone: str
    planned_start: Instant
    planned_end: Instant
    lead: float
    patience: float  # seconds that its stop may take, in a crowd
    began: Instant | None = None
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
        if self.began is None:
            return f"not recorded: {self.reason or 'the ledger has no recorder for it'}"
        if self.takes > 1:
            return f"recorded {self.takes} times"
        if self.start_lag > (0.0 if self.lead else PROMPT):
            return f"began {self.start_lag:.1f} s late"
        if self.start_lag < -self.lead - EARLY:
            return f"began {-self.start_lag:.1f} s early, its lead is {self.lead:g} s"
        if self.ended is None:
            return "never stopped"
        if not -1.0 <= self.stop_lag <= self.patience:
            return f"stopped {self.stop_lag:.1f} s after its end"
        return None


@dataclass(frozen=True)
class Report:
    """``busiest``: the most requests in any second. ``throttled``: answers 429; ``refused``: 406, no room."""

    lessons: tuple[Lesson, ...]
    strays: int  # recorders that belong to no lesson
    alive: int
    busiest: int
    qps: int
    throttled: int
    refused: int
    requests: int

    @property
    def wrong(self) -> list[Lesson]:
        return [lesson for lesson in self.lessons if lesson.wrong is not None]

    @property
    def budget_kept(self) -> bool:
        return self.throttled == 0 and self.busiest <= self.qps

    @property
    def proved(self) -> bool:
        """Every lesson once, on time, stopped on time; nothing else ran, and the budget was kept."""
        return not self.wrong and not self.strays and not self.alive and self.budget_kept

    def as_json(self) -> dict[str, Any]:
        return {
            "lessons": len(self.lessons),
            "recorded": sum(1 for lesson in self.lessons if lesson.takes),
            "on_time": len(self.lessons) - len(self.wrong),
            "worst_start_lag": round(max((one.start_lag for one in self.lessons), default=0.0), 3),
            "worst_stop_lag": round(max((one.stop_lag for one in self.lessons), default=0.0), 3),
            "most_at_once": most_at_once(self.lessons),
            "busiest_second": self.busiest,
            "throttled": self.throttled,
            "no_room": self.refused,
            "strays": self.strays,
            "alive": self.alive,
            "requests": self.requests,
            "wrong": [{"lesson": one.key, "channel": one.channel, "what": one.wrong} for one in self.wrong],
            "proved": self.proved,
        }


def compare(
    planned: Sequence[tuple[Rule, Occurrence]], store: Store, world: World, now: Instant, settings: Settings
) -> Report:
    """Every planned lesson with the takes that the ledger has for it."""
    takes = ledger(world, now)["takes"]
    by_channel: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for take in takes:
        by_channel[take["channel"]].append(take)
    crowd = Counter((rule.app, one.end) for rule, one in planned)
    lessons, claimed = [], set[str]()
    for rule, one in planned:
        spacing = (1 + settings.send_by) / (settings.app(rule.app).rate or 1000.0)
        lesson = Lesson(
            key=one.key,
            channel=one.channel,
            zone=rule.timezone,
            planned_start=one.start.timestamp(),
            planned_end=one.end.timestamp(),
            lead=float(rule.lead),
            patience=PROMPT + 2 * spacing * crowd[rule.app, one.end],
        )
        own = [
            take for take in by_channel[one.channel] if take["sid"] not in claimed and _within(take, lesson)
        ]
        own = own[:1] if _shared(own, lesson, planned) else own
        claimed |= {take["sid"] for take in own}
        lessons.append(_found(lesson, own, store))
    log = [entry for entry in requests(world) if entry["verb"] in RECORDING]
    return Report(
        lessons=tuple(lessons),
        strays=len(takes) - len(claimed),
        alive=sum(1 for take in takes if take["alive"]),
        busiest=busiest_second(entry["at"] for entry in log),
        qps=world.book.settings.qps,
        throttled=sum(1 for entry in log if entry["status"] == 429),
        refused=sum(1 for entry in log if entry["code"] == 406),
        requests=len(log),
    )


def _within(take: dict[str, Any], lesson: Lesson) -> bool:
    """Whether a recorder that began then can be this lesson's."""
    earliest = lesson.planned_start - lesson.lead - 2 * EARLY
    return bool(earliest <= take["started_at"] < lesson.planned_end)


def _shared(
    own: Sequence[dict[str, Any]], lesson: Lesson, planned: Sequence[tuple[Rule, Occurrence]]
) -> bool:
    """Whether another lesson of this channel overlaps this one, so that only the first take is its own."""
    if len(own) < 2:
        return False
    return any(
        one.key != lesson.key
        and one.channel == lesson.channel
        and one.start.timestamp() < lesson.planned_end
        and lesson.planned_start < one.end.timestamp()
        for _, one in planned
    )


def _found(lesson: Lesson, takes: Sequence[dict[str, Any]], store: Store) -> Lesson:
    if not takes:
        return replace(lesson, reason=_reason(lesson, store))
    ended = [take["ended_at"] for take in takes]
    return replace(
        lesson,
        takes=len(takes),
        began=min(take["joined_at"] or take["started_at"] for take in takes),
        ended=None if None in ended else max(ended),
    )


def _reason(lesson: Lesson, store: Store) -> str | None:
    name, _, slot = lesson.key.partition("@")
    for session in store.occurrences.of(name):
        if session.origin is not None and session.origin.slot == slot:
            return session.reason or f"it is {session.state.value}"
    return "it was never planned"


def busiest_second(instants: Iterable[float]) -> int:
    """The most requests in any window of one second."""
    ordered = sorted(instants)
    return max((bisect_left(ordered, at + 1.0) - index for index, at in enumerate(ordered)), default=0)


def most_at_once(lessons: Iterable[Lesson]) -> int:
    """The most recorders that ran at one instant, by the ledger."""
    events = [
        event
        for one in lessons
        if one.began is not None
        for event in ((one.began, 1), (one.ended if one.ended is not None else float("inf"), -1))
    ]
    running = most = 0
    for _, change in sorted(events):
        running += change
        most = max(most, running)
    return most


def by_day(report: Report) -> dict[str, list[Lesson]]:
    """The lessons by their date, each in its own zone."""
    days: dict[str, list[Lesson]] = defaultdict(list)
    for lesson in report.lessons:
        local = datetime.fromtimestamp(lesson.planned_start, UTC).astimezone(ZoneInfo(lesson.zone))
        days[f"{local:%a %Y-%m-%d}"].append(lesson)
    return dict(days)
