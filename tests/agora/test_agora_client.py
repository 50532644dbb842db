"""What each call sends, and where; and what it refuses to send."""

from __future__ import annotations

import base64
from collections.abc import Callable
from inspect import ismodule
from typing import Any

import pytest

import recorder_tasks.agora as agora
from recorder_tasks.agora import (
    AcquireRequest,
    Client,
    InvalidRequest,
    LayoutRequest,
    Mode,
    StartRequest,
    UpdateRequest,
    VendorError,
    plan_acquire,
)
from recorder_tasks.core.outcome import Kind

Make = Callable[..., Client]
BASE = f"/v1/apps/{'a' * 32}/cloud_recording"
START = StartRequest.of(
    {
        "token": "the-token",
        "storageConfig": {
            "vendor": 1,
            "region": 0,
            "bucket": "b",
            "accessKey": "the-ak",
            "secretKey": "the-sk",
        },
        "recordingConfig": {"channelType": 1, "subscribeUidGroup": 0},
    }
)


def sent(vendor: Any) -> tuple[str, Any]:
    (request,) = vendor.requests
    return request.line.removesuffix(" HTTP/1.1"), request.body


def test_acquire_names_channel_uid_and_scene(vendor: Any, client: Make) -> None:
    vendor.then(vendor.answers(200, {"resourceId": "Jyv"}, headers="x-request-ID: id-9\r\n"))
    answer = client(vendor.url).acquire("room", 527841, plan_acquire(Mode.WEB, resource_expired_hour=2))
    assert (answer.resource_id, answer.request_id) == ("Jyv", "id-9")
    body = {"cname": "room", "uid": "527841", "clientRequest": {"scene": 1, "resourceExpiredHour": 2}}
    assert sent(vendor) == (f"POST {BASE}/acquire", body)


def test_the_headers_are_what_the_vendor_wants(vendor: Any, client: Make) -> None:
    vendor.then(vendor.answers(200, {"resourceId": "Jyv"}))
    client(vendor.url).acquire("room", 5)
    headers = vendor.requests[0].headers
    assert base64.b64decode(headers["authorization"].removeprefix("Basic ")) == b"the-key:the-secret"
    assert (headers["content-type"], headers["accept"]) == ("application/json", "application/json")
    assert headers["user-agent"].startswith("recorder-tasks/")


@pytest.mark.parametrize("mode", [Mode.INDIVIDUAL, Mode.RAW, Mode.MIX])
def test_start_names_the_mode_in_the_path(vendor: Any, client: Make, mode: Mode) -> None:
    vendor.then(vendor.answers(200, {"resourceId": "a-b_c", "sid": "s1"}))
    assert client(vendor.url).start(mode, "a-b_c", "room", 5, START).sid == "s1"
    path, body = sent(vendor)
    assert path == f"POST {BASE}/resourceid/a-b_c/mode/{mode}/start"
    assert body == {"cname": "room", "uid": "5", "clientRequest": START.to_wire()}


def test_query_is_a_get_without_body(vendor: Any, client: Make) -> None:
    vendor.then(vendor.answers(200, {"serverResponse": {"status": 4}}))
    assert client(vendor.url).query(Mode.RAW, "r", "s").status == 4
    assert sent(vendor) == (f"GET {BASE}/resourceid/r/sid/s/mode/raw/query", None)


def test_update_update_layout_and_stop_go_to_the_task(vendor: Any, client: Make) -> None:
    vendor.then(vendor.answers(200, {"sid": "s"}))
    one = client(vendor.url)
    one.update(Mode.WEB, "r", "s", "room", 5, UpdateRequest.of({"webRecordingConfig": {"onhold": False}}))
    one.update_layout("r", "s", "room", 5, LayoutRequest(mixed_video_layout=0))
    one.stop(Mode.MIX, "r", "s", "room", 5)
    one.stop(Mode.MIX, "r", "s", "room", 5, async_stop=True)
    task = f"{BASE}/resourceid/r/sid/s/mode"
    assert [request.path for request in vendor.requests] == [
        f"{task}/web/update",
        f"{task}/mix/updateLayout",
        f"{task}/mix/stop",
        f"{task}/mix/stop",
    ]
    assert [request.body["clientRequest"] for request in vendor.requests] == [
        {"webRecordingConfig": {"onhold": False}},
        {"mixedVideoLayout": 0},
        {"async_stop": False},
        {"async_stop": True},
    ]


def test_the_region_may_stand_in_the_path(vendor: Any, client: Make) -> None:
    vendor.then(vendor.answers(200, {"resourceId": "Jyv"}))
    client(vendor.url, path_region=True, area=agora.Area.EU).acquire("room", 5)
    assert vendor.requests[0].path == f"/eu{BASE}/acquire"


def test_ids_are_escaped_and_never_leave_their_place_in_the_path(vendor: Any, client: Make) -> None:
    vendor.then(vendor.answers(200, {"serverResponse": {"status": 4}}))
    client(vendor.url).query(Mode.MIX, "r/../x?y", "s#")
    assert vendor.requests[0].path == f"{BASE}/resourceid/r%2F..%2Fx%3Fy/sid/s%23/mode/mix/query"
    for resource_id in ("", ".", ".."):
        with pytest.raises(InvalidRequest, match="resource_id"):
            client(vendor.url).query(Mode.MIX, resource_id, "s")


