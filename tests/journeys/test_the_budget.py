"""Sixty classes at one bell, four workers, ten requests a second: the vendor's own log is the judge (P5)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

import pytest

from tests.journeys.house import House, until

pytestmark = pytest.mark.integration

QPS = 10


def busiest_second(instants: list[float]) -> int:
    """The most requests in any window of one second."""
    instants = sorted(instants)
    return max(bisect_left(instants, at + 1.0) - index for index, at in enumerate(instants))


def test_no_second_holds_more_requests_than_the_vendor_allows(make_house: Callable[..., House]) -> None:
    school = make_house(APPS__DEFAULT__QPS=QPS, SEND_BY=0.3, PROFILES__DEFAULT__HEALTH_EVERY=20.0)
    school.simulator.call("PUT", "/settings", {"qps": 1000, "pcw": 1000})
    names = [f"general{index}" for index in range(3)]
    for name in names:
        school.start(name)
    school.start("stopper", "recorder.stop")
    for name in (*names, "stopper"):
        school.await_worker(name)
    asked = [school.desk.record(f"bell-{index}", minutes=30) for index in range(60)]
    until(lambda: len(school.simulator.requests(verb="start")) >= 60, timeout=60, what="all starts")
    for recording in asked[:20]:
        school.desk.stop(recording.session_id)
    until(lambda: len(school.simulator.requests(verb="stop")) >= 20, timeout=60, what="all stops")
    log = [entry for entry in school.simulator.requests() if entry["verb"] in VERBS]
    assert busiest_second([entry["at"] for entry in log]) <= QPS
    assert len({entry["channel"] for entry in log if entry["verb"] == "start"}) == 60
    assert all(school.simulator.alive(f"bell-{index}") == 1 for index in range(20, 60))


def test_stops_go_before_queries_when_the_budget_is_short(make_house: Callable[..., House]) -> None:
    school = make_house(APPS__DEFAULT__QPS=5, PROFILES__DEFAULT__HEALTH_EVERY=1.0, CADENCE__GONE_AFTER=60.0)
    school.simulator.call("PUT", "/settings", {"qps": 1000, "pcw": 1000})
    school.crew()
    asked = [school.desk.record(f"full-{index}", minutes=30) for index in range(15)]
    for recording in asked:
        until(lambda: school.desk.get(recording.session_id).takes, timeout=30, what="every start")  # noqa: B023
    for recording in asked[:5]:
        school.desk.stop(recording.session_id)
    wanted = max(school.desk.get(recording.session_id).stop_asked_at.timestamp() for recording in asked[:5])
    stops = until(
        lambda: (seen := school.simulator.requests(verb="stop")) and len(seen) >= 5 and seen, what="the stops"
    )
    after = [entry for entry in school.simulator.requests(verb="query") if wanted + 0.5 < entry["at"]]
    overtaken = [entry for entry in after if entry["at"] < stops[-1]["at"]]
    assert len(overtaken) <= 1


VERBS = {"acquire", "start", "query", "update", "updateLayout", "stop"}
