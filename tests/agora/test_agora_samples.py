"""The vendor's documented JSON: requests are taken or refused for a reason, answers and callbacks read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from recorder_tasks.agora import (
    AcquireRequest,
    Callback,
    InvalidRequest,
    LayoutRequest,
    Mode,
    StartRequest,
    StopRequest,
    UpdateRequest,
    check_channel,
    check_start,
    check_update,
    read_answer,
)
from recorder_tasks.agora.body.storage import StorageConfig
from recorder_tasks.agora.body.transcoding import TranscodingConfig
from recorder_tasks.core.outcome import Kind, Step, Upload

FOLDER = Path(__file__).parents[3] / "shared" / "reference" / "samples"
STEPS = {step.value: step for step in Step} | {"updateLayout": Step.UPDATE_LAYOUT}
MEASURES = {"width": 360, "height": 640, "fps": 15, "bitrate": 500}
# What a documented request breaks, by a piece of its name; the sentence must say so.
REFUSED = {
    "acquire-individual-request-individual-url-cname": "cname",
    "aliyun-vod": "extensionServices",
    "audio-mix-2024": "transcodeOptions",
    "update-web-request-url-and-onhold": "webRecordingConfig.url",
    "start-individual-request-cn-snapshot-2021": "subscribeUidGroup",
    "start-individual-request-recording-and-snapshot": "subscribeUidGroup",
    "start-mix-request-cn-mix-2021.": "transcodingConfig.subscribe",
    "start-mix-request-composite-2024": "extensionParams.sse",
    "misspelled": "backgroudColor",
    "start-mix-request-postman": "maxResolutionUid",
    "start-web-request-no-extension-service": "extensionServiceConfig",
}


def load() -> list[Any]:
    paths = sorted(FOLDER.glob("*.json"))
    if not paths and os.environ.get("CI") == "true":
        raise FileNotFoundError("the vendor's samples must be present in CI")
    if not paths:
        return [pytest.param("", {}, marks=pytest.mark.skip("the vendor's samples are not on this machine"))]
    return [pytest.param(path.name, json.loads(path.read_text()), id=path.stem) for path in paths]


SAMPLES = load()


def of_kind(kind: str, *, skeleton: bool = False) -> list[Any]:
    return [
        s
        for s in SAMPLES
        if s.values[1].get("kind", kind) == kind and bool(s.values[1].get("skeleton")) is skeleton
    ]


def filled(value: Any, name: str = "") -> Any:
    """A body with its placeholders replaced by what a reader puts there, vendor 0 by one that exists."""
    if isinstance(value, dict):
        return {key: filled(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, name) for item in value]
    if name == "vendor" and value in (0, "{{Vendor}}"):
        return 1
    if name == "region" and value == "{{Region}}":
        return 0
    if not isinstance(value, str) or not any(mark in value for mark in ("<", "{{", "Your", "your_")):
        return value
    return {"url": "https://example.org", "rtmpUrl": "rtmp://example.org/x", "cname": "room"}.get(
        name, "527841"
    )


def normalised(value: Any) -> Any:
    """What to_wire() changes on purpose: the black lists' spelling, and the four measures of a mix."""
    if isinstance(value, list):
        return [normalised(item) for item in value]
    if not isinstance(value, dict):
        return value
    plain = {key.replace("unsubscribe", "unSubscribe"): normalised(item) for key, item in value.items()}
    if "transcodingConfig" in plain:
        plain["transcodingConfig"] = MEASURES | plain["transcodingConfig"]
    return plain


def sent(sample: dict[str, Any]) -> Any:
    """The body as our models would send it. Raises InvalidRequest."""
    body, verb = filled(sample["body"]), sample["verb"]
    mode = Mode(
        sample["mode"]
        or ("web" if "webRecordingConfig" in str(body) or "rtmpPublish" in str(body) else "mix")
    )
    request = body.get("clientRequest", body)
    if "cname" in body:
        check_channel(mode, body["cname"])
    legacy = {"legacy": True} if "appsCollection" in request else {}
    if verb == "acquire":
        return AcquireRequest.of(request).to_wire(), request
    if verb == "update":
        return check_update(mode, UpdateRequest.of(request)).to_wire(), request
    if verb == "updateLayout":
        return LayoutRequest.of(request).to_wire(), request
    if verb == "stop":
        return StopRequest.of(request).to_wire(), {k: v for k, v in request.items() if k == "async_stop"}
    return check_start(mode, StartRequest.of(request | legacy)).to_wire(), request


