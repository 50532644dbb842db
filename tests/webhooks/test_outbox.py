"""Events become deliveries, each once, whoever does it and whatever they miss."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import redis

from recorder_tasks.flow.outbox import BATCH, MOST_WAITING, Outbox
from recorder_tasks.flow.retries import LIFETIME
from recorder_tasks.flow.webhooks import Webhooks
from recorder_tasks.store import Event, Store
from recorder_tasks.store import webhooks as of_store
from recorder_tasks.store.events import CAP
from tests.webhooks.conftest import drain, due, kept

MakeWebhooks = Callable[..., Webhooks]
Tell = Callable[..., str]
URL = "http://127.0.0.1:9/hook"
TOLD = Event("webhook.dead", {})


def test_a_new_subscription_begins_with_what_happens_from_now_on(
    make_webhooks: MakeWebhooks, store: Store, tell: Tell
) -> None:
    tell()
    outbox = make_webhooks(office=URL).outbox
    assert drain(outbox) == 0
    told = tell()
    drain(outbox)
    (delivery_id,) = due(store)
    assert delivery_id.startswith("msg_")
    assert delivery_id.endswith(f"_{told}")
    both = make_webhooks(office=URL, late=URL).outbox
    drain(both)
    assert due(store, "late") == []
    tell()
    drain(both)
    assert (len(due(store)), len(due(store, "late"))) == (2, 1)


def test_a_namespace_without_any_event_begins_with_its_first_one(
    make_webhooks: MakeWebhooks, store: Store, tell: Tell
) -> None:
    outbox = make_webhooks(office=URL).outbox
    outbox.move()
    tell()
    drain(outbox)
    assert len(due(store)) == 1


def test_many_couriers_at_once_neither_lose_nor_double(
    make_webhooks: MakeWebhooks, store: Store, tell: Tell, raw: redis.Redis
) -> None:
    webhooks = make_webhooks(office=URL, hall={"url": URL, "events": ["session.*"]})
    webhooks.outbox.move()
    told = [tell("session.completed" if number % 2 else "session.moved") for number in range(3 * BATCH)]
    at_once = Barrier(6)

    def courier(_: int) -> None:
        outbox = Outbox(store, webhooks.settings)
        at_once.wait()
        drain(outbox)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(courier, range(6)))
    drain(webhooks.outbox)
    assert [one.rpartition("_")[2] for one in sorted(due(store))] == sorted(told[1::2])
    assert [one.rpartition("_")[2] for one in sorted(due(store, "hall"))] == sorted(told)
    assert len(kept(raw, store)) == len(told) * 3 // 2
    assert len({one.split("_")[1] for one in due(store) + due(store, "hall")}) == 2


def test_who_was_overtaken_writes_nothing(
    make_webhooks: MakeWebhooks, store: Store, tell: Tell, raw: redis.Redis
) -> None:
    make_webhooks(office=URL).outbox.move()
    at = store.webhooks.places(["office"])["office"]
    told = tell()
    drafts = [of_store.Draft(f"msg_{at.tag}_{told}", "session.completed", "r-1", "{}")]
    assert store.webhooks.move("office", at.cursor, told, drafts)
    assert not store.webhooks.move("office", at.cursor, told, drafts)
    assert len(kept(raw, store)) == 1
    assert store.webhooks.places(["office"])["office"].cursor == told


def test_two_that_begin_a_subscription_at_once_agree_on_where(store: Store, tell: Tell) -> None:
    first = tell()
    with ThreadPoolExecutor(6) as pool:
        places = list(pool.map(lambda _: store.webhooks.places(["office"])["office"], range(6)))
    assert len(set(places)) == 1
    assert places[0].cursor == first


def test_a_worker_with_other_settings_takes_nothing_from_a_subscription_that_it_does_not_know(
    make_webhooks: MakeWebhooks, store: Store, tell: Tell
) -> None:
    make_webhooks(office=URL).outbox.move()
    tell()
    older = make_webhooks(hall=URL)
    drain(older.outbox)
    assert older.hand_out({"hall": 9}, 9).handed == ()
    drain(make_webhooks(office=URL).outbox)
    assert len(due(store)) == 1


def test_events_that_the_stream_has_dropped_are_told_and_the_rest_goes_on(
    make_webhooks: MakeWebhooks, store: Store, tell: Tell, raw: redis.Redis
) -> None:
    outbox = make_webhooks(office=URL).outbox
    outbox.move()
    tell()
    pipe = raw.pipeline(transaction=False)
    fields = {"type": "session.moved", "session": "r-1", "at": f"{store.clock.now():.6f}", "data": "{}"}
    for _ in range(CAP + 300):
        pipe.xadd(store.keys.events(None), fields, maxlen=CAP, approximate=True)
    pipe.execute()
    last = tell()
    drain(outbox)
    assert [one.rpartition("_")[2] for one in due(store)] == [last]
    gaps = [event for event in store.events.recent(50) if event.type == "webhook.gap"]
    assert [event.data["why"] for event in gaps] == ["trimmed"]
    assert store.webhooks.accounts(["office"])["office"].gaps == 1


def test_what_happened_more_than_a_day_ago_is_not_news(
    make_webhooks: MakeWebhooks, store: Store, tell: Tell
) -> None:
    store.clock.set_test()
    outbox = make_webhooks(office=URL).outbox
    outbox.move()
    tell()
    store.clock.jump(LIFETIME + 60)
    fresh = tell()
    drain(outbox)
    assert [one.rpartition("_")[2] for one in due(store)] == [fresh]
    gaps = [event.data["why"] for event in store.events.recent(50) if event.type == "webhook.gap"]
    assert gaps == ["older than a day"]


def test_a_subscription_with_too_much_waiting_leaves_events_in_the_stream(
    make_webhooks: MakeWebhooks, store: Store, tell: Tell, raw: redis.Redis
) -> None:
    webhooks = make_webhooks(office=URL, hall=URL)
    webhooks.outbox.move()
    key = store.keys("webhook", "office", "due")
    raw.zadd(key, {f"msg_{number}": 9e9 for number in range(MOST_WAITING)})
    tell()
    drain(webhooks.outbox)
    assert (len(due(store, "hall")), raw.zcard(key)) == (1, MOST_WAITING)
    assert [one.crowded for one in webhooks.subscriptions()] == [False, True]
    raw.zrem(key, "msg_1")
    drain(webhooks.outbox)
    assert raw.zcard(key) == MOST_WAITING
