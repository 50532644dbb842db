"""import-ics: calendar files become schedules, one for each event or series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recorder_tasks.cli.options import AS_JSON
from recorder_tasks.cli.schedule.reach import parts, plan, summary

if TYPE_CHECKING:
    from recorder_tasks.flow.importing import Step


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
    from recorder_tasks.flow.importing import read_calendar, steps_of, take
    from recorder_tasks.flow.replanning import counted
    from schedules.errors import InvalidSchedule

    deployment = parts()
    try:
        data = file.read_bytes()
    except OSError as fault:
        raise InvalidSchedule(str(fault)) from None
    steps = steps_of(deployment.timetable, read_calendar(data, str(file), timezone), replace=replace)
    chosen = [] if dry_run else take(deployment.timetable, steps)
    planned = plan(deployment, chosen) if chosen else {}
    if as_json:
        document = {"source": str(file), "applied": not dry_run, "events": [one.as_json() for one in steps]}
        shown.as_json({**document, "recordings": counted(planned)})
    else:
        click.echo("\n".join(_lines(file, steps)))
        click.echo("nothing was imported: this is a dry run" if dry_run else summary(planned))
    if any(one.fault for one in planned.values()) or (steps and all(one.what == "refused" for one in steps)):
        raise click.exceptions.Exit(1)


def _lines(file: Path, steps: Sequence[Step]) -> Iterator[str]:
    if not steps:
        yield f"{file}: there are no events in it"
    for one in steps:
        times = ""
        if one.rule is not None:
            from schedules.described import when

            times = f"  {when(one.rule)}, {one.rule.timezone}"
        yield f"{one.what:9}  {one.name}{times}{f': {one.why}' if one.why else ''}"
