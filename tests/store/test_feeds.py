"""Feeds: events, live takes, wake-ups and heartbeats reach whoever listens, or say that some are missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import Thread
from typing import Any

import redis

from recorder_tasks.core.session import Lane, Session, State
from recorder_tasks.store import Event, LiveTake, Store

Add = Callable[..., Session]


def live(sid: str) -> LiveTake:
    place = {"session": "class", "app": "default", "channel": "math", "uid": 2}
    return LiveTake(key=sid, sid=sid, resource_id="r", mode="mix", deadline=9e9, **place)


def save(store: Store, session: Session, **more: Any) -> Session:
    return store.sessions.save(session, {Lane.STOP: 9e9}, **more)


def test_a_scheduled_session_has_no_stream_of_its_own(store: Store, raw: redis.Redis, add: Add) -> None:
    session = save(store, add(), events=[Event("session.extended")])
    assert store.events.of("class") == []
    save(store, session.evolve(state=State.STARTING), events=[Event("session.starting", {"n": 1})])
    (own,) = store.events.of("class")
    assert (own.type, own.session, own.data) == ("session.starting", "class", {"n": 1})
    assert [event.type for event in store.events.of(None)] == ["session.extended", "session.starting"]
    assert [event.type for event in store.events.recent(1)] == ["session.starting"]


def test_a_reader_goes_on_after_the_event_it_saw(store: Store) -> None:
    for number in range(5):
        store.events.append("class", Event(f"n{number}"))
    first = store.events.of("class", limit=2)
    rest = store.events.of("class", after=first[-1].id)
    assert [event.type for event in (*first, *rest)] == ["n0", "n1", "n2", "n3", "n4"]


def test_a_tail_waits_for_what_comes_and_no_longer_than_asked(store: Store) -> None:
    assert store.events.tail("class", after="0", block_ms=0) == []
    assert store.events.tail("class", after="$", block_ms=20) == []
    teller = Thread(target=store.events.append, args=("class", Event("told")))
    teller.start()
    assert [event.type for event in store.events.tail("class", after="0", block_ms=20_000)] == ["told"]
    teller.join()


def test_streams_are_capped(store: Store, raw: redis.Redis) -> None:
    for _ in range(1000):
        store.events.append("class", Event("told"))
    assert raw.xlen(store.keys.events("class")) < 500


def test_live_takes_are_listed_while_they_live_and_every_change_is_fed(store: Store, add: Add) -> None:
    _, start, _ = store.takes.changes("$", 0)
    session = save(store, add(), live=[live("one"), live("two")])
    save(store, session, over=["one"])
    assert store.takes.all() == {"two": live("two")}
    entries, last, gap = store.takes.changes(start, 0)
    assert [(entry.op, entry.key) for entry in entries] == [("live", "one"), ("live", "two"), ("over", "one")]
    assert entries[0].take == live("one")
    assert not gap
    assert store.takes.changes(last, 0) == ([], last, False)
    assert store.takes.changes("$", 0) == ([], last, False)


def test_a_feed_that_was_cut_or_lost_says_so(store: Store, raw: redis.Redis, add: Add) -> None:
    session = save(store, add(), live=[live("one")])
    last = store.takes.last_id()
    session = save(store, session, live=[live("two")])
    session = save(store, session, live=[live("three")])
    raw.xtrim(store.keys("takes"), maxlen=1, approximate=False)
    assert store.takes.changes(last, 0)[2]
    assert store.takes.changes("0-0", 0)[2]
    raw.delete(store.keys("takes"))
    assert store.takes.changes(last, 0)[2]
    assert not store.takes.changes("0-0", 0)[2]


def test_only_a_new_head_of_a_lane_is_published(store: Store, raw: redis.Redis, add: Add) -> None:
    with raw.pubsub() as listener:
        listener.subscribe(store.keys("wake"))
        assert listener.get_message(timeout=5.0)["type"] == "subscribe"
        session = add("first", dues={Lane.START: 100.0})
        add("later", dues={Lane.START: 200.0})
        store.sessions.save(session, {Lane.START: session.created_at + 100.0})
        add("sooner", dues={Lane.START: 50.0})
        store.events.append(None, Event("end"))
        heard = []
        while (message := listener.get_message(timeout=0.3)) is not None:
            heard.append(message["data"].split())
    times = [round(float(at) - session.created_at) for _, at in heard]
    assert [lane for lane, _ in heard] == ["start", "start"]
    assert times[0] == 100
    assert 49 <= times[1] <= 60


def test_a_poke_after_closing_does_no_harm(store: Store) -> None:
    wakeups = store.wakeups()
    with wakeups:
        assert wakeups.wait(5.0)
    wakeups.poke()
    assert wakeups.wait(0.0)


def test_workers_are_heard_by_the_server_s_own_time(store: Store, raw: redis.Redis) -> None:
    store.clock.set_test(rate=20.0, offset=1e6)
    store.workers.beat("worker@one", {"lanes": ["stop"]})
    assert store.workers.alive(30.0)["worker@one"]["lanes"] == ["stop"]
    said = json.loads(raw.hget(store.keys("workers"), "worker@one") or "{}")
    raw.hset(store.keys("workers"), "worker@one", json.dumps({**said, "at": said["at"] - 7200}))
    assert store.workers.alive(30.0) == {}
    assert raw.hlen(store.keys("workers")) == 0
