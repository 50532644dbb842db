"""list, show: how things stand."""

from __future__ import annotations

from datetime import datetime

import click

from recorder_tasks.cli.options import AS_JSON, SESSION, desk, label_option
from recorder_tasks.cli.times import Time

STATES = ("scheduled", "starting", "recording", "stopping", "completed", "cancelled", "missed", "failed")

NONE_YET = """no recordings yet: try

  recorder record my-class --minutes 5 --watch"""
NONE_MATCH = "no recording matches; `recorder list` without options shows all"


@click.command(
    "list",
    epilog="""\b
Examples:
  recorder list --state recording
  recorder list --label school=north --since 08:00
  recorder list --json --limit 1000 | jq -r '.recordings[].session_id'""",
)
@click.option("--state", type=click.Choice(STATES), help="Only in this state.")
@label_option("Only with this label; may be repeated.")
@click.option("--app", help="Only of this Agora project.")
@click.option("--channel", help="Only of this channel.")
@click.option("--schedule", metavar="NAME", help="Only occurrences of this schedule, also of a removed one.")
@click.option("--since", type=Time(), help="Only with a start at or after this time.")
@click.option("--until", type=Time(), help="Only with a start before this time.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--cursor", help="The next page, as the last one named it.")
@AS_JSON
def list_command(
    state: str | None,
    labels: tuple[tuple[str, str], ...],
    app: str | None,
    channel: str | None,
    schedule: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    cursor: str | None,
    as_json: bool,
) -> None:
    """Recordings by start time, the newest first."""
    from recorder_tasks.cli import shown

    found = desk().find(
        state=state,
        labels=dict(labels) or None,
        app=app,
        channel=channel,
        schedule=schedule,
        since=since,
        until=until,
        limit=limit,
        cursor=cursor,
    )
    if as_json:
        shown.as_json(found)
        return
    if not found.recordings:
        filtered = any((state, labels, app, channel, schedule, since, until, cursor))
        click.echo(NONE_MATCH if filtered else NONE_YET)
        return
    out = shown.console()
    out.print(shown.listing(found.recordings))
    if found.cursor:
        out.print(f"\nmore: --cursor {found.cursor}", style="dim")


@click.command("show")
@SESSION
@AS_JSON
def show_command(session_id: str, as_json: bool) -> None:
    """One recording: its plan, takes and files, times here and in UTC."""
    from recorder_tasks.cli import shown

    recording = desk().get(session_id)
    if as_json:
        shown.as_json(recording)
    else:
        shown.console().print(shown.whole(recording))
