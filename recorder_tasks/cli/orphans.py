"""orphans: recorders that may be running and that nobody can stop by name."""

from __future__ import annotations

import click

from recorder_tasks.cli.options import AS_JSON, desk

NONE = "no orphans: every recorder that may be running can be stopped by name"


@click.command(
    "orphans",
    epilog="""\b
A start whose answer was lost may have begun a recorder of which nobody knows the sid. It is asked for again,
then banned from its channel by uid; until a net under it has surely ended it, it is listed here.

\b
Examples:
  recorder orphans
  recorder orphans --forget r-5f2c.../UkOA...   you have seen to it yourself""",
)
@click.option("--forget", metavar="NAME", help="Take it off the list: somebody knows that it is over.")
@AS_JSON
def orphans_command(forget: str | None, as_json: bool) -> None:
    """Recorders that may be running and billed without a name, with their latest end and cost."""
    from recorder_tasks.cli import shown

    if forget is not None:
        desk().forget_orphan(forget)
    found = desk().orphans()
    if as_json:
        shown.as_json({"orphans": [each.model_dump(mode="json") for each in found]})
    elif found:
        shown.console().print(shown.orphans(found))
    else:
        click.echo(NONE)
