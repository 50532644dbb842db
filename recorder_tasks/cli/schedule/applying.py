"""apply: a timetable file becomes what is in force, once somebody has seen what that changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recorder_tasks.cli.options import AS_JSON
from recorder_tasks.cli.schedule.adding import clock_warnings, plain, say_warnings
from recorder_tasks.cli.schedule.changing import YES, Running, answer, ask
from recorder_tasks.cli.schedule.foresight import Source, foresee
from recorder_tasks.cli.schedule.reach import RUNNING, parts, plan, wall

if TYPE_CHECKING:
    from recorder_tasks.wiring import Wiring
    from schedules.calendars import Calendars
    from schedules.conflicts import Conflict
    from schedules.difference import CalendarChange, Difference, MemberChange, RuleChange
    from schedules.occurrence import Occurrence
    from schedules.rule import Rule
    from schedules.timetable import Timetable

DAYS = 14  # as the difference looks ahead
LISTED = 20  # schedules of one kind
FIRST = 3  # occurrences of one kind
SENTENCES = 5  # conflicts, and what will not fit
WIDE = 60  # characters of a member's value


@dataclass(frozen=True)
class Preview:
    """What applying does, and what is wrong with it though it can be applied."""

    difference: Difference
    warnings: list[str]
    conflicts: list[Conflict]
    forecast: list[str]


@click.command(
    "apply",
    epilog="""\b
Examples:
  recorder schedule apply timetable.yaml --dry-run       what it would change
  recorder schedule apply timetable.yaml                 shows that, asks, and does it
  recorder schedule apply timetable.yaml --yes --prune   what the file does not name goes
  recorder schedule apply timetable.yaml --dry-run --exit-code && echo "in force as written"

