"""The budget: spaced slots for the whole fleet, urgent callers first, nobody stampedes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise

import pytest

from recorder_tasks.core.session import Lane, Session
from recorder_tasks.store import Go, NotYet, SlotRequest, Stale, Store

Add = Callable[..., Session]
ALL = list(Lane)
STOP, QUERY = 0, 5

HAMMER = """
import sys, time
from recorder_tasks.store import SlotRequest, Store

url, namespace, qps, seconds = sys.argv[1:]
store = Store(url, namespace)
end = time.monotonic() + float(seconds)
while time.monotonic() < end:
    slot = store.budget.slot("default", SlotRequest(qps=float(qps), spread=0.1, rank=5))
    if slot is not None:
        print(f"{slot:.6f}")
"""


def wish(rank: int = QUERY, qps: float = 10.0, ahead: float = 0.3) -> SlotRequest:
    return SlotRequest(qps=qps, spread=0.1, rank=rank, ahead=ahead)


def test_no_window_of_a_second_holds_more_than_the_rate_with_four_processes(
    store: Store, redis_url: str, namespace: str
) -> None:
    qps = 20
    command = [sys.executable, "-c", HAMMER, redis_url, namespace, str(qps), "2.5"]
    rivals = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    slots = sorted(float(line) for rival in rivals for line in rival.communicate()[0].split())
    assert len(slots) > 30
    # a request leaves within 0.1 s of its slot, so qps + 1 of them must span more than that beyond a second
    assert all(later - first >= 1.1 - 0.001 for first, later in zip(slots, slots[qps:], strict=False))


def test_a_rate_of_zero_is_no_limit(store: Store) -> None:
    assert all(store.budget.slot("default", wish(qps=0)) is not None for _ in range(50))


def test_apps_have_budgets_of_their_own(store: Store) -> None:
    store.clock.set_test(rate=0.001)
    while store.budget.slot("one", wish(ahead=0.0)) is not None:
        pass
    assert store.budget.slot("two", wish(ahead=0.0)) is not None


def test_no_slot_is_further_ahead_than_was_asked(store: Store) -> None:
    store.clock.set_test(rate=0.001)
    slots = []
    while (slot := store.budget.slot("default", wish(ahead=0.5))) is not None:
        slots.append(slot)
    assert slots[-1] - store.clock.now() <= 0.5
    assert [b - a for a, b in pairwise(slots)] == pytest.approx([0.11] * (len(slots) - 1), abs=0.001)


def begin(store: Store, session_id: str, token: str, wanted: SlotRequest) -> Go | Stale | NotYet:
    return store.leases.begin(session_id, token, lease=600.0, app="default", slots=wanted)


def claimed(store: Store, session_id: str) -> str:
    for found in store.leases.claim(ALL, free=1000, lease=30.0).claims:
        if found.session_id == session_id:
            return found.token
    raise AssertionError(f"{session_id} was not due")


def test_those_put_off_are_called_back_one_slot_apart(store: Store, add: Add) -> None:
    store.clock.set_test(rate=0.001)
    while store.budget.slot("default", wish()) is not None:
        pass
    for number in range(40):
        add(f"class-{number}", dues={Lane.QUERY: -1.0})
    again = []
    for found in store.leases.claim(ALL, free=40, lease=30.0).claims:
        answer = begin(store, found.session_id, found.token, wish())
        assert isinstance(answer, NotYet)
        again.append(answer.at)
    gaps = [later - first for first, later in pairwise(again)]
    assert gaps == pytest.approx([0.11] * 39, abs=0.002)
    assert again[0] - store.clock.now() <= 0.5


def test_a_caller_who_comes_back_when_told_gets_a_slot(store: Store, add: Add) -> None:
    store.clock.set_test(rate=0.001)
    while store.budget.slot("default", wish()) is not None:
        pass
    for number in range(20):
        add(f"class-{number}", dues={Lane.QUERY: -1.0})
    answers = 0
    served: set[str] = set()
    while len(served) < 20:
        claims = store.leases.claim(ALL, free=20, lease=600.0)
        for found in claims.claims:
            answer = store.leases.begin(
                found.session_id, found.token, lease=600.0, app="default", slots=wish()
            )
            answers += 1
            if isinstance(answer, Go):
                served.add(found.session_id)
        if len(served) < 20:
            # looked up, not claimed: what fell due meanwhile would be ours and nobody would begin it
            ((_, following),) = store.client.zrange(store.keys("due", "query"), 0, 0, withscores=True)
            store.clock.jump(max(0.001, following - store.clock.now()))
    assert answers <= 20 + 25  # each was put off once, and hardly any a second time


def test_while_an_urgent_caller_waits_others_stand_back_and_he_goes_first(store: Store, add: Add) -> None:
    store.clock.set_test(rate=0.001)
    while store.budget.slot("default", wish(QUERY, ahead=1.0)) is not None:
        pass
    add("urgent", dues={Lane.STOP: -1.0})
    token = claimed(store, "urgent")
    answer = begin(store, "urgent", token, wish(STOP))
    assert isinstance(answer, NotYet)
    store.clock.jump(answer.at - store.clock.now() + 0.001)
    assert store.budget.slot("default", wish(QUERY)) is None
    token = claimed(store, "urgent")
    assert isinstance(begin(store, "urgent", token, wish(STOP)), Go)
    assert store.budget.slot("default", wish(QUERY, ahead=0.5)) is not None


def test_an_urgent_caller_who_has_died_holds_nobody_up_for_more_than_about_a_second(
    store: Store, add: Add
) -> None:
    store.clock.set_test(rate=0.001)
    while store.budget.slot("default", wish(QUERY, ahead=1.0)) is not None:
        pass
    for number in range(60):
        add(f"class-{number}", dues={Lane.STOP: -1.0})
    for found in store.leases.claim(ALL, free=60, lease=30.0).claims:
        begin(store, found.session_id, found.token, wish(STOP))
    assert store.budget.slot("default", wish(QUERY)) is None
    store.clock.jump(1.15)
    assert store.budget.slot("default", wish(QUERY)) is not None


def test_stops_are_served_before_queries_when_both_want_all_there_is(store: Store, add: Add) -> None:
    store.clock.set_test(rate=0.001)
    for number in range(30):
        add(f"query-{number}", dues={Lane.QUERY: -1.0})
        add(f"stop-{number}", dues={Lane.STOP: 1.0})
    served: list[str] = []
    while len(served) < 60:
        claims = store.leases.claim(ALL, free=60, lease=600.0)
        for found in claims.claims:
            rank = STOP if found.lane is Lane.STOP else QUERY
            answer = store.leases.begin(
                found.session_id, found.token, lease=600.0, app="default", slots=wish(rank)
            )
            if isinstance(answer, Go):
                served.append(found.session_id)
        store.clock.jump(0.05)
    stops = [place for place, name in enumerate(served) if name.startswith("stop")]
    begun = stops[0]
    assert stops[-1] - begun <= 30 + 6  # hardly a query between the first stop and the last


@pytest.mark.parametrize("app", ["default", "north"])
def test_a_check_leaves_its_slot_to_a_start_of_the_same_app_only(store: Store, add: Add, app: str) -> None:
    store.clock.set_test(rate=0.001)
    add("lesson", app=app, labels={"app": "south"}, dues={Lane.START: 0.2})
    assert store.budget.slot(app, wish(QUERY)) is None
    assert store.budget.slot("south", wish(QUERY)) is not None
    assert store.budget.slot(app, wish(STOP)) is not None


def test_who_leaves_his_slot_to_a_start_comes_back_a_slot_later(store: Store, add: Add) -> None:
    store.clock.set_test(rate=0.001)
    add("check", dues={Lane.QUERY: -1.0})
    add("lesson", dues={Lane.START: 0.2})
    answer = begin(store, "check", claimed(store, "check"), wish(QUERY))
    assert isinstance(answer, NotYet)
    assert answer.at - store.clock.now() == pytest.approx(0.11, abs=0.01)


@pytest.mark.parametrize(("member", "value"), [("rank", 6), ("rank", -1), ("ahead", 1.5), ("spread", -0.1)])
def test_a_wish_out_of_range_is_refused(member: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{member}: "):
        SlotRequest(**{"qps": 10.0, "spread": 0.1, "rank": 0, member: value})
