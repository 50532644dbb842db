"""Times as people type them: ISO 8601, a clock time of today or tomorrow, or a distance from now."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

import click

CLOCK = re.compile(r"^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$")
DISTANCE = re.compile(r"^\+(?=\d)(?:(\d+)h)?(?:(\d+)m(?:in)?)?(?:(\d+)s)?$")
FORMS = "ISO 8601 (2026-11-24T09:00+01:00), a clock time (09:00) or a distance (+10m, +1h30m)"


def parse(text: str, now: datetime, zone: tzinfo | None = None) -> datetime:
    """An aware instant (UTC). A time without an offset is one of ``zone`` (None: this host's).

    A clock time is the next time that the clock shows it. Raises ValueError in one sentence.
    """
    text = text.strip()
    if text == "now":
        return now.astimezone(UTC)
    if found := DISTANCE.match(text):
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return now.astimezone(UTC) + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if found := CLOCK.match(text):
        hour, minute, second = (int(part or 0) for part in found.groups())
        clock = time(hour, minute, second)
        day = now.astimezone(zone).date()
        today = _instant(datetime.combine(day, clock), zone)
        return today if today > now else _instant(datetime.combine(day + timedelta(days=1), clock), zone)
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a time; give {FORMS}") from None
    return read.astimezone(UTC) if read.tzinfo else _instant(read, zone)


def _instant(wall: datetime, zone: tzinfo | None) -> datetime:
    """That wall clock in the zone: a repeated hour means its first pass, a skipped one is refused."""
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None, fold=0) != wall:
        raise ValueError(f"{wall:%Y-%m-%d %H:%M} does not exist here: the clock is moved forward over it")
    return instant


def local(at: datetime | None, *, seconds: bool = True) -> str:
    """For people: the host's zone, with its offset."""
    if at is None:
        return "-"
    here = at.astimezone()
    return here.strftime("%Y-%m-%d %H:%M:%S %z" if seconds else "%a %d %b %H:%M")


def beside(at: datetime, other: datetime) -> str:
    """The host's clock time, with the date where that is not the other's."""
    here = at.astimezone()
    return here.strftime("%H:%M:%S" if here.date() == other.astimezone().date() else "%Y-%m-%d %H:%M:%S")


def utc(at: datetime | None) -> str:
    return "-" if at is None else at.astimezone(UTC).strftime("%H:%M:%SZ")


class Time(click.ParamType):  # type: ignore[type-arg]
    """A click option that takes any of :data:`FORMS`."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return parse(str(value), datetime.now(UTC))
        except ValueError as wrong:
            self.fail(f"{wrong}.", param, ctx)
