"""What applying a timetable would do: which schedules come, change and go, and what that moves soon.

Pure: it compares what is in force with what a file says, and applies nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from schedules.calendars import Calendars, Exclusion
from schedules.occurrence import Occurrence
from schedules.recurrence import occurrences
from schedules.rule import Rule
from schedules.timetable import Timetable

MARGIN = timedelta(days=2)  # another timezone moves a slot by up to 26 hours, and it is still the same slot

Named = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class MemberChange:
    """A member of a rule with another value."""

    member: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Move:
    """One slot that will be recorded at another time or in another channel."""

    before: Occurrence
    after: Occurrence


@dataclass(frozen=True)
class RuleChange:
    """A schedule that is added (no ``before``), changed, or removed (no ``after``).

    Of a changed one ``members`` may be empty: then only one of its ``calendars`` has changed.
    """

    name: str
    before: Rule | None
    after: Rule | None
    members: tuple[MemberChange, ...] = ()
    calendars: tuple[str, ...] = ()
    appear: tuple[Occurrence, ...] = ()
    disappear: tuple[Occurrence, ...] = ()
    moved: tuple[Move, ...] = ()


@dataclass(frozen=True)
class CalendarChange:
    """A holiday calendar that is added, changed, or removed, and the schedules that keep to it."""

    name: str
    before: tuple[str, ...] | None
    after: tuple[str, ...] | None
    used_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """What applying does. ``absent``: in force, not in the file; they stay, as nobody asked to prune."""

    added: tuple[RuleChange, ...] = ()
    changed: tuple[RuleChange, ...] = ()
    removed: tuple[RuleChange, ...] = ()
    calendars: tuple[CalendarChange, ...] = ()
    absent: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether applying would change nothing."""
        return not (self.added or self.changed or self.removed or self.calendars)


def difference(
    before: Mapping[str, Rule],
    after: Timetable,
    *,
    prune: bool,
    before_calendars: Named,
    now: datetime,
    days: int = 14,
) -> Difference:
    """Compares what is in force with a timetable. ``prune``: what the file does not name is to go.

    Occurrences are those whose class begins within ``days`` from ``now``; pauses and skips are not looked at.
    """
    kept = after.rules if prune else {**before, **after.rules}
    calendars = _calendars(before_calendars, after.calendars, kept, prune)
    touched = _calendar_changes(before_calendars, calendars, {**before, **kept})
    view = _View(
        before_calendars, calendars, {change.name for change in touched}, now, now + timedelta(days=days)
    )
    changes = [view.change(name, before.get(name), kept.get(name)) for name in sorted({*before, *kept})]
    return Difference(
        added=tuple(change for change in changes if change.before is None),
        changed=tuple(change for change in changes if change.before and change.after and _matters(change)),
        removed=tuple(change for change in changes if change.after is None),
        calendars=touched,
        absent=() if prune else tuple(sorted(before.keys() - after.rules.keys())),
        unchanged=tuple(c.name for c in changes if c.name in after.rules and c.before and not _matters(c)),
    )


def _matters(change: RuleChange) -> bool:
    return bool(change.members or change.calendars)


def _calendars(
    before: Named, after: Named, rules: Mapping[str, Rule], prune: bool
) -> dict[str, tuple[str, ...]]:
    """The calendars once applied. One that a schedule keeps to is never pruned."""
    used = {name for rule in rules.values() for name in rule.calendars()}
    stay = {name: days for name, days in before.items() if not prune or name in used}
    return {**stay, **after}


def _calendar_changes(before: Named, after: Named, rules: Mapping[str, Rule]) -> tuple[CalendarChange, ...]:
    changes = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old is None or new is None or set(old) != set(new):
            used_by = tuple(sorted(rule.name for rule in rules.values() if name in rule.calendars()))
            changes.append(CalendarChange(name, old, new, used_by))
    return tuple(changes)


class _View:
    """The two sides, and the days in which their occurrences are compared."""

    def __init__(
        self, before: Named, after: Named, touched: set[str], since: datetime, until: datetime
    ) -> None:
        self._before, self._after = _read(before), _read(after)
        self._touched = touched
        self._since, self._until = since, until

    def change(self, name: str, before: Rule | None, after: Rule | None) -> RuleChange:
        calendars = tuple(sorted(after.calendars() & self._touched)) if before and after else ()
        bare = RuleChange(name, before, after, _members(before, after), calendars)
        return self._with_occurrences(bare) if before is None or after is None or _matters(bare) else bare

    def _with_occurrences(self, bare: RuleChange) -> RuleChange:
        old, new = self._ahead(bare.before, self._before), self._ahead(bare.after, self._after)
        both = [Move(old[slot], new[slot]) for slot in old if slot in new and not _same(old[slot], new[slot])]
        return RuleChange(
            bare.name,
            bare.before,
            bare.after,
            bare.members,
            bare.calendars,
            appear=tuple(new[slot] for slot in new if slot not in old and self._shows(new[slot])),
            disappear=tuple(old[slot] for slot in old if slot not in new and self._shows(old[slot])),
            moved=tuple(move for move in both if self._shows(move.before) or self._shows(move.after)),
        )

    def _ahead(self, rule: Rule | None, calendars: Calendars) -> dict[str, Occurrence]:
        if rule is None:
            return {}
        known = {**dict.fromkeys(rule.calendars(), ()), **calendars}
        found = occurrences(rule, self._since - MARGIN, self._until + MARGIN, calendars=known)
        return {occurrence.slot: occurrence for occurrence in found}

    def _shows(self, occurrence: Occurrence) -> bool:
        return self._since <= occurrence.begins < self._until


def _read(calendars: Named) -> dict[str, tuple[Exclusion, ...]]:
    return {name: tuple(Exclusion.read(text) for text in days) for name, days in calendars.items()}


def _same(one: Occurrence, other: Occurrence) -> bool:
    return (one.start, one.end, one.channel) == (other.start, other.end, other.channel)


def _members(before: Rule | None, after: Rule | None) -> tuple[MemberChange, ...]:
    if before is None or after is None:
        return ()
    pairs = [(name, getattr(before, name), getattr(after, name)) for name in Rule.model_fields]
    return tuple(MemberChange(name, old, new) for name, old, new in pairs if old != new)
