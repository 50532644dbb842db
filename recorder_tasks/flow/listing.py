"""Recordings by their filters: page by page, or all that overlap a span of time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.errors import InvalidWish
from recorder_tasks.core.outcome import Frozen, Instant
from recorder_tasks.core.session import State
from recorder_tasks.recording import Recording, view
from recorder_tasks.store import Filter, Store

MOST_OF_A_PAGE = 1000
MOST_OF_A_DAY = 10_000


class Found(Frozen):
    """One page of recordings, the newest start first. ``cursor`` asks for the next page."""

    recordings: tuple[Recording, ...]
    cursor: str | None


class Day(Frozen):
    """What overlaps a span of time, the earliest start first. ``more``: than were asked for."""

    recordings: tuple[Recording, ...]
    more: bool


def page(
    store: Store,
    cadence: Cadence,
    *,
    state: State | str | None,
    labels: Mapping[str, str] | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    cursor: str | None,
    **named: str | None,
) -> Found:
    """See ``Desk.find``; ``named``: app, channel, schedule. Raises InvalidWish."""
    checked_limit(limit, MOST_OF_A_PAGE)
    wanted: dict[str, Any] = {"state": _state(state), "label": labels, **_names(named)}
    for name, at in (("since", since), ("until", until)):
        wanted[name] = None if at is None else _instant(name, at)
    try:
        found = store.sessions.find(limit=limit, cursor=cursor, **wanted)
    except ValueError as fault:
        raise InvalidWish(f"cursor: {fault}") from None
    return Found(recordings=tuple(view(session, cadence) for session in found.sessions), cursor=found.cursor)


def day(
    store: Store,
    cadence: Cadence,
    since: datetime,
    until: datetime,
    limit: int,
    *,
    state: State | str | None,
    labels: Mapping[str, str] | None,
    **named: str | None,
) -> Day:
    """See ``Desk.day``; ``named``: app, channel, schedule. Raises InvalidWish."""
    checked_limit(limit, MOST_OF_A_DAY)
    low, high = _instant("since", since), _instant("until", until)
    if not low < high:
        raise InvalidWish(f"until: {until.isoformat()} is not after since, {since.isoformat()}")
    wanted = Filter(state=_state(state), labels=dict(labels or {}), **_names(named))
    sessions, more = store.days.overlapping(wanted, low, high, store.clock.now(), limit)
    return Day(recordings=tuple(view(session, cadence) for session in sessions), more=more)


def checked_limit(limit: int, most: int) -> None:
    if not 1 <= limit <= most:
        raise InvalidWish(f"limit: {limit} is not within 1..{most}")


def _names(named: Mapping[str, str | None]) -> dict[str, Any]:
    return {name: named.get(name) for name in ("app", "channel", "schedule")}


def _state(state: State | str | None) -> State | None:
    if state is None:
        return None
    try:
        return State(state)
    except ValueError:
        allowed = ", ".join(member.value for member in State)
        raise InvalidWish(f"state: {state!r} is not one of {allowed}") from None


def _instant(name: str, at: datetime) -> Instant:
    if at.tzinfo is None:
        raise InvalidWish(f"{name}: {at.isoformat()} has no time zone")
    return at.timestamp()
