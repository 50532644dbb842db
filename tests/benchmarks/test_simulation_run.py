"""A small simulation from its command, and one that is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.proc import family
from benchmarks.simulation.filling import Wanted
from benchmarks.simulation.results import BAD, Results
from benchmarks.simulation.run import simulated

TOP = Path(__file__).resolve().parents[2]
LARGE = ("--apps", "4", "--recordings", "4000", "--namespaces", "2", "--processes", "2")


def test_all_of_a_small_one_are_alive_at_once_and_nothing_is_amiss() -> None:
    run = simulated(Wanted(80, 4, lesson=300, window=40), 2, 2)
    assert dict.fromkeys(BAD, 0) == run["amiss"]
    assert (run["recordings"], run["namespaces"]) == (80, 2)
    assert run["least"] >= 76  # those that begin within a confirmation of the window are its first starts
    assert run["busiest_second"] <= 10
    assert run["lifecycles"] == pytest.approx(80 * 40 / 300, abs=4)


def test_results_keep_one_run_of_each_size(tmp_path: Path) -> None:
    results = Results(path=tmp_path / "kept.json")
    for size in ((2000, 10, "old"), (1000, 2, "one"), (2000, 10, "new")):
        results.keep_run(dict(zip(("recordings", "apps", "what"), size, strict=True)))
    assert [run["what"] for run in Results.read(results.path).runs] == ["one", "new"]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="the family of a process is read from /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_one_leaves_no_process_and_no_result(number: signal.Signals) -> None:
    before = Results.read()
    argv = (sys.executable, "-m", "benchmarks.simulation", *LARGE)
    process = subprocess.Popen(argv, cwd=TOP, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stderr is not None
    assert process.stderr.readline().startswith("fill")
    known = family(process.pid)
    assert len(known) >= 4  # itself, the server, and two processes
    process.send_signal(number)
    assert process.wait(30) != 0
    _await(lambda: not any(_runs(pid) for pid in known))
    assert Results.read() == before
    process.stderr.close()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


def _await(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)
