"""Faults on demand: what is lost, what is made up, and whether it happened all the same."""

from __future__ import annotations

from typing import Any

import pytest

from recorder_tasks.simulator import interventions
from recorder_tasks.simulator.faults import BadFault
from tests.simulator.vendor import Vendor


def fault(vendor: Vendor, verb: str, kind: dict[str, Any], **more: Any) -> str:
    return interventions.add_fault(vendor.world, {"verb": verb, "fault": kind, **more}).fault_id


@pytest.mark.parametrize(("when", "alive"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize(("reset", "manner"), [(False, "close"), (True, "reset")])
def test_a_start_is_lost_before_or_after_it_took_effect(
    when: str, alive: int, reset: bool, manner: str
) -> None:
    vendor = Vendor()
    fault(vendor, "start", {"lose": when, "reset": reset}, times=1)
    rid = vendor.reserve()
    assert vendor.start(rid).lost == manner
    assert len(vendor.takes()) == alive
    assert vendor.start(rid).status == (201 if alive else 200)


def test_a_lost_request_is_in_the_log_without_a_status() -> None:
    vendor = Vendor()
    fault(vendor, "acquire", {"lose": "after"})
    vendor.acquire()
    (entry,) = vendor.world.book.log
    assert (entry["status"], entry["fault"]) == (None, "lose")
    assert entry["resource_id"] is not None


@pytest.mark.parametrize(("commit", "alive"), [(False, 0), (True, 1)])
def test_a_made_up_206_leaves_open_whether_it_took_effect(commit: bool, alive: int) -> None:
    vendor = Vendor()
    made_up = {"status": 206, "code": 65, "reason": "request not completed", "commit": commit}
    fault(vendor, "start", made_up, times=1)
    rid = vendor.reserve()
    assert vendor.start(rid).body == {"code": 65, "reason": "request not completed"}
    assert len(vendor.takes()) == alive
    assert vendor.start(rid).status == (201 if alive else 200)


@pytest.mark.parametrize(("status", "code", "usable"), [(500, 502, False), (500, 62, True), (206, 65, True)])
def test_a_definite_refusal_of_start_spends_the_resource_and_an_open_one_does_not(
    status: int, code: int, usable: bool
) -> None:
    vendor = Vendor()
    fault(vendor, "start", {"status": status, "code": code}, times=1)
    rid = vendor.reserve()
    assert vendor.start(rid).code == code
    assert (vendor.start(rid).status == 200) is usable


def test_a_delayed_answer_has_taken_effect_before_it_is_sent() -> None:
    vendor = Vendor()
    fault(vendor, "start", {"delay": 7.5})
    answer = vendor.start(vendor.reserve())
    assert (answer.status, answer.delay, answer.lost) == (200, 7.5, "")


@pytest.mark.parametrize("commit", [False, True])
def test_a_hanging_call_ends_without_an_answer(commit: bool) -> None:
    vendor = Vendor()
    fault(vendor, "start", {"hang": 30, "commit": commit})
    answer = vendor.start(vendor.reserve())
    assert (answer.delay, answer.lost) == (30.0, "close")
    assert len(vendor.takes()) == int(commit)


def test_a_fault_may_name_a_channel_a_number_of_times_and_how_many_to_let_pass() -> None:
    vendor = Vendor()
    fault(vendor, "acquire", {"status": 503}, channel="class", times=2, after=1)
    assert vendor.acquire("other").status == 200
    assert [vendor.acquire().status for _ in range(4)] == [200, 503, 503, 200]


def test_a_fault_of_a_channel_finds_queries_by_their_sid() -> None:
    vendor = Vendor()
    take, other = vendor.take(), vendor.take(cname="other")
    fault(vendor, "query", {"status": 504, "code": 62}, channel="class")
    assert (take.query().status, other.query().status) == (504, 200)


def test_a_star_strikes_every_verb_until_it_is_removed() -> None:
    vendor = Vendor()
    fault_id = fault(vendor, "*", {"status": 500})
    assert vendor.acquire().status == 500
    interventions.remove_fault(vendor.world, fault_id)
    assert vendor.acquire().status == 200


def test_a_seed_makes_chance_repeat_itself() -> None:
    def run() -> list[int]:
        vendor = Vendor(qps=1000)
        fault(vendor, "acquire", {"status": 500}, probability=0.5, seed=7)
        return [vendor.acquire().status for _ in range(40)]

    first = run()
    assert first == run()
    assert 5 < first.count(500) < 35


def test_a_stop_may_leave_its_files_stranded() -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(60)
    fault(vendor, "stop", {"upload": "stranded"})
    assert take.stop().body["serverResponse"]["uploadingStatus"] == "stranded"


@pytest.mark.parametrize(("mode", "lost", "status"), [("refuse", "close", 503), ("503", "", 503)])
def test_an_outage_stops_answers_and_not_recorders(mode: str, lost: str, status: int) -> None:
    vendor = Vendor()
    take = vendor.take()
    vendor.later(60)
    interventions.outage(vendor.world, 30, mode, vendor.now)
    answer = take.query()
    assert (answer.status, answer.lost) == (status, lost)
    vendor.later(30)
    assert take.status() == 5


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"verb": "start"}, "exactly one of"),
        ({"verb": "begin", "fault": {"delay": 1}}, "verb: 'begin'"),
        ({"verb": "start", "fault": {"lose": "later"}}, "neither before nor after"),
        ({"verb": "start", "fault": {"delay": -1}}, "delay: -1"),
        ({"verb": "start", "fault": {"status": 20}}, "status: 20"),
        ({"verb": "start", "fault": {"delay": 1, "colour": 2}}, "no member colour"),
        ({"verb": "start", "fault": {"delay": 1}, "times": -1}, "times: -1"),
        ({"verb": "stop", "fault": {"upload": "away"}}, "upload: 'away'"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_its_member(body: dict[str, Any], words: str) -> None:
    with pytest.raises(BadFault, match=words):
        interventions.add_fault(Vendor().world, body)
