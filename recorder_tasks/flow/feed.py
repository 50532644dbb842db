"""What has happened, as callers see it: of one recording, or of all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from recorder_tasks.core.errors import InvalidWish, NoSuchSession
from recorder_tasks.core.outcome import Frozen
from recorder_tasks.store import Store, StoredEvent, Unreadable

POLL_MS = 1000
EVENT_ID = re.compile(r"[0-9]{1,18}(-[0-9]{1,18})?")  # Redis refuses what needs more than 64 bits


class RecordingEvent(Frozen):
    """Something that happened to a recording."""

    id: str
    type: str
    session_id: str
    at: datetime
    data: dict[str, Any]


def told(
    store: Store, session_id: str | None, after: str | None, *, follow: bool, limit: int
) -> Iterator[RecordingEvent]:
    """The oldest first; see ``Desk.events``. Raises NoSuchSession, InvalidWish."""
    if session_id is not None:
        with suppress(Unreadable):  # what happened to it can be read all the same
            if store.sessions.get(session_id) is None:
                raise NoSuchSession(f"session_id: no recording is called {session_id!r}")
    if after is not None and EVENT_ID.fullmatch(after) is None:
        raise InvalidWish(f"after: {after!r} is not the id of an event, like 0 or 1700000000000-0")
    last, kept = after or "0", store.events
    for event in (
        kept.recent(limit, session_id) if after is None else kept.of(session_id, after=after, limit=limit)
    ):
        last = event.id
        yield _event(event)
    while follow:
        for event in kept.tail(session_id, after=last, block_ms=POLL_MS):
            last = event.id
            yield _event(event)


def news(store: Store, after: str, wait_ms: int) -> list[RecordingEvent]:
    """What has happened to any recording after an event."""
    return [_event(event) for event in store.events.tail(None, after=after, block_ms=wait_ms)]


def latest(store: Store) -> str:
    """The id of the fleet's latest event; ``0`` if there is none."""
    found = store.events.recent(1)
    return found[-1].id if found else "0"


def _event(event: StoredEvent) -> RecordingEvent:
    return RecordingEvent(
        id=event.id,
        type=event.type,
        session_id=event.session,
        at=datetime.fromtimestamp(event.at, UTC),
        data=event.data,
    )
