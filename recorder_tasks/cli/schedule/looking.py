"""list, show, next: which schedules there are, and what is next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from recorder_tasks.cli.options import AS_JSON
from recorder_tasks.cli.schedule.foresight import EMPTY
from recorder_tasks.cli.schedule.reach import NAME, found, parts, wall

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from schedules.entry import Entry
    from schedules.occurrence import Occurrence

NOTHING = "nothing within the next 400 days"
COLOURS = {"enabled": "green", "paused": "yellow", "disabled": "dim"}


@click.command(
    "list",
    epilog="""\b
Examples:
  recorder schedule list
  recorder schedule list --json | jq -r '.schedules[] | select(.state == "paused").name'""",
)
@AS_JSON
def list_command(as_json: bool) -> None:
    """All schedules: when, what is next by their own clocks, and what is paused."""
    from recorder_tasks.cli import shown
    from recorder_tasks.flow.foresight import in_force
    from schedules.described import plain

    source = in_force(parts().timetable)
    rows = [
        (entry, entry.state(source.now), entry.next(source.now, source.calendars))
        for entry in source.entries.values()
    ]
    if as_json:
        shown.as_json(
            {
                "schedules": [
                    {**plain(entry, state), "next": None if one is None else one.as_json()}
                    for entry, state, one in rows
                ]
            }
        )
    elif not rows:
        click.echo(EMPTY)
    else:
        shown.console().print(_listing(rows))


@click.command("show", epilog="\b\nExample:\n  recorder schedule show math-7b")
@NAME
@AS_JSON
def show_command(name: str, as_json: bool) -> None:
    """One schedule: its rule without what is usual, what people changed, and what is next."""
    from recorder_tasks.cli import shown
    from schedules.described import plain

    deployment = parts()
    entry = found(deployment, name)
    state, ahead = entry.state(deployment.schedules.now()), deployment.timetable.next(name, 5)
    if as_json:
        shown.as_json({**plain(entry, state), "next": [one.as_json() for one in ahead]})
        return
    out = shown.console()
    out.print(_whole(entry, state))
    out.print("\nnext", style="dim")
    out.print(_occurrences([(entry, one) for one in ahead]) if ahead else _why_nothing(state))


@click.command(
    "next",
    epilog="""\b
Examples:
  recorder schedule next                what all schedules record next, by time
  recorder schedule next math-7b --count 20""",
)
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--count", type=click.IntRange(1, 1000), default=5, show_default=True)
@AS_JSON
def next_command(name: str | None, count: int, as_json: bool) -> None:
    """What is recorded next, of one schedule or of all together."""
    from recorder_tasks.cli import shown

    deployment = parts()
    if name is None:
        ahead = deployment.timetable.soonest(count)
    else:
        entry = found(deployment, name)
        ahead = [(entry, one) for one in deployment.timetable.next(name, count)]
    if as_json:
        shown.as_json({"occurrences": [one.as_json() for _, one in ahead]})
    elif ahead:
        shown.console().print(_occurrences(ahead, named=name is None))
    elif name is None and not deployment.timetable.all():
        click.echo(EMPTY)
    else:
        click.echo(NOTHING if name is None else _why_nothing(entry.state(deployment.schedules.now())))


def _told(entry: Entry, state: str) -> Text:
    """The state, of a pause with its reason and its end."""
    from rich.text import Text

    text = Text(state, style=COLOURS[state])
    if state == "paused" and entry.pause is not None and entry.rule is not None:
        until = entry.pause.until
        text.append(f" ({entry.pause.reason})" if entry.pause.reason else "")
        text.append("" if until is None else f" until {wall(until, entry.rule.zone)}")
    return text


def _listing(rows: Sequence[tuple[Entry, str, Occurrence | None]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    from schedules.described import when

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("name", "when", "next", "zone", "state"):
        table.add_column(name, overflow="fold", no_wrap=name in ("name", "next"))
    for entry, state, one in rows:
        rule = entry.rule
        if rule is None:
            continue
        at = "-" if one is None else wall(one.begins, rule.zone)
        table.add_row(Text(entry.name), Text(when(rule)), at, rule.timezone, _told(entry, state))
    return table


def _whole(entry: Entry, state: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_row("name", entry.name)
    table.add_row("state", _told(entry, state))
    for member, text in _members(entry):
        table.add_row(member, Text(text))
    return table


def _members(entry: Entry) -> Iterator[tuple[str, str]]:
    """What the rule says beyond the defaults, then what was done to it."""
    from schedules.rule import say_seconds

    rule = entry.rule
    if rule is None:
        return
    told = rule.model_dump(mode="json", exclude_defaults=True, exclude={"name"})
    for member, value in told.items():
        yield member.replace("_", " "), _said(value)
    if entry.pause is not None:
        yield "paused since", wall(entry.pause.since, rule.zone)
    if entry.skips:
        yield "skips", _said(entry.skips)
    if entry.runs:
        runs = (f"{wall(run.at, rule.zone)}, {say_seconds(run.seconds)}" for run in entry.runs)
        yield "run by hand", "; ".join(runs)
    yield "created", wall(entry.created_at, rule.zone)
    yield "revision", entry.revision


def _said(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "; ".join(str(part) for part in value)
    if isinstance(value, dict):
        return " ".join(f"{name}={part}" for name, part in sorted(value.items()))
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _occurrences(ahead: Sequence[tuple[Entry, Occurrence]], *, named: bool = False) -> Table:
    """Classes by the clocks of their schedules."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("schedule",) if named else ():
        table.add_column(column, no_wrap=True)
    for column in ("begins", "ends", "zone", "channel", "note"):
        table.add_column(column, overflow="fold", no_wrap=column == "begins")
    for entry, one in ahead:
        if entry.rule is None:
            continue
        zone = entry.rule.zone
        ends = f"{one.ends.astimezone(zone):%H:%M}"
        row = (wall(one.begins, zone), ends, zone.key, Text(one.channel), _note(one))
        table.add_row(*((entry.name,) if named else ()), *row)
    return table


def _note(one: Occurrence) -> str:
    return " ".join([*(["by hand"] if one.by_hand else []), *([one.note] if one.note else [])])


def _why_nothing(state: str) -> str:
    return NOTHING if state == "enabled" else f"{NOTHING}: it is {state}"
