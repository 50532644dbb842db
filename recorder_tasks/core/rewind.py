"""What to make of facts from the future, once Redis's clock has gone back.

While the clock was ahead, facts were noted with its instants. Every gap counts from the last of them: a stop
that failed then would not be tried again until the clock is there once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import BaseModel

from recorder_tasks.core.outcome import Instant
from recorder_tasks.core.session import Session

SLACK = 5.0  # seconds: a step back of less than two is clamped, and facts are measured from afar
APART = 0.001  # seconds between two of them, so that they keep their order
FACTS = (
    "reservation",
    "acquire_trouble",
    "absent_at",
    "takes",
    "stop_at",  # a person said: now
    "update",
    "layout",
    "failure",
)  # all else of a session is its plan, which stands
PLANS = frozenset({"expires_at"})  # of a take


def rewound(session: Session, now: Instant) -> Session:
    """The session as if the facts that lie ahead of ``now`` had come just now, in their order."""
    facts = {name: getattr(session, name) for name in FACTS}
    ahead = sorted({at for value in facts.values() for at in _instants(value) if at > now + SLACK})
    if not ahead:
        return session
    places = {at: now + rank * APART for rank, at in enumerate(ahead)}
    return session.evolve(
        **{name: _moved(value, lambda at: places.get(at, at)) for name, value in facts.items()}
    )


def _instants(value: Any) -> Iterator[Instant]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _instants(part)
    elif isinstance(value, BaseModel):
        for name in _facts_of(value):
            yield from _instants(getattr(value, name))


def _moved(value: Any, move: Callable[[Instant], Instant]) -> Any:
    if isinstance(value, float):
        return move(value)
    if isinstance(value, tuple):
        return tuple(_moved(part, move) for part in value)
    if isinstance(value, BaseModel):
        return value.model_copy(
            update={name: _moved(getattr(value, name), move) for name in _facts_of(value)}
        )
    return value


def _facts_of(value: BaseModel) -> Iterator[str]:
    return (name for name in type(value).model_fields if name not in PLANS)
