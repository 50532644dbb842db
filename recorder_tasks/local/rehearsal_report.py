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
from recorder_tasks.local.accounts import Account
from recorder_tasks.local.lessons import PROMPT, Lesson, matched
from recorder_tasks.settings import Settings
from recorder_tasks.store import Store
from schedules.occurrence import Occurrence
from schedules.rule import Rule

Planned = Sequence[tuple[Rule, Occurrence]]


@dataclass(frozen=True)
class Traffic:
    """Requests to an account, or of a day. ``throttled``: refused as too many; ``refused``: 406, no room."""

    requests: int = 0
    busiest: int = 0  # the most in any second
    allowed: int = 0
    throttled: int = 0
    refused: int = 0

    @property
    def kept(self) -> bool:
        return self.throttled == 0 and self.busiest <= self.allowed


@dataclass(frozen=True)
class Day:
    """A row of the table: the lessons that begin on a date of their own zone, and their requests."""

    name: str
    lessons: tuple[Lesson, ...]
    traffic: Traffic


@dataclass(frozen=True)
class Compared:
    """What was planned in an account, and what its ledger and request log say.

    ``strays``: recorders that belong to no lesson.
    """

    lessons: Sequence[Lesson]
    strays: int
    alive: int
    allowed: int
    log: Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Report:
    """``strays``: recorders that belong to no lesson."""

    lessons: tuple[Lesson, ...]
    strays: int
    alive: int
    accounts: tuple[Traffic, ...]
    days: tuple[Day, ...]

    @property
    def wrong(self) -> list[Lesson]:
        return [lesson for lesson in self.lessons if lesson.wrong is not None]

    @property
    def requests(self) -> int:
        return sum(one.requests for one in self.accounts)

    @property
    def throttled(self) -> int:
        return sum(one.throttled for one in self.accounts)

    @property
    def refused(self) -> int:
        return sum(one.refused for one in self.accounts)

    @property
    def worst(self) -> Traffic:
        """The account that came closest to its rate."""
        return max(self.accounts, key=lambda one: one.busiest / max(1, one.allowed), default=Traffic())

    @property
    def busiest(self) -> int:
        return self.worst.busiest

    @property
    def budget_kept(self) -> bool:
        return all(one.kept for one in self.accounts)

    @property
    def proved(self) -> bool:
        """Every lesson once, on time, stopped on time; nothing else ran, and the budget was kept."""
        return not self.wrong and not self.strays and not self.alive and self.budget_kept

    def as_json(self) -> dict[str, Any]:
        return {
            **totals(self.lessons),
            "busiest_second": self.worst.busiest,
            "allowed_in_a_second": self.worst.allowed,
            "throttled": self.throttled,
            "no_room": self.refused,
            "strays": self.strays,
            "alive": self.alive,
            "requests": self.requests,
            "by_day": [_day_as_json(day) for day in self.days],
            "wrong": [{"lesson": one.key, "channel": one.channel, "what": one.wrong} for one in self.wrong],
            "proved": self.proved,
        }


def totals(lessons: Sequence[Lesson]) -> dict[str, Any]:
    """The figures of some lessons. A lag is the latest; below zero everybody was early."""
    ran = [one for one in lessons if one.takes]
    return {
        "lessons": len(lessons),
        "recorded": len(ran),
        "on_time": sum(1 for one in lessons if one.wrong is None),
        "missed": len(lessons) - len(ran),
        "worst_start_lag": round(max((one.start_lag for one in ran), default=0.0), 3),
        "worst_stop_lag": round(max((one.stop_lag for one in ran), default=0.0), 3),
        "most_at_once": most_at_once(lessons),
    }


def _day_as_json(day: Day) -> dict[str, Any]:
    told = {"busiest_second": day.traffic.busiest, "throttled": day.traffic.throttled}
    return {"day": day.name, **totals(day.lessons), **told}


