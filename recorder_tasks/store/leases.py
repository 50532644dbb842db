"""Claim, begin, release: the right of one worker to work on a session for a while; no lock to lose."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.session import Lane, Session
from recorder_tasks.store.budget import SlotRequest
from recorder_tasks.store.errors import Unreadable
from recorder_tasks.store.keys import Keys
from recorder_tasks.store.scripts import Scripts
from recorder_tasks.store.stored import read, reader

log = logging.getLogger(__name__)

SHORTEST = 0.001  # seconds of a lease; the scripts tell microseconds apart


@dataclass(frozen=True)
class Claim:
    """A session leased to us, in the lane in which it was due, and since when.

    ``claims``: how often without a save.
    """

    session_id: str
    lane: Lane
    token: str
    claims: int = 1
    since: Instant | None = None


@dataclass(frozen=True)
class Claims:
    """What was due; when there will be more; sessions that were claimed in vain too often.

    ``news``: those of ``poisoned`` that were not known to be. ``lost``: they were due, and are not stored.
    """

    claims: tuple[Claim, ...]
    next_due: Instant | None
    now: Instant
    poisoned: tuple[str, ...] = ()
    news: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True)
class Go:
    """Make the call at ``at`` (its slot in the budget), for the session as loaded.

    ``full``: the app is at its cap of concurrent recordings; no recorder may be asked for.
    """

    session: Session
    at: Instant
    now: Instant
    full: bool = False


@dataclass(frozen=True)
class Stale:
    """The claim is not ours any more: end quietly."""


@dataclass(frozen=True)
class SetAside:
    """The session cannot be read: it rests, or waits for a newer worker, and was told. End quietly."""

    fault: Unreadable


@dataclass(frozen=True)
class NotYet:
    """No slot in time; the session was put back and is due at ``at``."""

    at: Instant


class Leases:
    """Raises StoreUnavailable."""

    def __init__(self, keys: Keys, scripts: Scripts) -> None:
        self._keys = keys
        self._scripts = scripts

    def claim(
        self,
        lanes: Sequence[Lane],
        *,
        free: int,
        lease: float,
        overdue_stop: float | None = None,
        poison_after: int = 5,
    ) -> Claims:
        """Lease at most ``free`` sessions that are due, for ``lease`` seconds, in the order of ``lanes``.

        ``overdue_stop``: stops too, if they have been due for that many seconds. A session claimed
        ``poison_after`` times without a save rests before each further try, and is then in ``poisoned``.
        """
        if free < 1 or lease < SHORTEST:
            raise ValueError(f"claim: free={free} must be 1 or more, lease={lease:g} at least {SHORTEST:g} s")
        wanted = [(Lane.STOP, overdue_stop)] if overdue_stop is not None else []
        ask = {
            "lanes": [[lane.value, later] for lane, later in [*wanted, *((lane, 0) for lane in lanes)]],
            "free": free,
            "lease": lease,
            "poison_after": poison_after,
            "seed": secrets.token_hex(8),
            "reader": reader(),
        }
        now, upcoming, flat, *told = self._scripts("claim", [self._keys("clock")], self._keys.prefix, ask)
        claims = (
            Claim(session_id.decode(), Lane(lane.decode()), token.decode(), int(count), float(since))
            for session_id, lane, token, count, since in _by_five(flat)
        )
        poisoned, news, lost = (tuple(one.decode() for one in ids) for ids in told)
        return Claims(
            claims=tuple(claims),
            next_due=float(upcoming) if upcoming else None,
            now=float(now),
            poisoned=poisoned,
            news=news,
            lost=lost,
        )

    def begin(
        self,
        session_id: str,
        token: str,
        *,
        lease: float,
        app: str,
        slots: SlotRequest | None,
        room: bool = False,
    ) -> Go | Stale | NotYet | SetAside:
        """Right before a call: is the claim still ours, and when may the request be sent?

        ``room``: it needs room under the app's cap of concurrent recordings, as an acquire does.
        """
        keys = [self._keys.session(session_id), self._keys.lease(session_id), self._keys("clock")]
        ask: dict[str, Any] = {"id": session_id, "token": token, "lease": lease, "app": app}
        ask["slots"] = asdict(slots) if slots is not None else None
        ask["room"] = room
        verdict, *rest = self._scripts("begin", keys, self._keys.prefix, ask)
        if verdict == b"stale":
            return Stale()
        if verdict == b"later":
            return NotYet(at=float(rest[0]))
        try:
            session = read(rest[2], session_id)
        except Unreadable as fault:
            self.set_aside(fault, token)
            return SetAside(fault)
        return Go(session=session, at=float(rest[0]), now=float(rest[1]), full=verdict == b"full")

    def set_aside(self, fault: Unreadable, token: str = "") -> None:
        """Put a claimed session away that cannot be read (without ``token``: one that was only looked at).

        It blocks nobody, and is told once, in its events and in the log.
        """
        keys = [
            self._keys.lease(fault.session_id),
            self._keys.session(fault.session_id),
            self._keys("clock"),
        ]
        job = {
            "id": fault.session_id,
            "token": token,
            "why": fault.why,
            "newer": fault.newer,
            "reader": reader(),
        }
        if self._scripts("aside", keys, self._keys.prefix, job) == 1:
            log.log(logging.WARNING if fault.newer else logging.ERROR, "store.set_aside %s", fault)

    def full(self, app: str, session_id: str, *, seconds: float) -> None:
        """The vendor has no room for the app: nobody asks for ``seconds``, and this session waits."""
        keys = [self._keys.session(session_id), self._keys("clock")]
        self._scripts("full", keys, self._keys.prefix, {"app": app, "id": session_id, "seconds": seconds})

    def release(self, session_id: str, token: str, lane: Lane, at: Instant) -> bool:
        """Put a claimed session back; False when the claim was not ours any more."""
        job = {"id": session_id, "token": token, "lane": lane.value, "at": at}
        return bool(self._scripts("release", [self._keys.lease(session_id)], self._keys.prefix, job))


def _by_five(flat: Sequence[Any]) -> list[tuple[Any, ...]]:
    return [tuple(flat[at : at + 5]) for at in range(0, len(flat), 5)]
