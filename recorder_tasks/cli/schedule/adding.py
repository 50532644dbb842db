"""add: one schedule from the command line, with what the clocks will do to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from recorder_tasks.cli.options import AS_JSON, Json, label_option
from recorder_tasks.cli.recordings import STATE_OF_MODES
from recorder_tasks.cli.schedule.reach import NAME, parts, plan, summary, wall

if TYPE_CHECKING:
    from recorder_tasks.wiring import Wiring
    from schedules.entry import Entry
    from schedules.occurrence import Occurrence
    from schedules.rule import Rule

NEXT = 5
OVERLAPS = ("skip", "queue", "allow", "cancel_previous")
RECORDING = ("mode", "storage", "recipe")  # what is whoever records's affair


@click.command(
    "add",
    epilog="""\b
Examples:
  recorder schedule add math-7b --slots "mon wed fri 09:00-09:50" --timezone Europe/Berlin
  recorder schedule add assembly --cron "0 8 1 * *" --duration 45m --channel hall
  recorder schedule add exam --date "2027-06-14 09:00-12:00" --pad-before 5m --profile exams
  recorder schedule add math-7b --slots "mon 10:00-10:50" --except holidays --replace

--replace gives it these values and no others; its pauses and skips stay.""",
)
@NAME
@click.option(
    "--slots", multiple=True, metavar="TEXT", help="Weekly: mon wed fri 09:00-09:50. May be repeated."
)
@click.option("--cron", metavar="TEXT", help="Five fields; needs --duration.")
@click.option(
    "--date", "dates", multiple=True, metavar="TEXT", help="Once: 2027-06-14 09:00-12:00. May be repeated."
)
@click.option("--duration", metavar="LENGTH", help="50m, 1h30m; where the times above have no end.")
@click.option("--timezone", metavar="ZONE", help="Whose clock they mean. Default: this host's.")
@click.option("--channel", help="May hold {name}, {date}, {time}. Default: the name.")
@click.option("--profile", help="Named defaults for how to record.")
@click.option("--app", help="Which Agora project.")
@label_option("Attach a label; may be repeated.")
@click.option(
    "--except",
    "exceptions",
    multiple=True,
    metavar="DAYS",
    help="A day, FROM..TO, or a calendar. May be repeated.",
)
@click.option(
    "--also", multiple=True, metavar="TEXT", help="Additional moments, as in --date. May be repeated."
)
@click.option("--first", metavar="DATE", help="The first day.")
@click.option("--last", metavar="DATE", help="The last day.")
@click.option("--pad-before", metavar="LENGTH", help="Record so much before.")
@click.option("--pad-after", metavar="LENGTH", help="Record so much after.")
@click.option("--lead", metavar="LENGTH", help="How much earlier it may begin, at a crowded bell.")
@click.option("--late", metavar="LENGTH", help="How late it may still begin. Default: until its end.")
@click.option("--jitter", metavar="LENGTH", help="Begin up to so much later, each at a moment of its own.")
@click.option("--priority", type=int, help="-100..100: the higher, the closer to the bell.")
@click.option("--overlap", type=click.Choice(OVERLAPS), help="When the one before still records.")
@click.option("--mode", type=click.Choice(STATE_OF_MODES), help="Default: the profile's.")
@click.option("--storage", help="Which configured storage. Default: the profile's.")
@click.option("--recipe", type=Json(), help="Members of the vendor's clientRequest.")
@click.option("--replace", is_flag=True, help="If there is one of that name, it becomes this.")
@AS_JSON
def add_command(name: str, replace: bool, as_json: bool, **given: Any) -> None:
    """Record by a rule: weekly slots, a cron expression, or dates."""
    if not (given["slots"] or given["cron"] or given["dates"]):
        raise click.UsageError("when? Give --slots, --cron or --date.")
    from recorder_tasks.flow.replanning import counted
    from schedules.clock_warnings import clock_warnings

    deployment = parts()
    entry = _added(deployment, name, replace, _members(given))
    planned = plan(deployment, [name])
    ahead = deployment.timetable.next(name, NEXT)
    assert entry.rule is not None
    calendars = deployment.schedules.calendars().read
    warnings = clock_warnings([entry.rule], calendars, deployment.schedules.now())
    if as_json:
        from recorder_tasks.cli import shown

        rule = entry.rule.model_dump(mode="json", exclude_defaults=True)
        document = {
            "name": name,
            "rule": rule,
            "next": [one.as_json() for one in ahead],
            "warnings": warnings,
        }
        shown.as_json({**document, "recordings": counted(planned)})
    else:
        click.echo(f"{name}: stored, its times are those of {entry.rule.timezone}")
        click.echo("\n".join(_next(ahead, entry.rule)))
        click.echo(summary(planned))
        say_warnings(warnings)
    if planned[name].fault:
        raise click.exceptions.Exit(1)


def _added(deployment: Wiring, name: str, replace: bool, members: dict[str, Any]) -> Entry:
    from schedules.errors import ScheduleExists

    try:
        return deployment.timetable.add(name, replace=replace, **members)
    except ScheduleExists as known:
        raise ScheduleExists(f"{known}; --replace gives it these values") from None


def _members(given: dict[str, Any]) -> dict[str, Any]:
    """The members of a rule, of what was given."""
    members = {name: value for name, value in given.items() if value not in (None, ())}
    recording = {name: members.pop(name) for name in RECORDING if name in members}
    labels = dict(members.pop("labels", ()))
    zone = members.pop("timezone", None) or _host_zone()
    return {"timezone": zone, "labels": labels, "recording": recording, **members}


def _host_zone() -> str:
    """This host's time zone by its IANA name."""
    import tzlocal

    try:
        found = tzlocal.get_localzone_name()
    except (LookupError, ValueError):  # it is set in two ways that contradict each other
        found = None
    if not found:
        raise click.UsageError("the time zone of this host has no name: give --timezone.")
    return str(found)


def _next(ahead: list[Occurrence], rule: Rule) -> list[str]:
    if not ahead:
        return ["next: nothing within 400 days"]
    told = [f"{wall(one.begins, rule.zone)} to {one.ends.astimezone(rule.zone):%H:%M}" for one in ahead]
    return [f"{'next:' if n == 0 else '':5} {text}" for n, text in enumerate(told)]


def say_warnings(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        click.secho(f"warning: {sentence}", fg="yellow", err=True)
