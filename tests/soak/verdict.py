"""What a judge of the soak says of one promise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Break:
    """A promise that was not kept; ``session`` names whose story tells more."""

    says: str
    session: str | None = None


@dataclass
class Verdict:
    promise: str
    figures: dict[str, Any]
    breaks: list[Break] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        return not self.breaks

    @property
    def line(self) -> str:
        told = ", ".join(f"{name} {_say(value)}" for name, value in self.figures.items())
        return f"{'kept' if self.kept else 'BROKEN':6} {self.promise}: {told}"


def _say(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, dict):
        return " ".join(f"{name}:{_say(one)}" for name, one in value.items()) or "none"
    return str(value)
