"""At the edges of time and of what a text can be: refused or done, never a failure of the server."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

RULE = {"timezone": "Europe/Berlin", "slots": "daily 09:00-09:50"}
EDGES = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "1969-12-31T23:59:59Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-12:00",
]
DAYS = ["0001-01-01", "1582-10-15", "9999-12-31"]


@pytest.mark.parametrize("at", EDGES)
def test_an_instant_at_the_edge_of_time(api: httpx.Client, at: str) -> None:
    asked: list[tuple[str, str, Any]] = [
        ("POST", "recordings", {"channel": "c", "start": at, "minutes": 5}),
        ("POST", "recordings", {"channel": "c", "end": at}),
        ("GET", "recordings", {"since": at}),
        ("GET", "recordings", {"until": at}),
        ("GET", "day", {"since": at, "until": at}),
        ("GET", "day", {"since": EDGES[0], "until": at}),
        ("GET", "day", {"since": at, "until": EDGES[3]}),
        ("GET", "timetable/occurrences", {"after": at}),
        ("GET", "schedules/math/occurrences", {"after": at}),
        ("POST", "schedules/math/pause", {"until": at}),
        ("GET", "schedules/math", {}),
        ("GET", "schedules", {}),
        ("GET", "timetable/weeks", {}),
        ("POST", "schedules/math/resume", {}),
        ("GET", "recordings", {}),
    ]
    api.put("schedules/math", json=RULE)
    one = api.post("recordings", json={"channel": "d", "minutes": 50}).json()["session_id"]
    asked.append(("POST", f"recordings/{one}/extend", {"until": at}))
    asked.append(("POST", f"recordings/{one}/extend", {"until": at, "move_deadline": True}))
    for method, path, given in asked:
        sent: dict[str, Any] = {"params": given} if method == "GET" else {"json": given}
        answer = api.request(method, path, **sent)
        assert answer.status_code < 500, (method, path, given, answer.text)


@pytest.mark.parametrize("day", DAYS)
def test_a_day_at_the_edge_of_time(api: httpx.Client, day: str) -> None:
    api.put("schedules/math", json=RULE)
    asked: list[tuple[str, str, Any]] = [
        ("GET", "timetable/weeks", {"from": day}),
        ("GET", "timetable/weeks", {"from": day, "weeks": "53"}),
        ("GET", "timetable/forecast", {"from": day}),
        ("GET", "timetable/calendar", {"from": day}),
        ("GET", "timetable/calendar", {"to": day}),
        ("GET", "timetable/calendar", {"from": day, "to": day}),
        ("POST", "schedules/math/skip", {"slot": day}),
        ("POST", "schedules/math/skip", {"slot": f"{day}T09:00"}),
        ("PUT", "schedules/last", {**RULE, "first": day}),
        ("PUT", "schedules/first", {**RULE, "last": day}),
        ("PUT", "schedules/once", {"timezone": "Europe/Berlin", "dates": f"{day} 09:00-09:50"}),
        ("PUT", "schedules/except", {**RULE, "exceptions": f"{day}..{day}"}),
        ("GET", "schedules", {}),
        ("GET", "timetable/occurrences", {}),
        ("GET", "timetable", {}),
    ]
    for method, path, given in asked:
        sent: dict[str, Any] = {"params": given} if method == "GET" else {"json": given}
        answer = api.request(method, path, **sent)
        assert answer.status_code < 500, (method, path, given, answer.text)


def test_a_calendar_of_centuries_is_refused(api: httpx.Client) -> None:
    answer = api.get("timetable/calendar?from=1990-01-01&to=8000-01-01")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "to")


@pytest.mark.parametrize(
    "text",
    [
        "\x00",
        "\x7f",
        "é" * 200,
        "𝔘𝔫𝔦",
        "<script>",
        "'; DROP",
        "*",
        "{",
        "..",
        "a/b",
        "%2e%2e",
        "x" * 8000,
        "\u202e",
    ],
)
def test_a_text_of_any_kind(api: httpx.Client, text: str) -> None:
    asked: list[tuple[str, str, Any]] = [
        ("POST", "recordings", {"channel": text, "minutes": 5}),
        ("POST", "recordings", {"channel": "c", "minutes": 5, "key": text}),
        ("POST", "recordings", {"channel": "c", "minutes": 5, "labels": {text: text}}),
        ("POST", "recordings", {"channel": "c", "minutes": 5, "profile": text, "app": text, "storage": text}),
        ("POST", "recordings", {"channel": "c", "minutes": 5, "recipe": {text: {text: text}}}),
        ("GET", "recordings", {"channel": text, "schedule": text, "app": text, "label": f"{text}=x"}),
        ("GET", "recordings", {"cursor": text}),
        ("GET", "events", {"cursor": text}),
        ("GET", "search", {"text": text}),
        ("GET", "suggestions", {"text": text}),
        ("PUT", "schedules/math", {**RULE, "channel": text, "labels": {text: text}}),
        ("PUT", "schedules/math", {**RULE, "timezone": text}),
        ("PUT", "schedules/math", {**RULE, "slots": text}),
        ("PUT", "schedules/math", {**RULE, text: text}),
        ("PUT", "schedules/math", {"timezone": "UTC", "cron": text, "duration": "5m"}),
        ("PUT", "schedules/math", {"timezone": "UTC", "ical": text}),
        ("PUT", "schedules/math", RULE),
        ("POST", "schedules/math/pause", {"reason": text}),
        ("POST", "schedules/math/skip", {"slot": text}),
        ("POST", "timetable", {"timetable": text}),
        ("POST", "timetable", {"timetable": text, "format": "csv", "timezone": text, "name": text}),
        ("POST", "timetable/calendar", {"calendar": text, "timezone": text, "name": text}),
        ("GET", "timetable/weeks", {"names": text}),
        ("GET", "timetable/forecast", {"app": text}),
        ("GET", "letters", {"subscription": text}),
        ("GET", "letters", {"cursor": text}),
        ("GET", "timetable", {}),
        ("GET", "schedules", {}),
        ("GET", "recordings", {}),
    ]
    for method, path, given in asked:
        sent: dict[str, Any] = {"params": given} if method == "GET" else {"json": given}
        answer = api.request(method, path, **sent)
        assert answer.status_code < 500, (method, path, given, answer.text)
        if answer.status_code >= 400:
            assert len(answer.content) < 40_000
        assert "Traceback" not in answer.text
