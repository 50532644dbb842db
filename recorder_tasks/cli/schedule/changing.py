"""pause, resume, skip, unskip, run-now, remove: what people do to schedules that are there."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import click

from recorder_tasks.cli.options import AS_JSON
from recorder_tasks.cli.schedule.reach import NAME, RUNNING, found, parts, plan, summary, wall

if TYPE_CHECKING:
    from datetime import datetime

    from recorder_tasks.flow.planning import Planned
    from recorder_tasks.recording import Recording
    from recorder_tasks.wiring import Wiring
    from schedules.entry import Entry

Running = Literal["leave", "extend", "stop"]
SLOT = click.argument("slot", metavar="DATE|SLOT")
YES = click.option("--yes", "-y", is_flag=True, help="Do not ask.")


@click.command(
    "pause",
    epilog="""\b
Examples:
  recorder schedule pause math-7b --reason "teacher is ill" --until 2027-03-15
  recorder schedule pause math-7b --running stop         what records now ends too""",
)
@NAME
@click.option("--reason", default="", help="Why; shown with the schedule and in its history.")
@click.option("--until", metavar="TIME", help="When it goes on, by the schedule's clock. Default: resume.")
@RUNNING
@AS_JSON
def pause_command(name: str, reason: str, until: str | None, running: Running, as_json: bool) -> None:
    """Record nothing of a schedule for a while; what was planned is withdrawn."""
    deployment = parts()
    entry = found(deployment, name)
    end = None if until is None else _by_its_clock(deployment, entry, until)
    deployment.timetable.pause(name, reason=reason, until=end, running=running)
    span = (
        "until it is resumed" if end is None or entry.rule is None else f"until {wall(end, entry.rule.zone)}"
    )
    _planned(deployment, name, f"paused {span}", as_json)


@click.command("resume", epilog="\b\nExample:\n  recorder schedule resume math-7b")
@NAME
@AS_JSON
def resume_command(name: str, as_json: bool) -> None:
    """Go on after a pause; what lies ahead is planned again."""
    deployment = parts()
    paused = found(deployment, name).pause is not None
    deployment.timetable.resume(name)
    _planned(deployment, name, "resumed" if paused else "was not paused", as_json)


@click.command(
    "skip",
    epilog="""\b
Examples:
  recorder schedule skip math-7b 2027-03-08              that day
  recorder schedule skip math-7b 2027-03-08T09:00        one lesson of it""",
)
@NAME
@SLOT
@RUNNING
@AS_JSON
def skip_command(name: str, slot: str, running: Running, as_json: bool) -> None:
    """Do not record one day or one slot of a schedule."""
    deployment = parts()
    before = found(deployment, name)
    after = deployment.timetable.skip(name, slot, running=running)
    again = "" if after.skips != before.skips else " already"
    _planned(deployment, name, f"{slot} is skipped{again}", as_json)


@click.command("unskip", epilog="\b\nExample:\n  recorder schedule unskip math-7b 2027-03-08")
@NAME
@SLOT
@AS_JSON
def unskip_command(name: str, slot: str, as_json: bool) -> None:
    """Record a skipped day or slot after all."""
    deployment = parts()
    found(deployment, name)
    deployment.timetable.unskip(name, slot)
    _planned(deployment, name, f"{slot} is recorded after all", as_json)


@click.command(
    "run-now",
    epilog="""\b
Examples:
  recorder schedule run-now math-7b                      as long as its lessons last
  recorder schedule run-now math-7b --minutes 5 --watch  and look on until it is over""",
)
@NAME
@click.option("--minutes", type=float, help="How long. Default: as long as its occurrences.")
@click.option("--watch", is_flag=True, help="Look on until it is over.")
@AS_JSON
def run_now_command(name: str, minutes: float | None, watch: bool, as_json: bool) -> None:
    """Record a schedule now, once, beside its own times. Prints the recording's id."""
    from recorder_tasks.cli.following import look_on

    if minutes is not None and not math.isfinite(minutes):
        raise click.BadParameter(f"{minutes} is not a length.", param_hint="--minutes")
    deployment = parts()
    found(deployment, name)
    recording = deployment.replanning.run_now(name, minutes=minutes)
    if watch:
        recording = look_on(deployment.desk, recording.session_id, timeout=None, quiet=as_json)
    _show(recording, as_json)
    if recording.state.value in ("failed", "missed"):
        raise click.exceptions.Exit(1)


@click.command(
    "remove",
    epilog="""\b
Examples:
  recorder schedule remove math-7b art-8
  recorder schedule remove math-7b --yes --running stop  what records now ends too""",
)
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@RUNNING
@YES
@AS_JSON
def remove_command(names: tuple[str, ...], running: Running, yes: bool, as_json: bool) -> None:
    """Take schedules away; what they have recorded stays, what was planned is withdrawn."""
    deployment = parts()
    names = tuple(dict.fromkeys(names))
    for name in names:
        found(deployment, name)
    if not yes:
        ask(f"remove {', '.join(names)}?", "nothing was removed", "give --yes")
    for name in names:
        deployment.timetable.remove(name, running=running)
    planned = plan(deployment, names)
    answer(f"removed: {', '.join(names)}", {"removed": list(names)}, planned, as_json)


def ask(question: str, otherwise: str, instead: str) -> None:
    """Go on only if a person at a terminal says yes. ``instead``: what to give where nobody can be asked."""
    from schedules.errors import ScheduleError

    if not at_terminal():
        raise ScheduleError(f"{otherwise}: {instead}")
    if not click.confirm(question, err=True):
        raise ScheduleError(otherwise)


def at_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty()


def answer(said: str, document: Mapping[str, Any], planned: Mapping[str, Planned], as_json: bool) -> None:
    """What was done and what planning came to; exit status 1 if something could not be planned."""
    from recorder_tasks.cli import shown
    from recorder_tasks.flow.replanning import counted

    if as_json:
        shown.as_json({**document, "recordings": counted(planned)})
    else:
        click.echo(f"{said}\n{summary(dict(planned))}")
    if any(one.fault for one in planned.values()):
        raise click.exceptions.Exit(1)


def _planned(deployment: Wiring, name: str, what: str, as_json: bool) -> None:
    """Plan one schedule after a change, and say both."""
    planned = plan(deployment, [name])
    kept = deployment.timetable.get(name).model_dump(mode="json", include={"name", "pause", "skips"})
    answer(f"{name}: {what}", kept, planned, as_json)


def _by_its_clock(deployment: Wiring, entry: Entry, text: str) -> datetime:
    """A time as people type it, in the schedule's zone."""
    from recorder_tasks.cli.times import parse

    assert entry.rule is not None
    try:
        return parse(text, deployment.schedules.now(), entry.rule.zone)
    except ValueError as wrong:
        raise click.BadParameter(f"{wrong}.", param_hint="--until") from None


def _show(recording: Recording, as_json: bool) -> None:
    from recorder_tasks.cli import shown

    if as_json:
        shown.as_json(recording)
    elif recording.state.final:
        shown.console().print(shown.whole(recording))
    else:
        shown.console().print(shown.one_line(recording), soft_wrap=True)
