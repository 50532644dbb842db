"""A timetable while its beats and workers are killed: what the vendor recorded is what the rules say."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
import redis

from schedules.beat import PLAN
from schedules.occurrence import Occurrence
from schedules.rule import Pause, Rule
from schedules.schedules import Schedules
from schedules.store import ScheduleStore, read_calendars
from tests.journeys.house import House, Process, until
from tests.journeys.timetable import (
    APART,
    PATIENT,
    Register,
    Storm,
    Times,
    Truth,
    expected,
    next_bell,
    short_night,
    stranger,
)

pytestmark = pytest.mark.integration

NEW_YORK = {"timezone": "America/New_York", "channel": "{name}-{date}-{time}"}
BERLIN = {"timezone": "Europe/Berlin", "channel": "{name}-{date}-{time}"}
HOUR = timedelta(hours=1)
ENTRY, EVERY = "team.tick", 1.0  # of ticking_app, which only its own processes import
BEFORE_A_BELL = 1500.0  # seconds: its sessions are planned under fire
ROOMS = 13
AT_A_TIME = 3


def timetable(sunday: date) -> list[Rule]:
    """Lessons around 02:00, which New York's clocks skip on that Sunday, and 13:00, from Friday to Monday."""
    friday, saturday, monday = (sunday + timedelta(days=days) for days in (-2, -1, 1))
    days = {"first": friday, "last": monday}
    weekly = "daily 02:00, 02:01, 13:00, 13:01"
    rules = [
        Rule(name=f"room-{room}", slots=(weekly,), duration=100, **NEW_YORK, **days) for room in range(ROOMS)
    ]
    rules += [
        Rule(name=f"cron-{number}", cron="0,1 2,13 * * *", duration=110, **NEW_YORK, **days)
        for number in range(4)
    ]
    hours = (
        "fri sat 08:00, 08:01, 19:00, 19:01",
        "sun 08:00, 08:01, 18:00, 18:01",
        "mon 07:00, 07:01, 18:00, 18:01",
    )
    rules += [
        Rule(name=f"berlin-{number}", slots=hours, duration=90, pad_after=20, **BERLIN, **days)
        for number in range(3)
    ]
    return [
        *rules,
        Rule(name="twice", cron="0,1 2-3 * * *", duration=90, **NEW_YORK, first=sunday, last=sunday),
        Rule(name="dates", dates=(f"{friday} 13:00", f"{sunday} 02:01"), duration=100, **NEW_YORK),
        Rule(
            name="choir",
            slots=(weekly,),
            duration=100,
            exceptions=(f"{saturday}", "breaks"),
            also=(f"{saturday} 13:00",),
            **NEW_YORK,
            **days,
        ),
    ]


