"""From a rule to its occurrences: what the clocks do to a wall time is decided here, and only here.

One wall-clock slot is one occurrence. A time that happens twice means its first pass; one that is skipped
moves by the length of the gap, so that two slots never fall on one instant; durations are elapsed time.
Expressions without an hour (``*/10 * * * *``) mean a distance: they follow elapsed time through both passes
and over the gap.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from schedules.calendars import Calendars, DaysOff
from schedules.cron import read_cron
from schedules.occurrence import Occurrence
from schedules.rule import Pause, Rule
from schedules.walls import Wall

REACH = timedelta(hours=26)  # a wall time and its instant differ by an offset (14 h) or by Apia's skipped day


@dataclass(frozen=True)
class Slot:
    """An occurrence that the rule names, and why it is not recorded (None: it is)."""

    occurrence: Occurrence
    off: str | None = None

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        one = self.occurrence
        return {
            "schedule": one.rule,
            "slot": one.slot,
            "channel": one.channel,
            "begins": one.begins.isoformat(),
            "ends": one.ends.isoformat(),
            "off": self.off,
            "note": one.note,
        }


def occurrences(
    rule: Rule,
    since: datetime,
    until: datetime,
    *,
    calendars: Calendars | None = None,
    pause: Pause | None = None,
    skips: Collection[str] = (),
) -> list[Occurrence]:
    """Those whose class begins within [since, until), in order. See :func:`slots` for the arguments."""
    found = slots(rule, since, until, calendars=calendars, pause=pause, skips=skips)
    return [slot.occurrence for slot in found if slot.off is None]


def slots(
    rule: Rule,
    since: datetime,
    until: datetime,
    *,
    calendars: Calendars | None = None,
    pause: Pause | None = None,
    skips: Collection[str] = (),
) -> list[Slot]:
    """Every slot that the rule names within [since, until), also those that exceptions keep from recording.

    ``skips``: slots (``2027-03-08T09:00``) or dates that people took out. Raises ValueError for a calendar
    that is not among ``calendars``.
    """
    if since.tzinfo is None or until.tzinfo is None:
        raise ValueError("since and until need a time zone: whose midnight would it be?")
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    zone = rule.zone
    days_off = DaysOff(rule.exclusions(), calendars or {})
    first, last = _local_day(since - REACH, zone), _local_day(until + REACH, zone)
    taken: dict[datetime, _Found] = {}
    for wall in _walls(rule, first, last):
        for found in _instants(wall, zone):
            if since <= found.begins < until and found.outranks(taken.get(found.begins)):
                taken[found.begins] = found
    return [_slot(rule, taken[at], days_off, pause, skips) for at in sorted(taken)]


class _Found(NamedTuple):
    """A wall time as an instant."""

    wall: Wall
    begins: datetime
    second_pass: bool = False
    shifted: bool = False
    note: str | None = None

    def outranks(self, other: _Found | None) -> bool:
        """Of two on one instant, one added by hand stays; then the one that the clocks did not move."""
        if other is None:
            return True
        return (self.wall.kept, not self.shifted) > (other.wall.kept, not other.shifted)


def _walls(rule: Rule, first: date, last: date) -> Iterator[Wall]:
    """The rule's own wall times of these days, then those added to them."""
    first_of_rule = max(first, rule.first) if rule.first else first
    last_of_rule = min(last, rule.last) if rule.last else last
    if first_of_rule <= last_of_rule:
        yield from _recurring(rule, first_of_rule, last_of_rule)
    for moment in rule.additional():
        if first <= moment.at.date() <= last:  # of iCal, a moved event may still be named by this very time
            label = f"{moment.at:%Y-%m-%dT%H:%M}+" if rule.ical is not None else None
            yield Wall(moment.at, moment.seconds, label=label, kept=True)


