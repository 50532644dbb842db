"""A timetable's days in simulated time, in one process: the real core, store, budget and planner.

The vendor is the simulator's world in this process, Redis an embedded server of the rehearsal's own. Nothing
reaches a network, and nothing of the caller's deployment is touched: only its limits and profiles are taken.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.session import Lane
from recorder_tasks.flow.bells import Bells
from recorder_tasks.flow.journal import Journal
from recorder_tasks.flow.planned import faults
from recorder_tasks.flow.planning import Planner
from recorder_tasks.flow.turn import Turns
from recorder_tasks.local.accounts import Account, accounts
from recorder_tasks.local.inprocess_vendor import InProcessVendors, VendorAdapter
from recorder_tasks.local.inprocess_worker import work
from recorder_tasks.local.rehearsal_report import Compared, Report, compare, report_of
from recorder_tasks.local.virtual_time import VirtualTime
from recorder_tasks.settings import Settings
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

Look = Callable[[Instant, int], None]  # the simulated time, and how many recorders run


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
    """Runs over ``days`` dates from ``first`` on, one for each account at the vendor: they do not meet.

    ``look`` is told of every step of time. ``accounts`` may be given faults before it runs.
    """

    def __init__(
        self,
        timetable: Timetable,
        first: date,
        days: int,
        settings: Settings,
        look: Look = lambda at, running: None,
    ) -> None:
        self.rules = of_days(list(timetable.rules.values()), first, days)
        self.calendars = timetable.calendars
        self.settings = settings
        self.look = look
        self.planned = self._planned(first, days)
        self.accounts = accounts(settings)

    def _planned(self, first: date, days: int) -> list[tuple[Rule, Occurrence]]:
        """What the rules give: the truth that the ledgers are compared with."""
        since = datetime.combine(first, time(), UTC) - timedelta(days=2)
        until = since + timedelta(days=days + 4)
        calendars = read_calendars(self.calendars)
        found = [
            (rule, one) for rule in self.rules for one in occurrences(rule, since, until, calendars=calendars)
        ]
        return sorted(found, key=lambda pair: (pair[1].start, pair[1].key))

    def run(self) -> Report:
        """Plan, record and stop everything, and compare. Raises InvalidSchedule if it cannot be planned."""
        return report_of([self._run(number) for number in range(len(self.accounts))])

    def _run(self, number: int) -> Compared:
        """One account's schedules, in a namespace of their own."""
        account = self.accounts[number]
        settings = self.settings.model_copy(update={"namespace": f"{self.settings.namespace}-{number}"})
        planned = [(rule, one) for rule, one in self.planned if self._of(rule) is account]
        rules = {rule.name: rule for rule in self.rules if self._of(rule) is account}
        begin = min((one.start.timestamp() for _, one in planned), default=0.0) - AHEAD
        end = max((one.end.timestamp() for _, one in planned), default=0.0) + AFTER
        with closing(Store(settings.redis_url, settings.namespace)) as store:
            hand = Hand(store, account, settings, VirtualTime(store.clock, begin), self.look)
            with closing(hand):
                hand.apply(Timetable(rules, dict(self.calendars), "rehearsal", {}))
                return compare(planned, store, account, hand.work_until(end), settings)

    def _of(self, rule: Rule) -> Account:
        """The account that a rule records with. An unknown app is any account's to refuse."""
        return next((one for one in self.accounts if rule.app in one.apps), self.accounts[0])

    def keep(self, folder: Path) -> None:
        """Write the ledgers and the request logs, from which anybody can judge for himself."""
        now = max((one.end.timestamp() for _, one in self.planned), default=0.0) + AFTER
        takes = [take for account in self.accounts for take in account.takes(now)]
        calls = [call for account in self.accounts for call in account.calls()]
        (folder / "ledger.json").write_text(json.dumps(takes, indent=1), encoding="utf-8")
        (folder / "requests.jsonl").write_text(
            "".join(f"{json.dumps(call)}\n" for call in calls), encoding="utf-8"
        )


class Hand:
    """A worker and a beat in one, that do what is due and then go on to the next thing that will be."""

    def __init__(
        self, store: Store, account: Account, settings: Settings, clock: VirtualTime, look: Look
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._look = look
        self._account = account
        self._vendors = InProcessVendors(settings, VendorAdapter(account.world, clock.monotonic, keep=False))
        self._journal = Journal(settings.data_dir / f"{settings.namespace}.sqlite")
        self._turns = Turns(store, self._vendors, self._journal, settings, clock)
        self._rules = ScheduleStore("", settings.namespace, client=store.client)
        self._calendar = Calendar(Planner(store, self._rules, settings), Bells(store, settings))

    def apply(self, timetable: Timetable) -> None:
        """As ``schedule apply`` does. Raises InvalidSchedule."""
        now = self._clock.monotonic()
        Schedules(self._rules, check=lambda rule: faults(rule, self._settings, now)).apply(timetable)

    def work_until(self, end: Instant) -> Instant:
        """Do all that is due before ``end``; when it was done."""
        while self._clock.monotonic() < end:
            following = self._calendar.keep(self._clock.monotonic())
            claims = self._turns.store.leases.claim(LANES, free=HANDS, lease=LEASE)
            for claim in claims.claims:
                work(self._turns, claim)
            self._look(self._clock.monotonic(), self._account.running)
            if claims.claims:
                continue
            if claims.next_due is not None:
                following = min(following, claims.next_due)
            self._clock.to(min(end, max(following, self._clock.monotonic() + TICK)))
        return self._clock.monotonic()

    def close(self) -> None:
        self._vendors.close()
        self._journal.close()


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
