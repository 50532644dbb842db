"""What is ahead of one app: recordings at once against its cap, requests against its rate, late starts.

Pure: the occurrences, where :mod:`.bell` places their starts, and when one budget serves them. Only the
minutes in which something happens are looked at; what lies between two of them is one stretch.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil, inf
from typing import NamedTuple

from schedules.bell import PAIR
from schedules.foreseen import Blame, Excess, Forecast, Late, Stretch, blame
from schedules.lateness import lateness
from schedules.plays import Planned, Play, played
from schedules.rule import utc

__all__ = ["Excess", "Forecast", "Late", "Planned", "Stretch", "forecast"]

MINUTE = 60
CONFIRM_AFTER = 5.0  # seconds from a start to the first question whether it records


class _Level(NamedTuple):
    """Recordings at once in one minute: the most, the event that made it so, and those left at its end."""

    most: int
    event: int
    left: int


Events = list[tuple[float, int, int]]  # instant, 1 on or 0 off, index of the play


def forecast(
    planned: Iterable[Planned],
    since: datetime,
    until: datetime,
    *,
    rate: float,
    spacing: float,
    cap: int | None,
    margin: float,
    health_every: float = 120.0,
) -> Forecast:
    """What the app's occurrences come to, minute by minute, within [since, until).

    ``rate``: requests a second that the vendor takes (0: no limit). ``spacing``: seconds from one to the
    next, as the budget sends them. ``cap``: recordings at once (None: no limit). ``margin``: see
    :func:`.bell.spread`. Occurrences that began before ``since`` count where they are given.
    """
    plays = played(list(planned), spacing, margin)
    events = _events(plays)
    levels = _levels(events)
    window = range(int(since.timestamp() // MINUTE), ceil(until.timestamp() / MINUTE))
    stretches = tuple(_stretches(levels, _Traffic(plays, spacing, health_every), window))
    return Forecast(
        since,
        until,
        rate,
        cap,
        sum(since.timestamp() <= play.start < until.timestamp() for play in plays if not play.planned.line),
        stretches,
        late=tuple(lateness(plays, spacing, margin, window)),
        excesses=() if cap is None else tuple(_excesses(stretches, cap, plays, events, levels)),
    )


def _events(plays: list[Play]) -> Events:
    """What begins and ends to record, in order; of two at one instant, what ends comes first."""
    recorded = [(i, play) for i, play in enumerate(plays) if play.on < play.off]
    return sorted([(play.on, 1, i) for i, play in recorded] + [(play.off, 0, i) for i, play in recorded])


def _levels(events: Events) -> dict[int, _Level]:
    """The minutes in which something begins or ends to record."""
    found: dict[int, _Level] = {}
    level = 0
    for index, (at, on, _) in enumerate(events):
        minute = int(at // MINUTE)
        most, event, _ = found.get(minute) or (level, index - 1, 0)
        level += 1 if on else -1
        found[minute] = _Level(level, index, level) if level > most else _Level(most, event, level)
    return found


class _Traffic:
    """Requests by minute. Confirmations and health queries take what starts and stops leave, or wait."""

    def __init__(self, plays: list[Play], spacing: float, health_every: float) -> None:
        self._per_minute = MINUTE / spacing if spacing else inf
        self._health = MINUTE / health_every
        self.starts = Counter(int(play.start // MINUTE) for play in plays)
        self.stops = Counter(int(play.end // MINUTE) for play in plays)
        self._confirms = Counter(int((play.start + CONFIRM_AFTER) // MINUTE) for play in plays)
        self._urgent = Counter(int(play.off // MINUTE) for play in plays)
        for play in plays:
            self._urgent[int(play.on // MINUTE)] += PAIR
        self._asked = Counter(int((play.on + CONFIRM_AFTER) // MINUTE) for play in plays)
        self._waiting, self._next = 0.0, 0

    def minutes(self) -> set[int]:
        return {*self.starts, *self.stops, *self._confirms, *self._urgent, *self._asked}

    def stretch(self, minute: int, minutes: int, level: int) -> Stretch:
        """To be asked in order: what had to wait in one stretch is sent in the next."""
        starts, stops = self.starts[minute], self.stops[minute]
        wished = PAIR * starts + self._confirms[minute] + stops + minutes * level * self._health
        sent = self._sent(minute, minutes, level)
        seconds = MINUTE * minutes
        return Stretch(utc(minute * MINUTE), minutes, level, starts, stops, wished / seconds, sent / seconds)

    def _sent(self, minute: int, minutes: int, level: int) -> float:
        room = self._per_minute * minutes
        urgent = min(self._urgent[minute], room)
        waiting = self._waiting if minute == self._next else 0.0
        patient = waiting + self._asked[minute] + minutes * level * self._health
        sent = min(patient, room - urgent)
        self._waiting, self._next = patient - sent, minute + minutes
        return urgent + sent


def _stretches(levels: Mapping[int, _Level], traffic: _Traffic, window: range) -> Iterator[Stretch]:
    """Minute by minute where something happens, at one go where recordings merely go on."""
    level = 0
    minutes = sorted(levels.keys() | traffic.minutes())
    for minute, following in pairwise([*minutes, minutes[-1] + 1] if minutes else []):
        most, _, level = levels.get(minute) or (level, 0, level)
        yield from _within(traffic.stretch(minute, 1, most), window)
        if level and following > minute + 1:
            yield from _within(traffic.stretch(minute + 1, following - minute - 1, level), window)


def _within(stretch: Stretch, window: range) -> Iterator[Stretch]:
    first = int(stretch.at.timestamp()) // MINUTE
    since, until = max(first, window.start), min(first + stretch.minutes, window.stop)
    if since < until:
        yield replace(stretch, at=utc(since * MINUTE), minutes=until - since)


def _excesses(
    stretches: Iterable[Stretch], cap: int, plays: list[Play], events: Events, levels: Mapping[int, _Level]
) -> list[Excess]:
    """Stretches on end above the cap, as one."""
    runs: list[list[Stretch]] = []
    for found in stretches:
        if found.concurrent <= cap:
            continue
        joined = runs and runs[-1][-1].at + timedelta(minutes=runs[-1][-1].minutes) == found.at
        runs[-1].append(found) if joined else runs.append([found])
    worst = [max(run, key=lambda found: found.concurrent) for run in runs]
    reached = [_event_of(int(top.at.timestamp()) // MINUTE, events, levels) for top in worst]
    blamed = _recording(plays, events, set(reached))
    found_all = [
        Excess(run[0].at, sum(one.minutes for one in run), top.at, top.concurrent, cap, blamed[event])
        for run, top, event in zip(runs, worst, reached, strict=True)
    ]
    return sorted(found_all, key=lambda one: (-one.concurrent, one.at))


def _event_of(minute: int, events: Events, levels: Mapping[int, _Level]) -> int:
    """After which event a minute has its most recordings."""
    if minute in levels:
        return levels[minute].event
    return bisect_left(events, (minute * MINUTE, -1, -1)) - 1


def _recording(plays: list[Play], events: Events, wanted: Collection[int]) -> dict[int, Blame]:
    """The schedules that record after each of the wanted events."""
    found: dict[int, Blame] = {}
    live: Counter[str] = Counter()
    for index, (_, on, i) in enumerate(events):
        live[plays[i].planned.rule] += 1 if on else -1
        if index in wanted:
            found[index] = blame(live)
    return found
