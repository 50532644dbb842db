"""The main job on embedded defaults: one class, and every worker killed while it is being recorded."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from recorder_tasks.core.session import State
from recorder_tasks.flow.desk import Desk
from recorder_tasks.flow.feed import RecordingEvent
from recorder_tasks.local.environment import nothing_real
from recorder_tasks.local.processes import Child
from recorder_tasks.local.summary import Summary
from recorder_tasks.local.system import System, get_json
from recorder_tasks.recording import Recording
from recorder_tasks.settings import Settings
from recorder_tasks.wiring import Wiring

CHANNEL = "demo-class"
EXTENSION = 15.0  # seconds from the planned end to the deadline that the ledger is held to
PATIENCE = 45.0  # seconds past the deadline before the demo gives up and reports what it sees
LOOK = 0.15

# Short enough to be seen within a class of 20 s; a real deployment keeps the vendor's figures.
PACE = {
    "RECORDER_CADENCE__FIRST_QUERY": "2",
    "RECORDER_CADENCE__SETTLE_FIRST": "2",
    "RECORDER_PROFILES__DEFAULT__HEALTH_EVERY": "4",
    "RECORDER_PROFILES__DEFAULT__MAX_IDLE": "30",
}
SIMULATOR = {"first_file_seconds": 4.0, "upload_seconds": 0.5}


class Audience(Protocol):
    """Whoever looks on."""

    def show(self, recording: Recording, news: Sequence[RecordingEvent], now: datetime) -> None: ...

    def say(self, line: str) -> None: ...


class Demo:
    """One run. ``seconds``: the class's length; ``start_in``: seconds until it begins."""

    def __init__(self, seconds: float, start_in: float, audience: Audience, *, keep: bool = False) -> None:
        self.seconds = seconds
        self.start_in = start_in
        self.audience = audience
        self.keep = keep
        self.killed = False

    def run(self) -> Summary:
        """Everything from the first process to the last; nothing is left running."""
        data_dir = Path(tempfile.mkdtemp(prefix="recorder-demo-"))
        try:
            with nothing_real(), System(data_dir, env=PACE) as system:
                system.cwd = data_dir  # a .env of the directory that we were called in does not count
                return self._rehearse(system)
        finally:
            if self.keep:
                self.audience.say(f"kept: {data_dir}")
            else:
                shutil.rmtree(data_dir, ignore_errors=True)

    def _rehearse(self, system: System) -> Summary:
        self._say(f"embedded server with an append-only file at {system.serve()}")
        self._say(f"simulator of the vendor at {system.simulate(settings=SIMULATOR)['base_url']}")
        workers = system.work()
        beat = system.beat()
        os.environ.update(system.env)
        parts = Wiring(Settings(_env_file=None))
        try:
            system.await_workers(parts.desk, *workers)
            self._say("running: " + ", ".join(f"{_named(child)}" for child in (*workers, beat)))
            recording = self._ask(parts.desk)
            recording = self._look_on(parts.desk, recording, system, workers)
        finally:
            parts.close()
        return self._by_the_ledger(system, recording)

    def _ask(self, desk: Desk) -> Recording:
        start = datetime.now(UTC) + timedelta(seconds=self.start_in)
        return desk.record(
            CHANNEL,
            start=start,
            end=start + timedelta(seconds=self.seconds),
            labels={"made_by": "demo"},
            max_extension=EXTENSION,
        )

    def _look_on(
        self, desk: Desk, recording: Recording, system: System, workers: Sequence[Child]
    ) -> Recording:
        """Until the recording is over and its files are settled; kills the workers half-way."""
        half = recording.start + (recording.end - recording.start) / 2
        patience = recording.deadline + timedelta(seconds=PATIENCE)
        last = "0"
        while True:
            events = list(desk.events(recording.session_id, after=last))
            last = events[-1].id if events else last
            recording = desk.get(recording.session_id)
            now = datetime.now(UTC)
            self.audience.show(recording, events, now)
            if (recording.finished and recording.settled) or now > patience:
                return recording
            if not self.killed and recording.state is State.RECORDING and now >= half:
                self._crash(system, workers)
            time.sleep(LOOK)

    def _crash(self, system: System, workers: Sequence[Child]) -> None:
        system.processes.kill(*(child.program.name for child in workers))
        self.killed = all(child.exit_status == -signal.SIGKILL for child in workers)
        self._say("killed with SIGKILL: " + ", ".join(map(_named, workers)) + "; no worker is left")
        self._say("started in their place: " + ", ".join(map(_named, system.work("-2"))))

    def _by_the_ledger(self, system: System, recording: Recording) -> Summary:
        admin = system.app["admin_url"]
        takes = get_json(f"{admin}/ledger?channel={CHANNEL}")["takes"]
        requests = get_json(f"{admin}/requests")["requests"]
        return Summary.of(recording, takes, requests, worker_killed=self.killed)

    def _say(self, line: str) -> None:
        self.audience.say(f"{datetime.now().astimezone():%H:%M:%S}  {line}")


def _named(child: Child) -> str:
    return f"{child.program.name} (process {child.pid})"
