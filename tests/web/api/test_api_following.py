"""Events as they come: server-sent, from where a reader was cut off, and without a thread for each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from recorder_tasks.web.api import following
from recorder_tasks.wiring import Wiring
from tests.journeys.house import until


def told(lines: Iterator[str], count: int) -> list[dict[str, Any]]:
    """The next events of a stream."""
    found = []
    for line in lines:
        if line.startswith("data: "):
            found.append(json.loads(line.removeprefix("data: ")))
            if len(found) == count:
                break
    return found


def test_a_reader_is_told_what_was_and_what_comes(api: httpx.Client, parts: Wiring) -> None:
    one = parts.desk.record("math", minutes=5)
    parts.desk.extend(one.session_id, minutes=1)
    with api.stream("GET", "events?follow=true") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        before = told(lines, 1)
        assert before[0]["session_id"] == one.session_id
        parts.desk.cancel(one.session_id)
        known = [event.model_dump(mode="json") for event in parts.desk.events()]
        assert told(lines, len(known) - 1) == known[1:]


def test_a_reader_that_was_cut_off_goes_on_where_it_was(api: httpx.Client, parts: Wiring) -> None:
    one = parts.desk.record("math", minutes=5)
    parts.desk.cancel(one.session_id)
    known = [event.model_dump(mode="json") for event in parts.desk.events(one.session_id)]
    path = f"recordings/{one.session_id}/events?follow=true"
    with api.stream("GET", path, headers={"Last-Event-ID": known[0]["id"]}) as stream:
        assert told(stream.iter_lines(), len(known) - 1) == known[1:]
    with api.stream("GET", f"{path}&cursor={known[0]['id']}") as stream:
        assert told(stream.iter_lines(), 1) == known[1:2]


@pytest.mark.parametrize("headers", [{"Last-Event-ID": "nothing"}, {"Last-Event-ID": "9" * 40}])
def test_an_event_that_never_was_is_refused_before_the_stream(
    api: httpx.Client, headers: dict[str, str]
) -> None:
    answer = api.get("events?follow=true", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-wish")


def test_too_many_readers_are_refused_and_a_place_is_free_again_when_one_leaves(
    api: httpx.Client, parts: Wiring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "MOST", 1)
    parts.desk.record("math", minutes=5)
    with api.stream("GET", "events?follow=true") as stream:
        lines = stream.iter_lines()  # kept, since its end would be that of the stream
        told(lines, 1)
        refused = api.get("events?follow=true")
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/too-many-followers")

    def again() -> bool:
        with api.stream("GET", "events?follow=true") as stream:
            return stream.status_code == 200

    until(again)
