"""The schedules' store on a real server: every branch of its scripts, and what each leaves behind."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis

from recorder_tasks.store import Store
from schedules.entry import Entry, Run
from schedules.errors import ChangedMeanwhile, NoSuchSchedule, SchedulesUnavailable
from schedules.rule import Rule
from schedules.store import SCRIPTS, ScheduleStore

LUA = Path(__file__).parents[2] / "schedules" / "lua"
LONGEST = 45
PREFIX = "recorder:{%s}:"


@pytest.fixture
def rules(redis_url: str, namespace: str) -> Iterator[ScheduleStore]:
    built = ScheduleStore(redis_url, namespace)
    yield built
    built.close()


@pytest.fixture
def raw(redis_url: str) -> Iterator[Any]:
    client = redis.Redis.from_url(redis_url)
    yield client
    client.close()


@pytest.fixture
def key(namespace: str) -> Callable[[str], str]:
    return lambda name: PREFIX % namespace + name


def entry(name: str = "math", revision: str = "", **more: Any) -> Entry:
    rule = Rule(name=name, channel=name, timezone="UTC", cron="0 9 * * *", duration=3000)
    created = datetime(2027, 3, 1, tzinfo=UTC)
    return Entry(**{"name": name, "rule": rule, "created_at": created, "revision": revision, **more})


def put(rules: ScheduleStore, *names: str) -> list[Entry]:
    """Stored entries, as they are read back."""
    rules.change([entry(name) for name in names], expected=dict.fromkeys(names, ""))
    return [rules.get(name) for name in names]


# The files


@pytest.mark.parametrize("path", sorted(LUA.glob("*.lua")), ids=lambda path: path.stem)
def test_every_script_states_its_contract_and_is_short(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    legend = "\n".join(line for line in lines if line.startswith("--"))
    assert len([line for line in lines if line.strip() and not line.lstrip().startswith("--")]) <= LONGEST
    if path.stem == "clock":
        assert legend.startswith("-- PRELUDE.")
    else:
        assert legend.startswith(f"-- {path.stem}: ")
        assert all(f"-- {part} " in legend for part in ("KEYS", "ARGV", "Returns"))
    assert not re.search(r"'(KEYS|SCAN)'", path.read_text("utf-8"))


def test_no_script_file_is_left_out() -> None:
    assert {path.stem for path in LUA.glob("*.lua")} == {"clock", *SCRIPTS}


def test_every_key_carries_the_namespace_s_hash_tag(rules: ScheduleStore, raw: Any, namespace: str) -> None:
    (math,) = put(rules, "math")
    changed = [("math", "changed", "")]
    calendars = {"holidays": ("2027-04-05",)}
    rules.change([math], expected={"math": math.revision}, calendars=calendars, notes=changed)
    rules.take_slot("tick", None)
    kept = {name.decode() for name in raw.keys(f"*{namespace}*")}
    parts = ("schedules", "schedules:calendars", "schedules:due", "schedules:planned", "schedules:changes")
    assert kept == {PREFIX % namespace + part for part in (*parts, "beat")}


# change


def test_a_schedule_is_kept_as_it_was_put_and_is_due_at_once(rules: ScheduleStore) -> None:
    at = rules.change([entry()], expected={"math": ""})
    stored = rules.get("math")
    assert stored.model_copy(update={"revision": ""}) == entry()
    assert re.fullmatch(r"[0-9a-f]{16}", stored.revision)
    assert rules.planned_until("math") == pytest.approx(at.timestamp(), abs=1e-5)
    assert rules.take_due(10, lease=30.0).names == ("math",)
    assert rules.entries() == {"math": stored}


def test_every_change_gives_a_new_revision(rules: ScheduleStore) -> None:
    (first,) = put(rules, "math")
    rules.change([first], expected={"math": first.revision})
    assert rules.get("math").revision != first.revision


def test_one_that_was_changed_meanwhile_is_named_and_nothing_is_written(
    rules: ScheduleStore, raw: Any, key: Callable[[str], str]
) -> None:
    math, art = put(rules, "math", "art")
    rules.change([art], expected={"art": art.revision})
    before = _all_of(raw, key)
    with pytest.raises(ChangedMeanwhile, match=r"^art: somebody else"):
        rules.change(
            [math, art, entry("new")],
            expected={"math": math.revision, "art": art.revision, "new": ""},
            calendars={"holidays": ("2027-04-05",)},
            notes=[("math", "changed", "")],
        )
    assert _all_of(raw, key) == before


def _all_of(raw: Any, key: Callable[[str], str]) -> dict[bytes, bytes]:
    return {name: raw.dump(name) for name in raw.keys(key("*").replace("{", "[{]"))}


def test_one_that_is_there_is_not_taken_for_a_new_one(rules: ScheduleStore) -> None:
    put(rules, "math")
    with pytest.raises(ChangedMeanwhile, match=r"^math"):
        rules.change([entry()], expected={"math": ""})


def test_one_that_is_gone_is_not_taken_for_a_change(rules: ScheduleStore) -> None:
    with pytest.raises(ChangedMeanwhile, match=r"^math"):
        rules.change([entry()], expected={"math": "0123456789abcdef"})


def test_calendars_have_a_revision_of_their_own(rules: ScheduleStore) -> None:
    assert (rules.calendars().texts, rules.calendars().revision) == ({}, "")
    rules.change([], expected={}, calendars={"holidays": ("2027-04-05",)})
    kept = rules.calendars()
    assert kept.texts == {"holidays": ("2027-04-05",)}
    with pytest.raises(ChangedMeanwhile, match=r"^calendars"):
        rules.change([], expected={}, calendars={})
    rules.change([], expected={}, calendars={}, calendars_expected=kept.revision)
    assert rules.calendars().texts == {}


def test_calendars_that_are_not_as_expected_keep_the_schedules_as_they_are(rules: ScheduleStore) -> None:
    rules.change([], expected={}, calendars={"holidays": ("2027-04-05",)})
    with pytest.raises(ChangedMeanwhile, match=r"^calendars"):
        rules.change([entry()], expected={"math": ""}, calendars={})
    assert rules.entries() == {}


def test_schedules_are_changed_whatever_becomes_of_calendars_that_they_leave_alone(
    rules: ScheduleStore,
) -> None:
    rules.change([], expected={}, calendars={"holidays": ("2027-04-05",)})
    put(rules, "math")
    assert rules.calendars().texts == {"holidays": ("2027-04-05",)}


class Echoing(redis.Redis):
    """A client whose first answer is lost, so that a change is sent twice."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        times = 2 if args[0] == "EVALSHA" else 1
        answers = [super(Echoing, self).execute_command(*args, **options) for _ in range(times)]  # type: ignore[no-untyped-call]
        return answers[-1]


