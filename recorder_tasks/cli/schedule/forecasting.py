"""forecast: what will not fit, days before it happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recorder_tasks.cli.options import AS_JSON
from recorder_tasks.cli.schedule.foresight import EMPTY, FILE, Date, hint, source
from recorder_tasks.flow.foresight import Source, document_of, foresee, limited_to

if TYPE_CHECKING:
    from schedules.foreseen import Forecast

ASSUMED = """no app is configured, so the vendor's usual limits are taken:
10 requests a second and 50 recordings at once, a tenth of which is the rate that counts"""


class Percent(click.ParamType):  # type: ignore[type-arg]
    """``80%``, or 80."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        text = str(value).strip().removesuffix("%")
        try:
            share = float(text)
        except ValueError:
            self.fail(f"{value!r} is not a share like 80%.", param, ctx)
        if not 0 < share <= 1000:
            self.fail(f"{value!r} is not within 0..1000%.", param, ctx)
        return share


@click.command(
    "forecast",
    epilog="""\b
Examples:
  recorder schedule forecast
  recorder schedule forecast --file timetable.yaml --from 2027-03-08 --days 7
  recorder schedule forecast --fail-over 90% --json     exit status 1 if less than a tenth is left

Counted is what schedules want; recordings that were asked for one by one are not. A start that begins
late is too much at any share of --fail-over.""",
)
@click.option("--days", type=click.IntRange(1, 366), default=14, show_default=True)
@click.option("--from", "since", type=Date(), metavar="DATE", help="First day; without it: from now on.")
@FILE
@click.option("--app", metavar="NAME", help="Only of this Agora project.")
@click.option(
    "--fail-over",
    type=Percent(),
    metavar="PERCENT",
    help="Exit status 1 if a minute takes more than this share of the cap or of the rate.",
)
@AS_JSON
def forecast_command(
    days: int,
    since: date | None,
    path: Path | None,
    app: str | None,
    fail_over: float | None,
    as_json: bool,
) -> None:
    """Recordings at once and requests a second against the limits, and what begins late."""
    from recorder_tasks.cli import shown
    from recorder_tasks.local.environment import join_running
    from recorder_tasks.settings import load

    join_running()
    looked = source(path)
    begin = looked.now if since is None else looked.midnight(since)
    until = looked.midnight((since or looked.today) + timedelta(days=days))
    configured = load()
    limited, names = limited_to(app, configured, looked)
    planned = [one for one in looked.planned(begin, until) if one.app in names]
    found = foresee(planned, limited, begin, until)
    if as_json:
        shown.as_json(document_of(found, begin, until, percent=fail_over, assumed=not configured.apps))
    else:
        _shown(found, looked, begin, until, assumption=not configured.apps)
    if fail_over is not None and any(one.over(fail_over) for one in found.values()):
        raise click.exceptions.Exit(1)


def _shown(
    found: Mapping[str, Forecast], looked: Source, since: datetime, until: datetime, *, assumption: bool
) -> None:
    from recorder_tasks.cli import shown
    from recorder_tasks.cli.schedule.reach import wall

    if not looked.entries:
        click.echo(EMPTY)
        return
    zone = looked.zone
    span = f"from {wall(since, zone)} to {wall(until, zone)}, {zone.key}"
    if not found:
        click.echo(f"nothing is planned {span}; {hint(looked, until)}")
        return
    if assumption:
        click.secho(ASSUMED, fg="yellow")
    width = shown.console().width
    for at, (name, one) in enumerate(found.items()):
        click.echo("\n" * (at > 0) + f"app {name}: {_many(one.planned)} {span}\n")
        for line in _lines(one, looked, width):
            click.echo(line)


def _many(count: int) -> str:
    return "1 recording" if count == 1 else f"{count} recordings"


def _lines(found: Forecast, looked: Source, width: int) -> Iterator[str]:
    from schedules.chart import chart

    yield chart(found, looked.zone, width=width)
    yield ""
    sentences = found.sentences()
    if not sentences:
        yield click.style("everything fits, and begins in time", fg="green")
    for sentence in sentences:
        yield click.style(sentence, fg="red")
