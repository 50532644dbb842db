"""Kicking rules and who is in a channel (facts 14)."""

from __future__ import annotations

from typing import Any

import pytest

from recorder_tasks.simulator import interventions
from tests.simulator.vendor import APP_ID, EPOCH, Vendor

RULES = "/dev/v1/kicking-rule"


def ban(vendor: Vendor, **members: Any) -> Any:
    return vendor.send("POST", RULES, {"appid": APP_ID, "privileges": ["join_channel"], **members})


def test_a_ban_throws_out_the_recorder_and_nobody_else() -> None:
    vendor = Vendor()
    mine, other, elsewhere = vendor.take(), vendor.take(uid="8"), vendor.take(cname="other")
    vendor.later(60)
    answer = ban(vendor, cname="class", uid=7, time_in_seconds=60)
    assert answer.body["status"] == "success"
    assert mine.account()["ended_by"] == "ban"
    assert [other.account()["alive"], elsewhere.account()["alive"]] == [True, True]


def test_a_banned_uid_cannot_join_until_the_rule_ends() -> None:
    vendor = Vendor()
    ban(vendor, cname="class", uid=7, time_in_seconds=60)
    take = vendor.take()
    vendor.later(3)
    assert take.account()["ended_by"] == "ban"
    vendor.later(58)
    again = vendor.take()
    vendor.later(60)
    assert again.account()["alive"]


def test_a_rule_is_listed_extended_and_taken_away() -> None:
    vendor = Vendor()
    rule = ban(vendor, cname="class", uid=7, time=1).body["id"]
    (listed,) = vendor.send("GET", f"{RULES}?appid={APP_ID}").body["rules"]
    assert (listed["id"], listed["ts"]) == (rule, int(EPOCH + 60))
    vendor.send("PUT", RULES, {"appid": APP_ID, "id": rule, "time": 10})
    (listed,) = vendor.send("GET", f"{RULES}?appid={APP_ID}").body["rules"]
    assert listed["ts"] == int(EPOCH + 600)
    assert vendor.send("DELETE", RULES, {"appid": APP_ID, "id": rule}).status == 200
    assert vendor.send("GET", f"{RULES}?appid={APP_ID}").body["rules"] == []


@pytest.mark.parametrize(
    "members", [{"uid": 0}, {"uid": "x"}, {"time": 1441}, {"time_in_seconds": 9}, {"cname": 5}]
)
def test_a_rule_out_of_range_is_refused(members: dict[str, Any]) -> None:
    assert ban(Vendor(), **members).status == 400


def test_a_kick_of_no_length_bans_nobody() -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(10)
    ban(vendor, cname="class", uid=7, time_in_seconds=0)
    assert take.account()["ended_by"] == "ban"
    assert vendor.send("GET", f"{RULES}?appid={APP_ID}").body["rules"] == []


def test_its_limit_is_apart_from_that_of_recording() -> None:
    vendor = Vendor()
    for _ in range(10):
        vendor.acquire()
    statuses = [vendor.send("GET", f"{RULES}?appid={APP_ID}").status for _ in range(11)]
    assert statuses == [200] * 10 + [429]


def users(vendor: Vendor, end: str = "") -> Any:
    return vendor.send("GET", f"/dev/v1/channel/user/{APP_ID}/class{end}").body["data"]


def test_an_unconfigured_channel_has_two_people() -> None:
    data = users(Vendor())
    assert data == {"channel_exist": True, "mode": 1, "total": 2, "users": [1001, 1002]}


def test_an_empty_channel_does_not_exist() -> None:
    vendor = Vendor()
    interventions.put_channel(vendor.world, "class", {"publishers": []}, vendor.now)
    assert users(vendor) == {"channel_exist": False}


def test_a_live_channel_tells_hosts_from_audience() -> None:
    vendor = Vendor()
    people = {"publishers": [{"uid": 5}], "channel_type": 1, "audience": 2}
    interventions.put_channel(vendor.world, "class", people, vendor.now)
    assert (users(vendor)["broadcasters"], users(vendor)["audience_total"]) == ([5], 2)
    assert "audience" not in users(vendor, "?hosts_only")


def test_recorders_are_listed_only_by_setting() -> None:
    for setting, listed in ((False, [1001, 1002]), (True, [1001, 1002, 7])):
        vendor = Vendor(list_recorders=setting)
        vendor.take()
        vendor.later(10)
        assert users(vendor)["users"] == listed