@pytest.fixture
def twice(redis_url: str, namespace: str) -> Iterator[ScheduleStore]:
    built = ScheduleStore("", namespace, client=Echoing.from_url(redis_url))
    yield built
    built.close()


@pytest.mark.parametrize("calendars", [None, {"holidays": ("2027-04-05",)}])
def test_a_change_that_was_sent_twice_is_made_once(
    twice: ScheduleStore, calendars: dict[str, tuple[str, ...]] | None
) -> None:
    notes = [("math", "added", "")]
    twice.change([entry()], expected={"math": ""}, calendars=calendars, notes=notes)
    assert len(twice.changes()) == 1
    assert twice.calendars().texts == (calendars or {})


def test_calendars_alone_that_were_sent_twice_are_changed_once(twice: ScheduleStore) -> None:
    notes = [("holidays", "calendar", "")]
    twice.change([], expected={}, calendars={"holidays": ("2027-04-05",)}, notes=notes)
    assert len(twice.changes()) == 1
    assert twice.calendars().texts == {"holidays": ("2027-04-05",)}


def test_a_change_does_not_take_back_what_is_planned_already(rules: ScheduleStore) -> None:
    (math,) = put(rules, "math")
    rules.planned("math", math.revision, until=4e9, again=3e9)
    rules.change([math], expected={"math": math.revision})
    assert rules.planned_until("math") == 4e9
    assert rules.take_due(10, lease=30.0).names == ("math",)


