"""A team's own Celery app, with a task of its own, that records too."""

from __future__ import annotations

import os

from celery import Celery

import recorder_tasks

app = Celery("team", broker=os.environ["RECORDER_REDIS_URL"], backend=os.environ["RECORDER_REDIS_URL"])


@app.task(name="team.add")
def add(one: int, other: int) -> int:
    return one + other


recorder_tasks.attach(app)
