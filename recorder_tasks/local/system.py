"""Puts the processes of an embedded system together; ``up``, ``demo`` and tests start the parts they need."""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from recorder_tasks.local import server
from recorder_tasks.local.environment import NOTIFICATION_SECRET, app_env, storage_env
from recorder_tasks.local.processes import Child, NotReady, Processes, Program, Tell

READY = 30.0  # seconds; Python and Celery take a few to start on a busy machine
LOOK = 0.1
HTTP_TIMEOUT = 5.0

SIMULATOR_TIER, WORKER_TIER, BEAT_TIER, WEB_TIER = 1, 2, 3, 4


class System:
    """The parts that run, and the ``RECORDER_*`` variables with which others reach them."""

    def __init__(
        self, data_dir: Path, env: Mapping[str, str] | None = None, tell: Tell | None = None
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.env = {**(env or {}), "RECORDER_DATA_DIR": str(self.data_dir)}
        self.processes = Processes(self.data_dir / "log", tell)
        self.app: dict[str, str] = {}
        self.cwd: Path | None = None

    def serve(self, preferred_port: int = 0) -> str:
        """Start the embedded Valkey; its URL."""
        port = server.free_port(preferred_port)
        child = self.processes.start(server.valkey(self.data_dir / "valkey", port))
        server.await_answer(child, port)
        self.env["RECORDER_REDIS_URL"] = server.url(port)
        return server.url(port)

    def simulate(
        self, preferred_port: int = 0, settings: Mapping[str, Any] | None = None, *, configure: bool = True
    ) -> dict[str, str]:
        """Start the simulator, its state kept in the data directory; its app with base and admin URL.

        ``configure``: the other processes shall use that app.
        """
        port = server.free_port(preferred_port)
        argv = ["simulator", "--port", str(port), "--state", str(self.data_dir / "simulator.db")]
        if settings:
            path = self.data_dir / "simulator-settings.json"
            path.write_text(json.dumps(settings), encoding="utf-8")
            argv += ["--settings", str(path)]
        child = self.processes.start(self._ours("simulator", argv, SIMULATOR_TIER))
        ready = json.loads(child.await_line("simulator ready", READY))
        self.app = {**ready, **get_json(f"{ready['admin_url']}/app")}
        if configure:
            self.env |= {**app_env(self.app), **storage_env()}
        return self.app

    def work(self, suffix: str = "") -> tuple[Child, Child]:
        """Start a worker and a stop worker; ``suffix`` tells them from earlier ones."""
        general = ["worker", "--name", f"worker{suffix}@local"]
        stop = ["worker", "--stop", "--name", f"stopper{suffix}@local"]
        return (
            self.processes.start(self._ours(f"worker{suffix}", general, WORKER_TIER)),
            self.processes.start(self._ours(f"stopper{suffix}", stop, WORKER_TIER)),
        )

    def beat(self) -> Child:
        return self.processes.start(self._ours("beat", ["beat"], BEAT_TIER))

    def web(self, port: int) -> str:
        """Start the control room and return its address. Where there is a simulator it gets the callbacks."""
        child = self.processes.start(self._ours("web", ["web", "--port", str(port)], WEB_TIER))
        address = child.await_line("control room", READY)
        if self.app:
            target = {"url": f"{address}/agora/notifications/default", "secret": NOTIFICATION_SECRET}
            put_json(f"{self.app['admin_url']}/callbacks", target)
        return address

    def await_workers(self, desk: Any, *children: Child, timeout: float = READY) -> None:
        """Returns once each of these workers has told Redis that it is there. Raises NotReady."""
        named = {f"{child.program.name}@local": child for child in children}
        await_heard(lambda: desk.overview()["workers"], named, timeout)

    def _ours(self, name: str, argv: list[str], tier: int) -> Program:
        command = (sys.executable, "-m", "recorder_tasks.cli", *argv)
        return Program(name, command, env=dict(self.env), tier=tier, cwd=self.cwd)

    def stop(self) -> None:
        self.processes.stop()

    def __enter__(self) -> System:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()


def await_heard(heard: Callable[[], Collection[str]], workers: Mapping[str, Child], timeout: float) -> None:
    """Returns once each worker, by its name, is one that was ``heard`` of. Raises NotReady."""
    until = time.monotonic() + timeout
    missing = dict(workers)
    while missing:
        for name in set(heard()) & set(missing):
            missing.pop(name)
        for name, child in missing.items():
            if child.exit_status is not None or time.monotonic() > until:
                raise NotReady(f"{name}: not ready, see {child.log}\n{child.tail()}")
        if missing:
            time.sleep(LOOK)


def get_json(url: str) -> Any:
    """GET from the simulator's admin API, on loopback."""
    with urllib.request.urlopen(url, timeout=HTTP_TIMEOUT) as answer:  # noqa: S310  our own http URL
        return json.load(answer)


def put_json(url: str, body: Mapping[str, Any]) -> None:
    """PUT to the simulator's admin API, on loopback."""
    data = json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method="PUT")  # noqa: S310
    with urllib.request.urlopen(request, timeout=HTTP_TIMEOUT) as answer:  # noqa: S310  our own http URL
        answer.read()
