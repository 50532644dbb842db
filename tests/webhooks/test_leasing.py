"""Deliveries in Redis: leased, tried again, received or given up."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import redis

from recorder_tasks.core.session import Session
from recorder_tasks.flow.webhooks import Webhooks
from recorder_tasks.store import Event, Store
from recorder_tasks.store import webhooks as of_store
from tests.webhooks.conftest import drain, due, kept

MakeWebhooks = Callable[..., Webhooks]
Tell = Callable[..., str]
URL = "http://127.0.0.1:9/hook"
TOLD = Event("webhook.dead", {})


@pytest.fixture
def one_due(
    make_webhooks: MakeWebhooks, store: Store, tell: Tell, a_class: Callable[..., Session]
) -> Webhooks:
    a_class()
    webhooks = make_webhooks(office=URL)
    webhooks.outbox.move()
    tell()
    drain(webhooks.outbox)
    return webhooks


def leased(store: Store, lease: float = 60.0) -> tuple[of_store.Delivery, str]:
    (handed,) = store.webhooks.hand_out([("office", 5, lease)], 5).handed
    delivery = store.webhooks.open(handed.id, handed.token)
    assert delivery is not None
    return delivery, handed.token


def test_what_is_leased_is_not_handed_out_until_the_lease_ends(one_due: Webhooks, store: Store) -> None:
    store.clock.set_test()
    delivery, token = leased(store)
    again = store.webhooks.hand_out([("office", 5, 60.0)], 5)
    assert again.handed == ()
    assert again.next_due is not None
    assert 55 < again.next_due - again.now <= 60
    store.clock.jump(61)
    second, other = leased(store)
    assert (second.id, second.attempts) == (delivery.id, 2)
    assert store.webhooks.open(delivery.id, token) is None
    assert store.webhooks.attempted(delivery, token, "again", after=9, error="x", told=TOLD) is None
    assert store.webhooks.attempted(delivery, token, "dead", error="x", told=TOLD) is None
    assert store.webhooks.open(delivery.id, other) is not None


def test_that_it_was_received_counts_even_from_one_who_was_too_late(
    one_due: Webhooks, store: Store, raw: redis.Redis
) -> None:
    store.clock.set_test()
    delivery, token = leased(store)
    store.clock.jump(61)
    leased(store)
    assert store.webhooks.attempted(delivery, token, "sent", told=TOLD) == 0
    assert (due(store), kept(raw, store)) == ([], [])
    assert store.webhooks.attempted(delivery, token, "sent", told=TOLD) is None
    assert store.webhooks.accounts(["office"])["office"].sent == 1


def test_no_subscription_gets_more_than_its_hands(
    make_webhooks: MakeWebhooks, store: Store, tell: Tell
) -> None:
    webhooks = make_webhooks(office=URL, hall=URL)
    webhooks.outbox.move()
    for _ in range(5):
        tell()
    drain(webhooks.outbox)
    names = [one.subscription for one in webhooks.hand_out({"office": 2, "hall": 3}, 9).handed]
    assert (names.count("office"), names.count("hall")) == (2, 3)
    assert len(webhooks.hand_out({"office": 9, "hall": 9}, 2).handed) == 2


def test_a_delivery_whose_record_is_gone_leaves_the_queue(
    one_due: Webhooks, store: Store, raw: redis.Redis
) -> None:
    raw.delete(*kept(raw, store))
    assert one_due.hand_out({"office": 5}, 5).handed == ()
    assert due(store) == []


def test_dead_letters_are_capped_and_the_first_one_is_told(
    make_webhooks: MakeWebhooks, store: Store, tell: Tell, raw: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_store, "MOST_DEAD", 3)
    webhooks = make_webhooks(office=URL)
    webhooks.outbox.move()
    told = [tell() for _ in range(5)]
    drain(webhooks.outbox)
    fell = []
    for handed in sorted(webhooks.hand_out({"office": 9}, 9).handed, key=lambda one: one.id):
        delivery = store.webhooks.open(handed.id, handed.token)
        assert delivery is not None
        fell.append(store.webhooks.attempted(delivery, handed.token, "dead", error="x", told=TOLD))
    assert fell == [0, 0, 0, 1, 1]
    page = webhooks.dead()
    assert [letter.id.rpartition("_")[2] for letter in page.letters] == told[:1:-1]
    assert len(kept(raw, store)) == 3
    account = store.webhooks.accounts(["office"])["office"]
    assert (account.died, account.fell, account.dead) == (5, 2, 3)
    assert [event.type for event in store.events.recent(50)].count("webhook.dead") == 1


def attempt(webhooks: Webhooks, result: Any, count: int, after: float = 0.0) -> int:
    """So many of the office that are due come to this; how many there were."""
    handed = webhooks.hand_out({"office": count}, count).handed
    for one in handed:
        delivery = webhooks.store.webhooks.open(one.id, one.token)
        assert delivery is not None
        webhooks.store.webhooks.attempted(delivery, one.token, result, after=after, error="x", told=TOLD)
    return len(handed)


def test_what_waits_is_due_at_once_when_a_receiver_is_well_again(
    make_webhooks: MakeWebhooks, store: Store, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_store, "HURRY", {"failing": 60.0, "most": 3})
    store.clock.set_test()
    webhooks = make_webhooks(office=URL)
    webhooks.outbox.move()
    for _ in range(8):
        tell()
    drain(webhooks.outbox)
    assert attempt(webhooks, "again", 7, after=7200) == 7
    store.clock.jump(61)
    assert attempt(webhooks, "sent", 9) == 1
    assert attempt(webhooks, "sent", 9) == 3
    assert attempt(webhooks, "sent", 9) == 4
    assert due(store) == []


def test_a_single_failure_brings_nothing_forward(
    make_webhooks: MakeWebhooks, store: Store, tell: Tell
) -> None:
    store.clock.set_test()
    webhooks = make_webhooks(office=URL)
    webhooks.outbox.move()
    for _ in range(3):
        tell()
    drain(webhooks.outbox)
    assert attempt(webhooks, "again", 2, after=7200) == 2
    store.clock.jump(30)
    assert attempt(webhooks, "sent", 9) == 1
    assert attempt(webhooks, "sent", 9) == 0


def test_a_delivery_says_what_happened_to_whom(one_due: Webhooks, store: Store) -> None:
    delivery, _ = leased(store)
    said: Any = json.loads(delivery.body)
    assert said["type"] == delivery.type == "session.completed"
    assert said["data"]["session_id"] == delivery.session == "r-1"
    assert said["data"]["channel"] == "math"
