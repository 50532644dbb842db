"""Days on which nothing is recorded: single dates, ranges, and named calendars of holidays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Self

NAME = re.compile(r"^[a-z][a-z0-9._-]{0,62}$")
FORMS = "2027-04-05, 2027-04-05..2027-04-16, or the name of a calendar"

Calendars = Mapping[str, "tuple[Exclusion, ...]"]


@dataclass(frozen=True)
class Exclusion:
    """The days from ``first`` to ``last``, both included, or those of a calendar."""

    first: date | None = None
    last: date | None = None
    calendar: str | None = None

    @classmethod
    def read(cls, text: str) -> Self:
        """One of :data:`FORMS`. Raises ValueError in one sentence."""
        first, dots, last = text.strip().partition("..")
        try:
            begins = date.fromisoformat(first.strip())
            ends = date.fromisoformat(last.strip()) if dots else begins
        except ValueError:
            if NAME.fullmatch(text.strip()):
                return cls(calendar=text.strip())
            raise ValueError(f"{text!r} is none of {FORMS}") from None
        if ends < begins:
            raise ValueError(f"{text!r} ends before it begins")
        return cls(begins, ends)

    def __str__(self) -> str:
        if self.calendar is not None:
            return self.calendar
        return str(self.first) if self.first == self.last else f"{self.first}..{self.last}"


class DaysOff:
    """Whether a date is excluded, and by what. Raises ValueError for a calendar that is not there."""

    def __init__(self, exclusions: Iterable[Exclusion], calendars: Calendars) -> None:
        self._ranges: list[tuple[date, date, str]] = []
        for exclusion in exclusions:
            text = str(exclusion)
            self._ranges.extend((first, last, text) for first, last in _ranges(exclusion, calendars))

    def why(self, day: date) -> str | None:
        """The exception that covers the day, as it was written; None if it is an ordinary day."""
        return next((text for first, last, text in self._ranges if first <= day <= last), None)


def _ranges(exclusion: Exclusion, calendars: Calendars) -> list[tuple[date, date]]:
    if exclusion.calendar is None:
        assert exclusion.first is not None
        assert exclusion.last is not None
        return [(exclusion.first, exclusion.last)]
    if exclusion.calendar not in calendars:
        known = ", ".join(sorted(calendars)) or "none"
        raise ValueError(f"exceptions: there is no calendar {exclusion.calendar!r} (there are: {known})")
    return [found for inner in calendars[exclusion.calendar] for found in _ranges(inner, {})]
