"""Web pages, and what may be changed while recording (facts 2.10, 2.12-2.14)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.vendor import EVERYONE, STORAGE, Take, Vendor, asked_for, refusal, web_asked


@pytest.mark.parametrize(
    "parameters",
    [
        {"url": "example.org"},
        {"audioProfile": 3},
        {"videoWidth": 239},
        {"videoWidth": 1920, "videoHeight": 1920},
        {"maxRecordingHour": 0},
        {"maxRecordingHour": 721},
        {"videoBitrate": 49},
        {"videoFps": 4},
        {"mobile": 1},
        {"maxVideoDuration": 29},
        {"readyTimeout": 61},
        {"readyTimeout": 1.5},
    ],
)
def test_a_web_page_refuses(parameters: dict[str, Any]) -> None:
    assert refusal("web", web_asked(**parameters)) == 2


def services(*named: dict[str, Any]) -> dict[str, Any]:
    return {"storageConfig": STORAGE, "extensionServiceConfig": {"extensionServices": list(named)}}


RECORDER = web_asked()["extensionServiceConfig"]["extensionServices"][0]


def push(*addresses: str) -> dict[str, Any]:
    outputs = [{"rtmpUrl": address} for address in addresses]
    return {"serviceName": "rtmp_publish_service", "serviceParam": {"outputs": outputs}}


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        (services(RECORDER, push("rtmps://cdn/x")), True),
        (services(push("rtmp://cdn/x"), RECORDER), True),
        (services(push("rtmp://cdn/x")), False),
        (services(RECORDER, RECORDER), False),
        (services(RECORDER, push("http://cdn/x")), False),
        (services(RECORDER, push("rtmp://cdn/x", "rtmp://cdn/y")), False),
        (services(RECORDER, {"serviceName": "aliyun_vod_service", "serviceParam": {}}), False),
        (services(), False),
        ({"storageConfig": STORAGE}, False),
    ],
)
def test_a_web_task_records_a_page_and_may_push_it(asked: dict[str, Any], taken: bool) -> None:
    assert (refusal("web", asked) is None) is taken


def running(mode: str, asked: dict[str, Any] | None = None) -> Take:
    take = Vendor().take(mode, asked)
    take.vendor.later(10)
    return take


@pytest.mark.parametrize(
    ("mode", "change", "taken"),
    [
        ("mix", {"streamSubscribe": {"audioUidList": {"subscribeAudioUids": EVERYONE}}}, True),
        ("raw", {"streamSubscribe": {"videoUidList": {"unsubscribeVideoUids": ["1"]}}}, True),
        ("mix", {"streamSubscribe": {"audioUidList": {"subscribeAudioUids": []}}}, False),
        ("mix", {"streamSubscribe": {}}, False),
        ("mix", {"webRecordingConfig": {"onhold": True}}, False),
        ("mix", {"storageConfig": STORAGE}, True),
        ("mix", {"storageConfig": {**STORAGE, "bucket": ""}}, False),
        ("mix", {}, False),
        ("web", {"webRecordingConfig": {"onhold": True}}, True),
        ("web", {"webRecordingConfig": {"onhold": 1}}, False),
        ("web", {"rtmpPublishConfig": {"outputs": [{"rtmpUrl": "rtmp://x"}]}}, False),
        ("web", {"streamSubscribe": {"audioUidList": {"subscribeAudioUids": EVERYONE}}}, False),
    ],
)
def test_update(mode: str, change: dict[str, Any], taken: bool) -> None:
    assert (running(mode).post("update", change).status == 200) is taken


def test_an_update_of_what_is_not_recorded_is_refused() -> None:
    take = running("mix", asked_for("mix", streamTypes=1))
    change = {"streamSubscribe": {"audioUidList": {"subscribeAudioUids": ["1"]}}}
    assert take.post("update", change).code == 2


def test_a_push_is_sent_elsewhere_by_an_update() -> None:
    take = running("web", services(RECORDER, push("rtmp://cdn/x")))
    assert (
        take.post("update", {"rtmpPublishConfig": {"outputs": [{"rtmpUrl": "rtmp://cdn/y"}]}}).status == 200
    )
    states = take.query().body["serverResponse"]["extensionServiceState"]
    assert states[1]["payload"]["outputs"][0]["rtmpUrl"] == "rtmp://cdn/y"


def test_stop_ignores_stray_members_and_refuses_a_wrong_async_stop() -> None:
    take = running("mix")
    assert take.stop(async_stop="yes").code == 2
    assert take.stop(resourceExpiredHour=24, scene=0).status == 200
