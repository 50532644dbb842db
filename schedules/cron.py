"""Cron expressions as days and wall-clock times, through croniter.

croniter is only ever asked with naive starts: with aware ones it fires twice in a repeated hour and joins two
slots after a skipped one. What the clocks do to a wall time is decided in :mod:`.recurrence`, in one place.
"""

from __future__ import annotations

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
        midnight = datetime.combine(first, time())
        every = croniter(self.days, midnight - timedelta(days=1), ret_type=datetime)
        while True:
            try:
                day = every.get_next(datetime)
            except CroniterBadDateError:
                return
            if day.date() > last:
                return
            for at in self.times:
                yield datetime.combine(day.date(), at)


@lru_cache(maxsize=4096)
def read_cron(text: str) -> Cron:
    """A checked expression, taken apart. Raises ValueError in one sentence."""
    fields = NICKNAMES.get(text.strip().lower(), text).split()
    if len(fields) != 5:
        raise ValueError(f"{text!r} is not a cron expression: give {FORM}")
    minute, hour, *days = fields
    try:
        (minutes, hours, *_), _ = croniter.expand(" ".join(fields))
        day_rule = " ".join(("0", "0", *days))
        croniter(day_rule, PROBE).get_next(datetime)
    except CroniterBadDateError:
        raise ValueError(f"{text!r} names a day that never comes") from None
    except (CroniterBadCronError, ValueError, KeyError, IndexError, TypeError) as fault:
        raise ValueError(f"{text!r} is not a cron expression: {str(fault).strip(chr(34))}") from None
    if any(letter in f"{minute}{hour}{''.join(days[:2])}".lower() for letter in "hr") and _hashed(fields):
        raise ValueError(f"{text!r} takes H or R, whose times would change from process to process")
    times = tuple(time(h, m) for h in _every(hours, 24) for m in _every(minutes, 60))
    return Cron(day_rule, times, interval=hour in ("*", "*/1"))


def _hashed(fields: list[str]) -> bool:
    """Whether a field asks for croniter's hashed or random values (month and weekday names may have an r)."""
    return any(field.lower().startswith(("h", "r")) for field in fields)


def _every(values: Sequence[int | str], size: int) -> tuple[int, ...]:
    return tuple(range(size)) if "*" in values else tuple(sorted({int(value) for value in values}))


def check_cron(text: str) -> str:
    """The expression as it was given, if it is sound. Raises ValueError in one sentence."""
    read_cron(text)
    return text.strip()
