"""Notifications of real workers that record at the simulated vendor, while receivers and workers fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.house import House, house, until
from tests.webhooks.receiver import SECRET, Receiver, Reply

pytestmark = pytest.mark.integration

MakeHouse = Callable[..., House]
STORY = ["session.started", "session.confirmed", "session.stopping", "session.completed"]


@pytest.fixture
def make_house(redis_url: str, tmp_path: Path) -> Iterator[MakeHouse]:
    """A deployment with these subscriptions; their members are given as they are in the settings."""
    with ExitStack() as stack:

        def make(**subscriptions: dict[str, Any]) -> House:
            base = tmp_path / f"house{len(list(tmp_path.iterdir()))}"
            base.mkdir()
            told = {
                f"WEBHOOKS__{name.upper()}__{member.upper()}": value
                for name, members in subscriptions.items()
                for member, value in {"secret": SECRET, **members}.items()
            }
            return stack.enter_context(house(redis_url, base, **told))

        yield make


def begun(at: House, *names: str) -> None:
    until(lambda: set(names) <= set(at.wiring.store.webhooks.known()), what="the subscriptions to begin")


def record(at: House, channel: str, seconds: float = 3.0) -> str:
    return str(at.desk.record(channel, minutes=seconds / 60).session_id)


def about(receiver: Receiver, session_id: str) -> list[str]:
    told = [got.json for got in list(receiver.got)]
    return [one["type"] for one in told if one["data"].get("session_id") == session_id]


def test_a_recording_is_told_from_start_to_end_by_whatever_worker(
    make_house: MakeHouse, receiver: Receiver
) -> None:
    at = make_house(office={"url": receiver.url})
    at.crew()
    begun(at, "office")
    session_id = record(at, "told")
    at.final(session_id)
    until(lambda: "session.completed" in about(receiver, session_id))
    assert sorted(set(about(receiver, session_id)) & set(STORY)) == sorted(STORY)
    last = next(got.json for got in receiver.got if got.json["type"] == "session.completed")
    assert last["data"]["recording"]["outcome"] == "uploaded"
    assert SECRET not in at.logs()
    assert "path-that-is-a-secret" not in at.logs()


def test_a_worker_killed_while_it_delivers_loses_nothing(make_house: MakeHouse, receiver: Receiver) -> None:
    at = make_house(office={"url": receiver.url, "timeout": 0.5, "events": json.dumps(["session.*"])})
    receiver.gate.clear()
    doomed = at.start("doomed")
    at.start("stopper", "recorder.stop")
    at.await_worker("doomed")
    at.await_worker("stopper")
    begun(at, "office")
    session_id = record(at, "killed", 4.0)
    until(lambda: receiver.ids, what="a delivery to be under way")
    doomed.kill()
    receiver.gate.set()
    at.start("heir")
    at.final(session_id)

    def all_told() -> bool:
        told = {event.type for event in at.wiring.store.events.of(session_id)}
        ours = {type_ for type_ in told if type_.startswith("session.")}
        return ours <= set(about(receiver, session_id))

    until(all_told, 60, "every event of the session to arrive")


def test_dead_receivers_delay_neither_a_recording_nor_another_s_notifications(
    make_house: MakeHouse, make_receiver: Callable[[], Receiver]
) -> None:
    well, dead = make_receiver(), make_receiver()
    dead.gate.clear()
    silent = {"url": dead.url, "timeout": 30, "events": json.dumps(["*"]), "concurrency": 16}
    at = make_house(office={"url": well.url}, silent=silent, mute=silent)
    at.start("general", concurrency=2)
    at.start("stopper", "recorder.stop")
    at.await_worker("general")
    at.await_worker("stopper")
    begun(at, "office", "silent", "mute")
    sessions = [record(at, f"class{number}") for number in range(4)]
    for session_id in sessions:
        assert at.final(session_id).outcome == "uploaded"
        until(lambda one=session_id: "session.completed" in about(well, one))
    assert len(dead.ids) >= 16
    assert not [got for got in dead.got if got.json["type"] == "webhook.dead"]


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_a_worker_for_notifications_delivers_them_as_celery_tasks(
    make_house: MakeHouse, receiver: Receiver, pool: str
) -> None:
    at = make_house(office={"url": receiver.url, "concurrency": 4})
    failures: list[str] = []

    def first_fails(got: Any) -> Reply:
        if got.id in failures:
            return Reply(204)
        failures.append(got.id)
        return Reply(500)

    receiver.answer = first_fails
    at.crew()
    notifier = at.start("notifier", "recorder.notify", concurrency=2, pool=pool)
    at.await_worker("notifier")
    begun(at, "office")
    until(lambda: any(info.get("role") for info in at.wiring.store.workers.alive(15).values()))
    session_id = record(at, "tasks")
    at.final(session_id)
    until(lambda: at.wiring.store.webhooks.accounts(["office"])["office"].sent >= len(STORY), 60)
    assert "recorder.notify" in notifier.output()
    assert all(receiver.ids.count(one) >= 2 for one in set(receiver.ids))
