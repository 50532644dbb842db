"""The injection points: nothing where nobody asked for them, else a death at the named point."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from recorder_tasks.core.outcome import Step
from recorder_tasks.flow import crash


def run(code: str, **trap: str) -> subprocess.CompletedProcess[str]:
    """A process of its own with one trap armed."""
    program = f"from recorder_tasks.core.outcome import Step\nfrom recorder_tasks.flow import crash\n{code}"
    environment = {**os.environ, "RECORDER_CRASH": json.dumps(trap)}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)


REACHED = "crash.at('after_save', Step.START, 'r-1', 'class')\nprint('alive')"


def test_unarmed_points_are_empty_functions() -> None:
    assert crash.at is crash._nowhere
    assert crash.sending is crash._unwatched


def test_a_process_dies_at_its_point_and_only_once(tmp_path: Path) -> None:
    trap = {"point": "after_save", "step": "start", "channel": "class", "once": str(tmp_path / "once")}
    assert run(REACHED, **trap).returncode == -signal.SIGKILL
    assert float((tmp_path / "once").read_text()) > 0
    assert "alive" in run(REACHED, **trap).stdout


@pytest.mark.parametrize("other", [{"point": "after_intent"}, {"step": "stop"}, {"channel": "another"}])
def test_a_trap_leaves_everybody_else_alone(other: dict[str, str], tmp_path: Path) -> None:
    trap = {"point": "after_save", "step": "start", "channel": "class", "once": str(tmp_path / "once")}
    assert "alive" in run(REACHED, **{**trap, **other}).stdout
    assert not (tmp_path / "once").exists()


def test_a_trap_waits_for_its_release_and_obeys_it(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("go")
    trap = crash.Trap("after_save", "start", tmp_path / "once", session="r-1", release=tmp_path / "word")
    crash.Traps((trap,)).at("after_save", Step.START, "r-1", "class")
    assert trap.once.exists()


def test_the_parent_dies_in_place_of_the_child(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("parent")
    child = (
        f"import os, time\nif os.fork() == 0:\n    {REACHED.splitlines()[0]}\n    os._exit(0)\ntime.sleep(20)"
    )
    release = {"once": str(tmp_path / "once"), "release": str(tmp_path / "word")}
    assert (
        run(child, point="after_save", step="start", session="r-1", **release).returncode == -signal.SIGKILL
    )


def test_nobody_is_a_parent_who_has_not_forked_us(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("parent")
    release = {"once": str(tmp_path / "once"), "release": str(tmp_path / "word")}
    assert "alive" in run(REACHED, point="after_save", step="start", session="r-1", **release).stdout


def test_a_call_that_has_its_permit_is_on_its_way(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("go")
    trap = crash.Trap("after_sent", "stop", tmp_path / "once", session="r-1", release=tmp_path / "word")
    armed = crash.Traps((trap,))
    assert armed.sending(lambda attempt: None, Step.STOP, "r-1", "class")(0) is None
    assert not trap.once.exists()
    assert armed.sending(lambda attempt: math.inf, Step.STOP, "r-1", "class")(0) == math.inf
    assert trap.once.exists()


@pytest.mark.parametrize("armed", ["{", '["a trap"]', '{"point": "after_save"}'])
def test_what_is_no_trap_is_refused(armed: str) -> None:
    with pytest.raises(ValueError):
        crash.read(armed)
