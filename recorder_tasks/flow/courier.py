"""The couriers: beside a worker's pool they turn events into deliveries and see to it that those are made.

Every worker has one, and none needs another. An attempt may take as long as its receiver likes, up to its
time-out, so none is made in a pool that serves recordings: it has a thread of its own here, of which each
subscription has a few, so that a receiver that answers nobody keeps only its own notifications waiting. Where
a worker was started for notifications alone, attempts are Celery tasks in its pool, and the others stand by.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from threading import Event as Flag
from threading import Thread

from recorder_tasks.flow.dispatcher import HANDS_FULL, Beat, Hands
from recorder_tasks.flow.outbox import BATCH
from recorder_tasks.flow.webhooks import SLACK, Webhooks
from recorder_tasks.store import Handed, StoreUnavailable

log = logging.getLogger(__name__)

LOOK = 2.0  # seconds between two looks at what others have made due
WAIT_MS = 1000  # for the next event
STAND_BACK = (1.0, 2.0)  # seconds, of an outbox that another was quicker than
PAUSE = 1.0
GATHER = 0.05  # seconds that events have to come together
GRACE = 3.0  # seconds that attempts have when a worker ends; what is not over then is made again by another
HEARD = 15.0  # seconds since a worker for notifications was last heard of
ROLE = "webhooks"  # what a worker for notifications says of itself


class Loop(Thread):
    """Calls ``look`` until it is stopped, and waits as long as that says (seconds); trouble ends nothing."""

    def __init__(self, name: str, look: Callable[[], float]) -> None:
        super().__init__(name=f"recorder-{name}", daemon=True)
        self._look = look
        self._called = Flag()
        self.ended = Flag()

    def poke(self) -> None:
        """There is something to look at."""
        self._called.set()

    def stop(self, timeout: float) -> None:
        self.ended.set()
        self.poke()
        self.join(timeout)

    def run(self) -> None:
        while not self.ended.is_set():
            self._called.clear()
            try:
                pause = self._look()
            except StoreUnavailable as trouble:
                log.warning("%s.waiting for Redis: %s", self.name, trouble)
                pause = PAUSE
            except Exception:
                log.exception("%s.trouble", self.name)
                pause = PAUSE
            if pause > 0:
                self._called.wait(pause)


@dataclass(frozen=True)
class Pool:
    """Celery's pool of a worker for notifications alone: ``hands`` at a time.

    ``hand_over`` sends the task of an attempt to it, of whose end :meth:`Courier.freed` is told. Where the
    pool's processes cannot tell, ``busy`` counts the attempts in it, of one subscription or (None) of all.
    """

    hands: int
    hand_over: Callable[[Handed], None]
    busy: Callable[[str | None], int] | None = None

    def counted(self, name: str | None) -> Callable[[], int] | None:
        return None if self.busy is None else partial(self.busy, name)

    def share(self, wanted: int, subscriptions: int) -> int:
        """Of one subscription: dead receivers of all others leave it a hand, where there are enough."""
        return max(1, min(wanted, self.hands // subscriptions))


class Courier:
    """``pool``: a pool that serves nothing else; None: threads of our own."""

    def __init__(self, webhooks: Webhooks, worker: str, pool: Pool | None = None) -> None:
        self.webhooks = webhooks
        self.worker = worker
        self.pool = None if pool is None else Hands(pool.hands, pool.counted(None))
        self.hand_over = self._in_a_thread if pool is None else pool.hand_over
        subscriptions = webhooks.settings.webhooks
        self.hands = {
            name: Hands(one.concurrency)
            if pool is None
            else Hands(pool.share(one.concurrency, len(subscriptions)), pool.counted(name))
            for name, one in subscriptions.items()
        }
        self._outbox = Loop("outbox", self.fill)
        self._rounds = Loop("courier", self.look)
        self._alive = Beat(self._tell_or_ask)
        self._longest = LOOK if pool is None or pool.busy is None else HANDS_FULL
        self._stands_by = False
        self._turn = 0

    def start(self) -> None:
        self._outbox.start()
        self._rounds.start()

    def stop(self) -> None:
        """Begin nothing more; attempts that are being made have a moment to end."""
        for loop in (self._outbox, self._rounds):
            loop.ended.set()
        self._rounds.stop(GRACE)
        self._outbox.stop(GRACE)
        until = time.monotonic() + GRACE
        while self.pool is None and self._busy() and time.monotonic() < until:
            time.sleep(0.02)

    def fill(self) -> float:
        """Move events into deliveries; the seconds until the next look, 0 at once."""
        moved = self.webhooks.outbox.move()
        if moved.events:
            self._rounds.poke()
        if moved.beaten:  # one who does it is enough; should it die, what lies there is seen soon
            return random.uniform(*STAND_BACK)
        if not moved.events:
            self.webhooks.outbox.wait(moved.cursor, WAIT_MS)
        return GATHER if 0 < moved.events < BATCH else 0.0

    def look(self) -> float:
        """Lease what is due and have it delivered; the seconds until the next look."""
        self._alive()
        if self._stands_by:
            return LOOK
        free = self._free()
        at_most = self._in_all()
        if not free or at_most <= 0:
            return self._longest
        round_ = self.webhooks.hand_out(free, at_most)
        for handed in round_.handed:
            self._give(handed)
        longest = self._longest if round_.handed else LOOK
        if round_.next_due is None:
            return longest
        rate = self.webhooks.store.clock.rate
        return min(longest, max(0.0, (round_.next_due - round_.now) / rate))

    def freed(self, token: str) -> None:
        """An attempt is over, however it ended."""
        for hands in (*self.hands.values(), *([self.pool] if self.pool is not None else [])):
            hands.freed(token)
        self._rounds.poke()

    def _free(self) -> Mapping[str, int]:
        """The subscriptions with a hand free; where a pool has too few for all, each is the first in turn."""
        names = list(self.hands)
        self._turn = (self._turn + 1) % max(1, len(names))
        turned = names[self._turn :] + names[: self._turn]
        free = {name: self.hands[name].free(self._lease(name)) for name in turned}
        return {name: count for name, count in free.items() if count > 0}

    def _lease(self, name: str) -> float:
        return self.webhooks.settings.webhooks[name].timeout + SLACK

    def _in_all(self) -> int:
        if self.pool is None:
            return sum(hands.limit for hands in self.hands.values())
        return self.pool.free(max(map(self._lease, self.hands)))

    def _busy(self) -> bool:
        return any(hands.free(self._lease(name)) < hands.limit for name, hands in self.hands.items())

    def _give(self, handed: Handed) -> None:
        self.hands[handed.subscription].took(handed.token)
        if self.pool is not None:
            self.pool.took(handed.token)
        try:
            self.hand_over(handed)
        except Exception as trouble:  # noqa: BLE001  the lease brings it back, whatever kept it here
            self.freed(handed.token)
            log.warning("courier.unsent id=%s: %r", handed.id, trouble)

    def _in_a_thread(self, handed: Handed) -> None:
        Thread(target=self._perform, args=(handed,), name="recorder-notify", daemon=True).start()

    def _perform(self, handed: Handed) -> None:
        try:
            self.webhooks.deliver(handed.id, handed.token)
        except StoreUnavailable as trouble:
            log.warning("courier.unnoted id=%s: it is delivered again: %s", handed.id, trouble)
        except Exception:
            log.exception("courier.trouble id=%s", handed.id)
        finally:
            self.freed(handed.token)

    def _tell_or_ask(self) -> None:
        """One in a pool of its own says that it is there; the others ask whether there is such a one."""
        workers = self.webhooks.store.workers
        if self.pool is not None:
            said = {"lanes": [], "hands": self.pool.limit, "role": ROLE, "webhooks": sorted(self.hands)}
            workers.beat(self.worker, said)
        else:
            alone = (info for info in workers.alive(HEARD).values() if info.get("role") == ROLE)
            self._stands_by = any(set(self.hands) <= set(info.get("webhooks", ())) for info in alone)
