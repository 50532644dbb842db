"""The vendor of a rehearsal: for each account a simulated vendor of its own, with that account's limits."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from recorder_tasks.core.outcome import Instant
from recorder_tasks.settings import AppSettings, Settings
from recorder_tasks.simulator import App, SimulatorSettings, World
from recorder_tasks.simulator.ledger import ledger, requests

RECORDING = frozenset({"acquire", "start", "query", "update", "updateLayout", "stop"})
VENDOR_QPS = 10.0  # what the vendor allows (facts 5.2), also those who set no rate for themselves


@dataclass(frozen=True)
class Account:
    """The apps (by name) that share a REST key pair, and with it one request rate at the vendor."""

    apps: frozenset[str]
    world: World = field(repr=False)

    @property
    def allowed(self) -> int:
        """Requests in a second, while something records: a tenth of the cap counts too (facts 5.2)."""
        rules = self.world.book.settings
        return min(rules.qps, max(1, rules.pcw // 10))

    @property
    def running(self) -> int:
        """Recorders that run, as of the last request."""
        return sum(len(sids) for sids in self.world.book.running.values())

    def takes(self, now: Instant) -> list[dict[str, Any]]:
        """Every recorder that the ledger knows."""
        self.world.advance(now)
        found: list[dict[str, Any]] = ledger(self.world, now)["takes"]
        return found

    def calls(self) -> list[dict[str, Any]]:
        """The recording requests, oldest first."""
        return [entry for entry in requests(self.world) if entry["verb"] in RECORDING]


def accounts(settings: Settings) -> list[Account]:
    """The accounts to which the apps of some settings belong."""
    pairs: dict[str, dict[str, AppSettings]] = {}
    for name, app in settings.apps.items():
        pairs.setdefault(app.key.get_secret_value(), {})[name] = app
    return [Account(frozenset(apps), _world(list(apps.values()))) for apps in pairs.values()]


def _world(apps: list[AppSettings]) -> World:
    """The limits are the apps' own; the harsher where those of one account differ. Everybody has company."""
    rules = SimulatorSettings(
        seed=1,
        qps=math.ceil(min(app.qps or VENDOR_QPS for app in apps)),
        pcw=min(app.concurrent_tasks for app in apps),
        log_capacity=2_000_000,
    )
    return World(rules, [_app(app) for app in apps])


def _app(app: AppSettings) -> App:
    return App(app.app_id, key=app.key.get_secret_value(), secret=app.secret.get_secret_value())
