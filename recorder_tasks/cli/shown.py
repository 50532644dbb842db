"""How recordings look in a terminal; nothing here asks or changes anything.

What people have named is a Text: rich would take ``[b]`` in a plain cell for markup, and fail at ``[/b]``.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from recorder_tasks.cli.speech import say, word
from recorder_tasks.cli.times import beside, local, utc
from recorder_tasks.core.causes import Cause
from recorder_tasks.core.session import End
from recorder_tasks.flow.feed import RecordingEvent
from recorder_tasks.flow.orphans import Orphan
from recorder_tasks.local.summary import Summary
from recorder_tasks.recording import Diagnosis, File, Recording, TakeView

SID = re.compile(r"^([0-9a-f]{8})[0-9a-f]{24}")
COLOURS = {
    "scheduled": "cyan",
    "starting": "yellow",
    "recording": "green",
    "stopping": "yellow",
    "completed": "bold green",
    "cancelled": "dim",
    "missed": "bold red",
    "failed": "bold red",
}


PIPED_WIDTH = 200  # a table that goes into a file or a pipe keeps its ids whole


def console(*, err: bool = False) -> Console:
    found = Console(stderr=err, highlight=False)
    if not found.is_terminal and "COLUMNS" not in os.environ:
        found.width = PIPED_WIDTH
    return found


def as_json(value: Any) -> None:
    """One JSON document on stdout. Models are written with instants in ISO 8601, UTC."""
    plain = value.model_dump(mode="json") if hasattr(value, "model_dump") else value
    click.echo(json.dumps(plain, indent=2, default=str))


def state(recording: Recording) -> Text:
    text = Text(recording.state.value, style=COLOURS.get(recording.state.value, ""))
    if recording.outcome is not None:
        text.append(f" ({recording.outcome.value})", style="")
    return text


def one_line(recording: Recording) -> Text:
    """What a change or a record command answers."""
    span = f"{recording.channel}  {local(recording.start)} to {beside(recording.end, recording.start)}"
    return Text.assemble((recording.session_id, "bold"), "  ", state(recording), f"  {span}")


def listing(recordings: Iterable[Recording]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("id", "state", "channel", "start", "end", "files", "labels"):
        table.add_column(name, overflow="fold", no_wrap=name == "id")
    for each in recordings:
        labels = " ".join(f"{key}={value}" for key, value in sorted(each.labels.items()))
        files = str(len(each.files) or "")
        end = beside(each.end, each.start)
        table.add_row(
            each.session_id, state(each), Text(each.channel), local(each.start), end, files, Text(labels)
        )
    return table


def orphans(found: Sequence[Orphan]) -> Text:
    """Recorders without a name: what each may come to at the most, and how to take it off the list."""
    return Text("\n").join(_orphan(each, found) for each in found)


def _orphan(each: Orphan, among: Sequence[Orphan]) -> Text:
    most = f"at most {each.minutes:.0f} recorder minutes"
    ends = f"ends {each.max_idle:g} s after its channel is empty ({each.minutes:.0f} recorder minutes so far)"
    if each.ends_by is not None:
        ends = f"ends by {beside(each.ends_by, each.since)} ({most})"
    since = beside(each.since, datetime.now(UTC))
    said = f"uid {each.uid}  since {since}  {'banned' if each.banned else 'not banned yet'}  {ends}"
    alone = [one.short for one in among].count(each.short) == 1
    forget = f"\n  recorder orphans --forget {each.short if alone else each.name}"
    return Text.assemble((each.channel, "bold"), f"  {said}", (forget, "dim"))


def whole(recording: Recording) -> RenderableType:
    """Everything about one recording: the plan, its takes, its files."""
    parts: list[RenderableType] = [_plan(recording)]
    if recording.takes:
        parts += [Text("\ntakes", style="dim"), _takes(recording)]
    if recording.files:
        parts += [Text("\nfiles", style="dim"), _files(recording)]
    elif recording.state.final:
        parts.append(Text("\nno files", style="dim"))
    parts += _absent(recording)
    return Group(*parts)


def _plan(recording: Recording) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_row("id", recording.session_id)
    table.add_row("state", state(recording))
    if recording.reason:
        table.add_row("reason", Text(say(recording.reason)))
    if recording.diagnosis:
        table.add_row("diagnosis", diagnosis(recording.diagnosis))
    for name in ("channel", "app", "mode", "profile", "storage"):
        table.add_row(name, Text(str(getattr(recording, name))))
    if recording.schedule:
        table.add_row("schedule", recording.schedule)
        table.add_row("slot", f"{recording.slot}, by revision {recording.revision}")
    for name in ("start", "end", "deadline", "stop_asked_at", "finished_at"):
        at = getattr(recording, name)
        if at is not None:
            table.add_row(name.replace("_", " "), f"{local(at)}  [{utc(at)}]", style=None)
    if recording.redundancy > 1:
        table.add_row("recorders", f"{recording.redundancy} at a time")
    if recording.bounded_by:
        table.add_row("bounded by", _bounds(recording))
    for take in recording.takes:
        if _may_run(take):
            until = f"until {local(take.expires_at)}" if take.expires_at else "until its channel is empty"
            said = f"uid {take.uid}, at the latest {until}; see recorder orphans"
            table.add_row("orphan", Text(said, style="bold red"))
    if recording.labels:
        labels = " ".join(f"{key}={value}" for key, value in sorted(recording.labels.items()))
        table.add_row("labels", Text(labels))
    if recording.alerts:
        table.add_row("alerts", Text(", ".join(recording.alerts), style="bold red"))
    if recording.state.final and not recording.settled:
        table.add_row("manifest", "not settled yet: uploads are still being confirmed")
    return table


def diagnosis(cause: Diagnosis) -> Text:
    """The likeliest cause in a line, and what to do in the next."""
    text = Text(f"{say(cause.title)} ({word(cause.likelihood.value)}: {cause.code})", style="yellow")
    text.append(f"\n{say(cause.advice)}", style="dim")
    return text


def cause(number: int, told: Cause) -> Text:
    """One explanation: what, how sure, the evidence, what to do."""
    style = {"certain": "bold red", "likely": "bold yellow"}.get(told.likelihood.value, "yellow")
    text = Text.assemble(
        f"{number}. ", (say(told.title), style), f"  {word(told.likelihood.value)}: {told.code}"
    )
    for sentence in told.evidence:
        text.append(f"\n   - {say(sentence)}")
    text.append(f"\n   {word('do:')} {say(told.advice)}", style="dim")
    return text


def _bounds(recording: Recording) -> Text:
    """What ends the recorder should all of ours be dead."""
    lines = []
    for bound in recording.bounded_by:
        until = f"{local(bound.until)}: " if bound.until is not None else ""
        lines.append(f"{bound.by}  {until}{bound.says}")
    return Text("\n".join(lines))


def _may_run(take: TakeView) -> bool:
    """An orphan that no net has surely ended yet."""
    return take.orphan and (take.expires_at is None or take.expires_at > datetime.now(UTC))


def _how(take: TakeView) -> str:
    if take.end is None:
        return "-"
    return "banned, may still run" if take.end is End.BANNED and _may_run(take) else take.end.value


def _takes(recording: Recording) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    several = ("line",) if recording.redundancy > 1 else ()
    names = (*several, "uid", "sid", "accepted", "confirmed", "seen alive", "ended", "how", "upload")
    for name in names:
        table.add_column(name, overflow="fold")
    for take in recording.takes:
        table.add_row(
            *(str(take.line) for _ in several),
            str(take.uid),
            take.sid[:8] if take.sid else "not known",
            utc(take.accepted_at),
            utc(take.confirmed_at),
            utc(take.alive_at),
            utc(take.ended_at),
            _how(take),
            take.upload.value if take.upload else "-",
        )
    return table


def _files(recording: Recording) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("name", "track", "user", "known from", "in the bucket"):
        table.add_column(name, overflow="fold")
    for take in recording.takes:
        absent = set(take.missing.names) if take.missing else set()
        for file in take.files:
            seen = _seen(file, absent)
            table.add_row(Text(file.name), file.track or "", file.uid or "", file.source.value, seen)
    return table


def _seen(file: File, absent: set[str]) -> Text:
    """Whether a look has found it, whole: every segment of a playlist too."""
    if file.found_at is not None:
        return Text(f"since {utc(file.found_at)}" + (f" as {file.found_as}" if file.found_as else ""))
    return Text("missing", style="bold red") if file.name in absent else Text("not verified", style="dim")


def _absent(recording: Recording) -> list[RenderableType]:
    """What the latest looks into the bucket left open."""
    parts: list[RenderableType] = []
    for missing in (take.missing for take in recording.takes if take.missing):
        parts.append(Text(f"\nlooked into the bucket {utc(missing.looked_at)}", style="dim"))
        parts += [Text(f"missing: {name}", style="bold red") for name in missing.names]
        if missing.count > len(missing.names):
            parts.append(Text(f"and {missing.count - len(missing.names)} more", style="bold red"))
        if missing.trouble:
            parts.append(Text(missing.trouble))
    return parts


def told(event: RecordingEvent) -> str:
    """An event in one line: what happened, and what the vendor said."""
    return " ".join([event.type, *_said(event.data, event.at)])


def short(name: str) -> str:
    """A file's name for one line: without its folders, the sid in front cut to eight digits."""
    base = name.rsplit("/", 1)[-1]
    return SID.sub(lambda found: f"{found[1]}..", base)


