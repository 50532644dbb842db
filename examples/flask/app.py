"""Plan a lesson, see its recording, take in the vendor's callbacks."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

from flask import Flask, request

import recorder_tasks
from recorder_tasks.agora import AgoraError
from recorder_tasks.core.errors import KeyClash, NoSuchSession
from recorder_tasks.store import StoreUnavailable

DATABASE = os.environ.get("SCHOOL_DB", "school.sqlite3")
TABLE = """CREATE TABLE IF NOT EXISTS lesson
(id TEXT PRIMARY KEY, channel TEXT, begins TEXT, minutes REAL, session_id TEXT)"""
PLAN = """INSERT INTO lesson (id, channel, begins, minutes) VALUES (?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE
SET channel = excluded.channel, begins = excluded.begins, minutes = excluded.minutes
WHERE session_id IS NULL"""  # a lesson whose recording was asked for stays as it is

app = Flask(__name__)


@contextmanager
def transaction() -> Iterator[sqlite3.Connection]:
    """Commits at its end, unless something is raised."""
    with closing(sqlite3.connect(DATABASE)) as rows, rows:
        rows.execute(TABLE)
        yield rows


@app.put("/lessons/<lesson_id>")
def plan(lesson_id: str) -> Any:
    """Plan a lesson and its recording. Whoever got no answer asks again: nothing is planned twice."""
    channel, minutes = request.form["channel"], float(request.form["minutes"])
    begins = datetime.fromisoformat(request.form["begins"])
    with transaction() as rows:
        rows.execute(PLAN, (lesson_id, channel, begins.isoformat(), minutes))
    recording = recorder_tasks.record(  # after the commit: a lesson that is rolled back is not recorded
        channel,
        start=begins,
        minutes=minutes,
        key=f"lesson/{lesson_id}",
        labels={"lesson": lesson_id},
    )
    with transaction() as rows:
        rows.execute("UPDATE lesson SET session_id = ? WHERE id = ?", (recording.session_id, lesson_id))
    return read(lesson_id)


@app.get("/lessons/<lesson_id>")
def read(lesson_id: str) -> Any:
    with transaction() as rows:
        row = rows.execute("SELECT channel, session_id FROM lesson WHERE id = ?", (lesson_id,)).fetchone()
    if row is None:
        return {"error": f"lesson: there is no {lesson_id!r}"}, 404
    channel, session_id = row
    recording = recorded(session_id) if session_id else None
    return {"id": lesson_id, "channel": channel, "recording": recording}


def recorded(session_id: str) -> dict[str, Any] | None:
    try:
        recording = recorder_tasks.get(session_id)
    except NoSuchSession:  # it ended longer ago than RECORDER_RETENTION_DAYS
        return None
    return {
        "session_id": recording.session_id,
        "state": recording.state,
        "outcome": recording.outcome,
        "files": [file.name for file in recording.files],
    }


@app.post("/agora/notifications")
def agora() -> Any:
    """The vendor's callbacks: the body as it came, since its signature is over the raw bytes."""
    recorder_tasks.notice("default", request.get_data(), request.headers)
    return {}


def answer(status: int) -> Any:
    return lambda wrong: ({"error": str(wrong)}, status)


app.register_error_handler(ValueError, answer(422))  # InvalidWish among them
app.register_error_handler(AgoraError, answer(401))  # not signed by the vendor
app.register_error_handler(KeyClash, answer(409))
app.register_error_handler(StoreUnavailable, answer(503))  # the vendor sends a callback again