All or none is applied. Pauses, skips and runs by hand stay. Applying it again changes nothing.""",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("--prune", is_flag=True, help="Remove schedules and calendars that the file does not name.")
@YES
@RUNNING
@click.option("--exit-code", is_flag=True, help="With --dry-run: exit status 1 if something would change.")
@click.option("--timezone", metavar="ZONE", help="Where the file names none.")
@AS_JSON
def apply_command(
    file: Path,
    dry_run: bool,
    prune: bool,
    yes: bool,
    running: Running,
    exit_code: bool,
    timezone: str | None,
    as_json: bool,
) -> None:
    """Make the schedules those of a timetable FILE (.yaml, .csv)."""
    if exit_code and not dry_run:
        raise click.UsageError("--exit-code goes with --dry-run.")
    deployment = parts()
    timetable = _read(deployment, file, timezone)
    found = deployment.timetable.difference(timetable, prune=prune)
    preview = _preview(deployment, found)
    if not as_json:
        click.echo("\n".join(_lines(preview, timetable)))
        say_warnings([*preview.warnings, *_cut(preview.conflicts), *_cut(preview.forecast)])
    if dry_run or found.empty:
        _untouched(preview, timetable, as_json)
        raise click.exceptions.Exit(1 if exit_code and not found.empty else 0)
    if not yes:
        refusal = "give --yes, or look with --dry-run"
        ask("apply this?", "nothing was applied", refusal)
    _apply(deployment, timetable, preview, prune, running, as_json)


def _read(deployment: Wiring, file: Path, timezone: str | None) -> Timetable:
    from schedules.timetable import read

    known = deployment.timetable.store.calendars().texts
    return read(file, known_calendars=known, check=deployment.timetable.judge, timezone=timezone)


def _apply(
    deployment: Wiring, timetable: Timetable, preview: Preview, prune: bool, running: Running, as_json: bool
) -> None:
    done = deployment.timetable.apply(timetable, prune=prune, running=running)
    planned = plan(deployment, [change.name for change in _changes(done)])
    document = {**_document(preview, timetable), "applied": True}
    answer(f"applied: {_totals(done)}", document, planned, as_json)


def _untouched(preview: Preview, timetable: Timetable, as_json: bool) -> None:
    from recorder_tasks.cli import shown

    if as_json:
        shown.as_json({**_document(preview, timetable), "applied": False})
    elif not preview.difference.empty:
        click.echo("nothing was applied: this is a dry run")


def _changes(found: Difference) -> list[RuleChange]:
    return [*found.added, *found.changed, *found.removed]


# What it leads to


def _preview(deployment: Wiring, found: Difference) -> Preview:
    if found.empty:
        return Preview(found, [], [], [])
    after = _after(deployment, found)
    fresh = [change.after for change in (*found.added, *found.changed) if change.after is not None]
    warnings = clock_warnings(fresh, after.calendars, after.now)
    return Preview(found, warnings, _conflicts(after, fresh), _forecast(deployment, after, fresh))


def _after(deployment: Wiring, found: Difference) -> Source:
    """The schedules as they will be, with their pauses and skips."""
    from schedules.entry import Entry

    now, entries = deployment.schedules.now(), deployment.timetable.all()
    for change in _changes(found):
        if change.after is None:
            del entries[change.name]
        elif change.before is None:
            entries[change.name] = Entry(name=change.name, rule=change.after, created_at=now)
        else:
            entries[change.name] = entries[change.name].model_copy(update={"rule": change.after})
    return Source(entries, _calendars(deployment, found), now)


def _calendars(deployment: Wiring, found: Difference) -> Calendars:
    from schedules.store import read_calendars

    texts = dict(deployment.timetable.store.calendars().texts)
    for change in found.calendars:
        texts.pop(change.name, None)
        if change.after is not None:
            texts[change.name] = change.after
    return read_calendars(texts)


def _conflicts(after: Source, fresh: Sequence[Rule]) -> list[Conflict]:
    """Those that an added or changed schedule is part of."""
    from schedules.conflicts import conflicts

    ours = {rule.name for rule in fresh}
    until = after.now + timedelta(days=DAYS)
    planned = [(one.app, one.occurrence) for one in after.planned(after.now, until)]
    ahead = ((app, one) for app, one in planned if one.ends > after.now and one.begins < until)
    return [one for one in conflicts(ahead) if ours.intersection(one.schedules)]


def _forecast(deployment: Wiring, after: Source, fresh: Sequence[Rule]) -> list[str]:
    """What will not fit, of the apps that added and changed schedules record with."""
    apps, until = {rule.app for rule in fresh}, after.now + timedelta(days=DAYS)
    planned = [one for one in after.planned(after.now, until) if one.app in apps]
    foreseen = foresee(planned, deployment.settings, after.now, until)
    return [
        sentence if app == "default" else f"app {app}: {sentence}"
        for app, one in foreseen.items()
        for sentence in one.sentences()
    ]


def _cut(told: Sequence[object]) -> list[str]:
    """The first few sentences, and how many more there are."""
    more = [f"... and {len(told) - SENTENCES} more like this"] if len(told) > SENTENCES else []
    return [*map(str, told[:SENTENCES]), *more]


# For people


def _lines(preview: Preview, timetable: Timetable) -> Iterator[str]:
    found = preview.difference
    if found.empty:
        count = len(found.unchanged)
        yield f"nothing to change: {count} {'is' if count == 1 else 'are'} as {timetable.source} says"
    else:
        yield f"{timetable.source}: {_totals(found)}, {len(found.unchanged)} unchanged"
        yield from _listed([_added(change) for change in found.added])
        yield from _listed([_changed(change) for change in found.changed])
        yield from _listed([f"- {change.name}" for change in found.removed])
        yield from map(_calendar, found.calendars)
        yield from _ahead(_changes(found))
    if found.absent:
        names = ", ".join(found.absent[:LISTED]) + (" ..." if len(found.absent) > LISTED else "")
        yield f"in force, not in the file: {names} (--prune removes them)"


def _totals(found: Difference) -> str:
    told = f"{len(found.added)} added, {len(found.changed)} changed, {len(found.removed)} removed"
    count = len(found.calendars)
    return f"{told}, {count} calendar{'' if count == 1 else 's'}" if count else told


def _listed(texts: Sequence[str]) -> Iterator[str]:
    yield from texts[:LISTED]
    if len(texts) > LISTED:
        yield f"  ... and {len(texts) - LISTED} more (--json has them all)"


def _added(change: RuleChange) -> str:
    from recorder_tasks.cli.schedule.looking import when

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
    come, gone, moved = _touched(changes)
    yield (
        f"next {DAYS} days: {len(come)} recordings appear, {len(gone)} disappear, {len(moved)} are moved "
        f"or change channel"
    )
    yield from (f"  + {_at(rule, one)}" for rule, one in come[:FIRST])
    yield from (f"  - {_at(rule, one)}" for rule, one in gone[:FIRST])
    for old, before, rule, after in moved[:FIRST]:
        yield f"  ~ {_at(old, before)} -> {_at(rule, after, named=False)}"


Found = list[tuple["Rule", "Occurrence"]]
Moved = list[tuple["Rule", "Occurrence", "Rule", "Occurrence"]]


def _touched(changes: Sequence[RuleChange]) -> tuple[Found, Found, Moved]:
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


def _at(rule: Rule, one: Occurrence, *, named: bool = True) -> str:
    """``math-7b  Mon 2027-03-08 09:00 to 09:50``, with the channel where that is not the name."""
    span = f"{wall(one.start, rule.zone)} to {one.end.astimezone(rule.zone):%H:%M}"
    place = "" if one.channel == rule.name else f" in {one.channel}"
    return f"{one.rule}  {span}{place}" if named else f"{span}{place}"


# For machines


def _document(preview: Preview, timetable: Timetable) -> dict[str, Any]:
    found = preview.difference
    come, gone, moved = _touched(_changes(found))
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
        "appear": {"count": len(come), "first": [plain(one) for _, one in come[:FIRST]]},
        "disappear": {"count": len(gone), "first": [plain(one) for _, one in gone[:FIRST]]},
        "moved": {
            "count": len(moved),
            "first": [{"before": plain(one), "after": plain(other)} for _, one, _, other in moved[:FIRST]],
        },
        "warnings": preview.warnings,
        "conflicts": [one.as_json() for one in preview.conflicts],
        "forecast": preview.forecast,
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
