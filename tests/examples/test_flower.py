"""Celery's usual monitor reads our tasks well: what is done, and for which recording."""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from recorder_tasks.celery_app import LANE_TASKS
from tests.examples.running import free_port
from tests.journeys.house import House, Process, house, until

pytestmark = pytest.mark.integration

STEPS = {name for names in LANE_TASKS.values() for name in names}


class Flower:
    """A Flower beside a house; its API."""

    def __init__(self, built: House) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        command = [sys.executable, "-m", "celery", "-A", "recorder_tasks", "flower"]
        command += ["--address=127.0.0.1", f"--port={self.url.rpartition(':')[2]}"]
        env = {**built.env, "FLOWER_UNAUTHENTICATED_API": "true"}
        self.process = Process(command, env, built.base / "flower.log")
        built.processes.append(self.process)

    def ask(self, path: str) -> Any:
        """The JSON of ``/api/...``; None while it does not answer."""
        assert self.process.alive, self.process.output()
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return json.loads(answer.read())
        except OSError:
            return None


def test_flower_shows_each_step_of_a_recording_by_name_with_its_session(
    redis_url: str, tmp_path: Path
) -> None:
    with house(redis_url, tmp_path) as built:
        crew = built.crew()
        flower = Flower(built)
        until(lambda: len(flower.ask("/api/workers?status=1") or {}) == len(crew), what="Flower to hear them")
        until(lambda: all("enabled by remote" in worker.output() for worker in crew), what="tasks to be told")
        asked = built.desk.record("watched", minutes=4 / 60)
        assert built.final(asked.session_id).state == "completed"
        shown = until(lambda: stopped(flower.ask("/api/tasks")), what="Flower to show the stop")
        assert {"recorder.acquire", "recorder.start", "recorder.confirm"} <= set(shown)
        assert set(shown.values()) == {f"('{asked.session_id}',)"}


def stopped(tasks: Any) -> dict[str, str] | None:
    """Arguments by task, of what was done for recordings, once that is all."""
    found = {task["name"]: task["args"] for task in (tasks or {}).values() if task["name"] in STEPS}
    return found if "recorder.stop" in found else None
