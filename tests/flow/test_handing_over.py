"""A worker's own tasks go into its own threads; what cannot goes through the broker, and nothing twice."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from celery.concurrency import get_implementation
from kombu.message import Message

from recorder_tasks.broker import OwnAMQP, hand_over
from recorder_tasks.pools import own_queue

NAMES = ("recorder.acquire", "recorder.start")
HOST = "one@host"


class Strategies(dict[str, Any]):
    """A worker's, which keep what they are given."""

    def __init__(self, fault: Exception | None = None) -> None:
        super().__init__(dict.fromkeys(NAMES, self.take))
        self.taken: list[Message] = []
        self.fault = fault

    def take(self, message: Message, body: Any, ack: Any, reject: Any, callbacks: Any) -> None:
        if self.fault is not None:
            raise self.fault
        ack()
        self.taken.append(message)


class Desk:
    """An app with one worker; ``sent`` is what went to the broker."""

    def __init__(self, pool: str, strategies: Strategies) -> None:
        self.app = Celery("team", broker="memory://", amqp=OwnAMQP, set_as_current=False)
        consumer = SimpleNamespace(strategies=strategies, on_task_message=set())
        pool_cls = get_implementation(pool)
        self.worker = SimpleNamespace(app=self.app, hostname=HOST, pool_cls=pool_cls, consumer=consumer)
        self.app.amqp.worker = self.worker
        self.strategies = strategies

    def hand_over(self) -> None:
        hand_over(self.worker, NAMES, ("r-1", "token"), shown=("r-1",))

    @property
    def sent(self) -> list[Message]:
        with self.app.connection_for_read() as connection:
            queue = connection.SimpleQueue(own_queue(HOST))
            found = [queue.get_nowait() for _ in range(queue.qsize())]
            queue.close()
        return found


def told(message: Message) -> tuple[str, list[Any], str]:
    """What a message asks for: the task, the arguments, and what people are shown of those."""
    args, kwargs, _ = json.loads(message.body)
    assert not kwargs
    return message.headers["task"], args, message.headers["argsrepr"]


ACQUIRE = ("recorder.acquire", ["r-1", "token"], "('r-1',)")


def test_threads_are_handed_the_task_and_no_broker_hears_of_it() -> None:
    desk = Desk("threads", Strategies())
    desk.hand_over()
    assert [told(one) for one in desk.strategies.taken] == [ACQUIRE]
    assert not desk.sent


def test_the_next_link_goes_the_same_way() -> None:
    desk = Desk("threads", Strategies())
    desk.hand_over()
    (link,) = json.loads(desk.strategies.taken[0].body)[2]["chain"]
    desk.app.signature(link).apply_async()
    assert [told(one)[0] for one in desk.strategies.taken] == list(NAMES)
    assert told(desk.strategies.taken[1])[1:] == ACQUIRE[1:]
    assert not desk.sent


@pytest.mark.parametrize(
    ("pool", "strategies"),
    [
        ("prefork", Strategies()),
        ("solo", Strategies()),
        ("threads", Strategies(RuntimeError("cannot schedule new futures after shutdown"))),
    ],
    ids=["prefork", "solo", "a pool that has ended"],
)
def test_what_no_thread_takes_goes_through_the_broker_once(pool: str, strategies: Strategies) -> None:
    desk = Desk(pool, strategies)
    desk.hand_over()
    assert [told(one) for one in desk.sent] == [ACQUIRE]
    assert not strategies.taken


def test_a_worker_that_only_begins_sends_through_the_broker() -> None:
    desk = Desk("threads", Strategies())
    desk.worker.consumer = None
    desk.hand_over()
    assert [told(one) for one in desk.sent] == [ACQUIRE]


def test_what_is_for_others_never_stays_here() -> None:
    desk = Desk("threads", Strategies())
    desk.app.signature("recorder.acquire", args=("r-1", "t"), queue=own_queue("two@host")).apply_async()
    assert not desk.strategies.taken
