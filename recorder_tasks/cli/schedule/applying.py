"""apply: a timetable file becomes what is in force, once somebody has seen what that changes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recorder_tasks.cli.options import AS_JSON
from recorder_tasks.cli.schedule.adding import say_warnings
from recorder_tasks.cli.schedule.changing import YES, Running, answer, ask
from recorder_tasks.cli.schedule.differing import lines_of, totals
from recorder_tasks.cli.schedule.reach import RUNNING, parts, plan

if TYPE_CHECKING:
    from recorder_tasks.flow.applying import Preview
    from recorder_tasks.wiring import Wiring
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
    from recorder_tasks.flow import applying

    deployment = parts()
    timetable = _read(deployment, file, timezone)
    found = deployment.timetable.difference(timetable, prune=prune)
    preview = applying.preview(deployment.timetable, deployment.settings, found)
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
    from recorder_tasks.flow.applying import changes_of, document_of

    shown = preview.difference
    done = deployment.timetable.apply(timetable, prune=prune, running=running, shown=shown)
    planned = plan(deployment, [change.name for change in changes_of(done)])
    document = {**document_of(preview, timetable), "applied": True}
    answer(f"applied: {totals(done)}", document, planned, as_json)


def _untouched(preview: Preview, timetable: Timetable, as_json: bool) -> None:
    from recorder_tasks.cli import shown
    from recorder_tasks.flow.applying import document_of

    if as_json:
        shown.as_json({**document_of(preview, timetable), "applied": False})
    elif not preview.difference.empty:
        click.echo("nothing was applied: this is a dry run")


def _cut(told: Sequence[object]) -> list[str]:
    """The first few sentences, and how many more there are."""
    more = [f"... and {len(told) - SENTENCES} more like this"] if len(told) > SENTENCES else []
    return [*map(str, told[:SENTENCES]), *more]
