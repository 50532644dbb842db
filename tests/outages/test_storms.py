"""Every connection to Redis is cut at once, again and again: nothing crashes, leaks or stops working."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from recorder_tasks.core.errors import RecorderError
from recorder_tasks.store import StoreUnavailable
from recorder_tasks.wiring import Wiring
from tests.journeys.house import House, until
from tests.outages.school import FLOWS_WITHIN, due_in, ended_by_us, flows_again

pytestmark = pytest.mark.integration

CLIENTS = 10
CUTS = 5
APART = 0.4  # seconds: so that some cuts hit clients that have just come back


def test_reconnect_storms_crash_nothing_leak_no_connection_and_hold_no_class_up(
    make_house: Callable[..., House], own_redis: Any
) -> None:
    school = make_house(own_redis.url)
    crew = [*school.crew(), school.worker("second"), school.beat()]
    running = [school.desk.record(f"class-{index}", minutes=30) for index in range(4)]
    for one in running:
        school.reached(one.session_id, "recording")
    with ExitStack() as stack:
        callers = [Wiring(school.settings) for _ in range(CLIENTS)]
        for caller in callers:
            stack.callback(caller.close)
        storm(own_redis, callers)
        late = due_in(school, "late-0", 0.0)
        flows_again(school, late, time.time(), "work after a reconnect storm")
        after_one = settled_connections(own_redis, callers)
        for turn in (1, 2):
            storm(own_redis, callers)
            flows_again(school, due_in(school, f"late-{turn}", 0.0), time.time(), "work after the next")
        assert settled_connections(own_redis, callers) <= after_one + 3
    for one in running:
        school.desk.stop(one.session_id)
    for index, one in enumerate(running):
        assert school.final(one.session_id, timeout=FLOWS_WITHIN).state == "completed"
        assert len(ended_by_us(school, f"class-{index}")) == 1
    assert all(process.alive for process in crew)


def storm(server: Any, callers: list[Wiring]) -> None:
    """Cut everybody off, and let everybody come back, several times."""
    for _ in range(CUTS):
        server.cut_all()
        end = time.monotonic() + APART
        while time.monotonic() < end:
            for caller in callers:
                ask(caller)


def ask(caller: Wiring) -> bool:
    try:
        caller.desk.find(limit=1)
    except (StoreUnavailable, RecorderError):
        return False
    return True


def settled_connections(server: Any, callers: list[Wiring]) -> int:
    """How many there are once every caller has been answered and the count stays the same for a second."""
    until(lambda: all(ask(caller) for caller in callers), what="every caller to be answered")
    seen = [server.connections()]

    def steady() -> bool:
        time.sleep(0.1)
        seen.append(server.connections())
        return len(seen) > 10 and len(set(seen[-10:])) == 1

    until(steady, what="the number of connections to settle")
    print(f"MEASURED connections: {seen[-1]}")
    return seen[-1]
