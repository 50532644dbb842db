"""preview: the weeks of a timetable, before anything is applied or recorded."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recorder_tasks.cli.options import AS_JSON
from recorder_tasks.cli.schedule.foresight import EMPTY, FILE, Date, hint, source

if TYPE_CHECKING:
    from recorder_tasks.flow.foresight import Source
    from schedules.recurrence import Slot


@click.command(
    "preview",
    epilog="""\b
Examples:
  recorder schedule preview math-7b
  recorder schedule preview --file timetable.yaml --from 2027-03-08 --weeks 2
  recorder schedule preview --json | jq '.slots[] | select(.off)'     what is not recorded, and why""",
)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--weeks", type=click.IntRange(1, 53), default=1, show_default=True)
@click.option(
    "--from", "since", type=Date(), metavar="DATE", help="In the week of this day; without it: this week."
)
@FILE
@AS_JSON
def preview_command(
    names: tuple[str, ...], weeks: int, since: date | None, path: Path | None, as_json: bool
) -> None:
    """Weeks of classes, with what is paused, skipped or excepted, and what the clocks move."""
    from recorder_tasks.cli import shown

    looked = source(path).only(names)
    begin, until = looked.weeks(since, weeks)
    found = looked.slots(begin, until)
    if as_json:
        span = {"since": begin.isoformat(), "until": until.isoformat(), "timezone": looked.zone.key}
        shown.as_json({**span, "slots": [slot.as_json() for slot in found]})
    else:
        _show(looked, found, begin, until)


def _show(looked: Source, found: list[Slot], since: datetime, until: datetime) -> None:
    from recorder_tasks.cli import shown
    from schedules.chart import week_grid

    if not looked.entries:
        click.echo(EMPTY)
        return
    if not found:
        click.echo(_nothing(looked, since, until))
        return
    if looked.mixed:
        click.echo(f"times are those of {looked.zone.key}\n")
    out = shown.console()
    click.echo(week_grid(found, looked.zone, width=out.width, color=out.is_terminal))


def _nothing(looked: Source, since: datetime, until: datetime) -> str:
    first, last = (at.astimezone(looked.zone) for at in (since, until - timedelta(hours=12)))
    span = f"from {first:%a %Y-%m-%d} to {last:%a %Y-%m-%d}"
    return f"nothing is planned {span}; {hint(looked, until)}"
