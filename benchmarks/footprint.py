"""What it takes to be there: import time of app code's side, memory of a worker that has nothing to do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.figure import Figure, alternately

TIMED = "import time; began = time.perf_counter(); {}; print(time.perf_counter() - began)"
OURS = "from recorder_tasks import record; import recorder_tasks.wiring"
CELERY = "import celery; celery.Celery"


def run(bench: Bench) -> Iterator[Figure]:
    rounds = 15 if bench.full else 7
    took = alternately(rounds, {"ours": lambda: _imported(OURS), "peer": lambda: _imported(CELERY)})
    yield Figure(
        "footprint_import",
        took["ours"] * 1000,
        took["peer"] * 1000,
        "import celery",
        "ms",
        "lower",
        rounds,
        "app code's side: record() and what it needs",
        goal=1.3,
    )


def _imported(code: str) -> float:
    ran = subprocess.run(
        [sys.executable, "-c", TIMED.format(code)], capture_output=True, text=True, check=True
    )
    return float(ran.stdout)
