"""history: what became of a schedule's recordings, and who changed it in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from recorder_tasks.cli.options import AS_JSON
from recorder_tasks.cli.schedule.reach import NAME, found, parts, wall

if TYPE_CHECKING:
    from rich.table import Table

    from recorder_tasks.flow.history import Happening
    from recorder_tasks.recording import Recording
    from recorder_tasks.wiring import Wiring

NOTHING_YET = "nothing has happened to it yet"


@click.command(
    "history",
    epilog="""\b
Examples:
  recorder schedule history math-7b
  recorder schedule history math-7b --json | jq '.history[] | select(.state == "missed")'

It works for removed schedules too, as long as their recordings are kept.""",
)
@NAME
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@AS_JSON
def history_command(name: str, limit: int, as_json: bool) -> None:
    """Its recordings and its changes, the newest first: what was missed or withdrawn, and why."""
    from recorder_tasks.cli import shown
    from recorder_tasks.flow.history import told_of

    deployment = parts()
    happened = told_of(deployment.desk, deployment.schedules, name, limit)
    if not happened:
        found(deployment, name)
    if as_json:
        shown.as_json({"schedule": name, "history": [one.plain() for one in happened]})
    elif not happened:
        click.echo(NOTHING_YET)
    else:
        shown.console().print(_table(happened, _zone(deployment, name)))


def _zone(deployment: Wiring, name: str) -> ZoneInfo:
    """That of the schedule; of a removed one nothing is known but UTC."""
    entry = deployment.schedules.find(name)
    return ZoneInfo("UTC") if entry is None or entry.rule is None else entry.rule.zone


def _table(happened: Sequence[Happening], zone: ZoneInfo) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in (zone.key, "what", "slot", "why"):
        table.add_column(name, overflow="fold", no_wrap=name != "why")
    for one in happened:
        table.add_row(wall(one.at, zone), *_row(one, zone))
    return table


def _row(one: Happening, zone: ZoneInfo) -> Iterator[Any]:
    from rich.text import Text

    from recorder_tasks.cli import shown

    if one.recording is not None:
        yield shown.state(one.recording)
        yield Text(one.recording.slot or "-")
        yield Text(_why(one.recording, zone))
    elif one.change is not None:
        yield Text(one.change.what, style="dim")
        yield "-"
        yield Text(one.change.detail)


def _why(recording: Recording, zone: ZoneInfo) -> str:
    """The reason, with the planned start where that is not the instant by which it is told."""
    from recorder_tasks.flow.history import told_at

    planned = f"planned for {wall(recording.start, zone)}"
    early = told_at(recording) < recording.start
    return "; ".join([*([planned] if early else []), *([recording.reason] if recording.reason else [])])
