"""Where the fault suite may end this process, or hold it until something else has died; else nothing at all.

``RECORDER_CRASH`` arms it: JSON, one trap or a list of them. Without it every point is an empty function,
which is decided when this module is imported. A trap names

* ``point`` and ``step``: where it is, a Point and the step whose turn it is;
* ``session`` or ``channel``: whose turn;
* ``once``: a marker file, made when the trap springs; a trap that has its marker never springs again;
* ``release``: a file to wait for, whose one word is then obeyed; without it the word is ``die``.

Words: ``die`` (SIGKILL to this process), ``parent`` (SIGKILL to the parent, for a pool of processes), ``go``.
At ``after_sent`` and ``after_committed`` the call itself is not held up; what the vendor has done of it by
then is the vendor's affair.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, Literal

from recorder_tasks import agora
from recorder_tasks.core.outcome import Step

log = logging.getLogger(__name__)

Point = Literal[
    "before_intent",  # the turn has begun, nothing is saved
    "after_intent",  # start and stop: what shall be called is saved
    "after_sent",  # the call has left, nothing has come of it yet
    "after_committed",  # the vendor has done it, nothing of its answer is read
    "after_answer",  # nothing of the answer is kept, neither in the journal nor in Redis
    "after_save",  # Redis has it
    "after_dispatch",  # the step's task has been sent and taken from the queue, its turn has not begun
]
IN_FLIGHT: tuple[Point, ...] = ("after_sent", "after_committed")
LOOK = 0.01  # seconds between two looks for the release
BORN = os.getpid()  # of a forked child: its parent


@dataclass(frozen=True)
class Trap:
    point: str
    step: str
    once: Path
    session: str | None = None
    channel: str | None = None
    release: Path | None = None

    def fits(self, point: Point, step: Step, session: str, channel: str | None) -> bool:
        if (self.point, self.step) != (point, step.value):
            return False
        return session == self.session or (channel is not None and channel == self.channel)

    def spring(self) -> bool:
        """Whether it springs, now and never again; the marker tells when (epoch seconds)."""
        try:
            with self.once.open("x") as marker:
                marker.write(repr(time.time()))
        except FileExistsError:
            return False
        return True

    def carry_out(self) -> None:
        """Wait for the word, and obey it."""
        word = "die"
        while self.release is not None:
            with suppress(FileNotFoundError):
                word = self.release.read_text()
                break
            time.sleep(LOOK)
        if word == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        elif word == "parent" and os.getppid() == BORN:
            with suppress(ProcessLookupError):
                os.kill(BORN, signal.SIGKILL)


@dataclass(frozen=True)
class _Sending:
    """A permit that is watched: once it is given, the bytes are on their way."""

    permit: agora.Permit
    sent: Callable[[], None]

    def __call__(self, attempt: int) -> float | None:
        send_by = self.permit(attempt)
        if send_by is not None:
            self.sent()
        return send_by


@dataclass(frozen=True)
class Traps:
    """The armed form of the points of this module."""

    traps: tuple[Trap, ...]

    def at(self, point: Point, step: Step | None, session: str, channel: str | None = None) -> None:
        for trap in self.traps:
            if step is not None and trap.fits(point, step, session, channel) and trap.spring():
                trap.carry_out()

    def sending(self, permit: agora.Permit, step: Step, session: str, channel: str) -> agora.Permit:
        def sent() -> None:
            for point in IN_FLIGHT:
                for trap in self.traps:
                    if trap.fits(point, step, session, channel) and trap.spring():
                        Thread(target=trap.carry_out, daemon=True).start()

        return _Sending(permit, sent)


def read(armed: str) -> Traps:
    """The traps of ``RECORDER_CRASH``. Raises ValueError for anything else."""
    told: Any = json.loads(armed)
    return Traps(tuple(_trap(one) for one in (told if isinstance(told, list) else [told])))


def _trap(told: Any) -> Trap:
    try:
        release = told.get("release")
        paths = {"once": Path(told["once"]), "release": Path(release) if release else None}
        return Trap(**{**told, **paths})
    except (AttributeError, KeyError, TypeError):
        raise ValueError(f"RECORDER_CRASH: {told!r} is no trap with point, step and once") from None


def _nowhere(point: Point, step: Step | None, session: str, channel: str | None = None) -> None:
    """The unarmed form of every point."""


def _unwatched(permit: agora.Permit, step: Step, session: str, channel: str) -> agora.Permit:
    return permit


at: Callable[..., None] = _nowhere
sending: Callable[[agora.Permit, Step, str, str], agora.Permit] = _unwatched

if os.environ.get("RECORDER_CRASH"):
    log.warning("crash.armed: RECORDER_CRASH is set, this process will end itself")
    _armed = read(os.environ["RECORDER_CRASH"])
    at, sending = _armed.at, _armed.sending