def test_bad_input_raises_before_anything_is_sent(vendor: Any, client: Make) -> None:
    one = client(vendor.url, certificate="c" * 32)
    bad: list[Callable[[], Any]] = [
        lambda: one.acquire("", 5),
        lambda: one.acquire("room", 0),
        lambda: one.acquire("a" * 100, 5),
        lambda: one.start(Mode.MIX, "r", "room", 5, StartRequest()),
        lambda: one.start("composite", "r", "room", 5, START),  # type: ignore[arg-type]
        lambda: one.update(Mode.MIX, "r", "s", "room", 5, UpdateRequest.of({"webRecordingConfig": {}})),
        lambda: one.ban("room", 5, seconds=5),
        lambda: client(vendor.url, attempts=0),
    ]
    for call in bad:
        with pytest.raises(InvalidRequest):
            call()
    assert vendor.connections == 0


def test_a_web_label_may_be_longer_than_a_channel(vendor: Any, client: Make) -> None:
    vendor.then(vendor.answers(200, {"resourceId": "Jyv"}))
    assert client(vendor.url).acquire("a" * 100, 5, AcquireRequest(scene=1)).kind is Kind.ACCEPTED


def test_a_stop_is_sent_whatever_the_channel_is_called(vendor: Any, client: Make) -> None:
    vendor.then(vendor.answers(200, {"serverResponse": {}}))
    assert client(vendor.url).stop(Mode.MIX, "r", "s", "a/b", 0).kind is Kind.ACCEPTED


def test_a_ban_is_a_rule_for_one_uid_in_one_channel(vendor: Any, client: Make) -> None:
    vendor.then(vendor.answers(200, {"status": "success", "id": 1953}))
    answer = client(vendor.url).ban("room", 5, seconds=60)
    assert (answer.kind, answer.rule_id) == (Kind.ACCEPTED, 1953)
    path, body = sent(vendor)
    assert path == "POST /dev/v1/kicking-rule"
    assert body == {
        "appid": "a" * 32,
        "cname": "room",
        "uid": 5,
        "time_in_seconds": 60,
        "privileges": ["join_channel"],
    }


@pytest.mark.parametrize(
    ("status", "kind"), [(429, Kind.THROTTLED), (401, Kind.PERMANENT), (500, Kind.UNKNOWN)]
)
def test_a_refused_ban_says_why(vendor: Any, client: Make, status: int, kind: Kind) -> None:
    vendor.then(vendor.answers(status, {"message": "no"}))
    answer = client(vendor.url).ban("room", 5, seconds=0)
    assert (answer.kind, answer.reason, answer.rule_id) == (kind, "no", None)


@pytest.mark.parametrize(
    ("data", "publishers", "audience"),
    [
        ({"channel_exist": True, "mode": 1, "total": 2, "users": [1, 2]}, (1, 2), ()),
        ({"channel_exist": True, "mode": 2, "broadcasters": [3], "audience": [4, 5]}, (3,), (4, 5)),
        ({"channel_exist": False}, (), ()),
    ],
)
def test_users_tells_who_publishes(
    vendor: Any, client: Make, data: Any, publishers: Any, audience: Any
) -> None:
    vendor.then(vendor.answers(200, {"success": True, "data": data}))
    users = client(vendor.url).users("a room")
    assert (users.exists, users.publishers, users.audience) == (data["channel_exist"], publishers, audience)
    assert vendor.requests[0].path == f"/dev/v1/channel/user/{'a' * 32}/a%20room"


def test_users_raises_when_they_cannot_be_learnt(vendor: Any, client: Make) -> None:
    vendor.then(vendor.answers(401, {"message": "Unauthorized"}), vendor.resets)
    one = client(vendor.url, attempts=1)
    with pytest.raises(VendorError, match="HTTP 401: Unauthorized"):
        one.users("room")
    with pytest.raises(VendorError, match="no answer"):
        one.users("room")


def test_no_secret_shows_anywhere(vendor: Any, client: Make) -> None:
    echo = {"code": 2, "reason": "bad", "token": "the-token", "serverResponse": {"secretKey": "the-sk"}}
    vendor.then(vendor.answers(400, echo))
    one = client(vendor.url, certificate="the-certificate")
    answer = one.start(Mode.MIX, "r", "room", 5, START)
    with pytest.raises(VendorError) as refused:
        answer.require()
    with pytest.raises(InvalidRequest) as invalid:
        StartRequest.of({"token": 5, "storageConfig": {"accessKey": ["the-ak"], "stsToken": {"a": "the-sk"}}})
    shown = [
        one,
        one._transport,
        answer,
        START,
        refused.value,
        invalid.value,
        agora.redacted(START.to_wire()),
    ]
    for thing in shown:
        for text in (repr(thing), str(thing)):
            assert not any(
                secret in text
                for secret in ("the-secret", "the-certificate", "the-token", "the-ak", "the-sk")
            )


def test_the_public_names_are_exactly_what_is_exported() -> None:
    modules = {"answers", "body", "callbacks", "channels", "client", "errors", "file_names", "gate", "hosts"}
    modules |= {"reading", "redaction", "tokens", "transport", "words", "annotations"}
    helpers = {"SENDING", "TYPE_CHECKING", "Any"}
    public = {name for name in vars(agora) if not name.startswith("_")} - modules - helpers
    assert public | set(agora.SENDING) == set(agora.__all__)
    assert not [name for name in agora.__all__ if ismodule(getattr(agora, name))]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        agora.nothing  # noqa: B018
