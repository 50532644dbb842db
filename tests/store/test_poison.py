"""Poison: a session that is claimed again and again in vain rests, blocks nobody, is never given up."""

from __future__ import annotations

from collections.abc import Callable

from recorder_tasks.core.session import Lane, Session
from recorder_tasks.store import Claim, Go, Store

Add = Callable[..., Session]
ALL = list(Lane)


def claim(store: Store, *, free: int = 10, lease: float = 30.0) -> list[Claim]:
    return list(store.leases.claim(ALL, free=free, lease=lease).claims)


def begin(store: Store, found: Claim) -> object:
    return store.leases.begin(found.session_id, found.token, lease=30.0, app="default", slots=None)


def crash(store: Store, times: int) -> None:
    for _ in range(times):
        assert claim(store, lease=1.0)
        store.clock.jump(1.1)


def test_poison_backs_off_is_reported_and_blocks_nobody(store: Store, add: Add) -> None:
    store.clock.set_test()
    add("poison")
    crash(store, 3)
    add("healthy", start=store.clock.now(), dues={Lane.START: -0.05})
    claims = store.leases.claim(ALL, free=1, lease=1.0, poison_after=3)
    assert [found.session_id for found in claims.claims] == ["healthy"]
    assert claims.poisoned == ("poison",)


def test_poison_is_tried_once_after_each_rest_and_rests_twice_as_long_each_time(
    store: Store, add: Add
) -> None:
    store.clock.set_test()
    add("poison")
    crash(store, 3)
    for rest in (30, 60, 120, 240, 480, 600, 600):
        assert store.leases.claim(ALL, free=5, lease=1.0, poison_after=3).poisoned == ("poison",)
        store.clock.jump(rest - 1)
        quiet = store.leases.claim(ALL, free=5, lease=1.0, poison_after=3)
        assert (quiet.claims, quiet.poisoned) == ((), ())
        store.clock.jump(1.1)
        assert len(store.leases.claim(ALL, free=5, lease=1.0, poison_after=3).claims) == 1
        store.clock.jump(1.1)


def test_a_stop_is_not_held_back_by_a_step_that_was_poison(store: Store, add: Add) -> None:
    store.clock.set_test()
    add("poison", dues={Lane.QUERY: 0.0, Lane.STOP: 10.0})
    crash(store, 3)
    assert store.leases.claim(ALL, free=5, lease=1.0, poison_after=3).poisoned == ("poison",)
    store.clock.jump(10.0)
    (stop,) = store.leases.claim(ALL, free=5, lease=1.0, poison_after=3).claims
    assert (stop.lane, stop.claims) == (Lane.STOP, 1)


def test_a_save_forgives_the_claims(store: Store, add: Add) -> None:
    store.clock.set_test()
    add()
    crash(store, 4)
    (found,) = claim(store)
    answer = begin(store, found)
    assert isinstance(answer, Go)
    store.sessions.save(answer.session, {Lane.START: 0.0}, token=found.token)
    assert [again.claims for again in claim(store)] == [1]
