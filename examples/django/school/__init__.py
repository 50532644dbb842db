"""The project; its Celery app is made with it, so that Celery and @shared_task find it."""

from school.celery import app as celery_app

__all__ = ["celery_app"]
