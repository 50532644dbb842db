"""What a process loads: app code no more than asking needs, a worker all of it before its first turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

APP = {"app_id": "0" * 32, "key": "k", "secret": "s"}
STORAGE = {"vendor": 1, "region": 0, "bucket": "lessons", "access_key": "k", "secret_key": "s"}
NOT_FOR_ASKING = {
    "requests",
    "celery",
    "croniter",
    "sqlite3",
    "recorder_tasks.agora.client",
    "schedules.rule",
}


def loaded(code: str, cwd: Path, **env: str) -> set[str]:
    """The modules that a new process has once it has run the code."""
    told = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", told], cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return set(ran.stdout.split())


def test_asking_for_a_recording_loads_no_client_and_no_calendar(redis_url: str, tmp_path: Path) -> None:
    found = loaded(
        "from recorder_tasks import record; record('math-7b', minutes=50)",
        tmp_path,
        RECORDER_REDIS_URL=redis_url,
        RECORDER_NAMESPACE="loads",
        RECORDER_APPS=json.dumps({"default": APP}),
        RECORDER_STORAGES=json.dumps({"default": STORAGE}),
    )
    assert "redis" in found
    assert not found & NOT_FOR_ASKING


def test_a_worker_has_its_client_before_its_first_turn(tmp_path: Path) -> None:
    found = loaded("import recorder_tasks.flow.turn", tmp_path)
    assert {"requests", "recorder_tasks.agora.client", "recorder_tasks.agora.tokens"} <= found
