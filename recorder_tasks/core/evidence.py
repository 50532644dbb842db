"""What is kept of troubled calls and of callbacks, so that somebody can be told why there is no recording.

Each is the latest few of a set of facts, so it is the same in whatever order and how often they arrive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from recorder_tasks.core.outcome import Frozen, Instant, Kind, Outcome, RecordedFile, Step, Upload
from recorder_tasks.core.session import Answered, Session, Signal, Take

KEPT = 8
LACKING = "lacking "  # how the answer of a worker begins that has no such app, storage or profile
SUCCESSES = frozenset({Kind.ACCEPTED, Kind.ALREADY_RUNNING, Kind.EMPTY, Kind.UPLOAD_SLOW})
WAITS = frozenset({Kind.CAPACITY, Kind.QUEUED})  # without an answer nobody was asked
E = TypeVar("E", Answered, Signal)


class Notice(Frozen):
    """A callback as a fact about a take (6.4). ``at``: the vendor's time of the event."""

    at: Instant
    sid: str
    uid: int | None = None
    signal: Signal | None = None
    files: tuple[RecordedFile, ...] = ()
    upload: Upload | None = None


def with_answer(session: Session, fact: Outcome) -> Session:
    """The session with a call that was no success among its answers."""
    said = answer_of(fact)
    if said is None:
        return session
    news = Answered(at=fact.at, step=fact.step, answer=said)
    return session.evolve(answered=_latest([*session.answered, news], lambda one: (one.step, one.answer)))


def answer_of(fact: Outcome) -> str | None:
    """What the vendor said, in numbers (``503``, ``400/53``); None for a success and where nobody asked."""
    if fact.kind in SUCCESSES or fact.step is Step.VERIFY:
        return None
    if fact.http_status is not None:
        return f"{fact.http_status}" if fact.code is None else f"{fact.http_status}/{fact.code}"
    if fact.kind in WAITS:
        return None
    if fact.kind is Kind.MISCONFIGURED:
        return f"{LACKING}{fact.reason or 'a setting'}"
    return "no answer" if fact.kind is Kind.UNKNOWN else "not sent"


def with_signal(take: Take, signal: Signal) -> Take:
    """The take with a callback's word among its signals."""

    def distinct(one: Signal) -> tuple[object, ...]:
        return one.event, one.code, one.module, one.text

    return take.model_copy(update={"signals": _latest([*take.signals, signal], distinct)})


def _latest(entries: Iterable[E], distinct: Callable[[E], object]) -> tuple[E, ...]:
    """Each distinct entry at its latest, and of these the latest few.

    An entry that falls out stays out: those that pushed it out are only ever replaced by later ones.
    """
    best: dict[object, E] = {}
    for entry in entries:
        known = best.get(distinct(entry))
        if known is None or entry.at > known.at:
            best[distinct(entry)] = entry
    return tuple(sorted(best.values(), key=lambda entry: (entry.at, str(distinct(entry))))[-KEPT:])
