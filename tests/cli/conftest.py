from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from recorder_tasks.cli import main
from recorder_tasks.local.environment import embedded_env
from recorder_tasks.settings import Settings, load
from recorder_tasks.wiring import Wiring

APP = {
    "app_id": "5161513e51a30d0a9b6b1d6f3c2c7e41",
    "certificate": "0c7e1f3a5b9d4c8e86a7b2d1f0e93c55",
    "key": "simulator-key",
    "secret": "a-secret-that-nobody-may-see",
    "base_url": "http://127.0.0.1:9",
}

Run = Callable[..., Result]


@pytest.fixture
def deployment(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wiring]:
    """A namespace of its own, as the environment of this process tells the CLI; no worker runs."""
    monkeypatch.chdir(tmp_path)
    env = embedded_env(APP, redis_url, tmp_path) | {"RECORDER_NAMESPACE": f"cli-{secrets.token_hex(4)}"}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    load.cache_clear()
    parts = Wiring(Settings())
    yield parts
    parts.close()
    load.cache_clear()


@pytest.fixture
def run(deployment: Wiring) -> Run:
    """The command line, in this process; its answer has stdout and stderr apart."""

    def call(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, list(arguments), input=stdin)

    return call


@pytest.fixture
def read(run: Run) -> Callable[..., Any]:
    """The same with --json: what stdout holds, which must be one JSON document and nothing else."""

    def call(*arguments: str) -> Any:
        answer = run(*arguments, "--json")
        assert answer.exit_code == 0, answer.stderr
        return json.loads(answer.stdout)

    return call
