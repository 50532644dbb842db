"""What commands that look ahead share: which schedules, of which days, and what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from recorder_tasks.settings import Settings
    from recorder_tasks.wiring import Wiring
    from schedules.calendars import Calendars
    from schedules.entry import Entry
    from schedules.foreseen import Forecast
    from schedules.occurrence import Occurrence
    from schedules.plays import Planned
    from schedules.rule import Rule

BEFORE = timedelta(hours=24)  # what began so long ago may record still: no occurrence is longer
AFTER = timedelta(hours=5)  # and padding and lead begin what is so far ahead
WEEKS = 58  # in which the next occurrence is looked for
EVER = datetime(1970, 1, 1, tzinfo=UTC)
EMPTY = """no schedules yet: try

  recorder schedule add math-7b --slots "mon wed fri 09:00-09:50" --timezone Europe/Berlin
  recorder schedule apply timetable.yaml"""
FILE = click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Look at a timetable file instead, without applying it; needs no Redis.",
)


class Date(click.ParamType):  # type: ignore[type-arg]
    """A date: 2027-03-08."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a date like 2027-03-08.", param, ctx)


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
        from schedules.errors import NoSuchSchedule
        from schedules.faults import suggestion

        for name in names:
            if name not in self.entries:
                hint = suggestion(name, self.entries, "")
                raise NoSuchSchedule(f"schedule: there is none called {name!r}{hint}")
        return replace(self, entries={name: self.entries[name] for name in names}) if names else self

    def planned(self, since: datetime, until: datetime) -> list[Planned]:
        """What :func:`foresee` needs to know of [since, until), with what records across its edges."""
        from schedules.plays import Planned

        return [
            Planned(one, entry.name, 0.0 if one.by_hand else rule.lead, rule.priority, rule.app, rule.profile)
            for entry in self.entries.values()
            if (rule := entry.rule) is not None
            for one in entry.occurrences(since - BEFORE, until + AFTER, self.calendars)
        ]

    def hint(self, after: datetime) -> str:
        """Where to look when there is nothing before ``after``."""
        from recorder_tasks.cli.schedule.reach import wall

        for week in range(WEEKS):
            since = after + timedelta(weeks=week)
            ahead = self._recorded(since, since + timedelta(weeks=1))
            if ahead:
                first = min(ahead, key=lambda one: (one.begins, one.key))
                at = wall(first.begins, self.zone)
                return (
                    f"{first.rule} is next on {at}: try --from {first.begins.astimezone(self.zone):%Y-%m-%d}"
                )
        return "nor is anything in the year after"

    def _recorded(self, since: datetime, until: datetime) -> list[Occurrence]:
        return [
            one for entry in self.entries.values() for one in entry.occurrences(since, until, self.calendars)
        ]


def in_force(deployment: Wiring) -> Source:
    """The schedules of the deployment."""
    calendars = deployment.schedules.calendars().read
    return Source(deployment.timetable.all(), calendars, deployment.schedules.now())


def of_file(path: Path) -> Source:
    """The schedules of a timetable file, nothing paused or skipped. Raises TimetableErrors."""
    from schedules import timetable
    from schedules.entry import Entry
    from schedules.store import read_calendars

    read = timetable.read(path, check=_sound_series)
    entries = {name: Entry(name=name, rule=rule, created_at=EVER) for name, rule in read.rules.items()}
    return Source(entries, read_calendars(read.calendars), datetime.now(UTC))


def _sound_series(rule: Rule) -> list[tuple[str, str]]:
    if rule.ical is None:
        return []
    try:
        from schedules.ical import check_ical

        check_ical(rule.ical, rule.timezone, rule.duration)
    except (ImportError, ValueError) as fault:
        return [("ical", str(fault))]
    return []


def source(path: Path | None) -> Source:
    """Those of the file, or without one those of the deployment."""
    from recorder_tasks.cli.schedule.reach import parts

    return in_force(parts()) if path is None else of_file(path)


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
    from schedules.errors import InvalidSchedule
    from schedules.forecast import forecast

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
    from recorder_tasks.settings import AppSettings

    if settings.apps:
        return settings
    usual = AppSettings.model_validate({"app_id": "0" * 32, "key": "none", "secret": "none"})
    return settings.model_copy(update={"apps": dict.fromkeys(apps, usual)})
