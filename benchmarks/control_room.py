"""How the page Now bears a thousand recordings and fifty watchers: ``python -m benchmarks.control_room``.

A server, a namespace with sessions that record, and `recorder web`, each its own process. Changes are made at
the pace at which health checks would change that many recordings (one each two minutes) and more.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import statistics
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from benchmarks.proc import cpu
from recorder_tasks.core.agenda import lanes
from recorder_tasks.core.cadence import Cadence
from recorder_tasks.core.outcome import Upload
from recorder_tasks.core.session import End, Ending, Session, State, Take
from recorder_tasks.local.processes import Processes, Program
from recorder_tasks.local.server import await_answer, free_port, url, valkey
from recorder_tasks.settings import Settings
from recorder_tasks.wiring import Wiring

HEALTH = 120.0  # seconds from one health check of a recording to the next
APP = {"app_id": "0" * 32, "key": "k", "secret": "s", "concurrent_tasks": 5000}


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--recordings", type=int, default=1000)
    ask.add_argument("--watchers", type=int, default=50)
    ask.add_argument("--seconds", type=float, default=20.0)
    ask.add_argument("--finished", type=int, default=0, help="finished sessions of other days beside them")
    given = ask.parse_args()
    with tempfile.TemporaryDirectory() as home, Processes(Path(home) / "log") as processes:
        port = free_port()
        await_answer(processes.start(valkey(Path(home) / "valkey", port)), port)
        settings = Settings.model_validate({"redis_url": url(port), "apps": {"default": APP}})
        parts = Wiring(settings)
        ids = fill(parts, given.recordings, given.finished)
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RECORDER_")},
            "RECORDER_REDIS_URL": url(port),
            "RECORDER_APPS": json.dumps({"default": APP}),
        }
        argv = (sys.executable, "-m", "recorder_tasks.cli", "web", "--port", "0")
        child = processes.start(Program("web", argv, env=env, tier=1))
        address = child.await_line("control room", 30.0)
        report(measure(parts, ids, address, child.pid, given.watchers, given.seconds), given)
        parts.close()


def fill(parts: Wiring, recordings: int, over: int) -> list[str]:
    """Sessions that record now, and finished ones of the last month."""
    now = parts.store.clock.now()
    made = [_recording(number, now) for number in range(recordings)]
    made += [finished(number, now) for number in range(over)]
    cadence = Cadence()
    for at in range(0, len(made), 500):
        parts.store.sessions.create_many([(one, lanes(one, now, cadence), []) for one in made[at : at + 500]])
    return [one.id for one in made[:recordings]]


def _take(uid: int, start: float, now: float) -> Take:
    return Take(
        uid=uid,
        resource_id=secrets.token_hex(40),
        acquired_at=start,
        sent_at=start + 1,
        sid=secrets.token_hex(16),
        accepted_at=start + 2,
        confirmed_at=start + 7,
        alive_at=now,
        status=(now, 5),
    )


def _recording(number: int, now: float) -> Session:
    start = now - 600
    take = _take(900_000_001 + 8 * number, start, now)
    uids = (take.uid, take.uid + 1)
    return Session(
        id=f"r-{number:020x}",
        channel=f"room-{number % 200:03}",
        labels={"room": str(number % 200), "school": "north"},
        uids=uids,
        created_at=start - 3600,
        start=start,
        end=now + 2400 + number,
        deadline=now + 6000 + number,
        state=State.RECORDING,
        takes=(take,),
    )


def scheduled(number: int, start: float) -> Session:
    """A lesson of fifty minutes that has not begun."""
    return Session(
        id=f"r-{number:020x}",
        channel=f"room-{number % 500:03}",
        labels={"room": str(number % 500)},
        uids=(900_000_001 + 8 * number, 900_000_008 + 8 * number),
        created_at=start - 3600,
        start=start,
        end=start + 3000,
        deadline=start + 6600,
    )


def finished(number: int, now: float) -> Session:
    start = now - 86_400 * (1 + number % 28) - number % 80_000
    whole = _recording(number, start + 600)
    return whole.evolve(
        id=f"r-f{number:019x}", state=State.COMPLETED, final_at=start + 3000, settled_at=start + 3000
    )


def recorded(lesson: Session, now: float) -> Session:
    """The same lesson, over and uploaded."""
    over = lesson.end
    took = _take(lesson.uids[0], lesson.start, over)
    take = took.model_copy(
        update={"end": (End.STOPPED, over), "upload": Upload.UPLOADED, "stop_sent_at": over}
    )
    ended = {"ending": Ending.UPLOADED, "final_at": over, "settled_at": over}
    return lesson.evolve(state=State.COMPLETED, takes=(take,), **ended)


class Watchers:
    """Open pages: each reads its stream and notes when news came."""

    def __init__(self, address: str, count: int) -> None:
        self.arrived: dict[str, list[float]] = {}
        self.bytes = 0
        self._lock = Lock()
        self._ready = [Event() for _ in range(count)]
        for ready in self._ready:
            Thread(target=self._read, args=(address, ready), daemon=True).start()
        for ready in self._ready:
            assert ready.wait(60), "a watcher got nothing"

    def _read(self, address: str, ready: Event) -> None:
        with urllib.request.urlopen(f"{address}/live/now", timeout=60) as stream:
            for line in stream:
                if not line.startswith(b"data: "):
                    continue
                now = time.perf_counter()
                message = json.loads(line[6:])
                with self._lock:
                    self.bytes += len(line)
                    for row in message.get("put", ()):
                        self.arrived.setdefault(row["id"], []).append(now)
                ready.set()


def measure(
    parts: Wiring, ids: list[str], address: str, pid: int, watchers: int, seconds: float
) -> dict[str, Any]:
    alone = [_page(address) for _ in range(10)]
    before = cpu(pid)
    watched = Watchers(address, watchers)
    joined = cpu(pid) - before
    watched.arrived.clear()
    watched.bytes = 0
    pace = HEALTH / len(ids)
    began, spent = time.perf_counter(), cpu(pid)
    sent: dict[str, float] = {}
    loaded: list[tuple[float, int]] = []
    number = 0
    while time.perf_counter() - began < seconds:
        changed = ids[number * 37 % len(ids)]
        sent[changed] = time.perf_counter()
        parts.desk.extend(changed, minutes=0.01)
        number += 1
        if number % 10 == 0:
            loaded.append(_page(address))
        time.sleep(max(0.0, began + number * pace - time.perf_counter()))
    took = time.perf_counter() - began
    used = cpu(pid) - spent
    time.sleep(2.0)
    heard = watched.arrived.items()
    delays = sorted(at - sent[each] for each, times in heard for at in times if at > sent.get(each, at))
    return {
        "page alone, ms p50": _ms(statistics.median(at for at, _ in alone)),
        "page, watched, ms p50": _ms(statistics.median(at for at, _ in loaded)),
        "page, watched, ms max": _ms(max(at for at, _ in loaded)),
        "page, kB": round(alone[-1][1] / 1000),
        "news heard": len(delays),
        "news wanted": len(sent) * watchers,
        "news, ms p50": _ms(delays[len(delays) // 2]),
        "news, ms p99": _ms(delays[int(len(delays) * 0.99)]),
        "changes a second": round(number / took, 1),
        "CPU of web, %": round(100 * used / took),
        "CPU to open all pages, s": round(joined, 1),
        "kB a second and watcher": round(watched.bytes / took / watchers / 1000, 1),
    }


def _page(address: str) -> tuple[float, int]:
    began = time.perf_counter()
    with urllib.request.urlopen(f"{address}/", timeout=60) as answer:
        size = len(answer.read())
    return time.perf_counter() - began, size


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def report(found: dict[str, Any], given: argparse.Namespace) -> None:
    print(f"{given.recordings} recordings, {given.watchers} watchers, {given.finished} finished beside them")
    for name, value in found.items():
        print(f"  {name:<28}{value}")


if __name__ == "__main__":
    main()
