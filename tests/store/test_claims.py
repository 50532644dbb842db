"""Claims, leases and begin: one worker at a time, nothing forgotten, stop first."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from recorder_tasks.core.session import Lane, Session
from recorder_tasks.store import Claim, Conflict, Go, NotYet, SlotRequest, Stale, Store

Add = Callable[..., Session]
ALL = list(Lane)


def claim(store: Store, *, free: int = 10, lease: float = 30.0, lanes: list[Lane] = ALL) -> list[Claim]:
    return list(store.leases.claim(lanes, free=free, lease=lease).claims)


def begin(store: Store, found: Claim, slots: SlotRequest | None = None) -> Go | Stale | NotYet:
    return store.leases.begin(found.session_id, found.token, lease=30.0, app="default", slots=slots)


def test_what_is_due_is_claimed_once(store: Store, add: Add) -> None:
    add()
    (found,) = claim(store)
    assert (found.session_id, found.lane) == ("class", Lane.START)
    assert claim(store) == []


def test_what_is_not_due_is_not_claimed_and_tells_when(store: Store, add: Add) -> None:
    session = add(dues={Lane.START: 50.0})
    claims = store.leases.claim(ALL, free=1, lease=5.0)
    assert claims.claims == ()
    assert claims.next_due == pytest.approx(session.created_at + 50.0, abs=0.001)


def test_no_more_is_claimed_than_there_are_hands(store: Store, add: Add) -> None:
    for index in range(5):
        add(f"class-{index}")
    assert len(claim(store, free=3)) == 3
    assert len(claim(store, free=3)) == 2


def test_urgent_lanes_go_first(store: Store, add: Add) -> None:
    for lane in reversed(ALL):
        add(lane.value, dues={lane: -1.0})
    assert [found.lane for found in claim(store)] == ALL


def test_a_dead_worker_s_session_is_due_again_when_its_lease_ends(store: Store, add: Add) -> None:
    store.clock.set_test()
    add()
    (dead,) = claim(store, lease=5.0)
    store.clock.jump(5.1)
    (again,) = claim(store)
    assert again.token != dead.token
    assert again.claims == 2
    assert isinstance(begin(store, dead), Stale)


def test_begin_renews_the_lease(store: Store, add: Add) -> None:
    store.clock.set_test()
    add()
    (found,) = claim(store, lease=5.0)
    assert isinstance(begin(store, found), Go)
    store.clock.jump(20.0)
    assert claim(store) == []


def test_stop_takes_a_session_over_from_any_other_step_and_never_from_a_stop(store: Store, add: Add) -> None:
    store.clock.set_test()
    add(dues={Lane.QUERY: 0.0, Lane.STOP: 2.0})
    (query,) = claim(store)
    assert query.lane is Lane.QUERY
    store.clock.jump(2.1)
    (stop,) = claim(store)
    assert stop.lane is Lane.STOP
    assert isinstance(begin(store, query), Stale)
    assert isinstance(begin(store, stop), Go)
    assert claim(store) == []


def test_a_worker_that_serves_no_stops_takes_those_that_lie_too_long(store: Store, add: Add) -> None:
    store.clock.set_test()
    session = add(dues={Lane.STOP: 0.0})
    general = [lane for lane in Lane if lane is not Lane.STOP]
    first = store.leases.claim(general, free=1, lease=5.0, overdue_stop=2.0)
    assert first.claims == ()
    assert first.next_due == pytest.approx(session.created_at + 2.0, abs=0.01)
    store.clock.jump(2.1)
    (late,) = store.leases.claim(general, free=1, lease=5.0, overdue_stop=2.0).claims
    assert late.lane is Lane.STOP


@pytest.mark.parametrize(("free", "lease"), [(0, 5.0), (1, 0.0)])
def test_a_claim_for_no_hands_or_no_time_is_refused(store: Store, free: int, lease: float) -> None:
    with pytest.raises(ValueError, match="must be 1 or more"):
        store.leases.claim(ALL, free=free, lease=lease)


def test_begin_of_a_session_that_is_gone_is_stale(store: Store, raw: redis.Redis, add: Add) -> None:
    add()
    (found,) = claim(store)
    raw.delete(store.keys.session("class"))
    assert isinstance(begin(store, found), Stale)


def test_being_put_off_by_the_budget_does_not_count_towards_poison(store: Store, add: Add) -> None:
    store.clock.set_test()
    add()
    want = SlotRequest(qps=1.0, spread=0.0, rank=2)
    assert store.budget.slot("default", want) is not None
    for _ in range(10):
        (found,) = claim(store)
        assert found.claims == 1
        answer = begin(store, found, want)
        if isinstance(answer, Go):
            return
        store.clock.jump(max(0.0, answer.at - store.clock.now()) + 0.01)
    raise AssertionError("never got its slot")


def test_a_session_that_is_gone_leaves_the_lanes(store: Store, raw: redis.Redis, add: Add) -> None:
    add()
    raw.delete(store.keys.session("class"))
    assert claim(store) == []
    assert sum(store.checker.backlog().values()) == 0


def test_release_puts_it_back_and_only_for_the_owner(store: Store, add: Add) -> None:
    add()
    (found,) = claim(store)
    now = store.clock.now()
    assert not store.leases.release("class", "somebody", Lane.START, now)
    assert store.leases.release("class", found.token, Lane.QUERY, now)
    assert [again.lane for again in claim(store, lanes=[Lane.QUERY])] == [Lane.QUERY]


CLAIMER = """
import sys
from recorder_tasks.core.session import Lane
from recorder_tasks.store import Store

