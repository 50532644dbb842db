"""watch, events: what happens, as it happens."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from recorder_tasks.cli.options import AS_JSON, SESSION, desk

if TYPE_CHECKING:
    from recorder_tasks.flow.desk import Desk
    from recorder_tasks.recording import Recording

LOOK = 0.25  # seconds between two looks; ends on the state, never on the time


@click.command("watch")
@SESSION
@click.option("--timeout", type=float, metavar="SECONDS", help="Look on for so long at most; exit status 4.")
@AS_JSON
def watch_command(session_id: str, timeout: float | None, as_json: bool) -> None:
    """Look on until a recording is over: progress, state, calls, files."""
    from recorder_tasks.cli import shown

    recording = look_on(desk(), session_id, timeout=timeout, quiet=as_json)
    if as_json:
        shown.as_json(recording)
    else:
        shown.console().print(shown.whole(recording))


def look_on(at: Desk, session_id: str, *, timeout: float | None, quiet: bool) -> Recording:
    """Show a recording live until it is final; silent on stdout when ``quiet``. Raises NotFinished."""
    from recorder_tasks.cli.live import Live

    if quiet:
        return at.wait(session_id, timeout=timeout)
    until = None if timeout is None else time.monotonic() + timeout
    last = "0"
    with Live() as live:
        while True:
            events = list(at.events(session_id, after=last))
            last = events[-1].id if events else last
            recording = at.get(session_id)
            live.show(recording, events, datetime.now(UTC))
            if recording.finished:
                return recording
            if until is not None and time.monotonic() > until:
                return at.wait(session_id, timeout=0)
            time.sleep(LOOK)


@click.command(
    "events",
    epilog="""\b
Examples:
  recorder events                       the latest of all recordings
  recorder events ID                    one recording's story
  recorder events --follow --json | jq 'select(.type == "session.alert")'""",
)
@click.argument("session_id", metavar="[ID]", required=False)
@click.option("--follow", "-f", is_flag=True, help="Go on with what happens from now.")
@click.option("--after", metavar="EVENT", help="The first events after this event id, not the latest.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=1000, show_default=True, help="At most so many."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document per line.")
def events_command(
    session_id: str | None, follow: bool, after: str | None, limit: int, as_json: bool
) -> None:
    """What happened lately to one recording, or to all, the oldest first."""
    from rich.markup import escape

    from recorder_tasks.cli import shown

    out = shown.console()
    seen = False
    for event in desk().events(session_id, after=after, follow=follow, limit=limit):
        seen = True
        if as_json:
            click.echo(json.dumps(event.model_dump(mode="json"), separators=(",", ":")))
        else:
            where = "" if session_id else f"  {event.session_id}"
            out.print(f"[dim]{event.at.astimezone():%d %b %H:%M:%S}{where}[/]  {escape(shown.told(event))}")
    if not seen and not as_json:
        click.echo("nothing has happened yet: a recording's story begins when it starts")