@pytest.mark.parametrize(("name", "sample"), of_kind("request"))
def test_each_documented_request_is_taken_or_refused_for_the_documented_reason(
    name: str, sample: dict[str, Any]
) -> None:
    if sample.get("fragment") in ("clientRequest.storageConfig", "clientRequest.recordingConfig"):
        return fragment(name, sample)
    reason = next((text for piece, text in REFUSED.items() if piece in name), None)
    if reason is not None:
        with pytest.raises(InvalidRequest, match=reason):
            sent(sample)
        return None
    wire, body = sent(sample)
    assert wire == normalised(body)
    return None


def fragment(name: str, sample: dict[str, Any]) -> None:
    ((member, body),) = sample["body"].items()
    model: Any = StorageConfig if member == "storageConfig" else TranscodingConfig
    if "misspelled" in name:
        with pytest.raises(InvalidRequest, match="backgroudColor"):
            model.of(body)
        return
    assert {member: model.of(body).to_wire()} == normalised({member: body})


@pytest.mark.parametrize(("name", "sample"), of_kind("request", skeleton=True))
def test_every_member_of_the_documented_schemas_is_known(name: str, sample: dict[str, Any]) -> None:
    known = {"acquire": AcquireRequest, "start": StartRequest, "update": UpdateRequest, "stop": StopRequest}
    model: Any = known.get(sample["verb"], LayoutRequest)
    try:
        said = str(model.of(sample["body"]["clientRequest"]))
    except InvalidRequest as fault:
        said = str(fault)  # its values are type names, which no model takes; its members all exist
    assert "knows no such member" not in said


@pytest.mark.parametrize(("name", "sample"), [*of_kind("response"), *of_kind("response", skeleton=True)])
def test_each_documented_answer_is_read_with_nothing_lost(name: str, sample: dict[str, Any]) -> None:
    body, status = sample["body"], sample["status"]
    answer = read_answer(STEPS[sample["verb"]], status, body)
    server = body.get("serverResponse", {})
    assert answer.raw == body
    assert answer.resource_id == body.get("resourceId")
    assert answer.sid == (body.get("sid") or None)
    assert answer.code == body.get("code")
    assert (answer.kind is Kind.ACCEPTED) is (status == 200)
    assert answer.reason == (
        body.get("reason") or body.get("message") or server.get("payload", {}).get("message")
    )
    assert [file.name for file in answer.files] == names(server)
    assert (answer.upload is not None) is ("uploadingStatus" in json.dumps(body))
    assert answer.status == (int(server["status"]) if "status" in server else None)


def names(server: dict[str, Any]) -> list[str]:
    lists = [server.get("fileList", server.get("fileListStr", []))]
    for service in server.get("extensionServiceState", []):
        lists.append(service.get("payload", {}).get("fileList", []))
    found: list[str] = []
    for listed in lists:
        found += (
            [listed] if isinstance(listed, str) else [f.get("fileName", f.get("filename")) for f in listed]
        )
    return found


@pytest.mark.parametrize(("name", "sample"), of_kind("callback"))
def test_each_documented_callback_is_read_with_nothing_lost(name: str, sample: dict[str, Any]) -> None:
    body = sample["body"]
    if sample.get("fragment") == "details":
        number = next(int(n) for n in (1, 31, 32, 71) if f"event{n}-" in name)
        body = {"productId": 3, "eventType": number, "payload": {"details": body}}
    callback = Callback.parse(json.dumps(body))
    details = body["payload"].get("details", {})
    assert callback.raw == body
    assert (callback.notice_id, callback.event_type) == (body.get("noticeId"), body["eventType"])
    assert callback.payload.details == details
    assert [file.name for file in callback.files] == names(details)
    assert callback.upload == {31: Upload.UPLOADED, 32: Upload.BACKED_UP}.get(body["eventType"])
