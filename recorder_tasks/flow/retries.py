"""What follows from an attempt to notify: it is done, tried again, or a dead letter."""

from __future__ import annotations

from dataclasses import dataclass

from recorder_tasks.outgoing import Answer

GAPS = (5.0, 60.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0)  # seconds from one attempt to the next
LIFETIME = 86_400.0  # from the event, or from when it was sent again by hand, to the last attempt
SHORTEST = 1.0
PATIENCE = 3600.0  # a receiver's Retry-After is honoured so far
JITTER = 0.1  # of a gap, either way: what failed together is not tried together


@dataclass(frozen=True)
class Again:
    """``after``: seconds until the next attempt."""

    after: float


@dataclass(frozen=True)
class Dead:
    """Nobody tries it again by itself."""


Next = Again | Dead | None


def following(answer: Answer, attempts: int, age: float, chance: float) -> Next:
    """What to do after the attempt of that number (1 the first) at that age (seconds); None: it was received.

    ``chance``: within 0..1. The last attempt is made when its lifetime ends.
    """
    if answer.received:
        return None
    left = LIFETIME - age
    if answer.gone or left <= 0:
        return Dead()
    gap = GAPS[min(attempts, len(GAPS)) - 1] * (1 + JITTER * (2 * chance - 1))
    asked = min(answer.retry_after or 0.0, PATIENCE)
    return Again(max(SHORTEST, min(max(gap, asked), left)))
