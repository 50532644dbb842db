"""A week as a grid, pure geometry: a block for each occurrence, or counts by the hour where they are many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import ceil
from zoneinfo import ZoneInfo

WIDTH, LEFT, TOP, HOUR = 1000, 46, 24, 34  # of the picture, in its own units
DAYS = 7
MOST_BLOCKS = 150
USUAL = (8, 18)  # hours that are shown even where nothing is
SHADES = 5


@dataclass(frozen=True)
class Lesson:
    """What the grid shows of an occurrence; ``off``: it will not be recorded, and ``why``."""

    name: str
    starts: datetime
    ends: datetime
    slot: str
    off: bool = False
    why: str = ""


@dataclass(frozen=True)
class Block:
    lesson: Lesson
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Cell:
    """The most that are recorded at once within an hour; ``shade`` 1..5 says so beside the number."""

    x: float
    y: float
    count: int
    shade: int


@dataclass(frozen=True)
class Grid:
    days: tuple[tuple[float, date], ...]
    hours: tuple[tuple[float, str], ...]
    blocks: tuple[Block, ...]
    cells: tuple[Cell, ...]
    column: float
    height: float


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def grid(lessons: Iterable[Lesson], first: date, zone: ZoneInfo) -> Grid:
    """The seven days from ``first``, by the wall clock of ``zone``."""
    shown = [
        one for one in lessons if first <= one.starts.astimezone(zone).date() < first + timedelta(days=DAYS)
    ]
    low, high = _span(shown, zone)
    column = (WIDTH - LEFT) / DAYS
    many = len(shown) > MOST_BLOCKS
    days = tuple((LEFT + index * column, first + timedelta(days=index)) for index in range(DAYS))
    hours = tuple((TOP + (hour - low) * HOUR, f"{hour:02}:00") for hour in range(low, high + 1))
    blocks = () if many else tuple(_blocks(shown, first, zone, low, column))
    cells = tuple(_cells(shown, first, zone, low, column)) if many else ()
    return Grid(days, hours, blocks, cells, column, TOP + (high - low) * HOUR + 6)


def _span(lessons: Sequence[Lesson], zone: ZoneInfo) -> tuple[int, int]:
    low, high = USUAL
    for one in lessons:
        starts, ends = one.starts.astimezone(zone), one.ends.astimezone(zone)
        low = min(low, starts.hour)
        over = ends.date() > starts.date()
        high = 24 if over else max(high, ceil(_hour(ends)))
    return low, high


def _hour(at: datetime) -> float:
    return at.hour + at.minute / 60 + at.second / 3600


def _blocks(
    lessons: Sequence[Lesson], first: date, zone: ZoneInfo, low: int, column: float
) -> Iterable[Block]:
    by_day: dict[int, list[Lesson]] = {}
    for one in sorted(lessons, key=lambda one: (one.starts, one.name)):
        by_day.setdefault((one.starts.astimezone(zone).date() - first).days, []).append(one)
    for day, ones in by_day.items():
        for together in _together(ones):
            width = (column - 6) / len(together)
            for place, one in enumerate(together):
                begin, end = _hour(one.starts.astimezone(zone)), _end(one, zone)
                y, height = TOP + (begin - low) * HOUR, max(10.0, (end - begin) * HOUR - 2)
                yield Block(
                    one,
                    round(LEFT + day * column + 3 + place * width, 1),
                    round(y, 1),
                    round(width - 2, 1),
                    round(height, 1),
                )


def _end(one: Lesson, zone: ZoneInfo) -> float:
    ends = one.ends.astimezone(zone)
    return 24.0 if ends.date() > one.starts.astimezone(zone).date() else _hour(ends)


def _together(ones: Sequence[Lesson]) -> list[list[Lesson]]:
    """Groups of lessons of which each overlaps another: they share the column's width."""
    groups: list[list[Lesson]] = []
    until: datetime | None = None
    for one in ones:
        if until is not None and one.starts < until:
            groups[-1].append(one)
            until = max(until, one.ends)
        else:
            groups.append([one])
            until = one.ends
    return groups


def _cells(lessons: Sequence[Lesson], first: date, zone: ZoneInfo, low: int, column: float) -> Iterable[Cell]:
    spans: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for one in lessons:
        if one.off:
            continue
        day = (one.starts.astimezone(zone).date() - first).days
        begin, end = _hour(one.starts.astimezone(zone)), _end(one, zone)
        for hour in range(int(begin), max(int(begin) + 1, ceil(end))):
            spans.setdefault((day, hour), []).append((max(begin, hour), min(end, hour + 1)))
    counts = {cell: _at_once(found) for cell, found in spans.items()}
    most = max(counts.values(), default=1)
    for (day, hour), count in sorted(counts.items()):
        shade = ceil(SHADES * count / most)
        yield Cell(round(LEFT + day * column, 1), TOP + (hour - low) * HOUR, count, shade)


def _at_once(spans: Sequence[tuple[float, float]]) -> int:
    """The most of them at one moment; what ends when another begins does not meet it."""
    steps = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans])
    level = most = 0
    for _, step in steps:
        level += step
        most = max(most, level)
    return most


def week_of(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """[since, until) of the week that begins on ``day``, aware."""
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=DAYS), time(), zone)
