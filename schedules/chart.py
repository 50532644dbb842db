"""Forecasts and weeks as plain text, for a terminal of any width from 60 columns on."""

from __future__ import annotations

import textwrap
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from schedules.foreseen import Forecast, Stretch
from schedules.recurrence import Slot
from schedules.slots import DAYS

BARS = " ▁▂▃▄▅▆▇█"
OVER, PEAK = "▲", "◂"
SIDES = 27  # columns of a band beside its bars: "Mon 08 Mar ▕" and "▏ 1234 at 09:00"
COLUMNS = (144, 96, 48, 24)  # into how many slices a day can be cut
EMPTY = "nothing is planned"
HOUR = 5  # columns of "09:00"
NOT, PAUSED, MOVED = "x", "=", "*"
STYLES = {NOT: "\x1b[2;9m", PAUSED: "\x1b[33m", MOVED: "\x1b[36m"}  # dim and struck through, yellow, cyan

Cells = dict[date, list[float]]
Peaks = dict[date, tuple[float, datetime]]


def chart(forecast: Forecast, zone: tzinfo = UTC, *, width: int = 80) -> str:
    """Two bands for each day on which something is recorded: recordings at once, and requests a second."""
    if not forecast.stretches:
        return EMPTY
    cut = next((columns for columns in COLUMNS if columns + SIDES <= width), COLUMNS[-1])
    cap, rate = forecast.cap, forecast.rate
    crowd = [(stretch, float(stretch.concurrent)) for stretch in forecast.stretches]
    sent = [(stretch, stretch.served) for stretch in forecast.stretches]
    return "\n".join(
        [
            f"recordings at once, {f'the cap is {cap}' if cap is not None else 'no cap'}",
            *_bands(crowd, None if cap is None else float(cap), zone, cut, "{:.0f}"),
            "",
            f"requests a second, {f'the rate is {rate:g}' if rate else 'no limit'}",
            *_bands(sent, rate or None, zone, cut, "{:.1f}"),
        ]
    )


def _bands(
    values: list[tuple[Stretch, float]], limit: float | None, zone: tzinfo, cut: int, form: str
) -> Iterator[str]:
    cells, peaks = _days(values, zone, cut)
    top = max(value for value, _ in peaks.values())
    yield f"{'':12}" + "".join(f"{hour:<{cut // 8}}" for hour in range(0, 24, 3)).rstrip()
    full = limit if limit is not None else top
    for day, row in cells.items():
        value, at = peaks[day]
        mark = f" {PEAK}" if value == top else ""
        bars = "".join(_bar(one, full, limit) for one in row)
        yield f"{day:%a %d %b} ▕{bars}▏ {form.format(value)} at {at:%H:%M}{mark}"
    days = [day for day, (value, _) in peaks.items() if value == top]
    also = f" and on {len(days) - 1} more" if len(days) > 1 else ""
    yield f"{PEAK} the peak: {form.format(top)} on {peaks[days[0]][1]:%a %d %b at %H:%M}{also}" + (
        f", {OVER} is over the limit" if limit is not None and top > limit else ""
    )


def _days(values: Iterable[tuple[Stretch, float]], zone: tzinfo, cut: int) -> tuple[Cells, Peaks]:
    """The highest value of each slice of each local day, and each day's highest with its first minute."""
    cells: Cells = {}
    peaks: Peaks = {}
    for stretch, value in values:
        for at in _instants(stretch, cut):
            local = at.astimezone(zone)
            row = cells.setdefault(local.date(), [0.0] * cut)
            column = (local.hour * 60 + local.minute) * cut // 1440
            row[column] = max(row[column], value)
            if value > peaks.get(local.date(), (-1.0, local))[0]:
                peaks[local.date()] = (value, local)
    return cells, peaks


def _instants(stretch: Stretch, cut: int) -> Iterator[datetime]:
    """One minute at least of every slice that the stretch touches."""
    step = 1440 // cut
    for minute in range(0, stretch.minutes, step):
        yield stretch.at + timedelta(minutes=minute)
    yield stretch.at + timedelta(minutes=stretch.minutes - 1)


def _bar(value: float, full: float, limit: float | None) -> str:
    if limit is not None and value > limit:
        return OVER
    eighths = int(value / full * 8) if full else 0
    return BARS[max(eighths, 1 if value > 0 else 0)]


