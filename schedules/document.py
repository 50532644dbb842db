"""From the values of a timetable file to its calendars and each schedule's members, defaults merged."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from schedules.calendars import NAME, Exclusion
from schedules.examination import STAND_INS
from schedules.faults import Faults, quoted, suggestion
from schedules.lined import Item
from schedules.rule import SOURCES

TOP = ("timezone", "calendars", "defaults", "schedules")
MERGED = ("labels", "recording")  # of the defaults, member by member; anything else is replaced
OWN = ("name", "ical_file", *SOURCES)  # what a default cannot be
DAYS_OFF = "a date or a range like 2027-04-05 or 2027-04-05..2027-04-16"


def sections(document: Item | None, faults: Faults) -> dict[str, Item]:
    """The known members at the top of the file."""
    if document is None or document.value is None:
        raise faults.stop(0, "is empty; a timetable has schedules:, or calendars:")
    if not isinstance(document.value, dict):
        raise faults.stop(
            document.line, f"begins with {kind(document)}; a timetable has schedules: at its top"
        )
    for name, item in document.members.items():
        if name not in TOP:
            there_are = f" (there are: {', '.join(TOP)}; a schedule goes under schedules)"
            faults.at(item, "there is no such member of a timetable" + suggestion(name, TOP, there_are))
    found = {name: item for name, item in document.members.items() if name in TOP}
    if not {"schedules", "calendars"} & found.keys():
        faults.add(0, "schedules", "is missing; write schedules: {} for none")
    return found


def calendars(section: Item | None, faults: Faults) -> dict[str, tuple[str, ...]]:
    """Named lists of days off. A name is a name, and never another calendar's within a calendar."""
    found = {}
    for name, item in _mapping(section, "names to lists of dates", faults).items():
        if not NAME.fullmatch(name):
            faults.at(
                item, f"{quoted(name)} is not a calendar's name: 1..63 of a-z 0-9 . _ -, the first a letter"
            )
        found[name] = tuple(text for entry in item.entries for text in _days_off(entry, faults))
    return found


def _days_off(entry: Item, faults: Faults) -> list[str]:
    if not isinstance(entry.value, str):
        faults.at(entry, f"{kind(entry)} is given where {DAYS_OFF} is wanted")
        return []
    texts = [text.strip() for text in entry.value.split(";") if text.strip()]
    for text in texts:
        message = _misread(text)
        if message is not None:
            faults.at(entry, message)
    return texts


def _misread(text: str) -> str | None:
    try:
        if Exclusion.read(text).calendar is None:
            return None
    except ValueError as fault:
        if "ends before" in str(fault):
            return str(fault)
    return f"{quoted(text)} is not {DAYS_OFF}"


def schedules(section: Item | None, faults: Faults) -> dict[str, Item]:
    """The schedules as they were written, by name; a list of them names each by its ``name``."""
    if section is None or not isinstance(section.value, list):
        found = _mapping(section, "names to schedules", faults)
        return {name: item for name, item in found.items() if _named_once(name, item, faults)}
    listed: dict[str, Item] = {}
    for number, item in enumerate(section.value, 1):
        name = item.members.get("name")
        if name is None or not isinstance(name.value, str):
            faults.add(item.line, f"schedules.{number}", "has no name; each schedule of a list needs a name")
        elif name.value in listed:
            first = listed[name.value].line
            faults.at(
                relocated(item, f"schedules.{name.value}"),
                f"is given twice, on line {first} and line {item.line}",
            )
        else:
            listed[name.value] = relocated(item, f"schedules.{name.value}")
    return listed


def _named_once(name: str, item: Item, faults: Faults) -> bool:
    if item.value is not None and not isinstance(item.value, dict):
        faults.at(item, f"is {kind(item)}; a schedule is a mapping of members such as slots and timezone")
        return False
    inner = item.members.get("name")
    if inner is not None and inner.value != name:
        faults.at(inner, f"{quoted(inner.value)} is not the name under which the schedule stands, {name!r}")
    return True


