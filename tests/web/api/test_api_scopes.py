"""Who may do what: each route by the scope of its token, and what strangers are told."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from recorder_tasks.web.api import openapi
from tests.web.api.conftest import TOKENS, Make, bearer

RANK = {"read": 0, "operate": 1, "admin": 2}
HOLDERS = {"reader": "read", "office": "operate", "admin": "admin"}

ROUTES: dict[tuple[str, str], str] = {
    ("GET", "recordings"): "read",
    ("POST", "recordings"): "operate",
    ("GET", "recordings/{session_id}"): "read",
    ("POST", "recordings/{session_id}/stop"): "operate",
    ("POST", "recordings/{session_id}/cancel"): "operate",
    ("POST", "recordings/{session_id}/extend"): "operate",
    ("POST", "recordings/{session_id}/update"): "operate",
    ("POST", "recordings/{session_id}/layout"): "operate",
    ("GET", "recordings/{session_id}/events"): "read",
    ("GET", "recordings/{session_id}/diagnosis"): "read",
    ("GET", "search"): "read",
    ("GET", "suggestions"): "read",
    ("GET", "day"): "read",
    ("GET", "events"): "read",
    ("GET", "overview"): "read",
    ("GET", "orphans"): "read",
    ("DELETE", "orphans/{name}"): "admin",
    ("GET", "schedules"): "read",
    ("GET", "schedules/{name}"): "read",
    ("PUT", "schedules/{name}"): "admin",
    ("DELETE", "schedules/{name}"): "admin",
    ("POST", "schedules/{name}/pause"): "operate",
    ("POST", "schedules/{name}/resume"): "operate",
    ("POST", "schedules/{name}/skip"): "operate",
    ("POST", "schedules/{name}/unskip"): "operate",
    ("POST", "schedules/{name}/run"): "operate",
    ("GET", "schedules/{name}/occurrences"): "read",
    ("GET", "schedules/{name}/history"): "read",
    ("GET", "timetable"): "read",
    ("POST", "timetable"): "admin",
    ("GET", "timetable/schema"): "read",
    ("GET", "timetable/occurrences"): "read",
    ("GET", "timetable/weeks"): "read",
    ("GET", "timetable/forecast"): "read",
    ("GET", "timetable/calendar"): "read",
    ("POST", "timetable/calendar"): "admin",
    ("GET", "webhooks"): "read",
    ("POST", "webhooks/{name}/test"): "admin",
    ("POST", "webhooks/{name}/resend"): "admin",
    ("DELETE", "webhooks/{name}/letters"): "admin",
    ("GET", "letters"): "read",
    ("POST", "letters/{letter_id}/resend"): "admin",
    ("DELETE", "letters/{letter_id}"): "admin",
}


def test_the_table_has_every_route_and_each_says_its_scope() -> None:
    told = {
        (method.upper(), path.removeprefix("/")): operation["security"][0]["token"][0]
        for path, operations in openapi()["paths"].items()
        for method, operation in operations.items()
    }
    assert told == ROUTES


def test_a_token_reaches_as_far_as_its_scope_and_nobody_comes_without_one(guarded: httpx.Client) -> None:
    for (method, path), needed in ROUTES.items():
        url = path.replace("{session_id}", "r-0").replace("{name}", "nobody").replace("{letter_id}", "x")
        assert guarded.request(method, url).status_code == 401, (method, path)
        for holder, scope in HOLDERS.items():
            answer = guarded.request(method, url, headers=bearer(holder))
            refused = answer.status_code == 403
            assert refused == (RANK[scope] < RANK[needed]), (method, path, holder, answer.text)
            if refused:
                assert answer.json()["type"] == "/problems/forbidden"
                assert needed in answer.json()["detail"]


@pytest.mark.parametrize(
    ("header", "error"),
    [
        ({}, None),
        ({"Authorization": "Bearer nobody-nobody-nobody"}, "invalid_token"),
        ({"Authorization": f"Basic {TOKENS['admin']['secret']}"}, "invalid_token"),
        ({"Authorization": "Bearer"}, "invalid_token"),
        ({"Cookie": "recorder_login=x"}, None),
    ],
)
def test_a_stranger_is_told_how_to_come_in(
    guarded: httpx.Client, header: dict[str, str], error: str | None
) -> None:
    answer = guarded.get("recordings", headers=header)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert (error is not None) == ("invalid_token" in answer.headers["www-authenticate"])
    assert "nobody-nobody" not in answer.text


def test_whoever_is_unknown_is_refused_before_anything_is_read(guarded: httpx.Client) -> None:
    answer = guarded.post("recordings", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 401


def test_the_description_is_open_and_names_no_secret(guarded: httpx.Client) -> None:
    told = guarded.get("openapi.json")
    assert told.status_code == 200
    assert told.json() == json.loads(json.dumps(openapi()))
    assert not any(str(token["secret"]) in told.text for token in TOKENS.values())


FORMS: list[tuple[dict[str, str], bytes, int]] = [
    ({"Content-Type": "application/x-www-form-urlencoded"}, b"channel=x", 415),
    ({"Content-Type": "text/plain"}, b'{"channel": "x"}', 415),
    ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x--", 415),
    ({"Content-Type": "application/x-www-form-urlencoded"}, b"", 415),
    ({"Content-Type": "application/json; charset=utf-8"}, b"{}", 422),
    ({"Content-Type": "application/json", "Origin": "https://elsewhere.example"}, b"{}", 403),
    ({"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"}, b"{}", 403),
]


@pytest.mark.parametrize(("headers", "body", "status"), FORMS)
def test_a_page_of_another_site_can_write_nothing_here(
    api: httpx.Client, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = api.post("recordings", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert api.get("recordings").json()["recordings"] == []


def test_a_body_without_a_content_type_is_no_json(api: httpx.Client) -> None:
    assert api.post("recordings", content=b'{"channel": "math"}').status_code == 415


def test_writing_without_a_body_needs_no_content_type(api: httpx.Client) -> None:
    assert api.post("recordings/r-0/stop").status_code == 404


def test_a_host_that_is_not_known_is_refused_as_a_problem(api: httpx.Client) -> None:
    answer = api.get("recordings", headers={"Host": "elsewhere.example"})
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")


def test_what_is_too_large_is_refused(make: Make) -> None:
    api = make(web={"max_body": 1000})
    body = json.dumps({"channel": "math", "recipe": {"x": "y" * 2000}}).encode()
    in_pieces = (body[at : at + 100] for at in range(0, len(body), 100))
    for content in (body, in_pieces):
        answer = api.post("recordings", content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "/problems/too-large"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "recordings", "GET, POST"),
        ("POST", "schedules/math", "DELETE, GET, PUT"),
        ("TRACE", "overview", "GET"),
        ("GET", "schedules/math/pause", "POST"),
    ],
)
def test_a_method_that_is_not_taken_is_told_which_are(
    api: httpx.Client, method: str, path: str, allowed: str
) -> None:
    answer = api.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.json()["type"] == "/problems/method-not-allowed"


@pytest.mark.parametrize("path", ["nothing", "recordings/", "recordings/a/b/c", "%0A", ""])
def test_a_path_that_is_none_is_a_problem_and_not_a_page(api: httpx.Client, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-path")


def test_without_redis_everything_says_so_and_when_to_come_again(make: Make) -> None:
    api = make(redis_url="redis://127.0.0.1:9/0")
    for method, path, body in (
        ("GET", "recordings", None),
        ("POST", "recordings", {"channel": "math", "minutes": 1}),
        ("GET", "schedules", None),
        ("GET", "overview", None),
        ("GET", "events", None),
    ):
        answer = api.request(method, path, json=body)
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/store-unavailable"), path
        assert int(answer.headers["retry-after"]) > 0


def test_a_bug_is_told_without_its_details(
    api: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a secret of the machine room")

    monkeypatch.setattr("recorder_tasks.flow.desk.Desk.find", broken)
    answer = api.get("recordings")
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")
    assert "machine room" not in answer.text
    assert "machine room" in caplog.text
