"""One thing that the doctor has seen."""

from __future__ import annotations

from typing import Literal

from recorder_tasks.core.outcome import Frozen


class Finding(Frozen):
    """``says`` is one sentence; ``do`` tells how to mend it, where there is something to mend."""

    level: Literal["ok", "warn", "error"]
    about: str
    says: str
    do: str | None = None


def ok(about: str, says: str) -> Finding:
    return Finding(level="ok", about=about, says=says)


def warn(about: str, says: str, do: str) -> Finding:
    return Finding(level="warn", about=about, says=says, do=do)


def error(about: str, says: str, do: str) -> Finding:
    return Finding(level="error", about=about, says=says, do=do)
