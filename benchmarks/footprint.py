"""What app code waits for in a new process: the import, and all until its first call has been answered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial

from benchmarks.bench import APP, STORAGE, Bench
from benchmarks.figure import Figure, alternately

TIMED = "import time\nbegan = time.perf_counter()\n{}\nprint(time.perf_counter() - began)"
OURS, CELERY = "from recorder_tasks import record", "import celery; celery.Celery"
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


def run(bench: Bench) -> Iterator[Figure]:
    rounds = 15 if bench.full else 7
    env = _environment(bench)
    for name, (ours, celery, peer, notes) in PAIRS.items():
        took = alternately(rounds, {"ours": partial(_took, ours, env), "peer": partial(_took, celery, env)})
        mine, theirs = took["ours"] * 1000, took["peer"] * 1000
        yield Figure(name, mine, theirs, peer, "ms", "lower", rounds, notes, goal=1.3)


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