def _said(data: dict[str, Any], at: datetime) -> list[str]:
    parts = []
    for name, value in data.items():
        if name in ("request_id", "resource_id") or value in (None, "", []):
            continue
        if isinstance(value, float) and value > 1e9:
            value = beside(datetime.fromtimestamp(value, UTC), at)
        elif name == "sid":
            value = str(value)[:8]
        elif isinstance(value, list):
            value = ",".join(short(str(part)) for part in value)
        parts.append(f"{name}={value}")
    return parts


def verdict(summary: Summary) -> RenderableType:
    """The demo's result, by the simulator's ledger."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_row("recording", f"{summary.session_id}  {summary.state}  {summary.outcome or ''}")
    table.add_row("recorders run", f"{summary.recorders_run}, still alive {summary.recorders_alive}")
    table.add_row("started", f"{_late(summary.start_lag_s)} (planned {local(summary.scheduled_start)})")
    table.add_row("stopped", f"{_late(summary.stop_lag_s)} (planned {local(summary.scheduled_stop)})")
    table.add_row("workers killed", "yes, all, in mid-recording" if summary.worker_killed else "no")
    table.add_row("calls", ", ".join(f"{count} {verb}" for verb, count in summary.api_calls.items()))
    for name in summary.files:
        table.add_row("file", name)
    good = "one recorder ran, and it was stopped in time though every worker was killed"
    bad = "the ledger does not agree: see recorders, stop and state above"
    word = Text(good, style="bold green") if summary.proved else Text(bad, style="bold red")
    return Group(Text(), table, Text(), word)


def _late(lag: float | None) -> str:
    return "never" if lag is None else f"{lag:+.3f} s"
