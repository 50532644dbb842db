"""The vendor of a simulation: an account for each app, all in this process, on the simulated clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import local
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from recorder_tasks.local.inprocess_vendor import VendorAdapter
from recorder_tasks.settings import AppSettings, Settings
from recorder_tasks.simulator import App, SimulatorSettings, World
from recorder_tasks.simulator.ledger import requests as requests_of
from recorder_tasks.simulator.tasks import Task

QPS = 10  # what the vendor allows an account unless it is asked for more (facts 5.2)
QUIET: dict[str, Any] = {"progress_seconds": 86_400.0}  # an event that nobody is called back about
LIMITED = (400, 429)


def app_settings(number: int, recorders: int) -> dict[str, Any]:
    """An app with a certificate, and a cap that has room for its recorders."""
    return {
        "app_id": f"{number:032x}",
        "key": f"key-{number}",
        "secret": f"secret-{number}",
        "certificate": f"{number + 1:032x}",
        "base_url": f"http://account-{number}.invalid",
        "qps": QPS,
        "concurrent_tasks": cap(recorders),
    }


def cap(recorders: int) -> int:
    """At least 100, so that its tenth is no lower limit than QPS."""
    return max(10 * QPS, recorders + recorders // 5)


def world_of(app: AppSettings, number: int) -> World:
    rules = SimulatorSettings(seed=number, qps=QPS, pcw=app.concurrent_tasks, log_capacity=2_000_000, **QUIET)
    secret, certificate = app.secret.get_secret_value(), app.certificate
    plain = "" if certificate is None else certificate.get_secret_value()
    return World(rules, [App(app.app_id, plain, app.key.get_secret_value(), secret)])


class Vendor(BaseAdapter):
    """Requests go to the world of their host. ``cpu``: seconds that the worlds took, which are not ours."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        super().__init__()
        self.clock = clock
        self.cpu = 0.0
        self.count = 0
        self._here = local()
        self.worlds = {name: world_of(app, at) for at, (name, app) in enumerate(settings.apps.items())}
        hosts = {name: urlsplit(app.base_url or "").hostname for name, app in settings.apps.items()}
        self._by_host = {
            hosts[name]: VendorAdapter(world, self.now, keep=False) for name, world in self.worlds.items()
        }

    def now(self) -> float:
        return self.clock()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        began = time.thread_time()
        self._here.sent_at = self.now()
        try:
            return self._by_host[urlsplit(request.url or "").hostname].send(request, *args, **kwargs)
        finally:
            took = time.thread_time() - began
            self.cpu += took
            self._here.cpu = self.cpu_here + took
            self.count += 1

    @property
    def cpu_here(self) -> float:
        """Of it, what this thread's requests took."""
        return getattr(self._here, "cpu", 0.0)

    def sent_at(self) -> float | None:
        """When this thread's latest request was sent, asked for once."""
        at: float | None = getattr(self._here, "sent_at", None)
        self._here.sent_at = None
        return at

    def close(self) -> None:
        """Nothing is open."""

    def forget(self) -> None:
        """The log until now; what runs goes on."""
        for world in self.worlds.values():
            for kept in (world.book.log, world.book.unsaved, world.book.touched):
                kept.clear()

    def tasks(self) -> list[Task]:
        """Every recorder that ever ran."""
        return [task for world in self.worlds.values() for task in world.book.tasks.values()]


def busiest_second(worlds: dict[str, World], since: float) -> tuple[int, int]:
    """The most requests of one app that any second held, and how many the vendor refused for its limits."""
    most = refused = 0
    for world in worlds.values():
        calls = [call for call in requests_of(world) if call["at"] >= since]
        refused += sum(call["status"] in LIMITED for call in calls)
        times, first = [call["at"] for call in calls], 0
        for number, at in enumerate(times):
            while times[first] <= at - 1.0:
                first += 1
            most = max(most, number - first + 1)
    return most, refused
