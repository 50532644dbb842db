"""The project's own tasks."""

from celery import shared_task

from lessons.models import Lesson


@shared_task(name="lessons.ask_again")
def ask_again() -> None:
    """Ask for what was not asked for: a process died after its commit, or Redis was away."""
    for lesson in Lesson.objects.filter(session_id="", refused=""):
        lesson.ask()
