"""Timetable files: a school's or a team's schedules as YAML or CSV that people edit, review and apply.

A file is read as a whole or not at all: every fault is told at once, with its line. The files know nothing of
what was recorded; :mod:`.difference` compares them with what is in force.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from schedules import document
from schedules.csv_rows import read_csv
from schedules.examination import Check, examine
from schedules.faults import Fault, Faults, TimetableErrors
from schedules.lined import Item
from schedules.rule import Rule
from schedules.writing import write
from schedules.yaml_lines import read_yaml

__all__ = ["Check", "Fault", "Format", "Timetable", "TimetableErrors", "read", "read_text", "write"]

Format = Literal["yaml", "csv"]
FORMATS: Mapping[str, Format] = {".yaml": "yaml", ".yml": "yaml", ".csv": "csv"}


@dataclass(frozen=True)
class Timetable:
    """What a file says. ``lines`` tells where: ``schedules.math-7b.slots``, ``calendars.holidays`` -> 14."""

    rules: dict[str, Rule]
    calendars: dict[str, tuple[str, ...]]
    source: str
    lines: Mapping[str, int]


def read(
    path: str | Path,
    *,
    known_calendars: Collection[str] = (),
    check: Check | None = None,
    timezone: str | None = None,
) -> Timetable:
    """The timetable of a .yaml, .yml or .csv file. See :func:`read_text`."""
    path, faults = Path(path), Faults(str(path))
    if path.suffix.lower() not in FORMATS:
        raise faults.stop(0, "is none of .yaml, .yml and .csv")
    try:
        text = _decoded(path.read_bytes(), faults)
    except OSError as error:
        raise faults.stop(0, f"cannot be read: {error.strerror}") from None
    return read_text(
        text,
        str(path),
        FORMATS[path.suffix.lower()],
        folder=path.parent,
        known_calendars=known_calendars,
        check=check,
        timezone=timezone,
    )


def read_text(
    text: str,
    name: str,
    format: Format,
    *,
    folder: Path | None = None,
    known_calendars: Collection[str] = (),
    check: Check | None = None,
    timezone: str | None = None,
) -> Timetable:
    """The timetable of a text; ``name`` stands in messages. Raises TimetableErrors with all faults.

    ``folder``: where ``ical_file`` is looked for; None forbids it. ``known_calendars`` are defined elsewhere.
    ``check`` adds faults (member, message) of a rule. ``timezone`` counts where the file names none.
    """
    faults = Faults(name)
    text = text.removeprefix("\ufeff")
    top = document.sections(read_yaml(text, faults) if format == "yaml" else read_csv(text, faults), faults)
    calendars = document.calendars(top.get("calendars"), faults)
    zone = top.get("timezone") or (Item(timezone, 0, "timezone") if timezone else None)
    default = document.defaults(top.get("defaults"), zone, faults)
    known = {*calendars, *known_calendars}
    if default.members:
        examine(document.sample(default), faults)
    rules, lines = {}, _lines(top.get("calendars"))
    for label, written in document.schedules(top.get("schedules"), faults).items():
        schedule = document.merged(label, written, default, folder, faults)
        document.unknown_calendars(schedule, known, faults)
        rule = examine(schedule, faults, check)
        if rule is not None:
            rules[rule.name] = rule
        lines.update(_lines_of(written.field, schedule))
    faults.settle()
    return Timetable(rules, calendars, name, lines)


def _lines(section: Item | None) -> dict[str, int]:
    return {item.field: item.line for item in section.members.values()} if section else {}


def _lines_of(field: str, schedule: Item) -> dict[str, int]:
    """Where each member of a schedule comes from; a default's line is that of the default."""
    inner = {f"{field}.{name}": item.line for name, item in schedule.members.items()}
    return {field: schedule.line, **inner}


def _decoded(data: bytes, faults: Faults) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise faults.stop(1, "is UTF-16; save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise faults.stop(line, f"is not UTF-8 (byte 0x{data[error.start]:02x}); save it as UTF-8") from None
