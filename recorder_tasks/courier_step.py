"""The couriers' place in a Celery worker: beside the pool of a general one, or with a pool for themselves."""

from __future__ import annotations

from typing import Any

from celery import bootsteps, signals

from recorder_tasks.broker import hand_over
from recorder_tasks.flow.courier import Courier, Pool
from recorder_tasks.pools import (
    GENERAL_QUEUE,
    NOTIFY_QUEUE,
    STOP_QUEUE,
    in_process,
    ours_in_pool,
    own_queue,
)
from recorder_tasks.settings import load
from recorder_tasks.store import Handed
from recorder_tasks.wiring import name_worker, wiring

TASK = "recorder.notify"
SUBSCRIPTION = 2  # among the task's arguments


class CourierStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """On the worker's blueprint, as the dispatcher is. Without webhooks in the settings there is none."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        super().__init__(worker, **kwargs)
        consumed = set(worker.app.amqp.queues.consume_from)
        self.alone = NOTIFY_QUEUE in consumed and not consumed & {GENERAL_QUEUE, STOP_QUEUE}
        self.courier: Courier | None = None
        self._receiver = f"recorder.delivered.{id(self)}"
        configured = bool((worker.app.recorder_settings or load()).webhooks)
        self.enabled = configured and (self.alone or GENERAL_QUEUE in consumed)
        if self.enabled and self.alone:
            worker.app.amqp.queues.select_add(own_queue(worker.hostname))
            name_worker(worker.hostname)

    def start(self, worker: Any) -> None:
        parts = wiring(worker.app.recorder_settings, worker=worker.hostname)
        pool = _pool(worker) if self.alone else None
        self.courier = Courier(parts.webhooks, worker.hostname, pool)
        signals.task_postrun.connect(self._over, weak=False, dispatch_uid=self._receiver)
        self.courier.start()

    def _over(self, task: Any = None, args: Any = (), **_: Any) -> None:
        if self.courier is not None and task is not None and task.name == TASK and len(args) > 1:
            self.courier.freed(str(args[1]))

    def stop(self, worker: Any) -> None:
        signals.task_postrun.disconnect(dispatch_uid=self._receiver)
        if self.courier is not None:
            self.courier.stop()

    terminate = stop


def _pool(worker: Any) -> Pool:
    def send(handed: Handed) -> None:
        args = (handed.id, handed.token, handed.subscription)
        hand_over(worker, (TASK,), args, shown=(handed.id, handed.subscription))

    def busy(name: str | None) -> int:
        return ours_in_pool(lambda request: name is None or _subscription(request) == name)

    return Pool(int(worker.concurrency), send, None if in_process(worker) else busy)


def _subscription(request: Any) -> str | None:
    args = request.args
    return str(args[SUBSCRIPTION]) if len(args) > SUBSCRIPTION else None