def _recurring(rule: Rule, first: date, last: date) -> Iterator[Wall]:
    if rule.cron is not None:
        assert rule.duration is not None
        cron = read_cron(rule.cron)
        for at in cron.walls(first, last):
            yield Wall(at, rule.duration, interval=cron.interval)
    elif rule.slots:
        weekly = rule.weekly()
        for step in range((last - first).days + 1):
            day = first + timedelta(days=step)
            for slot in weekly:
                if slot.weekday == day.weekday():
                    yield Wall(datetime.combine(day, slot.at), slot.seconds)
    elif rule.ical is not None:
        from schedules.ical import walls

        yield from walls(rule.ical, rule.zone, first, last, rule.duration)
    else:
        for moment in rule.moments():
            if first <= moment.at.date() <= last:
                yield Wall(moment.at, moment.seconds)


def _instants(wall: Wall, zone: tzinfo) -> Iterator[_Found]:
    """When the clock of the zone shows that time: once, save for an interval, which has both passes."""
    local = wall.at.replace(tzinfo=zone, fold=0)
    first, second = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    if first == second:
        yield _Found(wall, first)
    elif first > second:  # a gap: PEP 495 reads fold=0 by the offset before it, which is the shift we want
        if not wall.interval:
            yield _Found(wall, first, shifted=True, note=_note_of_gap(wall.at, first.astimezone(zone)))
    elif wall.interval:
        yield _Found(wall, first)
        yield _Found(wall, second, second_pass=True)
    else:
        note = f"{wall.at:%H:%M} happens twice on {wall.at:%Y-%m-%d} in {zone}: the first one is recorded"
        yield _Found(wall, first, note=note)


def _note_of_gap(at: datetime, shown: datetime) -> str:
    day = "" if shown.date() == at.date() else f" on {shown:%Y-%m-%d}"
    begins = f"{shown:%H:%M}{day}"
    return f"{at:%H:%M} does not exist on {at:%Y-%m-%d} in {shown.tzinfo}: it begins at {begins}"


def _slot(rule: Rule, found: _Found, days_off: DaysOff, pause: Pause | None, skips: Collection[str]) -> Slot:
    occurrence = _occurrence(rule, found)
    return Slot(occurrence, _off(rule, found, occurrence.slot, days_off, pause, skips))


def _occurrence(rule: Rule, found: _Found) -> Occurrence:
    label = found.wall.label or found.wall.at.isoformat(timespec="minutes")
    ends = found.begins + timedelta(seconds=found.wall.seconds)
    plain = Occurrence(
        rule=rule.name,
        slot=f"{label}~2" if found.second_pass else label,
        channel=rule.channel_at(found.wall.at),
        begins=found.begins,
        ends=ends,
        start=found.begins - timedelta(seconds=rule.pad_before),
        end=ends + timedelta(seconds=rule.pad_after),
        note=found.note,
    )
    return replace(plain, start=plain.start + _jitter(plain, rule.jitter)) if rule.jitter else plain


def _jitter(occurrence: Occurrence, most: int) -> timedelta:
    """The same for one occurrence whoever computes it; never past half of what is recorded."""
    drawn = int.from_bytes(hashlib.sha256(occurrence.key.encode()).digest()[:6], "big") / 2**48
    most = min(most, int((occurrence.end - occurrence.start).total_seconds() / 2))
    return timedelta(seconds=int(drawn * most))


def _off(
    rule: Rule,
    found: _Found,
    label: str,
    days_off: DaysOff,
    pause: Pause | None,
    skips: Collection[str],
) -> str | None:
    if not rule.enabled:
        return "disabled"
    if pause is not None and pause.covers(found.begins):
        return f"paused: {pause.reason}" if pause.reason else "paused"
    if label in skips or label[:10] in skips:
        return "skipped"
    exception = None if found.wall.kept else days_off.why(found.wall.at.date())
    return None if exception is None else f"exception {exception}"


def _local_day(at: datetime, zone: tzinfo) -> date:
    return at.astimezone(zone).date()


def clock_changes(
    rule: Rule, since: datetime, days: int = 370, *, calendars: Calendars | None = None
) -> list[str]:
    """What the clocks will do to the rule's occurrences, one sentence each, for a warning."""
    ahead = occurrences(rule, since, since + timedelta(days=days), calendars=calendars)
    return [occurrence.note for occurrence in ahead if occurrence.note is not None]
