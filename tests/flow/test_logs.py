"""How a line is written: for people, and as one JSON object for machines."""

from __future__ import annotations

import json
import logging
import sys
from threading import Thread
from typing import Any

import pytest

from recorder_tasks import logs


def record(message: str, *args: Any, name: str = "recorder_tasks.turn", **more: Any) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": name, "msg": message, "args": args, "levelno": 30, "levelname": "WARNING", **more}
    )


def written(one: logging.LogRecord) -> dict[str, Any]:
    text = logs.JsonLines().format(one)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_line_says_when_how_bad_which_event_and_of_what() -> None:
    with logs.about(session="r-1", step="start", sid=None):
        logs.note(take=0, request_id="q-1")
        line = written(record("turn.unsaved session=%s: all the same", "r-1", created=1_700_000_000.25))
    assert line["time"] == "2023-11-14T22:13:20.250+00:00"
    assert (line["level"], line["event"]) == ("WARNING", "turn.unsaved")
    assert (line["session"], line["step"], line["take"], line["request_id"]) == ("r-1", "start", 0, "q-1")
    assert "sid" not in line


def test_a_line_outside_of_a_turn_is_about_what_it_names() -> None:
    line = written(record("journal.stop sid=%s channel=%s due=5: Redis is away", "5a", "room"))
    assert line["sid"] == "5a"
    assert "channel" not in line
    assert "sid" not in written(record("sid=5a", name="somebody.else"))


def test_celery_s_lines_of_a_task_name_its_session() -> None:
    told = {"name": "recorder.stop", "id": "1", "args": "('r-1',)", "kwargs": "{}"}
    one = record("Task %(name)s[%(id)s] received", name="celery.worker.strategy")
    one.args = told
    assert written(one)["session"] == "r-1"
    assert written(one)["step"] == "stop"
    one.args = {**told, "name": "recorder.notify", "args": "('msg_1', 'office')"}
    assert "session" not in written(one)
    one.args = {**told, "name": "theirs.task"}
    assert "session" not in written(one)


def test_an_exception_stays_on_its_line() -> None:
    try:
        raise ValueError("no\nnewline")
    except ValueError:
        line = written(record("turn.trouble", exc_info=sys.exc_info()))
    assert "ValueError: no\nnewline" in line["exception"]


def test_a_message_that_cannot_be_json_by_itself_is_all_the_same() -> None:
    assert written(record('say "%s"\n\x00', "é"))["message"] == 'say "é"\n\x00'


def test_a_line_for_people_ends_with_what_it_does_not_say_already() -> None:
    plain = logs.Readable(logging.Formatter("%(levelname)s %(message)s"))
    with logs.about(session="r-1", step="stop"):
        assert plain.format(record("turn.unsaved session=%s: why", "r-1")) == (
            "WARNING turn.unsaved session=r-1: why  step=stop"
        )
        assert plain.format(record("100%% of %s", "it")) == "WARNING 100% of it  session=r-1 step=stop"
    assert plain.format(record("alone")) == "WARNING alone"


def test_each_thread_has_a_subject_of_its_own() -> None:
    found: list[dict[str, Any]] = []
    with logs.about(session="r-1"):
        thread = Thread(target=lambda: found.append(written(record("elsewhere"))))
        thread.start()
        thread.join()
    assert "session" not in found[0]


def test_our_own_app_writes_as_the_setting_says_and_a_team_s_app_as_it_always_did(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from celery import Celery

    from recorder_tasks import attach
    from recorder_tasks.celery_app import build
    from recorder_tasks.settings import Settings

    settings = Settings(_env_file=None, log_json=True)  # type: ignore[call-arg]
    logger = logging.Logger("ours")
    build(settings).log.setup_handlers(logger, None, "%(message)s", None)
    assert isinstance(logger.handlers[0].formatter, logs.JsonLines)
    theirs = logging.Logger("theirs")
    attach(Celery("team"), settings).log.setup_handlers(theirs, None, "%(message)s", None)
    assert not isinstance(theirs.handlers[0].formatter, logs.JsonLines | logs.Readable)
