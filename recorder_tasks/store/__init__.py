"""Redis: sessions and their due times, leases, the budget, events. Nothing of the vendor is known here."""

from __future__ import annotations

import redis

from recorder_tasks.store.answers import Answers
from recorder_tasks.store.bells import Bells
from recorder_tasks.store.budget import Budget, SlotRequest
from recorder_tasks.store.callbacks import Callbacks, Came
from recorder_tasks.store.checker import Checker, Comparison, Repair, Report
from recorder_tasks.store.clock import Clock
from recorder_tasks.store.connection import connect
from recorder_tasks.store.days import Days
from recorder_tasks.store.deliveries import Account, Delivery, Draft, Handed, Place, Round
from recorder_tasks.store.errors import (
    Conflict,
    Guard,
    Outdated,
    StoreError,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
    Unreadable,
    redis_errors,
)
from recorder_tasks.store.events import Event, Events, StoredEvent
from recorder_tasks.store.gauges import Backlog, Gauges, Reading
from recorder_tasks.store.indexes import By, Name
from recorder_tasks.store.keys import Keys
from recorder_tasks.store.leases import Claim, Claims, Go, Leases, NotYet, SetAside, Stale
from recorder_tasks.store.listing import Filter, Page
from recorder_tasks.store.meters import Counter, Gauge, Histogram, Meters, Metric, Series
from recorder_tasks.store.names import Names
from recorder_tasks.store.occurrences import Occurrences
from recorder_tasks.store.orphans import Nameless, Orphans
from recorder_tasks.store.poison import Blame, Poison
from recorder_tasks.store.pulse import Emptied, Namespace, Pulse
from recorder_tasks.store.scripts import Scripts
from recorder_tasks.store.server import Server, ServerFacts
from recorder_tasks.store.sessions import Dues, Sessions, StoreOptions
from recorder_tasks.store.takes import LiveTake, LiveTakes, TakeChange
from recorder_tasks.store.wakeups import Wakeups
from recorder_tasks.store.webhooks import Deliveries
from recorder_tasks.store.workers import Workers

__all__ = [
    "Account",
    "Backlog",
    "Blame",
    "By",
    "Came",
    "Claim",
    "Claims",
    "Comparison",
    "Conflict",
    "Counter",
    "Delivery",
    "Draft",
    "Dues",
    "Emptied",
    "Event",
    "Filter",
    "Gauge",
    "Go",
    "Guard",
    "Handed",
    "Histogram",
    "LiveTake",
    "Meters",
    "Metric",
    "Name",
    "Nameless",
    "Namespace",
    "NotYet",
    "Outdated",
    "Page",
    "Place",
    "Reading",
    "Repair",
    "Report",
    "Round",
    "Series",
    "ServerFacts",
    "SetAside",
    "SlotRequest",
    "Stale",
    "Store",
    "StoreError",
    "StoreFull",
    "StoreOptions",
    "StoreReadOnly",
    "StoreUnavailable",
    "StoredEvent",
    "TakeChange",
    "Unreadable",
    "Wakeups",
]

READY_KEPT = 60  # seconds


class Store:
    """One namespace on one Redis; thread-safe. Built once per process."""

    def __init__(self, url: str, namespace: str = "default", *, options: StoreOptions | None = None) -> None:
        self.keys = Keys(namespace)
        self._client: redis.Redis = connect(url)
        scripts = Scripts(self._client)
        self.clock = Clock(self._client, self.keys, scripts)
        self.sessions = Sessions(self._client, self.keys, scripts, options or StoreOptions())
        self.occurrences = Occurrences(self._client, self.keys)
        self.leases = Leases(self.keys, scripts)
        self.budget = Budget(self._client, self.keys, scripts)
        self.answers = Answers(self.keys, scripts)
        self.bells = Bells(self._client, self.keys, scripts)
        self.callbacks = Callbacks(self._client, self.keys, scripts)
        self.events = Events(self._client, self.keys, scripts)
        self.takes = LiveTakes(self._client, self.keys)
        self.orphans = Orphans(self._client, self.keys, scripts)
        self.poison = Poison(self._client, self.keys)
        self.workers = Workers(self._client, self.keys)
        self.names = Names(self._client, self.keys, scripts)
        self.days = Days(self._client, self.keys)
        self.checker = Checker(self._client, self.keys, scripts, self.events, self.leases, self.names)
        self.server = Server(self._client)
        self.webhooks = Deliveries(self._client, self.keys, scripts)
        self.pulse = Pulse(self._client, self.keys, scripts)
        self.meters = Meters(self._client, self.keys, scripts)
        self.gauges = Gauges(self._client, self.keys, self.clock)

    @property
    def client(self) -> redis.Redis:
        """The connection, for what keeps its own keys beside ours: the schedules."""
        return self._client

    def wakeups(self) -> Wakeups:
        """A subscription for one dispatcher."""
        return Wakeups(self._client, self.keys)

    def ping(self) -> bool:
        """True when Redis answers. Raises StoreUnavailable when it does not."""
        with redis_errors():
            return bool(self._client.ping())

    def check_writes(self) -> None:
        """Write something small. Raises StoreUnavailable, StoreFull or StoreReadOnly when that is refused."""
        with redis_errors():
            self._client.set(self.keys("ready"), 1, ex=READY_KEPT)

    def close(self) -> None:
        self.meters.close()
        self._client.close()
