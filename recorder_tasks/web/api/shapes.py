"""What answers look like, where that is not a value of the package itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from recorder_tasks.core.causes import Cause
from recorder_tasks.core.session import State
from recorder_tasks.flow.feed import RecordingEvent
from recorder_tasks.flow.finding import Suggestion
from recorder_tasks.flow.orphans import Orphan
from recorder_tasks.flow.webhooks import Letter, Subscription
from recorder_tasks.recording import Recording
from schedules.entry import Run, Standing
from schedules.rule import Pause

CURSOR = "Asks for the page after; null: that was all."


class Shape(BaseModel):
    """An answer; its members are all that there are."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RecordingPage(Shape):
    """Recordings, the newest start first."""

    recordings: tuple[Recording, ...]
    next_cursor: str | None = Field(description=CURSOR)


class EventPage(Shape):
    """What happened, the oldest first."""

    events: tuple[RecordingEvent, ...]
    next_cursor: str | None = Field(description=CURSOR)


class DiagnosisAnswer(Shape):
    """Why there is no recording, or not all of it: the likeliest cause first, none if all looks well."""

    session_id: str
    state: State
    asked: bool = Field(description="Whether the vendor has told who is in the channel.")
    not_asked: str | None = Field(description="Why it could not be asked.")
    causes: tuple[Cause, ...]


class Orphans(Shape):
    """Recorders that may be running and billed, and that nobody can stop by name."""

    orphans: tuple[Orphan, ...]


class Overview(Shape):
    """How the deployment is: counts, what is due, who is at work, each app's budget and callbacks."""

    at: datetime = Field(description="The deployment's time, that of Redis.")
    states: dict[str, int] = Field(description="How many recordings are in each state.")
    due: dict[str, int] = Field(description="How many recordings wait for each step.")
    workers: dict[str, dict[str, Any]] = Field(description="Processes heard of lately, and what they do.")
    budget: dict[str, dict[str, float]] = Field(description="Of each app: the next free slot, and counts.")
    callbacks: dict[str, dict[str, float]] = Field(
        default_factory=dict, description="Of each app that has a notification_secret: counts, and the last."
    )


class OccurrenceShape(Shape):
    """One planned recording. ``begins``..``ends`` is the class, ``start``..``end`` what is recorded."""

    schedule: str
    slot: str = Field(description="Its wall-clock label, which names it: 2027-03-08T09:00.")
    channel: str
    begins: datetime
    ends: datetime
    start: datetime
    end: datetime
    note: str | None = Field(description="How the clock's change moves it.")
    by_hand: bool


class Occurrences(Shape):
    """What is recorded next, by time."""

    occurrences: tuple[OccurrenceShape, ...]


class ScheduleShape(Shape):
    """One schedule: its rule, what people did to it, and what is next."""

    name: str
    state: Standing
    when: str | None = Field(None, description="When it recurs, in words.")
    rule: dict[str, Any] | None = Field(
        None, description="As it can be PUT again; members with their default are left out."
    )
    revision: str = Field(description="New with every change.")
    created_at: datetime
    pause: Pause | None
    skips: tuple[str, ...]
    runs: tuple[Run, ...]
    next: OccurrenceShape | None = Field(description="What is recorded next, within 400 days.")


class SchedulePage(Shape):
    """Schedules by name."""

    schedules: tuple[ScheduleShape, ...]
    next_cursor: str | None = Field(description=CURSOR)


class Planning(Shape):
    """What planning a change came to, at once: how many recordings."""

    created: int
    moved: int
    withdrawn: int
    stopped: int
    extended: int
    faults: dict[str, str] = Field(description="Schedules that could not be planned, with why.")


class Changed(Shape):
    """A schedule after a change."""

    schedule: ScheduleShape
    recordings: Planning
    warnings: tuple[str, ...] = Field((), description="What the clocks do to it within a year.")


class Removed(Shape):
    """What has recorded stays; what was planned is withdrawn."""

    removed: tuple[str, ...]
    recordings: Planning


class SlotShape(Shape):
    """A class, recorded or not."""

    schedule: str
    slot: str
    channel: str
    begins: datetime
    ends: datetime
    off: str | None = Field(description="Why it is not recorded; null: it is.")
    note: str | None


class Weeks(Shape):
    """Weeks of classes, with what is paused, skipped or excepted."""

    since: datetime
    until: datetime
    timezone: str = Field(description="The zone in which most schedules are written.")
    slots: tuple[SlotShape, ...]


class Touched(Shape):
    """Occurrences of the next days: how many, and the first."""

    count: int
    first: tuple[Any, ...]


class Applied(Shape):
    """What applying a timetable changes, or would change."""

    applied: bool
    source: str
    changes: bool
    added: tuple[dict[str, Any], ...]
    changed: tuple[dict[str, Any], ...]
    removed: tuple[str, ...]
    absent: tuple[str, ...] = Field(description="In force and not in the file; `prune` removes them.")
    unchanged: tuple[str, ...]
    calendars: tuple[dict[str, Any], ...]
    days: int = Field(description="How far `appear`, `disappear` and `moved` look ahead.")
    appear: Touched
    disappear: Touched
    moved: Touched
    warnings: tuple[str, ...] = Field(description="What the clocks do within a year.")
    conflicts: tuple[dict[str, Any], ...] = Field(description="Occurrences in one channel at one time.")
    forecast: tuple[str, ...] = Field(description="What will find no room, or begin late.")
    recordings: Planning | None = Field(None, description="What planning came to; null: nothing was applied.")


class Imported(Shape):
    """What became of each event of a calendar file."""

    source: str
    applied: bool
    events: tuple[dict[str, Any], ...]
    recordings: Planning


class ForecastAnswer(Shape):
    """Recordings at once and requests a second against each app's limits."""

    since: datetime
    until: datetime
    assumed_limits: bool = Field(description="No app is configured, so the vendor's usual limits are taken.")
    apps: dict[str, dict[str, Any]]


class Happened(Shape):
    """A recording of a schedule, or a change to it."""

    at: datetime
    kind: Literal["recording", "change"]
    session_id: str | None = None
    slot: str | None = None
    channel: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    state: State | None = None
    outcome: str | None = None
    reason: str | None = None
    what: str | None = None
    detail: str | None = None


class History(Shape):
    """The newest first: what was recorded, missed or withdrawn and why, and who changed it in between."""

    schedule: str
    history: tuple[Happened, ...]


class Subscriptions(Shape):
    """Whom we tell what, and how that goes."""

    subscriptions: tuple[Subscription, ...]


class LetterPage(Shape):
    """Dead letters, the newest first."""

    letters: tuple[Letter, ...]
    next_cursor: str | None = Field(description=CURSOR)


class Counted(Shape):
    """How many were touched."""

    count: int


class Suggestions(Shape):
    """Names that begin like that, and of what they are."""

    suggestions: tuple[Suggestion, ...]
