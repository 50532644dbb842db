"""The words in which people write a timetable: ``mon wed fri 09:00-09:50``, ``2027-03-08 09:00-09:50``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
GROUPS = {"daily": tuple(range(7)), "weekdays": tuple(range(5)), "weekends": (5, 6)}
HOURS = re.compile(r"^(?P<from>\d{1,2}:\d{2})(?:\s*-\s*(?P<to>\d{1,2}:\d{2}))?$")
ISO = re.compile(r"^(\d{4}-\d{2}-\d{2})t")
WEEKLY_FORM = (
    "mon wed fri 09:00-09:50 (days mon..sun, mon-fri, weekdays, weekends, daily; hours 00:00..24:00)"
)
MOMENT_FORM = "2027-03-08 09:00-09:50"


@dataclass(frozen=True, order=True)
class WeeklySlot:
    """One weekday (0: Monday) at one wall-clock time, for a number of elapsed seconds."""

    weekday: int
    at: time
    seconds: int


@dataclass(frozen=True, order=True)
class Moment:
    """One wall-clock time of one date (naive), for a number of elapsed seconds."""

    at: datetime
    seconds: int


@lru_cache(maxsize=4096)  # a planner asks for the same few lines every few seconds
def weekly_slots(text: str, duration: int | None) -> tuple[WeeklySlot, ...]:
    """Slots of a line such as ``mon wed fri 09:00-09:50, 11:00-11:50``. Raises ValueError in one sentence."""
    words, hours = _split(text)
    days = [day for word in words for day in _days(word, text)]
    if not days or not hours:
        raise ValueError(f"{text!r} is not a weekly slot like {WEEKLY_FORM}")
    spans = _hours(hours, text, duration)
    return tuple(WeeklySlot(day, at, length) for day in dict.fromkeys(days) for at, length in spans)


@lru_cache(maxsize=4096)
def moments(text: str, duration: int | None) -> tuple[Moment, ...]:
    """Moments of a line such as ``2027-03-08 09:00-09:50``. Raises ValueError in one sentence."""
    words, hours = _split(text)
    try:
        days = [date.fromisoformat(word) for word in words]
    except ValueError:
        days = []
    if not days or not hours:
        raise ValueError(f"{text!r} is not a date with its hours like {MOMENT_FORM}")
    spans = _hours(hours, text, duration)
    return tuple(Moment(datetime.combine(day, at), length) for day in days for at, length in spans)


def _split(text: str) -> tuple[list[str], list[str]]:
    """The words before the first clock time, and the hours from there on."""
    text = ISO.sub(r"\1 ", text.strip().lower())
    found = re.search(r"\d{1,2}:\d", text)
    if found is None:
        return [], []
    head, tail = text[: found.start()], text[found.start() :]
    return [word for word in re.split(r"[,\s]+", head) if word], [part.strip() for part in tail.split(",")]


def _days(word: str, text: str) -> tuple[int, ...]:
    if word in GROUPS:
        return GROUPS[word]
    first, dash, last = word.partition("-")
    if (
        first[:3] in DAYS
        and (not dash or last[:3] in DAYS)
        and _is_day(first)
        and (not dash or _is_day(last))
    ):
        low = DAYS.index(first[:3])
        high = DAYS.index(last[:3]) if dash else low
        return tuple((low + step) % 7 for step in range((high - low) % 7 + 1))
    raise ValueError(f"{word!r} in {text!r} is not a day of {WEEKLY_FORM}")


def _is_day(word: str) -> bool:
    full = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return any(name.startswith(word) for name in full)


def _hours(parts: list[str], text: str, duration: int | None) -> list[tuple[time, int]]:
    return [_span(part, text, duration) for part in parts]


def _span(part: str, text: str, duration: int | None) -> tuple[time, int]:
    found = HOURS.match(part)
    if found is None:
        raise ValueError(f"{part!r} in {text!r} is not hours like 09:00-09:50")
    start = _minutes(found["from"], text)
    if start >= 24 * 60:
        raise ValueError(f"{part!r} in {text!r} begins after 23:59")
    if found["to"] is None:
        if duration is None:
            raise ValueError(f"{text!r} has no end; write 09:00-09:50, or give a duration")
        return time(start // 60, start % 60), duration
    end = _minutes(found["to"], text)
    length = end - start if end > start else end + 24 * 60 - start  # 22:00-01:00 goes over midnight
    if end == start:
        raise ValueError(f"{part!r} in {text!r} ends when it begins")
    return time(start // 60, start % 60), length * 60


def _minutes(clock: str, text: str) -> int:
    hour, minute = (int(part) for part in clock.split(":"))
    if minute > 59 or hour * 60 + minute > 24 * 60:
        raise ValueError(f"{clock!r} in {text!r} is not a time within 00:00..24:00")
    return hour * 60 + minute
