# icalendar annotates its calls only in part
# mypy: disable-error-code="no-untyped-call"
"""From rules to an .ics file for calendar clients: each occurrence an event of its own, in UTC.

Recurrence rules would say it shorter, and less exactly: clients disagree on skipped and repeated hours.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from schedules.calendars import Calendars
from schedules.ical_text import PRODID  # first: it tells which extra is missing
from schedules.occurrence import Occurrence
from schedules.recurrence import occurrences
from schedules.rule import Rule

from icalendar import Calendar, Event  # isort: skip


def write_ics(
    rules: Iterable[Rule], since: datetime, until: datetime, *, calendars: Calendars | None = None
) -> bytes:
    """What shall be recorded of ``rules``, begun within [since, until); the same arguments, the same bytes.

    Times are those of the class, without padding. Raises ValueError as :func:`.occurrences` does.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    found = [one for rule in rules for one in occurrences(rule, since, until, calendars=calendars)]
    for one in sorted(found, key=lambda one: (one.begins, one.key)):
        calendar.add_component(_event(one, since))
    text: bytes = calendar.to_ical()
    return text


def _event(one: Occurrence, stamped: datetime) -> Event:
    """``stamped`` is DTSTAMP: a clock would make every file differ from the one before."""
    event = Event()
    event.add("uid", f"{one.key}@recorder")
    event.add("dtstamp", stamped.astimezone(UTC))
    event.add("dtstart", one.begins)
    event.add("dtend", one.ends)
    event.add("summary", one.rule)
    event.add("location", one.channel)
    event.add("x-recorder-channel", one.channel)
    return event
