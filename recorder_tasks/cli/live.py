"""A recording while it happens: a panel that redraws itself in a terminal, one line per event elsewhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.live import Live as RichLive
from rich.markup import escape
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from recorder_tasks.cli import shown
from recorder_tasks.flow.feed import RecordingEvent
from recorder_tasks.recording import Recording, TakeView

KEPT = 12
BAR = 48


class Live:
    """``show()`` it as often as you like. ``title`` names what is being looked at."""

    def __init__(self, console: Console | None = None, title: str = "recording") -> None:
        self.console = console or shown.console()
        self.title = title
        self._told: deque[str] = deque(maxlen=KEPT)
        self._step = "none yet"
        self._checks = 0
        self._checked_at: datetime | None = None
        self._live = RichLive(console=self.console, refresh_per_second=8, transient=False)

    def __enter__(self) -> Live:
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self.console.is_terminal:
            self._live.stop()

    def show(self, recording: Recording, news: Sequence[RecordingEvent], now: datetime) -> None:
        """How it stands, and what is new since the last time (the oldest first)."""
        for event in news:
            self._note(event)
            self.say(f"{event.at.astimezone():%H:%M:%S}  {shown.told(event)}")
        if self.console.is_terminal:
            self._live.update(self._panel(recording, now))

    def _note(self, event: RecordingEvent) -> None:
        verb = event.type.removeprefix("call.")
        if verb == event.type:
            return
        self._step = f"{verb}: {event.data.get('kind', 'no answer')}"
        if verb == "query":
            self._checks += 1
            self._checked_at = event.at

    def say(self, line: str) -> None:
        self._told.append(line)
        if not self.console.is_terminal:
            self.console.print(escape(line), soft_wrap=True)

    def _panel(self, recording: Recording, now: datetime) -> Panel:
        return Panel(
            Group(self._facts(recording, now), _progress(recording, now), Text(), *self._lines()),
            title=f"{self.title} {recording.channel}",
            title_align="left",
            border_style=shown.COLOURS.get(recording.state.value, ""),
        )

    def _facts(self, recording: Recording, now: datetime) -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim")
        table.add_row("state", shown.state(recording))
        table.add_row("clock", _clock(recording, now))
        table.add_row("last step", self._step)
        if self._checked_at is not None:
            ago = max(0.0, (now - self._checked_at).total_seconds())
            table.add_row("health", f"{self._checks} checks, the last {ago:.0f} s ago")
        for take in recording.takes:
            table.add_row("take", f"uid {take.uid}  sid {(take.sid or '?')[:8]}  {_health(take, now)}")
        for file in recording.files[-3:]:
            table.add_row("file", shown.short(file.name))
        return table

    def _lines(self) -> list[RenderableType]:
        return [Text(line, style="dim", no_wrap=True, overflow="ellipsis") for line in self._told]


def _health(take: TakeView, now: datetime) -> str:
    if take.end is not None:
        return f"{take.end.value}, {take.upload.value if take.upload else 'upload not known'}"
    if take.alive_at is None:
        return "not seen yet"
    return f"seen alive {max(0.0, (now - take.alive_at).total_seconds()):.0f} s ago"


def _clock(recording: Recording, now: datetime) -> str:
    if recording.finished:
        return "over"
    if now < recording.start:
        return f"starts in {(recording.start - now).total_seconds():.1f} s"
    if now < recording.end:
        return f"stops in {(recording.end - now).total_seconds():.1f} s"
    return f"stop was due {(now - recording.end).total_seconds():.1f} s ago"


def _progress(recording: Recording, now: datetime) -> ProgressBar:
    length = max(0.001, (recording.end - recording.start).total_seconds())
    done = min(length, max(0.0, (now - recording.start).total_seconds()))
    return ProgressBar(total=length, completed=length if recording.finished else done, width=BAR)