def week_grid(slots: Sequence[Slot], zone: tzinfo, *, width: int = 80, color: bool = False) -> str:
    """Weeks of classes, monday to sunday by the clock of ``zone``, with the hours at which some begin.

    ``color``: with escape sequences of a terminal, also struck through what is not recorded.
    """
    if not slots:
        return EMPTY
    weeks: dict[date, list[tuple[datetime, Slot]]] = defaultdict(list)
    for slot in sorted(slots, key=lambda one: (one.occurrence.begins, one.occurrence.rule)):
        local = slot.occurrence.begins.astimezone(zone)
        weeks[local.date() - timedelta(days=local.weekday())].append((local, slot))
    size = max((width - HOUR) // 7 - 1, 4)
    rules = {slot.occurrence.rule for slot in slots}
    alone = rules.pop() if len(rules) == 1 else ""
    lines = [line for monday, found in weeks.items() for line in _week(monday, found, alone, size, color)]
    legend = [textwrap.wrap(line, width, subsequent_indent="  ") for line in _legend(slots, zone)]
    return "\n".join([*lines, *(line for wrapped in legend for line in wrapped)])


def _week(
    monday: date, slots: list[tuple[datetime, Slot]], alone: str, size: int, color: bool
) -> Iterator[str]:
    """``alone``: the name of the only schedule, which need not stand in every cell."""
    title = f"week {monday.isocalendar().week}, {monday:%d %b} to {monday + timedelta(days=6):%d %b %Y}"
    yield f"{title}: {alone}" if alone else title
    heads = [f"{name} {monday + timedelta(days=step):%d}"[:size] for step, name in enumerate(DAYS)]
    yield (" " * HOUR + "".join(f" {head:<{size}}" for head in heads)).rstrip()
    step = 60 if all(local.minute == 0 for local, _ in slots) else 30
    rows: dict[int, dict[int, list[tuple[datetime, Slot]]]] = defaultdict(lambda: defaultdict(list))
    for local, slot in slots:
        rows[(local.hour * 60 + local.minute) // step][local.weekday()].append((local, slot))
    for row, cells in sorted(rows.items()):
        drawn = [
            _painted(*_cell(cells.get(day, []), step, bool(alone), size), size, color) for day in range(7)
        ]
        yield f"{row * step // 60:02}:{row * step % 60:02} {' '.join(drawn)}".rstrip()
    yield ""


def _cell(slots: list[tuple[datetime, Slot]], step: int, alone: bool, size: int) -> tuple[str, str]:
    """What a cell says, and the mark by which it is coloured.

    One class is named, or shown by its end if all are of one schedule; several are counted.
    """
    moved = MOVED if any(slot.occurrence.note for _, slot in slots) else ""
    if len(slots) == 1:
        mark = _mark(slots[0][1])
        text = f"{mark} {_one(*slots[0], step, alone)}".lstrip()
        return _fitted(text, size - len(moved)) + moved, mark or moved
    marks = Counter(_mark(slot) for _, slot in slots)
    parts = [f"{n}{mark}" for mark in ("", PAUSED, NOT) if (n := marks[mark])]
    text = f"{parts[0]} classes" if len(parts) == 1 else " ".join(parts)
    return _fitted(text, size - len(moved)) + moved, next(iter(marks)) if len(marks) == 1 else moved


def _one(local: datetime, slot: Slot, step: int, alone: bool) -> str:
    minute = f":{local.minute:02}" if local.minute % step else ""
    if alone:
        return f"{minute}-{slot.occurrence.ends.astimezone(local.tzinfo):%H:%M}"
    return f"{minute} {slot.occurrence.rule}".lstrip()


def _mark(slot: Slot) -> str:
    if slot.off is None:
        return ""
    return PAUSED if slot.off.startswith("paused") else NOT


def _painted(text: str, mark: str, size: int, color: bool) -> str:
    room = " " * (size - _columns(text))
    return f"{STYLES[mark]}{text}\x1b[0m{room}" if color and mark and text else text + room


def _legend(slots: Sequence[Slot], zone: tzinfo) -> Iterator[str]:
    for mark, meaning in ((NOT, "not recorded"), (PAUSED, "paused")):
        reasons = Counter((slot.off or "").removeprefix("paused: ") for slot in slots if _mark(slot) == mark)
        if reasons:
            told = ", ".join(f"{reason} ({times})" for reason, times in sorted(reasons.items()))
            yield f"{mark} {meaning}: {told}"
    for note in dict.fromkeys(slot.occurrence.note for slot in slots if slot.occurrence.note):
        yield f"{MOVED} {note}"
    begins = sorted(slot.occurrence.begins.astimezone(zone) for slot in slots if slot.off is None)
    if not begins:
        yield "nothing of it is recorded"
    elif len(begins) == 1:
        yield f"1 recording: {begins[0]:%a %d %b %Y %H:%M}"
    else:
        form = "%a %d %b %Y %H:%M"
        yield f"{len(begins)} recordings: the first {begins[0]:{form}}, the last {begins[-1]:{form}}"


def _fitted(text: str, size: int) -> str:
    """At most ``size`` columns of it; what is cut ends in an ellipsis."""
    if _columns(text) <= size:
        return text
    while text and _columns(text) > size - 1:
        text = text[:-1]
    return f"{text}…"


def _columns(text: str) -> int:
    """Terminal columns: wide characters take two, combining ones none."""
    wide = sum(unicodedata.east_asian_width(one) in "WF" for one in text)
    return len(text) + wide - sum(unicodedata.combining(one) > 0 for one in text)
