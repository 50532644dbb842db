"""The vendor's callbacks over HTTP: who is believed, what is answered, and that nothing waits for Redis."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from recorder_tasks.simulator.events import signatures
from recorder_tasks.store import Store
from recorder_tasks.web.application import create_app
from recorder_tasks.web.notifications import CALLBACKS, router
from recorder_tasks.wiring import Wiring
from tests.flow.engine import APP_ID, some_settings
from tests.journeys.house import until
from tests.web.running import Answer, Running, running

SECRET = "notification-secret"
VECTOR = (  # of the vendor's documentation (6.2)
    b'{"eventMs":1560408533119,"eventType":10,"noticeId":"4eb720f0-8da7-11e9-a43e-53f411c2761f",'
    b'"notifyMs":1560408533119,"payload":{"a":"1","b":2},"productId":1}'
)
VECTOR_V1 = "033c62f40f687675f17f0f41f91a40c71c0f134c"
VECTOR_V2 = "6d3320c60b11101395b7fc8f9068748808a0aa1bfa064438e39d1bc2c7d74d99"
NOWHERE = "redis://127.0.0.1:9/0"  # the discard port: nobody listens there

Client = Callable[..., Running]


@pytest.fixture
def client(redis_url: str, namespace: str, tmp_path: Path) -> Iterator[Client]:
    """The application with apps of the test's own, running."""
    with ExitStack() as stack:

        def start(*, url: str = redis_url, web: dict[str, Any] | None = None, **apps: Any) -> Running:
            app = {"app_id": APP_ID, "key": "k", "secret": "s", "base_url": "http://vendor.test"}
            known = {"default": {**app, "notification_secret": SECRET}, "silent": app}
            known |= {name: {**app, **members} for name, members in apps.items()}
            more = {"redis_url": url, "apps": known, "web": web or {}}
            parts = Wiring(some_settings(namespace, tmp_path, **more))
            stack.callback(parts.close)
            return stack.enter_context(running(create_app(parts)))

        yield start


def post(client: Running, body: bytes, headers: dict[str, str], app: str = "default") -> Answer:
    return client.post(f"{CALLBACKS}/{app}", body, headers)


def hex_of(body: bytes, digest: Any, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, digest).hexdigest()


BODY = json.dumps({"noticeId": "n1", "productId": 3, "eventType": 40, "sid": "0" * 32}).encode()
V2, V1 = hex_of(BODY, hashlib.sha256), hex_of(BODY, hashlib.sha1)


@pytest.mark.parametrize(
    ("headers", "strict", "lenient"),
    [
        ({"Agora-Signature-V2": V2}, 200, 200),
        ({"agora-signature-v2": V2.upper(), "Agora-Signature": "rubbish"}, 200, 200),
        ({"Agora-Signature": V1, "Agora-Signature-V2": V2}, 200, 200),
        ({"Agora-Signature": V1}, 401, 200),
        ({"Agora-Signature": V1, "Agora-Signature-V2": "0" * 64}, 401, 401),
        ({"Agora-Signature": "0" * 40}, 401, 401),
        ({"Agora-Signature": V2}, 401, 401),
        ({"Agora-Signature-V2": V1}, 401, 401),
        ({"Agora-Signature-V2": hex_of(BODY, hashlib.sha256, "other")}, 401, 401),
        ({"Agora-Signature-V2": hex_of(BODY + b" ", hashlib.sha256)}, 401, 401),
        ({"Agora-Signature-V2": ""}, 401, 401),
        ({}, 401, 401),
    ],
)
def test_a_signature_is_the_newer_one_and_the_older_only_on_request(
    client: Client, headers: dict[str, str], strict: int, lenient: int
) -> None:
    opened = client(old={"notification_secret": SECRET, "notification_v1": True})
    answers = [post(opened, BODY, headers, app) for app in ("default", "old")]
    assert [answer.status for answer in answers] == [strict, lenient]
    for answer in answers:
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["ok"] is (answer.status == 200)


