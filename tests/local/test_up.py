"""The system that stays up for development, as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from recorder_tasks.local.server import free_port

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

STARTED = "Ctrl-C stops everything"


def clean_env() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("RECORDER_")}


def until(check: Callable[[], Any], timeout: float = 60.0, what: str = "") -> Any:
    end = time.monotonic() + timeout
    while not (answer := check()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)
    return answer


class Running:
    """``recorder up`` in a directory, and its output."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home = home
        self.output = home / "up.out"
        with self.output.open("w") as out:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "recorder_tasks.cli", "up", *options],
                env=clean_env(),
                cwd=home,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def await_start(self) -> None:
        until(lambda: STARTED in self.said() or self.popen.poll() is not None, what=self.said())
        assert self.popen.poll() is None, self.said()

    def children(self) -> dict[int, str]:
        """Process ids with their command lines, of all that it has started and that still run."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) in self._descendants():
                found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
        return found

    def _descendants(self) -> set[int]:
        path = Path(f"/proc/{self.popen.pid}/task/{self.popen.pid}/children")
        return {int(pid) for pid in path.read_text().split()}

    def recorder(self, *arguments: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "recorder_tasks.cli", *arguments, "--json"],
            env=clean_env(),
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)


@contextmanager
def up(home: Path, *options: str) -> Iterator[Running]:
    ports = ("--redis-port", str(free_port()), "--simulator-port", str(free_port()))
    running = Running(home, *ports, *options)
    try:
        running.await_start()
        yield running
    finally:
        if running.popen.poll() is None:
            running.popen.kill()
        running.popen.wait()


def exists(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_it_records_restarts_what_dies_and_keeps_its_data_between_runs(tmp_path: Path) -> None:
    with up(tmp_path) as running:
        started = running.children()
        assert len(started) == 6, started
        made = running.recorder("record", "math", "--minutes", "0.1", "--wait", "--timeout", "60")
        assert (made["state"], made["outcome"]) == ("completed", "uploaded")
        assert not [each for each in running.recorder("doctor")["findings"] if each["level"] == "error"]
        address = next(line for line in running.said().splitlines() if "control room" in line).split()[-1]
        with urllib.request.urlopen(f"{address}/recordings/{made['session_id']}", timeout=10) as page:
            assert "math" in page.read().decode()
        victim = next(pid for pid, line in started.items() if "--stop" in line)
        os.kill(victim, signal.SIGKILL)
        until(lambda: "stopper runs again" in running.said(), what="the stop worker")
        os.kill(running.popen.pid, signal.SIGINT)
        assert running.popen.wait(30) == 0, running.said()
        until(lambda: not any(exists(pid) for pid in started), 5.0, "every process to end")
        assert "every process has ended" in running.said()
        assert not (tmp_path / ".recorder" / "env").exists()

    with up(tmp_path, "--quiet") as again:
        assert again.recorder("show", made["session_id"])["session_id"] == made["session_id"]
        children = again.children()
        again.popen.kill()
        again.popen.wait()
        until(lambda: not any(exists(pid) for pid in children), 10.0, "no process to outlive up")


def test_a_second_up_in_the_same_directory_is_refused(tmp_path: Path) -> None:
    with up(tmp_path):
        second = subprocess.run(
            [sys.executable, "-m", "recorder_tasks.cli", "up"],
            env=clean_env(),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert second.returncode == 1
    assert "runs already" in second.stderr
