"""Which IANA zone the TZID of a calendar means: Outlook, Evolution and Exchange have names of their own."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from icalendar import Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from schedules.ical_text import Block, written

ALIASES_OF_UTC = frozenset(
    {"UTC", "Etc/UTC", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal", "GMT", "Etc/GMT"}
)
MICROSOFT_UTC = "tzone://Microsoft/Utc"
PROBES = [datetime(2025, 1, 1, 12, tzinfo=UTC) + timedelta(days=7 * week) for week in range(104)]


class Zones:
    """The zones of one calendar. ``likely``: those that a VTIMEZONE of no known name may turn out to be."""

    def __init__(self, blocks: list[Block], likely: list[str]) -> None:
        self._blocks = {block.text("TZID"): block for block in blocks}
        self._likely = likely
        self._found: dict[str, str] = {}

    def named(self, tzid: str) -> str:
        """The IANA name. Raises ValueError in one sentence if nothing tells it."""
        if tzid not in self._found:
            self._found[tzid] = self._search(tzid)
        return self._found[tzid]

    def _search(self, tzid: str) -> str:
        block = self._blocks.get(tzid)
        given = (tzid, block.text("X-LIC-LOCATION") if block else "")
        found = next((name for text in given if (name := iana(text)) is not None), None)
        if found is None and block is not None:
            found = _fixed(block) or self._alike(block)
        if found is None:
            raise ValueError(f"time zone {tzid!r} is not known, nor does it act like the calendar's own")
        return found

    def _alike(self, block: Block) -> str | None:
        """The likely zone whose clock shows the same time all through two years."""
        clock = _clock(block)
        if clock is None:
            return None
        shown = [probe.astimezone(clock).utcoffset() for probe in PROBES]
        for name in self._likely:
            if shown == [probe.astimezone(ZoneInfo(name)).utcoffset() for probe in PROBES]:
                return name
        return None


def iana(text: str) -> str | None:
    """``Europe/Berlin`` for ``/citadel.org/Europe/Berlin`` as for ``W. Europe Standard Time``; else None."""
    text = text.strip().strip('"').strip("/")
    if text == MICROSOFT_UTC:
        return "UTC"
    if text in WINDOWS_TO_OLSON:
        return WINDOWS_TO_OLSON[text]
    return next((name for name in _endings(text) if name in _known()), None)


def same_zone(one: str, other: str) -> bool:
    return one == other or (one in ALIASES_OF_UTC and other in ALIASES_OF_UTC)


def _endings(text: str) -> Iterator[str]:
    parts = text.split("/")
    return ("/".join(parts[start:]) for start in range(len(parts)))


@cache  # it walks the disk: 3 ms
def _known() -> frozenset[str]:
    return frozenset(available_timezones())


def _fixed(block: Block) -> str | None:
    """Etc/GMT±n of a zone that has one offset, in whole hours, and never another."""
    offsets = {part.text("TZOFFSETTO") for part in block.blocks}
    if len(offsets) != 1:
        return None
    offset = offsets.pop()
    sign, hours, rest = offset[:1], offset[1:3], offset[3:].strip("0")
    if sign not in ("+", "-") or not hours.isdecimal() or rest:
        return None
    turned = "-" if sign == "+" else "+"  # POSIX counts westward
    name = f"Etc/GMT{turned}{int(hours)}" if int(hours) else "UTC"
    return name if name in _known() else None


def _clock(block: Block) -> tzinfo | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            zone = Timezone.from_ical(written(list(_lines(block))))
            found = zone.to_tz(lookup_tzid=False) if isinstance(zone, Timezone) else None
            return found if found and PROBES[0].astimezone(found) else None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):  # whatever is missing in it
        return None


def _lines(block: Block) -> Iterator[str]:
    yield f"BEGIN:{block.kind}"
    yield from block.raw
    for inner in block.blocks:
        yield from _lines(inner)
    yield f"END:{block.kind}"
