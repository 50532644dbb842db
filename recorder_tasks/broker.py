"""How our own Celery app speaks to its broker: it comes back to it quickly, and does without it where it can.

What a worker sends to itself (a claim's task, and the next link of its chain) it hands straight to its own
threads. Through the broker such a message cost as much as the step it stands for, and it was no safer there:
nobody else reads a worker's own queue, and the lease is what brings lost work back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from celery import signals
from celery.app.amqp import AMQP, task_message
from kombu.connection import Connection
from kombu.message import Message
from kombu.serialization import dumps
from kombu.utils.uuid import uuid

from recorder_tasks.messages import careful
from recorder_tasks.pools import in_threads, own_queue

log = logging.getLogger(__name__)

RECONNECT_EVERY = 2.0  # seconds; kombu's own gap grows to 30, which a class would begin late by
SERIALIZER = "json"


class QuickConnection(Connection):
    """A broker connection that is tried anew every two seconds, however long the broker has been away."""

    def _ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
        gaps = {"interval_start": 0.5, "interval_step": 0.5, "interval_max": RECONNECT_EVERY}
        return super()._ensure_connection(*args, **{**gaps, **kwargs})

    def get_transport_cls(self) -> type:
        return careful(super().get_transport_cls())

    def maybe_close_channel(self, channel: Any) -> None:
        """Celery closes a lost connection twice; that its transport has gone by then is no error either.

        A channel that was reading when the broker died is closed only then, with the message it had in hand.
        """
        with suppress(AttributeError):
            super().maybe_close_channel(channel)


class OwnAMQP(AMQP):  # type: ignore[misc]
    """Celery's, with those connections, and the short way into the process's own pool."""

    Connection = QuickConnection
    BrokerConnection = QuickConnection
    worker: Any = None  # that runs in this process

    def _create_task_sender(self) -> Callable[..., Any]:
        publish = super()._create_task_sender()

        def send(producer: Any, name: str, message: task_message, queue: Any = None, **options: Any) -> Any:
            own = self.worker is not None and getattr(queue, "name", queue) == own_queue(self.worker.hostname)
            if own and into_pool(self.worker, name, message):
                return None
            return publish(producer, name, message, queue=queue, **options)

        return send


def hand_over(worker: Any, names: Sequence[str], args: tuple[str, ...], shown: tuple[str, ...]) -> None:
    """Have the worker's own pool carry out these tasks, one after the other, all with the same arguments.

    ``shown``: the arguments that people who watch the tasks shall see. Says the same as a chain's
    ``apply_async()``, at a fraction of its cost.
    """
    app, queue = worker.app, own_queue(worker.hostname)
    link = {"argsrepr": repr(shown), "ignore_result": True}
    rest = [app.signature(one, args=args, immutable=True, queue=queue, **link) for one in reversed(names[1:])]
    if not into_pool(worker, names[0], app.amqp.as_task_v2(uuid(), names[0], args, chain=rest, **link)):
        app.send_task(names[0], args, chain=rest, queue=queue, **link)


def into_pool(worker: Any, name: str, message: task_message) -> bool:
    """Hand a task to the worker's own threads, as if its message had just been received.

    False where it has to go through the broker: other pools are fed by the thread that reads the broker only,
    a worker that begins has no strategies yet, and one that ends takes nothing more.
    """
    strategy = getattr(worker.consumer, "strategies", {}).get(name)
    if strategy is None or not in_threads(worker):
        return False
    about = {"exchange": "", "routing_key": own_queue(worker.hostname)}
    headers, properties, body, _ = message
    signals.before_task_publish.send(name, body=body, headers=headers, properties=properties, **about)
    content_type, encoding, text = dumps(body, SERIALIZER)
    received = Message(
        text,
        content_type=content_type,
        content_encoding=encoding,
        headers=headers,
        properties=properties,
        delivery_info=about,
    )
    try:
        strategy(received, None, _nothing, _nothing, worker.consumer.on_task_message)
    except RuntimeError as ended:  # the pool's, which takes nothing more
        log.debug("broker.pool_ended %s: %s", name, ended)
        return False
    signals.after_task_publish.send(name, body=body, headers=headers, **about)
    return True


def _nothing(*_: Any) -> None:
    """To acknowledge or to reject: no broker knows of the message."""
