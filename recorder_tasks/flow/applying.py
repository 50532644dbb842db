"""What applying a timetable would lead to: what comes, changes and goes, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from recorder_tasks.flow.foresight import Source, foresee
from recorder_tasks.settings import Settings
from schedules.calendars import Calendars
from schedules.clock_warnings import clock_warnings
from schedules.conflicts import Conflict, conflicts
from schedules.difference import Difference, MemberChange, RuleChange
from schedules.entry import Entry
from schedules.occurrence import Occurrence
from schedules.plays import Planned
from schedules.rule import Rule
from schedules.schedules import Schedules
from schedules.store import read_calendars
from schedules.timetable import Format, Timetable, read_text

DAYS = 14  # as the difference looks ahead
FIRST = 3  # occurrences of one kind

Come = list[tuple[Rule, Occurrence]]
Moved = list[tuple[Rule, Occurrence, Rule, Occurrence]]


@dataclass(frozen=True)
class Preview:
    """What applying does, and what is wrong with it though it can be applied."""

    difference: Difference
    warnings: list[str] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    forecast: list[str] = field(default_factory=list)


def read_sent(
    timetable: Schedules, text: str, name: str, form: Format, *, timezone: str | None = None
) -> Timetable:
    """A timetable that came as a text, not as a file. Raises TimetableErrors with every fault."""
    known = timetable.store.calendars().texts
    check = timetable.judge
    return read_text(text, name, form, known_calendars=known, check=check, timezone=timezone)


def changes_of(found: Difference) -> list[RuleChange]:
    return [*found.added, *found.changed, *found.removed]


def preview(timetable: Schedules, settings: Settings, found: Difference) -> Preview:
    """What a difference leads to within the two weeks in which it begins to count."""
    if found.empty:
        return Preview(found)
    after = _after(timetable, found)
    fresh = [change.after for change in (*found.added, *found.changed) if change.after is not None]
    apps, since = {rule.app for rule in fresh}, _first_day(fresh, after.now)
    until = since + timedelta(days=DAYS)
    planned = [one for one in after.planned(since, until) if one.app in apps]
    foreseen = foresee(planned, settings, since, until)
    return Preview(
        found,
        clock_warnings(fresh, after.calendars, after.now),
        _conflicts([one for one in planned if _within(one, since, until)], {rule.name for rule in fresh}),
        [_of_app(app, told) for app, one in foreseen.items() for told in one.sentences()],
    )


def _first_day(fresh: Sequence[Rule], now: datetime) -> datetime:
    """When the first of them begins to count: now, or on the first day of a term to come."""
    firsts = [datetime.combine(rule.first, time(), rule.zone) if rule.first else now for rule in fresh]
    return max(now, min(firsts, default=now))


def _within(one: Planned, since: datetime, until: datetime) -> bool:
    return one.occurrence.ends > since and one.occurrence.begins < until


def _of_app(app: str, sentence: str) -> str:
    return sentence if app == "default" else f"app {app}: {sentence}"


def _after(timetable: Schedules, found: Difference) -> Source:
    """The schedules as they will be, with their pauses and skips."""
    now, entries = timetable.store.now(), timetable.all()
    for change in changes_of(found):
        if change.after is None:
            entries.pop(change.name, None)
        else:
            known = entries.get(change.name) or Entry(name=change.name, rule=None, created_at=now)
            entries[change.name] = known.model_copy(update={"rule": change.after})
    return Source(entries, _calendars(timetable, found), now)


def _calendars(timetable: Schedules, found: Difference) -> Calendars:
    texts = dict(timetable.store.calendars().texts)
    for change in found.calendars:
        texts.pop(change.name, None)
        if change.after is not None:
            texts[change.name] = change.after
    return read_calendars(texts)


def _conflicts(planned: Sequence[Planned], ours: Collection[str]) -> list[Conflict]:
    """Those that one of ours, added or changed, is part of; a channel is one of its app."""
    by_app: dict[str, list[tuple[str, Occurrence]]] = {}
    for one in planned:
        by_app.setdefault(one.app, []).append((one.rule, one.occurrence))
    found = [one for of_app in by_app.values() for one in conflicts(of_app)]
    return [one for one in found if not set(one.schedules).isdisjoint(ours)]


def touched(changes: Sequence[RuleChange]) -> tuple[Come, Come, Moved]:
    """What comes, goes and moves, each by time, with the rules whose clocks tell it."""
    come = [(one.after, each) for one in changes if one.after for each in one.appear]
    gone = [(one.before, each) for one in changes if one.before for each in one.disappear]
    moved = [
        (one.before, each.before, one.after, each.after)
        for one in changes
        if one.before and one.after
        for each in one.moved
    ]
    return (
        sorted(come, key=lambda pair: pair[1].begins),
        sorted(gone, key=lambda pair: pair[1].begins),
        sorted(moved, key=lambda four: four[1].begins),
    )


def document_of(shown: Preview, timetable: Timetable) -> dict[str, Any]:
    """The whole of it for machines."""
    found = shown.difference
    come, gone, moved = touched(changes_of(found))
    return {
        "source": timetable.source,
        "changes": not found.empty,
        "added": [{"name": one.name, "rule": _rule(one.after)} for one in found.added],
        "changed": [_plain_change(one) for one in found.changed],
        "removed": [one.name for one in found.removed],
        "absent": list(found.absent),
        "unchanged": list(found.unchanged),
        "calendars": [
            {"name": one.name, "before": one.before, "after": one.after, "used_by": one.used_by}
            for one in found.calendars
        ],
        "days": DAYS,
        "appear": {"count": len(come), "first": [one.as_json() for _, one in come[:FIRST]]},
        "disappear": {"count": len(gone), "first": [one.as_json() for _, one in gone[:FIRST]]},
        "moved": {
            "count": len(moved),
            "first": [
                {"before": one.as_json(), "after": other.as_json()} for _, one, _, other in moved[:FIRST]
            ],
        },
        "warnings": shown.warnings,
        "conflicts": [one.as_json() for one in shown.conflicts],
        "forecast": shown.forecast,
    }


def _rule(rule: Rule | None) -> dict[str, Any]:
    return {} if rule is None else rule.model_dump(mode="json", exclude_defaults=True)


def _plain_change(change: RuleChange) -> dict[str, Any]:
    assert change.before is not None
    assert change.after is not None
    before, after = (rule.model_dump(mode="json") for rule in (change.before, change.after))
    members = [_plain_member(one, before, after) for one in change.members]
    return {"name": change.name, "members": members, "calendars": list(change.calendars)}


def _plain_member(
    change: MemberChange, before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, Any]:
    name = change.member
    return {"member": name, "before": before[name], "after": after[name]}