def defaults(section: Item | None, timezone: Item | None, faults: Faults) -> Item:
    """What every schedule of the file is given, the file's timezone included."""
    given = _mapping(section, "members to values", faults)
    for name in OWN:
        if name in given:
            faults.at(given[name], "cannot be a default; give it in each schedule")
    members = {name: item for name, item in given.items() if name not in OWN and item.value is not None}
    if timezone is not None and timezone.value is not None:
        members.setdefault("timezone", timezone)
    return Item(members, section.line if section else 0, "defaults")


def merged(name: str, schedule: Item, default: Item, folder: Path | None, faults: Faults) -> Item:
    """A schedule with the defaults under it; nothing (``lead:``, ``lead: ~``) takes a default away."""
    members = dict(default.members)
    for member, item in schedule.members.items():
        below = members.get(member)
        if member in MERGED and below is not None and below.members and isinstance(item.value, dict):
            item = replace(item, value={**below.members, **item.members})
        members[member] = item
    members["name"] = Item(name, schedule.line, schedule.field)
    members = {member: item for member, item in members.items() if item.value is not None}
    members.setdefault("channel", members["name"])
    if "labels" in members and isinstance(members["labels"].value, dict):
        kept = {label: text for label, text in members["labels"].members.items() if text.value is not None}
        members["labels"] = replace(members["labels"], value=kept)
    _read_ical(members, folder, faults)
    return replace(schedule, value=members)


def sample(default: Item) -> Item:
    """A schedule of nothing but the defaults, so that their faults are told even if no schedule uses them."""
    stand_ins: dict[str, Any] = {name: STAND_INS[name] for name in ("name", "channel", "timezone", "slots")}
    members = {name: Item(text, default.line, name) for name, text in stand_ins.items()}
    return replace(default, value={**members, **default.members})


def _read_ical(members: dict[str, Item], folder: Path | None, faults: Faults) -> None:
    """Puts the text of ``ical_file`` in the place of ``ical``."""
    named = members.pop("ical_file", None)
    if named is None:
        return
    if "ical" in members:
        faults.at(named, "ical is given too; give one of them")
        return
    members["ical"] = replace(named, value=_ical_text(named, folder, faults))


def _ical_text(named: Item, folder: Path | None, faults: Faults) -> str:
    """What the file holds; a stand-in, besides a fault, if it cannot be read."""
    if not isinstance(named.value, str):
        faults.at(named, f"{kind(named)} is given where the path of an .ics file is wanted")
    elif folder is None:
        faults.at(named, f"{quoted(named.value)} cannot be read here; give its text as ical")
    else:
        try:
            return (folder / named.value).read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError:
            faults.at(named, f"{quoted(named.value)} is not UTF-8")
        except (OSError, ValueError) as error:
            faults.at(named, f"{quoted(named.value)} cannot be read: {getattr(error, 'strerror', error)}")
    return str(STAND_INS["ical"])


def unknown_calendars(schedule: Item, known: Collection[str], faults: Faults) -> None:
    """Faults for calendars that a schedule names and nobody defines."""
    exceptions = schedule.members.get("exceptions")
    for entry in exceptions.entries if exceptions else []:
        for text in str(entry.value).split(";") if isinstance(entry.value, str) else []:
            name = text.strip()
            if NAME.fullmatch(name) and name not in known:
                there_are = f" (there are: {', '.join(sorted(known)) or 'none'})"
                faults.at(entry, f"there is no calendar {name!r}" + suggestion(name, known, there_are))


def relocated(item: Item, field: str) -> Item:
    """The item as if it stood under that field."""
    if isinstance(item.value, list):
        return replace(item, field=field, value=[relocated(entry, field) for entry in item.value])
    members = {name: relocated(member, f"{field}.{name}") for name, member in item.members.items()}
    return replace(item, field=field, value=members if isinstance(item.value, dict) else item.value)


def kind(item: Item) -> str:
    """What the value is, in words."""
    if item.value is None:
        return "nothing"
    return (
        "a text" if isinstance(item.value, str) else "a list" if isinstance(item.value, list) else "a mapping"
    )


def _mapping(section: Item | None, wanted: str, faults: Faults) -> dict[str, Item]:
    if section is not None and not isinstance(section.value, dict):
        found = "empty" if section.value is None else kind(section)
        faults.at(section, f"is {found}; a mapping of {wanted} is wanted ({{}} for none)")
    return section.members if section else {}
