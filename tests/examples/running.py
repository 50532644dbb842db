"""A project of examples/, running as it is meant to: its own server, its own Celery workers, callbacks."""

from __future__ import annotations

import json
import socket
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.journeys.house import House, Process, until

EXAMPLES = Path(__file__).parents[2] / "examples"
SECRET = "of-the-callbacks"
Command = Callable[[Path, int], list[str]]


@dataclass(frozen=True)
class Example:
    """``serve`` and ``prepare`` are what follows the interpreter; ``serve`` of the directory and a port."""

    name: str
    celery: str
    serve: Command
    prepare: list[str] = field(default_factory=list)

    @property
    def base(self) -> Path:
        return EXAMPLES / self.name


DJANGO = Example(
    "django",
    "school",
    lambda base, port: [str(base / "manage.py"), "runserver", "--noreload", f"127.0.0.1:{port}"],
    ["manage.py", "migrate", "-v", "0"],
)
FASTAPI = Example(
    "fastapi",
    "tasks",
    lambda base, port: ["-m", "uvicorn", "--app-dir", str(base), "--port", str(port), "main:app"],
)
FLASK = Example(
    "flask",
    "tasks",
    lambda base, port: ["-m", "flask", "--app", str(base / "app.py"), "run", "--port", str(port)],
)


class Project:
    """One example, running in a house; the simulator calls its route back."""

    def __init__(self, example: Example, house: House) -> None:
        self.house, self.example = house, example
        self.env = {
            **house.env,
            "SCHOOL_DB": str(house.base / "school.sqlite3"),
            "CELERY_BROKER_URL": house.redis_url.removesuffix("/0") + "/1",
        }
        self.url = f"http://127.0.0.1:{free_port()}"
        if example.prepare:
            script, *arguments = example.prepare
            prepared = self._run("prepare", [str(example.base / script), *arguments])
            assert prepared.popen.wait(60) == 0, prepared.output()
        port = int(self.url.rpartition(":")[2])
        self.server = self._run("server", example.serve(example.base, port))
        workers = {f"{example.name}": "celery,recorder", f"{example.name}-stop": "recorder.stop"}
        for name, queues in workers.items():
            self._worker(name, queues)
        for name in workers:
            house.await_worker(name)
        until(self._answers, what=f"the {example.name} server")
        callbacks = {"url": f"{self.url}/agora/notifications", "secret": SECRET}
        house.simulator.call("PUT", "/callbacks", callbacks)

    def _run(self, name: str, arguments: list[str]) -> Process:
        process = Process([sys.executable, *arguments], self.env, self.house.base / f"{name}.log")
        self.house.processes.append(process)
        return process

    def _worker(self, name: str, queues: str) -> None:
        self.house.wiring.store.workers.beat(f"{name}@test", {"at_test": True})
        where = ["-m", "celery", "--workdir", str(self.example.base), "-A", self.example.celery]
        how = ["-P", "threads", "-c", "8", "-Q", queues, "-n", f"{name}@test", "-l", "INFO"]
        self._run(name, [*where, "worker", *how, "--without-gossip", "--without-mingle"])

    def _answers(self) -> bool:
        assert self.server.alive, self.server.output()
        try:
            self.ask("GET", "/lessons/00000000-0000-0000-0000-000000000000")
        except urllib.error.HTTPError as answer:
            answer.close()
            return answer.code == 404
        except OSError:
            return False
        return True

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """The JSON that came. Bodies go as a form, to FastAPI as JSON."""
        as_json = self.example is FASTAPI
        data = json.dumps(body) if as_json else urllib.parse.urlencode(body)
        kind = "application/json" if as_json else "application/x-www-form-urlencoded"
        request = urllib.request.Request(
            self.url + path,
            data=data.encode() if body else None,
            method=method,
            headers={"Content-Type": kind} if body else {},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def over(self, lesson_id: str) -> Any:
        """The lesson as the project shows it, once its recording has an outcome."""

        def look() -> Any:
            shown = self.ask("GET", f"/lessons/{lesson_id}")
            return shown if shown["recording"] and shown["recording"]["outcome"] else None

        return until(look, what=f"the recording of {lesson_id}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
