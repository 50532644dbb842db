"""What a tester does to the vendor's world from outside: deaths, migrations, people, outages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recorder_tasks.simulator.channels import channel_of
from recorder_tasks.simulator.events import PAGE_ENDS
from recorder_tasks.simulator.faults import Fault, fault_of
from recorder_tasks.simulator.tasks import Task
from recorder_tasks.simulator.world import World

LIVE_OF = "channel:"
OUTAGE_MODES = ("refuse", "503")


class NoSuch(LookupError):
    """What was named does not exist; the message says what."""


def find_take(world: World, name: str) -> Task:
    """A task by its sid, or the live one of a channel as ``channel:NAME``. Raises NoSuch."""
    if not name.startswith(LIVE_OF):
        task = world.book.tasks.get(name)
        if task is None:
            raise NoSuch(f"no take {name}")
        return task
    sids = reversed(world.book.by_cname.get(name.removeprefix(LIVE_OF), []))
    live = next((world.book.tasks[sid] for sid in sids if world.book.tasks[sid].alive), None)
    if live is None:
        raise NoSuch(f"no live take in {name.removeprefix(LIVE_OF)}")
    return live


def _live(world: World, name: str) -> Task:
    task = find_take(world, name)
    if not task.alive:
        raise ValueError(f"take {task.sid} has ended: {task.ended_by}")
    return task


def kill(world: World, name: str, now: float) -> Task:
    """The recorder dies and is never replaced: 404 for ever, event 11 with exitStatus 1."""
    task = _live(world, name)
    world.timeline.fall(task, "killed", now)
    return task


def close_page(world: World, name: str, code: int, now: float) -> Task:
    """A web page ends by itself: event 71 with ``code`` (6.4), then 404."""
    task = _live(world, name)
    if task.plan.page is None or code not in range(1, 7):
        raise ValueError(f"code: {code} ends no page; a web recording takes 1 to 6")
    world.timeline.fall(task, PAGE_ENDS[code], now, page_code=code)
    return task


def fail(world: World, name: str, code: int, now: float) -> Task:
    """An abnormal exit: event 1 with ``code``, status 20, then 404."""
    task = _live(world, name)
    world.timeline.fail(task, now, code)
    return task


def migrate(world: World, name: str, seconds: float, new_uid: int | None, now: float) -> Task:
    """The recorder moves: 404 for ``seconds``, then it is back under another uid; too often ends it (9)."""
    task = _live(world, name)
    book = world.book
    if task.joined_at is None or task.away_until is not None:
        raise ValueError(f"take {task.sid} is not in a channel just now")
    if task.migrations >= book.settings.max_migrations:
        world.timeline.fall(task, "migration_limit", now)
        return task
    task.migrations += 1
    task.away_until = now + seconds
    task.uid_in_channel = new_uid or book.rng.randrange(1, 2**32)
    book.remind(task, "back", now + seconds)
    return task


def put_channel(world: World, name: str, body: Mapping[str, Any], now: float) -> None:
    """People come and go as told. Raises ValueError."""
    world.book.channels[name] = channel_of(name, body, now)
    _look_again(world, name, now)


def forget_channel(world: World, name: str, now: float) -> None:
    world.book.channels.pop(name, None)
    _look_again(world, name, now)


def _look_again(world: World, name: str, now: float) -> None:
    for sid in list(world.book.in_channel.get(name, ())):
        task = world.book.tasks[sid]
        task.timers.pop("presence", None)
        if task.away_until is None:
            world.timeline.presence(task, now)


def add_fault(world: World, body: Mapping[str, Any]) -> Fault:
    """Raises BadFault."""
    fault = fault_of(f"f{world.book.rng.getrandbits(32):08x}", body)
    world.book.faults[fault.fault_id] = fault
    return fault


def remove_fault(world: World, fault_id: str) -> None:
    if world.book.faults.pop(fault_id, None) is None:
        raise NoSuch(f"no fault {fault_id}")


def outage(world: World, seconds: float, mode: str | None, now: float) -> None:
    """Every vendor request fails until ``seconds`` from now; recorders run on."""
    if mode not in (None, *OUTAGE_MODES):
        raise ValueError(f"mode: {mode!r} is none of {', '.join(OUTAGE_MODES)}")
    world.book.outage_until = now + seconds
    world.book.outage_mode = mode or world.book.settings.outage_mode
