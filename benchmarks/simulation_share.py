"""One namespace of a simulation: filled, run through the window, checked.

Real are the core, the store with its scripts, claims, leases, the budget's slots and permits, the journal,
and the vendor's client down to its transport. Made up are the vendor (the simulator's world in this process,
which answers at once), the clock, and the hand-off by Celery: who claims a turn also takes it. The journal
holds no takes that other workers have started; a worker's keeper would copy those, too.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.bench import STORAGE
from benchmarks.simulation_filling import BEGIN, Filling, Wanted, lessons
from benchmarks.simulation_hands import Hands, Stopwatch
from benchmarks.simulation_vendor import Vendor, app_settings, busiest_second
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.session import Lane
from recorder_tasks.flow.journal import Journal
from recorder_tasks.flow.turn import Turns
from recorder_tasks.local.inprocess_vendor import InProcessVendors
from recorder_tasks.local.inprocess_worker import work
from recorder_tasks.settings import Settings
from recorder_tasks.store import Claim, Store

LANES = tuple(Lane)
WORKER = 8  # hands of one worker: its dispatcher claims no more at a time
HANDS = 128  # of all workers of the namespace
HAND_OFF = 5.0
TICK = 0.001
CLAIMS = 300  # of which the time of one is known
MARGIN = 15.0  # seconds around a lesson's ends in which its recorder may run or not


@dataclass
class Share:
    """``lateness``: for each lane, the seconds from a step's due time until its request was sent."""

    wanted: Wanted
    store: Store
    vendor: Vendor
    watch: Stopwatch = field(default_factory=Stopwatch)
    lateness: dict[str, list[float]] = field(default_factory=dict)
    claims: int = 0
    put_off: int = 0
    _due: dict[tuple[str, Lane], Instant] = field(default_factory=dict)

    def run(self, hands: Hands, turns: Turns) -> None:
        """Does what is due until the window ends, and what was begun by then."""
        end, look, following = BEGIN + self.wanted.window, True, BEGIN
        while hands.monotonic() < end or hands.busy:
            look = hands.wake() > 0 or look or hands.monotonic() >= following
            if look and hands.free and hands.monotonic() < end:
                look, following = self._claim(hands, turns)
                if look:
                    continue
            wakes = [at for at in (hands.next_wake, following) if at is not None and at > hands.monotonic()]
            upcoming = min(wakes, default=end)
            hands.to(
                upcoming if hands.monotonic() >= end else min(end, max(upcoming, hands.monotonic() + TICK))
            )

    def _claim(self, hands: Hands, turns: Turns) -> tuple[bool, Instant]:
        """Whether there may be more at once, and when there is more for sure."""
        free, began = min(WORKER, hands.free), time.thread_time()
        found = self.store.leases.claim(LANES, free=free, lease=HAND_OFF)
        self.watch.add("claim", time.thread_time() - began)
        for claim in found.claims:
            hands.begin(lambda claim=claim: self._turn(turns, claim))  # type: ignore[misc]
        if found.poisoned or found.lost:
            raise RuntimeError(f"simulation: poisoned {found.poisoned}, lost {found.lost}")
        return bool(found.claims), float("inf") if found.next_due is None else found.next_due

    def _turn(self, turns: Turns, claim: Claim) -> None:
        key = claim.session_id, claim.lane
        due = self._due.setdefault(key, claim.since or BEGIN)
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

    def __init__(self, wanted: Wanted, settings: Settings) -> None:
        self.wanted = wanted
        self.settings = settings
        self.store = Store(settings.redis_url, settings.namespace)
        self.clock: Callable[[], Instant] = lambda: BEGIN
        self.vendor = Vendor(settings, lambda: self.clock())
        self.vendors = InProcessVendors(settings, self.vendor)
        self.share = Share(wanted, self.store, self.vendor)
        self.sessions = lessons(wanted, settings)
        self.told: dict[str, Any] = {"sessions": len(self.sessions)}

    def fill(self) -> None:
        self.store.clock.freeze(BEGIN)
        filling = Filling(self.store, self.vendors, self.settings, random.Random(self.wanted.seed))
        self.clock = lambda: filling.at
        self.told["live"] = filling.fill(self.sessions)
        self.told["empty_claim"] = _claim_seconds(self.store)

    def run(self) -> None:
        hands = Hands(self.store.clock, BEGIN, HANDS)
        self.clock = hands.monotonic
        before, began = self.vendor.count, time.perf_counter()
        with closing(Journal(self.settings.data_dir / f"{self.settings.namespace}.sqlite")) as journal:
            self.share.run(hands, Turns(self.store, self.vendors, journal, self.settings, hands))
        hands.close()
        self.told |= {
            "requests": self.vendor.count - before,
            "seconds": time.perf_counter() - began,
            "moved": hands.moved,
            "cpu": self.share.watch.seconds,
            "turns": self.share.watch.calls,
            "lateness": self.share.lateness,
        }

    def check(self) -> dict[str, Any]:
        """All that is known, with what must not be: requests above the rate, sessions nobody sees to."""
        now, made = self.clock(), self.sessions
        most, refused = busiest_second(self.vendor.worlds, BEGIN)
        running = self._running()
        should = {one.channel for one in made if one.start + MARGIN <= now < one.ends_at}
        must_not = {one.channel for one in made if one.ends_at + MARGIN <= now}
        self.told |= {
            "busiest_second": most,
            "limited": refused,
            "lost": len({one.id for one in made} - _due_or_over(self.store)),
            "repairs": self._repairs(now),
            "absent": len(should - set(running)),
            "too_long": len(must_not & set(running)),
            "doubled": len(running) - len(set(running)),
        }
        self.store.close()
        self.vendors.close()
        return self.told

    def _repairs(self, now: Instant) -> int:
        """What the checker finds amiss in all sessions."""
        found, cursor, cadence = 0, "0:0", self.settings.cadence
        while True:
            checked = self.store.checker.slice(cursor, 1000, lambda session: lanes(session, now, cadence))
            found, cursor = found + len(checked.repairs), checked.cursor
            if cursor == "0:0":
                return found

    def _running(self) -> list[str]:
        """The channel of each recorder that runs at the vendor; every lesson has one of its own."""
        books = [world.book for world in self.vendor.worlds.values()]
        return [book.tasks[sid].cname for book in books for sids in book.running.values() for sid in sids]


def _claim_seconds(store: Store) -> float:
    """Real time of a claim that finds nothing, at the size that the namespace has."""
    began = time.perf_counter()
    for _ in range(CLAIMS):
        store.leases.claim(LANES, free=WORKER, lease=HAND_OFF)
    return (time.perf_counter() - began) / CLAIMS


def _due_or_over(store: Store) -> set[str]:
    """The sessions that somebody will see to, and those that need nothing more."""
    sets = [store.keys("due", lane.value) for lane in LANES] + [store.keys("index", "final")]
    client: Any = store.client
    return {name.decode() for key in sets for name in client.zrange(key, 0, -1)}
