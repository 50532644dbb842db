"""Each shape of answer that the vendor has been seen to give, through the one model."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder_tasks.agora import Answer, VendorError, read_answer
from recorder_tasks.core.outcome import FileSource, Kind, Step, Upload

SID = "38f8e3cfdc474cd56fc1ceba380d7e1a"
MS, SECONDS = 1700000001626, 1700000001


def query(server: dict[str, Any]) -> Answer:
    return read_answer(Step.QUERY, 200, {"resourceId": "r", "sid": SID, "serverResponse": server})


def stop(server: dict[str, Any]) -> Answer:
    return read_answer(Step.STOP, 200, {"resourceId": "r", "sid": SID, "serverResponse": server})


def entry(name: str, **more: Any) -> dict[str, Any]:
    return {"fileName": name, "trackType": "audio", "uid": "123", "isPlayable": True, **more}


def test_acquire_may_answer_with_nothing_but_the_resource() -> None:
    answer = read_answer(Step.ACQUIRE, 200, {"resourceId": "Jyv"})
    assert (answer.kind, answer.resource_id, answer.sid) == (Kind.ACCEPTED, "Jyv", None)


def test_a_mix_lists_its_files_in_one_string() -> None:
    answer = query({"status": 5, "fileListMode": "string", "fileList": "d/x.m3u8", "sliceStartTime": MS})
    assert (answer.status, answer.file_list_mode, answer.slice_started_at) == (5, "string", MS / 1000)
    assert [(file.name, file.source) for file in answer.files] == [("d/x.m3u8", FileSource.QUERY)]


def test_individual_files_say_whose_they_are() -> None:
    (file,) = stop({"fileListMode": "json", "fileList": [entry("a", sliceStartTime=MS)]}).files
    assert (file.uid, file.track, file.playable, file.started_at) == ("123", "audio", True, MS / 1000)
    assert file.source is FileSource.STOP


def test_a_slice_start_in_seconds_is_taken_as_seconds() -> None:
    answer = query({"fileList": [entry("a", sliceStartTime=SECONDS)], "sliceStartTime": SECONDS * 1000})
    assert answer.files[0].started_at == answer.slice_started_at == SECONDS


def test_numbers_and_booleans_written_as_text_are_read() -> None:
    server = {"status": "5", "fileList": [entry("a", isPlayable="true", sliceStartTime=str(MS))]}
    answer = query(server)
    assert (answer.status, answer.files[0].playable, answer.files[0].started_at) == (5, True, MS / 1000)


def test_a_web_task_tells_its_state_its_files_and_its_push() -> None:
    recorder = {"state": "inProgress", "onhold": True, "fileList": [{"filename": "w.m3u8"}]}
    push = {"state": "inProgress", "outputs": [{"rtmpUrl": "rtmp://cdn/live/x", "status": "publishing"}]}
    services = [
        {"serviceName": "web_recorder_service", "payload": recorder},
        {"serviceName": "rtmp_publish_service", "payload": push},
    ]
    answer = query({"status": 5, "extensionServiceState": services})
    assert answer.web is not None
    assert (answer.web.state, answer.web.onhold, answer.web.outputs[0].status) == (
        "inProgress",
        True,
        "publishing",
    )
    assert [file.name for file in answer.files] == ["w.m3u8"]
    assert "live/x" not in repr(answer)


def test_web_members_may_be_missing() -> None:
    services = [{"serviceName": "web_recorder_service", "payload": {"state": "exit"}}]
    answer = stop({"extensionServiceState": services})
    assert answer.web is not None
    assert (answer.web.onhold, answer.files, answer.upload) == (False, (), None)


@pytest.mark.parametrize("payload", ["payload", "playload"])
def test_a_web_stop_tells_the_upload_under_either_spelling(payload: str) -> None:
    services = [{"serviceName": "upload_service", payload: {"uploadingStatus": "uploaded"}}]
    assert stop({"extensionServiceState": services}).upload is Upload.UPLOADED


@pytest.mark.parametrize(
    ("word", "upload"),
    [
        ("uploaded", Upload.UPLOADED),
        ("backuped", Upload.BACKED_UP),
        ("stranded", Upload.STRANDED),
        ("unknown", Upload.UNKNOWN),
        ("unknow", Upload.UNKNOWN),
        ("a word of next year", Upload.UNKNOWN),
    ],
)
def test_each_word_for_the_upload_is_understood(word: str, upload: Upload) -> None:
    assert stop({"uploadingStatus": word}).upload is upload


def test_an_empty_list_beside_backuped_is_read_as_it_is() -> None:
    answer = stop({"fileListMode": "json", "fileList": [], "uploadingStatus": "backuped"})
    assert (answer.kind, answer.files, answer.upload) == (Kind.ACCEPTED, (), Upload.BACKED_UP)


def test_a_refused_second_stop_still_names_its_file() -> None:
    server = {"backuped": 0, "fileListStr": "p/x.m3u8", "payload": {"message": "Failed"}}
    answer = read_answer(Step.STOP, 400, {"sid": SID, "code": 49, "serverResponse": server})
    assert (answer.kind, answer.reason) == (Kind.ALREADY_STOPPING, "Failed")
    assert [file.name for file in answer.files] == ["p/x.m3u8"]


def test_a_workers_404_keeps_its_words_in_the_payload() -> None:
    server = {"command": "StopCloudRecorder", "payload": {"message": "failed to find worker"}}
    answer = read_answer(Step.STOP, 404, {"sid": SID, "code": 404, "serverResponse": server})
    assert (answer.kind, answer.reason, answer.sid) == (Kind.NOT_FOUND, "failed to find worker", SID)


def test_an_old_server_error_has_an_empty_sid_which_is_none() -> None:
    answer = read_answer(Step.START, 500, {"resourceId": "R", "sid": "", "code": 15})
    assert (answer.kind, answer.sid, answer.code) == (Kind.UNKNOWN, None, 15)


def test_what_is_not_known_stays_in_raw() -> None:
    body = {"sid": SID, "serverResponse": {"status": 5, "vid": "1209"}, "new": [1]}
    assert read_answer(Step.QUERY, 200, body).raw == body


def test_a_stray_page_is_no_answer_of_the_vendors() -> None:
    assert read_answer(Step.QUERY, 200, None).kind is Kind.UNKNOWN
    assert read_answer(Step.STOP, 200, ["x"]).kind is Kind.UNKNOWN


def test_require_hands_back_a_success_and_raises_the_evidence_otherwise() -> None:
    good = read_answer(Step.ACQUIRE, 200, {"resourceId": "Jyv"})
    assert good.require() is good
    assert read_answer(Step.STOP, 206, {"code": 435, "reason": "no recorded data"}).require().files == ()
    bad = read_answer(Step.START, 400, {"code": 53, "reason": "task conflict"}, request_id="id-1", host="h")
    with pytest.raises(
        VendorError, match=r"start at h: HTTP 400, code 53: task conflict \(request id id-1\)"
    ) as e:
        bad.require()
    assert (e.value.status, e.value.code, e.value.verb) == (400, 53, "start")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["serverResponse", "fileList", "status", "code", "payload", "extensionServiceState"]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(Step), st.integers(200, 599), JSON)
def test_no_json_whatsoever_breaks_the_reading(verb: Step, status: int, body: Any) -> None:
    assert read_answer(verb, status, body).raw == body
