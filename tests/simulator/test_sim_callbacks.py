"""Callbacks: which come, how they are signed, and how they get lost (facts 6)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recorder_tasks.simulator import interventions
from recorder_tasks.simulator.events import Notice, signatures
from recorder_tasks.simulator.notices import Target
from tests.simulator.vendor import EPOCH, STORAGE, Vendor, asked_for, web_asked


def heard(vendor: Vendor) -> list[Notice]:
    return vendor.world.book.notices.due(vendor.now)


def aimed(**target: Any) -> Vendor:
    vendor = Vendor(**target.pop("settings", {}))
    vendor.world.book.notices.aim(
        Target.of({"url": "http://127.0.0.1:1/", "secret": "s", "seed": 1, **target})
    )
    return vendor


def types(notices: list[Notice]) -> list[int]:
    return [notice.event_type for notice in notices]


def details(notices: list[Notice], event_type: int) -> dict[str, Any]:
    found: dict[str, Any] = next(n for n in notices if n.event_type == event_type).payload["details"]
    return found


def test_the_documented_vector_is_signed_as_documented() -> None:
    body = (
        b'{"eventMs":1560408533119,"eventType":10,"noticeId":"4eb720f0-8da7-11e9-a43e-53f411c2761f",'
        b'"notifyMs":1560408533119,"payload":{"a":"1","b":2},"productId":1}'
    )
    assert signatures("secret", body) == {
        "Agora-Signature": "033c62f40f687675f17f0f41f91a40c71c0f134c",
        "Agora-Signature-V2": "6d3320c60b11101395b7fc8f9068748808a0aa1bfa064438e39d1bc2c7d74d99",
    }


def test_a_class_is_told_from_joining_to_uploaded() -> None:
    vendor = aimed()
    take = vendor.take()
    vendor.later(30)
    take.stop()
    vendor.later(30)
    notices = heard(vendor)
    seen = types(notices)
    assert seen[:3] == [30, 13, 40]
    assert seen[-5:] == [4, 41, 11, 33, 31]
    assert seen.count(4) == 2
    assert {42, 43, 44} <= set(seen)
    assert sorted(notice.payload["sequence"] for notice in notices) == list(range(len(notices)))
    assert details(notices, 41)["leaveCode"] == 24
    assert details(notices, 31)["fileList"][0]["fileName"] == f"dir1/{take.sid}_class.m3u8"


def test_the_envelope_names_the_task_and_changes_only_its_send_time() -> None:
    vendor = aimed()
    take = vendor.take()
    vendor.later(5)
    notice = heard(vendor)[0]
    first, second = (json.loads(notice.body(vendor.now + seconds)) for seconds in (0, 5))
    assert first.pop("notifyMs") + 5000 == second.pop("notifyMs")
    assert first == second
    assert (first["productId"], first["sid"], first["payload"]["uid"]) == (3, take.sid, "7")
    assert first["payload"]["sendts"] == int((EPOCH + 2) * 1000)


@pytest.mark.parametrize(
    ("mode", "scene"),
    [
        ("mix", "mix_record"),
        ("individual", "rtc_record"),
        ("raw", "rtsc/raw-recording"),
        ("web", "web_record"),
    ],
)
def test_each_mode_has_its_service_scene(mode: str, scene: str) -> None:
    vendor = aimed()
    vendor.take(mode)
    vendor.later(10)
    assert {notice.payload["serviceScene"] for notice in heard(vendor)} == {scene}


def test_an_idle_exit_leaves_with_the_bit_for_no_users() -> None:
    vendor = aimed()
    interventions.put_channel(vendor.world, "class", {"publishers": []}, vendor.now)
    vendor.take()
    vendor.later(60)
    notices = heard(vendor)
    assert details(notices, 41)["leaveCode"] == 4
    assert details(notices, 11)["exitStatus"] == 0
    assert 31 not in types(notices)


def test_refused_storage_is_error_32_of_the_uploader_and_an_abnormal_exit() -> None:
    vendor = aimed()
    vendor.take(asked=asked_for("mix") | {"storageConfig": {**STORAGE, "bucket": "refused-bucket"}})
    vendor.later(60)
    notices = heard(vendor)
    error = details(notices, 1)
    assert (error["module"], error["errorLevel"], error["errorCode"], error["stat"]) == (1, 5, 32, 0)
    assert details(notices, 11)["exitStatus"] == 1


def test_a_bad_token_is_error_110_of_the_recorder() -> None:
    vendor = Vendor(certificate="c" * 32)
    vendor.world.book.notices.aim(Target("http://127.0.0.1:1/"))
    vendor.take()
    vendor.later(60)
    error = details(heard(vendor), 1)
    assert (error["module"], error["errorCode"]) == (0, 110)


def test_a_migration_is_event_12_with_the_new_uid() -> None:
    vendor = aimed()
    take = vendor.take()
    vendor.later(30)
    interventions.migrate(vendor.world, take.sid, 60, 4242, vendor.now)
    vendor.later(61)
    notices = heard(vendor)
    assert details(notices, 12)["newUid"] == 4242
    assert notices[-1].payload["uid"] == "4242"


@pytest.mark.parametrize(("status", "event"), [("backuped", 32), ("stranded", None), ("unknown", None)])
def test_what_is_not_uploaded_is_never_called_so(status: str, event: int | None) -> None:
    vendor = aimed(settings={"uploading_status": status})
    take = vendor.take()
    vendor.later(30)
    take.stop()
    vendor.later(600)
    assert [kind for kind in types(heard(vendor)) if kind in (31, 32)] == ([event] if event else [])


def test_a_web_page_says_when_it_began_and_how_it_ended() -> None:
    vendor = aimed()
    vendor.take("web", web_asked(maxRecordingHour=1))
    vendor.later(3700)
    notices = heard(vendor)
    assert details(notices, 70)["recorderStartTime"] == int((EPOCH + 5) * 1000)
    assert (details(notices, 71)["code"], details(notices, 71)["message"]) == (1, "max_recording_hour")


def test_the_upload_is_reported_each_minute() -> None:
    vendor = aimed()
    vendor.take()
    vendor.later(301)
    assert types(heard(vendor)).count(33) == 5


def test_every_screenshot_is_named() -> None:
    vendor = aimed()
    asked = asked_for("individual") | {"snapshotConfig": {"captureInterval": 10, "fileType": ["jpg"]}}
    take = vendor.take("individual", asked)
    vendor.later(34)
    shots = [notice for notice in heard(vendor) if notice.event_type == 45]
    assert len(shots) == 6
    stem = f"dir1/{take.sid}_class__uid_s_1001__uid_e_video_"
    assert shots[0].payload["details"]["fileName"].startswith(stem)
    assert {shot.payload["serviceScene"] for shot in shots} == {"rtc_snapshot"}


def test_postponed_transcoding_ends_with_event_1001() -> None:
    vendor = aimed()
    asked = asked_for("individual") | {"appsCollection": {"combinationPolicy": "postpone_transcoding"}}
    take = vendor.take("individual", asked, scene=2)
    vendor.later(60)
    take.stop()
    vendor.later(60)
    assert details(heard(vendor), 1001)["result"] == "total_success"


def test_nothing_waits_while_no_address_is_set() -> None:
    vendor = Vendor()
    vendor.take()
    vendor.later(60)
    assert heard(vendor) == []


def test_lost_callbacks_are_never_sent_and_leave_a_gap_in_the_sequence() -> None:
    vendor = aimed(loss=0.5)
    vendor.take()
    vendor.later(600)
    sent = [notice.payload["sequence"] for notice in heard(vendor)]
    lost = [entry["sequence"] for entry in vendor.world.book.notices.log]
    assert sorted(sent + lost) == list(range(len(sent) + len(lost)))
    assert sent
    assert lost


def test_doubled_callbacks_keep_their_notice_id() -> None:
    vendor = aimed(duplicate=1.0)
    vendor.take()
    vendor.later(10)
    ids = [notice.notice_id for notice in heard(vendor)]
    assert len(ids) == 2 * len(set(ids))


def test_reordered_callbacks_come_out_of_sequence() -> None:
    vendor = aimed(reorder=True)
    vendor.take()
    vendor.later(600)
    sequence = [notice.payload["sequence"] for notice in heard(vendor)]
    assert sequence != sorted(sequence)


def test_delayed_callbacks_come_late_and_say_when_it_was() -> None:
    vendor = aimed(delay=30)
    vendor.take()
    vendor.later(31)
    assert heard(vendor) == []
    vendor.later(2)
    first = heard(vendor)[0]
    assert (first.due, first.payload["sendts"]) == (EPOCH + 32, int((EPOCH + 2) * 1000))


def test_the_check_of_the_console_is_one_event_of_each_advised_type() -> None:
    vendor = aimed()
    ids = vendor.world.book.notices.test(vendor.now)
    notices = heard(vendor)
    assert [notice.notice_id for notice in notices] == ids
    assert types(notices) == [40, 11, 1, 12, 31]
    assert {(notice.payload["channelName"], notice.payload["uid"]) for notice in notices} == {
        ("test_webhook", 12121212)
    }


def test_a_refused_callback_is_sent_three_times_more_with_growing_gaps() -> None:
    vendor = aimed()
    vendor.take()
    vendor.later(2)
    book = vendor.world.book
    (notice,) = heard(vendor)
    book.notices.settled(notice, vendor.now, 500, book.settings)
    gaps = []
    for _ in range(3):
        at = next(item[0] for item in sorted(book.notices.waiting) if item[2].attempt)
        gaps.append(at - vendor.now)
        vendor.now = at
        again = next(one for one in heard(vendor) if one.attempt)
        assert again.notice_id == notice.notice_id
        book.notices.settled(again, vendor.now, None, book.settings)
    assert gaps == [0, 5, 15]
    assert not [item for item in book.notices.waiting if item[2].attempt]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"loss": 2}, "loss: 2"),
        ({"delay": -1}, "delay: -1"),
        ({"url": "ftp://x"}, "url"),
        ({"colour": 1}, "no member colour"),
    ],
)
def test_a_target_that_makes_no_sense_is_refused(body: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Target.of(body)


def test_the_secret_is_not_shown() -> None:
    target = Target.of({"url": "http://127.0.0.1:1/", "secret": "hush"})
    assert "hush" not in repr(target) + repr(target.shown())
