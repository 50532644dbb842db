"""From .ics files to rules, one for each event or series, and from the text of one series to its wall times.

What cannot be a schedule is refused with its reason and leaves the others alone. Of each event only what
says *when* is kept: no descriptions, attendees or meeting links.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import ValidationError

from schedules.ical_series import Instance, Series
from schedules.ical_text import PRODID, Block, Line, read_blocks, written
from schedules.ical_times import instant
from schedules.ical_zones import Zones, iana, same_zone
from schedules.rule import LONGEST, Rule, say_seconds
from schedules.walls import Wall

CHANNEL_LIKE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
NAME_LENGTH = 63
LABEL_LENGTH = 128
KEPT = (
    "UID",
    "SEQUENCE",
    "STATUS",
    "RECURRENCE-ID",
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "RDATE",
    "EXDATE",
)
BEYOND = "has a time that no calendar reaches"
EDGE = timedelta(days=2)  # what a wall time of one zone may be off in another


@dataclass(frozen=True)
class Refused:
    """An event that became no rule, and why."""

    uid: str
    summary: str
    reason: str


@dataclass(frozen=True)
class IcsImport:
    """What a file held: rules in its order, and the events that cannot be one."""

    rules: tuple[Rule, ...]
    refused: tuple[Refused, ...]


def read_ics(
    data: bytes | str,
    *,
    source: str,
    timezone: str | None = None,
    defaults: Mapping[str, Any] = {},
) -> IcsImport:
    """One rule per UID. ``timezone`` is that of times without one; ``defaults`` are members of every rule.

    Raises ValueError in one sentence if the file cannot be read at all.
    """
    if timezone is not None and timezone not in available_timezones():
        raise ValueError(f"{source}: {timezone!r} is not an IANA time zone like Europe/Berlin or UTC")
    try:
        calendars = list(read_blocks(data).all("VCALENDAR"))
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from None
    if not calendars:
        raise ValueError(f"{source}: there is no BEGIN:VCALENDAR in it")
    rules: dict[str, Rule] = {}
    refused: list[Refused] = []
    for calendar in calendars:
        reader = _Reader(calendar, timezone, defaults)
        for uid, events in _by_uid(calendar).items():
            summary = _first_text(events, "SUMMARY")
            try:
                rule = reader.rule(uid, summary, events, taken=rules)
                rules[rule.name] = rule
            except (ValueError, OverflowError) as error:
                refused.append(Refused(uid, summary, _reason(error)))
    return IcsImport(tuple(rules.values()), tuple(refused))


def walls(text: str, zone: ZoneInfo, first: date, last: date, duration: int | None) -> Iterator[Wall]:
    """The wall times in ``zone`` at which the series begins on these days, in order.

    ``duration`` counts for events without an end. Raises ValueError as :func:`check_ical` does.
    """
    series = _series(text, zone.key)
    for found in _of_zone(series, zone.key, first, last):
        seconds = found.seconds or duration
        if seconds is None:
            raise ValueError("an event has no end; give duration for it")
        label = None if found.name == found.at else found.name.isoformat(timespec="minutes")
        yield Wall(found.at, seconds, label=label)


def check_ical(text: str, zone: str | None = None, duration: int | None = None) -> None:
    """Raises ValueError in one sentence unless ``text`` is one series that a rule can follow.

    With ``zone``, the rule's, also unless it recurs by that zone's clock; then ``duration`` counts as well.
    """
    series = _series(text, zone or "UTC")
    if series.cancelled:
        raise ValueError("is cancelled")
    if zone is None:
        return
    if series.recurs and not same_zone(series.zone, zone):
        raise ValueError(f"recurs by the clock of {series.zone}, but timezone is {zone}")
    if series.endless and duration is None:
        raise ValueError("an event has no end; give duration for it")


class _Reader:
    """Makes the rules of one VCALENDAR."""

    def __init__(self, calendar: Block, timezone: str | None, defaults: Mapping[str, Any]) -> None:
        own = iana(calendar.text("X-WR-TIMEZONE"))
        self._cancelled = calendar.text("METHOD").upper() == "CANCEL"
        self._home = own or timezone  # of single events in UTC: the zone their people live in
        self._floating = timezone or own
        likely = [zone for zone in (timezone, own) if zone is not None]
        self._zones = Zones(list(calendar.all("VTIMEZONE")), likely)
        self._defaults = defaults

    def rule(self, uid: str, summary: str, events: list[Block], taken: Collection[str]) -> Rule:
        if not uid:
            raise ValueError("has no UID, so that nothing could tell it from the next one")
        series = Series(events, self._zones, self._floating)
        if series.cancelled or self._cancelled:
            raise ValueError("is cancelled")
        name = _unique(_slug(summary) or f"event-{hashlib.sha256(uid.encode()).hexdigest()[:8]}", taken)
        labels = {"ical_uid": uid[:LABEL_LENGTH], "summary": summary[:LABEL_LENGTH]}
        members = {
            **self._defaults,
            "name": name,
            "channel": self._channel(events) or name,
            "timezone": self._timezone(series),
            "ical": _text(events, self._zones),
            "labels": {
                **self._defaults.get("labels", {}),
                **{key: text for key, text in labels.items() if text},
            },
        }
        rule = Rule.model_validate(members)
        _check_lengths(series, rule)
        return rule

    def _channel(self, events: list[Block]) -> str:
        place = _first_text(events, "LOCATION")
        told = _first_text(events, "X-RECORDER-CHANNEL")
        return told or (place if CHANNEL_LIKE.fullmatch(place) else self._defaults.get("channel", ""))

    def _timezone(self, series: Series) -> str:
        """The zone whose clock it recurs by; for single events in UTC that of the calendar, if it can."""
        if series.recurs or self._home is None or not same_zone(series.zone, "UTC"):
            return series.zone
        zone = ZoneInfo(self._home)
        shown = [one.at.replace(tzinfo=UTC).astimezone(zone) for one in series.singles()]
        return series.zone if any(at.fold for at in shown) else self._home


def _check_lengths(series: Series, rule: Rule) -> None:
    if series.endless and rule.duration is None:
        raise ValueError("has no end; give duration for such events")
    longest = max(series.longest, rule.duration or 0)
    if longest + rule.pad_before + rule.pad_after > LONGEST:
        raise ValueError(f"lasts {say_seconds(longest)}; with its padding that is above 24h")


@lru_cache(maxsize=4096)  # a planner asks for the same few texts every few seconds
def _series(text: str, floating: str) -> Series:
    root = read_blocks(text)
    events = _by_uid(root)
    if len(events) != 1:
        raise ValueError(f"holds {len(events)} series of VEVENTs; a rule follows exactly one")
    zones = Zones(list(root.all("VTIMEZONE")), [floating])
    try:
        return Series(next(iter(events.values())), zones, floating)
    except OverflowError:
        raise ValueError(BEYOND) from None


def _of_zone(series: Series, zone: str, first: date, last: date) -> list[Instance]:
    """The instances that begin on these days of the zone, with its wall times."""
    begin, end = datetime.combine(first, time.min), datetime.combine(last, time.max)
    if same_zone(series.zone, zone):
        return series.between(begin, end)
    found = [_moved(one, series.zone, zone) for one in series.between(begin - EDGE, end + EDGE)]
    return sorted(one for one in found if begin <= one.at <= end)


def _moved(one: Instance, zone: str, other: str) -> Instance:
    at, name = (instant(wall, zone).astimezone(ZoneInfo(other)) for wall in (one.at, one.name))
    return Instance(at.replace(tzinfo=None), name.replace(tzinfo=None), one.seconds)


def _by_uid(root: Block) -> dict[str, list[Block]]:
    found: dict[str, list[Block]] = {}
    for event in root.all("VEVENT"):
        found.setdefault(event.text("UID"), []).append(event)
    return found


def _first_text(events: list[Block], name: str) -> str:
    """What the master says; the changed instances, if it says nothing."""
    ranked = sorted(events, key=lambda event: event.has("RECURRENCE-ID"))
    return next((text for event in ranked if (text := " ".join(event.text(name).split()))), "")


def _slug(summary: str) -> str:
    plain = unicodedata.normalize("NFKD", summary).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9._]+", "-", plain).strip("-._")[:NAME_LENGTH].rstrip("-._")


def _unique(name: str, taken: Collection[str]) -> str:
    found, count = name, 1
    while found in taken:
        count += 1
        found = f"{name[: NAME_LENGTH - len(str(count)) - 1]}-{count}"
    return found


def _text(events: list[Block], zones: Zones) -> str:
    """The series alone, its zones by their IANA names, so that it needs no VTIMEZONE."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}"]
    for event in events:
        kept = [_rewritten(line, zones) for name in KEPT for line in event.lines(name)]
        lines += ["BEGIN:VEVENT", *kept, "END:VEVENT"]
    return written([*lines, "END:VCALENDAR"])


def _rewritten(line: Line, zones: Zones) -> str:
    if not line.params or line.name == "UID":
        return line.raw
    given = {key: line.params[key] for key in ("VALUE", "RANGE") if key in line.params}
    if "TZID" in line.params and not line.value.strip().endswith("Z"):
        given["TZID"] = zones.named(line.params["TZID"])
    return "".join([line.name, *(f";{key}={text}" for key, text in given.items()), f":{line.value}"])


def _reason(error: ValueError | OverflowError) -> str:
    """The error's sentence; of a rule's errors the first."""
    if isinstance(error, OverflowError):
        return BEYOND
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    message = first["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
