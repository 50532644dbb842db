"""An occurrence: one planned recording of a rule, named by its wall-clock slot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Occurrence:
    """One slot of a rule. Instants are aware and UTC; ``slot`` is the wall-clock label that names it.

    ``begins``..``ends`` is the class itself, ``start``..``end`` what is recorded, with padding and jitter.
    ``note`` tells how the clock's change moved it, or None.
    """

    rule: str
    slot: str  # "2027-03-08T09:00"; unique in the rule, whatever the clocks do
    channel: str
    begins: datetime
    ends: datetime
    start: datetime
    end: datetime
    note: str | None = None
    by_hand: bool = False  # asked for by a person, beside the rule's own times

    @property
    def key(self) -> str:
        """Names this occurrence in the whole namespace."""
        return f"{self.rule}@{self.slot}"

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        instants = {name: getattr(self, name).isoformat() for name in ("begins", "ends", "start", "end")}
        named = {"schedule": self.rule, "slot": self.slot, "channel": self.channel}
        return {**named, **instants, "note": self.note, "by_hand": self.by_hand}
