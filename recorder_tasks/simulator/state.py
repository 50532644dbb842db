"""The world in a file: saved in one transaction after each batch of changes, found again after a restart."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import Any

from recorder_tasks.simulator.apps import App
from recorder_tasks.simulator.book import Ban, Book
from recorder_tasks.simulator.channels import Channel, Publisher
from recorder_tasks.simulator.clock import Clock
from recorder_tasks.simulator.events import Notice
from recorder_tasks.simulator.faults import fault_of
from recorder_tasks.simulator.notices import Target
from recorder_tasks.simulator.settings import SimulatorSettings
from recorder_tasks.simulator.tasks import Doom, Heard, Resource, Run, Task
from recorder_tasks.simulator.validation.recording import Recording
from recorder_tasks.simulator.validation.start import Plan
from recorder_tasks.simulator.validation.subscription import Subscription
from recorder_tasks.simulator.validation.web import WebPage
from recorder_tasks.simulator.world import World

_SCHEMA = """
create table if not exists records (kind text, key text, body text, primary key (kind, key));
create table if not exists log (number integer primary key autoincrement, body text);
"""


class StateFile:
    """An SQLite file, readable by its owner only. Only what has changed is written."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._file = sqlite3.connect(path, isolation_level=None)
        # A process that is killed loses nothing; only a machine that loses power might.
        self._file.execute("pragma synchronous=off")
        self._file.executescript(_SCHEMA)
        self._meta = ""

    def load(self, world: World, clock: Clock) -> bool:
        """Fill a fresh world; False when the file holds none."""
        rows: dict[str, list[Any]] = {"meta": [], "resources": [], "tasks": []}
        for kind, body in self._file.execute("select kind, body from records order by rowid"):
            rows[kind].append(json.loads(body))
        if not rows["meta"]:
            return False
        _restore_meta(world.book, clock, rows["meta"][0])
        for row in rows["resources"]:
            world.book.resources[row["resource_id"]] = Resource(**row)
        for row in rows["tasks"]:
            world.book.restore(_task(row))
        log = (json.loads(body) for (body,) in self._file.execute("select body from log order by number"))
        world.book.log = deque(log, maxlen=world.book.settings.log_capacity)
        world.book.touched.clear()
        world.book.unsaved.clear()
        # The same ids must not be drawn a second time.
        if world.book.settings.seed is not None:
            world.book.rng.seed(f"{world.book.settings.seed}/{len(rows['resources'])}/{len(rows['tasks'])}")
        return True

    def save(self, world: World, clock: Clock) -> None:
        """Write what has changed since the last time, all of it or nothing."""
        book = world.book
        meta = json.dumps(_meta(book, clock))
        if meta == self._meta and not book.touched and not book.unsaved:
            return
        records = {"tasks": book.tasks, "resources": book.resources}
        changed = [(kind, key, json.dumps(asdict(records[kind][key]))) for kind, key in book.touched]  # type: ignore[index]
        entries = [(json.dumps(entry),) for entry in book.unsaved]
        upsert = (
            "insert into records values (?, ?, ?) on conflict (kind, key) do update set body = excluded.body"
        )
        self._file.execute("begin")
        self._file.executemany(upsert, [*changed, ("meta", "", meta)])
        self._file.executemany("insert into log (body) values (?)", entries)
        self._file.execute(
            "delete from log where number <= (select max(number) from log) - ?", [book.log.maxlen]
        )
        self._file.execute("commit")
        self._meta = meta
        book.touched.clear()
        book.unsaved.clear()

    def clear(self) -> None:
        self._meta = ""
        self._file.executescript("delete from records; delete from log;")

    def close(self) -> None:
        self._file.close()


def _meta(book: Book, clock: Clock) -> dict[str, Any]:
    notices = book.notices
    return {
        # Rounded, so that a clock that merely runs is no change worth writing.
        "ahead": round(clock.ahead(), 1),
        "settings": book.settings.as_json(),
        "apps": [asdict(app) for app in book.apps.values()],
        "channels": [asdict(channel) for channel in book.channels.values()],
        "bans": [asdict(ban) for ban in book.bans.values()],
        "faults": [{**fault.shown(), "seed": fault.seed} for fault in book.faults.values()],
        "outage": [book.outage_until, book.outage_mode],
        "target": asdict(notices.target),
        "notices": [asdict(notice) for _, _, notice in sorted(notices.waiting, key=lambda item: item[:2])],
    }


def _restore_meta(book: Book, clock: Clock, meta: dict[str, Any]) -> None:
    clock.resume(meta["ahead"])
    book.settings = SimulatorSettings().changed(meta["settings"])
    book.apps = {app["app_id"]: App(**app) for app in meta["apps"]}
    for channel in meta["channels"]:
        people = [Publisher(**someone) for someone in channel.pop("publishers")]
        book.channels[channel["name"]] = Channel(publishers=people, **channel)
    book.bans = {ban["rule_id"]: Ban(**ban) for ban in meta["bans"]}
    for shown in meta["faults"]:
        fault = fault_of(shown["id"], shown)
        fault.struck = shown["struck"]
        book.faults[fault.fault_id] = fault
    book.outage_until, book.outage_mode = meta["outage"]
    book.notices.aim(Target(**meta["target"]))
    for notice in meta["notices"]:
        book.notices.push(Notice(**notice))


def _task(row: dict[str, Any]) -> Task:
    plan = row.pop("plan")
    doom = row.pop("doom")
    runs = [
        Run(run["began_at"], {uid: Heard(**heard) for uid, heard in run["heard"].items()})
        for run in row.pop("runs")
    ]
    return Task(plan=_plan(plan), doom=Doom(**doom) if doom else None, runs=runs, **row)


def _plan(row: dict[str, Any]) -> Plan:
    recording, page = row.pop("recording"), row.pop("page")
    if recording is not None:
        audio, video = Subscription(**recording.pop("audio")), Subscription(**recording.pop("video"))
        recording = Recording(audio=audio, video=video, **recording)
    return Plan(recording=recording, page=WebPage(**page) if page else None, **row)
