"""apply: a timetable file becomes what is in force, once somebody has seen what that changes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recorder_tasks.cli.options import AS_JSON
from recorder_tasks.cli.schedule.adding import clock_warnings, say_warnings
from recorder_tasks.cli.schedule.changing import YES, Running, answer, ask
from recorder_tasks.cli.schedule.differing import DAYS, Preview, changes_of, document_of, lines_of, totals
from recorder_tasks.cli.schedule.reach import RUNNING, parts, plan
from recorder_tasks.flow.foresight import Source, foresee

if TYPE_CHECKING:
    from recorder_tasks.wiring import Wiring
    from schedules.calendars import Calendars
    from schedules.conflicts import Conflict
    from schedules.difference import Difference
    from schedules.occurrence import Occurrence
    from schedules.plays import Planned
    from schedules.rule import Rule
    from schedules.timetable import Timetable

SENTENCES = 5  # conflicts, and what will not fit


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
        click.echo("\n".join(lines_of(preview, timetable)))
        say_warnings([*_cut(preview.warnings), *_cut(preview.conflicts), *_cut(preview.forecast)])
    if dry_run or found.empty:
        _untouched(preview, timetable, as_json)
        raise click.exceptions.Exit(1 if exit_code and not found.empty else 0)
    if not yes:
        ask("apply this?", "nothing was applied", "give --yes, or look with --dry-run")
    _apply(deployment, timetable, preview, prune, running, as_json)


def _read(deployment: Wiring, file: Path, timezone: str | None) -> Timetable:
    from schedules.timetable import read

    known = deployment.timetable.store.calendars().texts
    return read(file, known_calendars=known, check=deployment.timetable.judge, timezone=timezone)


def _apply(
    deployment: Wiring, timetable: Timetable, preview: Preview, prune: bool, running: Running, as_json: bool
) -> None:
    shown = preview.difference
    done = deployment.timetable.apply(timetable, prune=prune, running=running, shown=shown)
    planned = plan(deployment, [change.name for change in changes_of(done)])
    document = {**document_of(preview, timetable), "applied": True}
    answer(f"applied: {totals(done)}", document, planned, as_json)


def _untouched(preview: Preview, timetable: Timetable, as_json: bool) -> None:
    from recorder_tasks.cli import shown

    if as_json:
        shown.as_json({**document_of(preview, timetable), "applied": False})
    elif not preview.difference.empty:
        click.echo("nothing was applied: this is a dry run")


# What it leads to


def _preview(deployment: Wiring, found: Difference) -> Preview:
    if found.empty:
        return Preview(found, [], [], [])
    after = _after(deployment, found)
    fresh = [change.after for change in (*found.added, *found.changed) if change.after is not None]
    apps, since = {rule.app for rule in fresh}, _first_day(fresh, after.now)
    until = since + timedelta(days=DAYS)
    planned = [one for one in after.planned(since, until) if one.app in apps]
    foreseen = foresee(planned, deployment.settings, since, until)
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


def _after(deployment: Wiring, found: Difference) -> Source:
    """The schedules as they will be, with their pauses and skips."""
    from schedules.entry import Entry

    now, entries = deployment.schedules.now(), deployment.timetable.all()
    for change in changes_of(found):
        if change.after is None:
            entries.pop(change.name, None)
        else:
            known = entries.get(change.name) or Entry(name=change.name, rule=None, created_at=now)
            entries[change.name] = known.model_copy(update={"rule": change.after})
    return Source(entries, _calendars(deployment, found), now)


def _calendars(deployment: Wiring, found: Difference) -> Calendars:
    from schedules.store import read_calendars

    texts = dict(deployment.timetable.store.calendars().texts)
    for change in found.calendars:
        texts.pop(change.name, None)
        if change.after is not None:
            texts[change.name] = change.after
    return read_calendars(texts)


def _conflicts(planned: Sequence[Planned], ours: Collection[str]) -> list[Conflict]:
    """Those that one of ours, added or changed, is part of; a channel is one of its app."""
    from schedules.conflicts import conflicts

    by_app: dict[str, list[tuple[str, Occurrence]]] = {}
    for one in planned:
        by_app.setdefault(one.app, []).append((one.rule, one.occurrence))
    found = [one for of_app in by_app.values() for one in conflicts(of_app)]
    return [one for one in found if not set(one.schedules).isdisjoint(ours)]


def _cut(told: Sequence[object]) -> list[str]:
    """The first few sentences, and how many more there are."""
    more = [f"... and {len(told) - SENTENCES} more like this"] if len(told) > SENTENCES else []
    return [*map(str, told[:SENTENCES]), *more]
