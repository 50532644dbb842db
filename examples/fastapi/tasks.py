"""The project's own Celery app, which can record."""

import os

from celery import Celery

import recorder_tasks

app = Celery("school", broker=os.environ.get("CELERY_BROKER_URL", "redis://127.0.0.1:6379/1"))
recorder_tasks.attach(app)
