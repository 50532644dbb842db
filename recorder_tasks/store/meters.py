"""Counts and durations: kept by each process in memory, and added up in Redis about once a second.

So whoever reads them reads those of the whole fleet, and no step waits for it. A process that is killed takes
what it has counted in its last second with it.
"""

from __future__ import annotations

import atexit
import json
import logging
import math
import os
import secrets
from bisect import bisect_left
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from weakref import WeakSet

import redis

from recorder_tasks.store.errors import StoreError, StoreUnavailable, redis_errors
from recorder_tasks.store.keys import Keys
from recorder_tasks.store.scripts import Scripts

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds between two additions
IDLE = 10  # rounds without anything new, after which the thread ends
KEPT = 3600  # seconds that a batch whose answer was lost is known again
SUM = "sum"
Series = tuple[str, ...]  # a name and its labels' values; of a histogram also a bound, or ``sum``


@dataclass(frozen=True)
class Gauge:
    """How something stands; read when it is asked for, never counted."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counter:
    """Something that happens. ``closed``: the values of labels that are shown as 0 before they ever came.

    Those of ``app`` and ``subscription`` are what the settings name.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()
    closed: dict[str, tuple[str, ...]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Histogram:
    """Something that takes time. ``bounds``: upper ends of its buckets in seconds, ascending, without inf."""

    name: str
    help: str
    labels: tuple[str, ...]
    bounds: tuple[float, ...]


Metric = Gauge | Counter | Histogram


class Meters:
    """Thread-safe; counting costs microseconds and never fails."""

    def __init__(self, client: redis.Redis, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts
        self._begin()
        _all.add(self)

    def _begin(self) -> None:
        """As if nothing had been counted: also in a forked child, whose parent counts its own."""
        self._name = secrets.token_hex(8)
        self._number = 0
        self._batch: dict[Series, float] | None = None  # on its way to Redis
        self._counted: dict[Series, float] = {}
        self._counting = Lock()
        self._flushing = Lock()
        self._closed = Event()
        self._thread: Thread | None = None

    def count(self, counter: Counter, *values: str, n: float = 1.0) -> None:
        """So many more of it, with these values of its labels, in their order."""
        assert len(values) == len(counter.labels), counter.name
        self._add({(counter.name, *values): n})

    def observe(self, histogram: Histogram, *values: str, seconds: float) -> None:
        """It took so long; less than 0 counts as 0."""
        assert len(values) == len(histogram.labels), histogram.name
        if not math.isfinite(seconds):
            return
        series, taken = (histogram.name, *values), max(0.0, seconds)
        place = bisect_left(histogram.bounds, taken)
        bound = histogram.bounds[place] if place < len(histogram.bounds) else math.inf
        self._add({(*series, repr(float(bound))): 1.0, (*series, SUM): taken})

    def _add(self, amounts: dict[Series, float]) -> None:
        with self._counting:
            for series, amount in amounts.items():
                self._counted[series] = self._counted.get(series, 0.0) + amount
            if self._thread is None and not self._closed.is_set():
                self._thread = Thread(target=self._now_and_then, name="recorder-meters", daemon=True)
                with suppress(RuntimeError):  # the interpreter ends: whoever ends it flushes
                    self._thread.start()

    def _now_and_then(self) -> None:
        idle = 0
        while not self._closed.wait(EVERY):
            try:
                idle = 0 if self.flush() else idle + 1
            except StoreUnavailable:
                idle = 0
            except StoreError:
                log.exception("meters.lost")
                self._batch = None
            with self._counting:
                if idle >= IDLE and not self._counted:
                    self._thread = None
                    return

    def flush(self) -> bool:
        """Add what was counted to the fleet's; False if there was nothing. Raises StoreUnavailable.

        What could not be sent is kept, and sent with the same number: it counts once.
        """
        with self._flushing:
            with self._counting:
                if self._batch is None and self._counted:
                    self._batch, self._counted = self._counted, {}
                    self._number += 1
                batch = self._batch
            if batch is None:
                return False
            amounts = [[json.dumps(series), repr(amount)] for series, amount in batch.items()]
            keys = [self._keys("meters"), self._keys("meters", self._name)]
            job = {"batch": self._number, "keep": KEPT, "add": amounts}
            self._scripts("tally", keys, self._keys.prefix, job)
            self._batch = None
            return True

    def read(self) -> dict[Series, float]:
        """What the fleet has counted, as far as it was added. Raises StoreUnavailable."""
        with redis_errors():
            return read_counts(self._client.hgetall(self._keys("meters")))  # type: ignore[arg-type]

    def close(self) -> None:
        """Add the last counts, if Redis answers; count nothing more by itself."""
        self._closed.set()
        with suppress(StoreError):
            while self.flush():
                pass


def read_counts(found: dict[bytes, bytes]) -> dict[Series, float]:
    """The hash of the counts as series."""
    return {tuple(json.loads(name)): float(value) for name, value in found.items()}


_all: WeakSet[Meters] = WeakSet()


def _close_all() -> None:
    for meters in list(_all):
        meters.close()


def _begin_all() -> None:
    for meters in list(_all):
        meters._begin()


atexit.register(_close_all)
os.register_at_fork(after_in_child=_begin_all)
