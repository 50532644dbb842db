"""The queues that workers consume, and what is known of a worker's pool."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery.worker import state

GENERAL_QUEUE = "recorder"
STOP_QUEUE = "recorder.stop"
NOTIFY_QUEUE = "recorder.notify"  # of workers that deliver notifications and do nothing else of ours
IN_PROCESS = frozenset({"thread", "solo", "gevent", "eventlet"})


def own_queue(worker: str) -> str:
    """The queue that only this worker reads: its dispatcher's way to its own pool."""
    return f"recorder.at.{worker}"


def in_threads(worker: Any) -> bool:
    """Whether the pool is one of threads, which whoever has work may hand it to."""
    return _pool(worker) == "thread"


def in_process(worker: Any) -> bool:
    """Whether the pool's tasks run in this process, and so can tell us when they end."""
    return _pool(worker) in IN_PROCESS


def _pool(worker: Any) -> str:
    return str(worker.pool_cls.__module__).rsplit(".", 1)[-1]


def ours_in_pool(like: Callable[[Any], bool] = lambda request: True) -> int:
    """How many of our tasks this worker has in its pool, of those that are ``like`` that."""
    while True:
        try:
            ours = (one for one in state.reserved_requests if one.name.startswith("recorder."))
            return sum(1 for request in ours if like(request))
        except RuntimeError:  # the consumer's thread took or finished one meanwhile
            continue
