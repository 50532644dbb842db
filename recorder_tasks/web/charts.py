"""The forecast as a picture, pure geometry: recordings at once and requests a second against their limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from schedules.foreseen import Forecast, Stretch

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 1000, 150, 40, 12, 22  # of the picture, in its own units
SHORT = timedelta(days=2)


@dataclass(frozen=True)
class Chart:
    """One band: ``area`` and ``wish`` are SVG paths, ``cap`` where the limit stands (None: no limit)."""

    title: str
    area: str
    wish: str
    cap: float | None
    limit: float | None
    ticks: tuple[tuple[float, str], ...]
    marks: tuple[tuple[float, datetime], ...]
    most: float
    at: datetime | None


def concurrency(found: Forecast, zone: ZoneInfo) -> Chart:
    """Recordings at once, minute by minute."""
    limit = None if found.cap is None else float(found.cap)
    values = [(one, float(one.concurrent)) for one in found.stretches]
    return _chart("concurrent", found, values, (), limit, zone)


def requests(found: Forecast, zone: ZoneInfo) -> Chart:
    """Requests a second: as they will be sent, and (the wish) if every start were made at its bell."""
    values = [(one, one.served) for one in found.stretches]
    wishes = [(one, one.demanded) for one in found.stretches]
    return _chart("requests", found, values, wishes, found.rate or None, zone)


def _chart(
    title: str,
    found: Forecast,
    values: Sequence[tuple[Stretch, float]],
    wishes: Sequence[tuple[Stretch, float]],
    limit: float | None,
    zone: ZoneInfo,
) -> Chart:
    most, at = 0.0, None
    for one, value in values:
        if value > most:
            most, at = value, one.at
    top = _round(max(most, limit or 0.0, 1.0))
    frame = _Frame(found.since, found.until, top)
    return Chart(
        title=title,
        area=frame.area(values),
        wish=frame.line((one, min(value, top)) for one, value in wishes),
        cap=None if limit is None else frame.y(limit),
        limit=limit,
        ticks=tuple((frame.y(top * part / 2), f"{top * part / 2:g}") for part in range(3)),
        marks=tuple(_marks(frame, zone)),
        most=most,
        at=at,
    )


def _round(value: float) -> float:
    """The next number that reads well on an axis."""
    for step in (1, 2, 4, 5, 6, 8, 10, 12, 16, 20, 30, 40, 50, 60, 80, 100):
        if value <= step:
            return float(step)
    return float(ceil(value / 100) * 100)


@dataclass(frozen=True)
class _Frame:
    since: datetime
    until: datetime
    top: float

    def x(self, at: datetime) -> float:
        share = (at - self.since) / max(self.until - self.since, timedelta(seconds=1))
        return round(LEFT + min(max(share, 0.0), 1.0) * (WIDTH - LEFT), 2)

    def y(self, value: float) -> float:
        return round(TOP + (1 - value / self.top) * (HEIGHT - TOP - BOTTOM), 2)

    def area(self, values: Iterable[tuple[Stretch, float]]) -> str:
        """Steps from the floor: what is between two stretches is none."""
        floor, path = self.y(0), ""
        for one, value in values:
            begin, end = self.x(one.at), self.x(one.at + timedelta(minutes=one.minutes))
            if value > 0:
                path += f"M{begin} {floor}V{self.y(value)}H{max(end, begin + 0.6):.2f}V{floor}Z"
        return path

    def line(self, values: Iterable[tuple[Stretch, float]]) -> str:
        path = ""
        for one, value in values:
            begin, end = self.x(one.at), self.x(one.at + timedelta(minutes=one.minutes))
            if value > 0:
                path += f"M{begin} {self.y(value)}H{max(end, begin + 0.6):.2f}"
        return path


def _marks(frame: _Frame, zone: ZoneInfo) -> Iterable[tuple[float, datetime]]:
    """Midnights, and every third hour where there are only few days."""
    hours = 3 if frame.until - frame.since <= SHORT else 24
    at = frame.since.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    while at < frame.until:
        if at >= frame.since or (hours == 24 and frame.since - at < timedelta(hours=20)):
            yield frame.x(at), at
        at = (at + timedelta(hours=hours)).replace(fold=0)
