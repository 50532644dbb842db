"""The checks of start, in their order, and what each answers (facts 4.3, 11.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.vendor import PATH, Vendor, asked_for


def test_a_second_start_on_the_same_resource_runs_no_second_recorder() -> None:
    vendor = Vendor()
    take = vendor.take()
    answer = vendor.start(take.rid)
    assert (answer.status, answer.body) == (201, {"code": 7, "reason": "already started"})
    assert len(vendor.takes()) == 1


def test_already_started_names_the_sid_only_by_setting() -> None:
    vendor = Vendor(already_started_has_sid=True)
    take = vendor.take()
    assert vendor.start(take.rid).body["sid"] == take.sid


def test_the_same_uid_in_the_same_channel_is_a_conflict() -> None:
    vendor = Vendor()
    vendor.take()
    answer = vendor.start(vendor.reserve())
    assert (answer.status, answer.code) == (400, 53)


def test_another_uid_runs_a_second_recorder_with_a_bill_of_its_own() -> None:
    vendor = Vendor()
    vendor.take()
    vendor.take(uid="8")
    vendor.later(60)
    assert [take["billed_seconds"] for take in vendor.takes()] == [57.0, 57.0]


def test_the_uid_is_free_again_once_the_ended_task_is_gone() -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(60)
    take.stop()
    assert vendor.start(vendor.reserve()).code == 53
    vendor.later(3)
    assert vendor.start(vendor.reserve()).status == 200


def test_two_modes_on_one_uid_are_a_conflict() -> None:
    vendor = Vendor()
    vendor.take("mix")
    assert vendor.start(vendor.reserve(), "raw").code == 53


def test_a_resource_lives_for_five_minutes() -> None:
    vendor = Vendor()
    early, late = vendor.reserve(uid="1"), vendor.reserve(uid="2")
    vendor.later(299.9)
    assert vendor.start(early, uid="1").status == 200
    vendor.later(0.1)
    assert (vendor.start(late, uid="2").status, vendor.start(late, uid="2").code) == (400, 2)


def test_an_expired_resource_is_refused_with_433() -> None:
    vendor = Vendor()
    rid = vendor.reserve()
    vendor.later(300)
    answer = vendor.start(rid)
    assert (answer.status, answer.code) == (400, 433)


def test_a_running_task_answers_201_after_the_five_minutes_too() -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(400)
    assert vendor.start(take.rid).status == 201


@pytest.mark.parametrize(
    ("cname", "uid", "rid", "code"),
    [("class", "7", "A" * 220, 1001), ("other", "7", None, 432), ("class", "8", None, 432)],
)
def test_a_resource_belongs_to_one_channel_and_uid(cname: str, uid: str, rid: str | None, code: int) -> None:
    vendor = Vendor()
    mine = vendor.reserve()
    answer = vendor.start(rid or mine, cname=cname, uid=uid)
    assert (answer.status, answer.code) == (400, code)


def test_the_legacy_codes_can_be_switched_off() -> None:
    vendor = Vendor(legacy_codes=False)
    assert vendor.start("A" * 220).code == 2


def test_a_refused_start_spends_the_resource() -> None:
    vendor = Vendor()
    rid = vendor.reserve()
    assert vendor.start(rid, asked={"storageConfig": {}}).code == 2
    answer = vendor.start(rid)
    assert (answer.status, answer.code) == (400, 2)
    assert vendor.takes() == []


@pytest.mark.parametrize(("setting", "status"), [("refuse", 400), ("already_started", 201)])
def test_a_resource_has_one_session_only(setting: str, status: int) -> None:
    vendor = Vendor(reused_resource=setting)
    take = vendor.take()
    vendor.later(60)
    take.stop()
    vendor.later(60)
    assert vendor.start(take.rid).status == status
    assert len(vendor.takes()) == 1


@pytest.mark.parametrize(
    ("scene", "mode", "status"),
    [
        *[(0, "mix", 200), (0, "individual", 200), (0, "raw", 200), (1, "raw", 200), (1, "web", 200)],
        *[(1, "mix", 400), (1, "individual", 400), (0, "web", 400), (2, "mix", 400)],
    ],
)
def test_the_scene_of_acquire_goes_with_the_mode_of_start(scene: int, mode: str, status: int) -> None:
    vendor = Vendor()
    assert vendor.start(vendor.reserve(scene=scene), mode).status == status


def test_a_start_parameter_must_be_what_start_is_given() -> None:
    vendor = Vendor()
    asked = asked_for("mix")
    same, other = vendor.reserve(uid="1", startParameter=asked), vendor.reserve(uid="2", startParameter={})
    assert vendor.start(same, asked=asked, uid="1").status == 200
    assert vendor.start(other, asked=asked, uid="2").code == 2


def test_a_control_call_under_another_mode_finds_nothing() -> None:
    vendor = Vendor()
    take = vendor.take("raw")
    answer = take.query("individual")
    assert (answer.status, answer.body) == (404, {"code": 404, "reason": "failed to find worker"})


def test_a_sid_is_found_under_its_own_resource_only() -> None:
    vendor = Vendor()
    first, second = vendor.take(uid="1"), vendor.take(uid="2")
    path = f"{PATH}/resourceid/{second.rid}/sid/{first.sid}/mode/mix/query"
    assert vendor.send("GET", path).status == 404


def test_the_live_shape_of_404_and_49_is_a_setting() -> None:
    vendor = Vendor(worker_error_shape=True)
    take = vendor.take()
    vendor.later(60)
    take.stop()
    body = take.stop().body
    assert (body["code"], body["serverResponse"]["payload"]) == (49, {"message": "Failed"})
    vendor.later(60)
    body = take.stop().body
    assert body["code"] == 404
    assert body["serverResponse"]["command"] == "StopCloudRecorder"


@pytest.mark.parametrize("verb", ["update", "updateLayout", "stop"])
def test_a_control_call_repeats_the_cname_and_uid_of_acquire(verb: str) -> None:
    vendor = Vendor()
    take = vendor.take()
    body = {"cname": "other", "uid": "7", "clientRequest": {}}
    answer = vendor.send("POST", take.path(verb), body)
    assert (answer.status, answer.code) == (400, 2)
    assert take.account()["alive"]


def test_update_layout_is_for_a_mix_only() -> None:
    vendor = Vendor()
    take = vendor.take("individual")
    assert take.post("updateLayout", {"mixedVideoLayout": 1}).code == 2


@pytest.mark.parametrize("body", [None, [], "text", {"cname": "class"}, {"cname": "class", "uid": 7}])
def test_a_body_that_is_none_is_refused(body: Any) -> None:
    vendor = Vendor()
    answer = vendor.send("POST", f"{PATH}/acquire", body)
    assert (answer.status, answer.code) == (400, 2)
