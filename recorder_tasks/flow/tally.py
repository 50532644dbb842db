"""What a save tells, as counts: one place, so that each thing that happens is counted where it is saved.

A save whose answer was lost is told by nobody again, and so it is not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from recorder_tasks.core.session import Session, State, Take
from recorder_tasks.core.story import Told
from recorder_tasks.flow import metric_names as names
from recorder_tasks.store import Counter, Meters


def tally(meters: Meters, before: Session, after: Session, told: Iterable[Told]) -> None:
    """Count what a save of ``after`` has told; only when it is in, since a refused one is told again."""
    for name, data in told:
        count = COUNTED.get(name)
        if count is not None:
            count(meters, before, after, data)


def _started(meters: Meters, before: Session, after: Session, data: dict[str, Any]) -> None:
    meters.count(names.STARTS, after.app)
    take = _take(after, data)
    first = all(other.sid is None for other in before.takes)
    if first and take is not None and take.accepted_at is not None:
        lag = take.accepted_at - max(after.start, after.created_at)
        meters.observe(names.START_LAG, after.app, seconds=lag)


def _intended(meters: Meters, before: Session, after: Session, data: dict[str, Any]) -> None:
    take = _take(after, data)
    if take is not None and any(other.line == take.line for other in before.takes):
        meters.count(names.REPLACEMENTS, after.app)


def _ended(meters: Meters, before: Session, after: Session, data: dict[str, Any]) -> None:
    take = _take(after, data)
    if take is None or take.end is None:
        return
    how, at = take.end
    meters.count(names.STOPS, after.app, how.value)
    if at >= after.ends_at and not after.after(take):  # else it was another's predecessor, which ends early
        meters.observe(names.STOP_LAG, after.app, seconds=at - after.ends_at)


def _final(meters: Meters, before: Session, after: Session, data: dict[str, Any]) -> None:
    ended = after.ending if after.state is State.COMPLETED and after.ending else after.state
    meters.count(names.FINISHED, after.app, ended.value)


def _alert(meters: Meters, before: Session, after: Session, data: dict[str, Any]) -> None:
    meters.count(names.ALERTS, after.app, str(data["alert"]))


def _one(metric: Counter, *values: str) -> Count:
    def count(meters: Meters, before: Session, after: Session, data: dict[str, Any]) -> None:
        meters.count(metric, after.app, *values)

    return count


def _take(session: Session, data: dict[str, Any]) -> Take | None:
    index = data.get("take")
    return session.takes[index] if isinstance(index, int) and index < len(session.takes) else None


Count = Callable[[Meters, Session, Session, dict[str, Any]], None]
COUNTED: dict[str, Count] = {
    "take.intended": _intended,
    "session.started": _started,
    "session.confirmed": _one(names.CONFIRMED),
    "session.degraded": _one(names.EPISODES, "began"),
    "session.recovered": _one(names.EPISODES, "recovered"),
    "take.lost": _one(names.EPISODES, "lost"),
    "take.ended": _ended,
    "session.orphan": _one(names.ORPHANED),
    "session.alert": _alert,
    "session.completed": _final,
    "session.cancelled": _final,
    "session.missed": _final,
    "session.failed": _final,
    "files.verified": _one(names.LOOKS, "verified"),
    "files.missing": _one(names.LOOKS, "missing"),
    "files.unverified": _one(names.LOOKS, "unverified"),
}
