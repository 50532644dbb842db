"""What is wrong with a timetable file: every fault at once, each with its line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from schedules.errors import InvalidSchedule
from schedules.lined import Item


@dataclass(frozen=True)
class Fault:
    """One thing to correct. ``line`` is 0 where the whole file is meant, and ``field`` is then empty."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"


class TimetableErrors(InvalidSchedule):
    """A timetable cannot be used; nothing of it was applied."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class Faults:
    """Collects the faults of one file, so that none hides the others."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: dict[Fault, None] = {}  # a fault of the defaults is met again in every schedule

    def add(self, line: int, field: str, message: str) -> None:
        self._found[Fault(self.file, line, field, message)] = None

    def at(self, item: Item, message: str) -> None:
        self.add(item.line, item.field, message)

    def stop(self, line: int, message: str) -> TimetableErrors:
        """The error for a file that cannot be read any further; to be raised."""
        self.add(line, "", message)
        return TimetableErrors(self._in_order())

    def settle(self) -> None:
        """Raises TimetableErrors if there is any fault."""
        if self._found:
            raise TimetableErrors(self._in_order())

    def _in_order(self) -> list[Fault]:
        return sorted(self._found, key=lambda fault: fault.line)


def suggestion(word: str, known: Iterable[str], otherwise: str) -> str:
    """``; did you mean 'slots'?`` if a known word is near, else what ``otherwise`` says."""
    near = get_close_matches(word.lower(), sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else otherwise


def quoted(value: object) -> str:
    """A value as messages show it: short, and on one line."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:70]}...{text[-1]}"
