"""The rules of requests: each one refused in one sentence, each limit taken, and exactly what is sent."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder_tasks.agora import (
    AcquireRequest,
    InvalidRequest,
    LayoutRequest,
    Mode,
    StartRequest,
    StopRequest,
    UpdateRequest,
    check_start,
    check_uid,
    plan_acquire,
)

STORAGE = {"vendor": 1, "region": 0, "bucket": "b", "accessKey": "ak", "secretKey": "sk"}
CHANNEL = {"channelType": 1, "subscribeUidGroup": 0}
RECORDER = {
    "serviceName": "web_recorder_service",
    "serviceParam": {
        "url": "https://example.org",
        "audioProfile": 0,
        "videoWidth": 1280,
        "videoHeight": 720,
        "maxRecordingHour": 1,
    },
}
PUSH = {"serviceName": "rtmp_publish_service", "serviceParam": {"outputs": [{"rtmpUrl": "rtmp://cdn/live"}]}}
WINDOW = {"x_axis": 0, "y_axis": 0, "width": 1, "height": 1}
SALT = base64.b64encode(bytes(32)).decode()


def start(mode: Mode, **members: Any) -> StartRequest:
    return check_start(mode, StartRequest.of({"storageConfig": STORAGE, **members}))


def channel(mode: Mode = Mode.MIX, **members: Any) -> StartRequest:
    return start(mode, recordingConfig={**CHANNEL, **members})


def transcoding(**members: Any) -> StartRequest:
    return channel(transcodingConfig=members)


def page(*services: dict[str, Any], **members: Any) -> StartRequest:
    return start(Mode.WEB, extensionServiceConfig={"extensionServices": services}, **members)


def web(**param: Any) -> StartRequest:
    return page({**RECORDER, "serviceParam": {**RECORDER["serviceParam"], **param}})  # type: ignore[dict-item]


def snapshot(mode: Mode, **recording: Any) -> StartRequest:
    return start(mode, recordingConfig={**CHANNEL, **recording}, snapshotConfig={"fileType": ["jpg"]})


def formats(mode: Mode, *kinds: str, **recording: Any) -> StartRequest:
    return start(mode, recordingConfig={**CHANNEL, **recording}, recordingFileConfig={"avFileType": kinds})


def postponed(mode: Mode = Mode.INDIVIDUAL, **members: Any) -> StartRequest:
    given = {"recordingConfig": CHANNEL, "appsCollection": {"combinationPolicy": "postpone_transcoding"}}
    return start(mode, **{**given, "legacy": True, **members})


REFUSED: list[tuple[str, Any]] = [
    # facts 2.4: what a mode has
    (
        "storageConfig is required",
        lambda: check_start(Mode.MIX, StartRequest.of({"recordingConfig": CHANNEL})),
    ),
    ("recordingConfig is required in mix", lambda: start(Mode.MIX)),
    ("recordingConfig is required in individual", lambda: start(Mode.INDIVIDUAL)),
    ("recordingConfig has no meaning in web", lambda: page(RECORDER, recordingConfig=CHANNEL)),
    ("snapshotConfig goes with individual and raw", lambda: snapshot(Mode.MIX)),
    ("snapshotConfig goes with", lambda: page(RECORDER, snapshotConfig={"fileType": ["jpg"]})),
    ("extensionServiceConfig is required in web", lambda: start(Mode.WEB)),
    (
        "extensionServiceConfig goes with web mode only",
        lambda: start(
            Mode.RAW, recordingConfig=CHANNEL, extensionServiceConfig={"extensionServices": [RECORDER]}
        ),
    ),
    ("knows no such member", lambda: start(Mode.MIX, recordingConfigs=CHANNEL)),
    # 2.5
    ("channelType", lambda: start(Mode.MIX, recordingConfig={})),
    ("channelType: 2 is out of range", lambda: channel(channelType=2)),
    ("channelType", lambda: channel(channelType="1")),
    ("maxIdleTime: 4 is out of range", lambda: channel(maxIdleTime=4)),
    ("maxIdleTime: 2592001 is out of range", lambda: channel(maxIdleTime=2_592_001)),
    ("at most 32", lambda: channel(subscribeAudioUids=[str(n) for n in range(1, 34)])),
    ("must be the only item", lambda: channel(subscribeAudioUids=["#allstream#", "5"])),
    ("uid '0'", lambda: channel(subscribeAudioUids=["0"])),
    ("exclude each other", lambda: channel(subscribeAudioUids=["1"], unSubscribeAudioUids=["2"])),
    ("exclude each other", lambda: channel(subscribeVideoUids=["1"], unsubscribeVideoUids=["2"])),
    ("streamTypes 0 .* video uids", lambda: channel(streamTypes=0, subscribeVideoUids=["1"])),
    ("streamTypes 1 .* audio uids", lambda: channel(streamTypes=1, unsubscribeAudioUids=["1"])),
    (
        "subscribeUidGroup 0 holds 2 uids, the lists name 3",
        lambda: channel(subscribeAudioUids=["1", "2", "3"]),
    ),
    ("streamMode original", lambda: channel(Mode.INDIVIDUAL, streamMode="original")),
    ("streamMode standard goes with individual", lambda: channel(streamMode="standard")),
    ("decryptionMode 1 needs secret", lambda: channel(decryptionMode=1)),
    ("decryptionMode 7 needs salt", lambda: channel(decryptionMode=7, secret="s")),
    ("decryptionMode 8 needs salt", lambda: channel(decryptionMode=8, secret="s", salt="not base64!")),
    ("need a decryptionMode", lambda: channel(secret="s")),
    (
        "subscribeUidGroup .* required in individual",
        lambda: start(Mode.INDIVIDUAL, recordingConfig={"channelType": 0}),
    ),
    ("audioProfile goes with mix mode only", lambda: channel(Mode.INDIVIDUAL, audioProfile=1)),
    ("transcodingConfig goes with mix mode only", lambda: channel(Mode.INDIVIDUAL, transcodingConfig={})),
    # 2.6
    ("width: 1921 is out of range", lambda: transcoding(width=1921)),
    ("must not exceed 1920 x 1080", lambda: transcoding(width=1920, height=1081)),
    ("bitrate: 6501 is out of range", lambda: transcoding(bitrate=6501)),
    ("backgroundColor", lambda: transcoding(backgroundColor="red")),
    ("needs layoutConfig", lambda: transcoding(mixedVideoLayout=3)),
    ("layoutConfig goes with mixedVideoLayout 3", lambda: transcoding(layoutConfig=[WINDOW])),
    ("maxResolutionUid goes with mixedVideoLayout 2", lambda: transcoding(maxResolutionUid="5")),
    (
        "x_axis 0.5 plus width 1",
        lambda: transcoding(mixedVideoLayout=3, layoutConfig=[{**WINDOW, "x_axis": 0.5}]),
    ),
    (
        "y_axis 0.5 plus height 1",
        lambda: transcoding(mixedVideoLayout=3, layoutConfig=[{**WINDOW, "y_axis": 0.5}]),
    ),
    ("at most 17", lambda: transcoding(mixedVideoLayout=3, layoutConfig=[WINDOW] * 18)),
    ("image_url", lambda: transcoding(backgroundConfig=[{"uid": "1", "image_url": "ftp://x"}])),
    # 2.7, 15.4
    (
        r"avFileType \['hls', 'mp4'\] must be \['hls'\] in individual",
        lambda: formats(Mode.INDIVIDUAL, "hls", "mp4"),
    ),
    ("avFileType .* in mix mode", lambda: formats(Mode.MIX, "mp4")),
    ("avFileType .* in mix mode", lambda: formats(Mode.MIX, "mp3")),
    ("mp3 needs streamTypes 0", lambda: formats(Mode.RAW, "mp3")),
    ("avFileType .* in raw mode", lambda: formats(Mode.RAW, "hls", "mp3", streamTypes=0)),
    ("avFileType .* in web mode", lambda: page(RECORDER, recordingFileConfig={"avFileType": ["mp4"]})),
    # 2.8
    ("snapshotConfig needs streamTypes 1 or 2", lambda: snapshot(Mode.RAW, streamTypes=0)),
    ("needs subscribeVideoUids", lambda: snapshot(Mode.INDIVIDUAL, subscribeAudioUids=["1"])),
    (
        "captureInterval: 4",
        lambda: start(Mode.RAW, snapshotConfig={"captureInterval": 4, "fileType": ["jpg"]}),
    ),
    ("fileType", lambda: start(Mode.RAW, snapshotConfig={})),
    ("fileType", lambda: start(Mode.RAW, snapshotConfig={"fileType": ["png"]})),
    # 2.10
    ("extensionServices must be", lambda: page(PUSH)),
    ("extensionServices must be", lambda: page(RECORDER, RECORDER)),
    ("videoWidth: 239 is out of range", lambda: web(videoWidth=239)),
    ("must not exceed 1920 x 1080", lambda: web(videoWidth=1920, videoHeight=1200)),
    ("maxRecordingHour: 721 is out of range", lambda: web(maxRecordingHour=721)),
    ("readyTimeout: 61 is out of range", lambda: web(readyTimeout=61)),
    ("readyTimeout", lambda: web(readyTimeout=1.5)),
    ("videoFps: 4 is out of range", lambda: web(videoFps=4)),
    ("maxVideoDuration: 29 is out of range", lambda: web(maxVideoDuration=29)),
    ("onhold", lambda: web(onhold=1)),
    ("url", lambda: web(url="file:///etc/passwd")),
    (
        "at most 1",
        lambda: page(RECORDER, {**PUSH, "serviceParam": {"outputs": [{"rtmpUrl": "rtmp://a"}] * 2}}),
    ),
    ("rtmp:// or", lambda: page(RECORDER, {**PUSH, "serviceParam": {"outputs": [{"rtmpUrl": "http://a"}]}})),
    # 2.11
    ("legacy=True", lambda: postponed(legacy=False)),
    ("go with individual mode only", lambda: postponed(Mode.MIX)),
    (
        "needs appsCollection.combinationPolicy",
        lambda: postponed(
            appsCollection=None, transcodeOptions={"transConfig": {"transMode": "postponeTranscoding"}}
        ),
    ),
    ("audioMix needs", lambda: postponed(transcodeOptions={"transConfig": {"transMode": "audioMix"}})),
    (
        "does not go with postponeTranscoding",
        lambda: postponed(
            transcodeOptions={
                "transConfig": {"transMode": "postponeTranscoding"},
                "container": {"format": "mp3"},
            }
        ),
    ),
    (
        "does not go with audioMix",
        lambda: postponed(
            transcodeOptions={"transConfig": {"transMode": "audioMix"}, "container": {"format": "mp4"}}
        ),
    ),
    # 15.3
    ("streamMode does not exist in raw", lambda: channel(Mode.RAW, streamMode="default")),
    ("subscribeUidGroup .* required in raw", lambda: start(Mode.RAW, recordingConfig={"channelType": 0})),
    ("audioProfile goes with mix", lambda: channel(Mode.RAW, audioProfile=0)),
]


@pytest.mark.parametrize(
    ("sentence", "make"), REFUSED, ids=[f"{n}-{row[0][:40]}" for n, row in enumerate(REFUSED)]
)
def test_what_the_vendor_would_refuse_is_refused_with_a_sentence(sentence: str, make: Any) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        make()


def test_each_mode_takes_its_smallest_request() -> None:
    for mode in (Mode.INDIVIDUAL, Mode.RAW, Mode.MIX):
        assert channel(mode).to_wire()["recordingConfig"] == CHANNEL
    assert page(RECORDER, PUSH).to_wire()["extensionServiceConfig"] == {"extensionServices": [RECORDER, PUSH]}


def test_zeros_and_false_are_sent_and_what_was_not_given_is_not() -> None:
    zeros = {"channelType": 0, "streamTypes": 0, "subscribeUidGroup": 0, "videoStreamType": 0}
    assert start(Mode.INDIVIDUAL, recordingConfig=zeros).to_wire() == {
        "storageConfig": STORAGE,
        "recordingConfig": zeros,
    }
    update = {"webRecordingConfig": {"onhold": False}}
    assert UpdateRequest.of(update).to_wire() == update
    assert LayoutRequest.of({"mixedVideoLayout": 0}).to_wire() == {"mixedVideoLayout": 0}
    assert StopRequest.of({"async_stop": False, "scene": 0}).to_wire() == {"async_stop": False}
    assert AcquireRequest().to_wire() == {}


def test_both_spellings_are_taken_on_the_way_in_and_one_is_sent() -> None:
    for name in ("unSubscribeVideoUids", "unsubscribeVideoUids", "unsubscribe_video_uids"):
        request = StartRequest.of({"recording_config": {"channel_type": 1, name: [7]}})
        assert request.to_wire() == {"recordingConfig": {"channelType": 1, "unSubscribeVideoUids": ["7"]}}


def test_a_mix_always_says_its_four_measures() -> None:
    wire = transcoding(width=640).to_wire()["recordingConfig"]["transcodingConfig"]
    assert wire == {"width": 640, "height": 640, "fps": 15, "bitrate": 500}


def test_a_recipe_without_token_and_storage_is_a_request_that_start_completes() -> None:
    recipe = StartRequest.of({"recordingConfig": CHANNEL})
    assert check_start(Mode.MIX, recipe, storage=False) is recipe
    with pytest.raises(InvalidRequest, match="token is required in mix mode"):
        check_start(Mode.MIX, recipe, storage=False, certificate=True)


def test_a_web_page_needs_no_token_even_with_a_certificate() -> None:
    check_start(Mode.WEB, page(RECORDER), certificate=True)


def test_several_faults_are_told_at_once() -> None:
    with pytest.raises(InvalidRequest, match="storageConfig is required; recordingConfig is required"):
        check_start(Mode.MIX, StartRequest())


@pytest.mark.parametrize(
    ("mode", "wire"),
    [(Mode.WEB, {"scene": 1}), (Mode.MIX, {"scene": 0}), (Mode.INDIVIDUAL, {"scene": 0}), (Mode.RAW, {})],
)
def test_the_scene_follows_the_mode(mode: Mode, wire: dict[str, int]) -> None:
    assert plan_acquire(mode).to_wire() == wire
    assert plan_acquire(mode, resource_expired_hour=24).to_wire() == {**wire, "resourceExpiredHour": 24}


def test_the_start_parameter_of_acquire_is_the_very_body_of_start() -> None:
    request = channel(secret="s", decryptionMode=1)
    plan = plan_acquire(Mode.MIX, start_parameter=request, exclude_resource_ids=("r1",))
    assert plan.to_wire() == {"scene": 0, "startParameter": request.to_wire(), "excludeResourceIds": ["r1"]}


def test_a_salted_encryption_and_legacy_mixing_are_taken() -> None:
    assert channel(decryptionMode=8, secret="s", salt=SALT).recording_config is not None
    mixing = {"transConfig": {"transMode": "audioMix"}, "container": {"format": "m4a"}}
    recording = {**CHANNEL, "streamTypes": 0, "streamMode": "original"}
    wire = postponed(transcodeOptions=mixing, recordingConfig=recording).to_wire()
    assert (wire["transcodeOptions"], "legacy" in wire) == (mixing, False)
    assert AcquireRequest.of({"scene": 2, "legacy": True}).to_wire() == {"scene": 2}


@given(st.integers(1, 2**32 - 1))
def test_every_uid_of_the_range_is_sent_as_decimal_text(uid: int) -> None:
    assert check_uid(uid) == check_uid(str(uid)) == str(uid)


@given(st.integers(5, 2_592_000), st.integers(0, 1), st.integers(0, 2))
def test_what_is_within_the_ranges_comes_out_as_it_went_in(idle: int, kind: int, streams: int) -> None:
    given = {"channelType": kind, "streamTypes": streams, "maxIdleTime": idle, "subscribeUidGroup": 5}
    assert start(Mode.RAW, recordingConfig=given).to_wire()["recordingConfig"] == given
