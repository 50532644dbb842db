"""Looking ahead: what schedules come to against each app's limits, before any of it happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from recorder_tasks.settings import AppSettings, Settings
from schedules.calendars import Calendars
from schedules.entry import YEARS, Entry
from schedules.errors import InvalidSchedule, NoSuchSchedule, ScheduleError
from schedules.faults import suggestion
from schedules.forecast import forecast
from schedules.foreseen import Forecast
from schedules.occurrence import Occurrence
from schedules.plays import Planned
from schedules.recurrence import Slot
from schedules.schedules import Schedules

BEFORE = timedelta(hours=24)  # what began so long ago may record still: no occurrence is longer
AFTER = timedelta(hours=5)  # and padding and lead begin what is so far ahead
WEEKS = 58  # in which the next occurrence is looked for
YEAR = timedelta(days=365)  # of a calendar file, where nobody says until when
LONGEST_FILE = timedelta(days=1830)  # five years; each lesson is an event of its own
OLDER = "before it was added"


@dataclass(frozen=True)
class Source:
    """Schedules to look at: those in force, or those of a file as if it had been applied."""

    entries: Mapping[str, Entry]
    calendars: Calendars
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        """The one in which most of them are written; UTC if there are none."""
        zones = Counter(entry.rule.timezone for entry in self.entries.values() if entry.rule)
        return ZoneInfo(min(zones, key=lambda name: (-zones[name], name), default="UTC"))

    @property
    def mixed(self) -> bool:
        """Whether they are written in several zones."""
        return len({entry.rule.timezone for entry in self.entries.values() if entry.rule}) > 1

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """When the day begins there, UTC. Raises InvalidSchedule for one that is ages away."""
        if day.year not in YEARS:
            raise InvalidSchedule(f"from: {day} is not within the years {YEARS[0]}..{YEARS[-1]}")
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def only(self, names: Sequence[str]) -> Source:
        """Those of these names; all, if none is named. Raises NoSuchSchedule."""
        for name in names:
            if name not in self.entries:
                hint = suggestion(name, self.entries, "")
                raise NoSuchSchedule(f"schedule: there is none called {name!r}{hint}")
        return replace(self, entries={name: self.entries[name] for name in names}) if names else self

    def planned(self, since: datetime, until: datetime) -> list[Planned]:
        """What :func:`foresee` needs to know of [since, until), with what records across its edges."""
        return [
            Planned(one, entry.name, 0.0 if one.by_hand else rule.lead, rule.priority, rule.app, rule.profile)
            for entry in self.entries.values()
            if (rule := entry.rule) is not None
            for one in entry.occurrences(since - BEFORE, until + AFTER, self.calendars)
        ]

    def slots(self, since: datetime, until: datetime) -> list[Slot]:
        """All within [since, until), with what is paused, skipped or excepted, and what was run by hand."""
        found = []
        for entry in self.entries.values():
            for slot in entry.slots(since, until, self.calendars):
                older = slot.occurrence.ends <= entry.created_at
                found.append(Slot(slot.occurrence, slot.off or OLDER) if older else slot)
            asked = entry.occurrences(since, until, self.calendars) if entry.runs else []
            found += [Slot(one) for one in asked if one.by_hand]
        return sorted(found, key=lambda slot: (slot.occurrence.begins, slot.occurrence.key))

    def weeks(self, day: date | None, count: int) -> tuple[datetime, datetime]:
        """When the week of that day (None: this week) begins and the last of ``count`` weeks ends."""
        known = day or self.today
        self.midnight(known)
        monday = known - timedelta(days=known.weekday())
        return self.midnight(monday), self.midnight(monday + timedelta(weeks=count))

    def first_after(self, at: datetime) -> Occurrence | None:
        """The first occurrence after it, within about a year."""
        for week in range(WEEKS):
            since = at + timedelta(weeks=week)
            ahead = self._recorded(since, since + timedelta(weeks=1))
            if ahead:
                return min(ahead, key=lambda one: (one.begins, one.key))
        return None

    def _recorded(self, since: datetime, until: datetime) -> list[Occurrence]:
        return [
            one for entry in self.entries.values() for one in entry.occurrences(since, until, self.calendars)
        ]


def in_force(timetable: Schedules) -> Source:
    """The schedules of a deployment."""
    return Source(timetable.all(), timetable.store.calendars().read, timetable.store.now())


def foresee(
    planned: Iterable[Planned], settings: Settings, since: datetime, until: datetime
) -> dict[str, Forecast]:
    """What each app's occurrences come to within [since, until), under its limits in the settings.

    Those that began up to 24 hours before ``since`` shall be among them. Raises InvalidSchedule for an app
    that is not configured.
    """
    by_app: dict[str, list[Planned]] = {}
    for one in planned:
        by_app.setdefault(one.app, []).extend(replace(one, line=line) for line in _lines(one, settings))
    return {app: _foreseen(app, by_app[app], settings, since, until) for app in sorted(by_app)}


def _lines(one: Planned, settings: Settings) -> range:
    """The recorders that it shall have at a time; a profile that is missing is told elsewhere."""
    try:
        return range(settings.profile(one.profile).redundancy)
    except KeyError:
        return range(1)


def _foreseen(
    app: str, planned: Iterable[Planned], settings: Settings, since: datetime, until: datetime
) -> Forecast:
    try:
        limits = settings.app(app)
    except KeyError as missing:
        raise InvalidSchedule(str(missing)) from None
    return forecast(
        planned,
        since,
        until,
        rate=limits.rate,
        spacing=(1 + settings.send_by) / limits.rate if limits.rate else 0.0,
        cap=limits.concurrent_tasks,
        margin=settings.start_margin,
        health_every=settings.profile("default").health_every,
    )


def assumed(settings: Settings, apps: Iterable[str]) -> Settings:
    """The settings, with the vendor's usual limits for these apps if no app is configured at all."""
    if settings.apps:
        return settings
    usual = AppSettings.model_validate({"app_id": "0" * 32, "key": "none", "secret": "none"})
    return settings.model_copy(update={"apps": dict.fromkeys(apps, usual)})


