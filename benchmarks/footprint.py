"""What it costs to have us: imports and the first call in app code, memory of a worker and of a beat.

What app code waits for in a new process is its import, and all until its first call has been answered. Memory
is PSS: pages that processes share are divided among them. Both sides' processes run at the same time, with
eight threads, and have done nothing before they are called idle.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import peer_app
from benchmarks.bench import APP, STORAGE, Bench
from benchmarks.figure import Figure, alternately
from benchmarks.fleet import READY, Fleet, Ours, Peer, fleet
from benchmarks.proc import Memory, family, memory
from recorder_tasks.local.processes import Child

TIMED = "import time\nbegan = time.perf_counter()\n{}\nprint(time.perf_counter() - began)"
OURS, CELERY = "from recorder_tasks import record", "import celery; celery.Celery"
VENDOR = "from agora_rest_client.services.cloud_recording.v1 import cloud_recording_client"
OUR_FIRST = f"{OURS}; record('math-7b', minutes=50)"
CELERY_FIRST = """
import os
from celery import Celery
app = Celery("peer", broker=os.environ["PEER_BROKER"])
@app.task(name="peer.task", ignore_result=True)
def task(**ask): ...
task.delay(channel="math-7b", minutes=50)
"""
PAIRS = {
    "footprint_import": (OURS, CELERY, "import celery", "the import alone; what it needs comes with its use"),
    "footprint_first": (OUR_FIRST, CELERY_FIRST, "first delay()", "from import to the first answer of Redis"),
}
AT_ONCE: dict[str, Any] = {"cadence": {"first_query": 0.001}}
LIVE = 500
PATIENCE, LOOK = 60.0, 0.25
MB = 1_000_000


def run(bench: Bench) -> Iterator[Figure]:
    yield from _imports(bench)
    with (
        fleet(bench) as systems,
        systems.ours(**AT_ONCE) as ours,
        systems.peer() as peer,
    ):
        yield from _workers(systems, ours, peer)
        yield _held(
            "footprint_beat", _of(ours.beat()), _of(_beat(bench, peer)), "celery beat", "no schedules"
        )


def _imports(bench: Bench) -> Iterator[Figure]:
    rounds = 15 if bench.full else 7
    env = _environment(bench)
    for name, (ours, celery, peer, notes) in PAIRS.items():
        took = alternately(rounds, {"ours": partial(_took, ours, env), "peer": partial(_took, celery, env)})
        mine, theirs = took["ours"] * 1000, took["peer"] * 1000
        yield Figure(name, mine, theirs, peer, "ms", "lower", rounds, notes, goal=1.3)
    vendor = alternately(rounds, {"ours": partial(_took, OURS, env), "peer": partial(_took, VENDOR, env)})
    mine, theirs = vendor["ours"] * 1000, vendor["peer"] * 1000
    notes = "0.2.0; its client for calls, ours for asking"
    yield Figure("footprint_import_vendor", mine, theirs, "agora-rest-client", "ms", "lower", rounds, notes)


def _workers(systems: Fleet, ours: Ours, peer: Peer) -> Iterator[Figure]:
    idle, theirs = _of(*ours.children), _of(*peer.children)
    yield _held("footprint_worker", idle, theirs, "celery worker", "idle, 8 threads; so is a --stop worker")
    _start(systems, ours)
    live = _of(*ours.children)
    _start_theirs(systems, peer)
    each = (live.pss - idle.pss) / LIVE / 1000
    said = f"{LIVE} that run; {each:.1f} kB each beside its idle {_mb(idle.pss)}"
    started = "celery worker that started as many"
    yield _held("footprint_worker_live", live, _of(*peer.children), started, said)


def _held(name: str, ours: Memory, peer: Memory, peer_name: str, notes: str) -> Figure:
    parts = f"uss {_mb(ours.uss)} and {_mb(peer.uss)}, rss {_mb(ours.rss)} and {_mb(peer.rss)}"
    both = ours.pss / MB, peer.pss / MB
    return Figure(name, *both, peer_name, "MB", "lower", 1, f"{notes}; {parts}")


def _mb(size: int) -> str:
    return f"{size / MB:.0f}"


def _of(*children: Child) -> Memory:
    return memory(pid for child in children for pid in family(child.pid))


def _start(systems: Fleet, ours: Ours) -> None:
    """So many recordings begin and are confirmed."""
    account = systems.simulator.account()
    for number in range(LIVE):
        ours.parts.desk.record(f"room-{number}", minutes=50)
    account.await_calls("query", LIVE, PATIENCE, look=LOOK)


def _start_theirs(systems: Fleet, peer: Peer) -> None:
    systems.simulator.forget()
    account, client = systems.simulator.account(), peer_app.client(peer.url)
    for number in range(LIVE):
        peer_app.begin({"channel": f"room-{number}", "uid": number + 1}, client).apply_async()
    account.await_calls("start", LIVE, PATIENCE, look=LOOK)


def _beat(bench: Bench, peer: Peer) -> Child:
    """Celery's own, once it has opened its schedule's file."""
    kept = bench.home / "beat.state"
    command = ("-m", "celery", "-q", "-A", "benchmarks.peer_app", "beat", "-l", "WARNING", "--pidfile=")
    child = peer.daemon("beat", *command, "-s", str(kept), ready="beat ready")
    _await_file(kept)
    return child


def _await_file(path: Path) -> None:
    until = time.monotonic() + READY
    while not list(path.parent.glob(f"{path.name}*")):
        if time.monotonic() > until:
            raise TimeoutError(f"{path.name} was not written within {READY:g} s")
        time.sleep(LOOK)


def _environment(bench: Bench) -> dict[str, str]:
    members = {"REDIS_URL": bench.url, "APPS": json.dumps({"default": APP})}
    ours = {f"RECORDER_{name}": value for name, value in members.items()}
    ours["RECORDER_STORAGES"] = json.dumps({"default": STORAGE})
    return {**os.environ, **ours, "PEER_BROKER": f"{bench.url.rpartition('/')[0]}/1"}


def _took(code: str, env: dict[str, str]) -> float:
    ran = subprocess.run(
        [sys.executable, "-c", TIMED.format(code)], env=env, stdout=subprocess.PIPE, text=True, check=True
    )
    return float(ran.stdout)
