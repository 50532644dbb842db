"""Builds everything from Settings; the only place that constructs.

A part is imported when it is first built: app code that only asks for recordings waits neither for the
vendor's client nor for the calendar to be loaded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from recorder_tasks import logs
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.session import Session
from recorder_tasks.flow.desk import Desk
from recorder_tasks.settings import Settings, load
from recorder_tasks.store import Dues, Meters, Store, StoreOptions

if TYPE_CHECKING:
    from recorder_tasks.flow.bells import Bells
    from recorder_tasks.flow.journal import Journal
    from recorder_tasks.flow.planning import Planner
    from recorder_tasks.flow.replanning import Replanning
    from recorder_tasks.flow.turn import Turns
    from recorder_tasks.flow.vendors import Vendors
    from recorder_tasks.flow.verification import Verifier
    from recorder_tasks.flow.webhooks import Webhooks
    from schedules.rule import Rule
    from schedules.schedules import Schedules
    from schedules.store import ScheduleStore

DAY = 86_400.0
SLICE = 500
RETIRED_AT_ONCE = 500

_built: dict[int, Wiring] = {}
_lock = Lock()
_worker: str | None = None


@dataclass
class Wiring:
    """The parts of one process; each is built when it is first needed."""

    settings: Settings
    worker: str | None = None

    @cached_property
    def store(self) -> Store:
        options = StoreOptions(wait_aof=self.settings.wait_aof, wait_replicas=self.settings.wait_replicas)
        return Store(self.settings.redis_url, self.settings.namespace, options=options)

    @property
    def meters(self) -> Meters:
        """What this process counts for the fleet."""
        return self.store.meters

    @cached_property
    def vendors(self) -> Vendors:
        from recorder_tasks.flow.vendors import Vendors

        return Vendors(self.settings)

    @cached_property
    def journal(self) -> Journal:
        from recorder_tasks.flow.journal import Journal

        name = re.sub(r"[^A-Za-z0-9@._-]", "_", self.worker or f"process-{os.getpid()}")
        return Journal(self.settings.data_dir / "journal" / f"{self.settings.namespace}-{name}.sqlite")

    @cached_property
    def turns(self) -> Turns:
        from recorder_tasks.flow.turn import Turns

        return Turns(self.store, self.vendors, self.journal, self.settings, verifier=self.verifier)

    @cached_property
    def verifier(self) -> Verifier:
        """Looks into buckets, where the settings want it."""
        from recorder_tasks.flow.verification import Verifier

        return Verifier(self.settings)

    @cached_property
    def schedules(self) -> ScheduleStore:
        """The rules, on the connection of the sessions: one server, one namespace."""
        from schedules.store import ScheduleStore

        return ScheduleStore(self.settings.redis_url, self.settings.namespace, client=self.store.client)

    @cached_property
    def timetable(self) -> Schedules:
        """The schedules, each judged by whether it could be recorded before it is stored."""
        from recorder_tasks.flow.planned import faults
        from schedules.schedules import Schedules

        def judge(rule: Rule) -> Sequence[tuple[str, str]]:
            return faults(rule, self.settings, self.store.clock.now())

        return Schedules(self.schedules, check=judge)

    @cached_property
    def planner(self) -> Planner:
        from recorder_tasks.flow.planning import Planner

        return Planner(self.store, self.schedules, self.settings)

    @cached_property
    def replanning(self) -> Replanning:
        """Plans what people change in the timetable, at once."""
        from recorder_tasks.flow.replanning import Replanning

        return Replanning(self.timetable, self.planner, self.bells, self.desk)

    @cached_property
    def bells(self) -> Bells:
        from recorder_tasks.flow.bells import Bells

        return Bells(self.store, self.settings)

    @cached_property
    def desk(self) -> Desk:
        return Desk(self.store, self.settings)

    @cached_property
    def webhooks(self) -> Webhooks:
        from recorder_tasks.flow.webhooks import Webhooks

        return Webhooks(self.store, self.settings)

    def check(self) -> None:
        """One round of the checker over a slice of the sessions."""
        now = self.store.clock.now()

        def expected(session: Session) -> Dues:
            return lanes(session, now, self.settings.cadence)

        self.store.checker.round(SLICE, expected)

    def retire(self) -> int:
        """Removes finished sessions past their retention; says how many."""
        before = self.store.clock.now() - self.settings.retention_days * DAY
        return self.store.sessions.retire(before, RETIRED_AT_ONCE)

    def close(self) -> None:
        for name in ("store", "vendors", "journal", "verifier"):
            part = self.__dict__.pop(name, None)
            if part is not None:
                part.close()


def wiring(settings: Settings | None = None, worker: str | None = None) -> Wiring:
    """The process's own parts, built once per settings (default: the environment's).

    ``worker`` names the journal; a pool's child process shares its parent's journal, and nothing else.
    """
    chosen = settings or load()
    if worker is not None:
        name_worker(worker)
    with _lock:
        if id(chosen) not in _built:
            _built[id(chosen)] = Wiring(chosen, _worker)
        return _built[id(chosen)]


def name_worker(name: str) -> None:
    """Name the journal of this process and of those that it forks; a journal in use keeps its name."""
    global _worker
    logs.name_process(name)
    with _lock:
        _worker = name
        for parts in _built.values():
            parts.worker = parts.worker or name


def _forget_after_fork() -> None:
    """Sockets and locks are not shared with a forked child: it builds its own parts."""
    global _lock
    _lock = Lock()
    _built.clear()


os.register_at_fork(after_in_child=_forget_after_fork)


def desk() -> Desk:
    """The desk of this process."""
    return wiring().desk
