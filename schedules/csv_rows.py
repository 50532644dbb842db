"""CSV timetables, as schools export them: one row per lesson, several rows of one name make one schedule."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace

from schedules.examination import STAND_INS
from schedules.faults import Faults, quoted, suggestion
from schedules.lined import Item
from schedules.rule import Rule
from schedules.yaml_lines import meaning

DELIMITERS = ",;\t|"
HOURS = ("day", "from", "to")
COLUMNS = (*(name for name in Rule.model_fields if name not in ("labels", "recording")), *HOURS, "ical_file")
GROWING = ("slots", "dates", "also")  # each row adds to them; in anything else the rows of one name agree
DOTTED = {"label": "labels", "recording": "recording"}
CLOCK = re.compile(r"(\d{1,2}:\d{2})(?::00)?")  # spreadsheets add seconds
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
SEPARATOR = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # the first line of some spreadsheets

Row = dict[str, Item]


def read_csv(text: str, faults: Faults) -> Item | None:
    """The values that a YAML file would hold, each with the line of its row; None if there are no rows."""
    rows = _rows(text, faults)
    line, header = next(rows, (0, []))
    if not header:
        return None
    columns = _known([_column(name) for name in header], line, faults)
    found: dict[str, Row] = {}
    for line, cells in rows:
        row = _row(columns, cells, line, faults)
        if row.get("name"):
            name = str(row["name"].value)
            found[name] = _agreed(found[name], row, faults) if name in found else row
        elif "name" in columns:
            faults.add(line, "name", "the row has no name")
    named = {name: _schedule(row, f"schedules.{name}") for name, row in found.items()}
    return Item({"schedules": Item(named, 1, "schedules")}, 1, "")


def _rows(text: str, faults: Faults) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, each with the line on which it begins."""
    first, _, rest = text.partition("\n")
    told = SEPARATOR.fullmatch(first.rstrip("\r"))
    skipped, text = (1, rest) if told else (0, text)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=told[1] if told else _delimiter(text), strict=True
    )
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line + skipped, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise faults.stop(line + skipped, f"is not CSV: {error}") from None


def _delimiter(text: str) -> str:
    """What separates the most cells of the header."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    return max(DELIMITERS, key=header.count)


def _column(name: str) -> str:
    """Case counts in the names of labels and of members of the recording only."""
    group, dot, rest = name.strip().partition(".")
    return {"labels": "label"}.get(group.lower(), group.lower()) + dot + rest if dot else group.lower()


def _known(columns: list[str], line: int, faults: Faults) -> list[str]:
    """The columns with those that mean nothing left without a name."""
    for column in dict.fromkeys(column for column in columns if column):
        if not _is_known(column):
            there_are = f" (there are: {', '.join(COLUMNS)}, label.room, recording.mode)"
            faults.add(line, column, "there is no such column" + suggestion(column, COLUMNS, there_are))
        if columns.count(column) > 1:
            faults.add(line, column, "is the name of two columns")
        if any(other.startswith(f"{column}.") for other in columns):
            faults.add(line, column, f"cannot be a value beside columns {column}.*")
    if "name" not in columns:
        faults.add(line, "name", "there is no such column, and every row needs a name")
    return [column if _is_known(column) else "" for column in columns]


def _is_known(column: str) -> bool:
    group, _, rest = column.partition(".")
    return column in COLUMNS or (group in DOTTED and bool(rest))


def _row(columns: list[str], cells: list[str], line: int, faults: Faults) -> Row:
    """The cells of a row that are not empty, by column; its day and hours as a slot."""
    if any(cell.strip() for cell in cells[len(columns) :]):
        faults.add(line, "", f"the row has {len(cells)} cells, the header {len(columns)}")
    given = {
        column: cell.strip() for column, cell in zip(columns, cells, strict=False) if column and cell.strip()
    }
    name = given.get("name", "")
    row = {}
    for column, text in given.items():
        row[column] = _cell(column, text, line, f"schedules.{name}.{column}")
    hours = {column: row.pop(column) for column in HOURS if column in row}
    if hours:
        _add_hours(row, hours, Item(None, line, f"schedules.{name}"), faults)
    return row


def _cell(column: str, text: str, line: int, field: str) -> Item:
    if column == "exceptions":
        return Item([Item(part, line, field) for part in re.split(r"[;,\s]+", text) if part], line, field)
    if column in GROWING:
        return Item(
            [Item(part.strip(), line, field) for part in text.split(";") if part.strip()], line, field
        )
    return Item(text, line, field, meaning(text))


def _add_hours(row: Row, hours: Row, place: Item, faults: Faults) -> None:
    """``day``, ``from`` and ``to`` as one more slot, or as one of ``dates`` if the day is a date."""
    day = str(hours["day"].value) if "day" in hours else ""
    member = "dates" if DATE.fullmatch(day) else "slots"
    clocks = [CLOCK.fullmatch(str(hours[column].value)) for column in HOURS[1:] if column in hours]
    row.setdefault(member, Item([], place.line, f"{place.field}.{member}"))
    if not day or "from" not in hours:
        faults.at(place.find(["from" if day else "day"]), "is missing; day, from and to go together")
    elif None in clocks:
        wrong = next(column for column in HOURS[1:] if not CLOCK.fullmatch(str(hours[column].value)))
        faults.at(hours[wrong], f"{quoted(hours[wrong].value)} is not a time like 09:00")
    else:
        text = f"{day} {'-'.join(clock[1] for clock in clocks if clock)}"
        row[member].entries.append(Item(text, place.line, f"{place.field}.{member}"))


def _agreed(known: Row, row: Row, faults: Faults) -> Row:
    """The schedule so far with one more row; an empty cell means: as above."""
    result = dict(known)
    for column, item in row.items():
        first = known.get(column)
        if first is None:
            result[column] = item
        elif column in GROWING:
            result[column] = replace(first, value=[*first.entries, *item.entries])
        elif first.texts() != item.texts():
            here, there = quoted(_shown(item)), quoted(_shown(first))
            faults.at(
                item, f"{here} here, but {there} on line {first.line}; the rows of one schedule must agree"
            )
    return result


def _shown(item: Item) -> str:
    return " ".join(str(entry.value) for entry in item.entries)


def _schedule(row: Row, field: str) -> Item:
    """Columns as members; ``label.room`` and ``recording.storage.bucket`` as mappings within them."""
    members: dict[str, Item] = {}
    line = row["name"].line
    for column, item in row.items():
        group, dot, rest = column.partition(".")
        if not dot or group not in DOTTED:
            unread = column in GROWING and not item.entries  # its hours are told already
            members[column] = replace(item, value=STAND_INS.get(column)) if unread else item
            continue
        inner = members
        path = [DOTTED[group], *(rest.split(".") if group == "recording" else [rest])]
        for depth, step in enumerate(path[:-1], 1):
            below = Item({}, item.line, ".".join((field, *path[:depth])))
            inner = inner.setdefault(step, below).members
        inner[path[-1]] = replace(item, field=".".join((field, *path)))
    return Item(members, line, field)
