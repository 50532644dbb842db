"""How a deployment does, as metrics: what the fleet has counted, and how things stand, in two round trips."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from typing import Any

from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.session import Lane
from recorder_tasks.flow import metric_names as names
from recorder_tasks.settings import Settings
from recorder_tasks.store import Came, Counter, Gauge, Histogram, Metric, Reading, Series, Store, StoreError
from recorder_tasks.store.meters import SUM

HEARD = 15.0  # seconds since a process was last heard of
ROLES = ("general", "stop", "both", "notify", "beat")
Values = tuple[str, ...]


@dataclass(frozen=True)
class Buckets:
    """A histogram's: how many were within each bound (ascending, the last inf), and their sum in seconds."""

    within: tuple[tuple[float, float], ...]
    sum: float


@dataclass(frozen=True)
class Family:
    """A metric with all its samples by the values of its labels, in their order."""

    metric: Metric
    samples: Mapping[Values, float | Buckets]


def scrape(store: Store, settings: Settings) -> tuple[Family, ...]:
    """Every metric of the namespace. While Redis does not answer: only that, and raises nothing."""
    try:
        reading = store.gauges.read(tuple(settings.apps), tuple(settings.webhooks), heard=HEARD)
    except StoreError:
        return _always(up=0)
    counted = _by_name(reading.counts)
    for metric, kept in _kept_elsewhere(reading).items():
        counted.setdefault(metric.name, {}).update(kept)
    stands = _standing(reading, settings)
    shown = (
        Family(metric, {(value,) if value else (): number for value, number in stands[metric].items()})
        if isinstance(metric, Gauge)
        else _counted(metric, counted.get(metric.name, {}), settings)
        for metric in names.CATALOGUE
        if metric not in (names.UP, names.BUILD)
    )
    return (*_always(up=1), *shown)


def _always(up: int) -> tuple[Family, Family]:
    return Family(names.UP, {(): up}), Family(names.BUILD, {(_version(),): 1})


@cache
def _version() -> str:
    try:
        return version("recorder-tasks")
    except PackageNotFoundError:
        return "unknown"


def _by_name(counts: Mapping[Series, float]) -> dict[str, dict[Values, float]]:
    found: dict[str, dict[Values, float]] = {}
    for (name, *values), count in counts.items():
        found.setdefault(name, {})[tuple(values)] = count
    return found


def _counted(metric: Counter | Histogram, counted: Mapping[Values, float], settings: Settings) -> Family:
    if isinstance(metric, Histogram):
        return Family(metric, _histogram(metric, counted))
    return Family(metric, {**_zeros(metric, settings), **counted})


def _zeros(counter: Counter, settings: Settings) -> dict[Values, float]:
    """What may happen, as 0: a first time is seen as an increase only where something was shown before."""
    closed = {**counter.closed, "app": tuple(settings.apps), "subscription": tuple(settings.webhooks)}
    if not set(counter.labels) <= counter.closed.keys():
        return {}
    return dict.fromkeys(product(*(closed[label] for label in counter.labels)), 0.0)


def _histogram(metric: Histogram, counted: Mapping[Values, float]) -> dict[Values, Buckets]:
    """Bounds of another version's process count for the next one that this version has."""
    found: dict[Values, Buckets] = {}
    for values in {values[:-1] for values in counted}:
        parts = {values_[-1]: count for values_, count in counted.items() if values_[:-1] == values}
        total = parts.pop(SUM, 0.0)
        kept = [(float(bound), count) for bound, count in parts.items()]
        within = tuple(
            (bound, sum(count for other, count in kept if other <= bound))
            for bound in (*metric.bounds, math.inf)
        )
        found[values] = Buckets(within, total)
    return found


def _standing(reading: Reading, settings: Settings) -> dict[Gauge, dict[str, float]]:
    """The gauges, by the value of their label, '' where they have none."""
    now, lanes = reading.now, {lane.value: each for lane, each in reading.lanes.items()}
    roles = [role_of(info) for info in reading.workers]
    apps, budgets, accounts = settings.apps, reading.apps, reading.subscriptions
    return {
        names.SESSIONS: {state.value: count for state, count in reading.states.items()},
        names.DUE: {lane: each.waiting for lane, each in lanes.items()},
        names.OVERDUE: {lane: each.overdue for lane, each in lanes.items()},
        names.OVERDUE_SECONDS: {lane: _since(now, each.since) for lane, each in lanes.items()},
        names.LIVE_TAKES: {"": reading.live},
        names.ORPHANS: {"": reading.orphans},
        names.POISON: {"": reading.poison},
        names.WORKERS: {role: roles.count(role) for role in ROLES},
        names.BUDGET_RATE: {name: app.rate for name, app in apps.items()},
        names.CAP: {name: app.concurrent_tasks for name, app in apps.items()},
        names.BUDGET_AHEAD: {
            name: max(0.0, app.budget.get("next", 0.0) - now) for name, app in budgets.items()
        },
        names.WAITING_FOR_ROOM: {name: app.waiting for name, app in budgets.items()},
        names.LAST_CALLBACK: {
            name: app.callbacks["at"] for name, app in budgets.items() if "at" in app.callbacks
        },
        names.WEBHOOKS_WAITING: {name: account.waiting for name, account in accounts.items()},
        names.WEBHOOKS_DEAD: {name: account.dead for name, account in accounts.items()},
        names.WEBHOOK_FAILING: {
            name: _since(now, account.failing_since) for name, account in accounts.items()
        },
    }


def _since(now: Instant, at: Instant | None) -> float:
    return 0.0 if at is None else max(0.0, now - at)


def _kept_elsewhere(reading: Reading) -> dict[Counter, dict[Values, float]]:
    """Counters that the store keeps together with what they count."""
    slots: dict[Values, float] = {}
    came: dict[Values, float] = {}
    delivered: dict[Values, float] = {}
    for name, app in reading.apps.items():
        slots |= {(name, one): app.budget.get(one, 0.0) for one in names.SLOTS.closed["result"]}
        came |= {(name, callback_result(one)): app.callbacks.get(one.value, 0.0) for one in Came}
    for name, account in reading.subscriptions.items():
        counts = {"delivered": account.sent, "failed": account.failed, "dead": account.died}
        delivered |= {(name, result): float(count) for result, count in counts.items()}
    return {names.SLOTS: slots, names.CALLBACKS: came, names.DELIVERIES: delivered}


def callback_result(came: Came) -> str:
    return "unknown" if came is Came.STRANGER else came.value


def role_of(info: Mapping[str, Any]) -> str:
    """What a process does, from what it says of itself."""
    lanes = set(info.get("lanes", ()))
    if info.get("beat"):
        return "beat"
    if not lanes:
        return "notify" if info.get("role") else "none"
    serves_stops = Lane.STOP.value in lanes
    if lanes == {Lane.STOP.value}:
        return "stop"
    return "both" if serves_stops else "general"