def limited_to(app: str | None, settings: Settings, looked: Source) -> tuple[Settings, set[str]]:
    """The settings to count by, and the apps that are looked at: one, or all. Raises InvalidSchedule."""
    used = {entry.rule.app for entry in looked.entries.values() if entry.rule is not None}
    known = used | set(settings.apps)
    if app is not None and app not in known:
        there = ", ".join(sorted(known)) or "none"
        raise InvalidSchedule(f"app: there is none called {app!r} (there are: {there})")
    return assumed(settings, used), used if app is None else {app}


def document_of(
    found: Mapping[str, Forecast], since: datetime, until: datetime, *, percent: float | None, assumed: bool
) -> dict[str, Any]:
    """Forecasts for machines. ``over``: one takes more than ``percent`` of a limit (None: all of it)."""
    apps = {
        name: {**one.as_json(), "sentences": one.sentences(), "over": one.over(percent or 100.0)}
        for name, one in found.items()
    }
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "assumed_limits": assumed,
        "apps": apps,
    }


def calendar_file(looked: Source, first: date | None, last: date | None) -> bytes:
    """The occurrences from ``first`` (None: today) to ``last`` (None: a year on), as an .ics file.

    Raises InvalidSchedule, and ScheduleError without the extra [ical].
    """
    first = first or looked.today
    since = looked.midnight(first)
    last = last or first + YEAR
    if last < first:
        raise InvalidSchedule(f"to: {last} is before the first day, {first}")
    if last - first > LONGEST_FILE:
        raise InvalidSchedule(f"to: {last} is more than {LONGEST_FILE.days} days after {first}")
    try:
        from schedules.ical_export import write_ics
    except ImportError as missing:
        raise ScheduleError(str(missing)) from None
    rules = [entry.rule for entry in looked.entries.values() if entry.rule is not None]
    looked.midnight(last)
    return write_ics(rules, since, looked.midnight(last + timedelta(days=1)), calendars=looked.calendars)
