"""Hands what is due to Celery: claims it from the due set and sends its lane's task. Every worker hosts one.

There is no leader and nothing waits here: a dispatcher that dies leaves its claims to their leases. It sleeps
until the next due time or until somebody makes a session due sooner.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from threading import Event as Flag
from threading import Lock, Thread
from typing import Any, Protocol

from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.session import Lane
from recorder_tasks.flow.metric_names import DISPATCH_LAG, LOST, STUCK
from recorder_tasks.settings import Settings
from recorder_tasks.store import Claim, Store, StoreUnavailable

log = logging.getLogger(__name__)

LONGEST_SLEEP = 5.0  # a lost wake-up costs no more than this
HANDS_FULL = 0.25  # a look at the hands, should the pool not tell that one is free
POOL_FULL = 0.02  # the same where it cannot tell
NOT_EVEN_DUE = -math.inf  # without a free hand nothing can be done about it
PAUSE = 1.0
HAND_OFF = 5.0  # from claim to begin: a free hand was waiting, so a message that takes longer is lost
GENERAL = tuple(lane for lane in Lane if lane is not Lane.STOP)


class Send(Protocol):
    """Publishes the task of a claim."""

    def __call__(self, claim: Claim) -> None: ...


class Hands:
    """How many claims may be in work at once, and which are; thread-safe.

    ``in_pool``: for pools whose processes cannot tell us that a task has ended, how many requests the worker
    has in its pool; a claim then counts by itself only while its message is on its way.
    """

    ON_ITS_WAY = 1.0

    def __init__(self, limit: int, in_pool: Callable[[], int] | None = None) -> None:
        self.limit = limit
        self.look = HANDS_FULL if in_pool is None else POOL_FULL
        self._in_pool = in_pool
        self._busy: dict[str, float] = {}
        self._lock = Lock()

    def free(self, lease: float) -> int:
        """Claims that fit. One whose message was lost stops counting when its lease has run out."""
        counted = lease if self._in_pool is None else self.ON_ITS_WAY
        now = time.monotonic()
        with self._lock:
            self._busy = {token: since for token, since in self._busy.items() if now - since < counted}
            return self.limit - max(len(self._busy), self._in_pool() if self._in_pool else 0)

    def took(self, token: str) -> None:
        with self._lock:
            self._busy[token] = time.monotonic()

    def freed(self, token: str) -> None:
        with self._lock:
            self._busy.pop(token, None)


class Dispatcher(Thread):
    """The thread that claims for one worker. ``lanes``: what it serves; ``told``: more for others to know."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        lanes: Sequence[Lane],
        hands: Hands,
        send: Send,
        name: str,
        told: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(name="recorder-dispatcher", daemon=True)
        self.store = store
        self.settings = settings
        self.lanes = tuple(lanes)
        self.hands = hands
        self.send = send
        self.worker = name
        self.told = dict(told or {})
        self._ended = Flag()
        self._full = True  # or not known to have a free hand
        self._wakeups = store.wakeups()

    def lost(self, session_id: str) -> None:
        """Told of a session that was due and is not stored; replaced by whoever can do something about it."""

    def stop(self) -> None:
        """Claim nothing more; returns when the thread has ended."""
        self._ended.set()
        self._wakeups.poke()
        self.join(timeout=10)

    def freed(self, token: str) -> None:
        """A hand is free again: news only while there was none for what is due."""
        self.hands.freed(token)
        if self._full:
            self._wakeups.poke()

    def run(self) -> None:
        beat = Beat(self._tell_alive)
        with self._wakeups:
            while not self._ended.is_set():
                try:
                    beat()
                    self._wakeups.wait(*self._dispatch())
                except StoreUnavailable as trouble:
                    log.warning("dispatcher.waiting for Redis: %s", trouble)
                    self._ended.wait(PAUSE)
                except Exception:
                    log.exception("dispatcher.trouble")
                    self._ended.wait(PAUSE)

    def _dispatch(self) -> tuple[float, Instant]:
        """Claim and send what is due; the seconds until there may be more, and how soon news must be due."""
        self._full = True
        free = self.hands.free(self.settings.lease)
        if free <= 0:
            return self.hands.look, NOT_EVEN_DUE
        serves_stop = Lane.STOP in self.lanes
        claims = self.store.leases.claim(
            self.lanes,
            free=free,
            lease=HAND_OFF,
            overdue_stop=None if serves_stop else self.settings.overdue_stop,
        )
        meters = self.store.meters
        for claim in claims.claims:
            self.hands.took(claim.token)
            self._send(claim)
            if claim.since is not None:
                meters.observe(DISPATCH_LAG, claim.lane.value, seconds=claims.now - claim.since)
        for session_id in claims.news:
            meters.count(STUCK)
            log.error("dispatcher.poison session=%s: claimed again and again without a save", session_id)
        for session_id in claims.lost:
            meters.count(LOST)
            log.error("dispatcher.lost session=%s: it was due, and is not in Redis any more", session_id)
            self.lost(session_id)
        if len(claims.claims) >= free:
            return self.hands.look, NOT_EVEN_DUE
        self._full = False
        rate, due = self.store.clock.rate, math.inf if claims.next_due is None else claims.next_due
        sleep = min(LONGEST_SLEEP, max(0.0, (due - claims.now) / rate))
        return sleep, claims.now + sleep * rate

    def _send(self, claim: Claim) -> None:
        try:
            self.send(claim)
        except Exception as trouble:  # noqa: BLE001  the lease brings the claim back, whatever kept it here
            self.hands.freed(claim.token)
            log.warning(
                "dispatcher.unsent session=%s lane=%s: %r", claim.session_id, claim.lane.value, trouble
            )

    def _tell_alive(self) -> None:
        lanes = [lane.value for lane in self.lanes]
        said = {"lanes": lanes, "hands": self.hands.limit, **self.told}
        self.store.workers.beat(self.worker, said)


class Beat:
    """Calls something at most every few seconds."""

    EVERY = 5.0

    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call
        self._next = 0.0

    def __call__(self) -> None:
        if time.monotonic() >= self._next:
            self._call()
            self._next = time.monotonic() + self.EVERY
