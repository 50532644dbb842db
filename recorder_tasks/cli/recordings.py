"""record, stop, cancel, extend: what people ask for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from recorder_tasks.cli.options import AS_JSON, SESSION, Json, desk, label_option
from recorder_tasks.cli.times import Time

NOT_MOVED = " unless the deadline is moved too"
STATE_OF_MODES = ("individual", "raw", "mix", "web")


@click.command(
    "record",
    epilog="""\b
Examples:
  recorder record math-7b --minutes 50                       now, for 50 minutes
  recorder record math-7b --start 09:00 --end 09:50          at the next 09:00 here
  recorder record math-7b --start 2026-11-24T09:00+01:00 --minutes 50 --key math-7b/1
  recorder record math-7b --minutes 5 --watch                and look on until it is over
  recorder record math-7b --recipe '{"recordingConfig": {"streamTypes": 0}}'

The same --key always answers with the same recording, so the command may be repeated.""",
)
@click.argument("channel")
@click.option("--start", type=Time(), help="When to begin: ISO 8601, 09:00, +10m. Default: now.")
@click.option("--end", type=Time(), help="When to end; or give --minutes.")
@click.option("--minutes", type=float, help="How long. Without it and --end: until stopped, or max_duration.")
@click.option("--key", help="Makes it idempotent: one key, one recording.")
@label_option("Attach a label; may be repeated.")
@click.option("--profile", default="default", show_default=True, help="Named defaults for how to record.")
@click.option("--app", default="default", show_default=True, help="Which Agora project.")
@click.option("--mode", type=click.Choice(STATE_OF_MODES), help="Default: the profile's.")
@click.option("--storage", help="Which configured storage. Default: the profile's.")
@click.option(
    "--recipe", type=Json(), help="Members of the vendor's clientRequest; they override the profile's."
)
@click.option("--max-extension", type=float, metavar="MINUTES", help="How far it may be extended later.")
@click.option("--watch", is_flag=True, help="Look on until it is over.")
@click.option("--wait", is_flag=True, help="Say nothing until it is over.")
@click.option("--timeout", type=float, metavar="SECONDS", help="For --wait and --watch; then exit status 4.")
@AS_JSON
def record_command(watch: bool, wait: bool, timeout: float | None, as_json: bool, **ask: Any) -> None:
    """Record a CHANNEL, now or later. Prints the recording's id; no worker has to run for that."""
    from recorder_tasks.cli.following import look_on

    ask["labels"] = dict(ask["labels"]) or None
    if ask["max_extension"] is not None:
        ask["max_extension"] *= 60
    at = desk()
    recording = at.record(ask.pop("channel"), **ask)
    if watch:
        recording = look_on(at, recording.session_id, timeout=timeout, quiet=as_json)
    elif wait:
        recording = at.wait(recording.session_id, timeout=timeout)
    _answer(recording, as_json)
    if recording.state.value in ("failed", "missed"):
        raise click.exceptions.Exit(1)


@click.command("stop")
@SESSION
@click.option("--wait", is_flag=True, help="Until it is over.")
@click.option("--timeout", type=float, metavar="SECONDS", help="For --wait; then exit status 4.")
@AS_JSON
def stop_command(session_id: str, wait: bool, timeout: float | None, as_json: bool) -> None:
    """End a recording now; before it has begun that is a cancellation. Repeating it changes nothing."""
    at = desk()
    recording = at.stop(session_id)
    _answer(at.wait(session_id, timeout=timeout) if wait else recording, as_json)


@click.command("cancel")
@SESSION
@AS_JSON
def cancel_command(session_id: str, as_json: bool) -> None:
    """It shall not be recorded. What has begun is stopped, and kept."""
    _answer(desk().cancel(session_id), as_json)


@click.command(
    "extend",
    epilog="""\b
Examples:
  recorder extend ID --minutes 10       ten minutes more (negative: fewer)
  recorder extend ID --until 10:05
  recorder extend ID --minutes 90 --move-deadline""",
)
@SESSION
@click.option("--minutes", type=float, help="How much longer; negative shortens it.")
@click.option("--until", type=Time(), help="The new end.")
@click.option("--move-deadline", is_flag=True, help="Past the deadline too, which moves along.")
@AS_JSON
def extend_command(
    session_id: str, minutes: float | None, until: datetime | None, move_deadline: bool, as_json: bool
) -> None:
    """Move the planned end, up to the deadline."""
    from recorder_tasks.core.errors import InvalidWish

    try:
        recording = desk().extend(session_id, minutes=minutes, until=until, move_deadline=move_deadline)
    except InvalidWish as refused:
        raise InvalidWish(str(refused).replace(NOT_MOVED, "; --move-deadline moves it along")) from None
    _answer(recording, as_json)


def _answer(recording: Any, as_json: bool) -> None:
    from recorder_tasks.cli import shown

    if as_json:
        shown.as_json(recording)
    elif recording.state.final:
        shown.console().print(shown.whole(recording))
    else:
        shown.console().print(shown.one_line(recording), soft_wrap=True)
