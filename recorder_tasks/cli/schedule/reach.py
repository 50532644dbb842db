"""What the commands of ``recorder schedule`` share: the schedules, and planning what was changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from recorder_tasks.flow.planning import Planned
    from recorder_tasks.wiring import Wiring
    from schedules.entry import Entry

NAME = click.argument("name", metavar="NAME")
RUNNING = click.option(
    "--running",
    type=click.Choice(["leave", "extend", "stop"]),
    default="leave",
    show_default=True,
    help="What happens to occurrences that are recording already.",
)


def parts() -> Wiring:
    """The configured deployment, or the ``recorder up`` that runs in this directory."""
    from recorder_tasks.local.environment import join_running

    join_running()
    from recorder_tasks.wiring import wiring

    return wiring()


def found(deployment: Wiring, name: str) -> Entry:
    """The schedule of that name. Raises NoSuchSchedule, with the nearest name there is."""
    from schedules.errors import NoSuchSchedule

    known = deployment.timetable.all()
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise NoSuchSchedule(f"schedule: there is none called {name!r}{hint}")


def plan(deployment: Wiring, names: Sequence[str]) -> dict[str, Planned]:
    """Turn what was changed into sessions here and now; no worker has to run for that."""
    import sys

    from rich.progress import track

    from recorder_tasks.cli.shown import console

    def watch(every: Sequence[str]) -> Iterable[str]:
        quiet = len(names) < 20 or not sys.stderr.isatty()
        return track(every, "planning", console=console(err=True), disable=quiet, transient=True)

    return deployment.replanning.plan(names, watch)


def summary(planned: dict[str, Planned]) -> str:
    """What planning came to, in one line."""
    from recorder_tasks.flow.replanning import KINDS, counted

    counts = counted(planned)
    told = ", ".join(f"{counts[what]} {what}" for what in KINDS if counts[what])
    troubles = "".join(f"\n{name}: {fault}" for name, fault in counts["faults"].items())
    return f"recordings: {told or 'none touched'}{troubles}"


def wall(at: datetime, zone: ZoneInfo) -> str:
    """An instant as the schedule's people read it: ``Mon 2027-03-08 09:00``."""
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M}"
