"""Waking up: a sleeping dispatcher learns within milliseconds that something is due sooner than it knew."""

from __future__ import annotations

import logging
import math
import secrets
import time
from contextlib import suppress
from threading import Condition, Thread
from types import TracebackType
from typing import Any, Self

import redis

from recorder_tasks.store.errors import StoreUnavailable, redis_errors
from recorder_tasks.store.keys import Keys

log = logging.getLogger(__name__)

LISTEN = 5.0  # seconds of one blocking read; nothing is polled for, a line that is dead is noticed by it
PAUSE = 0.5  # between two tries to connect


class Wakeups:
    """A listener on its own connection, from ``with`` on. It reconnects by itself.

    What was published while it was not connected counts, when it is connected again, as due long ago.
    """

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client: Any = client
        self._channel = keys("wake")
        self._own = keys("wake", secrets.token_hex(8))
        self._changed = Condition()
        self._due = math.inf
        self._poked = False
        self._trouble: StoreUnavailable | None = None
        self._ended = False
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        self._ended = False
        self._thread = Thread(target=self._listen, name="recorder-wakeups", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
            reading = self._trouble is None
        if reading:
            with suppress(StoreUnavailable), redis_errors():
                self._client.publish(self._own, "")
        if self._thread is not None:
            self._thread.join(timeout=2 * LISTEN)

    def wait(self, timeout: float, before: float = math.inf) -> bool:
        """True as soon as something is due before ``before`` or somebody has poked; False after the time-out.

        ``timeout`` in seconds; ``before`` by Redis's clock: who looks then anyway need not be woken for what
        is due later. What was told since the last wait counts. Raises StoreUnavailable when Redis is gone.
        """
        until = time.monotonic() + timeout
        with self._changed:
            while not (woken := self._due < before or self._poked):
                if self._trouble is not None:
                    raise self._trouble
                left = until - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            self._due, self._poked = math.inf, False
            return woken

    def poke(self) -> None:
        """Wake the waiting thread of this process."""
        with self._changed:
            self._poked = True
            self._changed.notify_all()

    def _listen(self) -> None:
        while not self._ended:
            try:
                with redis_errors(), self._client.pubsub() as subscription:
                    subscription.subscribe(self._own, self._channel)
                    self._hear(subscription)
            except StoreUnavailable as trouble:
                self._lost(trouble)
            except Exception as trouble:
                log.exception("wakeups.trouble")
                self._lost(StoreUnavailable(f"Redis is out of reach: {trouble!r}"))

    def _hear(self, subscription: Any) -> None:
        while not self._ended:
            message = subscription.get_message(timeout=LISTEN)
            if message is None or message["channel"] == self._own.encode():
                continue
            with self._changed:
                self._due, self._trouble = min(self._due, _due(message)), None
                self._changed.notify_all()

    def _lost(self, trouble: StoreUnavailable) -> None:
        with self._changed:
            self._trouble = trouble
            self._changed.notify_all()
            if not self._ended:
                self._changed.wait_for(lambda: self._ended, PAUSE)


def _due(message: dict[str, Any]) -> float:
    """When that is due of which a message tells; long ago where it is the beginning of a subscription."""
    try:
        return float(message["data"].split()[1])
    except (AttributeError, IndexError, ValueError):
        return -math.inf