class Week:
    """The school's days, and what must come of them."""

    def __init__(self, school: House) -> None:
        self.school = school
        self.sunday = short_night(datetime.now(UTC).date())
        self.begins = datetime.combine(self.sunday - timedelta(days=2), datetime.min.time(), UTC)
        self.ends = self.begins + timedelta(days=4)
        self.times = Times(school, self.begins)
        self.register = Register(school)
        self.schedules = self.register.schedules
        self.calendars = {"breaks": (f"{self.sunday + timedelta(days=1)}",)}
        self.schedules.set_calendar("breaks", self.calendars["breaks"])
        self.celery = stranger(school, f"recorder:{{{school.settings.namespace}}}:celery:")
        self.truths: list[Truth] = []
        for rule in timetable(self.sunday):
            self.truths.append(self._truth(rule, self.schedules.put(rule).created_at))

    def _truth(self, rule: Rule, since: datetime, **more: Any) -> Truth:
        return Truth(rule, since, self.ends, read_calendars(self.calendars), **more)

    def expected(self) -> list[Occurrence]:
        return expected(self.truths)

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.times.now, UTC)

    def change_everything(self) -> None:
        """People at the schedules, half an hour before the bell of the short night, the fifth."""
        monday = self.sunday + timedelta(days=1)
        until = datetime.combine(monday, datetime.min.time(), UTC)
        afternoon = f"{self.sunday}T13:00"
        self.schedules.pause("room-0", reason="ill", until=until)
        self.schedules.skip("room-1", afternoon)
        self.schedules.skip("room-2", f"{monday}")
        moved = self._rule("room-3").model_copy(update={"slots": ("daily 02:01, 13:01",)})
        self.schedules.put(moved, replace=True)
        self.schedules.remove("room-4")
        longer = self._rule("room-5").model_copy(update={"duration": 115})
        self.schedules.put(longer, replace=True)
        self.schedules.pause("cron-0")
        self.schedules.resume("cron-0")
        self.calendars["breaks"] = (f"{self.sunday}",)
        self.schedules.set_calendar("breaks", self.calendars["breaks"])
        added = self._rule("room-6").model_copy(update={"name": "late-comer"})
        self.schedules.put(added)
        at = self.now
        self._from_now("room-0", at, pause=Pause(reason="ill", since=at, until=until))
        self._from_now("room-1", at, skips=(afternoon,))
        self._from_now("room-2", at, skips=(f"{monday}",))
        self._from_now("room-3", at, rule=moved)
        self._from_now("room-4", at, rule=None)
        self._from_now("room-5", at, rule=longer)
        self._from_now("choir", at)
        self.truths.append(self._truth(added, at))

    def _rule(self, name: str) -> Rule:
        return next(truth.rule for truth in self.truths if truth.rule.name == name)

    def _from_now(self, name: str, at: datetime, **changes: Any) -> None:
        (before,) = (truth for truth in self.truths if truth.rule.name == name)
        rule = changes.pop("rule", before.rule)
        self.truths.remove(before)
        self.truths.append(Truth(before.rule, before.since, at, before.calendars))
        if rule is not None:
            self.truths.append(self._truth(rule, at, **changes))

    def planned(self) -> bool:
        """Whether just those sessions wait that begin within the horizon."""
        horizon = self.now + timedelta(seconds=self.school.settings.plan_ahead / 2)
        wanted = {one.key for one in self.expected() if self.now < one.start < horizon}
        return self.register.slots("scheduled") == Counter(wanted)

    def announce(self) -> None:
        """Each schedule several times over, so that several workers plan it at a time."""
        for name in self.schedules.all():
            for _ in range(AT_A_TIME):
                self.celery.send_task(PLAN, kwargs={"names": [name]}, queue="recorder")

    def recorded(self, storm: Storm) -> None:
        """Bell after bell, in the storm; the clocks jump where nothing happens."""
        bells = 0
        while bell := next_bell(self.expected(), self.now, HOUR / 2):
            bells += 1
            self.times.jump_to(bell[0].start.timestamp() - BEFORE_A_BELL)
            if bells % 2:
                self.announce()
            storm.until(self.planned, 60, f"the sessions of {bell[0].start}")
            if bells == 5:
                self.change_everything()
                self.announce()
                storm.until(self.planned, 60, "the changes to be planned")
                bell = next_bell(self.expected(), self.now, HOUR / 2)
            self.times.jump_to(bell[0].start.timestamp() - 2)
            self._lesson(bell, storm, blackout=bells == 3)
            assert self.times.apart() < APART

    def _all_begun(self) -> bool:
        counts = self.register.counts()
        return not counts["scheduled"] and not counts["starting"]

    def _lesson(self, bell: list[Occurrence], storm: Storm, *, blackout: bool) -> None:
        over = max(one.end for one in bell)
        if blackout:
            storm.until(self._all_begun, 60, "all to be begun")
            storm.blackout()
        try:
            storm.until(lambda: self.now > over and self.register.at_rest(), 90, f"all to end by {over}")
        except AssertionError:
            print(self.register.unfinished())
            raise


@pytest.mark.timeout(420)
def test_what_was_recorded_is_what_the_rules_say_while_beats_and_workers_are_killed(
    make_house: Callable[..., House],
) -> None:
    seed = int(os.environ.get("RECORDER_TEST_SEED") or random.randrange(10**6))
    school = make_house(**PATIENT)
    school.simulator.call("PUT", "/settings", {"qps": 1000, "pcw": 5000, "already_started_has_sid": True})
    week = Week(school)
    storm = Storm(
        school,
        seed,
        {
            **{name: partial(school.start, name) for name in ("general-1", "general-2")},
            "stopper": partial(school.start, "stopper", "recorder.stop"),
            **{name: partial(school.beat, name) for name in ("beat-1", "beat-2", "beat-3")},
        },
    )
    week.recorded(storm)
    print(f"killed: {dict(storm.killed)}")

    wanted = week.expected()
    takes = school.simulator.call("GET", "/ledger")["takes"]
    assert len(wanted) >= 300
    assert Counter(take["channel"] for take in takes) == Counter(one.channel for one in wanted)
    assert [take for take in takes if take["alive"] or take["ended_by"] != "stop"] == []
    by_channel = {one.channel: one for one in wanted}
    for take in takes:
        lesson = by_channel[take["channel"]]
        assert lesson.start.timestamp() - APART <= take["started_at"] < lesson.end.timestamp()
        assert take["ended_at"] >= lesson.end.timestamp() - APART
    assert week.register.slots("completed") == Counter(one.key for one in wanted)
    assert week.register.slots("missed") == week.register.slots("failed") == Counter()
    assert sum(storm.killed.values()) >= 20


