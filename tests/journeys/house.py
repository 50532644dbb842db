"""A whole deployment on loopback for one test: simulator and workers as real processes on a real Redis."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from recorder_tasks.settings import Settings
from recorder_tasks.wiring import Wiring

T = TypeVar("T")

CADENCE: dict[str, Any] = {
    "first_query": 0.4,
    "probe_min": 0.4,
    "probe_max": 0.8,
    "gone_after": 3.0,
    "settle_first": 0.5,
    "answer": 2.0,
    "start_repeat": [0.5, 1.0],
    "acquire_repeat": [0.3, 0.6, 1.0],
    "capacity_repeat": [0.5, 1.0],
    "throttle_repeat": [0.2, 0.4],
    "query_repeat": [0.4, 0.8],
    "stop_repeat": [0.3, 0.6, 1.0],
    "change_repeat": [0.3, 0.6],
    "look_again": 0.7,
}
QUICK_VENDOR: dict[str, Any] = {
    "status_seconds": [0.1, 0.2, 0.3, 0.4],
    "first_file_seconds": 0.5,
    "individual_first_file_seconds": 0.5,
    "web_start_seconds": 0.5,
    "upload_seconds": 0.05,
    "exit_seconds": 0.5,
}


def until(check: Callable[[], T], timeout: float = 30.0, what: str = "") -> T:
    """The first truthy answer of ``check``; fails the test when there is none in time."""
    end = time.monotonic() + timeout
    while True:
        answer = check()
        if answer:
            return answer
        assert time.monotonic() < end, f"waited {timeout:g} s in vain for {what or check}"
        time.sleep(0.02)


class Process:
    """A child process of the test, with its output in a file."""

    def __init__(self, command: list[str], env: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as out:
            self.popen = subprocess.Popen(
                command, env=dict(env), stdout=out, stderr=out, start_new_session=True
            )

    def kill(self) -> None:
        """SIGKILL, with every process that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def freeze(self) -> None:
        os.killpg(self.popen.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.killpg(self.popen.pid, signal.SIGCONT)

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    def output(self) -> str:
        return self.log.read_text(errors="replace")


class Simulator:
    """The vendor in a process of its own, and its admin API."""

    def __init__(self, base: Path) -> None:
        log = base / "simulator.log"
        command = [sys.executable, "-m", "recorder_tasks.simulator", "--port", "0"]
        self.process = Process(command, _clean_env(), log)
        line = until(lambda: _ready_line(log), what="the simulator to be ready")
        self.base_url: str = line["base_url"]
        self.admin_url: str = line["admin_url"]
        self.app: dict[str, str] = self.call("GET", "/app")
        self.call("PUT", "/settings", QUICK_VENDOR)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.admin_url + path, data=data, method=method, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def takes(self, channel: str) -> list[dict[str, Any]]:
        """The ledger's account of every recorder that ran in a channel."""
        return list(self.call("GET", f"/ledger?channel={channel}")["takes"])

    def alive(self, channel: str) -> int:
        return sum(1 for take in self.takes(channel) if take["alive"])

    def requests(self, channel: str | None = None, verb: str | None = None) -> list[dict[str, Any]]:
        query = "" if channel is None else f"?channel={channel}"
        seen = self.call("GET", f"/requests{query}")["requests"]
        return [entry for entry in seen if verb is None or entry["verb"] == verb]

    def fault(self, verb: str, fault: Mapping[str, Any], **more: Any) -> None:
        self.call("POST", "/faults", {"verb": verb, "fault": dict(fault), **more})


def _ready_line(log: Path) -> dict[str, str] | None:
    for line in log.read_text(errors="replace").splitlines():
        if line.startswith("simulator ready "):
            return dict(json.loads(line.removeprefix("simulator ready ")))
    return None


def _clean_env() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("RECORDER_")}


