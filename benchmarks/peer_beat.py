"""The peer's app with a schedule for Celery's own beat: one entry for each step of the file ``PEER_PLAN``."""

from __future__ import annotations

import json
import os
from pathlib import Path

from benchmarks.peer_app import At, app, following

__all__ = ["app"]

app.conf.beat_schedule = {
    step["channel"]: {"task": "peer.acquire", "schedule": At(at), "args": (step,), "options": following()}
    for at, step in json.loads(Path(os.environ["PEER_PLAN"]).read_text())
}
