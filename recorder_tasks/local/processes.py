"""Child processes of one parent: started with a log each, killed or stopped in order, never left behind.

On Linux a child also dies with its parent, however that ends.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition, Thread
from typing import IO

Tell = Callable[[str, str], None]

PR_SET_PDEATHSIG = 1  # Linux, prctl(2)
KEPT_LINES = 400
GRACE = 8.0  # seconds between SIGTERM and SIGKILL


class NotReady(RuntimeError):
    """A process ended, or was silent for too long, before it was ready; the message ends with its log."""


@dataclass(frozen=True)
class Program:
    """What to run. A higher ``tier`` is stopped before a lower one: what is needed last goes last."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    tier: int = 0
    cwd: Path | None = None


class Child:
    """One running process of a program; its output goes to its log, line by line."""

    def __init__(self, program: Program, log: Path, tell: Tell | None = None) -> None:
        self.program = program
        self.log = log
        self.started_at = time.monotonic()
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._news = Condition()
        self._closed = False
        self._process = subprocess.Popen(  # noqa: S603  our own argv, no shell
            program.argv,
            env={**os.environ, **program.env, "PYTHONUNBUFFERED": "1"},
            cwd=program.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C reaches the parent only, which stops them in order
            preexec_fn=_dying_with_parent(),
        )
        self._reader = Thread(target=self._read, args=(tell,), name=f"log-{program.name}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """None while it runs; minus the signal's number if a signal ended it."""
        return self._process.poll()

    def await_line(self, begin: str, timeout: float) -> str:
        """The rest of the first line that begins so. Raises NotReady."""
        until = time.monotonic() + timeout
        with self._news:
            while True:
                for line in self._lines:
                    if line.startswith(begin):
                        return line[len(begin) :].strip()
                left = until - time.monotonic()
                if self._closed or left <= 0:
                    break
                self._news.wait(left)
        ended = self._closed and self.gone(1.0)
        why = f"ended with status {self.exit_status}" if ended else f"not ready after {timeout:g} s"
        raise NotReady(f"{self.program.name}: {why}\n{self.tail()}")

    def tail(self, count: int = 15) -> str:
        with self._news:
            return "\n".join(list(self._lines)[-count:])

    def signal(self, number: signal.Signals) -> None:
        """To it; SIGKILL also to whatever it has forked."""
        if self.exit_status is not None:
            return
        if number is signal.SIGKILL:
            os.killpg(self.pid, number)
        else:
            self._process.send_signal(number)

    def gone(self, timeout: float) -> bool:
        """Whether it has ended, after waiting for at most ``timeout`` seconds."""
        try:
            self._process.wait(max(0.0, timeout))
        except subprocess.TimeoutExpired:
            return False
        self._reader.join(1.0)
        return True

    def _read(self, tell: Tell | None) -> None:
        output: IO[str] | None = self._process.stdout
        assert output is not None
        with self.log.open("a", encoding="utf-8") as log, output:
            for line in output:
                log.write(line)
                log.flush()
                with self._news:
                    self._lines.append(line.rstrip("\n"))
                    self._news.notify_all()
                if tell is not None:
                    tell(self.program.name, line.rstrip("\n"))
        with self._news:
            self._closed = True
            self._news.notify_all()


class Processes:
    """The children of this process, by name. Start them from the main thread: they die with their thread."""

    def __init__(self, logs: Path, tell: Tell | None = None) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._tell = tell
        self.children: dict[str, Child] = {}

    def start(self, program: Program) -> Child:
        """Start it, in the place of an ended one of that name."""
        known = self.children.get(program.name)
        if known is not None and known.exit_status is None:
            raise ValueError(f"{program.name} runs already, as process {known.pid}")
        child = Child(program, self._logs / f"{program.name}.log", self._tell)
        self.children[program.name] = child
        return child

    def kill(self, *names: str) -> None:
        """SIGKILL, all of them at once."""
        for name in names:
            self.children[name].signal(signal.SIGKILL)
        for name in names:
            self.children[name].gone(GRACE)

    def ended(self) -> list[Child]:
        """Children that have ended though nobody stopped them."""
        return [child for child in self.children.values() if child.exit_status is not None]

    def stop(self, grace: float = GRACE) -> None:
        """SIGTERM tier by tier, SIGKILL to what is left after ``grace`` seconds; nothing survives it."""
        for tier in sorted({child.program.tier for child in self.children.values()}, reverse=True):
            stopping = [child for child in self.children.values() if child.program.tier == tier]
            for child in stopping:
                child.signal(signal.SIGTERM)
            until = time.monotonic() + grace
            for child in stopping:
                if not child.gone(until - time.monotonic()):
                    child.signal(signal.SIGKILL)
                    child.gone(grace)
        self.children.clear()

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()


def _dying_with_parent() -> Callable[[], None] | None:
    """Linux: the kernel sends SIGKILL when the starting thread ends. Elsewhere: nothing to arm."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def arm() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() != parent:  # it ended between fork and here
            os._exit(1)

    return arm
