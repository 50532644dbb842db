"""The couriers at work: at once, beside each other, and past receivers that answer nobody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from threading import Event as Flag
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from celery import Celery
from celery.utils.imports import symbol_by_name
from celery.worker import WorkController

from recorder_tasks.celery_app import DispatcherStep, attach
from recorder_tasks.core.session import Session
from recorder_tasks.courier_step import CourierStep
from recorder_tasks.flow.courier import Courier, Pool
from recorder_tasks.flow.webhooks import Webhooks
from recorder_tasks.store import Event, Handed, Store, StoreUnavailable
from tests.journeys.house import until
from tests.webhooks.receiver import Receiver, Reply

MakeWebhooks = Callable[..., Webhooks]
Tell = Callable[..., str]


@pytest.fixture
def run(store: Store) -> Iterator[Callable[..., Courier]]:
    """Starts a courier, which is stopped at the end."""
    started: list[Courier] = []

    def start(webhooks: Webhooks, name: str = "one@test", pool: Pool | None = None) -> Courier:
        courier = Courier(webhooks, name, pool)
        courier.start()
        started.append(courier)
        names = set(webhooks.settings.webhooks)
        until(lambda: names <= set(store.webhooks.known()), what="the subscriptions to begin")
        return courier

    yield start
    for courier in started:
        courier.stop()


@pytest.fixture(autouse=True)
def klass(a_class: Callable[..., Session]) -> Session:
    return a_class()


def test_an_event_is_delivered_without_anybody_looking(
    make_webhooks: MakeWebhooks, receiver: Receiver, tell: Tell, run: Callable[..., Courier]
) -> None:
    run(make_webhooks(office=receiver.url))
    told = [tell() for _ in range(20)]
    until(lambda: len(receiver.ids) == 20)
    assert sorted(one.rpartition("_")[2] for one in receiver.ids) == sorted(told)


def test_several_couriers_deliver_each_event_once(
    make_webhooks: MakeWebhooks, receiver: Receiver, tell: Tell, run: Callable[..., Courier], store: Store
) -> None:
    webhooks = make_webhooks(office=receiver.url)
    for name in ("one", "two", "three"):
        run(Webhooks(store, webhooks.settings), name)
    told = [tell() for _ in range(150)]
    until(lambda: store.webhooks.accounts(["office"])["office"].sent == 150)
    assert sorted(one.rpartition("_")[2] for one in receiver.ids) == sorted(told)


def test_a_receiver_that_answers_nobody_keeps_only_its_own_waiting(
    make_webhooks: MakeWebhooks,
    make_receiver: Callable[[], Receiver],
    tell: Tell,
    run: Callable[..., Courier],
    store: Store,
) -> None:
    well, dead = make_receiver(), make_receiver()
    dead.gate.clear()
    run(make_webhooks(a_dead_one={"url": dead.url, "timeout": 30}, office=well.url))
    told = [tell() for _ in range(60)]
    until(lambda: len(well.ids) == len(told))
    assert len(dead.ids) == 2  # its hands
    assert store.webhooks.accounts(["a_dead_one"])["a_dead_one"].failed == 0


def test_what_failed_is_tried_again_by_itself(
    make_webhooks: MakeWebhooks, receiver: Receiver, tell: Tell, run: Callable[..., Courier], store: Store
) -> None:
    store.clock.set_test(rate=20)
    receiver.answer = lambda got: Reply(500 if len(receiver.ids) < 3 else 200)
    run(make_webhooks(office=receiver.url))
    tell()
    until(lambda: store.webhooks.accounts(["office"])["office"].sent == 1)
    assert len(receiver.ids) == 3
    assert len(set(receiver.ids)) == 1


def test_a_courier_that_dies_with_a_delivery_in_hand_loses_nothing(
    make_webhooks: MakeWebhooks, receiver: Receiver, tell: Tell, run: Callable[..., Courier], store: Store
) -> None:
    store.clock.set_test()
    webhooks = make_webhooks(office=receiver.url)
    webhooks.outbox.move()
    told = tell()
    webhooks.outbox.move()
    assert len(webhooks.hand_out({"office": 1}, 1).handed) == 1  # and then it is never heard of again
    run(webhooks)
    store.clock.jump(60)
    until(lambda: len(receiver.ids) == 1)
    assert receiver.ids[0].endswith(told)


def test_one_that_is_stopped_ends_soon_whatever_the_receiver_does(
    make_webhooks: MakeWebhooks, receiver: Receiver, tell: Tell, run: Callable[..., Courier]
) -> None:
    receiver.gate.clear()
    courier = run(make_webhooks(office={"url": receiver.url, "timeout": 30}))
    tell()
    until(lambda: receiver.ids)
    stopper = Thread(target=courier.stop)
    stopper.start()
    stopper.join(20)
    assert not stopper.is_alive()
    tell()
    assert len(receiver.ids) == 1


def test_redis_may_be_away(
    make_webhooks: MakeWebhooks,
    receiver: Receiver,
    tell: Tell,
    run: Callable[..., Courier],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    webhooks = make_webhooks(office=receiver.url)
    run(webhooks)
    missed = Flag()

    def away(*_: Any, **__: Any) -> Any:
        missed.set()
        raise StoreUnavailable("Redis is out of reach")

    with monkeypatch.context() as broken:
        broken.setattr(webhooks.outbox, "move", away)
        broken.setattr(webhooks, "hand_out", away)
        tell()
        assert missed.wait(20)
    until(lambda: len(receiver.ids) == 1)


class FakePool:
    """A pool of Celery's: it takes tasks, and does them when it is told to."""

    def __init__(self) -> None:
        self.has: list[Handed] = []

    def busy(self, name: str | None) -> int:
        return sum(1 for one in self.has if name in (None, one.subscription))


