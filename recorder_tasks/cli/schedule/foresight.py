"""What commands that look ahead share: which schedules, of which days, and what they come to."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from recorder_tasks.flow.foresight import Source
    from schedules.rule import Rule

EVER = datetime(1970, 1, 1, tzinfo=UTC)
EMPTY = """no schedules yet: try

  recorder schedule add math-7b --slots "mon wed fri 09:00-09:50" --timezone Europe/Berlin
  recorder schedule apply timetable.yaml"""
FILE = click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Look at a timetable file instead, without applying it; needs no Redis.",
)


class Date(click.ParamType):  # type: ignore[type-arg]
    """A date: 2027-03-08."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a date like 2027-03-08.", param, ctx)


def of_file(path: Path) -> Source:
    """The schedules of a timetable file, nothing paused or skipped. Raises TimetableErrors."""
    from recorder_tasks.flow.foresight import Source
    from schedules import timetable
    from schedules.entry import Entry
    from schedules.store import read_calendars

    read = timetable.read(path, check=_sound_series)
    entries = {name: Entry(name=name, rule=rule, created_at=EVER) for name, rule in read.rules.items()}
    return Source(entries, read_calendars(read.calendars), datetime.now(UTC))


def _sound_series(rule: Rule) -> list[tuple[str, str]]:
    if rule.ical is None:
        return []
    try:
        from schedules.ical import check_ical

        check_ical(rule.ical, rule.timezone, rule.duration)
    except (ImportError, ValueError) as fault:
        return [("ical", str(fault))]
    return []


def source(path: Path | None) -> Source:
    """Those of the file, or without one those of the deployment."""
    from recorder_tasks.cli.schedule.reach import parts
    from recorder_tasks.flow.foresight import in_force

    return in_force(parts().timetable) if path is None else of_file(path)


def hint(looked: Source, after: datetime) -> str:
    """Where to look when there is nothing before ``after``."""
    from recorder_tasks.cli.schedule.reach import wall

    first = looked.first_after(after)
    if first is None:
        return "nor is anything in the year after"
    at = first.begins.astimezone(looked.zone)
    return f"{first.rule} is next on {wall(first.begins, looked.zone)}: try --from {at:%Y-%m-%d}"