@pytest.mark.timeout(150)
def test_without_any_beat_the_workers_keep_the_horizon_filled(make_house: Callable[..., House]) -> None:
    school = make_house(**PATIENT)
    hour = datetime.now(UTC).replace(minute=5, second=0, microsecond=0) + HOUR
    times, register = Times(school, hour), Register(school)
    rule = Rule(name="math", cron="0 * * * *", duration=60, timezone="UTC", channel="{name}-{date}-{time}")
    truth = Truth(rule, register.schedules.put(rule).created_at, hour + 3 * HOUR, {})
    school.crew()
    for lesson in expected([truth]):
        times.jump_to(lesson.start.timestamp() - BEFORE_A_BELL)
        until(lambda: register.slots("scheduled")[lesson.key], 30, f"a session of {lesson.slot}")  # noqa: B023
        times.jump_to(lesson.start.timestamp() - 2)
        until(lambda: register.slots("completed")[lesson.key], 60, f"{lesson.slot} to be over")  # noqa: B023
    takes = school.simulator.call("GET", "/ledger")["takes"]
    assert Counter(take["channel"] for take in takes) == Counter(one.channel for one in expected([truth]))
    assert len(takes) == 3


@pytest.mark.timeout(150)
def test_an_entry_of_a_team_s_own_runs_once_a_slot_with_three_beats_and_their_deaths(
    make_house: Callable[..., House], redis_url: str
) -> None:
    school = make_house()
    app, marks = "tests.journeys.ticking_app", f"{school.settings.namespace}:marks"
    slots_of = f"recorder:{{{school.settings.namespace}}}:beat"
    client: Any = redis.Redis.from_url(redis_url)
    with client.monitor() as watched:
        school.worker("team", "celery,recorder", app=app)
        names = ("beat-1", "beat-2", "beat-3")
        beats = {name: school.beat(name, app) for name in names}
        for name in (*names, names[0]):
            _wait_for_runs(client, marks, 3)
            _in_step(client, slots_of, [*beats.values()])
            _wait_for_runs(client, marks, 3)
            beats[name].kill()
            beats[name] = school.beat(name, app)
        for beat in beats.values():
            beat.kill()
        slots = _slots_taken(client, watched, slots_of)
    deaths, runs = 4 + len(names), len(slots) - 1  # the first slot is that of the entry's registration
    stranger(school, f"{school.settings.namespace}:").send_task("team.mark", args=("end",))
    until(lambda: b"end" in client.lrange(marks, 0, -1), 20, "the last run")
    marked = client.llen(marks) - 1
    client.close()
    assert min(later - earlier for earlier, later in pairwise(slots)) >= EVERY - 0.01
    assert runs - deaths <= marked <= runs  # a beat that dies with a slot in hand takes its run along
    assert marked >= (slots[-1] - slots[0]) / (3 * EVERY)


def _wait_for_runs(client: Any, marks: str, more: int) -> None:
    wanted = client.llen(marks) + more
    until(lambda: client.llen(marks) >= wanted, 40, "runs of the entry")


def _in_step(client: Any, slots_of: str, beats: list[Process]) -> None:
    """Hold the beats until a run is due, and let them go at once: they all see it."""
    for beat in beats:
        beat.freeze()
    last = float(client.hget(slots_of, ENTRY))
    until(lambda: client.time()[0] > last + 2 * EVERY, what="a run to be due")
    for beat in beats:
        beat.thaw()


def _slots_taken(client: redis.Redis, watched: Any, key: str) -> list[float]:
    """The slots of the entry that were taken, by all that the server was told until now."""
    client.echo("no more slots")
    slots: list[float] = []
    while "no more slots" not in (told := watched.next_command()["command"]):
        command = told.split()
        if command[:3] == ["HSET", key, ENTRY]:
            slots.append(float(command[3]))
    return slots


@pytest.mark.timeout(150)
def test_a_beat_survives_a_redis_that_is_killed_and_goes_on_announcing(
    make_house: Callable[..., House], own_redis: Any
) -> None:
    school = make_house(own_redis.url)
    namespace = school.settings.namespace
    rules = Schedules(ScheduleStore(own_redis.url, namespace))
    client = redis.Redis.from_url(own_redis.url)
    beat = school.beat(app="tests.journeys.ticking_app")

    def announced(name: str) -> bool:
        waiting = (json.loads(message) for message in client.lrange(f"{namespace}:recorder", 0, -1))
        return any(message["headers"]["kwargsrepr"] == str({"names": [name]}) for message in waiting)

    def sent() -> int:
        """Runs of the team's own entry, which no worker takes."""
        return int(client.llen(f"{namespace}:celery"))

    rules.add("before", cron="0 9 * * *", duration="50m", timezone="UTC")
    until(lambda: announced("before") and sent(), what="an announcement and a run")
    own_redis.kill()
    until(lambda: "beat.waiting" in beat.output(), what="beat to see that Redis is away")
    own_redis.start()
    runs = sent()
    rules.add("after", cron="0 9 * * *", duration="50m", timezone="UTC")
    until(lambda: announced("after"), what="the announcement after the restart")
    until(lambda: sent() > runs, what="a run after the restart")
    assert beat.alive
    client.close()
    rules.store.close()