def test_of_several_that_change_one_schedule_at_a_time_one_wins(rules: ScheduleStore) -> None:
    (math,) = put(rules, "math")
    start = threading.Barrier(8)

    def change(index: int) -> bool:
        start.wait()
        try:
            rules.change([math], expected={"math": math.revision}, notes=[("math", "changed", str(index))])
        except ChangedMeanwhile:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(change, range(8))) == 1
    assert len(rules.changes("math")) == 1


def test_who_changed_what_is_told_the_newest_first(rules: ScheduleStore) -> None:
    at = rules.change([entry()], expected={"math": ""}, notes=[("math", "added", "a.yaml")])
    rules.change([entry("art")], expected={"art": ""}, notes=[("art", "added", "")])
    assert [change.schedule for change in rules.changes()] == ["art", "math"]
    (math,) = rules.changes("math")
    assert (math.what, math.detail) == ("added", "a.yaml")
    assert math.at == at


def test_skips_and_runs_of_long_ago_are_forgotten_at_the_next_change(rules: ScheduleStore) -> None:
    now = rules.now()
    old, new = (f"{now - timedelta(days=days):%Y-%m-%dT09:00}" for days in (61, 59))
    runs = tuple(Run(at=now - timedelta(days=days), seconds=60) for days in (61, 59))
    rules.change([entry(skips=(old, new), runs=runs)], expected={"math": ""})
    assert rules.get("math").skips == (new,)
    assert rules.get("math").runs == runs[1:]


# take


def due(rules: ScheduleStore, **more: Any) -> tuple[str, ...]:
    return rules.take_due(10, **{"lease": 30.0, **more}).names


def test_what_is_taken_is_kept_from_others_until_its_lease_ends(rules: ScheduleStore, store: Store) -> None:
    store.clock.set_test()
    put(rules, "math", "art")
    assert sorted(due(rules)) == ["art", "math"]
    assert due(rules) == ()
    store.clock.jump(29)
    assert due(rules) == ()
    store.clock.jump(1)
    assert sorted(due(rules)) == ["art", "math"]


def test_no_more_are_taken_than_were_asked_for(rules: ScheduleStore) -> None:
    put(rules, "math", "art", "music")
    first, second, third = (rules.take_due(2, lease=30.0).names for _ in range(3))
    assert (len(first), len(second), len(third)) == (2, 1, 0)
    assert sorted(first + second) == ["art", "math", "music"]


def test_one_that_is_not_yet_overdue_is_left_to_others(rules: ScheduleStore, store: Store) -> None:
    store.clock.set_test()
    put(rules, "math")
    found = rules.take_due(10, lease=30.0, overdue=3.0)
    assert found.names == ()
    assert found.upcoming is not None
    assert 2.0 < found.upcoming - found.now <= 3.0
    store.clock.jump(3)
    assert due(rules, overdue=3.0) == ("math",)


def test_who_takes_learns_when_there_will_be_more(rules: ScheduleStore) -> None:
    assert rules.take_due(10, lease=30.0).upcoming is None
    put(rules, "math")
    found = rules.take_due(10, lease=30.0)
    assert found.upcoming == pytest.approx(found.now + 30.0, abs=1e-5)


def test_of_many_that_take_at_a_time_each_schedule_has_one(rules: ScheduleStore) -> None:
    names = [f"class-{index}" for index in range(40)]
    put(rules, *names)
    start = threading.Barrier(8)

    def take(_: int) -> tuple[str, ...]:
        start.wait()
        return rules.take_due(7, lease=30.0).names

    with ThreadPoolExecutor(8) as pool:
        taken = [name for found in pool.map(take, range(8)) for name in found]
    assert sorted(taken) == sorted(names)


