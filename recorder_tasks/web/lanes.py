"""A day as lanes: pure geometry, in pixels, of what was planned and what was recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from recorder_tasks.core.session import State
from recorder_tasks.recording import Recording, TakeView

ROW = 28  # pixels
GAP = 4
LATE = timedelta(seconds=10)  # a start within it is on time
ALONE = "–"
CHANNEL, SCHEDULE, APP = "channel", "schedule", "app"
NARROWEST = 3.0


@dataclass(frozen=True)
class Piece:
    """One run of a recorder within a bar: ``kind`` is take, next (after another), lost or live."""

    x: float
    width: float
    kind: str
    says: str


@dataclass(frozen=True)
class Bar:
    """One recording: the plan, its runs, and the part that it began late by (0: in time)."""

    recording: Recording
    x: float
    width: float
    y: int
    pieces: tuple[Piece, ...]
    late: float
    trouble: bool


@dataclass(frozen=True)
class Lane:
    """Bars of one room, schedule, channel or app; those that overlap stand in rows below each other."""

    name: str
    y: int
    height: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Scale:
    """Instants to pixels."""

    since: datetime
    until: datetime
    an_hour: float

    def x(self, at: datetime) -> float:
        at = min(max(at, self.since), self.until)
        return round((at - self.since).total_seconds() / 3600 * self.an_hour, 1)

    @property
    def width(self) -> float:
        return self.x(self.until)


def groupings(recordings: Iterable[Recording]) -> list[str]:
    """By what lanes can be made of these, the likeliest first: a label of most, schedules, channels, apps."""
    found = list(recordings)
    labels = Counter(name for one in found for name in one.labels if not name.startswith("adopted"))
    usual = [name for name, count in labels.most_common() if 2 * count >= len(found)]
    usual.sort(key=lambda name: (name != "room", name))
    rest = sorted(name for name in labels if name not in usual)
    planned = any(one.schedule for one in found)
    return [*usual, *([SCHEDULE] if planned else []), CHANNEL, *rest, APP]


def lane_of(one: Recording, by: str) -> str:
    if by == CHANNEL:
        return one.channel
    if by == APP:
        return one.app
    if by == SCHEDULE:
        return one.schedule or ALONE
    return one.labels.get(by, ALONE)


def lanes(recordings: Iterable[Recording], by: str, scale: Scale, now: datetime) -> list[Lane]:
    """The lanes in alphabetical order, those without a name last."""
    grouped: dict[str, list[Recording]] = {}
    for one in sorted(recordings, key=lambda one: (one.start, one.session_id)):
        grouped.setdefault(lane_of(one, by), []).append(one)
    found, y = [], 0
    for name in sorted(grouped, key=lambda name: (name == ALONE, _natural(name))):
        rows = _rows(grouped[name], now)
        bars = tuple(
            _bar(one, y + GAP + row * ROW, scale, now) for row, ones in enumerate(rows) for one in ones
        )
        height = len(rows) * ROW + 2 * GAP
        found.append(Lane(name, y, height, bars))
        y += height
    return found


def _natural(name: str) -> list[tuple[int, int, str]]:
    """room 2 before room 10."""
    parts: list[tuple[int, int, str]] = []
    digits = ""
    for letter in [*name.casefold(), ""]:
        if letter.isdecimal():
            digits += letter
            continue
        if digits:
            parts.append((0, int(digits), ""))
            digits = ""
        parts.append((1, 0, letter))
    return parts


def _rows(ones: Sequence[Recording], now: datetime) -> list[list[Recording]]:
    """Each into the first row that is free by its start."""
    rows: list[list[Recording]] = []
    ends: list[datetime] = []
    for one in ones:
        start, end = one.start, _end(one, now)
        free = next((row for row, until in enumerate(ends) if until <= start), None)
        if free is None:
            rows.append([one])
            ends.append(end)
        else:
            rows[free].append(one)
            ends[free] = max(ends[free], end)
    return rows


def _end(one: Recording, now: datetime) -> datetime:
    """Until when its bar reaches: the plan, or a recorder that outlasts it."""
    runs = [_until(take, one, now) for take in one.takes if take.accepted_at is not None]
    return max([one.end, *runs])


def _until(take: TakeView, one: Recording, now: datetime) -> datetime:
    """Until when that recorder recorded, as far as anybody knows."""
    return take.ended_at or take.missing_since or (one.end if one.finished else now)


def _bar(one: Recording, y: int, scale: Scale, now: datetime) -> Bar:
    x = scale.x(one.start)
    begun = min((take.confirmed_at for take in one.takes if take.confirmed_at), default=None)
    wanted = one.start if begun is not None or one.start > now else None
    late = 0.0
    if begun is not None and wanted is not None and begun > wanted + LATE:
        late = scale.x(begun) - x
    elif begun is None and one.start + LATE < now and one.state is not State.CANCELLED:
        late = scale.x(min(now, one.end)) - x
    missed = one.state in (State.MISSED, State.FAILED)
    return Bar(
        recording=one,
        x=x,
        width=max(NARROWEST, scale.x(one.end) - x),
        y=y,
        pieces=tuple(_pieces(one, scale, now)),
        late=late,
        trouble=missed or bool(one.alerts) or one.diagnosis is not None,
    )


def _pieces(one: Recording, scale: Scale, now: datetime) -> Iterable[Piece]:
    first: set[int] = set()
    for take in one.takes:
        if take.accepted_at is None:
            continue
        live = take.ended_at is None and not one.finished
        x, end = scale.x(take.accepted_at), scale.x(_until(take, one, now))
        kind = _kind(take, live=live, later=take.line in first)
        first.add(take.line)
        says = f"uid {take.uid}" + (f", {take.end.value}" if take.end else "")
        yield Piece(x, max(NARROWEST, end - x), kind, says)


def _kind(take: TakeView, *, live: bool, later: bool) -> str:
    if take.missing_since is not None and take.ended_at is None:
        return "lost"
    if live:
        return "live"
    return "next" if later else "take"
