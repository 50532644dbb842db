"""What can be found out beside a session: who is in its channel, and what has worked elsewhere lately."""

from __future__ import annotations

import logging
from typing import NamedTuple

from recorder_tasks import agora
from recorder_tasks.core.causes import Seen
from recorder_tasks.core.lost_takes import wrote
from recorder_tasks.core.outcome import Instant, Mode
from recorder_tasks.core.session import Session, State, Take
from recorder_tasks.flow.vendors import Vendors
from recorder_tasks.settings import MissingSetting
from recorder_tasks.store import Store

log = logging.getLogger(__name__)

LATELY = 86_400.0  # seconds before a session's start in which keys and certificates have hardly changed
LOOKED_AT = 100  # sessions of a state, the newest first


class Looked(NamedTuple):
    """``asked``: the vendor has answered. ``trouble``: why it could not be asked, None if nobody tried."""

    seen: Seen = Seen()
    asked: bool = False
    trouble: str | None = None


def look(vendors: Vendors, session: Session) -> Looked:
    """Who publishes in the session's channel now. A page has no channel to look into."""
    if session.mode is Mode.WEB:
        return Looked()
    try:
        users = vendors.client(session.app).users(session.channel)
    except (MissingSetting, agora.AgoraError) as why:
        log.info("looking.vain session=%s: %s", session.id, why)
        return Looked(trouble=_briefly(why))
    low, high = vendors.settings.app(session.app).uid_range  # recorders, ours and those of other sessions
    first, last = session.uids
    seen = Seen(
        publishers=tuple(uid for uid in users.publishers if not low <= uid <= high),
        live=users.live,
        held=tuple(uid for uid in users.publishers if first <= uid <= last),
    )
    return Looked(seen, asked=True)


def _briefly(why: Exception) -> str:
    if not isinstance(why, agora.VendorError):
        return str(why)
    return f"{why.status or 'no answer'}: {why.reason or 'no reason given'}"


def with_others(store: Store, session: Session, seen: Seen) -> Seen:
    """``seen`` with what other recordings have proved lately: that the app's tokens and the storage work."""
    found = [
        (other, take)
        for state in (State.COMPLETED, State.RECORDING)
        for other in store.sessions.find(state=state, since=session.start - LATELY, limit=LOOKED_AT).sessions
        if other.id != session.id
        for take in other.takes
        if take.confirmed_at is not None
    ]
    mine = [_worked_at(take) for other, take in found if other.app == session.app]
    stored = [_worked_at(take) for other, take in found if other.storage == session.storage and wrote(take)]
    return seen.model_copy(
        update={"app_worked": max(mine, default=None), "storage_worked": max(stored, default=None)}
    )


def _worked_at(take: Take) -> Instant:
    return max(at for at in (take.confirmed_at, take.alive_at) if at is not None)
