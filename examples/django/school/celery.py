"""The project's own Celery app, which can record."""

import os

from celery import Celery

import recorder_tasks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "school.settings")

app = Celery("school")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
recorder_tasks.attach(app)
