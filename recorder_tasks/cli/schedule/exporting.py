"""export, schema, export-ics: schedules as files for people, editors and calendars."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from recorder_tasks.cli.schedule.foresight import Date

REPLACE = click.option("--replace", is_flag=True, help="Write over a file that is there already.")
PATH = click.Path(path_type=Path, dir_okay=False)


@click.command(
    "export",
    epilog="""\b
Examples:
  recorder schedule export > timetable.yaml
  recorder schedule export timetable.yaml --replace

Pauses, skips and recordings by hand are no part of a timetable, and not in it.""",
)
@click.argument("path", type=PATH, metavar="[FILE]", required=False)
@REPLACE
def export_command(path: Path | None, replace: bool) -> None:
    """All schedules and calendars as a timetable file (YAML); without FILE on stdout."""
    from recorder_tasks.cli.schedule.reach import parts

    _written(parts().timetable.export().encode(), path, replace)


@click.command(
    "schema",
    epilog="""\b
Examples:
  recorder schedule schema > timetable.schema.json
  then, as the first line of timetable.yaml:  # yaml-language-server: $schema=timetable.schema.json""",
)
def schema_command() -> None:
    """The JSON Schema of timetable files, for editors that complete and check."""
    from recorder_tasks.cli import shown
    from schedules.schema import json_schema

    shown.as_json(json_schema())


@click.command(
    "export-ics",
    epilog="""\b
Examples:
  recorder schedule export-ics math-7b -o math-7b.ics
  recorder schedule export-ics --from 2027-03-01 --to 2027-06-30 > spring.ics

Times are those of the class, without padding. Exceptions and calendars count, pauses and skips do not.""",
)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--from", "first", type=Date(), metavar="DATE", help="First day; without it: today.")
@click.option(
    "--to", "last", type=Date(), metavar="DATE", help="Last day, itself included; without it: a year."
)
@click.option("-o", "--output", "path", type=PATH, metavar="FILE", help="Without it: stdout.")
@REPLACE
def export_ics_command(
    names: tuple[str, ...], first: date | None, last: date | None, path: Path | None, replace: bool
) -> None:
    """Occurrences as an .ics file, each an event of its own."""
    from recorder_tasks.cli.schedule.reach import parts
    from recorder_tasks.flow.foresight import calendar_file, in_force

    looked = in_force(parts().timetable).only(names)
    _written(calendar_file(looked, first, last), path, replace)


def _written(data: bytes, path: Path | None, replace: bool) -> None:
    from schedules.errors import ScheduleError

    if path is None:
        click.echo(data, nl=False)
        return
    try:
        with path.open("wb" if replace else "xb") as file:
            file.write(data)
    except FileExistsError:
        raise ScheduleError(f"{path} is there already; --replace writes over it") from None
    except OSError as wrong:
        raise ScheduleError(f"{path}: {wrong.strerror}") from None
    click.echo(f"written: {path}", err=True)