@pytest.mark.parametrize("tells", [True, False])
def test_a_pool_of_its_own_is_never_given_more_than_it_has_hands_for(
    make_webhooks: MakeWebhooks,
    receiver: Receiver,
    tell: Tell,
    run: Callable[..., Courier],
    store: Store,
    tells: bool,
) -> None:
    many = {"url": receiver.url, "concurrency": 9}
    webhooks = make_webhooks(office=many, hall=many)
    fake = FakePool()
    courier = run(webhooks, "notifier@test", Pool(4, fake.has.append, None if tells else fake.busy))
    for _ in range(6):
        tell()
    most = 0
    end = time.monotonic() + 60
    while store.webhooks.accounts(["office", "hall"])["office"].sent < 6 or len(receiver.ids) < 12:
        assert time.monotonic() < end
        most = max(most, fake.busy(None), 2 * fake.busy("office"), 2 * fake.busy("hall"))
        if fake.has:
            one = fake.has[0]
            webhooks.deliver(one.id, one.token)
            fake.has.remove(one)
            if tells:
                courier.freed(one.token)
    assert most <= 4
    assert len(set(receiver.ids)) == 12


def test_general_workers_stand_by_where_one_for_notifications_is_alive(
    make_webhooks: MakeWebhooks, receiver: Receiver, tell: Tell, store: Store
) -> None:
    webhooks = make_webhooks(office=receiver.url)
    webhooks.outbox.move()
    tell()
    webhooks.outbox.move()
    alone = Courier(webhooks, "notifier@test", Pool(2, [].append))
    general = Courier(webhooks, "general@test")
    alone._tell_or_ask()
    general.look()
    (handed,) = webhooks.hand_out({"office": 1}, 1).handed
    delivery = store.webhooks.open(handed.id, handed.token)
    assert delivery is not None
    assert delivery.attempts == 1
    assert store.webhooks.attempted(delivery, handed.token, "again", told=Event("webhook.dead")) == 0
    older = Courier(make_webhooks(hall=receiver.url), "older@test", Pool(2, [].append))
    store.workers.beat("notifier@test", {"lanes": []})
    older._tell_or_ask()
    Courier(webhooks, "general@test").look()
    until(lambda: len(receiver.ids) == 1)


@pytest.mark.parametrize(
    ("consumed", "configured", "enabled", "alone"),
    [
        (["recorder"], True, True, False),
        (["recorder", "recorder.stop", "recorder.notify"], True, True, False),
        (["recorder.notify"], True, True, True),
        (["recorder.notify", "mail"], True, True, True),
        (["recorder.stop"], True, False, False),
        (["mail"], True, False, False),
        (["recorder"], False, False, False),
        (["recorder.notify"], False, False, True),
    ],
)
def test_which_workers_have_a_courier(
    make_webhooks: MakeWebhooks,
    receiver: Receiver,
    consumed: list[str],
    configured: bool,
    enabled: bool,
    alone: bool,
) -> None:
    webhooks = make_webhooks(office=receiver.url) if configured else make_webhooks()
    app = attach(Celery("team", broker="memory://", set_as_current=False), webhooks.settings)
    app.amqp.queues.select(consumed)
    step = CourierStep(SimpleNamespace(app=app, hostname="one@test"))
    assert (bool(step.enabled), step.alone) == (enabled, alone)
    own = "recorder.at.one@test" in app.amqp.queues.consume_from
    assert own is (enabled and alone)
    assert "recorder.notify" in app.tasks


def test_a_worker_that_ends_claims_nothing_more_before_its_courier_waits_for_receivers(
    make_webhooks: MakeWebhooks,
) -> None:
    app = attach(Celery("team", broker="memory://", set_as_current=False), make_webhooks().settings)
    blueprint = WorkController.Blueprint(steps=app.steps["worker"])
    steps = {symbol_by_name(step).name: symbol_by_name(step) for step in blueprint.types}
    order = list(blueprint._finalize_steps(steps))
    assert order.index(CourierStep) < order.index(DispatcherStep)


def test_the_task_of_an_attempt_is_one_line_over_it(
    make_webhooks: MakeWebhooks, receiver: Receiver, tell: Tell, raw: redis.Redis, redis_url: str
) -> None:
    webhooks = make_webhooks(office=receiver.url)
    webhooks.outbox.move()
    tell()
    webhooks.outbox.move()
    (handed,) = webhooks.hand_out({"office": 1}, 1).handed
    settings = webhooks.settings.model_copy(update={"redis_url": redis_url})
    app = attach(Celery("team", broker="memory://", set_as_current=False), settings)
    app.tasks["recorder.notify"].apply(args=(handed.id, handed.token, "office")).get()
    assert receiver.ids == [handed.id]
