"""Every way in which a take ends, and what is seen of it afterwards (facts 5, 9)."""

from __future__ import annotations

from typing import Any

import pytest

from recorder_tasks.simulator import interventions
from tests.simulator.vendor import EPOCH, STORAGE, Vendor, asked_for, web_asked


def put(vendor: Vendor, publishers: list[dict[str, Any]], **more: Any) -> None:
    interventions.put_channel(vendor.world, "class", {"publishers": publishers, **more}, vendor.now)


def test_a_repeated_stop_is_49_while_it_ends_and_then_404() -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(60)
    take.stop()
    again = take.stop()
    assert (again.status, again.code) == (400, 49)
    vendor.later(3)
    assert (take.stop().status, take.query().status) == (404, 404)
    assert take.account()["ended_by"] == "stop"


def test_a_stop_where_nobody_published_is_206_with_435() -> None:
    vendor = Vendor()
    put(vendor, [])
    take = vendor.take()
    vendor.later(20)
    answer = take.stop()
    assert (answer.status, answer.code) == (206, 435)
    assert take.account()["files"] == []


def test_an_empty_channel_ends_the_take_after_max_idle_time() -> None:
    vendor = Vendor()
    put(vendor, [])
    take = vendor.take()
    vendor.later(32.9)
    assert take.status() == 4
    vendor.later(0.1)
    account = take.account()
    assert (account["ended_by"], account["ended_at"]) == ("idle", EPOCH + 33)
    assert take.stop().code == 49
    vendor.later(3)
    assert (take.query().status, take.stop().status) == (404, 404)


def test_somebody_who_comes_back_ends_the_idle_time() -> None:
    vendor = Vendor()
    put(vendor, [{"uid": 5, "to": {"in": 10}}, {"uid": 6, "from": {"in": 39}, "to": {"in": 50}}])
    take = vendor.take()
    vendor.later(79.9)
    assert take.account()["alive"]
    vendor.later(0.1)
    assert (take.account()["ended_by"], take.account()["ended_at"]) == ("idle", EPOCH + 80)


def test_people_who_are_sent_away_by_hand_leave_it_idle_too() -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(60)
    put(vendor, [])
    vendor.later(30)
    assert take.account()["ended_by"] == "idle"


@pytest.mark.parametrize(("channel_type", "alive"), [(0, True), (1, False)])
def test_an_audience_keeps_a_communication_channel_busy_and_a_live_one_not(
    channel_type: int, alive: bool
) -> None:
    vendor = Vendor()
    put(vendor, [], channel_type=channel_type, audience=3)
    take = vendor.take(asked=asked_for("mix", channelType=channel_type))
    vendor.later(60)
    assert take.account()["alive"] is alive


def test_a_recorder_of_the_wrong_channel_type_hears_nothing() -> None:
    vendor = Vendor()
    put(vendor, [{"uid": 5}], channel_type=1)
    take = vendor.take(asked=asked_for("mix", channelType=0))
    vendor.later(60)
    assert take.account()["ended_by"] == "idle"
    assert take.account()["files"] == []


def test_idle_time_is_billed() -> None:
    vendor = Vendor()
    put(vendor, [])
    take = vendor.take()
    vendor.later(100)
    assert take.account()["billed_seconds"] == 30.0


def test_a_web_take_knows_no_idle_time_but_ends_after_max_recording_hour() -> None:
    vendor = Vendor()
    put(vendor, [])
    take = vendor.take("web", web_asked(maxRecordingHour=2))
    vendor.later(2 * 3600 - 1)
    assert take.account()["alive"]
    vendor.later(1)
    assert take.account()["ended_by"] == "max_recording_hour"


def test_control_calls_fail_after_resource_expired_hour_while_the_recorder_runs_on() -> None:
    vendor = Vendor()
    take = vendor.take(resourceExpiredHour=1)
    vendor.later(3600)
    assert (take.query().status, take.stop().status) == (404, 404)
    assert take.account()["alive"]


def test_refused_storage_kills_an_accepted_start() -> None:
    vendor = Vendor()
    asked = asked_for("mix") | {"storageConfig": {**STORAGE, "bucket": "refused-bucket"}}
    take = vendor.take(asked=asked)
    vendor.later(2)
    assert take.query().status == 404
    assert (take.account()["ended_by"], take.account()["alive"]) == ("storage", False)


def test_an_unreachable_page_kills_an_accepted_start() -> None:
    vendor = Vendor()
    take = vendor.take("web", web_asked(url="https://nowhere.invalid/board"))
    vendor.later(2)
    assert take.query().status == 404
    assert take.account()["ended_by"] == "access_url_failed"


