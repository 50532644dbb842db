"""Each project of examples/ plans a lesson, records it with its own workers, and reads the result back."""

from __future__ import annotations

import sqlite3
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from tests.examples.running import DJANGO, FASTAPI, FLASK, SECRET, Example, Project
from tests.journeys.house import house, until

pytestmark = pytest.mark.integration

MINUTES = 4 / 60


@contextmanager
def running(example: Example, redis_url: str, base: Path) -> Iterator[Project]:
    secret = {"APPS__DEFAULT__NOTIFICATION_SECRET": SECRET}
    with house(redis_url, base, **secret) as built:
        yield Project(example, built)


def check(project: Project, lesson: Any) -> None:
    """One recorder ran, was stopped in time, and the callbacks came through the project's own server."""
    shown = project.over(lesson["id"])
    recording = shown["recording"]
    assert recording["state"] == "completed"
    assert recording["outcome"] == "uploaded"
    assert recording["files"]
    (take,) = project.house.simulator.takes(shown["channel"])
    assert take["ended_by"] == "stop"

    def delivered() -> set[Any]:
        log = project.house.simulator.call("GET", "/callbacks")["deliveries"]
        statuses = {entry["status"] for entry in log}
        return statuses if any(entry["event_type"] == 31 for entry in log) else set()

    assert until(delivered, what="the callback about the upload") == {200}
    assert unsigned(project) == 401


def unsigned(project: Project) -> int:
    """The status that a callback without a signature gets."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{project.url}/agora/notifications", data=b"{}", timeout=10)
    with refused.value:
        return refused.value.code


@pytest.mark.parametrize("example", [FASTAPI, FLASK], ids=lambda example: str(example.name))
def test_a_lesson_that_is_put_twice_is_recorded_once(
    example: Example, redis_url: str, tmp_path: Path
) -> None:
    with running(example, redis_url, tmp_path) as project:
        lesson = {"channel": "math-7b", "begins": datetime.now(UTC).isoformat(), "minutes": MINUTES}
        assert refusal(project, "/lessons/math", **{**lesson, "minutes": -1}) == 422
        first = project.ask("PUT", "/lessons/math", **lesson)
        again = project.ask("PUT", "/lessons/math", **lesson)
        assert again["recording"]["session_id"] == first["recording"]["session_id"]
        assert refusal(project, "/lessons/math", **{**lesson, "minutes": 50}) == 409
        check(project, first)


def refusal(project: Project, path: str, **body: Any) -> int:
    with pytest.raises(urllib.error.HTTPError) as refused:
        project.ask("PUT", path, **body)
    with refused.value:
        return refused.value.code


def test_a_lesson_of_django_is_recorded_after_its_commit_and_asked_for_again_if_that_was_missed(
    redis_url: str, tmp_path: Path
) -> None:
    with running(DJANGO, redis_url, tmp_path) as project:
        lesson = project.ask("POST", "/lessons", channel="math-7b", minutes=MINUTES)
        assert lesson["recording"]["state"] == "scheduled"
        forgotten = committed_and_died(project)
        app = Celery("beat", broker=project.env["CELERY_BROKER_URL"])
        app.send_task("lessons.ask_again")
        check(project, lesson)
        assert project.over(forgotten)["recording"]["state"] == "completed"
        wrong = project.ask("POST", "/lessons", channel="math-7b", minutes=-1)
        assert wrong["recording"] is None
        assert "minutes" in wrong["refused"]


def committed_and_died(project: Project) -> str:
    """A lesson whose process did not live to ask for its recording."""
    lesson = uuid.uuid4()
    row = (lesson.hex, "art-7b", datetime.now(UTC).replace(tzinfo=None), MINUTES, "", "")
    columns = "(id, channel, begins, minutes, session_id, refused)"
    with closing(sqlite3.connect(project.env["SCHOOL_DB"])) as rows, rows:
        values = [str(value) if isinstance(value, datetime) else value for value in row]
        rows.execute(f"INSERT INTO lessons_lesson {columns} VALUES (?, ?, ?, ?, ?, ?)", values)
    return str(lesson)
