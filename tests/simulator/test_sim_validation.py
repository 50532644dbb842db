"""What bodies the vendor takes and refuses, member by member (facts 2, 15)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.vendor import EVERYONE, Vendor, asked_for, refusal

SALT = "c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0c2FsdHNhbHQ="
FULL_LAYOUT = {"x_axis": 0, "y_axis": 0.5, "width": 1, "height": 0.5, "alpha": 1.0, "render_mode": 0}
PICTURE = {"width": 640, "height": 360, "fps": 15, "bitrate": 500}


@pytest.mark.parametrize(
    "asked",
    [
        {"resourceExpiredHour": 0},
        {"resourceExpiredHour": 721},
        {"resourceExpiredHour": "24"},
        {"scene": 3},
        {"scene": "0"},
        {"region": "US"},
        {"regionAffinity": 5},
        {"excludeResourceIds": "x"},
        {"excludeResourceIds": [1]},
    ],
)
def test_acquire_refuses(asked: dict[str, Any]) -> None:
    assert Vendor().acquire(**asked).code == 2


@pytest.mark.parametrize(
    "asked",
    [
        {"resourceExpiredHour": 1},
        {"resourceExpiredHour": 720},
        {"region": "NA", "regionAffinity": 4},
        {"excludeResourceIds": ["r"]},
        {"startParameter": {"anything": "goes"}},
    ],
)
def test_acquire_takes(asked: dict[str, Any]) -> None:
    assert Vendor().acquire(**asked).status == 200


@pytest.mark.parametrize(
    ("cname", "scene", "code"),
    [
        ("a" * 63, 0, None),
        ("a" * 64, 0, 401),
        ("é", 0, 401),
        ("a/b", 0, 401),
        ("a!#$%&()+-:;<=.>?@[]^_{}|~, z", 0, None),
        ("a/b é", 1, None),
        ("a" * 128, 1, None),
        ("a" * 129, 1, 401),
    ],
)
def test_a_channel_name_has_its_characters_and_its_length(cname: str, scene: int, code: int | None) -> None:
    assert Vendor().acquire(cname, scene=scene).code == code


@pytest.mark.parametrize("uid", ["0", "01", "-1", "1.5", "x", "", "4294967296"])
def test_a_uid_is_a_number_above_zero_in_quotes(uid: str) -> None:
    assert Vendor().acquire(uid=uid).code == 2


def test_the_highest_uid_is_taken() -> None:
    assert Vendor().acquire(uid="4294967295").status == 200


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("channelType", 2),
        ("channelType", "0"),
        ("streamTypes", 3),
        ("videoStreamType", 2),
        ("maxIdleTime", 4),
        ("maxIdleTime", 2_592_001),
        ("maxIdleTime", 30.5),
        ("decryptionMode", 9),
        ("decryptionMode", 1),
        ("subscribeAudioUids", [1]),
        ("subscribeAudioUids", [*EVERYONE, "1"]),
        ("subscribeAudioUids", [str(uid) for uid in range(1, 34)]),
        ("audioProfile", 3),
        ("streamMode", "composite"),
        ("transcodingConfig", {"width": 640}),
        ("transcodingConfig", {**PICTURE, "width": 1921}),
        ("transcodingConfig", {**PICTURE, "width": 1920, "height": 1920}),
        ("transcodingConfig", {**PICTURE, "bitrate": 6501}),
        ("transcodingConfig", {**PICTURE, "backgroundColor": "black"}),
        ("transcodingConfig", {**PICTURE, "mixedVideoLayout": 4}),
        ("transcodingConfig", {**PICTURE, "mixedVideoLayout": 3}),
        ("transcodingConfig", {**PICTURE, "layoutConfig": [FULL_LAYOUT]}),
    ],
)
def test_a_mix_refuses(member: str, value: Any) -> None:
    assert refusal("mix", asked_for("mix", **{member: value})) == 2


@pytest.mark.parametrize(
    "members",
    [
        {"channelType": 1, "streamTypes": 0, "videoStreamType": 1, "maxIdleTime": 5},
        {"maxIdleTime": 2_592_000, "audioProfile": 2},
        {"decryptionMode": 1, "secret": "s"},
        {"decryptionMode": 8, "secret": "s", "salt": SALT},
        {"subscribeAudioUids": EVERYONE, "unsubscribeVideoUids": ["1"]},
        {"unSubscribeAudioUids": ["1"], "subscribeVideoUids": ["2"]},
        {"subscribeAudioUids": []},
        {"transcodingConfig": PICTURE},
        {"transcodingConfig": {**PICTURE, "mixedVideoLayout": 3, "layoutConfig": [FULL_LAYOUT]}},
        {"transcodingConfig": {**PICTURE, "mixedVideoLayout": 2, "maxResolutionUid": "5"}},
        {"transcodingConfig": {**PICTURE, "bitrate": 6500, "backgroundColor": "#aAbB09"}},
    ],
)
def test_a_mix_takes(members: dict[str, Any]) -> None:
    assert refusal("mix", asked_for("mix", **members)) is None


@pytest.mark.parametrize(
    "members",
    [
        {"subscribeAudioUids": ["1"], "unSubscribeAudioUids": ["2"]},
        {"subscribeVideoUids": ["1"], "unsubscribeVideoUids": ["2"]},
        {"streamTypes": 0, "subscribeVideoUids": ["1"]},
        {"streamTypes": 1, "subscribeAudioUids": ["1"]},
        {"decryptionMode": 7, "secret": "s"},
        {"decryptionMode": 7, "secret": "s", "salt": "c2hvcnQ="},
    ],
)
def test_members_that_contradict_each_other_are_refused(members: dict[str, Any]) -> None:
    assert refusal("mix", asked_for("mix", **members)) == 2


@pytest.mark.parametrize(
    "region",
    [
        {**FULL_LAYOUT, "x_axis": 0.1},
        {**FULL_LAYOUT, "height": 0.6},
        {**FULL_LAYOUT, "alpha": 1.5},
        {**FULL_LAYOUT, "render_mode": 2},
        {**FULL_LAYOUT, "uid": 5},
        {name: value for name, value in FULL_LAYOUT.items() if name != "width"},
    ],
)
def test_a_region_of_a_layout_stays_within_the_canvas(region: dict[str, Any]) -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(10)
    layout = {"mixedVideoLayout": 3, "layoutConfig": [region]}
    assert take.post("updateLayout", layout).code == 2
    assert take.post("updateLayout", {**layout, "layoutConfig": [FULL_LAYOUT]}).status == 200


@pytest.mark.parametrize(("mode", "required"), [("individual", True), ("raw", True), ("raw", False)])
def test_the_uid_group_is_required(mode: str, required: bool) -> None:
    asked = asked_for(mode)
    del asked["recordingConfig"]["subscribeUidGroup"]
    assert refusal(mode, asked, uid_group_required=required) == 2


def test_the_uid_group_of_individual_is_optional_by_setting() -> None:
    asked = asked_for("individual")
    del asked["recordingConfig"]["subscribeUidGroup"]
    assert refusal("individual", asked, uid_group_required=False) is None


@pytest.mark.parametrize("mode", ["individual", "raw"])
@pytest.mark.parametrize(
    "members", [{"transcodingConfig": PICTURE}, {"audioProfile": 0}, {"subscribeUidGroup": 6}]
)
def test_members_of_a_mix_are_refused_elsewhere(mode: str, members: dict[str, Any]) -> None:
    assert refusal(mode, asked_for(mode, **members)) == 2


@pytest.mark.parametrize(
    ("mode", "types", "streams", "taken"),
    [
        ("individual", ["hls"], 2, True),
        ("individual", ["hls", "mp4"], 2, False),
        ("mix", ["hls", "mp4"], 2, True),
        ("mix", ["mp4"], 2, False),
        ("mix", [], 2, False),
        ("raw", ["hls", "mp4"], 2, True),
        ("raw", ["mp3"], 0, True),
        ("raw", ["mp3"], 2, False),
        ("raw", ["mp4"], 2, False),
    ],
)
def test_each_mode_has_its_file_types(mode: str, types: list[str], streams: int, taken: bool) -> None:
    asked = asked_for(mode, streamTypes=streams) | {"recordingFileConfig": {"avFileType": types}}
    assert (refusal(mode, asked) is None) is taken


@pytest.mark.parametrize(
    ("snapshot", "recording", "taken"),
    [
        ({"fileType": ["jpg"]}, {}, True),
        ({"fileType": ["jpg"], "captureInterval": 5}, {"streamTypes": 1}, True),
        ({"fileType": ["jpg"], "captureInterval": 4}, {}, False),
        ({"fileType": ["jpg"], "captureInterval": 3601}, {}, False),
        ({"captureInterval": 10}, {}, False),
        ({"fileType": ["png"]}, {}, False),
        ({"fileType": ["jpg"]}, {"streamTypes": 0}, False),
        ({"fileType": ["jpg"]}, {"subscribeAudioUids": ["1"]}, False),
        ({"fileType": ["jpg"]}, {"subscribeAudioUids": ["1"], "subscribeVideoUids": ["1"]}, True),
    ],
)
@pytest.mark.parametrize("mode", ["individual", "raw"])
def test_screenshots(mode: str, snapshot: dict[str, Any], recording: dict[str, Any], taken: bool) -> None:
    asked = asked_for(mode, **recording) | {"snapshotConfig": snapshot}
    assert (refusal(mode, asked) is None) is taken


def test_the_shortest_capture_interval_is_a_setting() -> None:
    asked = asked_for("raw") | {"snapshotConfig": {"fileType": ["jpg"], "captureInterval": 1}}
    assert refusal("raw", asked, capture_interval_min=1) is None


@pytest.mark.parametrize(
    ("mode", "member"),
    [
        ("mix", {"snapshotConfig": {"fileType": ["jpg"]}}),
        ("web", {"snapshotConfig": {"fileType": ["jpg"]}}),
        ("mix", {"extensionServiceConfig": {}}),
        ("individual", {"extensionServiceConfig": {}}),
        ("raw", {"extensionServiceConfig": {}}),
        ("mix", {"appsCollection": {"combinationPolicy": "postpone_transcoding"}}),
        ("individual", {"transcodeOptions": {"transConfig": {"transMode": "postponeTranscoding"}}}),
        ("web", {"appsCollection": {}}),
        ("raw", {"recordingConfig": {"channelType": 0, "subscribeUidGroup": 5, "streamMode": "default"}}),
    ],
)
def test_a_member_that_the_mode_does_not_have_is_refused(mode: str, member: dict[str, Any]) -> None:
    assert refusal(mode, asked_for(mode) | member) == 2


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        ({"transConfig": {"transMode": "postponeTranscoding"}}, True),
        ({"transConfig": {"transMode": "postponeTranscoding"}, "container": {"format": "mp3"}}, False),
        ({"transConfig": {"transMode": "audioMix"}, "container": {"format": "m4a"}}, True),
        ({"transConfig": {"transMode": "audioMix"}, "audio": {"sampleRate": "44100"}}, False),
        ({}, False),
    ],
)
def test_postponed_transcoding_is_taken_in_scene_two(options: dict[str, Any], taken: bool) -> None:
    vendor = Vendor()
    asked = asked_for("individual", streamTypes=0, streamMode="original") | {
        "appsCollection": {"combinationPolicy": "postpone_transcoding"},
        "transcodeOptions": options,
    }
    answer = vendor.start(vendor.reserve(scene=2), "individual", asked)
    assert (answer.status == 200) is taken
