"""Routes, keys, limits and capacity: what stands before the service (facts 4.2, 5.2)."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from recorder_tasks.simulator import App
from tests.simulator.vendor import APP_ID, PATH, Vendor


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", f"{PATH}/acquire"),
        ("POST", f"{PATH}/acquires"),
        ("POST", f"{PATH}/resourceid/r/mode/composite/start"),
        ("POST", f"/xx{PATH}/acquire"),
        ("POST", f"{PATH.upper()}/acquire"),
        ("GET", "/"),
    ],
)
def test_a_wrong_method_or_path_is_a_404_of_the_gateway(method: str, target: str) -> None:
    answer = Vendor().send(method, target)
    assert (answer.status, answer.body) == (404, {"message": "no Route matched with those values"})


@pytest.mark.parametrize("region", ["cn", "eu", "ap", "us", "na"])
def test_a_region_may_lead_the_path(region: str) -> None:
    vendor = Vendor()
    answer = vendor.send("POST", f"/{region}{PATH}/acquire", {"cname": "c", "uid": "1", "clientRequest": {}})
    assert answer.status == 200


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (None, "Unauthorized"),
        ("Basic " + base64.b64encode(b"simulator-key:wrong").decode(), "Invalid authentication credentials"),
        ("Bearer abc", "Invalid authentication credentials"),
        ("Basic ???", "Invalid authentication credentials"),
    ],
)
def test_without_the_key_pair_nothing_is_answered(header: str | None, message: str) -> None:
    vendor = Vendor()
    vendor.headers = {} if header is None else {"authorization": header}
    answer = vendor.acquire()
    assert (answer.status, answer.body) == (401, {"message": message})


def test_a_key_pair_that_does_not_own_the_app_is_refused() -> None:
    vendor = Vendor()
    vendor.world.book.apps["b" * 32] = App("b" * 32, key="other", secret="other")
    answer = vendor.send("POST", PATH.replace(APP_ID, "b" * 32) + "/acquire", {})
    assert (answer.status, answer.body) == (401, {"message": "Invalid authentication credentials"})


@pytest.mark.parametrize(
    ("verb", "body"),
    [("acquire", {"code": 400, "reason": "invalid_appid"}), ("start", {"message": "appid is invalid"})],
)
def test_an_app_without_recording_is_invalid(verb: str, body: dict[str, Any]) -> None:
    vendor = Vendor()
    rid = vendor.reserve()
    vendor.app = vendor.world.book.apps[APP_ID]
    vendor.app.enabled = False
    answer = vendor.acquire() if verb == "acquire" else vendor.start(rid)
    assert (answer.status, answer.body) == (400, body)


def test_an_overdue_account_gets_405() -> None:
    vendor = Vendor()
    vendor.world.book.apps[APP_ID].suspended = True
    assert vendor.acquire().body == {"code": 405, "reason": "no_active_status"}


def test_the_eleventh_request_within_a_second_is_429_whatever_its_verb() -> None:
    vendor = Vendor()
    take = vendor.take()
    for _ in range(8):
        take.query()
    answer = vendor.acquire()
    assert (answer.status, answer.body) == (429, {"message": "API rate limit exceeded"})
    vendor.later(0.999)
    assert vendor.acquire().status == 429
    vendor.later(0.002)
    assert [vendor.acquire().status for _ in range(11)] == [200] * 10 + [429]


def test_refused_requests_do_not_push_the_window_on() -> None:
    vendor = Vendor()
    for _ in range(100):
        vendor.acquire()
    vendor.later(1)
    assert vendor.acquire().status == 200


def test_two_apps_of_one_account_share_the_limit() -> None:
    vendor = Vendor()
    vendor.world.book.apps["b" * 32] = App("b" * 32)
    for _ in range(10):
        vendor.acquire()
    other = PATH.replace(APP_ID, "b" * 32)
    assert vendor.send("POST", f"{other}/acquire", {}).status == 429


def test_while_a_task_lives_a_tenth_of_the_capacity_is_the_limit_with_a_400() -> None:
    vendor = Vendor(pcw=50)
    assert [vendor.acquire().status for _ in range(6)] == [200] * 6
    vendor.later(1)
    take = vendor.take()
    statuses = [take.query().status for _ in range(4)]
    assert statuses == [200, 200, 200, 400]


def test_the_tenth_rule_can_be_switched_off() -> None:
    vendor = Vendor(pcw=50, ten_percent_rule=False)
    take = vendor.take()
    assert [take.query().status for _ in range(8)] == [200] * 8


def test_above_the_cap_of_concurrent_tasks_acquire_is_406_until_one_ends() -> None:
    vendor = Vendor(pcw=2, ten_percent_rule=False)
    take = vendor.take(uid="1")
    vendor.take(uid="2")
    answer = vendor.acquire()
    assert (answer.status, answer.body) == (400, {"code": 406, "reason": "vendor_over_load"})
    vendor.later(10)
    take.stop()
    assert vendor.acquire().status == 200


def test_the_cap_is_checked_at_start_only_by_setting() -> None:
    for setting, status in ((False, 200), (True, 400)):
        vendor = Vendor(pcw=1, ten_percent_rule=False, pcw_at_start=setting)
        first, second = vendor.reserve(uid="1"), vendor.reserve(uid="2")
        vendor.start(first, uid="1")
        assert vendor.start(second, uid="2").status == status


def test_web_pages_may_have_a_cap_of_their_own() -> None:
    vendor = Vendor(pcw=1, pcw_web=1, ten_percent_rule=False)
    vendor.take("web", uid="1")
    assert vendor.acquire(scene=1).code == 406
    assert vendor.acquire().status == 200


def test_every_request_is_in_the_log_with_what_became_of_it() -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(5)
    take.stop(async_stop=True)
    acquired, started, stopped = vendor.world.book.log
    assert (acquired["verb"], acquired["status"], acquired["resource_id"]) == ("acquire", 200, take.rid)
    assert (started["verb"], started["sid"], started["channel"]) == ("start", take.sid, "class")
    assert (stopped["verb"], stopped["async_stop"], stopped["uid"]) == ("stop", True, "7")
    assert stopped["at"] - started["at"] == 5


def test_the_addresses_of_callbacks_are_told_under_both_versions() -> None:
    vendor = Vendor()
    bodies = [vendor.send("GET", f"/v{version}/ncs/ip").body for version in (1, 2)]
    assert bodies == [{"data": {"service": {"hosts": [{"primaryIP": "127.0.0.1"}]}}}] * 2
