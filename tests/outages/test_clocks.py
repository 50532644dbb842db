"""Clocks go wrong: Redis's own runs an hour ahead and comes back; a worker's host is an hour late.

Redis's clock is moved by the namespace's test clock, which the same scripts read in the same place as TIME.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.house import House, until
from tests.outages.school import due_in, ended_by_us, first_request, minutes

pytestmark = pytest.mark.integration

HOUR = 3600.0
SOON = 15.0  # seconds; nothing may wait for the hour

LATE_HOST = """
import time

_late = {late!r}
_time, _time_ns = time.time, time.time_ns
time.time = lambda: _time() - _late
time.time_ns = lambda: _time_ns() - int(_late * 1e9)
"""


def queries(school: House, channel: str) -> int:
    return len(school.simulator.requests(channel, "query"))


def test_an_hour_ahead_and_back_again_starts_stops_and_watches_by_redis_time(
    make_house: Callable[..., House], own_redis: Any
) -> None:
    school = make_house(own_redis.url)
    clock = school.wiring.store.clock
    clock.set_test()
    crew = [*school.crew(), school.beat()]
    through = school.desk.record("through", minutes=180)
    school.reached(through.session_id, "recording")
    due = due_in(school, "due-while-ahead", HOUR - 1.0, lasting=HOUR)
    later = due_in(school, "due-afterwards", HOUR / 2, lasting=HOUR)

    clock.jump(HOUR)
    school.reached(due.session_id, "recording")
    school.reached(later.session_id, "recording")
    short = school.desk.record("short", minutes=minutes(4))
    assert school.final(short.session_id).state == "completed"
    stuck = school.desk.record("stuck", minutes=30)
    school.reached(stuck.session_id, "recording")
    school.simulator.fault("stop", {"status": 503}, channel="stuck", times=2)
    school.desk.stop(stuck.session_id)
    until(lambda: school.simulator.requests("stuck", "stop"), what="a stop that fails")
    asked = queries(school, "through")
    until(lambda: queries(school, "through") > asked, SOON, "a query while ahead")

    clock.jump(-HOUR)
    asked = queries(school, "through")
    until(lambda: queries(school, "through") > asked, SOON, "queries to go on after the clock came back")
    until(lambda: school.simulator.alive("stuck") == 0, SOON, "a failed stop to be repeated")
    new = school.desk.record("new", minutes=minutes(4))
    assert school.final(new.session_id).state == "completed"
    for one in (through, due, later):
        assert school.simulator.alive(one.channel) == 1
        school.desk.stop(one.session_id)
        assert school.final(one.session_id).state == "completed"
        assert len(ended_by_us(school, one.channel)) == 1
    assert [event.type for event in school.wiring.store.events.recent()].count("clock.stepped_back") == 1
    assert all(process.alive for process in crew)


def test_a_worker_whose_host_is_an_hour_late_begins_and_ends_a_class_in_time_with_a_token_that_holds(
    make_house: Callable[..., House], tmp_path: Path
) -> None:
    school = make_house()
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(LATE_HOST.format(late=HOUR))
    school.env["PYTHONPATH"] = str(site)
    school.crew()
    asked = school.desk.record("class", minutes=minutes(10), max_extension=0.0)
    school.reached(asked.session_id, "recording")
    begun = first_request(school, "class")
    assert begun is not None
    assert begun - asked.start.timestamp() < 5.0
    done = school.final(asked.session_id)
    (take,) = ended_by_us(school, "class")
    assert done.state == "completed"
    assert timedelta() <= done.takes[0].ended_at - asked.end < timedelta(seconds=8)
    assert take["ended_at"] >= asked.end.timestamp()
