"""One namespace of a simulation: filled, run through the window, checked.

Real are the core, the store with its scripts, the dispatchers with their wake-ups, claims and leases, the
budget's slots and permits, the journal, and the vendor's client down to its transport. Made up are the vendor
(the simulator's world in this process, which answers at once), the clock, and Celery: what a dispatcher sends
is done by a hand of this process. The journal holds no takes that other workers have started; a worker's
keeper would copy those, too.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.bench import STORAGE
from benchmarks.simulation.audit import Amiss, Lesson, Ran, alive, starved
from benchmarks.simulation.filling import BEGIN, Filling, Wanted, lessons
from benchmarks.simulation.hands import Hands, Stopwatch
from benchmarks.simulation.vendor import Vendor, app_settings, busiest_second
from benchmarks.simulation.workers import TICK, Crew
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.session import Lane, Session
from recorder_tasks.flow.journal import Journal
from recorder_tasks.flow.permit import Timer
from recorder_tasks.flow.turn import Turns
from recorder_tasks.local.inprocess_vendor import InProcessVendors
from recorder_tasks.local.inprocess_worker import work
from recorder_tasks.settings import Settings
from recorder_tasks.store import Claim, Store

STREAMS = ("events", "takes")
PATIENCE = 30.0  # seconds that a step may wait; one that was put off again and again is starved
SLICE = 1000

Tell = Callable[[float], None]  # how much is done, 0 to 1


@dataclass
class Share:
    """``lateness``: for each lane, the seconds from a step's due time, in the window, to its request."""

    wanted: Wanted
    store: Store
    vendor: Vendor
    settings: Settings
    watch: Stopwatch = field(default_factory=Stopwatch)
    lateness: dict[str, list[float]] = field(default_factory=dict)
    _due: dict[tuple[str, Lane], Instant] = field(default_factory=dict)

    def run(self, hands: Hands, turns: Turns, tell: Tell) -> None:
        """Does what is due until the window ends, and what was begun by then."""
        end = BEGIN + self.wanted.window
        with Crew(
            self.store, self.settings, hands, self.watch, lambda claim: self.turn(turns, claim)
        ) as crew:
            while hands.monotonic() < end or hands.busy:
                hands.wake()
                if hands.monotonic() < end:
                    crew.look()
                wakes = [] if hands.next_wake is None else [hands.next_wake]
                if hands.monotonic() < end:
                    wakes.append(min(end, crew.next_look))
                hands.to(max(min(wakes, default=end), hands.monotonic() + TICK))
                tell((hands.monotonic() - BEGIN) / self.wanted.window)

    def starved(self, now: Instant) -> int:
        """Steps that have waited for longer than ``PATIENCE``, claimed in vain or never."""
        client: Any = self.store.client
        due = {
            (name.decode(), lane): at
            for lane in Lane
            for name, at in client.zrange(self.store.keys("due", lane.value), 0, -1, withscores=True)
        }
        return starved(self._due, due, now - PATIENCE)

    def timer(self, hands: Hands) -> Timer:
        """How turns wait."""
        return hands

    def turn(self, turns: Turns, claim: Claim) -> None:
        key = claim.session_id, claim.lane
        due = self._due.setdefault(key, max(BEGIN, claim.since or BEGIN))
        theirs, began = self.vendor.cpu_here, time.thread_time()
        work(turns, claim)
        took = time.thread_time() - began - (self.vendor.cpu_here - theirs)
        sent = self.vendor.sent_at()
        self.watch.add(claim.lane.value if sent is not None else f"{claim.lane.value}, put off", took)
        if sent is not None:
            del self._due[key]
            self.lateness.setdefault(claim.lane.value, []).append(sent - due)


def settings_of(wanted: Wanted, url: str, namespace: str, home: Path) -> Settings:
    apps = {f"app-{number}": app_settings(number, wanted.each) for number in range(wanted.apps)}
    members = {"redis_url": url, "namespace": namespace, "data_dir": home, "attempts": 1, "apps": apps}
    return Settings.model_validate({**members, "storages": {"default": STORAGE}})


