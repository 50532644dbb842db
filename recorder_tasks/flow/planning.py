"""Planning: the occurrences of a schedule become sessions; the one bridge from ``schedules`` to recordings.

Level-triggered: what the schedule wants now is compared with the sessions that it has, and the difference is
created, moved or withdrawn. Any number of planners may do that at once and die at any instruction: a session
is named by its occurrence, and every write is guarded by the revision of the schedule it was planned for.
"""

from __future__ import annotations

import hashlib
import logging
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from recorder_tasks.core import wishes
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.errors import RecorderError
from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.session import Session
from recorder_tasks.core.story import told
from recorder_tasks.flow.bells import WINDOW
from recorder_tasks.flow.granting import Wish, grant
from recorder_tasks.flow.planned import Plan
from recorder_tasks.settings import Settings
from recorder_tasks.store import Event, Guard, Outdated, Store, StoreUnavailable
from schedules.calendars import Calendars
from schedules.entry import Entry
from schedules.errors import SchedulesUnavailable
from schedules.occurrence import Occurrence
from schedules.store import ScheduleStore

log = logging.getLogger(__name__)

DAY = 86_400.0
REACH = 2 * DAY  # an occurrence, its padding and its jitter lie within a day of its slot
AT_ONCE = 100  # sessions created in one round trip
LEASE = 30.0  # seconds; a planner that died leaves its schedules due again
AGAIN = 60.0  # seconds until a schedule that could not be planned is tried again


@dataclass
class Planned:
    """What planning a schedule came to."""

    created: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    extended: list[str] = field(default_factory=list)
    fault: str | None = None


class Planner:
    """Plans schedules of one namespace. Raises StoreUnavailable and SchedulesUnavailable."""

    def __init__(self, store: Store, schedules: ScheduleStore, settings: Settings) -> None:
        self.store = store
        self.schedules = schedules
        self.settings = settings

    def plan(self, name: str) -> Planned:
        """Make the sessions of a schedule what it wants, as far ahead as the settings say."""
        now = self.store.clock.now()
        entry = None
        try:
            entry = self.schedules.find(name)
            if entry is None:
                self.schedules.planned(name, "", until=0.0, again=None)
                return Planned()
            planned = _Round(self, entry, now).run()
        except Outdated:
            return Planned()  # whoever changed it has made it due
        except (StoreUnavailable, SchedulesUnavailable):
            raise
        except Exception as trouble:  # noqa: BLE001  whatever is wrong with one, others must not wait for it
            if entry is not None:
                self.schedules.planned(name, entry.revision, until=0.0, again=now + AGAIN)
            return self._fault(name, trouble)
        gone = entry.rule is None
        again = None if gone else now + self.settings.plan_ahead * _share(name)
        self.schedules.planned(name, entry.revision, until=now + self.settings.plan_ahead, again=again)
        return planned

    def _fault(self, name: str, trouble: Exception) -> Planned:
        """Tell of a schedule that cannot be planned; it is tried again."""
        log.error("planning.fault schedule=%s: %s", name, trouble)
        event = Event("schedule.fault", {"schedule": name, "reason": str(trouble)})
        self.store.events.append(None, event)
        return Planned(fault=str(trouble))

    def tick(self, *, most: int = 20, overdue: float = 0.0) -> float | None:
        """Plan what is due; the seconds of the namespace's time until there may be more (None: unknown)."""
        due = self.schedules.take_due(most, lease=LEASE, overdue=overdue)
        for name in due.names:
            self.plan(name)
        if len(due.names) == most:
            return 0.0
        return None if due.upcoming is None else max(0.0, due.upcoming - due.now)


