"""Beat on a real server: what it announces, whose slot an entry's run is, and that nothing ends it."""

from __future__ import annotations

import base64
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from celery import Celery
from celery.schedules import BaseSchedule, crontab, schedule

from recorder_tasks.store import Store
from schedules.beat import AT_ONCE, IN_ONE, LEASE, LOOK, PLAN, Scheduler, ticked
from schedules.schedules import Schedules
from schedules.store import ScheduleStore

HOUR = 3600.0
IMPATIENT = {"max_retries": 0, "interval_start": 0, "interval_step": 0}  # of a broker that is away


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Desk:
    """A namespace with beats, and a queue in which what they send waits to be looked at."""

    def __init__(self, url: str, namespace: str) -> None:
        self.url = url
        self.namespace = namespace
        self.client: Any = redis.Redis.from_url(url)
        self.rules = ScheduleStore(url, namespace)
        self.beats: list[Scheduler] = []

    def beat(
        self, entries: dict[str, Any] | None = None, *, at: str | None = None, lazy: bool = False, **conf: Any
    ) -> Scheduler:
        """``at``: another server than the broker's for the schedules."""
        app = Celery("team", broker=self.url, backend=self.url, set_as_current=False)
        app.conf.update(
            broker_transport_options={"global_keyprefix": f"{self.namespace}:", **IMPATIENT},
            task_publish_retry=False,
            schedules_at=lambda: (at or self.url, self.namespace),
            beat_schedule=entries or {},
            **conf,
        )
        self.beats.append(Scheduler(app, lazy=lazy))
        return self.beats[-1]

    def add(self, *names: str) -> None:
        for name in names:
            Schedules(self.rules).add(name, cron="0 9 * * *", duration="50m", timezone="UTC")

    def sent(self) -> list[tuple[str, Any]]:
        """Every task and its keywords, in the order in which they were sent; looked at once."""
        found = []
        while (message := self.client.rpop(f"{self.namespace}:celery")) is not None:
            said = json.loads(message)
            _, kwargs, _ = json.loads(base64.b64decode(said["body"]))
            found.append((said["headers"]["task"], kwargs))
        return found

    def announced(self) -> list[list[str]]:
        return [kwargs["names"] for task, kwargs in self.sent() if task == PLAN]

    def ran(self, name: str, ago: float) -> None:
        """The entry's last run was so many seconds ago, by what all beats know."""
        seconds, micros = self.client.time()
        last = seconds + micros / 1e6 - ago
        self.client.hset(f"recorder:{{{self.namespace}}}:beat", name, f"{last:.6f}")

    def close(self) -> None:
        for beat in self.beats:
            beat.close()
            beat.app.close()
        self.rules.close()
        self.client.close()


@pytest.fixture
def desk(redis_url: str, namespace: str) -> Iterator[Desk]:
    built = Desk(redis_url, namespace)
    yield built
    built.close()


def every(seconds: Any, task: str = "team.tick", **more: Any) -> dict[str, Any]:
    return {"task": task, "schedule": seconds, **more}


# Construction


def test_a_beat_that_is_built_for_its_banner_touches_nothing(desk: Desk) -> None:
    away = f"redis://127.0.0.1:{closed_port()}/0"
    built = desk.beat({"tick": every(60)}, lazy=True, at=away)
    assert built.schedule == {}
    assert built.info == ""
    assert list(desk.client.scan_iter(f"*{desk.namespace}*")) == []


def test_a_beat_that_is_built_writes_nothing_either(desk: Desk) -> None:
    built = desk.beat({"tick": every(60)})
    assert list(built.schedule) == ["tick"]
    assert list(desk.client.scan_iter(f"*{desk.namespace}*")) == []


def test_it_keeps_to_the_broker_and_to_default_unless_told_otherwise(redis_url: str) -> None:
    app = Celery("team", broker=redis_url, set_as_current=False)
    built = Scheduler(app)
    assert built.store.last_runs() == {}
    built.close()
    built.close()
    app.close()


def test_celery_s_own_entry_for_results_that_do_not_expire_stays(desk: Desk) -> None:
    built = desk.beat({"tick": every(60)}, result_backend="file:///tmp", result_expires=3600)
    assert sorted(built.schedule) == ["celery.backend_cleanup", "tick"]


# A tick never raises