class House:
    """One namespace with its own vendor; workers come and go as the test says."""

    def __init__(self, redis_url: str, base: Path, overrides: Mapping[str, Any] | None = None) -> None:
        self.base = base
        self.simulator = Simulator(base)
        self.redis_url = redis_url
        self.env = self._environment(overrides or {})
        self.settings = self._settings()
        self.wiring = Wiring(self.settings)
        self.processes: list[Process] = []

    def _environment(self, overrides: Mapping[str, Any]) -> dict[str, str]:
        app = self.simulator.app
        values: dict[str, Any] = {
            "REDIS_URL": self.redis_url,
            "NAMESPACE": f"t{secrets.token_hex(4)}",
            "DATA_DIR": str(self.base / "data"),
            "APPS__DEFAULT__APP_ID": app["app_id"],
            "APPS__DEFAULT__CERTIFICATE": app["certificate"],
            "APPS__DEFAULT__KEY": app["key"],
            "APPS__DEFAULT__SECRET": app["secret"],
            "APPS__DEFAULT__BASE_URL": self.simulator.base_url,
            "APPS__DEFAULT__CONCURRENT_TASKS": 1000,
            "STORAGES__DEFAULT__VENDOR": 1,
            "STORAGES__DEFAULT__REGION": 0,
            "STORAGES__DEFAULT__BUCKET": "lessons",
            "STORAGES__DEFAULT__ACCESS_KEY": "access-key-of-the-test",
            "STORAGES__DEFAULT__SECRET_KEY": "secret-key-of-the-test",
            "PROFILES__DEFAULT__HEALTH_EVERY": 1.0,
            "PROFILES__DEFAULT__MAX_IDLE": 30,
            "CONNECT_TIMEOUT": 1.0,
            "READ_TIMEOUT": 1.5,
            "STOP_TIMEOUT": 4.0,
            "ATTEMPTS": 1,
            "JOURNAL_GRACE": 1.0,
            **{f"CADENCE__{name.upper()}": value for name, value in CADENCE.items()},
            **overrides,
        }
        as_text = {f"RECORDER_{name}": _text(value) for name, value in values.items()}
        return {**_clean_env(), **as_text}

    def _settings(self) -> Settings:
        before = dict(os.environ)
        os.environ.update({name: value for name, value in self.env.items() if name.startswith("RECORDER_")})
        try:
            return Settings(_env_file=None)  # type: ignore[call-arg]
        finally:
            os.environ.clear()
            os.environ.update(before)

    @property
    def desk(self) -> Any:
        return self.wiring.desk

    def worker(
        self,
        name: str = "general",
        queues: str = "recorder",
        concurrency: int = 8,
        pool: str = "threads",
        app: str = "recorder_tasks.celery_app",
    ) -> Process:
        """A worker process, up and dispatching."""
        process = self.start(name, queues, concurrency, pool, app)
        self.await_worker(name)
        return process

    def start(
        self,
        name: str,
        queues: str = "recorder",
        concurrency: int = 8,
        pool: str = "threads",
        app: str = "recorder_tasks.celery_app",
    ) -> Process:
        """A worker process that is still coming up; a dead one of that name is not taken for it."""
        self.wiring.store.workers.beat(f"{name}@test", {"at_test": True})
        command = [sys.executable, "-m", "celery", "-A", app, "worker"]
        command += ["-P", pool, "-c", str(concurrency), "-Q", queues, "-n", f"{name}@test"]
        command += ["--without-gossip", "--without-mingle", "-l", "INFO"]
        process = Process(command, self.env, self.base / f"{name}.log")
        self.processes.append(process)
        return process

    def await_worker(self, name: str) -> None:
        def told() -> bool:
            return "lanes" in self.wiring.store.workers.alive(60.0).get(f"{name}@test", {})

        until(told, what=f"worker {name}")

    def beat(self, name: str = "beat", app: str = "recorder_tasks.celery_app") -> Process:
        """A beat process that is still coming up."""
        command = [sys.executable, "-m", "celery", "-A", app, "beat", "-S", "schedules.beat:Scheduler"]
        process = Process([*command, "--pidfile=", "-l", "INFO"], self.env, self.base / f"{name}.log")
        self.processes.append(process)
        return process

    def cli(self, name: str, *arguments: str, **more: str) -> Process:
        """A command of ours in a process of its own. ``more``: settings without their prefix."""
        env = {**self.env, **{f"RECORDER_{key}": value for key, value in more.items()}}
        command = [sys.executable, "-m", "recorder_tasks.cli", *arguments]
        process = Process(command, env, self.base / f"{name}.log")
        self.processes.append(process)
        return process

    def web(self, name: str = "web", **more: str) -> str:
        """The control room in a process of its own; its address. ``more``: settings without their prefix."""
        process = self.cli(name, "web", "--port", "0", **more)
        ready = "control room "

        def told() -> str | None:
            lines = process.output().splitlines()
            return next((line.removeprefix(ready) for line in lines if line.startswith(ready)), None)

        return str(until(told, what=f"{name} to listen"))

    def crew(self) -> list[Process]:
        """What every deployment runs: a general worker and a stop worker."""
        crew = [self.start("general"), self.start("stopper", "recorder.stop")]
        for name in ("general", "stopper"):
            self.await_worker(name)
        return crew

    def final(self, session_id: str, timeout: float = 40.0) -> Any:
        return self.desk.wait(session_id, timeout=timeout)

    def reached(self, session_id: str, state: str, timeout: float = 20.0) -> Any:
        def look() -> Any:
            recording = self.desk.get(session_id)
            return recording if recording.state == state else None

        return until(look, timeout, f"{session_id} to be {state}")

    def logs(self) -> str:
        return "\n".join(
            f"== {path.name}\n{path.read_text(errors='replace')}" for path in self.base.glob("*.log")
        )

    def close(self) -> None:
        for process in (*self.processes, self.simulator.process):
            process.kill()
        self.wiring.close()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@contextlib.contextmanager
def house(redis_url: str, base: Path, **overrides: Any) -> Iterator[House]:
    built = House(redis_url, base, overrides)
    try:
        yield built
    except BaseException:
        print(built.logs()[-20_000:])
        raise
    finally:
        built.close()
