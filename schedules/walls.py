"""A wall-clock time that a rule names, before any zone's clock has been asked what it means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Wall:
    """``at`` is naive, of the rule's zone; ``seconds`` of class, elapsed.

    ``label`` names the slot where it is not ``at`` itself (a moved event keeps the name of its first time).
    ``interval``: it follows elapsed time, through both passes of a repeated hour. ``kept``: no exception
    touches it.
    """

    at: datetime
    seconds: int
    label: str | None = None
    interval: bool = False
    kept: bool = False