def test_a_tick_survives_a_store_that_is_away(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    away = f"redis://127.0.0.1:{closed_port()}/0"
    built = desk.beat({"tick": every(60)}, at=away)
    with caplog.at_level(logging.WARNING):
        assert built.tick() == LOOK
    assert "beat.waiting for Redis" in caplog.text
    assert desk.sent() == []


def test_a_tick_survives_a_broker_that_is_away_and_the_schedules_are_due_again(
    desk: Desk, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.clock.set_test()
    desk.add("math")
    away = f"redis://127.0.0.1:{closed_port()}/0"
    lost = desk.beat(broker_url=away, at=desk.url)
    assert lost.tick() == LOOK
    assert "beat.trouble" in caplog.text
    other = desk.beat()
    other.tick()
    assert desk.announced() == []
    store.clock.jump(LEASE)
    other.tick()
    assert desk.announced() == [["math"]]


def test_a_tick_survives_a_store_that_holds_something_else(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.client.set(f"recorder:{{{desk.namespace}}}:schedules:due", "not a sorted set")
    assert desk.beat().tick() == LOOK
    assert "beat." in caplog.text


def test_a_beat_that_ticks_says_so_and_one_that_does_not_reach_redis_does_not(desk: Desk) -> None:
    heard: list[Scheduler] = []

    def hear(scheduler: Scheduler, **_: Any) -> None:
        heard.append(scheduler)

    well = desk.beat()
    ill = desk.beat(at=f"redis://127.0.0.1:{closed_port()}/0")
    ticked.connect(hear)
    well.tick()
    ill.tick()
    ticked.disconnect(hear)
    assert heard == [well]


def test_who_listens_and_fails_does_not_end_it(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    def fail(**_: Any) -> None:
        raise ZeroDivisionError

    ticked.connect(fail)
    assert desk.beat().tick() == LOOK
    ticked.disconnect(fail)
    assert "ZeroDivisionError" in caplog.text


# Announcements


def test_each_schedule_is_announced_once_a_lease_whichever_beat_looks(desk: Desk, store: Store) -> None:
    store.clock.set_test()
    desk.add("math", "art")
    beats = [desk.beat() for _ in range(3)]
    for beat in beats:
        beat.tick()
    (names,) = desk.announced()
    assert sorted(names) == ["art", "math"]
    store.clock.jump(LEASE - 1)
    for beat in beats:
        beat.tick()
    assert desk.announced() == []
    store.clock.jump(1)
    for beat in beats:
        beat.tick()
    (names,) = desk.announced()
    assert sorted(names) == ["art", "math"]


def test_what_has_been_planned_is_not_announced_until_it_is_due_again(desk: Desk, store: Store) -> None:
    store.clock.set_test()
    desk.add("math")
    beat = desk.beat()
    beat.tick()
    now = store.clock.now()
    desk.rules.planned("math", desk.rules.get("math").revision, until=now + 1000, again=now + 500)
    assert desk.announced() == [["math"]]
    store.clock.jump(499)
    beat.tick()
    assert desk.announced() == []
    store.clock.jump(1)
    beat.tick()
    assert desk.announced() == [["math"]]


def test_many_schedules_are_announced_in_handfuls_and_not_all_in_one_look(desk: Desk) -> None:
    names = [f"class-{index}" for index in range(AT_ONCE + 5)]
    desk.add(*names)
    beat = desk.beat()
    beat.tick()
    first = desk.announced()
    beat.tick()
    second = desk.announced()
    assert [len(handful) for handful in first] == [IN_ONE] * (AT_ONCE // IN_ONE)
    assert [len(handful) for handful in second] == [5]
    assert sorted(name for handful in first + second for name in handful) == sorted(names)


def test_several_beats_at_a_time_share_the_schedules(desk: Desk) -> None:
    names = [f"class-{index}" for index in range(60)]
    desk.add(*names)
    at_once([desk.beat() for _ in range(4)])
    assert sorted(name for handful in desk.announced() for name in handful) == sorted(names)


def at_once(beats: list[Scheduler]) -> None:
    start = threading.Barrier(len(beats))

    def tick(beat: Scheduler) -> float:
        start.wait()
        return beat.tick()

    with ThreadPoolExecutor(len(beats)) as pool:
        assert list(pool.map(tick, beats)) == [LOOK] * len(beats)


# Entries


def test_a_new_entry_is_due_an_interval_from_now(desk: Desk) -> None:
    beat = desk.beat({"tick": every(HOUR)})
    before = desk.client.time()[0]
    beat.tick()
    beat.tick()
    assert desk.sent() == []
    assert before <= desk.rules.last_runs()["tick"] <= desk.client.time()[0] + 1


def test_an_entry_that_is_due_runs_with_all_that_it_was_given(desk: Desk) -> None:
    entries = {
        "tick": every(HOUR, "team.report", kwargs={"room": "7b"}),
        "other": every(HOUR, "team.tidy"),
    }
    beat = desk.beat(entries)
    desk.ran("tick", ago=HOUR + 1)
    desk.ran("other", ago=HOUR - 60)
    beat.tick()
    beat.tick()
    assert desk.sent() == [("team.report", {"room": "7b"})]


def test_a_run_that_another_beat_has_taken_is_not_run_again(desk: Desk) -> None:
    one, other = (desk.beat({"tick": every(HOUR)}) for _ in range(2))
    desk.ran("tick", ago=HOUR + 1)
    one.tick()
    other.tick()
    assert [task for task, _ in desk.sent()] == ["team.tick"]


def test_a_beat_that_comes_back_goes_on_where_the_others_are(desk: Desk) -> None:
    desk.beat({"tick": every(HOUR)}).tick()
    desk.ran("tick", ago=HOUR + 1)
    desk.beat({"tick": every(HOUR)}).tick()
    assert [task for task, _ in desk.sent()] == ["team.tick"]


def test_of_many_beats_at_a_time_one_has_each_slot(desk: Desk) -> None:
    entries = {"tick": every(HOUR), "report": every(HOUR, "team.report")}
    beats = [desk.beat(entries) for _ in range(5)]
    for _ in range(10):
        desk.ran("tick", ago=HOUR + 1)
        desk.ran("report", ago=2 * HOUR)
        at_once(beats)
        assert sorted(task for task, _ in desk.sent()) == ["team.report", "team.tick"]


def test_of_many_beats_that_see_a_new_entry_none_runs_it(desk: Desk) -> None:
    at_once([desk.beat({"tick": every(HOUR)}) for _ in range(5)])
    assert desk.sent() == []
    assert list(desk.rules.last_runs()) == ["tick"]


def test_runs_that_nobody_was_there_for_are_made_up_for_by_one(desk: Desk) -> None:
    beat = desk.beat({"tick": every(60)})
    desk.ran("tick", ago=86_400)
    for _ in range(3):
        beat.tick()
    assert len(desk.sent()) == 1


def test_an_interval_that_was_changed_counts_from_the_last_run(desk: Desk) -> None:
    desk.ran("tick", ago=120)
    desk.beat({"tick": every(HOUR)}).tick()
    assert desk.sent() == []
    desk.beat({"tick": every(60)}).tick()
    assert len(desk.sent()) == 1


def test_an_entry_that_was_removed_runs_no_more_and_keeps_nobody(desk: Desk) -> None:
    desk.ran("tick", ago=HOUR)
    desk.ran("report", ago=HOUR)
    desk.beat({"report": every(60, "team.report")}).tick()
    assert [task for task, _ in desk.sent()] == ["team.report"]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
def test_crontab_entries_run_when_the_clock_of_the_app_s_zone_says_so(desk: Desk, zone: str) -> None:
    at = datetime.fromtimestamp(desk.client.time()[0], UTC) - timedelta(minutes=10)
    probe = Celery("zone", set_as_current=False)
    probe.conf.timezone = zone
    local = at.astimezone(probe.timezone)
    probe.close()
    past = crontab(minute=local.minute, hour=local.hour)
    coming = crontab(minute=local.minute, hour=(local.hour + 2) % 24)
    entries = {"past": every(past, "team.past"), "coming": every(coming, "team.coming")}
    beat = desk.beat(entries, timezone=zone)
    for name in entries:
        desk.ran(name, ago=1200)
    beat.tick()
    assert [task for task, _ in desk.sent()] == ["team.past"]


class Custom(BaseSchedule):  # type: ignore[misc]
    """A team's own schedule, which answers with a plain pair as Celery's documentation has it."""

    def __init__(
        self, app: Any = None, answer: Callable[[], tuple[bool, float]] = lambda: (True, 1.0)
    ) -> None:
        super().__init__(app=app)
        self.answer = answer

    def is_due(self, last_run_at: datetime) -> tuple[bool, float]:
        return self.answer()


def test_a_schedule_of_a_team_s_own_may_answer_with_a_plain_pair(desk: Desk) -> None:
    beat = desk.beat({"tick": {"task": "team.tick", "schedule": Custom()}})
    beat.tick()
    assert desk.sent() == []
    beat.tick()
    assert [task for task, _ in desk.sent()] == ["team.tick"]


def test_an_entry_whose_time_cannot_be_told_keeps_no_other_from_running(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Custom(answer=lambda: 1 / 0)  # type: ignore[arg-type,return-value]
    beat = desk.beat({"broken": {"task": "team.broken", "schedule": broken}, "tick": every(HOUR)})
    beat.tick()
    desk.ran("tick", ago=HOUR + 1)
    assert beat.tick() == LOOK
    assert [task for task, _ in desk.sent()] == ["team.tick"]
    assert "broken" in caplog.text


def test_an_entry_that_cannot_be_sent_keeps_no_other_from_running(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    unsendable = every(HOUR, "team.unsendable", kwargs={"room": object()})
    beat = desk.beat({"unsendable": unsendable, "tick": every(HOUR)})
    for name in ("unsendable", "tick"):
        desk.ran(name, ago=HOUR + 1)
    beat.tick()
    assert [task for task, _ in desk.sent()] == ["team.tick"]
    assert "unsendable" in caplog.text


def test_entries_run_though_there_are_schedules_to_announce(desk: Desk) -> None:
    desk.add("math")
    desk.ran("tick", ago=HOUR + 1)
    desk.beat({"tick": every(schedule(HOUR))}).tick()
    assert [task for task, _ in desk.sent()] == [PLAN, "team.tick"]
