"""schedule rehearse: next week, before it begins."""

from __future__ import annotations

import fnmatch
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import click

from recorder_tasks.cli.options import AS_JSON
from recorder_tasks.cli.schedule.foresight import Date

if TYPE_CHECKING:
    from rich.table import Table

    from recorder_tasks.local.rehearsal import Look, Rehearsal
    from recorder_tasks.local.rehearsal_report import Report
    from schedules.timetable import Timetable

LISTED = 20
COLUMNS = (
    "day",
    "planned",
    "recorded",
    "as planned",
    "missed",
    "worst start",
    "worst stop",
    "at once",
    "in a second",
    "throttled",
)
SHOW_EVERY = 0.1  # seconds


@click.command(
    "rehearse",
    epilog="""\b
What happens: an embedded server and the simulated vendor run here, with the limits and profiles
of your settings (or the defaults) and made-up keys. Every lesson is planned, recorded, checked
on and stopped, on a clock that jumps from event to event. Exit status 0 only if the vendor's own
ledger says that each was recorded once, on time, and stopped on time, within the request budget.

\b
On time: with a lead never after its start, without one within 10 s; stopped within 10 s, plus a
place in the request budget for each lesson that ends at the same moment.

\b
Examples:
  recorder schedule rehearse examples/school.yaml --week 2027-03-08
  recorder schedule rehearse timetable.yaml --from 2027-03-08 --days 1 --only 'room-0*'
  recorder schedule rehearse timetable.yaml --week 2027-03-08 --speed 600       to look on
  recorder schedule rehearse timetable.yaml --week 2027-03-08 --cap 200         if it were allowed""",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--week", type=Date(), help="Any day of the week to run through. Default: next week.")
@click.option("--from", "since", type=Date(), help="Instead of --week: the first day.")
@click.option("--days", type=click.IntRange(1, 31), help="How many days. Default: 7.")
@click.option("--only", metavar="PATTERN", help="Only schedules whose name fits, like 'room-0*'.")
@click.option("--speed", type=click.FloatRange(1), help="Times real time. Default: as fast as it goes.")
@click.option(
    "--health-every",
    type=click.FloatRange(1),
    metavar="SECONDS",
    help="Seconds between two health checks. Default: the profile's.",
)
@click.option("--cap", type=click.IntRange(1), help="As if each app might record so many at once.")
@click.option("--qps", type=click.FloatRange(1), help="As if each app might ask so often a second.")
@click.option("--keep", is_flag=True, help="Keep the folder: ledger.json, requests.jsonl, the server's data.")
@AS_JSON
def rehearse_command(
    file: Path,
    week: date | None,
    since: date | None,
    days: int | None,
    only: str | None,
    speed: float | None,
    health_every: float | None,
    cap: int | None,
    qps: float | None,
    keep: bool,
    as_json: bool,
) -> None:
    """Run a timetable FILE's week in simulated time, against the simulator, and compare."""
    from recorder_tasks.cli import shown
    from recorder_tasks.local.rehearsal import Rehearsal
    from recorder_tasks.local.rehearsal_settings import settings_for
    from recorder_tasks.settings import load
    from schedules.timetable import read

    if week is not None and since is not None:
        raise click.UsageError("give --week or --from, not both.")
    first = since or _monday(week or date.today() + timedelta(days=7))  # noqa: DTZ011  a day on the user's wall
    timetable = _chosen(read(file), only)
    deployment = load()
    with _server(keep) as (url, base):
        settings = settings_for(url, base, deployment, health_every, concurrent_tasks=cap, qps=qps)
        rehearsal = Rehearsal(timetable, first, days or 7, settings)
        report = _run(rehearsal, speed, quiet=as_json)
        if keep:
            rehearsal.keep(base)
            click.echo(f"kept in {base}: ledger.json, requests.jsonl", err=True)
    if as_json:
        shown.as_json({"from": first.isoformat(), "days": days or 7, **report.as_json()})
    else:
        _show(report, first)
    if not report.proved:
        raise click.exceptions.Exit(1)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _chosen(timetable: Timetable, only: str | None) -> Timetable:
    if only is None:
        return timetable
    rules = {name: rule for name, rule in timetable.rules.items() if fnmatch.fnmatchcase(name, only)}
    if not rules:
        raise click.BadParameter(f"no schedule fits {only!r}.", param_hint="--only")
    return replace(timetable, rules=rules)


@contextmanager
def _server(keep: bool) -> Iterator[tuple[str, Path]]:
    """An embedded server of the rehearsal's own, and its folder, which is removed unless it shall be kept."""
    from recorder_tasks.local.system import System

    base = Path(tempfile.mkdtemp(prefix="recorder-rehearsal-"))
    try:
        with System(base) as system:
            yield system.serve(), base
    finally:
        if not keep:
            shutil.rmtree(base, ignore_errors=True)


def _run(rehearsal: Rehearsal, speed: float | None, *, quiet: bool) -> Report:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from recorder_tasks.cli.shown import console

    starts = [one.start.timestamp() for _, one in rehearsal.planned]
    ends = [one.end.timestamp() for _, one in rehearsal.planned]
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(
        *columns, TimeElapsedColumn(), console=console(err=True), disable=quiet or not starts
    ) as progress:
        first, last = min(starts, default=0.0), max(ends, default=1.0)
        bar = progress.add_task("planning", total=max(last - first, 1.0))

        def show(at: float, running: int) -> None:
            text = f"{datetime.fromtimestamp(at, UTC):%a %Y-%m-%d %H:%M} UTC, {running:3} recording"
            progress.update(bar, completed=max(0.0, at - first), description=text)

        rehearsal.look = _paced(show, first, speed)
        return rehearsal.run()


def _paced(show: Any, first: float, speed: float | None) -> Look:
    """Shows the time now and then; with a speed, no faster than that once the first lesson is near."""
    begun: list[float] = []
    shown_at = 0.0

    def look(at: float, running: int) -> None:
        nonlocal shown_at
        if monotonic() - shown_at >= SHOW_EVERY:
            shown_at = monotonic()
            show(at, running)
        if speed is not None and at >= first - 180:
            begun[:] = begun or [monotonic()]
            ahead = (at - first + 180) / speed - (monotonic() - begun[0])
            if ahead > 0:
                show(at, running)
                sleep(ahead)

    return look


def _show(report: Report, first: date) -> None:
    from recorder_tasks.cli.shown import console

    out = console()
    if not report.lessons:
        out.print(f"nothing is planned in the days from {first}: nothing was rehearsed")
        return
    out.print(_table(report))
    for lesson in report.wrong[:LISTED]:
        out.print(f"[red]{lesson.key}[/red] in {lesson.channel}: {lesson.wrong}", soft_wrap=True)
    if len(report.wrong) > LISTED:
        out.print(f"... and {len(report.wrong) - LISTED} more; --json lists all")
    out.print(_verdict(report), soft_wrap=True)


def _table(report: Report) -> Table:
    from rich.table import Table

    from recorder_tasks.local.rehearsal_report import totals

    table = Table(box=None, pad_edge=False)
    for name in COLUMNS:
        table.add_column(name, justify="left" if name == "day" else "right")
    for day in report.days:
        found = totals(day.lessons)
        kept = found["on_time"] == found["lessons"]
        table.add_row(
            day.name,
            str(found["lessons"]),
            str(found["recorded"]),
            str(found["on_time"]) if kept else f"[red]{found['on_time']}[/red]",
            str(found["missed"]),
            _lag(found["worst_start_lag"]),
            _lag(found["worst_stop_lag"]),
            str(found["most_at_once"]),
            str(day.traffic.busiest),
            str(day.traffic.throttled),
        )
    return table


def _lag(seconds: float) -> str:
    return f"{abs(seconds):.1f} s {'late' if seconds > 0 else 'early'}"


def _verdict(report: Report) -> str:
    budget = (
        f"{report.requests} requests, at most {report.busiest} in any second "
        f"({report.worst.allowed} allowed), {report.throttled} refused as too many, "
        f"{report.refused} found no room"
    )
    if report.proved:
        return (
            f"[bold green]every lesson was recorded once, on time, and stopped on time[/bold green]; {budget}"
        )
    parts = (
        [f"{len(report.wrong)} of {len(report.lessons)} lessons are not as planned"] if report.wrong else []
    )
    parts += [f"{report.strays} recorders belong to no lesson"] if report.strays else []
    parts += [f"{report.alive} still run"] if report.alive else []
    parts += [] if report.budget_kept else ["the request budget was not kept"]
    return f"[bold red]{'; '.join(parts)}[/bold red]; {budget}"
