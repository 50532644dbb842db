from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from kombu.entity import Queue

from recorder_tasks.celery_app import LANE_TASKS, DispatcherStep, attach, build
from recorder_tasks.core.session import Lane
from recorder_tasks.flow.dispatcher import GENERAL, Hands
from recorder_tasks.settings import Settings
from recorder_tasks.wiring import Wiring, name_worker, wiring
from tests.flow.engine import some_settings


def a_team(**conf: Any) -> Celery:
    app = Celery("team", broker="memory://", set_as_current=False)
    app.conf.update(conf)
    return app


def queues(app: Celery) -> set[str]:
    return {queue.name for queue in app.conf.task_queues}


def test_a_team_keeps_its_own_queues_tasks_and_calendar(settings: Settings) -> None:
    app = a_team(
        task_queues=[Queue("mail"), Queue("recorder")],
        task_routes={"team.mail": {"queue": "mail"}},
        beat_schedule={"mail": {"task": "team.mail", "schedule": 60.0}},
    )
    attach(app, settings)
    attach(app, settings)
    assert queues(app) == {"mail", "recorder", "recorder.stop"}
    assert len(app.conf.task_queues) == 3
    assert app.conf.task_routes["team.mail"] == {"queue": "mail"}
    assert set(app.conf.beat_schedule) == {"mail", "recorder.check", "recorder.retire"}
    assert DispatcherStep in app.steps["worker"]


def test_the_default_queue_of_a_team_without_queues_is_still_consumed(settings: Settings) -> None:
    app = attach(a_team(task_default_queue="lessons"), settings)
    assert queues(app) == {"lessons", "recorder", "recorder.stop"}


def everything_to_mail(name: str, *_: Any, **__: Any) -> dict[str, str]:
    return {"queue": "mail"}


@pytest.mark.parametrize(
    "theirs",
    [
        None,
        {"*": {"queue": "mail"}},
        [{"*": {"queue": "mail"}}],
        (everything_to_mail,),
        everything_to_mail,
    ],
)
def test_a_rule_of_the_team_for_everything_does_not_catch_our_tasks(settings: Settings, theirs: Any) -> None:
    app = attach(a_team(task_routes=theirs, task_queues=[Queue("mail")]), settings)
    assert app.amqp.router.route({}, "recorder.record")["queue"].name == "recorder"
    if theirs is not None:
        assert app.amqp.router.route({}, "team.mail")["queue"].name == "mail"


@pytest.mark.parametrize(
    ("consumed", "lanes"),
    [
        (["recorder"], GENERAL),
        (["recorder.stop"], (Lane.STOP,)),
        (["recorder", "recorder.stop"], tuple(Lane)),
        (["celery"], ()),
    ],
)
def test_a_worker_serves_the_lanes_of_the_queues_that_it_consumes(
    settings: Settings, consumed: list[str], lanes: tuple[Lane, ...]
) -> None:
    app = attach(a_team(), settings)
    app.amqp.queues.select(consumed)
    assert set(DispatcherStep._lanes(app)) == set(lanes)


def test_every_lane_has_registered_tasks(settings: Settings) -> None:
    app = attach(a_team(), settings)
    assert set(LANE_TASKS) == set(Lane)
    assert {name for names in LANE_TASKS.values() for name in names} <= set(app.tasks)


def test_a_claim_counts_once_when_its_message_has_come_to_a_pool_of_processes(settings: Settings) -> None:
    step = DispatcherStep.__new__(DispatcherStep)
    hands = Hands(2, lambda: 1)
    step.dispatcher = SimpleNamespace(hands=hands)  # type: ignore[assignment]
    hands.took("one")
    hands.took("two")
    assert hands.free(60.0) == 0
    step._arrived(SimpleNamespace(name="team.report", args=("r-1", "two")))
    assert hands.free(60.0) == 0
    step._arrived(SimpleNamespace(name="recorder.query", args=("r-1", "one")))
    assert hands.free(60.0) == 1


def test_the_parts_of_a_process_are_built_once_and_share_the_workers_journal(
    namespace: str, tmp_path: Path
) -> None:
    settings = some_settings(namespace, tmp_path)
    early = wiring(settings)
    assert wiring(settings) is early
    name_worker("one@host/2")
    assert early.journal.path.name == f"{namespace}-{early.worker}.sqlite".replace("/", "_")
    early.close()


def test_a_record_by_name_needs_no_import_of_ours(redis_url: str, namespace: str, tmp_path: Path) -> None:
    settings = some_settings(namespace, tmp_path, redis_url=redis_url)
    app = attach(a_team(task_always_eager=True), settings)
    asked = {"channel": "room", "minutes": 5, "key": "lesson-1", "start": "2099-01-01T09:00:00Z"}
    first = app.tasks["recorder.record"].apply(kwargs=asked).get()
    assert app.tasks["recorder.record"].apply(kwargs=asked).get() == first
    parts = Wiring(settings)
    assert parts.desk.get(first).channel == "room"
    parts.check()
    assert parts.retire() == 0
    parts.close()
    wiring(settings).close()


@pytest.mark.parametrize(
    ("url", "namespace", "broker", "options"),
    [
        ("redis://host:1/2", "default", "redis://host:1/2", {}),
        ("redis://host:1/2", "east", "redis://host:1/2", {"global_keyprefix": "recorder:{east}:celery:"}),
        (
            "sentinel://:pw@a:1,b:2/main/3",
            "default",
            "sentinel://:pw@a:1/3;sentinel://:pw@b:2/3",
            {"master_name": "main"},
        ),
    ],
)
def test_the_broker_is_the_store_s_redis_in_celery_s_spelling(
    url: str, namespace: str, broker: str, options: dict[str, str]
) -> None:
    app = build(Settings(redis_url=url, namespace=namespace, _env_file=None))
    assert app.conf.broker_url == broker
    found = dict(app.conf.result_backend_transport_options)
    assert ("sentinel_kwargs" in found) == url.startswith("sentinel")  # how they are spoken to: briefly
    found.pop("sentinel_kwargs", None)
    assert found == options
    assert options.items() <= app.conf.broker_transport_options.items()