def test_how_many_wait_for_their_planning_is_known(rules: ScheduleStore) -> None:
    put(rules, "math", "art")
    assert rules.unplanned() == 2
    rules.take_due(1, lease=30.0)
    assert rules.unplanned() == 1


# planned


def test_what_is_planned_is_due_when_it_was_said(rules: ScheduleStore, store: Store) -> None:
    store.clock.set_test()
    (math,) = put(rules, "math")
    due(rules)
    now = rules.now().timestamp()
    assert rules.planned("math", math.revision, until=now + 1000, again=now + 500)
    assert rules.planned_until("math") == pytest.approx(now + 1000, abs=1e-5)
    store.clock.jump(499)
    assert due(rules) == ()
    store.clock.jump(1)
    assert due(rules) == ("math",)


def test_one_that_has_moved_meanwhile_stays_due(rules: ScheduleStore) -> None:
    (math,) = put(rules, "math")
    due(rules)
    rules.change([math], expected={"math": math.revision})
    until = rules.planned_until("math")
    assert not rules.planned("math", math.revision, until=4e9, again=3e9)
    assert rules.planned_until("math") == until
    assert due(rules) == ("math",)


def test_one_that_is_gone_leaves_no_trace(rules: ScheduleStore) -> None:
    (math, art) = put(rules, "math", "art")
    rules.change([math.model_copy(update={"rule": None})], expected={"math": math.revision})
    gone = rules.find("math")
    assert gone is not None
    with pytest.raises(NoSuchSchedule):
        rules.get("math")
    assert rules.planned("math", gone.revision, until=4e9, again=None)
    assert rules.find("math") is None
    assert rules.planned_until("math") is None
    assert due(rules) == ("art",)
    assert rules.get("art") == art


def test_one_that_came_back_meanwhile_is_not_taken_away(rules: ScheduleStore) -> None:
    (math,) = put(rules, "math")
    rules.change([math.model_copy(update={"rule": None})], expected={"math": math.revision})
    gone = rules.find("math")
    assert gone is not None
    rules.change([entry()], expected={"math": gone.revision})
    assert not rules.planned("math", gone.revision, until=4e9, again=None)
    assert rules.get("math").rule is not None
    assert due(rules) == ("math",)


def test_one_that_nobody_knows_is_not_planned(rules: ScheduleStore) -> None:
    assert not rules.planned("math", "0123456789abcdef", until=4e9, again=3e9)
    assert rules.planned_until("math") is None
    assert due(rules) == ()


def test_a_name_that_is_left_over_without_its_schedule_is_cleared_away(
    rules: ScheduleStore, raw: Any, key: Callable[[str], str]
) -> None:
    raw.zadd(key("schedules:due"), {"math": 1.0})
    assert due(rules) == ("math",)
    assert rules.planned("math", "", until=0.0, again=None)
    assert raw.zcard(key("schedules:due")) == 0
    put(rules, "art")
    assert not rules.planned("art", "", until=0.0, again=None)
    assert due(rules) == ("art",)


def test_the_cursor_never_goes_back(rules: ScheduleStore) -> None:
    (math,) = put(rules, "math")
    rules.planned("math", math.revision, until=4e9, again=3e9)
    assert rules.planned("math", math.revision, until=2e9, again=3e9)
    assert rules.planned_until("math") == 4e9


# slot


def test_a_new_entry_is_noted_by_the_first_that_sees_it(rules: ScheduleStore) -> None:
    won, at = rules.take_slot("tick", None)
    assert won
    assert rules.take_slot("tick", None) == (False, at)
    assert rules.last_runs() == {"tick": at}


def test_a_slot_goes_to_who_saw_its_last_run(rules: ScheduleStore) -> None:
    _, first = rules.take_slot("tick", None)
    won, second = rules.take_slot("tick", first)
    assert won
    assert second > first
    assert rules.take_slot("tick", first) == (False, second)
    assert rules.take_slot("other", first) == (False, 0.0)
    assert rules.last_runs() == {"tick": second}


