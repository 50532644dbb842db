"""Celery, as we use it: attach() adds tasks, queues and the dispatcher to an app; ``app`` is our own.

Celery carries work that is due now, as a best-effort hand-off: early acks, no eta, no expiry. The lease in
the due set is the one redelivery, so a message that is lost, doubled or late does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from celery import Celery, bootsteps, signals
from kombu.entity import Queue

from recorder_tasks.broker import OwnAMQP, hand_over
from recorder_tasks.celery_logs import Logging
from recorder_tasks.core.session import Lane
from recorder_tasks.courier_step import CourierStep
from recorder_tasks.flow.calendar import Calendar
from recorder_tasks.flow.dispatcher import GENERAL, Dispatcher, Hands
from recorder_tasks.flow.keeper import Keeper
from recorder_tasks.pools import GENERAL_QUEUE, STOP_QUEUE, in_process, ours_in_pool, own_queue
from recorder_tasks.settings import Settings, load
from recorder_tasks.store import Claim
from recorder_tasks.store.connection import CONNECT, SentinelUrl, connect
from recorder_tasks.wiring import Wiring, name_worker, wiring
from schedules.store import ScheduleStore
from schedules.zones import release

LANE_TASKS = {
    Lane.STOP: ("recorder.stop",),
    Lane.START: ("recorder.acquire", "recorder.start"),  # one chain (facts 5.1)
    Lane.CONFIRM: ("recorder.confirm",),
    Lane.UPDATE: ("recorder.update",),
    Lane.UPDATE_LAYOUT: ("recorder.update_layout",),
    Lane.QUERY: ("recorder.query",),
    Lane.SETTLE: ("recorder.settle",),
}
CHECK_EVERY = 60.0
RETIRE_EVERY = 3600.0


def attach(app: Celery, settings: Settings | None = None) -> Celery:
    """Make ``app`` able to record: the ``recorder.*`` tasks, their queues, and a dispatcher in its workers.

    The app keeps its own tasks, broker and pools. Its workers that consume the queue ``recorder`` carry out
    everything but stops, those that consume ``recorder.stop`` the stops; and they wait for a broker that is
    out of order, for however long. Returns the app.
    """
    from recorder_tasks import tasks

    if not hasattr(app, "recorder_settings"):
        tasks.register(app)
    queues = list(app.conf.task_queues or [])
    known = {queue.name for queue in queues}
    default = app.conf.task_default_queue
    wanted = [default] if not queues else []
    queues += [Queue(name) for name in (*wanted, GENERAL_QUEUE, STOP_QUEUE) if name not in known]
    app.conf.task_queues = queues
    app.conf.task_routes = _routes(app.conf.task_routes)
    app.conf.beat_schedule = {
        **dict(app.conf.beat_schedule or {}),
        "recorder.check": {"task": "recorder.check", "schedule": CHECK_EVERY},
        "recorder.retire": {"task": "recorder.retire", "schedule": RETIRE_EVERY},
    }
    # A Redis that is away for an hour, is full, or has become a replica ends no worker.
    app.conf.broker_connection_max_retries = None
    app.conf.broker_channel_error_retry = True
    app.conf.schedules_at = partial(_schedules_at, settings)
    app.steps["worker"].update((DispatcherStep, CourierStep))
    app.recorder_settings = settings
    return app


def _schedules_at(settings: Settings | None) -> ScheduleStore:
    """The schedules for a beat, over a connection like ours: schedules by itself knows no Sentinel."""
    chosen = settings or load()
    return ScheduleStore(chosen.redis_url, chosen.namespace, client=connect(chosen.redis_url))


def _routes(theirs: Any) -> Any:
    """Ours first, since a team may end its own with a rule for everything; a map, a list or one router."""
    ours = {"recorder.*": {"queue": GENERAL_QUEUE}}
    if not theirs or isinstance(theirs, Mapping):
        return {**ours, **(theirs or {})}
    return [ours, *theirs] if isinstance(theirs, (list, tuple)) else [ours, theirs]


def build(settings: Settings | None = None) -> Celery:
    """Our own app, configured as the measurements advise; broker and namespace come from the settings."""
    chosen = settings or load()
    url, options = _broker(chosen.broker)
    if chosen.namespace != "default":  # whose queues have plain names, for producers that know only those
        options["global_keyprefix"] = f"recorder:{{{chosen.namespace}}}:celery:"
    app = Celery("recorder_tasks", amqp=OwnAMQP, log=Logging)
    app.conf.update(
        broker_url=url,
        result_backend=url,
        result_expires=chosen.result_expires,
        redis_socket_timeout=10,
        redis_socket_connect_timeout=CONNECT,
        task_ignore_result=True,
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            **options,
            "socket_timeout": 10,
            "socket_connect_timeout": CONNECT,
            "health_check_interval": 5,
        },
        result_backend_transport_options=options,
        task_default_queue=GENERAL_QUEUE,
        task_serializer="json",
        accept_content=["json"],
        worker_hijack_root_logger=True,
        worker_send_task_events=False,
        beat_scheduler="schedules.beat:Scheduler",
        timezone="UTC",
        enable_utc=True,
    )
    return attach(app, settings)


def _broker(url: str) -> tuple[str, dict[str, Any]]:
    """A Redis URL as Celery spells it: one URL per Sentinel, and the master's name as an option."""
    if not url.startswith("sentinel://"):
        return url, {}
    watched = SentinelUrl.read(url)
    login = ":".join(quote(watched.login.get(part, ""), safe="") for part in ("username", "password"))
    at = f"{login}@" if watched.login else ""
    nodes = (f"sentinel://{at}{host}:{port}/{watched.database}" for host, port in watched.nodes)
    return ";".join(nodes), {"master_name": watched.master, "sentinel_kwargs": watched.sentinel_options}


class DispatcherStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """Runs the dispatcher and the journal's keeper beside a worker's pool.

    On the worker's blueprint, not the consumer's: a consumer step dies with each lost broker connection.
    """

    # Stopped in the opposite order: a courier waits for attempts, when nothing may be claimed any more.
    requires = ("celery.worker.components:Pool", "recorder_tasks.courier_step:CourierStep")

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        super().__init__(worker, **kwargs)
        self.dispatcher: Dispatcher | None = None
        self.keeper: Keeper | None = None
        self.calendar: Calendar | None = None
        self._receiver = f"recorder.freed.{id(self)}"
        self.enabled = bool(self._lanes(worker.app))
        if self.enabled:
            worker.app.amqp.queues.select_add(own_queue(worker.hostname))
            name_worker(worker.hostname)  # before the pool forks: its children write to this worker's journal

    @staticmethod
    def _lanes(app: Celery) -> tuple[Lane, ...]:
        consumed = set(app.amqp.queues.consume_from)
        lanes: tuple[Lane, ...] = (Lane.STOP,) if STOP_QUEUE in consumed else ()
        return (*lanes, *GENERAL) if GENERAL_QUEUE in consumed else lanes

    def start(self, worker: Any) -> None:
        app = worker.app
        parts: Wiring = wiring(app.recorder_settings, worker=worker.hostname)
        hands = Hands(int(worker.concurrency), None if in_process(worker) else ours_in_pool)

        def send(claim: Claim) -> None:  # the token means nothing to people
            args = (claim.session_id, claim.token)
            hand_over(worker, LANE_TASKS[claim.lane], args, shown=(claim.session_id,))

        if isinstance(app.amqp, OwnAMQP):
            app.amqp.worker = worker
        lanes = self._lanes(app)
        told: dict[str, Any] = {"zones": release()}
        if Lane.START in lanes:  # such a worker has a courier
            told["webhooks"] = sorted(parts.settings.webhooks)
        self.dispatcher = Dispatcher(parts.store, parts.settings, lanes, hands, send, worker.hostname, told)
        self.keeper = Keeper(parts.turns)
        self.dispatcher.lost = self.keeper.lost  # type: ignore[method-assign]
        if Lane.START in lanes:
            self.calendar = Calendar(parts.planner, parts.bells)
            self.calendar.start()
        signals.task_postrun.connect(self._freed, weak=False, dispatch_uid=self._receiver)
        if not in_process(worker):
            signals.task_received.connect(self._arrived, weak=False, dispatch_uid=self._receiver)
        self.dispatcher.start()
        self.keeper.start()

    def _freed(self, task: Any = None, args: Any = (), state: str | None = None, **_: Any) -> None:
        """A finished task frees its hand, save the first half of a chain that goes on."""
        if self.dispatcher is None or task is None or not str(task.name).startswith("recorder."):
            return
        goes_on = task.name == "recorder.acquire" and state == "SUCCESS"
        if len(args) >= 2 and not goes_on:
            self.dispatcher.freed(str(args[1]))

    def _arrived(self, request: Any = None, **_: Any) -> None:
        """A claim's message has arrived, and counts as a request in the pool from here on."""
        if self.dispatcher is not None and request.name.startswith("recorder.") and len(request.args) >= 2:
            self.dispatcher.hands.freed(str(request.args[1]))

    def stop(self, worker: Any) -> None:
        signals.task_postrun.disconnect(dispatch_uid=self._receiver)
        signals.task_received.disconnect(dispatch_uid=self._receiver)
        if self.dispatcher is not None:
            self.dispatcher.stop()
        if self.keeper is not None:
            self.keeper.stop()
        if self.calendar is not None:
            self.calendar.stop()

    terminate = stop


app = build()
