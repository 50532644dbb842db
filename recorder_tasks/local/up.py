"""A whole system that keeps running for development; with real settings, only what is not there already."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from threading import Event as Flag
from types import FrameType
from urllib.parse import urlsplit

from recorder_tasks.core.errors import RecorderError
from recorder_tasks.local import environment, server
from recorder_tasks.local.processes import Child, Tell
from recorder_tasks.local.system import System
from recorder_tasks.settings import Settings
from recorder_tasks.wiring import Wiring

LOOK = 0.5
LIVED = 10.0  # seconds; a child that lived shorter is restarted after a growing pause
LONGEST_PAUSE = 30.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class RunsAlready(RecorderError):
    """Another ``recorder up`` uses this data directory."""


class Up:
    """``run()`` returns after Ctrl-C or SIGTERM, when every process has ended."""

    def __init__(
        self,
        redis_port: int,
        simulator_port: int,
        web_port: int | None = None,
        *,
        tell: Tell,
        say: Callable[[str], None],
    ) -> None:
        self.redis_port = redis_port
        self.simulator_port = simulator_port
        self.web_port = web_port
        self.tell = tell
        self.say = say
        self._ended = Flag()
        self._starting = False
        self._again: dict[str, float] = {}  # when an ended child is started again (monotonic)
        self._pauses: dict[str, float] = {}

    def run(self) -> None:
        """Raises RunsAlready, or NotReady with the log of a process that did not come up."""
        settings = Settings()
        with _alone(settings.data_dir), self._until_told():
            system = System(settings.data_dir, tell=self.tell)
            try:
                self._starting = True
                self._start(system, settings)
                self._starting = False
                while not self._ended.wait(LOOK):
                    self._keep_alive(system)
            except KeyboardInterrupt:
                self.say("told to stop before everything ran")
            finally:
                self._starting = False
                (settings.data_dir / environment.UP_FILE).unlink(missing_ok=True)
                self.say("stopping")
                system.stop()
                self.say("every process has ended")

    def _start(self, system: System, settings: Settings) -> None:
        embedded = "redis_url" not in settings.model_fields_set
        if embedded:
            self.say(f"redis      {system.serve(self.redis_port)}  data in {system.data_dir / 'valkey'}")
        port = self._simulator_port(settings)
        if port is not None:
            app = system.simulate(port, configure=not settings.apps)
            self.say(f"simulator  {app['base_url']}  admin {app['admin_url']}")
        os.environ.update(system.env)
        if embedded:
            environment.publish(system.data_dir, system.env)
        workers = system.work()
        system.beat()
        parts = Wiring(Settings())
        try:
            system.await_workers(parts.desk, *workers)
        finally:
            parts.close()
        self.say("worker, stopper and beat run; logs in " + str(system.data_dir / "log"))
        self._show(system)
        self.say("try, in another terminal, in this directory:  recorder record math-7b --minutes 2 --watch")
        if embedded:
            self.say(f"for Python and other shells:  source {system.data_dir / environment.UP_FILE}")
        self.say("Ctrl-C stops everything")

    def _show(self, system: System) -> None:
        """The pages, if what they need is installed; that they are missing keeps nobody from recording."""
        if find_spec("fastapi") is None:
            self.say("no pages: they need the extra [web], pip install 'recorder-tasks[web]'")
            return
        web = Settings().web
        port = web.port if self.web_port is None else self.web_port
        self.say(f"control room  {system.web(server.free_port(port))}")

    def _simulator_port(self, settings: Settings) -> int | None:
        """Where a simulator is wanted: for no app at all, or for one whose loopback URL nobody answers."""
        if not settings.apps:
            return self.simulator_port
        for app in settings.apps.values():
            address = urlsplit(app.base_url or "")
            if address.hostname in LOOPBACK and address.port and not _answers(address.port):
                return address.port
        return None

    def _keep_alive(self, system: System) -> None:
        """Start again what has ended by itself."""
        for child in system.processes.ended():
            name = child.program.name
            if name not in self._again:
                pause = self._pause_after(child)
                self._again[name] = time.monotonic() + pause
                self.say(f"{name} has ended with status {child.exit_status}; again in {pause:g} s")
            if time.monotonic() >= self._again[name]:
                del self._again[name]
                self.say(f"{name} runs again, as process {system.processes.start(child.program).pid}")

    def _pause_after(self, child: Child) -> float:
        name = child.program.name
        if time.monotonic() - child.started_at > LIVED:
            self._pauses[name] = 0.0
        else:
            self._pauses[name] = min(LONGEST_PAUSE, max(1.0, 2 * self._pauses.get(name, 0.0)))
        return self._pauses[name]

    @contextmanager
    def _until_told(self) -> Iterator[None]:
        def told(number: int, frame: FrameType | None) -> None:
            self._ended.set()
            if self._starting:  # it waits for children; whatever has started is stopped
                raise KeyboardInterrupt

        before = {number: signal.signal(number, told) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunsAlready(f"`recorder up` runs already on {data_dir}") from None
        yield


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0):
            return True
    except OSError:
        return False
