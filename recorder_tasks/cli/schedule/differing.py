"""How applying a timetable is shown: what comes, changes and goes, and what that leads to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from recorder_tasks.cli.schedule.reach import wall

if TYPE_CHECKING:
    from recorder_tasks.flow.applying import Preview
    from schedules.difference import CalendarChange, Difference, RuleChange
    from schedules.occurrence import Occurrence
    from schedules.rule import Rule
    from schedules.timetable import Timetable

LISTED = 20  # schedules of one kind
WIDE = 60  # characters of a member's value


def lines_of(preview: Preview, timetable: Timetable) -> Iterator[str]:
    from recorder_tasks.flow.applying import changes_of

    found = preview.difference
    if found.empty:
        count = len(found.unchanged)
        yield f"nothing to change: {count} {'is' if count == 1 else 'are'} as {timetable.source} says"
    else:
        yield f"{timetable.source}: {totals(found)}, {len(found.unchanged)} unchanged"
        yield from _listed([_added(change) for change in found.added])
        yield from _listed([_changed(change) for change in found.changed])
        yield from _listed([f"- {change.name}" for change in found.removed])
        yield from map(_calendar, found.calendars)
        yield from _ahead(changes_of(found))
    if found.absent:
        names = ", ".join(found.absent[:LISTED]) + (" ..." if len(found.absent) > LISTED else "")
        yield f"in force, not in the file: {names} (--prune removes them)"


def totals(found: Difference) -> str:
    told = f"{len(found.added)} added, {len(found.changed)} changed, {len(found.removed)} removed"
    count = len(found.calendars)
    return f"{told}, {count} calendar{'' if count == 1 else 's'}" if count else told


def _listed(texts: Sequence[str]) -> Iterator[str]:
    yield from texts[:LISTED]
    if len(texts) > LISTED:
        yield f"  ... and {len(texts) - LISTED} more (--json has them all)"


def _added(change: RuleChange) -> str:
    from schedules.described import when

    assert change.after is not None
    return f"+ {change.name}  {when(change.after)}, {change.after.timezone}"


def _changed(change: RuleChange) -> str:
    assert change.before is not None
    assert change.after is not None
    before, after = (rule.model_dump(mode="json") for rule in (change.before, change.after))
    lines = [
        f"    {one.member}: {_said(before[one.member])} -> {_said(after[one.member])}"
        for one in change.members
    ]
    calendars = [f"    calendar {name} has changed" for name in change.calendars]
    return "\n".join([f"~ {change.name}", *lines, *calendars])


def _said(value: Any) -> str:
    """A member's value on one line."""
    if value in (None, "", [], {}):
        return "none"
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    if isinstance(value, dict):
        value = " ".join(f"{name}={part}" for name, part in sorted(value.items()))
    text = " ".join(str(value).split())
    return text if len(text) <= WIDE else f"{text[: WIDE - 3]}..."


def _calendar(change: CalendarChange) -> str:
    mark = "+" if change.before is None else "-" if change.after is None else "~"
    gone = [f"-{day}" for day in change.before or () if day not in (change.after or ())]
    come = [f"+{day}" for day in change.after or () if day not in (change.before or ())]
    days = [*gone, *come]
    shown = ", ".join(days[:LISTED]) + (" ..." if len(days) > LISTED else "")
    return f"{mark} calendar {change.name}: {shown}"


def _ahead(changes: Sequence[RuleChange]) -> Iterator[str]:
    """How many occurrences of the next days come, go and move, and the first of each."""
    from recorder_tasks.flow.applying import DAYS, FIRST, touched

    come, gone, moved = touched(changes)
    yield (
        f"next {DAYS} days: {len(come)} recordings appear, {len(gone)} disappear, {len(moved)} are moved "
        f"or change channel"
    )
    yield from (f"  + {_at(rule, one)}" for rule, one in come[:FIRST])
    yield from (f"  - {_at(rule, one)}" for rule, one in gone[:FIRST])
    for old, before, rule, after in moved[:FIRST]:
        yield f"  ~ {_at(old, before)} -> {_at(rule, after, named=False)}"


def _at(rule: Rule, one: Occurrence, *, named: bool = True) -> str:
    """``math-7b  Mon 2027-03-08 09:00 to 09:50``, with the channel where that is not the name."""
    span = f"{wall(one.start, rule.zone)} to {one.end.astimezone(rule.zone):%H:%M}"
    place = "" if one.channel == rule.name else f" in {one.channel}"
    return f"{one.rule}  {span}{place}" if named else f"{span}{place}"
