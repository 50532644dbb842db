"""A school on a test clock: both clocks move together, rules say what must come, a storm kills processes."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from celery import Celery

from schedules.calendars import Calendars
from schedules.occurrence import Occurrence
from schedules.recurrence import occurrences
from schedules.rule import Pause, Rule
from schedules.schedules import Schedules
from tests.journeys.house import CADENCE, House, Process, until

T = TypeVar("T")

RATE = 10.0
# Real latencies last RATE times as long on the test clock, so leases and time-outs are generous.
PATIENT: dict[str, Any] = {
    **{
        f"CADENCE__{name.upper()}": [gap * RATE for gap in value] if isinstance(value, list) else value * RATE
        for name, value in CADENCE.items()
    },
    "APPS__DEFAULT__CERTIFICATE": "",  # tokens are issued by the host's clock
    "APPS__DEFAULT__QPS": 0,
    "APPS__DEFAULT__CONCURRENT_TASKS": 2000,
    "PROFILES__DEFAULT__HEALTH_EVERY": 40.0,
    "PROFILES__DEFAULT__MAX_IDLE": 300,
    "CONNECT_TIMEOUT": 5.0,
    "READ_TIMEOUT": 20.0,
    "STOP_TIMEOUT": 20.0,
    "OVERDUE_STOP": 15.0,
    "JOURNAL_GRACE": 600.0,
    "CADENCE__SETTLE_WINDOW": 60.0,  # a stop that was killed before its answer leaves the upload unknown
    "PLAN_AHEAD": 3600,
}
APART = 2.0  # seconds of the test clock that the two clocks may differ by


def short_night(today: date) -> date:
    """The next Sunday on which New York's clocks skip 02:00..03:00, at least ten days ahead."""
    for year in (today.year, today.year + 1):
        first = date(year, 3, 1)
        sunday = first + timedelta(days=(6 - first.weekday()) % 7 + 7)
        if sunday > today + timedelta(days=10):
            return sunday
    raise AssertionError("there is one every year")


class Times:
    """The namespace's clock and the vendor's, as one."""

    def __init__(self, school: House, begins: datetime) -> None:
        self.school = school
        self.clock = school.wiring.store.clock
        self.clock.set_test(rate=RATE)
        app = school.simulator.app
        without_certificate = {"key": app["key"], "secret": app["secret"]}
        school.simulator.call("PUT", f"/apps/{app['app_id']}", without_certificate)
        school.simulator.call("POST", "/clock", {"speed": RATE})
        self.jump_to(begins.timestamp())

    @property
    def now(self) -> float:
        return self.clock.now()

    def _ahead(self) -> tuple[float, float]:
        """How far the vendor's clock is ahead, at least and at most: it was asked between two looks."""
        before = self.now
        vendor = float(self.school.simulator.call("GET", "/health")["now"])
        return vendor - self.now, vendor - before

    def apart(self) -> float:
        """Seconds by which the clocks surely differ."""
        low, high = self._ahead()
        return max(low, -high, 0.0)

    def jump_to(self, at: float) -> None:
        """Move both ahead; the dispatchers look again."""
        step = at - self.now
        assert step > 0, f"{datetime.fromtimestamp(at, UTC)} has passed"
        self.clock.jump(step)
        self.school.simulator.call("POST", "/clock", {"jump": step})
        low, high = self._ahead()
        if high < 0:
            self.school.simulator.call("POST", "/clock", {"jump": -(low + high) / 2})
        elif low > 0:
            self.clock.jump((low + high) / 2)
        store = self.school.wiring.store
        store.client.publish(f"recorder:{{{self.school.settings.namespace}}}:wake", "jump")


def stranger(school: House, prefix: str) -> Celery:
    """Somebody else's Celery, which knows the broker, the prefix of its queues, and a name."""
    app = Celery("stranger", broker=school.redis_url, set_as_current=False)
    app.conf.broker_transport_options = {"global_keyprefix": prefix}
    return app