class _Round:
    """One comparison of a schedule with its sessions."""

    def __init__(self, planner: Planner, entry: Entry, now: Instant) -> None:
        self.store = planner.store
        self.settings = planner.settings
        self.entry = entry
        self.now = now
        self.guard = Guard(entry.name, entry.revision)
        self.planned = Planned()
        self.bells: dict[str, Instant] = {}
        cursor = planner.schedules.planned_until(entry.name)
        self.cursor = entry.created_at.timestamp() if cursor is None else cursor
        self.calendars: Calendars = planner.schedules.calendars().read
        oldest = now - max(self.settings.retention_days * DAY, REACH)
        self.low = max(min(self.cursor, now) - REACH, oldest)
        self.existing = self._existing()

    def _existing(self) -> dict[str, list[Session]]:
        """Its sessions by slot, those of one slot in the order in which they were made."""
        by_slot: dict[str, list[Session]] = {}
        for session in self.store.occurrences.of(self.entry.name, since=self.low + DAY):
            if session.origin is not None:
                by_slot.setdefault(session.origin.slot, []).append(session)
        for sessions in by_slot.values():
            sessions.sort(key=lambda session: (session.created_at, session.id))
        return by_slot

    def run(self) -> Planned:
        wanted = {occurrence.slot: occurrence for occurrence in self._wanted()}
        for slot, sessions in self.existing.items():
            if slot not in wanted:
                for session in sessions:
                    self._unwanted(session)
        rule = self.entry.rule
        if rule is not None:
            self._make(Plan(self.entry, rule, self.settings), wanted)
        for app, at in self.bells.items():
            self.store.bells.mark(app, at)
        return self.planned

    def _wanted(self) -> list[Occurrence]:
        starts = [session.start for sessions in self.existing.values() for session in sessions]
        until = max([self.now + self.settings.plan_ahead, *(start + DAY for start in starts)])
        low, high = (datetime.fromtimestamp(at, UTC) for at in (self.low, until))
        return self.entry.occurrences(low, high, self.calendars)

    def _make(self, plan: Plan, wanted: dict[str, Occurrence]) -> None:
        new: list[tuple[Occurrence, int]] = []
        for slot, occurrence in wanted.items():
            sessions = self.existing.get(slot, [])
            current = [session for session in sessions if not _withdrawn(session)]
            if current:
                self._keep(plan, occurrence, current[-1])
            elif self._still_to_come(plan, occurrence):
                new.append((occurrence, len(sessions)))
        while new:
            new = self._create(plan, new[:AT_ONCE]) + new[AT_ONCE:]

    def _still_to_come(self, plan: Plan, occurrence: Occurrence) -> bool:
        """Not planned before, or wanted only now and not too late to begin."""
        begins = occurrence.begins.timestamp()
        if begins >= self.cursor:
            return begins < self.now + self.settings.plan_ahead
        return self.now < min(plan.start_by(occurrence) or math.inf, occurrence.end.timestamp())

    def _create(self, plan: Plan, new: list[tuple[Occurrence, int]]) -> list[tuple[Occurrence, int]]:
        """Store their sessions; those whose name belongs to a withdrawn session come back for another."""
        cadence, wanted = self.settings.cadence, []
        low, high = self.settings.app(plan.rule.app).uid_range
        for occurrence, generation in new:
            uids = self.store.sessions.next_uids(low, high)
            session = plan.session(occurrence, self.now, generation=generation, uids=uids)
            events = [Event(type=name, data=data) for name, data in told(None, session, cadence)]
            wanted.append((session, lanes(session, self.now, cadence), events))
        again = []
        stored = self.store.sessions.create_many(wanted, self.guard)
        for (occurrence, generation), (session, created) in zip(new, stored, strict=True):
            if created:
                self.planned.created.append(session.id)
                self._touch(session)
            elif _withdrawn(session):
                again.append((occurrence, generation + 1))
        return again

    def _keep(self, plan: Plan, occurrence: Occurrence, session: Session) -> None:
        """What exists takes over the plan where that has changed: moved if it has not begun."""
        if session.begin_at is None and not session.takes and not session.state.final:
            self._touch(session)  # a planner may have died before it said so
        if session.state.final or session.digest == plan.digest(occurrence):
            return
        fresh = plan.session(occurrence, self.now)
        if session.takes and self.entry.running == "extend":
            self._grant(session, lambda known, now: _extended(known, fresh, now), self.planned.extended)
        elif not session.takes:
            self._touch(session)
            self._touch(fresh)
            self._grant(session, lambda known, _: wishes.replan(known, fresh), self.planned.moved)

    def _unwanted(self, session: Session) -> None:
        if session.state.final:
            return
        if not session.takes:
            self._touch(session)
            self._grant(session, partial(_withdraw, self._why_not(session)), self.planned.withdrawn)
        elif self.entry.running == "stop":
            self._grant(session, wishes.stop, self.planned.stopped)

    def _why_not(self, session: Session) -> str:
        """Why the schedule does not want it, in words."""
        name = self.entry.name
        if self.entry.rule is None:
            return f"schedule {name} was removed"
        slot = session.origin.slot if session.origin is not None else ""
        low, high = (datetime.fromtimestamp(session.start + reach, UTC) for reach in (-DAY, DAY))
        for known in self.entry.slots(low, high, self.calendars):
            if known.occurrence.slot == slot and known.off is not None:
                return known.off
        return f"schedule {name} has no occurrence at {slot} any more"

    def _grant(self, session: Session, wish: Wish, told_of: list[str]) -> None:
        try:
            after = grant(self.store, session, wish, self.settings.cadence, guard=self.guard)
        except RecorderError as refused:
            event = Event("session.not_moved", {"reason": str(refused)})
            self.store.events.append(session.id, event)
            return
        if after is not None and after.revision != session.revision:
            told_of.append(session.id)

    def _touch(self, session: Session) -> None:
        """A start with a lead moves those around it: see :mod:`.bells`."""
        if session.lead:
            at = max(self.now, session.start - WINDOW)
            self.bells[session.app] = min(at, self.bells.get(session.app, at))


def _share(name: str) -> float:
    """When a schedule is planned again, as a part of the horizon: they shall not come in crowds."""
    return 0.25 + 0.25 * int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / 2**32


def _withdraw(reason: str, session: Session, now: Instant) -> Session:
    return wishes.withdraw(session, reason, now)


def _withdrawn(session: Session) -> bool:
    return session.origin is not None and session.origin.withdrawn is not None


def _extended(session: Session, plan: Session, now: Instant) -> Session:
    """A running session with the end that its schedule gives it now."""
    after = session if plan.end == session.end else wishes.extend(session, plan.end, now)
    return after.evolve(digest=plan.digest, origin=plan.origin)
