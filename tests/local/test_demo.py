"""The demo, as people run it: from an installed wheel, somewhere else, with settings that must not matter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DEMO_TIME = 120.0

KEYS = {
    "session_id",
    "state",
    "outcome",
    "takes",
    "files",
    "scheduled_start",
    "scheduled_stop",
    "start_lag_s",
    "stop_lag_s",
    "recorders_run",
    "recorders_alive",
    "worker_killed",
    "api_calls",
}

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


def clean_env(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("RECORDER_")} | more


def assert_proved(document: dict[str, Any]) -> None:
    assert set(document) == KEYS
    assert document["recorders_run"] == 1
    assert document["recorders_alive"] == 0
    assert document["worker_killed"] is True
    assert document["state"] == "completed"
    assert document["outcome"] == "uploaded"
    assert document["takes"] == 1
    assert document["files"]
    assert 0 <= document["stop_lag_s"] < 2
    assert 0 <= document["start_lag_s"] < 2
    assert {"acquire", "start", "query", "stop"} <= set(document["api_calls"])


def test_the_demo_survives_the_death_of_every_worker_and_ignores_real_settings(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("RECORDER_PROFILES__DEFAULT__MODE=web\nRECORDER_NAMESPACE=real\n")
    env = clean_env(RECORDER_REDIS_URL="redis://127.0.0.1:9/0", TMPDIR=str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "recorder_tasks.cli", "demo", "--json"],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=DEMO_TIME,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert_proved(json.loads(done.stdout))
    assert "killed with SIGKILL" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [".env"]  # nothing is left behind


def test_the_demo_for_people_ends_with_the_ledgers_verdict(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "recorder_tasks.cli", "demo", "--seconds", "16", "--start-in", "1"],
        env=clean_env(TMPDIR=str(tmp_path)),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=DEMO_TIME,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "one recorder ran, and it was stopped in time" in done.stdout
    assert "session.confirmed" in done.stdout


def test_a_wheel_alone_in_an_empty_environment_runs_the_demo(tmp_path: Path) -> None:
    wheels, home = tmp_path / "wheels", tmp_path / "venv"
    run(sys.executable, "-m", "build", "--wheel", "--outdir", str(wheels), str(ROOT))
    venv.create(home, with_pip=True)
    (wheel,) = wheels.glob("*.whl")
    constraints = str(ROOT / "constraints.txt")
    run(str(home / "bin" / "pip"), "install", "--quiet", "-c", constraints, str(wheel))
    done = run(str(home / "bin" / "recorder"), "demo", "--json", cwd=tmp_path)
    assert_proved(json.loads(done.stdout))


def run(*command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command, env=clean_env(), cwd=cwd, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done
