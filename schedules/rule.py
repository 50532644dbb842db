"""A rule: what recurs, when by the wall clock of its zone, and by which policies.

Frozen, and checked when it is made: a rule that exists can be turned into occurrences. ``recording`` is
opaque here: members for whoever records (mode, storage, recipe ...), passed through unread.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    field_validator,
    model_validator,
)

from schedules.calendars import Exclusion
from schedules.cron import check_cron
from schedules.slots import DAYS, Moment, WeeklySlot, moments, weekly_slots

DAY = 86_400
LONGEST = 24 * 3600  # seconds of one occurrence, padding included
SECRETS = frozenset(
    {"token", "secret", "salt", "accesskey", "secretkey", "ststoken", "storageconfig", "password"}
)
PLACES = frozenset({"name", "date", "time"})  # of a channel template
DURATION = re.compile(r"(?=.)(?:(\d{1,9})h)?(?:(\d{1,9})m(?:in)?)?(?:(\d{1,9})s)?", re.ASCII)


def seconds(value: Any) -> Any:
    """``50m``, ``1h30m``, ``90s`` or a number of seconds, as seconds; anything else as it is."""
    if isinstance(value, bool):
        raise ValueError(f"{value} is not a duration like 50m, 1h30m or 90s")
    if not isinstance(value, str):
        return value
    text = value.strip().replace(" ", "")
    found = DURATION.fullmatch(f"{text}s" if text.isdecimal() else text)
    if found is None:  # also for 1h30, which half of its readers would take for 90 minutes
        raise ValueError(f"{value!r} is not a duration like 50m, 1h30m or 90s")
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + rest


def say_seconds(value: int) -> str:
    """``1h30m``: what :func:`seconds` reads."""
    hours, rest = divmod(value, 3600)
    minutes, rest = divmod(rest, 60)
    parts = (f"{hours}h" if hours else "", f"{minutes}m" if minutes else "", f"{rest}s" if rest else "")
    return "".join(parts) or "0s"


Seconds = Annotated[int, BeforeValidator(seconds), PlainSerializer(say_seconds, when_used="json")]


def day(value: Any) -> Any:
    """``2027-03-08`` as a date; numbers and other texts are none."""
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"{value!r} is not a date like 2027-03-08") from None


Day = Annotated[date, BeforeValidator(day)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
Source = Literal["cron", "slots", "dates", "ical"]
SOURCES: tuple[Source, ...] = ("cron", "slots", "dates", "ical")


class Overlap(StrEnum):
    """What happens when an occurrence begins while the one before it is still recording."""

    SKIP = "skip"  # the new one is not recorded
    QUEUE = "queue"  # the new one begins as soon as the old one is over
    ALLOW = "allow"  # both record, under uids of their own
    CANCEL_PREVIOUS = "cancel_previous"  # the old one is stopped, the new one begins


class Rule(BaseModel):
    """One schedule. Durations are seconds, or texts such as ``50m``; dates and times are of ``timezone``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    channel: str = Field(min_length=1, max_length=128)  # may hold {name}, {date} (2027-03-08), {time} (0900)
    timezone: str
    cron: str | None = None  # five fields or a @nickname; needs duration
    slots: tuple[str, ...] = ()  # "mon wed fri 09:00-09:50"; without an end, duration counts
    dates: tuple[str, ...] = ()  # "2027-03-08 09:00-09:50", each once
    ical: str | None = None  # the VEVENTs of one series, as text
    duration: Seconds | None = Field(None, gt=0, le=LONGEST)
    pad_before: Seconds = Field(0, ge=0, le=4 * 3600)
    pad_after: Seconds = Field(0, ge=0, le=4 * 3600)
    first: Day | None = None
    last: Day | None = None
    exceptions: tuple[str, ...] = ()  # "2027-04-05", "2027-04-05..2027-04-16", or the name of a calendar
    also: tuple[str, ...] = ()  # additional moments, as in dates; exceptions do not touch them
    overlap: Overlap = Overlap.ALLOW
    late: Seconds | None = Field(None, ge=0)  # how late it may still begin; None: until its end
    lead: Seconds = Field(0, ge=0, le=3600)  # how much earlier it may begin, to be in time at a crowded bell
    jitter: Seconds = Field(
        0, ge=0, le=3600
    )  # begin up to this much later, the same for one occurrence always
    priority: int = Field(0, ge=-100, le=100)  # the higher, the closer to the bell, and the first at the cap
    labels: dict[str, str] = Field(default_factory=dict, max_length=14)
    app: str = "default"
    profile: str = "default"
    recording: dict[str, Any] = Field(default_factory=dict)
    enabled: bool = True

    @property
    def source(self) -> Source:
        """Where its recurrence comes from."""
        return next(name for name in SOURCES if getattr(self, name))

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def weekly(self) -> tuple[WeeklySlot, ...]:
        """Its weekly slots, read."""
        return tuple(slot for text in self.slots for slot in weekly_slots(text, self.duration))

    def moments(self) -> tuple[Moment, ...]:
        """Its one-off dates, read, without those of ``also``."""
        return tuple(moment for text in self.dates for moment in moments(text, self.duration))

    def additional(self) -> tuple[Moment, ...]:
        return tuple(moment for text in self.also for moment in moments(text, self.duration))

    def exclusions(self) -> tuple[Exclusion, ...]:
        return tuple(Exclusion.read(text) for text in self.exceptions)

    def calendars(self) -> frozenset[str]:
        """Names of the holiday calendars it keeps to."""
        return frozenset(found.calendar for found in self.exclusions() if found.calendar is not None)

    def channel_at(self, slot: datetime) -> str:
        """The channel of the occurrence whose slot begins at that wall-clock time."""
        if "{" not in self.channel and "}" not in self.channel:
            return self.channel
        day, clock = slot.isoformat(timespec="minutes").split("T")
        return self.channel.format(name=self.name, date=day, time=clock.replace(":", ""))

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in _zones():
            raise ValueError(f"{value!r} is not an IANA time zone like Europe/Berlin or UTC")
        return value

    @field_validator("channel")
    @classmethod
    def _known_places(cls, value: str) -> str:
        try:
            parts = list(string.Formatter().parse(value))
        except ValueError:  # a brace alone
            parts = [("", "?", "", None)]
        for _, place, form, conversion in parts:
            if place is not None and (place not in PLACES or form or conversion):
                raise ValueError(f"{value!r} has a place that is none of {{name}}, {{date}}, {{time}}")
        return value

    @field_validator("slots", "dates", "exceptions", "also", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        """One text stands for a list of one; ``;`` separates several in one text."""
        if isinstance(value, (str, date)):
            return tuple(part.strip() for part in str(value).split(";") if part.strip())
        if isinstance(value, (list, tuple)):
            return tuple(str(part) if isinstance(part, date) else part for part in value)
        return value

    @field_validator("cron")
    @classmethod
    def _sound_cron(cls, value: str | None) -> str | None:
        return None if value is None else check_cron(value)

    @field_validator("recording")
    @classmethod
    def _without_secrets(cls, value: dict[str, Any]) -> dict[str, Any]:
        """Rules are kept in Redis and in files; what records them has its keys from its own settings."""
        for member in _members(value):
            if re.sub(r"[_-]", "", member).lower() in SECRETS:
                raise ValueError(f"{member} is a secret, and a schedule is kept in the clear")
        return value

    @field_validator("exceptions")
    @classmethod
    def _sound_exceptions(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            Exclusion.read(text)
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        given = [name for name in SOURCES if getattr(self, name)]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"slots: give exactly one of cron, slots, dates and ical (got {found})")
        if self.cron is not None and self.duration is None:
            raise ValueError("duration: a cron expression has no end, so a duration is needed")
        for name, read in (("slots", self.weekly), ("dates", self.moments), ("also", self.additional)):
            try:
                longest = max((one.seconds for one in read()), default=0)
            except ValueError as fault:
                raise ValueError(f"{name}: {fault}") from None
            if longest + self.pad_before + self.pad_after > LONGEST:
                raise ValueError(f"{name}: {say_seconds(longest)} with its padding is above 24h")
        if (self.duration or 0) + self.pad_before + self.pad_after > LONGEST:
            raise ValueError(f"duration: {say_seconds(self.duration or 0)} with its padding is above 24h")
        if self.first is not None and self.last is not None and self.last < self.first:
            raise ValueError(f"last: {self.last} is before first, {self.first}")
        starts = Counter((slot.weekday, slot.at) for slot in self.weekly())
        for (weekday, at), times in starts.items():
            if times > 1:
                raise ValueError(f"slots: {DAYS[weekday]} {at:%H:%M} is named twice")
        for name, given_moments in (("dates", self.moments()), ("also", self.additional())):
            for moment, times in Counter(moment.at for moment in given_moments).items():
                if times > 1:
                    raise ValueError(f"{name}: {moment:%Y-%m-%d %H:%M} is named twice")
        for name, text in self.labels.items():
            if not 1 <= len(name) <= 128 or len(text) > 128:
                raise ValueError(f"labels: {name!r} and its value take 1..128 characters")
        return self


def _members(value: Any) -> Iterator[str]:
    """The names of all members, however deep."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from _members(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _members(inner)


class Pause(BaseModel):
    """Nothing of the schedule is recorded until ``until`` (None: until it is resumed)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: str = ""
    since: AwareDatetime
    until: AwareDatetime | None = None

    def covers(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@cache  # it walks the disk: 3 ms
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def utc(at: float) -> datetime:
    """An instant of Redis's clock as an aware datetime."""
    return datetime.fromtimestamp(at, UTC)