def compare(planned: Planned, store: Store, account: Account, now: Instant, settings: Settings) -> Compared:
    """Every planned lesson with the takes that the account's ledger has for it."""
    takes = account.takes(now)
    lessons, strays = matched(_lessons(planned, settings), takes)
    return Compared(
        lessons=[one if one.takes else replace(one, reason=_reason(one, store)) for one in lessons],
        strays=len(strays),
        alive=sum(1 for take in takes if take["alive"]),
        allowed=account.allowed,
        log=account.calls(),
    )


def report_of(accounts: Sequence[Compared]) -> Report:
    lessons = sorted(
        (lesson for one in accounts for lesson in one.lessons),
        key=lambda lesson: (lesson.planned_start, lesson.key),
    )
    return Report(
        lessons=tuple(lessons),
        strays=sum(one.strays for one in accounts),
        alive=sum(one.alive for one in accounts),
        accounts=tuple(traffic(one.log, one.allowed) for one in accounts),
        days=tuple(_days(lessons, [one.log for one in accounts])),
    )


def _lessons(planned: Planned, settings: Settings) -> list[Lesson]:
    crowd = Counter((rule.app, one.end) for rule, one in planned)

    def lesson(rule: Rule, one: Occurrence) -> Lesson:
        app = settings.app(rule.app)
        spacing = (1 + settings.send_by) / (app.rate or 1000.0)
        return Lesson(
            key=one.key,
            app_id=app.app_id,
            channel=one.channel,
            zone=rule.timezone,
            planned_start=one.start.timestamp(),
            planned_end=one.end.timestamp(),
            lead=float(rule.lead),
            patience=PROMPT + spacing * crowd[rule.app, one.end],
        )

    return [lesson(rule, one) for rule, one in planned]


def _reason(lesson: Lesson, store: Store) -> str | None:
    name, _, slot = lesson.key.partition("@")
    for session in store.occurrences.of(name):
        if session.origin is not None and session.origin.slot == slot:
            return session.reason or f"it is {session.state.value}"
    return "it was never planned"


def traffic(log: Sequence[dict[str, Any]], allowed: int) -> Traffic:
    return Traffic(
        requests=len(log),
        busiest=busiest_second(entry["at"] for entry in log),
        allowed=allowed,
        throttled=sum(1 for entry in log if _over_the_rate(entry)),
        refused=sum(1 for entry in log if entry["code"] == 406),
    )


def _over_the_rate(entry: dict[str, Any]) -> bool:
    """The gateway says 429, or 400 without a code where the tenth of the cap is what was passed."""
    return entry["status"] == 429 or (entry["status"] == 400 and entry["code"] is None)


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


def _days(lessons: Iterable[Lesson], calls: Sequence[Sequence[dict[str, Any]]]) -> list[Day]:
    """By date: lessons by their own zone, requests by that of the lessons of their channel."""
    zones: dict[str, str] = {}
    days: dict[str, list[Lesson]] = defaultdict(list)
    for lesson in lessons:
        zones[lesson.channel] = lesson.zone
        days[_date(lesson.planned_start, lesson.zone)].append(lesson)
    logs: dict[str, list[list[dict[str, Any]]]] = {name: [[] for _ in calls] for name in days}
    for account, log in enumerate(calls):
        for entry in log:
            name = _date(entry["at"], zones.get(entry["channel"], "UTC"))
            if name in logs:
                logs[name][account].append(entry)
    return [Day(name, tuple(found), _together(logs[name])) for name, found in days.items()]


def _together(logs: Sequence[Sequence[dict[str, Any]]]) -> Traffic:
    """One day's requests to all accounts; the busiest second is that of one account."""
    parts = [traffic(log, 0) for log in logs]
    return Traffic(
        requests=sum(one.requests for one in parts),
        busiest=max((one.busiest for one in parts), default=0),
        throttled=sum(one.throttled for one in parts),
        refused=sum(one.refused for one in parts),
    )


def _date(at: Instant, zone: str) -> str:
    return f"{datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone)):%a %Y-%m-%d}"
