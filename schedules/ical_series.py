"""One series of an .ics file: a master event, what recurs of it, and the instances that somebody changed.

Everything is kept as wall times of the series's own zone, so that the clock's changes are left to
:mod:`.recurrence`; only which instance an EXDATE or RECURRENCE-ID means is told by its instant.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from dateutil.rrule import rrule

from schedules.ical_text import Block, Line
from schedules.ical_times import Stamp, instant, length, recurrence, stamp, stamps
from schedules.ical_zones import Zones
from schedules.rule import LONGEST, say_seconds

NOTHING = timedelta(0)


class Instance(NamedTuple):
    """One event of the series. ``name`` is the wall time it had before anybody moved it."""

    at: datetime
    name: datetime
    seconds: int | None  # None: it has no end of its own


@dataclass(frozen=True)
class Change:
    """What somebody made of one instance, or of it and all later ones."""

    name: datetime
    at: datetime
    seconds: int | None
    cancelled: bool
    onward: bool

    def of(self, name: datetime, seconds: int | None) -> Instance | None:
        """The instance of that name, changed as this one was."""
        if self.cancelled:
            return None
        return Instance(name + (self.at - self.name), name, self.seconds or seconds)


class Series:
    """What the VEVENTs of one UID say. ``floating`` is the zone of times that name none.

    Raises ValueError in one sentence for what cannot be a schedule.
    """

    def __init__(self, events: list[Block], zones: Zones, floating: str | None) -> None:
        self._zones, self._floating = zones, floating
        master = _newest([event for event in events if not event.has("RECURRENCE-ID")])
        first = master or events[0]
        begins = self._begin(first)
        self.zone = self._zone_of(begins)
        self.cancelled = master is not None and _is_cancelled(master)
        self._start = begins.at if master else None
        self._rules: list[rrule] = []
        self._added: dict[datetime, int | None] = {}
        self._without: set[datetime] = set()
        self._days_without: set[date] = set()
        self._seconds: int | None = None
        if master is not None:
            self._read(master, begins)
        changed = [event for event in events if event.has("RECURRENCE-ID")]
        changes = [self._change(event) for event in sorted(changed, key=_sequence)]  # the newest comes last
        self._changed = {self._key(change.name): change for change in changes}
        self._onward = [
            (key, self._changed[key]) for key in sorted(self._changed) if self._changed[key].onward
        ]
        self._reach = [one.at - one.name for _, one in self._onward]

    @property
    def recurs(self) -> bool:
        return bool(self._rules or self._added)

    @property
    def endless(self) -> bool:
        """Whether some instance takes its length from the rule."""
        return None in self._lengths()

    @property
    def longest(self) -> int:
        return max((seconds or 0 for seconds in self._lengths()), default=0)

    def between(self, first: datetime, last: datetime) -> list[Instance]:
        """Those that begin within [first, last] by the wall of the series's zone, in order."""
        if self.cancelled:
            return []
        earliest = first - max([NOTHING, *self._reach])
        latest = last - min([NOTHING, *self._reach])
        found = [*self._unchanged(earliest, latest), *self._changes()]
        return sorted(one for one in set(found) if first <= one.at <= last)

    def singles(self) -> list[Instance]:
        """All that a series which does not recur has."""
        own = [] if self._start is None or self.recurs else [self._start]
        return [*self._of(own), *self._changes()]

    def _unchanged(self, first: datetime, last: datetime) -> Iterator[Instance]:
        own = [self._start] if self._start is not None else []
        names = {name for name in (*own, *self._added) if first <= name <= last}
        for rule in self._rules:
            names.update(rule.between(first, last, inc=True))
        yield from self._of(sorted(names))

    def _of(self, names: list[datetime]) -> Iterator[Instance]:
        for name in names:
            key = self._key(name)
            if key in self._changed or key in self._without or name.date() in self._days_without:
                continue
            seconds = self._added.get(name) or self._seconds
            place = bisect_left([since for since, _ in self._onward], key)
            found = self._onward[place - 1][1].of(name, seconds) if place else Instance(name, name, seconds)
            if found is not None:
                yield found

    def _changes(self) -> Iterator[Instance]:
        for key, change in self._changed.items():
            found = change.of(change.name, self._seconds)
            left_out = key in self._without or change.name.date() in self._days_without
            if found is not None and not left_out:
                yield found

    def _lengths(self) -> list[int | None]:
        own = [self._seconds, *(added or self._seconds for added in self._added.values())]
        changed = [one.seconds or self._seconds for one in self._changed.values() if not one.cancelled]
        return changed if self._start is None else own + changed

    def _read(self, master: Block, begins: Stamp) -> None:
        """The master's length, its rules, and the dates added and left out."""
        for name in ("EXRULE", "RDATE", "EXDATE", "RRULE"):
            for line in master.lines(name):
                self._recur(line, begins.at)
        self._seconds = self._length(master, begins, exact=not self.recurs)
        for rule in self._rules:
            if next(iter(rule), None) is None:
                raise ValueError("its RRULE names a day that never comes")

    def _recur(self, line: Line, start: datetime) -> None:
        if line.name == "EXRULE":
            raise ValueError("EXRULE is not supported")
        if line.name == "RRULE":
            self._rules.append(recurrence(line, start, self.zone, self._zones))
            return
        for found, end in stamps(line, self._zones):
            if line.name == "RDATE":
                at = self._same_hour(found, start)
                self._added[at] = None if end is None else self._elapsed(found, end)
            elif found.whole_day:
                self._days_without.add(found.at.date())
            else:
                self._without.add(found.instant(self.zone))

    def _change(self, event: Block) -> Change:
        line = event.line("RECURRENCE-ID")
        assert line is not None
        name = self._same_hour(stamp(line, self._zones), self._start)
        onward = line.params.get("RANGE", "").upper() == "THISANDFUTURE"
        if _is_cancelled(event):
            return Change(name, name, None, cancelled=True, onward=onward)
        if event.has("RRULE") or event.has("RDATE"):
            raise ValueError(f"the instance of {name:%Y-%m-%d %H:%M} has a recurrence of its own")
        begins = self._begin(event)
        seconds = self._length(event, begins, exact=True)
        return Change(name, begins.sure_wall(self.zone), seconds, cancelled=False, onward=onward)

    def _begin(self, event: Block) -> Stamp:
        line = event.line("DTSTART")
        if line is None:
            raise ValueError("has no DTSTART")
        begins = stamp(line, self._zones)
        if begins.whole_day:
            raise ValueError("lasts whole days; a recording needs hours")
        if begins.at.second:
            raise ValueError(f"begins at {begins.at:%H:%M:%S}; a recording begins on a full minute")
        return begins

    def _length(self, event: Block, begins: Stamp, *, exact: bool) -> int | None:
        """Seconds of class; None without an end. ``exact``: by the clocks of that day, as for a single event.

        A start that the clocks skip moves, and its end with it: then the wall times tell, as for a series.
        """
        end, lasts = event.line("DTEND"), event.line("DURATION")
        if end is None and lasts is None:
            return None
        until: Stamp | timedelta = stamp(end, self._zones) if end else length(lasts) if lasts else NOTHING
        exact = exact and begins.exists(self.zone)
        if isinstance(until, Stamp) and not exact and until.zone == begins.zone:
            until = until.at - begins.at
        return self._elapsed(begins, until)

    def _elapsed(self, begins: Stamp, end: Stamp | timedelta) -> int | None:
        if isinstance(end, Stamp):
            if end.whole_day:
                raise ValueError("ends on a day without a time")
            end = end.instant(self.zone) - begins.instant(self.zone)
        seconds = int(end.total_seconds())
        if seconds < 0:
            raise ValueError("ends before it begins")
        if seconds > LONGEST:
            raise ValueError(f"lasts {say_seconds(seconds)}; a recording lasts 24h at most")
        return seconds or None

    def _same_hour(self, found: Stamp, start: datetime | None) -> datetime:
        """Its wall time; a day alone means the hour at which the series begins."""
        if not found.whole_day:
            return found.sure_wall(self.zone)
        if start is None:
            raise ValueError("has an instance that is named by its day alone")
        return datetime.combine(found.at, start.time())

    def _zone_of(self, begins: Stamp) -> str:
        zone = begins.zone or self._floating
        if zone is None:
            raise ValueError("has times without a time zone; give timezone for them")
        return zone

    def _key(self, name: datetime) -> datetime:
        return instant(name, self.zone)


def _newest(masters: list[Block]) -> Block | None:
    """The one of the highest SEQUENCE. Raises ValueError if two differ and nothing tells which is valid."""
    ranked = sorted(masters, key=_sequence)
    if len(ranked) > 1 and _sequence(ranked[-2]) == _sequence(ranked[-1]) and ranked[-2] != ranked[-1]:
        raise ValueError("shares its UID with another event of the same SEQUENCE")
    return ranked[-1] if ranked else None


def _sequence(event: Block) -> int:
    text = event.text("SEQUENCE")
    return int(text) if text.isdecimal() else 0


def _is_cancelled(event: Block) -> bool:
    return event.text("STATUS").upper() == "CANCELLED"
