"""Saves: all or nothing, one truth at a time, and nothing open ever leaves the due set."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable

import pytest
import redis

from recorder_tasks.core.session import Lane, Session, State
from recorder_tasks.store import Conflict, Event, Go, LiveTake, Store, StoreOptions
from tests.store.lossy_line import LossyLine

Add = Callable[..., Session]
ALL = list(Lane)

WRITER = """
import sys
from recorder_tasks.core.session import Lane
from recorder_tasks.store import Conflict, Store

url, namespace, name, times = sys.argv[1:]
store = Store(url, namespace)
for number in range(int(times)):
    while True:
        session = store.sessions.get("class")
        labels = {**session.labels, f"{name}-{number}": "told"}
        try:
            store.sessions.save(session.evolve(labels=labels), {Lane.START: session.start})
            break
        except Conflict:
            continue
"""

CREATOR = """
import sys
from recorder_tasks.core.session import Lane, Session
from recorder_tasks.store import Store

url, namespace, name = sys.argv[1:]
store = Store(url, namespace)
made = 0
for number in range(100):
    times = dict.fromkeys(("created_at", "start", "end", "deadline"), 9e9)
    session = Session(id=f"class-{number}", channel=name, uids=(1, 2), **times)
    made += store.sessions.create(session, {Lane.START: 9e9})[1]
