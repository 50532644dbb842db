"""orphans: recorders that may be running and that nobody can stop by name."""

from __future__ import annotations

import click

from recorder_tasks.cli.options import AS_JSON, desk

NONE = "no orphans are known"


@click.command(
    "orphans",
    epilog="""\b
A start whose answer was lost may have begun a recorder of which nobody knows the sid. It is asked for again,
then banned from its channel by uid; until a net under it has surely ended it, it is listed here.

\b
Examples:
  recorder orphans
  recorder orphans --forget r-5f2c.../900000017   you have seen to it yourself""",
)
@click.option("--forget", metavar="SESSION/UID", help="Take it off the list: somebody knows that it is over.")
@AS_JSON
def orphans_command(forget: str | None, as_json: bool) -> None:
    """Recorders that may be running and billed without a name, with their latest end and cost."""
    from recorder_tasks.cli import shown

    at = desk()
    gone = at.forget_orphan(forget) if forget is not None else None
    found = at.orphans()
    if as_json:
        shown.as_json({"orphans": [each.model_dump(mode="json") for each in found]})
    elif forget is not None:
        which = f"{gone.channel} uid {gone.uid}" if gone is not None else forget
        click.echo(f"forgotten: {which}; {len(found)} left")
    elif found:
        shown.console().print(shown.orphans(found))
    else:
        click.echo(NONE)
