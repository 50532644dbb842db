"""Cron expressions as days and wall-clock times, through croniter.

croniter is only ever asked with naive starts: with aware ones it fires twice in a repeated hour and joins two
slots after a skipped one. What the clocks do to a wall time is decided in :mod:`.recurrence`, in one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from croniter import CroniterBadCronError, CroniterBadDateError, croniter

NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
FORM = "five fields (minute hour day month weekday) like 0 9 * * mon-fri, or one of " + " ".join(NICKNAMES)
RANGE_OF_ONE = re.compile(r"\b(\w+)-\1\b")
PROBE = datetime.combine(date(2024, 1, 1), time())  # of a leap year, so that 29 February is near


@dataclass(frozen=True)
class Cron:
    """An expression taken apart: on which days (still croniter's affair) and at which times of such a day.

    ``interval``: it names no hour, so it means a distance in elapsed time and not a fixed time of the day.
    """

    days: str
    times: tuple[time, ...]
    interval: bool

    def walls(self, first: date, last: date) -> Iterator[datetime]:
        """Every wall-clock time that it names from ``first`` to ``last``, both included, in order; naive."""
        month = first.replace(day=1)
        while month <= last:
            for day in _days_of_month(self.days, month):
                if first <= day <= last:
                    for at in self.times:
                        yield datetime.combine(day, at)
            month = (month + timedelta(days=31)).replace(day=1)


@lru_cache(maxsize=8192)  # every rule for mon-fri shares its months: 47 us of 58 an occurrence
def _days_of_month(days: str, month: date) -> tuple[date, ...]:
    """The days of one month (named by its first) that an expression names."""
    every = croniter(days, datetime.combine(month - timedelta(days=1), time()))
    found: list[date] = []
    while True:
        try:
            day = every.get_next(datetime).date()
        except CroniterBadDateError:
            return tuple(found)
        if (day.year, day.month) != (month.year, month.month):
            return tuple(found)
        found.append(day)


@lru_cache(maxsize=4096)
def read_cron(text: str) -> Cron:
    """A checked expression, taken apart. Raises ValueError in one sentence."""
    fields = NICKNAMES.get(text.strip().lower(), text).split()
    if len(fields) != 5:
        raise ValueError(f"{text!r} is not a cron expression: give {FORM}")
    _refuse_traps(text, *fields)
    _, hour, *days = fields
    try:
        (minutes, hours, *_), _ = croniter.expand(" ".join(fields))
        day_rule = " ".join(("0", "0", *days))
        croniter(day_rule, PROBE).get_next(datetime)
    except CroniterBadDateError:
        raise ValueError(f"{text!r} names a day that never comes") from None
    except (CroniterBadCronError, ValueError, KeyError, IndexError, TypeError) as fault:
        raise ValueError(f"{text!r} is not a cron expression: {str(fault).strip(chr(34))}") from None
    times = tuple(time(h, m) for h in _every(hours, 24) for m in _every(minutes, 60))
    return Cron(day_rule, times, interval=hour in ("*", "*/1"))


def _refuse_traps(text: str, minute: str, hour: str, day: str, month: str, weekday: str) -> None:
    """What croniter takes, and in a way that nobody who wrote it would expect."""
    fields = [field.lower() for field in (minute, hour, day, month, weekday)]
    if any(field.startswith(("h", "r")) for field in fields):
        raise ValueError(f"{text!r} takes H or R, whose times would change from process to process")
    for found in filter(None, map(RANGE_OF_ONE.search, fields)):
        raise ValueError(f"{text!r} has {found[0]!r}, which cron takes for every value: write {found[1]!r}")
    chosen = "w" in fields[2] or "#" in fields[4] or re.search(r"l\d", fields[4])
    if chosen and day not in ("*", "?") and weekday not in ("*", "?"):
        raise ValueError(f"{text!r} has a day and a weekday, which is more than W, # or L can keep to")


def _every(values: Sequence[int | str], size: int) -> tuple[int, ...]:
    return tuple(range(size)) if "*" in values else tuple(sorted({int(value) for value in values}))


def check_cron(text: str) -> str:
    """The expression as it was given, if it is sound. Raises ValueError in one sentence."""
    read_cron(text)
    return text.strip()
