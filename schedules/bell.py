"""The crowd at a bell: starts are spread before it, as closely as the request rate allows.

The vendor takes so many requests a second for an app, and a start costs two, acquire and start. Whoever may
begin early (``lead``) begins just early enough for all to record by the bell: the places are given out from
the bell backwards, the more important ones closest to it. Stops cannot wait and go before all else, so their
places are taken already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import groupby
from math import ceil
from typing import NamedTuple

STOP, START, ACQUIRE, CONFIRM, QUERY = 0, 1, 2, 3, 5  # ranks in which the budget serves; the lowest first
PAIR = 2  # slots of one start: acquire, then start
MICRO = 1_000_000  # all sums are of whole microseconds: a thousand floating slots end where nobody began


@dataclass(frozen=True)
class Start:
    """A recording that shall run by ``at`` (epoch seconds) and may be begun ``lead`` seconds before it."""

    id: str
    at: float
    lead: float
    priority: int = 0


class Request(NamedTuple):
    """``slots`` requests from ``at`` on, one after the other. A start is ``Request(at, ACQUIRE, PAIR)``."""

    at: float
    rank: int
    slots: int = 1


class _Place(NamedTuple):
    """A start in the crowd, in microseconds; ``by``: when its pair must be over."""

    start: Start
    earliest: int
    by: int


def spread(
    starts: Sequence[Start], stops: Sequence[float], *, spacing: float, margin: float
) -> dict[str, float]:
    """When each start begins, by id, within [at - lead, at]; in whatever order they are given.

    ``spacing``: seconds from one slot to the next. ``margin``: seconds from a pair's last slot until it
    records. A start with room everywhere begins as late as it may; one whose lead is shorter than that takes,
    at ``at - lead``. What finds no place within its lead begins right behind those that did, at
    ``at - margin``: earlier it would only push one that is more important past the bell.
    """
    pair, rest = PAIR * _slot(spacing), _micro(margin)
    loads = [(_micro(at), _slot(spacing)) for at in stops]
    begins: dict[str, int] = {}
    crowd: list[_Place] = []
    for start in starts:
        earliest, by = _micro(start.at - start.lead), _micro(start.at) - rest
        if by - pair > earliest:
            crowd.append(_Place(start, earliest, by))
        else:
            begins[start.id] = earliest
            loads.append((earliest, pair))
    begins |= _backwards(crowd, _busy(loads), pair, rest)
    return {start.id: min(max(begins[start.id] / MICRO, start.at - start.lead), start.at) for start in starts}


def _backwards(crowd: list[_Place], taken: list[tuple[int, int]], pair: int, rest: int) -> dict[str, int]:
    """Places from the last bell to the first; at each instant for whoever may be moved ahead the least.

    Earliest deadline first, in a mirror: where all can be placed, this places all, but for the fragments
    shorter than a pair that are left between what is ``taken``.
    """
    coming = sorted(crowd, key=lambda place: place.by)
    waiting: list[tuple[int, int, str, _Place]] = []
    begins: dict[str, int] = {}
    left: list[_Place] = []
    end = coming[-1].by if coming else 0
    while coming or waiting:
        end = _clear(end if waiting else min(end, coming[-1].by), pair, taken)
        while coming and coming[-1].by >= end:
            place = coming.pop()
            heappush(waiting, (-place.earliest, -place.start.priority, place.start.id, place))
        place = heappop(waiting)[-1]
        if end - pair >= place.earliest:
            end -= pair
            begins[place.start.id] = end
        else:
            left.append(place)
    return begins | _behind(left, pair, rest)


def _clear(end: int, pair: int, taken: list[tuple[int, int]]) -> int:
    """The latest instant up to ``end`` by which a pair can be over. Drops what is taken behind it."""
    while taken and taken[-1][1] > end - pair:
        end = min(end, taken.pop()[0])
    return end


def _behind(left: list[_Place], pair: int, rest: int) -> dict[str, int]:
    """Those without a place: one after the other behind their bell's last pair, none later than the bell."""
    begins: dict[str, int] = {}
    order = sorted(left, key=lambda place: (place.by, -place.start.priority, place.start.id))
    for by, places in groupby(order, key=lambda place: place.by):
        crowd = list(places)
        step = min(pair, rest // len(crowd))
        begins |= {place.start.id: by + step * at for at, place in enumerate(crowd)}
    return begins


def _busy(loads: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The stretches in which one server works on loads of (instant, duration), in order."""
    found: list[tuple[int, int]] = []
    for at, duration in sorted(loads):
        if found and at <= found[-1][1]:
            found[-1] = (found[-1][0], found[-1][1] + duration)
        elif duration:
            found.append((at, at + duration))
    return found


def serve(requests: Sequence[Request], *, spacing: float) -> list[float]:
    """When the last slot of each request is over, in the order given, if one budget serves them all.

    Each slot goes to the lowest rank, then to whoever has been due the longest, then as they were given. A
    pair's second slot goes ahead of every new pair. No slot is left unused while anybody is due.
    """
    slot, now = _slot(spacing), 0
    coming = sorted(((_micro(one.at), one.rank, i) for i, one in enumerate(requests)), reverse=True)
    due: list[tuple[int, int, int]] = []
    slots = [one.slots for one in requests]
    over = [one.at for one in requests]
    while coming or due:
        if not due:
            now = max(now, coming[-1][0])
        while coming and coming[-1][0] <= now:
            at, rank, i = coming.pop()
            heappush(due, (rank, at, i))
        rank, at, i = heappop(due)
        now += slot
        slots[i] -= 1
        over[i] = now / MICRO
        if slots[i] > 0:
            heappush(due, (START if rank == ACQUIRE else rank, at, i))
    return over


def _micro(seconds: float) -> int:
    return round(seconds * MICRO)


def _slot(spacing: float) -> int:
    """Rounded up, so that a crowd of thousands is not promised a rate that the budget does not give."""
    return ceil(round(spacing * MICRO, 3))
