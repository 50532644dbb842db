"""The one clock: what a step back of Redis's host may and may not do."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from recorder_tasks.core.session import Lane, Session
from recorder_tasks.store import SlotRequest, Store

Add = Callable[..., Session]
ALL = list(Lane)


def test_the_clock_is_the_server_s(store: Store) -> None:
    assert store.clock.now() == pytest.approx(time.time(), abs=2.0)
    assert store.clock.rate == 1.0
    assert "rate" not in store.clock.read()


def test_a_test_s_clock_runs_at_its_rate_and_jumps(store: Store) -> None:
    store.clock.set_test(rate=20.0)
    first, began = store.clock.now(), time.monotonic()
    while time.monotonic() - began < 0.1:
        pass
    assert store.clock.now() - first >= 2.0
    assert store.clock.rate == 20.0
    before = store.clock.now()
    store.clock.jump(1000.0)
    assert store.clock.now() >= before + 1000.0


@pytest.mark.parametrize("rate", [0.0, -1.0, 20.5])
def test_a_rate_out_of_range_is_refused(store: Store, rate: float) -> None:
    with pytest.raises(ValueError, match="rate: "):
        store.clock.set_test(rate=rate)


def test_a_small_step_back_is_held_at_the_latest_instant(store: Store, add: Add) -> None:
    store.clock.set_test()
    add()
    before = store.leases.claim(ALL, free=1, lease=5.0).now
    store.clock.jump(-1.5)
    assert store.clock.now() == pytest.approx(before, abs=0.001)
    assert store.leases.claim(ALL, free=1, lease=5.0).now == pytest.approx(before, abs=0.001)
    assert store.events.of(None) == []


def test_a_large_step_back_is_followed_and_told(store: Store, add: Add) -> None:
    store.clock.set_test()
    add()
    before = store.leases.claim(ALL, free=1, lease=5.0).now
    store.clock.jump(-3600.0)
    assert store.leases.claim(ALL, free=1, lease=5.0).now == pytest.approx(before - 3600, abs=1.0)
    (told,) = [event for event in store.events.of(None) if event.type == "clock.stepped_back"]
    assert told.data["seconds"] == pytest.approx(3600, abs=1.0)


def test_a_large_step_back_holds_no_lease_longer_than_was_meant(store: Store, add: Add) -> None:
    store.clock.set_test()
    add(dues={Lane.START: 0.0, Lane.SETTLE: 0.0})
    (dead,) = store.leases.claim(ALL, free=1, lease=10.0).claims
    store.clock.jump(-300.0)
    assert store.leases.claim(ALL, free=1, lease=10.0).claims == ()
    store.clock.jump(10.1)
    (again,) = store.leases.claim(ALL, free=1, lease=10.0).claims
    assert again.session_id == dead.session_id
    assert again.claims == 2


def test_a_step_back_noticed_by_a_save_pulls_leases_in_too(store: Store, add: Add) -> None:
    store.clock.set_test()
    session = add("other", dues={Lane.START: 50.0})
    add(dues={Lane.START: 0.0})
    assert len(store.leases.claim(ALL, free=1, lease=10.0).claims) == 1
    store.clock.jump(-300.0)
    store.sessions.save(session, {Lane.START: session.start + 50.0})
    store.clock.jump(10.1)
    assert [found.session_id for found in store.leases.claim(ALL, free=1, lease=10.0).claims] == ["class"]


def test_a_lease_that_ends_at_this_very_instant_is_over(store: Store, add: Add) -> None:
    """Within the last microsecond it must not be held and due at once: the claim would never end."""
    for number in range(25):
        store.clock.set_test(offset=number * 1000.0 + number / 7e6)
        other, name = add(f"other-{number}", dues={Lane.SETTLE: 9e8}), f"class-{number}"
        add(name, dues={Lane.START: 0.0})
        assert len(store.leases.claim(ALL, free=5, lease=10.0).claims) == 1
        store.clock.jump(-300.0)
        store.sessions.save(other, {Lane.SETTLE: 9e9})
        store.clock.jump(10.1)
        (again,) = store.leases.claim(ALL, free=5, lease=9000.0).claims
        assert again.session_id == name
        assert store.leases.release(name, again.token, Lane.START, 9e9)


def test_a_large_step_back_neither_blocks_nor_doubles_the_budget(store: Store) -> None:
    store.clock.set_test(rate=0.001)
    want = SlotRequest(qps=10.0, spread=0.1, rank=5, ahead=0.3)
    while store.budget.slot("default", want) is not None:
        pass
    store.clock.jump(-600.0)
    now = store.clock.now()
    assert store.budget.slot("default", want) is None  # slots of the second before may still be in use
    store.clock.jump(1.2)
    slot = store.budget.slot("default", want)
    assert slot is not None
    assert slot <= now + 2.0
