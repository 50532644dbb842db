"""A schedule's members become a rule, or all that is wrong with them.

pydantic stops at a member's first fault, and at the first fault between members. Here what is faulty is taken
out, and the rest looked at again, until it is sound: no fault hides another.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from schedules.faults import Faults
from schedules.lined import Item, Location
from schedules.rule import SOURCES, Rule
from schedules.sentences import sentence

Check = Callable[[Rule], list[tuple[str, str]]]
STAND_INS: dict[str, Any] = {
    "name": "x",
    "channel": "x",
    "timezone": "UTC",
    "cron": "0 0 * * *",
    "slots": "mon 00:00-00:01",
    "dates": "2027-01-01 00:00-00:01",
    "ical": "x",
    "duration": 60,
}
TYPED = ("recording",)  # the rest of a rule reads texts, so that 007 and 09:00 stay what was written


def examine(schedule: Item, faults: Faults, check: Check | None = None) -> Rule | None:
    """The rule of a schedule; or None, and its faults. ``check`` adds what only the caller can know."""
    draft = Draft({name: _data(name, item) for name, item in schedule.members.items()})
    rule = draft.cure()
    for location, message in draft.found:
        faults.at(schedule.find(location), message)
    extra = check(rule) if check is not None and rule is not None else []
    for name, message in extra:
        location = name.split(".")
        if location[0] not in draft.replaced:
            faults.at(schedule.find(location), message)
    return rule if not draft.found and not extra else None


def _data(name: str, item: Item) -> Any:
    return item.typed() if name in TYPED else item.texts()


@dataclass
class Draft:
    """Members of a rule to be; ``found`` are their faults, ``replaced`` the members that were taken out."""

    members: dict[str, Any]
    found: list[tuple[Location, str]] = field(default_factory=list)
    replaced: set[str] = field(default_factory=set)
    gone: set[tuple[str, int | str]] = field(default_factory=set)  # single entries that were taken out

    def cure(self) -> Rule | None:
        """The rule that remains without what is faulty; None if nothing helps."""
        self._one_source()
        while True:
            try:
                return Rule.model_validate(self._sound())
            except ValidationError as error:
                faults = self._located(error)
            before = (set(self.replaced), set(self.gone))
            for location, message in faults:
                self.found.append((location, message))
                self._take_out(location)
            if before == (self.replaced, self.gone):
                return None

    def _one_source(self) -> None:
        given = [name for name in SOURCES if self.members.get(name)]
        misspelt = any(get_close_matches(name, SOURCES) for name in self.members.keys() - Rule.model_fields)
        if len(given) != 1:
            got = " and ".join(given) or "none"
            message = f"give exactly one of cron, slots, dates and ical (got {got})"
            if given or not misspelt:
                self.found.append(((given[-1] if given else "slots",), message))
            for name in given[1:] or ["slots"]:
                self.members.pop(name, None)
            self.members.setdefault(given[0] if given else "slots", STAND_INS["slots"])

    def _sound(self, only: tuple[str, int] | None = None) -> dict[str, Any]:
        """The members without what was taken out; ``only``: that member cut to its first entries."""
        return {name: self._kept(name, value, only) for name, value in self.members.items()}

    def _kept(self, name: str, value: Any, only: tuple[str, int] | None) -> Any:
        if not isinstance(value, (list, dict)):
            return value
        most = only[1] if only is not None and only[0] == name else None
        keys = self._keys(name)[:most]
        kept = {key: value[key] for key in keys}
        if isinstance(value, dict):
            return kept
        return list(kept.values()) or (STAND_INS.get(name, []) if value else [])

    def _keys(self, name: str) -> list[Any]:
        value = self.members[name]
        every = list(value) if isinstance(value, dict) else list(range(len(value)))
        return [key for key in every if (name, key) not in self.gone]

    def _located(self, error: ValidationError) -> list[tuple[tuple[Any, ...], str]]:
        found = []
        for details in error.errors():
            location, message = details["loc"], sentence(details, self._value(details["loc"]))
            if not location:
                member, _, message = message.partition(": ")
                location = (member,)
            if details["type"] == "value_error" and len(location) == 1:
                location = self._entry(str(location[0]), message)
            elif len(location) > 1 and isinstance(location[1], int):
                location = (location[0], self._keys(str(location[0]))[location[1]])
            found.append((location, message))
        return found

    def _value(self, location: tuple[int | str, ...]) -> Any:
        value: Any = self._sound()
        for step in location:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return value
        return value

    def _entry(self, member: str, message: str) -> tuple[Any, ...]:
        """Which entry of a list or mapping is to blame: the first whose arrival brings the fault."""
        value = self.members.get(member)
        if not isinstance(value, (list, dict)) or not self._keys(member):
            return (member,)
        keys = self._keys(member)
        first = bisect_left(range(1, len(keys)), True, key=lambda most: self._has(member, most, message))
        return (member, keys[min(first, len(keys) - 1)])

    def _has(self, member: str, most: int, message: str) -> bool:
        try:
            Rule.model_validate(self._sound((member, most)))
        except ValidationError as error:
            return any(message in details["msg"] for details in error.errors())
        return False

    def _take_out(self, location: Location) -> None:
        member = str(location[0])
        value = self.members.get(member)
        if len(location) > 1 and isinstance(value, (list, dict)):
            self.gone.add((member, location[1]))
            return
        self.replaced.add(member)
        self.members.pop(member, None)
        if member in STAND_INS:
            self.members[member] = STAND_INS[member]
