# icalendar annotates its calls only in part
# mypy: disable-error-code="no-untyped-call"
"""Dates, times and recurrence rules as RFC 5545 writes them, brought to the wall clock of one zone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr
from icalendar import vDuration

from schedules.ical_text import Line
from schedules.ical_zones import Zones

STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?", re.ASCII)
PARTS = frozenset(
    {"FREQ", "UNTIL", "COUNT", "INTERVAL", "BYHOUR", "BYMINUTE", "BYDAY", "BYMONTHDAY", "BYYEARDAY"}
    | {"BYWEEKNO", "BYMONTH", "BYSETPOS", "WKST"}
)
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")


@dataclass(frozen=True)
class Stamp:
    """A naive time and the zone it is of (None: floating), or a whole day."""

    at: datetime
    zone: str | None
    whole_day: bool = False

    def instant(self, floating: str) -> datetime:
        return instant(self.at, self.zone or floating)

    def exists(self, floating: str) -> bool:
        """Whether a clock shows it; the hour that is skipped in spring is never shown."""
        shown = self.instant(floating).astimezone(ZoneInfo(self.zone or floating))
        return shown.replace(tzinfo=None) == self.at

    def wall(self, zone: str) -> datetime:
        """What the clock of ``zone`` shows then; a floating one is of that zone."""
        if self.zone is None or self.zone == zone:
            return self.at
        return self.instant(zone).astimezone(ZoneInfo(zone)).replace(tzinfo=None)

    def sure_wall(self, zone: str) -> datetime:
        """As :meth:`wall`. Raises ValueError in the second pass of a repeated hour: no wall time means it."""
        at = self.wall(zone)
        if at.fold:
            raise ValueError(f"{at:%Y-%m-%d %H:%M} happens twice in {zone}, and the second one is meant")
        return at


def instant(at: datetime, zone: str) -> datetime:
    """When the clock of the zone shows it: the first time, and by the offset before a gap."""
    return at.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def stamp(line: Line, zones: Zones, text: str | None = None) -> Stamp:
    """The time of DTSTART and its like; ``text`` is one value of several."""
    value = (line.value if text is None else text).strip()
    found = STAMP.fullmatch(value)
    try:
        if found is None:
            raise ValueError
        year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
        at = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  its zone is told beside it
    except ValueError:
        raise ValueError(f"{line.name} {value!r} is not a date and time") from None
    if found[4] is None:
        return Stamp(at, None, whole_day=True)
    tzid = line.params.get("TZID")
    return Stamp(at, "UTC" if found[7] else zones.named(tzid) if tzid else None)


def stamps(line: Line, zones: Zones) -> Iterator[tuple[Stamp, timedelta | Stamp | None]]:
    """Those of an RDATE or EXDATE, each with the length or end that a PERIOD gives it."""
    for text in line.value.split(","):
        begins, slash, rest = text.partition("/")
        if not slash:
            yield stamp(line, zones, begins), None
        elif rest.strip().startswith(("P", "+P")):
            yield stamp(line, zones, begins), length(line, rest)
        else:
            yield stamp(line, zones, begins), stamp(line, zones, rest)


def length(line: Line, text: str | None = None) -> timedelta:
    value = (line.value if text is None else text).strip()
    try:
        return timedelta(seconds=vDuration.from_ical(value).total_seconds())
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"{line.name} {value!r} is not a duration like PT50M") from None


def recurrence(line: Line, start: datetime, zone: str, zones: Zones) -> rrule:
    """Naive wall times from ``start`` on, none of them computed twice. Raises ValueError in one sentence."""
    given = dict(_pairs(line.value))
    _check(given, line.value)
    if "UNTIL" in given:
        until = stamp(line, zones, given["UNTIL"])
        last = datetime.combine(until.at, time(23, 59, 59)) if until.whole_day else until.wall(zone)
        given["UNTIL"] = f"{last:%Y%m%dT%H%M%S}"
    text = ";".join(f"{name}={value}" for name, value in given.items())
    try:
        found = rrulestr(text, dtstart=start, cache=True)
    except (ValueError, TypeError, KeyError, IndexError):
        raise ValueError(f"RRULE {line.value!r} cannot be read") from None
    return found


def _pairs(value: str) -> Iterator[tuple[str, str]]:
    for part in value.strip().strip(";").split(";"):
        name, _, text = part.partition("=")
        yield name.strip().upper(), text.strip()


def _check(given: dict[str, str], value: str) -> None:
    freq = given.get("FREQ", "")
    if freq.upper() not in FREQUENCIES:
        wanted = "DAILY, WEEKLY, MONTHLY or YEARLY"
        raise ValueError(f"RRULE recurs by FREQ={freq}; a schedule recurs {wanted}")
    if unknown := sorted(given.keys() - PARTS):
        raise ValueError(f"RRULE part {unknown[0]} is not supported")
    if "COUNT" in given and "UNTIL" in given:
        raise ValueError(f"RRULE {value!r} has both COUNT and UNTIL")
    for name in ("COUNT", "INTERVAL"):
        if name in given and (not given[name].isdecimal() or int(given[name]) < 1):
            raise ValueError(f"RRULE has {name}={given[name]}, which is not a number from 1")
