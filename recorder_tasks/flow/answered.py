"""Which answers of the vendor are told as events: each, save what only says again that nothing was asked."""

from __future__ import annotations

from recorder_tasks.core import story, takes
from recorder_tasks.core.endings import PUT_OFF
from recorder_tasks.core.facts import find_take
from recorder_tasks.core.outcome import Kind, Outcome, Step
from recorder_tasks.core.session import Session


def news(session: Session, fact: Outcome) -> list[story.Told]:
    """The answer as an event; that it still waits, or could not be sent, and nobody was asked, is told once.

    A look into the bucket is none of the vendor's answers: :mod:`.story` tells what was new in it.
    """
    if fact.step is Step.VERIFY:
        return []
    waits = fact.step is Step.ACQUIRE and fact.kind in PUT_OFF and fact.http_status is None
    if waits and session.acquire_trouble.last_kind is fact.kind:
        return []
    if fact.kind in takes.UNSENT and _last_of(session, fact) is fact.kind:
        return []
    return [story.answered(fact)]


def _last_of(session: Session, fact: Outcome) -> Kind | None:
    """What came of the try before this one, if that is known."""
    if fact.step is Step.ACQUIRE:
        return session.acquire_trouble.last_kind
    index = find_take(session, fact)
    if index is None:
        return None
    take = session.takes[index]
    troubles = {Step.START: take.start_trouble, Step.QUERY: take.query_trouble, Step.STOP: take.stop_trouble}
    return troubles.get(fact.step, take.change_trouble).last_kind