@pytest.mark.parametrize("joins_later", [False, True])
def test_a_publisher_with_the_recorders_uid_throws_it_out(joins_later: bool) -> None:
    vendor = Vendor()
    put(vendor, [{"uid": 5}, {"uid": 7, "from": {"in": 20 if joins_later else 0}}])
    take = vendor.take()
    vendor.later(20)
    assert take.account()["ended_by"] == "collision"


def test_a_killed_recorder_is_404_for_ever() -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(60)
    interventions.kill(vendor.world, "channel:class", vendor.now)
    assert (take.query().status, take.stop().status) == (404, 404)
    vendor.later(3600)
    assert take.query().status == 404
    assert vendor.start(vendor.reserve()).status == 200


def test_a_failed_recorder_shows_status_20_before_it_is_gone() -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(60)
    interventions.fail(vendor.world, take.sid, 51, vendor.now)
    assert take.status() == 20
    vendor.later(10)
    assert take.status() == 404
    assert take.account()["ended_by"] == "failure"


def test_a_migration_is_a_404_window_and_then_new_files_under_another_uid() -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(60)
    interventions.migrate(vendor.world, take.sid, 90, None, vendor.now)
    vendor.later(89.9)
    assert (take.query().status, take.post("updateLayout", {}).status, take.stop().status) == (404, 404, 404)
    vendor.later(0.1)
    assert take.status() == 5
    account = take.account()
    assert account["uid_in_channel"] != 7
    assert [item["name"] for item in account["files"]] == [
        f"dir1/{take.sid}_class.m3u8",
        f"dir1/bak0_{take.sid}_class.m3u8",
    ]
    assert take.stop().status == 200


def test_the_fourth_migration_is_the_end() -> None:
    vendor = Vendor()
    take = vendor.take()
    for _ in range(3):
        vendor.later(60)
        interventions.migrate(vendor.world, take.sid, 30, None, vendor.now)
    vendor.later(60)
    assert take.account()["alive"]
    interventions.migrate(vendor.world, take.sid, 30, None, vendor.now)
    assert take.account()["ended_by"] == "migration_limit"
    assert take.status_after(600) == 404


def test_an_end_is_not_ended_a_second_time() -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(60)
    take.stop()
    with pytest.raises(ValueError, match="has ended: stop"):
        interventions.kill(vendor.world, take.sid, vendor.now)
    with pytest.raises(interventions.NoSuch):
        interventions.kill(vendor.world, "channel:class", vendor.now)


def test_nothing_of_the_eighteenth_uid_is_recorded_until_somebody_leaves() -> None:
    vendor = Vendor()
    leaver = {"uid": 100, "to": {"in": 100}}
    put(vendor, [leaver, *({"uid": 101 + n} for n in range(16)), {"uid": 200, "from": {"in": 10}}])
    take = vendor.take("individual")
    vendor.later(99)
    assert "200" not in {item["uid"] for item in take.account()["files"]}
    vendor.later(2)
    assert "200" in {item["uid"] for item in take.account()["files"]}


@pytest.mark.parametrize(
    ("recording", "tracks"),
    [
        ({}, {"1001": ["audio", "video"], "1002": ["audio", "video"]}),
        ({"subscribeAudioUids": ["1001"]}, {"1001": ["audio"]}),
        ({"subscribeVideoUids": ["1002"]}, {"1002": ["video"]}),
        ({"unSubscribeAudioUids": ["1001"]}, {"1002": ["audio"]}),
        ({"streamTypes": 0}, {"1001": ["audio"], "1002": ["audio"]}),
        ({"streamTypes": 1}, {"1001": ["video"], "1002": ["video"]}),
    ],
)
def test_who_is_subscribed_is_recorded(recording: dict[str, Any], tracks: dict[str, list[str]]) -> None:
    vendor = Vendor()
    take = vendor.take("individual", asked_for("individual", **recording))
    vendor.later(60)
    seen: dict[str, list[str]] = {}
    for item in take.account()["files"]:
        seen.setdefault(item["uid"], []).append(item["track"])
    assert seen == tracks


def test_a_recorder_that_nobody_stops_runs_on() -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(20 * 3600)
    assert take.account()["alive"]
    assert take.account()["billed_seconds"] == 20 * 3600 - 3


def test_a_page_that_ends_by_itself_says_why_and_is_gone() -> None:
    vendor = Vendor()
    take = vendor.take(mode="web", asked=web_asked())
    vendor.later(20)
    interventions.close_page(vendor.world, take.sid, 4, vendor.now)
    assert take.account()["ended_by"] == "page_load_timeout"
    assert take.query().status == 404
    other = vendor.take(cname="other")
    with pytest.raises(ValueError, match="a web recording takes 1 to 6"):
        interventions.close_page(vendor.world, other.sid, 4, vendor.now)