store = Store(*sys.argv[1:])
while claims := store.leases.claim(list(Lane), free=5, lease=60.0).claims:
    for found in claims:
        print(found.session_id)
"""


def test_processes_never_share_a_session(store: Store, redis_url: str, namespace: str, add: Add) -> None:
    for index in range(300):
        add(f"class-{index}")
    command = [sys.executable, "-c", CLAIMER, redis_url, namespace]
    rivals = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    taken = [line for rival in rivals for line in rival.communicate()[0].split()]
    assert len(taken) == len(set(taken)) == 300


def test_many_claimers_never_share_a_session(store: Store, add: Add) -> None:
    for index in range(300):
        add(f"class-{index}")

    def grab(_: int) -> list[str]:
        mine: list[str] = []
        while got := claim(store, free=7):
            mine += [found.session_id for found in got]
        return mine

    with ThreadPoolExecutor(12) as pool:
        taken = [session_id for mine in pool.map(grab, range(12)) for session_id in mine]
    assert len(taken) == 300
    assert len(set(taken)) == 300


def test_a_save_by_the_owner_ends_the_lease_and_sets_the_due_times(store: Store, add: Add) -> None:
    add()
    (found,) = claim(store)
    answer = begin(store, found)
    assert isinstance(answer, Go)
    store.sessions.save(answer.session, {Lane.QUERY: answer.now - 1}, token=found.token)
    assert [(again.lane, again.claims) for again in claim(store)] == [(Lane.QUERY, 1)]


def test_a_save_that_keeps_the_lease_leaves_the_session_with_its_worker(store: Store, add: Add) -> None:
    add()
    (found,) = claim(store)
    answer = begin(store, found)
    assert isinstance(answer, Go)
    store.sessions.save(answer.session, {Lane.START: 0.0}, token=found.token, keep_lease=True)
    assert claim(store) == []
    assert isinstance(begin(store, found), Go)


def test_a_wish_during_a_step_makes_the_stop_claimable_and_nothing_else(store: Store, add: Add) -> None:
    session = add(dues={Lane.QUERY: 0.0, Lane.STOP: 50.0})
    assert claim(store)
    store.sessions.save(session, {Lane.STOP: session.created_at, Lane.UPDATE: session.created_at})
    assert [found.lane for found in claim(store)] == [Lane.STOP]


def test_a_save_that_lost_the_race_says_what_is_there(store: Store, add: Add) -> None:
    session = add()
    newer = store.sessions.save(session.evolve(channel="art"), {Lane.START: 0.0})
    with pytest.raises(Conflict) as lost:
        store.sessions.save(session.evolve(channel="music"), {Lane.START: 0.0})
    assert lost.value.current == newer


def test_no_fact_is_lost_when_many_save_at_once(store: Store, add: Add) -> None:
    add(labels={})

    def append(number: int) -> None:
        while True:
            session = store.sessions.get("class")
            assert session is not None
            labels = {**session.labels, str(number): "told"}
            try:
                store.sessions.save(session.evolve(labels=labels), {Lane.START: 0.0})
                return
            except Conflict:
                continue

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(append, range(60)))
    done = store.sessions.get("class")
    assert done is not None
    assert len(done.labels) == 60


def test_a_session_that_is_not_settled_cannot_leave_the_due_set(store: Store, add: Add) -> None:
    with pytest.raises(ValueError, match="must be due"):
        store.sessions.save(add(), {})


def test_a_sleeping_dispatcher_wakes_for_a_new_head_and_for_a_poke(store: Store, add: Add) -> None:
    wakeups = store.wakeups()
    with wakeups:
        assert wakeups.wait(1.0)
        assert not wakeups.wait(0.05)
        add(dues={Lane.START: 100.0})
        assert wakeups.wait(5.0)
        add("later", dues={Lane.START: 200.0})
        assert not wakeups.wait(0.05)
        look = store.clock.now() + 45.0
        add("sooner", dues={Lane.START: 50.0})
        assert not wakeups.wait(0.05, before=look)
        add("soonest", dues={Lane.START: 40.0})
        assert wakeups.wait(5.0, before=look)
        wakeups.poke()
        started = time.monotonic()
        assert wakeups.wait(5.0)
        assert time.monotonic() - started < 4.0
