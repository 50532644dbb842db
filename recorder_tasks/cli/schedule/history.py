"""history: what became of a schedule's recordings, and who changed it in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from recorder_tasks.cli.options import AS_JSON
from recorder_tasks.cli.schedule.reach import NAME, found, parts, wall

if TYPE_CHECKING:
    from rich.table import Table

    from recorder_tasks.recording import Recording
    from recorder_tasks.wiring import Wiring
    from schedules.store import Change

PAGE = 200
NOTHING_YET = "nothing has happened to it yet"


@dataclass(frozen=True)
class Happening:
    """A recording or a change, at the instant by which it is told."""

    at: datetime
    recording: Recording | None = None
    change: Change | None = None

    def plain(self) -> dict[str, Any]:
        """For machines."""
        if self.recording is not None:
            one = self.recording.model_dump(
                mode="json",
                include={"session_id", "slot", "channel", "start", "end", "state", "outcome", "reason"},
            )
            return {"at": self.at.isoformat(), "kind": "recording", **one}
        assert self.change is not None
        what = {"what": self.change.what, "detail": self.change.detail}
        return {"at": self.at.isoformat(), "kind": "change", **what}


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

    deployment = parts()
    happened = _happened(deployment, name, limit)
    if not happened:
        found(deployment, name)
    if as_json:
        shown.as_json({"schedule": name, "history": [one.plain() for one in happened]})
    elif not happened:
        click.echo(NOTHING_YET)
    else:
        shown.console().print(_table(happened, _zone(deployment, name)))


def _happened(deployment: Wiring, name: str, limit: int) -> list[Happening]:
    merged = [
        *(Happening(_told_at(one), recording=one) for one in _recordings(deployment, name, limit)),
        *(Happening(one.at, change=one) for one in deployment.schedules.changes(name, limit)),
    ]
    return sorted(merged, key=lambda one: one.at, reverse=True)[:limit]


def _recordings(deployment: Wiring, name: str, limit: int) -> list[Recording]:
    """What has begun or is over, withdrawn ones too; all of the latest ``limit`` are among them."""
    now, kept = deployment.schedules.now(), list[Any]()
    cursor = None
    while True:
        page = deployment.desk.find(schedule=name, limit=PAGE, cursor=cursor)
        kept += [one for one in page.recordings if one.finished or one.start <= now]
        cursor = page.cursor
        if cursor is None or sum(_told_at(one) >= page.recordings[-1].start for one in kept) >= limit:
            return kept


def _told_at(recording: Recording) -> datetime:
    """Its start, or earlier when it was withdrawn."""
    return min(recording.start, recording.finished_at or recording.start)


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
    planned = f"planned for {wall(recording.start, zone)}"
    early = _told_at(recording) < recording.start
    return "; ".join([*([planned] if early else []), *([recording.reason] if recording.reason else [])])
