"""Schedules: everything that people and programs may ask of them, for Python and the command line alike.

Needs Redis and nothing else: what is changed here is due for planning at once, and whoever plans (workers, or
the command that made the change) turns it into sessions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Self

from pydantic import ValidationError

from schedules.difference import Difference, RuleChange, difference
from schedules.entry import FARTHEST, YEARS, Entry, Run, Running
from schedules.errors import ChangedMeanwhile, InvalidSchedule, NoSuchSchedule, ScheduleExists
from schedules.occurrence import Occurrence
from schedules.rule import Pause, Rule
from schedules.sentences import told
from schedules.store import ScheduleStore, read_calendars
from schedules.timetable import Timetable, write

Check = Callable[[Rule], Sequence[tuple[str, str]]]  # what whoever records finds wrong: (member, sentence)
AHEAD = timedelta(days=14)


def _sound(rule: Rule) -> Sequence[tuple[str, str]]:
    return ()


class Schedules:
    """Operations on the schedules of one namespace.

    ``check``: judges what is opaque to schedules (profile, recording) before anything is stored. Raises those
    of :mod:`schedules.errors`.
    """

    def __init__(self, store: ScheduleStore, check: Check = _sound) -> None:
        self.store = store
        self.check = check

    @classmethod
    def connect(cls, url: str, namespace: str = "default") -> Self:
        """The schedules of a namespace by its Redis URL, without a check of what will record them."""
        return cls(ScheduleStore(url, namespace))

    def add(self, name: str, *, replace: bool = False, **members: Any) -> Entry:
        """A new schedule from the members of :class:`schedules.rule.Rule`; its name is the default channel.

        Raises InvalidSchedule with every fault, ScheduleExists unless ``replace``.
        """
        try:
            rule = Rule.model_validate({"channel": name, **members, "name": name})
        except ValidationError as error:
            raise InvalidSchedule("; ".join(told(error, members))) from None
        return self.put(rule, replace=replace)

    def put(self, rule: Rule, *, replace: bool = False) -> Entry:
        """A new schedule, or with ``replace`` another rule for one that exists."""
        self._judge(rule)
        known = self.store.find(rule.name)
        if known is not None and known.rule is not None and not replace:
            raise ScheduleExists(f"name: there is a schedule called {rule.name!r} already")
        self._known_calendars(rule)
        return self._write(known, rule.name, "added" if known is None else "changed", rule=rule)

    def judge(self, rule: Rule) -> list[tuple[str, str]]:
        """What is wrong with a rule, beyond its own words: (member, sentence). For readers of timetables."""
        if rule.ical is not None:
            try:
                from schedules.ical import check_ical

                check_ical(rule.ical, rule.timezone, rule.duration)
            except (ImportError, ValueError) as fault:
                return [("ical", str(fault))]
        return list(self.check(rule))

    def _judge(self, rule: Rule) -> None:
        faults = [f"{member}: {sentence}" for member, sentence in self.judge(rule)]
        if faults:
            raise InvalidSchedule("; ".join(faults))

    def _known_calendars(self, rule: Rule) -> None:
        known = self.store.calendars().texts
        for name in sorted(rule.calendars() - known.keys()):
            there = ", ".join(sorted(known)) or "none"
            raise InvalidSchedule(f"exceptions: there is no calendar {name!r} (there are: {there})")

    def get(self, name: str) -> Entry:
        """One schedule. Raises NoSuchSchedule."""
        return self.store.get(name)

    def all(self) -> dict[str, Entry]:
        """Every schedule by name."""
        return {name: entry for name, entry in self.store.entries().items() if entry.rule is not None}

    def remove(self, name: str, *, running: Running = "leave") -> Entry:
        """Take it away: what has not begun is withdrawn, what records ends as planned unless ``running``."""
        return self._write(self.get(name), name, "removed", rule=None, running=running)

    def pause(
        self, name: str, *, reason: str = "", until: datetime | None = None, running: Running = "leave"
    ) -> Entry:
        """Record nothing of it until ``until`` (None: until it is resumed)."""
        entry, now = self.get(name), self.store.now()
        if until is not None and until.tzinfo is None:
            raise InvalidSchedule(f"until: {until.isoformat()} has no time zone")
        if until is not None and until <= now:
            raise InvalidSchedule(f"until: {until.isoformat()} has passed already")
        pause = Pause(reason=reason, since=now, until=until)
        return self._write(entry, name, "paused", detail=reason, pause=pause, running=running)

    def resume(self, name: str) -> Entry:
        """Go on after a pause; what lies ahead is planned again."""
        entry = self.get(name)
        return entry if entry.pause is None else self._write(entry, name, "resumed", pause=None)

    def skip(self, name: str, slot: str, *, running: Running = "leave") -> Entry:
        """Do not record a date (``2027-03-08``) or one slot (``2027-03-08T09:00``)."""
        entry, slot = self.get(name), _slot(slot)
        if slot in entry.skips:
            return entry
        if not self._named(entry, slot):
            raise InvalidSchedule(f"slot: {name} has nothing at {slot}")
        skips = (*entry.skips, slot)
        return self._write(entry, name, "skipped", detail=slot, skips=skips, running=running)

    def unskip(self, name: str, slot: str) -> Entry:
        """Record a skipped date or slot after all."""
        entry, slot = self.get(name), _slot(slot)
        if slot not in entry.skips:
            raise InvalidSchedule(f"slot: {slot} is not skipped in {name} (skipped: {_listed(entry.skips)})")
        skips = tuple(skip for skip in entry.skips if skip != slot)
        return self._write(entry, name, "unskipped", detail=slot, skips=skips)

    def _named(self, entry: Entry, slot: str) -> bool:
        assert entry.rule is not None
        day = datetime.fromisoformat(slot[:10]).replace(tzinfo=entry.rule.zone)
        found = entry.slots(day - timedelta(days=2), day + timedelta(days=3), self.store.calendars().read)
        return any(one.occurrence.slot in (slot,) or one.occurrence.slot[:10] == slot for one in found)

    def run_now(self, name: str, *, minutes: float | None = None) -> Run:
        """Record it now, once, for ``minutes`` or as long as its occurrences last."""
        entry, now = self.get(name), self.store.now()
        assert entry.rule is not None
        if minutes is not None and not 1 / 60 <= minutes <= 1440:  # written so that it refuses nan too
            raise InvalidSchedule(f"minutes: {minutes} is not within 0.02..1440")
        seconds = round(minutes * 60) if minutes is not None else self._usual_length(entry, now)
        run = Run(at=now.replace(microsecond=0), seconds=seconds)
        self._write(entry, name, "run by hand", detail=run.slot, runs=(*entry.runs, run))
        return run

    def _usual_length(self, entry: Entry, now: datetime) -> int:
        rule = entry.rule
        assert rule is not None
        if rule.duration is not None:
            return rule.duration
        ahead = next(iter(self.next(entry.name, 1)), None)
        if ahead is None:
            raise InvalidSchedule(f"minutes: {entry.name} has no duration and nothing ahead; say how long")
        return round((ahead.ends - ahead.begins).total_seconds())

    def next(self, name: str, count: int = 5, *, after: datetime | None = None) -> list[Occurrence]:
        """The next occurrences that will be recorded, at most ``count``, within the next 400 days."""
        entry, calendars = self.get(name), self.store.calendars().read
        since = self._from(after)
        until, found = since + FARTHEST, list[Occurrence]()
        step = timedelta(days=7)
        while since < until and len(found) < count:
            found += entry.occurrences(since, min(since + step, until), calendars)
            since, step = since + step, step * 2
        return found[:count]

    def upcoming(self, since: datetime, until: datetime) -> list[tuple[Entry, Occurrence]]:
        """All that will be recorded and begins within [since, until), by start."""
        calendars = self.store.calendars().read
        found = [
            (entry, occurrence)
            for entry in self.all().values()
            for occurrence in entry.occurrences(since, until, calendars)
        ]
        return sorted(found, key=lambda pair: (pair[1].start, pair[1].key))

    def _from(self, after: datetime | None) -> datetime:
        if after is not None and after.year not in YEARS:
            raise InvalidSchedule(f"after: {after.isoformat()} is not within {YEARS[0]}..{YEARS[-1]}")
        return after or self.store.now()

    def soonest(self, count: int, *, after: datetime | None = None) -> list[tuple[Entry, Occurrence]]:
        """The next of all schedules, at most ``count``, looked for in ever longer stretches of 400 days."""
        since = self._from(after)
        until, step = since + FARTHEST, timedelta(days=1)
        ahead: list[tuple[Entry, Occurrence]] = []
        while since < until and len(ahead) < count:
            ahead += self.upcoming(since, min(since + step, until))
            since, step = since + step, step * 2
        return ahead[:count]

    def difference(self, timetable: Timetable, *, prune: bool = False) -> Difference:
        """What applying a timetable would change, and which occurrences it would move."""
        before = {name: entry.rule for name, entry in self.all().items() if entry.rule is not None}
        calendars = self.store.calendars().texts
        return difference(before, timetable, prune=prune, before_calendars=calendars, now=self.store.now())

    def apply(
        self,
        timetable: Timetable,
        *,
        prune: bool = False,
        running: Running = "leave",
        shown: Difference | None = None,
    ) -> Difference:
        """Make the schedules those of a timetable, all or none; repeating it changes nothing.

        Pauses, skips and runs by hand stay. ``prune`` removes schedules that it does not name. ``shown``:
        what somebody has agreed to. Raises ChangedMeanwhile if it would do something else by now.
        """
        for rule in timetable.rules.values():
            self._judge(rule)
        entries, kept = self.store.entries(), self.store.calendars()
        found = self.difference(timetable, prune=prune)
        if shown is not None and _deeds(found) != _deeds(shown):
            raise ChangedMeanwhile("schedules: somebody else has changed them meanwhile; look again")
        if found.empty:
            return found
        touched = {change.name: what for what, changes in _by_kind(found) for change in changes}
        rules = {change.name: change.after for _, changes in _by_kind(found) for change in changes}
        now = self.store.now()
        texts = dict(kept.texts)
        for change in found.calendars:
            texts.pop(change.name, None)
            if change.after is not None:
                texts[change.name] = change.after
        self.store.change(
            [_evolved(entries.get(name), name, now, rule=rules[name], running=running) for name in touched],
            expected={name: entries[name].revision if name in entries else "" for name in touched},
            calendars=texts if found.calendars else None,
            calendars_expected=kept.revision,
            notes=[(name, what, timetable.source) for name, what in touched.items()],
        )
        return found

    def set_calendar(self, name: str, days: Sequence[str]) -> None:
        """Define a holiday calendar; schedules that use it are planned anew."""
        kept = self.store.calendars()
        texts = {**kept.texts, name: tuple(days)}
        try:
            read_calendars(texts)
        except ValueError as fault:
            raise InvalidSchedule(f"calendars.{name}: {fault}") from None
        entries = self.all()
        users = [entry for entry in entries.values() if entry.rule and name in entry.rule.calendars()]
        expected = {entry.name: entry.revision for entry in users}
        put = [entry.model_copy(update={"running": "leave"}) for entry in users]
        self.store.change(put, expected=expected, calendars=texts, calendars_expected=kept.revision)

    def export(self) -> str:
        """All schedules and calendars as a timetable file (YAML)."""
        rules = [entry.rule for entry in self.all().values() if entry.rule is not None]
        return write(rules, self.store.calendars().texts)

    def _write(self, known: Entry | None, name: str, what: str, *, detail: str = "", **changes: Any) -> Entry:
        entry = _evolved(known, name, self.store.now(), **changes)
        expected = {name: "" if known is None else known.revision}
        self.store.change([entry], expected=expected, notes=[(name, what, detail)])
        written = self.store.find(name)
        if written is None:
            raise NoSuchSchedule(f"schedule: {name!r} was removed meanwhile")
        return written


def _by_kind(found: Difference) -> tuple[tuple[str, tuple[RuleChange, ...]], ...]:
    return ("added", found.added), ("changed", found.changed), ("removed", found.removed)


def _deeds(found: Difference) -> tuple[object, ...]:
    """What applying does, apart from the days in which its effects were looked at."""
    changes = [(change.name, change.before, change.after) for _, kind in _by_kind(found) for change in kind]
    return changes, found.calendars


def _evolved(known: Entry | None, name: str, now: datetime, **changes: Any) -> Entry:
    """The next value of an entry; one that comes back after its removal begins anew."""
    if known is None or known.rule is None:
        return Entry(name=name, created_at=now, **{"rule": None, **changes})
    return known.model_copy(update={"running": "leave", **changes})


def _slot(text: str) -> str:
    """A date or a slot as it names occurrences. Raises InvalidSchedule."""
    text = text.strip().replace(" ", "T")
    try:
        whole = len(text) == len("2027-03-08")
        at = date.fromisoformat(text) if whole else datetime.fromisoformat(text).replace(tzinfo=None)
        if at.year not in YEARS:
            raise ValueError
        return f"{at:%Y-%m-%d}" if whole else f"{at:%Y-%m-%dT%H:%M}"
    except ValueError:
        raise InvalidSchedule(
            f"slot: {text!r} is not a date (2027-03-08) or a slot (2027-03-08T09:00)"
        ) from None


def _listed(skips: Sequence[str]) -> str:
    return ", ".join(skips) or "none"
