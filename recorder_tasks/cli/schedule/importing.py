"""import-ics: calendar files become schedules, one for each event or series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recorder_tasks.cli.options import AS_JSON
from recorder_tasks.cli.schedule.changing import counted
from recorder_tasks.cli.schedule.reach import parts, plan, summary

if TYPE_CHECKING:
    from recorder_tasks.flow.planning import Planned
    from recorder_tasks.wiring import Wiring
    from schedules.ical import IcsImport, Refused
    from schedules.rule import Rule

UID = "ical_uid"  # the label by which a series is known again
OURS = "@recorder"  # ends the UIDs of export-ics; imported, every lesson would be recorded twice
UID_LENGTH = 128  # of a label
OF_THE_FILE = ("ical", "timezone")  # what a series that is imported again takes from it, beside its labels


@dataclass(frozen=True)
class Step:
    """One series: ``added``, ``updated``, ``unchanged``, ``kept`` (needs --replace) or ``refused``."""

    what: str
    name: str
    why: str = ""
    rule: Rule | None = None
    uid: str = ""

    def as_json(self) -> dict[str, Any]:
        rule = None if self.rule is None else self.rule.model_dump(mode="json", exclude_defaults=True)
        return {"name": self.name, "uid": self.uid, "what": self.what, "why": self.why, "rule": rule}


@click.command(
    "import-ics",
    epilog="""\b
Examples:
  recorder schedule import-ics lessons.ics --dry-run
  recorder schedule import-ics lessons.ics --timezone Europe/Berlin
  recorder schedule import-ics lessons.ics --replace     what has changed in the calendar, changes here

A series is known again by its UID (label ical_uid), whatever it is called here; profile, padding and the
like stay as they are. What cannot be a schedule is listed with its reason and leaves the others alone.""",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--timezone", metavar="ZONE", help="Of times that name none.")
@click.option("--dry-run", is_flag=True, help="Only show what would be imported.")
@click.option("--replace", is_flag=True, help="Update series that were imported before.")
@AS_JSON
def import_ics_command(file: Path, timezone: str | None, dry_run: bool, replace: bool, as_json: bool) -> None:
    """Make schedules of the events in an .ics FILE."""
    from recorder_tasks.cli import shown

    deployment = parts()
    steps = _steps(deployment, _read(file, timezone), replace)
    planned = {} if dry_run else _store(deployment, steps)
    if as_json:
        document = {"source": str(file), "applied": not dry_run, "events": [one.as_json() for one in steps]}
        shown.as_json({**document, "recordings": counted(planned)})
    else:
        click.echo("\n".join(_lines(file, steps)))
        click.echo("nothing was imported: this is a dry run" if dry_run else summary(planned))
    if any(one.fault for one in planned.values()) or (steps and all(one.what == "refused" for one in steps)):
        raise click.exceptions.Exit(1)


def _read(file: Path, timezone: str | None) -> IcsImport:
    from schedules.errors import InvalidSchedule, ScheduleError

    try:
        from schedules.ical import read_ics
    except ImportError as missing:
        raise ScheduleError(str(missing)) from None
    try:
        return read_ics(file.read_bytes(), source=str(file), timezone=timezone)
    except (ValueError, OSError) as fault:
        raise InvalidSchedule(str(fault)) from None


def _store(deployment: Wiring, steps: Sequence[Step]) -> dict[str, Planned]:
    chosen = [one for one in steps if one.what in ("added", "updated")]
    for one in chosen:
        assert one.rule is not None
        deployment.timetable.put(one.rule, replace=one.what == "updated")
    return plan(deployment, [one.name for one in chosen]) if chosen else {}


def _steps(deployment: Wiring, read: IcsImport, replace: bool) -> list[Step]:
    """What becomes of each event of a file, in its order; the refused ones last."""
    known = {name: entry.rule for name, entry in deployment.timetable.all().items() if entry.rule is not None}
    of_uid = {rule.labels[UID]: name for name, rule in known.items() if UID in rule.labels}
    there, taken, steps = dict(of_uid), {*known}, []
    for rule in read.rules:
        name = there.pop(rule.labels[UID], None)
        if name is not None:
            step = _again(known[name], rule, replace)
        elif rule.labels[UID].endswith(OURS):
            step = Step("refused", rule.name, "it was exported from here", uid=rule.labels[UID])
        else:
            step = _new(rule, taken)
            taken.add(step.name)
        steps.append(_judged(deployment, step))
    return [*steps, *(_refused(one, of_uid) for one in read.refused)]


def _new(rule: Rule, taken: set[str]) -> Step:
    """A series that is not known; its name is one that nobody has."""
    name, count = rule.name, 1
    while name in taken:
        count += 1
        name = f"{rule.name[:58]}-{count}"
    channel = name if rule.channel == rule.name else rule.channel
    why = "" if name == rule.name else f"there is another schedule called {rule.name!r}"
    fresh = rule.model_copy(update={"name": name, "channel": channel})
    return Step("added", name, why, fresh, rule.labels[UID])


def _again(known: Rule, read: Rule, replace: bool) -> Step:
    """A series that was imported before."""
    changes: dict[str, Any] = {member: getattr(read, member) for member in OF_THE_FILE}
    changes["labels"] = {**known.labels, **read.labels}
    if read.channel != read.name:  # the calendar names one
        changes["channel"] = read.channel
    if known.ical is None:  # it was given other times here since
        changes |= {"slots": (), "dates": (), "cron": None}
    rule = known.model_copy(update=changes)
    uid = read.labels[UID]
    if rule == known:
        return Step("unchanged", known.name, uid=uid)
    if not replace:
        return Step("kept", known.name, "it has changed in the calendar: --replace updates it", uid=uid)
    return Step("updated", known.name, "", rule, uid)


def _judged(deployment: Wiring, step: Step) -> Step:
    """The step; refused, if the rule could not be recorded."""
    if step.rule is None:
        return step
    faults = [f"{member}: {sentence}" for member, sentence in deployment.timetable.judge(step.rule)]
    return Step("refused", step.name, "; ".join(faults), uid=step.uid) if faults else step


def _refused(one: Refused, of_uid: Mapping[str, str]) -> Step:
    known = of_uid.get(one.uid[:UID_LENGTH])
    stays = "" if known is None else f"; schedule {known} stays: recorder schedule remove {known}"
    return Step("refused", one.summary or one.uid or "an event", f"{one.reason}{stays}", uid=one.uid)


def _lines(file: Path, steps: Sequence[Step]) -> Iterator[str]:
    if not steps:
        yield f"{file}: there are no events in it"
    for one in steps:
        times = ""
        if one.rule is not None:
            from schedules.described import when

            times = f"  {when(one.rule)}, {one.rule.timezone}"
        yield f"{one.what:9}  {one.name}{times}{f': {one.why}' if one.why else ''}"
