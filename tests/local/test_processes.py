"""Child processes: started, killed, stopped in order, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from recorder_tasks.local.processes import NotReady, Processes, Program

SLEEPER = "import time; print('ready', flush=True); time.sleep(600)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER


def python(name: str, script: str, tier: int = 0) -> Program:
    return Program(name, (sys.executable, "-c", script), tier=tier)


def until(check: Callable[[], bool], timeout: float = 20.0) -> None:
    end = time.monotonic() + timeout
    while not check():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def exists(pid: int) -> bool:
    """Whether a process of that id runs; one that has ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_child_is_ready_when_it_says_so_and_its_lines_are_in_its_log(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    with Processes(tmp_path, lambda name, line: told.append((name, line))) as processes:
        child = processes.start(python("child", "print('first'); print('ready now', flush=True); input()"))
        assert child.await_line("ready", 20.0) == "now"
    assert (tmp_path / "child.log").read_text().splitlines()[:2] == ["first", "ready now"]
    assert told[:2] == [("child", "first"), ("child", "ready now")]


def test_a_child_that_ends_too_soon_tells_why(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        child = processes.start(python("child", "raise SystemExit('no port is free')"))
        with pytest.raises(NotReady, match=r"(?s)child: ended with status 1.*no port is free"):
            child.await_line("ready", 20.0)


def test_a_silent_child_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        child = processes.start(python("child", "import time; time.sleep(600)"))
        with pytest.raises(NotReady, match=r"not ready after 0\.2 s"):
            child.await_line("ready", 0.2)


def test_leaving_stops_every_child(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        children = [processes.start(python(name, SLEEPER)) for name in ("one", "two")]
        for child in children:
            child.await_line("ready", 20.0)
    assert [child.exit_status for child in children] == [-signal.SIGTERM, -signal.SIGTERM]


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    child = processes.start(python("deaf", DEAF))
    child.await_line("ready", 20.0)
    processes.stop(grace=0.3)
    assert child.exit_status == -signal.SIGKILL


def test_what_others_need_is_stopped_last(tmp_path: Path) -> None:
    order = tmp_path / "order"
    script = (
        "import signal, sys\n"
        f"def end(*_): open({str(order)!r}, 'a').write(sys.argv[0] + NAME); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end); print('ready', flush=True); signal.pause()\n"
    )
    processes = Processes(tmp_path)
    for name, tier in (("server ", 0), ("worker ", 2), ("simulator ", 1)):
        script_of = script.replace("sys.argv[0] + NAME", repr(name))
        processes.start(python(name.strip(), script_of, tier)).await_line("ready", 20.0)
    processes.stop()
    assert order.read_text().split() == ["worker", "simulator", "server"]


def test_a_kill_takes_what_the_child_has_forked(tmp_path: Path) -> None:
    script = "import os, time\npid = os.fork()\nif pid: print('ready', pid, flush=True)\ntime.sleep(600)"
    with Processes(tmp_path) as processes:
        child = processes.start(python("child", script))
        grandchild = int(child.await_line("ready", 20.0))
        processes.kill("child")
        assert child.exit_status == -signal.SIGKILL
        until(lambda: not exists(grandchild))


def test_a_child_that_ended_by_itself_is_reported_and_may_start_again(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        first = processes.start(python("child", SLEEPER))
        first.await_line("ready", 20.0)
        with pytest.raises(ValueError, match="runs already"):
            processes.start(first.program)
        os.kill(first.pid, signal.SIGKILL)
        until(lambda: processes.ended() == [first])
        second = processes.start(first.program)
        second.await_line("ready", 20.0)
        assert processes.ended() == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_no_child_outlives_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\n"
        "from recorder_tasks.local.processes import Processes, Program\n"
        f"program = Program('child', (sys.executable, '-c', {SLEEPER!r}))\n"
        f"child = Processes(Path({str(tmp_path)!r})).start(program)\n"
        "child.await_line('ready', 20)\nprint(child.pid, flush=True)\ntime.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert exists(child)
        parent.kill()
        parent.wait()
        until(lambda: not exists(child))
