"""The checker: puts right what a bug, a hand or a lost write has broken, and says so."""

from __future__ import annotations

from collections.abc import Callable

import redis

from recorder_tasks.core.session import Lane, Session, State
from recorder_tasks.store import Dues, Report, Store

Add = Callable[..., Session]


def expected(session: Session) -> Dues:
    return {Lane.STOP: session.end, Lane.SETTLE: session.end}


def whole_round(store: Store) -> list[Report]:
    """Slices until every state was gone through once."""
    return [store.checker.round(100, expected) for _ in State]


def repairs(store: Store) -> list[tuple[str, str]]:
    return [(fix.session_id, fix.what) for report in whole_round(store) for fix in report.repairs]


def sound(add: Add, session_id: str = "class") -> Session:
    return add(session_id, dues={Lane.STOP: 60.0, Lane.SETTLE: 60.0})


def test_nothing_is_found_where_nothing_is_wrong(store: Store, add: Add) -> None:
    sound(add)
    reports = whole_round(store)
    assert all(report.comparison.agrees and report.repairs == [] for report in reports)
    assert sum(report.looked for report in reports) == 1
    assert store.events.of(None) == []


def test_a_session_that_fell_out_of_the_due_set_comes_back(store: Store, raw: redis.Redis, add: Add) -> None:
    sound(add)
    for lane in Lane:
        raw.zrem(store.keys("due", lane.value), "class")
    assert not store.checker.compare().agrees
    assert repairs(store) == [("class", "lane stop"), ("class", "lane settle")]
    assert store.checker.compare().agrees
    assert {event.type for event in store.events.of(None)} == {"checker.disagrees", "session.repaired"}
    assert repairs(store) == []


def test_a_stop_that_went_missing_or_lies_too_late_is_put_right(
    store: Store, raw: redis.Redis, add: Add
) -> None:
    first, late = sound(add, "first"), sound(add, "late")
    raw.zrem(store.keys("due", "stop"), "first")
    raw.zadd(store.keys("due", "stop"), {"late": late.end + 3600})
    assert sorted(repairs(store)) == [("first", "lane stop"), ("late", "lane stop")]
    for session in (first, late):
        assert abs((raw.zscore(store.keys("due", "stop"), session.id) or 0) - session.end) < 0.001


def test_what_is_in_work_is_left_alone(store: Store, raw: redis.Redis, add: Add) -> None:
    add(dues={Lane.QUERY: 0.0, Lane.SETTLE: 60.0})
    assert store.leases.claim(list(Lane), free=1, lease=60.0).claims
    assert repairs(store) == []


def test_an_index_entry_without_a_session_goes(store: Store, raw: redis.Redis, add: Add) -> None:
    sound(add)
    raw.delete(store.keys.session("class"))
    assert repairs(store) == [("class", "session missing")]
    assert store.sessions.counts()[State.SCHEDULED] == 0


def test_a_session_in_the_wrong_index_is_moved(store: Store, raw: redis.Redis, add: Add) -> None:
    session = sound(add)
    raw.zrem(store.keys("index", "state", "scheduled"), "class")
    raw.zadd(store.keys("index", "state", "recording"), {"class": session.start})
    assert repairs(store) == [("class", "index recording")]
    assert store.sessions.counts()[State.SCHEDULED] == 1


def test_a_settled_session_that_retention_would_miss_is_noted(
    store: Store, raw: redis.Redis, add: Add
) -> None:
    session = sound(add)
    store.sessions.save(session.evolve(state=State.MISSED, final_at=1.0, settled_at=2.0), {})
    raw.zrem(store.keys("index", "final"), "class")
    assert repairs(store) == [("class", "index final")]
    assert store.sessions.retire(10.0, 10) == 1
