"""What Celery does to a connection that it has lost must not end the worker."""

from __future__ import annotations

import pytest
from kombu.entity import Queue
from kombu.messaging import Consumer, Producer

from recorder_tasks.broker import QuickConnection
from tests.journeys.own_redis import OwnRedis


@pytest.mark.integration
def test_a_connection_that_died_with_a_message_in_hand_and_a_read_under_way_can_be_closed(
    own_redis: OwnRedis,
) -> None:
    connection = QuickConnection(own_redis.url)
    channel, another = connection.default_channel, connection.channel()
    queue = Queue("recorder")
    Producer(channel).publish({}, routing_key="recorder", declare=[queue])
    received: list[object] = []
    consumer = Consumer(channel, [queue], callbacks=[lambda _, message: received.append(message)])
    consumer.consume()
    Consumer(another, [Queue("another")]).consume()  # as a worker has for its remote control
    connection.drain_events(timeout=5)
    assert len(received) == 1
    with pytest.raises(TimeoutError):
        connection.drain_events(timeout=0.1)
    own_redis.kill()
    connection.collect(socket_timeout=1)  # as Celery's consumer does, in this order
    connection.close()