print(made)
"""


def lanes_of(raw: redis.Redis, store: Store, session_id: str = "class") -> dict[str, float]:
    found = {lane.value: raw.zscore(f"{store.keys.prefix}due:{lane.value}", session_id) for lane in Lane}
    return {lane: score for lane, score in found.items() if score is not None}


def begun(store: Store, lane: Lane = Lane.START) -> tuple[Go, str]:
    (claim,) = store.leases.claim([lane], free=1, lease=5.0).claims
    go = store.leases.begin(claim.session_id, claim.token, lease=30.0, app="default", slots=None)
    assert isinstance(go, Go)
    return go, claim.token


def take(session: str = "class", sid: str = "sid") -> LiveTake:
    place = {"session": session, "app": "default", "channel": "math", "uid": 2}
    return LiveTake(key=sid, sid=sid, resource_id="r", mode="mix", deadline=9e9, **place)


def test_a_session_comes_back_as_it_was_saved(store: Store, add: Add) -> None:
    session = add(labels={"room": "1a"}, recipe={"recordingConfig": {"maxIdleTime": 30}})
    assert store.sessions.get("class") == session
    saved = store.sessions.save(session.evolve(end=session.end + 0.25), {Lane.START: 1.0})
    assert saved.revision != session.revision
    assert store.sessions.get("class") == saved
    assert store.sessions.get("nobody") is None


def test_the_same_id_is_created_once_whoever_asks(store: Store, redis_url: str, namespace: str) -> None:
    command = [sys.executable, "-c", CREATOR, redis_url, namespace]
    rivals = [subprocess.Popen([*command, f"c{n}"], stdout=subprocess.PIPE) for n in range(3)]
    assert sum(int(rival.communicate()[0]) for rival in rivals) == 100
    assert store.sessions.counts()[State.SCHEDULED] == 100


def test_a_second_creation_returns_the_first(store: Store, add: Add, make_session: Add) -> None:
    first = add()
    assert store.sessions.create(make_session(channel="art"), {Lane.START: 0.0}) == (first, False)


def test_no_fact_is_lost_between_processes(store: Store, redis_url: str, namespace: str, add: Add) -> None:
    add()
    command = [sys.executable, "-c", WRITER, redis_url, namespace]
    rivals = [subprocess.Popen([*command, f"w{n}", "40"]) for n in range(3)]
    assert [rival.wait() for rival in rivals] == [0, 0, 0]
    done = store.sessions.get("class")
    assert done is not None
    assert len(done.labels) == 120


def test_a_save_of_a_session_that_is_gone_says_so(store: Store, raw: redis.Redis, add: Add) -> None:
    session = add()
    raw.delete(store.keys.session("class"))
    with pytest.raises(Conflict) as lost:
        store.sessions.save(session, {Lane.START: 0.0})
    assert lost.value.current is None


def test_a_save_sets_exactly_the_lanes_it_names(store: Store, raw: redis.Redis, add: Add) -> None:
    session = add(dues={Lane.START: 5.0, Lane.SETTLE: 60.0})
    store.sessions.save(session, {Lane.QUERY: 1.25, Lane.STOP: 7.5})
    assert lanes_of(raw, store) == {"stop": 7.5, "query": 1.25}


def test_an_intent_saved_under_a_kept_lease_makes_its_stop_visible_at_once(
    store: Store, raw: redis.Redis, add: Add
) -> None:
    session = add(dues={Lane.START: 0.0, Lane.SETTLE: 60.0})
    go, token = begun(store)
    dues = {Lane.START: go.now + 1, Lane.STOP: go.now + 20, Lane.SETTLE: session.end}
    store.sessions.save(go.session, dues, token=token, keep_lease=True)
    assert lanes_of(raw, store)["stop"] == pytest.approx(go.now + 20)
    assert lanes_of(raw, store)["start"] == pytest.approx(go.now + 30, abs=0.01)
    assert lanes_of(raw, store)["settle"] == pytest.approx(session.end)


def test_somebody_else_s_save_neither_shortens_nor_hides_a_lease(
    store: Store, raw: redis.Redis, add: Add
) -> None:
    add(dues={Lane.QUERY: 0.0})
    go, token = begun(store, Lane.QUERY)
    store.sessions.save(go.session, {Lane.QUERY: go.now + 500, Lane.UPDATE: go.now})
    lanes = lanes_of(raw, store)
    assert lanes["query"] == pytest.approx(go.now + 30, abs=0.01)
    assert lanes["update"] == pytest.approx(go.now + 30, abs=0.01)
    assert store.leases.claim(ALL, free=1, lease=5.0).claims == ()
    assert isinstance(store.leases.begin("class", token, lease=5.0, app="default", slots=None), Go)


def test_a_stop_in_work_is_not_handed_out_again_by_a_wish(store: Store, add: Add) -> None:
    add(dues={Lane.STOP: 0.0})
    go, _ = begun(store, Lane.STOP)
    store.sessions.save(go.session, {Lane.STOP: go.now})
    assert store.leases.claim(ALL, free=1, lease=5.0).claims == ()


def test_a_wish_does_not_forgive_the_claims_of_a_crashing_step(store: Store, add: Add) -> None:
    store.clock.set_test()
    session = add()
    for _ in range(3):
        store.leases.claim(ALL, free=1, lease=1.0)
        store.clock.jump(1.1)
        session = store.sessions.save(session, {Lane.START: 0.0})
    (again,) = store.leases.claim(ALL, free=1, lease=1.0).claims
    assert again.claims == 4


def test_a_settled_session_leaves_every_lane_even_while_somebody_holds_it(
    store: Store, raw: redis.Redis, add: Add
) -> None:
    session = add(dues={Lane.QUERY: 0.0, Lane.STOP: 5.0})
    begun(store, Lane.QUERY)
    done = session.evolve(state=State.COMPLETED, final_at=1.0, settled_at=2.0)
    store.sessions.save(done, {})
    assert lanes_of(raw, store) == {}
    assert not raw.exists(store.keys.lease("class"))


def test_counts_follow_the_states(store: Store, add: Add) -> None:
    session = add()
    add("other")
    store.sessions.save(session.evolve(state=State.STARTING), {Lane.START: 0.0})
    counts = store.sessions.counts()
    assert (counts[State.SCHEDULED], counts[State.STARTING]) == (1, 1)


def test_a_refused_save_leaves_no_trace(store: Store, raw: redis.Redis, add: Add) -> None:
    session = add()
    store.sessions.save(session, {Lane.START: 5.0})
    with pytest.raises(Conflict):
        store.sessions.save(
            session.evolve(state=State.RECORDING), {Lane.STOP: 1.0}, events=[Event("told")], live=[take()]
        )
    assert lanes_of(raw, store) == {"start": 5.0}
    assert store.takes.all() == {}
    assert [event.type for event in store.events.of(None)] == []
    assert store.sessions.counts()[State.RECORDING] == 0


def test_a_save_whose_answer_was_lost_is_not_taken_for_somebody_else_s(
    store: Store, lossy_line: LossyLine, namespace: str, add: Add
) -> None:
    session = add()
    careful = Store(lossy_line.url, namespace)
    assert careful.ping()
    lossy_line.lose_next_answer()
    saved = careful.sessions.save(session, {Lane.QUERY: 5.0}, events=[Event("told")])
    assert lossy_line.lost == 1
    assert store.sessions.get("class") == saved
    assert len(store.events.of(None)) == 1
    careful.close()


def test_a_creation_whose_answer_was_lost_is_still_ours(
    store: Store, lossy_line: LossyLine, namespace: str, make_session: Add
) -> None:
    careful = Store(lossy_line.url, namespace)
    assert careful.ping()
    lossy_line.lose_next_answer()
    stored, created = careful.sessions.create(make_session(), {Lane.START: 5.0})
    assert lossy_line.lost == 1
    assert created
    assert store.sessions.get("class") == stored
    careful.close()


def test_a_durable_save_on_a_server_without_the_means_still_saves_and_warns(
    redis_url: str, namespace: str, add: Add, caplog: pytest.LogCaptureFixture
) -> None:
    session = add()
    careful = Store(redis_url, namespace, options=StoreOptions(wait_aof=True))
    with caplog.at_level(logging.WARNING):
        saved = careful.sessions.save(session, {Lane.START: 1.0}, durable=True)
    assert careful.sessions.get("class") == saved
    assert "not_durable" in caplog.text
    careful.close()


def test_a_durable_save_waits_for_replicas_and_warns_when_there_are_too_few(
    redis_url: str, namespace: str, add: Add, caplog: pytest.LogCaptureFixture
) -> None:
    session = add()
    careful = Store(redis_url, namespace, options=StoreOptions(wait_replicas=1, wait_timeout_ms=20))
    with caplog.at_level(logging.WARNING):
        careful.sessions.save(session, {Lane.START: 1.0}, durable=True)
        session = careful.sessions.get("class") or session
        with pytest.raises(Conflict):
            careful.sessions.save(session.evolve(revision="0" * 16), {Lane.START: 1.0}, durable=True)
    assert "not_durable" in caplog.text
    careful.close()
