"""Looking ahead: what schedules come to against each app's limits, before any of it happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from recorder_tasks.settings import AppSettings, Settings
from schedules.calendars import Calendars
from schedules.entry import Entry
from schedules.errors import InvalidSchedule, NoSuchSchedule
from schedules.faults import suggestion
from schedules.forecast import forecast
from schedules.foreseen import Forecast
from schedules.occurrence import Occurrence
from schedules.plays import Planned
from schedules.schedules import Schedules

BEFORE = timedelta(hours=24)  # what began so long ago may record still: no occurrence is longer
AFTER = timedelta(hours=5)  # and padding and lead begin what is so far ahead
WEEKS = 58  # in which the next occurrence is looked for


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
        """When the day begins there, UTC."""
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
