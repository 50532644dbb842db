"""The processes that share a simulation's namespaces, how far they are, and that none is left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from threading import Thread
from typing import Any

from benchmarks.simulation.filling import Wanted
from benchmarks.simulation.share import Simulated, settings_of

STAGES = ("fill", "run", "check")
TOLD_EVERY = 0.5  # seconds between two words of a process on how far it is
SHOWN_EVERY = 10.0  # between two lines, where the terminal is none
GRACE = 3.0


class Ended(RuntimeError):
    """A process of the simulation has ended or failed; the message says which and why."""


class Crowd:
    """The processes, by their pipes. ``show``: a line on how far a stage is."""

    def __init__(self, lines: list[Connection], show: Callable[[str], None]) -> None:
        self._lines = lines
        self._show = show

    def all(self, stage: str) -> list[Any]:
        """Each does the stage; the answers of all namespaces. Raises Ended."""
        began = time.monotonic()
        for line in self._lines:
            line.send(stage)
        done, answers = dict.fromkeys(self._lines, 0.0), dict[Connection, list[Any]]()
        while len(answers) < len(self._lines):
            waiting = [line for line in self._lines if line not in answers]
            ready = wait(waiting, timeout=TOLD_EVERY)
            for line in (line for line in waiting if line in ready):
                kind, value = _heard(line)
                if kind == "done":
                    answers[line], done[line] = value, 1.0
                else:
                    done[line] = value
            self._show(_line(stage, sum(done.values()) / len(done), time.monotonic() - began))
        return [one for line in self._lines for one in answers[line]]


def _heard(line: Connection) -> tuple[str, Any]:
    try:
        kind, value = line.recv()
    except EOFError:
        raise Ended("simulation: a process has ended before its work was done") from None
    if kind == "trouble":
        raise Ended(f"simulation: {value}")
    return kind, value


def _line(stage: str, share: float, seconds: float) -> str:
    left = f", about {seconds / share * (1 - share):.0f} s to go" if 0.02 < share < 1 else ""
    return f"{stage} {share:4.0%} after {seconds:.0f} s{left}"


@contextmanager
def processes(url: str, home: Path, groups: list[list[Wanted]]) -> Iterator[Crowd]:
    """One for each group of namespaces, ended when the block is, however that ends."""
    context, lines, started = multiprocessing.get_context("spawn"), list[Connection](), list[SpawnProcess]()
    try:
        for number, group in enumerate(groups):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, url, home, number, group), daemon=True)
            process.start()
            theirs.close()
            lines.append(ours)
            started.append(process)
        with _shown() as show:
            yield Crowd(lines, show)
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.join(GRACE)
            if process.is_alive():
                process.kill()
                process.join()


@contextmanager
def _shown() -> Iterator[Callable[[str], None]]:
    """On a terminal the same line again and again, elsewhere one now and then; both on stderr."""
    terminal, last = sys.stderr.isatty(), [float("-inf")]

    def show(line: str) -> None:
        if terminal:
            print(f"\r{line:<60}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() >= last[0] + SHOWN_EVERY:
            last[0] = time.monotonic()
            print(line, file=sys.stderr, flush=True)

    yield show
    if terminal:
        print(f"\r{'':<60}\r", end="", file=sys.stderr, flush=True)


def _work(line: Connection, url: str, home: Path, number: int, group: list[Wanted]) -> None:
    """One process: its namespaces are filled together, and run one after another, each on its own clock."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    Thread(target=_end_with_parent, daemon=True).start()
    try:
        shares = [
            Simulated(one, settings_of(one, url, f"sim-{number}-{at}", home)) for at, one in enumerate(group)
        ]
        for _ in STAGES:
            _do(line, line.recv(), shares)
    except Exception as trouble:  # noqa: BLE001  raised by the parent
        line.send(("trouble", f"process {number}: {trouble!r}"))


def _do(line: Connection, stage: str, shares: list[Simulated]) -> None:
    answers, told = [], 0.0
    for at, one in enumerate(shares):

        def tell(share: float, at: int = at) -> None:
            nonlocal told
            if time.monotonic() >= told + TOLD_EVERY:
                told = time.monotonic()
                line.send(("at", (at + min(1.0, share)) / len(shares)))

        answers.append(getattr(one, stage)(tell))
    line.send(("done", answers))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
