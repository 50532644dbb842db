"""A timetable's days in simulated time, in one process: the real core, store, budget and planner.

The vendor is the simulator's world in this process, Redis an embedded server of the rehearsal's own. Nothing
reaches a network, and nothing of the caller's deployment is touched: only its limits and profiles are taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.session import Lane
from recorder_tasks.flow.bells import Bells
from recorder_tasks.flow.journal import Journal
from recorder_tasks.flow.planned import faults
from recorder_tasks.flow.planning import Planner
from recorder_tasks.flow.turn import Turns
from recorder_tasks.local.inprocess_vendor import InProcessVendors, VendorAdapter
from recorder_tasks.local.inprocess_worker import work
from recorder_tasks.local.rehearsal_report import Report, compare
from recorder_tasks.local.virtual_time import VirtualTime
from recorder_tasks.settings import Settings
from recorder_tasks.simulator import App, SimulatorSettings, World
from recorder_tasks.store import Store
from schedules.occurrence import Occurrence
from schedules.recurrence import occurrences
from schedules.rule import Rule
from schedules.schedules import Schedules
from schedules.slots import moments
from schedules.store import ScheduleStore, read_calendars
from schedules.timetable import Timetable

LANES = tuple(Lane)
HANDS = 8  # claims at once, as a worker has them
LEASE = 600.0  # nobody else claims, so a lease never has to end
AHEAD = 3 * 3600.0  # it begins so long before the first lesson, so that starts find their places
AFTER = 1800.0  # and goes on so long after the last, for whatever ends late
TICK = 0.001

Look = Callable[[Instant, int], None]  # the simulated time, and how many turns were taken


def of_days(rules: Sequence[Rule], first: date, days: int) -> list[Rule]:
    """The rules that have these dates within their own, kept to them; each counts by its own zone."""
    last = first + timedelta(days=days - 1)

    def kept(rule: Rule) -> Rule | None:
        within = [
            text
            for text in rule.also
            if any(first <= moment.at.date() <= last for moment in moments(text, rule.duration))
        ]
        low = max(first, rule.first) if rule.first else first
        high = min(last, rule.last) if rule.last else last
        if low > high:
            return None
        return rule.model_copy(update={"first": low, "last": high, "also": tuple(within)})

    return [found for rule in rules if (found := kept(rule)) is not None]


class Rehearsal:
    """One run over ``days`` dates from ``first`` on. ``look`` is told of every step of time."""

    def __init__(
        self,
        timetable: Timetable,
        first: date,
        days: int,
        settings: Settings,
        look: Look = lambda at, n: None,
    ) -> None:
        self.rules = of_days(list(timetable.rules.values()), first, days)
        self.calendars = timetable.calendars
        self.settings = settings
        self.look = look
        self.planned = self._planned(first, days)
        self.turns_taken = 0

    def _planned(self, first: date, days: int) -> list[tuple[Rule, Occurrence]]:
        """What the rules give: the truth that the ledger is compared with."""
        since = datetime.combine(first, time(), UTC) - timedelta(days=2)
        until = since + timedelta(days=days + 4)
        calendars = read_calendars(self.calendars)
        found = [
            (rule, one) for rule in self.rules for one in occurrences(rule, since, until, calendars=calendars)
        ]
        return sorted(found, key=lambda pair: (pair[1].start, pair[1].key))

    def run(self) -> Report:
        """Plan, record and stop everything, and compare. Raises InvalidSchedule if it cannot be planned."""
        store = Store(self.settings.redis_url, self.settings.namespace)
        try:
            return self._run(store)
        finally:
            store.close()

    def _run(self, store: Store) -> Report:
        begin = min((one.start.timestamp() for _, one in self.planned), default=0.0) - AHEAD
        end = max((one.end.timestamp() for _, one in self.planned), default=0.0) + AFTER
        self.time = VirtualTime(store.clock, begin)
        world = self._world()
        vendors = InProcessVendors(self.settings, VendorAdapter(world, self.time.monotonic, keep=False))
        journal = Journal(self.settings.data_dir / "journal.sqlite")
        turns = Turns(store, vendors, journal, self.settings, self.time)
        rules = ScheduleStore("", self.settings.namespace, client=store.client)
        schedules = Schedules(rules, check=lambda rule: faults(rule, self.settings, begin))
        schedules.apply(self._timetable())
        try:
            self._pass(
                turns, Calendar(Planner(store, rules, self.settings), Bells(store, self.settings)), end
            )
            world.advance(self.time.monotonic())
            return compare(self.planned, store, world, self.time.monotonic(), self.settings)
        finally:
            vendors.close()
            journal.close()

    def _timetable(self) -> Timetable:
        return Timetable({rule.name: rule for rule in self.rules}, dict(self.calendars), "rehearsal", {})

    def _world(self) -> World:
        """The vendor with the limits that the settings name, and people in every channel."""
        qps = max(1, math.ceil(max(app.qps for app in self.settings.apps.values())))
        cap = max(app.concurrent_tasks for app in self.settings.apps.values())
        apps = [
            App(
                app.app_id,
                key=app.key.get_secret_value(),
                secret=app.secret.get_secret_value(),
            )
            for app in self.settings.apps.values()
        ]
        return World(SimulatorSettings(seed=1, qps=qps, pcw=cap, log_capacity=2_000_000), apps)

    def _pass(self, turns: Turns, calendar: Calendar, end: Instant) -> None:
        """Everything that is due, then on to the next thing that will be, until ``end``."""
        while True:
            now = self.time.monotonic()
            following = calendar.keep(now)
            claims = turns.store.leases.claim(LANES, free=HANDS, lease=LEASE)
            for claim in claims.claims:
                work(turns, claim)
            self.turns_taken += len(claims.claims)
            self.look(self.time.monotonic(), self.turns_taken)
            if claims.claims:
                continue
            if claims.next_due is not None:
                following = min(following, claims.next_due)
            if following > end:
                self.time.to(end)
                return
            self.time.to(max(following, now + TICK))


class Calendar:
    """The planner and the bells, looked at only when something of theirs is due."""

    def __init__(self, planner: Planner, bells: Bells) -> None:
        self._planner = planner
        self._bells = bells
        self._next = -math.inf

    def keep(self, now: Instant) -> Instant:
        """Plan and place what is due; when there will be more."""
        if now >= self._next:
            wait = 0.0
            while wait == 0.0:
                found = self._planner.tick(most=200)
                wait = math.inf if found is None else found
            placing = self._bells.tick()
            self._next = now + min(wait, math.inf if placing is None else max(placing, TICK))
        return self._next
