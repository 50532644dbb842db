"""What the clocks will do to rules within a year: the lessons that they move or lengthen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from schedules.calendars import Calendars
from schedules.recurrence import clock_changes
from schedules.rule import Rule

YEAR = 370  # days that warnings look ahead
NAMED = 3  # schedules in one warning


def clock_warnings(rules: Iterable[Rule], calendars: Calendars, now: datetime) -> list[str]:
    """What the clocks do to these rules within a year, one sentence for all that it happens to."""
    whom: dict[str, list[str]] = {}
    turns: dict[str, list[datetime]] = {}
    for rule in rules:
        if rule.timezone not in turns:
            turns[rule.timezone] = list(_turns(rule.zone, now))
        for at in turns[rule.timezone]:  # elsewhere nothing happens, and a year of lessons is long to read
            for note in dict.fromkeys(clock_changes(rule, at, 4, calendars=calendars)):
                whom.setdefault(note, []).append(rule.name)
    return [f"{note}: {_few(dict.fromkeys(names))}" for note, names in whom.items()]


def _turns(zone: ZoneInfo, now: datetime) -> Iterable[datetime]:
    """Where four days begin in which the clocks are changed."""
    first = now.astimezone(zone).date()
    days = [first + timedelta(days=n) for n in range(-1, YEAR)]
    for day, following in pairwise(days):
        if _offset(day, zone) != _offset(following, zone):
            yield max(now, datetime.combine(day - timedelta(days=1), time(), zone))


def _offset(day: date, zone: ZoneInfo) -> timedelta | None:
    return datetime.combine(day, time(12), zone).utcoffset()


def _few(names: Iterable[str]) -> str:
    every = list(names)
    more = f" ({len(every) - NAMED} more)" if len(every) > NAMED else ""
    return ", ".join(every[:NAMED]) + more