def test_the_documented_vector_is_believed(client: Client) -> None:
    opened = client(
        new={"notification_secret": "secret"}, old={"notification_secret": "secret", "notification_v1": True}
    )
    assert post(opened, VECTOR, {"Agora-Signature-V2": VECTOR_V2}, "new").json() == {"ok": True}
    assert post(opened, VECTOR, {"Agora-Signature": VECTOR_V1}, "old").json() == {"ok": True}


@pytest.mark.parametrize(
    ("app", "why"),
    [
        ("nobody", "'nobody' is not configured"),
        ("silent", "RECORDER_APPS__SILENT__NOTIFICATION_SECRET"),
    ],
)
def test_an_app_without_a_secret_is_not_there_and_only_the_log_says_why(
    client: Client, caplog: pytest.LogCaptureFixture, app: str, why: str
) -> None:
    opened = client()
    for _ in range(3):
        answer = post(opened, BODY, signatures(SECRET, BODY), app)
        assert (answer.status, answer.json()["error"]) == (404, "no callbacks are taken for this app")
    assert caplog.text.count(why) == 1, "once a minute is enough"


def test_of_a_wrong_signature_the_log_tells_and_no_secret_is_in_it(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    post(client(), BODY, {"Agora-Signature-V2": "0" * 64})
    assert "callbacks.refused app='default': the agora-signature-v2 header" in caplog.text
    assert SECRET not in caplog.text
    assert V2 not in caplog.text


def test_a_callback_is_counted_once_its_double_as_such_and_a_test_as_one(
    client: Client, store: Store
) -> None:
    opened = client()
    about = {"channelName": "test_webhook", "uid": 12121212}
    test = json.dumps({"noticeId": "n2", "productId": 3, "eventType": 40, "payload": about}).encode()
    for body in (BODY, BODY, test, b"<html>", b"[1]"):
        assert post(opened, body, signatures(SECRET, body)).json() == {"ok": True}

    def state() -> dict[str, float]:
        return store.callbacks.state("default")

    until(lambda: sum(state().get(name, 0) for name in ("stranger", "doubled", "test", "unreadable")) == 5)
    known = state()
    assert known.pop("at") <= store.clock.now()
    assert known == {"stranger": 1, "doubled": 1, "test": 1, "unreadable": 2}


def test_a_console_check_is_told_in_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    body = json.dumps({"noticeId": "n2", "eventType": 31, "payload": {"cname": "test_webhook"}}).encode()
    post(client(), body, signatures(SECRET, body))
    until(lambda: "callbacks.test app=default event=31" in caplog.text)


def test_while_redis_is_away_the_vendor_is_answered_and_callbacks_wait(client: Client) -> None:
    opened = client(url=NOWHERE)
    for _ in range(5):
        assert post(opened, BODY, signatures(SECRET, BODY)).json() == {"ok": True}
    inbox = opened.app.state.inbox
    until(lambda: len(inbox) >= 3)
    assert inbox.counts == {}


def test_the_vendor_needs_no_token_and_may_come_from_anywhere(client: Client) -> None:
    opened = client(web={"tokens": {"office": {"secret": "x" * 20, "scope": "admin"}}})
    headers = {**signatures(SECRET, BODY), "Origin": "https://elsewhere.test", "Host": "hooks.example.org"}
    assert post(opened, BODY, headers).json() == {"ok": True}


def test_the_route_can_be_mounted_in_an_application_of_ones_own(
    redis_url: str, namespace: str, tmp_path: Path, store: Store
) -> None:
    known = {"app_id": APP_ID, "key": "k", "secret": "s", "notification_secret": SECRET}
    app = FastAPI()
    app.state.parts = Wiring(some_settings(namespace, tmp_path, redis_url=redis_url, apps={"default": known}))
    app.include_router(router)
    with running(app) as client:
        assert post(client, BODY, signatures(SECRET, BODY)).json() == {"ok": True}
    assert store.callbacks.state("default")["stranger"] == 1, "the end waits for the inbox"
    app.state.parts.close()


def test_a_body_that_is_too_long_is_refused(client: Client) -> None:
    opened = client(web={"max_body": 1000})
    body = b" " * 2000
    assert post(opened, body, signatures(SECRET, body)).status == 413
