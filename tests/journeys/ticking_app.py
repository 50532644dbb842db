"""A team's app with an entry of its own in beat: each run leaves a mark in a Redis list."""

from __future__ import annotations

import os

import redis
from celery import Celery

import recorder_tasks
from recorder_tasks.settings import load

ENTRY, EVERY = "team.tick", 1.0

url, namespace = os.environ["RECORDER_REDIS_URL"], load().namespace
app = Celery("ticking", broker=url)
app.conf.update(
    broker_transport_options={"global_keyprefix": f"{namespace}:"},
    task_ignore_result=True,
    beat_schedule={ENTRY: {"task": "team.mark", "schedule": EVERY}},
)
marks = redis.Redis.from_url(url)


@app.task(name="team.mark", ignore_result=True)
def mark(text: str = "run") -> None:
    marks.rpush(f"{namespace}:marks", text)


recorder_tasks.attach(app)
