"""APScheduler 3 in front of the peer's tasks: ``python -m benchmarks.peer_apscheduler``; a job for each step.

Jobs are in Redis, in a database of their own; each sends the chain to Celery. The file is ``PEER_PLAN``.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

from apscheduler.jobstores.redis import RedisJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from benchmarks import peer_app

JOBS_DATABASE = 9


def send(step: dict[str, Any]) -> None:
    """The job."""
    peer_app.begin(step).delay()


def main() -> None:
    address = urlsplit(os.environ["PEER_BROKER"])
    store = RedisJobStore(db=JOBS_DATABASE, host=address.hostname, port=address.port)
    scheduler = BackgroundScheduler(jobstores={"default": store}, timezone=UTC)
    scheduler.start(paused=True)
    for at, step in json.loads(Path(os.environ["PEER_PLAN"]).read_text()):
        when = datetime.fromtimestamp(at, UTC)
        scheduler.add_job(send, "date", run_date=when, args=(step,), misfire_grace_time=None)
    scheduler.resume()
    print("scheduler ready", flush=True)
    Event().wait()


if __name__ == "__main__":
    # By the name under which the stored jobs find it, too.
    from benchmarks.peer_apscheduler import main as run

    run()
