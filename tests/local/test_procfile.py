"""The Procfile for real: its processes under honcho, and a recording through them to its end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recorder_tasks.core.session import Ending
from recorder_tasks.local.environment import embedded_env, nothing_real
from recorder_tasks.local.server import free_port
from recorder_tasks.local.system import System
from recorder_tasks.settings import Settings
from recorder_tasks.simulator.apps import DEFAULT_APP
from recorder_tasks.wiring import Wiring

ROOT = Path(__file__).parents[2]
WITHOUT_SETTINGS = {name: value for name, value in os.environ.items() if not name.startswith("RECORDER_")}

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


@pytest.fixture
def env(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The settings of a server of its own and of a simulator that the Procfile will start."""
    port = free_port()
    app = {
        "app_id": DEFAULT_APP.app_id,
        "certificate": DEFAULT_APP.certificate,
        "key": DEFAULT_APP.key,
        "secret": DEFAULT_APP.secret,
        "base_url": f"http://127.0.0.1:{port}",
    }
    with nothing_real(), System(tmp_path / "server") as system:
        made = embedded_env(app, system.serve(), tmp_path / "data")
        made["RECORDER_CADENCE__FIRST_QUERY"] = "1"
        made["SIMULATOR_PORT"] = str(port)
        made["WEB_PORT"] = str(free_port())
        os.environ.update(made)
        yield made


def test_a_recording_goes_through_the_procfiles_processes_to_its_end(
    env: dict[str, str], tmp_path: Path
) -> None:
    scripts = str(Path(sys.executable).parent)
    shutil.copy(ROOT / "Procfile", tmp_path)
    log = tmp_path / "honcho.log"
    path = f"{scripts}{os.pathsep}{os.environ['PATH']}"
    with log.open("w") as out:
        honcho = subprocess.Popen(
            [sys.executable, "-m", "honcho", "start"],
            env=WITHOUT_SETTINGS | env | {"PATH": path},
            cwd=tmp_path,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        parts = Wiring(Settings())
        until(lambda: len(parts.desk.overview()["workers"]) >= 2, "both workers", log)
        made = parts.desk.record("math", minutes=0.1)
        done = parts.desk.wait(made.session_id, timeout=90)
        parts.close()
        assert done.outcome is Ending.UPLOADED, f"{done}\n{log.read_text()}"
        assert len(done.takes) == 1
        honcho.send_signal(signal.SIGTERM)
        honcho.wait(60)
    finally:
        if honcho.poll() is None:
            os.killpg(honcho.pid, signal.SIGKILL)
            honcho.wait()
    until(lambda: nobody_left(honcho.pid), "the last process to end", log, 15.0)


def until(check: Callable[[], bool], what: str, log: Path, timeout: float = 60.0) -> None:
    end = time.monotonic() + timeout
    while not check():
        assert time.monotonic() < end, f"waited in vain for {what}: {log.read_text()}"
        time.sleep(0.05)


def nobody_left(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False
