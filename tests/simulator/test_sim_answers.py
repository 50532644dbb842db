"""A take from acquire to the last 404, in the shapes that the facts page documents (facts 3)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.simulator.vendor import EPOCH, STORAGE, Vendor, asked_for, web_asked


def test_ids_are_opaque_and_fit_into_a_path() -> None:
    take = Vendor().take()
    assert re.fullmatch(r"[A-Za-z0-9_-]{200,260}", take.rid)
    assert re.fullmatch(r"[0-9a-f]{32}", take.sid)


def test_every_answer_carries_a_request_id_of_its_own() -> None:
    vendor = Vendor()
    answers = [vendor.acquire(), vendor.acquire(), vendor.send("GET", "/nowhere")]
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 3


def test_the_status_climbs_from_one_to_four_and_then_to_five() -> None:
    vendor = Vendor()
    take = vendor.take()
    seen = [take.status()]
    for seconds in (0.5, 0.5, 1.0, 1.0, 14.9, 0.1):
        seen.append(take.status_after(seconds))
    assert seen == [0, 1, 2, 3, 4, 4, 5]


def test_nothing_is_listed_before_the_first_file_is_uploaded() -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(17.9)
    assert take.query().body["serverResponse"]["fileList"] == ""
    vendor.later(0.1)
    assert take.query().body["serverResponse"]["fileList"] == f"dir1/{take.sid}_class.m3u8"


def test_individual_files_come_four_times_later_than_a_mix() -> None:
    vendor = Vendor()
    take = vendor.take("individual")
    vendor.later(62.9)
    assert take.status() == 4
    assert take.status_after(0.1) == 5


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_stop_ends_the_take_at_once_and_is_over_after_the_upload(asynchronous: bool) -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(60)
    answer = take.stop(async_stop=asynchronous)
    assert answer.status == 200
    assert answer.delay == (0.0 if asynchronous else 1.0)
    account = take.account()
    assert (account["alive"], account["ended_by"], account["ended_at"]) == (False, "stop", EPOCH + 60)
    assert account["billed_seconds"] == 57.0
    assert take.status() == 6
    assert [take.status_after(1) for _ in range(3)] == [7, 8, 404]


def test_an_asynchronous_stop_tells_of_no_file_and_of_no_upload() -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(60)
    assert take.stop(async_stop=True).body["serverResponse"] == {"uploadingStatus": "unknown"}


def test_a_stop_before_the_recorder_is_ready_tells_nothing_either() -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(1)
    assert take.stop().body["serverResponse"] == {"uploadingStatus": "unknown"}
    assert not take.account()["alive"]


def test_a_mix_of_hls_names_one_file_as_a_string() -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(60)
    assert take.stop().body["serverResponse"] == {
        "fileListMode": "string",
        "fileList": f"dir1/{take.sid}_class.m3u8",
        "uploadingStatus": "uploaded",
    }


def test_a_mix_with_mp4_lists_both_files_for_uid_zero() -> None:
    vendor = Vendor()
    take = vendor.take(asked=asked_for("mix") | {"recordingFileConfig": {"avFileType": ["hls", "mp4"]}})
    vendor.later(60)
    server = take.stop().body["serverResponse"]
    assert server["fileListMode"] == "json"
    assert server["fileList"] == [
        {
            "fileName": f"dir1/{take.sid}_class{end}",
            "trackType": "audio_and_video",
            "uid": "0",
            "mixedAllUser": True,
            "isPlayable": True,
            "sliceStartTime": int((EPOCH + 3) * 1000),
        }
        for end in (".m3u8", "_0.mp4")
    ]


def test_an_mp4_of_a_mix_is_closed_every_two_hours() -> None:
    vendor = Vendor()
    take = vendor.take(asked=asked_for("mix") | {"recordingFileConfig": {"avFileType": ["hls", "mp4"]}})
    vendor.later(5 * 3600)
    names = [item["name"].rsplit("_", 1)[1] for item in take.account()["files"]]
    assert names == ["class.m3u8", "0.mp4", "1.mp4", "2.mp4"]


def test_individual_lists_audio_and_video_of_everybody() -> None:
    vendor = Vendor()
    take = vendor.take("individual")
    vendor.later(120)
    server = take.query().body["serverResponse"]
    assert server["fileListMode"] == "json"
    assert [(item["uid"], item["trackType"], item["mixedAllUser"]) for item in server["fileList"]] == [
        ("1001", "audio", False),
        ("1001", "video", False),
        ("1002", "audio", False),
        ("1002", "video", False),
    ]
    assert server["fileList"][0]["fileName"] == f"dir1/{take.sid}_class__uid_s_1001__uid_e_audio.m3u8"


def test_standard_mode_adds_a_merged_index() -> None:
    vendor = Vendor()
    take = vendor.take("individual", asked_for("individual", streamMode="standard"))
    vendor.later(120)
    assert [item["track"] for item in take.account()["files"][:3]] == ["audio", "video", "audio_and_video"]


@pytest.mark.parametrize(
    ("types", "streams", "names"),
    [
        (["hls"], 2, ["h264.m3u8"]),
        (["hls", "mp4"], 2, ["h264.m3u8", "0_h264.mp4"]),
        (["hls"], 0, ["audio.m3u8"]),
        (["mp3"], 0, ["0.mp3"]),
    ],
)
def test_raw_makes_one_index_for_each_uid(types: list[str], streams: int, names: list[str]) -> None:
    vendor = Vendor()
    asked = asked_for("raw", streamTypes=streams) | {"recordingFileConfig": {"avFileType": types}}
    take = vendor.take("raw", asked)
    vendor.later(120)
    stem = f"dir1/{take.sid}_class__uid_s_1001__uid_e_"
    mine = [item["name"] for item in take.account()["files"] if item["uid"] == "1001"]
    assert mine == [stem + name for name in names]


def test_screenshots_alone_are_never_listed() -> None:
    vendor = Vendor()
    take = vendor.take("individual", asked_for("individual") | {"snapshotConfig": {"fileType": ["jpg"]}})
    vendor.later(120)
    assert set(take.query().body["serverResponse"]) == {"status", "sliceStartTime"}
    assert take.stop().body["serverResponse"] == {"uploadingStatus": "uploaded"}


def test_a_web_take_shows_its_page_and_its_push() -> None:
    vendor = Vendor()
    asked = web_asked()
    outputs = {"outputs": [{"rtmpUrl": "rtmp://cdn/live/x"}]}
    asked["extensionServiceConfig"]["extensionServices"].append(
        {"serviceName": "rtmp_publish_service", "serviceParam": outputs}
    )
    take = vendor.take("web", asked)
    assert _states(take.query().body) == ["init", "init"]
    vendor.later(20)
    recorder, push = take.query().body["serverResponse"]["extensionServiceState"]
    began = int((EPOCH + 5) * 1000)
    assert recorder["payload"] == {
        "state": "inProgress",
        "onhold": False,
        "fileList": [{"filename": f"dir1/{take.sid}_class.m3u8", "sliceStartTime": began}],
    }
    assert push["payload"]["outputs"] == [{"rtmpUrl": "rtmp://cdn/live/x", "status": "publishing"}]
    stopped = take.stop().body["serverResponse"]["extensionServiceState"]
    assert [state["serviceName"] for state in stopped] == ["web_recorder_service", "upload_service"]
    assert stopped[0]["payload"]["state"] == "exit"
    assert stopped[1]["payload"] == {"uploadingStatus": "uploaded"}


def _states(body: Any) -> list[str]:
    return [state["payload"]["state"] for state in body["serverResponse"]["extensionServiceState"]]


def test_a_page_on_hold_makes_no_file_until_it_is_released() -> None:
    vendor = Vendor()
    take = vendor.take("web", web_asked(onhold=True))
    vendor.later(60)
    assert take.account()["files"] == []
    assert take.post("update", {"webRecordingConfig": {"onhold": False}}).status == 200
    vendor.later(16)
    assert take.status() == 5


def test_update_and_update_layout_answer_with_the_ids_and_change_what_they_say() -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(5)
    ids = {"cname": "class", "uid": "7", "resourceId": take.rid, "sid": take.sid}
    layout = {"mixedVideoLayout": 1, "backgroundColor": "#101010"}
    assert take.post("updateLayout", layout).body == ids
    assert take.account()["layout"] == layout
    assert (
        take.post("update", {"streamSubscribe": {"audioUidList": {"subscribeAudioUids": ["5"]}}}).body == ids
    )
    assert take.task.plan.recording is not None
    assert take.task.plan.recording.audio.only == ["5"]


def test_special_characters_of_a_channel_become_dashes_in_file_names() -> None:
    vendor = Vendor()
    vendor.take(cname="a_b.c")
    vendor.later(60)
    (account,) = vendor.takes()
    assert account["files"][0]["name"] == f"dir1/{account['sid']}_a-b-c.m3u8"


@pytest.mark.parametrize(
    ("setting", "members"),
    [("all", {"cname", "uid", "resourceId", "sid"}), ("no_names", {"resourceId", "sid"}), ("none", set())],
)
def test_which_ids_an_answer_names_is_a_setting(setting: str, members: set[str]) -> None:
    vendor = Vendor(answer_ids=setting)
    take = vendor.take()
    assert set(take.query().body) == {*members, "serverResponse"}


def test_file_lists_may_count_in_seconds() -> None:
    vendor = Vendor(file_list_seconds=True)
    take = vendor.take("individual")
    vendor.later(120)
    server = take.query().body["serverResponse"]
    assert server["fileList"][0]["sliceStartTime"] == int(EPOCH + 3)
    assert server["sliceStartTime"] == int((EPOCH + 3) * 1000)


@pytest.mark.parametrize("status", ["backuped", "stranded", "unknown"])
def test_what_becomes_of_the_upload_is_a_setting(status: str) -> None:
    vendor = Vendor(uploading_status=status)
    take = vendor.take()
    vendor.later(60)
    assert take.stop().body["serverResponse"]["uploadingStatus"] == status
    assert take.account()["upload"] == status


def test_a_slow_upload_makes_a_waiting_stop_give_up_after_twenty_seconds_with_code_50() -> None:
    vendor = Vendor(upload_seconds=60)
    take = vendor.take()
    vendor.later(60)
    answer = take.stop()
    assert (answer.status, answer.code, answer.delay) == (206, 50, 20.0)
    assert not take.account()["alive"]


def test_the_storage_keys_are_nowhere_in_what_the_simulator_shows() -> None:
    vendor = Vendor()
    take = vendor.take(asked=asked_for("mix") | {"token": "a-token-of-mine"})
    vendor.later(60)
    take.stop()
    shown = repr((vendor.takes(), list(vendor.world.book.log), vendor.world.book.tasks, vendor.app))
    for secret in (STORAGE["secretKey"], STORAGE["accessKey"], "a-token-of-mine", vendor.app.secret):
        assert f"'{secret}'" not in shown
