"""When to record: rules, timetables and calendars become occurrences, and each occurrence one session.

    >>> from schedules import Schedules
    >>> timetable = Schedules.connect("redis://127.0.0.1:6379/0")
    >>> timetable.add("math-7b", timezone="Europe/Berlin", slots="mon wed fri 09:00-09:50")
    >>> timetable.next("math-7b")

:mod:`.rule` says what recurs, :mod:`.recurrence` what the clocks make of it, :mod:`.timetable` and
:mod:`.ical` read files, :mod:`.bell` spreads the starts of a crowded minute, :mod:`.forecast` sees what will
not fit, :mod:`.store` keeps it, :mod:`.beat` announces it. Nothing here knows what a recording is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from schedules.occurrence import Occurrence
    from schedules.recurrence import clock_changes, occurrences
    from schedules.rule import Overlap, Rule
    from schedules.schedules import Schedules

HOME = {
    "Occurrence": "occurrence",
    "Overlap": "rule",
    "Rule": "rule",
    "Schedules": "schedules",
    "clock_changes": "recurrence",
    "occurrences": "recurrence",
}
__all__ = ["Occurrence", "Overlap", "Rule", "Schedules", "clock_changes", "occurrences"]


def __getattr__(name: str) -> Any:
    """Imported when it is first used, so that whoever needs one part does not load the others."""
    if name in HOME:
        from importlib import import_module

        return getattr(import_module(f"schedules.{HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
