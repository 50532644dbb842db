"""A day: what begins in it and what reaches into it, at a cost that others do not raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from recorder_tasks.core.session import Lane, Session, State, Take
from recorder_tasks.store import Filter, Store

MakeSession = Callable[..., Session]
HOUR, DAY = 3600.0, 86_400.0
MIDNIGHT = 1_800_000_000.0
ALL = Filter(None, {}, None, None)
TAKE = Take(uid=1, resource_id="r", acquired_at=1.0, sent_at=2.0, sid="s")


@pytest.fixture
def put(store: Store, make_session: MakeSession) -> Callable[..., None]:
    """A session that begins so many hours after midnight and is planned for so many hours."""

    def create(name: str, at: float, hours: float = 1.0, **members: Any) -> None:
        start = MIDNIGHT + at * HOUR
        plan = {"start": start, "end": start + hours * HOUR, "deadline": start + hours * HOUR}
        session, _ = store.sessions.create(
            make_session(name, **{**plan, **members}), {Lane.STOP: 9e9, Lane.SETTLE: 9e9}
        )
        assert session.id == name

    return create


def ended(store: Store, name: str, at: float) -> None:
    session = store.sessions.get(name)
    assert session is not None
    done = {"state": State.COMPLETED, "takes": (TAKE,), "final_at": MIDNIGHT + at * HOUR}
    store.sessions.save(session.evolve(**done, settled_at=MIDNIGHT), {})


def day(store: Store, wanted: Filter = ALL, limit: int = 100, now: float = 12.0) -> list[str]:
    found, _ = store.days.overlapping(wanted, MIDNIGHT, MIDNIGHT + DAY, MIDNIGHT + now * HOUR, limit)
    return [session.id for session in found]


def test_a_day_has_what_overlaps_it_and_nothing_else(store: Store, put: Callable[..., None]) -> None:
    put("over midnight", -0.5)
    put("just before", -1.0)
    put("at midnight", 0.0)
    put("last", 23.5)
    put("tomorrow", 24.0)
    put("three days", -30.0, 72.0)
    put("two days, over", -60.0, 48.0)
    assert day(store) == ["three days", "over midnight", "at midnight", "last"]


def test_what_is_over_is_there_by_plan_and_by_what_was_recorded(
    store: Store, put: Callable[..., None]
) -> None:
    put("long", -60.0, 80.0)
    put("stopped late", -2.0)
    put("stopped early", -1.5, 2.0)
    for name, at in (("long", 20.0), ("stopped late", 0.5), ("stopped early", -1.0)):
        ended(store, name, at)
    assert day(store) == ["long", "stopped late", "stopped early"]


def test_a_recorder_that_still_runs_is_there_however_long_ago_it_began(
    store: Store, put: Callable[..., None]
) -> None:
    put("unstoppable", -40.0)
    session = store.sessions.get("unstoppable")
    assert session is not None
    store.sessions.save(session.evolve(state=State.STOPPING, takes=(TAKE,)), {Lane.STOP: 9e9})
    assert day(store) == ["unstoppable"]
    assert day(store, now=-1.0) == []


def test_filters_narrow_a_day(store: Store, put: Callable[..., None]) -> None:
    put("math", -0.5, channel="math", labels={"room": "7"})
    put("art", 1.0, channel="art", labels={"room": "7"})
    put("days", -40.0, 60.0, channel="art")
    assert day(store, Filter(None, {"room": "7"}, None, None)) == ["math", "art"]
    assert day(store, Filter(None, {}, None, "art")) == ["days", "art"]
    assert day(store, Filter(State.RECORDING, {}, None, None)) == []


def test_the_earliest_come_first_and_one_is_told_that_there_are_more(
    store: Store, put: Callable[..., None]
) -> None:
    for number in range(4):
        put(f"class-{number}", float(number))
    span = (MIDNIGHT, MIDNIGHT + DAY, MIDNIGHT)
    found, more = store.days.overlapping(ALL, *span, 3)
    assert ([session.id for session in found], more) == (["class-0", "class-1", "class-2"], True)
    assert store.days.overlapping(ALL, *span, 4)[1] is False


def test_finished_recordings_of_other_days_cost_a_day_nothing(
    store: Store, put: Callable[..., None], make_session: MakeSession
) -> None:
    for number in range(20):
        put(f"class-{number}", number + 0.5)

    def cost() -> tuple[int, int]:
        before: Any = store.client.info("stats")
        assert len(day(store)) == 20
        after: Any = store.client.info("stats")
        told = len(repr(after)) - len(repr(before))
        sent = after["total_net_output_bytes"] - before["total_net_output_bytes"]
        return after["total_commands_processed"] - before["total_commands_processed"], sent - told

    def others(count: int, first: int) -> None:
        for at in range(first, first + count, 1000):
            wanted = []
            for number in range(at, min(at + 1000, first + count)):
                start = MIDNIGHT - 4 * HOUR - number if number % 2 else MIDNIGHT + 2 * DAY + number
                plan = {"start": start, "end": start + 60, "deadline": start + 60, "final_at": start + 60}
                done = {"state": State.COMPLETED, "settled_at": start + 60}
                wanted.append((make_session(f"other-{number}", **plan, **done), {}, ()))
            store.sessions.create_many(wanted)

    others(100, 0)
    commands, sent = cost()
    others(20_000, 100)
    many_commands, many_sent = cost()
    assert many_commands == commands
    assert abs(many_sent - sent) < 200  # the figures of INFO itself have more digits now