class Simulated:
    """``fill``, ``run`` and ``check`` in this order; the namespace's clock is its own."""

    share_of: Callable[..., Share] = Share

    def __init__(self, wanted: Wanted, settings: Settings) -> None:
        self.wanted = wanted
        self.settings = settings
        self.store = Store(settings.redis_url, settings.namespace)
        self.clock: Callable[[], Instant] = lambda: BEGIN
        self.vendor = Vendor(settings, lambda: self.clock())
        self.vendors = InProcessVendors(settings, self.vendor)
        self.share = type(self).share_of(wanted, self.store, self.vendor, settings)
        self.sessions: list[Session] = []
        self.told: dict[str, Any] = {}

    def fill(self, tell: Tell) -> dict[str, float]:
        """How many record now and are scheduled, and the bytes of the capped streams."""
        self.sessions = lessons(self.wanted, self.settings)
        self.store.clock.freeze(BEGIN)
        filling = Filling(self.store, self.vendors, self.settings, random.Random(self.wanted.seed))
        self.clock = lambda: filling.at
        live = filling.fill(self.sessions, tell)
        self.vendor.forget()
        return {"live": live, "scheduled": len(self.sessions) - live, "feed": feed(self.store)}

    def run(self, tell: Tell) -> dict[str, Any]:
        hands = Hands(self.store.clock, BEGIN, Crew.hands)
        self.clock = hands.monotonic
        before, began = self.vendor.count, time.perf_counter()
        with closing(Journal(self.settings.data_dir / f"{self.settings.namespace}.sqlite")) as journal:
            timer = self.share.timer(hands)
            turns = Turns(self.store, self.vendors, journal, self.settings, timer)
            self.share.run(hands, turns, tell)
        hands.close()
        return {
            "requests": self.vendor.count - before,
            "seconds": time.perf_counter() - began,
            "moved": hands.moved,
            "cpu": self.share.watch.seconds,
            "turns": self.share.watch.calls,
            "lateness": self.share.lateness,
        }

    def check(self, tell: Tell) -> dict[str, Any]:
        """What must not be: requests above the rate, sessions nobody sees to, recorders not as wanted."""
        now, tasks = self.clock(), self.vendor.tasks()
        most, refused = busiest_second(self.vendor.worlds, BEGIN)
        ran = [Ran(task.cname, task.started_at, task.ended_at) for task in tasks]
        wanted = (Lesson(one.channel, one.start, one.ends_at) for one in self.sessions)
        over, due = members(self.store, "index", "final"), _due(self.store)
        told = {
            **asdict(Amiss.of(wanted, ran, now)),
            "alive": alive(ran, BEGIN, math.floor(self.wanted.window)),
            "busiest_second": most,
            "limited": refused,
            "starved": self.share.starved(now),
            "lost": len({one.id for one in self.sessions} - due - over),
            "repairs": self._repairs(now),
            "finished": len(over),
            "feed": feed(self.store),
        }
        self.store.close()
        self.vendors.close()
        return told

    def _repairs(self, now: Instant) -> int:
        """What the checker finds amiss in all sessions."""
        found, cursor, cadence = 0, "0:0", self.settings.cadence
        while True:
            checked = self.store.checker.slice(cursor, SLICE, lambda session: lanes(session, now, cadence))
            found, cursor = found + len(checked.repairs), checked.cursor
            if cursor == "0:0":
                return found


def feed(store: Store) -> int:
    """Bytes of the namespace's capped streams."""
    client: Any = store.client
    return sum(client.memory_usage(store.keys(name), samples=0) or 0 for name in STREAMS)


def _due(store: Store) -> set[str]:
    """The sessions that somebody will see to."""
    return {name for lane in Lane for name in members(store, "due", lane.value)}


def members(store: Store, *key: str) -> set[str]:
    """Of a sorted set: an index, or a lane."""
    client: Any = store.client
    return {name.decode() for name in client.zrange(store.keys(*key), 0, -1)}