@dataclass
class Storm:
    """Kills processes at random moments and brings them back; one general worker is always up.

    ``blow`` is called from the loop that waits for something, and acts when it is time.
    """

    school: House
    seed: int
    makers: Mapping[str, Callable[[], Process]]
    pace: tuple[float, float] = (1.5, 4.0)
    processes: dict[str, Process] = field(default_factory=dict)
    killed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._down: dict[str, float] = {}
        self._next = 0.0
        print(f"storm: seed {self.seed}")
        for name in self.makers:
            self.start(name)
        for name in self.workers:
            self.school.await_worker(name)

    @property
    def workers(self) -> list[str]:
        return [name for name in self.makers if not name.startswith("beat")]

    def start(self, name: str) -> None:
        self.processes[name] = self.makers[name]()

    def blow(self) -> None:
        now = time.monotonic()
        for name in [name for name, at in self._down.items() if at <= now]:
            del self._down[name]
            self.start(name)
        if now >= self._next:
            victim = self._random.choice(sorted(self.processes))
            if victim not in self._down and self._may_die(victim):
                self.kill(victim, self._random.uniform(0.0, 2.0))
            self._next = now + self._random.uniform(*self.pace)

    def _may_die(self, name: str) -> bool:
        if not name.startswith("general"):
            return True
        alive = self.school.wiring.store.workers.alive(60.0)
        others = [one for one in self.workers if one.startswith("general") and one != name]
        return any("lanes" in alive.get(f"{one}@test", {}) and one not in self._down for one in others)

    def kill(self, name: str, away: float = 0.0) -> None:
        self.processes[name].kill()
        self.killed[name] += 1
        self._down[name] = time.monotonic() + away

    def blackout(self) -> None:
        """Everybody at once, and up again."""
        for name in self.processes:
            if name not in self._down:
                self.kill(name)
        for name in self.makers:
            self._down.pop(name, None)
            self.start(name)

    def until(self, check: Callable[[], T], timeout: float, what: str) -> T:
        """As :func:`house.until`, in the storm."""

        def look() -> T:
            self.blow()
            return check()

        return until(look, timeout, what)


@dataclass(frozen=True)
class Truth:
    """A rule as it is in force for a while, and what that makes of it by the rule's own arithmetic."""

    rule: Rule
    since: datetime
    until: datetime
    calendars: Calendars
    pause: Pause | None = None
    skips: tuple[str, ...] = ()

    def occurrences(self) -> list[Occurrence]:
        return occurrences(
            self.rule,
            self.since,
            self.until,
            calendars=self.calendars,
            pause=self.pause,
            skips=self.skips,
        )


def expected(truths: Iterable[Truth]) -> list[Occurrence]:
    """All that must be recorded, by start."""
    found = [occurrence for truth in truths for occurrence in truth.occurrences()]
    return sorted(found, key=lambda occurrence: (occurrence.start, occurrence.key))


def next_bell(ahead: list[Occurrence], now: datetime, apart: timedelta) -> list[Occurrence]:
    """The next occurrences that begin around one time."""
    coming = [occurrence for occurrence in ahead if occurrence.start > now]
    return [occurrence for occurrence in coming if occurrence.start < coming[0].start + apart]


@dataclass(frozen=True)
class Register:
    """What the deployment has made of its schedules, by its own word."""

    school: House

    @property
    def schedules(self) -> Schedules:
        return Schedules(self.school.wiring.schedules)

    def slots(self, state: str) -> Counter[str]:
        """``schedule@slot`` of every recording in this state."""
        found: Counter[str] = Counter()
        cursor: str | None = None
        while True:
            page = self.school.desk.find(state=state, limit=1000, cursor=cursor)
            found.update(f"{one.schedule}@{one.slot}" for one in page.recordings)
            if page.cursor is None:
                return found
            cursor = page.cursor

    def counts(self) -> dict[str, int]:
        return {state.value: count for state, count in self.school.wiring.store.sessions.counts().items()}

    def unfinished(self) -> str:
        """All that keeps it from being at rest, with its takes and its latest events, for a failed test."""
        lines: list[str] = []
        for state in ("starting", "recording", "stopping", "completed"):
            for one in self.school.desk.find(state=state, limit=1000).recordings:
                session = self.school.wiring.store.sessions.get(one.session_id)
                if session is not None and session.settled_at is None:
                    lines.append(session.model_dump_json(exclude_defaults=True))
                    lines += [
                        f"  {event.at} {event.type} {event.data}"
                        for event in self.school.desk.events(one.session_id)
                    ]
        return "\n".join(lines)

    def at_rest(self) -> bool:
        """Whether nothing is begun and not yet brought to its end, manifests included."""
        counts = self.counts()
        at_work = sum(counts[state] for state in ("starting", "recording", "stopping"))
        return not at_work and self.school.wiring.store.checker.compare().open == counts["scheduled"]
