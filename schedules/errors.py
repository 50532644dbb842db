"""What callers of schedules can be told.

ScheduleError
├── InvalidSchedule (ValueError)    a value is out of its range: names the field, the value, what is allowed
│   └── TimetableErrors             every fault of a file, each with its line (see faults.py)
├── NoSuchSchedule (LookupError)    no schedule has this name
├── ScheduleExists                  add() found one of that name
├── ChangedMeanwhile                somebody else changed a schedule at the same time: look again
└── SchedulesUnavailable            Redis did not answer
"""

from __future__ import annotations


class ScheduleError(Exception):
    """Root of everything that schedules raise on purpose."""


class InvalidSchedule(ScheduleError, ValueError):
    """A value is out of its range; nothing was stored."""


class NoSuchSchedule(ScheduleError, LookupError):
    """No schedule has this name."""


class ScheduleExists(ScheduleError):
    """A schedule of that name is there already."""


class ChangedMeanwhile(ScheduleError):
    """Somebody else changed it between our look and our write; nothing was stored."""


class SchedulesUnavailable(ScheduleError):
    """Redis did not answer, or not in time."""