def test_of_many_that_want_a_slot_one_has_it(rules: ScheduleStore) -> None:
    _, last = rules.take_slot("tick", None)
    for _ in range(20):
        start = threading.Barrier(6)

        def take(seen: float, start: threading.Barrier = start) -> tuple[bool, float]:
            start.wait()
            return rules.take_slot("tick", seen)

        with ThreadPoolExecutor(6) as pool:
            found = list(pool.map(take, [last] * 6))
        assert [won for won, _ in found].count(True) == 1
        assert len({at for _, at in found}) == 1
        last = found[0][1]


def test_every_instant_of_a_last_run_survives_its_way_there_and_back(
    rules: ScheduleStore, raw: Any, key: Callable[[str], str]
) -> None:
    for micros in ("000000", "000001", "100000", "123457", "999999"):
        raw.hset(key("beat"), "tick", f"1805000000.{micros}")
        assert rules.take_slot("tick", rules.last_runs()["tick"])[0], micros


def test_a_slot_is_of_the_server_s_time_whatever_clock_the_namespace_has(
    rules: ScheduleStore, store: Store, raw: Any
) -> None:
    store.clock.set_test(offset=1e6)
    _, at = rules.take_slot("tick", None)
    seconds, _ = raw.time()
    assert abs(at - seconds) < 60


# time


def test_the_time_is_the_server_s(rules: ScheduleStore, store: Store) -> None:
    before, now, after = store.clock.now(), rules.now().timestamp(), store.clock.now()
    assert before - 1e-5 <= now <= after + 1e-5


def test_a_test_namespace_has_the_time_of_its_sessions(rules: ScheduleStore, store: Store) -> None:
    store.clock.set_test(rate=20.0, offset=86_400.0)
    before, now, after = store.clock.now(), rules.now().timestamp(), store.clock.now()
    assert before - 1e-5 <= now <= after + 1e-5


@pytest.mark.parametrize(("step", "clamped"), [(1.5, True), (5.0, False)])
def test_a_small_step_back_is_clamped_and_a_large_one_followed(
    rules: ScheduleStore, store: Store, step: float, clamped: bool
) -> None:
    store.clock.set_test(offset=100.0)
    store.leases.claim([], free=1, lease=5.0)  # tells the time to somebody
    told = store.clock.read()["last"]
    store.clock.jump(-step)
    now = rules.now().timestamp()
    assert (now == pytest.approx(told, abs=1e-5)) == clamped
    assert abs(now - store.clock.now()) < 1.0


# The line


def test_a_server_that_forgot_the_scripts_gets_them_again(rules: ScheduleStore, raw: Any) -> None:
    (math,) = put(rules, "math")
    for call in (
        rules.now,
        lambda: rules.take_due(1, lease=30.0),
        lambda: rules.planned("math", math.revision, until=4e9, again=3e9),
        lambda: rules.take_slot("tick", None),
        lambda: rules.change([math], expected={"math": math.revision}),
    ):
        raw.script_flush()
        call()


def test_without_a_server_everything_says_so() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        away = ScheduleStore(f"redis://127.0.0.1:{probe.getsockname()[1]}/0")
        for call in (
            away.now,
            away.entries,
            away.calendars,
            away.unplanned,
            away.last_runs,
            away.changes,
            lambda: away.find("math"),
            lambda: away.planned_until("math"),
            lambda: away.take_due(1, lease=30.0),
            lambda: away.planned("math", "", until=0.0, again=None),
            lambda: away.take_slot("tick", None),
            lambda: away.change([], expected={}),
        ):
            with pytest.raises(SchedulesUnavailable, match="out of reach"):
                call()
        away.close()


def test_what_is_kept_is_json_without_what_has_its_default(
    rules: ScheduleStore, raw: Any, key: Callable[[str], str]
) -> None:
    (math,) = put(rules, "math")
    stored = raw.hget(key("schedules"), "math")
    assert stored is not None
    revision, _, body = stored.decode().partition("\n")
    assert revision == math.revision
    assert sorted(json.loads(body)) == ["created_at", "rule"]
