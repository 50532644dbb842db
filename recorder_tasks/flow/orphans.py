"""Recorders that may be running and that nobody can stop by name: told, listed, forgotten."""

from __future__ import annotations

from datetime import UTC, datetime

from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.errors import InvalidWish, NoSuchSession
from recorder_tasks.core.outcome import Frozen, Instant
from recorder_tasks.flow.live_takes import nameless
from recorder_tasks.store import Event, Nameless, Store, Unreadable


class Orphan(Frozen):
    """A recorder that may be running and has no sid that could stop it.

    ``ends_by``: when a net has surely ended it; None if it runs until its channel is empty for ``max_idle``
    seconds. ``minutes``: what it may cost at most until then, so far if that is not known.
    """

    name: str
    session_id: str
    app: str
    channel: str
    uid: int
    since: datetime
    banned: bool
    ends_by: datetime | None
    max_idle: float
    minutes: float

    @property
    def short(self) -> str:
        return f"{self.session_id}/{self.uid}"


def listed(store: Store, cadence: Cadence) -> tuple[Orphan, ...]:
    """All that are known, the latest end last. What has ceased to be one is taken off the list."""
    now, found = store.clock.now(), []
    for name, told in store.orphans.all(now).items():
        try:
            known = told or _of_its_session(store, name, cadence)
        except Unreadable:  # told elsewhere; the others must not stay hidden for it
            continue
        if known is None:
            store.orphans.forget(name)
            continue
        found.append(_orphan(known, now))
    return tuple(found)


def forget(store: Store, name: str, known: tuple[Orphan, ...]) -> Orphan | None:
    """Take one of ``known`` off the list, by its whole name or SESSION/UID, and tell of it.

    None: it is off the list, and nothing more is known of it. Raises NoSuchSession, InvalidWish.
    """
    meant = [each for each in known if name in (each.name, each.short)]
    if len(meant) > 1:
        names = ", ".join(each.name for each in meant)
        raise InvalidWish(f"orphan: {name} means {len(meant)} of them; give the whole name: {names}")
    if not store.orphans.forget(meant[0].name if meant else name):
        raise NoSuchSession(f"orphan: none is called {name!r}; `recorder orphans` shows them")
    if not meant:
        return None
    event = Event("session.orphan_forgotten", {"uid": meant[0].uid, "channel": meant[0].channel})
    store.events.append(meant[0].session_id, event)
    return meant[0]


def _of_its_session(store: Store, name: str, cadence: Cadence) -> Nameless | None:
    """For one that an older version listed, by its name alone."""
    session = store.sessions.get(name.partition("/")[0])
    return None if session is None else nameless(session, cadence).get(name)


def _orphan(known: Nameless, now: Instant) -> Orphan:
    until = known.until
    return Orphan(
        name=known.name,
        session_id=known.session,
        app=known.app,
        channel=known.channel,
        uid=known.uid,
        since=datetime.fromtimestamp(known.since, UTC),
        banned=known.banned,
        ends_by=datetime.fromtimestamp(until, UTC) if until is not None else None,
        max_idle=known.max_idle,
        minutes=round(((until if until is not None else now) - known.since) / 60, 1),
    )
