"""A simulator process on a free port, and its admin API."""

from __future__ import annotations

import base64
import json
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

READY = "simulator ready "
PATIENCE = 20.0


class Simulator:
    """``python -m recorder_tasks.simulator``, ready."""

    def __init__(self, *arguments: str, port: int = 0) -> None:
        command = [sys.executable, "-m", "recorder_tasks.simulator", "--port", str(port), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], PATIENCE)[0], "not ready in time"
        line = self.process.stdout.readline()
        assert line.startswith(READY), line
        urls = json.loads(line.removeprefix(READY))
        self.base_url: str = urls["base_url"]
        self.admin_url: str = urls["admin_url"]
        self.app: dict[str, str] = self.admin("GET", "/app")
        pair = f"{self.app['key']}:{self.app['secret']}".encode()
        self.authorization = "Basic " + base64.b64encode(pair).decode()

    @property
    def path(self) -> str:
        return f"/v1/apps/{self.app['app_id']}/cloud_recording"

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.send(method, self.admin_url + path, body)
        assert status < 300, answer
        return answer

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return self.send(method, self.base_url + path, body, {"Authorization": self.authorization})

    def send(
        self, method: str, url: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(url, data=data, method=method, headers=headers or {})
        asked.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def without_certificate(self) -> None:
        """Recorders of the app need no token."""
        app = {name: self.app[name] for name in ("key", "secret")}
        self.admin("PUT", f"/apps/{self.app['app_id']}", {**app, "certificate": ""})

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status


def until(check: Callable[[], Any], what: str) -> Any:
    """The first truthy answer."""
    end = time.monotonic() + PATIENCE
    while not (answer := check()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.01)
    return answer


def write(path: Path, value: Any) -> str:
    path.write_text(json.dumps(value))
    return str(path)
