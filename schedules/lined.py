"""A value of a timetable file that remembers where it was written, through every merge of defaults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

Location = Sequence[str | int]


@dataclass(frozen=True)
class Item:
    """A text, nothing, a list or a mapping; ``field`` names it in messages (``schedules.math-7b.slots``).

    ``meant`` is what a text means where types count: ``true`` is True in a recording, and a text in a label.
    """

    value: str | list[Item] | dict[str, Item] | None
    line: int
    field: str
    meant: Any = None

    @property
    def members(self) -> dict[str, Item]:
        """What a mapping holds; nothing of anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def entries(self) -> list[Item]:
        """What a list holds; a single value is a list of one."""
        if isinstance(self.value, list):
            return self.value
        return [] if self.value is None else [self]

    def texts(self) -> Any:
        """The value with every scalar as the text that was written."""
        if isinstance(self.value, list):
            return [entry.texts() for entry in self.value]
        if isinstance(self.value, dict):
            return {name: member.texts() for name, member in self.value.items()}
        return self.value

    def typed(self) -> Any:
        """The value with numbers, truth values and null as what they mean."""
        if isinstance(self.value, list):
            return [entry.typed() for entry in self.value]
        if isinstance(self.value, dict):
            return {name: member.typed() for name, member in self.value.items()}
        return self.meant

    def find(self, location: Location) -> Item:
        """What stands at the location, or the nearest thing around it, named as if it were there."""
        if not location:
            return self
        step, rest = location[0], location[1:]
        if isinstance(self.value, dict) and step in self.value:
            return self.value[str(step)].find(rest)
        if isinstance(self.value, list) and isinstance(step, int) and step < len(self.value):
            return self.value[step].find(rest)
        return replace(self, field=f"{self.field}.{step}") if isinstance(step, str) else self

    def walk(self) -> Iterator[Item]:
        """Itself and every member below it."""
        yield self
        for member in self.members.values():
            yield from member.walk()
