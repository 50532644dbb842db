"""Messages in our queues that nobody of this version has sent: workers drop them and go on.

A message carries nothing that is not in the due set too, so what is dropped costs its session one lease.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from recorder_tasks.celery_app import build
from tests.journeys.house import House, until
from tests.poison.healthy import next_to_a_healthy_class

pytestmark = pytest.mark.integration

CLAIM = ["r-nobody", "no-token"]
TASKS = ["acquire", "start", "confirm", "query", "update", "update_layout", "stop", "settle"]


def envelope(body: bytes, name: str = "recorder.query", **more: Any) -> bytes:
    """A message as kombu lays it into a Redis list."""
    one = str(uuid.uuid4())
    headers = {"lang": "py", "task": name, "id": one, "root_id": one, "parent_id": None, "group": None}
    properties = {
        "correlation_id": one,
        "delivery_mode": 2,
        "delivery_info": {"exchange": "", "routing_key": "recorder"},
        "priority": 0,
        "body_encoding": "base64",
        "delivery_tag": str(uuid.uuid4()),
    }
    message = {
        "body": base64.b64encode(body).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": headers,
        "properties": properties,
    }
    return json.dumps({**message, **more}).encode()


def push(house: House, queue: str, item: bytes) -> None:
    prefix = f"recorder:{{{house.settings.namespace}}}:celery:"
    house.wiring.store.client.lpush(prefix + queue, item)


def waiting(house: House, queue: str) -> int:
    prefix = f"recorder:{{{house.settings.namespace}}}:celery:"
    return int(house.wiring.store.client.llen(prefix + queue))  # type: ignore[arg-type]


def to_both(house: House, send: Callable[[str], None]) -> None:
    for queue in ("recorder", "recorder.stop"):
        send(queue)
        until(lambda queue=queue: not waiting(house, queue), what=f"{queue} to be read")


def test_tasks_that_nobody_knows_and_arguments_that_do_not_fit_are_dropped(school: House) -> None:
    app = build(school.settings)

    def send(queue: str) -> None:
        app.send_task("recorder.from_the_future", args=CLAIM, queue=queue)
        app.send_task("somebody.elses", kwargs={"a": 1}, queue=queue)
        for name in TASKS:
            app.send_task(f"recorder.{name}", args=CLAIM, queue=queue)  # no such claim
            app.send_task(f"recorder.{name}", args=[*CLAIM, "one more"], queue=queue)
            app.send_task(f"recorder.{name}", args=CLAIM[:1], queue=queue)
            app.send_task(f"recorder.{name}", kwargs={"session_id": 5, "token": {"a": []}}, queue=queue)
            app.send_task(f"recorder.{name}", args=CLAIM, kwargs={"lane": "stop"}, queue=queue)
        app.send_task("recorder.plan", args=["not-a-list-of-names"], queue=queue)
        app.send_task("recorder.plan", args=[[1, None, {}]], queue=queue)
        app.send_task("recorder.record", kwargs={"chanel": "misspelt"}, queue=queue)

    with next_to_a_healthy_class(school, "messages-1"):
        to_both(school, send)
    assert all(process.alive for process in school.processes)
    assert not school.simulator.requests("misspelt")


def test_bodies_that_are_no_task_are_dropped(school: House) -> None:
    bodies = [
        envelope(b"<html>"),
        envelope(b""),
        envelope(b"\xff\xfe\x00"),
        envelope(b"[" * 50_000),
        envelope(b'"text"'),
        envelope(b"[[],{}]"),
        envelope(b'[["a","b"],{},{"callbacks":7}]'),
        envelope(json.dumps([CLAIM, {}, {}]).encode(), name="recorder.gone"),
        envelope(b"cos\nsystem\n(S'true'\ntR.", **{"content-type": "application/x-python-serialize"}),
        envelope(b"x" * (2 * 1024 * 1024)),
        envelope(b"[[],{},{}]", headers={}),
        envelope(b"[[],{},{}]", headers={"task": 7, "id": []}),
    ]
    with next_to_a_healthy_class(school, "messages-2"):
        for body in bodies:
            to_both(school, lambda queue, body=body: push(school, queue, body))
    assert all(process.alive for process in school.processes)
    prefix = f"recorder:{{{school.settings.namespace}}}:celery:"
    unacked = f"{prefix}unacked"
    until(lambda: not school.wiring.store.client.hlen(unacked), what="nothing to be left for a next worker")


def test_items_that_are_no_message_are_dropped(school: House) -> None:
    items = [b"no JSON at all", b"", b"7", b"{}", b'{"body": 7}', b"[]", b"\xff\xfe", b"[" * 50_000, b"null"]
    with next_to_a_healthy_class(school, "messages-3"):
        for item in items:
            to_both(school, lambda queue, item=item: push(school, queue, item))
    assert all(process.alive for process in school.processes)
    until(lambda: school.logs().count("messages.dropped") >= 2 * len(items), what="each to be told")
