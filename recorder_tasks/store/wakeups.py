"""Wakes a sleeping dispatcher when something became due sooner, here or anywhere."""

from __future__ import annotations

import os
import select
import time
from typing import Any

import redis

from recorder_tasks.store.errors import redis_errors
from recorder_tasks.store.keys import Keys


class Wakeups:
    """A subscription on a connection of its own. Use as a context manager, in one thread; poke from any."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._channel = keys("wake")
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        self._pubsub: Any = None

    def __enter__(self) -> Wakeups:
        return self

    def __exit__(self, *exc: object) -> None:
        self._unsubscribe()
        os.close(self._read)
        os.close(self._write)

    def poke(self) -> None:
        """Wake the waiting thread of this process."""
        os.write(self._write, b".")

    def wait(self, timeout: float) -> bool:
        """Sleep until woken (True) or the time is over. Raises StoreUnavailable on a lost connection."""
        until = time.monotonic() + timeout
        try:
            with redis_errors():
                if self._pubsub is None:
                    self._subscribe()
                    return True
                return self._sleep(until)
        except BaseException:
            self._unsubscribe()
            raise

    def _subscribe(self) -> None:
        self._pubsub = self._client.pubsub(ignore_subscribe_messages=True)
        self._pubsub.subscribe(self._channel)
        self._pubsub.get_message(timeout=1.0)

    def _sleep(self, until: float) -> bool:
        woken = False
        while not woken and (left := until - time.monotonic()) > 0:
            sock = self._pubsub.connection._sock
            ready, _, _ = select.select([self._read, sock], [], [], left)
            if self._read in ready:
                os.read(self._read, 4096)
                woken = True
            while sock in ready and self._pubsub.get_message(timeout=0) is not None:
                woken = True
        return woken

    def _unsubscribe(self) -> None:
        if self._pubsub is not None:
            pubsub, self._pubsub = self._pubsub, None
            try:
                pubsub.close()
            except redis.RedisError:
                return
