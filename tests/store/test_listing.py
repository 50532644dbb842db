"""Lists: every session once, the newest first, by whatever people look for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from recorder_tasks.core.session import Lane, Session, State
from recorder_tasks.store import Event, Store

Add = Callable[..., Session]


def pages(store: Store, limit: int, **wanted: Any) -> list[str]:
    """The ids of all pages in their order."""
    found: list[str] = []
    cursor = None
    while True:
        page = store.sessions.find(limit=limit, cursor=cursor, **wanted)
        found += [session.id for session in page.sessions]
        if page.cursor is None:
            return found
        cursor = page.cursor


def many(store: Store, make_session: Add, count: int, **members: Any) -> None:
    wanted = [make_session(f"class-{number:04}", **members) for number in range(count)]
    store.sessions.create_many([(session, {Lane.START: 9e9}, ()) for session in wanted])


def test_the_newest_come_first_and_each_once(store: Store, add: Add) -> None:
    for number in range(7):
        add(f"class-{number}", start=1000.0 + number)
    newest = [f"class-{number}" for number in reversed(range(7))]
    assert pages(store, 3) == newest
    assert pages(store, 3, newest=False) == newest[::-1]


def test_sessions_that_begin_together_are_all_found(store: Store, make_session: Add) -> None:
    many(store, make_session, 1100, start=5000.0)
    found = pages(store, 100)
    assert len(found) == len(set(found)) == 1100


def test_pages_go_on_across_states(store: Store, add: Add) -> None:
    for number in range(6):
        session = add(f"class-{number}", start=1000.0 + number)
        if number % 2:
            store.sessions.save(session.evolve(state=State.STARTING), {Lane.START: 0.0})
    assert pages(store, 2) == [f"class-{number}" for number in reversed(range(6))]
    assert pages(store, 2, state=State.STARTING) == ["class-5", "class-3", "class-1"]


def test_filters_narrow(store: Store, add: Add) -> None:
    add("a", channel="math", labels={"room": "1", "term": "x"}, start=1.0)
    add("b", channel="math", labels={"room": "2", "term": "x"}, start=2.0, app="other")
    add("c", channel="art", labels={"room": "1"}, start=3.0)
    assert pages(store, 1, channel="math") == ["b", "a"]
    assert pages(store, 1, channel="math", app="default") == ["a"]
    assert pages(store, 1, label={"room": "1"}) == ["c", "a"]
    assert pages(store, 1, label={"room": "1", "term": "x"}) == ["a"]
    assert pages(store, 1, label={"room": "1"}, state=State.RECORDING) == []
    assert pages(store, 1, since=2.0) == ["c", "b"]
    assert pages(store, 1, until=2.0) == ["a"]
    assert pages(store, 1, channel="nobody's") == []


def test_a_page_looks_at_a_bounded_number_of_sessions(store: Store, make_session: Add) -> None:
    many(store, make_session, 2500, start=1.0)
    page = store.sessions.find(app="other", limit=10)
    assert page.sessions == ()
    assert page.cursor is not None
    assert pages(store, 10, app="other") == []


@pytest.mark.parametrize("cursor", ["", "x_y", "1.0", "nan_a"])
def test_a_made_up_cursor_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(ValueError, match="cursor: "):
        store.sessions.find(cursor=cursor)


def test_uids_are_handed_out_in_shares_that_are_fresh_and_wrap_around(
    store: Store, redis_url: str, namespace: str
) -> None:
    shares = [store.sessions.next_uids(101, 1000) for _ in range(100)]
    assert all(low >= 101 and high == low + 7 <= 1000 for low, high in shares)
    assert len({uid for low, high in shares for uid in range(low, high + 1)}) == 800
    other = Store(redis_url, namespace)
    assert other.sessions.next_uids(101, 10_000) not in shares
    other.close()
    assert {store.sessions.next_uids(2, 20) for _ in range(10)} == {(2, 9), (10, 17)}
    with pytest.raises(ValueError, match=r"uid_range: 3\.\.9 has fewer than the 8 uids"):
        store.sessions.next_uids(3, 9)


def test_what_is_settled_long_enough_is_forgotten_and_nothing_else(store: Store, raw: Any, add: Add) -> None:
    for name, final_at, settled in (("old", 100.0, 150.0), ("new", 900.0, 950.0), ("open", 100.0, None)):
        session = add(name, labels={"room": "1"})
        done = session.evolve(state=State.COMPLETED, final_at=final_at, settled_at=settled)
        dues = {} if settled else {Lane.SETTLE: 9e9}
        store.sessions.save(done, dues, events=[Event("session.completed")])
    assert store.sessions.retire(500.0, 10) == 1
    assert store.sessions.retire(500.0, 10) == 0
    assert sorted(pages(store, 10, label={"room": "1"})) == ["new", "open"]
    assert sorted(pages(store, 10)) == ["new", "open"]
    assert [key for key in raw.scan_iter(f"{store.keys.prefix}*") if key.endswith(":old")] == []


def test_retention_does_its_work_in_portions(store: Store, add: Add) -> None:
    for number in range(5):
        session = add(f"class-{number}")
        done = session.evolve(state=State.MISSED, final_at=float(number), settled_at=9.0)
        store.sessions.save(done, {})
    assert [store.sessions.retire(100.0, 2) for _ in range(4)] == [2, 2, 1, 0]
